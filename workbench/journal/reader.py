"""Reading a journal, also while it is being written: no lock, and never further than what is durable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from workbench.domain.records import COMMAND, Records
from workbench.errors import JournalError
from workbench.journal.cursor import Mark
from workbench.journal.disk import REAL, Disk
from workbench.journal.frames import COMMANDS, REMARK, SCHEMA
from workbench.journal.recovery import check_link, check_mark, cursor_of, judge, known_by, read_about
from workbench.journal.refusals import disk_errors
from workbench.journal.segments import Position, Segment, Step, Walk, opened, survey
from workbench.journal.snapshots import Snapshot, latest_snapshot

__all__ = ["Remark", "Snapshot", "about", "latest_snapshot", "read", "read_remarks", "stored_steps"]


class Remark(NamedTuple):
    """Bytes that somebody wrote beside the commands.

    Attributes
    ----------
    seq
        Of the command behind it: the first of those it was written with, or the next that came or will come.
    data
        As they were given.
    """

    seq: int
    data: bytes


def read(
    folder: Path | str,
    *,
    after_seq: int = 0,
    upto_seq: int | None = None,
    batch: int = 1 << 18,
    disk: Disk = REAL,
    start: Position | None = None,
) -> Iterator[tuple[int, Records]]:
    """Commands in order, every byte verified before it is given.

    Parameters
    ----------
    folder
        The journal.
    after_seq, upto_seq
        From the command behind the one to the other, included; all of them unless given.
    batch
        Commands in one array; the last one has fewer.
    disk
        Where.
    start
        The position in a snapshot of a command up to `after_seq`: nothing before it is read.

    Yields
    ------
    tuple[int, Records]
        The sequence of the first command of an array, and the array, which nobody else uses.

    Raises
    ------
    JournalError
        When something is damaged or missing before the end of what is durable. What was given before is
        right; nothing wrong is ever given.
    """
    if after_seq < 0 or batch < 1:
        raise JournalError(f"after_seq is {after_seq} and batch {batch}, expected 0 and 1 or more", "read")
    packer = _Packer(after_seq, batch)
    for step in stored_steps(Path(folder), after_seq=after_seq, upto_seq=upto_seq, disk=disk, start=start):
        yield from packer.take(step, upto_seq)
    yield from packer.rest()


class _Packer:
    """Puts the payloads of frames together in arrays of one length."""

    def __init__(self, after_seq: int, batch: int) -> None:
        self._given = after_seq
        self._batch = batch
        self._out = np.empty(0, dtype=COMMAND)
        self._bytes = self._out.view(np.uint8)
        self._filled = 0

    def take(self, step: Step, upto_seq: int | None) -> Iterator[tuple[int, Records]]:
        frame, size = step.frame, COMMAND.itemsize
        first = max(0, self._given + self._filled + 1 - frame.first_seq)
        last = frame.commands if upto_seq is None else min(frame.commands, upto_seq - frame.first_seq + 1)
        payload = np.frombuffer(step.payload, dtype=np.uint8)
        while first < last:
            if not len(self._out):
                self._out = np.empty(self._batch, dtype=COMMAND)
                # Copied as bytes: numpy copies records field by field, ten times slower.
                self._bytes = self._out.view(np.uint8)
            count = min(last - first, self._batch - self._filled)
            to = self._filled * size
            self._bytes[to : to + count * size] = payload[first * size : (first + count) * size]
            first += count
            self._filled += count
            if self._filled == self._batch:
                yield from self.rest()

    def rest(self) -> Iterator[tuple[int, Records]]:
        if self._filled:
            yield self._given + 1, self._out[: self._filled]
            self._given += self._filled
            self._filled, self._out = 0, self._out[:0]


def read_remarks(
    folder: Path | str, after_seq: int = 0, *, disk: Disk = REAL, start: Position | None = None
) -> Iterator[Remark]:
    """Remarks in order, every byte verified before it is given.

    Parameters
    ----------
    folder
        The journal.
    after_seq
        Those before later commands only; all of them unless given.
    disk
        Where.
    start
        The position in a snapshot of a command up to `after_seq`: nothing before it is read.

    Raises
    ------
    JournalError
        When something is damaged or missing before the end of what is durable.
    """
    if after_seq < 0:
        raise JournalError(f"after_seq is {after_seq}, expected 0 or more", "read_remarks")
    for step in stored_frames(Path(folder), after_seq=after_seq, disk=disk, start=start):
        if step.frame.codec == REMARK and step.frame.first_seq > after_seq:
            yield Remark(step.frame.first_seq, bytes(step.payload))


def stored_frames(
    folder: Path,
    *,
    after_seq: int = 0,
    schema: str = SCHEMA,
    disk: Disk = REAL,
    start: Position | None = None,
) -> Iterator[Step]:
    """All durable frames of remarks and commands, from the segment on that may hold something behind one."""
    mark, segments = _there(folder, schema, disk)
    # A remark before the next command may stand at the end of the segment before that command's.
    first = max((i for i, segment in enumerate(segments) if segment.header.first_seq <= after_seq), default=0)
    for step, _ in _walked(disk, segments[first:], mark, start):
        if step.frame.codec in (COMMANDS, REMARK):
            yield step


def stored_steps(
    folder: Path,
    *,
    after_seq: int = 0,
    upto_seq: int | None = None,
    schema: str = SCHEMA,
    disk: Disk = REAL,
    start: Position | None = None,
) -> Iterator[Step]:
    """The verified frames of commands that a reader wants, with those before them in the same segment."""
    mark, segments = _there(folder, schema, disk)
    durable = mark.position.seq if mark and mark.whole else None
    end = durable if upto_seq is None else upto_seq if durable is None else min(durable, upto_seq)
    if end is not None and end <= after_seq:
        return
    first = max(
        (i for i, segment in enumerate(segments) if segment.header.first_seq <= after_seq + 1), default=0
    )
    for step, at in _walked(disk, segments[first:], mark, start):
        if step.frame.codec == COMMANDS:
            yield step
        # The last durable frame of all is held against the cursor, so there we go on to where that is.
        if upto_seq is not None and at.seq >= upto_seq and upto_seq != durable and not step.frame.bound:
            return


def _there(folder: Path, schema: str, disk: Disk) -> tuple[Mark | None, list[Segment]]:
    """The cursor, and then the segments: all up to it are there when the folder is read afterwards."""
    with disk_errors(folder, "cannot be read"):
        there = disk.exists(folder)
    if not there:
        raise JournalError("there is no such folder", str(folder), "name the folder of a journal")
    segments = survey(disk, folder, schema=schema)
    mark = cursor_of(disk, folder, segments[0].header.journal, [])
    return mark, survey(disk, folder, schema=schema)


def _walked(
    disk: Disk, segments: list[Segment], mark: Mark | None, start: Position | None = None
) -> Iterator[tuple[Step, Position]]:
    """The verified frames of some segments up to the cursor, each with the position behind it.

    They begin at `start` when that is in the first of the segments, and else at its beginning.
    Without a cursor that says where they end, the last one's end is judged.
    """
    end = mark.position if mark and mark.whole else None
    first = segments[0].start
    inside = start is not None and start.segment == first.segment and start.offset > first.offset
    if end is not None and start is not None and inside and start[:3] >= end[:3]:
        return
    for index in range(len(segments)):
        segment = segments[index]
        if end is not None and segment.start[:3] >= end[:3]:
            return
        with opened(disk, segment.path) as source, disk_errors(segment.path, "cannot be read"):
            walk = Walk(source, segment, start if inside and not index else None)
            for step in walk:
                check_mark(segment.path, walk.at, mark)
                if end is not None and walk.at[:3] > end[:3]:
                    return
                yield step, walk.at
                if end is not None and walk.at[:3] == end[:3] and not step.frame.bound:
                    return
            if index == len(segments) - 1:
                # Behind the cursor somebody may be writing at this moment; before it nothing may be missing.
                judge(source, walk, segment, known_by(mark), mark is not None, [])
                return
        check_link(walk, segment, segments[index + 1])


def about(folder: Path | str, *, disk: Disk = REAL) -> dict[str, Any]:
    """What was said of a journal when it was created."""
    return read_about(disk, survey(disk, Path(folder), schema=None))
