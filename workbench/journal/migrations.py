"""Journals of earlier command layouts, rewritten by name; a journal is never read as what it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workbench.domain.records import COMMAND, Records, schema_hash
from workbench.errors import JournalError
from workbench.journal.disk import REAL, Disk
from workbench.journal.frames import COMMANDS, SCHEMA
from workbench.journal.reader import about, stored_frames
from workbench.journal.segments import read_header, segment_files, survey
from workbench.journal.writer import SEGMENT_BYTES, Journal


@dataclass(frozen=True, slots=True)
class Migration:
    """How commands of one layout become those of a later one.

    Parameters
    ----------
    name
        What people call it.
    old
        The layout it takes.
    convert
        Makes the same number of records of a later layout, which may need a migration in turn.
    """

    name: str
    old: np.dtype[Any]
    convert: Callable[[Records], Records]


MIGRATIONS: dict[str, Migration] = {}
"""By the schema hash that a migration takes. Empty as long as there has been one layout only."""


def register(migration: Migration) -> None:
    """Make a migration known."""
    MIGRATIONS[schema_hash(migration.old)] = migration


def path_from(schema: str) -> list[Migration]:
    """The migrations, one after the other, that lead from a layout to the present one.

    Raises
    ------
    JournalError
        When there are none.
    """
    found: list[Migration] = []
    while schema != SCHEMA:
        migration = MIGRATIONS.get(schema)
        if migration is None or migration in found:
            raise JournalError(
                f"no migration is known from layout {schema} to {SCHEMA}",
                remedy="use the version of workbench that wrote the journal",
            )
        found.append(migration)
        schema = schema_hash(migration.convert(np.zeros(0, dtype=migration.old)).dtype)
    return found


@dataclass(frozen=True, slots=True)
class Migrated:
    """A journal that was rewritten.

    Parameters
    ----------
    out
        The new one.
    last_seq
        Commands in it, as many as in the old one.
    names
        The migrations that were applied.
    """

    out: Path
    last_seq: int
    names: tuple[str, ...]


def migrate(
    folder: Path | str, out: Path | str, *, segment_bytes: int = SEGMENT_BYTES, disk: Disk = REAL
) -> Migrated:
    """Write a journal anew in the present layout, beside the old one, which is only read.

    Frames, remarks and sequences stay; snapshots are not taken along, for states have layouts of their own.

    Raises
    ------
    JournalError
        When it has the present layout already, no migration leads there, or it is damaged.
    """
    folder, out = Path(folder), Path(out)
    schema = survey(disk, folder, schema=None)[0].header.schema
    if schema == SCHEMA:
        raise JournalError("has the present layout already", str(folder), "open it as it is")
    try:
        path = path_from(schema)
    except JournalError as error:
        raise JournalError(error.what, str(folder), error.remedy) from None
    # The session's manifest knows the journal by its identity.
    identity = read_header(disk, segment_files(disk, folder)[0]).journal
    with Journal.create(
        out, about(folder, disk=disk), segment_bytes=segment_bytes, identity=identity, disk=disk
    ) as journal:
        remark = b""
        for step in stored_frames(folder, disk=disk, schema=schema):
            if step.frame.codec != COMMANDS:
                remark = bytes(step.payload)
                if not step.frame.bound:
                    journal.append(np.zeros(0, dtype=COMMAND), remark)
                    remark = b""
                continue
            records: Records = np.frombuffer(step.payload, dtype=path[0].old)
            for migration in path:
                converted = migration.convert(records)
                if len(converted) != len(records):
                    raise JournalError(
                        f"the migration {migration.name!r} made {len(converted)} commands of {len(records)}",
                        str(folder),
                    )
                records = converted
            assert records.dtype == COMMAND
            journal.append(records, remark)
            remark = b""
        journal.sync()
        last_seq = journal.last_seq
    return Migrated(out, last_seq, tuple(migration.name for migration in path))
