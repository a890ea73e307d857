"""What review routes answer."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from workbench.api.native.model import Model, example

_TIME = "2025-03-18T13:30:00.000000000Z"
_COLUMN: dict[str, Any] = {"name": "equity", "unit": "currency", "about": "Cash and positions at their marks"}
_LEVEL: dict[str, Any] = {
    "price": 20.04,
    "quantity": 300.0,
    "orders": 2,
    "own_quantity": 100.0,
    "own_orders": 1,
}
_WORKING: dict[str, Any] = {
    "order_id": 4711,
    "order": "first",
    "side": "BUY",
    "type": "LIMIT",
    "place": "book",
    "price": 20.04,
    "trigger_price": None,
    "quantity": 100.0,
    "leaves": 100.0,
    "shown": 100.0,
    "orders_ahead": 1,
    "quantity_ahead": 200.0,
    "since": _TIME,
}
_MEASURE: dict[str, Any] = {
    "account": "seat-1",
    "measure": "net",
    "recorded": -12.5,
    "what_if": 0.0,
    "difference": -12.5,
}
_ABOUT: dict[str, Any] = {
    "session": "monday",
    "title": "One quiet morning",
    "account": "seat-1",
    "user": "ann",
    "zone": "America/New_York",
    "currency": "USD",
    "starts": _TIME,
    "opened": _TIME,
    "ended": "2025-03-18T20:00:00.000000000Z",
    "sealed": True,
    "seq": 90210,
}
_REVIEWABLE: dict[str, Any] = {
    "session": "monday",
    "title": "One quiet morning",
    "account": "seat-1",
    "closed": "2025-03-18T20:00:00.000000000Z",
    "first_day": "2025-03-18",
    "last_day": "2025-03-18",
}

Rows = list[dict[str, Any]]


class ReviewSessionOut(Model):
    """A session that one may look back at. `account` is one's own there; empty for who may read the class.

    Days are those of its first and last event, on the exchange's calendar.
    """

    model_config: ClassVar[ConfigDict] = example(**_REVIEWABLE)
    session: str
    title: str
    account: str
    closed: str
    first_day: str
    last_day: str


class ReviewSessionsOut(Model):
    """Sessions that one may look back at."""

    model_config: ClassVar[ConfigDict] = example(reviews=[_REVIEWABLE])
    reviews: list[ReviewSessionOut]


class ReviewOut(Model):
    """Whose day it is, when it was, and the tables that there are. `opened` is null when it never opened."""

    model_config: ClassVar[ConfigDict] = example(**_ABOUT, tables=["equity", "fills"])
    session: str
    title: str
    account: str
    user: str
    zone: str
    currency: str
    starts: str
    opened: str | None
    ended: str
    sealed: bool
    seq: int
    tables: list[str]


class ReviewAccountOut(Model):
    """An account, and the name of who sat there; none for a seat that nobody took."""

    model_config: ClassVar[ConfigDict] = example(account="seat-1", user="ann")
    account: str
    user: str


class ReviewAccountsOut(Model):
    """Accounts that one may look at."""

    model_config: ClassVar[ConfigDict] = example(accounts=[{"account": "seat-1", "user": "ann"}])
    accounts: list[ReviewAccountOut]


class TryWithout(Model):
    """Whose orders to leave out: another's account, by its name; one's own unless given."""

    model_config: ClassVar[ConfigDict] = example(account="seat-1")
    account: str = Field("", max_length=100)


class ReviewColumnOut(Model):
    """A column: its unit, and what it means."""

    model_config: ClassVar[ConfigDict] = example(**_COLUMN)
    name: str
    unit: str
    about: str


class ReviewTableOut(Model):
    """A table of a review: what a row is, its columns, and its rows by column."""

    model_config: ClassVar[ConfigDict] = example(
        table="equity",
        about="One row whenever the account's cash or positions changed, and for each minute",
        account="seat-1",
        seq=90210,
        columns=[_COLUMN],
        rows=[{"equity": 100_000.0}],
    )
    table: str
    about: str
    account: str
    seq: int
    columns: list[ReviewColumnOut]
    rows: Rows


class ReviewBookOut(Model):
    """A book at an instant; `own` are the account's open orders, with what was ahead of them."""

    model_config: ClassVar[ConfigDict] = example(
        symbol="HARBOR",
        at=_TIME,
        seq=90000,
        time=_TIME,
        phase="continuous",
        last_price=20.05,
        bids=[_LEVEL],
        asks=[],
        own=[_WORKING],
        position=0.0,
        equity=100_000.0,
    )
    symbol: str
    at: str
    seq: int
    time: str | None
    phase: str
    last_price: float | None
    bids: Rows
    asks: Rows
    own: Rows
    position: float
    equity: float | None


class ReviewTapeOut(Model):
    """The last trades of the market until an instant, the newest first."""

    model_config: ClassVar[ConfigDict] = example(
        symbol="HARBOR",
        at=_TIME,
        rows=[
            {
                "seq": 89990,
                "time": _TIME,
                "trade_id": 7,
                "price": 20.05,
                "quantity": 100.0,
                "side": "BUY",
                "own_side": None,
                "auction": False,
            }
        ],
    )
    symbol: str
    at: str
    rows: Rows


class WhatIfOut(Model):
    """The market with and without the account's orders; `held_fixed` must stand beside the numbers."""

    model_config: ClassVar[ConfigDict] = example(
        account="seat-1",
        held_fixed="What others sent is held fixed: recorded people, agents and history do not react.",
        left_out=3,
        missed=0,
        identical=False,
        accounts=[_MEASURE],
        positions=[],
        instruments=[],
        impact=[],
        after_fills=[],
        prices=[],
    )
    account: str
    held_fixed: str
    left_out: int
    missed: int
    identical: bool
    accounts: Rows
    positions: Rows
    instruments: Rows
    impact: Rows
    after_fills: Rows
    prices: Rows
