"""The short way to a WebSocket's transport writes what a WebSocket library reads, and only when it may."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Opcode
from websockets.protocol import CLIENT, OPEN, Protocol

from workbench.api.protocol import BoundedWebSocket
from workbench.api.wire import Wire, frame_of, remember


def on_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test on a loop of its own."""

    @wraps(test)
    def run(*args: Any, **named: Any) -> None:
        asyncio.run(test(*args, **named))

    return run


class Transport:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.written = b""
        self.closing = False

    def write(self, content: bytes) -> None:
        """Keep it."""
        self.written += content

    def is_closing(self) -> bool:
        """Whether it takes nothing more."""
        return self.closing


async def nothing(_scope: Any, _receive: Any, _send: Any) -> None:
    """No application."""


async def opened(kind: type[WebSocketsSansIOProtocol] = BoundedWebSocket) -> WebSocketsSansIOProtocol:
    """The server's side of a connection after its handshake."""
    config = Config(nothing, ws="websockets-sansio", ws_per_message_deflate=False, log_config=None)
    config.load()
    protocol = kind(config, ServerState(), {})
    protocol.transport = Transport()  # type: ignore[assignment]
    protocol.conn.state = OPEN
    return protocol


def scope_of(protocol: WebSocketsSansIOProtocol) -> dict[str, Any]:
    """The scope of its WebSocket."""
    scope: dict[str, Any] = {}
    remember(scope, protocol.send)  # type: ignore[arg-type]
    return scope


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
@pytest.mark.parametrize("text", [True, False])
def test_a_frame_is_read_by_a_client(size: int, text: bool) -> None:
    content = b"x" * size
    client = Protocol(CLIENT, max_size=None)
    client.receive_data(frame_of(content, text=text))
    (frame,) = client.events_received()
    assert frame.opcode is (Opcode.TEXT if text else Opcode.BINARY)  # type: ignore[union-attr]
    assert frame.fin  # type: ignore[union-attr]
    assert frame.data == content  # type: ignore[union-attr]


@on_a_loop
async def test_a_frame_is_what_the_server_itself_would_send() -> None:
    protocol = await opened()
    protocol.conn.send_text(b"[1,2,3]")
    assert b"".join(protocol.conn.data_to_send()) == frame_of(b"[1,2,3]", text=True)


@pytest.mark.parametrize("kind", [WebSocketsSansIOProtocol, BoundedWebSocket])
@on_a_loop
async def test_it_writes_to_the_transport(kind: type[WebSocketsSansIOProtocol]) -> None:
    protocol = await opened(kind)
    wire = Wire.of(scope_of(protocol))
    assert wire is not None
    assert wire.ready
    wire.write(b"abc")
    assert protocol.transport.written == b"abc"  # type: ignore[attr-defined]


@on_a_loop
async def test_it_is_not_ready_when_the_peer_is_slow_or_going() -> None:
    protocol = await opened()
    wire = Wire.of(scope_of(protocol))
    assert wire is not None
    protocol.pause_writing()
    assert not wire.ready
    protocol.resume_writing()
    assert wire.ready
    protocol.transport.closing = True
    assert not wire.ready
    protocol.transport.closing = False
    protocol.close_sent = True
    assert not wire.ready
    protocol.close_sent = False
    protocol.conn.send_close(1000)
    assert not wire.ready


@on_a_loop
async def test_there_is_none_for_other_servers_or_with_extensions() -> None:
    assert Wire.of({}) is None
    scope: dict[str, Any] = {}
    remember(scope, nothing)  # type: ignore[arg-type]
    assert Wire.of(scope) is None
    protocol = await opened()
    protocol.conn.extensions = [object()]  # type: ignore[list-item]
    assert Wire.of(scope_of(protocol)) is None


@pytest.mark.parametrize("gone", ["conn", "writable", "disconnected", "close_sent", "transport"])
@pytest.mark.parametrize("now", ["missing", "something else"])
@on_a_loop
async def test_there_is_none_where_uvicorn_is_made_otherwise(gone: str, now: str) -> None:
    protocol = await opened()
    assert Wire.of(scope_of(protocol)) is not None
    if now == "missing":
        delattr(protocol, gone)
    else:
        setattr(protocol, gone, object())
    assert Wire.of(scope_of(protocol)) is None
