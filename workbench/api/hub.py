"""What the event loop knows of one session: its views, folded from the bus, and the gateway of its orders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from workbench.api.standings import Standings
from workbench.api.words import Scales
from workbench.domain.config import FIRST_TRADER
from workbench.domain.records import Records
from workbench.errors import ApiError
from workbench.projections.live.order import LiveOrder
from workbench.projections.live.views import LiveViews, Observer
from workbench.session.live.gateway import Gateway
from workbench.session.live.previewing import Previews

if TYPE_CHECKING:
    from workbench.bus.memory import MemoryBus
    from workbench.bus.port import Batch, Subscription
    from workbench.session.live.answer import Seat
    from workbench.session.live.session import LiveSession

_READ_SECONDS_MAX = 60.0
_ADVANCE_SECONDS = 1.0


class Hub:
    """One session's views and gateway. It lives on the loop that made it and is touched there alone.

    Attributes
    ----------
    session
        The session.
    views
        Everything that reads and streams are made of.
    gateway
        Where orders go in.
    previews
        Where orders are tried.
    scales
        The venue's prices and quantities as people read them.
    standings
        The leaderboard.
    taps
        Called with every batch's events once they are folded.
    """

    def __init__(self, session: LiveSession, bus: MemoryBus) -> None:
        self.session = session
        self.views = LiveViews(session.venue, session.zone)
        self.gateway = Gateway(session, self.views, self.history)
        self.previews = Previews(session, self.gateway)
        self.scales = Scales(session.venue)
        self.standings = Standings(self)
        self.taps: list[Callable[[Records], None]] = []
        self._bus = bus
        self._subscription: Subscription | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._until_ns = 0
        self._seats: dict[int, Seat] = {}

    @property
    def name(self) -> str:
        """The session's name."""
        return self.session.name

    def open(self) -> None:
        """Fold the session's events from its first one on; call it on the running loop."""
        loop = asyncio.get_running_loop()
        self._subscription = self._bus.listen(self.session.name, 1, self._fold, loop)
        self._timer = loop.call_later(_ADVANCE_SECONDS, self._advance, loop)

    def _fold(self, batch: Batch) -> None:
        events = batch.events
        self.views.apply(events)
        for tap in self.taps:
            tap(events)

    def _advance(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tell the views how late it is: minutes of a market in which nothing happens end too."""
        self._timer = loop.call_later(_ADVANCE_SECONDS, self._advance, loop)
        # The time of a second ago: what happened until then has been published, or is still to be folded.
        until_ns, self._until_ns = self._until_ns, self.session.status().time_ns
        if not self.behind:
            self.views.advance(until_ns)

    def client_name(self, order: LiveOrder) -> str:
        """An order's client order id as its owner gave it; nothing for an order without one."""
        number = order.client_order_id
        if not number:
            return ""
        return self.session.client_order_name(order.account, number) or str(number)

    def account_name(self, account: int) -> str:
        """An account's name in the venue."""
        return self.session.venue.accounts[account - FIRST_TRADER].name

    def seat_in(self, account: int) -> Seat | None:
        """Who sits at an account, if anybody does."""
        if len(self._seats) != self.session.status().seats_taken:
            self._seats = {seat.account: seat for seat in self.session.seats()}
        return self._seats.get(account)

    def history(self, from_seq: int) -> Iterator[Records]:
        """The session's events from `from_seq` to the last one that was published when this was called.

        It reads the journal where the bus no longer has them, so call it beside the loop.
        """
        upto = self.published_seq
        if upto < from_seq:
            return
        batches: SimpleQueue[Batch] = SimpleQueue()
        subscription = self._bus.subscribe("history", self.session.name, from_seq, batches.put)
        try:
            seq = from_seq - 1
            while seq < upto:
                try:
                    batch = batches.get(timeout=_READ_SECONDS_MAX)
                except Empty:
                    raise ApiError(
                        503, "busy", "the session's events could not be read in time; try again"
                    ) from None
                seq = batch.last_seq
                yield batch.events
        finally:
            subscription.close()

    def observe(self, observer: Observer) -> None:
        """Have `observer` called inside each fold from now on."""
        self.views.observers.append(observer)

    def unobserve(self, observer: Observer) -> None:
        """Call `observer` no longer."""
        if observer in self.views.observers:
            self.views.observers.remove(observer)

    @property
    def published_seq(self) -> int:
        """The last event that was published."""
        return self._bus.last_seq(self.session.name)

    @property
    def behind(self) -> int:
        """Events that were published and are not folded yet."""
        return max(0, self.published_seq - self.views.seq)

    def close(self) -> None:
        """Fold no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None
