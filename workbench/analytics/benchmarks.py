"""Returns held against those of a benchmark."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from workbench.analytics.returns import SESSIONS_PER_YEAR, Returns, annualised, deviation_of, requires
from workbench.analytics.statistic import Statistic, Undefined, Value, ratio

_FLAT = "all returns of the benchmark are equal"


def _beside(
    compute: Callable[[Returns, NDArray[np.float64]], Value], least: int = 2
) -> Callable[[Returns], Value]:
    @requires(least)
    def checked(returns: Returns) -> Value:
        if returns.benchmark is None:
            return Undefined("there is no benchmark")
        return compute(returns, returns.benchmark)

    return checked


def _beta(returns: Returns, benchmark: NDArray[np.float64]) -> Value:
    away = benchmark - benchmark.mean()
    below = float((away**2).sum()) if deviation_of(benchmark) else 0.0
    return ratio(float((away * returns.values).sum()), below, _FLAT)


def _alpha(returns: Returns, benchmark: NDArray[np.float64]) -> Value:
    beta = _beta(returns, benchmark)
    if isinstance(beta, Undefined):
        return beta
    free = returns.risk_free_per_session
    alpha = returns.mean - free - beta * (float(benchmark.mean()) - free)
    return annualised(1 + alpha, 1)


def _correlation(returns: Returns, benchmark: NDArray[np.float64]) -> Value:
    both = returns.deviation * deviation_of(benchmark)
    away = (returns.values - returns.mean) * (benchmark - benchmark.mean())
    return ratio(float(away.sum()) / (returns.count - 1), both, "all returns of one of the two are equal")


def _tracking_error(returns: Returns, benchmark: NDArray[np.float64]) -> Value:
    return deviation_of(returns.values - benchmark) * math.sqrt(SESSIONS_PER_YEAR)


def _information_ratio(returns: Returns, benchmark: NDArray[np.float64]) -> Value:
    active = returns.values - benchmark
    scaled = float(active.mean()) * math.sqrt(SESSIONS_PER_YEAR)
    return ratio(scaled, deviation_of(active), "returns and benchmark differ by the same in every session")


def _capture(
    returns: Returns, benchmark: NDArray[np.float64], within: NDArray[np.bool_], which: str
) -> Value:
    count = int(within.sum())
    if not count:
        return Undefined(f"the benchmark was {which} in no session")
    own = annualised(float(np.prod(1 + returns.values[within])), count)
    others = annualised(float(np.prod(1 + benchmark[within])), count)
    if isinstance(own, Undefined):
        return own
    return others if isinstance(others, Undefined) else own / others


STATISTICS: tuple[Statistic[Returns], ...] = (
    Statistic(
        "benchmark",
        "beta",
        "Beta",
        "ratio",
        "What a return of the benchmark came to in the account's",
        _beside(_beta),
        formula="Cov(r, b)/Var(b)",
        convention="Of returns of the same sessions; none when the benchmark never moves",
        source="Sharpe, Capital asset prices, J. Finance 19 (1964)",
        table="session_days",
    ),
    Statistic(
        "benchmark",
        "alpha",
        "Alpha a year",
        "share",
        "Mean return beyond what beta explains, compounded to a year",
        _beside(_alpha),
        formula="(1 + (μ − r_f) − β(μ_b − r_f))^A − 1",
        convention="Compounded as empyrical has it; quantstats multiplies by A instead",
        source="Jensen, The performance of mutual funds, J. Finance 23 (1968)",
        table="session_days",
    ),
    Statistic(
        "benchmark",
        "correlation",
        "Correlation",
        "ratio",
        "How closely returns went along with those of the benchmark, from -1 to 1",
        _beside(_correlation),
        formula="Cov(r, b)/(σσ_b)",
        source="Pearson, Notes on regression, Proc. Royal Society 58 (1895)",
        table="session_days",
    ),
    Statistic(
        "benchmark",
        "tracking_error",
        "Tracking error a year",
        "share",
        "Standard deviation of what returns were beyond the benchmark's, scaled to a year",
        _beside(_tracking_error),
        formula="σ(r − b)·√A",
        source="Grinold and Kahn, Active Portfolio Management, 2nd ed., ch. 5",
        table="session_days",
    ),
    Statistic(
        "benchmark",
        "information_ratio",
        "Information ratio a year",
        "ratio",
        "Mean return beyond the benchmark's over the tracking error, scaled to a year",
        _beside(_information_ratio),
        formula="mean(r − b)/σ(r − b)·√A",
        convention="Scaled to a year; empyrical and quantstats give that of a session",
        source="Grinold and Kahn, ch. 5",
        table="session_days",
    ),
    Statistic(
        "benchmark",
        "up_capture",
        "Upside capture",
        "ratio",
        "Yearly return over the benchmark's, of the sessions in which that rose",
        _beside(lambda returns, benchmark: _capture(returns, benchmark, benchmark > 0, "up"), least=1),
        formula="CAGR(r | b > 0)/CAGR(b | b > 0)",
        source="Bacon, ch. 4",
        table="session_days",
    ),
    Statistic(
        "benchmark",
        "down_capture",
        "Downside capture",
        "ratio",
        "Yearly return over the benchmark's, of the sessions in which that fell",
        _beside(lambda returns, benchmark: _capture(returns, benchmark, benchmark < 0, "down"), least=1),
        formula="CAGR(r | b < 0)/CAGR(b | b < 0)",
        source="Bacon, ch. 4",
        table="session_days",
    ),
)
"""Of an account and its benchmark."""
