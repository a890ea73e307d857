"""Times and lengths of time as scenario files have them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from workbench.domain.calendars import wall_ns
from workbench.engine.moments import moment_ns
from workbench.errors import ConfigError

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(ns|us|ms|s|min|h)", re.ASCII)
_UNIT_NS = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "min": 60_000_000_000,
    "h": 3_600_000_000_000,
}


@dataclass(frozen=True, slots=True)
class Clock:
    """The day of a scenario and the time zone of its clock.

    Parameters
    ----------
    day
        The day of clock times without one.
    zone
        IANA time zone.
    """

    day: date
    zone: str

    def moment(self, given: Any, since_ns: int | None = None) -> int:
        """Nanoseconds since 1970 UTC of a moment.

        It is a clock time (`"09:30:00.5"`), `"+5s"` after `since_ns`, an ISO time, or nanoseconds.
        """
        if isinstance(given, str) and given.startswith("+"):
            if since_ns is None:
                raise ConfigError(f"{given!r} counts from nothing", remedy="give a clock time")
            return since_ns + span_ns(given[1:])
        if isinstance(given, time):
            given = given.isoformat()
        if isinstance(given, date) and not isinstance(given, datetime):
            raise ConfigError(f"{given} is a day, expected a time", remedy='write "09:30:00.5"')
        return moment_ns(given, self.zone, wall_ns(self.day, "12:00", self.zone))


def is_span(given: Any) -> bool:
    """Whether this is a length of time rather than a time of day."""
    return isinstance(given, str) and _SPAN.fullmatch(given.strip()) is not None


def span_text(nanoseconds: int) -> str:
    """A length of time as it is written in a scenario, in the largest unit of which it is a whole number.

    >>> span_text(90 * 10**9), span_text(7_200 * 10**9), span_text(0)
    ('90s', '2h', '0s')
    """
    if nanoseconds == 0:
        return "0s"
    unit = max((unit for unit in _UNIT_NS if nanoseconds % _UNIT_NS[unit] == 0), key=_UNIT_NS.__getitem__)
    return f"{nanoseconds // _UNIT_NS[unit]:,}{unit}"


def span_ns(given: Any) -> int:
    """Nanoseconds of a length of time.

    >>> span_ns("1.5s"), span_ns("2 min")
    (1500000000, 120000000000)
    """
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    match = _SPAN.fullmatch(given.strip()) if isinstance(given, str) else None
    nanoseconds = Decimal(match[1]) * _UNIT_NS[match[2]] if match else Decimal("0.5")
    if nanoseconds != int(nanoseconds):
        raise ConfigError(
            f"{given!r} is no length of time, expected a number of ns, us, ms, s, min or h such as '1.5s'"
        )
    return int(nanoseconds)
