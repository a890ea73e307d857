"""SPLIT: prices one way, quantities the other, and money for what is no whole lot any more."""

from __future__ import annotations

from typing import NamedTuple

from workbench.domain.codes import STREET_ACCOUNT, EventKind, Reason, Side, SplitFlag, TradeState
from workbench.domain.config import FIRST_TRADER
from workbench.domain.instruments import MAX_LADDER_TICKS, MAX_QUANTITY_LOTS
from workbench.engine.reference.cash import change_cash
from workbench.engine.reference.command import Command
from workbench.engine.reference.dividends import largest_position
from workbench.engine.reference.emit import (
    emit,
    emit_market,
    emit_order,
    emit_order_terms,
    publish_quote,
    refuse,
)
from workbench.engine.reference.groups import cancel
from workbench.engine.reference.marks import mark
from workbench.engine.reference.naming import check_instrument, check_late
from workbench.engine.reference.orders import NewTerms, readjust
from workbench.engine.reference.state import TwinState
from workbench.ledger.reference import Position, Ratio
from workbench.matching.reference import Order
from workbench.risk.reference import Refusal, Rules

MAX_SPLIT = 10_000
_FLAGS = int(SplitFlag.CANCEL_ORDERS)


class Span(NamedTuple):
    """Band and window after a split."""

    band_low: int
    band_high: int
    window_low: int
    window_high: int


def split(twin: TwinState, command: Command) -> None:
    """SPLIT."""
    refusal = check_late(twin, command) or check_instrument(twin, command.instrument)
    refusal = refusal or _check_ratio(twin, command)
    if refusal:
        refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
        return
    instrument, rules = command.instrument, twin.rules[command.instrument]
    ratio = Ratio(command.quantity_lots, command.display_lots, rules.price_cap_ticks)
    span = _span(rules, ratio)
    new_mark = ratio.known_price(mark(twin, instrument))
    _scale_prices(twin, instrument, ratio, span)
    for trade in twin.kept:
        if trade.instrument == instrument and trade.state == TradeState.STANDS:
            trade.state = TradeState.FORGOTTEN
    for order in twin.open_in_order():
        if order.instrument == instrument:
            _adjust_order(twin, order, ratio, cancels=bool(command.flags))
    twin.touched.add(instrument)
    # Positions are valued at the middle of the new prices from here on, not at that of the old ones.
    publish_quote(twin, instrument)
    _split_positions(twin, instrument, ratio, new_mark)


def _check_ratio(twin: TwinState, command: Command) -> Refusal | None:
    new, old, rules = command.quantity_lots, command.display_lots, twin.rules[command.instrument]
    if command.flags & ~_FLAGS:
        return Refusal(Reason.INVALID_FLAGS)
    if not 1 <= new <= MAX_SPLIT or not 1 <= old <= MAX_SPLIT:
        return Refusal(Reason.INVALID_QUANTITY)
    if old > rules.max_order_lots:
        return Refusal(Reason.QUANTITY_TOO_LARGE, old, rules.max_order_lots)
    held = largest_position(twin, command.instrument)
    if held > MAX_QUANTITY_LOTS * old // new:
        return Refusal(Reason.QUANTITY_TOO_LARGE, held, MAX_QUANTITY_LOTS * old // new)
    span = _span(rules, Ratio(new, old, rules.price_cap_ticks))
    if span.band_high > rules.price_cap_ticks:
        return Refusal(Reason.PRICE_OUT_OF_BAND, span.band_high, rules.price_cap_ticks)
    width = span.window_high - span.window_low + 1
    return Refusal(Reason.PRICE_OUT_OF_BAND, width, MAX_LADDER_TICKS) if width > MAX_LADDER_TICKS else None


def _span(rules: Rules, ratio: Ratio) -> Span:
    low = max(1, rules.band_low_ticks * ratio.old // ratio.new)
    high = max(1, -(-rules.band_high_ticks * ratio.old // ratio.new))
    return Span(low, high, min(low, rules.window_low_ticks), max(high, rules.window_high_ticks))


def _scale_prices(twin: TwinState, instrument: int, ratio: Ratio, span: Span) -> None:
    rules, tape, limits = twin.rules[instrument], twin.tapes[instrument], twin.price_limits[instrument]
    rules.band_low_ticks, rules.band_high_ticks = span.band_low, span.band_high
    rules.window_low_ticks, rules.window_high_ticks = span.window_low, span.window_high
    for name in ("last_price_ticks", "close_price_ticks", "reference_price_ticks"):
        setattr(tape, name, ratio.known_price(getattr(tape, name)))
    payload = (ratio.new, ratio.old, *span, tape.last_price_ticks, tape.reference_price_ticks)
    emit(twin, EventKind.INSTRUMENT_SPLIT, payload, instrument=instrument)
    if limits and limits.start_anew(ratio.known_price(limits.reference_ticks)):
        emit_market(twin, EventKind.PRICE_LIMITS_CHANGED, instrument)


def _adjust_order(twin: TwinState, order: Order, ratio: Ratio, *, cancels: bool) -> None:
    terms = None if cancels else _new_terms(twin, order, ratio)
    if terms is None:
        cancel(twin, order, Reason.CORPORATE_ACTION)
        return
    lots_before, price_before = order.leaves_lots, order.price_ticks
    readjust(twin, order, terms)
    kind, state = EventKind.ORDER_ADJUSTED, twin.state_of(order)
    emit_order(twin, kind, order, state, value=lots_before, limit=price_before)
    emit_order_terms(twin, order)


def _new_terms(twin: TwinState, order: Order, ratio: Ratio) -> NewTerms | None:
    """What an order becomes; None when it cannot."""
    rules = twin.rules[order.instrument]
    leaves, leaves_rest = divmod(order.leaves_lots * ratio.new, ratio.old)
    executed, executed_rest = divmod(order.executed_lots * ratio.new, ratio.old)
    display, display_rest = divmod(order.display_lots * ratio.new, ratio.old)
    increment = 1 if order.is_historical else rules.price_increment_ticks
    lot_increment = 1 if order.is_historical else rules.quantity_increment_lots
    price, trigger = order.price_ticks, order.trigger_price_ticks
    if order.has_limit:
        price = ratio.order_price(order.side, price, increment)
    if waits := order.is_held and order.is_trigger and not order.is_trailing:
        # Rounded away from the market, so that none is set off by the rounding of its own price.
        trigger = ratio.order_price(Side.SELL if order.is_rising else Side.BUY, trigger, increment)
    if (
        leaves_rest
        or executed_rest
        or display_rest
        or leaves % lot_increment
        or display % lot_increment
        or leaves + executed > rules.max_order_lots
        or (order.has_limit and not rules.window_low_ticks <= price <= rules.window_high_ticks)
        or (waits and not rules.window_low_ticks <= trigger <= rules.window_high_ticks)
    ):
        return None
    return NewTerms(
        price,
        leaves,
        executed,
        order.taken_lots * ratio.new // ratio.old,
        -(-order.opening_lots * ratio.new // ratio.old),
        display,
        ratio.known_price(order.valued_ticks),
        trigger,
        ratio.known_price(order.trail_ticks),
        ratio.known_price(order.watermark_ticks),
    )


def _split_positions(twin: TwinState, instrument: int, ratio: Ratio, new_mark: int) -> None:
    """Positions of traders, then what is left for the street to balance."""
    ledger = twin.ledger
    paid: dict[int, int] = {}
    for account in range(FIRST_TRADER, len(twin.standings)):
        position = ledger.positions.get((account, instrument))
        if position and position.position_lots:
            before = position.short_cost_micros
            paid[account] = position.split(ledger.terms[instrument], ratio, new_mark)
            ledger.purses[account].short_cost_micros += position.short_cost_micros - before
    street = ledger.positions.get((STREET_ACCOUNT, instrument), Position())
    balance = -sum(ledger.position_lots(account, instrument) for account in paid)
    proceeds = sum(paid.values())
    # Rounded proceeds may be left to pay even when the traders' positions set each other off.
    if street.position_lots or balance or proceeds:
        street = ledger.positions.setdefault((STREET_ACCOUNT, instrument), street)
        before = street.short_cost_micros
        paid[STREET_ACCOUNT] = -proceeds
        street.balance(balance, paid[STREET_ACCOUNT])
        ledger.purses[STREET_ACCOUNT].short_cost_micros += street.short_cost_micros - before
    for account, amount in sorted(paid.items()):
        _say(twin, account, instrument, amount, new_mark)


def _say(twin: TwinState, account: int, instrument: int, amount: int, new_mark: int) -> None:
    position, purse = twin.ledger.positions[account, instrument], twin.ledger.purses[account]
    about = (position.position_lots, new_mark)
    change_cash(twin, account, amount, Reason.CASH_IN_LIEU, instrument=instrument, about=about)
    # It is realised PnL, which the invariants count already.
    purse.other_micros -= amount
    twin.moved.add(account)
    payload = (
        position.position_lots,
        position.cost_micros,
        position.realised_average_micros,
        position.realised_fifo_micros,
        position.fees_micros,
        purse.cash_micros,
    )
    emit(twin, EventKind.POSITION_CHANGED, payload, account=account, instrument=instrument)
