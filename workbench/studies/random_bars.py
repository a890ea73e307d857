"""Prices in which there is nothing to find: what a search finds in them is luck."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from workbench.errors import ConfigError

_STEPS = 26
"""Quarter hours of a session."""
_SESSIONS_PER_YEAR = 252
_CENT = 100
_WEEKEND = 5


def random_days(
    count: int, *, seed: int, price: float = 100.0, volatility: float = 0.2, first: date = date(2015, 1, 5)
) -> pl.DataFrame:
    """Daily bars of a geometric random walk without drift, on weekdays.

    Parameters
    ----------
    count
        How many days, 1 or more.
    seed
        The same seed gives the same days.
    price
        Where they begin.
    volatility
        Standard deviation of a year's return, such as 0.2.
    first
        The first day, a weekday.

    Returns
    -------
    polars.DataFrame
        `time` (midnight UTC of the day), `open`, `high`, `low`, `close` in whole cents, and `volume`, as
        `workbench.read_bars` gives them.

    Raises
    ------
    ConfigError
        For numbers that make no days.

    Examples
    --------
    >>> random_days(3, seed=1)["time"].dt.date().to_list()[-1]
    datetime.date(2015, 1, 7)
    """
    if count < 1 or not price > 0 or not volatility > 0 or first.weekday() >= _WEEKEND:
        raise ConfigError(
            f"{count} days from {first} at a price of {price} and a volatility of {volatility} are none",
            "random_days",
            "give 1 day or more, a price and a volatility above 0, and a first day from Monday to Friday",
        )
    rng = np.random.default_rng(seed)
    step = volatility / np.sqrt(_SESSIONS_PER_YEAR * _STEPS)
    # Less half the variance: the price itself, not its logarithm, is expected to stay where it is.
    moves = rng.normal(-(step**2) / 2, step, (count, _STEPS))
    path = price * np.exp(np.cumsum(moves).reshape(count, _STEPS))
    opens = np.concatenate(([price], path[:-1, -1]))
    every = np.column_stack((opens, path))
    cents = np.maximum(np.rint(every * _CENT), 1)
    weekday = first.weekday() + np.arange(count)
    gaps = weekday // _WEEKEND * 7 + weekday % _WEEKEND - first.weekday()
    days = [first + timedelta(days=int(gap)) for gap in gaps]
    return pl.DataFrame(
        {
            "time": pl.Series(days).cast(pl.Datetime("ns")).dt.replace_time_zone("UTC"),
            "open": cents[:, 0] / _CENT,
            "high": cents.max(axis=1) / _CENT,
            "low": cents.min(axis=1) / _CENT,
            "close": cents[:, -1] / _CENT,
            "volume": rng.integers(1_000, 100_000, count) * _CENT,
        }
    )
