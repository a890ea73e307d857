"""The stream of one session: its topics, the window that conflates the market, and what is told when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from workbench.api.boards import hidden_board
from workbench.api.native.stream_outgoing import Outgoing
from workbench.api.native.stream_own import own_events
from workbench.api.native.stream_pieces import Piece
from workbench.api.native.stream_sources import (
    CandlesSource,
    DepthSource,
    LeaderboardSource,
    MarketSource,
    NewsSource,
    SessionSource,
    Source,
    TradesSource,
    timeframe,
)
from workbench.api.native.stream_topics import MarketTopic, OwnTopics
from workbench.api.native.stream_words import Words
from workbench.domain.frames import TOPICS, Beat, Refused
from workbench.domain.records import EVENT, Records
from workbench.errors import ApiError

if TYPE_CHECKING:
    from workbench.api.hub import Hub
    from workbench.api.native.stream_connection import Connection
    from workbench.bus.memory import MemoryBus
    from workbench.bus.port import Batch

GATHER_S = 0.01
"""How long changes of a market that was quiet are gathered before they are told."""
WINDOW_S = 0.05
"""How long after that further changes are gathered: a busy market is told of so often and no more."""
LATE_S = 0.01
"""How late the end of that may come; later, and the loop has too much to do: the next window is longer."""
BUSY_WINDOW_S = 0.1
"""How long it is then."""
SLOW_S = 1.0
"""How long those of `session` and `leaderboard` are, which no single event tells of."""
LINGER_S = 60.0
"""How long a topic that nobody reads goes on, for readers who come back."""
BEAT_S = 5.0

_BY_EVENTS = frozenset({"market", "depth", "trades", "candles", "news"})
LEADERBOARD = "leaderboard"
_NOT_BY_SYMBOL = frozenset({"news", "session", LEADERBOARD})


class SessionStream:
    """What a session tells its readers. It lives on the loop, beside the session's hub.

    Parameters
    ----------
    hub
        Views and gateway.
    bus
        Where events that are no longer kept here are read again.

    Attributes
    ----------
    students
        Connections of those who are not told of a leaderboard that is hidden.
    """

    def __init__(self, hub: Hub, bus: MemoryBus) -> None:
        self.hub = hub
        session = hub.session
        self.words = Words(
            session.venue, session.client_order_name, hub.views, lambda seq: session.payment_reason(seq)[0]
        )
        self.own = OwnTopics(hub.views, self.words)
        self.connections: set[Connection] = set()
        self.students: set[Connection] = set()
        self.outgoing = Outgoing()
        self._bus = bus
        self._topics: dict[str, MarketTopic] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._slow_timer: asyncio.TimerHandle | None = None
        self._beat_due_s = 0.0
        self._flush_due_s = 0.0
        self._flushed_s = 0.0
        self._window_s = WINDOW_S
        hub.taps.append(self._take)

    # ------------------------------------------------------------------ events in

    def _take(self, events: Records) -> None:
        self.own.take(events)
        if self._topics and self._timer is None:
            loop = asyncio.get_running_loop()
            self._flush_due_s = max(loop.time() + GATHER_S, self._flushed_s + self._window_s)
            self._timer = loop.call_at(self._flush_due_s, self._flush)

    def _flush(self) -> None:
        """Tell what changed in this window."""
        self._timer = None
        self._flushed_s = asyncio.get_running_loop().time()
        late_s = self._flushed_s - self._flush_due_s
        self._window_s = BUSY_WINDOW_S if late_s > LATE_S else WINDOW_S
        seq = self.hub.views.seq
        for topic in self._topics.values():
            if topic.by_events and topic.readers:
                topic.flush(seq)

    def _tick(self) -> None:
        """Tell what changes without events, drop topics that nobody came back for, and beat."""
        loop = asyncio.get_running_loop()
        now, views = loop.time(), self.hub.views
        self._slow_timer = None
        self._hide_board()
        for name, topic in list(self._topics.items()):
            if topic.readers:
                topic.idle_since = now
                topic.flush(views.seq)
            elif now - topic.idle_since > LINGER_S:
                del self._topics[name]
            else:
                topic.flush(views.seq)
        if now >= self._beat_due_s:
            self._beat_due_s = now + BEAT_S
            beat = Piece(Beat(seq=views.seq, time=self.words.iso(views.time_ns)))
            for connection in self.connections:
                connection.push_own(beat)
        if self.connections or self._topics:
            self._slow_timer = loop.call_later(SLOW_S, self._tick)

    def _hide_board(self) -> None:
        """Stop telling students of a leaderboard that was hidden while they followed it."""
        topic = self._topics.get(f"{LEADERBOARD} for students")
        if topic is None or not self.hub.session.board_hidden:
            return
        said = hidden_board()
        for connection in topic.readers & self.students:
            self.drop(connection, topic)
            connection.forget(topic)
            connection.say(Refused(id=0, code=said.code, message=str(said)))

    # ------------------------------------------------------------------ readers

    def enter(self, connection: Connection) -> None:
        """Take in a connection."""
        self.connections.add(connection)
        if self._slow_timer is None:
            self._slow_timer = asyncio.get_running_loop().call_later(SLOW_S, self._tick)

    def leave(self, connection: Connection) -> None:
        """Forget a connection."""
        self.connections.discard(connection)
        self.students.discard(connection)

    def check(self, name: str) -> None:
        """Refuse a name that is no topic of the market.

        Raises
        ------
        ApiError
            404.
        """
        if name not in self._topics:
            self._source(name)

    def follow(self, connection: Connection, name: str, from_seq: int) -> tuple[MarketTopic, list[Piece]]:
        """Have a connection told of a topic from now on, and what it is to have first."""
        seq = self.hub.views.seq
        # Those who do not run the session may be shown another leaderboard.
        late = name == LEADERBOARD and connection in self.students
        key = f"{name} for students" if late else name
        topic = self._topics.get(key)
        if topic is None and late:
            source = LeaderboardSource(self.hub.session, self.hub.views, late=True)
            topic = self._topics[key] = MarketTopic(name, source, seq, by_events=False)
        if topic is None:
            by_events = name.partition(":")[0] in _BY_EVENTS
            topic = self._topics[name] = MarketTopic(name, self._source(name), seq, by_events=by_events)
        pieces = topic.since(from_seq, seq) if from_seq > 0 else [topic.snapshot(seq)]
        topic.readers.add(connection)
        return topic, pieces

    def drop(self, connection: Connection, topic: MarketTopic) -> None:
        """Tell a connection of a topic no more."""
        topic.readers.discard(connection)
        topic.idle_since = asyncio.get_running_loop().time()

    def behind(self, topic: MarketTopic) -> Piece:
        """A snapshot for a reader that did not keep up."""
        return topic.snapshot(self.hub.views.seq, conflated=True)

    def _source(self, name: str) -> Source:
        kind, _, rest = name.partition(":")
        session, views, words = self.hub.session, self.hub.views, self.words
        if kind in _NOT_BY_SYMBOL and not rest:
            if kind == "news":
                return NewsSource(session, words)
            return SessionSource(session, words) if kind == "session" else LeaderboardSource(session, views)
        symbol, _, interval = rest.rpartition(":") if kind == "candles" else (rest, "", "")
        number = words.numbers.get(symbol)
        makers: dict[str, Callable[..., Source]] = {
            "market": MarketSource,
            "depth": DepthSource,
            "trades": TradesSource,
        }
        if number is not None and kind in makers:
            return makers[kind](views, words, number)
        frame = timeframe(interval)
        if number is not None and kind == "candles" and frame is not None:
            return CandlesSource(views, words, number, frame)
        raise ApiError(
            404,
            "unknown_topic",
            f"there is no topic {name[:80]!r}; topics begin with {', '.join(TOPICS)}; of the market they "
            "go on with a symbol as in market:ACME, and candles with an interval as in candles:ACME:1m",
        )

    async def read_own(self, from_seq: int, account: int | None) -> Records:
        """Own events after `from_seq`, however old, read from the bus and joined to those at hand."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        found: list[Records] = []
        last = from_seq

        def take(batch: Batch) -> None:
            nonlocal last
            events = batch.events[batch.events["seq"] > last]
            if done.done() or not len(events):
                return
            own = own_events(events)
            found.append(own if account is None else own[own["account"] == account])
            last = int(events["seq"][-1])
            if last >= self.own.log.kept_after:
                done.set_result(None)

        subscription = self._bus.listen(self.hub.name, from_seq + 1, take, loop)
        try:
            await done
        finally:
            subscription.close()
        rest = self.own.log.since(last, account)
        if rest is None:
            # So much has happened meanwhile that what follows is no longer kept either.
            rest = await self.read_own(last, account)
        return np.concatenate([np.zeros(0, EVENT), *found, rest])
