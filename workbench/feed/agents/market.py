"""What agents may see of the market: quotes, trades and how much the price moves, folded from events."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import msgspec

_MEMORY = 1.0 / 120
"""Weight of the newest second in the measured variance."""

_FLOW_MEMORY = 1.0 / 30
"""Share of the signed flow that is forgotten each second."""


class Quote(Protocol):
    """The public state of one instrument. An empty side has price and quantity 0."""

    @property
    def bid_price_ticks(self) -> int:
        """Best bid."""

    @property
    def bid_lots(self) -> int:
        """Quantity at the best bid."""

    @property
    def ask_price_ticks(self) -> int:
        """Best ask."""

    @property
    def ask_lots(self) -> int:
        """Quantity at the best ask."""

    @property
    def mid_ticks(self) -> float:
        """Middle of the quote; the last one known while a side is empty."""

    @property
    def volatility_ticks(self) -> float:
        """Standard deviation of the change of the middle in one second, measured over some two minutes."""

    @property
    def flow_lots(self) -> float:
        """Quantity bought less quantity sold by takers in the last half minute or so."""


class Market(Protocol):
    """Read-only view of the whole market at the start of a slice of time."""

    @property
    def time_ns(self) -> int:
        """Exchange time of the view."""

    @property
    def quotes(self) -> Sequence[Quote]:
        """One for each instrument, by number."""


class QuoteState(msgspec.Struct, array_like=True):
    """A `QuoteFold` at one moment."""

    bid_price_ticks: int
    bid_lots: int
    ask_price_ticks: int
    ask_lots: int
    mid_ticks: float
    last_mid_ticks: float
    volatility_ticks: float
    variance: float
    flow_lots: float


class QuoteFold:
    """A `Quote` kept up to date by the population.

    Parameters
    ----------
    start_ticks
        The middle until there is a quote.
    volatility_ticks
        The volatility until it has been measured.
    """

    __slots__ = (
        "_last_mid_ticks",
        "_variance",
        "ask_lots",
        "ask_price_ticks",
        "bid_lots",
        "bid_price_ticks",
        "flow_lots",
        "mid_ticks",
        "volatility_ticks",
    )

    def __init__(self, start_ticks: float, volatility_ticks: float) -> None:
        self.bid_price_ticks = self.bid_lots = self.ask_price_ticks = self.ask_lots = 0
        self.mid_ticks = self._last_mid_ticks = float(start_ticks)
        self.volatility_ticks = volatility_ticks
        self._variance = volatility_ticks * volatility_ticks
        self.flow_lots = 0.0

    def quote(self, bid_price_ticks: int, bid_lots: int, ask_price_ticks: int, ask_lots: int) -> None:
        """The best bid and offer have changed."""
        self.bid_price_ticks, self.bid_lots = bid_price_ticks, bid_lots
        self.ask_price_ticks, self.ask_lots = ask_price_ticks, ask_lots
        if bid_price_ticks and ask_price_ticks:
            self.mid_ticks = (bid_price_ticks + ask_price_ticks) / 2

    def state(self) -> QuoteState:
        """What there is to know of it."""
        return QuoteState(
            self.bid_price_ticks,
            self.bid_lots,
            self.ask_price_ticks,
            self.ask_lots,
            self.mid_ticks,
            self._last_mid_ticks,
            self.volatility_ticks,
            self._variance,
            self.flow_lots,
        )

    def go_on(self, state: QuoteState) -> None:
        """Go on from there."""
        self.bid_price_ticks, self.bid_lots = state.bid_price_ticks, state.bid_lots
        self.ask_price_ticks, self.ask_lots = state.ask_price_ticks, state.ask_lots
        self.mid_ticks, self._last_mid_ticks = state.mid_ticks, state.last_mid_ticks
        self.volatility_ticks, self._variance = state.volatility_ticks, state.variance
        self.flow_lots = state.flow_lots

    def second(self) -> None:
        """A second has gone by."""
        change = self.mid_ticks - self._last_mid_ticks
        self._last_mid_ticks = self.mid_ticks
        self._variance += _MEMORY * (change * change - self._variance)
        self.volatility_ticks = math.sqrt(self._variance)
        self.flow_lots -= _FLOW_MEMORY * self.flow_lots


class MarketFold:
    """A `Market` kept up to date by the population."""

    __slots__ = ("quotes", "time_ns")

    def __init__(self, quotes: Sequence[QuoteFold], time_ns: int) -> None:
        self.quotes = tuple(quotes)
        self.time_ns = time_ns
