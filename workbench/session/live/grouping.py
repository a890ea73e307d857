"""Brackets, OTOs and OCOs as orders that are entered in one piece."""

from __future__ import annotations

from typing import NamedTuple

from workbench.domain import commands as make
from workbench.domain.codes import OrderFlag, OrderType, Reason, Side, TimeInForce
from workbench.domain.records import Records
from workbench.projections.live.market import LiveMarket
from workbench.session.live.exits import Exits, misplaced
from workbench.session.live.order_command import Names, flags_of, made_number, order_command
from workbench.session.live.scale import Scale, invalid
from workbench.session.live.terms import Terms, check_time, terms_of
from workbench.session.live.tickets import Ticket

_GROUPED = (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD)


class Entry(NamedTuple):
    """Commands that stay together, the texts of their client order ids, and which one the others hang on."""

    commands: Records
    names: Names
    head: int


def with_exits(
    account: int, scale: Scale, ticket: Ticket, client: int, names: Names, market: LiveMarket
) -> Entry:
    """A bracket or an OTO: the exits first, which wait for the entry's fill, and the entry last."""
    _check_group(scale, ticket)
    entry = terms_of(scale, ticket, market)
    exits = _exits(scale, ticket, entry.quantity_lots)
    wanted = 1 if ticket.order_class == "oto" else 2
    if len(exits) != wanted:
        raise invalid(
            f"{scale.symbol}: an oto has a take-profit or a stop-loss, and one alone"
            if wanted == 1
            else f"{scale.symbol}: a bracket has a take-profit and a stop-loss",
            Reason.INVALID_GROUP,
        )
    group = made_number()
    side = Side.SELL if ticket.side == Side.BUY else Side.BUY
    parts = [
        order_command(
            account,
            scale,
            ticket,
            terms,
            side=side,
            flags=OrderFlag.GROUP_CHILD,
            client_order_id=group if place == 1 else made_number(),
            group=(group, place),
        )
        for place, terms in enumerate(exits, start=1)
    ]
    head = len(parts)
    flags = OrderFlag.GROUP_LAST | flags_of(ticket)
    parts.append(
        order_command(
            account,
            scale,
            ticket,
            entry,
            flags=flags,
            client_order_id=client or made_number(),
            group=(group, head + 1),
        )
    )
    return Entry(make.batch(parts), names, head)


def oco(account: int, scale: Scale, ticket: Ticket, client: int, names: Names) -> Entry:
    """A take-profit, and the stop-loss that it cancels."""
    _check_group(scale, ticket)
    check_time(scale, ticket)
    given = (ticket.stop_price, ticket.trail_amount, ticket.trail_percent, ticket.display_quantity)
    if ticket.order_type != OrderType.LIMIT or any(each is not None for each in given) or ticket.post_only:
        raise invalid(
            f"{scale.symbol}: an oco is a limit order with a stop-loss, and has no other terms",
            Reason.INVALID_GROUP,
        )
    if ticket.limit_price is not None and ticket.limit_price != ticket.take_profit_limit:
        raise invalid(
            f"{scale.symbol}: the limit price of an oco is that of its take-profit", Reason.INVALID_PRICE
        )
    if ticket.quantity is None or ticket.notional is not None:
        raise invalid(f"{scale.symbol}: an oco needs a quantity", Reason.INVALID_QUANTITY)
    exits = _exits(scale, ticket, scale.lots(ticket.quantity, "quantity"))
    if len(exits) != 2:  # noqa: PLR2004 - the two legs
        raise invalid(f"{scale.symbol}: an oco has a take-profit and a stop-loss", Reason.INVALID_GROUP)
    group = client or made_number()
    reduces = OrderFlag.REDUCE_ONLY if ticket.reduce_only else OrderFlag(0)
    legs = [
        order_command(
            account, scale, ticket, exits[0], flags=reduces, client_order_id=group, group=(group, 1)
        ),
        order_command(
            account,
            scale,
            ticket,
            exits[1],
            flags=reduces | OrderFlag.GROUP_LAST,
            client_order_id=made_number(),
            group=(group, 2),
        ),
    ]
    return Entry(make.batch(legs), names, 0)


def _check_group(scale: Scale, ticket: Ticket) -> None:
    if ticket.time_in_force not in _GROUPED:
        raise invalid(
            f"{scale.symbol}: orders of a group are good for the day, till cancelled or till a date",
            Reason.INVALID_TIME_IN_FORCE,
        )


def _exits(scale: Scale, ticket: Ticket, lots: int) -> list[Terms]:
    """Take-profit and stop-loss, as far as they are given."""
    found: list[Terms] = []
    limit = 0
    if ticket.take_profit_limit is not None:
        profit = scale.ticks(ticket.take_profit_limit, "take-profit limit price")
        found.append(Terms(OrderType.LIMIT, lots, profit, 0, 0, 0))
    if ticket.stop_loss_stop is not None:
        loss = scale.ticks(ticket.stop_loss_stop, "stop-loss stop price")
        if ticket.stop_loss_limit is not None:
            limit = scale.ticks(ticket.stop_loss_limit, "stop-loss limit price")
        found.append(Terms(OrderType.STOP_LIMIT if limit else OrderType.STOP, lots, limit, loss, 0, 0))
    elif ticket.stop_loss_limit is not None:
        raise invalid(f"{scale.symbol}: a stop-loss needs a stop price", Reason.INVALID_TRIGGER_PRICE)
    # A sale by OCO is an exit itself, the others enter first.
    sells = (ticket.side == Side.SELL) == (ticket.order_class == "oco")
    entry = None if ticket.order_class == "oco" else ticket.limit_price
    wrong = misplaced(
        Exits(sells, entry, ticket.take_profit_limit, ticket.stop_loss_stop, ticket.stop_loss_limit)
    )
    if wrong is not None:
        raise invalid(
            wrong.sentence(scale.symbol),
            Reason.INVALID_TRIGGER_PRICE if wrong.name == "stop_loss" else Reason.INVALID_PRICE,
        )
    return found
