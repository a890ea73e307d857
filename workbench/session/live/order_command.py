"""The command that enters an order, and the numbers of client order ids."""

from __future__ import annotations

from uuid import uuid4

from workbench.domain import commands as make
from workbench.domain.codes import OrderFlag, Reason, SelfTradePrevention, Side
from workbench.domain.records import Records
from workbench.session.live.client_ids import client_order_number
from workbench.session.live.scale import Scale, invalid
from workbench.session.live.terms import Terms
from workbench.session.live.tickets import Ticket

MOST_CLIENT_ORDER_ID = 128
"""Most characters of a client order id."""

Names = dict[tuple[int, int], str]
"""Client order ids as text, by account and number."""

_PREVENTIONS = frozenset(SelfTradePrevention)


def order_command(
    account: int,
    scale: Scale,
    ticket: Ticket,
    terms: Terms,
    *,
    client_order_id: int,
    side: Side | None = None,
    flags: OrderFlag | None = None,
    group: tuple[int, int] = (0, 0),
) -> Records:
    """The command of one order; its side and flags are the ticket's unless they are given."""
    mode = ticket.self_trade_prevention
    if mode not in _PREVENTIONS:
        raise invalid(
            f"there is no mode {mode!r} of self-trade prevention", Reason.INVALID_SELF_TRADE_PREVENTION
        )
    return make.new_order(
        0,
        account,
        scale.number,
        ticket.side if side is None else side,
        terms.quantity_lots,
        terms.price_ticks,
        order_type=terms.order_type,
        time_in_force=ticket.time_in_force,
        client_order_id=client_order_id,
        flags=flags_of(ticket) if flags is None else flags,
        self_trade_prevention=mode,
        trigger_price_ticks=terms.trigger_price_ticks,
        trail_micros=terms.trail_micros,
        display_lots=terms.display_lots,
        expire_time_ns=ticket.expire_time_ns,
        group_id=group[0],
        group_place=group[1],
    )


def flags_of(ticket: Ticket) -> OrderFlag:
    """The flags that a ticket asks for."""
    flags = OrderFlag(0)
    if ticket.post_only:
        flags |= OrderFlag.POST_ONLY
    if ticket.reduce_only:
        flags |= OrderFlag.REDUCE_ONLY
    return flags


def named(account: int, text: str, names: Names) -> int:
    """The number of a client order id, whose text is added to `names`; 0 for none."""
    if not text:
        return 0
    if len(text) > MOST_CLIENT_ORDER_ID or not text.isprintable():
        raise invalid(
            f"a client order id has up to {MOST_CLIENT_ORDER_ID} characters, all of which can be printed",
            Reason.INVALID_CLIENT_ORDER_ID,
        )
    number = client_order_number(text)
    names[account, number] = text
    return number


def made_number() -> int:
    """A client order id for an order that needs one and has no name."""
    return client_order_number(uuid4().hex)
