"""One exchange to talk to in a hand-written case, the twin or the kernel, and its events in short words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, Protocol

import numpy as np

from tests.twins.compare import layout_of
from workbench.domain import commands as make
from workbench.domain.codes import EventKind, FeeKind, LimitKind, OrderFlag, Reason, SessionState, Side
from workbench.domain.config import Account, ReplayMode, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import Records
from workbench.domain.views import ExchangeState
from workbench.engine.reference import ReferenceExchange, check_invariants

BOTH = ("twin", "kernel")
MONEY = NEW_RULES = BOTH
"""Who is asked about triggers, groups, phases, auctions and price limits."""

STREET, HOUSE, ANN, BOB, CID = range(5)


class AnyExchange(Protocol):
    """What the twin and the kernel have in common."""

    def step(self, commands: Records) -> Records: ...

    def state(self) -> ExchangeState: ...

    def state_hash(self) -> str: ...


def exchange_class(name: str) -> Callable[[Venue], AnyExchange]:
    """The exchange called `twin` or `kernel`."""
    if name == "twin":
        return ReferenceExchange
    from workbench.engine.exchange import Exchange

    kernel: Callable[[Venue], AnyExchange] = Exchange
    return kernel


class Desk:
    """Sends single commands; every answer is a list of strings, one for each event.

    ORDER_CREATED, ORDER_TERMS, ORDER_APPROVED, QUOTE and POSITION_CHANGED are left out; `events` has all
    of them.
    """

    def __init__(self, which: str, venue: Venue) -> None:
        self.exchange = exchange_class(which)(venue)
        self.time_ns = venue.start_time_ns
        self.events: list[SimpleNamespace] = []

    def do(self, command: Records) -> list[str]:
        """Carry out one command at the desk's time."""
        events = self.exchange.step(command)
        if isinstance(self.exchange, ReferenceExchange):
            check_invariants(self.exchange)
        self.events = [named(events[place : place + 1]) for place in range(len(events))]
        return [words for event in self.events if (words := brief(event))]

    def of_kind(self, kind: EventKind) -> list[SimpleNamespace]:
        """Events of the last answer."""
        return [event for event in self.events if event.kind == kind]

    def buy(self, account: int, lots: int, price: int = 0, **settings: Any) -> list[str]:
        return self._new(Side.BUY, account, lots, price, settings)

    def sell(self, account: int, lots: int, price: int = 0, **settings: Any) -> list[str]:
        return self._new(Side.SELL, account, lots, price, settings)

    def _new(self, side: Side, account: int, lots: int, price: int, settings: dict[str, Any]) -> list[str]:
        instrument = settings.pop("instrument", 0)
        return self.do(make.new_order(self.time_ns, account, instrument, side, lots, price, **settings))

    def history(self, side: Side, lots: int, price: int, source_id: int) -> list[str]:
        flags = OrderFlag.HISTORICAL
        return self._new(side, STREET, lots, price, {"flags": flags, "client_order_id": source_id})

    def execute(self, side: Side, lots: int, price: int, source_id: int = 0) -> list[str]:
        return self.do(make.execute_order(self.time_ns, 0, side, lots, price, client_order_id=source_id))

    def cancel(self, account: int, order_id: int = 0, lots: int = 0, **settings: Any) -> list[str]:
        return self.do(
            make.cancel_order(self.time_ns, account, order_id=order_id, quantity_lots=lots, **settings)
        )

    def replace(
        self, account: int, order_id: int = 0, lots: int = 0, price: int = 0, **settings: Any
    ) -> list[str]:
        names = {"order_id": order_id, "quantity_lots": lots, "price_ticks": price}
        return self.do(make.replace_order(self.time_ns, account, **names, **settings))

    # What stands afterwards

    def row(self, part: str, **where: int) -> SimpleNamespace:
        """The only record of a part of the state that has these values."""
        records = getattr(self.exchange.state(), part)
        for name, value in where.items():
            records = records[records[name] == value]
        assert len(records) == 1, f"{len(records)} {part} where {where}"
        return SimpleNamespace(**{name: records[name][0].item() for name in records.dtype.names})

    def account(self, number: int) -> SimpleNamespace:
        return self.row("accounts", account=number)

    def position(self, number: int, instrument: int = 0) -> SimpleNamespace:
        return self.row("positions", account=number, instrument=instrument)

    def order(self, order_id: int) -> SimpleNamespace:
        return self.row("orders", order_id=order_id)

    def lots(self, number: int) -> list[tuple[int, int, int]]:
        """FIFO lots of an account: price, quantity and cost, oldest first."""
        lots = self.exchange.state().lots
        lots = lots[lots["account"] == number]
        return lots[["price_ticks", "quantity_lots", "cost_micros"]].tolist()

    def book(self, book: int = 0) -> list[str]:
        """Open orders of a book in the state's order: side, order id, leaves and price."""
        orders = self.exchange.state().orders
        rows = orders[orders["book"] == book][["side", "order_id", "leaves_lots", "price_ticks"]].tolist()
        return [f"{Side(side).name} {number}: {leaves}@{price}" for side, number, leaves, price in rows]


def desk_of_one(
    which: str,
    *,
    mode: ReplayMode = ReplayMode.RESPONSIVE,
    bare: bool = False,
    accounts: Sequence[Account] | None = None,
    **settings: Any,
) -> Desk:
    """A desk at a venue with one instrument, of 50 … 200 ticks; Ann, Bob and Cid have 1,000.00 each."""
    if accounts is None:
        accounts = [] if bare else [Account(name, cash=1_000) for name in ("ann", "bob", "cid")]
    one = Instrument("ONE", **{"price_min": "0.50", "price_max": "2.00"} | settings)
    return Desk(which, Venue([one], accounts, replay_mode=mode, bare=bare))


def named(event: Records) -> SimpleNamespace:
    """An array of one event with the fields of its kind."""
    record = np.ascontiguousarray(event).view(layout_of(event))
    fields = {name: record[name][0].item() for name in record.dtype.names or ()}
    return SimpleNamespace(**fields | {"kind": EventKind(fields["kind"]), "reason": Reason(fields["reason"])})


def brief(event: SimpleNamespace) -> str:
    """An event in a few words; empty for those that most cases do not talk about."""
    kind = event.kind
    match kind:
        case (
            EventKind.ORDER_CREATED
            | EventKind.ORDER_TERMS
            | EventKind.ORDER_APPROVED
            | EventKind.QUOTE
            | EventKind.POSITION_CHANGED
        ):
            return ""
        case EventKind.TRADE:
            orders = f"{event.taker_order_id}x{event.maker_order_id}"
            return f"TRADE {event.quantity_lots}@{event.price_ticks} {orders}"
        case EventKind.ORDER_FILLED:
            return f"FILLED {event.order_id}"
        case EventKind.ORDER_PARTIALLY_FILLED:
            return f"PARTIAL {event.order_id} leaves {event.leaves_lots}"
        case EventKind.ORDER_RESTED:
            shows = f" shows {event.limit}" if event.limit else ""
            return f"RESTED {event.order_id} leaves {event.leaves_lots} behind {event.value}{shows}"
        case EventKind.ORDER_REFRESHED:
            return f"REFRESHED {event.order_id} shows {event.limit} behind {event.value}"
        case EventKind.ORDER_HELD:
            return f"HELD {event.order_id} at {event.value} from {event.limit}"
        case EventKind.ORDER_TRAILED:
            return f"TRAILED {event.order_id} at {event.value} from {event.limit}"
        case EventKind.ORDER_TRIGGERED:
            return f"TRIGGERED {event.order_id} at {event.limit} by {event.value}"
        case EventKind.AUCTION_INDICATIVE | EventKind.AUCTION_UNCROSSED:
            terms = f"{event.paired_lots}@{event.price_ticks} imbalance {event.imbalance_lots}"
            return f"{kind.name[8:]} {terms} of {event.wanted_lots}/{event.offered_lots}"
        case EventKind.PRICE_LIMITS_CHANGED:
            return f"LIMITS {event.limit_down_ticks}<{event.reference_ticks}<{event.limit_up_ticks}"
        case EventKind.PHASE_SCHEDULED:
            return f"SCHEDULED {event.instrument} {event.next_phase} at {event.next_phase_time_ns}"
        case EventKind.SHORT_SALE_RESTRICTION_CHANGED:
            return f"RESTRICTION {event.instrument} {event.short_sales_restricted}"
        case EventKind.AUCTION_COLLAR_CHANGED:
            return f"COLLAR {event.instrument} {event.limit_down_ticks}-{event.limit_up_ticks}"
        case EventKind.ORDER_CANCELED | EventKind.ORDER_EXPIRED:
            return f"{kind.name[6:]} {event.order_id} {event.reason.name} {event.value}"
        case EventKind.ORDER_REDUCED:
            return f"REDUCED {event.order_id} {event.reason.name} {event.value} leaves {event.leaves_lots}"
        case EventKind.ORDER_REPLACED:
            terms = f"{event.leaves_lots} of {event.quantity_lots}@{event.price_ticks}"
            return f"REPLACED {event.order_id} by {event.successor_order_id} {terms}"
        case (
            EventKind.ORDER_REJECTED
            | EventKind.CANCEL_REJECTED
            | EventKind.REPLACE_REJECTED
            | EventKind.COMMAND_REJECTED
        ):
            return f"REJECTED {event.reason.name} {event.value}/{event.limit}"
        case EventKind.PHASE_CHANGED | EventKind.PRICE_BAND_CHANGED:
            return (
                f"{kind.name} {event.instrument} {event.phase} {event.band_low_ticks}-{event.band_high_ticks}"
            )
        case EventKind.CASH_CHANGED:
            return f"CASH {event.account} {event.reason.name} {event.amount_micros} = {event.cash_micros}"
        case EventKind.ORDER_ADJUSTED:
            terms = f"{event.leaves_lots} of {event.quantity_lots}@{event.price_ticks}"
            return f"ADJUSTED {event.order_id} {terms} from {event.value}@{event.limit}"
        case EventKind.LIMIT_BREACHED:
            return f"BREACHED {event.reason.name} {event.value}/{event.limit} by {event.order_id}"
        case EventKind.MARGIN_CALL | EventKind.MARGIN_CALL_MET:
            return f"{kind.name} {event.account} {event.equity_micros}/{event.requirement_micros}"
        case EventKind.LIQUIDATION:
            return f"LIQUIDATION {event.account} {event.instrument} {event.value} by {event.order_id}"
        case EventKind.LIMIT_CHANGED:
            limit = LimitKind(event.limit_kind).name
            watched = f" from {event.equity_micros}" if event.equity_micros else ""
            return f"LIMIT {event.account} {limit} {event.previous_value}>{event.value}{watched}"
        case EventKind.FEE_CHANGED:
            fee = FeeKind(event.fee_kind).name
            return f"FEE {event.account} {event.instrument} {fee} {event.previous_value}>{event.value}"
        case EventKind.TRADE_BUSTED:
            trade = f"{event.quantity_lots}@{event.price_ticks}"
            return f"BUSTED {event.trade_id} {trade} last {event.last_price_ticks}"
        case EventKind.SESSION_STATE_CHANGED:
            before, after = (
                SessionState(state).name for state in (event.previous_state, event.session_state)
            )
            return f"SESSION {before}>{after} {event.account} {event.instrument}"
        case EventKind.ANNOUNCED:
            return f"ANNOUNCED {event.number} {event.account} {event.instrument}"
        case EventKind.ACCOUNT_SUSPENDED if event.reason:
            return f"SUSPENDED {event.account} {event.reason.name} {event.value}/{event.limit}"
        case _:
            return f"{kind.name} {event.account}"
