"""Order requests as the gateway's tickets; REST and the stream read the same ones."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from workbench.api.words import code_of, time_of
from workbench.domain.codes import OrderType, SelfTradePrevention, Side, TimeInForce
from workbench.domain.frames import PlaceOrder
from workbench.session.live.tickets import Changes, Ticket


class Amend(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Other terms for an open order, which gets a new id; what is left out stays."""

    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    display_quantity: Decimal | None = None
    expires: str = ""
    time_in_force: str = ""
    client_order_id: str = ""


def ticket_of(asked: PlaceOrder) -> Ticket:
    """The ticket of a request.

    Raises
    ------
    ApiError
        422 when one of its words is none of the exchange's.
    """
    return Ticket(
        symbol=asked.symbol,
        side=code_of(Side, asked.side, "side"),
        quantity=asked.quantity,
        notional=asked.notional,
        order_type=code_of(OrderType, asked.type, "type"),
        time_in_force=code_of(TimeInForce, asked.time_in_force, "time_in_force"),
        limit_price=asked.limit_price,
        stop_price=asked.stop_price,
        trail_amount=asked.trail_amount,
        trail_percent=asked.trail_percent,
        display_quantity=asked.display_quantity,
        post_only=asked.post_only,
        reduce_only=asked.reduce_only,
        expire_time_ns=time_of(asked.expires, "expires") if asked.expires else 0,
        client_order_id=asked.client_order_id,
        order_class=asked.order_class,
        take_profit_limit=asked.take_profit_limit,
        stop_loss_stop=asked.stop_loss_stop,
        stop_loss_limit=asked.stop_loss_limit,
        self_trade_prevention=(
            code_of(SelfTradePrevention, asked.self_trade_prevention, "self_trade_prevention")
            if asked.self_trade_prevention
            else SelfTradePrevention.VENUE_DEFAULT
        ),
    )


def changes_of(asked: Amend) -> Changes:
    """The changes of a request."""
    return Changes(
        quantity=asked.quantity,
        limit_price=asked.limit_price,
        stop_price=asked.stop_price,
        trail=asked.trail,
        display_quantity=asked.display_quantity,
        expire_time_ns=time_of(asked.expires, "expires") if asked.expires else 0,
        time_in_force=(
            code_of(TimeInForce, asked.time_in_force, "time_in_force") if asked.time_in_force else None
        ),
        client_order_id=asked.client_order_id,
    )
