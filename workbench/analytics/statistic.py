"""Statistics: each a small function with its name, unit and convention, in one list."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import polars as pl

from workbench.analytics.spans import Span, united
from workbench.analytics.tables import SUMMARY


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
    sessions
        Of several sessions, when each ran; of one session nothing.
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
    sessions: tuple[Span, ...] = ()

    @property
    def spans(self) -> tuple[Span, ...]:
        """When there was a session: each time once, however many ran."""
        return united(self.sessions or ((self.start_ns, self.end_ns),))

    @property
    def closed(self) -> pl.DataFrame:
        """Round trips that have ended."""
        return self.round_trips.filter(pl.col("result") != "open")

    def of(self, result: str) -> pl.DataFrame:
        """Round trips that are a `win`, `loss`, `scratch` or `open`."""
        return self.round_trips.filter(pl.col("result") == result)


Value = float | Undefined
"""A number, or why there is none; never 0, a bound or infinity in place of one."""

Subject = TypeVar("Subject")
"""What a statistic is computed of, such as `AccountDay` or `workbench.analytics.returns.Returns`."""


@dataclass(frozen=True, slots=True)
class Statistic(Generic[Subject]):
    """One statistic.

    Attributes
    ----------
    group, name, label, unit
        As in `workbench.analytics.tables.SUMMARY`; a name is given once among all that
        `workbench.analytics.registry` lists for a subject.
    about
        What it says, in one sentence without its full stop.
    compute
        Gives the value, or why there is none.
    formula
        In the symbols of docs/metrics.md; "" where `about` already is the formula.
    convention
        What else could be meant and is not, and when there is no value; "" when neither can be asked.
    source
        Where the formula is from; "" for counts and sums.
    table
        Name of the frame that it reads, as in docs/review-data.md or docs/metrics.md.
    """

    group: str
    name: str
    label: str
    unit: str
    about: str
    compute: Callable[[Subject], Value]
    formula: str = ""
    convention: str = ""
    source: str = ""
    table: str = ""


def evaluated(statistics: Sequence[Statistic[Subject]], subject: Subject) -> pl.DataFrame:
    """`workbench.analytics.tables.SUMMARY` of a subject: a row for each statistic, in their order.

    A value that is no finite number is an error of the statistic, and raised as one.

    Raises
    ------
    ArithmeticError
        When a statistic gives NaN or infinity.
    """
    rows = []
    for each in statistics:
        found = each.compute(subject)
        value, reason = (None, found.reason) if isinstance(found, Undefined) else (float(found), None)
        if value is not None and not math.isfinite(value):
            raise ArithmeticError(f"the statistic {each.name} came to {found}: it must say why there is none")
        rows.append(
            {
                "group": each.group,
                "statistic": each.name,
                "label": each.label,
                "value": value,
                "unit": each.unit,
                "about": each.about,
                "reason": reason,
            }
        )
    return pl.DataFrame(rows, schema=SUMMARY.schema)


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
