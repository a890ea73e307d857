"""Connections of the load driver: HTTP and WebSocket on bare transports, so that it costs little itself."""

from __future__ import annotations

import asyncio
import base64
import os
from collections import deque
from collections.abc import Callable
from typing import Any

import httptools

Answer = Callable[[int, bytes], None]
"""Takes the status and body of an answer."""


class HttpLane(asyncio.Protocol):
    """One kept-alive connection; what is asked while an answer is awaited waits its turn.

    Parameters
    ----------
    head
        The request line's target and headers, without those that depend on the body.
    """

    def __init__(self, head: bytes) -> None:
        self._head = head
        self._waiting: deque[tuple[bytes, Answer]] = deque()
        self._answer: Answer | None = None
        self._body: list[bytes] = []
        self._transport: Any = None
        self._parser: Any = None
        self.lost = 0

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self._transport = transport
        self._parser = httptools.HttpResponseParser(self)

    def connection_lost(self, _error: Exception | None) -> None:
        """Count what will never be answered."""
        self.lost += len(self._waiting) + (self._answer is not None)

    def data_received(self, data: bytes) -> None:
        """Read."""
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """A part of the answer."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """The end of the answer."""
        answer, self._answer = self._answer, None
        body, self._body = b"".join(self._body), []
        if self._waiting:
            self._send(*self._waiting.popleft())
        if answer is not None:
            answer(self._parser.get_status_code(), body)

    def post(self, body: bytes, answer: Answer) -> None:
        """Ask."""
        if self._answer is None:
            self._send(body, answer)
        else:
            self._waiting.append((body, answer))

    def close(self) -> None:
        """End it."""
        if self._transport is not None:
            self._transport.close()

    def _send(self, body: bytes, answer: Answer) -> None:
        self._answer = answer
        self._transport.write(b"%bContent-Length: %d\r\n\r\n%b" % (self._head, len(body), body))


class SocketLane(asyncio.Protocol):
    """One WebSocket. Its messages are masked with zeros, which every server takes and nobody has to compute.

    Parameters
    ----------
    path, headers, host
        What the handshake asks for; a browser's cookie counts where `host` is that of its Origin.
    told
        Takes each message.
    """

    def __init__(
        self, path: str, headers: dict[str, str], told: Callable[[bytes], None], host: str = "server"
    ) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade"]
        lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._hello = "\r\n".join([*lines, "", ""]).encode()
        self._told = told
        self._buffer = bytearray()
        self._parts: list[bytes] = []
        self._transport: Any = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed = ""
        self.bytes_read = 0
        self.messages = 0

    def connection_made(self, transport: Any) -> None:
        """Shake hands."""
        self._transport = transport
        transport.write(self._hello)

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember that it ended."""
        self.closed = self.closed or f"lost: {exc}"
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(self.closed))

    def data_received(self, data: bytes) -> None:
        """Read frames."""
        self.bytes_read += len(data)
        self._buffer += data
        if not self.opened.done():
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._buffer[:end])
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                self.closed = head.decode("latin-1")[:300]
                self._transport.close()
                return
            del self._buffer[: end + 4]
            self.opened.set_result(None)
        self._frames()

    def _frames(self) -> None:
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 2:
            first, size, start = buffer[at], buffer[at + 1] & 0x7F, at + 2
            if size == 126:
                if len(buffer) < start + 2:
                    break
                size, start = int.from_bytes(buffer[start : start + 2], "big"), start + 2
            elif size == 127:
                if len(buffer) < start + 8:
                    break
                size, start = int.from_bytes(buffer[start : start + 8], "big"), start + 8
            if len(buffer) < start + size:
                break
            content = bytes(buffer[start : start + size])
            at = start + size
            self._frame(first, content)
        if at:
            del buffer[:at]

    def _frame(self, first: int, content: bytes) -> None:
        code = first & 0x0F
        if code == 0x9:
            self._write(0x8A, content)
        elif code == 0x8:
            self.closed = (
                f"closed with {int.from_bytes(content[:2], 'big')} {content[2:].decode(errors='replace')}"
            )
            self._transport.close()
        elif code in (0x0, 0x1, 0x2):
            if first & 0x80 and not self._parts:
                self.messages += 1
                self._told(content)
                return
            self._parts.append(content)
            if first & 0x80:
                whole, self._parts = b"".join(self._parts), []
                self.messages += 1
                self._told(whole)

    def send(self, text: bytes) -> None:
        """Send a text message."""
        self._write(0x81, text)

    def _write(self, first: int, content: bytes) -> None:
        size = len(content)
        if size < 126:
            head = bytes((first, 0x80 | size))
        elif size < 1 << 16:
            head = bytes((first, 0x80 | 126)) + size.to_bytes(2, "big")
        else:
            head = bytes((first, 0x80 | 127)) + size.to_bytes(8, "big")
        self._transport.write(head + b"\0\0\0\0" + content)

    def leave(self) -> None:
        """End it as a browser does whose page is closed: with the code that says so."""
        self._write(0x88, (1001).to_bytes(2, "big"))
        self.close()

    def close(self) -> None:
        """End it."""
        self.closed = self.closed or "by the driver"
        self._transport.close()
