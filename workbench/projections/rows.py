"""Rows of projections: memory that grows, and Arrow tables of what is final."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from workbench.domain.codes import OrderType, Reason, Side, TimeInForce
from workbench.domain.config import RESERVED_NAMES, Venue
from workbench.domain.records import Records
from workbench.domain.states import OrderState

Values = npt.NDArray[Any]

_CODES: dict[str, tuple[str, type[IntEnum]]] = {
    "side": ("side", Side),
    "order_type": ("type", OrderType),
    "time_in_force": ("time_in_force", TimeInForce),
    "order_state": ("state", OrderState),
    "end_reason": ("reason", Reason),
}
"""Fields that hold a code, the column of their names, and what names them."""

_SWITCHES = ("by_split", "on_grid", "suspended")
_LENGTHS = ("duration_ns",)
_BLOCK_ROWS = 1 << 11


def more_rows(rows: Records, used: int, size: int) -> Records:
    """Room for `size` rows, and at least twice as many as now, of which the first `used` are kept."""
    longer = np.zeros(max(size, 2 * len(rows)), dtype=rows.dtype)
    longer[:used] = rows[:used]
    return longer


def table_of(rows: Records, venue: Venue) -> pa.Table:
    """Records as a table, a column for each field.

    Numbers of accounts and instruments become the names in `account` and `symbol`, codes become theirs, both
    null where there is none. A field in `_ns` becomes a UTC time without the `_ns`, null where it is 0; only
    lengths of time stay whole numbers.
    """
    columns: dict[str, Any] = {}
    for name, values in _columns_of(rows).items():
        if name == "account":
            columns["account"] = _accounts(values, venue)
        elif name == "instrument":
            columns["symbol"] = _named(values, [instrument.symbol for instrument in venue.instruments])
        elif name in _CODES:
            column, codes = _CODES[name]
            columns[column] = _coded(values, codes)
        elif name in _SWITCHES:
            columns[name] = pa.array(values != 0)
        elif name.endswith("_ns") and name not in _LENGTHS:
            columns[name.removesuffix("_ns")] = pa.array(values, mask=values == 0).cast(pa.timestamp("ns"))
        else:
            columns[name] = pa.array(values)
    return pa.table(columns)


def _columns_of(rows: Records) -> dict[str, Values]:
    """Each field as an array of its own.

    Some rows at a time: a field is spread over all of the memory, and each would fetch all of it anew.
    """
    names = [name for name in rows.dtype.names or () if not name.startswith("unused")]
    columns = {name: np.empty(len(rows), dtype=rows.dtype[name]) for name in names}
    for start in range(0, len(rows), _BLOCK_ROWS):
        block = rows[start : start + _BLOCK_ROWS]
        for name, values in columns.items():
            values[start : start + len(block)] = block[name]
    return columns


def _accounts(numbers: Values, venue: Venue) -> pa.DictionaryArray:
    """Names of accounts; of a bare venue, which has none, the numbers as text."""
    if not venue.bare:
        return _named(numbers, [*RESERVED_NAMES, *(account.name for account in venue.accounts)])
    known, places = np.unique(numbers, return_inverse=True)
    return _named(places, [str(number) for number in known.tolist()])


def _coded(values: Values, codes: type[IntEnum]) -> pa.DictionaryArray:
    """Names of codes; that there is no side, or no reason, is null."""
    known = [code for code in codes if code.name != "NONE"]
    places = np.full(1 << 8, -1, dtype=np.int32)
    places[[int(code) for code in known]] = np.arange(len(known))
    return _named(places[values], [code.name for code in known])


def _named(places: Values, names: Sequence[str]) -> pa.DictionaryArray:
    known = (places >= 0) & (places < len(names))
    indices = pa.array(np.where(known, places, 0).astype(np.int32), mask=~known)
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, type=pa.string()))
