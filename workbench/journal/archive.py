"""Closed segments compressed: smaller, and read like the others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import zstandard

from workbench.journal.disk import REAL, Disk, read_file, write_file
from workbench.journal.recovery import walk_through
from workbench.journal.refusals import damaged, disk_errors
from workbench.journal.segments import (
    ARCHIVED,
    CLOSED,
    PLAIN,
    Segment,
    expand,
    opened,
    segment_files,
    sha256,
    survey,
)

SUMS: Final = "archive.sha256"
"""Digests of the archived segments, as `sha256sum --check` reads them."""
LEVEL: Final = 3


@dataclass(frozen=True, slots=True)
class Archived:
    """A segment that was compressed.

    Parameters
    ----------
    file
        The archive.
    sha256
        Hex digest of its bytes.
    plain_bytes, bytes
        Size before and after.
    """

    file: Path
    sha256: str
    plain_bytes: int
    bytes: int


def archive(
    folder: Path | str, *, upto_seq: int | None = None, level: int = LEVEL, disk: Disk = REAL
) -> list[Archived]:
    """Compress the closed segments of a journal; the one that is being written is not closed.

    Each archive is verified before the segment it replaces is removed.

    Parameters
    ----------
    folder
        The journal.
    upto_seq
        Only segments whose commands all are at or before this one.
    level
        Of zstd.
    disk
        Where.

    Raises
    ------
    JournalError
        When a segment is damaged or the disk does not take the archive; nothing is removed then.
    """
    folder = Path(folder)
    done: list[Archived] = []
    for segment in survey(disk, folder, schema=None):
        if segment.archived:
            continue
        with opened(disk, segment.path) as source, disk_errors(segment.path, "cannot be read"):
            walk = walk_through(source, segment)
            plain = bytes(source.read(walk.at.offset, 0))
        if walk.ended != CLOSED:
            if walk.reason:
                raise damaged(segment.path, walk.at.offset, walk.reason)
            break
        if upto_seq is not None and walk.at.seq > upto_seq:
            break
        done.append(_archive_one(disk, segment, plain, level))
    return done


def _archive_one(disk: Disk, segment: Segment, plain: bytes, level: int) -> Archived:
    path = segment.path
    target = path.with_name(path.name.removesuffix(PLAIN) + ARCHIVED)
    packed = zstandard.ZstdCompressor(level=level, write_checksum=True).compress(plain)
    digest = sha256(packed)
    with disk_errors(target, "the archive cannot be written"):
        write_file(disk, target, packed)
        # Whether the disk gives back what it was given is asked before the original goes.
        back = read_file(disk, target)
        if sha256(back) != digest or expand(target, back) != plain:
            raise damaged(target, 0, "the archive does not read as it was written")
        _write_sums(disk, path.parent, read_sums(disk, path.parent) | {target.name: digest})
        disk.remove(path)
        disk.sync_folder(path.parent)
    return Archived(target, digest, len(plain), len(packed))


def read_sums(disk: Disk, folder: Path) -> dict[str, str]:
    """Digest by name of archived segment."""
    path = folder / SUMS
    if not disk.exists(path):
        return {}
    lines = read_file(disk, path).decode("ascii", "replace").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def write_sums(disk: Disk, folder: Path) -> None:
    """Note the digests of all archived segments as they are."""
    archived = [path for path in segment_files(disk, folder) if path.name.endswith(ARCHIVED)]
    if archived:
        _write_sums(disk, folder, {path.name: sha256(read_file(disk, path)) for path in archived})


def _write_sums(disk: Disk, folder: Path, sums: dict[str, str]) -> None:
    text = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
    write_file(disk, folder / SUMS, text.encode())


def check_sums(disk: Disk, folder: Path) -> list[str]:
    """What is wrong with archived segments and their digests: a sentence each."""
    sums = read_sums(disk, folder)
    wrong: list[str] = []
    for path in segment_files(disk, folder):
        if not path.name.endswith(ARCHIVED):
            continue
        expected = sums.get(path.name)
        if expected is None:
            wrong.append(f"{path}: there is no digest of it in {SUMS}")
        elif sha256(read_file(disk, path)) != expected:
            wrong.append(f"{path}: its bytes do not have the digest that {SUMS} gives")
    return wrong
