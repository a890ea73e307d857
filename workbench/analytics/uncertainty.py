"""How sure a number is: bootstrap intervals."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from workbench.analytics.columns import Table, number, text
from workbench.analytics.returns import SESSIONS_PER_YEAR, Returns
from workbench.analytics.statistic import Undefined

NORMAL = NormalDist()
"""The standard normal distribution."""

FEW = 2_000
"""Up to so many values a mean is bootstrapped; the mean of more is as good as normal."""

_LEAST = 2
_TOGETHER = 100
_BOOTSTRAPPED = (
    "total_return",
    "cagr",
    "mean_return",
    "volatility",
    "max_drawdown_share",
    "sharpe",
    "sortino",
    "calmar",
)


RETURN_INTERVALS = Table(
    "return_intervals",
    "One row for each statistic of returns that is bootstrapped",
    (
        text("statistic", "Its name in the summary"),
        number("low", "by unit", "Lower end; null where no resample has a value"),
        number("high", "by unit", "Upper end; null where no resample has a value"),
    ),
)


class Interval(NamedTuple):
    """Where a statistic of another such sample would lie.

    Attributes
    ----------
    low, high
        Its ends, in the statistic's unit.
    """

    low: float
    high: float


def interval_of_mean(
    values: NDArray[np.float64], *, level: float = 0.95, resamples: int = 2_000, seed: int = 0
) -> Interval | Undefined:
    """Percentile bootstrap interval of a mean of independent values.

    Of more than `FEW` values it is the mean and z standard errors to both sides: what the bootstrap has
    come to by then, without its cost.

    Parameters
    ----------
    values
        Finite, in any order.
    level
        Share of such intervals that hold the true mean, within 0 and 1.
    resamples
        How many samples are drawn, with replacement.
    seed
        The same seed gives the same interval.

    Notes
    -----
    Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.

    Examples
    --------
    >>> interval_of_mean(np.array([1.0, 1.0, 1.0]))
    Interval(low=1.0, high=1.0)
    """
    count = len(values)
    if count < _LEAST:
        return Undefined("an interval takes two values or more")
    if count > FEW:
        middle = float(values.mean())
        half = NORMAL.inv_cdf((1 + level) / 2) * float(values.std(ddof=1)) / math.sqrt(count)
        return Interval(middle - half, middle + half)
    # A resample is how often each value was drawn; the order of draws does not matter to a mean.
    drawn = np.random.default_rng(seed).integers(count, size=(resamples, count))
    means = values[drawn].mean(axis=1)
    low, high = np.quantile(means, ((1 - level) / 2, (1 + level) / 2))
    return Interval(float(low), float(high))


def return_intervals(
    returns: Returns, *, level: float = 0.95, resamples: int = 1_000, block: int | None = None, seed: int = 0
) -> pl.DataFrame:
    """`RETURN_INTERVALS`: percentile intervals of statistics of returns, by a circular block bootstrap.

    Each resample is made of blocks of sessions that follow on each other (the first again after the last), so
    what one session has to do with the next stays in it.

    Parameters
    ----------
    returns
        Of two sessions or more; of fewer, and where `Returns.broken`, all ends are null.
    level
        Share of such intervals that hold the true value, within 0 and 1.
    resamples
        How many.
    block
        Sessions of a block; the nearest whole number to the cube root of all where none is given.
    seed
        The same seed gives the same intervals.

    Notes
    -----
    Politis and Romano, A circular block-resampling procedure for stationary data, 1992. A resample without a
    value, such as the Sharpe ratio of one session drawn again and again, is left out.
    """
    count = returns.count
    if count < _LEAST or returns.broken is not None:
        ends: dict[str, tuple[float | None, float | None]] = dict.fromkeys(_BOOTSTRAPPED, (None, None))
    else:
        length = block or max(1, round(count ** (1 / 3)))
        random = np.random.default_rng(seed)
        drawn: dict[str, list[NDArray[np.float64]]] = {name: [] for name in _BOOTSTRAPPED}
        for start in range(0, resamples, _TOGETHER):
            some = min(_TOGETHER, resamples - start)
            firsts = random.integers(count, size=(some, -(-count // length), 1))
            sessions = (firsts + np.arange(length)).reshape(some, -1)[:, :count] % count
            for name, values in _statistics_of(returns.values[sessions], returns).items():
                drawn[name].append(values)
        ends = {name: _ends(np.concatenate(values), level) for name, values in drawn.items()}
    columns = {"statistic": list(ends), "low": [low for low, _ in ends.values()]}
    return RETURN_INTERVALS.frame({**columns, "high": [high for _, high in ends.values()]})


def _ends(values: NDArray[np.float64], level: float) -> tuple[float | None, float | None]:
    known = values[np.isfinite(values)]
    if not len(known):
        return None, None
    low, high = np.quantile(known, ((1 - level) / 2, (1 + level) / 2))
    return float(low), float(high)


def _statistics_of(values: NDArray[np.float64], returns: Returns) -> dict[str, NDArray[np.float64]]:
    """The same formulas as the statistics of these names have, row by row; (resamples, sessions)."""
    count = values.shape[1]
    wealth = np.cumprod(1 + values, axis=1)
    peaks = np.maximum(np.maximum.accumulate(wealth, axis=1), 1.0)
    deepest = np.minimum((wealth / peaks).min(axis=1) - 1, 0.0)
    last, mean = wealth[:, -1], values.mean(axis=1)
    deviation = np.where(np.ptp(values, axis=1) == 0, 0.0, values.std(axis=1, ddof=1))
    below = np.sqrt((np.minimum(values - returns.target, 0.0) ** 2).mean(axis=1))
    year = math.sqrt(SESSIONS_PER_YEAR)
    with np.errstate(divide="ignore", invalid="ignore"):
        cagr = np.where(last > 0, np.maximum(last, 0.0) ** (SESSIONS_PER_YEAR / count) - 1, np.nan)
        return {
            "total_return": last - 1,
            "cagr": cagr,
            "mean_return": mean,
            "volatility": deviation * year,
            "max_drawdown_share": deepest,
            "sharpe": (mean - returns.risk_free_per_session) / deviation * year,
            "sortino": (mean - returns.target) / below * year,
            "calmar": cagr / -deepest,
        }
