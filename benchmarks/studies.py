"""Strategies over bars and over a recorded book, beside the peers' own; and a sweep's use of the cores."""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.backtest import CASH, DAYS, SECOND, SHARED, _write
from benchmarks.backtest import Session as Recorded
from benchmarks.environment import PeerMissingError, run_peer
from benchmarks.measure import Report, best_of, times
from benchmarks.studies_strategies import CompiledCross, Cross, Requoter, used_so_far
from workbench.domain.instruments import Instrument
from workbench.feed.history import History
from workbench.studies.backtest import backtest
from workbench.studies.bars import BAR, Bars
from workbench.studies.news import Action
from workbench.studies.outcome import Outcome
from workbench.studies.pools import cores
from workbench.studies.sweep import sweep

YEARS, DAYS_A_YEAR, MINUTES_A_DAY = 10, 252, 390
FAST, SLOW, LOTS = 20, 100, 10
MINUTE_NS = 60 * SECOND


def minute_bars(years: float = YEARS, seed: int = 7) -> Bars:
    """Minute bars of a random walk in cents, opens where the bar before has closed."""
    rng = np.random.default_rng(seed)
    count = int(years * DAYS_A_YEAR) * MINUTES_A_DAY
    close = np.maximum(10_000 + np.cumsum(rng.integers(-3, 4, count)), 1_000)
    records = np.zeros(count, dtype=BAR)
    records["open_ticks"] = np.roll(close, 1)
    records["open_ticks"][0] = close[0]
    records["close_ticks"] = close
    records["high_ticks"] = np.maximum(records["open_ticks"], close) + rng.integers(0, 3, count)
    records["low_ticks"] = np.minimum(records["open_ticks"], close) - rng.integers(0, 3, count)
    records["volume_lots"] = rng.integers(1, 100, count)
    day, minute = np.divmod(np.arange(count), MINUTES_A_DAY)
    records["time_ns"] = 1_388_668_200 * SECOND + day * 86_400 * SECOND + minute * MINUTE_NS
    instrument = Instrument("WALK", "1", "1000")
    return Bars(records, instrument, MINUTE_NS, f"{count:,} minute bars of a random walk")


def _over_bars(report: Report, *, quick: bool) -> None:
    bars = minute_bars(1 if quick else YEARS)
    count = len(bars.records)
    table = report.table(
        f"A moving-average strategy over {count:,} minute bars",
        "what",
        "seconds",
        "bars a second",
        "fills",
        "equity at the end",
    )
    table.notes.append(
        "Market orders fill at the next bar's open, no fees; equity is noted at every bar. The peers compute "
        "their averages for all bars at once beforehand; workbench's strategies keep theirs as they go."
    )
    ours: dict[str, float] = {}
    for name, strategy, repeats in (("callbacks", Cross(), 3), ("compiled", CompiledCross(), 7)):
        outcomes: list[Outcome] = []

        def once(strategy: Any = strategy, outcomes: list[Outcome] = outcomes) -> float:
            outcomes.append(backtest(strategy, bars, cash=CASH))
            return float(outcomes[-1].seconds)

        ours[name] = best_of(repeats, once)
        summary = outcomes[-1].summary
        table.rows.append(
            [
                f"workbench, {name}",
                f"{ours[name]:.3f}",
                f"{count / ours[name]:,.0f}",
                f"{summary['fills']:,}",
                f"{summary['final_equity']:,.2f}",
            ]
        )
    targets = {
        "bars_backtrader": ("backtrader", {"callbacks": 10, "compiled": 50}),
        "bars_backtesting": ("backtesting.py", {"callbacks": 1}),
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "bars.npy", bars.records)
        about = {"fast": FAST, "slow": SLOW, "lots": LOTS, "cash": CASH}
        (folder / "about.json").write_text(json.dumps(about))
        for script, (peer, wanted) in targets.items():
            try:
                theirs = run_peer(script, folder, "1" if peer == "backtrader" else "2")
            except PeerMissingError as error:
                table.rows.append([peer, "-", "-", "-", str(error)])
                theirs = {}
            seconds = min(theirs.get("seconds", [float("nan")]))
            if theirs:
                table.rows.append(
                    [
                        peer,
                        f"{seconds:.3f}",
                        f"{count / seconds:,.0f}",
                        f"{theirs['fills']:,}",
                        f"{theirs['equity']:,.2f}",
                    ]
                )
            for kind, least in wanted.items():
                ratio = seconds / ours[kind]
                report.numbers[f"bars, {kind}, {peer}"] = ratio if theirs else None
                report.judge(
                    f"bars, {kind}: at least {least} times {peer}",
                    times(ratio) if theirs else "not measured",
                    ratio >= least if theirs else None,
                )


def _over_a_book(report: Report) -> None:
    day = DAYS[0]
    path = SHARED / day.path
    target = "GOOG day, market making, compiled: at least as fast as hftbacktest, same decisions"
    if not path.exists():
        report.judge(target, f"{path} is not there", None)
        return
    table = report.table(
        f"A market maker on {day.name}", "what", "seconds", "instants", "orders", "the same prices", "fills"
    )
    table.notes.append(
        "Each second it takes its quotes back and quotes one lot on each side at the touch, without latency. "
        "hftbacktest's strategy is compiled too, and its records are made beforehand."
    )
    history = _on_the_second(day.read(path))
    outcomes: list[Outcome] = []

    def once() -> float:
        outcomes.append(backtest(Requoter(), history, cash=CASH, equity_every=""))
        return float(outcomes[-1].seconds)

    before = best_of(10, once)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder, Recorded(history, SECOND), day)
        try:
            theirs = run_peer("backtest_hftbacktest", folder, "requoter", "10")
        except PeerMissingError as error:
            table.rows.append(["hftbacktest", "-", "-", "-", str(error), "-"])
            report.judge(target, "not measured", None)
            return
        log = np.load(folder / "backtest_hftbacktest.npy")
    seconds = min(before, best_of(10, once))
    best = min(theirs["seconds"])
    decisions = outcomes[-1].records["decisions"]
    orders = decisions[decisions["action"] != Action.CANCEL]
    start_ns = int(history.commands["time_ns"][0])
    own = np.zeros_like(log)
    own[(orders["time_ns"] - start_ns) // SECOND - 1, (orders["action"] == Action.SELL).astype(np.int64)] = (
        orders["price_ticks"]
    )
    same = int((own == log).sum()), own.size
    instants = len(np.unique(orders["time_ns"]))
    told = f"{same[0]:,} of {same[1]:,}"
    table.rows.append(
        [
            "workbench",
            f"{seconds:.4f}",
            f"{instants:,}",
            f"{len(orders):,}",
            told,
            f"{outcomes[-1].summary['fills']:,}",
        ]
    )
    made = int((log > 0).sum())
    table.rows.append(
        [
            "hftbacktest",
            f"{best:.4f}",
            f"{int((log > 0).any(axis=1).sum()):,}",
            f"{made:,}",
            told,
            f"{theirs['fills']:,}",
        ]
    )
    ratio = best / seconds
    report.numbers["book, compiled, hftbacktest"] = ratio
    report.judge(target, f"{times(ratio)}, {told} prices the same", ratio >= 1 and same[0] == same[1])


def _on_the_second(history: History) -> History:
    """The same day, moved so that it begins at a whole second and all instants are everybody's."""
    commands = history.commands.copy()
    commands["time_ns"] -= commands["time_ns"][0] % SECOND
    return History(
        commands=commands,
        rows=history.rows,
        row_times_ns=history.row_times_ns,
        instrument=history.instrument,
        quirks=history.quirks,
        source=history.source,
        kind=history.kind,
        origins=history.origins,
        zone=history.zone,
    )


def _sweeping(report: Report, *, quick: bool) -> None:
    workers = cores()
    settings = 100 if quick else 1_000
    bars = minute_bars(YEARS)
    grid = {"fast": list(range(5, 5 + settings // 10)), "slow": list(range(120, 320, 20))}
    start, own = time.monotonic(), time.process_time()
    found = sweep(CompiledCross, grid, bars, workers=workers, cash=CASH, metrics=used_so_far)
    wall, own = time.monotonic() - start, time.process_time() - own
    counted = found.frame.group_by("process").agg(
        pl.col("cpu_seconds").max().alias("used"),
        pl.col("waited_seconds").max().alias("waited"),
        (pl.col("cpu_seconds").max() - pl.col("cpu_seconds").min()).alias("used_then"),
        (pl.col("waited_seconds").max() - pl.col("waited_seconds").min()).alias("waited_then"),
    )
    sums = counted.sum().row(0, named=True)
    share = (sums["used"] + own) / (wall * workers - sums["waited"])
    # Without what a worker had used before its first setting was done.
    ends = found.frame["at"].to_numpy()
    between = float(ends.max() - ends.min())
    share_then = sums["used_then"] / (between * workers - sums["waited_then"])
    table = report.table(
        f"A sweep over {len(bars.records):,} bars",
        "settings",
        "workers",
        "seconds",
        "CPU seconds",
        "waited for a core",
        "use of the cores, with start",
        "from first to last setting",
    )
    table.notes.append(
        "CPU seconds of the workers and of the program, of all seconds of the cores but those in which "
        "workers waited because other programs had them. With start: starting the workers, reading, "
        "gathering results."
    )
    table.rows.append(
        [
            f"{len(found.rows):,}",
            f"{workers}",
            f"{wall:.1f}",
            f"{sums['used'] + own:.1f}",
            f"{sums['waited']:.1f}",
            f"{share:.0%}",
            f"{share_then:.0%}",
        ]
    )
    report.numbers["sweep, use of the cores"] = share
    report.numbers["sweep, use of the cores from first to last setting"] = share_then
    target = f"a sweep of {settings:,} settings uses {workers} cores at over 85 %"
    # A short one is mostly the start of its workers.
    said = f"{share:.0%}, from first to last setting {share_then:.0%}"
    report.judge(target, said, None if quick else share > 0.85)


def run(report: Report, *, quick: bool) -> None:
    """Bars, the book, the sweep."""
    os.environ.setdefault("NUMBA_NUM_THREADS", "1")
    _over_bars(report, quick=quick)
    _over_a_book(report)
    _sweeping(report, quick=quick)
