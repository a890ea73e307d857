"""Rows of projections: memory that grows, and Arrow tables of what is final."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
import pyarrow as pa

from workbench.domain.codes import OrderType, Reason, Side, TimeInForce
from workbench.domain.config import Venue
from workbench.domain.records import Records
from workbench.domain.states import OrderState
from workbench.projections.columns import Values, accounts, columns_of, field, named, symbols

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
    names = [name for name in rows.dtype.names or () if not name.startswith("unused")]
    for name, values in columns_of(rows, {name: field(name) for name in names}).items():
        if name == "account":
            columns["account"] = accounts(values, venue, unknown=True)
        elif name == "instrument":
            columns["symbol"] = symbols(values, venue, unknown=True)
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


def _coded(values: Values, codes: type[IntEnum]) -> pa.DictionaryArray:
    """Names of codes; that there is no side, or no reason, is null."""
    known = [code for code in codes if code.name != "NONE"]
    places = np.full(1 << 8, -1, dtype=np.int32)
    places[[int(code) for code in known]] = np.arange(len(known))
    found = places[values]
    return named(found, [code.name for code in known], found < 0)
