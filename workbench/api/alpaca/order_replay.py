"""What the order stream said after an event, for those who come back; and the gate that keeps it in order."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

from workbench.api.alpaca.order_feed import OrderFeed
from workbench.projections.live.views import LiveViews

if TYPE_CHECKING:
    from workbench.api.alpaca.codec import Codec
    from workbench.api.alpaca.names import Names
    from workbench.api.alpaca.outbox import Outbox
    from workbench.api.hub import Hub

_MOST_WAITING: Final = 50_000
"""Frames that may come while a client is told what it missed; more, and it is sent away."""
_PIECE: Final = 64


class _Collected:
    """Frames in a list."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def push(self, frame: bytes) -> None:
        """Keep a frame."""
        self.frames.append(frame)


class Gate:
    """Lets frames through to an outbox once those before them have been sent.

    Parameters
    ----------
    outbox
        Where they go.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._waiting: deque[bytes] | None = deque()

    def push(self, frame: bytes) -> None:
        """Have a frame sent after those before it."""
        if self._waiting is None:
            self._outbox.push(frame)
        elif len(self._waiting) < _MOST_WAITING:
            self._waiting.append(frame)
        else:
            self._outbox.end(1008, "slow client")

    async def open(self, missed: list[bytes]) -> None:
        """Send what was missed, as fast as the client takes it, then what waits, and then let all through."""
        assert self._waiting is not None
        self._waiting.extendleft(reversed(missed))
        while self._waiting and not self._outbox.ended:
            await self._outbox.room(_PIECE)
            for _ in range(min(_PIECE, len(self._waiting))):
                self._outbox.push(self._waiting.popleft())
        self._waiting = None


class OrderReplays:
    """Makes the frames of an account's orders anew, from the session's events.

    Every frame holds the whole order as it was then, so the events are folded once more; what they are read
    from is the bus or the journal, and it is done beside the loop, for one client of a session at a time.

    Parameters
    ----------
    hub
        The session.
    names
        Its names.
    """

    def __init__(self, hub: Hub, names: Names) -> None:
        self._hub = hub
        self._names = names
        self._turn = asyncio.Lock()

    async def missed(self, account: int, codec: Codec, after_seq: int, upto: int) -> list[bytes]:
        """What an account's stream said of the events after one, up to another."""
        views = self._hub.views
        last = max((order.updated_seq for order in views.orders.of(account)), default=0)
        last = max(last, *(market.phase_seq for market in views.markets))
        last = max(last, *(bust.seq for bust in views.busts.values()), 0)
        if last <= after_seq:
            return []
        async with self._turn:
            return await asyncio.to_thread(self._read, account, codec, after_seq, upto)

    def _read(self, account: int, codec: Codec, after_seq: int, upto: int) -> list[bytes]:
        session = self._hub.session
        views = LiveViews(session.venue, session.zone, people=lambda number: number == account)
        feed = OrderFeed(self._names, views, after_seq=after_seq)
        found = _Collected()
        feed.listen(account, found, codec)
        views.observers.append(feed)
        for events in self._hub.history(1):
            views.apply(events[events["seq"] <= upto])
            if views.seq >= upto:
                break
        return found.frames
