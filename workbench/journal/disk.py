"""The port through which the journal touches the disk, so that a simulated one can stand in for it."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import Protocol

Bytes = bytes | bytearray | memoryview


class Disk(Protocol):
    """Everything that the journal asks of a disk; failures are `OSError`."""

    def open(self, path: Path, *, create: bool = False, write: bool = True) -> int:
        """A handle on a file; with `create` the file must not be there yet."""

    def close(self, handle: int) -> None:
        """Give a handle back, and the lock that it may hold."""

    def write(self, handle: int, data: Bytes, offset: int) -> int:
        """Write at an offset; returns how many bytes went in, which may be fewer than given."""

    def read(self, handle: int, count: int, offset: int) -> bytes:
        """Read at an offset; fewer bytes than asked for at the end of the file."""

    def size(self, handle: int) -> int:
        """Length of the file in bytes."""

    def sync(self, handle: int) -> None:
        """Return when all that was written to the file is on the disk itself."""

    def truncate(self, handle: int, size: int) -> None:
        """Cut the file to a length."""

    def allocate(self, handle: int, size: int) -> None:
        """Reserve blocks for the file up to a length; bytes not written yet are zero."""

    def rename(self, old: Path, new: Path) -> None:
        """Rename in one step, replacing what has the new name."""

    def remove(self, path: Path) -> None:
        """Remove a file."""

    def list(self, folder: Path) -> list[str]:
        """Names in a folder."""

    def exists(self, path: Path) -> bool:
        """Whether there is a file or folder of this name."""

    def make_folder(self, folder: Path) -> None:
        """Make a folder and those above it; nothing happens when it is there."""

    def sync_folder(self, folder: Path) -> None:
        """Return when the names in a folder are on the disk itself."""

    def lock(self, path: Path) -> int:
        """An exclusive lock on a file (made if need be) or a folder, until the handle is closed.

        Raises
        ------
        BlockingIOError
            When somebody else holds it.
        """


class RealDisk:
    """The operating system's files."""

    def open(self, path: Path, *, create: bool = False, write: bool = True) -> int:
        """A handle on a file; with `create` the file must not be there yet."""
        flags = os.O_RDWR if write else os.O_RDONLY
        if create:
            flags |= os.O_CREAT | os.O_EXCL
        return os.open(path, flags | os.O_CLOEXEC, 0o644)

    def close(self, handle: int) -> None:
        """Give a handle back, and the lock that it may hold."""
        os.close(handle)

    def write(self, handle: int, data: Bytes, offset: int) -> int:
        """Write at an offset; returns how many bytes went in, which may be fewer than given."""
        return os.pwrite(handle, data, offset)

    def read(self, handle: int, count: int, offset: int) -> bytes:
        """Read at an offset; fewer bytes than asked for at the end of the file."""
        return os.pread(handle, count, offset)

    def size(self, handle: int) -> int:
        """Length of the file in bytes."""
        return os.fstat(handle).st_size

    def sync(self, handle: int) -> None:
        """Return when all that was written to the file is on the disk itself."""
        if hasattr(fcntl, "F_FULLFSYNC"):  # macOS: fsync alone leaves data in the drive's own memory.
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
        else:
            os.fdatasync(handle)

    def truncate(self, handle: int, size: int) -> None:
        """Cut the file to a length."""
        os.ftruncate(handle, size)

    def allocate(self, handle: int, size: int) -> None:
        """Reserve blocks for the file up to a length; bytes not written yet are zero."""
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(handle, 0, size)
            return
        # macOS has no such call: zeros reserve the blocks too.
        zeros, at = bytes(1 << 20), os.fstat(handle).st_size
        while at < size:
            at += os.pwrite(handle, zeros[: size - at], at)

    def rename(self, old: Path, new: Path) -> None:
        """Rename in one step, replacing what has the new name."""
        old.rename(new)

    def remove(self, path: Path) -> None:
        """Remove a file."""
        path.unlink()

    def list(self, folder: Path) -> list[str]:
        """Names in a folder."""
        return sorted(os.listdir(folder))  # noqa: PTH208 - names are wanted, not paths

    def exists(self, path: Path) -> bool:
        """Whether there is a file or folder of this name."""
        return path.exists()

    def make_folder(self, folder: Path) -> None:
        """Make a folder and those above it; nothing happens when it is there."""
        folder.mkdir(parents=True, exist_ok=True)

    def sync_folder(self, folder: Path) -> None:
        """Return when the names in a folder are on the disk itself."""
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def lock(self, path: Path) -> int:
        """An exclusive lock on a file (made if need be) or a folder, until the handle is closed."""
        if path.is_dir():
            owner = path.stat().st_uid
            if owner != os.geteuid():
                # Files made by another user, root too, would lock the folder's owner out of it later.
                raise OSError(errno.EPERM, f"the folder belongs to user {owner}, and this is {os.geteuid()}")
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        else:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BaseException:
            os.close(handle)
            raise
        return handle


REAL = RealDisk()
"""The disk that is used where none is given."""


def write_all(disk: Disk, handle: int, data: Bytes, offset: int) -> None:
    """Write everything, however often the disk takes only a part of it.

    Raises
    ------
    OSError
        As the disk says it; ENOSPC when it takes nothing any more without saying why.
    """
    rest = memoryview(data)
    while rest:
        written = disk.write(handle, rest, offset)
        if written <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rest, offset = rest[written:], offset + written


def read_file(disk: Disk, path: Path) -> bytes:
    """All bytes of a file."""
    handle = disk.open(path, write=False)
    try:
        size = disk.size(handle)
        parts: list[bytes] = []
        at = 0
        while at < size:
            part = disk.read(handle, size - at, at)
            if not part:
                break
            parts.append(part)
            at += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)
    finally:
        disk.close(handle)


def write_file(disk: Disk, path: Path, data: Bytes) -> None:
    """A whole file under its name, or nothing: written under another name, synced, renamed, folder synced."""
    partial = path.with_name(path.name + PARTIAL)
    if disk.exists(partial):
        disk.remove(partial)
    handle = disk.open(partial, create=True)
    try:
        write_all(disk, handle, data, 0)
        disk.sync(handle)
    finally:
        disk.close(handle)
    disk.rename(partial, path)
    disk.sync_folder(path.parent)


PARTIAL = ".partial"
"""Ending of a file that is not complete; what ends so may be removed when nobody writes."""
