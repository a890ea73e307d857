"""One writer: locks that the operating system holds, and an epoch that rises with each writer."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Final

from crc32c import crc32c

from workbench.errors import JournalError
from workbench.journal.disk import Disk, read_file, write_all
from workbench.journal.refusals import disk_errors

NAME: Final = "lock"
_OWNER = struct.Struct("<8sQI16s")
_CHECKSUM = struct.Struct("<I")
_MAGIC = b"WBWRITER"


class Fence:
    """The right to write a journal.

    The folder itself is locked too, for a lock file can be deleted while somebody holds it. Where locks do
    not work (some network disks), the epoch in the lock file still tells an earlier writer to stop.

    Parameters
    ----------
    disk
        Where.
    folder
        The journal.

    Raises
    ------
    JournalError
        When another writer holds it, or the folder does not let us.
    """

    def __init__(self, disk: Disk, folder: Path) -> None:
        self._disk = disk
        self._folder = folder
        self._path = folder / NAME
        self._handles: list[int] = []
        self._stamp = b""
        self.epoch = 0
        try:
            for path in (folder, self._path):
                with disk_errors(path, "the journal cannot be locked for writing"):
                    try:
                        self._handles.append(disk.lock(path))
                    except BlockingIOError:
                        raise self._taken() from None
        except BaseException:
            self.release()
            raise

    def _taken(self) -> JournalError:
        holder = _owner(self._read())
        who = f"process {holder[1]}" if holder else "another process"
        return JournalError(
            f"{who} is writing this journal", str(self._folder), "end it first, or read without writing"
        )

    def raise_epoch(self, known: int) -> None:
        """Take the next epoch after all that are known, so that whoever wrote before us stops."""
        with disk_errors(self._path, "the epoch cannot be stored"):
            holder = _owner(self._read())
            self.epoch = max(known, holder[0] if holder else 0) + 1
            body = _OWNER.pack(_MAGIC, self.epoch, os.getpid(), os.urandom(16))
            stamp = body + _CHECKSUM.pack(crc32c(body))
            handle = self._disk.open(self._path, create=not self._disk.exists(self._path))
            try:
                write_all(self._disk, handle, stamp, 0)
                self._disk.sync(handle)
            finally:
                self._disk.close(handle)
            self._disk.sync_folder(self._folder)
        self._stamp = stamp

    def check(self) -> None:
        """Refuse to go on when the lock file is no longer ours.

        Raises
        ------
        JournalError
            When it is gone, was replaced, or holds another epoch.
        """
        found = self._read()
        if found == self._stamp:
            return
        holder = _owner(found)
        if holder:
            what = f"process {holder[1]} took this journal over with epoch {holder[0]} (ours is {self.epoch})"
        else:
            what = "its lock file was deleted or replaced while it was being written"
        raise JournalError(what, str(self._path), "this writer stops; open the journal again to go on")

    def _read(self) -> bytes:
        try:
            return read_file(self._disk, self._path)
        except OSError:
            return b""

    def release(self) -> None:
        """Let others write."""
        while self._handles:
            self._disk.close(self._handles.pop())


def _owner(stamp: bytes) -> tuple[int, int] | None:
    """Epoch and process in a lock file."""
    if len(stamp) < _OWNER.size + _CHECKSUM.size:
        return None
    body = stamp[: _OWNER.size]
    if crc32c(body) != _CHECKSUM.unpack_from(stamp, _OWNER.size)[0]:
        return None
    magic, epoch, process, _ = _OWNER.unpack(body)
    return (epoch, process) if magic == _MAGIC else None
