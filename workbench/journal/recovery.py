"""What a journal's files still hold after whatever happened, and whether that is all that was acknowledged.

Nothing is changed here; the writer that opens the journal does what a `Finding` says.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from workbench.journal.cursor import Mark, read_cursor
from workbench.journal.disk import Disk
from workbench.journal.frames import ABOUT, COMMANDS, HEADER_BYTES, SCHEMA, Frame
from workbench.journal.refusals import damaged, disk_errors
from workbench.journal.segments import (
    BROKEN,
    CLOSED,
    Position,
    Segment,
    Source,
    Stray,
    Walk,
    knows,
    opened,
    segment_name,
    strays,
    survey,
    written_bytes,
)
from workbench.journal.snapshots import usable_snapshots


@dataclass(frozen=True, slots=True)
class Cut:
    """A torn tail: bytes behind the last whole frame that were never acknowledged.

    Parameters
    ----------
    file
        The segment.
    offset
        Where the whole frames end.
    bytes
        How many bytes there are behind it.
    reason
        What is wrong with them.
    """

    file: Path
    offset: int
    bytes: int
    reason: str

    def __str__(self) -> str:
        return (
            f"{self.file}, offset {self.offset}: a torn tail of {self.bytes:,} bytes, which was never "
            f"acknowledged ({self.reason})"
        )


@dataclass(frozen=True, slots=True)
class Recovery:
    """What opening a journal found and did.

    Parameters
    ----------
    last_seq
        Last command in it.
    verified_from
        First command that was verified; those before it are covered by a snapshot.
    cut
        The torn tail that was cut off, if there was one.
    warnings
        What else was not as it should be: sentences with file and offset.
    """

    last_seq: int
    verified_from: int
    cut: Cut | None = None
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class Finding:
    """The state of a journal's files."""

    segments: list[Segment]
    end: Position
    closed: bool
    verified_from: int
    mark: Mark | None
    cut: Cut | None = None
    warnings: list[str] = field(default_factory=list)


class Known(NamedTuple):
    """The highest sequence that something outside the segments knows, and what that is.

    Attributes
    ----------
    seq
        Of a command.
    by
        Who knows it.
    position
        Exactly where that was, when that is known: remarks may stand behind the last command.
    """

    seq: int
    by: str
    position: Position | None = None

    def missing(self, at: Position, *, closed: bool) -> str:
        """What is known and not there when the frames end at a position, or ""."""
        if self.seq > at.seq:
            return f"{self.by} knows that {self.seq} were acknowledged"
        known = self.position
        if known is None or known[:3] <= at[:3]:
            return ""
        # A segment without frames is nothing that was acknowledged; but all before it was closed.
        if known.offset == HEADER_BYTES and (closed or known.segment == at.segment):
            return ""
        where = f"offset {known.offset} of {segment_name(known.segment)}"
        return f"{self.by} knows that what was acknowledged ends at {where}"


def known_by(mark: Mark | None) -> Known:
    """What the cursor knows."""
    return Known(mark.position.seq, "the cursor", mark.position) if mark else Known(0, "")


def examine(disk: Disk, folder: Path, *, schema: str | None = SCHEMA) -> Finding:
    """Walk along a journal from its newest whole snapshot on, and judge its end.

    Raises
    ------
    JournalError
        When something in it is missing or damaged that may have been acknowledged.
    """
    segments = survey(disk, folder, schema=schema)
    warnings: list[str] = []
    journal = segments[0].header.journal
    mark = cursor_of(disk, folder, journal, warnings)
    known = known_by(mark)
    start = segments[0].start
    snapshot = next(usable_snapshots(disk, folder, journal, warnings), None)
    if snapshot:
        if snapshot.seq > known.seq:
            known = Known(snapshot.seq, f"the snapshot {snapshot.path.name}")
        start = snapshot.position
    # A segment that no frame came into goes away or is made anew, so nothing may hang on its header.
    first = max((i for i, s in enumerate(segments) if s.header.first_seq <= start.seq + 1), default=0)
    exact = segments[first].header.first_seq == start.segment and start.offset > HEADER_BYTES
    at = start if exact else None
    for index in range(first, len(segments)):
        segment, last = segments[index], index == len(segments) - 1
        with opened(disk, segment.path) as source, disk_errors(segment.path, "cannot be read"):
            walk = walk_through(source, segment, at)
            check_mark(segment.path, walk.at, mark)
            cut = judge(source, walk, segment, known, mark is not None, warnings) if last else None
        if not last:
            check_link(walk, segment, segments[index + 1])
        at = None
    return Finding(
        segments=segments,
        end=walk.at,
        closed=walk.ended == CLOSED,
        verified_from=max(start.seq + 1, 1),
        mark=mark,
        cut=cut,
        warnings=warnings,
    )


def cursor_of(disk: Disk, folder: Path, journal: bytes, warnings: list[str]) -> Mark | None:
    """The cursor, if there is one and it is this journal's; `warnings` says if not."""
    with disk_errors(folder / "cursor", "cannot be read"):
        mark = read_cursor(disk, folder)
    if mark is None:
        warnings.append(
            f"{folder / 'cursor'}: missing or damaged, so that acknowledged commands at the end of the "
            "journal could be missing unnoticed"
        )
    elif mark.journal != journal:
        warnings.append(f"{folder / 'cursor'}: it is of another journal and says nothing about this one")
        return None
    elif not mark.whole:
        warnings.append(
            f"{folder / 'cursor'}: one of its two slots is damaged, so that the latest acknowledged commands "
            "could be missing unnoticed"
        )
    return mark


def walk_through(source: Source, segment: Segment, start: Position | None = None) -> Walk:
    """A walk to its end."""
    walk = Walk(source, segment, start)
    for _ in walk:
        pass
    return walk


def check_link(walk: Walk, segment: Segment, after: Segment) -> None:
    """Refuse a segment that is not closed although another follows, or that the next does not continue."""
    if walk.ended != CLOSED:
        raise damaged(
            segment.path,
            walk.at.offset,
            f"{walk.reason or 'its frames end here'}, and the journal goes on in {after.path.name}",
        )
    if after.header.first_seq != walk.at.seq + 1 or after.header.previous != walk.at.chain:
        raise damaged(
            after.path,
            0,
            f"it begins with command {after.header.first_seq} and does not continue "
            f"{segment.path.name}, which ends with {walk.at.seq}",
        )


def check_mark(path: Path, at: Position, mark: Mark | None) -> None:
    """Refuse a last frame that is whole and not the one that was acknowledged."""
    known = mark.position if mark else at
    # The header of a segment without frames may have been made anew.
    same = known[:3] == at[:3] and at.offset > HEADER_BYTES
    if same and known.chain != at.chain:
        raise damaged(
            path,
            at.offset,
            f"{_last(at.seq)} is the last one before it, as the cursor says, but in another frame than that "
            "which was acknowledged (its checksum is another)",
        )


def judge(
    source: Source, walk: Walk, segment: Segment, known: Known, has_cursor: bool, warnings: list[str]
) -> Cut | None:
    """What the end of the last segment is: closed, open, torn; or, if that may lose something, refused.

    What was in flight when the power failed may be on disk in any part: also a later frame without an earlier
    one. Each frame says what was durable when it was written, so a later frame proves that damage before it
    was acknowledged only if it says so; otherwise both were in flight.
    """
    seq, offset = walk.at.seq, walk.at.offset
    path = segment.path
    missing = known.missing(walk.at, closed=walk.ended == CLOSED)
    if missing:
        raise damaged(path, offset, f"{walk.reason or 'the frames end here'} {after(seq)}, and {missing}")
    if walk.ended == CLOSED:
        return None
    later = strays(source, offset)
    if later and later[0].offset == offset and _continues(walk, later[0].frame, segment):
        if not later[0].frame.bound or _completed(later):
            # Somebody wrote it after we had come here, and what follows is theirs too.
            return None
        # A remark came through and the commands that it was written with did not: neither counts.
        del later[0]
    if later and (
        later[0].offset == offset
        or not has_cursor
        or any(stray.proves_durable(walk.at, segment.header) for stray in later)
    ):
        raise damaged(
            path,
            offset,
            f"{walk.reason or 'nothing is written here'} {after(seq)}, and an undamaged frame "
            f"follows at offset {later[0].offset}",
        )
    count = written_bytes(source, offset)
    if count:
        reason = walk.reason if walk.ended == BROKEN else "zeros where a frame should begin"
        return Cut(path, offset, count, reason)
    # One of remarks alone is left unclosed, and cut to its content all the same.
    of_remarks = seq < segment.header.first_seq and offset > HEADER_BYTES
    if source.size < segment.header.allocated_bytes and not of_remarks:
        warnings.append(
            f"{path}, offset {source.size}: the file was made {segment.header.allocated_bytes:,} bytes long "
            "and its end is missing; nothing was written there as far as can be seen"
        )
    return None


def after(seq: int) -> str:
    """Where in a journal something is: the frame about the journal is number 0, and before it is -1.

    >>> after(7), after(0), after(-1)
    ('after command 7', 'before the first command', 'in the frame that tells about the journal')
    """
    if seq > 0:
        return f"after command {seq}"
    return "before the first command" if seq == 0 else "in the frame that tells about the journal"


def _last(seq: int) -> str:
    return f"command {seq}" if seq > 0 else "the frame that tells about the journal"


def _continues(walk: Walk, frame: Frame, segment: Segment) -> bool:
    return (
        frame.previous == walk.at.chain
        and frame.first_seq == walk.at.seq + 1
        and knows(segment.header, frame)
    )


def _completed(later: list[Stray]) -> bool:
    """Whether the commands that the first of some frames, a remark, was written with stand behind it."""
    first, then = later[0], later[1:2]
    return bool(then) and then[0].frame.codec == COMMANDS and then[0].frame.previous == first.frame.checksum


def read_about(disk: Disk, segments: list[Segment]) -> dict[str, Any]:
    """What the journal's first frame says of it."""
    first = segments[0]
    with opened(disk, first.path) as source, disk_errors(first.path, "cannot be read"):
        walk = Walk(source, first)
        step = next(iter(walk), None)
        if step is None or step.frame.codec != ABOUT:
            raise damaged(
                first.path, HEADER_BYTES, walk.reason or "the frame that tells about the journal is missing"
            )
        about: dict[str, Any] = json.loads(bytes(step.payload))
    return about
