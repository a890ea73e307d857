"""What all connections of a session write: once for each turn of the loop, each message made once."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import structlog

from workbench.api.native.stream_pieces import Format, Piece, message
from workbench.api.wire import frame_of

_log = structlog.get_logger("workbench.api")

if TYPE_CHECKING:
    from workbench.api.native.stream_connection import Connection


class Message:
    """Some frames of the stream as one message, for ASGI or as bytes of the wire."""

    def __init__(self, pieces: Sequence[Piece], kind: Format) -> None:
        self._content = message([piece.bytes_in(kind) for piece in pieces], kind)
        self._text = kind is Format.JSON

    @cached_property
    def frame(self) -> bytes:
        """The WebSocket frame."""
        return frame_of(self._content, text=self._text)

    @cached_property
    def asgi(self) -> MutableMapping[str, Any]:
        """What ASGI's `send` takes."""
        content = {"text": self._content.decode()} if self._text else {"bytes": self._content}
        return {"type": "websocket.send", **content}


class Outgoing:
    """The connections that have something to write, and the messages that several of them get."""

    def __init__(self) -> None:
        self._due: list[Connection] = []
        self._shared: dict[tuple[object, ...], Message] = {}

    def add(self, connection: Connection) -> None:
        """Have a connection write when this turn of the loop is over."""
        if not self._due:
            asyncio.get_running_loop().call_soon(self._write)
        self._due.append(connection)

    def _write(self) -> None:
        due, self._due = self._due, []
        for connection in due:
            try:
                connection.write_now()
            except Exception:  # noqa: BLE001 - whatever it is, others must not suffer for it
                # The others are to hear what they are waiting for all the same.
                _log.exception("stream failed")
                connection.close(1011, "the server failed at this; its log says more")
        self._shared.clear()

    def message(self, pieces: Sequence[Piece], kind: Format, *, shared: bool) -> Message:
        """A message of these pieces; one that is shared is made once for all who write in this turn."""
        if not shared:
            return Message(pieces, kind)
        key = (kind, *pieces)
        found = self._shared.get(key)
        if found is None:
            found = self._shared[key] = Message(pieces, kind)
        return found
