"""How the kernel keeps its state: a handful of preallocated structured arrays, never objects.

Slot 0 of orders and lots means "none", so zeroed memory is an empty exchange and untouched pages cost
nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from workbench.domain.records import (
    ACCOUNT_EVENT,
    AUCTION_EVENT,
    BUST_EVENT,
    CASH_EVENT,
    FEE_EVENT,
    FILL_EVENT,
    LIMIT_EVENT,
    MARKET_EVENT,
    ORDER_EVENT,
    POSITION_EVENT,
    QUOTE_EVENT,
    SESSION_EVENT,
    SPLIT_EVENT,
    TERMS_EVENT,
    TRADE_EVENT,
    TRADE_VIEW,
    Records,
)

WORLD = np.dtype(
    [
        ("time_ns", "i8"),
        ("commands", "i8"),
        ("events", "i8"),
        ("orders", "i8"),
        ("trades", "i8"),
        ("priorities", "i8"),
        ("event_count", "i8"),
        ("live_orders", "i8"),
        ("free_order", "i8"),
        ("used_orders", "i8"),
        ("free_lot", "i8"),
        ("used_lots", "i8"),
        ("bare", "i8"),
        ("frozen", "i8"),
        ("self_trade_prevention", "i8"),
        ("instruments", "i8"),
        ("accounts", "i8"),
        ("wanted", "i8"),
        ("wanted_low_ticks", "i8"),
        ("wanted_high_ticks", "i8"),
        ("free_extra", "i8"),
        ("used_extras", "i8"),
        ("free_group", "i8"),
        ("used_groups", "i8"),
        ("live_extras", "i8"),
        ("plain_extras", "i8"),
        ("slices", "i8"),
        ("alarm_ns", "i8"),
        ("price_limits", "i8"),
        ("funding_micros", "i8"),
        ("accruing", "i8"),
        ("accrued_to_ns", "i8"),
        ("accrual_interval_ns", "i8"),
        ("accruals_a_year", "i8"),
        ("debit_interest_ppm", "i8"),
        ("credit_interest_ppm", "i8"),
        ("accrues", "i8"),
        ("excursions", "i8"),
        ("monitored", "i8"),
        ("exposures", "i8"),
        ("moved", "i8"),
        ("session_state", "i8"),
        ("own_fees", "i8"),
        ("kept_trades", "i8"),
    ]
)
"""Counters, free lists and settings; one record.

`event_count` counts the buffer in use, `wanted` is what was short, of a ladder also which prices it must
hold. `slices` are what all icebergs have yet to display. Nothing falls due before `alarm_ns`. `accrues` says
whether the venue has any rate, `monitored` counts its monitored accounts, `exposures` its exposure groups;
`moved` says whether a monitored account has moved, `own_fees` whether accounts have fees of their own.
`kept_trades` counts the trades that were put into the ring of kept ones. `plain_extras` of the extras in use
are of orders that nothing sets off.
"""

INSTRUMENT = np.dtype(
    [
        ("phase", "i8"),
        ("band_low_ticks", "i8"),
        ("band_high_ticks", "i8"),
        ("window_low_ticks", "i8"),
        ("window_high_ticks", "i8"),
        ("price_cap_ticks", "i8"),
        ("price_increment_ticks", "i8"),
        ("quantity_increment_lots", "i8"),
        ("max_order_lots", "i8"),
        ("max_order_notional_micros", "i8"),
        ("position_limit_lots", "i8"),
        ("value_numerator", "i8"),
        ("value_denominator", "i8"),
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
        ("quote_due", "i8"),
        ("trigger_reference", "i8"),
        ("reference_price_ticks", "i8"),
        ("armed", "i8"),
        ("trigger_ladder", "i8"),
        ("trail_head", "i8"),
        ("trail_tail", "i8"),
        ("trail_above_ticks", "i8"),
        ("trail_below_ticks", "i8"),
        ("released_head", "i8"),
        ("released_tail", "i8"),
        ("auction_orders", "i8"),
        ("collecting", "i8"),
        ("indicative_price_ticks", "i8"),
        ("indicative_paired_lots", "i8"),
        ("indicative_imbalance_lots", "i8"),
        ("schedule_phase", "i8"),
        ("schedule_time_ns", "i8"),
        ("reopening_time_ns", "i8"),
        ("price_limit_ppm", "i8"),
        ("price_limit_part_ns", "i8"),
        ("price_limit_pause_ns", "i8"),
        ("reference_ticks", "i8"),
        ("limit_down_ticks", "i8"),
        ("limit_up_ticks", "i8"),
        ("limit_part", "i8"),
        ("limit_state", "i8"),
        ("closing", "i8"),
        ("short_sales_restricted", "i8"),
        ("collar_low_ticks", "i8"),
        ("collar_high_ticks", "i8"),
        ("mark", "i8"),
        ("close_price_ticks", "i8"),
        ("collar_ppm", "i8"),
        ("borrow_ppm_year", "i8"),
        ("initial_long_ppm", "i8"),
        ("initial_short_ppm", "i8"),
        ("maintenance_long_ppm", "i8"),
        ("maintenance_short_ppm", "i8"),
        ("collar_ticks", "i8"),
        ("tried", "i8"),
    ]
)
"""Reference data and market state of an instrument; bid and ask are the last published quote.

`armed` counts orders that wait for their trigger; `auction_orders` those with OPG or CLS. A reference above
`trail_above_ticks` moves the watermark of a selling trailing stop, one below `trail_below_ticks` that of a
buying one. `collar_ticks` is how far the order without a limit trades that is being matched; `tried` says
that a liquidation has tried the instrument.
"""

BOOK_SIDE = np.dtype(
    [
        ("best_ticks", "i8"),
        ("floor_ticks", "i8"),
        ("width", "i8"),
        ("level_base", "i8"),
        ("top_base", "i8"),
        ("orders", "i8"),
        ("matchable", "i8"),
        ("historical", "i8"),
    ]
)
"""One side of one book: number instrument * 4 + book * 2 + side - 1.

Behind those of all instruments, four sides of armed triggers each: buy falling, buy rising, sell falling,
sell rising.

`best_ticks` is 0 when the side is empty; `matchable` counts the orders that history may trade with (live, or
diverged), `historical` those of history.
"""

LEVEL = np.dtype(
    [
        ("head", "i4"),
        ("tail", "i4"),
        ("orders", "i4"),
        ("slices", "i4"),
        ("lots", "i8"),
        ("hidden_lots", "i8"),
    ]
)
"""The queue at one price: displayed and hidden lots, and how many slices the hidden ones will come in."""

QUEUE = np.dtype([("head", "i4"), ("tail", "i4"), ("orders", "i8"), ("lots", "i8")])
"""Market orders of one side that wait for an uncross: number instrument * 2 + side - 1."""

ORDER = np.dtype(
    [
        ("leaves_lots", "i8"),
        ("price_ticks", "i8"),
        ("order_id", "i8"),
        ("account", "i4"),
        ("instrument", "i4"),
        ("prev", "i4"),
        ("next", "i4"),
        ("side", "u1"),
        ("order_type", "u1"),
        ("time_in_force", "u1"),
        ("self_trade_prevention", "u1"),
        ("flags", "u2"),
        ("book", "u1"),
        ("special", "u1"),
        ("quantity_lots", "i8"),
        ("client_order_id", "i8"),
        ("reserved_micros", "i8"),
        ("opening_lots", "i8"),
        ("taken_lots", "i8"),
        ("priority", "i8"),
        ("time_ns", "i8"),
        ("display_lots", "i8"),
        ("shown_lots", "i8"),
        ("extra", "i4"),
        ("unused", "i4"),
    ]
)
"""An open order, two cache lines; `next` chains the free list too.

`book` is its `Place`; `special` has the bits below. `shown_lots` is what an iceberg displays, 0 for others.
"""

SPECIAL_ICEBERG = 1
SPECIAL_EXTRA = 2
SPECIAL_GROUP = 4
"""Bits of an order's `special`: which of the slower ways it must be sent."""

EXTRA = np.dtype(
    [
        ("order", "i4"),
        ("next", "i4"),
        ("prev", "i4"),
        ("group", "i4"),
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
        ("plain", "i8"),
    ]
)
"""Terms that few orders have, and what an order with fees of its own has paid; `plain` says that it has no
more than that. `next` and `prev` chain trailing stops, released orders and the free list.
"""

GROUP = np.dtype(
    [
        ("account", "i4"),
        ("instrument", "i4"),
        ("stage", "i4"),
        ("members", "i4"),
        ("first", "i4"),
        ("second", "i4"),
        ("parent", "i4"),
        ("next", "i4"),
    ]
)
"""A group of orders (slots); `stage` 0 is free, `next` chains the free list."""

STAGE_COLLECTING = 1
STAGE_WAITING = 2
STAGE_LEGS = 3
"""Stages of a group: orders are still to come; the parent works; two legs, each of which ends the other."""

PART = np.dtype([("part", "i8"), ("price_sum_ticks", "i8"), ("trades", "i8")])
"""Trades of one part of the price limits' window: number instrument * 10 + part modulo 10."""

ACCOUNT = np.dtype(
    [
        ("state", "u1"),
        ("flags", "u1"),
        ("monitored", "u1"),
        ("moved", "u1"),
        ("unused_1", "u4"),
        ("cash_micros", "i8"),
        ("reserved_micros", "i8"),
        ("short_cost_micros", "i8"),
        ("fees_micros", "i8"),
        ("open_orders", "i8"),
        ("rate_time_ns", "i8"),
        ("rate_interval_ns", "i8"),
        ("order_burst", "i8"),
        ("max_open_orders", "i8"),
        ("max_order_lots", "i8"),
        ("max_order_notional_micros", "i8"),
        ("position_limit_lots", "i8"),
        ("max_daily_loss_micros", "i8"),
        ("max_drawdown_micros", "i8"),
        ("margin_grace_ns", "i8"),
        ("peak_equity_micros", "i8"),
        ("day_start_equity_micros", "i8"),
        ("margin_call", "i8"),
        ("call_deadline_ns", "i8"),
        ("split", "i8"),
        ("split_micros", "i8"),
        ("orders_per_second", "i8"),
        ("unused_2", "i8"),
    ]
)
"""Money, limits and state of an account.

`moved` waits for an evaluation; `split` and `split_micros` say whether a split that is being carried out
concerns it, and what it gets.
"""

POSITION = np.dtype(
    [
        ("position_lots", "i8"),
        ("cost_micros", "i8"),
        ("open_buy_lots", "i8"),
        ("open_sell_lots", "i8"),
        ("realised_average_micros", "i8"),
        ("realised_fifo_micros", "i8"),
        ("fees_micros", "i8"),
        ("traded_lots", "i8"),
        ("lot_head", "i4"),
        ("lot_tail", "i4"),
        ("adverse_micros", "i8"),
        ("favourable_micros", "i8"),
    ]
)
"""Position number account * instruments + instrument."""

FEES = np.dtype(
    [
        ("order_fees", "i8"),
        ("maker_per_lot_micros", "i8"),
        ("taker_per_lot_micros", "i8"),
        ("maker_ppm", "i8"),
        ("taker_ppm", "i8"),
        ("per_order_micros", "i8"),
        ("minimum_micros", "i8"),
        ("fee_cap_ppm", "i8"),
    ]
)
"""A schedule of fees; the fields behind the first are in the order of `FeeKind`. Those of the instruments
come first; where accounts have fees of their own, those of every account in every instrument follow, numbered
like positions. `order_fees` says whether it depends on all that an order has traded.
"""

EXPOSURE = np.dtype(
    [
        ("gross_limit_lots", "i8"),
        ("net_limit_lots", "i8"),
        ("mode", "i8"),
        ("fine_micros", "i8"),
    ]
)
"""An exposure group of the venue; weights of group g: `weights[g * instruments + instrument]`."""

LOT = np.dtype(
    [("price_ticks", "i8"), ("quantity_lots", "i8"), ("cost_micros", "i8"), ("next", "i4"), ("unused", "i4")]
)
"""A FIFO lot; quantity and cost are positive, the position's sign says which way."""

TABLE_ENTRY = np.dtype("i8")
"""Hash table entry: 31 bits of the key's hash above 32 bits of slot; 0 is free."""


class Memory(NamedTuple):
    """All arrays of an exchange, in the order kernels take them."""

    world: Records
    instruments: Records
    sides: Records
    levels: Records
    bits: Records
    summary: Records
    top: Records
    orders: Records
    by_order_id: Records
    by_client_id: Records
    accounts: Records
    positions: Records
    lots: Records
    scratch: Records
    ahead: Records
    extras: Records
    groups: Records
    queues: Records
    rolling: Records
    exposures: Records
    weights: Records
    fees: Records
    trades: Records


class EventBuffer(NamedTuple):
    """One block of memory seen through the layout of each family of events."""

    order: Records
    fill: Records
    trade: Records
    quote: Records
    position: Records
    market: Records
    terms: Records
    auction: Records
    account: Records
    cash: Records
    split: Records
    limit: Records
    session: Records
    fee: Records
    bust: Records


MEMORY_DTYPES: dict[str, np.dtype[Any]] = {
    "world": WORLD,
    "instruments": INSTRUMENT,
    "sides": BOOK_SIDE,
    "levels": LEVEL,
    "bits": np.dtype("u8"),
    "summary": np.dtype("u8"),
    "top": np.dtype("u8"),
    "orders": ORDER,
    "by_order_id": TABLE_ENTRY,
    "by_client_id": TABLE_ENTRY,
    "accounts": ACCOUNT,
    "positions": POSITION,
    "lots": LOT,
    "scratch": np.dtype("i8"),
    "ahead": np.dtype("i8"),
    "extras": EXTRA,
    "groups": GROUP,
    "queues": QUEUE,
    "rolling": PART,
    "exposures": EXPOSURE,
    "weights": np.dtype("i8"),
    "fees": FEES,
    "trades": TRADE_VIEW,
}
"""Layout of each array of `Memory`."""

EVENT_DTYPES: dict[str, np.dtype[Any]] = {
    "order": ORDER_EVENT,
    "fill": FILL_EVENT,
    "trade": TRADE_EVENT,
    "quote": QUOTE_EVENT,
    "position": POSITION_EVENT,
    "market": MARKET_EVENT,
    "terms": TERMS_EVENT,
    "auction": AUCTION_EVENT,
    "account": ACCOUNT_EVENT,
    "cash": CASH_EVENT,
    "split": SPLIT_EVENT,
    "limit": LIMIT_EVENT,
    "session": SESSION_EVENT,
    "fee": FEE_EVENT,
    "bust": BUST_EVENT,
}
"""Layout of each view of `EventBuffer`."""
