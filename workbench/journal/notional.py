"""Values of trades, which follow from price and quantity and so need no place in a file.

They take as much as all prices and quantities together: three of a trade's sixteen bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from workbench.domain.config import Venue
from workbench.journal.columns import Column, Table

FITS = (1 << 63) - 1


def value_micros(venue: Venue, number: int) -> tuple[int, int]:
    """Micros that a lot is worth for each tick of price, as a ratio; 0 where that needs more than 64 bits."""
    value = venue.instruments[number].value
    fits = max(value.numerator, value.denominator) <= FITS
    return (value.numerator, value.denominator) if fits else (0, 1)


def without_what_follows(table: Table, rows: pa.Table, venue: Venue) -> pa.Table:
    """`rows` with null for each value that is price x quantity x multiplier, rounded down."""
    for place, column in enumerate(table.columns):
        if column.follows:
            rows = rows.set_column(place, rows.schema.field(place), _kept(column, rows, venue))
    return rows


def _kept(column: Column, rows: pa.Table, venue: Venue) -> pa.Array:
    given = rows.column(column.name).combine_chunks()
    values = given.fill_null(0).to_numpy(zero_copy_only=False)
    ratios = {each.symbol: value_micros(venue, number) for number, each in enumerate(venue.instruments)}
    symbol: Any = rows.column("symbol").unify_dictionaries().combine_chunks()
    if isinstance(symbol, pa.ChunkedArray):
        symbol = symbol.chunk(0) if symbol.num_chunks else pa.array([], symbol.type)
    known = [ratios.get(name, (0, 1)) for name in symbol.dictionary.to_pylist()]
    # A row without a symbol has code -1, the last one.
    numerator, denominator = np.array([*known, (0, 1)], dtype=np.int64).T
    codes = symbol.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    made = rows.column("price_ticks").to_numpy() * rows.column("quantity_lots").to_numpy()
    follows = made * numerator[codes] // denominator[codes] == values
    return pa.array(values, mask=follows | np.asarray(given.is_null()))
