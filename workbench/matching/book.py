"""One side of a book: orders queued at price levels, linked through their slots."""

from __future__ import annotations

from typing import Any

from workbench.domain.codes import STREET_ACCOUNT
from workbench.domain.memory import SPECIAL_ICEBERG, Memory
from workbench.domain.numbers import BUY, HISTORICAL
from workbench.domain.records import DIVERGED
from workbench.jit import hot, int64, leaf
from workbench.matching.ladder import next_above, next_below, occupy, vacate

SIDES_PER_INSTRUMENT = 4
ICEBERG = SPECIAL_ICEBERG


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
def displayed(order: Any) -> int:
    """Lots an order shows, and offers at a time."""
    return order["shown_lots"] if order["special"] & ICEBERG else order["leaves_lots"]


@hot
def slices_of(order: Any) -> int:
    """How many more slices an iceberg will display."""
    display = order["display_lots"]
    return (order["leaves_lots"] - order["shown_lots"] + display - 1) // display


@hot
def link(memory: Memory, number: int, price_ticks: int, slot: int) -> Any:
    """Put a slot at the end of the queue at a price of a side; returns the level."""
    order = memory.orders[slot]
    side = memory.sides[number]
    offset = price_ticks - side["floor_ticks"]
    level = memory.levels[side["level_base"] + offset]
    tail = int64(level["tail"])
    order["prev"] = tail
    order["next"] = 0
    if tail == 0:
        level["head"] = slot
        occupy(memory.bits, memory.summary, memory.top, side, offset)
        best = side["best_ticks"]
        if best == 0 or (price_ticks < best if number & 1 else price_ticks > best):
            side["best_ticks"] = price_ticks
    else:
        memory.orders[tail]["next"] = slot
    level["tail"] = slot
    level["orders"] += 1
    side["orders"] += 1
    return level


@hot
def unlink(memory: Memory, number: int, price_ticks: int, slot: int) -> Any:
    """Take a slot out of the queue at a price of a side; returns the level."""
    order = memory.orders[slot]
    side = memory.sides[number]
    offset = price_ticks - side["floor_ticks"]
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
    side["orders"] -= 1
    if level["head"] == 0:
        vacate(memory.bits, memory.summary, memory.top, side, offset)
        if side["best_ticks"] == price_ticks:
            side["best_ticks"] = next_price(memory, number, price_ticks)
    return level


@leaf
def move_by_priority(memory: Memory, number: int, price_ticks: int, slot: int) -> None:
    """Move the last order of a queue forward, behind those that are older."""
    orders = memory.orders
    order = orders[slot]
    before = int64(order["prev"])
    if before == 0 or orders[before]["priority"] < order["priority"]:
        return
    unlink(memory, number, price_ticks, slot)
    while before != 0 and orders[before]["priority"] > order["priority"]:
        before = int64(orders[before]["prev"])
    side = memory.sides[number]
    level = memory.levels[side["level_base"] + price_ticks - side["floor_ticks"]]
    if before == 0:
        after = int64(level["head"])
        level["head"] = slot
    else:
        after = int64(orders[before]["next"])
        orders[before]["next"] = slot
    order["prev"] = before
    order["next"] = after
    orders[after]["prev"] = slot
    level["orders"] += 1
    side["orders"] += 1


@hot
def enqueue(memory: Memory, slot: int) -> int:
    """Put an order at the end of its level's queue; returns the lots that were displayed there before."""
    order = memory.orders[slot]
    number = side_of(order)
    level = link(memory, number, order["price_ticks"], slot)
    ahead = level["lots"]
    if order["special"] & ICEBERG:
        order["shown_lots"] = min(order["display_lots"], order["leaves_lots"])
        count_hidden(memory, level, order, 1)
    level["lots"] = ahead + displayed(order)
    side = memory.sides[number]
    if is_matchable(order):
        side["matchable"] += 1
    if order["flags"] & HISTORICAL:
        side["historical"] += 1
    return ahead


@hot
def dequeue(memory: Memory, slot: int) -> None:
    """Take an order out of its level's queue, wherever it stands; the level's total still has its leaves."""
    order = memory.orders[slot]
    number = side_of(order)
    level = unlink(memory, number, order["price_ticks"], slot)
    level["lots"] -= displayed(order)
    if order["special"] & ICEBERG:
        count_hidden(memory, level, order, -1)
    side = memory.sides[number]
    if is_matchable(order):
        side["matchable"] -= 1
    if order["flags"] & HISTORICAL:
        side["historical"] -= 1


@leaf
def count_hidden(memory: Memory, level: Any, order: Any, sign: int) -> None:
    """Add what an iceberg hides to its level, or (-1) take it off."""
    slices = slices_of(order)
    level["hidden_lots"] += sign * (order["leaves_lots"] - order["shown_lots"])
    level["slices"] += sign * slices
    memory.world[0]["slices"] += sign * slices


@leaf
def shrink_iceberg(memory: Memory, slot: int, lots: int, traded: bool) -> None:
    """Take `lots` off an iceberg: what is displayed if they traded, else hidden ones first."""
    order = memory.orders[slot]
    level = memory.levels[level_index(memory, side_of(order), order["price_ticks"])]
    count_hidden(memory, level, order, -1)
    level["lots"] -= order["shown_lots"]
    order["leaves_lots"] -= lots
    if traded:
        order["shown_lots"] -= lots
    else:
        order["shown_lots"] = min(order["shown_lots"], order["leaves_lots"])
    level["lots"] += order["shown_lots"]
    count_hidden(memory, level, order, 1)


@leaf
def show(memory: Memory, slot: int, lots: int) -> None:
    """Have an iceberg display `lots` in its place."""
    order = memory.orders[slot]
    level = memory.levels[level_index(memory, side_of(order), order["price_ticks"])]
    count_hidden(memory, level, order, -1)
    level["lots"] += lots - order["shown_lots"]
    order["shown_lots"] = lots
    count_hidden(memory, level, order, 1)


@hot
def shrink(memory: Memory, slot: int, lots: int, traded: bool) -> None:
    """Take `lots` off an order's leaves and its level's total; the order stays where it is."""
    order = memory.orders[slot]
    if order["special"] & ICEBERG:
        shrink_iceberg(memory, slot, lots, traded)
        return
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
