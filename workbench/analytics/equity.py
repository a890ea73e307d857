"""The equity curve, and each time under water."""

from __future__ import annotations

import polars as pl

from workbench.analytics.columns import TIME
from workbench.analytics.tables import DRAWDOWNS, EQUITY

_NOTHING = 1e-9
"""Of two ways to the same double, the difference that is none."""


def equity_curve(rows: pl.DataFrame, start_ns: int, start_cash: float) -> pl.DataFrame:
    """`EQUITY` of rows of the equity table, with the capital before the first trade as its first row.

    Parameters
    ----------
    rows
        In order: `time`, `seq`, `equity`, `cash`, `position_value`, `realised`, `unrealised`, `fees`,
        `deposits`, `withdrawals`, `peak`, `drawdown`.
    start_ns
        When the session began.
    start_cash
        What the account had then.
    """
    numbers = ("equity", "cash", "position_value", "realised", "unrealised", "fees", "peak", "drawdown")
    start = {name: [0.0] for name in (*numbers, "deposits", "withdrawals")}
    start |= {name: [start_cash] for name in ("equity", "cash", "peak")}
    first = pl.DataFrame({"time": pl.Series([start_ns]).cast(TIME), "seq": [0], **start})
    every = pl.concat([first, rows.select(first.columns).cast(first.schema)])
    pnl = pl.col("equity") - start_cash - pl.col("deposits") + pl.col("withdrawals")
    return EQUITY.shaped(every.with_columns(pnl=pnl.round(6), drawdown_share=share_of_peak()))


def share_of_peak() -> pl.Expr:
    """`drawdown` as a share of the equity at the peak at which it began; null where that is not above 0.

    Money that comes or goes while equity is below its peak moves the peak, and not what the fall is a share
    of: whoever falls 100 from 50,000 fell 0.2 %, whatever is deposited afterwards. Rows are in order, those
    at the peak with a drawdown of 0.
    """
    under = pl.col("drawdown") < 0
    began = pl.when(under & ~under.shift(1, fill_value=False)).then(pl.col("equity").shift(1))
    # A first row that is below a peak already has none before it.
    base = pl.when(under).then(pl.coalesce(began.forward_fill(), "peak")).otherwise("peak")
    return pl.when(base > _NOTHING).then(pl.col("drawdown") / base)


def drawdowns(curve: pl.DataFrame, end_ns: int) -> pl.DataFrame:
    """`DRAWDOWNS` of an `EQUITY` frame: the spans of rows below the peak.

    A drawdown begins at the last row that stood at the peak and ends with the first that does again; equal
    rows at the bottom count from the first of them.

    Parameters
    ----------
    curve
        In order of time; of a first row that is below its peak already the peak was at that very time. With
        a column `wealth` (of `summed_curve`) shares of depth are of that: what 1 at its highest since the
        peak had lost at the lowest.
    end_ns
        When the session ended, up to which one that was not made good lasts.
    """
    below = curve.with_columns(
        under=pl.col("drawdown") < 0,
        before=pl.coalesce(pl.col("time").shift(1), "time"),
        top=pl.coalesce(pl.col("equity").shift(1), "peak"),
        after=pl.col("time").shift(-1),
    ).with_columns(run=(pl.col("under") & ~pl.col("under").shift(1, fill_value=False)).cum_sum())
    if not below["under"].any():
        return DRAWDOWNS.empty()
    lowest = pl.col("drawdown").arg_min()
    share = pl.col("drawdown_share").gather(lowest).first()
    if "wealth" in curve.columns:
        below = below.with_columns(wealth_before=curve["wealth"].shift(1, fill_value=1.0))
        highest = pl.max_horizontal(
            pl.col("wealth_before").first(), pl.col("wealth").cum_max().gather(lowest).first()
        )
        share = pl.col("wealth").gather(lowest).first() / highest - 1
    found = (
        below.filter("under")
        .group_by("run", maintain_order=True)
        .agg(
            peak_time=pl.col("before").first(),
            peak=pl.col("top").first(),
            valley_time=pl.col("time").gather(lowest).first(),
            recovery_time=pl.col("after").last(),
            depth=pl.col("drawdown").min(),
            depth_share=share,
        )
    )
    end = pl.lit(end_ns).cast(TIME)
    last = pl.coalesce("recovery_time", pl.max_horizontal(end, pl.col("valley_time")))
    seconds = 1e9
    return DRAWDOWNS.shaped(
        found.with_columns(
            number=pl.int_range(1, pl.len() + 1),
            valley=pl.col("peak") + pl.col("depth"),
            fall_s=(pl.col("valley_time") - pl.col("peak_time")).dt.total_nanoseconds() / seconds,
            recovery_s=(pl.col("recovery_time") - pl.col("valley_time")).dt.total_nanoseconds() / seconds,
            under_water_s=(last - pl.col("peak_time")).dt.total_nanoseconds() / seconds,
        )
    )
