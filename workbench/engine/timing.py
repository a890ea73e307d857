"""What falls due by itself: good-till-date orders, scheduled phases, reopenings."""

from __future__ import annotations

from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import (
    CLOSING_AUCTION,
    CONTINUOUS,
    EVENT_ORDER_EXPIRED,
    REASON_END_OF_TIME,
    REASON_LIMIT_UP_DOWN,
    REASON_SCHEDULED,
    STATE_EXPIRED,
)
from workbench.domain.times import NEVER_NS
from workbench.engine.phases import change_phase, expire_day_orders
from workbench.engine.settle import activate, publish
from workbench.engine.sorting import WAITING_FOR_CLOSE, collect, collect_expired, end_collected
from workbench.jit import leaf

JOIN = WAITING_FOR_CLOSE


@leaf
def enter_phase(memory: Memory, events: EventBuffer, number: int, phase: int, reason: int) -> None:
    """A phase change that was commanded, scheduled, or ends a pause; not the pause itself."""
    if memory.instruments[number]["phase"] == phase:
        return
    change_phase(memory, events, number, phase, reason, 0)
    if phase == CLOSING_AUCTION and memory.instruments[number]["auction_orders"] != 0:
        count = collect(memory, 0, number, JOIN)
        for i in range(count):
            activate(memory, events, memory.scratch[i])


@leaf
def next_change(memory: Memory) -> int:
    """When the next phase change is due; NEVER_NS when there is none."""
    earliest = NEVER_NS
    for number in range(memory.world[0]["instruments"]):
        instrument = memory.instruments[number]
        if instrument["reopening_time_ns"] != 0:
            earliest = min(earliest, instrument["reopening_time_ns"])
        if instrument["schedule_time_ns"] != 0:
            earliest = min(earliest, instrument["schedule_time_ns"])
    return earliest


@leaf
def next_expiry(memory: Memory) -> int:
    """When the next order expires; NEVER_NS when none does."""
    earliest = NEVER_NS
    for at in range(1, memory.world[0]["used_extras"] + 1):
        extra = memory.extras[at]
        if extra["order"] != 0 and extra["expire_time_ns"] != 0:
            earliest = min(earliest, extra["expire_time_ns"])
    return earliest


@leaf
def do_what_is_due(memory: Memory, events: EventBuffer) -> None:
    """Everything that is due by the exchange's time, in order of due times."""
    now = memory.world[0]["time_ns"]
    while True:
        change = next_change(memory)
        count = collect_expired(memory, min(now, change))
        if count > 0:
            end_collected(memory, events, count, EVENT_ORDER_EXPIRED, REASON_END_OF_TIME, STATE_EXPIRED)
            publish(memory, events, 0, memory.world[0]["instruments"])
        if change > now:
            # What was ended or activated may have set off a pause with a reopening of its own.
            if count == 0 or next_change(memory) > now:
                break
            continue
        for number in range(memory.world[0]["instruments"]):
            instrument = memory.instruments[number]
            if instrument["reopening_time_ns"] == change:
                instrument["reopening_time_ns"] = 0
                enter_phase(memory, events, number, CONTINUOUS, REASON_LIMIT_UP_DOWN)
            if instrument["schedule_time_ns"] == change:
                phase = instrument["schedule_phase"]
                instrument["schedule_time_ns"] = 0
                instrument["schedule_phase"] = 0
                enter_phase(memory, events, number, phase, REASON_SCHEDULED)
        expire_day_orders(memory, events)
        publish(memory, events, 0, memory.world[0]["instruments"])
    memory.world[0]["alarm_ns"] = min(next_change(memory), next_expiry(memory))
