"""The lives of open orders: they rest, shrink and leave the book; accounts' counts and money follow."""

from __future__ import annotations

from workbench.domain.codes import AccountFlag, EventKind, Reason
from workbench.domain.states import OrderState
from workbench.engine.reference.emit import emit_order
from workbench.engine.reference.means import money_for
from workbench.engine.reference.state import TwinState, client_key, state_of
from workbench.matching.reference import Order


def rest(twin: TwinState, order: Order) -> None:
    """Put what remains of an order at the end of its queue."""
    market = twin.markets[order.instrument]
    twin.priority_count += 1
    order.priority = twin.priority_count
    order.book = market.home(order)
    ahead = market.lots_ahead(order)
    market.side_of(order).add(order)
    enlist(twin, order)
    emit_order(twin, EventKind.ORDER_RESTED, order, state_of(order), value=ahead)


def cancel(
    twin: TwinState,
    order: Order,
    reason: Reason,
    lots: int | None = None,
    *,
    kind: EventKind = EventKind.ORDER_CANCELED,
    state: OrderState = OrderState.CANCELED,
) -> None:
    """Cancel all that is open of an order, or only `lots` of it."""
    lots = order.leaves_lots if lots is None else lots
    shrink(twin, order, lots, traded=False)
    if order.leaves_lots:
        order.quantity_lots -= lots
        kind, state = EventKind.ORDER_REDUCED, state_of(order)
    emit_order(twin, kind, order, state, reason, lots)


def shrink(twin: TwinState, order: Order, lots: int, *, traded: bool) -> None:
    """Lower the leaves of an open or an incoming order; an open one without leaves is withdrawn."""
    is_open = order.order_id in twin.open_orders
    if is_open:
        twin.markets[order.instrument].side_of(order).reduce(order, lots)
    else:
        order.leaves_lots -= lots
    if traded:
        order.opening_lots = min(order.opening_lots, order.leaves_lots)
    else:
        order.opening_lots = max(0, order.opening_lots - lots)
    if is_open:
        trader = twin.trader(order.account)
        if trader:
            trader.open_lots[order.instrument, order.side] -= lots
        _reserve(twin, order)
        if order.book == 0:
            twin.touched.add(order.instrument)
        if not order.leaves_lots:
            withdraw(twin, order)


def readjust(
    twin: TwinState,
    order: Order,
    price_ticks: int,
    leaves_lots: int,
    executed_lots: int,
    taken_lots: int,
    opening_lots: int,
) -> None:
    """Give a resting order other terms; it keeps its id and its priority number."""
    queue = twin.markets[order.instrument].side_of(order)
    queue.remove(order)
    trader = twin.trader(order.account)
    if trader:
        trader.open_lots[order.instrument, order.side] += leaves_lots - order.leaves_lots
    order.price_ticks, order.leaves_lots, order.executed_lots = price_ticks, leaves_lots, executed_lots
    order.quantity_lots = leaves_lots + executed_lots
    order.taken_lots, order.opening_lots = taken_lots, opening_lots
    queue.insert(order)
    _reserve(twin, order)
    if order.book == 0:
        twin.touched.add(order.instrument)


def withdraw(twin: TwinState, order: Order) -> None:
    """Take an order out of the book."""
    twin.markets[order.instrument].side_of(order).remove(order)
    delist(twin, order)


def enlist(twin: TwinState, order: Order) -> None:
    """Count an order that stands in the book among the open ones."""
    twin.open_orders[order.order_id] = order
    if order.client_order_id:
        twin.client_ids[client_key(order.account, order.instrument, order.client_order_id)] = order
    trader = twin.trader(order.account)
    if trader:
        trader.open_orders += 1
        key = (order.instrument, order.side)
        trader.open_lots[key] = trader.open_lots.get(key, 0) + order.leaves_lots
    _reserve(twin, order)
    if order.book == 0:
        twin.touched.add(order.instrument)


def delist(twin: TwinState, order: Order) -> None:
    """Undo `enlist`."""
    del twin.open_orders[order.order_id]
    if order.client_order_id:
        del twin.client_ids[client_key(order.account, order.instrument, order.client_order_id)]
    trader = twin.trader(order.account)
    if trader:
        trader.open_orders -= 1
        trader.open_lots[order.instrument, order.side] -= order.leaves_lots
        trader.reserved_micros -= order.reserved_micros
    if order.book == 0:
        twin.touched.add(order.instrument)


def _reserve(twin: TwinState, order: Order) -> None:
    """Bring an open order's reservation up to date."""
    trader = twin.trader(order.account)
    if trader and trader.flags & (AccountFlag.CASH_CHECKED | AccountFlag.MARGIN):
        notional = twin.ledger.terms[order.instrument].notional(order.price_ticks, order.opening_lots)
        reserved = money_for(twin, order, notional, order.opening_lots)
        trader.reserved_micros += reserved - order.reserved_micros
        order.reserved_micros = reserved
