"""One side of a book: orders queued at price levels, linked through their slots."""

from __future__ import annotations

from typing import Any

from workbench.domain.codes import STREET_ACCOUNT
from workbench.domain.memory import Memory
from workbench.domain.numbers import (
    BUY,
)
from workbench.domain.records import DIVERGED
from workbench.jit import hot, int64, leaf
from workbench.matching.ladder import next_above, next_below, occupy, vacate

SIDES_PER_INSTRUMENT = 4


@hot
def side_number(instrument: int, book: int, side: int) -> int:
    """Number of a book's side in `Memory.sides`."""
    return instrument * SIDES_PER_INSTRUMENT + book * 2 + side - 1


@hot
def side_of(order: Any) -> int:
    """Number of the side an order belongs to."""
    return side_number(int64(order["instrument"]), int64(order["book"]), int64(order["side"]))


@hot
def reaches(side: int, price_ticks: int, resting_ticks: int) -> bool:
    """Whether an incoming `side` order at `price_ticks` trades with a resting price."""
    return resting_ticks <= price_ticks if side == BUY else resting_ticks >= price_ticks


@hot
def better(side: int, price_ticks: int, than_ticks: int) -> bool:
    """Whether a resting `side` price comes before another."""
    return price_ticks > than_ticks if side == BUY else price_ticks < than_ticks


@leaf
def next_price(memory: Memory, number: int, price_ticks: int) -> int:
    """The next occupied price behind `price_ticks` on this side, or 0."""
    side = memory.sides[number]
    floor = side["floor_ticks"]
    offset = price_ticks - floor
    if number & 1:
        found = next_above(memory.bits, memory.summary, memory.top, side, offset + 1)
    else:
        found = next_below(memory.bits, memory.summary, memory.top, side, offset - 1)
    return 0 if found < 0 else floor + found


@hot
def level_index(memory: Memory, number: int, price_ticks: int) -> int:
    """Index in `Memory.levels` of a price on a side."""
    side = memory.sides[number]
    return side["level_base"] + price_ticks - side["floor_ticks"]


@hot
def is_matchable(order: Any) -> bool:
    """Whether history may trade with this order: it is live, or diverged."""
    return order["account"] != STREET_ACCOUNT or (order["flags"] & DIVERGED) != 0


@hot
def enqueue(memory: Memory, slot: int) -> int:
    """Put an order at the end of its level's queue; returns the lots that were at this price before."""
    order = memory.orders[slot]
    number = side_of(order)
    side = memory.sides[number]
    price = order["price_ticks"]
    offset = price - side["floor_ticks"]
    level = memory.levels[side["level_base"] + offset]
    ahead = level["lots"]
    tail = int64(level["tail"])
    order["prev"] = tail
    order["next"] = 0
    if tail == 0:
        level["head"] = slot
        occupy(memory.bits, memory.summary, memory.top, side, offset)
        best = side["best_ticks"]
        if best == 0 or better(int64(order["side"]), price, best):
            side["best_ticks"] = price
    else:
        memory.orders[tail]["next"] = slot
    level["tail"] = slot
    level["orders"] += 1
    level["lots"] = ahead + order["leaves_lots"]
    side["orders"] += 1
    if is_matchable(order):
        side["matchable"] += 1
    return ahead


@hot
def dequeue(memory: Memory, slot: int) -> None:
    """Take an order out of its level's queue, wherever it stands; the level's total still has its leaves."""
    order = memory.orders[slot]
    number = side_of(order)
    side = memory.sides[number]
    price = order["price_ticks"]
    offset = price - side["floor_ticks"]
    level = memory.levels[side["level_base"] + offset]
    before = int64(order["prev"])
    after = int64(order["next"])
    if before == 0:
        level["head"] = after
    else:
        memory.orders[before]["next"] = after
    if after == 0:
        level["tail"] = before
    else:
        memory.orders[after]["prev"] = before
    level["orders"] -= 1
    level["lots"] -= order["leaves_lots"]
    side["orders"] -= 1
    if is_matchable(order):
        side["matchable"] -= 1
    if level["head"] == 0:
        vacate(memory.bits, memory.summary, memory.top, side, offset)
        if side["best_ticks"] == price:
            side["best_ticks"] = next_price(memory, number, price)


@hot
def shrink(memory: Memory, slot: int, lots: int) -> None:
    """Take `lots` off an order's leaves and its level's total; the order stays where it is."""
    order = memory.orders[slot]
    number = side_of(order)
    order["leaves_lots"] -= lots
    memory.levels[level_index(memory, number, order["price_ticks"])]["lots"] -= lots


@leaf
def mark_diverged(memory: Memory, slot: int) -> None:
    """Let history trade with a street order from now on."""
    order = memory.orders[slot]
    if (order["flags"] & DIVERGED) == 0:
        order["flags"] |= DIVERGED
        memory.sides[side_of(order)]["matchable"] += 1


@hot
def best_opposite(memory: Memory, instrument: int, side: int) -> int:
    """Best resting price an incoming `side` order meets, in either book; 0 if there is none."""
    opposite = 3 - side
    shown = memory.sides[side_number(instrument, 0, opposite)]["best_ticks"]
    live = memory.sides[side_number(instrument, 1, opposite)]["best_ticks"]
    if live != 0 and (shown == 0 or better(opposite, live, shown)):
        return live
    return shown
