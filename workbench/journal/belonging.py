"""Whether a journal is the one that a session's tables were made from: journals can be swapped by hand."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import JournalError
from workbench.journal.disk import REAL, Disk
from workbench.journal.manifest import Manifest
from workbench.journal.recovery import examine
from workbench.journal.remedies import rebuild
from workbench.journal.segments import segment_files, survey


def identity_of(folder: Path, *, disk: Disk = REAL) -> str:
    """Identity of a journal, 32 hex digits, as its segments say.

    Raises
    ------
    JournalError
        When there is no journal, or its segments do not fit together.
    """
    return survey(disk, folder, schema=None)[0].header.journal.hex()


def check_identity(folder: Path, manifest: Manifest) -> None:
    """Refuse a journal that is not the one whose identity the manifest has.

    A manifest without it, of a session that was begun before they had one, takes any.
    """
    if not manifest.journal:
        return
    _check_there(folder, manifest)
    found = identity_of(folder)
    if found != manifest.journal:
        raise JournalError(
            f"is the journal of another session: its identity is {found}, and session "
            f"{manifest.session!r} was recorded in {manifest.journal}",
            str(folder),
            "put the right journal in its place; it may have been swapped with another session's",
        )


def check_length(folder: Path, manifest: Manifest) -> None:
    """Refuse a journal that ends before the last command that the tables know of."""
    last = max(examine(REAL, folder, schema=None).end.seq, 0)
    if last < manifest.commands:
        raise too_short(folder, manifest, last)


def too_short(folder: Path, manifest: Manifest, last_seq: int) -> JournalError:
    """The refusal of a journal that ends with command `last_seq`."""
    return JournalError(
        f"ends with command {last_seq}, but the tables were written after {manifest.commands}",
        str(folder),
        f"bring back what is missing from a copy; if the rest is lost, {rebuild(manifest.session)} "
        "as far as it goes",
    )


def _check_there(folder: Path, manifest: Manifest) -> None:
    if not (folder.is_dir() and segment_files(REAL, folder)):
        raise JournalError(
            f"the journal of session {manifest.session!r} is missing", str(folder), "restore it from a copy"
        )
