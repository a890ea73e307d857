"""The bus of one process: listeners share what the publisher handed over, and there is no broker."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from threading import Lock

from workbench.bus.delivery import Delivery
from workbench.bus.following import Following
from workbench.bus.listening import Listening
from workbench.bus.port import Handler
from workbench.bus.ring import History, Ring
from workbench.domain.records import Records
from workbench.errors import BusError

KEEP_EVENTS = 1 << 18


class MemoryBus:
    """A bus whose shards live in this process; see `workbench.bus.port`.

    What was published is safe because it follows from what is in the journal: the journal is the outbox, and
    a shard is opened after a crash where its journal ends.

    Parameters
    ----------
    keep_events
        How many events of each shard are kept in memory, 112 bytes each. Who is further behind reads them
        from the shard's history.
    """

    def __init__(self, keep_events: int = KEEP_EVENTS) -> None:
        if keep_events < 1:
            raise BusError(f"keep_events is {keep_events}, expected 1 or more", "MemoryBus")
        self._keep_events = keep_events
        self._lock = Lock()
        self._rings: dict[str, Ring] = {}
        self._deliveries: dict[str, list[Delivery]] = {}

    def open_shard(self, shard: str, last_seq: int, history: History) -> None:
        """Carry a shard.

        Parameters
        ----------
        shard
            Its name.
        last_seq
            Its last event so far; the next one that is published must follow on it.
        history
            Gives the events from a sequence on, as far as they can be read. It is called in the threads of
            listeners, more than one at the same time, and again later if it does not yet reach far enough.

        Raises
        ------
        BusError
            When it is carried already.
        """
        with self._lock:
            if shard in self._rings:
                raise BusError("the shard is open already", shard)
            self._rings[shard] = Ring(shard, last_seq, self._keep_events, history)
            self._deliveries[shard] = []

    def close_shard(self, shard: str) -> None:
        """Carry a shard no more, and end all its subscriptions, wherever they are.

        Wait first for those that must come to the end.
        """
        with self._lock:
            ring = self._ring(shard)
            del self._rings[shard]
            deliveries = self._deliveries.pop(shard)
        with ring.changed:
            ring.open = False
        for delivery in deliveries:
            delivery.close()

    def shards(self) -> tuple[str, ...]:
        """Those that are open."""
        return tuple(self._rings)

    def publish(self, shard: str, events: Records) -> int:
        """Hand events over; see `Bus.publish`."""
        return self._ring(shard).publish(events)

    def subscribe(self, group: str, shard: str, from_seq: int, handler: Handler) -> Following:
        """Have events handled in a thread of their own; see `Bus.subscribe`."""
        with self._lock:
            ring = self._ring_from(shard, from_seq)
            following = Following(group, ring, from_seq, handler)
            self._note(shard, following)
        return following

    def listen(self, shard: str, from_seq: int, handler: Handler, loop: AbstractEventLoop) -> Listening:
        """Have events handled on a loop; see `Bus.listen`."""
        with self._lock:
            ring = self._ring_from(shard, from_seq)
            listening = Listening("a listener", ring, from_seq, handler, loop)
            self._note(shard, listening)
        return listening

    def last_seq(self, shard: str) -> int:
        """Sequence of the last event of a shard; 0 when there is none."""
        return self._ring(shard).last_seq

    def _ring(self, shard: str) -> Ring:
        try:
            return self._rings[shard]
        except KeyError:
            known = ", ".join(map(repr, self._rings)) or "none"
            raise BusError(f"there is no such shard, open are: {known}", shard, "open it first") from None

    def _ring_from(self, shard: str, from_seq: int) -> Ring:
        ring = self._ring(shard)
        if not 1 <= from_seq <= ring.last_seq + 1:
            raise BusError(
                f"events from {from_seq} on were asked for, and the shard has 1 to {ring.last_seq}",
                shard,
                "a listener that knows more than the shard is of another one",
            )
        return ring

    def _note(self, shard: str, delivery: Delivery) -> None:
        deliveries = self._deliveries[shard]
        deliveries[:] = [other for other in deliveries if not other.closed]
        deliveries.append(delivery)
