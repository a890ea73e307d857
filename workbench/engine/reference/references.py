"""Prices that orders are measured by: trigger references and prices, value prices, auction references."""

from __future__ import annotations

from workbench.domain.codes import OrderType, Side, TriggerReference
from workbench.domain.costs import PPM
from workbench.engine.reference.state import TwinState
from workbench.matching.reference import OPPOSITE, Order


def reference(twin: TwinState, order: Order) -> int:
    """What a trigger order is compared with; 0 when there is none."""
    return reference_of(twin, order.instrument, order.side, rising=order.is_rising)


def reference_of(twin: TwinState, instrument: int, side: Side, *, rising: bool) -> int:
    """The reference of an instrument's rising or falling trigger orders of one side."""
    kind = twin.rules[instrument].trigger_reference
    if kind == TriggerReference.LAST_TRADE:
        return twin.tapes[instrument].last_price_ticks
    book = twin.markets[instrument].books[0]
    if kind == TriggerReference.BID_ASK:
        return book[OPPOSITE[side]].best_price()
    bid, ask = book[Side.BUY].best_price(), book[Side.SELL].best_price()
    if not bid or not ask:
        return 0
    return (bid + ask) // 2 if rising else -(-(bid + ask) // 2)


def is_triggered(order: Order, reference_ticks: int) -> bool:
    """Whether a reference sets an order off."""
    if not reference_ticks or not order.trigger_price_ticks:
        return False
    if order.is_rising:
        return reference_ticks >= order.trigger_price_ticks
    return reference_ticks <= order.trigger_price_ticks


def trigger_price(twin: TwinState, order: Order, watermark_ticks: int) -> int:
    """A trailing stop's trigger price at a watermark; 0 while there is none."""
    if not watermark_ticks:
        return 0
    trail = order.trail_ticks or max(1, watermark_ticks * order.trail_micros // PPM)
    rules = twin.rules[order.instrument]
    if order.side == Side.SELL:
        price, edge = max(watermark_ticks - trail, rules.window_low_ticks), rules.window_low_ticks
    else:
        price, edge = min(watermark_ticks + trail, rules.window_high_ticks), rules.window_high_ticks
    return 0 if watermark_ticks == edge else price


def auction_value(twin: TwinState, instrument: int) -> int:
    """What a market order is worth that waits for an auction."""
    tape = twin.tapes[instrument]
    return tape.last_price_ticks or tape.reference_price_ticks or twin.rules[instrument].band_high_ticks


def auction_reference(twin: TwinState, instrument: int) -> int:
    """The price that an uncross price shall be near; 0 for none."""
    tape = twin.tapes[instrument]
    price = tape.last_price_ticks or tape.reference_price_ticks
    return price - price % twin.rules[instrument].price_increment_ticks


def value_price(twin: TwinState, order: Order) -> int:
    """The price at which the checks value an order; 0 when there is none."""
    if order.has_limit:
        return order.price_ticks
    if order.is_trailing:
        return trigger_price(twin, order, order.watermark_ticks or reference(twin, order))
    if order.order_type != OrderType.MARKET:
        return order.trigger_price_ticks
    if twin.is_continuous(order.instrument):
        return twin.markets[order.instrument].best_price(OPPOSITE[order.side])
    return auction_value(twin, order.instrument)
