"""Reward for each unit of risk."""

from __future__ import annotations

import math

import numpy as np

from workbench.analytics.returns import SESSIONS_PER_YEAR, Returns, annualised, requires
from workbench.analytics.statistic import Statistic, Undefined, Value, ratio

_YEAR = math.sqrt(SESSIONS_PER_YEAR)
_FLAT = "all returns are equal"


@requires(2)
def session_sharpe(returns: Returns) -> Value:
    """Mean excess return of a session over its standard deviation, not scaled to a year."""
    return ratio(returns.mean - returns.risk_free_per_session, returns.deviation, _FLAT)


def _sharpe(returns: Returns) -> Value:
    found = session_sharpe(returns)
    return found if isinstance(found, Undefined) else found * _YEAR


def _below(returns: Returns) -> float:
    return math.sqrt(float((np.minimum(returns.values - returns.target, 0.0) ** 2).mean()))


@requires(1)
def _downside_deviation(returns: Returns) -> Value:
    return _below(returns) * _YEAR


@requires(2)
def _sortino(returns: Returns) -> Value:
    return ratio((returns.mean - returns.target) * _YEAR, _below(returns), "no return was below the target")


@requires(1)
def _calmar(returns: Returns) -> Value:
    yearly = annualised(float(returns.wealth[-1]), returns.count)
    if isinstance(yearly, Undefined):
        return yearly
    return ratio(yearly, -float(returns.drawdown.min()), "wealth was never below its peak")


@requires(2)
def _omega(returns: Returns) -> Value:
    over = returns.values - returns.target
    gains, losses = float(np.maximum(over, 0.0).sum()), -float(np.minimum(over, 0.0).sum())
    return ratio(gains, losses, "no return was below the target")


STATISTICS: tuple[Statistic[Returns], ...] = (
    Statistic(
        "risk",
        "downside_deviation",
        "Downside deviation a year",
        "share",
        "Root of the mean square of what returns fell short of the target, scaled to a year",
        _downside_deviation,
        formula="√(Σ min(r − τ, 0)²/n)·√A",
        convention="Over all n sessions, not over those below the target alone",
        source="Sortino and Price, Performance in a downside risk framework, J. Investing 3 (1994)",
        table="session_days",
    ),
    Statistic(
        "ratios",
        "sharpe",
        "Sharpe ratio a year",
        "ratio",
        "Mean return beyond the risk-free one over the standard deviation, scaled to a year",
        _sharpe,
        formula="(μ − r_f)/σ·√A, r_f = (1 + R_f)^{1/A} − 1",
        convention="Sample deviation (n − 1), every session counts; none for returns that are all equal",
        source="Sharpe, The Sharpe ratio, J. Portfolio Management 21 (1994)",
        table="session_days",
    ),
    Statistic(
        "ratios",
        "sortino",
        "Sortino ratio a year",
        "ratio",
        "Mean return beyond the target over the downside deviation, scaled to a year",
        _sortino,
        formula="(μ − τ)/√(Σ min(r − τ, 0)²/n)·√A",
        convention="None when no return was below the target",
        source="Sortino and Price 1994",
        table="session_days",
    ),
    Statistic(
        "ratios",
        "calmar",
        "Calmar ratio",
        "ratio",
        "Return a year over the size of the largest drawdown",
        _calmar,
        formula="CAGR/|max drawdown|",
        convention="Over all sessions, not the last three years; none without a drawdown",
        source="Young, Calmar ratio: a smoother tool, Futures 20 (1991)",
        table="session_days",
    ),
    Statistic(
        "ratios",
        "omega",
        "Omega ratio",
        "ratio",
        "What returns were above the target in sum over what they were below it",
        _omega,
        formula="Σ max(r − τ, 0)/Σ max(τ − r, 0)",
        convention="None when no return was below the target",
        source="Keating and Shadwick, A universal performance measure, J. Performance Measurement 6 (2002)",
        table="session_days",
    ),
)
"""Of returns for risk."""
