"""Matching: an incoming order meets the book, and what remains of it rests or is cancelled."""

from __future__ import annotations

from workbench.domain.codes import OrderFlag, Reason, SelfTradePrevention, TimeInForce
from workbench.engine.reference.collars import collar_of, stopped_by_collar
from workbench.engine.reference.fills import cut_to_position, fill
from workbench.engine.reference.groups import cancel
from workbench.engine.reference.orders import rest
from workbench.engine.reference.state import TwinState
from workbench.matching.reference import Act, Meetings, Offer, Order, act_of, could_trade

AT_ONCE = (TimeInForce.IOC, TimeInForce.FOK)
"""Times in force of orders that never rest."""


def offers(twin: TwinState, order: Order, *, surely: bool = False) -> list[Offer]:
    """What an incoming order could trade, or could surely trade, in order; nothing changes."""

    def may_shrink(maker: Order) -> bool:
        return surely and bool(maker.flags & OrderFlag.REDUCE_ONLY or maker.order_id in twin.groups)

    def allows(price_ticks: int) -> bool:
        return _allows(twin, order, price_ticks)

    order.collar_ticks = collar_of(twin, order)
    market, mode = twin.markets[order.instrument], _prevention(twin, order)
    return could_trade(market, order, _limit(order), mode, may_shrink, allows)


def match(twin: TwinState, order: Order) -> bool:
    """Trade an order until it is filled, nothing is reached, or self-trade prevention stops it.

    Nothing trades outside continuous trading. Returns whether the price limits kept it from trading on.
    """
    if not twin.is_continuous(order.instrument):
        return False
    market = twin.markets[order.instrument]
    order.collar_ticks = collar_of(twin, order)
    meetings = Meetings(market, order, _limit(order))
    mode = _prevention(twin, order)
    while market.offered(order) and (maker := meetings.first()):
        if not _allows(twin, order, maker.price_ticks):
            twin.limit_states.add(order.instrument)
            twin.touched.add(order.instrument)
            return True
        act = act_of(order, maker, mode)
        if act is Act.FILL:
            if not cut_to_position(twin, maker):
                lots = min(market.offered(order), market.slice_of(maker))
                fill(twin, maker, order, maker.price_ticks, lots)
        elif act is Act.DECREMENT:
            lots = min(order.leaves_lots, maker.leaves_lots)
            cancel(twin, maker, Reason.SELF_TRADE, lots)
            cancel(twin, order, Reason.SELF_TRADE, lots)
        else:
            if act in (Act.CANCEL_RESTING, Act.CANCEL_BOTH):
                cancel(twin, maker, Reason.SELF_TRADE)
            if act in (Act.CANCEL_INCOMING, Act.CANCEL_BOTH):
                cancel(twin, order, Reason.SELF_TRADE)
    return False


def match_and_rest(twin: TwinState, order: Order) -> None:
    """Match an order; what remains of it rests or is cancelled."""
    stopped = match(twin, order)
    if not order.leaves_lots:
        return
    waits = not twin.is_continuous(order.instrument)
    if waits or (order.has_limit and order.time_in_force not in AT_ONCE):
        rest(twin, order)
    elif stopped:
        cancel(twin, order, Reason.LIMIT_UP_DOWN)
    elif stopped_by_collar(twin, order):
        cancel(twin, order, Reason.PRICE_COLLAR)
    else:
        cancel(twin, order, Reason.IMMEDIATE_OR_CANCEL if order.has_limit else Reason.NO_LIQUIDITY)


def _limit(order: Order) -> int | None:
    return order.price_ticks if order.has_limit else order.collar_ticks


def _prevention(twin: TwinState, order: Order) -> SelfTradePrevention:
    return SelfTradePrevention(order.self_trade_prevention) or twin.venue.self_trade_prevention


def _allows(twin: TwinState, order: Order, price_ticks: int) -> bool:
    """Whether the price limits let an incoming order trade at a price; history does not obey them."""
    limits = twin.price_limits[order.instrument]
    return limits is None or order.is_historical or limits.allow(price_ticks)
