"""The one way by which orders of people come in, whatever face they came through."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple, Protocol

from workbench.domain import commands as make
from workbench.domain.codes import (
    EventKind,
    OrderFlag,
    OrderType,
    Reason,
    Side,
)
from workbench.domain.config import Venue
from workbench.domain.records import Records
from workbench.domain.states import OrderState
from workbench.engine.explain import Explanation, explain
from workbench.engine.words import Names, Words
from workbench.errors import OrderRefused
from workbench.projections.live.order import LiveOrder, Waits
from workbench.projections.live.views import LiveViews
from workbench.session.live.answer import Answer
from workbench.session.live.answer_events import of_kind, own_orders
from workbench.session.live.entering import Tickets
from workbench.session.live.folded import Folded
from workbench.session.live.grouping import Entry
from workbench.session.live.order_history import events_about
from workbench.session.live.refusing import Refusals, has_ended
from workbench.session.live.scale import invalid
from workbench.session.live.tickets import Changes, Ticket

__all__ = ["Gateway", "OrderRefused", "Placed"]

_HUNDRED = 100

History = Callable[[int], Iterable[Records]]
"""Events of a session from a sequence number on, in batches; called on another thread."""


class Market(Protocol):
    """What the gateway needs of a session."""

    @property
    def venue(self) -> Venue:
        """Its venue."""

    @property
    def zone(self) -> str:
        """IANA time zone of its clock times."""

    async def send(self, commands: Records, *, names: Mapping[tuple[int, int], str] | None = None) -> Answer:
        """Send commands that stay together; durable when it returns."""

    def client_order_name(self, account: int, client_order_id: int) -> str | None:
        """What an account calls an order."""


class Placed(NamedTuple):
    """An order that was taken, as it was when the answer came, and the orders that hang on it."""

    order: LiveOrder
    legs: tuple[LiveOrder, ...]
    answer: Answer


class Gateway:
    """Takes tickets of people into a session, and says what became of them.

    It lives on the loop that folds `views`, and answers when the views show what it answers.

    Parameters
    ----------
    session
        Where commands go.
    views
        Its views, which somebody else folds.
    history
        Events of the session from a sequence number on, for `explain`; called off the loop.

    Attributes
    ----------
    refusals
        Writes its refusals.
    """

    def __init__(self, session: Market, views: LiveViews, history: History | None = None) -> None:
        self._session = session
        self._views = views
        self._history = history
        self._tickets = Tickets(session.venue)
        self.refusals = Refusals(self._tickets, Words(session.venue, session.zone), views)
        self._folded = Folded()
        views.observers.append(self._folded)

    async def reached(self, seq: int) -> None:
        """Wait until the views have folded event `seq`."""
        if self._views.seq < seq:
            await self._folded.wait(seq)

    # ------------------------------------------------------------------ orders

    async def place(self, account: int, ticket: Ticket) -> Placed:
        """Enter an order, or a group of orders in one piece.

        Raises
        ------
        OrderRefused
            When the ticket makes no sense (nothing is sent then), or the exchange refuses an order of it (no
            order of it is open then).
        """
        entry = self.entry(account, ticket)
        answer = await self._session.send(entry.commands, names=entry.names or None)
        return await self._placed(answer, entry.head, ticket.client_order_id)

    def entry(self, account: int, ticket: Ticket) -> Entry:
        """The commands that placing a ticket would send.

        Raises
        ------
        OrderRefused
            When the ticket makes no sense.
        """
        if account not in self._views.accounts:
            raise OrderRefused(
                f"account {account} is nobody's here", status="unknown", reason=Reason.UNKNOWN_ACCOUNT
            )
        return self._tickets.entry(account, ticket, self._views.markets)

    async def replace(self, account: int, order_id: int, changes: Changes) -> Placed:
        """Change an open order, which ends and lives on as the one that is answered.

        Raises
        ------
        OrderRefused
            When the changes make no sense, or the exchange refuses them; the order stays as it was.
        """
        order = self._open(account, order_id)
        command, names = self._tickets.replacement(order, changes)
        answer = await self._session.send(command, names=names or None)
        await self.reached(answer.last_event_seq)
        for event in of_kind(answer.events, EventKind.ORDER_REPLACED):
            if event["order_id"] == order_id:
                successor = self._order(int(event["successor_order_id"]))
                return Placed(successor, successor.legs, answer)
        raise self.refusals.change(answer, EventKind.REPLACE_REJECTED, order, changes.client_order_id)

    async def cancel(self, account: int, order_id: int) -> LiveOrder:
        """Cancel what is open of an order; the others of its group go with it.

        Raises
        ------
        OrderRefused
            When there is no such order, or it has ended.
        """
        order = self._open(account, order_id)
        answer = await self._session.send(make.cancel_order(0, account, order_id=order_id))
        await self.reached(answer.last_event_seq)
        if len(of_kind(answer.events, EventKind.CANCEL_REJECTED)):
            raise self.refusals.change(answer, EventKind.CANCEL_REJECTED, order, "")
        return order

    async def cancel_all(self, account: int, symbol: str | None = None) -> list[tuple[int, Reason | None]]:
        """Cancel every open order, or those in one instrument.

        Returns
        -------
        list
            Order id and None for each that was cancelled, and for one that ended otherwise meanwhile the
            reason why there was nothing to cancel.
        """
        instrument = make.ALL if symbol is None else self._tickets.scale(symbol).number
        before = [
            order.order_id
            for order in self._views.orders.open_of(account)
            if instrument in (make.ALL, order.instrument)
        ]
        answer = await self._session.send(make.mass_cancel(0, account, instrument))
        await self.reached(answer.last_event_seq)
        canceled = of_kind(answer.events, EventKind.ORDER_CANCELED)
        own = {int(order_id) for order_id in canceled["order_id"][canceled["account"] == account]}
        late = [order_id for order_id in before if order_id not in own]
        return [*((number, None) for number in sorted(own)), *((one, Reason.UNKNOWN_ORDER) for one in late)]

    async def close_position(
        self,
        account: int,
        symbol: str,
        quantity: Decimal | None = None,
        percentage: Decimal | None = None,
        *,
        cancel_orders: bool = False,
    ) -> Placed:
        """Send the market order that closes a position, or part of it; it can only reduce.

        Parameters
        ----------
        account, symbol
            Whose position in what.
        quantity, percentage
            How much of it, in units or percent (rounded down); all of it unless one is given.
        cancel_orders
            Cancel the account's own orders that would close it, in the same piece. Otherwise what they hold
            is not available, and asking for more than the rest is refused.

        Raises
        ------
        OrderRefused
            When there is no such position, or less of it is available.
        """
        scale = self._tickets.scale(symbol)
        held = self._views.positions.get(account, {}).get(scale.number)
        position = 0 if held is None else held.position_lots
        if position == 0:
            raise OrderRefused(
                f"there is no position in {symbol}", status="unknown", reason=Reason.REDUCE_ONLY_WOULD_OPEN
            )
        side, size = (Side.SELL if position > 0 else Side.BUY), abs(position)
        if quantity is not None and percentage is not None:
            raise invalid(
                f"{symbol}: give a quantity or a percentage, and one alone", Reason.INVALID_QUANTITY
            )
        lots = size
        if quantity is not None:
            lots = scale.lots(quantity, "quantity")
        elif percentage is not None:
            if not percentage.is_finite() or not 0 < percentage <= _HUNDRED:
                raise invalid(
                    f"{symbol}: the percentage must be above 0 and at most 100, not {percentage}",
                    Reason.INVALID_QUANTITY,
                )
            units = Fraction(scale.instrument.quantity_from_lots(size))
            lots = scale.down_to_lots(units * Fraction(percentage) / _HUNDRED)
            if lots == 0:
                raise invalid(
                    f"{symbol}: {percentage:f} percent of the position are less than "
                    f"{scale.quantity_increment:f}",
                    Reason.INVALID_QUANTITY,
                )
        closing = self._closing(account, scale.number, side)
        kept = 0 if cancel_orders else min(size, _held_lots(closing))
        if lots > size - kept:
            raise self.refusals.unavailable(scale.number, lots, size, kept, closing)
        order = make.new_order(
            0,
            account,
            scale.number,
            side,
            lots,
            order_type=OrderType.MARKET,
            flags=OrderFlag.REDUCE_ONLY,
        )
        parts = [order]
        if cancel_orders:
            parts = [make.cancel_order(0, account, order_id=one.order_id) for one in closing] + parts
        answer = await self._session.send(make.batch(parts))
        return await self._placed(answer, 0, "")

    # ------------------------------------------------------------------ why

    async def explain(self, order_id: int, *, anonymous: bool = False) -> Explanation:
        """What became of an order, and why, from the session's events.

        It reads all events of the order's instrument and account up to now, on another thread; seconds for a
        session of many millions. `anonymous` leaves out who the others are.

        Raises
        ------
        OrderRefused
            When there is no such order, or no history to read.
        """
        order = self._views.orders.get(order_id)
        if order is None or self._history is None:
            raise OrderRefused(
                f"there is no order {order_id}" if order is None else "this session's history is not at hand",
                status="unknown",
                reason=Reason.UNKNOWN_ORDER,
            )
        names = self._names_of(order)
        upto = self._views.seq
        venue, zone = self._session.venue, self._session.zone

        def read() -> Explanation:
            assert self._history is not None
            events = events_about(self._history(1), order.instrument, order.account, upto)
            return explain(events, order_id, venue, zone=zone, names=names, anonymous=anonymous)

        return await asyncio.to_thread(read)

    def _names_of(self, order: LiveOrder) -> Names:
        found: dict[tuple[int, int], str] = {}
        others = order.group.members if order.group is not None else []
        for each in (*self._views.orders.chain(order), *others):
            name = self._session.client_order_name(each.account, each.client_order_id)
            if name:
                found[each.account, each.client_order_id] = name
        return found

    # ------------------------------------------------------------------ parts

    async def _placed(self, answer: Answer, head: int, client_order_id: str) -> Placed:
        await self.reached(answer.last_event_seq)
        orders = [self._order(order_id) for order_id in own_orders(answer)]
        refused = [order for order in orders if order.state == OrderState.REJECTED and not order.approved_ns]
        if refused:
            # An order that does not fit because another one of its group was refused explains nothing.
            why = next((order for order in refused if order.reason != Reason.INVALID_GROUP), refused[0])
            raise self.refusals.order(why.reason, why.reason_value, why.reason_limit, why, client_order_id)
        if not orders:
            raise self.refusals.command(answer)
        order = orders[head]
        return Placed(order, tuple(one for one in orders if one is not order), answer)

    def _order(self, order_id: int) -> LiveOrder:
        order = self._views.orders.get(order_id)
        assert order is not None, f"order {order_id} was folded, and is no person's"
        return order

    def _open(self, account: int, order_id: int) -> LiveOrder:
        """The account's own open order with this id."""
        order = self._views.orders.get(order_id)
        if order is None or order.account != account:
            raise OrderRefused(f"you have no order {order_id}", status="unknown", reason=Reason.UNKNOWN_ORDER)
        if not order.is_open:
            raise has_ended(order)
        return order

    def _closing(self, account: int, instrument: int, side: Side) -> list[LiveOrder]:
        """Open orders that would close a position; those that wait for their parent hold nothing."""
        return [
            order
            for order in self._views.orders.open_of(account)
            if order.instrument == instrument and order.side == side and order.waits != Waits.GROUP
        ]


def _held_lots(closing: list[LiveOrder]) -> int:
    """How much orders hold: of orders that cancel each other the larger one."""
    lots = {id(order.group or order): 0 for order in closing}
    for order in closing:
        key = id(order.group or order)
        lots[key] = max(lots[key], order.leaves_lots)
    return sum(lots.values())
