"""Parts: the Parquet files that tables are kept in, sorted, checked by page, and written whole."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from workbench.errors import StoreError
from workbench.journal.remedies import restore
from workbench.journal.tables import NAME, SESSION, Table
from workbench.journal.whole import digest, partial_of, settle

ROW_GROUP = 122_880
"""Rows that DuckDB scans as one piece of work."""

Values = npt.NDArray[Any]

_LEVEL = 3
_MOST_RANKS = 1 << 15


class Written(NamedTuple):
    """What a new part holds."""

    rows: int
    bytes: int
    sha256: str
    min_time_ns: int | None
    max_time_ns: int | None


def checked(table: Table, rows: pa.Table) -> pa.Table:
    """`rows` as the table's own columns; refuses rows of another schema."""
    if not isinstance(rows, pa.Table):
        raise StoreError(
            f"was given a {type(rows).__name__}, expected a pyarrow Table", f"table {table.name!r}"
        )
    wanted = table.schema
    if rows.schema.names != wanted.names:
        missing = [name for name in wanted.names if name not in rows.schema.names]
        extra = [name for name in rows.schema.names if name not in wanted.names]
        wrong = (
            f"lack {missing[0]!r}"
            if missing
            else f"have an unknown {extra[0]!r}"
            if extra
            else "are shuffled"
        )
        raise StoreError(
            f"its rows {wrong}, expected the columns {', '.join(wanted.names)}",
            f"table {table.name!r}",
            "hand in the columns that workbench.journal.tables lists, in that order",
        )
    columns = []
    for field in wanted:
        column = rows.column(field.name)
        if column.type != field.type:
            column = _converted(table, field, column)
        columns.append(column)
    return pa.table(columns, schema=wanted)


def _converted(table: Table, field: pa.Field, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Another form of the same: times that say UTC, names that are no dictionary, or one of other numbers."""
    found = column.type
    if pa.types.is_timestamp(field.type) and found == pa.timestamp("ns", "UTC"):
        return column.cast(field.type)
    if field.type == NAME:
        text = found.value_type if pa.types.is_dictionary(found) else found
        if pa.types.is_string(text) or pa.types.is_large_string(text):
            return column.cast(pa.string()).dictionary_encode() if text is found else column.cast(NAME)
    raise StoreError(
        f"its column {field.name!r} is {found}, expected {field.type}",
        f"table {table.name!r}",
        "hand in the types that workbench.journal.tables lists",
    )


def ordered(table: Table, rows: pa.Table) -> pa.Table:
    """`rows` sorted by the table's own columns."""
    if rows.num_rows < 2:  # noqa: PLR2004 - one row is in order
        return rows
    rows = rows.unify_dictionaries().combine_chunks()
    keys = [_key(rows.column(name)) for name in reversed(table.sort)]
    order = _order(keys)
    return rows if order is None else rows.take(pa.array(order))


def _key(column: pa.ChunkedArray) -> Values:
    values = column.combine_chunks()
    if isinstance(values, pa.ChunkedArray):
        values = values.chunk(0)
    if not pa.types.is_dictionary(values.type):
        numbers: Values = values.cast(pa.int64()).to_numpy(zero_copy_only=False)
        return numbers
    names = values.dictionary.to_pylist()
    ranks = np.empty(len(names) + 1, dtype=np.int16 if len(names) < _MOST_RANKS else np.int64)
    ranks[sorted(range(len(names)), key=lambda place: names[place])] = np.arange(len(names))
    # A null name is -1 and comes last.
    ranks[-1] = len(names)
    codes: Values = values.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    by_row: Values = ranks[codes]
    return by_row


def _order(keys: list[Values]) -> Values | None:
    """Order of rows by keys, the last one first; None when they are in order already.

    Events come by time and sequence already, so most often one radix sort by symbol is all there is to do.
    """
    order: Values | None = None
    for key in keys:
        values = key if order is None else key[order]
        if len(values) and bool(np.all(values[1:] >= values[:-1])):
            continue
        step = np.argsort(values, kind="stable")
        order = step if order is None else order[step]
    return order


def write_part(path: Path, table: Table, session: str, pieces: Iterable[pa.Table]) -> Written:
    """Write a file of sorted rows; it appears when it is whole and durable.

    Parameters
    ----------
    path
        Its place, which must be free.
    table
        Its table.
    session
        Name in the column `session` of each row.
    pieces
        Its rows, each piece and all of them together in the table's order.
    """
    if path.exists():
        raise StoreError("is there already", str(path), "run `workbench data verify`")
    partial = partial_of(path)
    rows, least, most = 0, None, None
    try:
        with pq.ParquetWriter(partial, table.stored_schema, **_options(table)) as writer:
            for piece in _grouped(pieces):
                writer.write_table(_with_session(table, session, piece), row_group_size=ROW_GROUP)
                rows += piece.num_rows
                times = pc.min_max(piece.column(table.time).cast(pa.int64())).as_py()
                least = min((time for time in (least, times["min"]) if time is not None), default=None)
                most = max((time for time in (most, times["max"]) if time is not None), default=None)
        size, sha256 = partial.stat().st_size, digest(partial)
        settle(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return Written(rows, size, sha256, least, most)


def _options(table: Table) -> dict[str, object]:
    delta = {column.name: column.encoding for column in table.columns if column.encoding}
    names = table.stored_schema.names
    return {
        "compression": "zstd",
        "compression_level": _LEVEL,
        "use_dictionary": [name for name in names if name not in delta],
        "column_encoding": delta,
        "write_page_index": True,
        "write_page_checksum": True,
        "sorting_columns": [pq.SortingColumn(names.index(name)) for name in table.sort],
    }


def _with_session(table: Table, session: str, rows: pa.Table) -> pa.Table:
    indices = pa.array(np.zeros(rows.num_rows, dtype=np.int32))
    column = pa.DictionaryArray.from_arrays(indices, pa.array([session], pa.string()))
    return rows.add_column(0, pa.field(SESSION, NAME), column).cast(table.stored_schema)


def _grouped(pieces: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in pieces of whole row groups, the last one aside."""
    waiting: list[pa.Table] = []
    count = 0
    for piece in pieces:
        if not piece.num_rows:
            continue
        waiting.append(piece)
        count += piece.num_rows
        if count >= ROW_GROUP:
            rows = pa.concat_tables(waiting)
            whole = count - count % ROW_GROUP
            yield rows.slice(0, whole)
            waiting, count = [rows.slice(whole)], count - whole
    if count:
        yield pa.concat_tables(waiting)


@contextmanager
def open_part(path: Path) -> Iterator[pq.ParquetFile]:
    """A part for reading, its pages checked as they are read; what is wrong with it names the file."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True, read_dictionary=None) as file:
            yield file
    except FileNotFoundError:
        raise StoreError("is missing", os.fspath(path), restore(_session_of(path))) from None
    except (pa.ArrowException, OSError) as error:
        raise StoreError(
            f"cannot be read, for it was edited or damaged: {error}",
            os.fspath(path),
            restore(_session_of(path)),
        ) from None


def _session_of(path: Path) -> str:
    """Name of the session that a part is of, by its place."""
    table = path.parent
    return (table.parent if "=" in table.name else table).parent.name
