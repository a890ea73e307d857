"""Trades by group: how many, what they brought, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from workbench.analytics.columns import Table, money, number, text, whole
from workbench.analytics.statistic import Undefined
from workbench.analytics.trades import Trades
from workbench.analytics.uncertainty import FEW, interval_of_mean
from workbench.errors import ConfigError

BREAKDOWN = Table(
    "breakdown",
    "One row for each group of trades that have ended, in the groups' own order",
    (
        text("by", "What the trades were grouped by"),
        text("group", "The group; null for trades without one"),
        whole("trades", "count", "Its trades"),
        whole("wins", "count", "Those with a net PnL above 0"),
        whole("losses", "count", "Those below"),
        number("win_rate", "share", "Wins over wins and losses; null without any"),
        money("gross", "Gross PnL of all of them"),
        money("fees", "Fees less rebates"),
        money("net", "Net PnL of all of them"),
        money("mean", "Net PnL of one on average"),
        money("mean_low", "Lower end of the mean's bootstrap interval; null for fewer than two trades"),
        money("mean_high", "Upper end"),
    ),
)

HOLD_S = (1, 10, 60, 300, 1800, 7200)
"""Where hold buckets begin, after the first, in seconds."""

SIZE_QUANTILES = (0.25, 0.5, 0.75)
"""Where size buckets begin, after the first, as shares of the trades by their largest position."""

R_EDGES = (-2, -1, 0, 1, 2, 3)
"""Where buckets of R multiples begin, after the first."""

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _local(trades: Trades, column: str) -> pl.Expr:
    return pl.col(column).dt.convert_time_zone(trades.zone)


def _bucket(values: pl.Series, edges: Sequence[float], side: Literal["left", "right"]) -> pl.Expr:
    """How many of the edges each value is above, or with `right` has reached; null of null."""
    found = np.searchsorted(np.asarray(edges, dtype=np.float64), values.to_numpy(), side=side)
    return pl.lit(pl.Series(found, dtype=pl.Int64).set(values.is_null(), None))


def _half_hour(trades: Trades) -> pl.Expr:
    entry = _local(trades, "opened")
    return 2 * entry.dt.hour().cast(pl.Int64) + entry.dt.minute() // 30


def _half_hour_names(_: Trades) -> list[str]:
    return [f"{half // 2:02d}:{30 * (half % 2):02d}" for half in range(48)]


def _weekday(trades: Trades) -> pl.Expr:
    return _local(trades, "opened").dt.weekday()


def _day(trades: Trades) -> pl.Expr:
    return _local(trades, "closed").dt.date().cast(pl.String)


def _hold(trades: Trades) -> pl.Expr:
    return _bucket(trades.ended["held_s"], HOLD_S, "right")


def _size_edges(trades: Trades) -> list[float]:
    held = trades.ended["quantity"].drop_nulls()
    return (
        sorted({float(held.quantile(each, "linear") or 0.0) for each in SIZE_QUANTILES}) if len(held) else []
    )


def _size(trades: Trades) -> pl.Expr:
    """Quarters of the trades by their largest position; fewer where many are of one size."""
    return _bucket(trades.ended["quantity"], _size_edges(trades), "left")


def _size_names(trades: Trades) -> list[str]:
    said = [f"{edge:g}" for edge in _size_edges(trades)]
    if not said:
        return ["all"]
    return [f"to {said[0]}", *(f"{low} to {high}" for low, high in pairwise(said)), f"over {said[-1]}"]


def _span(seconds: int) -> str:
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def _hold_names(_: Trades) -> list[str]:
    said = [_span(each) for each in HOLD_S]
    return [f"under {said[0]}", *(f"{low} to {high}" for low, high in pairwise(said)), f"{said[-1]} and more"]


def _r(trades: Trades) -> pl.Expr:
    return _bucket(trades.ended["r"], R_EDGES, "right")


def _r_names(_: Trades) -> list[str]:
    said = [f"{each} R".replace("-", "−") for each in R_EDGES]
    return [f"under {said[0]}", *(f"{low} to {high}" for low, high in pairwise(said)), f"{said[-1]} and more"]


def _weekday_names(_: Trades) -> list[str]:
    return ["", *_WEEKDAYS]


_Key = Callable[[Trades], pl.Expr]
_Names = Callable[[Trades], Sequence[str]]

DIMENSIONS: dict[str, tuple[_Key, _Names | None]] = {
    "symbol": (lambda _: pl.col("symbol"), None),
    "side": (lambda _: pl.col("side"), None),
    "tag": (lambda _: pl.col("tag"), None),
    "half_hour": (_half_hour, _half_hour_names),
    "weekday": (_weekday, _weekday_names),
    "day": (_day, None),
    "hold": (_hold, _hold_names),
    "size": (_size, _size_names),
    "r": (_r, _r_names),
}
"""What trades can be grouped by: how, and the names of numbered groups."""


def breakdown(
    trades: Trades, by: str, *, level: float = 0.95, resamples: int = 2_000, seed: int = 0
) -> pl.DataFrame:
    """`BREAKDOWN` of trades by one thing.

    Parameters
    ----------
    trades
        Those that have ended count.
    by
        One of `DIMENSIONS`: half hour and weekday of the entry, day of the exit, on the clock of the trades'
        zone; hold, size and R multiple in buckets, of which only those with a trade have a row.
    level, resamples, seed
        Of the means' bootstrap intervals, as `workbench.analytics.uncertainty.interval_of_mean` takes them.

    Raises
    ------
    ConfigError
        When trades cannot be grouped by that.

    Notes
    -----
    Sums of groups are those of all trades. With many groups some interval misses 0 by chance: of twenty
    groups without any edge one does.
    """
    if by not in DIMENSIONS:
        raise ConfigError(
            f"trades cannot be grouped by {by!r}", "breakdown", f"choose one of {', '.join(DIMENSIONS)}"
        )
    if trades.ended.is_empty():
        return BREAKDOWN.empty()
    key, named = DIMENSIONS[by]
    grouped = (
        trades.ended.with_columns(key=key(trades))
        .group_by("key")
        .agg(
            trades=pl.len(),
            wins=(pl.col("net") > 0).sum(),
            losses=(pl.col("net") < 0).sum(),
            gross=pl.col("gross").sum().round(6),
            fees=pl.col("fees").sum().round(6),
            mean=pl.col("net").mean(),
            values=pl.col("net"),
            net=pl.col("net").sum().round(6),
        )
        .sort("key", nulls_last=True)
    )
    found = [
        interval_of_mean(_in_order(values), level=level, resamples=resamples, seed=seed)
        for values in grouped["values"]
    ]
    ends = [(None, None) if isinstance(each, Undefined) else (each.low, each.high) for each in found]
    key_names = grouped["key"]
    if named is not None:
        names = named(trades)
        key_names = pl.Series([None if each is None else names[each] for each in key_names], dtype=pl.String)
    decided = pl.col("wins") + pl.col("losses")
    return BREAKDOWN.shaped(
        grouped.with_columns(
            by=pl.lit(by),
            group=key_names,
            win_rate=pl.when(decided > 0).then(pl.col("wins") / decided),
            mean_low=pl.Series([low for low, _ in ends], dtype=pl.Float64),
            mean_high=pl.Series([high for _, high in ends], dtype=pl.Float64),
        )
    )


def _in_order(values: pl.Series) -> NDArray[np.float64]:
    """Values of a group; those that are bootstrapped in an order that is that of no frame."""
    return (values.sort() if len(values) <= FEW else values).to_numpy()


def breakdowns(trades: Trades, dimensions: Sequence[str] = tuple(DIMENSIONS)) -> pl.DataFrame:
    """`BREAKDOWN` by each of several things, one below the other; of one day, not by `day`."""
    return pl.concat([BREAKDOWN.empty(), *(breakdown(trades, each) for each in dimensions)])
