"""What a connection writes at once, what it leaves to its task, and that neither changes the order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

import pytest

from workbench.api.native.stream_connection import Connection
from workbench.api.native.stream_outgoing import Outgoing
from workbench.api.native.stream_pieces import Format
from workbench.api.wire import frame_of
from workbench.domain.frames import Pong


def on_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test on a loop of its own."""

    @wraps(test)
    def run(*args: Any, **named: Any) -> None:
        asyncio.run(test(*args, **named))

    return run


class Socket:
    """A socket that takes frames while it is ready, and messages when it is."""

    def __init__(self) -> None:
        self.said: list[int] = []
        self.frames: list[bytes] = []
        self.may = asyncio.Event()
        self.may.set()
        self.breaks = False

    @property
    def ready(self) -> bool:
        """Whether it takes a frame."""
        return self.may.is_set()

    def write(self, frame: bytes) -> None:
        """Take a frame."""
        if self.breaks:
            raise RuntimeError("broken")
        self.frames.append(frame)
        self.said += [each["id"] for each in json.loads(frame[frame.index(b"[") :])]

    async def send(self, message: Any) -> None:
        """Take a message, when it can."""
        await self.may.wait()
        self.said += [each["id"] for each in json.loads(message["text"])]


def connected(socket: Socket, outgoing: Outgoing) -> Connection:
    """A connection with the short way to its socket."""
    return Connection(socket.send, Format.JSON, _no_snapshot, outgoing, socket)  # type: ignore[arg-type]


def _no_snapshot(topic: Any) -> Any:
    raise AssertionError(topic)


def pong(number: int) -> Pong:
    """A numbered frame."""
    return Pong(id=number, seq=number, time="")


@on_a_loop
async def test_what_one_turn_of_the_loop_brings_is_one_message() -> None:
    socket = Socket()
    connection = connected(socket, Outgoing())
    connection.say(pong(1))
    connection.say(pong(2))
    assert socket.frames == []
    await asyncio.sleep(0)
    assert socket.said == [1, 2]
    assert len(socket.frames) == 1
    content = socket.frames[0][2:] if len(socket.frames[0]) < 128 else socket.frames[0][4:]
    assert socket.frames[0] == frame_of(content, text=True)


@pytest.mark.parametrize("seed", [1, 2, 3])
@on_a_loop
async def test_nothing_is_lost_or_overtaken_when_the_socket_is_slow_now_and_then(seed: int) -> None:
    socket = Socket()
    connection = connected(socket, Outgoing())
    task = asyncio.get_running_loop().create_task(connection.write())
    for number in range(1, 2_001):
        connection.say(pong(number))
        step = (number * (2 * seed + 1)) % 7
        if step == 0:
            socket.may.clear()
        elif step == 3:
            socket.may.set()
        if step % 2:
            await asyncio.sleep(0)
    socket.may.set()
    for _ in range(50):
        await asyncio.sleep(0)
    task.cancel()
    assert socket.said == list(range(1, 2_001))


@on_a_loop
async def test_one_that_breaks_is_closed_and_the_others_hear_what_they_wait_for() -> None:
    outgoing = Outgoing()
    broken, well = Socket(), Socket()
    broken.breaks = True
    first, second = connected(broken, outgoing), connected(well, outgoing)
    first.say(pong(1))
    second.say(pong(1))
    await asyncio.sleep(0)
    assert first.closed.is_set()
    assert well.said == [1]
    second.say(pong(2))
    await asyncio.sleep(0)
    assert well.said == [1, 2]


@on_a_loop
async def test_without_a_wire_everything_goes_through_asgi() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        await asyncio.sleep(0)
        sent.append(message)

    connection = Connection(send, Format.JSON, _no_snapshot, Outgoing(), None)
    task = asyncio.get_running_loop().create_task(connection.write())
    for number in range(1, 101):
        connection.say(pong(number))
        if number % 3 == 0:
            await asyncio.sleep(0)
    for _ in range(20):
        await asyncio.sleep(0)
    task.cancel()
    assert {message["type"] for message in sent} == {"websocket.send"}
    frames = [frame for message in sent for frame in json.loads(message["text"])]
    assert [frame["id"] for frame in frames] == list(range(1, 101))
