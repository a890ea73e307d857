"""Many orders at once: their slots collected into scratch memory, in the order they are dealt with."""

from __future__ import annotations

from typing import Any

from workbench.domain.config import FIRST_TRADER
from workbench.domain.memory import SPECIAL_EXTRA, EventBuffer, Memory
from workbench.domain.numbers import CLS, DAY, OPG, PLACE_AUCTION, PLACE_MARKET_QUEUE
from workbench.engine.groups import end_open
from workbench.jit import leaf

ALL = -1
TRADERS = FIRST_TRADER
HAS_EXTRA = SPECIAL_EXTRA

OF_ACCOUNT = 0
DAY_OF_CLOSING = 1
MARKET_OF_INSTRUMENT = 2
OPG_OF_INSTRUMENT = 3
AUCTION_OF_INSTRUMENT = 4
WAITING_FOR_CLOSE = 5
OF_INSTRUMENT = 6


@leaf
def is_chosen(memory: Memory, order: Any, account: int, instrument: int, which: int) -> bool:
    """Whether an open order is one of those to collect."""
    if which == OF_ACCOUNT:
        if account == ALL:
            return order["account"] >= TRADERS
        return order["account"] == account and (instrument == ALL or order["instrument"] == instrument)
    if which == DAY_OF_CLOSING:
        return order["time_in_force"] == DAY and memory.instruments[order["instrument"]]["closing"] != 0
    if order["instrument"] != instrument:
        return False
    if which == MARKET_OF_INSTRUMENT:
        return order["book"] == PLACE_MARKET_QUEUE
    if which == OPG_OF_INSTRUMENT:
        return order["time_in_force"] == OPG
    if which == AUCTION_OF_INSTRUMENT:
        return order["time_in_force"] == OPG or order["time_in_force"] == CLS
    return which == OF_INSTRUMENT or order["book"] == PLACE_AUCTION


@leaf
def collect(memory: Memory, account: int, instrument: int, which: int) -> int:
    """Slots of open orders into `scratch`, in order of their ids; returns how many.

    `OF_ACCOUNT`: those of an account (ALL: of all traders) in an instrument (ALL: in all).
    """
    count = 0
    for slot in range(1, memory.world[0]["used_orders"] + 1):
        order = memory.orders[slot]
        if order["order_id"] != 0 and is_chosen(memory, order, account, instrument, which):
            memory.scratch[count] = slot
            count += 1
    heap_sort(memory, count, False)
    return count


@leaf
def collect_expired(memory: Memory, time_ns: int) -> int:
    """Slots of good-till-date orders whose time is up, by time and then by id; returns how many."""
    count = 0
    for at in range(1, memory.world[0]["used_extras"] + 1):
        extra = memory.extras[at]
        expire = extra["expire_time_ns"]
        if extra["order"] != 0 and expire != 0 and expire <= time_ns:
            memory.scratch[count] = extra["order"]
            count += 1
    heap_sort(memory, count, True)
    return count


@leaf
def heap_sort(memory: Memory, count: int, by_time: bool) -> None:
    """Sort the first `count` slots of `scratch`."""
    scratch = memory.scratch
    start = count // 2 - 1
    while start >= 0:
        sift(memory, start, count, by_time)
        start -= 1
    last = count - 1
    while last > 0:
        first = scratch[0]
        scratch[0] = scratch[last]
        scratch[last] = first
        sift(memory, 0, last, by_time)
        last -= 1


@leaf
def comes_before(memory: Memory, slot: int, other: int, by_time: bool) -> bool:
    """Whether a slot's order is dealt with before another's."""
    order = memory.orders[slot]
    against = memory.orders[other]
    if by_time:
        time_ns = memory.extras[order["extra"]]["expire_time_ns"]
        other_time_ns = memory.extras[against["extra"]]["expire_time_ns"]
        if time_ns != other_time_ns:
            return time_ns < other_time_ns
    return order["order_id"] < against["order_id"]


@leaf
def sift(memory: Memory, start: int, size: int, by_time: bool) -> None:
    """Restore the heap of `scratch` (the last to be dealt with first) below `start`."""
    scratch = memory.scratch
    parent = start
    slot = scratch[parent]
    while True:
        child = 2 * parent + 1
        if child >= size:
            break
        if child + 1 < size and comes_before(memory, scratch[child], scratch[child + 1], by_time):
            child += 1
        other = scratch[child]
        if not comes_before(memory, slot, other, by_time):
            break
        scratch[parent] = other
        parent = child
    scratch[parent] = slot


@leaf
def end_collected(
    memory: Memory, events: EventBuffer, count: int, kind: int, reason: int, state: int
) -> None:
    """Cancel or expire the orders that were collected; one that its group ended meanwhile is passed over."""
    for i in range(count):
        slot = memory.scratch[i]
        if memory.orders[slot]["order_id"] != 0:
            end_open(memory, events, slot, kind, reason, state)
