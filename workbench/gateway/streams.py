"""The streams of a gateway: each desk's, from its handshake to its end."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from starlette.types import Message, Receive, Scope, Send
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from workbench.api.native.stream_connection import Connection
from workbench.api.native.stream_pieces import Format, Piece
from workbench.api.wire import Wire
from workbench.domain.frames import MSGPACK_PROTOCOL, CloseCode, Hello
from workbench.errors import ApiError
from workbench.gateway.feed import Feed
from workbench.gateway.frames import READERS
from workbench.gateway.link import Link
from workbench.gateway.upstream import OPEN_S, Upstream, ended, no_answer, refuse

_log = structlog.get_logger("workbench.gateway")

FeedKey = tuple[str, str, Format]


class Streams:
    """All streams of a gateway.

    Parameters
    ----------
    upstream
        The exchange.

    Attributes
    ----------
    feeds
        What desks share, by session, its identity, and format.
    """

    def __init__(self, upstream: Upstream) -> None:
        self.feeds: dict[FeedKey, Feed] = {}
        self._upstream = upstream
        self._connections: set[Connection] = set()
        self._stopping = False

    @property
    def count(self) -> int:
        """How many desks there are."""
        return len(self._connections)

    @property
    def topics(self) -> int:
        """How many topics are shared."""
        return sum(len(feed.topics) for feed in self.feeds.values())

    def stop(self) -> None:
        """End all of them, and take no more."""
        self._stopping = True
        for connection in list(self._connections):
            connection.close(CloseCode.RESTART, "the gateway stops; connect again with from_seq")

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One desk: the exchange says whether it is let in, and how it ends."""
        asked = await receive()
        assert asked["type"] == "websocket.connect"
        try:
            if self._stopping:
                raise no_answer()
            line = await self._upstream.open(scope)
        except (InvalidStatus, ApiError) as error:
            await refuse(scope, send, error)
            return
        try:
            await send({"type": "websocket.accept", "subprotocol": line.subprotocol, "headers": []})
            await self._greet(scope, receive, send, line)
        finally:
            await line.close()

    async def _greet(self, scope: Scope, receive: Receive, send: Send, line: ClientConnection) -> None:
        """Hear which session it is, and go on as one of its desks."""
        kind = Format.MSGPACK if line.subprotocol == MSGPACK_PROTOCOL else Format.JSON
        reader = READERS[kind]
        try:
            async with asyncio.timeout(OPEN_S):
                first = await line.recv(decode=False)
        except (ConnectionClosed, TimeoutError) as error:
            code, reason = ended(error if isinstance(error, ConnectionClosed) else None)
            await send({"type": "websocket.close", "code": code, "reason": reason})
            return
        hello = reader.frame(reader.split(first)[0])
        if not isinstance(hello, Hello):
            raise TypeError(f"the exchange began a stream with {type(hello).__name__}, expected Hello")
        key = (hello.session, hello.identity, kind)
        feed = self.feeds.get(key)
        if feed is None:
            feed = self.feeds[key] = Feed(kind)
        connection = Connection(send, kind, _behind, feed.outgoing, Wire.of(scope))
        link = Link(feed, connection, line)
        link.beat_seq = hello.seq
        self._connections.add(connection)
        loop = asyncio.get_running_loop()
        link.hear(first)
        tasks: list[asyncio.Task[Any]] = [
            loop.create_task(connection.write()),
            loop.create_task(_read(receive, link)),
            loop.create_task(link.read()),
            loop.create_task(connection.closed.wait()),
        ]
        if self._stopping:
            self.stop()
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._connections.discard(connection)
            link.leave()
            if not feed.links and self.feeds.get(key) is feed:
                del self.feeds[key]
            for task in tasks:
                task.cancel()
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(outcome, Exception) and not isinstance(outcome, OSError):
                    _log.error("stream failed", session=hello.session, user=hello.user, exc_info=outcome)
                    connection.close(1011, "the gateway failed at this; its log says more")
            await connection.finish()


def _behind(topic: Any) -> Piece:
    """A snapshot for a desk that did not keep up."""
    piece: Piece = topic.snapshot(conflated=True)
    return piece


async def _read(receive: Receive, link: Link) -> None:
    """Take what the desk sends until it goes or is sent away."""
    while not link.connection.closed.is_set():
        said: Message = await receive()
        if said["type"] == "websocket.disconnect":
            return
        content = said.get("text")
        await link.take(said["bytes"] if content is None else content)
