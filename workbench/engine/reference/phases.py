"""Changes of an instrument's phase and what they do to its orders."""

from __future__ import annotations

from collections.abc import Collection

from workbench.domain.codes import EventKind, Phase, Reason, TimeInForce
from workbench.engine.reference.activating import release
from workbench.engine.reference.auctions import uncross
from workbench.engine.reference.emit import emit_market
from workbench.engine.reference.groups import cancel, expire
from workbench.engine.reference.marks import keep_close
from workbench.engine.reference.state import TwinState

COLLECTING = (Phase.PRE_OPEN, Phase.OPENING_AUCTION, Phase.CLOSING_AUCTION, Phase.REOPENING_AUCTION)


def change_phase(
    twin: TwinState, instrument: int, phase: Phase, reason: Reason, *, reopening_ns: int | None = None
) -> bool:
    """Change an instrument's phase, DAY orders apart; returns whether it was another one before.

    Whoever changes phases calls `expire_day_orders` when all that are changed at once have been.
    """
    rules, calendar = twin.rules[instrument], twin.calendars[instrument]
    if rules.phase == phase:
        return False
    rules.phase = phase
    calendar.reopening_ns = reopening_ns
    if phase in COLLECTING:
        calendar.collecting = phase
        twin.tapes[instrument].indicative = (0, 0, 0)
    twin.touched.add(instrument)
    emit_market(twin, EventKind.PHASE_CHANGED, instrument, reason)
    if phase in (Phase.CONTINUOUS, Phase.CLOSED) and calendar.collecting:
        collecting, calendar.collecting = calendar.collecting, 0
        uncross(twin, instrument, Phase(collecting))
    if phase == Phase.CLOSING_AUCTION:
        held = twin.held[instrument].auction
        for order_id in sorted(held):
            if order_id in held:
                release(twin, held[order_id])
    if phase == Phase.CLOSED:
        keep_close(twin, instrument)
        for order in twin.open_in_order():
            if order.instrument == instrument and order.time_in_force in (TimeInForce.OPG, TimeInForce.CLS):
                cancel(twin, order, Reason.AUCTION_ENDED)
    return True


def expire_day_orders(twin: TwinState, closed: Collection[int]) -> None:
    """End the DAY orders of the instruments that have just become CLOSED."""
    if not closed:
        return
    for order in twin.open_in_order():
        if order.instrument in closed and order.time_in_force == TimeInForce.DAY:
            expire(twin, order, Reason.END_OF_DAY)
