"""Matching: an incoming order meets the book, and what remains of it rests or is cancelled."""

from __future__ import annotations

from workbench.domain.codes import OrderType, Reason, SelfTradePrevention, TimeInForce
from workbench.engine.reference.collars import collar_of, stopped_by_collar
from workbench.engine.reference.fills import fill
from workbench.engine.reference.orders import cancel, rest
from workbench.engine.reference.state import TwinState
from workbench.matching.reference import Act, Meeting, Order, meetings

AT_ONCE = (TimeInForce.IOC, TimeInForce.FOK)
"""Times in force of orders that never rest."""


def plan(twin: TwinState, order: Order) -> list[Meeting]:
    """All that an incoming order will meet, in order; nothing changes."""
    market = twin.markets[order.instrument]
    limit: int | None = order.price_ticks
    if order.order_type == OrderType.MARKET:
        limit = order.collar_ticks = collar_of(twin, order)
    mode = SelfTradePrevention(order.self_trade_prevention) or twin.venue.self_trade_prevention
    return meetings(market, order, limit, market.offered(order), mode)


def match(twin: TwinState, order: Order) -> None:
    """Trade an order until it is filled, nothing is reached, or self-trade prevention stops it."""
    for maker, act, lots in plan(twin, order):
        if act is Act.FILL:
            fill(twin, maker, order, maker.price_ticks, lots)
        elif act is Act.DECREMENT:
            cancel(twin, maker, Reason.SELF_TRADE, lots)
            cancel(twin, order, Reason.SELF_TRADE, lots)
        else:
            if act in (Act.CANCEL_RESTING, Act.CANCEL_BOTH):
                cancel(twin, maker, Reason.SELF_TRADE)
            if act in (Act.CANCEL_INCOMING, Act.CANCEL_BOTH):
                cancel(twin, order, Reason.SELF_TRADE)


def rest_or_cancel(twin: TwinState, order: Order) -> None:
    """What becomes of an order that has been matched."""
    if not order.leaves_lots:
        return
    if order.order_type == OrderType.MARKET:
        cancel(twin, order, Reason.PRICE_COLLAR if stopped_by_collar(twin, order) else Reason.NO_LIQUIDITY)
    elif order.time_in_force in AT_ONCE:
        cancel(twin, order, Reason.IMMEDIATE_OR_CANCEL)
    else:
        rest(twin, order)
