"""`workbench data verify`: whether sessions' folders hold what their manifests say, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from workbench.errors import JournalError, StoreError, WorkbenchError
from workbench.journal.belonging import check_identity, check_length
from workbench.journal.manifest import OPEN, SEALED, Manifest, Part, generation_of, read_manifest, venue_of
from workbench.journal.parts import open_part
from workbench.journal.place import JOURNAL, LOCK, MANIFEST, SESSIONS, session_folder, strays
from workbench.journal.remedies import rebuild, restore
from workbench.journal.repair import is_kept_aside
from workbench.journal.seal import PARTS, is_being_written
from workbench.journal.tables import TABLES
from workbench.journal.whole import PARTIAL, digest

_TRIES = 5
_KNOWN = {MANIFEST, LOCK, JOURNAL, *TABLES}


def audit(root: Path, session: str) -> list[str]:
    """What is wrong with a session's tables, a sentence each; empty when all is well.

    Every file is read whole: its size, hash, rows and columns must be the manifest's, and each page must have
    its checksum. The journal must be the session's own and reach as far as the tables; whether it is
    whole, `workbench journal verify` tells.
    """
    folder = session_folder(root, session)
    problems: list[str] = []
    for _ in range(_TRIES):
        try:
            manifest = read_manifest(folder)
            venue_of(manifest)
        except StoreError as error:
            return [str(error)]
        problems = [str(problem) for part in manifest.parts for problem in _of_part(folder, manifest, part)]
        problems += [str(problem) for problem in _of_journal(folder, manifest)]
        problems += [str(problem) for problem in strangers(folder, manifest)]
        # A session that runs may have replaced its files meanwhile; then look at the new ones.
        if not problems or generation_of(folder) == manifest.generation:
            break
    return problems


def _of_journal(folder: Path, manifest: Manifest) -> Iterator[WorkbenchError]:
    """Whether the journal is the session's own, and has all that the tables were made from."""
    try:
        check_identity(folder / JOURNAL, manifest)
        if manifest.state == SEALED and manifest.journal:
            check_length(folder / JOURNAL, manifest)
    except JournalError as error:
        yield error


def _of_part(folder: Path, manifest: Manifest, part: Part) -> Iterator[StoreError]:
    path = folder / part.path
    remedy = restore(manifest.session)
    if not path.is_file():
        yield StoreError(
            f"is missing, but session {manifest.session!r} has it in its manifest", str(path), remedy
        )
        return
    size = path.stat().st_size
    if size != part.bytes:
        yield StoreError(f"has {size:,} bytes, expected {part.bytes:,}", str(path), remedy)
        return
    if digest(path) != part.sha256:
        yield StoreError(
            "was edited or damaged: its content does not have the manifest's hash", str(path), remedy
        )
        return
    table = TABLES.get(part.table)
    if table is None or table.hash != part.schema:
        what = f"has columns of another version of table {part.table!r}"
        yield StoreError(what, str(path), rebuild(manifest.session))
        return
    try:
        with open_part(path) as file:
            rows, schema = file.metadata.num_rows, file.schema_arrow
            for group in range(file.num_row_groups):
                file.read_row_group(group)
    except StoreError as error:
        yield error
        return
    if rows != part.rows:
        yield StoreError(f"has {rows:,} rows, expected {part.rows:,}", str(path), remedy)
    if not schema.equals(table.stored_schema):
        yield StoreError("its columns are not those of the manifest", str(path), remedy)


def strangers(folder: Path, manifest: Manifest) -> Iterator[StoreError]:
    """Files in a session's folder that are no part of it."""
    listed = {part.path for part in manifest.parts} | {part.path for part in manifest.retired}
    # What a writer is making is none of the session's files yet.
    writing = manifest.state == OPEN and is_being_written(folder)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_dir() and (name.parts[0] in _KNOWN or is_kept_aside(name.parts[0])):
            continue
        if (
            name.parts[0] == JOURNAL
            or is_kept_aside(name.parts[0])
            or name.as_posix() in listed
            or name.as_posix() in (MANIFEST, LOCK)
        ):
            continue
        made = path.name.endswith(PARTIAL) or (name.parts[0] in TABLES and path.match(PARTS))
        if made and writing:
            continue
        what = "was left by a writer that ended early" if made else "is no file of a session"
        remedy = "`workbench data compact` removes it" if made else "move it away"
        yield StoreError(what, str(path), remedy)


def leftovers(root: Path) -> list[str]:
    """What is no session among the sessions: what ended early, hidden, and whatever somebody put there."""
    folder = Path(root) / SESSIONS
    if not folder.is_dir():
        return []
    early = [
        str(StoreError("was left by a command that ended early", str(path), "remove the folder"))
        for path in sorted(folder.glob(f".*{PARTIAL}"))
        if path.is_dir()
    ]
    return early + [str(stray) for stray in strays(root, hidden=True)]
