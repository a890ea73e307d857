"""Every statistic of the workbench: what the summaries and docs/metrics.md are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.analytics import (
    attribution,
    benchmarks,
    breaches,
    breakdowns,
    drawdowns,
    execution,
    execution_statistics,
    inventory,
    lots,
    money_weighted,
    ratios,
    returns,
    session_statistics,
    sharpe,
    shortfall,
    signals,
    signals_statistics,
    tails,
    trades,
    trades_statistics,
    uncertainty,
)
from workbench.analytics.columns import Table
from workbench.analytics.statistic import AccountDay, Statistic


@dataclass(frozen=True, slots=True)
class Family:
    """The statistics of one subject.

    Attributes
    ----------
    name
        What they are the statistics of, as a heading: `returns`, `session`.
    about
        What a subject is and how one is made, in one sentence without its full stop.
    subject
        Its class.
    statistics
        In the order of a summary.
    tables
        Frames that it reads or is read with which docs/review-data.md does not have.
    """

    name: str
    about: str
    subject: type[Any]
    statistics: tuple[Statistic[Any], ...]
    tables: tuple[Table, ...] = ()


# One line for each; whoever adds statistics keeps them as STATISTICS in a file of their own.
FAMILIES: tuple[Family, ...] = (
    Family(
        "returns",
        "What an account, or a class, or a strategy made of its capital, session by session",
        returns.Returns,
        (
            *returns.STATISTICS,
            *money_weighted.STATISTICS,
            *drawdowns.STATISTICS,
            *ratios.STATISTICS,
            *sharpe.STATISTICS,
            *tails.STATISTICS,
            *benchmarks.STATISTICS,
        ),
        (returns.SESSION_DAYS, drawdowns.DRAWDOWN_EPISODES, uncertainty.RETURN_INTERVALS),
    ),
    Family("session", "What one account did in one session", AccountDay, session_statistics.STATISTICS),
    Family(
        "trades",
        "Round trips of one account, of one session or many, as `Trades.of` takes them",
        trades.Trades,
        trades_statistics.STATISTICS,
        (trades.TRADE_ROWS, breakdowns.BREAKDOWN, lots.LOT_FILLS, lots.LOT_MATCHES, lots.OPEN_LOTS),
    ),
    Family(
        "execution",
        "Fills, orders and positions of one account, of one session or many, as `Review.trading` gives them",
        execution.Execution,
        execution_statistics.STATISTICS,
        (
            execution.SPREADS,
            execution.CAPTURES,
            shortfall.SLIPPAGE,
            shortfall.SHORTFALL,
            inventory.INVENTORY,
            attribution.ATTRIBUTION,
            breaches.BREACHES,
        ),
    ),
    Family(
        "signals",
        "What a signal said against what prices then did, session by session, as `signals_of` makes it",
        signals.Signals,
        signals_statistics.STATISTICS,
        (signals.SIGNALS, signals.SIGNAL_PRICES, signals.FORWARD_RETURNS, signals.COEFFICIENTS),
    ),
)
"""All of them."""


def statistics_of(subject: type[Any]) -> tuple[Statistic[Any], ...]:
    """The statistics of a class of subjects, in order.

    Raises
    ------
    LookupError
        When no family has it.
    """
    for family in FAMILIES:
        if family.subject is subject:
            return family.statistics
    known = ", ".join(family.subject.__name__ for family in FAMILIES)
    raise LookupError(f"there are no statistics of {subject.__name__}: there are some of {known}")
