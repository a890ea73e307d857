"""A gateway without sockets: a session's recorded events, and messages that move when the test says."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from tests.api.native.streaming import DECODERS, Market
from workbench.api.native.stream_connection import Connection
from workbench.api.native.stream_pieces import Format
from workbench.client.state import StreamState
from workbench.domain.frames import Ack, AnyFrame, Refused, Request
from workbench.gateway.feed import Feed
from workbench.gateway.link import Link
from workbench.gateway.streams import _behind

TURNS = 12
REQUESTS = {
    Format.JSON: msgspec.json.Decoder(Request),
    Format.MSGPACK: msgspec.msgpack.Decoder(Request),
}


async def turns() -> None:
    """Let everything that can happen happen."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


class Desk:
    """One desk, its link through the gateway, and the exchange's end of that.

    Attributes
    ----------
    state
        What it was told, folded as a client folds it; anything missing raises.
    frames
        What it was told, as it came.
    refuses
        Whether the exchange refuses what it asks for topics.
    """

    def __init__(self, market: Market, feed: Feed, state: StreamState | None = None) -> None:
        self.market = market
        self.kind = feed.kind
        self.state = state or StreamState()
        self.frames: list[AnyFrame] = []
        self.refuses = False
        self.asked: list[Request] = []
        self._requests: list[str | bytes] = []
        self._inbox: list[bytes] = []
        self._topics: dict[str, Any] = {}
        stream = market.stream
        self.far = Connection(self._from_exchange, self.kind, stream.behind, stream.outgoing)
        stream.enter(self.far)
        self.near = Connection(self._to_desk, self.kind, _behind, feed.outgoing)
        self.link = Link(feed, self.near, self)  # type: ignore[arg-type] # it sends to this
        self.feed = feed

    async def send(self, content: str | bytes) -> None:
        """What the link says to the exchange."""
        self._requests.append(content)

    async def _from_exchange(self, said: Any) -> None:
        content = said.get("bytes")
        self._inbox.append(said["text"].encode() if content is None else content)

    async def _to_desk(self, said: Any) -> None:
        content = said.get("text") or said.get("bytes") or b""
        for frame in DECODERS[self.kind].decode(content):
            self.frames.append(frame)
            self.state.take(frame)

    async def ask(self, **request: Any) -> None:
        """Say something to the gateway."""
        encode = msgspec.msgpack.encode if self.kind is Format.MSGPACK else msgspec.json.encode
        self._asking = asyncio.ensure_future(self.link.take(encode({"id": 1, **request})))
        await turns()

    async def subscribe(self, *names: str) -> None:
        """Follow topics from where they are known."""
        resume = self.state.resume()
        await self.ask(
            subscribe=list(names), from_seq={name: resume[name] for name in names if name in resume} or 0
        )

    async def exchange_hears(self) -> None:
        """The exchange does what it was asked, and writes what it has to say."""
        await turns()
        requests, self._requests = self._requests, []
        stream = self.market.stream
        for content in requests:
            request = REQUESTS[self.kind].decode(content)  # type: ignore[arg-type] # text, or bytes
            self.asked.append(request)
            if self.refuses:
                self.far.say(Refused(id=request.id, code="rate_limited", message="too many requests"))
                continue
            for name in request.unsubscribe or ():
                if name in self._topics:
                    self.far.forget(self._topics[name])
                    stream.drop(self.far, self._topics.pop(name))
            names = request.subscribe or []
            self.far.say(Ack(id=request.id, seq=self.market.views.seq, topics=names))
            for name in names:
                since = request.from_seq
                if name in self._topics:
                    self.far.forget(self._topics[name])
                topic, pieces = stream.follow(
                    self.far, name, since if isinstance(since, int) else since.get(name, 0)
                )
                self._topics[name] = topic
                for piece in pieces:
                    self.far.push_own(piece)
        await self._written(self.far)

    async def gateway_hears(self) -> None:
        """The gateway takes what the exchange wrote."""
        inbox, self._inbox = self._inbox, []
        for content in inbox:
            self.link.hear(content)
        await turns()

    async def reads(self) -> None:
        """The desk takes what waits for it."""
        await self._written(self.near)

    async def _written(self, connection: Connection) -> None:
        writing = asyncio.ensure_future(connection.write())
        await turns()
        writing.cancel()
        (outcome,) = await asyncio.gather(writing, return_exceptions=True)
        if isinstance(outcome, Exception):
            raise outcome

    async def settles(self) -> None:
        """All that is under way arrives."""
        for _ in range(4):
            await self.exchange_hears()
            await self.gateway_hears()
        await self.reads()

    async def goes(self) -> None:
        """The desk leaves, with all that waits for it."""
        self.link.leave()
        stream = self.market.stream
        for topic in self._topics.values():
            stream.drop(self.far, topic)
        self._topics.clear()
        stream.leave(self.far)
        await turns()
