"""What an account made of its capital, session by session, and the statistics of that alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from workbench.analytics.columns import Column, Table, money, number
from workbench.analytics.statistic import Statistic, Undefined, Value
from workbench.errors import AnalyticsError

SESSIONS_PER_YEAR = 252
"""Sessions that a year is taken to have."""

SESSION_DAYS = Table(
    "session_days",
    "One row for each session day of an account, in order, flat ones too",
    (
        Column("date", pl.Date, "day", "The exchange's own day"),
        money("start", "Equity when it began, with what came in or went out for it"),
        money("equity", "Equity when it ended"),
    ),
)

BENCHMARK = number(
    "benchmark", "share", "Return of what the account is held against; this column may be absent"
)
"""A fourth column of `SESSION_DAYS`."""

_CENTURIES = np.datetime64("1970-01-01", "D")


@dataclass(frozen=True, eq=False)
class Returns:
    """Returns of sessions that follow on each other, with the money that they were made of.

    Made by `returns_of` or `returns_of_days`, which check what they are given.

    Attributes
    ----------
    dates
        Day of each session, ascending; (sessions,).
    values
        Return of each, as a share of what the account had when it began; (sessions,). NaN from the session on
        that began with nothing to make a return of.
    starts, ends
        Equity when each began, with what came in or went out for it, and when it ended; (sessions,).
    benchmark
        Returns of what it is held against; (sessions,), or None.
    risk_free
        Share per year that money earns without risk.
    target
        Return of a session that is neither gain nor loss to Sortino and Omega.
    trials
        Sharpe ratios per year of every strategy that was tried before this one was chosen, itself included;
        None where nobody counted.
    """

    dates: NDArray[np.datetime64]
    values: NDArray[np.float64]
    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    benchmark: NDArray[np.float64] | None = None
    risk_free: float = 0.0
    target: float = 0.0
    trials: NDArray[np.float64] | None = None

    @property
    def count(self) -> int:
        """Sessions."""
        return len(self.values)

    @cached_property
    def risk_free_per_session(self) -> float:
        """(1 + R)^(1/A) - 1."""
        return float((1 + self.risk_free) ** (1 / SESSIONS_PER_YEAR) - 1)

    @cached_property
    def mean(self) -> float:
        """Arithmetic mean."""
        return float(self.values.mean())

    @cached_property
    def deviation(self) -> float:
        """Sample standard deviation (n - 1); 0 when all are equal, whatever rounding makes of their mean."""
        return deviation_of(self.values)

    @cached_property
    def wealth(self) -> NDArray[np.float64]:
        """What 1 would have become, with the 1; (sessions + 1,)."""
        return np.concatenate(([1.0], np.cumprod(1 + self.values)))

    @cached_property
    def drawdown(self) -> NDArray[np.float64]:
        """Wealth over its highest so far, less 1: 0 or less; (sessions + 1,)."""
        return self.wealth / np.maximum.accumulate(self.wealth) - 1

    @cached_property
    def flows(self) -> NDArray[np.float64]:
        """Money that came in (above 0) or went out for each session; of the first 0; (sessions,)."""
        return self.starts - np.concatenate((self.starts[:1], self.ends[:-1]))

    @cached_property
    def profit(self) -> NDArray[np.float64]:
        """Money made so far, none at first; (sessions + 1,)."""
        return np.concatenate(([0.0], np.cumsum(self.ends - self.starts)))

    @cached_property
    def money_drawdown(self) -> NDArray[np.float64]:
        """Money made less the most of it so far: 0 or less; (sessions + 1,)."""
        return self.profit - np.maximum.accumulate(self.profit)

    @cached_property
    def broken(self) -> str | None:
        """Why returns do not tell what became of the account; None when they do."""
        missing = np.flatnonzero(np.isnan(self.values))
        if len(missing):
            return f"equity was not above 0 when {self.dates[missing[0]]} began"
        below = np.flatnonzero(self.wealth[1:-1] < 0)
        return f"more than everything was lost on {self.dates[below[0]]}" if len(below) else None


def deviation_of(values: NDArray[np.float64]) -> float:
    """Sample standard deviation (n - 1) of two values or more; exactly 0 when all are equal."""
    return 0.0 if values.min() == values.max() else float(values.std(ddof=1))


def requires(least: int) -> Callable[[Callable[[Returns], Value]], Callable[[Returns], Value]]:
    """Makes a statistic undefined on fewer sessions, and where returns are `Returns.broken`."""

    def decorate(compute: Callable[[Returns], Value]) -> Callable[[Returns], Value]:
        @wraps(compute)
        def checked(returns: Returns) -> Value:
            if returns.count < least:
                sessions = "a session" if least == 1 else f"{least} sessions or more"
                return Undefined(f"it takes {sessions}, and there are {returns.count or 'none'}")
            if returns.broken is not None:
                return Undefined(returns.broken)
            return compute(returns)

        return checked

    return decorate


def _array(values: ArrayLike | pl.Series, what: str) -> NDArray[np.float64]:
    found = np.array(values, dtype=np.float64)
    if found.ndim != 1:
        raise AnalyticsError(
            f"{what} must be one value for each session, and they have {found.ndim} dimensions"
        )
    bad = np.flatnonzero(~np.isfinite(found))
    if len(bad):
        raise AnalyticsError(
            f"{what} have no number at session {bad[0] + 1} of {len(found)}: flat ones have 0"
        )
    return found


def _days(dates: Any, count: int) -> NDArray[np.datetime64]:
    if dates is None:
        return _CENTURIES + np.arange(count)
    found: NDArray[np.datetime64] = np.array(dates, dtype="datetime64[D]")
    if len(found) != count:
        raise AnalyticsError(f"there are {len(found)} dates for {count} sessions: give each session its own")
    late = np.flatnonzero(~(found[1:] > found[:-1]))
    if len(late):
        raise AnalyticsError(
            f"dates must ascend, and {found[late[0] + 1]} does not follow {found[late[0]]}: sort them"
        )
    return found


def _beside(values: Any, count: int) -> NDArray[np.float64] | None:
    if values is None:
        return None
    found = _array(values, "returns of the benchmark")
    if len(found) != count:
        raise AnalyticsError(
            f"the benchmark has {len(found)} returns for {count} sessions: give one for each"
        )
    return found


def returns_of(
    values: ArrayLike | pl.Series,
    *,
    dates: Any = None,
    capital: float = 1.0,
    benchmark: ArrayLike | pl.Series | None = None,
    risk_free: float = 0.0,
    target: float = 0.0,
    trials: ArrayLike | None = None,
) -> Returns:
    """`Returns` that are known as such.

    Parameters
    ----------
    values
        Share that each session made: 0.01 for 1 %.
    dates
        Ascending; days that follow on each other where none are given.
    capital
        Money at the beginning, to which nothing came and of which nothing went.
    benchmark, risk_free, target, trials
        As in `Returns`.

    Raises
    ------
    AnalyticsError
        When a value is missing or no number, dates do not ascend, or lengths differ.

    Examples
    --------
    >>> returns_of([0.1, -0.1]).wealth.round(2)
    array([1.  , 1.1 , 0.99])
    """
    found = _array(values, "returns")
    level = capital * np.concatenate(([1.0], np.cumprod(1 + found)))
    tried = None if trials is None else _array(trials, "Sharpe ratios of trials")
    given = _beside(benchmark, len(found))
    return Returns(_days(dates, len(found)), found, level[:-1], level[1:], given, risk_free, target, tried)


def returns_of_days(
    days: pl.DataFrame, *, risk_free: float = 0.0, target: float = 0.0, trials: ArrayLike | None = None
) -> Returns:
    """`Returns` of `SESSION_DAYS`, which may have a column `benchmark`.

    Raises
    ------
    AnalyticsError
        When a column is missing, a value is no number, or days do not ascend.
    """
    absent = [name for name in SESSION_DAYS.names if name not in days.columns]
    if absent:
        raise AnalyticsError(
            f"session days have no column {absent[0]!r}: they take {', '.join(SESSION_DAYS.names)}"
        )
    starts, ends = (
        _array(days["start"], "equities at the start"),
        _array(days["equity"], "equities at the end"),
    )
    # What began with nothing and ended with nothing was a flat session of an account that is wiped out.
    begun = np.where(starts > 0, starts, np.nan)
    values = np.where((starts == 0) & (ends == 0), 0.0, ends / begun - 1)
    tried = None if trials is None else _array(trials, "Sharpe ratios of trials")
    given = _beside(days["benchmark"] if "benchmark" in days.columns else None, len(values))
    dates = _days(days["date"].to_numpy(), len(values))
    return Returns(dates, values, starts, ends, given, risk_free, target, tried)


def annualised(wealth: float, count: int) -> Value:
    """What 1 that became so much in so many sessions gains in a year, compounded.

    >>> round(annualised(1.21, 504), 12)
    0.1
    """
    if wealth <= 0:
        return Undefined("everything was lost")
    try:
        return math.expm1(math.log(wealth) * SESSIONS_PER_YEAR / count)
    except OverflowError:
        return Undefined("so much in so few sessions is no number a year")


@requires(1)
def total_return(returns: Returns) -> Value:
    """What 1 unit of money would have gained, whatever came in or went out."""
    return float(returns.wealth[-1]) - 1


@requires(1)
def _cagr(returns: Returns) -> Value:
    return annualised(float(returns.wealth[-1]), returns.count)


@requires(2)
def _volatility(returns: Returns) -> Value:
    return float(returns.deviation * np.sqrt(SESSIONS_PER_YEAR))


def _net_pnl(returns: Returns) -> Value:
    return round(float(returns.profit[-1]), 6)


STATISTICS: tuple[Statistic[Returns], ...] = (
    Statistic(
        "result",
        "sessions",
        "Sessions",
        "count",
        "Session days, flat ones too",
        lambda returns: float(returns.count),
        formula="n",
        convention="A day without a trade is a session with a return of 0, and none is left out",
        table="session_days",
    ),
    Statistic(
        "result",
        "net_pnl",
        "Net PnL",
        "currency",
        "Money made after fees, without what came in or went out",
        _net_pnl,
        formula="Σ(E_t − S_t)",
        table="session_days",
    ),
    Statistic(
        "result",
        "total_return",
        "Return, time-weighted",
        "share",
        "What 1 unit of money would have gained, whatever came in or went out",
        total_return,
        formula="Π(1 + r) − 1",
        convention="Ranks skill; the money-weighted return is what the account felt",
        source="GIPS 2020, time-weighted return",
        table="session_days",
    ),
    Statistic(
        "result",
        "cagr",
        "Return a year",
        "share",
        "The constant yearly return that gives the same",
        _cagr,
        formula="(Π(1 + r))^(A/n) − 1",
        convention="By sessions, not by calendar days; none when everything was lost",
        source="Bacon, Practical Portfolio Performance Measurement and Attribution, 2nd ed., ch. 2",
        table="session_days",
    ),
    Statistic(
        "result",
        "mean_return",
        "Mean return of a session",
        "share",
        "Arithmetic mean",
        requires(1)(lambda returns: returns.mean),
        formula="μ",
        table="session_days",
    ),
    Statistic(
        "result",
        "best_session",
        "Best session",
        "share",
        "Highest return of a session",
        requires(1)(lambda returns: float(returns.values.max())),
        formula="max r",
        table="session_days",
    ),
    Statistic(
        "result",
        "worst_session",
        "Worst session",
        "share",
        "Lowest return of a session",
        requires(1)(lambda returns: float(returns.values.min())),
        formula="min r",
        table="session_days",
    ),
    Statistic(
        "result",
        "green_sessions",
        "Green sessions",
        "share",
        "Share of sessions with a return above 0",
        requires(1)(lambda returns: float((returns.values > 0).mean())),
        formula="#(r > 0)/n",
        convention="Of all sessions, flat ones too; this is no win rate of trades",
        table="session_days",
    ),
    Statistic(
        "risk",
        "volatility",
        "Volatility a year",
        "share",
        "Sample standard deviation of returns, scaled to a year",
        _volatility,
        formula="σ·√A",
        convention="n − 1; sessions are taken to be independent",
        source="Bacon, ch. 3",
        table="session_days",
    ),
)
"""Of returns alone."""
