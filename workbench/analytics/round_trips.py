"""Trades as traders count them, in the numbers that they ask for."""

from __future__ import annotations

import polars as pl

from workbench.analytics.columns import TIME
from workbench.analytics.tables import ROUND_TRIPS

_BP = 10_000


def round_trips(rows: pl.DataFrame, extremes: pl.DataFrame, sizes: pl.DataFrame, end_ns: int) -> pl.DataFrame:
    """`ROUND_TRIPS` of one account, by when they began.

    Parameters
    ----------
    rows
        `trip` (its number in the session), `symbol`, `side`, `opened`, `closed`, `opened_seq`, `closed_seq`
        (null while open), `fills`, `quantity`, `entry_quantity`, `entry_value`, `exit_quantity`, `exit_value`
        (both price x quantity), `gross`, `fees`.
    extremes
        `workbench.analytics.excursions.SCHEMA` of the same trips. Of an open trip `last` is its gross PnL.
    sizes
        `symbol`, `multiplier`, `increment`.
    end_ns
        When the session ended.
    """
    is_open = pl.col("closed_seq").is_null()
    joined = rows.join(extremes, on="trip", how="left").join(sizes, on="symbol", how="left")
    joined = joined.sort("opened_seq").with_columns(
        number=pl.int_range(1, pl.len() + 1),
        gross=pl.when(is_open).then(pl.coalesce("last", "gross")).otherwise("gross"),
    )
    joined = joined.with_columns(net=(pl.col("gross") - pl.col("fees")).round(6))
    until = pl.coalesce("closed", pl.lit(end_ns).cast(TIME))
    tick_value = pl.col("quantity") * pl.col("multiplier") * pl.col("increment")
    entered = pl.col("entry_value") * pl.col("multiplier")
    # An excursion of less than what the trip came to, as rounding of a fraction makes it, is none.
    capture = pl.when(~is_open & (pl.col("favourable") > 0)).then(pl.col("gross") / pl.col("favourable"))
    result = (
        pl.when(is_open)
        .then(pl.lit("open"))
        .when(pl.col("net") > 0)
        .then(pl.lit("win"))
        .when(pl.col("net") < 0)
        .then(pl.lit("loss"))
        .otherwise(pl.lit("scratch"))
    )
    return ROUND_TRIPS.shaped(
        joined.with_columns(
            result=result,
            held_s=(until - pl.col("opened")).dt.total_nanoseconds() / 1e9,
            entry_price=pl.col("entry_value") / pl.col("entry_quantity"),
            exit_price=pl.when(pl.col("exit_quantity") > 0).then(
                pl.col("exit_value") / pl.col("exit_quantity")
            ),
            net_bp=pl.when(entered != 0).then(_BP * pl.col("net") / entered.abs()),
            mae=pl.col("adverse"),
            mae_ticks=pl.when(tick_value > 0).then(pl.col("adverse") / tick_value),
            mae_time=pl.col("adverse_time"),
            mfe=pl.col("favourable"),
            mfe_ticks=pl.when(tick_value > 0).then(pl.col("favourable") / tick_value),
            mfe_time=pl.col("favourable_time"),
            capture=capture,
            give_back=(pl.col("favourable") - pl.col("gross")).round(6),
        )
    )
