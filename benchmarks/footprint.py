"""Memory and start-up, each measured in a fresh process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.environment import ROOT
from benchmarks.measure import Report, resident_bytes

BYTES_PER_ORDER = 200
WARM_SECONDS = 2.0
COLD_SECONDS = 60.0
BATCH = 10_000

FIRST_STEP = """
import json, time
start = time.perf_counter()
from workbench.domain.commands import new_order
from workbench.domain.codes import Side
from workbench.domain.config import Account, Venue
from workbench.domain.instruments import Instrument
from workbench.engine.exchange import Exchange
imported = time.perf_counter() - start
exchange = Exchange(Venue([Instrument("A", "1", "100")], [Account("a", 1000)]))
exchange.step(new_order(1, 2, 0, Side.BUY, 1, 1000))
print(json.dumps({"imported": imported, "stepped": time.perf_counter() - start}))
"""


def _fresh(*arguments: str, **environment: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    if done.returncode:
        raise RuntimeError(f"a fresh process failed:\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def start_up(report: Report) -> None:
    """Import and first step, with an empty cache of kernels and with a full one."""
    table = report.table("Start", "cache of kernels", "import", "import and first step")
    with tempfile.TemporaryDirectory() as cache:
        cold = _fresh("-c", FIRST_STEP, WORKBENCH_CACHE_DIR=cache)
        warm = min(
            (_fresh("-c", FIRST_STEP, WORKBENCH_CACHE_DIR=cache) for _ in range(3)),
            key=lambda run: float(run["stepped"]),
        )
    for name, run in (("empty", cold), ("full", warm)):
        table.rows.append([name, f"{run['imported']:.2f} s", f"{run['stepped']:.2f} s"])
    report.numbers["start"] = {"cold": cold, "warm": warm}
    report.judge(
        "import and first step below 2 s", f"{warm['stepped']:.2f} s", warm["stepped"] < WARM_SECONDS
    )
    report.judge("cold compile below 60 s", f"{cold['stepped']:.1f} s", cold["stepped"] < COLD_SECONDS)


def memory(report: Report, live_orders: int, commands: int) -> None:
    """Bytes per live order, and whether finished orders leave anything behind."""
    table = report.table(
        "Memory",
        "venue",
        "live orders",
        "arrays, bytes per order",
        "process, bytes per order",
    )
    table.notes.append(
        "Arrays: orders and both id tables, as allocated. Process: all growth of its own memory while the "
        "orders come in."
    )
    from benchmarks.flows import Flow, FlowSpec

    worst = 0.0
    for bare in (True, False):
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "commands.npy"
            np.save(path, Flow(FlowSpec("static", resting=live_orders)).fill_book())
            found = _fresh("-m", "benchmarks.footprint", "orders", str(path), "bare" if bare else "full")
        worst = max(worst, found["arrays"], found["process"])
        table.rows.append(
            [
                "bare" if bare else "full",
                f"{found['orders']:,}",
                f"{found['arrays']:.0f}",
                f"{found['process']:.0f}",
            ]
        )
    report.numbers["bytes_per_order"] = worst
    report.judge("at most 200 bytes per live order", f"{worst:.0f} bytes", worst <= BYTES_PER_ORDER)
    found = _fresh("-m", "benchmarks.footprint", "finished", str(commands))
    grown = found["after"] - found["before"]
    per_order = grown / max(1, found["finished"])
    table = report.table(
        "Finished orders", "commands", "orders finished", "memory before", "after", "bytes each"
    )
    table.rows.append(
        [
            f"{commands:,}",
            f"{found['finished']:,}",
            f"{found['before'] / 1e6:.1f} MB",
            f"{found['after'] / 1e6:.1f} MB",
            f"{per_order:.2f}",
        ]
    )
    table.notes.append(
        f"State: {found['arrays_before']:,} bytes allocated before, {found['arrays_after']:,} after."
    )
    # FIFO lots live as long as their positions, which wander; a finished order itself must leave nothing.
    report.judge("no growth with finished orders", f"{per_order:.2f} bytes each", per_order < 1)


def _orders(path: str, venue: str) -> None:
    from benchmarks.flows import Flow, FlowSpec
    from workbench.domain.records import EVENT
    from workbench.engine.exchange import Exchange

    commands = np.load(path, mmap_mode="r")
    flow = Flow(FlowSpec("static", resting=1))
    out = np.zeros(12 * BATCH + 8192, dtype=EVENT)
    made = flow.venue(bare=venue == "bare")
    spare = Exchange(made)
    spare.step(np.array(commands[:BATCH]), out)
    exchange = Exchange(made)
    exchange.step(np.array(commands[:1]), out)
    before = resident_bytes()
    for start in range(1, len(commands), BATCH):
        exchange.step(np.array(commands[start : start + BATCH]), out)
    after = resident_bytes()
    sizes = exchange.memory_bytes()
    count = len(commands)
    tables = sum(sizes[name] for name in ("orders", "by_order_id", "by_client_id"))
    print(json.dumps({"orders": count, "arrays": tables / count, "process": (after - before) / count}))


def _finished(commands: int) -> None:
    from benchmarks.flows import Flow, FlowSpec
    from workbench.domain.records import EVENT
    from workbench.engine.exchange import Exchange

    flow = Flow(FlowSpec())
    exchange = Exchange(flow.venue())
    out = np.zeros(12 * BATCH + 8192, dtype=EVENT)
    exchange.step(flow.fill_book(), out)
    for _ in range(20):
        exchange.step(flow.take(BATCH), out)
    first = flow.counts
    before, arrays_before = resident_bytes(), sum(exchange.memory_bytes().values())
    for _ in range(commands // BATCH):
        exchange.step(flow.take(BATCH), out)
    print(
        json.dumps(
            {
                "before": before,
                "after": resident_bytes(),
                "arrays_before": arrays_before,
                "arrays_after": sum(exchange.memory_bytes().values()),
                "finished": flow.counts["new_orders"] - first["new_orders"],
            }
        )
    )


def run(report: Report, *, quick: bool) -> None:
    """All of it."""
    start = perf_counter()
    start_up(report)
    memory(report, 1_000_000, 2_000_000 if quick else 10_000_000)
    report.numbers["footprint_seconds"] = perf_counter() - start


if __name__ == "__main__":
    if sys.argv[1] == "orders":
        _orders(sys.argv[2], sys.argv[3])
    else:
        _finished(int(sys.argv[2]))
