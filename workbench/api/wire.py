"""A short way to a WebSocket's transport: the same bytes written to many, with no task and no copy between.

ASGI's `send` is a coroutine that wraps each message anew for each connection. Where the server is uvicorn's
sans-I/O protocol without extensions, a message is a header and its content, and may as well be written to
the transport at once. Everywhere else `Wire.of` gives None, and messages go through ASGI: also where a
version of uvicorn no longer has what is read here, which is nobody's public interface.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import Scope, Send
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Opcode
from websockets.protocol import OPEN

_SEND = "workbench.wire_send"
_FINAL = 0x80
_SHORT, _MEDIUM = 126, 1 << 16


def remember(scope: Scope, send: Send) -> None:
    """Keep the server's own `send` of a WebSocket, before layers of the application wrap it."""
    scope[_SEND] = send


def frame_of(content: bytes, *, text: bool) -> bytes:
    r"""A whole message as one frame of a server (RFC 6455, 5.2), which is not masked.

    >>> frame_of(b"hello", text=True)
    b'\x81\x05hello'
    """
    first = _FINAL | (Opcode.TEXT if text else Opcode.BINARY)
    size = len(content)
    if size < _SHORT:
        return bytes((first, size)) + content
    if size < _MEDIUM:
        return bytes((first, 126)) + size.to_bytes(2, "big") + content
    return bytes((first, 127)) + size.to_bytes(8, "big") + content


class Wire:
    """The transport of one WebSocket that is open.

    Parameters
    ----------
    protocol
        uvicorn's side of the connection.
    """

    __slots__ = ("_connection", "_protocol", "write")

    def __init__(self, protocol: WebSocketsSansIOProtocol) -> None:
        self._protocol = protocol
        self._connection = protocol.conn
        self.write = protocol.transport.write

    @classmethod
    def of(cls, scope: Scope) -> Wire | None:
        """The wire of an accepted WebSocket; None where messages must go through ASGI."""
        protocol: Any = getattr(scope.get(_SEND), "__self__", None)
        if not isinstance(protocol, WebSocketsSansIOProtocol) or not _is_known(protocol):
            return None
        return cls(protocol)

    @property
    def ready(self) -> bool:
        """Whether a frame may be written now: the peer keeps up, and nobody has said goodbye."""
        protocol = self._protocol
        return (
            self._connection.state is OPEN
            and protocol.writable.is_set()
            and not protocol.disconnected
            and not protocol.close_sent
            and not protocol.transport.is_closing()
        )


def _is_known(protocol: Any) -> bool:
    """Whether a protocol has all that is read of it, as it is known here, and no extension between."""
    connection, transport = (getattr(protocol, name, None) for name in ("conn", "transport"))
    return (
        getattr(connection, "state", None) is OPEN
        and getattr(connection, "extensions", None) == []
        and isinstance(getattr(protocol, "writable", None), asyncio.Event)
        and getattr(protocol, "disconnected", None) is False
        and getattr(protocol, "close_sent", None) is False
        and callable(getattr(transport, "write", None))
        and callable(getattr(transport, "is_closing", None))
    )
