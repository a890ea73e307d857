"""The views of `workbench.connect()`: what each column is called, its type, unit and meaning, and its SQL.

Each view of a stored table begins with `session`. Then come its columns as people read them, prices, quantities
and money as the doubles nearest to the decimals, then the same as the whole numbers that are stored, with their
units in their names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from workbench.domain.codes import EventKind, OrderType, Reason, Side, TimeInForce
from workbench.domain.states import OrderState
from workbench.journal.tables import CANDLES, EVENTS, INTERVALS, NAME, SESSION, TABLES, TIME, Column, Table

INNER = "stored"
"""Schema of the tables that the views join, which is no part of what is documented."""

_TYPES = {
    "name": "VARCHAR",
    "yes/no": "BOOLEAN",
    "code": "UTINYINT",
    "bits": "USMALLINT",
    "number": "INTEGER",
}
_READ_AS = {"ticks": "currency", "lots": "units", "micros": "currency", "ticks x lots": "currency"}


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


def _session(about: str = "Name of the session") -> ViewColumn:
    return ViewColumn(SESSION, "VARCHAR", "name", about, f"t.{SESSION}")


def _stored_type(column: Column) -> str:
    if column.type == TIME:
        return "TIMESTAMP_NS"
    return _TYPES.get(column.unit, "BIGINT")


def _plain(column: Column) -> ViewColumn:
    field = f't."{column.name}"'
    sql = f"nullif({field}, 0)" if column.none else field
    unit = "UTC" if column.type == TIME else column.unit
    return ViewColumn(column.name, _stored_type(column), unit, _about(column), sql)


def _about(column: Column) -> str:
    return f"{column.about}; null for none" if column.none else column.about


def _readable(column: Column) -> ViewColumn:
    """A count of ticks, lots or micros as people read it."""
    field = f't."{column.name}"'
    if column.none:
        field = f"nullif({field}, 0)"
    scale = {"ticks": "tick", "lots": "lot", "ticks x lots": "value"}.get(column.unit)
    # One product and one division of exact numbers: the result is the double nearest to the decimal.
    sql = f"{field} / 1e6" if scale is None else f"{field} * i.{scale}_numerator / i.{scale}_denominator"
    return ViewColumn(column.read_as, "DOUBLE", _READ_AS[column.unit], _about(column), sql)


def _view_of(table: Table) -> View:
    counted = [column for column in table.columns if column.unit in _READ_AS]
    first = [_session()]
    if table is CANDLES:
        about = f"Length of the candle: {', '.join(INTERVALS)}; always choose one"
        first.append(ViewColumn("interval", "VARCHAR", "name", about, "t.interval"))
    columns = [_readable(column) if column in counted else _plain(column) for column in table.columns]
    raw = [
        ViewColumn(
            column.stored_as,
            "BIGINT",
            column.unit,
            f"The same as `{column.read_as}`, exactly",
            f't."{column.name}"',
        )
        for column in counted
    ]
    source = "{parts} t"
    if any(column.type == NAME and column.name == "symbol" for column in table.columns):
        source += f" LEFT JOIN {INNER}.instruments i ON i.session = t.session AND i.symbol = t.symbol"
    return View(table.name, table.about, (*first, *columns, *raw), source)


def _code(name: str, about: str, field: str, codes: type[IntEnum]) -> ViewColumn:
    known = {int(code): code.name for code in codes}
    names = ", ".join(sql_text(known[n]) if n in known else "NULL" for n in range(max(known) + 1))
    return ViewColumn(name, "VARCHAR", "name", about, f'([{names}])[t."{field}" + 1]')


def _events() -> View:
    def plain(name: str) -> ViewColumn:
        return _plain(EVENTS.column(name))

    columns = (
        _session(),
        plain("seq"),
        plain("command_seq"),
        plain("time"),
        _code("event", "Kind of event (see rules.md)", "kind", EventKind),
        _code("reason", "Reason (see rules.md), NONE where there is none", "reason", Reason),
        _code("side", "Side, NONE where there is none", "side", Side),
        _code("state", "The order's state, NONE where there is none", "order_state", OrderState),
        _code("type", "The order's type, NONE where there is none", "order_type", OrderType),
        _code("time_in_force", "Time in force, NONE where there is none", "time_in_force", TimeInForce),
        plain("flags"),
        ViewColumn("account", "VARCHAR", "name", "The account; its number as text when it has no name",
                   'coalesce(a.account, t."account"::VARCHAR)'),
        ViewColumn("symbol", "VARCHAR", "name", "The instrument; null for none", "i.symbol"),
        *(plain(column.name) for column in EVENTS.columns if column.name.startswith("word_")),
    )  # fmt: skip
    source = (
        f"{{parts}} t LEFT JOIN {INNER}.instruments i ON i.session = t.session AND i.number = t.instrument"
        f" LEFT JOIN {INNER}.accounts a ON a.session = t.session AND a.number = t.account"
    )
    return View("events", EVENTS.about, columns, source)


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

STORED: dict[str, View] = {
    name: _events() if table is EVENTS else _view_of(table) for name, table in TABLES.items()
}
"""Views of the stored tables."""

VIEWS: dict[str, View] = {view.name: view for view in (SESSIONS, INSTRUMENTS, ACCOUNTS)} | STORED
"""All views."""


def parts_sql(table: Table, files: Sequence[Path]) -> str:
    """What the rows of some files of a table are selected from; of none, a table without rows."""
    if files:
        paths = ", ".join(map(sql_path, files))
        if table is CANDLES:
            return f"read_parquet([{paths}], hive_partitioning=true, hive_types={{'interval': VARCHAR}})"
        return f"read_parquet([{paths}], hive_partitioning=false)"
    types = {SESSION: "VARCHAR", "interval": "VARCHAR"} if table is CANDLES else {SESSION: "VARCHAR"}
    types |= {column.name: _stored_type(column) for column in table.columns}
    nulls = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in types.items())
    return f"(SELECT {nulls} LIMIT 0)"


def view_sql(view: View, parts: str = "") -> str:
    """The statement that makes a view, or makes it anew."""
    columns = ", ".join(f'{column.sql} AS "{column.name}"' for column in view.columns)
    # The SQL of columns has braces of its own, so only the source takes the place of the parts.
    source = view.source.replace("{parts}", parts)
    return f"CREATE OR REPLACE VIEW {view.name} AS SELECT {columns} FROM {source}"  # noqa: S608 - ours alone
