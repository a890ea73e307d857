"""Moments as people write them: a clock time, an ISO time, a datetime, or nanoseconds."""

from __future__ import annotations

import re
from datetime import datetime

import polars as pl

from workbench.domain.calendars import local_time, wall_ns, zone_of
from workbench.errors import ConfigError
from workbench.feed.times import TimeFaultError, parse_times

__all__ = ["Moment", "check_market_zone", "local_time", "moment_ns"]

Moment = int | str | datetime
"""Nanoseconds since 1970 UTC, `"10:30"`, `"2025-07-17T10:30:00"`, or a datetime (in the market's zone)."""

_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d{1,9})?)?")


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
    if isinstance(when, bool) or not isinstance(when, (int, str, datetime)):
        raise ConfigError(
            f"{when!r} is no time",
            remedy='give "10:30", an ISO time, a datetime or nanoseconds since 1970',
        )
    if isinstance(when, int):
        return when
    if isinstance(when, datetime):
        when = when.isoformat()
    text = when.strip()
    if _CLOCK.fullmatch(text):
        return wall_ns(local_time(now_ns, zone).date(), text, zone)
    try:
        return int(parse_times(pl.Series([text]), "iso", zone)[0])
    except TimeFaultError as fault:
        raise ConfigError(f"{when!r} is no time: {fault.reason}", remedy=fault.remedy) from None


def check_market_zone(zone: str) -> str:
    """`zone`, if there is such a time zone."""
    zone_of(zone, "zone")
    return zone
