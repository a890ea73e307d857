"""Held orders that become active: triggered, released, or called up by the closing auction."""

from __future__ import annotations

from workbench.domain.codes import EventKind, OrderFlag, Place, Reason
from workbench.domain.states import OrderState
from workbench.engine.reference.approval import check_account_of, closable_lots
from workbench.engine.reference.emit import emit_order
from workbench.engine.reference.exposure import report_breaches
from workbench.engine.reference.groups import cancel, other_leg, refuse_active
from workbench.engine.reference.matching import match_and_rest
from workbench.engine.reference.orders import delist, hold
from workbench.engine.reference.state import TwinState
from workbench.matching.reference import Order
from workbench.risk.reference import Refusal


def trigger(twin: TwinState, order: Order, reference_ticks: int) -> None:
    """The reference has reached a trigger order's price."""
    delist(twin, order)
    emit_order(
        twin,
        EventKind.ORDER_TRIGGERED,
        order,
        OrderState.HELD,
        value=reference_ticks,
        limit=order.trigger_price_ticks,
    )
    other = other_leg(twin, order)
    if other:
        cancel(twin, other, Reason.GROUP)
    _activate(twin, order, triggered=True)


def release(twin: TwinState, order: Order) -> None:
    """An order has waited for its group or the closing auction: it comes in, or waits for its trigger."""
    delist(twin, order)
    if order.is_trigger:
        hold(twin, order, Place.TRIGGER)
    else:
        _activate(twin, order, triggered=False)


def standing_leg(twin: TwinState, order: Order) -> list[Order]:
    """An order's other leg if it rests, for checks as if it were gone."""
    other = other_leg(twin, order)
    return [other] if other and not other.is_held else []


def _activate(twin: TwinState, order: Order, *, triggered: bool) -> None:
    gone = standing_leg(twin, order)
    if order.flags & OrderFlag.REDUCE_ONLY:
        closing = min(order.leaves_lots, closable_lots(twin, order, gone))
        if 0 < closing < order.leaves_lots:
            cancel(twin, order, Reason.REDUCE_ONLY, order.leaves_lots - closing)
    approval = check_account_of(twin, order, gone, triggered=triggered)
    if isinstance(approval, Refusal):
        refuse_active(twin, order, approval)
        return
    order.opening_lots = approval.opening_lots
    order.book = twin.markets[order.instrument].home(order)
    if twin.trader(order.account):
        emit_order(twin, EventKind.ORDER_APPROVED, order, OrderState.NEW, value=approval.required_micros)
        report_breaches(twin, order, approval.breaches)
    match_and_rest(twin, order)
