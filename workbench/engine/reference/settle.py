"""The end of a command: what it has set off in each instrument, then what is published."""

from __future__ import annotations

from workbench.domain.codes import EventKind, Side
from workbench.domain.states import OrderState
from workbench.engine.reference.activating import release, trigger
from workbench.engine.reference.auctions import publish_indicative
from workbench.engine.reference.emit import emit_order, publish_quote
from workbench.engine.reference.limits import pause
from workbench.engine.reference.monitoring import evaluate_moved
from workbench.engine.reference.references import is_triggered, reference, reference_of, trigger_price
from workbench.engine.reference.state import SIDES, TwinState
from workbench.matching.reference import Order


def end_of_command(twin: TwinState) -> None:
    """Go through the instruments that were touched, and through the accounts that have moved."""
    _set_off_all(twin)
    while twin.moved:
        evaluate_moved(twin)
        _set_off_all(twin)
    for instrument in sorted(twin.touched):
        publish_indicative(twin, instrument)
        publish_quote(twin, instrument)
    twin.touched.clear()


def _set_off_all(twin: TwinState) -> None:
    for instrument in sorted(twin.touched):
        _set_off(twin, instrument)


def _set_off(twin: TwinState, instrument: int) -> None:
    """Held orders become active one after the other, until none is left to or a price limit is reached."""
    active = True
    while active and twin.is_continuous(instrument):
        _follow(twin, instrument)
        active = False
        while _activate_next(twin, instrument):
            active = True


def _activate_next(twin: TwinState, instrument: int) -> bool:
    """The next step while trading is continuous; False when nothing is left to do."""
    if instrument in twin.limit_states:
        pause(twin, instrument)
        return False
    released = twin.held[instrument].released
    if released:
        release(twin, released[min(released)])
        return True
    order = _first_triggered(twin, instrument)
    if order is None:
        return False
    trigger(twin, order, reference(twin, order))
    return True


def _first_triggered(twin: TwinState, instrument: int) -> Order | None:
    """The triggered order that comes first."""
    for rising in (True, False):
        rungs = []
        for side in SIDES:
            ladder = twin.held[instrument].ladders[rising, side]
            # The first of a ladder triggers first.
            if ladder:
                order = twin.open_orders[ladder[0][2]]
                if is_triggered(order, reference_of(twin, instrument, side, rising=rising)):
                    rungs.append(ladder[0])
        if rungs:
            return twin.open_orders[min(rungs)[2]]
    return None


def _follow(twin: TwinState, instrument: int) -> None:
    """Watermarks of trailing stops follow the reference."""
    held = twin.held[instrument]
    for order in held.trailing.values():
        seen = reference(twin, order)
        mark = order.watermark_ticks
        if seen and (not mark or (seen > mark if order.side == Side.SELL else seen < mark)):
            held.trail(order, seen, trigger_price(twin, order, seen))
            emit_order(
                twin,
                EventKind.ORDER_TRAILED,
                order,
                OrderState.HELD,
                value=order.trigger_price_ticks,
                limit=seen,
            )
