from __future__ import annotations

from datetime import date

import pytest

from workbench.api.alpaca.clock import write_calendar, write_clock
from workbench.domain.calendars import wall_ns
from workbench.domain.codes import SessionState
from workbench.session.live.answer import Status

ZONE = "America/New_York"
MONDAY, FRIDAY = date(2026, 1, 5), date(2026, 1, 9)


def status(day: date, state: SessionState, open_at: str = "09:30", close_at: str = "16:00") -> Status:
    open_ns, close_ns = wall_ns(day, open_at, ZONE), wall_ns(day, close_at, ZONE)
    return Status("lab", "", state, open_ns, 1.0, (), 0, 0, 0, 0, "", 0, ZONE, "sim", open_ns, close_ns)


def test_open_and_after_the_close() -> None:
    noon = wall_ns(FRIDAY, "12:00", ZONE)
    clock = write_clock(status(FRIDAY, SessionState.OPEN), noon)
    assert (clock["is_open"], clock["next_close"]) == (True, "2026-01-09T21:00:00Z")
    assert clock["next_open"] == "2026-01-12T14:30:00Z"
    evening = wall_ns(FRIDAY, "17:00", ZONE)
    clock = write_clock(status(FRIDAY, SessionState.CLOSED), evening)
    assert (clock["is_open"], clock["next_open"]) == (False, "2026-01-12T14:30:00Z")
    assert clock["next_close"] == "2026-01-12T21:00:00Z"


@pytest.mark.parametrize("state", [SessionState.LOBBY, SessionState.PRE_OPEN])
def test_before_the_open(state: SessionState) -> None:
    clock = write_clock(status(MONDAY, state), wall_ns(MONDAY, "09:00", ZONE))
    assert not clock["is_open"]
    assert (clock["next_open"], clock["next_close"]) == ("2026-01-05T14:30:00Z", "2026-01-05T21:00:00Z")


def test_paused_is_not_open_and_opens_at_any_moment() -> None:
    noon = wall_ns(MONDAY, "12:00", ZONE)
    clock = write_clock(status(MONDAY, SessionState.PAUSED), noon)
    assert (clock["is_open"], clock["next_open"]) == (False, clock["timestamp"])
    assert clock["next_close"] == "2026-01-05T21:00:00Z"


def test_calendar_of_whole_minutes_on_weekdays() -> None:
    odd = status(MONDAY, SessionState.OPEN, "09:30:15", "16:00:01")
    days = write_calendar(odd, odd.open_ns, MONDAY, date(2026, 1, 12))
    assert [day["date"][-2:] for day in days] == ["05", "06", "07", "08", "09", "12"]
    assert (days[0]["open"], days[0]["close"]) == ("09:30", "16:01")


def test_a_session_on_a_weekend_has_every_day() -> None:
    sunday = status(date(2026, 1, 4), SessionState.OPEN)
    assert len(write_calendar(sunday, sunday.open_ns, date(2026, 1, 1), date(2026, 1, 7))) == 7
