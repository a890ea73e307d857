"""Alpaca's requests as tickets of the order gateway."""

from __future__ import annotations

from uuid import uuid4

from workbench.api.alpaca.order_request import OrderRequest, ReplaceRequest
from workbench.api.alpaca.words import ORDER_TYPES, SIDES, TIMES_IN_FORCE
from workbench.session.live.tickets import Changes, Ticket


def ticket_of(asked: OrderRequest, symbol: str) -> Ticket:
    """The ticket of a request that `read_order` has checked; `symbol` is the session's own for it."""
    take, stop = asked.take_profit, asked.stop_loss
    take_limit = take.limit_price if take is not None else None
    order_class = asked.order_class or "simple"
    return Ticket(
        symbol=symbol,
        side=SIDES[asked.side],
        quantity=asked.qty,
        notional=asked.notional,
        order_type=ORDER_TYPES[asked.type],
        time_in_force=TIMES_IN_FORCE[asked.time_in_force],
        limit_price=None if order_class == "oco" else asked.limit_price,
        stop_price=asked.stop_price,
        trail_amount=asked.trail_price,
        trail_percent=asked.trail_percent,
        client_order_id=asked.client_order_id or "",
        order_class=order_class,
        take_profit_limit=take_limit,
        stop_loss_stop=stop.stop_price if stop is not None else None,
        stop_loss_limit=stop.limit_price if stop is not None else None,
    )


def changes_of(asked: ReplaceRequest, *, named: bool) -> Changes:
    """The changes that `read_replace` has checked.

    A name belongs to one order, so the successor of an order with a name (`named`) gets one of its own.
    """
    return Changes(
        quantity=asked.qty,
        limit_price=asked.limit_price,
        stop_price=asked.stop_price,
        trail=asked.trail,
        time_in_force=TIMES_IN_FORCE[asked.time_in_force] if asked.time_in_force else None,
        client_order_id=asked.client_order_id or (str(uuid4()) if named else ""),
    )
