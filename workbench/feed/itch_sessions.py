"""Sequence numbers of packets: which messages are new, which came before, and which never came."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from workbench.feed.files import Flags, Ints

if TYPE_CHECKING:
    from workbench.feed.itch_packets import PacketCounts

_SESSION_SHIFT = 44
"""Bits of an order number below those of the session: sequence numbers are smaller."""


class _Session:
    """Sequence numbers that came so far, as runs from `low` to below `high`, ascending and apart."""

    def __init__(self, number: int) -> None:
        self.base = number << _SESSION_SHIFT
        self.low: list[int] = []
        self.high: list[int] = []
        self.announced = 0

    @property
    def end(self) -> int:
        return self.high[-1] if self.high else 0

    def take(self, low: int, high: int) -> list[tuple[int, int]]:
        """Add numbers from `low` to below `high`; returns the runs of them that are new."""
        first = bisect_left(self.high, low)
        last = bisect_right(self.low, high)
        new = []
        at = low
        for i in range(first, last):
            if at < self.low[i]:
                new.append((at, min(self.low[i], high)))
            at = max(at, self.high[i])
        if at < high:
            new.append((at, high))
        if first < last:
            low, high = min(low, self.low[first]), max(high, self.high[last - 1])
        self.low[first:last] = [low]
        self.high[first:last] = [high]
        return new


class Sessions:
    """All sessions of a capture, by name."""

    def __init__(self) -> None:
        self._sessions: dict[bytes, _Session] = {}
        self._unnumbered = 0
        self._duplicates = 0
        self._late = 0

    def take(self, names: npt.NDArray[Any], sequence: Ints, count: Ints) -> tuple[Flags, Ints]:
        """Which messages of these packets are new, and a number for each by which they are in order."""
        first = np.cumsum(count) - count
        within = np.arange(int(count.sum())) - np.repeat(first, count)
        keep = np.ones(len(within), np.bool_)
        base = np.zeros(len(count), np.int64)
        unnumbered = sequence == 0
        if unnumbered.any():
            # They stand in the order in which they came, as a session of their own.
            lots = np.where(unnumbered, count, 0)
            sequence = np.where(unnumbered, self._unnumbered + np.cumsum(lots) - lots, sequence)
            self._unnumbered += int(lots.sum())
        numbered = ~unnumbered
        found, begins = np.unique(names[numbered], return_index=True)
        for name in found[np.argsort(begins)].tolist():
            of_name = np.flatnonzero(numbered & (names == name))
            session = self._sessions.setdefault(name, _Session(len(self._sessions) + 1))
            base[of_name] = session.base
            self._take_session(session, of_name, sequence, count, first, keep)
        order = np.repeat(base + sequence, count) + within
        return keep, order

    def _take_session(
        self, session: _Session, packets: Ints, sequence: Ints, count: Ints, first: Ints, keep: Flags
    ) -> None:
        low, lots = sequence[packets], count[packets]
        high = low + lots
        # Heartbeats and the end of a session say which number comes next.
        session.announced = max(session.announced, int(high.max()))
        some = lots > 0
        low, high, begin = low[some], high[some], first[packets[some]]
        if not len(low):
            return
        if (low[1:] == high[:-1]).all() and (not session.high or int(low[0]) == session.end):
            session.take(int(low[0]), int(high[-1]))
            return
        for start, end, place in zip(low.tolist(), high.tolist(), begin.tolist(), strict=True):
            latest = session.end
            new = session.take(start, end)
            fresh = 0
            if new != [(start, end)]:
                keep[place : place + end - start] = False
            for from_, to in new:
                keep[place + from_ - start : place + to - start] = True
                fresh += to - from_
                self._late += max(0, min(to, latest) - from_)
            self._duplicates += end - start - fresh

    def tell(self, counts: PacketCounts) -> None:
        """Put what is known at the end into `counts`."""
        counts.duplicate_messages, counts.late_messages = self._duplicates, self._late
        counts.sessions = tuple(name.decode("latin-1").strip() for name in self._sessions)
        for session in self._sessions.values():
            if not session.high:
                continue
            holes = [low - high for low, high in zip(session.low[1:], session.high[:-1], strict=True)]
            if session.announced > session.end:
                holes.append(session.announced - session.end)
            counts.gaps += len(holes)
            counts.missing_messages += sum(holes)
