"""What falls due as exchange time moves on: good-till-date orders and changes of phase."""

from __future__ import annotations

import heapq

from workbench.domain.codes import Phase, Reason
from workbench.engine.reference.groups import expire
from workbench.engine.reference.phases import change_phase, expire_day_orders
from workbench.engine.reference.settle import end_of_command
from workbench.engine.reference.state import TwinState


def pass_time(twin: TwinState) -> None:
    """Do all that is due at or before the exchange's time, in order of due times."""
    while True:
        change_ns = _next_change_ns(twin)
        _expire_until(twin, twin.time_ns if change_ns is None else change_ns)
        if change_ns is None:
            return
        _change_phases(twin, change_ns)


def _next_change_ns(twin: TwinState) -> int | None:
    """When the next change of phase is due; None when none is yet."""
    times = [calendar.reopening_ns for calendar in twin.calendars]
    times += [calendar.schedule[0] if calendar.schedule else None for calendar in twin.calendars]
    return min(
        (time_ns for time_ns in times if time_ns is not None and time_ns <= twin.time_ns), default=None
    )


def _expire_until(twin: TwinState, until_ns: int) -> None:
    """One run of expiries."""
    while twin.expiries and twin.expiries[0][0] <= until_ns:
        _, order_id = heapq.heappop(twin.expiries)
        order = twin.open_orders.get(order_id)
        if order:
            expire(twin, order, Reason.END_OF_TIME)
    end_of_command(twin)


def _change_phases(twin: TwinState, due_ns: int) -> None:
    """All changes of phase that are due at one time."""
    closed = set()
    for instrument, calendar in enumerate(twin.calendars):
        if calendar.reopening_ns == due_ns:
            change_phase(twin, instrument, Phase.CONTINUOUS, Reason.LIMIT_UP_DOWN)
        if calendar.schedule and calendar.schedule[0] == due_ns:
            phase, calendar.schedule = calendar.schedule[1], None
            if change_phase(twin, instrument, phase, Reason.SCHEDULED) and phase == Phase.CLOSED:
                closed.add(instrument)
    expire_day_orders(twin, closed)
    end_of_command(twin)
