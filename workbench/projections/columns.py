"""Records turned into columns and back, and numbers into names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from workbench.domain.codes import Side
from workbench.domain.config import RESERVED_NAMES, Venue
from workbench.domain.records import Records
from workbench.errors import ProjectionError

TIME = pa.timestamp("ns")
NAME = pa.dictionary(pa.int32(), pa.string())

BLOCK_ROWS = 1 << 11
"""Rows turned at a time: a column of a record array is spread over all of its memory, so without blocks each
column would fetch all of it once more.
"""

Values = npt.NDArray[Any]
Reader = Callable[[Records], Values]


def columns_of(records: Records, readers: Mapping[str, Reader]) -> dict[str, Values]:
    """One array for each name, with what its reader finds in the records."""
    columns = {name: np.empty(len(records), read(records[:0]).dtype) for name, read in readers.items()}
    for start in range(0, len(records), BLOCK_ROWS):
        block = records[start : start + BLOCK_ROWS]
        for name, read in readers.items():
            columns[name][start : start + len(block)] = read(block)
    return columns


def field(name: str) -> Reader:
    """The reader of a field."""
    return lambda records: records[name]


def times(values_ns: Values) -> pa.Array:
    """Nanoseconds since 1970 as UTC times, which carry no zone."""
    return pa.array(values_ns).view(TIME)


def symbols(numbers: Values, venue: Venue, *, unknown: bool = False) -> pa.Array:
    """Symbols of instrument numbers; null for those that the venue does not know, if there may be any."""
    return _names(numbers, [instrument.symbol for instrument in venue.instruments], unknown=unknown)


def accounts(numbers: Values, venue: Venue, *, unknown: bool = False) -> pa.Array:
    """Names of account numbers, null for unknown ones if there may be any; a bare venue's numbers as text."""
    if venue.bare:
        known, places = np.unique(numbers, return_inverse=True)
        return named(places, [str(number) for number in known.tolist()])
    names = [*RESERVED_NAMES, *(account.name for account in venue.accounts)]
    return _names(numbers, names, unknown=unknown)


def _names(numbers: Values, names: list[str], *, unknown: bool) -> pa.Array:
    absent = (numbers < 0) | (numbers >= len(names)) if unknown else None
    return named(numbers, names, absent)


def sides(codes: Values) -> pa.Array:
    """BUY and SELL; null where there is no side."""
    return named(codes.astype(np.int32) - Side.BUY, [Side.BUY.name, Side.SELL.name], codes == Side.NONE)


def named(places: Values, names: list[str], absent: Values | None = None) -> pa.Array:
    """A dictionary column of names by their places; null where `absent`."""
    present = places if absent is None else places[~absent]
    if len(present) and not 0 <= present.min() <= present.max() < len(names):
        raise ProjectionError(
            f"a number from {present.min()} to {present.max()} has no name among {len(names)} of the venue",
            where="rows of events",
            remedy="give the venue whose exchange wrote the events",
        )
    indices = pa.array(places.astype(np.int32, copy=False), mask=absent)
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))
