"""Whether the files of sessions are, byte for byte, what their manifests say: looked at once in a process."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from workbench.errors import StoreError
from workbench.journal.manifest import Part
from workbench.journal.remedies import WITHOUT, restore
from workbench.journal.whole import digest

Look = tuple[str, int, int, int]
"""A file's path, size, time of its last change and inode: what changes when somebody writes to it."""

_proven: dict[Look, str] = {}
_lock = threading.Lock()


def prove(folder: Path, session: str, parts: Iterable[Part]) -> None:
    """Refuse parts whose bytes do not have the SHA-256 of the manifest.

    A file that was proven in this process is not read again while it looks the same.

    Raises
    ------
    StoreError
        For the first file that is missing, unreadable or not what was written.
    """
    waiting = [(folder / part.path, part.sha256) for part in parts]
    looks = [_look(path, session) for path, _ in waiting]
    with _lock:
        unknown = [
            (look, path, sha256)
            for look, (path, sha256) in zip(looks, waiting, strict=True)
            if _proven.get(look) != sha256
        ]
    if not unknown:
        return
    # Hashing lets other threads run, so as many files as there are processors are hashed at a time.
    with ThreadPoolExecutor(min(len(unknown), os.cpu_count() or 1)) as pool:
        found = list(pool.map(lambda each: _digest(each[1], session), unknown))
    for (look, path, sha256), told in zip(unknown, found, strict=True):
        if told != sha256:
            raise StoreError(
                f"was edited or damaged: its content does not have the hash that the manifest of session "
                f"{session!r} states",
                str(path),
                f"{restore(session)}, or {WITHOUT}",
            )
        with _lock:
            _proven[look] = sha256


def _look(path: Path, session: str) -> Look:
    try:
        found = path.stat()
    except OSError as error:
        raise _unreadable(path, session, error) from None
    return (str(path), found.st_size, found.st_mtime_ns, found.st_ino)


def _digest(path: Path, session: str) -> str:
    try:
        return digest(path)
    except OSError as error:
        raise _unreadable(path, session, error) from None


def _unreadable(path: Path, session: str, error: OSError) -> StoreError:
    return StoreError(
        f"cannot be read, but session {session!r} has it in its manifest: {error.strerror}",
        str(path),
        f"{restore(session)}, or {WITHOUT}",
    )
