"""The one writer of a journal."""

from __future__ import annotations

import errno
import json
import logging
import os
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np

from workbench.domain.records import COMMAND, Records
from workbench.domain.views import STATE_SCHEMA
from workbench.errors import CommandError, JournalError
from workbench.journal.cursor import Cursor
from workbench.journal.disk import PARTIAL, REAL, Bytes, Disk, read_file, write_all
from workbench.journal.fence import Fence
from workbench.journal.frames import (
    ABOUT,
    COMMANDS,
    FOOTER_BYTES,
    FRAME_BYTES,
    HEADER_BYTES,
    REMARK,
    SCHEMA,
    Header,
)
from workbench.journal.growing import Growing, Spare
from workbench.journal.recovery import Finding, Recovery, cursor_of, examine, read_about
from workbench.journal.refusals import disk_errors, said_by_disk
from workbench.journal.segments import Position, Segment, segment_files, survey
from workbench.journal.snapshots import Snapshot, remove_snapshots, snapshot_name, write_snapshot

log = logging.getLogger(__name__)

SEGMENT_BYTES: Final = 64 << 20
SMALLEST_SEGMENT: Final = 1 << 10
SNAPSHOTS_KEPT: Final = 2
LARGEST_FRAME: Final = 1 << 18
"""Commands in one frame at most; a larger batch becomes several."""
LARGEST_REMARK: Final = 1 << 20
"""Bytes in one remark at most."""
_POSITIONS_KEPT = 1 << 16
_BLOCK_BYTES = 8 << 20


class Journal:
    """The one writer of a journal: `append`, then `sync`, then what was appended may be acknowledged.

    Made by `Journal.create` and `Journal.open`. After an error of the disk the journal is failed and takes
    nothing more; open it again to go on with what is durable.

    Attributes
    ----------
    folder
        Where it is.
    about
        What was said of it when it was created.
    recovery
        What opening it found and did.
    """

    folder: Path
    about: dict[str, Any]
    recovery: Recovery

    def __init__(self, folder: Path, disk: Disk, fence: Fence) -> None:
        self.folder = folder
        self._disk = disk
        self._fence = fence
        self._cursor: Cursor | None = None
        self._open: Growing | None = None
        self._spare = Spare(disk, folder)
        self._warned_of_space = False
        self._failure = ""
        self._closed = False
        self._in_flight = 0
        self._segment_bytes = SEGMENT_BYTES
        self._snapshots_kept = SNAPSHOTS_KEPT
        self._journal = b""
        self._number = 0
        self._end = Position(-1, 0, 0, 0)
        self._durable = self._end
        self._positions: list[Position] = []

    # ------------------------------------------------------------------ making and opening

    @classmethod
    def create(
        cls,
        folder: Path | str,
        about: dict[str, Any],
        *,
        segment_bytes: int = SEGMENT_BYTES,
        snapshots_kept: int = SNAPSHOTS_KEPT,
        identity: bytes = b"",
        disk: Disk = REAL,
    ) -> Journal:
        """A new journal in a folder that holds none.

        Parameters
        ----------
        folder
            Made if need be.
        about
            What to say of it, as JSON: the venue and whatever else is needed to run the commands again.
        segment_bytes
            Size of a segment; a longer frame gets a longer one.
        snapshots_kept
            How many snapshots stay.
        identity
            16 bytes by which it is known; random unless given.
        disk
            Where.

        Raises
        ------
        JournalError
            When there is a journal already, or the disk does not take it.
        """
        folder = Path(folder)
        if segment_bytes < SMALLEST_SEGMENT:
            raise JournalError(
                f"segment_bytes is {segment_bytes}, expected {SMALLEST_SEGMENT} or more", "Journal.create"
            )
        text = json.dumps(about, ensure_ascii=False, separators=(",", ":")).encode()
        text = text.ljust(-len(text) % 8 + len(text))
        with disk_errors(folder, "the journal's folder cannot be made"):
            disk.make_folder(folder)
            _sync_names(disk, folder)
        if segment_files(disk, folder):
            raise _already_there(folder)
        self = cls(folder, disk, Fence(disk, folder))
        with self._giving_back():
            if segment_files(disk, folder):
                raise _already_there(folder)
            self._fence.raise_epoch(0)
            self.about = json.loads(text)
            self.recovery = Recovery(0, 1)
            self._segment_bytes, self._snapshots_kept = segment_bytes, snapshots_kept
            self._journal = identity or new_identity()
            self._remove_leftovers()
            with disk_errors(folder, "the journal cannot be made"):
                self._make_spare(FRAME_BYTES + len(text))
                # Its first frame is in the segment before the segment has its name.
                self._start_segment(text)
                self._start_cursor(0)
        return self

    @classmethod
    def open(
        cls,
        folder: Path | str,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        snapshots_kept: int = SNAPSHOTS_KEPT,
        disk: Disk = REAL,
    ) -> Journal:
        """Go on with a journal: a torn tail is cut off and logged, damage is refused.

        `recovery` then says what was found and done.

        Raises
        ------
        JournalError
            When it is damaged, of another make, written by somebody else, or the disk does not take it.
        """
        folder = Path(folder)
        with disk_errors(folder, "cannot be read"):
            if not disk.exists(folder):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        survey(disk, folder)
        self = cls(folder, disk, Fence(disk, folder))
        with self._giving_back():
            self._segment_bytes, self._snapshots_kept = segment_bytes, snapshots_kept
            # The epoch first: whoever wrote before us and still runs must not add to what we read.
            segments = survey(disk, folder)
            mark = cursor_of(disk, folder, segments[0].header.journal, [])
            self._fence.raise_epoch(max(mark.epoch if mark else 0, *(s.header.epoch for s in segments)))
            found = examine(disk, folder)
            self.about = read_about(disk, found.segments)
            self._journal = segments[0].header.journal
            self._remove_leftovers()
            with disk_errors(folder, "the journal cannot be opened for writing"):
                self._make_spare(0)
                self._take_over(found)
                if self._open is None:
                    self._start_segment()
                self._start_cursor(found.mark.turn if found.mark else 0)
            self.recovery = Recovery(found.end.seq, found.verified_from, found.cut, tuple(found.warnings))
        if found.cut:
            log.warning("cut off: %s", found.cut)
        for warning in found.warnings:
            log.warning("%s", warning)
        return self

    def _take_over(self, found: Finding) -> None:
        """Close the segment of the writer before us, and make all of it durable."""
        last = found.segments[-1]
        self._number = last.header.number
        self._end = found.end
        if found.closed:
            if not last.archived:
                self._write_anew(last, found)
            return
        if found.end.seq < last.header.first_seq and found.end.offset > HEADER_BYTES:
            self._go_on_with(last, found)
            return
        if found.end.offset == HEADER_BYTES and len(found.segments) > 1:
            # No frame came into it; ours has the same name.
            self._number -= 1
            before = found.segments[-2].header.first_seq
            self._end = Position(found.end.seq, before, 0, last.header.previous)
            self._disk.remove(last.path)
            self._disk.sync_folder(self.folder)
            return
        segment = Growing(
            self._disk, last.path, last.header, found.end, found.end.seq - max(last.header.first_seq, 1) + 1
        )
        try:
            segment.cut(found.end.offset)
            self._write_anew(last, found)
            segment.finish(epoch=self.epoch)
        finally:
            segment.close()
        self._end = segment.end

    def _go_on_with(self, last: Segment, found: Finding) -> None:
        """Go on with a segment of remarks alone, for the next one would have its name.

        In a file of our own, equal byte for byte: whoever wrote before us may still hold the other.
        """
        data = read_file(self._disk, last.path)[: found.end.offset]
        self._spare.make(max(self._segment_bytes, last.header.allocated_bytes, 2 * len(data)))
        self._open = Growing.again(self._disk, self._spare, last.header, data, found.end)
        self._open.appear(self._spare)

    def _write_anew(self, last: Segment, found: Finding) -> None:
        """Write what is not known to be durable once more, and sync it.

        When a sync fails the operating system may count what it could not write as written; a later sync,
        of another process too, is content then, although the bytes are in memory alone.
        """
        known = found.mark.position if found.mark else None
        start = known.offset if known and known.segment == last.header.first_seq else 0
        handle = self._disk.open(last.path)
        try:
            while start < found.end.offset:
                data = self._disk.read(handle, min(_BLOCK_BYTES, found.end.offset - start), start)
                write_all(self._disk, handle, data, start)
                start += len(data)
            self._disk.sync(handle)
        finally:
            self._disk.close(handle)

    def _remove_leftovers(self) -> None:
        with disk_errors(self.folder, "unfinished files cannot be removed"):
            for name in self._disk.list(self.folder):
                if name.endswith(PARTIAL):
                    self._disk.remove(self.folder / name)

    def _start_cursor(self, turn: int) -> None:
        self._cursor = Cursor(self._disk, self.folder, self._journal, self._fence.epoch, turn)
        self._durable = self._end
        self._positions = [self._end]
        for _ in range(2):
            self._cursor.write(self._end)
        self._cursor.sync()
        self._disk.sync_folder(self.folder)

    @contextmanager
    def _giving_back(self) -> Iterator[None]:
        """If the making fails, nothing stays open or locked."""
        try:
            yield
        except BaseException:
            self._release()
            raise

    # ------------------------------------------------------------------ what is known

    @property
    def identity(self) -> str:
        """By what it is known, as 32 hex digits; the manifest of its session has it too."""
        return self._journal.hex()

    @property
    def last_seq(self) -> int:
        """Sequence of the last command appended; 0 when there is none."""
        return self._end.seq

    @property
    def durable_seq(self) -> int:
        """Sequence of the last command that is durable."""
        return self._durable.seq

    @property
    def epoch(self) -> int:
        """Number of this writer; each one that opens the journal has a higher one."""
        return self._fence.epoch

    @property
    def failure(self) -> str:
        """Why the journal takes nothing more, or ""."""
        return self._failure

    # ------------------------------------------------------------------ writing

    def append(self, commands: Records, remark: bytes = b"") -> int:
        """Write commands behind those before them, as one frame; they are not durable yet.

        Parameters
        ----------
        commands
            Any number of them.
        remark
            Bytes to keep with them, at most `LARGEST_REMARK`: in the same write and the same sync, so that
            the commands are never found without it. Without commands it stands alone.

        Returns
        -------
        int
            Sequence of the last command.

        Raises
        ------
        CommandError
            When `commands` is not a one-dimensional array of `COMMAND`, or the remark is no bytes or too
            long; nothing has been written then.
        JournalError
            When the disk does not take them, or another writer took over; the journal is failed then.
        """
        self._check_usable()
        data = _bytes_of(commands)
        size = COMMAND.itemsize
        _check_remark(remark)
        with self._failing("the commands could not be written"):
            self._fence.check()
            if remark and not len(commands):
                self._append_frame(remark, 0, REMARK)
            for first in range(0, len(commands), LARGEST_FRAME):
                count = min(LARGEST_FRAME, len(commands) - first)
                part = data[first * size : (first + count) * size]
                self._append_frame(part, count, COMMANDS, remark if first == 0 else b"")
        return self._end.seq

    def sync(self) -> int:
        """Make everything appended durable, remarks too; returns the sequence up to which it is.

        Raises
        ------
        JournalError
            When the disk does not confirm it, or another writer took over: what was appended since the last
            sync is in doubt then, and the journal is failed. A sync that failed is never tried again, for
            the operating system may have forgotten what it could not write.
        """
        self._check_usable()
        if self._in_flight:
            with self._failing("the commands could not be made durable"):
                self._sync()
        return self._durable.seq

    def _sync(self) -> None:
        segment, _ = self._writing()
        self._disk.sync(segment.handle)
        # Whoever takes over raises the epoch before reading. Unchanged now means that ours were read too.
        self._fence.check()
        self._note_durable()

    def _note_durable(self) -> None:
        _, cursor = self._writing()
        self._durable = self._end
        cursor.write(self._end)
        if self._in_flight > 1:
            # Of several frames in flight a later one may survive an earlier one, and what was lost cannot be
            # told from what was damaged later; so the cursor must know. One frame tells that by itself.
            cursor.sync()
        self._in_flight = 0

    def _writing(self) -> tuple[Growing, Cursor]:
        assert self._open is not None
        assert self._cursor is not None
        return self._open, self._cursor

    def _append_frame(self, payload: Bytes, count: int, codec: int, remark: bytes = b"") -> None:
        segment, _ = self._writing()
        size = FRAME_BYTES + len(payload) + (FRAME_BYTES + len(remark) if remark else 0)
        if not segment.fits(size):
            segment = self._make_room(segment, size)
        elif segment.end.offset > segment.size // 2 and not self._spare.size:
            self._make_spare_early(segment)
        segment.write(payload, count, codec, epoch=self.epoch, durable=self._durable, remark=remark)
        self._end = segment.end
        if count:
            # Behind a remark alone stands no command that a snapshot could be of, and it may not be durable.
            self._positions.append(self._end)
        if len(self._positions) > 2 * _POSITIONS_KEPT:
            del self._positions[:_POSITIONS_KEPT]
        self._in_flight += 1

    # ------------------------------------------------------------------ segments

    def _make_room(self, segment: Growing, frames_bytes: int) -> Growing:
        """The segment for some frames; the disk must have room for another before this one is closed."""
        if segment.names_nothing:
            # Two segments cannot begin with the same command, so this one becomes longer.
            segment.lengthen(frames_bytes)
            return segment
        self._make_spare(frames_bytes)
        self._finish_segment(segment)
        self._start_segment()
        return self._writing()[0]

    def _make_spare(self, frames_bytes: int) -> None:
        self._spare.make(max(self._segment_bytes, HEADER_BYTES + frames_bytes + FOOTER_BYTES))

    def _make_spare_early(self, segment: Growing) -> None:
        """Make the next segment long before it is needed, so that a full disk is told while there is time."""
        try:
            self._make_spare(0)
        except OSError as error:
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                raise
            if not self._warned_of_space:
                self._warned_of_space = True
                log.warning(
                    "%s: no room for the next segment of %d bytes; %d bytes are left in this one",
                    segment.path,
                    self._segment_bytes,
                    segment.size - segment.end.offset,
                )

    def _finish_segment(self, segment: Growing) -> None:
        """Close the segment that is being written; everything in it is durable then."""
        segment.finish(epoch=self.epoch, durable=self._durable)
        self._fence.check()
        self._end = segment.end
        self._in_flight += 1
        self._note_durable()
        self._open = None
        segment.close()

    def _start_segment(self, about: bytes = b"") -> None:
        """Turn the spare file into the next segment."""
        header = Header(
            schema=SCHEMA,
            record_bytes=COMMAND.itemsize,
            journal=self._journal,
            number=self._number + 1,
            first_seq=self._end.seq + 1,
            previous=self._end.chain,
            epoch=self.epoch,
            allocated_bytes=self._spare.size,
        )
        self._open = Growing.begin(self._disk, self._spare, header)
        if about:
            self._open.write(about, 1, ABOUT, epoch=self.epoch)
        self._open.appear(self._spare)
        self._number += 1
        self._end = self._durable = self._open.end

    # ------------------------------------------------------------------ snapshots

    def save_snapshot(self, data: bytes, seq: int, state_hash: str) -> None:
        """Keep a state, so that recovery can begin there; older ones are removed.

        Parameters
        ----------
        data
            The state's bytes.
        seq
            Last command that is in the state; it must be durable.
        state_hash
            The state's hash, at most 64 characters, to hold against the state after recovery.
        """
        self.keep_snapshot(replace(self.prepare_snapshot(seq, state_hash), data=data))

    def prepare_snapshot(self, seq: int, state_hash: str = "") -> Snapshot:
        """What a snapshot says of itself, yet without its bytes; `keep_snapshot` takes it with both.

        Only this needs the writer's own thread: the bytes may be written by another while commands come in.
        """
        self._check_usable()
        if not 0 <= seq <= self._durable.seq:
            raise JournalError(
                f"a snapshot of command {seq} was given, and {self._durable.seq} is the last durable one",
                str(self.folder),
                "sync first",
            )
        # The snapshot must not know more than the cursor on disk.
        with self._failing("the cursor could not be made durable"):
            _, cursor = self._writing()
            cursor.sync()
        index = bisect_right(self._positions, seq, key=lambda position: position.seq)
        position = self._positions[index - 1] if index else self._start_of(seq)
        del self._positions[: max(0, index - 1)]
        return Snapshot(
            path=self.folder / snapshot_name(seq),
            journal=self._journal,
            epoch=self._fence.epoch,
            seq=seq,
            data=b"",
            state_hash=state_hash,
            schema=STATE_SCHEMA,
            position=position,
        )

    def keep_snapshot(self, snapshot: Snapshot) -> None:
        """Write a snapshot that was prepared, and remove older ones."""
        # A snapshot that fails is no reason to stop: commands are durable without it.
        write_snapshot(self._disk, snapshot)
        with disk_errors(self.folder, "older snapshots cannot be removed"):
            remove_snapshots(self._disk, self.folder, self._snapshots_kept)

    def _start_of(self, seq: int) -> Position:
        """Start of the segment that a command before this writer's is in."""
        segments = survey(self._disk, self.folder)
        return next(s for s in reversed(segments) if s.header.first_seq <= seq).start

    # ------------------------------------------------------------------ the end

    def close(self) -> None:
        """Make everything durable and let others write; a failed journal is only let go."""
        if self._closed:
            return
        try:
            if not self._failure and self._open:
                with self._failing("the journal could not be closed"):
                    self._finish()
        finally:
            self._release()

    def _finish(self) -> None:
        segment, cursor = self._writing()
        if self._in_flight:
            self._sync()
        if not segment.names_nothing:
            self._finish_segment(segment)
        else:
            self._open = None
            with closing(segment):
                if segment.unused:
                    # No frame came into it since the journal was opened.
                    self._disk.remove(segment.path)
                else:
                    # Of remarks alone; the next writer goes on with it.
                    segment.leave()
        self._spare.discard()
        self._disk.sync_folder(self.folder)
        cursor.sync()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _release(self) -> None:
        self._closed = True
        if self._open:
            with suppress(OSError):
                self._open.close()
            self._open = None
        if self._cursor:
            with suppress(OSError):
                self._cursor.close()
            self._cursor = None
        self._fence.release()

    # ------------------------------------------------------------------ failing

    def _check_usable(self) -> None:
        if self._failure:
            raise JournalError(
                f"the journal takes nothing more since it failed ({self._failure})",
                str(self.folder),
                "close it and open it again: everything acknowledged is in it",
            )
        if self._closed:
            raise JournalError("the journal is closed", str(self.folder), "open it again")

    @contextmanager
    def _failing(self, what: str) -> Iterator[None]:
        """Whatever goes wrong inside fails the journal for good and cuts off what is not durable."""
        segment = self._open
        at = self._end.offset
        try:
            yield
        except OSError as error:
            refusal = said_by_disk(segment.path if segment else self.folder, what, error, at)
            self._fail(str(refusal), cut=True)
            raise refusal from error
        except BaseException as error:
            # An interrupt in the middle of a write leaves no doubt behind either. A writer that was fenced
            # off touches nothing more.
            self._fail(str(error) or type(error).__name__, cut=not isinstance(error, JournalError))
            raise

    def _fail(self, why: str, *, cut: bool) -> None:
        self._failure = why
        log.error("the journal failed: %s", why)
        segment = self._open
        if cut and segment and self._durable.segment == segment.header.first_seq:
            try:
                segment.cut(self._durable.offset)
            except OSError as error:
                log.warning("%s: the unfinished tail could not be cut off: %s", segment.path, error)


def new_identity() -> bytes:
    """By what a new journal is known."""
    return os.urandom(16)


def _sync_names(disk: Disk, folder: Path) -> None:
    """Make a folder's name durable and those above it: whoever made them may have died before that."""
    for above in folder.absolute().parents:
        try:
            if disk.exists(above):
                disk.sync_folder(above)
        except OSError as error:
            # One that we may not read was not made by us, and some file systems cannot sync a folder.
            if error.errno not in {errno.EACCES, errno.EPERM, errno.EROFS, errno.EINVAL}:
                raise


def _already_there(folder: Path) -> JournalError:
    return JournalError(
        "holds a journal already", str(folder), "open it with Journal.open, or name another folder"
    )


def _bytes_of(commands: Records) -> memoryview:
    given: Any = commands
    if not isinstance(given, np.ndarray) or given.dtype != COMMAND or given.ndim != 1:
        shown = (
            f"{given.dtype}, {given.ndim}-dimensional"
            if isinstance(given, np.ndarray)
            else type(given).__name__
        )
        raise CommandError(
            what=f"commands must be a one-dimensional array of COMMAND records, not {shown}",
            where="Journal.append",
            remedy="build them with workbench.domain.commands or np.zeros(n, dtype=COMMAND)",
        )
    return np.ascontiguousarray(given).view(np.uint8).data


def _check_remark(remark: bytes) -> None:
    given: Any = remark
    if not isinstance(given, bytes):
        raise CommandError(
            what=f"a remark must be bytes, not {type(given).__name__}",
            where="Journal.append",
            remedy="encode it",
        )
    if len(given) > LARGEST_REMARK:
        raise CommandError(
            what=f"a remark has {len(given):,} bytes, and at most {LARGEST_REMARK:,} are kept",
            where="Journal.append",
            remedy="keep what is longer in a file, and its name and hash in the remark",
        )
