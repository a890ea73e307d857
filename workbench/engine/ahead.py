"""Looking ahead: having at hand what the next commands will touch.

In a deep book nearly every command names an order that is in no cache. While one command is applied, the
table entry, the order and its neighbours of the ones behind it are fetched, each a few commands after the one
it is found through. Nothing here changes any state.
"""

from __future__ import annotations

from typing import Any

from workbench.domain.memory import Memory
from workbench.domain.numbers import (
    BUY,
    COMMAND_EXECUTE_ORDER,
    COMMAND_NEW_ORDER,
    PLACE_LIVE,
    SELL,
)
from workbench.jit import int64, leaf, prefetch
from workbench.matching.book import side_number, side_of
from workbench.matching.table import (
    guess_client_id,
    guess_order_id,
    prefetch_client_id,
    prefetch_order_id,
)

DEEP_ORDERS = 1 << 12
"""Below this many open orders everything is in the caches anyway."""

ENTRIES_AHEAD = 24
ORDERS_AHEAD = 16
NEIGHBOURS_AHEAD = 8


@leaf
def named_slot(memory: Memory, command: Any) -> int:
    """Slot of the order that a command most likely names, or 0."""
    order_id = command["order_id"]
    if order_id != 0:
        return guess_order_id(memory.by_order_id, order_id)
    client_id = command["client_order_id"]
    if client_id == 0:
        return 0
    return guess_client_id(
        memory.by_client_id, int64(command["account"]), int64(command["instrument"]), client_id
    )


@leaf
def level_of_new(memory: Memory, command: Any) -> int:
    """Index of the level a new order would queue at, or -1."""
    instrument = int64(command["instrument"])
    side = int64(command["side"])
    if instrument < 0 or instrument >= memory.world[0]["instruments"] or side < BUY or side > SELL:
        return -1
    record = memory.sides[side_number(instrument, 0, side)]
    price = command["price_ticks"]
    floor = record["floor_ticks"]
    if price < floor or price - floor >= record["width"]:
        return -1
    return record["level_base"] + price - floor


@leaf
def fetch_entries(memory: Memory, command: Any) -> None:
    """First: the table entries of the ids in a command, and a new order's level."""
    if command["kind"] > COMMAND_EXECUTE_ORDER:
        return
    order_id = command["order_id"]
    if order_id != 0:
        prefetch_order_id(memory.by_order_id, order_id)
    elif command["client_order_id"] != 0:
        prefetch_client_id(
            memory.by_client_id,
            int64(command["account"]),
            int64(command["instrument"]),
            command["client_order_id"],
        )
    if command["kind"] == COMMAND_NEW_ORDER:
        level = level_of_new(memory, command)
        if level >= 0:
            prefetch(memory.levels, level, 0)


@leaf
def fetch_orders(memory: Memory, command: Any, place: int) -> None:
    """Then: the order that is named, or the last order of the queue that a new order joins.

    The slot is kept under `place` for `fetch_neighbours`.
    """
    kind = command["kind"]
    named = int64(0)
    slot = int64(0)
    if kind == COMMAND_NEW_ORDER:
        level = level_of_new(memory, command)
        if level >= 0:
            slot = int64(memory.levels[level]["tail"])
            prefetch(memory.orders, slot, 0)
    elif kind <= COMMAND_EXECUTE_ORDER:
        named = named_slot(memory, command)
        prefetch(memory.orders, named, 0)
        prefetch(memory.orders, named, 1)
    memory.ahead[place & (memory.ahead.size - 1)] = named


@leaf
def fetch_neighbours(memory: Memory, command: Any, place: int) -> None:
    """Last: the orders before and behind the named one, its level, and its entry in the other table."""
    # The place may still hold a slot of an earlier run, which is stale but in range.
    slot = memory.ahead[place & (memory.ahead.size - 1)]
    order = memory.orders[slot]
    if slot == 0 or order["order_id"] == 0 or order["book"] > PLACE_LIVE:
        return
    side = memory.sides[side_of(order)]
    prefetch(memory.levels, side["level_base"] + order["price_ticks"] - side["floor_ticks"], 0)
    prefetch(memory.orders, int64(order["prev"]), 0)
    prefetch(memory.orders, int64(order["next"]), 0)
    if command["order_id"] == 0:
        prefetch_order_id(memory.by_order_id, order["order_id"])
    elif order["client_order_id"] != 0:
        prefetch_client_id(
            memory.by_client_id,
            int64(order["account"]),
            int64(order["instrument"]),
            order["client_order_id"],
        )
