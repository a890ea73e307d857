"""Intervals that time is cut into, whole days of an exchange among them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np

from workbench.domain.calendars import zone_of
from workbench.errors import ConfigError
from workbench.feed.files import Ints
from workbench.feed.times import DAY_NS

MAX_INTERVAL_NS = 1 << 61


def day_starts(first_ns: int, last_ns: int, zone: str) -> Ints:
    """When the days of a zone begin, from the day of `first_ns` to the one after the day of `last_ns`.

    A day begins at its first moment on the clocks of the zone, so it has 23 or 25 hours where they change. A
    day that a zone has left out is not there.

    Examples
    --------
    >>> starts = day_starts(1_709_967_600_000_000_000, 1_710_090_000_000_000_000, "America/New_York")
    >>> (np.diff(starts) // 3_600_000_000_000).tolist()
    [24, 23]
    """
    known = zone_of(zone)

    def day_of(time_ns: int) -> date:
        return datetime.fromtimestamp(time_ns // 1_000_000_000, UTC).astimezone(known).date()

    first, last = day_of(first_ns), day_of(last_ns)
    # The day before and two after, for a clock that is set back over midnight has a day twice.
    days = [first + timedelta(days=number) for number in range(-1, (last - first).days + 3)]
    starts = [int(datetime(day.year, day.month, day.day, tzinfo=known).timestamp()) for day in days]
    made = np.unique(np.array(starts, dtype=np.int64)) * 1_000_000_000
    low = int(np.searchsorted(made, first_ns, side="right")) - 1
    high = int(np.searchsorted(made, last_ns, side="right"))
    return made[low : high + 1]


@dataclass(frozen=True, slots=True)
class Intervals:
    """How time is cut into intervals.

    Parameters
    ----------
    interval_ns
        Their length.
    offset_ns
        When one of them begins; the others follow before and after it.
    zone
        IANA time zone in whose days they are counted: each day they begin anew at its first moment, and a day
        of 23 or 25 hours is one interval of `DAY_NS`. Then the interval is at most a day, and there is no
        offset.
    """

    interval_ns: int
    offset_ns: int = 0
    zone: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.interval_ns <= MAX_INTERVAL_NS:
            raise ConfigError(
                f"{self.interval_ns} ns is no interval", "interval_ns", "give a positive number of ns"
            )
        if not self.zone:
            return
        zone_of(self.zone)
        if DAY_NS % self.interval_ns:
            raise ConfigError(
                f"a day is no multiple of {self.interval_ns} ns",
                "interval_ns",
                "choose an interval that divides the day, or leave out the zone",
            )
        if self.offset_ns:
            raise ConfigError("a zone says where its days begin", "offset_ns", "leave out one of the two")

    def starts_ns(self, first_ns: int, last_ns: int) -> Ints:
        """Starts of the intervals of these times and of one more; none where they are all of one length."""
        if not self.zone:
            return np.zeros(0, np.int64)
        days = day_starts(first_ns, last_ns, self.zone)
        if self.interval_ns == DAY_NS:
            return days
        if not (days % self.interval_ns).any():
            return np.zeros(0, np.int64)
        inner = [np.arange(day, end, self.interval_ns) for day, end in pairwise(days)]
        return np.concatenate([*inner, days[-1:]])

    def cut(self, time_ns: Ints) -> Ints:
        """Start of the interval of each of some times, which do not fall."""
        if not len(time_ns):
            return np.zeros(0, np.int64)
        starts = self.starts_ns(int(time_ns[0]), int(time_ns[-1]))
        if len(starts):
            return np.asarray(starts[np.searchsorted(starts, time_ns, side="right") - 1])
        offset_ns = self.offset_ns % self.interval_ns
        return np.asarray((time_ns - offset_ns) // self.interval_ns * self.interval_ns + offset_ns)
