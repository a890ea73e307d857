"""What the order routes take and give, for the documentation: they read and write without these models."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import ConfigDict

from workbench.api.native.model import Model, example

_ORDER: dict[str, Any] = {
    "id": 4711,
    "client_order_id": "morning-1",
    "account": 4,
    "symbol": "HARBOR",
    "side": "buy",
    "type": "limit",
    "time_in_force": "day",
    "state": "new",
    "waits": "nothing",
    "reason": "none",
    "quantity": 100.0,
    "leaves": 100.0,
    "executed": 0.0,
    "busted": 0.0,
    "average_price": None,
    "limit_price": 20.05,
    "stop_price": None,
    "trail_amount": None,
    "trail_percent": None,
    "watermark": None,
    "display_quantity": None,
    "post_only": False,
    "reduce_only": False,
    "fees": 0.0,
    "ahead": 300.0,
    "order_class": "simple",
    "group": None,
    "parent": None,
    "replaces": None,
    "replaced_by": None,
    "created": "2025-03-18T13:30:00.000000000Z",
    "updated": "2025-03-18T13:30:00.000000000Z",
    "triggered": None,
    "filled": None,
    "canceled": None,
    "expired": None,
    "replaced": None,
    "rejected": None,
    "expires": None,
    "seq": 90210,
}


class LegOut(Model):
    """One order. Prices are in currency, quantities in units, times in session time.

    `executed`, `average_price` and `fees` are without what was `busted`, which is not open again; the state
    stays.
    """

    model_config: ClassVar[ConfigDict] = example(**_ORDER)
    id: int
    client_order_id: str
    account: int
    symbol: str
    side: str
    type: str
    time_in_force: str
    state: str
    waits: str
    reason: str
    quantity: float
    leaves: float
    executed: float
    busted: float
    average_price: float | None
    limit_price: float | None
    stop_price: float | None
    trail_amount: float | None
    trail_percent: float | None
    watermark: float | None
    display_quantity: float | None
    post_only: bool
    reduce_only: bool
    fees: float
    ahead: float | None
    order_class: str
    group: int | None
    parent: int | None
    replaces: int | None
    replaced_by: int | None
    created: str
    updated: str | None
    triggered: str | None
    filled: str | None
    canceled: str | None
    expired: str | None
    replaced: str | None
    rejected: str | None
    expires: str | None
    seq: int


class OrderOut(LegOut):
    """An order with those that hang on it: a bracket's exits, of an OCO the second leg."""

    model_config: ClassVar[ConfigDict] = example(**_ORDER, legs=[])
    legs: list[LegOut]


class OrdersOut(Model):
    """A page of orders, the newest first; `next` goes into `before` for the page after it."""

    model_config: ClassVar[ConfigDict] = example(orders=[{**_ORDER, "legs": []}], next=None)
    orders: list[OrderOut]
    next: int | None


class CanceledOut(Model):
    """What became of one order of many that were to be cancelled."""

    model_config: ClassVar[ConfigDict] = example(id=4711, reason=None)
    id: int
    reason: str | None


class CancelsOut(Model):
    """What became of each."""

    model_config: ClassVar[ConfigDict] = example(orders=[{"id": 4711, "reason": None}])
    orders: list[CanceledOut]


class ExplanationOut(Model):
    """What became of an order and why: the story in lines, and the numbers it is made of."""

    model_config: ClassVar[ConfigDict] = example(
        id=4711,
        ids=[4711],
        state="filled",
        reason="none",
        filled=100.0,
        open=0.0,
        text="Order 4711: buy 100 HARBOR at 20.05 ...",
    )
    id: int
    ids: list[int]
    state: str
    reason: str
    filled: float
    open: float
    text: str


PLACE_EXAMPLE: dict[str, Any] = {
    "symbol": "HARBOR",
    "side": "buy",
    "type": "limit",
    "quantity": "100",
    "limit_price": "20.05",
    "time_in_force": "day",
    "client_order_id": "morning-1",
}
REPLACE_EXAMPLE: dict[str, Any] = {"quantity": "150", "limit_price": "20.06"}
