"""Letting callers come together, when many come."""

from __future__ import annotations

import math

LONGEST_SECONDS = 0.008
"""Callers of so long get one turn when the session is busy."""

ALONE_RATE = 300.0
"""Up to so many callers a second each is answered at once: no bot that waits for its answers sends more."""

BUSY_RATE = 1_000.0
"""From so many on, they come together for the longest time."""

ENOUGH = 64
"""So many callers share a turn well; when they come faster, nobody waits for more."""

_MEMORY_SECONDS = 0.1


class Gathering:
    """How long a turn waits for others to come along, by how many came lately.

    Each turn costs a sync of the disk, a fold of every view and a wake-up of every thread that listens,
    however few orders are in it. When an order comes every millisecond, turns of one order each keep the
    interpreter so busy that answers wait for it longer than they do here.

    >>> gathering = Gathering()
    >>> gathering.seconds(now=10.0)
    0.0
    >>> for turn in range(100):
    ...     gathering.add(10, now=10.0 + turn / 100)
    >>> gathering.seconds(now=10.992)
    0.006
    """

    def __init__(self) -> None:
        self._rate = 0.0
        self._turned_at = -math.inf

    def add(self, callers: int, *, now: float) -> None:
        """Count the callers of a turn that began just now, by the monotonic clock in seconds."""
        self._rate = self._faded(now) + callers / _MEMORY_SECONDS
        self._turned_at = now

    def seconds(self, *, now: float) -> float:
        """How long the next turn waits."""
        rate = self._faded(now)
        if rate <= ALONE_RATE:
            return 0.0
        busy = min((rate - ALONE_RATE) / (BUSY_RATE - ALONE_RATE), 1.0)
        longest = min(LONGEST_SECONDS * busy, ENOUGH / rate)
        return max(0.0, round(self._turned_at + longest - now, 6))

    def _faded(self, now: float) -> float:
        """Callers a second, of whom the earlier count less."""
        return self._rate * math.exp((self._turned_at - now) / _MEMORY_SECONDS) if self._rate else 0.0
