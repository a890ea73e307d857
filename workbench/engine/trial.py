"""Memory to try orders in: a copy of an exchange's, as somebody sees it who is in the market."""

from __future__ import annotations

import numpy as np

from workbench.domain.codes import Place
from workbench.domain.memory import SPECIAL_ICEBERG, Memory
from workbench.domain.records import Records
from workbench.engine.layout import SIDES, zeros

_BUY_SELL = 2


def copy_memory(memory: Memory, spare: Memory | None) -> Memory:
    """A copy; the arrays of `spare` hold it as far as they fit, which spares their allocation."""
    kept = (None,) * len(memory) if spare is None else spare
    return Memory(*(_copied(array, place) for array, place in zip(memory, kept, strict=True)))


def without_trades(memory: Memory) -> Memory:
    """The same memory, but what trades in it is not kept."""
    return memory._replace(trades=memory.trades[:0])


def _copied(array: Records, place: Records | None) -> Records:
    if place is None or place.shape != array.shape:
        place = zeros(len(array), array.dtype)
    # As bytes it is one block; as records numpy would go field by field.
    np.copyto(place.view(np.uint8), array.view(np.uint8))
    return place


def forget_hidden(memory: Memory, instrument: int, account: int) -> None:
    """Take away what others' icebergs in an instrument do not show, which nobody may find out by trying."""
    used = int(memory.world[0]["used_orders"]) + 1
    orders = memory.orders[:used]
    found = (orders["special"] & SPECIAL_ICEBERG != 0) & (orders["order_id"] != 0)
    found &= (orders["instrument"] == instrument) & (orders["account"] != account)
    found &= (orders["book"] <= Place.LIVE) & (orders["shown_lots"] > 0)
    for slot in np.flatnonzero(found & (orders["leaves_lots"] > orders["shown_lots"])):
        order = orders[slot]
        number = (instrument * SIDES) + int(order["book"]) * _BUY_SELL + int(order["side"]) - 1
        side = memory.sides[number]
        level = memory.levels[side["level_base"] + order["price_ticks"] - side["floor_ticks"]]
        level["hidden_lots"] -= order["leaves_lots"] - order["shown_lots"]
        order["leaves_lots"] = order["shown_lots"]
