"""A value trader: knows the fundamental value roughly and trades when the price is far from it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from workbench.feed.agents.desk import BUY, SELL
from workbench.feed.agents.fundamental import SECOND_NS
from workbench.feed.agents.seat import Seat


@dataclass(frozen=True, slots=True)
class ValueTraderParameters:
    """How it trades.

    Parameters
    ----------
    size_lots, position_lots
        Quantity of one order in a small mispricing, and its largest position.
    error
        Standard deviation of what it knows about the value, in price increments.
    threshold
        Mispricing at which it takes, in price increments ...
    threshold_volatility
        ... to which it adds so many standard deviations of a second.
    reaction_seconds
        Mean time between two looks at the market.
    patience_seconds
        How long the limit orders live by which it reduces its position.
    """

    size_lots: int
    position_lots: int
    error: float = 0.6
    threshold: float = 1.2
    threshold_volatility: float = 1.0
    reaction_seconds: float = 2.0
    patience_seconds: float = 20.0


class ValueTraderState(msgspec.Struct, array_like=True, tag="value"):
    """A `ValueTrader` at one moment."""

    taken: int
    entered_ns: int


class ValueTrader:
    """See the module. Arguments as for `Maker`."""

    def __init__(self, seat: Seat, parameters: ValueTraderParameters) -> None:
        self.name, self.desk, self._quote, self._value, self._draws = seat
        self._parameters = parameters
        self._entered_ns = 0

    def state(self) -> ValueTraderState:
        """What there is to know of it beside its desk."""
        return ValueTraderState(self._draws.taken, self._entered_ns)

    def go_on(self, state: ValueTraderState) -> None:
        """Go on from there."""
        self._draws.go_on(state.taken)
        self._entered_ns = state.entered_ns

    def first_wake(self, time_ns: int) -> int:
        """When it starts: in the first seconds."""
        return time_ns + 500_000_000 + self._draws.below(2 * SECOND_NS)

    def wake(self, time_ns: int) -> int:
        """Take what is mispriced, or reduce the position patiently; say when to look again."""
        p, quote, desk, draws = self._parameters, self._quote, self.desk, self._draws
        increment = desk.grid.increment_ticks
        seen_ticks = self._value.value_ticks + increment * p.error * draws.normal()
        gap_ticks = seen_ticks - self._price_ticks(seen_ticks)
        margin_ticks = increment * p.threshold + p.threshold_volatility * quote.volatility_ticks
        for order in tuple(desk.open.values()):
            stale = time_ns - self._entered_ns > p.patience_seconds * SECOND_NS
            if not order.in_flight and (stale or abs(gap_ticks) > margin_ticks):
                desk.cancel(order)
        if abs(gap_ticks) > margin_ticks:
            self._take(gap_ticks, margin_ticks)
        elif desk.position_lots and not desk.open and quote.bid_price_ticks and quote.ask_price_ticks:
            side = SELL if desk.position_lots > 0 else BUY
            quantity_lots = min(desk.grid.round_quantity(p.size_lots), abs(desk.position_lots))
            desk.rest(side, quantity_lots, quote.ask_price_ticks if side == SELL else quote.bid_price_ticks)
            self._entered_ns = time_ns
        pace = self._value.session.activity(time_ns)
        return time_ns + 1 + int(p.reaction_seconds / pace * draws.exponential() * SECOND_NS)

    def _price_ticks(self, seen_ticks: float) -> float:
        """What the market asks or pays: its middle, or of a book with one side alone a price worth taking."""
        quote = self._quote
        if not quote.ask_price_ticks and quote.bid_price_ticks > seen_ticks:
            return quote.bid_price_ticks
        if not quote.bid_price_ticks and 0 < quote.ask_price_ticks < seen_ticks:
            return quote.ask_price_ticks
        return quote.mid_ticks

    def _take(self, gap_ticks: float, margin_ticks: float) -> None:
        p, quote, desk = self._parameters, self._quote, self.desk
        side = BUY if gap_ticks > 0 else SELL
        if (desk.position_lots if side == BUY else -desk.position_lots) >= p.position_lots:
            return
        best_ticks = quote.ask_price_ticks if side == BUY else quote.bid_price_ticks
        if not best_ticks:
            return
        urgency = min(4.0, abs(gap_ticks) / margin_ticks)
        quantity_lots = desk.grid.round_quantity(p.size_lots * urgency * (0.5 + self._draws.fraction()))
        # In a large mispricing it goes through some levels, but never beyond half the way to the value.
        reach_ticks = int((abs(gap_ticks) - margin_ticks) / 2)
        desk.take(side, quantity_lots, best_ticks + reach_ticks if side == BUY else best_ticks - reach_ticks)
