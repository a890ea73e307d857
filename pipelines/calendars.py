"""The calendars that due times come from: New York's by its rules, and those that a file declares."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from workbench.domain.calendars import ALWAYS_OPEN, SATURDAY, SUNDAY, US_EQUITIES, Calendar

MONDAY, THURSDAY = 0, 3
HALF_DAY = "13:00"
"""When exchanges in New York close on half days."""

FIRST_YEAR, LAST_YEAR = 2013, 2100
"""Years for which the rules below are asked; before 2013 half days had others."""

_CLOSED = ("2018-12-05", "2025-01-09")
"""Days of mourning, which no rule tells of."""


def new_york() -> Calendar:
    """Regular sessions of the exchanges in New York, 2013 to 2100, as their rules are today.

    A day that is closed for once (mourning, a storm) is declared in the jobs file. Source: NYSE rule 7.2 and
    its published holidays; Juneteenth is one since 2022.
    """
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    holidays = [day for year in years for day in _holidays(year)]
    early = [(day, HALF_DAY) for year in years for day in _half_days(year)]
    return US_EQUITIES.with_holidays([*holidays, *_CLOSED]).with_early_closes(early)


CALENDARS: dict[str, Callable[[], Calendar]] = {"new_york": new_york, "always": lambda: ALWAYS_OPEN}
"""Calendars that are there without being declared."""


def _holidays(year: int) -> Iterator[date]:
    new_year = date(year, 1, 1)
    # New Year's Day on a Saturday is not made up for: the year's last day is for closing books.
    yield new_year if new_year.weekday() != SUNDAY else date(year, 1, 2)
    yield _nth(year, 1, MONDAY, 3)
    yield _nth(year, 2, MONDAY, 3)
    yield easter(year) - timedelta(days=2)
    yield _last_monday_of_may(year)
    if year >= 2022:  # noqa: PLR2004 - the first year with it
        yield _observed(date(year, 6, 19))
    yield _observed(date(year, 7, 4))
    yield _nth(year, 9, MONDAY, 1)
    yield _nth(year, 11, THURSDAY, 4)
    yield _observed(date(year, 12, 25))


def _half_days(year: int) -> Iterator[date]:
    yield _nth(year, 11, THURSDAY, 4) + timedelta(days=1)
    # A feast on a Saturday makes its eve a holiday; after one on a Sunday, Monday is.
    for eve, feast in ((date(year, 7, 3), date(year, 7, 4)), (date(year, 12, 24), date(year, 12, 25))):
        if eve.weekday() < SATURDAY and feast.weekday() < SATURDAY:
            yield eve


def _observed(day: date) -> date:
    """A feast on a Saturday is kept on the Friday before, one on a Sunday on the Monday after."""
    return day + timedelta(days={SATURDAY: -1, SUNDAY: 1}.get(day.weekday(), 0))


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def _last_monday_of_may(year: int) -> date:
    last = date(year, 5, 31)
    return last - timedelta(days=last.weekday())


def easter(year: int) -> date:
    """Easter Sunday by the Gregorian reckoning (Meeus, Jones, Butcher).

    >>> easter(2025)
    datetime.date(2025, 4, 20)
    """
    century, of_century = divmod(year, 100)
    golden = year % 19
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    to_sunday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - epact - of_century % 4) % 7
    late = (golden + 11 * epact + 22 * to_sunday) // 451
    month, day = divmod(epact + to_sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)
