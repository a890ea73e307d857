"""Times of a text column as nanoseconds since 1970 UTC: one form per column, and nothing guessed."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.calendars import zone_of
from workbench.errors import ConfigError

TIME_UNITS: dict[str, int] = {"iso": 0, "s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
"""Nanoseconds in what a number counts; "iso" are written-out times."""

DAY_NS = 86_400_000_000_000

TIME_NS_END = 1 << 62
"""Times are at least 0 and below this, in February 2116: what the exchange can hold."""

NO_SUCH_TIME = "a day and time that exist, from 1970 to 2116"
"""What is expected of every time."""

FIRST_YEAR, LAST_YEAR = 1970, 2116

_ISO = (
    r"^(?<year>\d{4})-?(?<month>\d{2})-?(?<day>\d{2})"
    r"(?:[T ](?<hour>\d{2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:\.(?<fraction>\d{1,9}))?)?)?"
    r"\s*(?<offset>Z|UTC|[+-]\d{2}:?\d{2})?$"
)
_CLOCK = r"^(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:\.(?<fraction>\d{1,9}))?)?$"
_NUMBER = r"^\d+(\.\d*)?$"

# Digits before the point of an epoch time in each unit, from 2001 to 2286.
_UNIT_OF_DIGITS = {10: "s", 13: "ms", 16: "us", 19: "ns"}


class TimeFaultError(Exception):
    """A time column that cannot be read: why, what to do, and the cell's `index` (None: the whole column)."""

    def __init__(self, index: int | None, reason: str, remedy: str = "") -> None:
        super().__init__(reason)
        self.index = index
        self.reason = reason
        self.remedy = remedy


def check_zone(zone: str) -> None:
    """Refuse a time zone that nobody knows."""
    try:
        zone_of(zone)
    except ConfigError as fault:
        raise TimeFaultError(None, fault.what, fault.remedy) from None


def parse_times(
    cells: pl.Series, unit: str = "", zone: str = "", day: date | None = None
) -> npt.NDArray[np.int64]:
    """Nanoseconds since 1970 UTC of each cell.

    Written-out times are ISO 8601 (`2024-05-01T09:30:00.25Z`, `2024-05-01 09:30`, `20240501`). Those without
    an offset need `zone`; dates alone are midnight in `zone`, or UTC without one. Numbers count `unit` since
    1970; without a unit it is told from their digits (10: s, 13: ms, 16: us, 19: ns), which must be the same
    in every row. With a `day`, numbers and clock times (`09:30:00.5`) are counted from its midnight in
    `zone`, as a clock on the wall shows them.

    Raises
    ------
    TimeFaultError
        With the index of the first cell that does not fit, or is not from 1970 to 2116.

    Examples
    --------
    >>> parse_times(pl.Series(["2024-05-01T09:30:00.25"]), zone="America/New_York").tolist()
    [1714570200250000000]
    """
    if zone:
        check_zone(zone)
    first = str(cells[0])
    if not unit and day is None and pl.Series([first]).str.contains(_ISO).all():
        unit = "iso"
    if day is not None:
        times_ns = _of_day(cells, unit, zone, day)
    elif unit == "iso":
        times_ns = _iso(cells, zone)
    else:
        times_ns = _epoch(cells, unit)
    _refuse_first(pl.Series(in_span(times_ns)), f"expected {NO_SUCH_TIME}")
    return times_ns


def in_span(times_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which times are from 1970 to 2116."""
    return (times_ns >= 0) & (times_ns < TIME_NS_END)


def midnight_ns(day: date, zone: str) -> int:
    """Midnight by the clock that the exchange goes by at noon, so that a change at night does not matter."""
    noon = datetime.combine(day, time(12), ZoneInfo(zone))
    return (int(noon.timestamp()) - 12 * 3600) * TIME_UNITS["s"]


def existing(cells: pl.Series, form: str) -> pl.Series:
    """Which cells of the regular expression `form` name a year in the span and a second of a minute.

    A conversion would take year 9999 for another one and second 60 for the next minute without a word.
    """
    part = cells.str.extract_groups(form).struct.unnest()
    year, second = part["year"].cast(pl.Int64), part["second"].fill_null("0").cast(pl.Int64)
    return year.is_between(FIRST_YEAR - 1, LAST_YEAR) & (second < 60)  # noqa: PLR2004 - a clock's own number


def _refuse_first(good: pl.Series, reason: str, remedy: str = "") -> None:
    wrong = ~good.fill_null(value=False).to_numpy()
    if wrong.any():
        raise TimeFaultError(int(np.argmax(wrong)), reason, remedy)


def _fraction_ns(fraction: pl.Series) -> pl.Series:
    return fraction.fill_null("").str.pad_end(9, "0").cast(pl.Int64)


def _iso(cells: pl.Series, zone: str) -> npt.NDArray[np.int64]:
    """Written-out times."""
    _refuse_first(
        cells.str.contains(_ISO),
        "expected an ISO 8601 time such as 2024-05-01T09:30:00Z",
        "write all times alike, or give the unit of numbers",
    )
    part = cells.str.extract_groups(_ISO).struct.unnest()
    _refuse_first(existing(cells, _ISO), f"expected {NO_SUCH_TIME}")
    digits = part["year"] + part["month"] + part["day"]
    for name in ("hour", "minute", "second"):
        digits += part[name].fill_null("00")
    seconds = digits.str.to_datetime("%Y%m%d%H%M%S", time_unit="ns", strict=False)
    _refuse_first(seconds.is_not_null(), f"expected {NO_SUCH_TIME}")
    offset = part["offset"]
    if offset.null_count() not in (0, len(cells)):
        good = offset.is_null() if offset[0] is None else offset.is_not_null()
        _refuse_first(good, "expected a time zone in all rows or in none", "write all times alike")
    if not offset.null_count():
        minutes = _offset_minutes(offset)
        local_ns = seconds.cast(pl.Int64) + _fraction_ns(part["fraction"])
        return np.asarray(local_ns.to_numpy() - minutes * 60_000_000_000, dtype=np.int64)
    if not zone and part["hour"].null_count() == len(cells):
        zone = "UTC"
    return np.asarray(_localised(seconds, zone) + _fraction_ns(part["fraction"]).to_numpy(), dtype=np.int64)


def _offset_minutes(offset: pl.Series) -> npt.NDArray[np.int64]:
    part = offset.str.extract_groups(r"^([+-])?(\d{2})?:?(\d{2})?").struct.unnest()
    hours, minutes = (part.to_series(i).fill_null("0").cast(pl.Int64).to_numpy() for i in (1, 2))
    sign = np.where((part.to_series(0) == "-").fill_null(value=False).to_numpy(), -1, 1)
    return np.asarray(sign * (hours * 60 + minutes), dtype=np.int64)


def _localised(local: pl.Series, zone: str) -> npt.NDArray[np.int64]:
    """Times on the wall in `zone` as nanoseconds UTC."""
    if not zone:
        raise TimeFaultError(
            None,
            "the times do not say in which time zone they are",
            "give the zone, such as America/New_York or UTC",
        )
    aware = local.dt.replace_time_zone(zone, ambiguous="null", non_existent="null")
    _refuse_first(
        aware.is_not_null(),
        f"which {zone} has twice or not at all, for the clocks change",
        "write the times in UTC",
    )
    return aware.dt.convert_time_zone("UTC").cast(pl.Int64).to_numpy().astype(np.int64)


def _number_ns(cells: pl.Series, unit: str) -> pl.Series:
    """Numbers as nanoseconds, exactly."""
    _refuse_first(cells.str.contains(_NUMBER), f"expected a number of {unit}", "write all times alike")
    scale = TIME_UNITS[unit]
    places = len(str(scale)) - 1
    parts = cells.str.splitn(".", 2).struct.unnest()
    fraction = parts.to_series(1).fill_null("").str.strip_chars_end("0")
    _refuse_first(
        fraction.str.len_bytes() <= places,
        f"finer than a nanosecond when it counts {unit}",
        "give the right time unit",
    )
    number = (parts.to_series(0) + fraction.str.pad_end(places, "0")).cast(pl.Int64, strict=False)
    _refuse_first(number.is_not_null(), f"too large to be a time in {unit}", "give the right time unit")
    return number


def _epoch(cells: pl.Series, unit: str) -> npt.NDArray[np.int64]:
    """Numbers since 1970."""
    _refuse_first(
        cells.str.contains(_NUMBER),
        "expected an ISO 8601 time or a number of s, ms, us or ns since 1970",
        "write times as 2024-05-01T09:30:00Z",
    )
    if not unit:
        digits = cells.str.extract(r"^(\d+)", 1).str.len_bytes()
        unit = _UNIT_OF_DIGITS.get(int(digits[0]), "")
        if not unit:
            raise TimeFaultError(
                0,
                "which does not show what it counts since 1970",
                "give the time unit (s, ms, us or ns), or the date when it counts from midnight",
            )
        _refuse_first(
            digits == digits[0],
            f"with another number of digits than the first row, which counts {unit}",
            "give the time unit",
        )
    return _number_ns(cells, unit).to_numpy().astype(np.int64)


def _of_day(cells: pl.Series, unit: str, zone: str, day: date) -> npt.NDArray[np.int64]:
    """Numbers or clock times since midnight of `day` in `zone`."""
    if unit in ("", "iso"):
        if not pl.Series([cells[0]]).str.contains(_CLOCK).all():
            raise TimeFaultError(
                0,
                "expected a clock time such as 09:30:00.5",
                "give the unit of numbers that count from midnight",
            )
        _refuse_first(
            cells.str.contains(_CLOCK), "expected a clock time such as 09:30:00.5", "write all times alike"
        )
        part = cells.str.extract_groups(_CLOCK).struct.unnest()
        hour, minute, second = (
            part[name].fill_null("0").cast(pl.Int64) for name in ("hour", "minute", "second")
        )
        exists = (hour < 24) & (minute < 60) & (second < 60)  # noqa: PLR2004 - a clock's own numbers
        _refuse_first(exists, "expected a clock time that exists")
        since_ns = ((hour * 60 + minute) * 60 + second) * TIME_UNITS["s"] + _fraction_ns(part["fraction"])
    else:
        since_ns = _number_ns(cells, unit)
    _refuse_first(
        since_ns < 2 * DAY_NS, "more than a day after midnight", "give the right date and time unit"
    )
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise TimeFaultError(None, f"the date {day} is none from 1970 to 2116", "give the right date")
    midnight_ns = (day - date(1970, 1, 1)).days * DAY_NS
    return _localised((since_ns + midnight_ns).cast(pl.Datetime("ns")), zone)
