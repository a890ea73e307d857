"""What an order would do if it were placed now: it is tried in a copy of the exchange; nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeVar

import numpy as np

from workbench.domain.codes import EventKind, Reason, Side
from workbench.domain.records import FILL_EVENT, ORDER_EVENT, TRADE_EVENT, Records
from workbench.domain.states import OrderState
from workbench.engine.exchange import Exchange
from workbench.errors import OrderRefused
from workbench.projections.live.order import LiveOrder
from workbench.session.live.answer import Answer, Status
from workbench.session.live.answer_events import of_kind, own_orders
from workbench.session.live.gateway import Gateway
from workbench.session.live.grouping import Entry
from workbench.session.live.tickets import Ticket

T = TypeVar("T")

_FILLS = (EventKind.ORDER_PARTIALLY_FILLED, EventKind.ORDER_FILLED)
_NO_CHANGE = (EventKind.ORDER_TERMS, EventKind.ORDER_TRAILED)
"""Events of an order that say nothing of its state."""


class Market(Protocol):
    """What trying an order needs of a session."""

    def check_open(self) -> None:
        """Raise what sending commands would raise before any of them is looked at."""

    def status(self) -> Status:
        """What time it is."""

    async def ask(self, read: Callable[[Exchange], T]) -> T:
        """What `read` gives of the exchange."""


class Standing(NamedTuple):
    """An account at one moment, and what it holds of the instrument that an order is for.

    Attributes
    ----------
    cash_micros, equity_micros
        What it has and is worth.
    available_micros
        What it has free for new orders: its buying power.
    initial_micros, maintenance_micros
        Margin that its positions need.
    position_lots
        What it holds.
    """

    cash_micros: int
    equity_micros: int
    available_micros: int
    initial_micros: int
    maintenance_micros: int
    position_lots: int


class Preview(NamedTuple):
    """What would happen.

    Attributes
    ----------
    time_ns
        The time for which this holds.
    instrument, side, quantity_lots
        What was asked for; a notional as a quantity.
    refusal
        Why it would be refused; None when it would be taken.
    state, reason
        What would become of the order at once, and why it would end if it did.
    leaves_lots, price_ticks, ahead_lots
        What would stay open, its limit price, and what is displayed ahead of it there (-1: no queue).
    filled_lots, filled_value, worst_ticks
        What would trade at once, price in ticks times lots of it, and its worst price.
    notional_micros, fees_micros
        Value of what would trade, and its fees.
    before, after
        The account now, and when that has happened.
    """

    time_ns: int
    instrument: int
    side: Side
    quantity_lots: int
    refusal: OrderRefused | None
    state: OrderState
    reason: Reason
    leaves_lots: int
    price_ticks: int
    ahead_lots: int
    filled_lots: int
    filled_value: int
    worst_ticks: int
    notional_micros: int
    fees_micros: int
    before: Standing
    after: Standing

    @property
    def cost_micros(self) -> int:
        """What would be paid for what trades at once, fees included; below 0 it is received."""
        sign = 1 if self.side == Side.BUY else -1
        return sign * self.notional_micros + self.fees_micros


class Previews:
    """Tries orders of one session.

    It uses the exchange's own rules on a copy of its memory, between two batches. So an answer is what the
    order would have met at that moment, except for what nobody can see: hidden parts of others' icebergs.

    Parameters
    ----------
    session
        Whose market it is.
    gateway
        Where its orders go in.
    """

    def __init__(self, session: Market, gateway: Gateway) -> None:
        self._session = session
        self._gateway = gateway
        self._spare: Exchange | None = None

    async def preview(self, account: int, ticket: Ticket) -> Preview:
        """What would happen if a ticket were placed now; nothing is sent, and nobody learns of it.

        Raises
        ------
        OrderRefused
            When the ticket makes no sense. What the exchange would refuse is in the preview.
        SessionError
            When the session takes nothing.
        """
        session = self._session
        entry = self._gateway.entry(account, ticket)
        client_order_id = ticket.client_order_id
        session.check_open()
        return await session.ask(lambda exchange: self._try(exchange, account, entry, client_order_id))

    def _try(self, exchange: Exchange, account: int, entry: Entry, client_order_id: str) -> Preview:
        """On the session's thread, between two batches: one at a time, so that all use the same copy."""
        head = entry.commands[entry.head]
        instrument = int(head["instrument"])
        copy = self._spare = exchange.trial(account, instrument, self._spare)
        before = standing(copy, account, instrument)
        time_ns = max(exchange.time_ns, self._session.status().time_ns)
        commands = entry.commands.copy()
        commands["time_ns"] = time_ns
        first = int(copy.counters()["commands"][0]) + 1
        events = copy.step(commands)
        answer = Answer(first, first + len(commands) - 1, time_ns, events)
        own = own_orders(answer)
        refusal = self._refusal(answer, own, client_order_id)
        after = before if refusal is not None else standing(copy, account, instrument)
        order_id = own[entry.head] if len(own) > entry.head else 0
        fills = events[np.isin(events["kind"], _FILLS)].view(FILL_EVENT)
        fills = fills[fills["order_id"] == order_id]
        trades = of_trades(events)
        trades = trades[np.isin(trades["trade_id"], fills["trade_id"])]
        last = last_of(events, order_id)
        rested = of_kind(events, EventKind.ORDER_RESTED)
        rested = rested[rested["order_id"] == order_id]
        prices, lots = fills["last_price_ticks"], fills["last_quantity_lots"]
        worst = 0
        if len(prices):
            worst = int(prices.max() if head["side"] == Side.BUY else prices.min())
        state = OrderState.REJECTED if refusal is not None else OrderState(int(last["order_state"]))
        ended = state in (OrderState.CANCELED, OrderState.EXPIRED)
        return Preview(
            time_ns=time_ns,
            instrument=instrument,
            side=Side(int(head["side"])),
            quantity_lots=int(head["quantity_lots"]),
            refusal=refusal,
            state=state,
            reason=Reason(int(last["reason"])) if ended and refusal is None else Reason.NONE,
            leaves_lots=0 if ended or refusal is not None else int(last["leaves_lots"]),
            price_ticks=int(head["price_ticks"]),
            ahead_lots=int(rested["value"][-1]) if len(rested) else -1,
            filled_lots=int(lots.sum()),
            filled_value=int((prices * lots).sum()),
            worst_ticks=worst,
            notional_micros=int(trades["notional_micros"].sum()),
            fees_micros=int(fills["fee_micros"].sum()),
            before=before,
            after=after,
        )

    def _refusal(self, answer: Answer, own: list[int], client_order_id: str) -> OrderRefused | None:
        """As `Gateway.place` would raise it, without an order that there never was."""
        if not own:
            return self._gateway.refusals.command(answer)
        rejected = of_kind(answer.events, EventKind.ORDER_REJECTED)
        found = [event for event in rejected if event["order_id"] in own]
        if not found:
            return None
        # An order that does not fit because another one of its group was refused explains nothing.
        why = next((event for event in found if event["reason"] != Reason.INVALID_GROUP), found[0])
        refusal = self._gateway.refusals.order(
            Reason(int(why["reason"])),
            int(why["value"]),
            int(why["limit"]),
            _rejected(why),
            client_order_id,
        )
        refusal.order = None
        return refusal


def standing(exchange: Exchange, account: int, instrument: int) -> Standing:
    """An account as it is."""
    value = exchange.account_values()[account]
    positions = exchange.positions(account)
    held = positions["position_lots"][positions["instrument"] == instrument]
    return Standing(
        cash_micros=int(exchange.accounts()["cash_micros"][account]),
        equity_micros=int(value["equity_micros"]),
        available_micros=int(value["available_micros"]),
        initial_micros=int(value["initial_margin_micros"]),
        maintenance_micros=int(value["maintenance_margin_micros"]),
        position_lots=int(held.sum()),
    )


def of_trades(events: Records) -> Records:
    """The trades among events."""
    found: Records = events[events["kind"] == EventKind.TRADE].view(TRADE_EVENT)
    return found


def last_of(events: Records, order_id: int) -> np.void:
    """The last event that says what an order's state is; fills say `leaves_lots` in the same place."""
    about = events[(events["kind"] <= EventKind.ORDER_REFRESHED) & ~np.isin(events["kind"], _NO_CHANGE)].view(
        ORDER_EVENT
    )
    found: np.void = about[about["order_id"] == order_id][-1] if order_id else np.zeros(1, ORDER_EVENT)[0]
    return found


def _rejected(event: np.void) -> LiveOrder:
    """As much of an order as the sentence of its refusal is made of."""
    return LiveOrder(
        order_id=int(event["order_id"]),
        client_order_id=int(event["client_order_id"]),
        account=int(event["account"]),
        instrument=int(event["instrument"]),
        side=int(event["side"]),
        order_type=int(event["order_type"]),
        time_in_force=int(event["time_in_force"]),
        flags=int(event["flags"]),
        price_ticks=int(event["price_ticks"]),
        quantity_lots=int(event["quantity_lots"]),
        leaves_lots=0,
        executed_lots=0,
        created_ns=int(event["time_ns"]),
        created_seq=int(event["seq"]),
        command_seq=int(event["command_seq"]),
        root_order_id=int(event["order_id"]),
        entered_ns=int(event["time_ns"]),
        state=OrderState.REJECTED,
        reason=Reason(int(event["reason"])),
    )
