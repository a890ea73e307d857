"""Rows of a session on their way to its files: written, made visible, put together, sealed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from workbench.journal.manifest import CLOSED, ENDED
from workbench.journal.seal import SessionStore
from workbench.session.tables import Rows

CLOSING = "closing"
"""Key of a manifest's `more`: the rows that the end makes final are in the tables."""

_SMALL_ROWS = 100_000


class Rhythm(NamedTuple):
    """How often a session does what it does beside answering.

    Attributes
    ----------
    publish_events, publish_seconds
        Rows are written after so many events, or so many seconds of wall time if there are any.
    snapshot_commands, snapshot_seconds
        The state is saved after so many commands; of a live session, also after so many seconds of wall time
        if there were any.
    compact_parts
        Small files of a table are put together after so many times of writing.
    sync_commands
        0: every step is durable before it is answered. Else so many commands may be answered before they are:
        for a run that nobody outside waits for and that can be made anew, such as a scenario's, for each
        `fdatasync` takes milliseconds. Nothing is ever written to the tables that is not durable.
    """

    publish_events: int = 500_000
    publish_seconds: float = 2.0
    snapshot_commands: int = 500_000
    snapshot_seconds: float = 5.0
    compact_parts: int = 100
    sync_commands: int = 0


USUAL = Rhythm()


class Publisher:
    """Writes rows that are final into a session's store and makes them visible, all or none.

    What cannot be written stays here and comes first the next time.

    Parameters
    ----------
    store
        Where.
    rhythm
        How often.

    Attributes
    ----------
    published_at
        When, by the monotonic clock, it last made something visible or was told to wait.
    """

    def __init__(self, store: SessionStore, rhythm: Rhythm = USUAL) -> None:
        self.store = store
        self.rhythm = rhythm
        self.published_at = time.monotonic()
        self._waiting: list[Rows] = []
        self._publishes = 0

    @property
    def waiting(self) -> bool:
        """Whether rows were given that are not written."""
        return bool(self._waiting)

    @property
    def published_seq(self) -> int:
        """Last event that other processes can see."""
        return int(self.store.seq)

    def due(self, waiting_events: int) -> bool:
        """Whether it is time to publish, with so many events not taken."""
        late = time.monotonic() - self.published_at >= self.rhythm.publish_seconds
        return waiting_events >= self.rhythm.publish_events or (waiting_events > 0 and late)

    def put_off(self) -> None:
        """Try again after the usual time."""
        self.published_at = time.monotonic()

    def add(self, rows: Iterable[Rows]) -> None:
        """Take rows, to be written with the next `publish`."""
        self._waiting += rows

    def publish(
        self, *, seq: int, commands: int, state: str, names: list[Any] | None = None, **more: Any
    ) -> None:
        """Write all rows that were added and make them visible in one step.

        Parameters
        ----------
        seq
            The last event that they know of.
        commands
            How many commands led there.
        state
            Hash of the exchange's state then, or "".
        names
            Names of orders, in the place of those that the manifest has.
        more
            What else to keep in the manifest.

        Raises
        ------
        StoreError
            When it cannot be written.
        """
        self._write()
        self.store.publish(seq=seq, state=state, commands=commands, events=seq, names=names, **more)
        self.published_at = time.monotonic()
        self._publishes += 1
        if self._publishes % self.rhythm.compact_parts == 0:
            self.store.compact(below_rows=_SMALL_ROWS)

    def _write(self) -> None:
        while self._waiting:
            rows = self._waiting[0]
            self.store.add(
                rows.table,
                rows.rows,
                first_seq=rows.first_seq,
                last_seq=rows.last_seq,
                interval=rows.interval,
            )
            self._waiting.pop(0)

    def sealing(
        self,
        remaining: Callable[[], Iterable[Rows]],
        *,
        seq: int,
        commands: int,
        state: str,
        names: list[Any] | None = None,
        ended: str = CLOSED,
    ) -> Iterator[str]:
        """Seal the session, step by step: gives the name of each step after it.

        Parameters
        ----------
        remaining
            Gives the rows that only the end makes final; all others were added.
        seq, commands, state, names
            As `publish` takes them.
        ended
            How it came to its end.
        """
        if CLOSING not in self.store.manifest.more:
            if self._waiting or seq > self.store.seq:
                self.publish(seq=seq, commands=commands, state=state, names=names)
            yield "published"
            self.add(remaining())
            self._write()
            yield "written"
            self.publish(
                seq=seq, commands=commands, state=state, names=names, **{CLOSING: True, ENDED: ended}
            )
            yield "completed"
        self.store.compact()
        yield "compacted"
        manifest = self.store.manifest
        self.store.finish(commands=manifest.commands, events=manifest.events, state_hash=manifest.state_hash)
        yield "sealed"
