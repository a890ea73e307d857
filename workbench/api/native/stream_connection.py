"""One reader of the stream: what waits for it, and what becomes of that when it is slow."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from workbench.api.native.stream_outgoing import Message, Outgoing
from workbench.api.native.stream_pieces import Format, Piece
from workbench.domain.frames import CloseCode, Frame

if TYPE_CHECKING:
    from workbench.api.native.stream_topics import MarketTopic
    from workbench.api.wire import Wire

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

OWN_BYTES = 4 << 20
"""Own events that may wait for a reader; more and it is closed, to come back for the rest."""
MARKET_PIECES = 32
"""Deltas of one topic of the market that may wait; more and they give way to one snapshot."""
FRAMES = 200
"""Frames of one message at most, so that a message stays far below what readers take."""
CLOSING_S = 5.0


class Connection:
    """What waits to be written to one socket.

    Own events and answers are written in the order in which they came, and as soon as the socket takes
    them. Deltas of the market wait by topic: a reader that does not keep up gets one snapshot in their place.

    Parameters
    ----------
    send
        ASGI's.
    kind
        Format of its messages.
    snapshot
        Gives a topic's snapshot for a reader that fell behind.
    outgoing
        Has all connections write that have something to write, at the end of a turn of the loop.
    wire
        The short way to the socket, where there is one.
    """

    __slots__ = (
        "_closing",
        "_due",
        "_market",
        "_outgoing",
        "_own",
        "_own_bytes",
        "_send",
        "_sending",
        "_snapshot",
        "_taken",
        "_wake",
        "_wire",
        "closed",
        "kind",
    )

    def __init__(
        self,
        send: Send,
        kind: Format,
        snapshot: Callable[[MarketTopic], Piece],
        outgoing: Outgoing,
        wire: Wire | None = None,
    ) -> None:
        self._send = send
        self.kind = kind
        self._snapshot = snapshot
        self._outgoing = outgoing
        self._wire = wire
        self._due = False
        self._sending = False
        self._own: list[Piece] = []
        self._own_bytes = 0
        self._market: dict[MarketTopic, list[Piece] | None] = {}
        self._wake = asyncio.Event()
        self._taken = asyncio.Event()
        self._closing: tuple[int, str] | None = None
        self.closed = asyncio.Event()

    def push_own(self, piece: Piece) -> None:
        """Queue a frame that must not be lost; a reader with too many of them is closed."""
        self._own_bytes += len(piece.bytes_in(self.kind))
        if self._own_bytes > OWN_BYTES:
            self.close(CloseCode.SLOW, "too slow for its own events; connect again with from_seq")
            return
        self._own.append(piece)
        self._stir()

    def say(self, frame: Frame) -> None:
        """Queue a frame for this reader alone."""
        self.push_own(Piece(frame))

    @property
    def waiting_bytes(self) -> int:
        """How much of what must not be lost waits."""
        return self._own_bytes

    @property
    def full(self) -> bool:
        """Whether so much waits that nothing more should be fetched for it (`room`)."""
        return self._own_bytes > OWN_BYTES // 4 and self._closing is None

    async def room(self) -> None:
        """Wait until little is left to write, and let others have their turn of the loop in any case."""
        await asyncio.sleep(0)
        while self.full:
            self._taken.clear()
            await self._taken.wait()

    def push_market(self, topic: MarketTopic, piece: Piece) -> None:
        """Queue a delta of the market; where too many wait, they give way to a snapshot later."""
        waiting = self._market.setdefault(topic, [])
        if waiting is None:
            return
        if len(waiting) >= MARKET_PIECES:
            self._market[topic] = None
            return
        waiting.append(piece)
        self._stir()

    def forget(self, topic: MarketTopic) -> None:
        """Drop what waits of a topic."""
        self._market.pop(topic, None)

    def close(self, code: int, sentence: str) -> None:
        """End the connection; what waits is dropped."""
        if self._closing is None:
            self._closing = (code, sentence)
            self._own.clear()
            self._market.clear()
            self._taken.set()
            self.closed.set()

    def _stir(self) -> None:
        """Have what waits written soon, together with what else this turn of the loop brings."""
        if not self._due:
            self._due = True
            self._outgoing.add(self)

    def write_now(self) -> None:
        """Write what waits as far as the socket takes it; the rest is left to the task that waits for it."""
        self._due = False
        wire = self._wire
        if wire is not None and not self._sending:
            while self._own or self._market:
                if not wire.ready:
                    break
                wire.write(self._next().frame)
            else:
                return
        self._wake.set()

    async def write(self) -> None:
        """Write what could not be written at once, until somebody cancels this."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            # Until the socket has taken a message, none may overtake it.
            self._sending = True
            while self._own or self._market:
                await self._send(self._next().asgi)
            self._sending = False

    async def finish(self) -> None:
        """Say why it was closed, to a peer that still takes it."""
        if self._closing is None:
            return
        code, sentence = self._closing
        try:
            async with asyncio.timeout(CLOSING_S):
                await self._send({"type": "websocket.close", "code": code, "reason": sentence[:120]})
        except (OSError, RuntimeError, TimeoutError):
            pass  # It is gone, or takes nothing any more.

    def _next(self) -> Message:
        """The next message."""
        pieces = self._own[:FRAMES]
        del self._own[:FRAMES]
        shared = not pieces
        if pieces:
            self._own_bytes -= sum([len(piece.bytes_in(self.kind)) for piece in pieces])
            self._taken.set()
        # What a topic begins with may be among the frames that still wait, and its deltas come after that.
        if not self._own:
            behind, self._market = self._market, {}
            for topic, waiting in behind.items():
                pieces += [self._snapshot(topic)] if waiting is None else waiting
        return self._outgoing.message(pieces, self.kind, shared=shared)
