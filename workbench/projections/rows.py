"""Rows of projections: memory that grows, and Arrow tables of what is final."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from workbench.domain.config import RESERVED_NAMES, Venue
from workbench.domain.records import Records


def more_rows(rows: Records, used: int, size: int) -> Records:
    """Room for `size` rows, and more than twice as many as now, of which the first `used` are kept."""
    longer = np.zeros(max(size, 2 * len(rows)), dtype=rows.dtype)
    longer[:used] = rows[:used]
    return longer


def table_of(rows: Records, venue: Venue) -> pa.Table:
    """Records as a table: a column for each field, and the names of instrument and account beside them.

    `symbol` and `account_name` are dictionaries; both are null for numbers that the venue does not know.
    """
    columns: dict[str, Any] = {}
    for name in rows.dtype.names or ():
        if name.startswith("unused"):
            continue
        columns[name] = pa.array(np.ascontiguousarray(rows[name]))
        if name == "account":
            names = [] if venue.bare else [*RESERVED_NAMES, *(account.name for account in venue.accounts)]
            columns["account_name"] = _named(rows[name], names)
        elif name == "instrument":
            columns["symbol"] = _named(rows[name], [instrument.symbol for instrument in venue.instruments])
    return pa.table(columns)


def _named(numbers: Any, names: list[str]) -> pa.DictionaryArray:
    known = (numbers >= 0) & (numbers < len(names))
    codes = pa.array(np.where(known, numbers, 0).astype(np.int32), mask=~known)
    return pa.DictionaryArray.from_arrays(codes, pa.array(names, type=pa.string()))
