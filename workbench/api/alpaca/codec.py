"""The two encodings of a WebSocket: JSON and msgpack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from workbench.api.alpaca.moments import moment_text, msgpack_stamp

_json = msgspec.json.Encoder().encode
_msgpack = msgspec.msgpack.Encoder().encode
_FIX_ARRAY_MOST = 15
_ARRAY_16_MOST = 0xFFFF
_TIMESTAMP = -1


class Codec:
    """How one connection's frames are written and read."""

    name = ""
    binary = False

    def encode(self, message: Any) -> bytes:
        """One message."""
        raise NotImplementedError

    def decode(self, frame: bytes | str) -> Any:
        """What a client's frame says; `msgspec.DecodeError` when it is nothing of the kind."""
        raise NotImplementedError

    def array(self, encoded: Sequence[bytes]) -> bytes:
        """A frame that is the array of these encoded messages."""
        raise NotImplementedError

    def moment(self, time_ns: int) -> Any:
        """A time as this encoding has it in market data."""
        raise NotImplementedError


class JsonCodec(Codec):
    """Text frames of JSON.

    >>> JsonCodec().array([b"{}", b"{}"])
    b'[{},{}]'
    """

    name = "json"

    def encode(self, message: Any) -> bytes:
        """One message."""
        return _json(message)

    def decode(self, frame: bytes | str) -> Any:
        """What a client's frame says."""
        return msgspec.json.decode(frame)

    def array(self, encoded: Sequence[bytes]) -> bytes:
        """A frame that is the array of these encoded messages."""
        return b"[" + b",".join(encoded) + b"]"

    def moment(self, time_ns: int) -> Any:
        """RFC 3339 text."""
        return moment_text(time_ns)


class MsgpackCodec(Codec):
    """Binary frames of msgpack, with times as its timestamp extension."""

    name = "msgpack"
    binary = True

    def encode(self, message: Any) -> bytes:
        """One message."""
        return _msgpack(message)

    def decode(self, frame: bytes | str) -> Any:
        """What a client's frame says; a text frame is taken as JSON, for people who try it by hand."""
        return msgspec.json.decode(frame) if isinstance(frame, str) else msgspec.msgpack.decode(frame)

    def array(self, encoded: Sequence[bytes]) -> bytes:
        """A frame that is the array of these encoded messages."""
        count = len(encoded)
        if count <= _FIX_ARRAY_MOST:
            head = bytes([0x90 | count])
        elif count <= _ARRAY_16_MOST:
            head = b"\xdc" + count.to_bytes(2, "big")
        else:
            head = b"\xdd" + count.to_bytes(4, "big")
        return head + b"".join(encoded)

    def moment(self, time_ns: int) -> Any:
        """The timestamp extension, exact to the nanosecond."""
        return msgspec.msgpack.Ext(_TIMESTAMP, msgpack_stamp(time_ns))


JSON = JsonCodec()
MSGPACK = MsgpackCodec()


def codec_of(content_type: str) -> Codec:
    """The encoding that a handshake's Content-Type asks for."""
    return MSGPACK if "msgpack" in content_type.lower() else JSON
