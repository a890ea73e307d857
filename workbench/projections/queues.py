"""Where orders stand: queues at price levels, kept from what each event says of one order.

Slot 0 of orders and levels means "none". A level is made when the first order comes to its price and stays
when the last one leaves, so it is looked up and never taken out of its table.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from workbench.domain.records import Records
from workbench.jit import hash31, hot, int64, leaf, tuple_of
from workbench.matching.table import delete_order_id

SIDES = 6
"""Queues of an instrument: both sides of the shown book, of the live one, and both market queues."""
BOOKS = 3
MARKET_QUEUE = 2
_HASH_BITS = 31

RESTING = np.dtype(
    [
        ("order_id", "i8"),
        ("client_order_id", "i8"),
        ("account", "i4"),
        ("instrument", "i4"),
        ("book", "i4"),
        ("side", "i4"),
        ("price_ticks", "i8"),
        ("leaves_lots", "i8"),
        ("shown_lots", "i8"),
        ("slice_lots", "i8"),
        ("joined_seq", "i8"),
    ]
)
"""An order in a book or a market queue. `shown_lots` is what depth counts of it; `slice_lots` what an iceberg
shows at a time (0: the order shows all), and `joined_seq` the event by which it took its place.
"""


def _words(*names: str) -> np.dtype[Any]:
    return np.dtype([(name, "i8") for name in names])


_WORLD = _words("instruments", "frozen", "orders", "free_order", "used_orders", "used_levels")
_SIDE = _words("first", "levels")
_LEVEL = _words("number", "price_ticks", "lots", "orders", "head", "tail", "prev", "next")
_ORDER = np.dtype(
    [
        ("order_id", "i8"),
        ("client_order_id", "i8"),
        ("account", "i4"),
        ("level", "i4"),
        ("prev", "i4"),
        ("next", "i4"),
        ("leaves_lots", "i8"),
        ("shown_lots", "i8"),
        ("slice_lots", "i8"),
        ("joined_seq", "i8"),
    ]
)


class Queues(NamedTuple):
    """The arrays that hold the queues.

    Attributes
    ----------
    world
        Numbers about all of it.
    sides
        `SIDES` for each instrument; the occupied levels of each are linked, in no order.
    levels, orders
        Slots.
    by_id, by_price
        Hash tables of slots, by order id and by side and price.
    """

    world: Records
    sides: Records
    levels: Records
    orders: Records
    by_id: Records
    by_price: Records


_DTYPES = {
    "world": _WORLD,
    "sides": _SIDE,
    "levels": _LEVEL,
    "orders": _ORDER,
    "by_id": np.dtype("i8"),
    "by_price": np.dtype("i8"),
}
QUEUES_TYPE = tuple_of(_DTYPES, Queues)


def allocate(instruments: int, frozen: bool, order_slots: int, level_slots: int) -> Queues:
    """Empty queues with room for so many orders and levels."""
    sizes = {
        "world": 1,
        "sides": SIDES * instruments,
        "levels": level_slots + 1,
        "orders": order_slots + 1,
        "by_id": 2 * order_slots + 2,
        "by_price": 2 * level_slots + 2,
    }
    queues = Queues(**{name: np.zeros(size, _DTYPES[name]) for name, size in sizes.items()})
    queues.world["instruments"] = instruments
    queues.world["frozen"] = frozen
    return queues


# ------------------------------------------------------------------ levels


@hot
def side_number(instrument: int, book: int, side: int) -> int:
    """Number of a queue's side in `Queues.sides`."""
    return instrument * (2 * BOOKS) + book * 2 + side - 1


@leaf
def level_entry(queues: Queues, number: int, price_ticks: int) -> int:
    """Where the table has the level at a price of a side, or would have it."""
    table = queues.by_price
    size = table.size
    i = (hash31(price_ticks, number) * size) >> _HASH_BITS
    while table[i] != 0:
        level = queues.levels[table[i]]
        if level["price_ticks"] == price_ticks and level["number"] == number:
            return i
        i += 1
        if i == size:
            i = 0
    return i


@leaf
def level_at(queues: Queues, number: int, price_ticks: int) -> int:
    """The level at a price of a side, which is made if there has never been one; there must be room."""
    i = level_entry(queues, number, price_ticks)
    at = queues.by_price[i]
    if at == 0:
        world = queues.world[0]
        at = world["used_levels"] + 1
        world["used_levels"] = at
        queues.levels[at]["number"] = number
        queues.levels[at]["price_ticks"] = price_ticks
        queues.by_price[i] = at
    return at


@leaf
def _occupy(queues: Queues, at: int) -> None:
    """Link a level, which has no orders yet, into its side."""
    level = queues.levels[at]
    side = queues.sides[level["number"]]
    first = side["first"]
    level["prev"] = 0
    level["next"] = first
    if first != 0:
        queues.levels[first]["prev"] = at
    side["first"] = at
    side["levels"] += 1


@leaf
def _vacate(queues: Queues, at: int) -> None:
    """Undo `_occupy`."""
    level = queues.levels[at]
    side = queues.sides[level["number"]]
    before = level["prev"]
    after = level["next"]
    if before == 0:
        side["first"] = after
    else:
        queues.levels[before]["next"] = after
    if after != 0:
        queues.levels[after]["prev"] = before
    side["levels"] -= 1


# ------------------------------------------------------------------ orders


@hot
def join(queues: Queues, slot: int, at: int) -> None:
    """Put an order into the queue of a level, behind those that took their place before it."""
    orders = queues.orders
    order = orders[slot]
    level = queues.levels[at]
    if level["orders"] == 0:
        _occupy(queues, at)
    before = int64(level["tail"])
    while before != 0 and orders[before]["joined_seq"] > order["joined_seq"]:
        before = int64(orders[before]["prev"])
    after = int64(level["head"]) if before == 0 else int64(orders[before]["next"])
    order["level"] = at
    order["prev"] = before
    order["next"] = after
    if before == 0:
        level["head"] = slot
    else:
        orders[before]["next"] = slot
    if after == 0:
        level["tail"] = slot
    else:
        orders[after]["prev"] = slot
    level["orders"] += 1
    level["lots"] += order["shown_lots"]


@hot
def leave(queues: Queues, slot: int) -> None:
    """Take an order out of its queue, wherever it stands."""
    orders = queues.orders
    order = orders[slot]
    at = int64(order["level"])
    level = queues.levels[at]
    before = int64(order["prev"])
    after = int64(order["next"])
    if before == 0:
        level["head"] = after
    else:
        orders[before]["next"] = after
    if after == 0:
        level["tail"] = before
    else:
        orders[after]["prev"] = before
    level["orders"] -= 1
    level["lots"] -= order["shown_lots"]
    if level["orders"] == 0:
        _vacate(queues, at)


@hot
def take_slot(queues: Queues) -> int:
    """A free order slot; the caller made sure there is one."""
    world = queues.world[0]
    slot = world["free_order"]
    if slot != 0:
        world["free_order"] = int64(queues.orders[slot]["next"])
    else:
        slot = world["used_orders"] + 1
        world["used_orders"] = slot
    world["orders"] += 1
    return slot


@hot
def end_order(queues: Queues, slot: int) -> None:
    """Forget an order that is no longer open; an order id of 0 marks its slot as free."""
    world = queues.world[0]
    order = queues.orders[slot]
    leave(queues, slot)
    delete_order_id(queues.by_id, order["order_id"], slot)
    order["order_id"] = 0
    order["next"] = world["free_order"]
    world["free_order"] = slot
    world["orders"] -= 1


@hot
def show(queues: Queues, slot: int, leaves_lots: int, shown_lots: int) -> None:
    """Give an order what is left of it and what it shows, in its place."""
    order = queues.orders[slot]
    order["leaves_lots"] = leaves_lots
    queues.levels[order["level"]]["lots"] += shown_lots - order["shown_lots"]
    order["shown_lots"] = shown_lots
