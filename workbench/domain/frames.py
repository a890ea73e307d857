"""What is said over the native stream: frames, the rows they carry, and what a client may ask.

One vocabulary for the server, for `workbench.Client` and for the pages, whose types are made of these
structs: JSON as text, or msgpack for who asks for the subprotocol `workbench.msgpack`, with the same fields.

A topic is a table of rows with one key (`TOPICS`). A `Snapshot` gives all its rows as of `seq`; each `Delta`
gives the rows that changed, and its `prev` is the `seq` of that topic's frame before it, so a reader sees at
once when one is missing. A row is merged field by field into the row with the same key; fields that are
left out stay as they were. So state is snapshot + deltas, exactly, by one rule for all topics.

Prices and quantities are the doubles nearest to the decimals, money is in currency, times are text in ISO
8601 with nanoseconds, always UTC. `seq` is the session's event sequence.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

JSON_PROTOCOL = "workbench.json"
"""WebSocket subprotocol of JSON text, which is also spoken when none is asked for."""
MSGPACK_PROTOCOL = "workbench.msgpack"
"""WebSocket subprotocol of msgpack in binary messages."""


class CloseCode:
    """Codes with which the server closes a stream, beside those of RFC 6455."""

    GARBAGE = 4400
    """Too much of what was sent could not be understood."""
    REVOKED = 4401
    """The login, key or user behind it was revoked or has expired; log in again."""
    NOT_YOURS = 4403
    """The session is for a class that its user is not in, or no longer."""
    UNKNOWN = 4404
    """There is no such session."""
    SLOW = 4408
    """Own events did not fit in the queue; connect again with `from_seq` and none of them is lost."""
    TOO_MANY = 4429
    """The user has too many streams; close one first."""
    GOING_AWAY = 1001
    """The server stops; connect again in a moment with `from_seq`."""
    RESTART = 1012
    """The server ends or the session was drained; connect again with `from_seq`."""


class Row(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A row of a topic; of a delta only what changed."""


Text = str | UnsetType
Number = float | UnsetType
Maybe = float | None | UnsetType
Count = int | UnsetType


class OrderRow(Row):
    """`orders`: an order, or what one event changed of it. Key: `id`.

    `last_price`, `last_quantity`, `trade_id`, `fee` and `maker` tell the fill that it is; `refusal` says
    why a cancel or replace was refused, `value` and `limit` are its numbers; `ahead` is what was displayed
    before it when it last queued. A halt suspends the orders of its instrument without a word of each.
    """

    id: int
    event: Text = UNSET
    seq: Count = UNSET
    time: Text = UNSET
    account: Count = UNSET
    client_order_id: Text = UNSET
    symbol: Text = UNSET
    side: Text = UNSET
    type: Text = UNSET
    time_in_force: Text = UNSET
    state: Text = UNSET
    reason: Text = UNSET
    quantity: Number = UNSET
    leaves: Number = UNSET
    executed: Number = UNSET
    busted: Number = UNSET
    limit_price: Maybe = UNSET
    stop_price: Maybe = UNSET
    trail_percent: Maybe = UNSET
    trail_amount: Maybe = UNSET
    watermark: Maybe = UNSET
    display_quantity: Maybe = UNSET
    expires: Text = UNSET
    group: Count = UNSET
    ahead: Number = UNSET
    replaced_by: Count = UNSET
    created: Text = UNSET
    last_price: Number = UNSET
    last_quantity: Number = UNSET
    trade_id: Count = UNSET
    fee: Number = UNSET
    maker: bool | UnsetType = UNSET
    refusal: Text = UNSET
    value: Count = UNSET
    limit: Count = UNSET


class PositionRow(Row):
    """`positions`: what an account holds of an instrument. Key: `account` and `symbol`."""

    account: int
    symbol: str
    seq: Count = UNSET
    time: Text = UNSET
    quantity: Number = UNSET
    cost: Number = UNSET
    realised: Number = UNSET
    realised_fifo: Number = UNSET
    fees: Number = UNSET
    trade_id: Count = UNSET


class AccountRow(Row):
    """`account`: cash and standing, and the event that changed them. Key: `account`."""

    account: int
    name: Text = UNSET
    event: Text = UNSET
    seq: Count = UNSET
    time: Text = UNSET
    cash: Number = UNSET
    state: Text = UNSET
    margin_call: bool | UnsetType = UNSET
    deadline: Text = UNSET
    amount: Number = UNSET
    reason: Text = UNSET
    text: Text = UNSET
    symbol: Text = UNSET
    equity: Number = UNSET
    requirement: Number = UNSET
    value: Count = UNSET
    limit: Count = UNSET
    fee: Text = UNSET
    trade_id: Count = UNSET


class MarketRow(Row):
    """`market:SYMBOL`: the quote, the last trade, the day so far and the phase. Key: `symbol`."""

    symbol: str
    time: Text = UNSET
    bid: Maybe = UNSET
    bid_quantity: Number = UNSET
    bid_orders: Count = UNSET
    ask: Maybe = UNSET
    ask_quantity: Number = UNSET
    ask_orders: Count = UNSET
    last: Maybe = UNSET
    last_quantity: Number = UNSET
    last_time: Text = UNSET
    open: Maybe = UNSET
    high: Maybe = UNSET
    low: Maybe = UNSET
    volume: Number = UNSET
    trades: Count = UNSET
    phase: Text = UNSET
    halted: bool | UnsetType = UNSET
    limit_down: Maybe = UNSET
    limit_up: Maybe = UNSET
    indicative_price: Maybe = UNSET
    indicative_quantity: Number = UNSET
    imbalance: Number = UNSET
    tick_size: Number = UNSET
    lot_size: Number = UNSET


class LevelRow(msgspec.Struct, array_like=True):
    """`depth:SYMBOL`: one price level, as `[side, price, quantity, orders]`. Key: side and price.

    Quantity 0 says that the level is no longer among those shown.
    """

    side: str
    price: float
    quantity: float
    orders: int


class TradeRow(Row):
    """`trades:SYMBOL`: one trade, or that it was undone (`busted`). Key: `seq`."""

    seq: int
    id: Count = UNSET
    time: Text = UNSET
    price: Number = UNSET
    quantity: Number = UNSET
    side: Text = UNSET
    auction: bool | UnsetType = UNSET
    busted: bool | UnsetType = UNSET


class CandleRow(Row):
    """`candles:SYMBOL:1m`: one candle; the last one still grows. Key: `time`, when it begins.

    `vwap` is the average price of its trades by quantity.
    """

    time: str
    open: Number = UNSET
    high: Number = UNSET
    low: Number = UNSET
    close: Number = UNSET
    volume: Number = UNSET
    trades: Count = UNSET
    vwap: Number = UNSET


class NewsRow(Row):
    """`news`: one announcement. Key: `number`."""

    number: int
    time: Text = UNSET
    headline: Text = UNSET
    body: Text = UNSET
    symbols: list[str] | UnsetType = UNSET
    author: Text = UNSET


class SessionRow(Row):
    """`session`: where the session stands. Key: `name`."""

    name: str
    title: Text = UNSET
    state: Text = UNSET
    time: Text = UNSET
    speed: Maybe = UNSET
    zone: Text = UNSET
    opens: Text = UNSET
    closes: Text = UNSET
    symbols: list[str] | UnsetType = UNSET
    seats: Count = UNSET
    seats_taken: Count = UNSET
    failed: Text = UNSET


class LeaderRow(Row):
    """`leaderboard`: what an account is worth now; ranks follow from it. Key: `account`."""

    account: int
    name: Text = UNSET
    equity: Number = UNSET
    pnl: Number = UNSET


_ORDER_FACTS = frozenset(
    ["event", "last_price", "last_quantity", "trade_id", "fee", "maker", "refusal", "value", "limit"]
)
_ACCOUNT_FACTS = frozenset(
    [
        "event",
        "seq",
        "time",
        "amount",
        "reason",
        "text",
        "symbol",
        "equity",
        "requirement",
        "value",
        "limit",
        "fee",
        "trade_id",
        "deadline",
    ]
)


class Topic(NamedTuple):
    """What the rows of a topic are.

    Attributes
    ----------
    row
        Their struct.
    key
        The fields that name a row.
    own
        Whether it is made of events one by one: nothing of it is conflated, and all of it can be resumed.
    facts
        Fields that tell of the latest event rather than of how things stand; no part of the state.
    """

    row: type[msgspec.Struct]
    key: tuple[str, ...]
    own: bool = False
    facts: frozenset[str] = frozenset()


TOPICS: dict[str, Topic] = {
    "orders": Topic(OrderRow, ("id",), own=True, facts=_ORDER_FACTS),
    "positions": Topic(PositionRow, ("account", "symbol"), own=True, facts=frozenset({"trade_id"})),
    "account": Topic(AccountRow, ("account",), own=True, facts=_ACCOUNT_FACTS),
    "market": Topic(MarketRow, ("symbol",)),
    "depth": Topic(LevelRow, ("side", "price")),
    "trades": Topic(TradeRow, ("seq",)),
    "candles": Topic(CandleRow, ("time",)),
    "news": Topic(NewsRow, ("number",)),
    "session": Topic(SessionRow, ("name",)),
    "leaderboard": Topic(LeaderRow, ("account",)),
}
"""Topics by what stands before the first colon of their names."""


class Frame(msgspec.Struct, tag_field="type", omit_defaults=True, kw_only=True):
    """One element of a message; a message is an array of frames."""


class Hello(Frame, tag="hello"):
    """The first frame of a connection: who this is, and in which session."""

    session: str
    identity: str
    seq: int
    time: str
    account: int | None = None
    user: str = ""


class Snapshot(Frame, tag="snapshot"):
    """All rows of a topic as of `seq`; what was known before is to be dropped.

    `n` counts the topic's events so far. `reset` says that `from_seq` was too old for deltas, `conflated`
    that this reader was too slow for them; both only happen to topics of the market.
    """

    topic: str
    seq: int
    rows: msgspec.Raw
    n: int = 0
    reset: bool = False
    conflated: bool = False


class Delta(Frame, tag="delta"):
    """The rows of a topic that changed after `prev`, up to and with `seq`.

    `n` counts the topic's events with these; where a topic is made of events one by one, `n` grows by the
    number of rows.
    """

    topic: str
    prev: int
    seq: int
    rows: msgspec.Raw
    n: int = 0


class Beat(Frame, tag="beat"):
    """Sent from time to time: everything up to `seq` that this connection subscribed to was sent."""

    seq: int
    time: str


class Ack(Frame, tag="ack"):
    """A request was done, and what it did is durable."""

    id: int | str
    seq: int = 0
    orders: list[OrderRow] = []
    topics: list[str] = []


class Refused(Frame, tag="refused"):
    """A request was refused and changed nothing; `reason` is the exchange's, where it was the exchange."""

    id: int | str
    code: str
    message: str
    reason: str = ""
    seq: int = 0


class Fault(Frame, tag="error"):
    """Something that was no request at all, and had no `id` that an answer could carry."""

    code: str
    message: str


class Pong(Frame, tag="pong"):
    """The answer to `ping`."""

    id: int | str
    seq: int
    time: str


AnyFrame = Hello | Snapshot | Delta | Beat | Ack | Refused | Fault | Pong
"""All that a server says."""


class PlaceOrder(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A new order, as REST takes it too."""

    symbol: str
    side: str
    type: str = "market"
    quantity: Decimal | None = None
    notional: Decimal | None = None
    time_in_force: str = "day"
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_amount: Decimal | None = None
    trail_percent: Decimal | None = None
    display_quantity: Decimal | None = None
    post_only: bool = False
    reduce_only: bool = False
    expires: str = ""
    client_order_id: str = ""
    order_class: str = "simple"
    take_profit_limit: Decimal | None = None
    stop_loss_stop: Decimal | None = None
    stop_loss_limit: Decimal | None = None
    self_trade_prevention: str = ""


class ReplaceOrder(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Other terms for an open order, which gets a new id; what is left out stays."""

    order: int | str
    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    display_quantity: Decimal | None = None
    expires: str = ""
    time_in_force: str = ""
    client_order_id: str = ""


class CancelOrder(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """The end of an open order, by its id or its client's id."""

    order: int | str


class CancelAll(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """The end of all open orders, or of those in one instrument."""

    symbol: str = ""


_Seen = Annotated[int, msgspec.Meta(ge=0)]


class Request(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What a client says: exactly one thing to do, and an `id` that the answer carries.

    `from_seq` goes with `subscribe`: what was seen already, for all topics or by topic; 0 for a snapshot.
    """

    id: int | str = 0
    subscribe: list[str] | None = None
    from_seq: _Seen | dict[str, _Seen] = 0
    unsubscribe: list[str] | None = None
    place: PlaceOrder | None = None
    replace: ReplaceOrder | None = None
    cancel: CancelOrder | None = None
    cancel_all: CancelAll | None = None
    ping: bool = False
