"""Sessions side by side and one after another: what was at stake in them, and what became of it.

The capital with which an account begins a session comes in for the day on which it begins and goes out when
the session ends, with what it has become; neither is gain or loss. Sessions that share a day of the exchange
are of the sum of their capitals, whoever's they are; days are chained, as in any time-weighted return:

- r_d = Σ profit of the day / Σ stakes of the day, and the return of several days is Π(1 + r_d) - 1;
- equity is the sum of what is at stake on the day, and a drawdown in money is of the sum of profits;
- its share is of wealth, W = Π over the days before (1 + r) · (1 + profit of the day so far / stakes of the
  day), against its highest so far. Within one day that is the drawdown in money over the summed peak, and at
  the end of a day it is what the statistics of returns have.

Source: GIPS 2020, time-weighted return with flows at the start of a day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

import polars as pl

from workbench.analytics.returns import SESSION_DAYS, Returns, returns_of_days
from workbench.analytics.tables import EQUITY

_LEVELS = ("equity", "cash", "position_value", "unrealised")
_SUMS = ("pnl", "realised", "fees")
_DECIMALS = 12
"""Of a share: what is behind them is of the way to it, not of it."""


class Stake(NamedTuple):
    """One day of one account's session.

    Attributes
    ----------
    date
        The exchange's own day.
    curve
        `workbench.analytics.tables.EQUITY` of that day; its first row is what the day began with.
    """

    date: date
    curve: pl.DataFrame


def staked_days(stakes: Iterable[Stake]) -> pl.DataFrame:
    """`workbench.analytics.returns.SESSION_DAYS` of some stakes: what was at stake on each day, and its end.

    What came in or went out within a day counts from the day's beginning.
    """
    rows = []
    for day, curve in stakes:
        end = float(curve["equity"][-1])
        rows.append((day, end - float(curve["pnl"][-1]) + float(curve["pnl"][0]), end))
    return summed_days(pl.DataFrame(rows, schema=SESSION_DAYS.schema, orient="row"))


def summed_days(days: pl.DataFrame) -> pl.DataFrame:
    """`SESSION_DAYS` of which several rows may be of one day, each of a stake of its own, as one for each."""
    return SESSION_DAYS.shaped(days.group_by("date").agg(pl.col("start", "equity").sum()).sort("date"))


def returns_of_stakes(stakes: Iterable[Stake]) -> Returns:
    """Returns of all of them, day by day."""
    return returns_of_days(staked_days(stakes))


def summed_curve(stakes: Sequence[Stake]) -> pl.DataFrame:
    """`EQUITY` of some stakes together, and `wealth`: what 1 at the beginning has become.

    Each day begins with the sum of what its sessions began it with; profit, what was realised and fees go on
    from day to day. Several accounts at one instant are one row: in between nobody stood. `wealth` and
    `drawdown_share` are null from the day on of which returns say nothing: one that began with nothing, or
    that followed the loss of more than everything.
    """
    if not stakes:
        return EQUITY.empty().with_columns(wealth=pl.lit(0.0))
    returns = returns_of_stakes(stakes)
    by_day: dict[date, list[pl.DataFrame]] = {}
    for each in stakes:
        by_day.setdefault(each.date, []).append(each.curve)
    before = dict.fromkeys(_SUMS, 0.0)
    parts = []
    for place, day in enumerate(sorted(by_day)):
        rows = _summed(by_day[day])
        stake, grown = float(returns.starts[place]), float(returns.wealth[place])
        told = grown >= 0 and (stake > 0 or stake == returns.ends[place] == 0)
        made = pl.col("pnl") / stake if stake > 0 else pl.lit(0.0)
        parts.append(
            rows.with_columns(
                *(pl.col(name) + before[name] for name in _SUMS),
                wealth=grown * (1 + made) if told else pl.lit(None, dtype=pl.Float64),
            )
        )
        before = {name: float(parts[-1][name][-1]) for name in _SUMS}
    curve: pl.DataFrame = pl.concat(parts)
    fallen = (pl.col("pnl") - pl.max_horizontal(pl.col("pnl").cum_max(), 0.0)).round(6)
    highest = pl.max_horizontal(pl.col("wealth").cum_max(), 1.0)
    curve = curve.with_columns(
        drawdown=fallen, drawdown_share=(pl.col("wealth") / highest - 1).round(_DECIMALS) + 0.0
    ).with_columns(peak=pl.col("equity") - pl.col("drawdown"))
    return EQUITY.shaped(curve).with_columns(curve["wealth"])


def _summed(curves: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Amounts of one day: those that are levels from the sum of what it began with, the others from 0."""
    start = {name: sum(float(each[name][0]) for each in curves) for name in _LEVELS}
    amounts = (*_LEVELS, *_SUMS)
    changes = [
        each.select("time", "seq", *amounts).with_columns(pl.col(amounts).diff().fill_null(0.0))
        for each in curves
    ]
    every = pl.concat(changes).sort("time", maintain_order=True).with_columns(pl.col(amounts).cum_sum())
    last = every.group_by("time", maintain_order=True).agg(pl.all().last())
    return last.with_columns(pl.col(name) + start[name] for name in _LEVELS)
