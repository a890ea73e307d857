"""The stored tables: what each column of the Parquet is called, its type, its unit and its meaning.

Whole numbers only: prices in ticks of the instrument, quantities in lots, money in micros (millionths of the
account currency). Times are `timestamp[ns]` and always UTC: they carry no zone, because DuckDB before 2.0
silently drops the nanoseconds of Parquet times that do. Names are dictionaries of strings.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pyarrow as pa

TIME = pa.timestamp("ns")
NAME = pa.dictionary(pa.int32(), pa.string())
I64, I32, U16, U8, BOOL = pa.int64(), pa.int32(), pa.uint16(), pa.uint8(), pa.bool_()

SESSION = "session"
"""The first column of every stored table: the session's name, the same in every row."""

INTERVALS = {
    "1s": 1_000_000_000,
    "1min": 60_000_000_000,
    "5min": 300_000_000_000,
    "1h": 3_600_000_000_000,
    "1d": 86_400_000_000_000,
}
"""Intervals of stored candles and their nanoseconds; a folder each."""


@dataclass(frozen=True, slots=True)
class Column:
    """A stored column.

    Parameters
    ----------
    name
        Its name, unit last.
    type
        Its Arrow type.
    unit
        What it counts: `ticks`, `lots`, `micros`, `ns`, `name`, `id`, `count`, `code`, `bits`, `yes/no`.
    about
        What it means, in one sentence without its full stop.
    none
        Whether 0 says that there is none; views show null for it.
    encoding
        Parquet encoding of its numbers; empty for a dictionary.
    read
        What views call it as people read it, where that is not its name without the unit.
    """

    name: str
    type: pa.DataType
    unit: str
    about: str
    none: bool = False
    encoding: str = "DELTA_BINARY_PACKED"
    read: str = ""

    @property
    def read_as(self) -> str:
        """What views call it as people read it: its name without the unit, unless it was given another."""
        return self.read or self.name.removesuffix(f"_{self.unit}")

    @property
    def stored_as(self) -> str:
        """What views call it as the whole number that it is."""
        return self.name if self.name != self.read_as else f"{self.name}_exact"


@dataclass(frozen=True, slots=True)
class Table:
    """A stored table.

    Parameters
    ----------
    name
        Name of the table, its folder and its view.
    about
        What a row is.
    columns
        Its columns, without `session`.
    sort
        Columns that its files are sorted by.
    time
        Its column of time.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    sort: tuple[str, ...] = ("symbol", "time", "seq")
    time: str = "time"

    @property
    def schema(self) -> pa.Schema:
        """Columns of the rows that a writer hands in."""
        return pa.schema([(column.name, column.type) for column in self.columns])

    @property
    def stored_schema(self) -> pa.Schema:
        """Columns of its files: the session, then the rows."""
        return self.schema.insert(0, pa.field(SESSION, NAME))

    @property
    def hash(self) -> str:
        """16 hex digits over names and types, to recognise files of another version."""
        text = "\n".join(f"{field.name} {field.type}" for field in self.stored_schema)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    def column(self, name: str) -> Column:
        """The column called `name`."""
        return next(column for column in self.columns if column.name == name)


def _name(name: str, about: str) -> Column:
    return Column(name, NAME, "name", about, encoding="")


def _id(name: str, about: str, *, none: bool = False) -> Column:
    return Column(name, I64, "id", about, none=none)


def _code(name: str, about: str) -> Column:
    return Column(name, U8, "code", about, encoding="")


def _ticks(name: str, about: str, *, none: bool = False) -> Column:
    return Column(f"{name}_ticks", I64, "ticks", about, none=none)


def _lots(name: str, about: str, *, none: bool = False, read: str = "") -> Column:
    return Column(f"{name}_lots", I64, "lots", about, none=none, read=read)


def _micros(name: str, about: str) -> Column:
    return Column(f"{name}_micros", I64, "micros", about)


def _count(name: str, about: str) -> Column:
    return Column(name, I64, "count", about)


_SEQ = _id("seq", "Sequence number of the event, which orders events of equal time")
_TIME = Column("time", TIME, "ns", "Exchange time, UTC")
_SYMBOL = _name("symbol", "The instrument")

TRADES = Table(
    "trades",
    "One row for each trade of the market",
    (
        _SEQ,
        _TIME,
        _SYMBOL,
        _id("trade_id", "Number of the trade"),
        _name("side", "The aggressor's side, BUY or SELL; null for an auction of history"),
        _ticks("price", "Price of the trade"),
        _lots("quantity", "Quantity of the trade"),
        _micros("notional", "Price x quantity x multiplier, rounded down to the micro"),
        _name("taker", "Account of the aggressor"),
        _name("maker", "Account of the order that rested"),
        _id("taker_order_id", "The aggressor's order; none for executions of history", none=True),
        _id("maker_order_id", "The order that rested; none for liquidity the book never showed", none=True),
        Column("shadow", BOOL, "yes/no", "Whether it is a fill against frozen history", encoding=""),
        Column("auction", BOOL, "yes/no", "Whether it is a trade of an auction's uncross", encoding=""),
    ),
)

QUOTES = Table(
    "quotes",
    "One row for each change of the best bid or offer",
    (
        _SEQ,
        _TIME,
        _SYMBOL,
        _ticks("bid_price", "Best bid", none=True),
        _lots("bid", "Quantity at the best bid", none=True, read="bid_quantity"),
        _count("bid_orders", "Orders at the best bid, 0 when there is none"),
        _ticks("ask_price", "Best offer", none=True),
        _lots("ask", "Quantity at the best offer", none=True, read="ask_quantity"),
        _count("ask_orders", "Orders at the best offer, 0 when there is none"),
        _ticks("last_price", "Last price traded", none=True),
    ),
)

CANDLES = Table(
    "candles",
    "One row for each interval in which an instrument traded",
    (
        _SYMBOL,
        Column("time", TIME, "ns", "Start of the interval, UTC"),
        _count("trades", "Number of trades"),
        _ticks("open", "First price"),
        _ticks("high", "Highest price"),
        _ticks("low", "Lowest price"),
        _ticks("close", "Last price"),
        _lots("volume", "Quantity traded"),
        Column("notional", I64, "ticks x lots", "Sum of price x quantity x multiplier"),
    ),
    sort=("symbol", "time"),
)

EVENTS = Table(
    "events",
    "One row for each event, as the exchange emitted it",
    (
        _SEQ,
        _id("command_seq", "Sequence number of the command that caused it"),
        _TIME,
        _code("kind", "Code of the kind of event"),
        _code("reason", "Code of the reason"),
        _code("side", "Code of the side"),
        _code("order_state", "Code of the order's state"),
        _code("order_type", "Code of the order's type"),
        _code("time_in_force", "Code of the time in force"),
        Column("flags", U16, "bits", "Flags of the event", encoding=""),
        Column(
            "account", I32, "number", "Number of the account: 0 the street, 1 the house, 2 the first trader"
        ),
        Column("instrument", I32, "number", "Number of the instrument, from 0; -1 for none"),
        *(
            Column(f"word_{place}", I64, "by kind", f"Payload word {place}, whose name depends on the kind")
            for place in range(9)
        ),
    ),
    sort=("seq",),
)

TABLES: dict[str, Table] = {table.name: table for table in (TRADES, QUOTES, CANDLES, EVENTS)}
"""All stored tables."""
