"""The shape of returns: skew, kurtosis, and what the worst sessions are like."""

from __future__ import annotations

import math

import numpy as np

from workbench.analytics.returns import Returns, requires
from workbench.analytics.statistic import Statistic, Undefined, Value

TAIL = 0.05
"""Share of sessions that the tail is."""

_Z_TAIL = -1.6448536269514729
_FLAT = "all returns are equal"
_LEAST_SKEW = 3
_LEAST_KURTOSIS = 4


@requires(_LEAST_SKEW)
def skewness(returns: Returns) -> Value:
    """Adjusted Fisher-Pearson skewness G1, as spreadsheets and pandas have it (Joanes and Gill 1998)."""
    if not returns.deviation:
        return Undefined(_FLAT)
    count, away = returns.count, returns.values - returns.mean
    biased = float((away**3).mean() / (away**2).mean() ** 1.5)
    return biased * math.sqrt(count * (count - 1)) / (count - 2)


@requires(_LEAST_KURTOSIS)
def excess_kurtosis(returns: Returns) -> Value:
    """Adjusted excess kurtosis G2, 0 for a normal distribution (Joanes and Gill 1998)."""
    if not returns.deviation:
        return Undefined(_FLAT)
    count, away = returns.count, returns.values - returns.mean
    biased = float((away**4).mean() / (away**2).mean() ** 2) - 3
    return (count - 1) / ((count - 2) * (count - 3)) * ((count + 1) * biased + 6)


@requires(1)
def _value_at_risk(returns: Returns) -> Value:
    return float(np.quantile(returns.values, TAIL))


@requires(2)
def _normal_value_at_risk(returns: Returns) -> Value:
    return returns.mean + returns.deviation * _Z_TAIL


@requires(1)
def _shortfall(returns: Returns) -> Value:
    return float(returns.values[returns.values <= np.quantile(returns.values, TAIL)].mean())


@requires(2)
def _normal_shortfall(returns: Returns) -> Value:
    density = math.exp(-(_Z_TAIL**2) / 2) / math.sqrt(2 * math.pi)
    return returns.mean - returns.deviation * density / TAIL


@requires(1)
def _tail_ratio(returns: Returns) -> Value:
    high, low = np.quantile(returns.values, (1 - TAIL, TAIL))
    return abs(float(high)) / abs(float(low)) if low else Undefined("the lower 5 % quantile is 0")


_J = "Jorion, Value at Risk, 3rd ed., ch. 5"
_A = "Acerbi and Tasche, On the coherence of expected shortfall, J. Banking & Finance 26 (2002)"
_G = "Joanes and Gill, Comparing measures of sample skewness and kurtosis, The Statistician 47 (1998)"

STATISTICS: tuple[Statistic[Returns], ...] = (
    Statistic(
        "tails",
        "skew",
        "Skew",
        "ratio",
        "Third moment of returns: below 0 when large losses are rarer but larger than large gains",
        skewness,
        formula="√(n(n − 1))/(n − 2)·m₃/m₂^{3/2}, m_k = Σ(r − μ)^k/n",
        convention="Adjusted for bias (G1); none for returns that are all equal",
        source=_G,
        table="session_days",
    ),
    Statistic(
        "tails",
        "excess_kurtosis",
        "Excess kurtosis",
        "ratio",
        "Fourth moment of returns beyond that of a normal distribution",
        excess_kurtosis,
        formula="(n − 1)/((n − 2)(n − 3))·((n + 1)(m₄/m₂² − 3) + 6)",
        convention="Adjusted for bias (G2), 0 for a normal distribution; none for returns that are all equal",
        source=_G,
        table="session_days",
    ),
    Statistic(
        "tails",
        "value_at_risk",
        "Value at risk 95 %",
        "share",
        "The return that one session in twenty is below",
        _value_at_risk,
        formula="q₀.₀₅(r), interpolated linearly",
        convention="A return, below 0 for a loss; from history",
        source=_J,
        table="session_days",
    ),
    Statistic(
        "tails",
        "value_at_risk_normal",
        "Value at risk 95 %, normal",
        "share",
        "The same of a normal distribution with their mean and deviation",
        _normal_value_at_risk,
        formula="μ + σΦ⁻¹(0.05)",
        convention="A return, below 0 for a loss",
        source=_J,
        table="session_days",
    ),
    Statistic(
        "tails",
        "expected_shortfall",
        "Expected shortfall 95 %",
        "share",
        "Mean return of the sessions at or below the value at risk",
        _shortfall,
        formula="mean of r ≤ q₀.₀₅(r)",
        convention="What equals the quantile counts; empyrical takes the lowest ⌊0.05(n − 1)⌋ + 1",
        source=_A,
        table="session_days",
    ),
    Statistic(
        "tails",
        "expected_shortfall_normal",
        "Expected shortfall 95 %, normal",
        "share",
        "The same of a normal distribution with their mean and deviation",
        _normal_shortfall,
        formula="μ − σφ(Φ⁻¹(0.05))/0.05",
        source=_A,
        table="session_days",
    ),
    Statistic(
        "tails",
        "tail_ratio",
        "Tail ratio",
        "ratio",
        "Size of a good session over that of a bad one",
        _tail_ratio,
        formula="|q₀.₉₅(r)|/|q₀.₀₅(r)|",
        convention="Quantiles interpolated linearly; none when the lower is 0",
        source="empyrical, tail_ratio",
        table="session_days",
    ),
)
"""Of the shape of returns."""
