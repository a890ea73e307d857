"""When something is due: by the sessions of an exchange's calendar, on the exchange's clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from workbench.domain.calendars import Calendar, clock_ns, zone_of
from workbench.errors import ConfigError

MINUTE_NS = 60 * 1_000_000_000
ONE_DAY = timedelta(days=1)
OPEN, CLOSE = "open", "close"


class Every(StrEnum):
    """How often."""

    SESSION = "session"
    """Once for each session of the calendar."""
    WEEK = "week"
    """Once for each week, on the day of its last session; not in a week without any."""
    MONTH = "month"
    """The same for months."""
    DAY = "day"
    """Once for each day, session or not; at a clock time."""


@dataclass(frozen=True, slots=True)
class DueTime:
    """One time at which something is due.

    Attributes
    ----------
    logical_ns
        What it is known by: the close, open or clock time itself, nanoseconds since 1970 UTC.
    due_ns
        When it may begin.
    first_day, last_day
        The exchange-local days that it is about.
    since_ns
        When the one before was due.
    """

    logical_ns: int
    due_ns: int
    first_day: date
    last_day: date
    since_ns: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a job is due.

    Parameters
    ----------
    calendar
        Whose sessions, and whose clock.
    every
        How often.
    at
        `open`, `close`, or a clock time such as `03:00`, which has that of the exchange's zone.
    delay_ns
        How long after that it begins.
    """

    calendar: Calendar
    every: Every
    at: str
    delay_ns: int = 0

    def __post_init__(self) -> None:
        if self.at not in (OPEN, CLOSE):
            clock_ns(self.at, "at")
        elif self.every is Every.DAY:
            raise ConfigError(
                f"is {self.at!r}, and not every day has one", "at", "give a clock time, or every = 'session'"
            )
        if self.delay_ns < 0:
            raise ConfigError("is negative", "delay_min", "give 0 or more")

    def due_times(self, after_ns: int, until_ns: int) -> Iterator[DueTime]:
        """All times due later than `after_ns` and not later than `until_ns`, in order.

        Examples
        --------
        >>> from workbench.domain.calendars import US_EQUITIES
        >>> half = US_EQUITIES.with_early_closes([("2025-11-28", "13:00")])
        >>> schedule = Schedule(half, Every.SESSION, "close", 15 * MINUTE_NS)
        >>> week = (schedule.of_day(date(2025, 11, day)) for day in range(27, 30))
        >>> [str(datetime.fromtimestamp(due.due_ns // 10**9, UTC)) for due in week if due]
        ['2025-11-27 21:15:00+00:00', '2025-11-28 18:15:00+00:00']
        """
        # A day's time may fall on the next one, and delays may be long: begin early enough, and look.
        day = self._date(after_ns - self.delay_ns) - 2 * ONE_DAY
        last = self._date(until_ns) + ONE_DAY
        while day <= last:
            due = self.of_day(day)
            if due is not None and after_ns < due.due_ns <= until_ns:
                yield due
            day += ONE_DAY

    def of_day(self, day: date) -> DueTime | None:
        """What is due for a day; None when nothing is."""
        if not self._is_anchor(day):
            return None
        logical_ns = self._at_ns(day)
        previous = self._before(day)
        since_ns = 0 if previous is None else self._at_ns(previous) + self.delay_ns
        return DueTime(logical_ns, logical_ns + self.delay_ns, self._first_day(day), day, since_ns)

    def _is_anchor(self, day: date) -> bool:
        if self.every is Every.DAY:
            return True
        if not self.calendar.is_session(day):
            return False
        later = day + ONE_DAY
        while self.every is not Every.SESSION and self._period(later) == self._period(day):
            if self.calendar.is_session(later):
                return False
            later += ONE_DAY
        return True

    def _before(self, day: date) -> date | None:
        """The day of the due time before; None when a year has none."""
        for back in range(1, 367):
            if self._is_anchor(day - back * ONE_DAY):
                return day - back * ONE_DAY
        return None

    def _first_day(self, day: date) -> date:
        """The first session of a day's period."""
        if self.every in (Every.DAY, Every.SESSION):
            return day
        found = earlier = day
        while self._period(earlier) == self._period(day):
            if self.calendar.is_session(earlier):
                found = earlier
            earlier -= ONE_DAY
        return found

    def _period(self, day: date) -> tuple[int, int]:
        return day.isocalendar()[:2] if self.every is Every.WEEK else (day.year, day.month)

    def _at_ns(self, day: date) -> int:
        if self.at == OPEN:
            return self.calendar.session_open_ns(day)
        if self.at == CLOSE:
            return self.calendar.session_close_ns(day)
        return existing_ns(day, self.at, self.calendar.timezone)

    def _date(self, time_ns: int) -> date:
        return datetime.fromtimestamp(time_ns // 10**9, zone_of(self.calendar.timezone)).date()


def existing_ns(day: date, clock: str, zone: str) -> int:
    """What a clock shows on a day, as nanoseconds since 1970 UTC, whatever the clocks do that day.

    A time that the day has twice is the first of the two; one that it has not is as long after midnight as on
    other days, which is so much later as the clocks are put forward.

    >>> from datetime import UTC, datetime
    >>> spring = existing_ns(date(2025, 3, 9), "02:30", "America/New_York")
    >>> autumn = existing_ns(date(2025, 11, 2), "01:30", "America/New_York")
    >>> [datetime.fromtimestamp(each // 10**9, UTC).strftime("%H:%M") for each in (spring, autumn)]
    ['07:30', '05:30']
    """
    seconds, rest_ns = divmod(clock_ns(clock), 1_000_000_000)
    shown = datetime.combine(day, time(), zone_of(zone)) + timedelta(seconds=seconds)
    return round(shown.astimezone(UTC).timestamp()) * 1_000_000_000 + rest_ns
