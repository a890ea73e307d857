"""Statistics: each a small function with its name, unit and convention, in one list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl


class Undefined(NamedTuple):
    """That there is no value, and why.

    Attributes
    ----------
    reason
        In a few words.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class AccountDay:
    """What statistics are computed from.

    Attributes
    ----------
    curve, drawdowns, round_trips, fills, orders, markout_curve
        The frames of those names (`workbench.analytics.tables`).
    sizes
        `symbol`, `multiplier`, `increment`, and `volume`: what the market traded.
    start_ns, end_ns
        When the session began and ended.
    """

    curve: pl.DataFrame
    drawdowns: pl.DataFrame
    round_trips: pl.DataFrame
    fills: pl.DataFrame
    orders: pl.DataFrame
    markout_curve: pl.DataFrame
    sizes: pl.DataFrame
    start_ns: int
    end_ns: int

    @property
    def closed(self) -> pl.DataFrame:
        """Round trips that have ended."""
        return self.round_trips.filter(pl.col("result") != "open")

    def of(self, result: str) -> pl.DataFrame:
        """Round trips that are a `win`, `loss`, `scratch` or `open`."""
        return self.round_trips.filter(pl.col("result") == result)


Value = float | Undefined
Compute = Callable[[AccountDay], Value]


@dataclass(frozen=True, slots=True)
class Statistic:
    """One statistic.

    Attributes
    ----------
    group, name, label, unit
        As in `workbench.analytics.tables.SUMMARY`.
    about
        Its formula or convention, in one sentence without its full stop.
    compute
        Gives the value, or why there is none.
    """

    group: str
    name: str
    label: str
    unit: str
    about: str
    compute: Compute


def total(values: pl.Series) -> float:
    """A sum of money, without what doubles leave behind the micro."""
    return round(float(values.sum()), 6)


def mean(values: pl.Series, missing: str) -> Value:
    """The arithmetic mean, nulls apart."""
    found = values.drop_nulls()
    return float(found.to_numpy().mean()) if len(found) else Undefined(missing)


def median(values: pl.Series, missing: str) -> Value:
    """The median, nulls apart."""
    found = values.drop_nulls().sort()
    if not len(found):
        return Undefined(missing)
    low, high = found[(len(found) - 1) // 2], found[len(found) // 2]
    return (float(low) + float(high)) / 2


def ratio(above: float, below: float, missing: str) -> Value:
    """A quotient; undefined over 0."""
    return above / below if below else Undefined(missing)


def longest_run(flags: pl.Series) -> int:
    """How many true values follow on each other at most.

    >>> longest_run(pl.Series([True, False, True, True]))
    2
    """
    best = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        best = max(best, run)
    return best
