"""How far a Sharpe ratio can be believed: its error, and what luck and many trials alone would have made."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from workbench.analytics.ratios import session_sharpe
from workbench.analytics.returns import SESSIONS_PER_YEAR, Returns
from workbench.analytics.statistic import Statistic, Undefined, Value
from workbench.analytics.tails import excess_kurtosis, skewness
from workbench.analytics.uncertainty import NORMAL

_YEAR = math.sqrt(SESSIONS_PER_YEAR)
_EULER_MASCHERONI = 0.5772156649015329
_LEAST_TRIALS = 2
_CONFIDENCE = 0.95


def sharpe_error(returns: Returns) -> Value:
    """Standard error of the Sharpe ratio of a session, for returns that need not be normal."""
    found, skew, kurtosis = session_sharpe(returns), skewness(returns), excess_kurtosis(returns)
    if isinstance(found, Undefined):
        return found
    if isinstance(skew, Undefined):
        return skew
    if isinstance(kurtosis, Undefined):
        return kurtosis
    variance = 1 - skew * found + (kurtosis + 2) * found**2 / 4
    if variance <= 0:
        return Undefined("skew and kurtosis of so few returns leave no error above 0")
    return math.sqrt(variance / (returns.count - 1))


def expected_best_sharpe(trials: ArrayLike) -> float:
    """The best Sharpe ratio that so many trials without any skill would be expected to have.

    Parameters
    ----------
    trials
        Sharpe ratios of two trials or more, in any one unit; the result is in the same.

    Notes
    -----
    Bailey and López de Prado, The deflated Sharpe ratio, J. Portfolio Management 40 (2014), formula 1, with
    an expectation of 0 and the trials' sample variance.

    Examples
    --------
    >>> round(expected_best_sharpe([-1.0, 0.0, 1.0]), 4)
    0.8528
    """
    tried = np.asarray(trials, dtype=np.float64)
    count = len(tried)
    high = NORMAL.inv_cdf(1 - 1 / count)
    higher = NORMAL.inv_cdf(1 - 1 / (count * math.e))
    return float(tried.std(ddof=1)) * ((1 - _EULER_MASCHERONI) * high + _EULER_MASCHERONI * higher)


def probabilistic_sharpe(returns: Returns, than: float = 0.0) -> Value:
    """Probability that the true Sharpe ratio is above another, both per year.

    Parameters
    ----------
    returns
        Of four sessions or more.
    than
        What it is to be above, per year.
    """
    found, error = session_sharpe(returns), sharpe_error(returns)
    if isinstance(found, Undefined):
        return found
    if isinstance(error, Undefined):
        return error
    return NORMAL.cdf((found - than / _YEAR) / error)


def _deflated(returns: Returns) -> Value:
    if returns.trials is None:
        return Undefined("how many strategies were tried is not known")
    if len(returns.trials) < _LEAST_TRIALS:
        return Undefined("it takes the Sharpe ratios of two trials or more")
    return probabilistic_sharpe(returns, expected_best_sharpe(returns.trials))


def _track_record(returns: Returns) -> Value:
    found, error = session_sharpe(returns), sharpe_error(returns)
    if isinstance(found, Undefined):
        return found
    if isinstance(error, Undefined):
        return error
    if found <= 0:
        return Undefined("the Sharpe ratio is not above 0")
    return 1 + error**2 * (returns.count - 1) * (NORMAL.inv_cdf(_CONFIDENCE) / found) ** 2


def _yearly_error(returns: Returns) -> Value:
    found = sharpe_error(returns)
    return found if isinstance(found, Undefined) else found * _YEAR


_2012 = "Bailey and López de Prado, The Sharpe ratio efficient frontier, J. Risk 15 (2012)"
_2014 = "Bailey and López de Prado, The deflated Sharpe ratio, J. Portfolio Management 40 (2014)"

STATISTICS: tuple[Statistic[Returns], ...] = (
    Statistic(
        "ratios",
        "sharpe_error",
        "Error of the Sharpe ratio a year",
        "ratio",
        "Standard error of the Sharpe ratio, for returns that need not be normal, scaled to a year",
        _yearly_error,
        formula="√((1 − γ₃S + (γ₄ − 1)S²/4)/(n − 1))·√A, S per session, γ₄ = excess kurtosis + 3",
        convention="Sessions are taken to be independent; needs four",
        source=_2012,
        table="session_days",
    ),
    Statistic(
        "ratios",
        "probabilistic_sharpe",
        "Probability of skill",
        "share",
        "Probability that the true Sharpe ratio is above 0",
        probabilistic_sharpe,
        formula="Φ(S/error)",
        convention="Of one strategy that was not chosen among others",
        source=_2012,
        table="session_days",
    ),
    Statistic(
        "ratios",
        "deflated_sharpe",
        "Probability of skill after all trials",
        "share",
        "Probability that the true Sharpe ratio is above what the best of as many trials has by luck",
        _deflated,
        formula="Φ((S − S₀)/error), S₀ = σ_S((1 − γ)Φ⁻¹(1 − 1/N) + γΦ⁻¹(1 − 1/(Ne))), γ = 0.5772…",
        convention="σ_S over the Sharpe ratios of all N trials; none when how many there were is not known",
        source=_2014,
        table="session_days",
    ),
    Statistic(
        "ratios",
        "least_sessions",
        "Least track record",
        "count",
        "Sessions that it takes until such a Sharpe ratio is above 0 with a probability of 95 %",
        _track_record,
        formula="1 + (1 − γ₃S + (γ₄ − 1)S²/4)·(Φ⁻¹(0.95)/S)²",
        convention="None for a Sharpe ratio of 0 or less",
        source=_2012,
        table="session_days",
    ),
)
"""Of how far it can be believed."""
