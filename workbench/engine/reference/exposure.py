"""Exposure groups: which limits an order breaks, and what follows for one that goes on all the same."""

from __future__ import annotations

from typing import NamedTuple

from workbench.domain.codes import EventKind, ExposureMode, Reason, Side
from workbench.domain.exposure import ExposureGroup
from workbench.engine.reference.cash import pay_house
from workbench.engine.reference.emit import emit
from workbench.engine.reference.state import SIDES, TwinState
from workbench.matching.reference import Order
from workbench.risk.reference import Exposure, Refusal, check_exposure, exposure


class Breach(NamedTuple):
    """A limit of a group that an order breaks."""

    group: int
    mode: ExposureMode
    refusal: Refusal


def broken_limits(twin: TwinState, order: Order, open_lots: dict[Side, int]) -> tuple[Breach, ...]:
    """The first limit that an order breaks of each group; `open_lots` of its instrument, without itself."""
    breaches = []
    for number, group in enumerate(twin.venue.exposure_groups):
        if twin.venue.instruments[order.instrument].symbol in group.weights:
            before = _exposure(twin, group, order, open_lots)
            with_order = {**open_lots, order.side: open_lots[order.side] + order.leaves_lots}
            refusal = check_exposure(group, before, _exposure(twin, group, order, with_order))
            if refusal:
                breaches.append(Breach(number, group.mode, refusal))
    return tuple(breaches)


def _exposure(twin: TwinState, group: ExposureGroup, order: Order, open_lots: dict[Side, int]) -> Exposure:
    standing = twin.standings[order.account]
    holdings = []
    for symbol, weight in group.weights.items():
        instrument = twin.venue.instrument_number(symbol)
        lots = open_lots
        if instrument != order.instrument:
            lots = {side: standing.open_lots_of(instrument, side) for side in SIDES}
        position = twin.ledger.position_lots(order.account, instrument)
        holdings.append((weight, position, lots[Side.BUY], lots[Side.SELL]))
    return exposure(holdings)


def first_refusal(breaches: tuple[Breach, ...]) -> Refusal | None:
    """The breach for which an order is refused, if there is one."""
    return next((each.refusal for each in breaches if each.mode == ExposureMode.REJECT), None)


def report_breaches(twin: TwinState, order: Order, breaches: tuple[Breach, ...]) -> None:
    """LIMIT_BREACHED, and the fine where the group has one."""
    for number, mode, (reason, measured, limit) in breaches:
        payload = (measured, limit, 0, 0, 0, order.order_id, number)
        emit(
            twin,
            EventKind.LIMIT_BREACHED,
            payload,
            reason=reason,
            account=order.account,
            instrument=order.instrument,
        )
        if mode == ExposureMode.FINE:
            pay_house(twin, order.account, twin.venue.exposure_groups[number].fine_micros, Reason.FINE)
