"""A recorded session as it lies on the disk: its commands from the journal, its events from Parquet."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from workbench.domain.config import Venue
from workbench.domain.records import COMMAND, EVENT, Records
from workbench.engine.log import Log
from workbench.engine.words import Names
from workbench.errors import JournalError, StoreError
from workbench.journal.belonging import check_identity
from workbench.journal.manifest import SEALED, Manifest, Part, read_manifest
from workbench.journal.parts import open_part
from workbench.journal.place import JOURNAL, data_root, session_folder, session_names
from workbench.journal.proof import prove
from workbench.journal.reader import read, read_remarks
from workbench.journal.tables import EVENTS
from workbench.projections.event_rows import events_from_rows
from workbench.session.live.remarks import unpack_remark
from workbench.session.place import meant
from workbench.session.recorded import names_from_json, venue_of

log = logging.getLogger(__name__)

BATCH_COMMANDS = 1 << 17


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session for reading.

    Attributes
    ----------
    folder
        Where it is.
    manifest
        What is said of it.
    """

    folder: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        """Its name."""
        return self.manifest.session

    @property
    def sealed(self) -> bool:
        """Whether it is complete and never changes again."""
        return self.manifest.state == SEALED

    @property
    def venue(self) -> Venue:
        """Instruments, accounts and rules."""
        return venue_of(self.manifest.about)

    @property
    def zone(self) -> str:
        """IANA time zone of its days."""
        return str(self.manifest.about["zone"])

    @property
    def first_day(self) -> date:
        """The exchange-local day on which it began; when it was recorded if its clock has no day."""
        start_ns = int(self.venue.start_time_ns) or self.manifest.created_ns
        return datetime.fromtimestamp(start_ns / 1e9, ZoneInfo(self.zone)).date()

    @property
    def last_day(self) -> date:
        """The exchange-local day of its last event."""
        first = self.first_day
        times = [part.max_time_ns for part in self.manifest.parts if part.max_time_ns is not None]
        if not times or not int(self.venue.start_time_ns):
            return first
        return max(first, datetime.fromtimestamp(max(times) / 1e9, ZoneInfo(self.zone)).date())

    def is_within(self, first: date | None, last: date | None) -> bool:
        """Whether it has a day within bounds, both included; None is no bound."""
        return (last is None or self.first_day <= last) and (first is None or self.last_day >= first)

    @property
    def title(self) -> str:
        """What it is about."""
        return str(self.manifest.about.get("title", ""))

    @property
    def names(self) -> Names:
        """What people call orders: what the manifest says, and what the journal of a live session does."""
        names = names_from_json(self.manifest.about.get("names", []))
        try:
            for remark in read_remarks(self.folder / JOURNAL):
                if remark.seq > self.manifest.commands:
                    break
                said = unpack_remark(remark.data, self.folder).names
                names.update(((account, client), name) for account, client, name in said)
        except JournalError as error:
            # The tables can be read without their journal, and orders have numbers too.
            log.warning("session %s: names of orders are missing: %s", self.name, error)
        return names

    def batches(self, size: int = BATCH_COMMANDS) -> Iterator[Records]:
        """The commands that the tables know of, in order, each verified by the journal's checksums."""
        if self.manifest.commands:
            check_identity(self.folder / JOURNAL, self.manifest)
            for _, commands in read(self.folder / JOURNAL, upto_seq=self.manifest.commands, batch=size):
                yield commands

    def commands(self) -> Records:
        """All of them in one array."""
        made = np.zeros(self.manifest.commands, dtype=COMMAND)
        at = 0
        for batch in self.batches():
            made[at : at + len(batch)] = batch
            at += len(batch)
        return made[:at]

    def recorded_events(self) -> Iterator[Records]:
        """The events of its tables, in order, as `EVENT` records."""
        for part in self._event_parts():
            with open_part(self.folder / part.path) as file:
                for group in range(file.num_row_groups):
                    yield events_from_rows(file.read_row_group(group, columns=EVENTS.schema.names))

    def _event_parts(self) -> list[Part]:
        parts = [part for part in self.manifest.parts if part.table == EVENTS.name]
        return sorted(parts, key=lambda part: part.first_seq)

    def prove_events(self) -> None:
        """Hold the files of its events against the hashes of the manifest.

        Raises
        ------
        StoreError
            When one is missing or damaged.
        """
        prove(self.folder, self.name, self._event_parts())

    def log(self) -> Log:
        """All events, and what it takes to print them."""
        self.prove_events()
        none = np.zeros(0, dtype=EVENT)
        events = np.concatenate([none, *self.recorded_events()])
        return Log(events, self.venue, self.zone, self.names)


def open_session(name: str, data: str | os.PathLike[str] | None = None) -> StoredSession:
    """The session called `name`.

    Parameters
    ----------
    name
        Its name.
    data
        The data root; `$WORKBENCH_DATA`, else `var`, unless given.

    Raises
    ------
    StoreError
        When there is none, with the name nearest to it.
    """
    root = data_root(None if data is None else Path(data))
    folder = session_folder(root, name)
    if not folder.is_dir():
        raise StoreError(
            f"there is no session {name!r}", str(folder.parent), meant(name, session_names(root))
        )
    return StoredSession(folder, read_manifest(folder))
