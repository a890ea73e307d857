"""A day as the page has it: every table read once, off the event loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.parts.review_source import Opened, Reviewed
    from workbench.analytics.records import About


@dataclass(frozen=True, slots=True)
class Instrument:
    """What is needed of an instrument to write its numbers.

    Attributes
    ----------
    symbol
        Its symbol.
    decimals
        Those of its prices.
    """

    symbol: str
    decimals: int


@dataclass(frozen=True, slots=True)
class Day:
    """An account's day: whose it was, and its tables (`workbench.analytics.tables`)."""

    opened: Opened
    instruments: tuple[Instrument, ...]
    equity: pl.DataFrame
    drawdowns: pl.DataFrame
    cash: pl.DataFrame
    trips: pl.DataFrame
    fills: pl.DataFrame
    orders: pl.DataFrame
    markouts: pl.DataFrame
    curve: pl.DataFrame
    summary: pl.DataFrame

    @property
    def reviewed(self) -> Reviewed:
        """The day itself."""
        return self.opened.reviewed

    @property
    def about(self) -> About:
        """Whose day it was."""
        return self.reviewed.about

    @property
    def begin_ns(self) -> int:
        """When there was something to see first: when trading opened, or a first order before that."""
        begin = self.about.open_ns or self.about.start_ns
        first = self.orders["created"].min() if len(self.orders) else None
        if first is not None:
            begin = min(begin, int(pl.Series([first]).cast(pl.Datetime("ns", "UTC")).dt.epoch("ns")[0]))
        return begin

    def instrument(self, symbol: str) -> Instrument:
        """One of its instruments."""
        return next(each for each in self.instruments if each.symbol == symbol)

    def first_symbol(self) -> str:
        """The instrument that is shown first: the one that the account traded most, or else the market."""
        frame = self.reviewed.instruments()
        return str(frame.sort("fills", "trades", descending=True, maintain_order=True)["symbol"][0])


def read_day(opened: Opened) -> Day:
    """Read all tables of a day."""
    reviewed = opened.reviewed
    rows = reviewed.instruments().select("symbol", "price_decimals").rows()
    return Day(
        opened,
        tuple(Instrument(symbol, decimals) for symbol, decimals in rows),
        reviewed.equity(),
        reviewed.drawdowns(),
        reviewed.cash_entries(),
        reviewed.round_trips(),
        reviewed.fills(),
        reviewed.orders(),
        reviewed.markouts(),
        reviewed.markout_curve(),
        reviewed.summary(),
    )


def chosen(trips: pl.DataFrame, rows: Sequence[int], currency: str) -> str:
    """What the chosen trades came to, in one line; nothing when none is chosen.

    >>> trips = pl.DataFrame({"net": [10.0, -4.0, 1.0], "result": ["win", "loss", "win"]})
    >>> chosen(trips, [0, 1], "USD")
    '2 of 3 trades: net +6.00 USD, 1 won, 1 lost'
    """
    if not rows:
        return ""
    some = trips[list(rows)]
    net = float(some["net"].fill_null(0).sum())
    won, lost = ((some["result"] == result).sum() for result in ("win", "loss"))
    return f"{len(some)} of {len(trips)} trades: net {net:+,.2f} {currency}, {won} won, {lost} lost"
