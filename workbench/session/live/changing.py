"""Changes to an open order as the command that replaces it."""

from __future__ import annotations

from workbench.domain import commands as make
from workbench.domain.codes import OrderType, Reason, TimeInForce
from workbench.domain.records import Records
from workbench.domain.times import MAX_TIME_NS
from workbench.projections.live.order import TRIGGER_TYPES, LiveOrder, Waits
from workbench.session.live.order_command import Names, named
from workbench.session.live.scale import Scale, invalid, percent_micros
from workbench.session.live.terms import LIMITED
from workbench.session.live.tickets import Changes


def replacement(scale: Scale, order: LiveOrder, changes: Changes) -> tuple[Records, Names]:
    """The command that changes an order."""
    if changes.time_in_force is not None and changes.time_in_force != order.time_in_force:
        raise invalid(
            f"order {order.order_id}: the time in force of an order stays; cancel it and enter another",
            Reason.INVALID_TIME_IN_FORCE,
            order,
        )
    if changes == Changes(time_in_force=changes.time_in_force):
        raise invalid(f"order {order.order_id}: nothing is to change", Reason.INVALID_QUANTITY, order)
    names: Names = {}
    client = named(order.account, changes.client_order_id, names)
    lots = 0 if changes.quantity is None else scale.lots(changes.quantity, "quantity")
    display = 0
    if changes.display_quantity is not None:
        display = scale.lots(changes.display_quantity, "display quantity")
    limit = stop = trail_micros = 0
    if changes.limit_price is not None:
        if order.order_type not in LIMITED:
            raise invalid(f"order {order.order_id} has no limit price", Reason.INVALID_PRICE, order)
        limit = scale.ticks(changes.limit_price, "limit price")
    if changes.stop_price is not None or changes.trail is not None:
        stop, trail_micros = _new_trigger(scale, order, changes)
    if changes.expire_time_ns and order.time_in_force != TimeInForce.GTD:
        raise invalid(f"order {order.order_id} is not good till a date", Reason.INVALID_EXPIRE_TIME, order)
    if not 0 <= changes.expire_time_ns <= MAX_TIME_NS:
        raise invalid(
            f"order {order.order_id}: the expire time is none that can be counted",
            Reason.INVALID_EXPIRE_TIME,
            order,
        )
    command = make.replace_order(
        0,
        order.account,
        order_id=order.order_id,
        instrument=order.instrument,
        quantity_lots=lots,
        price_ticks=limit,
        new_client_order_id=client,
        trigger_price_ticks=stop,
        trail_micros=trail_micros,
        display_lots=display,
        expire_time_ns=changes.expire_time_ns,
    )
    return command, names


def _new_trigger(scale: Scale, order: LiveOrder, changes: Changes) -> tuple[int, int]:
    trailing = order.order_type == OrderType.TRAILING_STOP
    asked = "trail" if changes.trail is not None else "stop price"
    if (changes.trail is not None) != trailing or (changes.stop_price is not None) == trailing:
        raise invalid(
            f"order {order.order_id} trails the market: give a trail"
            if trailing
            else f"order {order.order_id} has no {asked}",
            Reason.INVALID_TRIGGER_PRICE,
            order,
        )
    if order.order_type not in TRIGGER_TYPES:
        raise invalid(f"order {order.order_id} has no stop price", Reason.INVALID_TRIGGER_PRICE, order)
    if order.waits == Waits.NOTHING:
        raise invalid(
            f"order {order.order_id} has been triggered, so its stop price stays",
            Reason.INVALID_TRIGGER_PRICE,
            order,
        )
    if changes.stop_price is not None:
        return scale.ticks(changes.stop_price, "stop price"), 0
    assert changes.trail is not None
    if order.trail_micros:
        return 0, percent_micros(scale, changes.trail)
    return scale.trail_ticks(changes.trail, "trail"), 0
