"""One market, written as it happens: durable before it is answered, and open to questions while it runs."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from workbench.domain.config import Venue, venue_from_json, venue_to_json
from workbench.domain.records import Records
from workbench.engine.exchange import Exchange
from workbench.engine.words import Names
from workbench.errors import ConfigError, JournalError, StoreError
from workbench.journal.disk import REAL
from workbench.journal.manifest import CLOSED
from workbench.journal.place import JOURNAL, data_root
from workbench.journal.seal import SessionStore
from workbench.journal.segments import segment_files
from workbench.journal.writer import Journal, new_identity
from workbench.session.checkpoint import Checkpoint, pack
from workbench.session.publisher import USUAL, Publisher, Rhythm
from workbench.session.tables import Tables

log = logging.getLogger(__name__)


class RecordedSession:
    """A market whose commands are journaled and whose tables are written while it runs.

    Made by `create`; after a crash by `workbench.session.recovery.reopen`. One command is: journal and
    `fdatasync`, then the exchange, then the tables. What the tables know is written now and then, so that a
    second process can ask for it; `publish` does so at once.

    Attributes
    ----------
    name, folder
        Its name, and where it is kept.
    venue, zone, names
        What it was made of.
    exchange
        The exchange, for its views.
    """

    def __init__(
        self,
        store: SessionStore,
        journal: Journal,
        exchange: Exchange,
        tables: Tables,
        rhythm: Rhythm = USUAL,
    ) -> None:
        about = store.manifest.about
        self.name = store.manifest.session
        self.folder = store.folder
        self.venue = exchange.venue
        self.zone = str(about["zone"])
        self.names: Names = names_from_json(about["names"])
        self.exchange = exchange
        self.rhythm = rhythm
        self._store = store
        self._journal = journal
        self._tables = tables
        self._publisher = Publisher(store, rhythm)
        self._snapshot_seq = journal.last_seq
        self._closed = False
        self._stopped = False
        self._ended = CLOSED

    @classmethod
    def create(
        cls,
        root: str | os.PathLike[str] | None,
        name: str,
        venue: Venue,
        *,
        zone: str = "UTC",
        title: str = "",
        names: Names | None = None,
        kind: str = "session",
        source: str = "",
        keep_events: bool = False,
        rhythm: Rhythm = USUAL,
    ) -> Self:
        """Begin a session.

        Parameters
        ----------
        root
            The data root; `$WORKBENCH_DATA`, else `var`, unless given.
        name
            Its name, which no other session there has.
        venue
            Instruments, accounts and rules.
        zone, title, names
            Time zone of its days, what it is about, and what people call orders.
        kind, source
            What makes it (`scenario`, `replay`), and from which file.
        keep_events
            Whether its exchange keeps all events in memory too.
        rhythm
            How often it writes.

        Raises
        ------
        StoreError
            When there is a session of that name, or the place cannot be written.
        """
        if not isinstance(venue, Venue):
            raise ConfigError(
                f"{venue!r} is no Venue", "RecordedSession", "give Venue(instruments, accounts)"
            )
        about: dict[str, Any] = {
            "venue": venue_to_json(venue),
            "zone": zone,
            "title": title,
            "names": names_to_json(names or {}),
            "kind": kind,
            "source": source,
        }
        place = data_root(None if root is None else Path(root))
        tables = Tables(venue, zone)
        exchange = Exchange(venue, record=keep_events)
        identity = new_identity()
        store = SessionStore.create(place, name, about, journal=identity.hex())
        try:
            journal = Journal.create(store.folder / JOURNAL, about, identity=identity)
        except BaseException:
            _take_back(store)
            raise
        return cls(store, journal, exchange, tables, rhythm)

    # ------------------------------------------------------------------ commands

    def step(self, commands: Records) -> Records:
        """Make commands durable, apply them and return what happened.

        Raises
        ------
        CommandError
            When `commands` is not a one-dimensional array of `COMMAND`; nothing has happened then.
        JournalError
            When they cannot be made durable: they are in doubt, and the session takes nothing more.
        """
        self._check_open()
        self._journal.append(commands)
        # From here on the journal is ahead of the exchange; whoever stops us leaves it to recovery.
        self._stopped = True
        if self._journal.last_seq - self._journal.durable_seq >= self.rhythm.sync_commands:
            self._journal.sync()
        events = self.exchange.step(commands)
        self._tables.take(events)
        self._stopped = False
        self._keep_up()
        return events

    def take_again(self, commands: Records) -> None:
        """Apply commands that are in the journal already; their rows are written now and then."""
        self._check_open()
        self._tables.take(self.exchange.step(commands))
        if self._tables.waiting >= self.rhythm.publish_events:
            self._publish()

    @property
    def commands(self) -> int:
        """Commands that are durable."""
        return int(self._journal.durable_seq)

    @property
    def events(self) -> int:
        """Events so far."""
        return self._tables.seq

    @property
    def published_seq(self) -> int:
        """Last event that other processes can see."""
        return self._publisher.published_seq

    # ------------------------------------------------------------------ writing

    def publish(self) -> None:
        """Let other processes see everything up to now.

        Raises
        ------
        StoreError
            When it cannot be written. Nothing is lost: it is tried again with the next rows.
        """
        self._check_open()
        self._publish()

    def _keep_up(self) -> None:
        """Write what is due; what cannot be written now stays for the next time."""
        snapshot_due = self.commands - self._snapshot_seq >= self.rhythm.snapshot_commands
        if not (snapshot_due or self._publisher.due(self._tables.waiting)):
            return
        try:
            self._publish()
        except StoreError as error:
            # The commands are durable and answered; the tables can be made from them at any time.
            self._publisher.put_off()
            log.warning("session %s: rows are not written yet: %s", self.name, error)
            return
        if snapshot_due:
            try:
                self.save_snapshot()
            except (JournalError, StoreError) as error:
                # Without it recovery takes longer, and that is all. The next one is tried when it is due.
                self._snapshot_seq = self.commands
                log.warning("session %s: its state is not saved: %s", self.name, error)

    def _publish(self) -> None:
        """Write all rows that are final and not written, and make them visible in one step."""
        self._journal.sync()
        self._collect()
        self._publisher.publish(
            seq=self._tables.seq,
            commands=self.commands,
            state=self.exchange.state_hash(),
            names=names_to_json(self.names),
        )

    def _collect(self) -> None:
        if self._tables.waiting:
            self._publisher.add(self._tables.rows())

    def save_snapshot(self) -> None:
        """Save the present state, so that recovery need not begin with the first command."""
        self._check_open()
        self._journal.sync()
        if self._tables.waiting or self._publisher.waiting:
            self._publish()
        data = pack(Checkpoint(self.exchange.snapshot(), self._tables.checkpoints()))
        self._journal.save_snapshot(data, self.commands, self.exchange.state_hash())
        self._snapshot_seq = self.commands

    # ------------------------------------------------------------------ the end

    def close(self) -> None:
        """Seal the session: its tables are completed and put together, and never change again.

        A crash at any moment of it does not matter: `workbench recover` does what is left.
        """
        if self._closed:
            return
        self._check_open()
        for step in self.sealing():
            log.debug("session %s: %s", self.name, step)

    def sealing(self) -> Iterator[str]:
        """`close`, step by step: gives the name of each step after it."""
        self._journal.sync()
        self._collect()
        yield from self._publisher.sealing(
            self._tables.remaining,
            seq=self._tables.seq,
            commands=self.commands,
            state=self.exchange.state_hash(),
            names=names_to_json(self.names),
            ended=self._ended,
        )
        self._journal.close()
        self._closed = True
        yield "closed"

    def seal_as(self, ended: str) -> None:
        """`close` somebody else's session: `ended` says in the manifest that its own writer did not."""
        self._ended = ended
        self.close()

    def abandon(self) -> None:
        """Let the session go without sealing it, as a crash would; it can be recovered."""
        self._closed = True
        self._store.close()
        self._journal.close()

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError("is closed", f"session {self.name!r}", "begin another session")
        if self._stopped:
            raise StoreError(
                "was stopped in the middle of a step",
                f"session {self.name!r}",
                f"let go of it with abandon(), and `workbench recover {self.name}`",
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()


def _take_back(store: SessionStore) -> None:
    """Leave nothing of a session whose journal could not be made: there is nothing to recover."""
    journal = store.folder / JOURNAL
    try:
        if not (journal.is_dir() and segment_files(REAL, journal)):
            store.discard()
    except (OSError, StoreError) as error:
        log.warning("session %s: what was begun of it is not removed: %s", store.manifest.session, error)
    finally:
        store.close()


def names_to_json(names: Names) -> list[list[Any]]:
    """Names of orders as JSON has them."""
    return [[account, client, name] for (account, client), name in sorted(names.items())]


def names_from_json(listed: list[Any]) -> dict[tuple[int, int], str]:
    """Names of orders by account and client order id."""
    return {(int(account), int(client)): str(name) for account, client, name in listed}


def venue_of(about: dict[str, Any]) -> Venue:
    """The venue of a session."""
    return venue_from_json(about["venue"])
