"""Counts of a running session as plain integers, for whoever scrapes them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from workbench.domain.codes import EventKind
from workbench.domain.records import Records

Counts = npt.NDArray[np.int64]

BUCKETS = 48
"""Of a histogram: bucket b counts values from 2^(b-1) to 2^b - 1, bucket 0 zeros, the last one all above."""

_CODES = 256
_POWERS = 1 << np.arange(BUCKETS - 1, dtype=np.int64)
_REFUSALS = np.zeros(_CODES, dtype=bool)
_REFUSALS[
    [
        EventKind.ORDER_REJECTED,
        EventKind.CANCEL_REJECTED,
        EventKind.REPLACE_REJECTED,
        EventKind.COMMAND_REJECTED,
    ]
] = True


def upper_bounds() -> list[int]:
    """The largest value that each bucket counts, without the last.

    >>> upper_bounds()[:5]
    [0, 1, 3, 7, 15]
    """
    return [(1 << bucket) - 1 for bucket in range(BUCKETS - 1)]


@dataclass(slots=True)
class Histogram:
    """How many values there were in each power of two, and their sum.

    Attributes
    ----------
    counts
        By bucket (see `BUCKETS`).
    total
        Sum of the values.
    """

    counts: Counts = field(default_factory=lambda: np.zeros(BUCKETS, dtype=np.int64))
    total: int = 0

    def add(self, value: int) -> None:
        """Count one value, 0 or more."""
        self.counts[min(value.bit_length(), BUCKETS - 1)] += 1
        self.total += value

    def add_all(self, values: Counts) -> None:
        """Count many."""
        self.counts += np.bincount(np.searchsorted(_POWERS, values, side="right"), minlength=BUCKETS)
        self.total += int(values.sum())

    @property
    def count(self) -> int:
        """How many values."""
        return int(self.counts.sum())

    def quantile(self, part: float) -> int:
        """The upper bound of the bucket that a quantile lies in; 0 when nothing was counted."""
        count = self.count
        if not count:
            return 0
        bucket = int(np.searchsorted(np.cumsum(self.counts), part * count))
        return (1 << min(bucket, BUCKETS - 1)) - 1


@dataclass(slots=True)
class SequencerCounters:
    """What a session's thread has counted since it started.

    Attributes
    ----------
    queued
        Callers that wait at this moment.
    batches, commands, events, callers
        How many of each.
    busy
        Callers that were refused because too many waited.
    failures
        How often the journal failed.
    batch_commands, journal_ns, step_ns, turn_ns, answer_ns, snapshot_ns
        Histograms: commands in a batch; nanoseconds to make it durable, for the exchange, for the whole turn;
        from the call of `submit` to its answer; and for which everybody waits while the state is kept.
    commands_by_kind, events_by_kind, refusals_by_reason
        By `CommandKind`, `EventKind` and `Reason`.
    """

    queued: int = 0
    batches: int = 0
    commands: int = 0
    events: int = 0
    callers: int = 0
    busy: int = 0
    failures: int = 0
    batch_commands: Histogram = field(default_factory=Histogram)
    journal_ns: Histogram = field(default_factory=Histogram)
    step_ns: Histogram = field(default_factory=Histogram)
    turn_ns: Histogram = field(default_factory=Histogram)
    answer_ns: Histogram = field(default_factory=Histogram)
    snapshot_ns: Histogram = field(default_factory=Histogram)
    commands_by_kind: Counts = field(default_factory=lambda: np.zeros(_CODES, dtype=np.int64))
    events_by_kind: Counts = field(default_factory=lambda: np.zeros(_CODES, dtype=np.int64))
    refusals_by_reason: Counts = field(default_factory=lambda: np.zeros(_CODES, dtype=np.int64))

    def batch(self, commands: Records, events: Records) -> Counts:
        """Count a batch; how many events of each kind it had."""
        self.batches += 1
        self.commands += len(commands)
        self.events += len(events)
        self.batch_commands.add(len(commands))
        self.commands_by_kind += np.bincount(commands["kind"], minlength=_CODES)
        kinds = events["kind"]
        by_kind: Counts = np.bincount(kinds, minlength=_CODES)
        self.events_by_kind += by_kind
        if by_kind[_REFUSALS].any():
            reasons = events["reason"][_REFUSALS[kinds]]
            self.refusals_by_reason += np.bincount(reasons, minlength=_CODES)
        return by_kind
