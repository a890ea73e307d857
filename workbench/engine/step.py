"""The loop: one command after another, from a whole array of them, without leaving compiled code."""

from __future__ import annotations

from typing import Any

import numba

from workbench.domain.memory import EVENT_DTYPES, MEMORY_DTYPES, EventBuffer, Memory
from workbench.domain.numbers import (
    COMMAND_CANCEL_ORDER,
    COMMAND_CLOCK,
    COMMAND_EXECUTE_ORDER,
    COMMAND_NEW_ORDER,
    COMMAND_REPLACE_ORDER,
)
from workbench.domain.records import COMMAND
from workbench.domain.times import MAX_TIME_NS
from workbench.engine.ahead import (
    DEEP_ORDERS,
    ENTRIES_AHEAD,
    NEIGHBOURS_AHEAD,
    ORDERS_AHEAD,
    fetch_entries,
    fetch_neighbours,
    fetch_orders,
)
from workbench.engine.changing import cancel_order, replace_order
from workbench.engine.controlling import control
from workbench.engine.entering import new_order
from workbench.engine.executing import execute_order
from workbench.engine.limits import look
from workbench.engine.orders import enter_ids
from workbench.engine.room import DONE, shortage
from workbench.engine.settle import has_work, publish, say_market
from workbench.engine.timing import do_what_is_due
from workbench.jit import array_of, by_reference, entry, int64, leaf, tuple_of


@leaf
def look_at_limits(memory: Memory, events: EventBuffer, command: Any) -> None:
    """Bring price limits up to date before a command that may trade."""
    world = memory.world[0]
    kind = command["kind"]
    if command["time_ns"] != world["time_ns"]:
        return
    if kind == COMMAND_CLOCK:
        for i in range(world["instruments"]):
            look(memory, events, i)
    elif kind == COMMAND_NEW_ORDER or kind == COMMAND_EXECUTE_ORDER:
        number = int64(command["instrument"])
        if number >= 0 and number < world["instruments"]:
            look(memory, events, number)


MEMORY_TYPE = tuple_of(MEMORY_DTYPES, Memory)
EVENTS_TYPE = tuple_of(EVENT_DTYPES, EventBuffer)
COMMANDS_TYPE = array_of(COMMAND)


@entry(MEMORY_TYPE, EVENTS_TYPE, COMMANDS_TYPE, numba.types.int64)
def run(memory: Memory, events: EventBuffer, commands: Any, start: int) -> tuple[int, int]:
    """Apply commands from `start` on; returns the next one and what is too small for it (or DONE)."""
    state = by_reference(memory)
    sink = by_reference(events)
    room = events.order.size
    last_fetched = commands.size - ENTRIES_AHEAD
    for i in range(start, commands.size):
        command = commands[i]
        if state.world[0]["live_orders"] > DEEP_ORDERS and i < last_fetched:
            fetch_entries(state, commands[i + ENTRIES_AHEAD])
            fetch_orders(state, commands[i + ORDERS_AHEAD], i + ORDERS_AHEAD)
            fetch_neighbours(state, commands[i + NEIGHBOURS_AHEAD], i + NEIGHBOURS_AHEAD)
        short = shortage(state, command, room)
        if short != DONE:
            return i, short
        world = state.world[0]
        world["commands"] += 1
        time_ns = command["time_ns"]
        if time_ns > world["time_ns"] and time_ns <= MAX_TIME_NS:
            world["time_ns"] = time_ns
            if time_ns >= world["alarm_ns"]:
                do_what_is_due(state, sink)
        kind = command["kind"]
        number = int64(command["instrument"])
        if world["price_limits"] != 0:
            look_at_limits(state, sink, command)
        if kind == COMMAND_NEW_ORDER:
            new_order(state, sink, command)
        elif kind == COMMAND_CANCEL_ORDER:
            number = cancel_order(state, sink, command)
        elif kind == COMMAND_REPLACE_ORDER:
            number = replace_order(state, sink, command)
        elif kind == COMMAND_EXECUTE_ORDER:
            execute_order(state, sink, command)
        else:
            control(state, sink, command)
            publish(state, sink, 0, world["instruments"])
            continue
        if number >= 0 and number < world["instruments"]:
            if world["moved"] != 0 or has_work(state.instruments[number]):
                publish(state, sink, number, number + 1)
            else:
                say_market(state, sink, number)
    return commands.size, DONE


@entry(MEMORY_TYPE)
def rehash(memory: Memory) -> None:
    """Enter the ids of all open orders into empty tables."""
    state = by_reference(memory)
    for slot in range(1, state.world[0]["used_orders"] + 1):
        order = state.orders[slot]
        if order["order_id"] != 0:
            enter_ids(state, slot)
