"""How long a peer may take, and how much may wait for it: the server's own protocols with a peer of paper.

Time passes only while nothing is left to do, and then at once: so a slow machine fails none.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.server import ServerState
from websockets.client import ClientProtocol
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from workbench.api import protocol as module
from workbench.api.protocol import BoundedWebSocket, timed_protocol

SOON_S = 0.05
LATER_S = 0.15


class Unhurried(selectors.DefaultSelector):
    """Waits for nothing, and keeps how long it was to have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.passed_s = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        """What is ready now."""
        if timeout:
            self.passed_s += timeout
        return super().select(0)


def unhurried_loop() -> asyncio.AbstractEventLoop:
    """A loop whose time passes while it waits, and then at once."""
    selector = Unhurried()
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.passed_s  # type: ignore[method-assign]
    return loop


def on_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test on a loop of its own."""

    @wraps(test)
    def run(*args: Any, **named: Any) -> None:
        with asyncio.Runner(loop_factory=unhurried_loop) as runner:
            runner.run(test(*args, **named))

    return run


class Transport:
    """A connection whose peer takes nothing unless it is told to."""

    def __init__(self) -> None:
        self.sent = bytearray()
        self.others = 0
        self.aborted = False
        self.closing = False

    def write(self, content: bytes) -> None:
        """Keep it waiting."""
        self.sent += content

    def get_write_buffer_size(self) -> int:
        """What waits: what was sent, and what the application had sent before."""
        return len(self.sent) + self.others

    def get_extra_info(self, _name: str, default: Any = None) -> Any:
        """Nothing is known of it."""
        return default

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return self.closing or self.aborted

    def close(self) -> None:
        """Close it once all was sent."""
        self.closing = True

    def abort(self) -> None:
        """Drop it now."""
        self.aborted = True

    def pause_reading(self) -> None:
        """Nothing more is read."""

    def resume_reading(self) -> None:
        """It is read again."""


async def quiet(scope: Any, _receive: Any, send: Any) -> None:
    """An application that takes every WebSocket, and never says anything."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
    await asyncio.sleep(60)


def config() -> Config:
    """A server's settings."""
    made = Config(quiet, ws="websockets-sansio", ws_per_message_deflate=False, log_config=None)
    made.load()
    return made


def http(header_seconds_max: float = 60.0) -> tuple[Any, Transport]:
    """The server's side of an HTTP connection."""
    protocol, transport = timed_protocol(header_seconds_max)(config(), ServerState(), {}), Transport()
    protocol.connection_made(transport)  # type: ignore[arg-type]
    return protocol, transport


async def socket() -> tuple[Any, Transport, ClientProtocol]:
    """The server's side of a WebSocket after its handshake, its transport, and its peer."""
    protocol, transport = BoundedWebSocket(config(), ServerState(), {}), Transport()
    protocol.connection_made(transport)  # type: ignore[arg-type]
    peer = ClientProtocol(parse_uri("ws://server/"))
    peer.send_request(peer.connect())
    protocol.data_received(b"".join(peer.data_to_send()))
    for _ in range(5):
        await asyncio.sleep(0)
    peer.receive_data(bytes(transport.sent))
    assert peer.state is OPEN
    transport.sent.clear()
    return protocol, transport, peer


def test_the_bounds_are_what_the_documentation_says() -> None:
    assert (module.WRITE_SECONDS_MAX, module.CLOSE_SECONDS_MAX) == (30.0, 15.0)
    assert module.UNSENT_BYTES_MAX == 16 << 20


@on_a_loop
async def test_what_was_said_in_a_handshake_does_not_stay() -> None:
    protocol, _, peer = await socket()
    assert peer.state is OPEN
    assert not list(protocol.request.headers.raw_items())
    assert not list(protocol.response.headers.raw_items())
    # What the application was given is its own.
    assert b"server" in dict(protocol.scope["headers"]).values()


@on_a_loop
async def test_an_answer_that_nobody_takes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WRITE_SECONDS_MAX", SOON_S)
    protocol, transport = http()
    protocol.pause_writing()
    assert not transport.aborted
    await asyncio.sleep(LATER_S)
    assert transport.aborted


@pytest.mark.parametrize("what", ["resume_writing", "connection_lost"])
@on_a_loop
async def test_one_that_is_taken_in_time_is_not(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WRITE_SECONDS_MAX", SOON_S)
    protocol, transport = http()
    protocol.pause_writing()
    if what == "resume_writing":
        protocol.resume_writing()
    else:
        protocol.connection_lost(None)
    await asyncio.sleep(LATER_S)
    assert not transport.aborted


@on_a_loop
async def test_each_pause_counts_from_its_own_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WRITE_SECONDS_MAX", LATER_S)
    protocol, transport = http()
    for _ in range(3):
        protocol.pause_writing()
        await asyncio.sleep(SOON_S)
        protocol.resume_writing()
        await asyncio.sleep(SOON_S)
    assert not transport.aborted


@on_a_loop
async def test_headers_that_do_not_come_end_the_connection() -> None:
    protocol, transport = http(SOON_S)
    protocol.data_received(b"GET /health HTTP/1.1\r\nhost: x\r\n")
    await asyncio.sleep(LATER_S)
    assert transport.aborted


@on_a_loop
async def test_headers_that_come_in_time_do_not() -> None:
    protocol, transport = http(SOON_S)
    protocol.data_received(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
    await asyncio.sleep(LATER_S)
    assert not transport.aborted


@pytest.mark.parametrize("over", [False, True])
@on_a_loop
async def test_a_peer_that_only_speaks_is_cut_off_at_so_many_bytes(
    over: bool,
) -> None:
    protocol, transport, peer = await socket()
    transport.others = module.UNSENT_BYTES_MAX - (0 if over else 1_000)
    peer.send_ping(b"anybody there?")
    protocol.data_received(b"".join(peer.data_to_send()))
    # The pong to it is what is too much.
    assert transport.sent
    assert transport.aborted is over


@on_a_loop
async def test_text_that_is_none_ends_the_connection_with_1007() -> None:
    protocol, _, peer = await socket()
    peer.send_text(b"\xff\xfe")
    protocol.data_received(b"".join(peer.data_to_send()))
    assert protocol.conn.close_sent.code == 1007
    assert protocol.frames == []
    with pytest.raises(ClientDisconnected):
        await protocol.send({"type": "websocket.send", "text": "too late"})


@on_a_loop
async def test_a_peer_that_answers_no_ping_is_gone_with_what_waits_for_it() -> None:
    protocol, transport, _ = await socket()
    transport.others = 1
    protocol.keepalive_timeout()
    assert transport.aborted


@pytest.mark.parametrize("lost", [False, True])
@on_a_loop
async def test_a_socket_whose_end_nobody_takes_is_dropped(
    lost: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CLOSE_SECONDS_MAX", SOON_S)
    protocol, transport, _ = await socket()
    (task,) = protocol.tasks
    task.cancel()
    await asyncio.sleep(SOON_S / 5)
    assert not transport.aborted
    if lost:
        protocol.connection_lost(None)
    await asyncio.sleep(LATER_S)
    assert transport.aborted is not lost
