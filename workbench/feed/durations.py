"""Durations as people write them: "250ms", "1s", "5min", "1h", "1d"."""

from __future__ import annotations

import re
from datetime import timedelta

from workbench.errors import ConfigError

UNITS_NS = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "min": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
}
"""Nanoseconds of each unit."""


def duration_ns(duration: str | timedelta, name: str) -> int:
    """A duration in nanoseconds.

    Parameters
    ----------
    duration
        A whole number and a unit, or a `timedelta`.
    name
        What it is, for the message.

    Examples
    --------
    >>> duration_ns("5min", "every")
    300000000000

    A capital M, which means months elsewhere, is refused.
    """
    if isinstance(duration, timedelta):
        return (duration // timedelta(microseconds=1)) * 1_000
    said = re.fullmatch(r"\s*(\d{1,12})\s*([a-z]+)\s*", str(duration))
    if said is None or said[2] not in UNITS_NS:
        raise ConfigError(
            f"{duration!r} is no duration", name, "write a whole number and one of ns, us, ms, s, min, h, d"
        )
    return int(said[1]) * UNITS_NS[said[2]]
