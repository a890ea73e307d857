"""The segments of a journal on disk: finding them, and walking along their frames."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import zstandard

from workbench.errors import JournalError
from workbench.journal.disk import Disk, read_file
from workbench.journal.frames import (
    ABOUT,
    COMMANDS,
    DAMAGED,
    FOOTER,
    FOREIGN,
    FRAME_BYTES,
    FRAME_MAGIC,
    HEADER_BYTES,
    REMARK,
    SCHEMA,
    UNKNOWN,
    WITH_REMARKS,
    Frame,
    Header,
    HeaderError,
    frame_checksum,
    unpack_footer,
    unpack_frame,
    unpack_header,
)
from workbench.journal.refusals import damaged, disk_errors

PLAIN = ".wbj"
ARCHIVED = ".wbj.zst"
_NAME = re.compile(r"(\d{20})(\.wbj|\.wbj\.zst)")
_BLOCK_BYTES = 8 << 20


def segment_name(first_seq: int) -> str:
    """File name of the segment that begins with a command; the first begins with 0, what it is about."""
    return f"{first_seq:020d}{PLAIN}"


class Position(NamedTuple):
    """A place between two frames.

    Attributes
    ----------
    seq
        Last command before it.
    segment
        First sequence of the segment, which is its name.
    offset
        Byte in the segment.
    chain
        Checksum of the frame before it, or of the segment's header.
    """

    seq: int
    segment: int
    offset: int
    chain: int


class Source:
    """The bytes of a segment, archived or not."""

    def __init__(self, disk: Disk, path: Path) -> None:
        self.path = path
        self._disk = disk
        self._handle = -1
        self._whole = b""
        if path.name.endswith(ARCHIVED):
            self._whole = expand(path, read_file(disk, path))
            self.size = len(self._whole)
        else:
            self._handle = disk.open(path, write=False)
            self.size = disk.size(self._handle)

    def read(self, count: int, offset: int) -> memoryview:
        """Bytes at an offset, fewer at the end."""
        if self._handle < 0:
            return memoryview(self._whole)[offset : offset + count]
        data = self._disk.read(self._handle, count, offset)
        if 0 < len(data) < count and offset + len(data) < self.size:
            # A read may stop early, at a signal or at the two gigabytes that Linux reads at once.
            parts = [data]
            while (got := sum(map(len, parts))) < count:
                more = self._disk.read(self._handle, count - got, offset + got)
                if not more:
                    break
                parts.append(more)
            data = b"".join(parts)
        return memoryview(data)

    def close(self) -> None:
        """Give the file back."""
        if self._handle >= 0:
            self._disk.close(self._handle)
            self._handle = -1


def expand(path: Path, data: bytes) -> bytes:
    """The segment in an archive's bytes."""
    try:
        return zstandard.ZstdDecompressor().decompress(data)
    except zstandard.ZstdError as reason:
        raise damaged(path, 0, f"the archived segment cannot be expanded: {reason}") from None


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of a journal, and what its header says."""

    path: Path
    header: Header

    @property
    def archived(self) -> bool:
        """Whether it is compressed."""
        return self.path.name.endswith(ARCHIVED)

    @property
    def start(self) -> Position:
        """Just behind the header."""
        return Position(self.header.first_seq - 1, self.header.first_seq, HEADER_BYTES, self.header.checksum)


@contextmanager
def opened(disk: Disk, path: Path) -> Iterator[Source]:
    """The bytes of a segment."""
    with disk_errors(path, "cannot be read"):
        try:
            source = Source(disk, path)
        except FileNotFoundError:
            # It may just have been archived.
            if path.name.endswith(ARCHIVED):
                raise
            source = Source(disk, path.with_name(path.name.removesuffix(PLAIN) + ARCHIVED))
    try:
        yield source
    finally:
        source.close()


# ------------------------------------------------------------------ finding them


def segment_files(disk: Disk, folder: Path) -> list[Path]:
    """The files of a journal's segments in order; of one that is there twice, the one not compressed."""
    with disk_errors(folder, "cannot be read"):
        names = disk.list(folder)
    found: dict[str, str] = {}
    for name in sorted(names):
        match = _NAME.fullmatch(name)
        if match:
            found.setdefault(match[1], name)
    return [folder / found[key] for key in sorted(found)]


def survey(disk: Disk, folder: Path, *, schema: str | None = SCHEMA) -> list[Segment]:
    """All segments of a journal, their headers read and held against each other.

    Parameters
    ----------
    disk
        Where.
    folder
        The journal.
    schema
        Which records are wanted; None takes any.

    Raises
    ------
    JournalError
        When there is none, or one is missing, damaged, of another journal, version or schema.
    """
    files = segment_files(disk, folder)
    if not files:
        raise nothing_there(disk, folder)
    segments: list[Segment] = []
    for path in files:
        segments.append(Segment(path, read_header(disk, path)))
        misfit = out_of_place(segments)
        if misfit:
            raise JournalError(misfit, f"{path}, offset 0", MISPLACED_REMEDY)
        if schema is not None:
            check_schema(segments[-1], schema)
    return segments


MISPLACED_REMEDY = "bring back the missing file, or keep what comes before it with `workbench journal repair`"


def nothing_there(disk: Disk, folder: Path) -> JournalError:
    """Why a folder holds no journal."""
    with disk_errors(folder, "cannot be read"):
        names = disk.list(folder)
    if not names:
        return JournalError("the folder is empty, expected a journal", str(folder), "name another folder")
    strange = ", ".join(repr(name) for name in names[:3])
    return JournalError(
        f"holds no journal: there is no file like {segment_name(0)}, but {strange}",
        str(folder),
        "name the folder of a journal (the one called `journal` in a session's folder)",
    )


def read_header(disk: Disk, path: Path) -> Header:
    """The header of one segment."""
    with opened(disk, path) as source, disk_errors(path, "cannot be read"):
        data = source.read(HEADER_BYTES, 0)
    try:
        return unpack_header(data)
    except HeaderError as problem:
        if problem.kind == DAMAGED:
            raise damaged(path, 0, str(problem)) from None
        what = "is no segment of a journal" if problem.kind == FOREIGN else "cannot be read"
        remedy = (
            "move it out of the folder, or `workbench journal repair` if it was one"
            if problem.kind == FOREIGN
            else "use the version of workbench that wrote it"
        )
        raise JournalError(f"{what}: {problem}", f"{path}, offset 0", remedy) from None


def out_of_place(segments: list[Segment]) -> str:
    """Why the last of some segments does not follow the one before it as its header says, or ""."""
    this = segments[-1]
    header = this.header
    if this.path.name[:20] != f"{header.first_seq:020d}":
        return f"its name says {int(this.path.name[:20])}, and its header begins at {header.first_seq}"
    if len(segments) == 1:
        if header.number != 1:
            missing = header.number - 1
            return f"it is segment {header.number} of its journal, and the {missing} before it are missing"
        return ""
    before = segments[-2].header
    if header.journal != before.journal:
        return (
            f"it is a segment of another journal ({header.journal.hex()[:8]}, "
            f"and the one before it {before.journal.hex()[:8]})"
        )
    if header.number != before.number + 1:
        return (
            f"it is segment {header.number} of its journal, and the one before it is {before.number}: "
            f"{abs(header.number - before.number - 1)} missing"
        )
    if header.schema != before.schema or header.first_seq < before.first_seq:
        return "its header does not continue that of the segment before it"
    return ""


def check_schema(segment: Segment, schema: str) -> None:
    """Refuse records of another layout."""
    if segment.header.schema != schema:
        raise JournalError(
            f"its commands are of layout {segment.header.schema}, and this version has {schema}",
            f"{segment.path}, offset 0",
            "rewrite it with `workbench journal migrate`, or use the version that wrote it",
        )


# ------------------------------------------------------------------ walking along one

CLOSED = "closed"
"""The walk came to a closing frame."""
OPEN = "open"
"""The walk came to where nothing is written."""
BROKEN = "broken"
"""The walk came to bytes that are no frame, or not the next one."""


class Step(NamedTuple):
    """A verified frame, its payload, and where it begins."""

    frame: Frame
    payload: memoryview
    offset: int


class Walk:
    """Frames of a segment from a position on, each verified before it is given.

    A remark that is bound to the commands behind it is given when those are verified too, or not at all.
    When the iteration is over, `ended` tells how and `at` is the position behind the last good frame.

    Parameters
    ----------
    source
        The segment's bytes.
    segment
        Its header.
    start
        Where to begin; behind the header unless given.
    """

    def __init__(self, source: Source, segment: Segment, start: Position | None = None) -> None:
        self._source = source
        self._segment = segment
        self.at = start or segment.start
        self.ended = ""
        self.reason = ""
        self.frames = 0
        self.commands = 0
        self.remarks = 0

    def __iter__(self) -> Iterator[Step]:
        remark: Step | None = None
        for step, behind in self._frames():
            if remark is not None and step.frame.codec != COMMANDS:
                break
            if step.frame.bound:
                remark = step
                continue
            self.at = behind
            self.frames += 1 if remark is None else 2
            self.commands += step.frame.commands if step.frame.codec == COMMANDS else 0
            self.remarks += remark is not None or step.frame.codec == REMARK
            if step.frame.codec == FOOTER:
                self.ended = CLOSED
                return
            if remark is not None:
                yield remark
                remark = None
            yield step
        if remark is not None:
            self._stop("the commands that were written with a remark are missing behind it")

    def _frames(self) -> Iterator[tuple[Step, Position]]:
        """Each verified frame, and the position behind it; sets how it ended unless that was a footer."""
        source, header = self._source, self._segment.header
        seq, _, offset, chain = self.at
        base, block = offset, source.read(_BLOCK_BYTES, offset)
        while True:
            # A frame may begin near the end of a block, or be longer than one.
            if offset + FRAME_BYTES > base + len(block):
                base, block = offset, source.read(_BLOCK_BYTES, offset)
                if len(block) < FRAME_BYTES:
                    self._stop_at_the_end(bytes(block))
                    return
            frame = unpack_frame(block, offset - base)
            if frame is None:
                self._stop_at_the_end(bytes(block[offset - base : offset - base + FRAME_BYTES]))
                return
            end = offset + FRAME_BYTES + frame.payload_bytes
            if end > source.size:
                self._stop(f"a frame of {frame.payload_bytes:,} bytes goes beyond the end of the file")
                return
            if end > base + len(block):
                base, block = offset, source.read(max(_BLOCK_BYTES, end - offset), offset)
                if end > base + len(block):
                    self._stop(f"a frame of {frame.payload_bytes:,} bytes goes beyond the end of the file")
                    return
            place = offset - base
            if frame_checksum(block, place, frame.payload_bytes) != frame.checksum:
                self._stop("the frame's checksum does not fit its bytes")
                return
            payload = block[place + FRAME_BYTES : place + FRAME_BYTES + frame.payload_bytes]
            reason = _misfit(frame, payload, seq, chain, header)
            if reason:
                self._stop(reason)
                return
            seq += frame.commands
            chain = frame.checksum
            yield Step(frame, payload, offset), Position(seq, header.first_seq, end, chain)
            if frame.codec == FOOTER:
                return
            offset = end

    def _stop(self, reason: str) -> None:
        self.ended, self.reason = BROKEN, reason

    def _stop_at_the_end(self, found: bytes) -> None:
        if any(found):
            shown = found[: len(FRAME_MAGIC)]
            self._stop(
                f"expected a frame, which begins with {FRAME_MAGIC!r}, and found {shown!r}"
                if len(found) >= FRAME_BYTES
                else f"the file ends inside the head of a frame, of which {len(found)} bytes are there"
            )
        else:
            self.ended = OPEN


def _misfit(frame: Frame, payload: memoryview, seq: int, chain: int, header: Header) -> str:
    """Why an undamaged frame is not the next one, or ""."""
    if frame.previous != chain:
        return "the frame does not continue the one before it (its chain value is another)"
    if frame.first_seq != seq + 1:
        return f"the frame begins with command {frame.first_seq}, expected {seq + 1}"
    if frame.codec == COMMANDS:
        if frame.commands < 1 or frame.payload_bytes != frame.commands * header.record_bytes:
            return f"the frame has {frame.payload_bytes} bytes for {frame.commands} commands"
    elif frame.codec == FOOTER:
        if frame.commands or unpack_footer(payload).last_seq != seq:
            return f"the closing frame does not close with command {seq}"
        if seq < header.first_seq:
            return "the closing frame closes a segment without commands"
    elif frame.codec == REMARK and header.version >= WITH_REMARKS:
        if frame.commands:
            return f"the frame is a remark and counts {frame.commands} commands"
    elif frame.codec != ABOUT or frame.commands != 1:
        return f"the frame is of a kind ({frame.codec}) that is not known here"
    return ""


def knows(header: Header, frame: Frame) -> bool:
    """Whether a frame is of a kind that a segment may hold."""
    return frame.codec in (COMMANDS, ABOUT, FOOTER) or (
        frame.codec == REMARK and header.version >= WITH_REMARKS
    )


class Stray(NamedTuple):
    """An undamaged frame that nothing leads to."""

    offset: int
    frame: Frame

    def proves_durable(self, at: Position, header: Header) -> bool:
        """Whether it says that something behind a position was durable when it was written."""
        if self.frame.durable_seq > at.seq:
            return True
        # Of remarks alone a sequence says nothing.
        told = header.version >= WITH_REMARKS and self.frame.in_flight_bytes != UNKNOWN
        return told and self.offset - self.frame.in_flight_bytes > at.offset


def strays(source: Source, after: int) -> list[Stray]:
    """Undamaged frames behind a place in a segment, whatever comes before them."""
    data = source.read(source.size - after, after)
    raw = bytes(data)
    found: list[Stray] = []
    at = raw.find(FRAME_MAGIC)
    while at >= 0 and at + FRAME_BYTES <= len(raw):
        frame = unpack_frame(raw, at)
        end = at + FRAME_BYTES + frame.payload_bytes if frame else at
        if frame and end <= len(raw) and frame_checksum(data, at, frame.payload_bytes) == frame.checksum:
            found.append(Stray(after + at, frame))
            at = raw.find(FRAME_MAGIC, end)
        else:
            at = raw.find(FRAME_MAGIC, at + 1)
    return found


def written_bytes(source: Source, after: int) -> int:
    """How many bytes behind a place there are up to the last one that is not zero."""
    return len(bytes(source.read(source.size - after, after)).rstrip(b"\0"))


def sha256(data: bytes) -> str:
    """Hex digest of a file, as `sha256sum` prints it."""
    return hashlib.sha256(data).hexdigest()
