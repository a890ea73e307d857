"""A liquidity maker: quotes several levels on both sides and leans against its inventory."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from workbench.feed.agents.desk import BUY, SELL, OpenOrder
from workbench.feed.agents.fundamental import SECOND_NS
from workbench.feed.agents.seat import Seat

_MOST_LEAN = 3.0
"""Inventory, in its own unit, from which a maker sells off."""


@dataclass(frozen=True, slots=True)
class MakerParameters:
    """How a maker quotes. Distances are in price increments.

    Parameters
    ----------
    size_lots
        Quantity of its first level in a quiet market.
    half_spread
        Distance of its first level from what it believes the price to be, in a quiet market.
    volatility_spread
        What it adds to that for each increment of volatility (standard deviation of a second).
    levels, gap
        Levels on each side and the distance between them.
    growth
        Each further level is larger by this share of the first.
    patience
        How far (in gaps) its quote may be off before it moves it.
    reaction_seconds
        Mean time between two looks at the market.
    value_seconds, market_seconds
        How fast its belief moves to the fundamental value and to the middle of the market.
    error
        Standard deviation of its private error about the value, in increments.
    flow_share
        How far, in standard deviations of a second, one-sided flow of ten times its size moves its belief.
    inventory_lots, skew
        With this inventory it moves both quotes by `skew` increments.
    selling_share
        With three times that inventory, its chance at each look to trade its size away at the market.
    picking, picking_sizes
        It takes orders of others that are mispriced by more than `picking` times its half spread, up to
        `picking_sizes` times its size.
    refreshing
        At each look, its chance on each side to enter one of its orders anew in another size.
    replace_share
        Share of its moves that are replaces rather than a cancel and a new order.
    """

    size_lots: int
    half_spread: float = 1.0
    volatility_spread: float = 0.8
    levels: int = 5
    gap: int = 1
    growth: float = 0.4
    patience: float = 0.2
    reaction_seconds: float = 0.4
    value_seconds: float = 3.0
    market_seconds: float = 30.0
    error: float = 0.6
    flow_share: float = 1.5
    inventory_lots: int = 3000
    skew: float = 1.0
    selling_share: float = 0.08
    picking: float = 3.5
    picking_sizes: int = 1
    refreshing: float = 0.12
    replace_share: float = 0.7


class MakerState(msgspec.Struct, array_like=True, tag="maker"):
    """A `Maker` at one moment."""

    taken: int
    belief_ticks: float
    error: float
    inner_bid_ticks: int
    inner_ask_ticks: int
    last_ns: int


class Maker:
    """See the module; one maker in one instrument.

    Parameters
    ----------
    seat
        Its place in the market.
    parameters
        How it quotes.
    """

    def __init__(self, seat: Seat, parameters: MakerParameters) -> None:
        self.name, self.desk, self._quote, self._value, self._draws = seat
        self._parameters = parameters
        self._belief_ticks = seat.value.value_ticks
        self._error = 0.0
        self._inner = {BUY: 0, SELL: 0}
        self._last_ns = seat.value.session.open_ns

    def state(self) -> MakerState:
        """What there is to know of it beside its desk."""
        return MakerState(
            self._draws.taken,
            self._belief_ticks,
            self._error,
            self._inner[BUY],
            self._inner[SELL],
            self._last_ns,
        )

    def go_on(self, state: MakerState) -> None:
        """Go on from there."""
        self._draws.go_on(state.taken)
        self._belief_ticks, self._error = state.belief_ticks, state.error
        self._inner = {BUY: state.inner_bid_ticks, SELL: state.inner_ask_ticks}
        self._last_ns = state.last_ns

    def first_wake(self, time_ns: int) -> int:
        """When it starts: within the first milliseconds."""
        return time_ns + 1 + self._draws.below(5_000_000)

    def wake(self, time_ns: int) -> int:
        """Quote anew where it must, and say when to look again."""
        p, draws, quote = self._parameters, self._draws, self._quote
        increment = self.desk.grid.increment_ticks
        fair_ticks = self._believe(time_ns)
        sigma = quote.volatility_ticks / increment
        calm = self._value.usual_volatility_ticks / max(quote.volatility_ticks, 1e-9)
        half_ticks = increment * (p.half_spread + p.volatility_spread * sigma)
        lean = max(-_MOST_LEAN, min(_MOST_LEAN, self.desk.position_lots / p.inventory_lots))
        centre_ticks = fair_ticks - increment * p.skew * lean

        pace = self._value.activity * 0.5 + 0.5
        next_ns = time_ns + 1 + int(p.reaction_seconds / pace * draws.exponential() * SECOND_NS)
        if any(order.in_flight for order in self.desk.open.values()):
            return next_ns  # It does not know its own book until it has been answered.
        lonely = self._lonely(fair_ticks, half_ticks)
        if lonely:
            # Quotes beside it would follow it wherever it stands, so it is taken before anything is quoted.
            self._pick(fair_ticks, half_ticks)
        self._move(BUY, centre_ticks - half_ticks, freely=lonely)
        self._move(SELL, centre_ticks + half_ticks, freely=lonely)
        sides = (SELL, BUY) if centre_ticks > quote.mid_ticks else (BUY, SELL)
        for side in sides:
            self._requote(side, min(1.0, max(calm, 0.25)))
        if not lonely:
            self._pick(fair_ticks, half_ticks)
        if abs(lean) >= _MOST_LEAN and draws.chance(p.selling_share):
            self._sell_off()
        return next_ns

    def _believe(self, time_ns: int) -> float:
        """What it believes the price to be."""
        p, draws, quote = self._parameters, self._draws, self._quote
        seconds = (time_ns - self._last_ns) / SECOND_NS
        self._last_ns = time_ns
        self._error += 0.1 * (p.error * 4.4 * draws.normal() - self._error)
        seen_ticks = self._value.value_ticks + self._error * self.desk.grid.increment_ticks
        self._belief_ticks += seconds / (seconds + p.value_seconds) * (seen_ticks - self._belief_ticks)
        self._belief_ticks += seconds / (seconds + p.market_seconds) * (quote.mid_ticks - self._belief_ticks)
        flow = max(-1.0, min(1.0, quote.flow_lots / (10 * p.size_lots)))
        return self._belief_ticks + p.flow_share * flow * quote.volatility_ticks

    def _lonely(self, fair_ticks: float, half_ticks: float) -> bool:
        """Whether the book has one side alone, at a price that it would take as mispriced."""
        quote, most_ticks = self._quote, self._parameters.picking * half_ticks
        if quote.bid_price_ticks and not quote.ask_price_ticks:
            return quote.bid_price_ticks - fair_ticks > most_ticks
        if quote.ask_price_ticks and not quote.bid_price_ticks:
            return fair_ticks - quote.ask_price_ticks > most_ticks
        return False

    def _move(self, side: int, target_ticks: float, *, freely: bool = False) -> None:
        """Move the first level of a side, unless it is near enough; never to trade, unless `freely`."""
        p, grid, quote = self._parameters, self.desk.grid, self._quote
        if side == BUY and quote.ask_price_ticks and not freely:
            target_ticks = min(target_ticks, quote.ask_price_ticks - grid.increment_ticks)
        elif side == SELL and quote.bid_price_ticks and not freely:
            target_ticks = max(target_ticks, quote.bid_price_ticks + grid.increment_ticks)
        gap_ticks = p.gap * grid.increment_ticks
        slack_ticks = p.patience * gap_ticks
        inner_ticks = self._inner[side]
        if side == BUY:
            if (
                not inner_ticks
                or not inner_ticks - slack_ticks <= target_ticks < inner_ticks + gap_ticks + slack_ticks
            ):
                self._inner[side] = int(target_ticks // gap_ticks) * gap_ticks
        elif (
            not inner_ticks
            or not inner_ticks - gap_ticks - slack_ticks < target_ticks <= inner_ticks + slack_ticks
        ):
            self._inner[side] = -int(-target_ticks // gap_ticks) * gap_ticks

    def _requote(self, side: int, calm: float) -> None:
        """Bring the open orders of a side to the prices where they should be."""
        p, desk, draws = self._parameters, self.desk, self._draws
        outward_ticks = p.gap * desk.grid.increment_ticks * (-1 if side == BUY else 1)
        inner_ticks = self._inner[side]
        wanted = {inner_ticks + level * outward_ticks: level for level in range(p.levels)}
        spare: list[OpenOrder] = []
        refreshed = draws.below(p.levels) if draws.chance(p.refreshing) else -1
        for order in desk.open.values():
            if order.side != side:
                continue
            level = wanted.pop(order.price_ticks, None)
            if level is None:
                spare.append(order)
                continue
            if level == refreshed:
                wanted[order.price_ticks] = level
                spare.append(order)
                continue
            most_lots = 1.8 * calm * p.size_lots * (1 + p.growth * level)
            if order.leaves_lots > most_lots > desk.grid.round_lots:
                desk.cancel(order, order.leaves_lots - desk.grid.round_quantity(most_lots / 1.8))
        for price_ticks, level in wanted.items():
            # Outside the band there is nothing to quote.
            if not desk.grid.low_ticks <= price_ticks <= desk.grid.high_ticks:
                continue
            size = p.size_lots * calm * (1 + p.growth * level) * (0.6 + 0.8 * draws.fraction())
            quantity_lots = desk.grid.round_quantity(size)
            if spare and draws.chance(p.replace_share):
                desk.replace(spare.pop(), quantity_lots, price_ticks)
            else:
                desk.rest(side, quantity_lots, price_ticks, post_only=True)
        for order in spare:
            desk.cancel(order)

    def _pick(self, fair_ticks: float, half_ticks: float) -> None:
        """Take stale orders that are further off than its own would be."""
        p, quote, desk = self._parameters, self._quote, self.desk
        if quote.ask_price_ticks and fair_ticks - quote.ask_price_ticks > p.picking * half_ticks:
            limit_ticks = desk.grid.round_down(fair_ticks - p.picking * half_ticks)
            desk.take(BUY, p.picking_sizes * p.size_lots, limit_ticks)
        elif quote.bid_price_ticks and quote.bid_price_ticks - fair_ticks > p.picking * half_ticks:
            limit_ticks = desk.grid.round_up(fair_ticks + p.picking * half_ticks)
            desk.take(SELL, p.picking_sizes * p.size_lots, limit_ticks)

    def _sell_off(self) -> None:
        """Trade a little of too large an inventory away at the market."""
        quantity_lots = self._parameters.size_lots
        if self.desk.position_lots > 0 and self._quote.bid_price_ticks:
            self.desk.take(SELL, quantity_lots, self._quote.bid_price_ticks)
        elif self.desk.position_lots < 0 and self._quote.ask_price_ticks:
            self.desk.take(BUY, quantity_lots, self._quote.ask_price_ticks)
