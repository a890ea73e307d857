"""Tables made anew take the place of a session's old ones in one step; the old ones are kept aside."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.journal.manifest import (
    Manifest,
    Part,
    Retired,
    generation_of,
    read_manifest,
    write_manifest,
)
from workbench.journal.place import MANIFEST, session_folder
from workbench.journal.seal import SessionStore, lock_session, part_files
from workbench.journal.whole import PARTIAL, make_folders, sync_folder, writing

REPLACED = "replaced"
"""Folder under the data root with the tables that rebuilding replaced."""

_NUMBER = re.compile(r"part-(\d+)\.parquet")


@contextmanager
def beside(
    root: Path, session: str, about: dict[str, Any], before: Manifest | None, journal: str
) -> Iterator[SessionStore]:
    """A store in a hidden folder for the tables of a session that is there already and stays locked.

    Its files have numbers that no file of the session has, so that they can lie beside the old ones.
    """
    folder = session_folder(root, session)
    numbers = [int(found[1]) for path in part_files(folder) if (found := _NUMBER.fullmatch(path.name))]
    with writing(folder):
        lock = lock_session(folder)
        making = Path(tempfile.mkdtemp(prefix=f".{session}-", suffix=PARTIAL, dir=folder.parent))
    try:
        yield SessionStore.create(
            making,
            session,
            about,
            journal=journal,
            created_ns=0 if before is None else before.created_ns,
            next_part=max([0 if before is None else before.next_part - 1, *numbers]) + 1,
        )
    finally:
        shutil.rmtree(making, ignore_errors=True)
        os.close(lock)


def take_place(root: Path, session: str, made: Path) -> Path | None:
    """Put the sealed session in folder `made` in the place of the tables of the one called `session`.

    It happens in the moment in which the manifest is replaced; whoever still reads the old files can go on.

    Returns
    -------
    Path | None
        The folder with the old manifest and tables; None when there were none.
    """
    folder = session_folder(root, session)
    manifest = read_manifest(made)
    with writing(folder):
        old = part_files(folder)
        aside = _keep_aside(Path(root), session, folder, old)
        for part in manifest.parts:
            _move(made, folder, part)
        now = time.time_ns()
        retired = tuple(
            Retired(path.relative_to(folder).as_posix(), path.stat().st_size, now) for path in old
        )
        generation = max(manifest.generation, generation_of(folder))
        write_manifest(folder, replace(manifest, generation=generation, retired=retired))
    return aside


def _move(made: Path, folder: Path, part: Part) -> None:
    place = folder / part.path
    make_folders(place.parent)
    (made / part.path).rename(place)
    sync_folder(place.parent)


def _keep_aside(root: Path, session: str, folder: Path, old: list[Path]) -> Path | None:
    """The same files under a second name, in a folder that appears whole."""
    files = [path for path in (folder / MANIFEST, *old) if path.is_file()]
    if not files:
        return None
    place = root / REPLACED
    make_folders(place)
    making = Path(tempfile.mkdtemp(prefix=f".{session}-", suffix=PARTIAL, dir=place))
    try:
        for path in files:
            second = making / path.relative_to(folder)
            second.parent.mkdir(parents=True, exist_ok=True)
            _link(path, second)
        making.chmod(0o755)
        number = 1
        while (place / f"{session}-{number}").exists():
            number += 1
        aside = place / f"{session}-{number}"
        making.rename(aside)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    sync_folder(place)
    return aside


def _link(path: Path, second: Path) -> None:
    try:
        second.hardlink_to(path)
    except OSError:
        # Not every file system can give a file two names.
        shutil.copy2(path, second)
