"""A disk that lives in memory, obeys a seed, and fails as real ones do.

What is written is in the page cache until it is synced. A power loss keeps what was synced; of what was not,
any mixture of sectors may be kept, lost or zero, and any of the folder changes that nobody synced. A killed
process loses nothing but its handles and locks. Beside that, operations fail at the rates one asks for.
"""

from __future__ import annotations

import copy
import errno
import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512


class Down(BaseException):
    """The process or the machine is gone; nothing in the program under test may catch this."""


@dataclass(eq=False)
class Inode:
    """A file: what programs see, what the platter holds (`durable`), and the sectors that differ."""

    cached: bytearray = field(default_factory=bytearray)
    durable: bytearray = field(default_factory=bytearray)
    dirty: dict[int, None] = field(default_factory=dict)
    folder: bool = False

    def touch(self, start: int, stop: int) -> None:
        """Mark the sectors of bytes `start` to `stop` as not synced."""
        for sector in range(start // SECTOR, -(-stop // SECTOR)):
            self.dirty[sector] = None

    def settle(self, sectors: list[int], size: int) -> None:
        """Bring these sectors to the platter, in a file of this size."""
        self.durable[size:] = bytes(max(0, size - len(self.durable)))
        for sector in sectors:
            start, stop = sector * SECTOR, min((sector + 1) * SECTOR, size, len(self.cached))
            if start < stop:
                self.durable[start:stop] = self.cached[start:stop]

    def sync(self) -> None:
        """Bring everything to the platter."""
        self.settle(list(self.dirty), len(self.cached))
        self.dirty.clear()

    def lose(self, draw: random.Random, mode: str) -> None:
        """Decide, as a power loss does, what of the unsynced reached the platter."""
        before, after = len(self.durable), len(self.cached)
        dirty = sorted(self.dirty)
        if mode == "kept":
            kept, size = dirty, after
        elif mode == "torn":
            kept = dirty[: draw.randint(0, len(dirty))]
            size = draw.choice(
                (before, after, min(after, max(before, SECTOR * (kept[-1] + 1)))) if kept else (before, after)
            )
        elif mode == "sectors":
            share = draw.choice((0.1, 0.5, 0.9))
            kept, size = [sector for sector in dirty if draw.random() < share], draw.choice((before, after))
        elif mode == "zeroed":
            kept, size = [], after
        else:
            kept, size = [], before
        self.settle(kept, size)
        self.dirty.clear()


LOSSES = ("lost", "kept", "torn", "sectors", "zeroed")


@dataclass
class Change:
    """A change of folders that is not durable yet: `path` becomes `inode` (None: is removed)."""

    folders: tuple[Path, ...]
    entries: tuple[tuple[Path, Inode | None], ...]

    def apply(self, names: dict[Path, Inode]) -> None:
        """Carry it out."""
        for path, inode in self.entries:
            names.pop(path, None)
            if inode is not None:
                names[path] = inode


@dataclass
class Handle:
    """An open file."""

    path: Path
    inode: Inode
    write: bool
    locks: bool = False


class SimDisk:
    """A simulated disk; the folder `root` is there and durable.

    Parameters
    ----------
    seed
        What happens follows from the seed and the operations alone.
    root
        The folder that exists.

    Attributes
    ----------
    rates
        Chance of each fault per operation it can hit: "short" and "full" (write), "no room" (allocate),
        "sync" (an EIO), "gone after a failed sync" (the process), "writeback" (sectors and folder changes
        reach the platter by themselves).
    crash_after
        Operations until the process is gone; None for never.
    injected
        How often each fault hit.
    """

    def __init__(self, seed: int, root: Path = Path("/sim")) -> None:
        self.draw = random.Random(seed)
        self.root = root
        self.names: dict[Path, Inode] = {}
        self.durable_names: dict[Path, Inode] = {}
        self.folders: dict[Path, Inode] = {root: Inode(folder=True)}
        self.changes: list[Change] = []
        self.handles: dict[int, Handle] = {}
        self.rates: dict[str, float] = {}
        self.crash_after: int | None = None
        self.down = False
        self.injected: Counter[str] = Counter()
        self.operations = 0
        self.trace: deque[str] = deque(maxlen=400)
        self._next = self._gone = 3
        self.durable_names[root] = self.names[root] = self.folders[root]

    # ------------------------------------------------------------------ faults

    def calm(self) -> None:
        """No more faults."""
        self.rates, self.crash_after = {}, None

    def fork(self) -> SimDisk:
        """A copy that goes its own way."""
        return copy.deepcopy(self)

    def restart(self, *, power: bool) -> None:
        """Start anew after the process died, or with `power` the whole machine."""
        self.trace.append("--- power loss" if power else "--- killed")
        self.handles.clear()
        self._gone = self._next
        self.down = False
        if not power:
            return
        whole = self.draw.choice(("lost", "kept", "mixed", "mixed"))
        if whole == "mixed":
            if self.draw.random() < 0.5:
                kept = self.changes[: self.draw.randint(0, len(self.changes))]
            else:
                kept = [change for change in self.changes if self.draw.random() < 0.5]
        else:
            kept = self.changes if whole == "kept" else []
        for change in kept:
            change.apply(self.durable_names)
        self.changes.clear()
        # Of a folder that was never made durable nothing is left.
        there = {self.root: self.durable_names[self.root]}
        for path in sorted(self.durable_names, key=lambda path: len(path.parts)):
            if path.parent in there:
                there[path] = self.durable_names[path]
        self.durable_names = there
        for inode in self.durable_names.values():
            if inode.dirty or len(inode.cached) != len(inode.durable):
                inode.lose(self.draw, whole if whole != "mixed" else self.draw.choice(LOSSES))
            inode.cached[:] = inode.durable
        self.names = dict(self.durable_names)
        self.folders = {path: inode for path, inode in self.names.items() if inode.folder}

    def flip(self, path: Path, bit: int) -> None:
        """Turn one bit of a file over, at rest."""
        inode = self.names[path]
        for data in (inode.cached, inode.durable):
            if bit // 8 < len(data):
                data[bit // 8] ^= 1 << (bit % 8)

    def cut(self, path: Path, size: int) -> None:
        """Shorten a file at rest."""
        inode = self.names[path]
        del inode.cached[size:], inode.durable[size:]

    def replace(self, path: Path, data: bytes) -> None:
        """Other bytes in a file, at rest."""
        inode = self.names[path]
        inode.cached[:] = data
        inode.durable[:] = data

    def wipe(self, path: Path, start: int, stop: int) -> None:
        """Put zeros where synced bytes were: a disk that lied about its sync."""
        inode = self.names[path]
        for data in (inode.cached, inode.durable):
            end = min(stop, len(data))
            if start < end:
                data[start:end] = bytes(end - start)

    def lose_file(self, path: Path) -> None:
        """A file that is gone."""
        del self.names[path]
        self.durable_names.pop(path, None)

    def files(self) -> list[Path]:
        """Every file, sorted."""
        return sorted(path for path in self.names if path not in self.folders)

    def data(self, path: Path) -> bytes:
        """What a file holds."""
        return bytes(self.names[path].cached)

    def break_lock(self, path: Path) -> None:
        """The lock's holder has lost it without knowing (a paused machine, a network drive)."""
        for handle in self.handles.values():
            if handle.locks and handle.path == path:
                handle.locks = False

    def _step(self, what: str, harm: Callable[[], None] | None = None) -> None:
        """Count an operation; when it is the last one, do `harm` (half of it) and be gone."""
        if self.down:
            raise Down
        self.operations += 1
        self.trace.append(what)
        if self.crash_after is not None:
            self.crash_after -= 1
            if self.crash_after < 0:
                if harm is not None:
                    harm()
                self.down, self.crash_after = True, None
                self.trace.append("--- gone")
                raise Down
        if self.rates and self._hit("writeback"):
            self._write_back()

    def _hit(self, fault: str) -> bool:
        rate = self.rates.get(fault, 0.0)
        if rate == 0.0 or self.draw.random() >= rate:
            return False
        self.injected[fault] += 1
        return True

    def _write_back(self) -> None:
        for inode in list(self.names.values()):
            if inode.dirty and self.draw.random() < 0.5:
                some = [sector for sector in inode.dirty if self.draw.random() < 0.5]
                inode.settle(some, max(len(inode.cached), len(inode.durable)))
                for sector in some:
                    del inode.dirty[sector]
        count = self.draw.randint(0, len(self.changes))
        for change in self.changes[:count]:
            change.apply(self.durable_names)
        del self.changes[:count]

    # ------------------------------------------------------------------ files

    def _of(self, handle: int) -> Handle:
        found = self.handles.get(handle)
        if found is None:
            raise OSError(errno.EBADF, "Bad file descriptor")
        return found

    def _change(self, *entries: tuple[Path, Inode | None]) -> None:
        change = Change(tuple(path.parent for path, _ in entries), entries)
        change.apply(self.names)
        self.changes.append(change)

    def _handle(self, handle: Handle) -> int:
        self._next += 1
        self.handles[self._next] = handle
        return self._next

    def open(self, path: Path, *, create: bool = False, write: bool = True) -> int:
        """Open a file; with `create` make it, which it must not be."""
        self._step(f"open {path.name} create={create} write={write}")
        if path.parent not in self.folders:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(path))
        if path in self.folders:
            raise IsADirectoryError(errno.EISDIR, "Is a directory", str(path))
        if create:
            if path in self.names:
                raise FileExistsError(errno.EEXIST, "File exists", str(path))
            self._change((path, Inode()))
        elif path not in self.names:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(path))
        return self._handle(Handle(path, self.names[path], write))

    def close(self, handle: int) -> None:
        """Close a file, and let go of its lock."""
        if self.down or handle <= self._gone:
            return  # What died with the process is closed already, whenever its last reference goes.
        self._of(handle)
        del self.handles[handle]

    def write(self, handle: int, data: bytes | bytearray | memoryview, offset: int) -> int:
        """Write at an offset; returns how many bytes were taken, which may be fewer."""
        opened = self._of(handle)
        if not opened.write:
            raise OSError(errno.EBADF, "Bad file descriptor")
        raw = bytes(data)
        inode = opened.inode
        self._step(
            f"write {opened.path.name} {len(raw)} at {offset}",
            lambda: self._put(inode, raw[: self.draw.randint(0, len(raw))], offset),
        )
        if self._hit("full"):
            if self.draw.random() < 0.5:
                self._put(inode, raw[: self.draw.randint(0, len(raw))], offset)
            raise OSError(errno.ENOSPC, "No space left on device")
        if len(raw) > 1 and self._hit("short"):
            raw = raw[: self.draw.randint(1, len(raw) - 1)]
        self._put(inode, raw, offset)
        return len(raw)

    def _put(self, inode: Inode, raw: bytes, offset: int) -> None:
        if not raw:
            return
        old = len(inode.cached)
        if old < offset + len(raw):
            inode.cached.extend(bytes(offset + len(raw) - old))
        inode.cached[offset : offset + len(raw)] = raw
        inode.touch(min(offset, old), offset + len(raw))

    def read(self, handle: int, count: int, offset: int) -> bytes:
        """Read at an offset; short at the end of the file."""
        opened = self._of(handle)
        self._step(f"read {opened.path.name} {count} at {offset}")
        return bytes(opened.inode.cached[offset : offset + count])

    def size(self, handle: int) -> int:
        """Length in bytes."""
        opened = self._of(handle)
        self._step(f"size {opened.path.name}")
        return len(opened.inode.cached)

    def sync(self, handle: int) -> None:
        """Bring a file's data to the platter; when that fails, the sectors count as clean and may be lost."""
        opened = self._of(handle)
        inode = opened.inode

        def half() -> None:
            some = [sector for sector in inode.dirty if self.draw.random() < 0.5]
            inode.settle(some, max(len(inode.cached), len(inode.durable)))
            for sector in some:
                del inode.dirty[sector]

        self._step(f"sync {opened.path.name}", half)
        if self._hit("sync"):
            half()
            inode.dirty.clear()
            if self._hit("gone after a failed sync"):
                self.crash_after = self.draw.randint(0, 2)
            raise OSError(errno.EIO, "Input/output error")
        inode.sync()

    def truncate(self, handle: int, size: int) -> None:
        """Set a file's length."""
        opened = self._of(handle)
        self._step(f"truncate {opened.path.name} to {size}")
        inode = opened.inode
        old = len(inode.cached)
        inode.touch(min(size, old), max(size, old))
        inode.cached[size:] = bytes(max(0, size - old))

    def allocate(self, handle: int, size: int) -> None:
        """Make room up to a length; new bytes are zero."""
        opened = self._of(handle)
        self._step(f"allocate {opened.path.name} {size}")
        if self._hit("no room"):
            raise OSError(errno.ENOSPC, "No space left on device")
        old = len(opened.inode.cached)
        if size > old:
            opened.inode.cached.extend(bytes(size - old))
            opened.inode.touch(old, size)

    # ------------------------------------------------------------------ folders

    def rename(self, old: Path, new: Path) -> None:
        """Give a file or folder another name, in place of a file that has that name."""
        self._step(f"rename {old.name} to {new.name}")
        if old not in self.names:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(old))
        moved = [path for path in self.names if path == old or old in path.parents]
        there = [(new / path.relative_to(old), self.names[path]) for path in moved]
        self._change(*((path, None) for path in moved), *there)
        self.folders = {path: inode for path, inode in self.names.items() if inode.folder}

    def remove(self, path: Path) -> None:
        """Remove a file."""
        self._step(f"remove {path.name}")
        if path not in self.names:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(path))
        self._change((path, None))

    def list(self, folder: Path) -> list[str]:
        """Names in a folder, in no order."""
        self._step(f"list {folder.name}")
        if folder not in self.folders:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(folder))
        names = [path.name for path in self.names if path.parent == folder and path != folder]
        self.draw.shuffle(names)
        return names

    def exists(self, path: Path) -> bool:
        """Whether there is a file or folder of this name."""
        self._step(f"exists {path.name}")
        return path in self.names

    def make_folder(self, folder: Path) -> None:
        """Make a folder and those above it; one that is there stays as it is."""
        self._step(f"make folder {folder.name}")
        for path in reversed((folder, *folder.parents)):
            if path not in self.folders and path.is_relative_to(self.root):
                self.folders[path] = Inode(folder=True)
                self._change((path, self.folders[path]))

    def sync_folder(self, folder: Path) -> None:
        """Make a folder's creations, renames and removals durable."""
        self._step(f"sync folder {folder.name}")
        if folder not in self.folders:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(folder))
        if self._hit("sync"):
            raise OSError(errno.EIO, "Input/output error")
        for change in self.changes:
            if folder in change.folders:
                change.apply(self.durable_names)
        self.changes = [change for change in self.changes if folder not in change.folders]

    def lock(self, path: Path) -> int:
        """Take the lock of a file, made if need be, or of a folder; closing the handle lets it go."""
        self._step(f"lock {path.name}")
        if path.parent not in self.folders:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(path))
        if any(handle.locks and handle.path == path for handle in self.handles.values()):
            raise BlockingIOError(errno.EWOULDBLOCK, "Resource temporarily unavailable", str(path))
        if path not in self.names:
            self._change((path, Inode()))
        return self._handle(Handle(path, self.names[path], write=True, locks=True))
