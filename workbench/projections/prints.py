"""Market trades and quotes as rows: what a tape and a chart of the best prices are made of."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pyarrow as pa

from workbench.domain.codes import EventKind
from workbench.domain.config import Venue
from workbench.domain.records import AUCTION, BUST_EVENT, EVENT, QUOTE_EVENT, SHADOW, TRADE_EVENT, Records
from workbench.projections.base import Layout, Projection, State
from workbench.projections.columns import accounts, columns_of, field, sides, symbols, times

_TRADE_FIELDS = {
    name: field(name)
    for name in (
        "seq",
        "time_ns",
        "instrument",
        "trade_id",
        "side",
        "price_ticks",
        "quantity_lots",
        "notional_micros",
        "account",
        "maker_account",
        "taker_order_id",
        "maker_order_id",
        "flags",
    )
}
_BUST_FIELDS = {
    name: field(name)
    for name in (
        "seq",
        "time_ns",
        "instrument",
        "trade_id",
        "side",
        "price_ticks",
        "quantity_lots",
        "account",
        "maker_account",
        "last_price_ticks",
    )
}
_QUOTE_FIELDS = {
    name: field(name)
    for name in (
        "seq",
        "time_ns",
        "instrument",
        "bid_price_ticks",
        "bid_lots",
        "bid_orders",
        "ask_price_ticks",
        "ask_lots",
        "ask_orders",
        "last_price_ticks",
    )
}


def of_kind(events: Records, kind: EventKind) -> Records:
    """The events of one kind."""
    return events[np.flatnonzero(events["kind"] == kind)]


def trade_rows(events: Records, venue: Venue) -> pa.Table:
    """One row for each TRADE, in order.

    `side` and `taker` are the aggressor's; the side is null for an auction of history, and order ids are 0
    for history's own executions and for liquidity that the book never showed. `shadow` marks trades of our
    own beside history, which are no part of the market's volume; `auction` those of an uncross.
    """
    found = columns_of(of_kind(events, EventKind.TRADE).view(TRADE_EVENT), _TRADE_FIELDS)
    flags = found["flags"]
    return pa.table(
        {
            "seq": found["seq"],
            "time": times(found["time_ns"]),
            "symbol": symbols(found["instrument"], venue),
            "trade_id": found["trade_id"],
            "side": sides(found["side"]),
            "price_ticks": found["price_ticks"],
            "quantity_lots": found["quantity_lots"],
            "notional_micros": found["notional_micros"],
            "taker": accounts(found["account"], venue),
            "maker": accounts(found["maker_account"], venue),
            "taker_order_id": found["taker_order_id"],
            "maker_order_id": found["maker_order_id"],
            "shadow": flags & SHADOW != 0,
            "auction": flags & AUCTION != 0,
        }
    )


def bust_rows(events: Records, venue: Venue) -> pa.Table:
    """One row for each TRADE_BUSTED, in order; all but `seq` and `time` are the trade's."""
    found = columns_of(of_kind(events, EventKind.TRADE_BUSTED).view(BUST_EVENT), _BUST_FIELDS)
    return pa.table(
        {
            "seq": found["seq"],
            "time": times(found["time_ns"]),
            "symbol": symbols(found["instrument"], venue),
            "trade_id": found["trade_id"],
            "side": sides(found["side"]),
            "price_ticks": found["price_ticks"],
            "quantity_lots": found["quantity_lots"],
            "taker": accounts(found["account"], venue),
            "maker": accounts(found["maker_account"], venue),
            "last_price_ticks": found["last_price_ticks"],
        }
    )


def quote_rows(events: Records, venue: Venue) -> pa.Table:
    """One row for each QUOTE, in order; an empty side has price, lots and orders 0."""
    found = columns_of(of_kind(events, EventKind.QUOTE).view(QUOTE_EVENT), _QUOTE_FIELDS)
    times_ns, instrument = found.pop("time_ns"), found.pop("instrument")
    seq = found.pop("seq")
    return pa.table({"seq": seq, "time": times(times_ns), "symbol": symbols(instrument, venue), **found})


class _Prints(Projection):
    """Events of one kind, kept until their rows are taken."""

    layout: ClassVar[Layout] = {"waiting": EVENT}
    kind: ClassVar[EventKind]

    def __init__(self, venue: Venue) -> None:
        super().__init__(venue)
        self._waiting: list[Records] = []

    def _fold(self, events: Records) -> None:
        found = of_kind(events, self.kind)
        if len(found):
            self._waiting.append(found)

    def _state(self) -> State:
        return {"waiting": np.concatenate([np.zeros(0, EVENT), *self._waiting])}

    def _load(self, state: State) -> None:
        self._waiting = [state["waiting"]]

    def _take(self) -> Records:
        taken = self._state()["waiting"]
        self._waiting = []
        return taken


class MarketTrades(_Prints):
    """Rows of the trades since they were last taken."""

    name: ClassVar[str] = "market_trades"
    kind: ClassVar[EventKind] = EventKind.TRADE

    def take_rows(self) -> pa.Table:
        """`trade_rows` of what has not been taken yet."""
        return trade_rows(self._take(), self.venue)


class MarketQuotes(_Prints):
    """Rows of the changes of the best bid and offer since they were last taken."""

    name: ClassVar[str] = "market_quotes"
    kind: ClassVar[EventKind] = EventKind.QUOTE

    def take_rows(self) -> pa.Table:
        """`quote_rows` of what has not been taken yet."""
        return quote_rows(self._take(), self.venue)
