"""Record layouts: what goes into the exchange, what comes out, and how its state is kept.

Every record is a numpy structured dtype with natural alignment and no padding that is not named, so a batch
of them is a plain block of bytes that can be hashed, journaled and compared. Integers only: prices in ticks
of the instrument, quantities in lots, money in micros (1e-6 of the account currency), time in nanoseconds
since 1970-01-01 UTC.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

Records = npt.NDArray[Any]
"""A one-dimensional structured array."""

COMMAND = np.dtype(
    [
        ("time_ns", "i8"),
        ("kind", "u1"),
        ("side", "u1"),
        ("order_type", "u1"),
        ("time_in_force", "u1"),
        ("self_trade_prevention", "u1"),
        ("group_place", "u1"),
        ("flags", "u2"),
        ("account", "i4"),
        ("instrument", "i4"),
        ("order_id", "i8"),
        ("client_order_id", "i8"),
        ("new_client_order_id", "i8"),
        ("quantity_lots", "i8"),
        ("price_ticks", "i8"),
        ("trigger_price_ticks", "i8"),
        ("display_lots", "i8"),
        ("expire_time_ns", "i8"),
        ("group_id", "i8"),
        ("amount_micros", "i8"),
    ]
)
"""A command. Fields a kind does not use must be zero; ids of zero mean "not given"."""

_HEADER: list[tuple[str, str]] = [
    ("seq", "i8"),
    ("command_seq", "i8"),
    ("time_ns", "i8"),
    ("kind", "u1"),
    ("reason", "u1"),
    ("side", "u1"),
    ("order_state", "u1"),
    ("order_type", "u1"),
    ("time_in_force", "u1"),
    ("flags", "u2"),
    ("account", "i4"),
    ("instrument", "i4"),
]

_PAYLOAD_WORDS = 9

EVENT = np.dtype([*_HEADER, ("payload", "i8", (_PAYLOAD_WORDS,))])
"""Any event: a header and nine words whose names depend on the kind (`ORDER_EVENT` and its sisters are views
of it).
"""


def _event(*payload: str) -> np.dtype[Any]:
    unused = [f"unused_{i}" for i in range(_PAYLOAD_WORDS - len(payload))]
    dtype = np.dtype([*_HEADER, *((name, "i8") for name in (*payload, *unused))])
    assert dtype.itemsize == EVENT.itemsize
    return dtype


ORDER_EVENT = _event(
    "order_id",
    "client_order_id",
    "price_ticks",
    "quantity_lots",
    "leaves_lots",
    "executed_lots",
    "value",
    "limit",
    "successor_order_id",
)
"""ORDER_* events without a fill (ORDER_ADJUSTED too), and CANCEL_, REPLACE_ and COMMAND_REJECTED.
`quantity_lots` is the order's total.
"""

FILL_EVENT = _event(
    "order_id",
    "client_order_id",
    "last_price_ticks",
    "last_quantity_lots",
    "leaves_lots",
    "executed_lots",
    "fee_micros",
    "trade_id",
    "contra_order_id",
)
"""ORDER_PARTIALLY_FILLED and ORDER_FILLED. `side` is the order's own; flag `LIQUIDITY_MAKER` marks the
resting order.
"""

TRADE_EVENT = _event(
    "trade_id",
    "price_ticks",
    "quantity_lots",
    "taker_order_id",
    "maker_order_id",
    "maker_account",
    "notional_micros",
)
"""TRADE. `account` and `side` are the taker's. Order id 0 is liquidity the book never showed."""

BUST_EVENT = _event(
    "trade_id",
    "price_ticks",
    "quantity_lots",
    "taker_order_id",
    "maker_order_id",
    "maker_account",
    "notional_micros",
    "last_price_ticks",
)
"""TRADE_BUSTED: the trade as its TRADE said; `last_price_ticks` is the last price from now on."""

QUOTE_EVENT = _event(
    "bid_price_ticks",
    "bid_lots",
    "bid_orders",
    "ask_price_ticks",
    "ask_lots",
    "ask_orders",
    "last_price_ticks",
)
"""QUOTE. An empty side has price, quantity and count 0."""

POSITION_EVENT = _event(
    "position_lots",
    "cost_micros",
    "realised_average_micros",
    "realised_fifo_micros",
    "fees_micros",
    "cash_micros",
    "trade_id",
)
"""POSITION_CHANGED. All amounts are totals after the fill; `cost_micros` is negative for a short position."""

MARKET_EVENT = _event(
    "phase",
    "band_low_ticks",
    "band_high_ticks",
    "reference_ticks",
    "limit_down_ticks",
    "limit_up_ticks",
    "next_phase",
    "next_phase_time_ns",
    "short_sales_restricted",
)
"""PHASE_CHANGED and the other changes of an instrument.

Of AUCTION_COLLAR_CHANGED the limits are those of the collar.
"""

TERMS_EVENT = _event(
    "order_id",
    "client_order_id",
    "trigger_price_ticks",
    "trail_micros",
    "display_lots",
    "expire_time_ns",
    "group_id",
    "group_place",
)
"""ORDER_TERMS. Of a trailing stop `trigger_price_ticks` is its trail, unless `trail_micros` is (millionths of
the watermark).
"""

AUCTION_EVENT = _event(
    "price_ticks",
    "paired_lots",
    "imbalance_lots",
    "wanted_lots",
    "offered_lots",
    "reference_ticks",
)
"""AUCTION_INDICATIVE and AUCTION_UNCROSSED. The imbalance is wanted less offered at the price."""

ACCOUNT_EVENT = _event(
    "value",
    "limit",
    "equity_micros",
    "requirement_micros",
    "deadline_ns",
    "order_id",
    "group",
)
"""ACCOUNT_SUSPENDED, ACCOUNT_REINSTATED, LIMIT_BREACHED, MARGIN_CALL, MARGIN_CALL_MET, LIQUIDATION and
DAY_STARTED; what a kind has no number for is 0.
"""

CASH_EVENT = _event("amount_micros", "cash_micros", "position_lots", "price_ticks", "rate", "periods")
"""CASH_CHANGED. `amount_micros` was added, `cash_micros` is the cash after it."""

SPLIT_EVENT = _event(
    "numerator",
    "denominator",
    "band_low_ticks",
    "band_high_ticks",
    "window_low_ticks",
    "window_high_ticks",
    "last_price_ticks",
    "reference_price_ticks",
)
"""INSTRUMENT_SPLIT: `denominator` old lots became `numerator` new ones; prices are those after it."""

LIMIT_EVENT = _event("limit_kind", "value", "previous_value", "equity_micros")
"""LIMIT_CHANGED: a `LimitKind`, what it is now and what it was (micros, lots or orders). `equity_micros` is
that from which losses are measured if the account is watched from now on, 0 if it was before or is not.
"""

FEE_EVENT = _event("fee_kind", "value", "previous_value")
"""FEE_CHANGED: a `FeeKind`, what it is now and what it was (micros or parts per million)."""

SESSION_EVENT = _event("session_state", "previous_state", "number")
"""SESSION_STATE_CHANGED (two `SessionState`) and ANNOUNCED (`number`); what a kind has none of is 0."""

LIQUIDITY_MAKER = 0x8000
"""Bit of an event's `flags`: the order rested and was traded against."""

SHADOW = 0x2000
"""Bit of an event's `flags`: a trade of our own in a frozen venue, which history knows nothing of."""

DIVERGED = 0x1000
"""Bit of an order's `flags`: a street order that history believes to be smaller than it is."""

AUCTION = 0x0800
"""Bit of an event's `flags`: a trade of an auction's uncross."""
BUSTED = 0x0200
"""Bit of a trade's `flags` in views of the tape: the trade was undone."""
LIQUIDATION = 0x0400
"""Bit of an order's `flags`: the exchange entered it to close a margin account's position."""

PRIORITY_KEPT = 0x4000
"""Bit of an event's `flags`: the replaced order kept its place in the queue."""

BOOK_ORDER = np.dtype(
    [
        ("order_id", "i8"),
        ("client_order_id", "i8"),
        ("account", "i4"),
        ("instrument", "i4"),
        ("side", "u1"),
        ("order_type", "u1"),
        ("time_in_force", "u1"),
        ("order_state", "u1"),
        ("self_trade_prevention", "u1"),
        ("book", "u1"),
        ("flags", "u2"),
        ("price_ticks", "i8"),
        ("quantity_lots", "i8"),
        ("leaves_lots", "i8"),
        ("taken_lots", "i8"),
        ("opening_lots", "i8"),
        ("reserved_micros", "i8"),
        ("priority", "i8"),
        ("time_ns", "i8"),
        ("display_lots", "i8"),
        ("shown_lots", "i8"),
        ("trigger_price_ticks", "i8"),
        ("trail_ticks", "i8"),
        ("trail_micros", "i8"),
        ("watermark_ticks", "i8"),
        ("expire_time_ns", "i8"),
        ("group_id", "i8"),
        ("group_place", "i8"),
        ("raw_fee_micros", "i8"),
        ("fee_notional_micros", "i8"),
        ("charged_micros", "i8"),
    ]
)
"""An open order as the public views, the snapshot and the state hash see it.

`book` is its `Place`. `shown_lots` is what an iceberg displays now, 0 for other orders. `trigger_price_ticks`
is that of a trigger order, triggered or not; of a market order in a market queue the price it is valued at.
`group_id` and `group_place` are those given on entry (also when the group is forgotten).
"""

GROUP_VIEW = np.dtype(
    [
        ("account", "i4"),
        ("instrument", "i4"),
        ("stage", "i8"),
        ("first_order_id", "i8"),
        ("second_order_id", "i8"),
        ("parent_order_id", "i8"),
    ]
)
"""A group that is not forgotten: its stage (1 collecting, 2 waiting for its parent, 3 two legs) and its open
orders, 0 where there is none. A collecting group's first and second order; else children or legs by place.
"""

ACCOUNT_VIEW = np.dtype(
    [
        ("account", "i4"),
        ("state", "u1"),
        ("flags", "u1"),
        ("unused", "u2"),
        ("cash_micros", "i8"),
        ("reserved_micros", "i8"),
        ("short_cost_micros", "i8"),
        ("fees_micros", "i8"),
        ("open_orders", "i8"),
        ("rate_time_ns", "i8"),
        ("peak_equity_micros", "i8"),
        ("day_start_equity_micros", "i8"),
        ("margin_call", "i8"),
        ("call_deadline_ns", "i8"),
    ]
)
"""An account as the public views, the snapshot and the state hash see it."""

POSITION_VIEW = np.dtype(
    [
        ("account", "i4"),
        ("instrument", "i4"),
        ("position_lots", "i8"),
        ("cost_micros", "i8"),
        ("realised_average_micros", "i8"),
        ("realised_fifo_micros", "i8"),
        ("fees_micros", "i8"),
        ("traded_lots", "i8"),
        ("open_buy_lots", "i8"),
        ("open_sell_lots", "i8"),
        ("adverse_micros", "i8"),
        ("favourable_micros", "i8"),
    ]
)
"""A position of one account in one instrument; listed once it has ever traded or has open orders."""

LOT_VIEW = np.dtype(
    [
        ("account", "i4"),
        ("instrument", "i4"),
        ("price_ticks", "i8"),
        ("quantity_lots", "i8"),
        ("cost_micros", "i8"),
    ]
)
"""An open FIFO lot, oldest first within its position; quantity and cost are negative for a short."""

INSTRUMENT_VIEW = np.dtype(
    [
        ("instrument", "i4"),
        ("phase", "i4"),
        ("band_low_ticks", "i8"),
        ("band_high_ticks", "i8"),
        ("last_price_ticks", "i8"),
        ("volume_lots", "i8"),
        ("trades", "i8"),
        ("bid_price_ticks", "i8"),
        ("bid_lots", "i8"),
        ("bid_orders", "i8"),
        ("ask_price_ticks", "i8"),
        ("ask_lots", "i8"),
        ("ask_orders", "i8"),
        ("divergence_lots", "i8"),
        ("divergence_orders", "i8"),
        ("window_low_ticks", "i8"),
        ("window_high_ticks", "i8"),
        ("collecting", "i8"),
        ("indicative_price_ticks", "i8"),
        ("indicative_paired_lots", "i8"),
        ("indicative_imbalance_lots", "i8"),
        ("schedule_phase", "i8"),
        ("schedule_time_ns", "i8"),
        ("reopening_time_ns", "i8"),
        ("reference_ticks", "i8"),
        ("limit_down_ticks", "i8"),
        ("limit_up_ticks", "i8"),
        ("limit_part", "i8"),
        ("short_sales_restricted", "i8"),
        ("collar_low_ticks", "i8"),
        ("collar_high_ticks", "i8"),
        ("close_price_ticks", "i8"),
        ("reference_price_ticks", "i8"),
    ]
)
"""An instrument's market state; bid and ask are the last published quote.

`collecting` is the latest collecting phase since the instrument was last CONTINUOUS or CLOSED, or 0. Schedule
and reopening are 0 when there is none. `limit_part` is the part of the time of the last look at the price
limits (0 without price limits).
"""

ROLLING_VIEW = np.dtype([("instrument", "i8"), ("part", "i8"), ("price_sum_ticks", "i8"), ("trades", "i8")])
"""Trades of one part of the price limits' window; the parts from `limit_part` - 9 on that have any."""

ACCOUNT_VALUE = np.dtype(
    [
        ("account", "i8"),
        ("equity_micros", "i8"),
        ("available_micros", "i8"),
        ("initial_margin_micros", "i8"),
        ("maintenance_margin_micros", "i8"),
    ]
)
"""What an account is worth at the marks: cash and positions, what it has free for new orders (cash of an
account that nothing checks), and the margins that its positions would need, whether it is a margin account or
not.
"""

POSITION_VALUE = np.dtype(
    [
        ("account", "i8"),
        ("instrument", "i8"),
        ("position_lots", "i8"),
        ("mark_ticks", "i8"),
        ("value_micros", "i8"),
        ("unrealised_micros", "i8"),
    ]
)
"""A position at its instrument's mark (0: there is none, and the position is worth what it cost)."""

COUNTERS_VIEW = np.dtype(
    [
        ("time_ns", "i8"),
        ("commands", "i8"),
        ("events", "i8"),
        ("orders", "i8"),
        ("trades", "i8"),
        ("priorities", "i8"),
        ("funding_micros", "i8"),
        ("accruing", "i8"),
        ("accrued_to_ns", "i8"),
    ]
)
"""The exchange's own counters: the last numbers given out; money that came from outside; accruals' last
boundary.
"""

LIMIT_VIEW = np.dtype([("account", "i4"), ("limit_kind", "i4"), ("value", "i8")])
"""A limit of an account that is not what the venue began with: a `LimitKind` and its value."""

FEE_VIEW = np.dtype([("account", "i4"), ("instrument", "i4"), ("fee_kind", "i8"), ("value", "i8")])
"""A fee of an account in an instrument that is not what the venue began with: a `FeeKind` and its value."""

TRADE_VIEW = np.dtype(
    [
        ("trade_id", "i8"),
        ("instrument", "i4"),
        ("taker_account", "i4"),
        ("maker_account", "i4"),
        ("side", "u1"),
        ("state", "u1"),
        ("flags", "u2"),
        ("price_ticks", "i8"),
        ("quantity_lots", "i8"),
        ("taker_order_id", "i8"),
        ("maker_order_id", "i8"),
        ("taker_fee_micros", "i8"),
        ("maker_fee_micros", "i8"),
        ("number", "i8"),
        ("previous_price_ticks", "i8"),
    ]
)
"""A trade that the exchange keeps so that it can be undone; `side` is the taker's, `state` a `TradeState`.

`number` counts the published trades of its instrument that stand, from 1; it is 0 for one that was not
published. `previous_price_ticks` was the last price before it.
"""

SESSION_VIEW = np.dtype([("session_state", "i8")])
"""The session's `SessionState`; there is no record of it while that is DRAFT."""

ACCOUNT_LIMITS = np.dtype(
    [
        ("account", "i8"),
        ("max_order_lots", "i8"),
        ("max_order_notional_micros", "i8"),
        ("position_limit_lots", "i8"),
        ("max_open_orders", "i8"),
        ("orders_per_second", "i8"),
        ("order_burst", "i8"),
        ("max_daily_loss_micros", "i8"),
        ("max_drawdown_micros", "i8"),
    ]
)
"""All limits of an account as they are now; the fields behind the first are in the order of `LimitKind`."""

LEVEL_VIEW = np.dtype([("price_ticks", "i8"), ("quantity_lots", "i8"), ("orders", "i8")])
"""One price level of one side of a book."""


def schema_hash(*dtypes: np.dtype[Any]) -> str:
    """16 hex digits over names, types and offsets, to recognise files written with other layouts."""
    text = "\n".join(repr((dtype.descr, dtype.itemsize)) for dtype in dtypes)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def commands(count: int) -> Records:
    """`count` zeroed command records."""
    return np.zeros(count, dtype=COMMAND)
