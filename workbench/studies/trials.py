"""What a backtest comes to as returns of sessions, and how good the best of many trials is by luck."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import polars as pl

from workbench.analytics.ratios import session_sharpe
from workbench.analytics.returns import SESSIONS_PER_YEAR, Returns, returns_of_days
from workbench.analytics.session_days import session_days
from workbench.analytics.statistic import Undefined
from workbench.errors import ConfigError
from workbench.studies.outcome import Outcome
from workbench.studies.sweep import Sweep

SHARPE = "sharpe"
"""The column that `sharpe_of` adds."""


def returns_of_outcome(outcome: Outcome, *, zone: str = "UTC", trials: Any = None) -> Returns:
    """Returns of a backtest's days.

    Parameters
    ----------
    outcome
        A backtest in which equity was noted.
    zone
        Whose midnight ends a day.
    trials
        Sharpe ratios a year of all that was tried, for the deflated one.

    Raises
    ------
    ConfigError
        When equity was not noted.
    """
    if outcome.equity.is_empty():
        raise ConfigError("equity was not noted", outcome.strategy, 'give equity_every="1d"')
    # Equity is noted when a bar is over, and the last bar's end is the next day's midnight.
    noted = outcome.equity.with_columns(pl.col("time") - timedelta(microseconds=1))
    start = pl.DataFrame(
        {"time": noted["time"][:1], "equity": [outcome.start_cash]}, schema_overrides=dict(noted.schema)
    )
    curve = pl.concat([start, noted]).with_columns(pnl=pl.col("equity") - outcome.start_cash)
    return returns_of_days(session_days([curve], zone), trials=trials)


def sharpe_of(outcome: Outcome) -> dict[str, Any]:
    """The Sharpe ratio a year of a backtest's days, as a further column of a sweep.

    It is null where there is none, as of a strategy that never traded.
    """
    found = session_sharpe(returns_of_outcome(outcome))
    return {SHARPE: None if isinstance(found, Undefined) else found * math.sqrt(SESSIONS_PER_YEAR)}


def tried(sweep: Sweep, column: str = SHARPE) -> list[float]:
    """Sharpe ratios of all settings of a sweep that have one.

    Raises
    ------
    ConfigError
        When the sweep did not compute them.
    """
    frame = sweep.frame
    if column not in frame.columns:
        raise ConfigError(f"the sweep has no column {column!r}", "tried", "sweep with metrics=sharpe_of")
    return [float(each) for each in frame[column].drop_nulls()]


def beside(inside: Sweep, outside: Sweep, column: str = SHARPE) -> pl.DataFrame:
    """Settings that two sweeps have in common, with a column of each.

    Gives the parameters, `inside`, `outside` and `rank` (1: the best outside).

    Raises
    ------
    ConfigError
        When the sweeps have not the same parameters, or one lacks the column.
    """
    names = list(inside.settings[0])
    if names != list(outside.settings[0]):
        raise ConfigError(
            f"the sweeps are over {', '.join(names)} and {', '.join(outside.settings[0])}",
            "beside",
            "give two of the same strategy and grid",
        )
    for each in (inside, outside):
        tried(each, column)
    found = inside.frame.select(*names, inside=column).join(
        outside.frame.select(*names, outside=column), on=names, how="inner", maintain_order="left"
    )
    rank = pl.col("outside").rank("min", descending=True).cast(pl.Int64)
    return found.drop_nulls().with_columns(rank=rank)
