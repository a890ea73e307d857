"""Price collars: how far an order without a limit trades."""

from __future__ import annotations

from workbench.domain.memory import Memory
from workbench.domain.numbers import BUY
from workbench.jit import int64, leaf
from workbench.matching.book import best_opposite, next_price, side_number

ANY_PRICE = 1 << 62
_PPM = 1_000_000


@leaf
def set_collar(memory: Memory, slot: int) -> int:
    """The worst price for an order without a limit, before it has traded; its instrument keeps it."""
    order = memory.orders[slot]
    number = int64(order["instrument"])
    side = int64(order["side"])
    instrument = memory.instruments[number]
    base = instrument["last_price_ticks"]
    if base == 0:
        base = best_opposite(memory, number, side)
    move = base * instrument["collar_ppm"] // _PPM
    limit = base + move if side == BUY else base - move
    if base == 0:
        limit = ANY_PRICE if side == BUY else int64(0)
    instrument["collar_ticks"] = limit
    return limit


@leaf
def stands_beyond(memory: Memory, number: int, limit_ticks: int) -> bool:
    """Whether a side of a book holds an order at a worse price than this."""
    side = memory.sides[number]
    if side["orders"] == 0:
        return False
    floor = side["floor_ticks"]
    if number & 1:
        if limit_ticks >= floor + side["width"] - 1:
            return False
        return next_price(memory, number, max(limit_ticks, floor - 1)) != 0
    if limit_ticks <= floor:
        return False
    return next_price(memory, number, min(limit_ticks, floor + side["width"])) != 0


@leaf
def stopped_by_collar(memory: Memory, slot: int) -> bool:
    """Whether somebody stands beyond the price at which an order without a limit stopped."""
    order = memory.orders[slot]
    number = int64(order["instrument"])
    limit = memory.instruments[number]["collar_ticks"]
    opposite = 3 - int64(order["side"])
    return stands_beyond(memory, side_number(number, 0, opposite), limit) or stands_beyond(
        memory, side_number(number, 1, opposite), limit
    )
