"""A session's tables and manifest made anew from its journal, whatever has become of the old ones."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.engine.exchange import Exchange
from workbench.errors import JournalError, StoreError
from workbench.journal.belonging import check_identity
from workbench.journal.manifest import CLOSED, ENDED, REBUILT, RECOVERED, SEALED, Manifest, read_manifest
from workbench.journal.place import JOURNAL, data_root, session_folder, session_names
from workbench.journal.reader import read
from workbench.journal.replacing import beside, take_place
from workbench.journal.writer import SMALLEST_SEGMENT, Journal
from workbench.session.place import meant
from workbench.session.recorded import RecordedSession, venue_of
from workbench.session.tables import Tables

BATCH_COMMANDS = 1 << 17

_DEFAULTS: dict[str, Any] = {"zone": "UTC", "title": "", "names": [], "kind": "session"}


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What rebuilding a session made.

    Attributes
    ----------
    name, folder
        Which session.
    commands, events
        How many it has.
    state_hash
        Digest of its last state.
    compared
        Whether the state was compared with the old manifest's, and was the same.
    unreadable
        Why the old manifest could not be read; "" when it could.
    lost
        Commands that the old tables knew of and the journal no longer has.
    aside
        Where the old manifest and tables are kept; None when there were none.
    torn_tail
        What was cut off the journal and never acknowledged; "" for nothing.
    """

    name: str
    folder: Path
    commands: int
    events: int
    state_hash: str
    compared: bool
    unreadable: str
    lost: int
    aside: Path | None
    torn_tail: str


def rebuild(name: str, *, data: str | os.PathLike[str] | None = None) -> Rebuilt:
    """Make all tables and the manifest of a session anew from its journal, and seal it.

    The new tables are made in a hidden folder and take the place of the old ones in one step; the old ones
    are kept under the data root in `replaced`. Whatever ends it early leaves the session as it was.

    Parameters
    ----------
    name
        Its name.
    data
        The data root; `$WORKBENCH_DATA`, else `var`, unless given.

    Raises
    ------
    StoreError
        When there is no such session, somebody is writing it, or there is no room.
    JournalError
        When its journal is missing or damaged, is that of another session, or leads to another state than the
        one that the old manifest states.
    """
    root = data_root(None if data is None else Path(data))
    folder = session_folder(root, name)
    if not folder.is_dir():
        raise StoreError(
            f"there is no session {name!r}", str(folder.parent), meant(name, session_names(root))
        )
    before, unreadable = _before(folder)
    if before is not None:
        check_identity(folder / JOURNAL, before)
    journal = Journal.open(folder / JOURNAL, segment_bytes=SMALLEST_SEGMENT)
    try:
        about = _about(journal, before)
        with beside(root, name, about, before, journal.identity) as store:
            venue = venue_of(about)
            session = RecordedSession(store, journal, Exchange(venue), Tables(venue, str(about["zone"])))
            compared = _run(session, journal, before)
            session.seal_as(_ended(before))
            aside = take_place(root, name, store.folder)
    finally:
        journal.close()
    manifest = read_manifest(folder)
    return Rebuilt(
        name=name,
        folder=folder,
        commands=manifest.commands,
        events=manifest.events,
        state_hash=manifest.state_hash,
        compared=compared,
        unreadable=unreadable,
        lost=0 if before is None else max(0, before.commands - manifest.commands),
        aside=aside,
        torn_tail="" if journal.recovery.cut is None else str(journal.recovery.cut),
    )


def _before(folder: Path) -> tuple[Manifest | None, str]:
    """The manifest that there is, or why it cannot be read."""
    try:
        return read_manifest(folder), ""
    except StoreError as error:
        return None, f"{error.where}: {error.what}"


def _ended(before: Manifest | None) -> str:
    """How the session came to its end, as far as that is known."""
    if before is None:
        return REBUILT
    return str(before.more.get(ENDED, CLOSED)) if before.state == SEALED else RECOVERED


def _about(journal: Journal, before: Manifest | None) -> dict[str, Any]:
    """What the session was made of: as the journal says, and names that orders were given later."""
    if "venue" not in journal.about:
        raise JournalError(
            "does not say what market its commands are for, so that they cannot be run",
            str(journal.folder),
            "restore the tables from a copy",
        )
    about = {**_DEFAULTS, **journal.about}
    if before is None:
        return about
    if before.about.get("venue") != about["venue"]:
        raise JournalError(
            "is the journal of another market than the one that the session's manifest has",
            str(journal.folder),
            "put the right journal in its place; if it is the manifest that is wrong, move it away",
        )
    return {**about, **before.about}


def _run(session: RecordedSession, journal: Journal, before: Manifest | None) -> bool:
    """Run all commands, and compare the state with the one that the old manifest states."""
    known = before.commands if before is not None and before.state_hash else 0
    compared = False
    for first, commands in read(journal.folder, batch=BATCH_COMMANDS):
        # The state to compare with may be that after a command in the middle of the batch.
        cut = known - first + 1
        pieces = [commands[:cut], commands[cut:]] if 0 < cut < len(commands) else [commands]
        for piece in pieces:
            session.take_again(piece)
            if before is not None and int(session.exchange.counters()[0]["commands"]) == known:
                _compare(session, before, journal)
                compared = True
    return compared


def _compare(session: RecordedSession, before: Manifest, journal: Journal) -> None:
    found = session.exchange.state_hash()
    if found != before.state_hash:
        raise JournalError(
            f"its first {before.commands} commands give state {found}, and the manifest of session "
            f"{before.session!r} states {before.state_hash}",
            str(journal.folder),
            "`workbench journal verify` tells whether the journal is whole; if it is, another version of the "
            "workbench recorded it or the manifest is wrong: move manifest.json away to rebuild all the same",
        )
