"""Frames on their way to one client: bounded, in order, written by one task."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import NamedTuple

MOST_FRAMES = 512
MOST_BYTES = 8 << 20


class _End(NamedTuple):
    code: int
    sentence: str


class Outbox:
    """What one connection still has to be sent.

    A client that reads slower than its market speaks fills it; then everything that waits is dropped, the
    farewell is sent and the connection ends, so that it costs the others nothing.

    Parameters
    ----------
    send
        Writes a frame; waits while the client's socket takes no more.
    close
        Ends the connection with a WebSocket code and a sentence.
    farewell
        The frame that tells a slow client why.
    """

    def __init__(
        self,
        send: Callable[[bytes], Awaitable[None]],
        close: Callable[[int, str], Awaitable[None]],
        farewell: bytes = b"",
    ) -> None:
        self._send = send
        self._close = close
        self._farewell = farewell
        self._waiting: deque[bytes | _End] = deque()
        self._waiting_bytes = 0
        self._ready = asyncio.Event()
        self._sent = asyncio.Event()
        self.ended = False
        self.slow = False

    def __len__(self) -> int:
        return len(self._waiting)

    def push(self, frame: bytes) -> None:
        """Have a frame sent after those before it; never waits."""
        if self.ended:
            return
        self._waiting.append(frame)
        self._waiting_bytes += len(frame)
        if len(self._waiting) > MOST_FRAMES or self._waiting_bytes > MOST_BYTES:
            self.slow = True
            self._waiting.clear()
            if self._farewell:
                self._waiting.append(self._farewell)
            self.end(1008, "slow client")
        self._ready.set()

    async def room(self, frames: int) -> None:
        """Wait until no more than so many frames wait, or nothing is sent any more."""
        while len(self._waiting) > frames and not self.ended:
            self._sent.clear()
            await self._sent.wait()

    def end(self, code: int, sentence: str) -> None:
        """End the connection once what waits has been sent."""
        if not self.ended:
            self.ended = True
            self._waiting.append(_End(code, sentence))
            self._ready.set()
            self._sent.set()

    async def run(self) -> None:
        """Send until the end; whoever made the outbox runs this as a task."""
        while True:
            await self._ready.wait()
            self._ready.clear()
            while self._waiting:
                frame = self._waiting.popleft()
                if isinstance(frame, _End):
                    await self._close(frame.code, frame.sentence)
                    return
                self._waiting_bytes -= len(frame)
                await self._send(frame)
                self._sent.set()
