"""The bus in memory, put to the contract with a ring that is far too small."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock

from tests.bus.harness import events
from workbench.bus.memory import MemoryBus
from workbench.domain.records import Records


class MemoryHarness:
    """A bus, and a store that has everything before it is published.

    Parameters
    ----------
    keep_events
        Size of the rings.
    bus
        Another bus of the same kind.
    patience_seconds
        How long tests wait.
    """

    def __init__(
        self, keep_events: int = 50, bus: MemoryBus | None = None, patience_seconds: float = 60.0
    ) -> None:
        self.bus = bus or MemoryBus(keep_events)
        self.patience_seconds = patience_seconds
        self._stored: dict[str, list[Records]] = {}
        self._lock = Lock()

    def open(self, shard: str, before: int = 0) -> None:
        """Carry a shard with some events from before."""
        self._stored[shard] = [events(1, before)] if before else []
        self.bus.open_shard(shard, before, lambda seq: self.history(shard, seq))

    def history(self, shard: str, seq: int) -> Iterator[Records]:
        """What is stored, from the array on that a sequence is in."""
        with self._lock:
            stored = list(self._stored[shard])
        yield from (part for part in stored if int(part["seq"][-1]) >= seq)

    def publish(self, shard: str, published: Records) -> int:
        """Store, then publish."""
        with self._lock:
            stored = self._stored[shard]
            last = int(stored[-1]["seq"][-1]) if stored else 0
            fresh = published[published["seq"] > last]
            if len(fresh):
                stored.append(fresh.copy())
        return self.bus.publish(shard, published)

    def close(self) -> None:
        """End everything."""
        for shard in self.bus.shards():
            self.bus.close_shard(shard)
