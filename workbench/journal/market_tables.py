"""Stored tables of the market: its trades, quotes and candles, and every event of the exchange."""

from __future__ import annotations

from dataclasses import replace

from workbench.domain.codes import EventKind, OrderType, Reason, Side, TimeInForce
from workbench.domain.states import OrderState
from workbench.journal.columns import (
    DICTIONARY,
    I32,
    I64,
    PLAIN,
    TIME,
    U16,
    Column,
    Table,
    code,
    flag,
    lots,
    micros,
    name,
    number,
    ticks,
)

INTERVALS = {
    "1s": 1_000_000_000,
    "1min": 60_000_000_000,
    "5min": 300_000_000_000,
    "1h": 3_600_000_000_000,
    "1d": 86_400_000_000_000,
}
"""Intervals of stored candles and their nanoseconds; a folder each."""

_WORDS = 9
_SEQ = number("seq", "Sequence number of the event, which orders events of equal time")
_TIME = Column("time", TIME, "ns", "Exchange time")
_SYMBOL = name("symbol", "The instrument")

TRADES = Table(
    "trades",
    "One row for each trade of the market, auctions' and those of live orders against frozen history too",
    (
        _SEQ,
        _TIME,
        _SYMBOL,
        number("trade_id", "Number of the trade"),
        name("side", "The aggressor's side, BUY or SELL; null for an auction of history"),
        ticks("price", "Price of the trade"),
        lots("quantity", "Quantity of the trade"),
        replace(micros("notional", "Price x quantity x multiplier, rounded down to the micro"), follows=True),
        name("taker", "Account of the aggressor"),
        name("maker", "Account of the order that rested"),
        number("taker_order_id", "The aggressor's order; null for executions of history", none=True),
        number(
            "maker_order_id", "The order that rested; null for liquidity the book never showed", none=True
        ),
        flag("shadow", "Whether it is a fill against frozen history, no part of the market's volume"),
        flag("auction", "Whether it is a trade of an auction's uncross"),
    ),
)

BUSTS = Table(
    "busts",
    "One row for each trade that was busted: undone for both sides, as if it had never been",
    (
        number("seq", "Sequence number of the bust"),
        Column("time", TIME, "ns", "Exchange time of the bust"),
        _SYMBOL,
        number("trade_id", "Number of the trade"),
        name("side", "The aggressor's side, BUY or SELL; null for an auction of history"),
        ticks("price", "Price of the trade"),
        lots("quantity", "Quantity of the trade"),
        name("taker", "Account of the aggressor"),
        name("maker", "Account of the order that rested"),
        ticks("last_price", "The instrument's last price from then on; null for none", none=True),
    ),
)

QUOTES = Table(
    "quotes",
    "One row for each change of the best bid or offer",
    (
        _SEQ,
        _TIME,
        _SYMBOL,
        ticks("bid_price", "Best bid; null for none", none=True),
        lots("bid", "Quantity at the best bid; null for none", none=True, read="bid_quantity"),
        number("bid_orders", "Orders at the best bid, 0 for none", unit="count"),
        ticks("ask_price", "Best offer; null for none", none=True),
        lots("ask", "Quantity at the best offer; null for none", none=True, read="ask_quantity"),
        number("ask_orders", "Orders at the best offer, 0 for none", unit="count"),
        ticks("last_price", "Last price traded; null for none", none=True),
    ),
)

CANDLES = Table(
    "candles",
    "One row for each interval in which an instrument traded, without trades against frozen history",
    (
        _SYMBOL,
        Column("time", TIME, "ns", "Start of the interval; days and hours begin on the market's clock"),
        number("trades", "Number of trades", unit="count"),
        ticks("open", "First price"),
        ticks("high", "Highest price"),
        ticks("low", "Lowest price"),
        ticks("close", "Last price"),
        lots("volume", "Quantity traded"),
        Column("notional", I64, "ticks x lots", "Sum of price x quantity x multiplier"),
    ),
    sort=("symbol", "time"),
)

EVENTS = Table(
    "events",
    "One row for each event, as the exchange emitted it",
    (
        _SEQ,
        number("command_seq", "Sequence number of the command that caused it"),
        _TIME,
        code("kind", "Kind of event (see rules.md)", EventKind, read="event"),
        code("reason", "Reason (see rules.md)", Reason),
        code("side", "Side", Side),
        code("order_state", "The order's state", OrderState, read="state"),
        code("order_type", "The order's type", OrderType, read="type"),
        code("time_in_force", "Time in force", TimeInForce),
        Column("flags", U16, "bits", "Flags of the event (see rules.md)", encoding=DICTIONARY),
        Column("account", I32, "number", "Number of the account", read="account_number"),
        Column(
            "instrument", I32, "number", "Number of the instrument; -1 for none", read="instrument_number"
        ),
        *(
            # Each word is something else for each kind of event, so none is near the one before.
            Column(
                f"word_{place}",
                I64,
                "by kind",
                f"Payload word {place}, whose name depends on the kind",
                encoding=PLAIN,
            )
            for place in range(_WORDS)
        ),
    ),
    sort=("seq",),
)
