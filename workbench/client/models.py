"""What the client gives back: small structs of what the server tells. Fields it does not know are ignored."""

from __future__ import annotations

from typing import Any

import msgspec


class Model(msgspec.Struct, kw_only=True, frozen=True):
    """An answer. Prices and money are in currency, quantities in units, times ISO 8601 in UTC."""


class Order(Model, frozen=True):
    """An order with its legs; docs/client.md says what its states are.

    `executed`, `average_price` and `fees` are without what was `busted`, which is not open again.
    """

    id: int
    client_order_id: str
    account: int
    symbol: str
    side: str
    type: str
    time_in_force: str
    state: str
    quantity: float
    leaves: float
    executed: float
    reason: str = "none"
    waits: str = "nothing"
    average_price: float | None = None
    limit_price: float | None = None
    stop_price: float | None = None
    trail_amount: float | None = None
    trail_percent: float | None = None
    watermark: float | None = None
    display_quantity: float | None = None
    post_only: bool = False
    reduce_only: bool = False
    busted: float = 0.0
    fees: float = 0.0
    ahead: float | None = None
    order_class: str = "simple"
    group: int | None = None
    parent: int | None = None
    replaces: int | None = None
    replaced_by: int | None = None
    created: str = ""
    updated: str | None = None
    expires: str | None = None
    seq: int = 0
    legs: list[Order] = []

    @property
    def is_open(self) -> bool:
        """Whether it still works or waits."""
        return self.state in ("pending_new", "new", "held", "partially_filled", "suspended")


class Refusal(Model, frozen=True):
    """Why an order would be refused: what `ApiError` would say if it were placed."""

    code: str
    message: str
    details: dict[str, Any] = {}


class PreviewFill(Model, frozen=True):
    """What would trade at once."""

    quantity: float
    average_price: float | None = None
    worst_price: float | None = None
    value: float = 0.0


class Standing(Model, frozen=True):
    """An account at one moment, and what it holds of the order's instrument."""

    cash: float
    equity: float
    buying_power: float
    initial_margin: float
    maintenance_margin: float
    position: float


class Preview(Model, frozen=True):
    """What an order would do if it were placed now."""

    accepted: bool
    symbol: str
    side: str
    state: str
    fill: PreviewFill
    refusal: Refusal | None = None
    reason: str = "none"
    quantity: float | None = None
    leaves: float = 0.0
    limit_price: float | None = None
    ahead: float | None = None
    fees: float = 0.0
    cost: float = 0.0
    before: Standing | None = None
    after: Standing | None = None
    time: str = ""


class Canceled(Model, frozen=True):
    """What became of one of many orders that were to be cancelled; without a reason it is cancelled."""

    id: int
    reason: str | None = None


class Account(Model, frozen=True):
    """An account at its marks."""

    account: int
    name: str
    state: str
    cash: float
    equity: float
    start_cash: float
    pnl: float
    unrealised: float
    realised: float
    fees: float
    time: str
    seq: int
    user: str = ""
    realised_fifo: float = 0.0
    long_value: float = 0.0
    short_value: float = 0.0
    deposits: float = 0.0
    withdrawals: float = 0.0
    initial_margin: float = 0.0
    maintenance_margin: float = 0.0
    margin_call: bool = False
    call_deadline: str | None = None
    open_orders: int = 0
    suspended_for: str = "none"
    limits: dict[str, float] = {}


class Position(Model, frozen=True):
    """What an account holds of an instrument; a short position is negative."""

    symbol: str
    quantity: float
    cost: float
    average_price: float | None
    mark: float | None
    value: float
    unrealised: float
    realised: float
    realised_fifo: float
    fees: float
    traded: float
    updated: str | None = None


class Instrument(Model, frozen=True):
    """An instrument: its terms, and its market at this moment."""

    number: int
    symbol: str
    currency: str
    tick_size: float
    lot_size: float
    multiplier: float
    phase: str
    halted: bool
    bid: float | None
    bid_quantity: float
    ask: float | None
    ask_quantity: float
    last: float | None
    last_quantity: float | None
    last_time: str | None
    mark: float | None
    open: float | None
    high: float | None
    low: float | None
    volume: float
    trades: int
    band_low: float = 0.0
    band_high: float = 0.0
    limit_down: float | None = None
    limit_up: float | None = None
    indicative_price: float | None = None
    indicative_quantity: float | None = None
    imbalance: float | None = None


class Level(Model, frozen=True):
    """One price of the book."""

    price: float
    quantity: float
    orders: int


class Depth(Model, frozen=True):
    """The book, best prices first."""

    symbol: str
    bids: list[Level]
    asks: list[Level]
    time: str
    seq: int


class News(Model, frozen=True):
    """One announcement; no symbols means all of them."""

    number: int
    time: str
    headline: str
    body: str = ""
    symbols: list[str] = []
    author: str = ""


class Session(Model, frozen=True):
    """A session at a glance; `seat` is the name of one's own account there."""

    name: str
    state: str
    identity: str = ""
    title: str = ""
    time: str = ""
    speed: float | None = None
    epoch: str = ""
    zone: str = "UTC"
    opens: str | None = None
    closes: str | None = None
    symbols: list[str] = []
    phases: dict[str, str] = {}
    seats: int = 0
    seats_taken: int = 0
    seat: str | None = None
    commands: int = 0
    seq: int = 0
    failed: str = ""


class Seat(Model, frozen=True):
    """One's place in a session."""

    account: int
    name: str = ""


class Tokens(Model, frozen=True):
    """What a log-in gives."""

    access: str
    refresh: str
    expires_in: float


class Key(Model, frozen=True):
    """A new API key; its secret is told this once."""

    key_id: str
    secret: str


Plain = dict[str, Any]
"""JSON as it came."""
