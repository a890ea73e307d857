"""Falls from the highest wealth so far, session by session, and their statistics."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from workbench.analytics.columns import Column, Table, number, whole
from workbench.analytics.returns import Returns, requires
from workbench.analytics.statistic import Statistic, Undefined, Value

_Indices = NDArray[np.int64]
_NO_DRAWDOWN = "wealth was never below its peak"

DRAWDOWN_EPISODES = Table(
    "drawdown_episodes",
    "One row for each time under water, in order: from a peak of wealth to when it was reached again",
    (
        whole("number", "count", "Its number, from 1"),
        Column(
            "peak_date", pl.Date, "day", "The last session that ended at the peak; null for the start itself"
        ),
        Column("valley_date", pl.Date, "day", "The first session that ended at the lowest"),
        Column("recovery_date", pl.Date, "day", "When the peak was reached again; null if it was not"),
        number("depth_share", "share", "Wealth at the lowest over that at the peak, less 1"),
        whole("fall_sessions", "count", "Sessions from the peak to the lowest"),
        whole("under_water_sessions", "count", "Sessions that ended below the peak"),
        whole(
            "under_water_days",
            "count",
            "Calendar days from the peak (or the first session) to the recovery, or to the last session",
        ),
    ),
)


def drawdown_episodes(returns: Returns) -> pl.DataFrame:
    """`DRAWDOWN_EPISODES` of returns; empty too where they do not tell what became of the account."""
    peaks, lasts = _spans(returns)
    if returns.broken is not None or not len(peaks):
        return DRAWDOWN_EPISODES.empty()
    valleys = np.array([_valley(returns, *span) for span in zip(peaks, lasts, strict=True)])
    return DRAWDOWN_EPISODES.frame(
        {
            "number": np.arange(1, len(peaks) + 1),
            "peak_date": _ends_of(returns, peaks),
            "valley_date": _ends_of(returns, valleys),
            "recovery_date": _ends_of(returns, np.where(lasts < returns.count, lasts + 1, 0)),
            "depth_share": returns.drawdown[valleys],
            "fall_sessions": valleys - peaks,
            "under_water_sessions": lasts - peaks,
            "under_water_days": _days_between(returns, peaks, lasts),
        }
    )


def _spans(returns: Returns) -> tuple[_Indices, _Indices]:
    """Where times under water begin (index of the peak) and end (index of their last session).

    Wealth begins at index 0, before the first session: index i is the end of session i, counted from 1.
    """
    edges = np.diff(np.concatenate((returns.drawdown < 0, [False])).astype(np.int8))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)


def _valley(returns: Returns, peak: int, last: int) -> int:
    return peak + 1 + int(returns.drawdown[peak + 1 : last + 1].argmin())


def _ends_of(returns: Returns, indices: _Indices) -> pl.Series:
    """Days of sessions; null for index 0."""
    days = pl.Series(returns.dates[np.maximum(indices - 1, 0)].astype("datetime64[D]"), dtype=pl.Date)
    return pl.select(pl.when(pl.Series(indices > 0)).then(days)).to_series()


def _days_between(returns: Returns, peaks: _Indices, lasts: _Indices) -> _Indices:
    """Calendar days from peaks to recoveries, or to the last session."""
    ends = returns.dates[np.minimum(lasts + 1, returns.count) - 1]
    found: _Indices = (ends - returns.dates[np.maximum(peaks - 1, 0)]).astype(np.int64)
    return found


def _deepest(returns: Returns) -> float:
    return float(returns.drawdown.min())


def _of_episodes(compute: Callable[[Returns], float]) -> Callable[[Returns], Value]:
    @requires(1)
    def checked(returns: Returns) -> Value:
        return compute(returns) if _deepest(returns) < 0 else Undefined(_NO_DRAWDOWN)

    return checked


def _average(returns: Returns) -> float:
    return float(
        np.mean([returns.drawdown[_valley(returns, *span)] for span in zip(*_spans(returns), strict=True)])
    )


def _longest_sessions(returns: Returns) -> float:
    peaks, lasts = _spans(returns)
    return float((lasts - peaks).max())


def _longest_days(returns: Returns) -> float:
    return float(_days_between(returns, *_spans(returns)).max())


def _recovery_factor(returns: Returns) -> Value:
    deepest = float(returns.money_drawdown.min())
    return (
        float(returns.profit[-1]) / -deepest if deepest < 0 else Undefined("profit was never below its peak")
    )


STATISTICS: tuple[Statistic[Returns], ...] = (
    Statistic(
        "risk",
        "max_drawdown_share",
        "Largest drawdown, share",
        "share",
        "Lowest wealth over the highest before it, less 1; 0 or less",
        requires(1)(_deepest),
        formula="min(W_t/max_{u≤t} W_u − 1)",
        convention="The start counts as a peak, so a loss of the first session is one",
        source="Magdon-Ismail and Atiya, Maximum drawdown, Risk 17 (2004)",
        table="session_days",
    ),
    Statistic(
        "risk",
        "max_drawdown",
        "Largest drawdown",
        "currency",
        "Lowest profit less the highest before it; 0 or less",
        lambda returns: round(float(returns.money_drawdown.min()), 6),
        formula="min(P_t − max_{u≤t} P_u), P_t = Σ_{u≤t}(E_u − S_u)",
        convention="Money that comes or goes is neither gain nor loss",
        table="session_days",
    ),
    Statistic(
        "risk",
        "average_drawdown",
        "Average drawdown",
        "share",
        "Mean depth of all times under water",
        _of_episodes(_average),
        formula="mean of min dd over each episode",
        convention="None when wealth was never below its peak",
        source="Bacon, ch. 4",
        table="session_days",
    ),
    Statistic(
        "risk",
        "under_water",
        "Time under water",
        "share",
        "Share of sessions that ended below the peak",
        requires(1)(lambda returns: float((returns.drawdown[1:] < 0).mean())),
        formula="#(dd_t < 0)/n",
        table="session_days",
    ),
    Statistic(
        "risk",
        "longest_drawdown_sessions",
        "Longest drawdown, sessions",
        "count",
        "Most sessions that ended below one and the same peak",
        _of_episodes(_longest_sessions),
        formula="max over episodes of #(dd_t < 0)",
        convention="One that has not ended counts up to the last session",
        table="session_days",
    ),
    Statistic(
        "risk",
        "longest_drawdown_days",
        "Longest drawdown, days",
        "count",
        "Most calendar days from a peak to its recovery, or to the last session",
        _of_episodes(_longest_days),
        formula="max(date of recovery − date of peak)",
        convention="From the first session where the peak is the start itself",
        table="session_days",
    ),
    Statistic(
        "risk",
        "ulcer",
        "Ulcer index",
        "share",
        "Root of the mean square of the drawdown at the end of each session",
        requires(1)(lambda returns: float(np.sqrt((returns.drawdown[1:] ** 2).mean()))),
        formula="√(Σ dd_t²/n)",
        convention="Over n; quantstats divides by n − 1, ffn by n + 1",
        source="Martin and McCann, The Investor's Guide to Fidelity Funds, 1989",
        table="session_days",
    ),
    Statistic(
        "risk",
        "recovery_factor",
        "Recovery factor",
        "ratio",
        "Net PnL over the size of the largest drawdown in money",
        _recovery_factor,
        formula="P_n/|min(P_t − max P_u)|",
        convention="With its sign; none when profit was never below its peak",
        table="session_days",
    ),
)
"""Of falls and recoveries."""
