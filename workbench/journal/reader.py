"""Reading a journal, also while it is being written: no lock, and never further than what is durable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from workbench.domain.records import COMMAND, Records
from workbench.errors import JournalError
from workbench.journal.disk import REAL, Disk
from workbench.journal.frames import COMMANDS, SCHEMA
from workbench.journal.recovery import Known, check_link, check_mark, cursor_of, judge, read_about
from workbench.journal.refusals import disk_errors
from workbench.journal.segments import Step, Walk, opened, survey
from workbench.journal.snapshots import Snapshot, latest_snapshot

__all__ = ["Snapshot", "about", "latest_snapshot", "read", "stored_steps"]


def read(
    folder: Path | str,
    *,
    after_seq: int = 0,
    upto_seq: int | None = None,
    batch: int = 1 << 18,
    disk: Disk = REAL,
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
    for step in stored_steps(Path(folder), after_seq=after_seq, upto_seq=upto_seq, disk=disk):
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


def stored_steps(
    folder: Path,
    *,
    after_seq: int = 0,
    upto_seq: int | None = None,
    schema: str = SCHEMA,
    disk: Disk = REAL,
) -> Iterator[Step]:
    """The verified frames of commands that a reader wants, with those before them in the same segment."""
    # The cursor first: all segments up to it are there when the folder is read afterwards.
    warnings: list[str] = []
    with disk_errors(folder, "cannot be read"):
        there = disk.exists(folder)
    if not there:
        raise JournalError("there is no such folder", str(folder), "name the folder of a journal")
    segments = survey(disk, folder, schema=schema)
    mark = cursor_of(disk, folder, segments[0].header.journal, warnings)
    segments = survey(disk, folder, schema=schema)
    durable = mark.position.seq if mark and mark.whole else None
    end = durable if upto_seq is None else upto_seq if durable is None else min(durable, upto_seq)
    if end is not None and end <= after_seq:
        return
    first = max(
        (i for i, segment in enumerate(segments) if segment.header.first_seq <= after_seq + 1), default=0
    )
    for index in range(first, len(segments)):
        segment = segments[index]
        with opened(disk, segment.path) as source, disk_errors(segment.path, "cannot be read"):
            walk = Walk(source, segment)
            for step in walk:
                check_mark(segment.path, walk.at, mark)
                if step.frame.codec == COMMANDS:
                    yield step
                if end is not None and walk.at.seq >= end:
                    return
            if index == len(segments) - 1:
                # Behind the cursor somebody may be writing at this moment; before it nothing may be missing.
                judge(
                    source,
                    walk,
                    segment,
                    Known(mark.position.seq if mark else 0, "the cursor"),
                    mark is not None,
                    warnings,
                )
                return
        check_link(walk, segment, segments[index + 1])


def about(folder: Path | str, *, disk: Disk = REAL) -> dict[str, Any]:
    """What was said of a journal when it was created."""
    return read_about(disk, survey(disk, Path(folder), schema=None))
