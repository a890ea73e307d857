"""Our own orders, kept up to date from the exchange's events."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from workbench.domain.codes import EventKind, OrderType, Reason, Side, TimeInForce
from workbench.domain.instruments import Instrument
from workbench.domain.records import FILL_EVENT, ORDER_EVENT, Records
from workbench.domain.states import OPEN_STATES, OrderState
from workbench.engine.frames import FILL_KINDS, ORDER_KINDS, Scales, code_names, utc_times

_REFUSALS = (EventKind.CANCEL_REJECTED, EventKind.REPLACE_REJECTED, EventKind.COMMAND_REJECTED)


def plain(number: Decimal) -> int | Decimal:
    """A whole number as an int, which reads better; any other as it is."""
    return int(number) if number == number.to_integral_value() else number


@dataclass(slots=True)
class Order:
    """One of our orders, as the exchange's events so far describe it.

    Attributes
    ----------
    id
        Its present order id; a replaced order lives on under its successor's.
    ids
        All ids it has had, the first one first.
    symbol, side, order_type, time_in_force
        What was sent.
    price_ticks, quantity_lots, leaves_lots, executed_lots
        Its present terms; price 0 for a market order.
    ahead_lots
        Lots at its price when it last entered the queue; None if it never did.
    value, limit_value
        The number that `reason`'s rule measured and the bound it broke, in the rule's own unit.
    refusals
        Reasons for which a cancel or replace of it was refused, the first one first.
    """

    id: int
    instrument: Instrument
    instrument_number: int
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    client_order_id: int
    created_ns: int
    price_ticks: int = 0
    quantity_lots: int = 0
    leaves_lots: int = 0
    executed_lots: int = 0
    updated_ns: int = 0
    fees_micros: int = 0
    traded_ticks: int = 0
    ahead_lots: int | None = None
    order_state: OrderState = OrderState.PENDING_NEW
    why: Reason = Reason.NONE
    value: int = 0
    limit_value: int = 0
    ids: list[int] = field(default_factory=list)
    refusals: list[Reason] = field(default_factory=list)

    @property
    def symbol(self) -> str:
        """Symbol of its instrument."""
        return self.instrument.symbol

    @property
    def state(self) -> str:
        """Name of its state, such as `"PARTIALLY_FILLED"`."""
        return self.order_state.name

    @property
    def reason(self) -> str:
        """Why it was rejected or cancelled, or its last change refused; "" with nothing to explain."""
        return "" if self.why == Reason.NONE else self.why.name

    @property
    def is_open(self) -> bool:
        """Whether it still works."""
        return self.order_state in OPEN_STATES

    @property
    def quantity(self) -> int | Decimal:
        """Its total quantity."""
        return plain(self.instrument.quantity_from_lots(self.quantity_lots))

    @property
    def filled(self) -> int | Decimal:
        """Quantity that has traded."""
        return plain(self.instrument.quantity_from_lots(self.executed_lots))

    @property
    def leaves(self) -> int | Decimal:
        """Quantity that is open."""
        return plain(self.instrument.quantity_from_lots(self.leaves_lots))

    @property
    def limit(self) -> Decimal | None:
        """Its limit price; None for a market order."""
        return self.instrument.price_from_ticks(self.price_ticks) if self.price_ticks else None

    @property
    def average_price(self) -> Decimal | None:
        """Average price of its fills; None before the first."""
        if not self.executed_lots:
            return None
        return self.traded_ticks * Decimal(self.instrument.tick_size) / self.executed_lots

    def __repr__(self) -> str:
        at = "market" if self.limit is None else f"limit {self.limit}"
        why = f", {self.reason}" if self.reason else ""
        return (
            f"<Order {self.id}: {self.side.name} {self.quantity} {self.symbol} {at}, "
            f"{self.state}{why}, filled {self.filled}, leaves {self.leaves}>"
        )


class Blotter:
    """The orders of one account, by any id they have had.

    Parameters
    ----------
    account
        Number of the account.
    instruments
        Instruments of the venue, by number.
    """

    def __init__(self, account: int, instruments: tuple[Instrument, ...]) -> None:
        self.account = account
        self.orders: list[Order] = []
        self._instruments = instruments
        self._by_id: dict[int, Order] = {}

    def __getitem__(self, order_id: int) -> Order:
        return self._by_id[order_id]

    def __contains__(self, order_id: int) -> bool:
        return order_id in self._by_id

    def take(self, events: Records) -> None:
        """Apply the account's events among `events`, in order."""
        told = np.isin(events["kind"], (*FILL_KINDS, *ORDER_KINDS))
        own = events[(events["account"] == self.account) & told]
        for number, kind in enumerate(own["kind"].tolist()):
            if kind in FILL_KINDS:
                self._fill(own[number : number + 1].view(FILL_EVENT)[0])
            elif kind in ORDER_KINDS:
                self._order(EventKind(kind), own[number : number + 1].view(ORDER_EVENT)[0])

    def _fill(self, event: Any) -> None:
        order = self._by_id[int(event["order_id"])]
        lots = int(event["last_quantity_lots"])
        order.leaves_lots, order.executed_lots = int(event["leaves_lots"]), int(event["executed_lots"])
        order.traded_ticks += lots * int(event["last_price_ticks"])
        order.fees_micros += int(event["fee_micros"])
        order.order_state, order.updated_ns = OrderState(int(event["order_state"])), int(event["time_ns"])
        # A change refused before this fill explains nothing about it.
        order.why, order.value, order.limit_value = Reason.NONE, 0, 0

    def _order(self, kind: EventKind, event: Any) -> None:
        order_id = int(event["order_id"])
        if kind == EventKind.ORDER_CREATED:
            self._create(order_id, event)
        order = self._by_id.get(order_id)
        if order is None:
            return
        reason = Reason(int(event["reason"]))
        if kind in _REFUSALS:
            order.refusals.append(reason)
            # What ended an order stays its reason, whatever is asked of it afterwards.
            if order.is_open or order.why == Reason.NONE:
                order.why, order.value, order.limit_value = reason, int(event["value"]), int(event["limit"])
            return
        order.updated_ns = int(event["time_ns"])
        order.price_ticks, order.quantity_lots = int(event["price_ticks"]), int(event["quantity_lots"])
        order.leaves_lots, order.executed_lots = int(event["leaves_lots"]), int(event["executed_lots"])
        order.order_state, order.why = OrderState(int(event["order_state"])), reason
        order.value, order.limit_value = int(event["value"]), int(event["limit"])
        if kind in (EventKind.ORDER_RESTED, EventKind.ORDER_REFRESHED):
            order.ahead_lots = int(event["value"])
        if kind == EventKind.ORDER_REPLACED:
            order.id = int(event["successor_order_id"])
            order.ids.append(order.id)
            order.client_order_id = int(event["client_order_id"])
            # The successor is open under the new terms; events that follow name its id.
            order.order_state = OrderState.PARTIALLY_FILLED if order.executed_lots else OrderState.NEW
            self._by_id[order.id] = order

    def _create(self, order_id: int, event: Any) -> None:
        number = int(event["instrument"])
        order = Order(
            order_id,
            self._instruments[number],
            number,
            Side(int(event["side"])),
            OrderType(int(event["order_type"])),
            TimeInForce(int(event["time_in_force"])),
            int(event["client_order_id"]),
            int(event["time_ns"]),
            ids=[order_id],
        )
        self._by_id[order_id] = order
        self.orders.append(order)

    def frame(self, scales: Scales) -> pl.DataFrame:
        """One row for each order with its present terms, state and average price.

        `limit`, `average_price` and `reason` are null where there is none; `fees` is in account currency.
        """
        orders = self.orders

        def ints(name: str) -> np.ndarray[Any, np.dtype[np.int64]]:
            return np.array([getattr(order, name) for order in orders], dtype=np.int64)

        instrument, why = ints("instrument_number"), ints("why")
        averages = [order.average_price for order in orders]
        return pl.DataFrame(
            {
                "order_id": ints("id"),
                "symbol": scales.symbol(instrument),
                "side": code_names(ints("side"), Side),
                "type": code_names(ints("order_type"), OrderType),
                "time_in_force": code_names(ints("time_in_force"), TimeInForce),
                "limit": scales.price(ints("price_ticks"), instrument),
                "quantity": scales.quantity(ints("quantity_lots"), instrument),
                "filled": scales.quantity(ints("executed_lots"), instrument),
                "leaves": scales.quantity(ints("leaves_lots"), instrument),
                "average_price": pl.Series(
                    [None if a is None else float(a) for a in averages], dtype=pl.Float64
                ),
                "fees": scales.money(ints("fees_micros")),
                "state": code_names(ints("order_state"), OrderState),
                "reason": code_names(why, Reason).set(pl.Series(why == Reason.NONE), None),
                "created": utc_times(ints("created_ns")),
                "updated": utc_times(ints("updated_ns")),
            }
        )
