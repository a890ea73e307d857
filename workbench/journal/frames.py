"""The bytes of a journal: headers of segments, frames, and the frame that closes a segment.

All numbers are little-endian. docs/journal.md describes every field.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, NamedTuple

from crc32c import crc32c

from workbench.domain.records import COMMAND, schema_hash
from workbench.journal.disk import Bytes

VERSION: Final = 2
"""Of the format, as it is written. The magic and the place of the checksum in the header of a segment are the
same in all.
"""

WITH_REMARKS: Final = 2
"""The first version that knows remarks, and whose frames say how many bytes were in flight before them."""

READABLE: Final = (1, 2)

SCHEMA: Final = schema_hash(COMMAND)
"""What this version writes."""

# ------------------------------------------------------------------ header of a segment

SEGMENT_MAGIC: Final = b"WBJOURNL"
_SEGMENT = struct.Struct("<8sHHI16s16sIIQQQ")
_CHECKSUM = struct.Struct("<I")
HEADER_BYTES: Final = 128


class HeaderError(ValueError):
    """Why bytes are no header of a segment of ours; `kind` is one of the constants below."""

    def __init__(self, kind: str, said: str) -> None:
        super().__init__(said)
        self.kind = kind


FOREIGN: Final = "foreign"
DAMAGED: Final = "damaged"
OTHER_VERSION: Final = "version"


@dataclass(frozen=True, slots=True)
class Header:
    """What a segment says of itself.

    Parameters
    ----------
    schema
        Hash of the layout of the records in it.
    record_bytes
        Size of one of them.
    journal
        16 random bytes that all segments of a journal share.
    number
        1, 2, 3 ... along the journal.
    first_seq
        Sequence of the first command in it, or of the next one to come.
    previous
        Checksum of the last frame of the segment before it; 0 in the first.
    epoch
        Of the writer that made it.
    allocated_bytes
        How long the file was made.
    version
        Of the format that it is in.
    """

    schema: str
    record_bytes: int
    journal: bytes
    number: int
    first_seq: int
    previous: int
    epoch: int
    allocated_bytes: int
    version: int = VERSION

    def pack(self) -> bytes:
        """The header's bytes."""
        body = _SEGMENT.pack(
            SEGMENT_MAGIC,
            self.version,
            self.record_bytes,
            0,
            self.schema.encode(),
            self.journal,
            self.number,
            self.previous,
            self.epoch,
            self.first_seq,
            self.allocated_bytes,
        ).ljust(HEADER_BYTES - _CHECKSUM.size, b"\0")
        return body + _CHECKSUM.pack(crc32c(body))

    @property
    def checksum(self) -> int:
        """Checksum of the header's bytes: what the first frame of the segment continues."""
        return int(_CHECKSUM.unpack(self.pack()[-_CHECKSUM.size :])[0])


def unpack_header(data: Bytes) -> Header:
    """The header at the start of a segment.

    Raises
    ------
    HeaderError
        When there is none, it is damaged, or of another version of the format.
    """
    data = bytes(data[:HEADER_BYTES])
    if len(data) < HEADER_BYTES:
        raise HeaderError(DAMAGED, f"it ends after {len(data)} of the {HEADER_BYTES} bytes of its header")
    if data[: len(SEGMENT_MAGIC)] != SEGMENT_MAGIC:
        raise HeaderError(
            FOREIGN, f"it begins with {data[:8]!r}, and segments of a journal with {SEGMENT_MAGIC!r}"
        )
    body = data[: -_CHECKSUM.size]
    if crc32c(body) != _CHECKSUM.unpack(data[-_CHECKSUM.size :])[0]:
        raise HeaderError(DAMAGED, "its header is damaged: the checksum does not fit")
    _, version, size, _, schema, journal, number, previous, epoch, first_seq, allocated = (
        _SEGMENT.unpack_from(body)
    )
    if version not in READABLE:
        known = " and ".join(map(str, READABLE))
        raise HeaderError(
            OTHER_VERSION, f"it is of version {version} of the format, and versions {known} are known here"
        )
    return Header(
        schema.decode("ascii", "replace"),
        size,
        journal,
        number,
        first_seq,
        previous,
        epoch,
        allocated,
        version,
    )


# ------------------------------------------------------------------ frames

FRAME_MAGIC: Final = b"WBF\x01"
_FRAME = struct.Struct("<4sI")
_FRAME_REST = struct.Struct("<IIQQIIHHI")
FRAME_BYTES: Final = _FRAME.size + _FRAME_REST.size
_WHOLE = struct.Struct("<4sIIIQQIIHHI")
assert _WHOLE.size == FRAME_BYTES

COMMANDS: Final = 0
ABOUT: Final = 1
FOOTER: Final = 2
REMARK: Final = 3
"""Codecs: raw records, JSON about the journal (the first frame of all), the end of a segment, and bytes that
somebody wrote beside the commands.
"""

BOUND: Final = 1
"""Flag of a remark: it counts only together with the frame of commands behind it."""

UNKNOWN: Final = 0xFFFFFFFF
"""Instead of how many bytes were in flight."""

_FOOTER = struct.Struct("<QQ")
FOOTER_BYTES: Final = FRAME_BYTES + _FOOTER.size
"""Room that each segment keeps for its last frame."""

LARGEST_PAYLOAD: Final = 1 << 30


class Frame(NamedTuple):
    """The head of a frame; see `docs/journal.md`.

    Attributes
    ----------
    checksum
        CRC32C over everything in the frame that follows it.
    previous
        Checksum of the frame before it, or of the segment's header.
    payload_bytes
        Length of the payload.
    first_seq
        Sequence of its first command; of a frame without commands, that of the next one to come.
    durable_seq
        Last command that was durable when the frame was written.
    commands
        How many sequence numbers it holds: its commands; 1 of the first frame of all, which is number 0.
    epoch
        Of its writer.
    codec
        What the payload is.
    flags
        `BOUND` or nothing.
    in_flight_bytes
        How many bytes before it in its segment were not known to be durable when it was written, or
        `UNKNOWN`. In segments before `WITH_REMARKS` it says nothing.
    """

    checksum: int
    previous: int
    payload_bytes: int
    first_seq: int
    durable_seq: int
    commands: int
    epoch: int
    codec: int
    flags: int
    in_flight_bytes: int

    @property
    def bound(self) -> bool:
        """Whether it is a remark that counts only together with the commands behind it."""
        return self.codec == REMARK and self.flags & BOUND != 0


class Footer(NamedTuple):
    """What closes a segment: how many commands it holds, and the last sequence."""

    commands: int
    last_seq: int


def pack_frame(
    payload: Bytes,
    *,
    previous: int,
    first_seq: int,
    durable_seq: int,
    commands: int,
    epoch: int,
    codec: int = COMMANDS,
    flags: int = 0,
    in_flight_bytes: int = UNKNOWN,
) -> tuple[bytes, int]:
    """The frame's head (which goes before the payload) and its checksum."""
    rest = _FRAME_REST.pack(
        previous,
        len(payload),
        first_seq,
        durable_seq,
        commands,
        epoch & 0xFFFFFFFF,
        codec,
        flags,
        in_flight_bytes,
    )
    checksum = crc32c(payload, crc32c(rest))
    return _FRAME.pack(FRAME_MAGIC, checksum) + rest, checksum


def unpack_frame(data: Bytes, at: int = 0) -> Frame | None:
    """The head of a frame at a place, or None when no frame begins there; nothing is verified yet."""
    magic, *fields = _WHOLE.unpack_from(data, at)
    return Frame(*fields) if magic == FRAME_MAGIC else None


def frame_checksum(data: memoryview, at: int, payload_bytes: int) -> int:
    """The checksum that the frame at a place should have."""
    return crc32c(data[at + _FRAME.size : at + FRAME_BYTES + payload_bytes])


def pack_footer(footer: Footer) -> bytes:
    """The payload of a closing frame."""
    return _FOOTER.pack(*footer)


def unpack_footer(payload: Bytes) -> Footer:
    """The payload of a closing frame."""
    return Footer(*_FOOTER.unpack_from(payload))
