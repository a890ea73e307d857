"""What each event says of the orders that rest, and the queues as records."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from workbench.domain.codes import STREET_ACCOUNT
from workbench.domain.numbers import (
    BUY,
    EVENT_ORDER_ADJUSTED,
    EVENT_ORDER_CANCELED,
    EVENT_ORDER_EXPIRED,
    EVENT_ORDER_FILLED,
    EVENT_ORDER_PARTIALLY_FILLED,
    EVENT_ORDER_REDUCED,
    EVENT_ORDER_REFRESHED,
    EVENT_ORDER_REPLACED,
    EVENT_ORDER_RESTED,
    PLACE_MARKET_QUEUE,
    SELL,
)
from workbench.domain.records import (
    AUCTION,
    FILL_EVENT,
    LEVEL_VIEW,
    LIQUIDITY_MAKER,
    ORDER_EVENT,
    PRIORITY_KEPT,
    Records,
)
from workbench.jit import array_of, by_reference, entry, hot, int64, leaf
from workbench.matching.table import delete_order_id, find_order_id, insert_order_id
from workbench.projections.queues import (
    BOOKS,
    MARKET_QUEUE,
    QUEUES_TYPE,
    RESTING,
    Queues,
    end_order,
    join,
    leave,
    level_at,
    level_entry,
    show,
    side_number,
    take_slot,
)

_STREET = STREET_ACCOUNT
_STAYS_BEHIND = LIQUIDITY_MAKER | AUCTION


@hot
def _place(queues: Queues, order: Any) -> int:
    """Which of an instrument's queues an order rests in, by its event."""
    if order["price_ticks"] == 0:
        return MARKET_QUEUE
    return 1 if queues.world[0]["frozen"] != 0 and order["account"] != _STREET else 0


@hot
def _rest(queues: Queues, event: Any) -> None:
    """ORDER_RESTED: `limit` is what an iceberg shows."""
    slot = take_slot(queues)
    order = queues.orders[slot]
    order["order_id"] = event["order_id"]
    order["client_order_id"] = event["client_order_id"]
    order["account"] = event["account"]
    order["leaves_lots"] = event["leaves_lots"]
    order["slice_lots"] = event["limit"]
    order["shown_lots"] = event["leaves_lots"] if event["limit"] == 0 else event["limit"]
    order["joined_seq"] = event["seq"]
    number = side_number(int64(event["instrument"]), _place(queues, event), int64(event["side"]))
    join(queues, slot, level_at(queues, number, event["price_ticks"]))
    insert_order_id(queues.by_id, event["order_id"], slot)


@hot
def _fill(queues: Queues, slot: int, event: Any) -> None:
    """A fill of an order that rested: it shows less, but after an uncross as much again."""
    order = queues.orders[slot]
    leaves = event["leaves_lots"]
    shown = leaves
    if leaves == 0:
        end_order(queues, slot)
        return
    if order["slice_lots"] != 0:
        if int64(event["flags"]) & AUCTION:
            shown = min(order["slice_lots"], leaves)
        else:
            shown = min(order["shown_lots"] - event["last_quantity_lots"], leaves)
    show(queues, slot, leaves, shown)


@leaf
def _reduce(queues: Queues, slot: int, leaves_lots: int) -> None:
    """Part of an order was cancelled: hidden lots go first."""
    order = queues.orders[slot]
    shown = leaves_lots if order["slice_lots"] == 0 else min(order["shown_lots"], leaves_lots)
    show(queues, slot, leaves_lots, shown)


@leaf
def _replace(queues: Queues, slot: int, event: Any) -> None:
    """ORDER_REPLACED: the successor stands in the old place, or comes to rest by an event of its own."""
    if (int64(event["flags"]) & PRIORITY_KEPT) == 0:
        end_order(queues, slot)
        return
    order = queues.orders[slot]
    delete_order_id(queues.by_id, order["order_id"], slot)
    order["order_id"] = event["successor_order_id"]
    order["client_order_id"] = event["client_order_id"]
    insert_order_id(queues.by_id, event["successor_order_id"], slot)
    _reduce(queues, slot, event["leaves_lots"])


@leaf
def _refresh(queues: Queues, slot: int, event: Any) -> None:
    """ORDER_REFRESHED: the next slice stands last."""
    order = queues.orders[slot]
    at = int64(order["level"])
    leave(queues, slot)
    order["leaves_lots"] = event["leaves_lots"]
    order["shown_lots"] = event["limit"]
    order["joined_seq"] = event["seq"]
    join(queues, slot, at)


@leaf
def _scaled(slice_lots: int, after_lots: int, before_lots: int) -> int:
    """A slice in the ratio of an order's lots after and before a split, which in lowest terms is small."""
    larger = after_lots
    smaller = before_lots
    while smaller != 0:
        rest = larger % smaller
        larger = smaller
        smaller = rest
    return slice_lots // (before_lots // larger) * (after_lots // larger)


@leaf
def _adjust(queues: Queues, slot: int, event: Any) -> None:
    """ORDER_ADJUSTED: new price and lots, and among those at its price its old place."""
    order = queues.orders[slot]
    leave(queues, slot)
    leaves = event["leaves_lots"]
    order["leaves_lots"] = leaves
    order["shown_lots"] = leaves
    if order["slice_lots"] != 0:
        order["slice_lots"] = _scaled(order["slice_lots"], leaves, event["value"])
        order["shown_lots"] = min(order["slice_lots"], leaves)
    number = queues.levels[order["level"]]["number"]
    join(queues, slot, level_at(queues, number, event["price_ticks"]))


@hot
def _follow(queues: Queues, kind: int, slot: int, event: Any) -> None:
    """What an event does to an order that rests."""
    if kind == EVENT_ORDER_CANCELED or kind == EVENT_ORDER_EXPIRED:
        end_order(queues, slot)
    elif kind == EVENT_ORDER_REDUCED:
        _reduce(queues, slot, event["leaves_lots"])
    elif kind == EVENT_ORDER_REPLACED:
        _replace(queues, slot, event)
    elif kind == EVENT_ORDER_REFRESHED:
        _refresh(queues, slot, event)
    elif kind == EVENT_ORDER_ADJUSTED:
        _adjust(queues, slot, event)


@entry(QUEUES_TYPE, array_of(ORDER_EVENT), array_of(FILL_EVENT), numba.types.int64)
def fold(queues: Queues, events: Any, fills: Any, start: int) -> int:
    """Take in events (seen in both layouts) from `start` on; returns how far that went before room was short.

    For an order that rests where there is no such queue it returns -1 less the event's place.

    An order that comes in and trades is not told apart from one that rests until it rests, so its fills and
    its cancel find nothing here.
    """
    state = by_reference(queues)
    world = state.world[0]
    for i in range(start, events.size):
        kind = int64(events[i]["kind"])
        if kind < EVENT_ORDER_RESTED or (kind > EVENT_ORDER_REFRESHED and kind != EVENT_ORDER_ADJUSTED):
            continue
        full = world["orders"] + 1 >= state.orders.size or world["used_levels"] + 1 >= state.levels.size
        if full and (kind == EVENT_ORDER_RESTED or kind == EVENT_ORDER_ADJUSTED):
            return i
        if kind == EVENT_ORDER_RESTED:
            number = int64(events[i]["instrument"])
            side = int64(events[i]["side"])
            if number < 0 or number >= world["instruments"] or (side != BUY and side != SELL):
                return -1 - i
            _rest(state, events[i])
        elif kind == EVENT_ORDER_PARTIALLY_FILLED or kind == EVENT_ORDER_FILLED:
            if int64(events[i]["flags"]) & _STAYS_BEHIND:
                slot = find_order_id(state.by_id, state.orders, fills[i]["order_id"])
                if slot != 0:
                    _fill(state, slot, fills[i])
        elif (
            kind == EVENT_ORDER_CANCELED
            or kind == EVENT_ORDER_EXPIRED
            or kind == EVENT_ORDER_REDUCED
            or kind == EVENT_ORDER_REPLACED
            or kind == EVENT_ORDER_REFRESHED
            or kind == EVENT_ORDER_ADJUSTED
        ):
            slot = find_order_id(state.by_id, state.orders, events[i]["order_id"])
            if slot != 0:
                _follow(state, kind, slot, events[i])
    return events.size


def with_room(queues: Queues) -> Queues:
    """The same queues with twice the room wherever it is used up."""
    world = queues.world[0]
    if world["orders"] + 1 >= len(queues.orders):
        queues = queues._replace(
            orders=_longer(queues.orders), by_id=np.zeros(2 * len(queues.by_id), queues.by_id.dtype)
        )
    if world["used_levels"] + 1 >= len(queues.levels):
        queues = queues._replace(
            levels=_longer(queues.levels), by_price=np.zeros(2 * len(queues.by_price), queues.by_price.dtype)
        )
    queues.by_id[:] = 0
    queues.by_price[:] = 0
    rehash(queues)
    return queues


def _longer(slots: Records) -> Records:
    return np.concatenate([slots, np.zeros(len(slots), slots.dtype)])


@entry(QUEUES_TYPE)
def rehash(queues: Queues) -> None:
    """Enter all orders and levels into empty tables."""
    state = by_reference(queues)
    for slot in range(1, state.world[0]["used_orders"] + 1):
        if state.orders[slot]["order_id"] != 0:
            insert_order_id(state.by_id, state.orders[slot]["order_id"], slot)
    for at in range(1, state.world[0]["used_levels"] + 1):
        level = state.levels[at]
        state.by_price[level_entry(state, level["number"], level["price_ticks"])] = at


@entry(QUEUES_TYPE, numba.types.int64, array_of(LEVEL_VIEW))
def read_levels(queues: Queues, number: int, out: Any) -> int:
    """Write the occupied levels of a side into `out`, in no order; returns how many there are."""
    at = queues.sides[number]["first"]
    count = 0
    while at != 0:
        level = queues.levels[at]
        out[count]["price_ticks"] = level["price_ticks"]
        out[count]["quantity_lots"] = level["lots"]
        out[count]["orders"] = level["orders"]
        count += 1
        at = level["next"]
    return count


@entry(QUEUES_TYPE, array_of(RESTING))
def read_orders(queues: Queues, out: Any) -> int:
    """Write all orders into `out`, in no order; returns how many there are."""
    count = 0
    for slot in range(1, queues.world[0]["used_orders"] + 1):
        order = queues.orders[slot]
        if order["order_id"] == 0:
            continue
        level = queues.levels[order["level"]]
        queue = level["number"] % (2 * BOOKS)
        record = out[count]
        record["order_id"] = order["order_id"]
        record["client_order_id"] = order["client_order_id"]
        record["account"] = order["account"]
        record["instrument"] = level["number"] // (2 * BOOKS)
        record["book"] = PLACE_MARKET_QUEUE if queue // 2 == MARKET_QUEUE else queue // 2
        record["side"] = queue % 2 + 1
        record["price_ticks"] = level["price_ticks"]
        record["leaves_lots"] = order["leaves_lots"]
        record["shown_lots"] = order["shown_lots"]
        record["slice_lots"] = order["slice_lots"]
        record["joined_seq"] = order["joined_seq"]
        count += 1
    return count


@entry(QUEUES_TYPE, array_of(RESTING))
def enter_orders(queues: Queues, records: Any) -> None:
    """Put orders into empty queues that have room for them."""
    state = by_reference(queues)
    for i in range(records.size):
        record = records[i]
        slot = take_slot(state)
        order = state.orders[slot]
        order["order_id"] = record["order_id"]
        order["client_order_id"] = record["client_order_id"]
        order["account"] = record["account"]
        order["leaves_lots"] = record["leaves_lots"]
        order["shown_lots"] = record["shown_lots"]
        order["slice_lots"] = record["slice_lots"]
        order["joined_seq"] = record["joined_seq"]
        book = MARKET_QUEUE if record["book"] == PLACE_MARKET_QUEUE else int64(record["book"])
        number = side_number(int64(record["instrument"]), book, int64(record["side"]))
        join(state, slot, level_at(state, number, record["price_ticks"]))
        insert_order_id(state.by_id, record["order_id"], slot)


@entry(QUEUES_TYPE, numba.types.int64)
def ahead_of(queues: Queues, order_id: int) -> tuple[int, int]:
    """Orders and shown lots in front of an order at its price, or -1 and -1 when it rests nowhere.

    A live order of a frozen venue also has the history before it that came earlier.
    """
    state = by_reference(queues)
    slot = find_order_id(state.by_id, state.orders, order_id)
    if slot == 0:
        return -1, -1
    orders = int64(0)
    lots = int64(0)
    own = state.orders[slot]
    level = state.levels[own["level"]]
    before = int64(own["prev"])
    while before != 0:
        orders += 1
        lots += state.orders[before]["shown_lots"]
        before = int64(state.orders[before]["prev"])
    if level["number"] % (2 * BOOKS) // 2 == 1:
        beside = state.by_price[level_entry(state, level["number"] - 2, level["price_ticks"])]
        before = int64(state.levels[beside]["head"])
        while before != 0 and state.orders[before]["joined_seq"] < own["joined_seq"]:
            orders += 1
            lots += state.orders[before]["shown_lots"]
            before = int64(state.orders[before]["next"])
    return orders, lots
