"""A trend follower: buys what has risen and sells what has fallen, until the trend ends."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from workbench.feed.agents.desk import BUY, SELL
from workbench.feed.agents.fundamental import SECOND_NS
from workbench.feed.agents.seat import Seat


@dataclass(frozen=True, slots=True)
class TrendParameters:
    """How it follows.

    Parameters
    ----------
    size_lots, position_lots
        Quantity of one order and its largest position.
    fast_seconds, slow_seconds
        Time constants of the two averages of the middle whose difference is the trend.
    entry, exit
        Trend, in standard deviations of a second, above which it builds its position up and below which it
        closes it.
    reaction_seconds
        Mean time between two looks at the market.
    """

    size_lots: int
    position_lots: int
    fast_seconds: float = 30.0
    slow_seconds: float = 240.0
    entry: float = 9.0
    exit: float = 2.0
    reaction_seconds: float = 5.0


class TrendFollowerState(msgspec.Struct, array_like=True, tag="trend"):
    """A `TrendFollower` at one moment."""

    taken: int
    fast_ticks: float
    slow_ticks: float
    last_ns: int


class TrendFollower:
    """See the module. Arguments as for `Maker`."""

    def __init__(self, seat: Seat, parameters: TrendParameters) -> None:
        self.name, self.desk, self._quote, self._value, self._draws = seat
        self._parameters = parameters
        self._fast_ticks = self._slow_ticks = seat.quote.mid_ticks
        self._last_ns = seat.value.session.open_ns

    def state(self) -> TrendFollowerState:
        """What there is to know of it beside its desk."""
        return TrendFollowerState(self._draws.taken, self._fast_ticks, self._slow_ticks, self._last_ns)

    def go_on(self, state: TrendFollowerState) -> None:
        """Go on from there."""
        self._draws.go_on(state.taken)
        self._fast_ticks, self._slow_ticks = state.fast_ticks, state.slow_ticks
        self._last_ns = state.last_ns

    def first_wake(self, time_ns: int) -> int:
        """When it starts: in the first minute."""
        return time_ns + self._draws.below(60 * SECOND_NS // 16) * 16

    def wake(self, time_ns: int) -> int:
        """Trade with the trend, and say when to look again."""
        p, quote, desk = self._parameters, self._quote, self.desk
        seconds = (time_ns - self._last_ns) / SECOND_NS
        self._last_ns = time_ns
        self._fast_ticks += seconds / (seconds + p.fast_seconds) * (quote.mid_ticks - self._fast_ticks)
        self._slow_ticks += seconds / (seconds + p.slow_seconds) * (quote.mid_ticks - self._slow_ticks)
        trend = (self._fast_ticks - self._slow_ticks) / max(quote.volatility_ticks, 1e-9)
        position_lots = desk.position_lots
        size_lots = desk.grid.round_quantity(p.size_lots * (0.5 + self._draws.fraction()))
        if trend > p.entry and position_lots < p.position_lots:
            self._take(BUY, size_lots)
        elif trend < -p.entry and position_lots > -p.position_lots:
            self._take(SELL, size_lots)
        elif position_lots > 0 and trend < p.exit:
            self._take(SELL, min(size_lots, position_lots))
        elif position_lots < 0 and trend > -p.exit:
            self._take(BUY, min(size_lots, -position_lots))
        return time_ns + 1 + int(p.reaction_seconds * self._draws.exponential() * SECOND_NS)

    def _take(self, side: int, quantity_lots: int) -> None:
        quote = self._quote
        price_ticks = quote.ask_price_ticks if side == BUY else quote.bid_price_ticks
        if price_ticks:
            self.desk.take(side, quantity_lots, price_ticks)
