"""One session's market data on its way to those who subscribed to it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from workbench.api.alpaca.broadcast import Broadcast, Message
from workbench.api.alpaca.codec import Codec
from workbench.api.alpaca.data_messages import MessageWriter
from workbench.domain.codes import EventKind, Phase, Reason, Side
from workbench.projections.live.updates import Observer

if TYPE_CHECKING:
    from workbench.api.alpaca.names import Names
    from workbench.projections.live.bars import Bar
    from workbench.projections.live.market import Quote, Trade
    from workbench.projections.live.views import LiveViews
    from workbench.session.live.answer import Announcement

BURST_S = 0.05
"""How long messages wait for others, so that many make one frame."""
MOST_TRADES = 4_096
"""A burst that grows to this is sent at once."""
BOOK_LEVELS = 50


class DataFeed(Observer):
    """Collects what happens and sends it in bursts.

    Every trade is sent. Of an instrument's quotes, and of its book, a burst holds the last: what a client
    could not have acted on is not sent.

    Parameters
    ----------
    names
        The session's names.
    views
        The views that it observes.
    """

    def __init__(self, names: Names, views: LiveViews) -> None:
        self._names = names
        self._views = views
        self._writer = MessageWriter(names)
        self.broadcast = Broadcast()
        self._burst: list[Message] = []
        self._quotes: dict[int, Quote] = {}
        self._books: set[int] = set()
        self._timer: asyncio.TimerHandle | None = None

    def trade(self, instrument: int, trade: Trade) -> None:
        """The market traded."""
        wanted = self.broadcast.wanted
        if "trades" in wanted:
            self._add("trades", instrument, partial(self._trade, instrument, trade))
        if "orderbooks" in wanted:
            self._books.add(instrument)

    def quote(self, instrument: int, quote: Quote) -> None:
        """The best bid or ask changed."""
        wanted = self.broadcast.wanted
        if "quotes" in wanted:
            self._quotes[instrument] = quote
        if "orderbooks" in wanted:
            self._books.add(instrument)

    def bar(self, instrument: int, bar: Bar) -> None:
        """A minute is over."""
        wanted = self.broadcast.wanted
        if "bars" in wanted:
            self._add("bars", instrument, partial(self._bar, "b", instrument, bar))
        day = self._views.markets[instrument].day
        if "dailyBars" in wanted and day is not None:
            self._add("dailyBars", instrument, partial(self._bar, "d", instrument, day))

    def phase(self, instrument: int, phase: Phase, reason: Reason, time_ns: int) -> None:
        """An instrument's phase changed."""
        if "statuses" in self.broadcast.wanted:
            self._add("statuses", instrument, partial(self._status, instrument, phase, reason, time_ns))

    def market(self, instrument: int, kind: EventKind, time_ns: int) -> None:
        """An instrument's price limits changed."""
        if kind == EventKind.PRICE_LIMITS_CHANGED and "lulds" in self.broadcast.wanted:
            market = self._views.markets[instrument]
            up, down = market.limit_up_ticks, market.limit_down_ticks
            self._add("lulds", instrument, partial(self._limits, instrument, up, down, time_ns))

    def announced(self, number: int, instrument: int, time_ns: int) -> None:  # noqa: ARG002 - the hook's shape
        """An announcement was made."""
        if "news" not in self.broadcast.wanted:
            return
        for news in reversed(self._names.session.announcements):
            if news.number == number:
                # One without a symbol goes to those who read about all.
                self._burst.append(Message("news", news.symbols, partial(self._news, news)))
                return

    def batch(self, last_seq: int) -> None:  # noqa: ARG002 - the hook's shape
        """A batch was folded: send soon, together with what the next ones bring."""
        if not (self._burst or self._quotes or self._books):
            return
        if len(self._burst) >= MOST_TRADES:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(BURST_S, self.flush)

    def flush(self) -> None:
        """Send what has come together."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        burst = self._burst
        self._burst = []
        for instrument, quote in self._quotes.items():
            burst.append(self._message("quotes", instrument, partial(self._quote, instrument, quote)))
        self._quotes.clear()
        for instrument in self._books:
            burst.append(self._message("orderbooks", instrument, partial(self._book, instrument)))
        self._books.clear()
        if burst:
            self.broadcast.send(burst)

    def close(self) -> None:
        """Send nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _message(self, channel: str, instrument: int, write: partial[bytes]) -> Message:
        return Message(channel, (self._names.symbols[instrument],), write)

    def _add(self, channel: str, instrument: int, write: partial[bytes]) -> None:
        self._burst.append(self._message(channel, instrument, write))

    def _trade(self, instrument: int, trade: Trade, codec: Codec) -> bytes:
        return self._writer.trade(codec, instrument, trade)

    def _quote(self, instrument: int, quote: Quote, codec: Codec) -> bytes:
        return self._writer.quote(codec, instrument, quote)

    def _bar(self, kind: str, instrument: int, bar: Bar, codec: Codec) -> bytes:
        return self._writer.bar(codec, kind, instrument, bar)

    def _status(self, instrument: int, phase: Phase, reason: Reason, time_ns: int, codec: Codec) -> bytes:
        return self._writer.status(codec, instrument, phase, reason, time_ns)

    def _limits(self, instrument: int, up: int, down: int, time_ns: int, codec: Codec) -> bytes:
        return self._writer.limits(codec, instrument, up, down, time_ns)

    def _news(self, news: Announcement, codec: Codec) -> bytes:
        return self._writer.news(codec, news)

    def _book(self, instrument: int, codec: Codec) -> bytes:
        depth = self._views.depth
        bids = depth.depth(instrument, Side.BUY, BOOK_LEVELS)
        asks = depth.depth(instrument, Side.SELL, BOOK_LEVELS)
        return self._writer.book(codec, instrument, bids, asks, self._views.time_ns)
