"""The segment that is being written, and the file that will be the next one."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

from workbench.journal.disk import PARTIAL, Bytes, Disk, write_all
from workbench.journal.frames import (
    COMMANDS,
    FOOTER,
    FOOTER_BYTES,
    FRAME_BYTES,
    HEADER_BYTES,
    Footer,
    Header,
    pack_footer,
    pack_frame,
)
from workbench.journal.segments import Position, segment_name

_COPIED_BYTES: Final = 1 << 16
"""Up to this size head and payload go in one write; beyond it, copying costs more than a call."""


class Spare:
    """A file of the size of a segment, all of it allocated: a full disk shows when it is made.

    Parameters
    ----------
    disk
        Where.
    folder
        The journal.
    """

    def __init__(self, disk: Disk, folder: Path) -> None:
        self.path = folder / ("next" + PARTIAL)
        self.size = 0
        self._disk = disk

    def make(self, size: int) -> None:
        """Have it at least so large."""
        if self.size >= size:
            return
        handle = self._disk.open(self.path, create=not self._disk.exists(self.path))
        try:
            self._disk.allocate(handle, size)
            self._disk.sync(handle)
        except OSError:
            self.size = 0
            with suppress(OSError):
                self._disk.remove(self.path)
            raise
        finally:
            self._disk.close(handle)
        self.size = size

    def discard(self) -> None:
        """Give its room back."""
        if self.size:
            self._disk.remove(self.path)
            self.size = 0


class Growing:
    """A segment that takes frames; made of the spare file with `begin`.

    Attributes
    ----------
    path, handle
        The file, under the name that it has or will have.
    header
        What it says of itself.
    size
        How much of it is allocated.
    end
        Behind its last frame.
    frames, commands
        How many are in it.
    """

    def __init__(self, disk: Disk, path: Path, header: Header, end: Position, commands: int = 0) -> None:
        self._disk = disk
        self.path = path
        self.handle = disk.open(path)
        self.header = header
        self.size = header.allocated_bytes
        self.end = end
        self.frames = 0
        self.commands = commands

    @classmethod
    def begin(cls, disk: Disk, spare: Spare, header: Header) -> Growing:
        """Write the header into the spare file; it gets its name with `appear`."""
        start = Position(header.first_seq - 1, header.first_seq, HEADER_BYTES, header.checksum)
        self = cls(disk, spare.path, header, start)
        write_all(disk, self.handle, header.pack(), 0)
        return self

    def appear(self, spare: Spare) -> None:
        """Give it its name, once all that is in it is on the disk."""
        self._disk.sync(self.handle)
        self.path = spare.path.with_name(segment_name(self.header.first_seq))
        self._disk.rename(spare.path, self.path)
        self._disk.sync_folder(self.path.parent)
        spare.size = 0

    def fits(self, payload_bytes: int) -> bool:
        """Whether there is room for one more frame, and the closing one behind it."""
        return self.end.offset + FRAME_BYTES + payload_bytes + FOOTER_BYTES <= self.size

    def lengthen(self, payload_bytes: int) -> None:
        """Make room for a frame."""
        self.size = self.end.offset + FRAME_BYTES + payload_bytes + FOOTER_BYTES
        self._disk.allocate(self.handle, self.size)

    def write(self, payload: Bytes, count: int, codec: int, *, epoch: int, durable_seq: int) -> None:
        """Write one frame behind the last; if that fails, `end` is where it was."""
        head, checksum = pack_frame(
            payload,
            previous=self.end.chain,
            first_seq=self.end.seq + 1,
            durable_seq=max(durable_seq, 0),
            commands=count,
            epoch=epoch,
            codec=codec,
        )
        at = self.end.offset
        if len(payload) <= _COPIED_BYTES:
            write_all(self._disk, self.handle, head + payload, at)
        else:
            write_all(self._disk, self.handle, payload, at + FRAME_BYTES)
            write_all(self._disk, self.handle, head, at)
        self.end = Position(
            self.end.seq + count, self.header.first_seq, at + FRAME_BYTES + len(payload), checksum
        )
        self.frames += 1
        self.commands += count if codec == COMMANDS else 0

    def finish(self, *, epoch: int, durable_seq: int) -> None:
        """Write the closing frame and cut off what is allocated behind it; all of it durable after that."""
        footer = pack_footer(Footer(self.commands, self.end.seq))
        self.write(footer, 0, FOOTER, epoch=epoch, durable_seq=durable_seq)
        self._disk.truncate(self.handle, self.end.offset)
        self._disk.sync(self.handle)

    def cut(self, offset: int) -> None:
        """Cut off what is behind an offset."""
        self._disk.truncate(self.handle, offset)

    def close(self) -> None:
        """Give the file back."""
        self._disk.close(self.handle)
