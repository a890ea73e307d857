"""What the preview of an order answers, for the documentation: the route writes it without these models."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import ConfigDict

from workbench.api.native.model import Model, example

_BEFORE: dict[str, Any] = {
    "cash": 100000.0,
    "equity": 100000.0,
    "buying_power": 100000.0,
    "initial_margin": 0.0,
    "maintenance_margin": 0.0,
    "position": 0.0,
}
_AFTER: dict[str, Any] = {
    "cash": 97997.8,
    "equity": 99998.8,
    "buying_power": 97997.8,
    "initial_margin": 1000.5,
    "maintenance_margin": 500.25,
    "position": 100.0,
}
_REFUSAL: dict[str, Any] = {
    "code": "order_refused",
    "message": "the order was refused: it needs 2,005.00 and 1,500.00 are free",
    "details": {"reason": "INSUFFICIENT_BUYING_POWER", "value": "2005", "limit": "1500"},
}


class PreviewRefusalOut(Model):
    """Why an order would be refused: code, sentence and details of the failure that placing it would give."""

    model_config: ClassVar[ConfigDict] = example(**_REFUSAL)
    code: str
    message: str
    details: dict[str, Any]


class PreviewFillOut(Model):
    """What would trade at once against what the book shows; prices are null when nothing would."""

    model_config: ClassVar[ConfigDict] = example(
        quantity=100.0, average_price=20.01, worst_price=20.02, value=2001.0
    )
    quantity: float
    average_price: float | None
    worst_price: float | None
    value: float


class PreviewStandingOut(Model):
    """An account at one moment, and what it holds of the order's instrument."""

    model_config: ClassVar[ConfigDict] = example(**_BEFORE)
    cash: float
    equity: float
    buying_power: float
    initial_margin: float
    maintenance_margin: float
    position: float


class PreviewOut(Model):
    """What would happen to an order now.

    `state` and `reason` are what it would be at once, `leaves` what would stay open, with `ahead` displayed
    before it at its price when it queues. `cost` is what would be paid for what trades at once, `fees`
    included; below zero it is received. `before` and `after` are null when the order makes no sense at all.
    """

    model_config: ClassVar[ConfigDict] = example(
        accepted=True,
        refusal=None,
        symbol="HARBOR",
        side="buy",
        state="filled",
        reason="none",
        quantity=100.0,
        leaves=0.0,
        limit_price=20.05,
        ahead=None,
        fill={"quantity": 100.0, "average_price": 20.01, "worst_price": 20.02, "value": 2001.0},
        fees=1.2,
        cost=2002.2,
        before=_BEFORE,
        after=_AFTER,
        time="2025-03-18T13:30:00.000000000Z",
    )
    accepted: bool
    refusal: PreviewRefusalOut | None
    symbol: str
    side: str
    state: str
    reason: str
    quantity: float | None
    leaves: float
    limit_price: float | None
    ahead: float | None
    fill: PreviewFillOut
    fees: float
    cost: float
    before: PreviewStandingOut | None
    after: PreviewStandingOut | None
    time: str
