"""As-of joins of tables: `workbench.asof_join`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import cast

import numpy as np
import polars as pl

from workbench.errors import WorkbenchError
from workbench.feed.asof import BACKWARD, Numbers, asof, numbered
from workbench.feed.candle_table import as_table
from workbench.feed.durations import duration_ns
from workbench.feed.files import Ints


def asof_join(
    left: pl.DataFrame,
    right: pl.DataFrame,
    *,
    on: str = "time",
    by: str | Sequence[str] | None = "symbol",
    direction: str = BACKWARD,
    allow_exact: bool = True,
    tolerance: str | int | timedelta | None = None,
    suffix: str = "_right",
) -> pl.DataFrame:
    """The left table with the columns of the right one's matching rows beside it.

    As `left.join_asof(right, on=on, by=by)` of Polars, and several times faster.

    Parameters
    ----------
    left, right
        Tables in order of `on`, such as `market.trades()` and `market.quotes()`; those of several instruments
        need not be sorted by instrument.
    on
        Column of times (or integers) of both tables.
    by
        Column or columns that must be equal; None where there is none. Null matches nothing.
    direction, allow_exact
        As in `asof`.
    tolerance
        How far apart the times may be: "1s", "250ms", a `timedelta`, or a number of what `on` counts.
    suffix
        Put behind the names of right columns that the left table has too.

    Returns
    -------
    polars.DataFrame
        All rows and columns of `left`, then those of `right` but `on` and `by`; null where nothing matches.

    Raises
    ------
    WorkbenchError
        When a column is missing, the times are of different kinds, or one falls.
    """
    names = [] if by is None else [by] if isinstance(by, str) else list(by)
    for side, table in (("left", left), ("right", right)):
        as_table(table, "asof_join")
        for name in (on, *names):
            if name not in table.columns:
                raise WorkbenchError(
                    f"the {side} table has no column {name!r}",
                    "asof_join",
                    f"it has {', '.join(table.columns)}",
                )
        if table[on].null_count():
            raise WorkbenchError(
                f"a {on} of the {side} table is null", "asof_join", "leave out rows without a time"
            )
    if left[on].dtype != right[on].dtype:
        raise WorkbenchError(
            f"{on} is {left[on].dtype} on the left and {right[on].dtype} on the right",
            "asof_join",
            "cast one",
        )
    left_key, right_key = np.zeros(len(left), np.int32), np.zeros(len(right), np.int32)
    for place, name in enumerate(names):
        one, other, count = _codes(left[name], right[name])
        if place:
            # Numbered anew, for the product of three columns' counts may not fit.
            one, other = _paired(left_key, one, count), _paired(right_key, other, count)
            one, other, _ = numbered(one, other)
        left_key, right_key = one, other
    match = asof(
        left[on].to_physical().to_numpy(),
        left_key,
        right[on].to_physical().to_numpy(),
        right_key,
        direction=direction,
        allow_exact=allow_exact,
        tolerance_ns=_tolerance(tolerance, left[on].dtype),
    )
    others = right.drop(on, *names)
    both = {name: name + suffix for name in others.columns if name in left.columns}
    twice = next((name for name in both.values() if name in (*left.columns, *others.columns)), None)
    if twice is not None:
        raise WorkbenchError(
            f"there would be two columns {twice!r}", "asof_join", f"choose another suffix than {suffix!r}"
        )
    return left.hstack(_taken(others, match).rename(both))


def _taken(table: pl.DataFrame, rows: Ints) -> pl.DataFrame:
    """The rows of a table, null where the row is -1."""
    if not len(table):
        return table.clear(len(rows))
    found = table.select(pl.all().gather(pl.Series(np.maximum(rows, 0).astype(np.uint32))))
    none = rows < 0
    if not none.any():
        return found
    return found.select(pl.when(pl.Series(~none)).then(pl.all()))


def _paired(key: Numbers, code: Numbers, count: int) -> Ints:
    """One number for two; below 0 where either is."""
    both = key.astype(np.int64) * count + code
    return np.where((key < 0) | (code < 0), -1, both)


def _codes(left: pl.Series, right: pl.Series) -> tuple[Numbers, Numbers, int]:
    """Numbers from 0 on that are equal where two columns are, -1 for null; and one more than the largest."""
    whole = not left.null_count() and not right.null_count()
    if left.dtype.is_integer() and right.dtype.is_integer():
        numbers = left.to_numpy(), right.to_numpy()
        if whole and min(int(number.min(initial=0)) for number in numbers) >= 0:
            return *numbers, 1 + max(int(number.max(initial=0)) for number in numbers)
    if left.dtype != right.dtype:
        left, right = left.cast(pl.String), right.cast(pl.String)
    if not isinstance(left.dtype, pl.Enum):
        known = pl.concat([left.unique(maintain_order=True), right.unique(maintain_order=True)])
        names = pl.Enum(known.cast(pl.String).unique(maintain_order=True).drop_nulls())
        left, right = (column.cast(pl.String).cast(names) for column in (left, right))
    physical = left.to_physical(), right.to_physical()
    count = len(cast("pl.Enum", left.dtype).categories)
    if whole:
        return physical[0].to_numpy(), physical[1].to_numpy(), count
    filled = [numbers.cast(pl.Int32).fill_null(-1).to_numpy() for numbers in physical]
    return filled[0], filled[1], count


def _tolerance(tolerance: str | int | timedelta | None, dtype: pl.DataType) -> int | None:
    """A distance in what a column counts."""
    if tolerance is None or isinstance(tolerance, int):
        return tolerance
    unit = {"ns": 1, "us": 1_000, "ms": 1_000_000}.get(getattr(dtype, "time_unit", ""), 0)
    if not unit:
        raise WorkbenchError(f"{tolerance!r} needs a column of times", "tolerance", "give an integer")
    return duration_ns(tolerance, "tolerance") // unit
