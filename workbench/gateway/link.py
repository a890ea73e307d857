"""One desk's stream through a gateway: its own connection to the exchange, and the topics it shares."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from websockets.exceptions import ConnectionClosed

from workbench.api.native.stream_connection import Connection
from workbench.api.native.stream_pieces import Piece
from workbench.api.native.stream_sizes import TOPICS
from workbench.domain.frames import Ack, CloseCode, Delta, Refused, Request, Snapshot
from workbench.gateway.frames import READERS, is_shared, parted
from workbench.gateway.upstream import ended

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

    from workbench.gateway.feed import Feed
    from workbench.gateway.topic import SharedTopic

WAITING = 64
"""Messages to the exchange that may wait for it; no further one is read of the desk before they went."""
PATIENCE_S = 30.0
"""A desk that takes nothing for so long while its own events wait is sent away."""

Answered = Callable[[Ack | Refused], None]


class Link:
    """One desk and its connection to the exchange.

    Everything goes through as it came, but for topics that are shared: the desk has those from the feed.

    Parameters
    ----------
    feed
        The session's topics.
    connection
        The desk.
    line
        The desk's own connection to the exchange.

    Attributes
    ----------
    beat_seq
        Up to which event the exchange has said that all was sent on this connection.
    catching
        Topics that this desk, which carries them, is told again from an event on that it named.
    """

    def __init__(self, feed: Feed, connection: Connection, line: ClientConnection) -> None:
        self.connection = connection
        self.beat_seq = 0
        self.catching: set[str] = set()
        self._feed = feed
        self._line = line
        self._reader = READERS[feed.kind]
        self._followed: dict[str, SharedTopic] = {}
        self._wanted: set[str] = set()
        self._own: set[str] = set()
        self._paused = False
        self._ended = False
        self._number = 0
        # A desk that knew how the gateway's own requests are marked could answer them.
        self._mark = f"gateway-{token_hex(8)}-"
        self._answers: dict[str, Answered] = {}
        self._outbox: deque[str | bytes] = deque()
        self._sending: asyncio.Task[None] | None = None
        feed.links.add(self)

    @property
    def able(self) -> bool:
        """Whether topics may come over it for others too."""
        return not (self._paused or self._ended or self.connection.closed.is_set())

    @property
    def carriers(self) -> set[Link]:
        """Other links that topics of this desk come over."""
        found = {topic.carrier for topic in self._followed.values()}
        return {each for each in found if each is not None and each is not self}

    def leave(self) -> None:
        """The end: others carry what this one did."""
        self._ended = True
        self._feed.leave(self)
        if self._sending is not None:
            self._sending.cancel()

    # ------------------------------------------------------------------ to the exchange

    def _say(self, content: str | bytes) -> None:
        self._outbox.append(content)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.get_running_loop().create_task(self._send())

    async def _send(self) -> None:
        try:
            while self._outbox:
                content = self._outbox.popleft()
                await self._line.send(content)
        except ConnectionClosed:
            self._outbox.clear()  # Whoever reads of it knows why.

    def _ask(self, answered: Answered, **asked: Any) -> None:
        """A request of the gateway's own, whose answer is not for the desk."""
        self._number += 1
        mark = f"{self._mark}{self._number}"
        self._answers[mark] = answered
        self._say(self._reader.request(id=mark, **asked))

    def carry(self, topics: dict[str, int], refused: Callable[[], None]) -> None:
        """Have topics come over this link, from the events on that are named."""

        def answered(said: Ack | Refused) -> None:
            if isinstance(said, Refused):
                refused()

        self._ask(answered, subscribe=list(topics), from_seq=topics)

    def stop_carrying(self, names: list[str]) -> None:
        """Have topics come over this link no more."""
        self._ask(_whatever, unsubscribe=names)

    # ------------------------------------------------------------------ from the desk

    async def take(self, content: str | bytes) -> None:
        """Do or pass on what the desk asks."""
        request = self._reader.topics_asked(content)
        if request is None:
            self._say(content)
        else:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            (self._subscribe if request.subscribe is not None else self._unsubscribe)(request, done)
            # What was sent after it is to happen after it.
            await done
        while len(self._outbox) > WAITING and self._sending is not None:
            await asyncio.wait([self._sending])

    def _subscribe(self, request: Request, done: asyncio.Future[None]) -> None:
        names = list(dict.fromkeys(request.subscribe or ()))
        shared, own = parted(names)
        if len(names) + len(self._own) + len(self._followed) > TOPICS:
            sentence = f"a stream has at most {TOPICS} topics; open another one"
            self.connection.say(Refused(id=request.id, code="invalid", message=sentence))
            done.set_result(None)
            return
        asked = request.from_seq
        since = {name: asked if isinstance(asked, int) else asked.get(name, 0) for name in names}
        fresh = [name for name in shared if name not in self._feed.topics]
        again = [name for name in fresh if since[name]]
        if again:
            # The whole of it for the gateway, then what the desk missed, as the exchange tells it.
            self._wanted.update(again)
            self.catching.update(again)
            self._ask(_whatever, subscribe=again)

        def answered(said: Ack | Refused) -> None:
            if not done.done():
                done.set_result(None)
            if isinstance(said, Refused):
                self._forget(again)
                self.connection.say(replace(said, id=request.id))
                return
            self._own.update(own)
            self.connection.say(Ack(id=request.id, seq=said.seq, topics=names))
            for name in shared:
                self._follow(name, since[name], fresh=name in fresh)

        self._ask(
            answered,
            subscribe=own + fresh,
            from_seq={name: since[name] for name in own + fresh if since[name]} or 0,
        )

    def _follow(self, name: str, from_seq: int, *, fresh: bool) -> None:
        """Tell the desk of a topic that the exchange has agreed to."""
        topic = self._feed.topics.get(name)
        if topic is None:
            self._wanted.add(name)
            self.catching.discard(name)
            if from_seq or not fresh:
                # Its last other reader has left while the exchange was asked.
                self._ask(self._told_late, subscribe=[name])
            return
        if topic.carrier is self and name in self.catching:
            self._read(topic)
            return
        self._forget([name])
        if fresh and topic.carrier is not self:
            # Another desk asked for it at the same time.
            self.stop_carrying([name])
        self._join(topic, from_seq)

    def _told_late(self, said: Ack | Refused) -> None:
        if isinstance(said, Refused):
            self.connection.say(replace(said, id=0))

    def _join(self, topic: SharedTopic, from_seq: int) -> None:
        self.connection.forget(topic)  # type: ignore[arg-type] # any key will do
        for piece in topic.since(from_seq):
            self.connection.push_own(piece)
        self._read(topic)

    def _read(self, topic: SharedTopic) -> None:
        self._followed[topic.name] = topic
        topic.readers[self] = None
        if topic.carrier is None:
            self._feed.settle()
        elif not topic.carrier.able:
            self._feed.step_aside(topic.carrier)

    def _forget(self, names: list[str]) -> None:
        """Undo the beginnings of a subscription."""
        for name in names:
            self._wanted.discard(name)
            self.catching.discard(name)
            topic = self._feed.topics.get(name)
            if topic is not None and topic.carrier is self and self not in topic.readers:
                self.stop_carrying([name])
                self._feed.drop(topic, self)

    def _unsubscribe(self, request: Request, done: asyncio.Future[None]) -> None:
        shared, own = parted(request.unsubscribe or ())
        followed = [self._followed[name] for name in shared if name in self._followed]
        carried = [topic.name for topic in followed if topic.carrier is self]

        def answered(said: Ack | Refused) -> None:
            if not done.done():
                done.set_result(None)
            if isinstance(said, Refused):
                self.connection.say(replace(said, id=request.id))
                return
            self._own.difference_update(own)
            for name in shared:
                self._wanted.discard(name)
                self.catching.discard(name)
            for topic in followed:
                self._followed.pop(topic.name, None)
                self.connection.forget(topic)  # type: ignore[arg-type] # any key will do
                if topic.carrier is self and topic.name not in carried:
                    self.stop_carrying([topic.name])
                self._feed.drop(topic, self)
            self.connection.say(replace(said, id=request.id))

        self._ask(answered, unsubscribe=own + carried)

    # ------------------------------------------------------------------ from the exchange

    async def read(self) -> None:
        """Take what the exchange says until it ends the connection, and end the desk's in the same way."""
        try:
            while True:
                self.hear(await self._line.recv(decode=False))
                if self.connection.full:
                    await self._pause()
        except ConnectionClosed as error:
            # What was heard last is written at the end of this turn of the loop.
            await asyncio.sleep(0)
            self.connection.close(*ended(error))

    def hear(self, content: bytes) -> None:
        """A message of the exchange."""
        beat: tuple[int, Piece] | None = None
        for part in self._reader.split(content):
            head = self._reader.head(part)
            if head.type == "beat":
                beat = (head.seq, Piece.of_bytes(part, self._feed.kind))
            elif head.topic and is_shared(head.topic):
                self._hear_shared(head.topic, part)
            elif head.type in ("ack", "refused") and isinstance(head.id, str) and head.id in self._answers:
                said = self._reader.frame(part)
                assert isinstance(said, Ack | Refused)
                self._answers.pop(head.id)(said)
            else:
                self.connection.push_own(Piece.of_bytes(part, self._feed.kind))
        if beat is not None:
            # A message's own frames stand before those of the market, which a beat speaks of too.
            self._feed.beat(self, *beat)

    def _hear_shared(self, name: str, part: bytes) -> None:
        topic = self._feed.topics.get(name)
        if topic is not None and topic.carrier is self:
            frame = self._reader.frame(part)
            assert isinstance(frame, Snapshot | Delta)
            if name in self.catching and name in self._followed:
                self.connection.push_own(Piece.of_bytes(part, self._feed.kind))
                self._feed.take(topic, frame, part)
                if isinstance(frame, Snapshot) or frame.seq >= topic.seq:
                    # All that was missed is told; what follows comes to all.
                    self.catching.discard(name)
            else:
                self._feed.take(topic, frame, part)
            return
        if name not in self._wanted:
            return
        frame = self._reader.frame(part)
        if not isinstance(frame, Snapshot):
            return
        self._wanted.discard(name)
        if topic is not None:
            # Another desk asked for it at the same time, and was first.
            if name not in self.catching:
                self.stop_carrying([name])
                self._join(topic, 0)
            return
        topic = self._feed.begin(name, self, frame)
        if name not in self.catching:
            self.connection.push_own(Piece.of_bytes(part, self._feed.kind))
            self._read(topic)

    async def _pause(self) -> None:
        """Fetch nothing more until the desk has taken what waits; others carry the market meanwhile."""
        self._paused = True
        self._feed.step_aside(self)
        try:
            while self.connection.full:
                before = self.connection.waiting_bytes
                try:
                    async with asyncio.timeout(PATIENCE_S):
                        await self.connection.room()
                except TimeoutError:
                    if self.connection.waiting_bytes >= before:
                        self.connection.close(
                            CloseCode.SLOW, "too slow for its own events; connect again with from_seq"
                        )
        finally:
            self._paused = False
        self._feed.settle()


def _whatever(_: Ack | Refused) -> None:
    """An answer that changes nothing."""
