"""All statistics of ten years of daily returns, beside quantstats' full metrics of the same series."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.measure import Report, times
from workbench.analytics.drawdowns import drawdown_episodes
from workbench.analytics.returns import returns_of
from workbench.analytics.summary import summary
from workbench.analytics.uncertainty import return_intervals

SESSIONS = 2_520
RESAMPLES = 1_000
SEED = 7
FASTER_TIMES = 10.0
"""How many times faster than quantstats' full metrics is wanted."""

_SHARED = (
    "comp",
    "cagr",
    "best",
    "worst",
    "volatility",
    "max_drawdown",
    "ulcer_index",
    "sharpe",
    "probabilistic_sharpe_ratio",
    "sortino",
    "calmar",
    "omega",
    "skew",
    "kurtosis",
    "value_at_risk",
    "conditional_value_at_risk",
    "tail_ratio",
)
"""Functions of quantstats whose statistic the workbench has too."""


def run(report: Report, *, quick: bool) -> None:
    """Each contender in turn, the best of several repeats; series are new each time, so nothing is kept."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pandas as pd
            from quantstats import reports, stats
    except ImportError as missing:
        report.judge(
            "statistics of 10 years of returns against quantstats",
            f"{missing}: run make setup",
            passed=None,
        )
        return
    draw = np.random.default_rng(SEED)
    values = draw.standard_t(4, SESSIONS) * 0.01 + 0.0003
    market = draw.normal(0.0004, 0.01, SESSIONS)
    dates = np.datetime64("2015-01-01", "D") + np.arange(SESSIONS)
    series, other = (pd.Series(each, index=pd.DatetimeIndex(dates)) for each in (values, market))
    ours, theirs = "workbench, all statistics", "quantstats, full metrics"
    contenders: dict[str, Callable[[], Any]] = {
        ours: lambda: summary(returns_of(values, dates=dates)),
        f"{ours}, benchmark": lambda: summary(returns_of(values, dates=dates, benchmark=market)),
        "workbench, drawdown episodes": lambda: drawdown_episodes(returns_of(values, dates=dates)),
        f"workbench, {RESAMPLES:,} resamples of eight": lambda: return_intervals(
            returns_of(values, dates=dates), resamples=RESAMPLES
        ),
        theirs: lambda: reports.metrics(series, mode="full", display=False),
        f"{theirs}, benchmark": lambda: reports.metrics(series, benchmark=other, mode="full", display=False),
        f"quantstats, {len(_SHARED)} functions": lambda: [getattr(stats, name)(series) for name in _SHARED],
    }
    best = dict.fromkeys(contenders, float("inf"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(3 if quick else 15):
            for name, work in contenders.items():
                start = time.perf_counter()
                work()
                best[name] = min(best[name], time.perf_counter() - start)
    table = report.table(f"Statistics of {SESSIONS:,} daily returns", "what", "ms", f"against {theirs}")
    for name, seconds in best.items():
        table.rows.append([name, f"{seconds * 1e3:.2f}", times(best[theirs] / seconds)])
    counted = dict(
        summary(returns_of(values, dates=dates, benchmark=market)).select("statistic", "value").rows()
    )
    known = sum(value is not None for value in counted.values())
    table.notes.append(
        f"The workbench gives {known} statistics with a benchmark; quantstats 79, many of months and years."
    )
    report.numbers["analytics"] = best
    ratio = min(best[theirs] / best[ours], best[f"{theirs}, benchmark"] / best[f"{ours}, benchmark"])
    report.judge(
        f"statistics of 10 years of returns {FASTER_TIMES:.0f} times faster than quantstats' full metrics",
        times(ratio),
        passed=ratio >= FASTER_TIMES,
    )
