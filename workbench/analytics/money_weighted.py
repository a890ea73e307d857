"""What an account felt of its returns: weighted by the money that it had in them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from workbench.analytics.returns import Returns
from workbench.analytics.statistic import Statistic, Undefined, Value

_STEPS = 200
_GROWTHS = np.sinh(np.linspace(-14.0, 14.0, 2_001)) * (np.log(1e6) / np.sinh(14.0))
"""Logarithms of growth a session at which flows are looked at if several rates might fit: finest near 0."""


def _sign(flows: NDArray[np.float64], growth: float) -> int:
    """Of what is left when all flows grow by the exponential of so much a session."""
    powers = np.arange(len(flows) - 1, -1, -1) * growth
    return int(np.sign((flows * np.exp(powers - powers.max())).sum()))


def internal_rate(flows: NDArray[np.float64]) -> Value:
    """The rate a period at which flows, in order and a period apart, are worth nothing.

    Parameters
    ----------
    flows
        Paid in above 0, received below.

    Returns
    -------
    float or Undefined
        The one rate above -1; none when there is no such rate, or more than one.

    Examples
    --------
    >>> round(internal_rate(np.array([100.0, 100.0, -189.0])), 4)
    -0.0371
    """
    moved = flows[flows != 0]
    changes = int((np.diff(np.sign(moved)) != 0).sum())
    if not changes:
        return Undefined("all money went one way")
    low, high = float(_GROWTHS[0]), float(_GROWTHS[-1])
    if changes > 1:
        signs = np.array([_sign(flows, growth) for growth in _GROWTHS])
        crossed = np.flatnonzero(signs[1:] != signs[:-1])
        if len(crossed) != 1:
            return Undefined("no rate, or more than one, fits what came in and went out")
        low, high = float(_GROWTHS[crossed[0]]), float(_GROWTHS[crossed[0] + 1])
    first = _sign(flows, low)
    if first == _sign(flows, high):
        return Undefined("no rate fits what came in and went out")
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        if _sign(flows, middle) == first:
            low = middle
        else:
            high = middle
    return math.expm1((low + high) / 2)


def _rate(returns: Returns) -> Value:
    if not returns.count:
        return Undefined("there is no session")
    flows = np.append(returns.flows, -returns.ends[-1])
    flows[0] = returns.starts[0]
    return internal_rate(flows)


def _money_weighted(returns: Returns) -> Value:
    found = _rate(returns)
    return found if isinstance(found, Undefined) else float((1 + found) ** returns.count - 1)


def _modified_dietz(returns: Returns) -> Value:
    if not returns.count:
        return Undefined("there is no session")
    weights = 1 - np.arange(returns.count) / returns.count
    invested = float(returns.starts[0] + (weights * returns.flows).sum())
    return (
        float(returns.profit[-1]) / invested
        if invested > 0
        else Undefined("no money was invested on average")
    )


STATISTICS: tuple[Statistic[Returns], ...] = (
    Statistic(
        "result",
        "money_weighted_return",
        "Return, money-weighted",
        "share",
        "Growth over all sessions at the one rate a session that explains the end by what was paid in when",
        _money_weighted,
        formula="(1 + i)^n − 1, where S_1(1 + i)^n + Σ_{t>1} F_t(1 + i)^{n−t+1} = E_n",
        convention="What the account felt; equals the time-weighted return when nothing came in or went out",
        source="GIPS 2020, money-weighted return (IRR)",
        table="session_days",
    ),
    Statistic(
        "result",
        "modified_dietz",
        "Return, modified Dietz",
        "share",
        "Money made over the money that was invested on average",
        _modified_dietz,
        formula="Σ(E_t − S_t)/(S_1 + Σ F_t·(n − t + 1)/n)",
        convention="Does not compound; flows count from the start of their session",
        source="Dietz, Pension Funds: Measuring Investment Performance, 1966",
        table="session_days",
    ),
)
"""Of returns and the money in them."""
