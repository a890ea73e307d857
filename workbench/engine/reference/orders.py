"""The lives of open orders: they rest, are held, shrink and leave; accounts' counts and money follow."""

from __future__ import annotations

import heapq
from typing import NamedTuple

from workbench.domain.codes import AccountFlag, EventKind, Phase, Place, Reason, TimeInForce
from workbench.domain.states import OrderState
from workbench.engine.reference.emit import emit_order
from workbench.engine.reference.means import money_for
from workbench.engine.reference.references import auction_value, reference, trigger_price
from workbench.engine.reference.state import TwinState, client_key
from workbench.matching.reference import Order


class NewTerms(NamedTuple):
    """What a split makes of an open order."""

    price_ticks: int
    leaves_lots: int
    executed_lots: int
    taken_lots: int
    opening_lots: int
    display_lots: int
    valued_ticks: int
    trigger_price_ticks: int
    trail_ticks: int
    watermark_ticks: int


def rest(twin: TwinState, order: Order) -> None:
    """Put what remains of an order at the end of its queue."""
    market = twin.markets[order.instrument]
    order.book = market.home(order)
    order.shown_lots = min(order.display_lots, order.leaves_lots)
    if order.book == Place.MARKET_QUEUE:
        order.valued_ticks = auction_value(twin, order.instrument)
    ahead = _queue(twin, order)
    enlist(twin, order)
    emit_order(twin, EventKind.ORDER_RESTED, order, twin.state_of(order), value=ahead, limit=order.shown_lots)


def refresh(twin: TwinState, order: Order) -> None:
    """Have an iceberg display its next slice at the end of its price's queue."""
    twin.markets[order.instrument].side_of(order).remove(order)
    order.shown_lots = min(order.display_lots, order.leaves_lots)
    ahead = _queue(twin, order)
    emit_order(
        twin, EventKind.ORDER_REFRESHED, order, twin.state_of(order), value=ahead, limit=order.shown_lots
    )


def _queue(twin: TwinState, order: Order) -> int:
    """Put an order at the end of its queue; returns the lots before it."""
    market = twin.markets[order.instrument]
    twin.priority_count += 1
    order.priority = twin.priority_count
    ahead = market.lots_ahead(order)
    market.side_of(order).add(order)
    return ahead


def place_to_wait(twin: TwinState, order: Order) -> Place | None:
    """Where an order that is not kept by a group is held; None when it comes in at once."""
    if order.is_trigger:
        return Place.TRIGGER
    closing = twin.rules[order.instrument].phase == Phase.CLOSING_AUCTION
    if order.time_in_force == TimeInForce.CLS and not closing:
        return Place.AUCTION
    return None


def hold(twin: TwinState, order: Order, place: Place, *, again: bool = False) -> None:
    """Keep an order out of the books; a trailing stop that waits for its trigger has a watermark.

    `again`: it succeeds a held order, whose watermark it has.
    """
    twin.priority_count += 1
    order.priority = twin.priority_count
    order.book = place
    order.opening_lots = 0
    if place == Place.TRIGGER and order.is_trailing:
        if not again:
            order.watermark_ticks = reference(twin, order)
        order.trigger_price_ticks = trigger_price(twin, order, order.watermark_ticks)
    enlist(twin, order)
    waits = place == Place.TRIGGER
    emit_order(
        twin,
        EventKind.ORDER_HELD,
        order,
        OrderState.HELD,
        value=order.trigger_price_ticks if waits else 0,
        limit=order.watermark_ticks,
    )


def shrink(twin: TwinState, order: Order, lots: int, *, traded: bool) -> None:
    """Lower the leaves of an open or an incoming order; an open one without leaves is withdrawn."""
    is_open = order.order_id in twin.open_orders
    leaves = order.leaves_lots - lots
    if is_open and not order.is_held:
        # Fills take what is displayed, cancels what is hidden first.
        shown = max(0, order.shown_lots - lots) if traded else min(order.shown_lots, leaves)
        twin.markets[order.instrument].side_of(order).change(order, leaves, shown)
    else:
        order.leaves_lots = leaves
    if traded:
        order.opening_lots = min(order.opening_lots, order.leaves_lots)
    else:
        order.opening_lots = max(0, order.opening_lots - lots)
    if is_open:
        trader = twin.trader(order.account)
        if trader and not order.is_held:
            trader.open_lots[order.instrument, order.side] -= lots
        reserve(twin, order)
        twin.touched.add(order.instrument)
        if not order.leaves_lots:
            withdraw(twin, order)


def readjust(twin: TwinState, order: Order, terms: NewTerms) -> None:
    """Give an open order other terms; it keeps its id, its priority number and its place."""
    if order.is_held:
        order.quantity_lots = order.leaves_lots = terms.leaves_lots
        order.price_ticks, order.display_lots = terms.price_ticks, terms.display_lots
        order.trail_ticks = terms.trail_ticks
        twin.held[order.instrument].trail(order, terms.watermark_ticks, terms.trigger_price_ticks)
        if order.is_trailing:
            twin.held[order.instrument].trail(
                order, terms.watermark_ticks, trigger_price(twin, order, terms.watermark_ticks)
            )
        return
    queue = twin.markets[order.instrument].side_of(order)
    queue.remove(order)
    trader = twin.trader(order.account)
    if trader:
        trader.open_lots[order.instrument, order.side] += terms.leaves_lots - order.leaves_lots
    order.leaves_lots, order.executed_lots = terms.leaves_lots, terms.executed_lots
    order.quantity_lots = terms.leaves_lots + terms.executed_lots
    order.price_ticks, order.valued_ticks = terms.price_ticks, terms.valued_ticks
    order.taken_lots, order.opening_lots = terms.taken_lots, terms.opening_lots
    order.display_lots, order.shown_lots = terms.display_lots, min(terms.display_lots, terms.leaves_lots)
    queue.insert(order)
    reserve(twin, order)


def withdraw(twin: TwinState, order: Order) -> None:
    """Take an open order out of where it stands."""
    if not order.is_held:
        twin.markets[order.instrument].side_of(order).remove(order)
    delist(twin, order)


def move(twin: TwinState, order: Order, place: Place) -> None:
    """Let a held order wait for something else, without a word."""
    twin.held[order.instrument].remove(order)
    order.book = place
    twin.held[order.instrument].add(order)
    twin.touched.add(order.instrument)


def enlist(twin: TwinState, order: Order) -> None:
    """Count an order that rests or is held among the open ones."""
    twin.open_orders[order.order_id] = order
    if order.client_order_id:
        twin.client_ids[client_key(order.account, order.instrument, order.client_order_id)] = order
    if order.time_in_force == TimeInForce.GTD:
        heapq.heappush(twin.expiries, (order.expire_time_ns, order.order_id))
    trader = twin.trader(order.account)
    if trader:
        trader.open_orders += 1
    if order.is_held:
        twin.held[order.instrument].add(order)
    elif trader:
        key = (order.instrument, order.side)
        trader.open_lots[key] = trader.open_lots.get(key, 0) + order.leaves_lots
    reserve(twin, order)
    twin.touched.add(order.instrument)


def delist(twin: TwinState, order: Order) -> None:
    """Undo `enlist`."""
    del twin.open_orders[order.order_id]
    if order.client_order_id:
        del twin.client_ids[client_key(order.account, order.instrument, order.client_order_id)]
    trader = twin.trader(order.account)
    if trader:
        trader.open_orders -= 1
        trader.reserved_micros -= order.reserved_micros
    if order.is_held:
        twin.held[order.instrument].remove(order)
    elif trader:
        trader.open_lots[order.instrument, order.side] -= order.leaves_lots
    order.reserved_micros = 0
    twin.touched.add(order.instrument)


def reject(twin: TwinState, order: Order, reason: Reason, value: int, limit: int) -> None:
    """ORDER_REJECTED of an order that was held and fails its checks when it becomes active."""
    order.leaves_lots = 0
    emit_order(twin, EventKind.ORDER_REJECTED, order, OrderState.REJECTED, reason, value, limit)


def reserve(twin: TwinState, order: Order) -> None:
    """Bring an open order's reservation up to date; held orders reserve nothing."""
    trader = twin.trader(order.account)
    if trader and trader.flags & (AccountFlag.CASH_CHECKED | AccountFlag.MARGIN) and not order.is_held:
        terms = twin.ledger.terms[order.instrument]
        notional = terms.notional(order.price_ticks or order.valued_ticks, order.opening_lots)
        reserved = money_for(twin, order, notional, order.opening_lots)
        trader.reserved_micros += reserved - order.reserved_micros
        order.reserved_micros = reserved
