"""How far round trips went against their trader and for them, and when."""

from __future__ import annotations

from typing import Any

import polars as pl

from workbench.analytics.columns import TIME

_COLUMNS: dict[str, Any] = {
    "trip": pl.Int64,
    "adverse": pl.Float64,
    "adverse_time": TIME,
    "favourable": pl.Float64,
    "favourable_time": TIME,
    "last": pl.Float64,
}
SCHEMA = pl.Schema(_COLUMNS)
"""Columns of `excursions`."""


def excursions(
    marks: pl.DataFrame, positions: pl.DataFrame, trips: pl.DataFrame, multiplier: float
) -> pl.DataFrame:
    """Lowest and highest gross PnL of each round trip in one instrument, with their times.

    Gross PnL is what the trip has realised and what is unrealised at the mark. It is looked at whenever the
    mark or the position moves while the trip is open, and begins at 0.

    Parameters
    ----------
    marks
        `seq`, `time`, `mark` (null for none), by `seq`.
    positions
        The account's changes: `seq`, `time`, `position`, `cost`, `realised` (so far, by average cost).
    trips
        `trip` (its number), `opened_seq`, `closed_seq` (null while open), by `opened_seq`.
    multiplier
        Value of one unit per 1.00 of price.

    Returns
    -------
    polars.DataFrame
        `SCHEMA`, a row for each trip: times are those of the first such mark, null where the trip was never
        below (above) 0; `last` is the gross PnL at the last mark, null where there was none.
    """
    if trips.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    seq = pl.col("seq").set_sorted()
    changes = positions.select(seq, "time", "position", "cost", "realised")
    path = marks.select(seq, "time", "mark")
    began = (
        trips.join(changes.select("seq", base="realised"), left_on="opened_seq", right_on="seq", how="left")
        .sort("opened_seq")
        .select("trip", "opened_seq", "closed_seq", "base")
    )
    moments = pl.concat([path.select("seq", "time"), changes.select("seq", "time")]).unique("seq").sort("seq")
    # Whatever happened outside of all trips is of no interest, and there is much of it.
    within = (
        moments.join_asof(began, left_on="seq", right_on="opened_seq", strategy="backward")
        .filter(pl.col("trip").is_not_null())
        .filter(pl.col("closed_seq").is_null() | (pl.col("seq") < pl.col("closed_seq")))
    )
    value = pl.col("position") * pl.col("mark") * multiplier
    made = (
        within.join_asof(path.drop("time"), on="seq", strategy="backward")
        .join_asof(changes.drop("time"), on="seq", strategy="backward")
        .with_columns(gross=(pl.col("realised") - pl.col("base") + value - pl.col("cost")).round(6))
        .filter(pl.col("gross").is_not_null())
    )
    low, high = pl.col("gross").arg_min(), pl.col("gross").arg_max()
    found = made.group_by("trip", maintain_order=True).agg(
        adverse=pl.min_horizontal(pl.lit(0.0), pl.col("gross").min()),
        adverse_time=pl.col("time").gather(low).first(),
        favourable=pl.max_horizontal(pl.lit(0.0), pl.col("gross").max()),
        favourable_time=pl.col("time").gather(high).first(),
        last=pl.col("gross").last(),
    )
    return (
        trips.select("trip")
        .join(found, on="trip", how="left")
        .with_columns(
            pl.col("adverse", "favourable").fill_null(0.0),
            adverse_time=pl.when(pl.col("adverse") < 0).then("adverse_time"),
            favourable_time=pl.when(pl.col("favourable") > 0).then("favourable_time"),
        )
        .cast(SCHEMA)
        .select(SCHEMA.names())
    )
