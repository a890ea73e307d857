"""A session's stream without a server: recorded events go in, and readers keep what is written to them."""

from __future__ import annotations

import asyncio
from functools import cache
from types import SimpleNamespace
from typing import Any

import msgspec

import workbench as wb
from tests.conftest import ROOT
from workbench.api.native.stream_connection import Connection
from workbench.api.native.stream_pieces import Format
from workbench.api.native.stream_session import SessionStream
from workbench.bus.memory import MemoryBus
from workbench.client.state import StreamState
from workbench.domain.config import Venue
from workbench.domain.frames import AnyFrame
from workbench.domain.records import Records
from workbench.projections.live.views import LiveViews

DECODERS = {
    Format.JSON: msgspec.json.Decoder(list[AnyFrame]),
    Format.MSGPACK: msgspec.msgpack.Decoder(list[AnyFrame]),
}
SHARD = "day"


@cache
def rule_book() -> tuple[Venue, str, Records]:
    """Venue, zone and events of a day in which everything happens that the rules know."""
    scenario = wb.read_scenario(ROOT / "data" / "scenarios" / "rule_book.toml")
    day = wb.run(scenario)
    return day.exchange.venue, day.zone, day.events


class Market:
    """A session whose events are handed in by the test."""

    def __init__(self, venue: Venue, zone: str, events: Records) -> None:
        self.events = events
        self.at = 0
        self.bus = MemoryBus()
        self.bus.open_shard(SHARD, 0, lambda seq: iter([self.events[seq - 1 : self.at]]))
        self.views = LiveViews(venue, zone)
        session = SimpleNamespace(
            venue=venue,
            zone=zone,
            announcements=[],
            client_order_name=lambda account, number: f"c{account}-{number}",
            payment_reason=lambda seq: (f"because of {seq}", "Ann") if seq % 2 else ("", ""),
            seats=tuple,
        )
        self.hub: Any = SimpleNamespace(session=session, views=self.views, name=SHARD, taps=[])
        self.stream = SessionStream(self.hub, self.bus)

    def happen(self, count: int) -> None:
        """The next events, in one batch."""
        batch = self.events[self.at : self.at + count]
        if len(batch):
            self.at += len(batch)
            self.bus.publish(SHARD, batch)
            self.views.apply(batch)
            for tap in self.hub.taps:
                tap(batch)

    def flush(self) -> None:
        """The end of a window."""
        self.stream._flush()


class Reader:
    """A connection and what was written to it, folded as a client folds it."""

    def __init__(self, market: Market, account: int | None, kind: Format = Format.JSON) -> None:
        self.market = market
        self.account = account
        self.kind = kind
        self.state = StreamState()
        self.frames: list[AnyFrame] = []
        self.own: set[str] = set()
        self.topics: dict[str, Any] = {}
        self.connection: Any = None

    async def _send(self, said: Any) -> None:
        content = said.get("text") or said.get("bytes") or b""
        for frame in DECODERS[self.kind].decode(content):
            self.frames.append(frame)
            self.state.take(frame)

    def connect(self) -> None:
        """Open a connection; what was known stays known."""
        stream = self.market.stream
        self.connection = Connection(self._send, self.kind, stream.behind, stream.outgoing)
        stream.enter(self.connection)

    async def subscribe(self, *names: str) -> None:
        """Follow topics from where they are known."""
        stream, resume = self.market.stream, self.state.resume()
        for name in names:
            from_seq = resume.get(name, 0)
            topic = name.removesuffix(":*")
            account = None if name.endswith(":*") else self.account
            if topic in ("orders", "positions", "account"):
                if not from_seq:
                    self.connection.push_own(stream.own.snapshot(topic, account))
                else:
                    missed = stream.own.log.since(from_seq, account)
                    if missed is None:
                        missed = await stream.read_own(from_seq, account)
                    for piece in stream.own.replay(missed, topic, account, from_seq):
                        self.connection.push_own(piece)
                stream.own.add(self.connection, topic, account)
                self.own.add(name)
            else:
                found, pieces = stream.follow(self.connection, name, from_seq)
                for piece in pieces:
                    self.connection.push_own(piece)
                self.topics[name] = found

    async def read(self) -> None:
        """Take all that is waiting."""
        writing = asyncio.ensure_future(self.connection.write())
        for _ in range(20):
            await asyncio.sleep(0)
        writing.cancel()
        (outcome,) = await asyncio.gather(writing, return_exceptions=True)
        if isinstance(outcome, Exception):
            raise outcome

    def cut(self) -> None:
        """Lose the connection with all that waits in it."""
        stream = self.market.stream
        for name in self.own:
            account = None if name.endswith(":*") else self.account
            stream.own.drop(self.connection, name.removesuffix(":*"), account)
        for topic in self.topics.values():
            stream.drop(self.connection, topic)
        self.own.clear()
        self.topics.clear()
        stream.leave(self.connection)
