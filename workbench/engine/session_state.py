"""What concerns the session and no market: its state, and announcements."""

from __future__ import annotations

from typing import Any

from workbench.domain.commands import ALL
from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import (
    EVENT_ANNOUNCED,
    EVENT_SESSION_STATE_CHANGED,
    REASON_INVALID_ANNOUNCEMENT,
    REASON_INVALID_SESSION_STATE,
    SESSION_FOLLOWERS,
)
from workbench.engine.admit import check_instrument
from workbench.engine.emit import session_event
from workbench.jit import int64, leaf

EVERY = ALL
STATES = len(SESSION_FOLLOWERS)


@leaf
def set_session_state(memory: Memory, events: EventBuffer, command: Any) -> tuple[int, int, int]:
    """SET_SESSION_STATE."""
    world = memory.world[0]
    wanted = int64(command["flags"])
    present = world["session_state"]
    if wanted >= STATES or (SESSION_FOLLOWERS[present] >> wanted) & 1 == 0:
        return REASON_INVALID_SESSION_STATE, wanted, present
    world["session_state"] = wanted
    event = session_event(memory, events, EVENT_SESSION_STATE_CHANGED, EVERY)
    event["session_state"] = wanted
    event["previous_state"] = present
    return 0, 0, 0


@leaf
def announce(memory: Memory, events: EventBuffer, command: Any) -> tuple[int, int, int]:
    """ANNOUNCE."""
    instrument = int64(command["instrument"])
    if instrument != EVERY:
        reason, value, limit = check_instrument(memory, instrument)
        if reason != 0:
            return reason, value, limit
    number = command["order_id"]
    if number < 1:
        return REASON_INVALID_ANNOUNCEMENT, number, 1
    event = session_event(memory, events, EVENT_ANNOUNCED, instrument)
    event["number"] = number
    return 0, 0, 0
