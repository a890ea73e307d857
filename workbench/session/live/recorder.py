"""The recorder of a live session: its events become rows, and rows become files, beside the market."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from threading import Condition, Event, RLock, Thread
from typing import NamedTuple

import pyarrow as pa

from workbench.bus.port import Batch
from workbench.domain.records import EVENT, Records
from workbench.domain.views import ExchangeState, state_digest
from workbench.engine.snapshot import to_bytes
from workbench.errors import JournalError, SessionError, StoreError
from workbench.journal.seal import SessionStore
from workbench.journal.snapshots import Snapshot
from workbench.session.blocks import one_block
from workbench.session.checkpoint import Checkpoint, pack
from workbench.session.publisher import Publisher, Rhythm
from workbench.session.tables import Rows, Tables

log = logging.getLogger(__name__)

_PIECE_EVENTS = 1 << 13
_FOLD_EVENTS = 1 << 11
"""Folded at once: in pieces of a few hundred it takes four times as long."""


class Mark(NamedTuple):
    """A moment between two batches.

    Attributes
    ----------
    event_seq, command_seq
        The last event and the last command by then.
    snapshot, exchange
        The state at that moment, when it is to be kept.
    market
        What `Market.kept` gave then.
    """

    event_seq: int
    command_seq: int
    snapshot: Snapshot | None = None
    exchange: ExchangeState | None = None
    market: Sequence[bytes] = ()


class _Job(NamedTuple):
    """What is to be written: rows up to a mark, and the state there if it is to be kept."""

    rows: list[Rows]
    mark: Mark
    tables: dict[str, bytes]


class Recorder:
    """Folds the events of a session into tables in one thread and writes them in another.

    Parameters
    ----------
    store
        Where rows go; the recorder is its only writer.
    tables
        The tables, after the last event so far.
    rhythm
        How often it writes.
    keep_snapshot
        Writes a snapshot into the journal's folder.
    commands
        How many commands led to the last event so far.
    """

    def __init__(
        self,
        store: SessionStore,
        tables: Tables,
        rhythm: Rhythm,
        *,
        keep_snapshot: Callable[[Snapshot], None],
        commands: int,
    ) -> None:
        self._name = store.manifest.session
        self._tables = tables
        self._publisher = Publisher(store, rhythm)
        self._keep_snapshot = keep_snapshot
        self._marks: deque[Mark] = deque()
        self._states = self._states_folded = 0
        self._at = Mark(tables.seq, commands)
        self._tail: list[Records] = []
        self._heard_seq = tables.seq
        self._pieces: dict[tuple[str, str], list[Rows]] = {}
        self._given_seq = tables.taken_seq
        self._lock = RLock()
        self._moved = Condition(self._lock)
        self._jobs: deque[_Job] = deque()
        self._writing = RLock()
        self._wake = Event()
        self._stopped = False
        self.sealed = False
        self._warned = ""
        self._thread = Thread(target=self._write_along, name=f"writer of {self._name}", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    @property
    def seq(self) -> int:
        """Last event that has come."""
        return self._heard_seq

    @property
    def published_seq(self) -> int:
        """Last event that other processes can see."""
        return self._publisher.published_seq

    # ------------------------------------------------------------------ the market's side

    def mark(self, mark: Mark) -> None:
        """Say, before its events are published, where a batch ends."""
        self._marks.append(mark)
        if mark.snapshot is not None:
            self._states += 1
            self._wake.set()

    # ------------------------------------------------------------------ folding

    def take(self, batch: Batch) -> None:
        """Fold a batch from the bus up to the last mark that it reaches, and the rest with the next one."""
        with self._lock:
            known = self._heard_seq
            if batch.last_seq > known:
                self._tail.append(batch.events[max(0, known + 1 - batch.first_seq) :])
                self._heard_seq = batch.last_seq
            if self._heard_seq - self._tables.seq >= _FOLD_EVENTS:
                self._fold()
            self._moved.notify_all()
        if self._jobs or self._waiting >= self._publisher.rhythm.publish_events:
            self._wake.set()

    def _fold(self) -> None:
        """Take everything up to the last mark that there are events for; stop where a state is to be kept."""
        marks = self._marks
        while marks and marks[0].event_seq <= self._heard_seq:
            mark = marks[0]
            if mark.snapshot is not None or len(marks) == 1 or marks[1].event_seq > self._heard_seq:
                self._take_until(mark)
            if mark.snapshot is not None:
                self._jobs.append(_Job(self._rows(), mark, self._tables.checkpoints()))
                self._states_folded += 1
            marks.popleft()

    def _take_until(self, mark: Mark) -> None:
        count = mark.event_seq - self._tables.seq
        if count > 0:
            events = self._tail[0] if len(self._tail) == 1 else one_block(self._tail, EVENT)
            self._tail = [events]
            self._tables.take(events[:count])
            self._tail = [events[count:]] if len(events) > count else []
            if self._tables.waiting >= _PIECE_EVENTS:
                self._collect()
        self._at = Mark(mark.event_seq, mark.command_seq)

    def _collect(self) -> None:
        """Take rows in small pieces, for while a large one is made nobody else gets to do much."""
        if self._tables.waiting:
            for rows in self._tables.rows():
                self._pieces.setdefault((rows.table, rows.interval), []).append(rows)

    def _rows(self) -> list[Rows]:
        """All rows that were not given to a publisher, the pieces of each table put together."""
        self._collect()
        made = []
        for pieces in self._pieces.values():
            whole = pa.concat_tables([each.rows for each in pieces])
            made.append(pieces[0]._replace(rows=whole, last_seq=pieces[-1].last_seq))
        self._pieces = {}
        self._given_seq = self._tables.seq
        return made

    @property
    def _waiting(self) -> int:
        """Events whose rows were not given to a publisher."""
        return self._heard_seq - self._given_seq

    def wait_for(self, seq: int, timeout: float | None = None) -> bool:
        """Wait until the tables know an event."""
        with self._moved:
            if not self._moved.wait_for(lambda: self._heard_seq >= seq, timeout):
                return False
            self._fold()
            return self._tables.seq >= seq

    # ------------------------------------------------------------------ writing

    def _write_along(self) -> None:
        seconds = self._publisher.rhythm.publish_seconds
        while not self._stopped:
            self._wake.wait(seconds)
            self._wake.clear()
            try:
                self._write_due()
                self._warned = ""
            except (StoreError, JournalError) as error:
                # The commands are durable; the tables can be made from them at any time.
                self._publisher.put_off()
                if str(error) != self._warned:
                    self._warned = str(error)
                    log.warning("session %s: rows are not written yet: %s", self._name, error)
            except Exception:
                # Without this thread nothing would be written any more, and nobody would hear why.
                self._publisher.put_off()
                log.exception("session %s: rows are not written", self._name)

    def _write_due(self) -> None:
        with self._writing:
            if self._states > self._states_folded:
                # In a market in which nothing happens no event brings it about.
                with self._lock:
                    self._fold()
            while self._jobs:
                self._write(self._jobs[0])
                self._jobs.popleft()
            if self._stopped or not self._publisher.due(self._waiting):
                return
            with self._lock:
                if self._jobs:
                    self._wake.set()
                    return
                self._fold()
                if self._jobs:
                    self._wake.set()
                    return
                rows, mark = self._rows(), self._at
            self._publisher.add(rows)
            self._publish(mark, "")

    def _write(self, job: _Job) -> None:
        """Write what a job has; its rows once, however often it is tried."""
        self._publisher.add(job.rows)
        job.rows.clear()
        snapshot, exchange = job.mark.snapshot, job.mark.exchange
        assert snapshot is not None
        assert exchange is not None
        # Only reading the state out is the market's own work: to hash and to pack it takes longer.
        snapshot = replace(snapshot, state_hash=state_digest(exchange))
        # Also without events: a snapshot beyond the commands of the tables is not used.
        if job.mark.command_seq > self._publisher.store.manifest.commands or self._publisher.waiting:
            self._publish(job.mark, snapshot.state_hash)
        try:
            data = pack(Checkpoint(to_bytes(self._tables.venue, exchange), job.tables, job.mark.market))
            self._keep_snapshot(replace(snapshot, data=data))
        except JournalError as error:
            # Without it recovery takes longer, and that is all.
            log.warning("session %s: its state is not saved: %s", self._name, error)

    def _publish(self, mark: Mark, state: str) -> None:
        self._publisher.publish(seq=mark.event_seq, commands=mark.command_seq, state=state)

    # ------------------------------------------------------------------ the end

    def publish(self) -> None:
        """Write everything that is folded now."""
        with self._writing:
            while self._jobs:
                self._write(self._jobs[0])
                self._jobs.popleft()
            with self._lock:
                self._fold()
                rows, mark = self._rows(), self._at
            self._publisher.add(rows)
            if self._publisher.waiting or mark.event_seq > self._publisher.published_seq:
                self._publish(mark, "")

    def seal(self, end: Mark, state: str, *, timeout: float | None = None) -> None:
        """Complete the tables with the last event and seal the session.

        Raises
        ------
        StoreError
            When it cannot be written; it may be tried again.
        """
        self._catch_up(end, timeout)
        with self._writing:
            while self._jobs:
                self._write(self._jobs[0])
                self._jobs.popleft()
            with self._lock:
                self._publisher.add(self._rows())
            for _ in self._publisher.sealing(
                self._remaining,
                seq=end.event_seq,
                commands=end.command_seq,
                state=state,
            ):
                pass
            self.sealed = True
        self._stop()

    def _remaining(self) -> Iterable[Rows]:
        with self._lock:
            return list(self._tables.remaining())

    def close(self, end: Mark, state: str, *, timeout: float | None = None) -> dict[str, bytes]:
        """Publish everything up to the end and let the store go; the tables' checkpoints, to go on from.

        Raises
        ------
        StoreError
            When it cannot be written: the journal has it all.
        """
        try:
            self._catch_up(end, timeout)
            self.publish()
            if end.command_seq > self._publisher.store.manifest.commands:
                self._publish(end, state)
            return self._tables.checkpoints()
        finally:
            self._stop()
            self._publisher.store.close()

    def abandon(self) -> None:
        """Let the store go as a crash would."""
        self._stop()
        self._publisher.store.close()

    def _catch_up(self, end: Mark, timeout: float | None) -> None:
        if not self.wait_for(end.event_seq, timeout):
            raise SessionError(
                f"its tables have come to event {self.seq} of {end.event_seq}",
                f"session {self._name!r}",
                "look into the log for what keeps them; `workbench recover` makes them from the journal",
            )

    def _stop(self) -> None:
        self._stopped = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
