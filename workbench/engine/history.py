"""Historical executions, cancels and replaces, and how far they could not be applied."""

from __future__ import annotations

from typing import Any

from workbench.domain.codes import STREET_ACCOUNT
from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import (
    CONTINUOUS,
    HISTORICAL,
    IOC,
    LIMIT,
    REDUCE_ONLY,
)
from workbench.domain.records import SHADOW
from workbench.engine.fills import cut_to_position, print_hidden, trade
from workbench.engine.orders import take_slot
from workbench.engine.sweep import head_at, step_forward
from workbench.jit import int64, leaf
from workbench.matching.book import better, displayed, level_index, mark_diverged, reaches, side_number

MAX_DIVERGENCE_LOTS = 1 << 40


@leaf
def diverge(memory: Memory, instrument: int, lots: int) -> None:
    """Count history that could not be applied."""
    record = memory.instruments[instrument]
    record["divergence_orders"] += 1
    record["divergence_lots"] += min(lots, MAX_DIVERGENCE_LOTS)


@leaf
def write_aggressor(memory: Memory, command: Any) -> int:
    """The street's nameless aggressor, in a slot that the caller releases."""
    slot = take_slot(memory)
    order = memory.orders[slot]
    order["order_id"] = 0
    order["client_order_id"] = 0
    order["account"] = STREET_ACCOUNT
    order["instrument"] = command["instrument"]
    order["side"] = command["side"]
    order["order_type"] = LIMIT
    order["time_in_force"] = IOC
    order["self_trade_prevention"] = 0
    order["flags"] = HISTORICAL
    order["book"] = 0
    order["price_ticks"] = command["price_ticks"]
    order["quantity_lots"] = command["quantity_lots"]
    order["leaves_lots"] = command["quantity_lots"]
    order["taken_lots"] = 0
    order["special"] = 0
    order["shown_lots"] = 0
    return slot


@leaf
def next_live(
    memory: Memory, number: int, book: int, resting_side: int, price_ticks: int, priority: int
) -> int:
    """First live order priced better than `price_ticks`, or at it with a smaller priority number; 0 if none.

    `priority` -1 takes every order at the price.
    """
    side = memory.sides[number]
    if side["orders"] == 0 or (book == 0 and side["matchable"] == 0):
        return 0
    slot = head_at(memory, number, side["best_ticks"])
    while slot != 0:
        order = memory.orders[slot]
        price = order["price_ticks"]
        if price != price_ticks:
            if not better(resting_side, price, price_ticks):
                return 0
        elif priority >= 0 and order["priority"] >= priority:
            return 0
        if order["account"] != STREET_ACCOUNT:
            return slot
        slot = step_forward(memory, number, slot)
    return 0


@leaf
def execute_frozen(memory: Memory, events: EventBuffer, aggressor: int, slot: int) -> None:
    """An execution of a frozen venue: live orders ahead fill beside it, then history happens as recorded."""
    order = memory.orders[aggressor]
    lots = order["leaves_lots"]
    resting_side = 3 - int64(order["side"])
    number = side_number(int64(order["instrument"]), 1, resting_side)
    price = order["price_ticks"] if slot == 0 else memory.orders[slot]["price_ticks"]
    priority = -1 if slot == 0 else memory.orders[slot]["priority"]
    budget = lots if memory.instruments[order["instrument"]]["phase"] == CONTINUOUS else 0
    while budget > 0:
        live = next_live(memory, number, 1, resting_side, price, priority)
        if live == 0:
            break
        if memory.orders[live]["flags"] & REDUCE_ONLY and cut_to_position(memory, events, live):
            continue
        used = min(budget, displayed(memory.orders[live]))
        budget -= used
        trade(memory, events, aggressor, live, used, True, False, SHADOW)
    if slot == 0:
        print_hidden(memory, events, aggressor, order["price_ticks"], lots)
    else:
        used = min(lots, memory.orders[slot]["leaves_lots"])
        trade(memory, events, aggressor, slot, used, True, True, 0)


@leaf
def execute_responsive(memory: Memory, events: EventBuffer, aggressor: int, slot: int, named: bool) -> None:
    """An execution in the common book: live orders ahead, the named order, then whatever is reached."""
    order = memory.orders[aggressor]
    lots = order["leaves_lots"]
    side = int64(order["side"])
    resting_side = 3 - side
    instrument = int64(order["instrument"])
    number = side_number(instrument, 0, resting_side)
    price = order["price_ticks"] if slot == 0 else memory.orders[slot]["price_ticks"]
    priority = -1 if slot == 0 else memory.orders[slot]["priority"]
    continuous = memory.instruments[instrument]["phase"] == CONTINUOUS
    while continuous and order["leaves_lots"] > 0:
        live = next_live(memory, number, 0, resting_side, price, priority)
        if live == 0:
            break
        if memory.orders[live]["flags"] & REDUCE_ONLY and cut_to_position(memory, events, live):
            continue
        trade(
            memory,
            events,
            aggressor,
            live,
            min(order["leaves_lots"], displayed(memory.orders[live])),
            True,
            True,
            0,
        )
    left = order["leaves_lots"]
    if not named:
        if left > 0:
            print_hidden(memory, events, aggressor, order["price_ticks"], left)
        if left < lots:
            diverge(memory, instrument, lots - left)
        return
    applied = 0
    if slot != 0:
        applied = min(left, memory.orders[slot]["leaves_lots"])
        ends = applied == memory.orders[slot]["leaves_lots"]
        if applied > 0:
            trade(memory, events, aggressor, slot, applied, True, True, 0)
        if applied < lots and not ends:
            mark_diverged(memory, slot)
    while continuous and order["leaves_lots"] > 0:
        best = memory.sides[number]["best_ticks"]
        if best == 0 or not reaches(side, order["price_ticks"], best):
            break
        resting_slot = int64(memory.levels[level_index(memory, number, best)]["head"])
        resting = memory.orders[resting_slot]
        if resting["flags"] & REDUCE_ONLY and cut_to_position(memory, events, resting_slot):
            continue
        used = min(order["leaves_lots"], displayed(resting))
        if resting["account"] == STREET_ACCOUNT:
            resting["taken_lots"] += used
        trade(memory, events, aggressor, resting_slot, used, True, True, 0)
    if applied < lots:
        diverge(memory, instrument, lots - applied)


@leaf
def names_resting(memory: Memory, command: Any, slot: int) -> bool:
    """Whether the order that an execution names is one that it can hit."""
    order = memory.orders[slot]
    return (
        order["account"] == STREET_ACCOUNT
        and order["book"] == 0
        and order["instrument"] == command["instrument"]
        and order["side"] == 3 - int64(command["side"])
    )
