"""The market's clock and calendar, from the session's hours."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from workbench.api.alpaca.errors import invalid
from workbench.api.alpaca.moments import moment_text
from workbench.domain.calendars import SATURDAY, SUNDAY, Calendar, local_time
from workbench.domain.codes import SessionState
from workbench.errors import ConfigError

if TYPE_CHECKING:
    from workbench.session.live.answer import Status

_MOST_DAYS = 3_660
_DAY_CLOSE = "16:00"
_DAYS_BEFORE, _DAYS_AFTER = 7, 30


def calendar_of(status: Status) -> Calendar:
    """The session's hours on every weekday; a session that is held on a weekend has its hours every day.

    Hours are whole minutes, for clients refuse seconds: the open is rounded down, the close up.
    """
    opens = local_time(status.open_ns, status.zone)
    close = _DAY_CLOSE
    if status.close_ns:
        closes = local_time(status.close_ns, status.zone)
        if closes.second or closes.microsecond:
            closes += timedelta(minutes=1)
        close = f"{closes:%H:%M}"
    elif f"{opens:%H:%M}" >= close:
        close = "23:59"
    weekend = () if opens.weekday() in (SATURDAY, SUNDAY) else (SATURDAY, SUNDAY)
    return Calendar("session", status.zone, f"{opens:%H:%M}", close, weekend=weekend)


def write_clock(status: Status, time_ns: int) -> dict[str, Any]:
    """Session time, whether orders trade, and when that changes next.

    A paused session is not open. A session that nobody has opened yet opens at its `open_ns`, or now when
    that has passed.
    """
    is_open = status.state == SessionState.OPEN
    over = status.state in (SessionState.CLOSED, SessionState.DEBRIEF)
    calendar = calendar_of(status)
    day = local_time(time_ns, status.zone).date()
    running = is_open or status.state == SessionState.PAUSED
    next_open, next_close = _next(calendar, day, time_ns)
    if running:
        next_close = max(status.close_ns, time_ns) if status.close_ns else next_close
    elif not over:
        next_open = max(status.open_ns, time_ns)
        next_close = status.close_ns if status.close_ns > next_open else next_close
    if status.state == SessionState.PAUSED:
        next_open = time_ns
    return {
        "timestamp": moment_text(time_ns),
        "is_open": is_open,
        "next_open": moment_text(next_open),
        "next_close": moment_text(next_close),
        "session_state": status.state.name.lower(),
        "speed": status.speed,
    }


def _next(calendar: Calendar, day: date, time_ns: int) -> tuple[int, int]:
    """The next open and the next close after a time."""
    opens = closes = 0
    for ahead in range(-1, 2 * _DAYS_AFTER):
        one = day + timedelta(days=ahead)
        try:
            if not calendar.is_session(one):
                continue
            open_ns, close_ns = calendar.session_open_ns(one), calendar.session_close_ns(one)
        except ConfigError:
            # On this day the clocks change at that very minute; it is left out.
            continue
        if not opens and open_ns > time_ns:
            opens = open_ns
        if not closes and close_ns > time_ns:
            closes = close_ns
        if opens and closes:
            break
    return opens or time_ns, closes or time_ns


def write_calendar(
    status: Status, time_ns: int, start: date | None, end: date | None
) -> list[dict[str, str]]:
    """The days of trading from `start` to `end`, both included; around today where they are not given."""
    calendar = calendar_of(status)
    today = local_time(time_ns, status.zone).date()
    first = start or (end or today) - timedelta(days=_DAYS_BEFORE)
    last = end or max(first, today) + timedelta(days=_DAYS_AFTER)
    if (last - first).days > _MOST_DAYS:
        raise invalid(f"start and end are more than {_MOST_DAYS:,} days apart")
    days = (first + timedelta(days=ahead) for ahead in range((last - first).days + 1))
    opens, closes = calendar.open, calendar.close
    return [
        {
            "date": day.isoformat(),
            "open": opens,
            "close": closes,
            "session_open": opens.replace(":", ""),
            "session_close": closes.replace(":", ""),
            "settlement_date": day.isoformat(),
        }
        for day in days
        if calendar.is_session(day)
    ]
