"""The views of `workbench.connect()`: what each column is called, its type, unit and meaning, and its SQL.

Each view of a stored table begins with `session`. Then come its columns as people read them, prices,
quantities and money as the doubles nearest to the decimals, then the same as the whole numbers that are
stored, with their units in their names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import pyarrow as pa

from workbench.journal.tables import (
    BUSTS,
    CANDLES,
    EVENTS,
    INTERVALS,
    NAME,
    SESSION,
    TABLES,
    TIME,
    TRADES,
    Column,
    Table,
)

INNER = "stored"
"""Schema of the tables that the views join, which is no part of what is documented."""

_TYPES = {
    pa.string(): "VARCHAR",
    NAME: "VARCHAR",
    TIME: "TIMESTAMP_NS",
    pa.bool_(): "BOOLEAN",
    pa.uint8(): "UTINYINT",
    pa.uint16(): "USMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
}
_SCALES = {"ticks": "tick", "lots": "lot", "ticks x lots": "value", "micros": ""}
"""Units of counts, and the size in `instruments` that turns them into what people read."""

_READ_UNITS = {"ticks": "currency", "lots": "units", "ticks x lots": "currency", "micros": "currency"}


PARTS = "{parts}"
"""Where the files of a table go in what its view is selected from."""


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """A column of a view: its name, DuckDB type, unit, meaning, and the SQL that makes it."""

    name: str
    type: str
    unit: str
    about: str
    sql: str


@dataclass(frozen=True, slots=True)
class View:
    """A view: its name, what a row is, its columns, and what they are selected from."""

    name: str
    about: str
    columns: tuple[ViewColumn, ...]
    source: str


def sql_text(text: str) -> str:
    """`text` as a string of SQL."""
    return "'" + text.replace("'", "''") + "'"


def sql_path(path: Path) -> str:
    """A path as DuckDB takes it: it reads paths as patterns, so their signs are put in brackets."""
    return sql_text("".join(f"[{sign}]" if sign in "[*?" else sign for sign in path.as_posix()))


def _field(column: Column) -> str:
    """SQL of a column as it is stored, and of what is left out because it follows."""
    field = f't."{column.name}"'
    if not column.follows:
        return field
    value = "t.price_ticks * t.quantity_lots * i.micros_numerator // i.micros_denominator"
    return f"coalesce({field}, {value})"


def _column(column: Column) -> ViewColumn:
    """A stored column as people read it."""
    field = _field(column)
    given = f"nullif({field}, 0)" if column.none else field
    kind, unit = _TYPES[column.type], column.unit
    if column.unit in _SCALES:
        scale = _SCALES[column.unit]
        # One product and one division of exact numbers: the result is the double nearest to the decimal.
        sized = f"{given} * i.{scale}_numerator / i.{scale}_denominator" if scale else f"{given} / 1e6"
        return ViewColumn(column.read_as, "DOUBLE", _READ_UNITS[column.unit], column.about, sized)
    if column.codes is not None:
        return ViewColumn(column.read_as, "VARCHAR", "name", column.about, code_name(field, column.codes))
    if column.unit == "ns":
        return ViewColumn(column.read_as, "TIMESTAMP_NS", "UTC", column.about, given)
    if column.unit == "span":
        return ViewColumn(column.name, kind, "ns", column.about, given)
    return ViewColumn(column.read_as, kind, unit, column.about, given)


def code_name(field: str, codes: type[IntEnum]) -> str:
    """SQL of the name of a code; null for 0, which is none, and for a number that is no code."""
    known = {int(code): code.name for code in codes if int(code)}
    names = ", ".join(sql_text(known[n]) if n in known else "NULL" for n in range(1, max(known) + 1))
    return f"([{names}])[{field}]"


def _exactly(column: Column) -> ViewColumn:
    """A count as it is stored."""
    name = column.name if column.name != column.read_as else f"{column.name}_exact"
    about = f"The same as `{column.read_as}`, exactly and as stored"
    return ViewColumn(name, _TYPES[column.type], column.unit, about, _field(column))


def _view_of(table: Table) -> View:
    columns = [ViewColumn(SESSION, "VARCHAR", "name", "Name of the session", f"t.{SESSION}")]
    if table is CANDLES:
        about = f"Length of the candle, one of {', '.join(INTERVALS)}: always ask for one"
        columns.append(ViewColumn("interval", "VARCHAR", "name", about, "t.interval"))
    columns += [_column(column) for column in table.columns if column.unit != "number"]
    source = f"{PARTS} t"
    if table is EVENTS:
        columns[4:4] = [
            ViewColumn("symbol", "VARCHAR", "name", "The instrument; null for none", "i.symbol"),
            ViewColumn("account", "VARCHAR", "name", "The account; null where it has no name", "a.account"),
        ]
        source += f" LEFT JOIN {INNER}.accounts a ON a.session = t.session AND a.number = t.account"
        source += f" LEFT JOIN {INNER}.instruments i ON i.session = t.session AND i.number = t.instrument"
    if table is not EVENTS and any(_SCALES.get(column.unit) for column in table.columns):
        source += f" LEFT JOIN {INNER}.instruments i ON i.session = t.session AND i.symbol = t.symbol"
    if table is TRADES:
        about = "Whether it was busted afterwards: then it is in `busts`, and no part of candles"
        columns.append(ViewColumn("busted", "BOOLEAN", "yes/no", about, "b.trade_id IS NOT NULL"))
        source += f" LEFT JOIN {INNER}.{BUSTS.name} b ON b.session = t.session AND b.trade_id = t.trade_id"
    columns += [_column(column) for column in table.columns if column.unit == "number"]
    columns += [_exactly(column) for column in table.columns if column.unit in _SCALES]
    return View(table.name, table.about, tuple(columns), source)


def _catalog(name: str, about: str, *columns: tuple[str, str, str, str]) -> View:
    made = tuple(ViewColumn(column, kind, unit, says, f"t.{column}") for column, kind, unit, says in columns)
    return View(name, about, made, f"{INNER}.{name} t")


SESSIONS = _catalog(
    "sessions",
    "One row for each session",
    ("session", "VARCHAR", "name", "Name of the session, and of its folder"),
    ("title", "VARCHAR", "text", "Its title"),
    ("kind", "VARCHAR", "name", "What made it, such as scenario or replay"),
    ("state", "VARCHAR", "name", "open while it runs, sealed at its end"),
    (
        "ended",
        "VARCHAR",
        "name",
        "closed by its writer, recovered after it was cut off, or rebuilt; null while it runs",
    ),
    ("zone", "VARCHAR", "name", "IANA time zone of its market"),
    ("created", "TIMESTAMP_NS", "UTC", "Clock time at which it was begun"),
    ("written", "TIMESTAMP_NS", "UTC", "Clock time at which its tables last changed"),
    ("first_time", "TIMESTAMP_NS", "UTC", "Earliest exchange time of its tables; null without rows"),
    ("last_time", "TIMESTAMP_NS", "UTC", "Latest exchange time of its tables; null without rows"),
    ("seq", "BIGINT", "id", "Last event that its tables know of"),
    ("commands", "BIGINT", "count", "Commands"),
    ("events", "BIGINT", "count", "Events"),
    (
        "state_hash",
        "VARCHAR",
        "hash",
        "Hash of the exchange's state after the last event; empty if not taken",
    ),
    ("rows", "BIGINT", "count", "Rows of all its tables"),
    ("files", "BIGINT", "count", "Files of all its tables"),
    ("bytes", "BIGINT", "bytes", "Size of those files"),
)

INSTRUMENTS = _catalog(
    "instruments",
    "One row for each instrument of each session",
    ("session", "VARCHAR", "name", "Name of the session"),
    ("number", "INTEGER", "number", "Its number in the session's venue, from 0"),
    ("symbol", "VARCHAR", "name", "Its symbol"),
    ("currency", "VARCHAR", "name", "Currency of its prices and of money"),
    ("tick_size", "DOUBLE", "currency", "Price of one tick"),
    ("lot_size", "DOUBLE", "units", "Quantity of one lot"),
    ("multiplier", "DOUBLE", "currency", "Value of one unit per 1.00 of price"),
)

ACCOUNTS = _catalog(
    "accounts",
    "One row for each account of each session",
    ("session", "VARCHAR", "name", "Name of the session"),
    ("number", "INTEGER", "number", "Its number in the session's venue: 0 the street, 1 the house"),
    ("account", "VARCHAR", "name", "Its name"),
    ("cash", "DOUBLE", "currency", "Cash at the start"),
    ("cash_micros", "BIGINT", "micros", "The same as `cash`, exactly"),
)

STORED: dict[str, View] = {name: _view_of(table) for name, table in TABLES.items()}
"""Views of the stored tables."""

SESSION_VIEWS: dict[str, View] = {view.name: view for view in (SESSIONS, INSTRUMENTS, ACCOUNTS)} | STORED
"""All views of sessions."""


def parts_sql(table: Table, files: Sequence[Path]) -> str:
    """What the rows of some files of a table are selected from; of none, a table without rows."""
    if files:
        paths = ", ".join(map(sql_path, files))
        if table is CANDLES:
            return f"read_parquet([{paths}], hive_partitioning=true, hive_types={{'interval': VARCHAR}})"
        return f"read_parquet([{paths}], hive_partitioning=false)"
    types = {SESSION: "VARCHAR", "interval": "VARCHAR"} if table is CANDLES else {SESSION: "VARCHAR"}
    types |= {column.name: _TYPES[column.type] for column in table.columns}
    nulls = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in types.items())
    return f"(SELECT {nulls} LIMIT 0)"


def busts_sql(busts: Sequence[Path]) -> str:
    """The statement that makes the view of busted trades that other views join."""
    parts = parts_sql(BUSTS, busts)
    return f"CREATE OR REPLACE VIEW {INNER}.{BUSTS.name} AS SELECT session, trade_id FROM {parts}"  # noqa: S608


def standing_sql(candles: Sequence[Path], trades: Sequence[Path]) -> str:
    """What rows of candles are selected from in sessions with busts: without the trades that were busted.

    Candles are stored as they closed. Those in which a busted trade fell are made again out of the trades
    that stand, which lie between their start and that of the next one; without any they are left out.
    """
    made = parts_sql(CANDLES, candles)
    ran = parts_sql(TRADES, trades)
    # A table that is selected from here and in the view alike is read by DuckDB once for each.
    return f"""(
        WITH market AS (
            SELECT t.*, b.trade_id IS NOT NULL AS busted FROM {ran} t
            LEFT JOIN {INNER}.{BUSTS.name} b ON b.session = t.session AND b.trade_id = t.trade_id
            WHERE NOT t.shadow
        ), spans AS (
            SELECT session, interval, symbol, time,
                lead(time) OVER (PARTITION BY session, interval, symbol ORDER BY time) AS until
            FROM {made}
        ), touched AS (
            SELECT DISTINCT s.* FROM spans s JOIN market m ON m.busted AND m.session = s.session
                AND m.symbol = s.symbol AND m.time >= s.time AND (s.until IS NULL OR m.time < s.until)
        )
        SELECT c.* FROM {made} c ANTI JOIN touched USING (session, interval, symbol, time)
        UNION ALL BY NAME
        SELECT s.session, s.interval, s.symbol, s.time, count(*) AS trades,
            arg_min(m.price_ticks, m.seq) AS open_ticks, max(m.price_ticks) AS high_ticks,
            min(m.price_ticks) AS low_ticks, arg_max(m.price_ticks, m.seq) AS close_ticks,
            sum(m.quantity_lots)::BIGINT AS volume_lots,
            sum(m.price_ticks * m.quantity_lots)::BIGINT AS notional
        FROM touched s JOIN market m ON NOT m.busted AND m.session = s.session AND m.symbol = s.symbol
            AND m.time >= s.time AND (s.until IS NULL OR m.time < s.until)
        GROUP BY ALL
    )"""  # noqa: S608 - ours alone


def view_sql(view: View, parts: str = "") -> str:
    """The statement that makes a view, or makes it anew."""
    columns = ", ".join(f'{column.sql} AS "{column.name}"' for column in view.columns)
    source = view.source.replace(PARTS, parts)
    return f"CREATE OR REPLACE VIEW {view.name} AS SELECT {columns} FROM {source}"  # noqa: S608 - ours alone
