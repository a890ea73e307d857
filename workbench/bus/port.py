"""What every bus promises, whether its listeners are in this process or on other machines.

A bus carries shards, one for each market. The events of a shard are numbered without a gap, and everybody who
listens gets all of them in order, those from before the beginning of the listening too. A batch may come
again after a failure; so whoever must not do a thing twice remembers the last sequence together with what
was done, in one transaction, and leaves out what is not above it.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Callable
from typing import NamedTuple, Protocol

from workbench.domain.records import Records


class Batch(NamedTuple):
    """Events of a shard that stand one behind the other.

    Attributes
    ----------
    shard
        Whose they are.
    first_seq
        Sequence of the first of them.
    events
        At least one; nobody may change them, for others read the same bytes.
    """

    shard: str
    first_seq: int
    events: Records

    @property
    def last_seq(self) -> int:
        """Sequence of the last of them."""
        return self.first_seq + len(self.events) - 1


Handler = Callable[[Batch], None]
"""Takes a batch; when it raises, it gets the same events again before any later ones."""


class Subscription(Protocol):
    """Somebody who listens."""

    @property
    def seq(self) -> int:
        """Sequence of the last event that was handled."""

    @property
    def failures(self) -> int:
        """How many times a batch could not be handled, or what came before could not be read."""

    @property
    def closed(self) -> bool:
        """Whether nothing will be handled any more."""

    def close(self) -> None:
        """End it; when this returns the handler is not running and will not run again.

        A handler may close its own subscription.
        """

    def wait_for(self, seq: int, timeout: float | None = None) -> bool:
        """Wait, at most so many seconds, until an event was handled; whether it was.

        Raises
        ------
        BusError
            When the handler's own thread or loop waits, which would be for ever.
        """


class Bus(Protocol):
    """Where events are published and listened to."""

    def publish(self, shard: str, events: Records) -> int:
        """Hand events over; they are safe with the bus when this returns, and no listener is waited for.

        Parameters
        ----------
        shard
            Whose they are.
        events
            Array of `EVENT`, each numbered one above the one before it. What was published before is
            ignored, so whoever is in doubt publishes again.

        Returns
        -------
        int
            Sequence of the last event of the shard.

        Raises
        ------
        BusError
            When there is a gap before or in the events, or no such shard; nothing is taken then.
        """

    def subscribe(self, group: str, shard: str, from_seq: int, handler: Handler) -> Subscription:
        """Have a shard's events handled in a thread of their own, from a sequence on and then as they come.

        Parameters
        ----------
        group
            Name of who listens; each group gets all events.
        shard
            Which events.
        from_seq
            Sequence of the first event wanted, 1 or more.
        handler
            Gets the batches one after the other. How events are put in batches is the bus's choice. When it
            raises it gets the same events again after a while, and later ones only after those.

        Raises
        ------
        BusError
            When there is no such shard, or it has not come so far.
        """

    def listen(self, shard: str, from_seq: int, handler: Handler, loop: AbstractEventLoop) -> Subscription:
        """The same, but the handler is called on an event loop, and must not block.

        All batches that are there are handed over in one go of the loop, in order.
        """

    def last_seq(self, shard: str) -> int:
        """Sequence of the last event of a shard; 0 when there is none."""
