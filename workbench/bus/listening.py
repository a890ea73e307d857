"""A subscription whose handler is called on an event loop."""

from __future__ import annotations

import asyncio
import time
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Iterator
from typing import Final

import numpy as np

from workbench.bus.delivery import Delivery
from workbench.bus.port import Batch, Handler
from workbench.bus.ring import Ring

GO_SECONDS: Final = 0.02
"""After so long the loop is let do other things before the next batch."""
PIECE_EVENTS: Final = 1 << 12
"""What is read from history comes in larger arrays than a loop should take at once, and what is published
in smaller ones than it should while it does not keep up: each costs it something by itself."""


class Listening(Delivery):
    """Handles batches on a loop.

    The publisher calls the loop only when nothing is under way: one call sets off one go, which takes all
    that is there and whatever comes meanwhile. While a go, a pause after a failure or a read of history is
    under way, the end of that goes on by itself.
    """

    def __init__(
        self, name: str, ring: Ring, from_seq: int, handler: Handler, loop: AbstractEventLoop
    ) -> None:
        super().__init__(name, ring, from_seq, handler)
        self._loop = loop
        self._pieces: deque[Batch] = deque()
        self._past: Iterator[Batch] | None = None
        self.wake()

    def wake(self) -> None:
        """Set off a go; from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._go)
        except RuntimeError:
            # The loop is closed, and nobody will ever be called on it.
            self._closed = True

    def close(self) -> None:
        """End it; when this returns the handler is not running and will not run again."""
        super().close()
        self._ring.forget(self)

    def _is_own_thread(self) -> bool:
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    def _go(self) -> None:
        until = time.monotonic() + GO_SECONDS
        while not self._closed:
            if self._pieces:
                if not self._handled(self._pieces[0]):
                    return
                self._pieces.popleft()
            elif self._past is not None:
                self._read_on(self._past)
                return
            else:
                batches = self._ring.take(self._seq + 1, self)
                if batches is None:
                    self._past = self._older()
                elif batches:
                    self._pieces.extend(_in_pieces(batches))
                else:
                    return
            if time.monotonic() > until:
                self._loop.call_soon(self._go)
                return

    def _handled(self, batch: Batch) -> bool:
        delay = self._hand_over(batch)
        if delay:
            self._loop.call_later(delay, self._go)
        return not delay

    def _read_on(self, past: Iterator[Batch]) -> None:
        """Read the next of what is older, beside the loop."""
        try:
            reading = self._loop.run_in_executor(None, self._next_older, past)
        except RuntimeError:
            # The loop is being shut down.
            self._closed = True
            return
        reading.add_done_callback(self._was_read)

    def _was_read(self, reading: asyncio.Future[Batch | None]) -> None:
        if self._closed or reading.cancelled():
            return
        try:
            batch = reading.result()
        except Exception as error:  # noqa: BLE001 - history is somebody else's code
            self._past = None
            self._loop.call_later(self._failed("could not read what came before", error), self._go)
            return
        if batch is None:
            self._past = None
        else:
            for at in range(0, len(batch.events), PIECE_EVENTS):
                piece = batch.events[at : at + PIECE_EVENTS]
                self._pieces.append(Batch(batch.shard, batch.first_seq + at, piece))
        self._go()


def _in_pieces(batches: list[Batch]) -> list[Batch]:
    """The same events in as few batches as may be."""
    if len(batches) == 1:
        return batches
    pieces: list[Batch] = []
    parts: list[Batch] = []
    count = 0
    for batch in [*batches, None]:
        if parts and (batch is None or count + len(batch.events) > PIECE_EVENTS):
            pieces.append(parts[0] if len(parts) == 1 else _joined(parts))
            parts, count = [], 0
        if batch is not None:
            parts.append(batch)
            count += len(batch.events)
    return pieces


def _joined(parts: list[Batch]) -> Batch:
    # As bytes: numpy joins structured arrays field by field, a hundred times slower.
    block = b"".join([part.events.tobytes() for part in parts])
    return Batch(parts[0].shard, parts[0].first_seq, np.frombuffer(block, dtype=parts[0].events.dtype))
