"""What all subscriptions share: one handler, called with one batch after the other, and a place."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from threading import Condition, RLock
from typing import Final

from workbench.bus.port import Batch, Handler
from workbench.bus.ring import Ring
from workbench.errors import BusError

log = logging.getLogger(__name__)

FIRST_DELAY_SECONDS: Final = 0.01
LONGEST_DELAY_SECONDS: Final = 1.0
"""How long a handler that fails is left alone: twice as long each time in a row."""


class Delivery:
    """A place in a shard's events, and the handler that moves it on.

    Parameters
    ----------
    name
        Of who listens, for the log.
    ring
        The shard.
    from_seq
        First event wanted.
    handler
        What is called.
    """

    def __init__(self, name: str, ring: Ring, from_seq: int, handler: Handler) -> None:
        self.name = name
        self._ring = ring
        self._handler = handler
        self._seq = from_seq - 1
        self._failures = 0
        self._in_a_row = 0
        self._closed = False
        self._calling = RLock()
        self._moved = Condition()
        self._waiting = 0
        self._older_from = 0

    @property
    def seq(self) -> int:
        """Sequence of the last event that was handled."""
        return self._seq

    @property
    def failures(self) -> int:
        """How many times a batch could not be handled, or what came before could not be read."""
        return self._failures

    @property
    def closed(self) -> bool:
        """Whether nothing will be handled any more."""
        return self._closed

    def close(self) -> None:
        """End it; when this returns the handler is not running and will not run again."""
        self._closed = True
        # A call that runs in another thread ends first; one that is our own caller may go on.
        with self._calling:
            pass
        with self._moved:
            self._moved.notify_all()

    def wait_for(self, seq: int, timeout: float | None = None) -> bool:
        """Wait, at most so many seconds, until an event was handled; whether it was."""
        if self._seq >= seq:
            return True
        if self._is_own_thread():
            raise BusError(f"{self.name} would wait for itself", self._ring.shard, "wait in another thread")
        with self._moved:
            self._waiting += 1
            try:
                self._moved.wait_for(lambda: self._seq >= seq or self._closed, timeout)
            finally:
                self._waiting -= 1
        return self._seq >= seq

    def _is_own_thread(self) -> bool:
        raise NotImplementedError

    def _hand_over(self, batch: Batch) -> float:
        """Call the handler; returns how many seconds to wait before it gets the same batch again, or 0."""
        with self._calling:
            if self._closed:
                return 0.0
            try:
                self._handler(batch)
            except Exception as error:  # noqa: BLE001 - whatever it is, others must not suffer for it
                return self._failed(f"could not handle events {batch.first_seq} to {batch.last_seq}", error)
            self._in_a_row = 0
            self._seq = batch.last_seq
        if self._waiting:
            with self._moved:
                self._moved.notify_all()
        return 0.0

    def _failed(self, what: str, error: Exception) -> float:
        """Count a failure and log it; returns how many seconds to wait."""
        self._failures += 1
        delay = min(FIRST_DELAY_SECONDS * 2.0**self._in_a_row, LONGEST_DELAY_SECONDS)
        # A handler that fails for hours says so once a second, and where only the first time.
        trace = None if self._in_a_row else error
        self._in_a_row = min(self._in_a_row + 1, 16)
        said = f"{type(error).__name__}: {error}"
        shard = self._ring.shard
        log.error("%s, shard %s: %s (%s); again in %g s", self.name, shard, what, said, delay, exc_info=trace)
        return delay

    def _older(self) -> Iterator[Batch]:
        """What is older than the ring, from our place on."""
        self._older_from = self._seq
        return self._ring.older(self._seq + 1)

    def _next_older(self, past: Iterator[Batch]) -> Batch | None:
        """The next batch of that; None when it ends, for the ring may go on now, or history have more.

        Raises
        ------
        BusError
            When history had nothing at all, and the ring has not what comes next.
        """
        batch = next(past, None)
        stuck = batch is None and self._seq == self._older_from
        if stuck and self._ring.take(self._seq + 1) is None:
            raise BusError(
                f"event {self._seq + 1} is older than the events that are kept, and cannot be read yet",
                self._ring.shard,
            )
        return batch
