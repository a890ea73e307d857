"""Events as rows of plain numbers, and those rows as events again, byte for byte."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from workbench.domain.records import EVENT, Records
from workbench.errors import ProjectionError
from workbench.projections.columns import BLOCK_ROWS, TIME, Reader, Values, columns_of, field, times

_HEADER = {name: "time" if name == "time_ns" else name for name in EVENT.names or () if name != "payload"}
"""Fields of the header, and what their columns are called."""
_WORDS = tuple(f"word_{place}" for place in range(EVENT["payload"].shape[0]))


def _word(place: int) -> Reader:
    return lambda events: events["payload"][:, place]


_READERS = {
    **{column: field(name) for name, column in _HEADER.items()},
    **{word: _word(place) for place, word in enumerate(_WORDS)},
}


def event_rows(events: Records) -> pa.Table:
    """One row for each event: the fields of its header under their own names, and `word_0` to `word_8`.

    Codes, account and instrument are numbers as the exchange wrote them; `time` is the header's `time_ns`.
    """
    columns: dict[str, Values | pa.Array] = dict(columns_of(events, _READERS))
    columns["time"] = times(columns["time"])
    return pa.table(columns)


def events_from_rows(rows: pa.Table) -> Records:
    """The events that `event_rows` was given; columns of other names are passed over.

    Raises
    ------
    ProjectionError
        When a column is missing, has another type or has nulls.
    """
    columns = {name: _values(rows, column) for name, column in _HEADER.items()}
    words = [_values(rows, word) for word in _WORDS]
    events = np.empty(rows.num_rows, EVENT)
    for start in range(0, len(events), BLOCK_ROWS):
        block = events[start : start + BLOCK_ROWS]
        end = start + len(block)
        for name, values in columns.items():
            block[name] = values[start:end]
        for place, values in enumerate(words):
            block["payload"][:, place] = values[start:end]
    return events


def _values(rows: pa.Table, column: str) -> Values:
    """A column as numbers of the type that the events have."""
    wanted = TIME if column == "time" else pa.from_numpy_dtype(_READERS[column](np.empty(0, EVENT)).dtype)
    found = rows.schema.field(column).type if column in rows.column_names else None
    if found != wanted or rows.column(column).null_count:
        is_what = "is missing" if found is None else f"is {found}" if found != wanted else "has nulls"
        raise ProjectionError(
            f"column {column!r} {is_what}, expected {wanted} without nulls",
            where="events from rows",
            remedy="give the rows that event_rows made",
        )
    values = rows.column(column).combine_chunks()
    return np.asarray(values.view(pa.int64()) if wanted == TIME else values)
