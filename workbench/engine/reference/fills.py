"""Fills: one trade between a resting and an incoming order, on the tape, in the book and in the ledger."""

from __future__ import annotations

from typing import NamedTuple

from workbench.domain.codes import EventKind, OrderFlag, Reason, Side, TradeState
from workbench.domain.records import AUCTION, LIQUIDITY_MAKER, SHADOW
from workbench.domain.states import OrderState
from workbench.engine.reference.charging import charge
from workbench.engine.reference.emit import emit, emit_about
from workbench.engine.reference.groups import cancel, traded
from workbench.engine.reference.marks import sample_fill
from workbench.engine.reference.orders import refresh, shrink
from workbench.engine.reference.state import KeptTrade, TwinState
from workbench.matching.reference import Order


class Trade(NamedTuple):
    """What both sides of a trade share."""

    trade_id: int
    price_ticks: int
    lots: int
    notional_micros: int
    shadow: int
    flags: int
    """SHADOW and AUCTION, where they apply."""


def cut_to_position(twin: TwinState, maker: Order) -> bool:
    """Cut a reduce-only order whose turn comes to what its position allows; returns whether it was cut."""
    if not maker.flags & OrderFlag.REDUCE_ONLY:
        return False
    position = twin.ledger.position_lots(maker.account, maker.instrument)
    allowed = max(0, -position if maker.side == Side.BUY else position)
    if maker.leaves_lots <= allowed:
        return False
    cancel(twin, maker, Reason.REDUCE_ONLY, maker.leaves_lots - allowed)
    return True


def fill(
    twin: TwinState,
    maker: Order,
    taker: Order,
    price_ticks: int,
    lots: int,
    *,
    recorded: bool = False,
    auction: bool = False,
    unseen: bool = False,
) -> None:
    """One trade and what it does to its orders' groups.

    `recorded`: history's own, which makes no lots of a street order *taken*. `auction`: an uncross's, in
    which icebergs keep their place. `unseen`: the market is not shown it in responsive venues either.
    """
    twin.trade_count += 1
    notional = twin.ledger.terms[taker.instrument].notional(price_ticks, lots)
    # In a frozen venue only history's own trades are shown to the market.
    shadow = SHADOW if unseen or (twin.frozen and not recorded) else 0
    flags = shadow | (AUCTION if auction else 0)
    trade = Trade(twin.trade_count, price_ticks, lots, notional, shadow, flags)
    previous = twin.tapes[taker.instrument].last_price_ticks
    _print_trade(twin, maker, taker, trade)
    maker_fee = _fill_side(twin, maker, taker, trade, recorded=recorded, is_maker=True)
    taker_fee = _fill_side(twin, taker, maker, trade, recorded=recorded, is_maker=False)
    if not twin.venue.bare and not (maker.is_street and taker.is_street):
        _keep(twin, maker, taker, trade, maker_fee, taker_fee, previous)
        _book(twin, maker, trade, maker_fee)
        _book(twin, taker, trade, taker_fee)
    if auction:
        for order in (maker, taker):
            if order.display_lots and order.leaves_lots:
                shown = min(order.display_lots, order.leaves_lots)
                twin.markets[order.instrument].side_of(order).change(order, order.leaves_lots, shown)
    elif maker.display_lots and maker.leaves_lots and not maker.shown_lots:
        refresh(twin, maker)
    traded(twin, maker, lots)
    traded(twin, taker, lots)


def _keep(
    twin: TwinState,
    maker: Order,
    taker: Order,
    trade: Trade,
    maker_fee: int,
    taker_fee: int,
    previous_price_ticks: int,
) -> None:
    """Remember a trade, so that it can be busted."""
    published = not trade.shadow
    twin.kept.append(
        KeptTrade(
            trade.trade_id,
            taker.instrument,
            taker.account,
            maker.account,
            taker.side,
            TradeState.STANDS,
            trade.flags,
            trade.price_ticks,
            trade.lots,
            taker.order_id,
            maker.order_id,
            taker_fee,
            maker_fee,
            twin.tapes[taker.instrument].trades if published else 0,
            previous_price_ticks if published else 0,
        )
    )


def _print_trade(twin: TwinState, maker: Order, taker: Order, trade: Trade) -> None:
    payload = (
        trade.trade_id,
        trade.price_ticks,
        trade.lots,
        taker.order_id,
        maker.order_id,
        maker.account,
        trade.notional_micros,
    )
    emit_about(twin, EventKind.TRADE, taker, payload, flags=trade.flags)
    if not trade.shadow:
        tape = twin.tapes[taker.instrument]
        tape.last_price_ticks = trade.price_ticks
        tape.volume_lots += trade.lots
        tape.trades += 1
        limits = twin.price_limits[taker.instrument]
        if limits:
            limits.count(trade.price_ticks)
    twin.touched.add(taker.instrument)


def _fill_side(
    twin: TwinState, order: Order, contra: Order, trade: Trade, *, recorded: bool, is_maker: bool
) -> int:
    """What a trade does to one of its orders; returns the fee."""
    fee = 0
    if not twin.venue.bare:
        fee = charge(twin, order, trade.notional_micros, trade.lots, maker=is_maker)
    if order.is_street and not recorded:
        order.taken_lots += trade.lots
    # History's order keeps its leaves when a live one trades with it in a frozen venue.
    if order.is_street and trade.shadow:
        return fee
    order.executed_lots += trade.lots
    shrink(twin, order, trade.lots, traded=True)
    if order.order_id:
        filled = order.leaves_lots == 0
        payload = (
            order.order_id,
            order.client_order_id,
            trade.price_ticks,
            trade.lots,
            order.leaves_lots,
            order.executed_lots,
            fee,
            trade.trade_id,
            contra.order_id,
        )
        emit_about(
            twin,
            EventKind.ORDER_FILLED if filled else EventKind.ORDER_PARTIALLY_FILLED,
            order,
            payload,
            state=OrderState.FILLED if filled else OrderState.PARTIALLY_FILLED,
            flags=trade.flags | (LIQUIDITY_MAKER if is_maker else 0),
        )
    return fee


def _book(twin: TwinState, order: Order, trade: Trade, fee_micros: int) -> None:
    """One account's side of a trade in the ledger."""
    account, instrument, side = order.account, order.instrument, order.side
    position = twin.ledger.book(account, instrument, side, trade.price_ticks, trade.lots, fee_micros)
    twin.moved.add(account)
    sample_fill(twin, order, position, trade.lots)
    payload = (
        position.position_lots,
        position.cost_micros,
        position.realised_average_micros,
        position.realised_fifo_micros,
        position.fees_micros,
        twin.ledger.purses[account].cash_micros,
        trade.trade_id,
    )
    emit(twin, EventKind.POSITION_CHANGED, payload, side=side, account=account, instrument=instrument)
