"""Sessions of the data root that do not run here, and any session's tables as one zip."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from workbench.errors import ApiError, StoreError
from workbench.journal.manifest import encode, read_manifest
from workbench.journal.place import MANIFEST, session_folder, session_names
from workbench.session.live.opening import stored_classes

_CHUNK = 1 << 18


def classes_of(root: Path, name: str) -> tuple[str, ...]:
    """The classes that a stored session is for; none where nothing is stored.

    Raises
    ------
    StoreError
        When its manifest cannot be read.
    """
    folder = session_folder(root, name)
    return stored_classes(read_manifest(folder).about) if (folder / MANIFEST).is_file() else ()


def stored_sessions(
    root: Path, running: frozenset[str], sees: Callable[[Sequence[str]], bool]
) -> list[dict[str, Any]]:
    """Sessions that were written here and do not run, by name; one that cannot be read says so.

    Parameters
    ----------
    root
        The data root.
    running
        Sessions to leave out.
    sees
        Whether who asks may know of a session that is for these classes.
    """
    rows = []
    for name in session_names(root):
        if name in running:
            continue
        try:
            manifest = read_manifest(session_folder(root, name))
        except StoreError:
            rows.append({"name": name, "title": "", "closed": "damaged", "events": 0})
            continue
        about = manifest.about
        if not sees(stored_classes(about)):
            continue
        rows.append(
            {
                "name": name,
                "title": str(about.get("title", "")),
                "closed": manifest.state,
                "events": manifest.events,
            }
        )
    return rows


class _Pipe(io.RawIOBase):
    """Somewhere to write to that is read in pieces."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """What has been written since the last time."""
        taken, self._pieces = b"".join(self._pieces), []
        return taken


def session_zip(root: Path, name: str) -> Iterator[bytes]:
    """The manifest of a session and every Parquet file it lists, in pieces of a zip.

    All files are of one manifest, so the tables agree; each must be as long as the manifest says.

    Raises
    ------
    ApiError
        404 when there is nothing stored of that name.
    """
    folder = session_folder(root, name)
    if not (folder / MANIFEST).is_file():
        raise ApiError(404, "not_found", f"nothing is stored of a session {name}")
    return _pieces(folder, name)


def _pieces(folder: Path, name: str) -> Iterator[bytes]:
    manifest = read_manifest(folder)
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        archive.writestr(f"{name}/{MANIFEST}", encode(manifest))
        for part in manifest.parts:
            with (
                (folder / part.path).open("rb") as source,
                archive.open(f"{name}/{part.path}", "w", force_zip64=True) as target,
            ):
                while piece := source.read(_CHUNK):
                    target.write(piece)
                    yield pipe.take()
    yield pipe.take()
