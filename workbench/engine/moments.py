"""Moments as people write them: a clock time, an ISO time, a datetime, or nanoseconds."""

from __future__ import annotations

import re
from datetime import datetime
from numbers import Integral
from typing import Any

import polars as pl

from workbench.domain.calendars import local_time, wall_ns, zone_of
from workbench.domain.times import MAX_TIME_NS
from workbench.errors import ConfigError
from workbench.feed.times import TimeFaultError, parse_times

__all__ = ["Moment", "check_market_zone", "local_time", "moment_ns"]

Moment = int | str | datetime
"""Nanoseconds since 1970 UTC, `"10:30"`, `"2025-07-17T10:30:00"`, or a datetime (in the market's zone)."""

_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d{1,9})?)?", re.ASCII)
# The command line has only text; fewer digits would be a year or a date.
_NANOSECONDS = re.compile(r"\d{18,19}", re.ASCII)
_YEAR = re.compile(r"(\d{4})-?\d{2}", re.ASCII)
_YEARS = range(1970, 2117)
_HOW = 'write "10:30", "10:30:15.5", an ISO time such as "2025-07-17T10:30:00", or nanoseconds since 1970'


def moment_ns(when: Moment, zone: str, now_ns: int) -> int:
    """`when` in nanoseconds since 1970 UTC.

    Parameters
    ----------
    when
        The moment. A clock time is on the market's present day.
    zone
        IANA time zone of the market.
    now_ns
        The market's present time.

    Examples
    --------
    >>> moment_ns("10:30", "America/New_York", 1_752_739_200_000_000_000)
    1752762600000000000
    """
    given: Any = when
    if isinstance(given, bool) or not isinstance(given, (Integral, str, datetime)):
        raise ConfigError(f"{when!r} is no time", remedy=_HOW)
    time_ns = int(given) if isinstance(given, Integral) else _written_ns(given, zone, now_ns)
    if not 0 <= time_ns <= MAX_TIME_NS:
        raise ConfigError(f"{when!r} is no time of an exchange, which are from 1970 to 2116", remedy=_HOW)
    return time_ns


def _written_ns(when: str | datetime, zone: str, now_ns: int) -> int:
    text = when.isoformat() if isinstance(when, datetime) else when.strip()
    if _CLOCK.fullmatch(text):
        return wall_ns(local_time(now_ns, zone).date(), text, zone)
    if not text.isascii():
        raise ConfigError(f"{when!r} is no time", remedy=_HOW)
    if _NANOSECONDS.fullmatch(text):
        return int(text)
    year = _YEAR.match(text)
    # Nanoseconds of a year further away would not fit into 64 bits.
    if year is not None and int(year[1]) not in _YEARS:
        return -1
    try:
        return int(parse_times(pl.Series([text]), "iso", zone)[0])
    except TimeFaultError:
        raise ConfigError(f"{when!r} is no time", remedy=_HOW) from None


def check_market_zone(zone: str) -> str:
    """`zone`, if there is such a time zone."""
    zone_of(zone, "zone")
    return zone
