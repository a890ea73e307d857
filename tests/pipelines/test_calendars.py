"""New York's calendar by its rules, against one that nobody here wrote."""

from __future__ import annotations

import warnings
from datetime import date, timedelta

import pytest

from pipelines.calendars import FIRST_YEAR, new_york

LAST_ORACLE_DAY = date(2026, 12, 31)


@pytest.fixture(scope="module")
def oracle() -> dict[date, int]:
    """Closes of the NYSE by day, nanoseconds since 1970 UTC, as exchange_calendars has them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It uses what pandas is about to drop.
        import exchange_calendars

        known = exchange_calendars.get_calendar(
            "XNYS", start=f"{FIRST_YEAR}-01-01", end=LAST_ORACLE_DAY.isoformat()
        )
        return {day.date(): known.session_close(day).value for day in known.sessions}


def test_sessions_and_closes_are_those_of_the_oracle(oracle: dict[date, int]) -> None:
    calendar = new_york()
    day = date(FIRST_YEAR, 1, 1)
    ours = {}
    while day <= LAST_ORACLE_DAY:
        if calendar.is_session(day):
            ours[day] = calendar.session_close_ns(day)
        day += timedelta(days=1)
    assert len(ours) > 3500
    assert ours == oracle


@pytest.mark.parametrize(
    ("year", "holidays", "half_days"),
    [
        # As the exchange has published them.
        (
            2027,
            "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24",
            "11-26",
        ),
        (
            2028,
            "01-17 02-21 04-14 05-29 06-19 07-04 09-04 11-23 12-25",
            "07-03 11-24",
        ),
    ],
)
def test_years_to_come_are_as_published(year: int, holidays: str, half_days: str) -> None:
    calendar = new_york()
    days = [date(year, 1, 1) + timedelta(days=each) for each in range(365)]
    closed = [day for day in days if day.weekday() < 5 and not calendar.is_session(day)]
    assert [f"{day:%m-%d}" for day in closed] == holidays.split()
    early = [day for day, _ in calendar.early_closes if day.year == year]  # type: ignore[union-attr]
    assert [f"{day:%m-%d}" for day in sorted(early)] == half_days.split()  # type: ignore[str-bytes-safe]
