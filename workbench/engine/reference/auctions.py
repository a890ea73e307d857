"""Call auctions: the uncross price, what is published of it, and the uncross itself."""

from __future__ import annotations

from typing import NamedTuple

from workbench.domain.codes import EventKind, OrderType, Phase, Reason, Side, TimeInForce
from workbench.engine.reference.emit import emit, emit_market
from workbench.engine.reference.fills import cut_to_position, fill
from workbench.engine.reference.groups import cancel
from workbench.engine.reference.references import auction_reference
from workbench.engine.reference.state import SIDES, TwinState
from workbench.matching.reference import Order, Walk

_INDICATIVE = (Phase.OPENING_AUCTION, Phase.CLOSING_AUCTION, Phase.REOPENING_AUCTION)


class Clearing(NamedTuple):
    """What an uncross would do: price and lots, in the order of an `AUCTION_EVENT`."""

    price_ticks: int
    paired_lots: int
    imbalance_lots: int
    wanted_lots: int
    offered_lots: int
    reference_ticks: int


class Range(NamedTuple):
    """Candidates from `low` to `high` at which the same lots are wanted and offered."""

    low: int
    high: int
    wanted: int
    offered: int

    @property
    def paired(self) -> int:
        """Lots that would trade."""
        return min(self.wanted, self.offered)

    def clipped(self, low: int, high: int) -> Range | None:
        """Those of its candidates that are from `low` to `high`, which are multiples of the increment."""
        low, high = max(low, self.low), min(high, self.high)
        return self._replace(low=low, high=high) if low <= high else None

    def nearest(self, reference_ticks: int) -> int:
        """The candidate nearest to the reference; the lowest without one."""
        return min(max(reference_ticks, self.low), self.high) if reference_ticks else self.low


def clearing(twin: TwinState, instrument: int) -> Clearing:
    """The uncross price of the orders as they stand, and the lots there."""
    queues = twin.markets[instrument].market_queues
    market_wanted, market_offered = queues[Side.BUY].lots, queues[Side.SELL].lots
    reference = auction_reference(twin, instrument)
    lots = _lots(twin, instrument)
    ranges = _ranges(twin, instrument, lots)
    if not any(lots.values()) and reference:
        ranges = [Range(reference, reference, market_wanted, market_offered)]
    collar = twin.calendars[instrument].collar
    if collar:
        step = twin.rules[instrument].price_increment_ticks
        low, high = -(-collar[0] // step) * step, collar[1] // step * step
        ranges = [within for each in ranges if (within := each.clipped(low, high))]
    volume = max((each.paired for each in ranges), default=0)
    if not volume:
        imbalance = market_wanted - market_offered
        return Clearing(0, 0, imbalance, market_wanted, market_offered, reference)

    def preference(each: Range) -> tuple[int, int, int, int]:
        price = each.nearest(reference)
        away = abs(price - reference) if reference else 0
        return (-each.paired, abs(each.wanted - each.offered), away, price)

    best = min(ranges, key=preference)
    return Clearing(
        best.nearest(reference), volume, best.wanted - best.offered, best.wanted, best.offered, reference
    )


def _lots(twin: TwinState, instrument: int) -> dict[Side, dict[int, int]]:
    """Lots that take part, by side and limit price."""
    book = twin.markets[instrument].books[-1]
    return {
        side: {price: level.auction_lots for price, level in book[side].levels.items() if level.auction_lots}
        for side in SIDES
    }


def _ranges(twin: TwinState, instrument: int, lots: dict[Side, dict[int, int]]) -> list[Range]:
    """All candidates, ascending: each limit price, and what lies between two of them.

    An order may stand between the increments, where history put it; its price is no candidate then.
    """
    market = twin.markets[instrument]
    step = twin.rules[instrument].price_increment_ticks
    wanted = market.market_queues[Side.BUY].lots + sum(lots[Side.BUY].values())
    offered = market.market_queues[Side.SELL].lots
    ranges: list[Range] = []
    before = 0
    for price in sorted(lots[Side.BUY].keys() | lots[Side.SELL].keys()):
        low, high = before // step * step + step, (price - 1) // step * step
        if before and low <= high:
            ranges.append(Range(low, high, wanted, offered))
        offered += lots[Side.SELL].get(price, 0)
        if price % step == 0:
            ranges.append(Range(price, price, wanted, offered))
        wanted -= lots[Side.BUY].get(price, 0)
        before = price
    return ranges


def publish_indicative(twin: TwinState, instrument: int) -> None:
    """AUCTION_INDICATIVE if it has changed since the last."""
    if twin.rules[instrument].phase not in _INDICATIVE:
        return
    found = clearing(twin, instrument)
    tape = twin.tapes[instrument]
    if found[:3] != tape.indicative:
        tape.indicative = found[:3]
        emit(twin, EventKind.AUCTION_INDICATIVE, found, instrument=instrument)


def uncross(twin: TwinState, instrument: int, collecting: Phase) -> None:
    """End an auction; `collecting` is the phase in which its orders were collected last."""
    found = clearing(twin, instrument)
    emit(twin, EventKind.AUCTION_UNCROSSED, found, instrument=instrument)
    if found.price_ticks and _trade(twin, instrument, found.price_ticks):
        limits = twin.price_limits[instrument]
        if limits and limits.start_anew(found.price_ticks):
            emit_market(twin, EventKind.PRICE_LIMITS_CHANGED, instrument)
    if twin.calendars[instrument].collar:
        twin.calendars[instrument].collar = None
        twin.left_crossed.add(instrument)
    for order in twin.open_in_order():
        if order.instrument == instrument and order.order_type == OrderType.MARKET and not order.is_held:
            cancel(twin, order, Reason.NO_LIQUIDITY)
    for order in twin.open_in_order():
        if order.instrument == instrument and (
            order.time_in_force == TimeInForce.OPG
            or (order.time_in_force == TimeInForce.CLS and collecting == Phase.CLOSING_AUCTION)
        ):
            cancel(twin, order, Reason.AUCTION_ENDED)


def _trade(twin: TwinState, instrument: int, price_ticks: int) -> bool:
    """Trade all that may at one price; returns whether anything did."""
    any_trade = False
    twin.left_crossed.discard(instrument)
    walks = {side: Walk(twin.markets[instrument].books[-1][side], price_ticks) for side in SIDES}
    while (buy := first_to_trade(twin, instrument, walks[Side.BUY], Side.BUY)) and (
        sell := first_to_trade(twin, instrument, walks[Side.SELL], Side.SELL)
    ):
        if buy.order_id in twin.groups or sell.order_id in twin.groups:
            twin.left_crossed.add(instrument)
        if cut_to_position(twin, buy) or cut_to_position(twin, sell):
            twin.left_crossed.add(instrument)
            continue
        resting, incoming = sorted((buy, sell), key=lambda order: order.priority)
        fill(twin, resting, incoming, price_ticks, min(buy.leaves_lots, sell.leaves_lots), auction=True)
        any_trade = True
    return any_trade


def first_to_trade(
    twin: TwinState, instrument: int, walk: Walk, side: Side, *, live: bool = False
) -> Order | None:
    """The first order of a side that takes part; `live`: that is not the street's either."""
    for order in twin.markets[instrument].market_queues[side].orders.values():
        if not (live and order.is_street):
            return order
    while (head := walk.first()) and (head.is_historical or (live and head.is_street)):
        walk.skip()
    return head
