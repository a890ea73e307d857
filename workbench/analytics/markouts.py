"""Where the market went after each fill."""

from __future__ import annotations

import polars as pl

from workbench.analytics.columns import TIME
from workbench.analytics.tables import HORIZONS_S, MARKOUT_CURVE, MARKOUTS

_BP = 10_000
_NS = 1_000_000_000
NO_MIDS = pl.DataFrame(schema={"time": TIME, "mid": pl.Float64})
"""Middles of an instrument of which none is known."""


def mids_before(fills: pl.DataFrame, quotes: pl.DataFrame) -> pl.Series:
    """The middle of bid and ask before the command of each fill, in one instrument.

    Parameters
    ----------
    fills
        `command_seq`, ascending.
    quotes
        `command_seq` and `mid` (null while a side was empty), in order.
    """
    asked = fills.select(pl.col("command_seq").set_sorted())
    known = quotes.select(pl.col("command_seq").set_sorted(), "mid")
    found = asked.join_asof(known, on="command_seq", strategy="backward", allow_exact_matches=False)
    return found["mid"]


def markouts(
    fills: pl.DataFrame, quotes: dict[str, pl.DataFrame], sizes: pl.DataFrame, end_ns: int
) -> pl.DataFrame:
    """`MARKOUTS` of one account: s(M - P), M the middle then, s +1 for a buy and -1 for a sale.

    Parameters
    ----------
    fills
        `FILLS`, in order.
    quotes
        By symbol: `time` and `mid` (null while a side was empty), in order; the last one of a time counts.
        Of a symbol that is not among them no middle is known.
    sizes
        `symbol`, `multiplier`, `increment`.
    end_ns
        Behind which nothing is known.
    """
    found = [MARKOUTS.empty()]
    columns = ["seq", "time", "symbol", "side", "liquidity", "price", "quantity"]
    for symbol, own in ((str(each[0]), own) for each, own in fills.group_by("symbol", maintain_order=True)):
        known = quotes.get(symbol, NO_MIDS).select(pl.col("time").set_sorted().alias("then"), "mid")
        size = sizes.row(by_predicate=pl.col("symbol") == symbol, named=True)
        for horizon_s in HORIZONS_S:
            then = (pl.col("time").cast(pl.Int64) + horizon_s * _NS).cast(TIME)
            later = own.select(*columns).with_columns(then=then.set_sorted(), horizon_s=pl.lit(horizon_s))
            later = later.join_asof(known, on="then", strategy="backward")
            mid = pl.when(pl.col("then").cast(pl.Int64) <= end_ns).then("mid")
            sign = pl.when(pl.col("side") == "BUY").then(1.0).otherwise(-1.0)
            later = later.with_columns(mid=mid).with_columns(
                markout=(sign * (pl.col("mid") - pl.col("price"))).round(9)
            )
            found.append(
                MARKOUTS.shaped(
                    later.with_columns(
                        ticks=pl.col("markout") / size["increment"],
                        bp=_BP * pl.col("markout") / pl.col("price"),
                        value=(pl.col("markout") * pl.col("quantity") * size["multiplier"]).round(6),
                    )
                )
            )
    return pl.concat(found).sort("seq", "horizon_s")


def markout_curve(fills: pl.DataFrame, found: pl.DataFrame, sizes: pl.DataFrame) -> pl.DataFrame:
    """`MARKOUT_CURVE` of `FILLS` and their `MARKOUTS`, each liquidity that there is and all together.

    Averages of ticks are weighted by quantity and those of basis points by value.
    """
    sign = pl.when(pl.col("side") == "BUY").then(1.0).otherwise(-1.0)
    now = (
        fills.join(sizes, on="symbol", how="left")
        .with_columns(markout=sign * (pl.col("mid") - pl.col("price")), horizon_s=pl.lit(0, pl.Int64))
        .with_columns(
            ticks=pl.col("markout") / pl.col("increment"),
            value=pl.col("markout") * pl.col("quantity") * pl.col("multiplier"),
        )
    )
    columns = ["symbol", "liquidity", "horizon_s", "quantity", "price", "ticks", "value"]
    later = found.select(columns)
    every = pl.concat([now.select(columns).cast(later.schema), later]).filter(pl.col("value").is_not_null())
    every = every.join(sizes.select("symbol", "multiplier"), on="symbol", how="left")
    traded = (pl.col("price") * pl.col("quantity") * pl.col("multiplier")).abs()
    every = every.with_columns(traded=traded)
    both = pl.concat([every, every.with_columns(liquidity=pl.lit("all"))])
    averaged = both.group_by("liquidity", "horizon_s").agg(
        fills=pl.len(),
        bp=_BP * pl.col("value").sum() / pl.col("traded").sum(),
        ticks=(pl.col("ticks") * pl.col("quantity")).sum() / pl.col("quantity").sum(),
        value=pl.col("value").sum().round(6),
        quantity=pl.col("quantity").sum(),
    )
    return MARKOUT_CURVE.shaped(averaged.sort("liquidity", "horizon_s"))
