"""What follows on what: runs of wins and losses."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from workbench.analytics.statistic import Undefined, Value
from workbench.analytics.trades import Trades


def longest(flags: NDArray[np.bool_]) -> int:
    """How many true values follow on each other at most.

    >>> longest(np.array([True, False, True, True]))
    2
    """
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0


def runs_z(won: NDArray[np.bool_]) -> Value:
    """How many standard deviations there are more runs than chance makes: below 0 when wins come together.

    Wald and Wolfowitz, On a test whether two samples are from the same population, 1940.

    >>> round(runs_z(np.array([True, False] * 5)), 3)
    2.683
    """
    count, wins = len(won), int(won.sum())
    losses = count - wins
    if not wins or not losses:
        return Undefined("there are not both wins and losses")
    expected = 2 * wins * losses / count + 1
    variance = (expected - 1) * (expected - 2) / (count - 1)
    if variance <= 0:
        return Undefined("one win and one loss can come in one way only")
    runs = 1 + int((won[1:] != won[:-1]).sum())
    return (runs - expected) / math.sqrt(variance)


def after_two_losses(trades: Trades) -> NDArray[np.float64]:
    """Net PnL of trades that were begun when the last two that had ended on that day were losses."""
    ended = trades.ended
    closed, opened = (ended[name].cast(int).to_numpy() for name in ("closed", "opened"))
    # Trades by when they ended: how many had when each began.
    before = np.searchsorted(closed, opened, side="right")
    # A trade of no time ends when it begins, and so was not before itself.
    before = np.minimum(before, np.arange(len(closed)))
    losing = np.concatenate(([False, False], trades.net < 0))
    zoned = ended.select(
        *(
            ended[name].dt.convert_time_zone(trades.zone).dt.date().alias(name)
            for name in ("closed", "opened")
        )
    )
    days = np.concatenate(([-1, -1], zoned["closed"].cast(int).to_numpy()))
    today = zoned["opened"].cast(int).to_numpy()
    both = np.ones(len(closed), dtype=bool)
    for back in (1, 0):
        both &= losing[before + back] & (days[before + back] == today)
    return np.asarray(trades.net[both])
