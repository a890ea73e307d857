"""Due times: sessions, weeks and months, half days, and the two nights on which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.schedule import MINUTE_NS, DueTime, Every, Schedule
from tests.pipelines.conftest import CALENDAR, at_ns
from workbench.domain.calendars import ALWAYS_OPEN, Calendar
from workbench.errors import ConfigError

FUTURES = Calendar("FUT", "America/Chicago", "17:00", "16:00", weekend=(4, 5))


def due(schedule: Schedule, after: str, until: str) -> list[str]:
    found = schedule.due_times(at_ns(after), at_ns(until))
    return [f"{datetime.fromtimestamp(each.due_ns // 10**9, UTC):%m-%d %H:%M}" for each in found]


@pytest.mark.parametrize(
    ("schedule", "after", "until", "expected"),
    [
        (  # The clocks go back on 2 November: the close is an hour later in UTC.
            Schedule(CALENDAR, Every.SESSION, "close", 15 * MINUTE_NS),
            "2025-10-31 00:00",
            "2025-11-04 00:00",
            ["10-31 20:15", "11-03 21:15"],
        ),
        (  # They go forward on 9 March.
            Schedule(CALENDAR, Every.SESSION, "open"),
            "2025-03-07 00:00",
            "2025-03-11 00:00",
            ["03-07 14:30", "03-10 13:30"],
        ),
        (  # Half days: 3 July 2025 and the Friday after Thanksgiving.
            Schedule(CALENDAR, Every.SESSION, "close", 15 * MINUTE_NS),
            "2025-07-02 21:00",
            "2025-07-07 21:00",
            ["07-03 17:15", "07-07 20:15"],
        ),
        (  # Before Good Friday the week ends on Thursday.
            Schedule(CALENDAR, Every.WEEK, "close", 60 * MINUTE_NS),
            "2025-04-12 00:00",
            "2025-04-26 00:00",
            ["04-17 21:00", "04-25 21:00"],
        ),
        (
            Schedule(CALENDAR, Every.MONTH, "close"),
            "2025-05-01 00:00",
            "2025-09-01 00:00",
            ["05-30 20:00", "06-30 20:00", "07-31 20:00", "08-29 20:00"],
        ),
        (  # 02:30 does not exist on 9 March, and 01:30 comes twice on 2 November: once each, all the same.
            Schedule(CALENDAR, Every.DAY, "02:30"),
            "2025-03-08 00:00",
            "2025-03-11 00:00",
            ["03-08 07:30", "03-09 07:30", "03-10 06:30"],
        ),
        (
            Schedule(CALENDAR, Every.DAY, "01:30"),
            "2025-11-01 00:00",
            "2025-11-04 00:00",
            ["11-01 05:30", "11-02 05:30", "11-03 06:30"],
        ),
        (  # Sessions that end on the next day.
            Schedule(FUTURES, Every.SESSION, "close"),
            "2025-11-20 12:00",
            "2025-11-25 12:00",
            ["11-20 22:00", "11-21 22:00", "11-24 22:00"],
        ),
        (
            Schedule(ALWAYS_OPEN, Every.SESSION, "close"),
            "2025-11-20 12:00",
            "2025-11-22 12:00",
            ["11-21 00:00", "11-22 00:00"],
        ),
    ],
)
def test_due_times_by_hand(schedule: Schedule, after: str, until: str, expected: list[str]) -> None:
    assert due(schedule, after, until) == expected


@given(
    every=st.sampled_from(list(Every)),
    days=st.lists(st.integers(0, 500 * 24 * 60), min_size=2, max_size=5),
    delay_min=st.integers(0, 3 * 24 * 60),
)
def test_pieces_of_time_have_what_the_whole_has(every: Every, days: list[int], delay_min: int) -> None:
    at = "02:30" if every is Every.DAY else "close"
    schedule = Schedule(CALENDAR, every, at, delay_min * MINUTE_NS)
    cuts = sorted(at_ns("2025-01-01 00:00") + each * MINUTE_NS for each in days)
    whole = list(schedule.due_times(cuts[0], cuts[-1]))
    pieces: list[DueTime] = []
    for after_ns, until_ns in pairwise(cuts):
        pieces += schedule.due_times(after_ns, until_ns)
    assert pieces == whole
    assert all(earlier.due_ns < later.due_ns for earlier, later in pairwise(whole))
    # Each knows when the one before was due, so what lies between belongs to one of them alone.
    assert all(later.since_ns == earlier.due_ns for earlier, later in pairwise(whole))


def test_a_week_begins_with_its_first_session() -> None:
    weekly = Schedule(CALENDAR, Every.WEEK, "close")
    (week,) = weekly.due_times(at_ns("2025-09-01 00:00"), at_ns("2025-09-06 00:00"))
    assert (str(week.first_day), str(week.last_day)) == ("2025-09-02", "2025-09-05")


def test_every_day_has_no_close() -> None:
    with pytest.raises(ConfigError, match="not every day has one"):
        Schedule(CALENDAR, Every.DAY, "close")
    with pytest.raises(ConfigError, match="is no time"):
        Schedule(CALENDAR, Every.DAY, "25:00")
