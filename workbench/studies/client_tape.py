"""All that happens in a session over the API, in the order of its sequence numbers and without gaps."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import polars as pl

from workbench.client.market import SessionClient
from workbench.client.state import Row
from workbench.client.stream import Stream
from workbench.domain.codes import Side
from workbench.domain.instruments import Instrument
from workbench.errors import StreamError
from workbench.studies.api_times import api_ns
from workbench.studies.news import Quote, Trade
from workbench.studies.outage import patiently

_PAGE = 10_000
_BEHIND_SECONDS = 60.0
"""How long a server that was started again may take until it knows what it has told before."""


class Own(NamedTuple):
    """An event of an order of one's own: a row of the topic `orders`."""

    time_ns: int
    row: Row


Piece = tuple[int, Quote | Trade | Own]
"""What happened, after its sequence number."""


class ClientTape:
    """Quotes and trades of an instrument, and one's own orders' events.

    The stream tells own events one by one, but of quotes the latest of each frame. So it only says that
    something has happened; quotes and trades are read over REST, where all of them are.

    Parameters
    ----------
    market, stream
        The session; the stream follows `orders`.
    instrument
        What is traded.
    seq
        After which event it begins.

    Attributes
    ----------
    seq, time_ns
        Up to which event everything was told, and its time.
    """

    def __init__(self, market: SessionClient, stream: Stream, instrument: Instrument, seq: int) -> None:
        self._market = market
        self._stream = stream
        self._symbol = instrument.symbol
        self._tick, self._lot = float(instrument.tick_size), float(instrument.lot_size)
        self.seq = self._first_seq = seq
        self.time_ns = 0
        self._trade_seq = self._quote_seq = self._own_seq = seq
        self._waiting: list[Piece] = []
        self._has_orders = False

    def standing(self) -> Quote | None:
        """The quote that stands at the beginning, if there is one; a later one is told by `read`."""
        quotes = self._quotes(self._market.quotes(self._symbol, limit=1))
        return next((quote for seq, quote in quotes if seq <= self._first_seq), None)

    def wait(self, timeout_s: float) -> None:
        """Wait until the stream says that something has happened, or for so long."""
        change = patiently(lambda: self._stream.next(timeout_s))
        if change is not None:
            self._take(change.topic, change.kind, change.rows)

    def read(self) -> list[Piece]:
        """What has happened since the last time, in order; nothing of before comes later."""
        pong = patiently(self._stream.catch_up)
        if pong.seq < self.seq:
            pong = self._wait_for_history()
        while (change := self._stream.next(0.0)) is not None:
            self._take(change.topic, change.kind, change.rows)
        if pong.seq > self.seq:
            self._waiting += self._market_rows()
            self.seq, self.time_ns = pong.seq, api_ns(pong.time)
        self._waiting.sort(key=lambda piece: piece[0])
        told = [piece for piece in self._waiting if piece[0] <= self.seq]
        del self._waiting[: len(told)]
        return told

    def _wait_for_history(self) -> Any:
        """A server that was started again goes through the session from its beginning."""

        def known() -> Any:
            pong = self._stream.catch_up()
            if pong.seq < self.seq:
                raise StreamError(
                    f"the session is at event {pong.seq}, and has told event {self.seq} before",
                    f"session {self._market.name}",
                    "look whether it is still the same one",
                )
            return pong

        return patiently(known, _BEHIND_SECONDS, also=(StreamError,))

    # ------------------------------------------------------------------ own orders

    def _take(self, topic: str, kind: str, rows: Any) -> None:
        if topic != "orders":
            return
        if kind == "delta":
            for row in rows:
                self._own(row)
        elif self._has_orders:
            self._own_again(rows)
        self._has_orders = True

    def _own(self, row: Row) -> None:
        seq = row.get("seq", 0)
        if seq > self._own_seq:
            self._own_seq = seq
            self._waiting.append((seq, Own(api_ns(row["time"]), row)))

    def _own_again(self, rows: Any) -> None:
        """Own events that were not told one by one: fills are asked for, ends are in how orders stand."""
        names = {row["id"]: row.get("client_order_id", "") for row in rows}
        missed, before = [], 0
        while True:
            page = self._market.fills(symbol=self._symbol, before=before, limit=1_000).to_dicts()
            missed += [row for row in page if row["seq"] > self._own_seq]
            if len(missed) < len(page) or not page:
                break
            before = page[-1]["seq"]
        for row in reversed(missed):
            about = {"id": row["order"], "client_order_id": names.get(row["order"], "")}
            about |= {"event": "filled", "last_price": row["price"], "last_quantity": row["quantity"]}
            self._own({**row, **about})
        for row in sorted(rows, key=lambda row: row.get("seq", 0)):
            if row.get("state") in ("canceled", "expired", "rejected"):
                self._own({**row, "event": row["state"]})

    # ------------------------------------------------------------------ the market

    def _market_rows(self) -> list[Piece]:
        return [*self._new_trades(), *self._new_quotes()]

    def _new_trades(self) -> Iterator[Piece]:
        for page in self._pages("trades"):
            self._trade_seq = page["seq"][-1]
            columns = (page["seq"], _times(page), page["price"], page["quantity"], page["side"])
            for seq, time_ns, price, quantity, side in zip(*columns, strict=True):
                aggressor = Side.BUY if side == "buy" else Side.SELL
                yield seq, Trade(time_ns, self.ticks(price), self.lots(quantity), aggressor)

    def _new_quotes(self) -> Iterator[Piece]:
        for page in self._pages("quotes"):
            self._quote_seq = page["seq"][-1]
            yield from self._quotes(page)

    def _pages(self, what: str) -> Iterator[pl.DataFrame]:
        while True:
            after = self._trade_seq if what == "trades" else self._quote_seq
            ask = self._market.trades if what == "trades" else self._market.quotes
            page = patiently(partial(ask, self._symbol, after_seq=max(after, 1), limit=_PAGE))
            if page.height:
                yield page
            if page.height < _PAGE:
                return

    def _quotes(self, page: pl.DataFrame) -> Iterator[tuple[int, Quote]]:
        if not page.height:
            return
        columns = (page[name] for name in ("bid", "bid_quantity", "ask", "ask_quantity"))
        for seq, time_ns, bid, bids, ask, asks in zip(page["seq"], _times(page), *columns, strict=True):
            yield seq, Quote(time_ns, self.ticks(bid), self.lots(bids), self.ticks(ask), self.lots(asks))

    def ticks(self, price: float | None) -> int:
        """A price of the API in ticks; none is 0."""
        return round(price / self._tick) if price else 0

    def lots(self, quantity: float | None) -> int:
        """A quantity of the API in lots; none is 0."""
        return round(quantity / self._lot) if quantity else 0


def _times(page: pl.DataFrame) -> pl.Series:
    """Times to the last digit, which Python's own have not."""
    return page["time"].cast(pl.Int64)
