"""uvicorn's protocols with bounds on how long a peer may take: for its headers, for what it is sent.

A transport that is closed waits until everything was sent. A peer that takes nothing and never goes, as a
process that was stopped, would keep its connection and what waits for it for ever: such ones are aborted.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

WRITE_SECONDS_MAX = 30.0
"""An answer of which a client takes nothing for so long is given up."""
CLOSE_SECONDS_MAX = 15.0
"""So long after its end a WebSocket may still take what waits for it; uvicorn's own close takes 10 s."""
UNSENT_BYTES_MAX = 16 << 20
"""What may wait for one WebSocket beyond what the application holds back: answers to its own pings."""


def timed_protocol(header_seconds_max: float) -> type[HttpToolsProtocol]:
    """A protocol that drops connections which do not finish a request's headers in time.

    A connection that has sent nothing yet is held to it too; one that idles between requests is uvicorn's
    `timeout_keep_alive`.
    """

    class TimedProtocol(HttpToolsProtocol):
        _headers_due: asyncio.TimerHandle | None = None
        _write_due: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._wait_for_headers()

        def connection_lost(self, exc: Exception | None) -> None:
            self._headers_came()
            self._was_taken()
            super().connection_lost(exc)

        def handle_websocket_upgrade(self) -> None:
            super().handle_websocket_upgrade()
            # The parser holds this, and would keep it until the interpreter looks for circles.
            self.parser = None  # type: ignore[assignment]

        def pause_writing(self) -> None:
            super().pause_writing()
            self._was_taken()
            self._write_due = self.loop.call_later(WRITE_SECONDS_MAX, self.transport.abort)

        def resume_writing(self) -> None:
            self._was_taken()
            super().resume_writing()

        def _was_taken(self) -> None:
            if self._write_due is not None:
                self._write_due.cancel()
                self._write_due = None

        def on_message_begin(self) -> None:
            super().on_message_begin()
            if self._headers_due is None:
                self._wait_for_headers()

        def on_headers_complete(self) -> None:
            self._headers_came()
            super().on_headers_complete()

        def _wait_for_headers(self) -> None:
            self._headers_due = self.loop.call_later(header_seconds_max, self._too_slow)

        def _headers_came(self) -> None:
            if self._headers_due is not None:
                self._headers_due.cancel()
                self._headers_due = None

        def _too_slow(self) -> None:
            self._headers_due = None
            if not self.transport.is_closing():
                self.transport.abort()

    return TimedProtocol


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """A WebSocket whose connection ends when it is over, whether its peer takes what waits or not."""

    _abort_due: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is left to be aborted."""
        if self._abort_due is not None:
            self._abort_due.cancel()
            self._abort_due = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, unless its peer only speaks and never listens."""
        super().data_received(data)
        if self.transport.get_write_buffer_size() > UNSENT_BYTES_MAX:
            self.transport.abort()

    def send_receive_event_to_app(self) -> None:
        """Hand on a message; text that is none ends the connection without a stack trace in the log."""
        if self.curr_msg_data_type == "text" and not self.close_sent:
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.frames = []
                self.conn.send_close(1007)
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

    async def send(self, message: Any) -> None:
        """Send; to a peer that was cut off for its nonsense as to one that is gone."""
        try:
            await super().send(message)
        except RuntimeError:
            # An end that came with the handshake closes the transport before the application knows of it.
            if self.close_sent or self.transport.is_closing():
                raise ClientDisconnected from None
            raise
        if message["type"] == "websocket.accept":
            # Nobody asks for them after the handshake, and they stay as long as the connection.
            self.request.headers.clear()
            self.response.headers.clear()

    def keepalive_timeout(self) -> None:
        """A peer that answers no ping is gone."""
        super().keepalive_timeout()
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """The application is done with it."""
        super().on_task_complete(task)
        # What the layers of the application noted in it leads back here.
        self.scope.clear()  # type: ignore[attr-defined]  # a plain dict, as ASGI has it
        if not self.disconnected:
            self._abort_due = self.loop.call_later(CLOSE_SECONDS_MAX, self.transport.abort)
