"""Limit-up and limit-down prices around a rolling mean of trades."""

from __future__ import annotations

from workbench.domain.instruments import WINDOW_PARTS
from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import EVENT_PRICE_LIMITS_CHANGED
from workbench.engine.emit import market_event
from workbench.jit import hot, leaf

PARTS = WINDOW_PARTS
_PPM = 1_000_000


@leaf
def count_trade(memory: Memory, number: int, price_ticks: int) -> None:
    """Count a trade in the part of the window that was looked at last."""
    part = memory.instruments[number]["limit_part"]
    record = memory.rolling[number * PARTS + part % PARTS]
    if record["part"] != part:
        record["part"] = part
        record["price_sum_ticks"] = 0
        record["trades"] = 0
    record["price_sum_ticks"] += price_ticks
    record["trades"] += 1


@leaf
def set_reference(memory: Memory, events: EventBuffer, number: int, reference_ticks: int) -> None:
    """Move the reference and its limits, and say so if that changes them."""
    instrument = memory.instruments[number]
    if reference_ticks == instrument["reference_ticks"]:
        return
    width = reference_ticks * instrument["price_limit_ppm"] // _PPM
    instrument["reference_ticks"] = reference_ticks
    instrument["limit_down_ticks"] = reference_ticks - width
    instrument["limit_up_ticks"] = reference_ticks + width
    market_event(memory, events, EVENT_PRICE_LIMITS_CHANGED, 0, number)


@leaf
def roll(memory: Memory, events: EventBuffer, number: int) -> None:
    """When a new part of the window has begun, take the mean of the trades of the ten before it."""
    instrument = memory.instruments[number]
    part = memory.world[0]["time_ns"] // instrument["price_limit_part_ns"]
    if part == instrument["limit_part"]:
        return
    total = 0
    trades = 0
    for i in range(PARTS):
        record = memory.rolling[number * PARTS + i]
        if record["part"] >= part - PARTS:
            total += record["price_sum_ticks"]
            trades += record["trades"]
    instrument["limit_part"] = part
    if trades > 0:
        set_reference(memory, events, number, total // trades)


@leaf
def restart_reference(memory: Memory, events: EventBuffer, number: int, price_ticks: int) -> None:
    """An uncross traded: its price is the reference, and what was before no longer counts."""
    for i in range(PARTS):
        record = memory.rolling[number * PARTS + i]
        record["price_sum_ticks"] = 0
        record["trades"] = 0
    set_reference(memory, events, number, price_ticks)


@hot
def look(memory: Memory, events: EventBuffer, number: int) -> None:
    """Bring an instrument's price limits up to date before a command."""
    if memory.instruments[number]["price_limit_ppm"] != 0:
        roll(memory, events, number)
