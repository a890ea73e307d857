"""A session that a crash left open: its state and its tables from the journal, and its sealing if need be."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from workbench.domain.config import Venue
from workbench.domain.records import Records
from workbench.engine.exchange import Exchange
from workbench.errors import JournalError, ProjectionError, SnapshotError, StoreError
from workbench.journal.belonging import check_identity, too_short
from workbench.journal.disk import REAL
from workbench.journal.manifest import RECOVERED, SEALED, Manifest, read_manifest
from workbench.journal.place import JOURNAL, data_root, session_folder
from workbench.journal.reader import read
from workbench.journal.remedies import rebuild
from workbench.journal.seal import SessionStore
from workbench.journal.segments import segment_files
from workbench.journal.snapshots import Snapshot, latest_snapshot
from workbench.journal.writer import SEGMENT_BYTES, SMALLEST_SEGMENT, Journal
from workbench.session.checkpoint import unpack
from workbench.session.publisher import CLOSING, USUAL, Rhythm
from workbench.session.recorded import RecordedSession, venue_of
from workbench.session.tables import Tables

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recovered:
    """What recovering a session found and did.

    Attributes
    ----------
    name, folder
        Which session.
    sealed_before
        Whether there was nothing to do.
    commands, events
        How many it has.
    from_command
        The snapshot that it began with; 0 when it began with the first command.
    published_before
        Events that its tables knew of already.
    torn_tail
        What was cut off the journal and never acknowledged; "" for nothing.
    state_hash
        Digest of its last state.
    """

    name: str
    folder: Path
    sealed_before: bool
    commands: int
    events: int
    from_command: int
    published_before: int
    torn_tail: str
    state_hash: str


def recover(name: str, *, data: str | os.PathLike[str] | None = None) -> Recovered:
    """Seal a session that was left open: everything durable is in its tables afterwards.

    Parameters
    ----------
    name
        Its name.
    data
        The data root; `$WORKBENCH_DATA`, else `var`, unless given.

    Raises
    ------
    StoreError, JournalError
        When there is no such session, somebody is writing it, or it is damaged.
    """
    place = data_root(None if data is None else Path(data))
    folder = session_folder(place, name)
    before = _manifest(folder, name)
    if before.state == SEALED:
        return _said(before, folder, before, sealed_before=True)
    session = _reopened(place, name, USUAL, SMALLEST_SEGMENT)
    begun, tail = session.recovered_from, session.torn_tail
    session.seal_as(RECOVERED)
    return _said(read_manifest(folder), folder, before, begun=begun, tail=tail)


def _said(
    manifest: Manifest,
    folder: Path,
    before: Manifest,
    *,
    sealed_before: bool = False,
    begun: int = 0,
    tail: str = "",
) -> Recovered:
    return Recovered(
        name=manifest.session,
        folder=folder,
        sealed_before=sealed_before,
        commands=manifest.commands,
        events=manifest.events,
        from_command=begun,
        published_before=before.seq,
        torn_tail=tail,
        state_hash=manifest.state_hash,
    )


def _manifest(folder: Path, name: str) -> Manifest:
    if not folder.is_dir():
        raise StoreError(
            "there is no session of this name", f"session {name!r}", f"looked in {folder.parent}"
        )
    return read_manifest(folder)


class Reopened(RecordedSession):
    """A session that goes on after a crash.

    Attributes
    ----------
    recovered_from
        Command of the snapshot that its state was made from; 0 for none.
    torn_tail
        What was cut off the journal, in words.
    """

    recovered_from = 0
    torn_tail = ""


def reopen(root: str | os.PathLike[str] | None, name: str, *, rhythm: Rhythm = USUAL) -> Reopened:
    """Go on with a session that was left open; its state is that after the last durable command.

    The state comes from the latest snapshot and the commands behind it, the tables likewise. What is
    published already is not written again.

    Raises
    ------
    StoreError
        When there is no such session, it is sealed, or another process is writing it.
    JournalError
        When its journal is damaged, or does not give the state that the tables were written with.
    """
    return _reopened(data_root(None if root is None else Path(root)), name, rhythm, SEGMENT_BYTES)


def _reopened(place: Path, name: str, rhythm: Rhythm, segment_bytes: int) -> Reopened:
    """`reopen`; who only seals needs no room for a segment, on a disk that may be full."""
    folder = session_folder(place, name)
    if _manifest(folder, name).state == SEALED:
        raise StoreError("is sealed, and never changes again", f"session {name!r}", "begin another session")
    store = SessionStore.open(place, name)
    try:
        journal = open_journal(folder / JOURNAL, store.manifest, segment_bytes)
    except BaseException:
        store.close()
        raise
    try:
        session = _restored(store, journal, rhythm)
    except BaseException:
        journal.close()
        store.close()
        raise
    session.torn_tail = "" if journal.recovery.cut is None else str(journal.recovery.cut)
    return session


def open_journal(folder: Path, manifest: Manifest, segment_bytes: int) -> Journal:
    """The journal; a crash may have come before there was one, and before any command."""
    if manifest.seq == 0 and not (folder.is_dir() and segment_files(REAL, folder)):
        identity = bytes.fromhex(manifest.journal)
        return Journal.create(folder, manifest.about, segment_bytes=segment_bytes, identity=identity)
    check_identity(folder, manifest)
    return Journal.open(folder, segment_bytes=segment_bytes)


def _restored(store: SessionStore, journal: Journal, rhythm: Rhythm) -> Reopened:
    found = restored(store, journal)
    session = Reopened(store, journal, found.exchange, found.tables, rhythm)
    session.recovered_from = found.begun
    return session


class Restored(NamedTuple):
    """What a session's journal and snapshots give.

    Attributes
    ----------
    begun
        Command of the snapshot that it began with; 0 for none.
    exchange, tables
        After the last durable command; rows of events that are published are not waiting in the tables.
    """

    begun: int
    exchange: Exchange
    tables: Tables


def restored(store: SessionStore, journal: Journal) -> Restored:
    """Exchange and tables of a session that was left open.

    Raises
    ------
    JournalError
        When the journal does not give the state that the tables were written with.
    """
    manifest = store.manifest
    venue, zone = venue_of(manifest.about), str(manifest.about["zone"])
    if journal.durable_seq < manifest.commands:
        raise too_short(journal.folder, manifest, journal.durable_seq)
    found, exchange, tables = _begin(journal, venue, zone, manifest)
    begun, start = (0, None) if found is None else (found.seq, found.position)
    # The tables first go to where they are written already, to compare the state, and then to the end.
    for upto in (manifest.commands, journal.durable_seq):
        done = int(exchange.counters()[0]["commands"])
        if upto <= done:
            further: Iterable[tuple[int, Records]] = ()
        else:
            further = read(journal.folder, after_seq=done, upto_seq=upto, start=start)
        for _, commands in further:
            tables.take(exchange.step(commands))
            if upto == manifest.commands:
                tables.drop()
        if upto == manifest.commands and begun <= upto:
            _compare(exchange, tables, manifest, journal)
    if CLOSING in manifest.more and tables.seq != manifest.events:
        raise JournalError(
            f"has commands behind the end of the session, which came after {manifest.commands}",
            str(journal.folder),
            "run `workbench journal verify`",
        )
    return Restored(begun, exchange, tables)


def _begin(
    journal: Journal, venue: Venue, zone: str, manifest: Manifest
) -> tuple[Snapshot | None, Exchange, Tables]:
    """Exchange and tables of the latest snapshot that fits, or fresh ones."""
    # A snapshot is saved when all rows before it are published, so one beyond that is not of these tables.
    found = latest_snapshot(journal.folder, manifest.commands) if journal.durable_seq else None
    if found is not None:
        try:
            return found, *_from(found, venue, zone)
        except (SnapshotError, ProjectionError) as error:
            log.warning("%s is not used, the journal is read from its first command: %s", found.path, error)
    return None, Exchange(venue), Tables(venue, zone)


def _from(found: Snapshot, venue: Venue, zone: str) -> tuple[Exchange, Tables]:
    checkpoint = unpack(found.data)
    exchange = Exchange.restore(checkpoint.exchange)
    if exchange.state_hash() != found.state_hash:
        raise SnapshotError(
            f"its state has hash {exchange.state_hash()}, expected {found.state_hash}",
            str(found.path),
            "recover without it",
        )
    return exchange, Tables(venue, zone, checkpoint.tables)


def _compare(exchange: Exchange, tables: Tables, manifest: Manifest, journal: Journal) -> None:
    """Refuse a journal that leads to another state than the one the tables were written with."""
    if tables.seq != manifest.seq or (manifest.state_hash and exchange.state_hash() != manifest.state_hash):
        raise JournalError(
            f"its first {manifest.commands} commands give {tables.seq} events and state "
            f"{exchange.state_hash()}, but the tables were written with {manifest.seq} events and state "
            f"{manifest.state_hash}",
            str(journal.folder),
            "`workbench journal verify` and `workbench data verify` tell which of the two is damaged; if it "
            f"is the manifest, move it away and {rebuild(manifest.session)}",
        )
