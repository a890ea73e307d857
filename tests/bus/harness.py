"""What the contract needs of an implementation, and events to publish."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Protocol

import numpy as np

from workbench.bus.port import Batch, Bus
from workbench.domain.records import EVENT, Records

SHARD = "market"


class Harness(Protocol):
    """A bus under test.

    Attributes
    ----------
    bus
        The bus.
    patience_seconds
        How long to wait for what must come.
    """

    bus: Bus
    patience_seconds: float

    def open(self, shard: str, before: int = 0) -> None:
        """Have the bus carry a shard that has some events from before, which it must be able to replay."""

    def publish(self, shard: str, events: Records) -> int:
        """Publish as the sequencer does: what is published can also be read from where it is stored."""

    def close(self) -> None:
        """End everything."""


def events(first_seq: int, count: int) -> Records:
    """Events whose content follows from their sequence, so that a mix-up shows."""
    made = np.zeros(count, dtype=EVENT)
    made["seq"] = np.arange(first_seq, first_seq + count)
    made["time_ns"] = made["seq"] * 1_000
    made["payload"][:, 0] = made["seq"] ** 2
    return made


class Taker:
    """A handler that remembers what it was given, and may fail or be slow.

    Parameters
    ----------
    before
        Called with each batch before it is remembered; may raise.
    """

    def __init__(self, before: Callable[[Batch], None] | None = None) -> None:
        self.batches: list[Batch] = []
        self.given: list[Batch] = []
        self._before = before
        self._lock = Lock()

    def __call__(self, batch: Batch) -> None:
        self.given.append(batch)
        if self._before:
            self._before(batch)
        with self._lock:
            self.batches.append(batch)

    def seqs(self) -> list[int]:
        """Sequences of all events that were taken."""
        with self._lock:
            return [int(seq) for batch in self.batches for seq in batch.events["seq"]]

    def check(self, first_seq: int, last_seq: int, shard: str = SHARD) -> None:
        """All of them came once, in order, whole."""
        assert self.seqs() == list(range(first_seq, last_seq + 1))
        for batch in self.batches:
            assert batch.shard == shard
            assert batch.first_seq == int(batch.events["seq"][0])
            assert batch.last_seq == int(batch.events["seq"][-1])
            assert (batch.events == events(batch.first_seq, len(batch.events))).all()


def wait_until(held: Callable[[], bool], seconds: float) -> bool:
    """Wait for something to hold; whether it came to."""
    until = time.monotonic() + seconds
    while not held():
        if time.monotonic() > until:
            return False
        time.sleep(0.001)
    return True
