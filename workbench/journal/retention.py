"""Which sessions are kept, and the removal of the others: planned first, and only then done."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from workbench.domain.config import DAY_NS
from workbench.errors import StoreError
from workbench.journal.audit import strangers
from workbench.journal.manifest import SEALED, Manifest, read_manifest
from workbench.journal.place import JOURNAL, MANIFEST, SESSIONS, session_folder, session_names, strays
from workbench.journal.repair import is_kept_aside
from workbench.journal.seal import SessionStore
from workbench.journal.tables import TABLES
from workbench.journal.whole import sync_folder, writing

REMOVING = ".removing"
"""Ending of the hidden folders of sessions that are being removed."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What is kept: a session goes when it is beyond any limit that is given.

    Parameters
    ----------
    newest
        So many of the newest sessions; those that still run count and never go.
    days
        Sessions written to in so many days.
    most_bytes
        So many bytes of all sessions with their journals; the oldest go first.
    """

    newest: int | None = None
    days: float | None = None
    most_bytes: int | None = None

    def __post_init__(self) -> None:
        given = (self.newest, self.days, self.most_bytes)
        if all(limit is None for limit in given):
            raise StoreError("no rule says what to keep", remedy="give --newest, --days or --max-bytes")
        if any(limit is not None and limit < 0 for limit in given):
            raise StoreError("a limit is negative", "retention", "give 0 or more")


class Removal(NamedTuple):
    """A session to be removed, why, and the bytes that this frees."""

    session: str
    reason: str
    bytes: int


class Plan(NamedTuple):
    """Sessions to be removed, oldest first, and sentences about those that cannot be judged and so stay."""

    removals: list[Removal]
    kept_in_doubt: list[str]


def plan(root: str | Path, rules: Rules, now_ns: int) -> Plan:
    """What rules would remove, at a clock time; removes nothing."""
    manifests: list[Manifest] = []
    doubts = [str(stray) for stray in strays(root)]
    for name in session_names(root):
        try:
            manifests.append(read_manifest(session_folder(root, name)))
        except StoreError as error:
            doubts.append(str(error))
    newest_first = sorted(manifests, key=lambda each: (each.created_ns, each.session), reverse=True)
    removals: list[Removal] = []
    sizes = {each.session: folder_bytes(session_folder(root, each.session)) for each in newest_first}
    # Those that run stay in any case, so the others must do with what room they leave.
    total = sum(sizes[each.session] for each in newest_first if each.state != SEALED)
    for place, manifest in enumerate(newest_first):
        if manifest.state != SEALED:
            continue
        size = sizes[manifest.session]
        reason = _reason(rules, manifest, place, total + size, now_ns)
        if reason:
            removals.append(Removal(manifest.session, reason, size))
        else:
            total += size
    return Plan(removals[::-1], doubts)


def _reason(rules: Rules, manifest: Manifest, place: int, total: int, now_ns: int) -> str:
    if rules.newest is not None and place >= rules.newest:
        return f"not among the newest {rules.newest}"
    if rules.days is not None and now_ns - manifest.written_ns > rules.days * DAY_NS:
        return f"older than {rules.days:g} days"
    if rules.most_bytes is not None and total > rules.most_bytes:
        return f"newer ones take the {rules.most_bytes:,} bytes"
    return ""


def folder_bytes(folder: Path) -> int:
    """Bytes of all files in a folder and those below it."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def remove(root: str | Path, session: str) -> None:
    """Remove a sealed session: it disappears in one step; then its tables go, and its journal last.

    Raises
    ------
    StoreError
        When it is not sealed, another process has it, or there are files of others in its folder.
    """
    folder = session_folder(root, session)
    with SessionStore.open(root, session) as store:
        if store.manifest.state != SEALED:
            raise StoreError("still runs, and is never removed", f"session {session!r}", "finish it first")
        for name in (JOURNAL, *TABLES):
            if (folder / name).is_symlink():
                raise StoreError(
                    "leads to a place outside the session, where nothing is removed",
                    str(folder / name),
                    "put the folder itself in the place of the link, or remove the session by hand",
                )
        for stranger in strangers(folder, store.manifest):
            raise stranger
        hidden = folder.with_name(f".{session}{REMOVING}")
        with writing(folder):
            folder.rename(hidden)
            sync_folder(hidden.parent)
            _erase(hidden)


def finish_removals(root: str | Path) -> list[str]:
    """Go on with removals that were begun and did not come to their end; names of their sessions."""
    folder = Path(root) / SESSIONS
    found = sorted(folder.glob(f".*{REMOVING}")) if folder.is_dir() else []
    for hidden in found:
        with writing(hidden):
            _erase(hidden)
    return [hidden.name[1 : -len(REMOVING)] for hidden in found]


def _erase(folder: Path) -> None:
    for table in TABLES:
        if (folder / table).is_dir():
            shutil.rmtree(folder / table)
    (folder / MANIFEST).unlink(missing_ok=True)
    # From the journal all else could be made anew, so it goes last.
    if (folder / JOURNAL).is_dir():
        shutil.rmtree(folder / JOURNAL)
    for path in list(folder.iterdir()):
        if is_kept_aside(path.name):
            shutil.rmtree(path)
        else:
            path.unlink()
    folder.rmdir()
    sync_folder(folder.parent)
