"""Times as charts have them: milliseconds of the session's own clock, for Bokeh's axes know no zones."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

_NS = 1_000_000


def local_ms(times: pl.Series, zone: str) -> np.ndarray:
    """The times of a column on the clock of a zone; NaN where there is none.

    >>> from datetime import UTC, datetime
    >>> times = pl.Series([datetime(2025, 3, 18, 13, 30, tzinfo=UTC), None], dtype=pl.Datetime("ns", "UTC"))
    >>> local_ms(times, "America/New_York")[0] / 1000 - datetime(2025, 3, 18, 9, 30, tzinfo=UTC).timestamp()
    np.float64(0.0)
    """
    there = times.dt.convert_time_zone(zone).dt.replace_time_zone(None)
    return there.dt.epoch("ns").cast(pl.Float64).fill_null(float("nan")).to_numpy() / _NS


def offset_ms(at_ns: int, zone: str) -> int:
    """How far the clock of a zone is ahead of UTC at an instant.

    >>> offset_ms(1_742_304_600_000_000_000, "America/New_York") // 3_600_000
    -4
    """
    offset = datetime.fromtimestamp(at_ns / 1e9, UTC).astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return int(offset.total_seconds() * 1000)


def clock(times: pl.Series, zone: str, *, precise: bool = False) -> pl.Series:
    """Times of a column as people read them; empty where there is none."""
    there = times.dt.convert_time_zone(zone)
    text = there.dt.strftime("%H:%M:%S%.3f" if precise else "%H:%M:%S")
    return text.fill_null("")


def duration(seconds: float | None) -> str:
    """How long something took, with its unit.

    >>> duration(0.25), duration(42.4), duration(125), duration(3720), duration(None)
    ('250 ms', '42.4 s', '2 min 5 s', '1 h 2 min', '')
    """
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:  # noqa: PLR2004
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
