"""What stored tables are made of: columns with their type, unit and meaning, and what tables do with them.

Whole numbers only: prices in ticks of the instrument, quantities in lots, money in micros (millionths of the
account currency). Times are nanoseconds, always UTC: a `timestamp[ns]` carries no zone, because DuckDB before
2.0 silently drops the nanoseconds of Parquet times that do. Names are dictionaries of strings.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum

import pyarrow as pa

TIME = pa.timestamp("ns")
NAME = pa.dictionary(pa.int32(), pa.string())
I64, I32, U16, U8, BOOL = pa.int64(), pa.int32(), pa.uint16(), pa.uint8(), pa.bool_()

SESSION = "session"
"""The first column of every stored table: the session's name, the same in every row."""

DELTA = "DELTA_BINARY_PACKED"
"""For numbers that are near the one before: times, ids, prices of one instrument."""
PLAIN = "PLAIN"
"""For large numbers that jump: money."""
DICTIONARY = ""
"""For names, codes and flags, and for numbers that jump among few values: quantities and counts.

BYTE_STREAM_SPLIT would be as small and faster to write, but DuckDB before 2.0 reads no whole numbers in it.
"""


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
        What it counts: `ticks`, `lots`, `ticks x lots`, `micros`, `ns` (since 1970 UTC), `span` (ns between
        two times), `millionths`, `name`, `id`, `count`, `number`, `code`, `bits`, `yes/no`, or `by kind` or
        `by reason` of the event.
    about
        What it means, in one sentence without its full stop.
    none
        Whether 0 says that there is none; views show null for it.
    encoding
        Parquet encoding of its numbers: `DELTA`, `PLAIN` or `DICTIONARY`.
    read
        What views call it as people read it, where that is not its name without the unit.
    codes
        Names of its codes.
    follows
        Whether it is left out (null) where it is price x quantity x multiplier, rounded down; views show it.
    """

    name: str
    type: pa.DataType
    unit: str
    about: str
    none: bool = False
    encoding: str = DELTA
    read: str = ""
    codes: type[IntEnum] | None = None
    follows: bool = False

    @property
    def read_as(self) -> str:
        """What views call it as people read it."""
        if self.read:
            return self.read
        counts = self.unit in ("ticks", "lots", "micros")
        return self.name.removesuffix(f"_{self.unit}") if counts else self.name


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


def name(called: str, about: str, *, read: str = "") -> Column:
    """A column of names."""
    return Column(called, NAME, "name", about, encoding=DICTIONARY, read=read)


def number(called: str, about: str, *, none: bool = False, unit: str = "id") -> Column:
    """A column of ids or counts."""
    return Column(called, I64, unit, about, none=none, encoding=DICTIONARY if unit == "count" else DELTA)


def code(called: str, about: str, codes: type[IntEnum], *, read: str = "") -> Column:
    """A column of codes, which views show by name."""
    return Column(called, U8, "code", f"{about}; null for none", encoding=DICTIONARY, read=read, codes=codes)


def ticks(called: str, about: str, *, none: bool = False) -> Column:
    """A column of prices."""
    return Column(f"{called}_ticks", I64, "ticks", about, none=none)


def lots(called: str, about: str, *, none: bool = False, read: str = "") -> Column:
    """A column of quantities."""
    return Column(f"{called}_lots", I64, "lots", about, none=none, encoding=DICTIONARY, read=read)


def micros(called: str, about: str) -> Column:
    """A column of money."""
    return Column(f"{called}_micros", I64, "micros", about, encoding=PLAIN)


def time(called: str, about: str) -> Column:
    """A column of times, null for what has not happened."""
    return Column(called, TIME, "ns", about)


def flag(called: str, about: str) -> Column:
    """A column that says yes or no."""
    return Column(called, BOOL, "yes/no", about, encoding=DICTIONARY)
