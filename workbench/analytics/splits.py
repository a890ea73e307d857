"""Prices and quantities of before a split in the units of after it."""

from __future__ import annotations

import numpy as np
import polars as pl

from workbench.analytics.columns import Table, number, text, time, whole

SPLITS = Table(
    "splits",
    "One row for each split of an instrument, in order",
    (
        text("symbol", "The instrument"),
        whole("seq", "id", "The event"),
        time("time", "When it was"),
        number("ratio", "ratio", "New units for each old one: 2 when one becomes two"),
    ),
)


def units_after(moments: pl.Series, splits: pl.DataFrame, by: str = "seq") -> pl.Series:
    """How many units of the end one of each moment has become; 1 of null, which is the end.

    Parameters
    ----------
    moments
        Event numbers, or with `by="time"` times; of one instrument.
    splits
        `SPLITS` of that instrument.
    by
        `seq` or `time`: which of the two the moments are. A split at that very moment was before it.

    Examples
    --------
    >>> splits = pl.DataFrame({"seq": [10, 20], "ratio": [2.0, 3.0]})
    >>> units_after(pl.Series([5, 10, 15, 20, None]), splits).to_list()
    [6.0, 3.0, 3.0, 1.0, 1.0]
    """
    ratios = splits.sort(by)["ratio"].to_numpy()
    left = np.append(np.cumprod(ratios[::-1])[::-1], 1.0)
    at = splits[by].sort().cast(pl.Int64).to_numpy()
    place = np.searchsorted(at, moments.cast(pl.Int64).fill_null(np.iinfo(np.int64).max), side="right")
    return pl.Series(left[place])


def restated(frame: pl.DataFrame, factor: pl.Series, *prices: str) -> pl.DataFrame:
    """Columns of prices in the units of the end.

    Parameters
    ----------
    frame
        Any.
    factor
        `units_after` of its rows.
    *prices
        Names of the columns.
    """
    return frame.with_columns(pl.col(each) / factor for each in prices)


def marks_with_positions(marks: pl.DataFrame, positions: pl.DataFrame, splits: pl.DataFrame) -> pl.DataFrame:
    """Marks of one instrument of which those that a split made hold from when the position followed it.

    In between, a split price would value a position of before it.

    Parameters
    ----------
    marks
        `seq` and others, in order.
    positions
        An account's changes in the instrument, in order: `seq`, `side`, `trade_id`; of a split no side and 0.
    splits
        `SPLITS` of the instrument.
    """
    followed = positions.filter(pl.col("side").is_null() & (pl.col("trade_id") == 0))["seq"]
    for seq in splits["seq"]:
        later = followed.filter(followed > seq)
        if len(later):
            until = int(later[0])
            behind = (pl.col("seq") >= seq) & (pl.col("seq") < until)
            marks = marks.with_columns(seq=pl.when(behind).then(until).otherwise("seq"))
    return marks.unique("seq", keep="last", maintain_order=True)


def of_symbol(splits: pl.DataFrame, symbol: str) -> pl.DataFrame:
    """The splits of one instrument."""
    return splits.filter(pl.col("symbol") == symbol)
