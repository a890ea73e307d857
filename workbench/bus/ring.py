"""The latest events of one shard, for listeners who keep up; the others read what is older elsewhere."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from threading import Condition
from typing import Any, Protocol

import numpy as np

from workbench.bus.port import Batch
from workbench.domain.records import EVENT, Records
from workbench.errors import BusError

History = Callable[[int], Iterator[Records]]
"""Reads a shard's events from a sequence on, in order; it may begin with older ones than was asked for."""

_DROPPED_AT_ONCE = 1 << 10


class Waked(Protocol):
    """Who wants to be told that there is something new."""

    def wake(self) -> None:
        """Called by the publisher, at most once until `Ring.idle` is called again; must be cheap."""


class Ring:
    """What was published last, and who waits for more. All of it may be called from any thread.

    Parameters
    ----------
    shard
        Whose events they are.
    last_seq
        Where the shard stands before anything is published here.
    keep_events
        About how many are kept; the newest batch always is.
    history
        Reads what is older.
    """

    def __init__(self, shard: str, last_seq: int, keep_events: int, history: History) -> None:
        self.shard = shard
        self.history = history
        self.changed = Condition()
        self.open = True
        self._last_seq = last_seq
        self._keep_events = keep_events
        self._kept = 0
        self._batches: list[Batch] = []
        self._firsts: list[int] = []
        self._start = 0
        self._idle: set[Waked] = set()

    @property
    def last_seq(self) -> int:
        """Sequence of the last event."""
        return self._last_seq

    def publish(self, events: Records) -> int:
        """Take events behind those before; see `Bus.publish`."""
        with self.changed:
            if not self.open:
                raise BusError("the shard is closed", self.shard)
            events = _following(self.shard, self._last_seq, events)
            if not len(events):
                return self._last_seq
            batch = Batch(self.shard, self._last_seq + 1, _kept_for_good(events))
            self._batches.append(batch)
            self._firsts.append(batch.first_seq)
            self._last_seq = batch.last_seq
            self._kept += len(events)
            self._drop_oldest()
            idle, self._idle = self._idle, set()
            self.changed.notify_all()
        for listener in idle:
            listener.wake()
        return batch.last_seq

    def _drop_oldest(self) -> None:
        while self._kept > self._keep_events and self._start < len(self._batches) - 1:
            self._kept -= len(self._batches[self._start].events)
            # The list is shortened now and then only, but the memory is given back at once.
            self._batches[self._start] = Batch(self.shard, 0, _NOTHING)
            self._start += 1
        if self._start >= _DROPPED_AT_ONCE:
            del self._batches[: self._start], self._firsts[: self._start]
            self._start = 0

    def take(self, seq: int, waked: Waked | None = None) -> list[Batch] | None:
        """All batches from a sequence on, empty when there is nothing yet; None when it is too old.

        Whoever gets nothing and gives itself is waked when there is something.
        """
        with self.changed:
            if seq > self._last_seq:
                if waked is not None:
                    self._idle.add(waked)
                return []
            index = bisect_right(self._firsts, seq, self._start) - 1
            if index < self._start:
                return None
            found = self._batches[index:]
        if found[0].first_seq < seq:
            found[0] = Batch(self.shard, seq, found[0].events[seq - found[0].first_seq :])
        return found

    def forget(self, waked: Waked) -> None:
        """Wake it no more."""
        with self.changed:
            self._idle.discard(waked)

    def older(self, seq: int) -> Iterator[Batch]:
        """Batches from a sequence on as history has them, until it ends or the ring has what follows."""
        for read in self.history(seq):
            first = int(read["seq"][0]) if len(read) else seq
            if first > seq:
                raise BusError(f"event {seq} is missing in the history, which has {first} next", self.shard)
            events = read[seq - first :]
            if not len(events):
                continue
            if not _is_dense(events):
                raise BusError(f"events are missing in the history somewhere behind {seq}", self.shard)
            yield Batch(self.shard, seq, events)
            seq += len(events)
            with self.changed:
                if self._start < len(self._firsts) and self._firsts[self._start] <= seq:
                    return


_NOTHING = np.zeros(0, dtype=EVENT)


def _following(shard: str, last_seq: int, events: Records) -> Records:
    """Of some events those behind the last one."""
    given: Any = events
    if not isinstance(given, np.ndarray) or given.dtype != EVENT or given.ndim != 1:
        raise BusError("events must be a one-dimensional array of EVENT records", shard)
    if not len(events):
        return events
    first = int(events["seq"][0])
    if first > last_seq + 1:
        raise BusError(
            f"event {first} was published, and {last_seq} is the last one: those between are missing",
            shard,
            "publish from there on",
        )
    if not _is_dense(events):
        raise BusError(f"the events from {first} on are not numbered one behind the other", shard)
    return events[last_seq + 1 - first :]


def _is_dense(events: Records) -> bool:
    seqs = events["seq"]
    return bool((seqs[1:] - seqs[:-1] == 1).all())


def _kept_for_good(events: Records) -> Records:
    """A copy that nobody can change; through bytes, for numpy copies records field by field."""
    return np.frombuffer(events.tobytes(), dtype=EVENT)
