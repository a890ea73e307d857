"""When an exchange is open, on the clock of its own wall."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from workbench.errors import ConfigError

SECOND_NS = 1_000_000_000
SATURDAY, SUNDAY = 5, 6
DAYS_PER_WEEK = 7

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,9}))?)?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def zone_of(name: str, where: str = "") -> ZoneInfo:
    """The time zone called `name`; `ConfigError` if nobody knows it."""
    try:
        return ZoneInfo(name)
    except (KeyError, TypeError, ValueError, OSError):
        raise ConfigError(
            what=f"no time zone is called {name!r}",
            where=where,
            remedy="give an IANA name such as America/New_York",
        ) from None


def clock_ns(clock: str, where: str = "") -> int:
    """Nanoseconds since midnight of a clock time.

    >>> clock_ns("00:00:01.5")
    1500000000
    """
    match = _CLOCK.fullmatch(clock)
    if match is None:
        raise ConfigError(
            what=f"{clock!r} is no time: expected a clock time that exists, such as 09:30:00.5", where=where
        )
    hour, minute, second, fraction = match.groups(default="0")
    seconds = (int(hour) * 60 + int(minute)) * 60 + int(second)
    return seconds * SECOND_NS + int(fraction.ljust(9, "0"))


def wall_ns(day: date, clock: str, zone: str) -> int:
    """What a clock in `zone` shows on a day, as nanoseconds since 1970 UTC.

    >>> wall_ns(date(2025, 7, 17), "10:30", "America/New_York")
    1752762600000000000
    """
    seconds, rest_ns = divmod(clock_ns(clock), SECOND_NS)
    shown = datetime.combine(day, time()) + timedelta(seconds=seconds)
    # When the clocks change, a time that does not exist and one that comes twice have two offsets.
    early, late = (shown.replace(tzinfo=zone_of(zone), fold=fold) for fold in (0, 1))
    if early.utcoffset() != late.utcoffset():
        raise ConfigError(
            what=f"{clock!r} is no time: on {day} {zone} has it twice or not at all, for the clocks change",
            remedy="write the time in UTC",
        )
    since = early - _EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND_NS + rest_ns


def local_time(time_ns: int, zone: str) -> datetime:
    """What a clock in `zone` shows, to the microsecond."""
    seconds, rest_ns = divmod(int(time_ns), SECOND_NS)
    return (_EPOCH + timedelta(seconds=seconds, microseconds=rest_ns // 1000)).astimezone(zone_of(zone))


@dataclass(frozen=True, slots=True)
class Calendar:
    """Sessions of an exchange: the same hours on each of its days, but for half days.

    Parameters
    ----------
    name
        What it is called in messages.
    timezone
        IANA time zone of the exchange.
    open, close
        Clock times; a close that is not after the open is on the next day.
    holidays
        Days without a session, as dates or `"2025-07-04"`.
    weekend
        Weekdays without a session, 0 for Monday.
    early_closes
        Half days: days with another close, each with its clock time.

    Examples
    --------
    >>> calendar = US_EQUITIES.with_holidays(["2025-07-04"])
    >>> calendar.is_session(date(2025, 7, 3)), calendar.is_session(date(2025, 7, 4))
    (True, False)
    >>> calendar.session_close_ns(date(2025, 7, 3)) - calendar.session_open_ns(date(2025, 7, 3))
    23400000000000
    """

    name: str
    timezone: str
    open: str
    close: str
    holidays: Iterable[date | str] = ()
    weekend: Iterable[int] = (SATURDAY, SUNDAY)
    early_closes: Iterable[tuple[date | str, str]] = ()

    def __post_init__(self) -> None:
        where = f"calendar {self.name!r}"
        zone_of(self.timezone, where)
        for clock in (self.open, self.close):
            clock_ns(clock, where)
        object.__setattr__(self, "holidays", frozenset(_day(day, where) for day in self.holidays))
        object.__setattr__(self, "weekend", frozenset(self.weekend))
        early = frozenset((_day(day, where), clock) for day, clock in self.early_closes)
        object.__setattr__(self, "early_closes", early)
        for day, clock in early:
            if clock_ns(clock, where) <= clock_ns(self.open):
                raise ConfigError(
                    what=f"{day} closes early at {clock!r}, which is not after the open", where=where
                )
        if not set(self.weekend) <= set(range(DAYS_PER_WEEK)):
            raise ConfigError(
                what=f"{sorted(self.weekend)} are no weekdays", where=where, remedy="0 is Monday, 6 is Sunday"
            )

    def with_holidays(self, days: Iterable[date | str]) -> Calendar:
        """The same hours, closed on these days too."""
        return replace(self, holidays=[*self.holidays, *days])

    def with_early_closes(self, days: Iterable[tuple[date | str, str]]) -> Calendar:
        """The same hours, closing at other times on these days too; what is given last holds.

        >>> half = US_EQUITIES.with_early_closes([("2025-11-28", "13:00")])
        >>> (
        ...     half.session_close_ns(date(2025, 11, 28)) - half.session_open_ns(date(2025, 11, 28))
        ... ) // 60_000_000_000
        210
        """
        where = f"calendar {self.name!r}"
        known = {_day(day, where): clock for day, clock in (*self.early_closes, *days)}
        return replace(self, early_closes=tuple(known.items()))

    def is_session(self, day: date) -> bool:
        """Whether the exchange opens on this day."""
        return day.weekday() not in set(self.weekend) and day not in set(self.holidays)

    def session_open_ns(self, day: date) -> int:
        """Open of the day's session in nanoseconds since 1970 UTC."""
        self._check_session(day)
        return self.to_ns(day, self.open)

    def session_close_ns(self, day: date) -> int:
        """Close of the session that opens on this day."""
        self._check_session(day)
        for early, clock in self.early_closes:
            if early == day:
                return self.to_ns(day, clock)
        overnight = clock_ns(self.close) <= clock_ns(self.open)
        return self.to_ns(day + timedelta(days=1) if overnight else day, self.close)

    def to_ns(self, day: date, clock: str) -> int:
        """A clock time such as `"10:30"` or `"10:30:00.5"` on a day, session or not.

        Raises
        ------
        ConfigError
            When it is no clock time, or one that the day has twice or not at all.
        """
        return wall_ns(day, clock, self.timezone)

    def to_local(self, time_ns: int) -> datetime:
        """What the exchange's clock shows, to the microsecond."""
        return local_time(time_ns, self.timezone)

    def _check_session(self, day: date) -> None:
        if not self.is_session(day):
            why = "a holiday" if day in set(self.holidays) else "a weekend"
            raise ConfigError(
                what=f"{day} is {why}, without a session",
                where=f"calendar {self.name!r}",
                remedy="choose another day",
            )


def _day(given: date | str, where: str) -> date:
    day: object = given
    if isinstance(given, str):
        try:
            day = date.fromisoformat(given)
        except ValueError:
            day = None
    if not isinstance(day, date) or isinstance(day, datetime):
        raise ConfigError(
            what=f"holiday {given!r} is no day", where=where, remedy='give a date or "2025-07-04"'
        )
    return day


US_EQUITIES = Calendar("US_EQUITIES", "America/New_York", "09:30", "16:00")
"""Regular hours of the exchanges in New York; add the holidays of your years with `with_holidays`."""

ALWAYS_OPEN = Calendar("ALWAYS_OPEN", "UTC", "00:00", "00:00", weekend=())
"""From midnight to midnight UTC, every day."""
