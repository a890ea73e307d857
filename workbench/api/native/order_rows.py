"""One order as the API tells it."""

from __future__ import annotations

from typing import Any

from workbench.api.words import (
    ORDER_TYPES,
    SIDES,
    TIMES_IN_FORCE,
    Scale,
    Scales,
    maybe_moment,
    moment,
    money,
    word,
    word_of,
)
from workbench.domain.codes import OrderFlag, OrderType, Side, TimeInForce
from workbench.projections.live.market import NOTHING_UNDONE
from workbench.projections.live.order import LiveOrder
from workbench.projections.live.views import LiveViews


def order_row(order: LiveOrder, views: LiveViews, scale: Scale, client_order_id: str = "") -> dict[str, Any]:
    """Every field of an order; a price or time that there is not is null.

    What was busted is no part of what it executed, of its average price and of its fees (FIX: a trade cancel
    lowers CumQty); its state stays, for orders are not revived.
    """
    undone = views.undone_of(order)
    executed = order.executed_lots - undone.lots
    fees = order.fees_micros - views.undone.get(order.order_id, NOTHING_UNDONE).fees_micros
    trailing = order.order_type == OrderType.TRAILING_STOP
    average = (order.executed_value - undone.value) / executed if executed else None
    group = order.group
    return {
        "id": order.order_id,
        "client_order_id": client_order_id,
        "account": order.account,
        "symbol": scale.symbol,
        "side": SIDES.get(order.side) or word_of(Side, order.side),
        "type": ORDER_TYPES.get(order.order_type) or word_of(OrderType, order.order_type),
        "time_in_force": TIMES_IN_FORCE.get(order.time_in_force) or word_of(TimeInForce, order.time_in_force),
        "state": word(order.state),
        "waits": word(order.waits),
        "reason": word(order.reason),
        "quantity": scale.quantity(order.quantity_lots),
        "leaves": scale.quantity(order.leaves_lots),
        "executed": scale.quantity(executed),
        "busted": scale.quantity(undone.lots),
        "average_price": None if average is None else scale.price(average),
        "limit_price": scale.maybe_price(order.price_ticks),
        "stop_price": scale.maybe_price(order.trigger_price_ticks),
        "trail_amount": scale.maybe_price(order.trail_ticks) if trailing else None,
        "trail_percent": order.trail_micros / 10_000 if order.trail_micros else None,
        "watermark": scale.maybe_price(order.watermark_ticks),
        "display_quantity": scale.quantity(order.display_lots) if order.display_lots else None,
        "post_only": bool(order.flags & OrderFlag.POST_ONLY),
        "reduce_only": bool(order.flags & OrderFlag.REDUCE_ONLY),
        "fees": money(fees),
        "ahead": scale.quantity(order.ahead_lots) if order.ahead_lots >= 0 else None,
        "order_class": "simple" if group is None else group.name,
        "group": order.group_id or None,
        "parent": order.parent_order_id or None,
        "replaces": order.replaces or None,
        "replaced_by": order.replaced_by or None,
        "created": moment(order.created_ns),
        "updated": maybe_moment(max(order.updated_ns, undone.time_ns)),
        "triggered": maybe_moment(order.triggered_ns),
        "filled": maybe_moment(order.filled_ns),
        "canceled": maybe_moment(order.canceled_ns),
        "expired": maybe_moment(order.expired_ns),
        "replaced": maybe_moment(order.replaced_ns),
        "rejected": maybe_moment(order.rejected_ns),
        "expires": maybe_moment(order.expire_time_ns),
        "seq": max(order.updated_seq, undone.seq),
    }


def order_tree(order: LiveOrder, views: LiveViews, scales: Scales, names: Any) -> dict[str, Any]:
    """An order with its legs, which are orders themselves. `names` gives an owner's text of an order."""
    row = order_row(order, views, scales[order.instrument], names(order))
    row["legs"] = [order_row(leg, views, scales[leg.instrument], names(leg)) for leg in order.legs]
    return row
