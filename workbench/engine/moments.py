"""Moments as people write them: a clock time, an ISO time, a datetime, or nanoseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl

from workbench.errors import ConfigError
from workbench.feed.times import TimeFaultError, check_zone, parse_times

Moment = int | str | datetime
"""Nanoseconds since 1970 UTC, `"10:30"`, `"2025-07-17T10:30:00"`, or a datetime (in the market's zone)."""

_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d{1,9})?)?")
_SECOND_NS = 1_000_000_000


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
    try:
        if _CLOCK.fullmatch(text):
            day = local_time(now_ns, zone).date()
            return int(parse_times(pl.Series([text]), "", zone, day)[0])
        return int(parse_times(pl.Series([text]), "iso", zone)[0])
    except TimeFaultError as fault:
        raise ConfigError(f"{when!r} is no time: {fault.reason}", remedy=fault.remedy) from None


def local_time(time_ns: int, zone: str) -> datetime:
    """A time on the wall of `zone`, to the microsecond."""
    seconds, rest_ns = divmod(time_ns, _SECOND_NS)
    return (
        datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest_ns // 1000).astimezone(ZoneInfo(zone))
    )


def check_market_zone(zone: str) -> str:
    """`zone`, if there is such a time zone."""
    try:
        check_zone(zone)
    except TimeFaultError as fault:
        raise ConfigError(fault.reason, "zone", fault.remedy) from None
    return zone
