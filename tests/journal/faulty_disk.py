"""Disks for tests: one that fails where a test says, and one that does not wait."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

from workbench.journal.disk import Bytes, RealDisk


class HastyDisk(RealDisk):
    """The real disk without waiting for it: what a process sees is the same, and tests are fast."""

    def sync(self, handle: int) -> None:
        pass

    def sync_folder(self, folder: Path) -> None:
        pass


HASTY = HastyDisk()


class FaultyDisk(HastyDisk):
    """The real disk, but `fail(operation, count)` may raise, and writes take `most` bytes at once."""

    def __init__(self, fail: Callable[[str, int], None] | None = None, most: int = 1 << 30) -> None:
        self.counts: dict[str, int] = {}
        self.fail = fail
        self.most = most

    def _ask(self, operation: str) -> None:
        self.counts[operation] = self.counts.get(operation, 0) + 1
        if self.fail:
            self.fail(operation, self.counts[operation])

    def write(self, handle: int, data: Bytes, offset: int) -> int:
        self._ask("write")
        return super().write(handle, memoryview(data)[: self.most], offset)

    def sync(self, handle: int) -> None:
        self._ask("sync")
        super().sync(handle)

    def allocate(self, handle: int, size: int) -> None:
        self._ask("allocate")
        super().allocate(handle, size)

    def rename(self, old: Path, new: Path) -> None:
        self._ask("rename")
        super().rename(old, new)

    def sync_folder(self, folder: Path) -> None:
        self._ask("sync_folder")
        super().sync_folder(folder)

    def lock(self, path: Path) -> int:
        self._ask("lock")
        return super().lock(path)


def full(*operations: str, after: int = 0) -> Callable[[str, int], None]:
    """The disk is full for some operations, once each has been done `after` times."""

    def fail(operation: str, count: int) -> None:
        if operation in operations and count > after:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return fail


def broken(operation: str, at: int) -> Callable[[str, int], None]:
    """One operation fails, once."""

    def fail(asked: str, count: int) -> None:
        if asked == operation and count == at:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    return fail
