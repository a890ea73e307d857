"""The crowd: many traders without information, who join the queue, take, change their minds and cancel."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import msgspec

from workbench.feed.agents.desk import BUY, SELL, OpenOrder
from workbench.feed.agents.draws import Draws
from workbench.feed.agents.fundamental import SECOND_NS
from workbench.feed.agents.seat import Seat

_SIZES = ((0.40, 1), (0.56, 2), (0.64, 3), (0.68, 4), (0.77, 5), (0.84, 10), (0.86, 20), (1.0, 0))
"""Cumulative share and round lots of an order; 0 is an odd lot."""

_SIZE_SHARES = tuple(share for share, _ in _SIZES)


def crowd_size(draws: Draws, round_lots: int, increment_lots: int) -> int:
    """Quantity of an order: mostly a few round lots, sometimes an odd one."""
    rounds = _SIZES[draws.choose(_SIZE_SHARES)][1]
    if rounds:
        return rounds * round_lots
    return (1 + draws.below(max(1, (round_lots - 1) // increment_lots))) * increment_lots


@dataclass(frozen=True, slots=True)
class NoiseParameters:
    """How the crowd trades.

    Parameters
    ----------
    orders_per_second
        New orders in an average second of the day.
    taking_share
        Share of new orders that trade at once, when arrivals are at their mean; it grows with them.
    sweeping_share
        Share of takers that take three times as much as usual at any price; others take what is shown.
    persistence
        Chance that a taker has the side of the one before, as when a large order is worked in pieces.
    improving_share
        Chance to quote inside a spread of two increments or more.
    touch_share
        Chance that another limit order joins the best price; the rest goes behind it.
    depth
        Mean distance of those behind the best price, in increments.
    lives_seconds
        Mean time until an order is cancelled or changed, for hasty, usual and patient orders, when arrivals
        are at their mean.
    changing_share
        Share of orders that at that time move to the best price instead of being cancelled.
    reducing_share
        Share of orders that are then cut to one round lot instead.
    """

    orders_per_second: float = 2.0
    taking_share: float = 0.08
    sweeping_share: float = 0.08
    persistence: float = 0.65
    improving_share: float = 0.1
    touch_share: float = 0.3
    depth: float = 5.0
    lives_seconds: tuple[float, float, float] = (1.0, 8.0, 90.0)
    changing_share: float = 0.12
    reducing_share: float = 0.05


_LIFE_SHARES = (0.45, 0.85, 1.0)


class CrowdState(msgspec.Struct, array_like=True, tag="noise"):
    """A `Crowd` at one moment."""

    taken: int
    ends: list[tuple[int, int]]
    arrival_ns: int
    taking_side: int


class Crowd:
    """See the module; the crowd of one instrument. Arguments as for `Maker`."""

    def __init__(self, seat: Seat, parameters: NoiseParameters) -> None:
        self.name, self.desk, self._quote, self._value, self._draws = seat
        self._parameters = parameters
        self._ends: list[tuple[int, int]] = []
        self._arrival_ns = 0
        self._taking_side = BUY

    def state(self) -> CrowdState:
        """What there is to know of it beside its desk."""
        return CrowdState(self._draws.taken, list(self._ends), self._arrival_ns, self._taking_side)

    def go_on(self, state: CrowdState) -> None:
        """Go on from there."""
        self._draws.go_on(state.taken)
        self._ends = list(state.ends)
        self._arrival_ns, self._taking_side = state.arrival_ns, state.taking_side

    def first_wake(self, time_ns: int) -> int:
        """When it starts: soon after the makers."""
        self._arrival_ns = time_ns + 20_000_000 + self._draws.below(100_000_000)
        return self._arrival_ns

    def wake(self, time_ns: int) -> int:
        """Let orders end whose time has come and one arrive if it is time; say when to go on."""
        while self._ends and self._ends[0][0] <= time_ns:
            order = self.desk.open.get(heapq.heappop(self._ends)[1])
            if order is not None:
                self._end(order, time_ns)
        if self._arrival_ns <= time_ns:
            self._arrive(time_ns)
            wait_seconds = self._draws.exponential() / (
                self._parameters.orders_per_second * self._pace(time_ns)
            )
            self._arrival_ns = time_ns + 1 + int(wait_seconds * SECOND_NS)
        return min(self._arrival_ns, max(self._ends[0][0], time_ns + 1)) if self._ends else self._arrival_ns

    def _pace(self, time_ns: int) -> float:
        """How many orders arrive, relative to the mean."""
        return self._value.session.activity(time_ns) * self._value.activity

    def _size(self) -> int:
        grid = self.desk.grid
        return crowd_size(self._draws, grid.round_lots, grid.increment_lots)

    def _arrive(self, time_ns: int) -> None:
        p, draws, quote = self._parameters, self._draws, self._quote
        if not quote.bid_price_ticks or not quote.ask_price_ticks:
            return
        # In a busy market more of them are in a hurry, and limit orders live less long.
        if draws.chance(p.taking_share * min(self._pace(time_ns), 3.0)):
            self._take()
            return
        increment = self.desk.grid.increment_ticks
        side = BUY if draws.sign() > 0 else SELL
        inward_ticks = increment if side == BUY else -increment
        price_ticks = quote.bid_price_ticks if side == BUY else quote.ask_price_ticks
        spread_ticks = quote.ask_price_ticks - quote.bid_price_ticks
        if spread_ticks > increment and draws.chance(p.improving_share):
            price_ticks += inward_ticks
        elif not draws.chance(p.touch_share):
            price_ticks -= inward_ticks * (1 + int(p.depth * draws.exponential()))
        self._schedule(self.desk.rest(side, self._size(), price_ticks), time_ns)

    def _schedule(self, order: OpenOrder, time_ns: int) -> None:
        life_seconds = self._parameters.lives_seconds[self._draws.choose(_LIFE_SHARES)]
        wait_seconds = life_seconds * self._draws.exponential() / self._pace(time_ns)
        heapq.heappush(self._ends, (time_ns + 1 + int(wait_seconds * SECOND_NS), order.client_order_id))

    def _take(self) -> None:
        p, draws, quote = self._parameters, self._draws, self._quote
        if not draws.chance(p.persistence):
            self._taking_side = BUY if draws.sign() > 0 else SELL
        side = self._taking_side
        price_ticks, there_lots = (
            (quote.ask_price_ticks, quote.ask_lots)
            if side == BUY
            else (quote.bid_price_ticks, quote.bid_lots)
        )
        quantity_lots = self._size()
        if draws.chance(p.sweeping_share):
            self.desk.take(side, 3 * quantity_lots)
        else:
            self.desk.take(side, min(quantity_lots, max(there_lots, 1)), price_ticks)

    def _end(self, order: OpenOrder, time_ns: int) -> None:
        p, draws, desk, quote = self._parameters, self._draws, self.desk, self._quote
        if order.in_flight:
            heapq.heappush(self._ends, (time_ns + SECOND_NS // 4, order.client_order_id))
            return
        choice = draws.fraction()
        best_ticks = quote.bid_price_ticks if order.side == BUY else quote.ask_price_ticks
        if choice < p.changing_share and best_ticks and best_ticks != order.price_ticks:
            desk.replace(order, order.leaves_lots, best_ticks)
            self._schedule(order, time_ns)
        elif choice > 1 - p.reducing_share and order.leaves_lots > desk.grid.round_lots:
            desk.cancel(order, order.leaves_lots - desk.grid.round_lots)
            self._schedule(order, time_ns)
        else:
            desk.cancel(order)
