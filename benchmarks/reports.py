"""How long reports take: `python -m benchmarks.reports`.

A session is recorded in a temporary data root: a class that trades among agents, each account with orders
of its own at its own times. Then, in this order: one `daily_pnl` with everything to be started and folded,
the same warm (others' accounts too), one of the whole class, and one for each account, two at a time.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from workbench.reporting import render
from workbench.session.run import run
from workbench.session.scenario import parse_scenario

ONE_S, CLASS_S = 3.0, 120.0
"""Targets: one account warm, and a class of 200 on two cores."""

_HEAD = """
title = "A class"
date = 2025-03-18
zone = "America/New_York"

[[instrument]]
symbol = "HARBOR"
price_min = 23
price_max = 92
fees = { maker_bps = "-0.10", taker_bps = "0.30" }

[agents]
seed = 7
open = "09:30"
close = "MINUTES"

[[agents.crew]]
symbol = "HARBOR"
start = 46.00
like = "HARBOR"
"""


def scenario(accounts: int, minutes: int) -> str:
    """A market of so many minutes, in which each account trades every five of them."""
    close = 9 * 60 + 30 + minutes
    parts = [_HEAD.replace("MINUTES", f"{close // 60:02}:{close % 60:02}")]
    parts += [f'[[account]]\nname = "student-{number}"\ncash = 100_000\n' for number in range(accounts)]
    entries = []
    for number in range(accounts):
        for place, second in enumerate(range(20 + number % 240, 60 * minutes - 60, 300)):
            side = "buy" if (place + number) % 2 else "sell"
            at = 9 * 3600 + 30 * 60 + second
            clock = f"{at // 3600:02}:{at % 3600 // 60:02}:{at % 60:02}"
            entries.append(
                (at, f'at = "{clock}", do = "{side}", account = "student-{number}", quantity = 10')
            )
    entries.sort()
    parts += [f'[[script]]\n{text.replace(", ", chr(10))}\ntype = "market"\n' for _, text in entries]
    return "\n".join(parts)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--minutes", type=int, default=15)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="workbench-reports-"))
    try:
        _measure(folder, given.accounts, given.minutes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(folder: Path, accounts: int, minutes: int) -> None:
    root = folder / "data"
    run(parse_scenario(scenario(accounts, minutes)), session="class", data=root)
    given = {"session": "class", "data": str(root)}

    def one(number: int) -> float:
        name = f"student-{number}"
        return render("daily_pnl", {**given, "account": name}, folder / name, replace=True).seconds

    rows = [("one account, everything cold", one(0), None)]
    rows.append(("another account, everybody's computed", one(1), CLASS_S))
    rows.append(
        ("one account, warm (median of 5)", statistics.median(one(number) for number in range(5)), ONE_S)
    )
    whole = render("daily_pnl", {**given, "class_id": "all"}, folder / "class").seconds
    rows.append(("the class, one report", whole, CLASS_S))
    began = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, range(accounts)))
    rows.append(("the class, a report for each account", time.perf_counter() - began, CLASS_S))
    print(f"load average {os.getloadavg()[0]:.1f}, {len(os.sched_getaffinity(0))} cores")
    for label, seconds, target in rows:
        verdict = "" if target is None else f"  target {target:g} s  {'PASS' if seconds < target else 'FAIL'}"
        print(f"{label:40} {seconds:8.2f} s{verdict}")


if __name__ == "__main__":
    main()
