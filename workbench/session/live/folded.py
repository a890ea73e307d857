"""Waiting until the views have folded an event."""

from __future__ import annotations

import asyncio
from heapq import heappop, heappush
from itertools import count

from workbench.projections.live.updates import Observer


class Folded(Observer):
    """Wakes those who wait until an event has been folded."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = count()

    async def wait(self, seq: int) -> None:
        """Until event `seq` has been folded."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (seq, next(self._numbers), waiter))
        await waiter

    def batch(self, last_seq: int) -> None:
        """A batch has been folded."""
        while self._waiting and self._waiting[0][0] <= last_seq:
            waiter = heappop(self._waiting)[2]
            if not waiter.done():
                waiter.set_result(None)
