"""Statistics and groups of a million trades, and the lots that they are made of beside pyfolio."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
import polars as pl

from benchmarks.measure import Report, best_of, rate, times
from workbench.analytics.breakdowns import DIMENSIONS, breakdowns
from workbench.analytics.columns import TIME
from workbench.analytics.excursions import SCHEMA as EXCURSIONS
from workbench.analytics.lots import lots_of
from workbench.analytics.round_trips import round_trips
from workbench.analytics.summary import summary
from workbench.analytics.trades import Trades
from workbench.analytics.trades_statistics import STATISTICS

TRADES = 1_000_000
LIMIT_S = 2.0
"""How long all of it may take for a million trades."""

PEER_FILLS = 4_000
SYMBOLS = 20
SEED = 7
ZONE = "America/New_York"
_START_NS = 1_577_975_400_000_000_000
_DAY_NS = 86_400_000_000_000


def fills(count: int) -> pl.DataFrame:
    """Entries and exits, each after the other, of instruments in turn over 250 days."""
    draw = np.random.default_rng(SEED)
    trades = count // 2
    symbol = np.repeat(draw.integers(SYMBOLS, size=trades), 2)
    buys = np.repeat(draw.random(trades) < 0.5, 2) ^ (np.arange(count) % 2 == 1)
    # In order of time and of instruments alike: a trade ends before the next of its instrument begins.
    times_ns = _START_NS + np.sort(draw.integers(250, size=count)) * _DAY_NS + np.arange(count) * 1_000
    return pl.DataFrame(
        {
            "symbol": np.array([f"S{number:02d}" for number in range(SYMBOLS)])[symbol],
            "side": np.where(buys, "BUY", "SELL"),
            "price": (100 + draw.normal(0, 0.5, count)).round(2),
            "quantity": np.repeat(draw.integers(1, 11, size=trades), 2).astype(float),
            "fee": 0.01,
            "seq": np.arange(1, count + 1),
            "time": pl.Series(times_ns).cast(TIME),
        }
    )


def trades_of(given: pl.DataFrame) -> Trades:
    """Round trips of fills, with a stop for each, so that every statistic has something to do."""
    rows = lots_of(given).trips
    sizes = pl.DataFrame({"symbol": rows["symbol"].unique(), "multiplier": 1.0, "increment": 0.01})
    trips = round_trips(rows, pl.DataFrame(schema=EXCURSIONS), sizes, _START_NS + 250 * _DAY_NS)
    beside = {
        "risk": (trips["quantity"] * 0.5).rename("risk"),
        "mfe": (trips["gross"].clip(0) + 1).rename("mfe"),
        "tag": trips["symbol"].str.head(2).rename("tag"),
        "since_open_s": (trips["held_s"] * 3600).rename("since_open_s"),
    }
    return Trades.of(trips, ZONE, **beside)


def run(report: Report, *, quick: bool) -> None:
    """A million trades in any case, for that is the target; pyfolio with few, for it takes long."""
    repeats = 2 if quick else 5
    given = fills(2 * TRADES)
    known = trades_of(given).rows
    steps: dict[str, Callable[[], Any]] = {
        f"{len(STATISTICS)} statistics": lambda: summary(Trades(known, ZONE)),
        f"groups by {len(DIMENSIONS)} things, with intervals": lambda: breakdowns(Trades(known, ZONE)),
        "lots of 2,000,000 fills, first in first out": lambda: lots_of(given, "fifo"),
    }
    spent = {name: best_of(repeats, partial(_seconds, step)) for name, step in steps.items()}
    table = report.table("A million trades", "what", "seconds", "trades")
    for name, seconds in spent.items():
        table.rows.append((name, f"{seconds:.2f}", rate(TRADES, seconds)))
    *metrics, _ = spent.values()
    report.judge(
        f"all statistics and groups of a million trades under {LIMIT_S:.0f} s",
        f"{sum(metrics):.2f} s",
        sum(metrics) < LIMIT_S,
    )
    report.numbers["trades"] = spent
    _beside_pyfolio(report, repeats)


def _seconds(step: Callable[[], Any]) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def _beside_pyfolio(report: Report, repeats: int) -> None:
    """The same fills through pyfolio's round trips, which are FIFO too."""
    try:
        extract_round_trips = import_module("pyfolio.round_trips").extract_round_trips
    except ImportError:
        report.judge("lots at least 100 times faster than pyfolio", "pyfolio is not installed", None)
        return
    few = fills(PEER_FILLS)
    signed = few.with_columns(
        amount=pl.when(pl.col("side") == "BUY")
        .then(pl.col("quantity"))
        .otherwise(-pl.col("quantity"))
        .cast(int)
    )
    transactions = (
        signed.select("amount", "price", "symbol", dt="time").to_pandas().set_index("dt").tz_convert(None)
    )
    theirs = _seconds(lambda: extract_round_trips(transactions))
    ours = best_of(repeats, lambda: _seconds(lambda: lots_of(few)))
    table = report.table(f"Lots of {PEER_FILLS:,} fills", "what", "seconds", "fills")
    table.rows.append(("pyfolio extract_round_trips", f"{theirs:.3f}", rate(PEER_FILLS, theirs)))
    table.rows.append(("lots_of", f"{ours:.4f}", rate(PEER_FILLS, ours)))
    report.judge("lots at least 100 times faster than pyfolio", times(theirs / ours), theirs > 100 * ours)
