"""Reading every byte of a journal and saying everything that is wrong with it; nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from workbench.domain.records import COMMAND
from workbench.errors import JournalError
from workbench.journal.archive import check_sums
from workbench.journal.cursor import Mark
from workbench.journal.disk import REAL, Disk
from workbench.journal.frames import COMMANDS, SCHEMA
from workbench.journal.recovery import Cut, Known, after, check_link, check_mark, cursor_of, judge, known_by
from workbench.journal.refusals import disk_errors
from workbench.journal.segments import (
    ARCHIVED,
    BROKEN,
    CLOSED,
    MISPLACED_REMEDY,
    Position,
    Segment,
    Source,
    Walk,
    check_schema,
    nothing_there,
    opened,
    out_of_place,
    read_header,
    segment_files,
    strays,
    written_bytes,
)
from workbench.journal.snapshots import Snapshot, usable_snapshots


@dataclass(slots=True)
class SegmentReport:
    """What is in one segment.

    Parameters
    ----------
    file
        Its path.
    first_seq, last_seq
        Its first and last good command; `last_seq` is smaller when there is none.
    frames, commands, remarks, bytes
        How many good ones.
    ended
        How its good frames end: CLOSED with a closing frame, OPEN with nothing, BROKEN with something else.
    archived
        Whether it is compressed.
    first_time_ns, last_time_ns
        Exchange time of its first and last good command, None without one.
    epoch
        Of its writer.
    chained
        Whether it is part of the valid beginning of the journal.
    strays
        Undamaged frames behind damage, which nothing leads to any more.
    """

    file: Path
    first_seq: int = 0
    last_seq: int = -1
    frames: int = 0
    commands: int = 0
    remarks: int = 0
    bytes: int = 0
    ended: str = ""
    archived: bool = False
    first_time_ns: int | None = None
    last_time_ns: int | None = None
    epoch: int = 0
    chained: bool = False
    strays: int = 0


@dataclass(slots=True)
class Verdict:
    """What a journal's files hold.

    Parameters
    ----------
    last_seq
        Last command of the valid beginning.
    segments
        One report for each file.
    problems
        What is damaged or missing: sentences with file and offset.
    warnings
        What is odd and loses nothing.
    torn_tail
        Bytes at the end that were never acknowledged; opening the journal cuts them off.
    snapshots
        Those that can be used, the newest first.
    end
        Position behind the valid beginning, None when there is none.
    known_seq
        Last command that was acknowledged as far as cursor and snapshots know.
    """

    last_seq: int = 0
    segments: list[SegmentReport] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    torn_tail: Cut | None = None
    snapshots: list[Snapshot] = field(default_factory=list)
    end: Position | None = None
    known_seq: int = 0

    @property
    def ok(self) -> bool:
        """Whether everything that was acknowledged is there, as it was written."""
        return not self.problems


def verify(folder: Path | str, *, disk: Disk = REAL) -> Verdict:
    """Read all of a journal: every segment, frame, snapshot and checksum, and how they hang together.

    What somebody is writing at this moment is not judged.

    Raises
    ------
    JournalError
        When there is no journal to read; what is wrong with one is in the verdict.
    """
    folder = Path(folder)
    with disk_errors(folder, "cannot be read"):
        if not disk.exists(folder):
            raise JournalError("there is no such folder", str(folder), "name the folder of a journal")
    verdict = Verdict()
    files = segment_files(disk, folder)
    if not files:
        raise nothing_there(disk, folder)
    mark, known = None, Known(0, "")
    journal = _identity(disk, files)
    if journal:
        # What is known before what is there: a writer at work may only add to it.
        mark = cursor_of(disk, folder, journal, verdict.warnings)
        known = known_by(mark)
        verdict.snapshots = list(usable_snapshots(disk, folder, journal, verdict.warnings))
        if verdict.snapshots and verdict.snapshots[0].seq > known.seq:
            known = Known(verdict.snapshots[0].seq, f"the snapshot {verdict.snapshots[0].path.name}")
        files = segment_files(disk, folder)
    verdict.known_seq = known.seq
    _Verifier(disk, verdict, known, mark).run(files)
    if verdict.torn_tail and _is_being_written(disk, folder):
        # What has no end yet is not torn.
        verdict.torn_tail = None
    with disk_errors(folder, "cannot be read"):
        verdict.problems += check_sums(disk, folder)
    return verdict


def _is_being_written(disk: Disk, folder: Path) -> bool:
    """Whether somebody holds the journal's lock at this moment."""
    try:
        disk.close(disk.lock(folder))
    except BlockingIOError:
        return True
    except OSError:
        # Who may not lock it cannot tell.
        return False
    return False


def _identity(disk: Disk, files: list[Path]) -> bytes:
    """Whose the segments are, as the first header that can be read says; empty when none can."""
    for path in files:
        try:
            return read_header(disk, path).journal
        except JournalError:
            continue
    return b""


class _Verifier:
    """Goes from segment to segment, and on after something is wrong with one."""

    def __init__(self, disk: Disk, verdict: Verdict, known: Known, mark: Mark | None) -> None:
        self._disk = disk
        self._verdict = verdict
        self._known = known
        self._mark = mark
        self._chained = True
        self._before: tuple[Segment, Walk] | None = None

    def run(self, files: list[Path]) -> None:
        for path in files:
            report = SegmentReport(path, archived=path.name.endswith(ARCHIVED))
            self._verdict.segments.append(report)
            try:
                self._one(path, report, last=path == files[-1])
            except JournalError as error:
                self._verdict.problems.append(str(error))
                self._chained = False

    def _one(self, path: Path, report: SegmentReport, *, last: bool) -> None:
        segment = Segment(path, read_header(self._disk, path))
        if self._chained:
            self._check_place(segment)
        with opened(self._disk, path) as source, disk_errors(path, "cannot be read"):
            walk = _walk(source, segment, report)
            rest = strays(source, walk.at.offset) if walk.ended != CLOSED else []
            report.strays = len(rest)
            if self._chained:
                check_mark(path, walk.at, self._mark)
                report.chained = True
                self._verdict.last_seq, self._verdict.end = max(walk.at.seq, 0), walk.at
                self._before = (segment, walk)
                if last:
                    self._verdict.torn_tail = judge(
                        source, walk, segment, self._known, self._mark is not None, self._verdict.warnings
                    )
            if walk.ended == CLOSED and written_bytes(source, walk.at.offset):
                self._verdict.warnings.append(
                    f"{path}, offset {walk.at.offset}: bytes behind the closing frame, which nothing reads"
                )
        broken = walk.ended == BROKEN or (walk.ended != CLOSED and not last)
        if broken and not (last and self._chained):
            what = walk.reason or "its frames end here, and the journal goes on"
            raise JournalError(f"{what} ({after(walk.at.seq)})", f"{path}, offset {walk.at.offset}")

    def _check_place(self, segment: Segment) -> None:
        before, walk = self._before or (None, None)
        misfit = out_of_place([before, segment] if before else [segment])
        if misfit:
            raise JournalError(misfit, f"{segment.path}, offset 0", MISPLACED_REMEDY)
        check_schema(segment, SCHEMA)
        if before and walk:
            check_link(walk, before, segment)


def _walk(source: Source, segment: Segment, report: SegmentReport) -> Walk:
    """Walk along a segment, noting what is in it."""
    walk = Walk(source, segment)
    size = COMMAND.itemsize
    last: bytes = b""
    for step in walk:
        if step.frame.codec == COMMANDS and segment.header.schema == SCHEMA:
            if not last:
                report.first_time_ns = int(np.frombuffer(step.payload[:size], COMMAND)["time_ns"][0])
            last = bytes(step.payload[-size:])
    if last:
        report.last_time_ns = int(np.frombuffer(last, COMMAND)["time_ns"][0])
    report.first_seq, report.last_seq = max(segment.header.first_seq, 1), walk.at.seq
    report.frames, report.commands, report.bytes = walk.frames, walk.commands, walk.at.offset
    report.remarks = walk.remarks
    report.ended, report.epoch = walk.ended, segment.header.epoch
    return walk
