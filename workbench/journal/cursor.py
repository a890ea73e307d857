"""The last durable position, kept outside the segments.

A tail that is cut exactly between two frames cannot be seen from inside a segment; the cursor knows that
there was more. It has two slots that are written in turn, so that one is whole whatever happens to the other.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final, NamedTuple

from crc32c import crc32c

from workbench.journal.disk import Disk, read_file, write_all
from workbench.journal.segments import Position

NAME: Final = "cursor"
_SLOT = struct.Struct("<8s16sQQQQQI")
_CHECKSUM = struct.Struct("<I")
_MAGIC = b"WBCURSOR"
_ATTEMPTS = 3
SLOT_BYTES: Final = 4096
"""Apart enough that no disk writes both slots at once."""


class Mark(NamedTuple):
    """What the cursor knows.

    Attributes
    ----------
    journal
        Whose it is.
    epoch
        Of the writer.
    turn
        Counts the times it was written.
    position
        Behind the last durable frame.
    whole
        Whether both slots can be read; if not, the other may have known more.
    """

    journal: bytes
    epoch: int
    turn: int
    position: Position
    whole: bool


def read_cursor(disk: Disk, folder: Path) -> Mark | None:
    """What the newer slot that can be read says, or None when neither can."""
    mark = _read(disk, folder / NAME)
    for _ in range(_ATTEMPTS):
        if mark is None or mark.whole:
            break
        # A writer may have been in the middle of a slot.
        mark = _read(disk, folder / NAME)
    return mark


def _read(disk: Disk, path: Path) -> Mark | None:
    if not disk.exists(path):
        return None
    data = read_file(disk, path)
    marks = [mark for at in (0, SLOT_BYTES) if (mark := _unpack(data[at : at + SLOT_BYTES]))]
    newest = max(marks, key=lambda mark: mark.turn, default=None)
    return newest._replace(whole=len(marks) > 1) if newest else None


def _unpack(slot: bytes) -> Mark | None:
    if len(slot) < _SLOT.size + _CHECKSUM.size:
        return None
    body = slot[: _SLOT.size]
    if crc32c(body) != _CHECKSUM.unpack_from(slot, _SLOT.size)[0]:
        return None
    magic, journal, epoch, turn, seq, segment, offset, chain = _SLOT.unpack(body)
    return (
        Mark(journal, epoch, turn, Position(seq, segment, offset, chain), True) if magic == _MAGIC else None
    )


class Cursor:
    """The cursor of a journal that is being written."""

    def __init__(self, disk: Disk, folder: Path, journal: bytes, epoch: int, turn: int) -> None:
        path = folder / NAME
        self._disk = disk
        self._journal = journal
        self._epoch = epoch
        self._turn = turn
        self._handle = disk.open(path, create=not disk.exists(path))

    def write(self, position: Position) -> None:
        """Note a position that is durable."""
        self._turn += 1
        body = _SLOT.pack(_MAGIC, self._journal, self._epoch, self._turn, *position)
        slot = body + _CHECKSUM.pack(crc32c(body))
        write_all(self._disk, self._handle, slot, self._turn % 2 * SLOT_BYTES)

    def sync(self) -> None:
        """Return when the cursor itself is durable."""
        self._disk.sync(self._handle)

    def close(self) -> None:
        """Give the file back."""
        self._disk.close(self._handle)
