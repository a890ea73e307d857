"""What this face knows of one session: names, writers and feeds. One per hub, made with it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from workbench.api.alpaca.data_feed import DataFeed
from workbench.api.alpaca.market import MarketWriter
from workbench.api.alpaca.names import Names
from workbench.api.alpaca.order_feed import OrderFeed
from workbench.api.alpaca.order_replay import OrderReplays

if TYPE_CHECKING:
    from workbench.api.hub import Hub


class Face:
    """One session as Alpaca's clients see it.

    Attributes
    ----------
    hub
        The session's views and gateway.
    names, orders, market
        Its names, and what writes its orders and its market data.
    order_feed, data_feed
        What its streams are made of.
    replays
        What its order stream said before.
    """

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.names = Names(hub.session)
        self.market = MarketWriter(self.names)
        self.order_feed = OrderFeed(self.names, hub.views)
        self.orders = self.order_feed.writer
        self.replays = OrderReplays(hub, self.names)
        self.data_feed = DataFeed(self.names, hub.views)
        hub.observe(self.order_feed)
        hub.observe(self.data_feed)

    @property
    def time_ns(self) -> int:
        """Session time."""
        return self.hub.session.clock.now_ns()


class Faces:
    """The faces of all sessions of a server."""

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[Hub, Face] = WeakKeyDictionary()

    def attach(self, hub: Hub) -> None:
        """Make the face of a new hub."""
        if hub not in self._of:
            self._of[hub] = Face(hub)

    def of(self, hub: Hub) -> Face:
        """The face of a hub."""
        return self._of[hub]
