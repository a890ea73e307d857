"""Frames as bytes: each is encoded once for each format, and the same bytes go to all who are to have it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum

import msgspec

from workbench.domain.frames import Frame

_json = msgspec.json.Encoder()
_pack = msgspec.msgpack.Encoder()


class Format(IntEnum):
    """What a connection speaks."""

    JSON = 0
    MSGPACK = 1


class Piece:
    """A frame, its rows apart, and its bytes in the formats that somebody wanted.

    Parameters
    ----------
    frame
        Makes the frame of its rows, which come encoded.
    rows
        The rows.
    """

    __slots__ = ("_bytes", "_frame", "_rows")

    def __init__(self, frame: Frame, rows: Sequence[msgspec.Struct] | None = None) -> None:
        self._frame = frame
        self._rows = rows
        self._bytes: list[bytes | None] = [None, None]

    @classmethod
    def of_bytes(cls, content: bytes, kind: Format) -> Piece:
        """A frame that came as bytes, and is passed on as they are to readers of that format."""
        piece = cls.__new__(cls)
        piece._bytes = [None, None]  # noqa: SLF001 - its own
        piece._bytes[kind] = content  # noqa: SLF001
        return piece

    def bytes_in(self, kind: Format) -> bytes:
        """The frame in a format."""
        found = self._bytes[kind]
        if found is None:
            encoder = _pack if kind is Format.MSGPACK else _json
            if self._rows is not None:
                self._frame.rows = msgspec.Raw(encoder.encode(self._rows))  # type: ignore[attr-defined]
            found = self._bytes[kind] = encoder.encode(self._frame)
        return found


def message(parts: Iterable[bytes], kind: Format) -> bytes:
    """Frames joined to one message, an array, without encoding anything again.

    >>> message([b"{}", b"{}"], Format.JSON)
    b'[{},{}]'
    """
    if kind is Format.JSON:
        return b"[" + b",".join(parts) + b"]"
    listed = list(parts)
    count = len(listed)
    head = bytes((0x90 | count,)) if count < 16 else b"\xdc" + count.to_bytes(2, "big")  # noqa: PLR2004 - a fixarray holds up to 15
    return head + b"".join(listed)
