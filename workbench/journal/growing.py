"""The segment that is being written, and the file that will be the next one."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

from workbench.journal.disk import PARTIAL, Bytes, Disk, write_all
from workbench.journal.frames import (
    BOUND,
    COMMANDS,
    FOOTER,
    FOOTER_BYTES,
    HEADER_BYTES,
    REMARK,
    UNKNOWN,
    WITH_REMARKS,
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
    commands
        How many are in it.
    """

    def __init__(self, disk: Disk, path: Path, header: Header, end: Position, commands: int = 0) -> None:
        self._disk = disk
        self.path = path
        self.handle = disk.open(path)
        self.header = header
        self.size = header.allocated_bytes
        self.end = end
        self.commands = commands

    @property
    def unused(self) -> bool:
        """Whether no frame is in it."""
        return self.end.offset == HEADER_BYTES

    @property
    def names_nothing(self) -> bool:
        """Whether no command is in it, so that the next segment would have the same name."""
        return self.end.seq < self.header.first_seq

    @classmethod
    def again(cls, disk: Disk, spare: Spare, header: Header, data: Bytes, end: Position) -> Growing:
        """Write all of a segment that is to go on into the spare file, as it is; then `appear`."""
        self = cls(disk, spare.path, header, end)
        self.size = spare.size
        write_all(disk, self.handle, data, 0)
        return self

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

    def fits(self, frames_bytes: int) -> bool:
        """Whether there is room for some more frames, heads included, and the closing one behind them."""
        return self.end.offset + frames_bytes + FOOTER_BYTES <= self.size

    def lengthen(self, frames_bytes: int) -> None:
        """Make room for frames."""
        self.size = self.end.offset + frames_bytes + FOOTER_BYTES
        self._disk.allocate(self.handle, self.size)

    def write(
        self,
        payload: Bytes,
        count: int,
        codec: int,
        *,
        epoch: int,
        durable: Position | None = None,
        remark: bytes = b"",
    ) -> None:
        """Write one frame behind the last; if that fails, `end` is where it was.

        Parameters
        ----------
        payload, count, codec
            What is in it.
        epoch
            Of the writer.
        durable
            Up to where the segment is durable; None when that is not known.
        remark
            To go before it in a frame of its own, both in one write.
        """
        at, front = self.end.offset, b""
        told: dict[str, int] = {
            "first_seq": self.end.seq + 1,
            "durable_seq": max(durable.seq, 0) if durable else 0,
            "epoch": epoch,
        }
        previous = self.end.chain
        if remark:
            head, previous = pack_frame(
                remark,
                previous=previous,
                commands=0,
                codec=REMARK,
                flags=BOUND,
                in_flight_bytes=self._in_flight(at, durable),
                **told,
            )
            front = head + remark
        head, chain = pack_frame(
            payload,
            previous=previous,
            commands=count,
            codec=codec,
            in_flight_bytes=self._in_flight(at + len(front), durable),
            **told,
        )
        front += head
        if len(payload) <= _COPIED_BYTES:
            write_all(self._disk, self.handle, front + payload, at)
        else:
            write_all(self._disk, self.handle, payload, at + len(front))
            write_all(self._disk, self.handle, front, at)
        end = at + len(front) + len(payload)
        self.end = Position(self.end.seq + count, self.header.first_seq, end, chain)
        self.commands += count if codec == COMMANDS else 0

    def _in_flight(self, at: int, durable: Position | None) -> int:
        if self.header.version < WITH_REMARKS:
            return 0
        return UNKNOWN if durable is None else min(at - durable.offset, UNKNOWN)

    def finish(self, *, epoch: int, durable: Position | None = None) -> None:
        """Write the closing frame and cut off what is allocated behind it; all of it durable after that."""
        footer = pack_footer(Footer(self.commands, self.end.seq))
        self.write(footer, 0, FOOTER, epoch=epoch, durable=durable)
        self._disk.truncate(self.handle, self.end.offset)
        self._disk.sync(self.handle)

    def leave(self) -> None:
        """Cut off what is allocated behind the last frame without closing; all of it durable after that."""
        self._disk.truncate(self.handle, self.end.offset)
        self._disk.sync(self.handle)

    def cut(self, offset: int) -> None:
        """Cut off what is behind an offset."""
        self._disk.truncate(self.handle, offset)

    def close(self) -> None:
        """Give the file back."""
        self._disk.close(self.handle)
