"""What the lists of trades and alerts answer."""

from __future__ import annotations

from typing import ClassVar

from pydantic import ConfigDict

from workbench.api.native.model import Model, example

_TIME = "2025-03-18T13:30:00.000000000Z"


class TradeOut(Model):
    """A trade with both sides. `reason` and `by` say why it was busted, and whose word that is."""

    model_config: ClassVar[ConfigDict] = example(
        trade=345,
        seq=90211,
        time=_TIME,
        symbol="HARBOR",
        price=20.05,
        quantity=100.0,
        aggressor="buy",
        buyer="ann",
        seller="bob",
        busted=False,
        busted_at=None,
        reason="",
        by="",
    )
    trade: int
    seq: int
    time: str
    symbol: str
    price: float
    quantity: float
    aggressor: str
    buyer: str
    seller: str
    busted: bool
    busted_at: str | None
    reason: str
    by: str


class TradesOut(Model):
    """A page of trades, the newest first; `next` goes into `before` for the page after it."""

    model_config: ClassVar[ConfigDict] = example(trades=[], next=None)
    trades: list[TradeOut]
    next: int | None


class AlertOut(Model):
    """Something that those who run a session should know of; numbers that a kind has not are null.

    `account` is an account's name and `name` who sits there; of a bust `name` is who asked for it, `text` why
    and `value` the trade; of `journal` `text` says what is wrong now.
    """

    model_config: ClassVar[ConfigDict] = example(
        seq=90211,
        time=_TIME,
        kind="margin_call",
        account="seat-3",
        name="ann",
        symbol="",
        reason="none",
        text="",
        value=None,
        limit=None,
        equity=520.0,
        requirement=528.0,
        deadline=_TIME,
    )
    seq: int
    time: str
    kind: str
    account: str
    name: str
    symbol: str
    reason: str
    text: str
    value: float | None
    limit: float | None
    equity: float | None
    requirement: float | None
    deadline: str | None


class AlertsOut(Model):
    """A page of alerts, the newest first; `next` goes into `before` for the page after it."""

    model_config: ClassVar[ConfigDict] = example(alerts=[], next=None)
    alerts: list[AlertOut]
    next: int | None
