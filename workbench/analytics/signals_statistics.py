"""Statistics of a signal's information coefficients."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from workbench.analytics.signals import Signals
from workbench.analytics.statistic import Statistic, Undefined, Value

_NONE = "no session has an information coefficient"
_ONE = "an error takes two sessions with an information coefficient"
_FEWEST = 2

Compute = Callable[[Signals], Value]


def _mean(signals: Signals) -> Value:
    known = signals.known
    return float(known.mean()) if len(known) else Undefined(_NONE)


def _deviation(signals: Signals) -> Value:
    known = signals.known
    return float(known.std(ddof=1)) if len(known) >= _FEWEST else Undefined(_ONE)


def _error(signals: Signals) -> Value:
    deviation = _deviation(signals)
    return deviation if isinstance(deviation, Undefined) else deviation / math.sqrt(len(signals.known))


def _over(divisor: Compute) -> Compute:
    def compute(signals: Signals) -> Value:
        mean, below = _mean(signals), divisor(signals)
        if isinstance(mean, Undefined):
            return mean
        if isinstance(below, Undefined):
            return below
        return mean / below if below > 0 else Undefined("all information coefficients are the same")

    return compute


def _positive(signals: Signals) -> Value:
    known = signals.known
    return float((known > 0).sum()) / len(known) if len(known) else Undefined(_NONE)


_signal = partial(Statistic, "signal", table="coefficients")
_GRINOLD = "Grinold and Kahn, Active Portfolio Management, 2nd edition, 2000"

STATISTICS: tuple[Statistic[Signals], ...] = (
    _signal(
        "ic_sessions",
        "Sessions with an IC",
        "count",
        "Sessions that have an information coefficient",
        lambda s: float(len(s.known)),
        "m",
        "What one takes: three pairs, and neither signals nor returns all equal",
    ),
    _signal(
        "ic_mean",
        "Information coefficient",
        "ratio",
        "Mean over sessions of the rank correlation of signal and forward return",
        _mean,
        "IC̄ = Σ IC_d / m, IC_d = Spearman(signal, P(t + h)/P(t) − 1)",
        "Each session counts once, however many pairs it has; equal values share their mean rank",
        _GRINOLD,
    ),
    _signal(
        "ic_deviation",
        "Information coefficient, deviation",
        "ratio",
        "Standard deviation over sessions",
        _deviation,
        "s = √(Σ(IC_d − IC̄)²/(m − 1))",
        "Of a sample",
    ),
    _signal(
        "ic_error",
        "Information coefficient, error",
        "ratio",
        "Standard error of the mean",
        _error,
        "s/√m",
        "Sessions are taken to be independent",
    ),
    _signal(
        "ic_t",
        "Information coefficient, t",
        "ratio",
        "How many errors the mean is from 0",
        _over(_error),
        "IC̄/(s/√m)",
        "Beyond 2 it is rarely chance, unless many signals were tried",
    ),
    _signal(
        "ic_ratio",
        "Information coefficient, ratio",
        "ratio",
        "Mean over deviation: how steady it is",
        _over(_deviation),
        "IC̄/s",
        "Per session, not annualised",
        _GRINOLD,
    ),
    _signal(
        "ic_positive",
        "Sessions with an IC above 0",
        "share",
        "Share of the sessions that have one",
        _positive,
        "#{IC_d > 0}/m",
    ),
)
"""All of them, in the order of a summary."""
