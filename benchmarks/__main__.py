"""`python -m benchmarks`: measure everything, print the tables, write out/bench/latest.json and latest.md."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np
from rich.console import Console
from rich.table import Table as RichTable

from benchmarks.environment import OUT, PINS
from benchmarks.flows import SCENARIOS, Flow, FlowSpec, reported
from benchmarks.measure import Report, load_average

WORDS = {True: "PASS", False: "FAIL", None: "-"}


def check() -> bool:
    """Small flows through generator, twin, kernel and bare book: all must tell the same story."""
    from workbench.engine.exchange import Exchange
    from workbench.engine.reference import ReferenceExchange

    good = True
    for scenario in SCENARIOS:
        for plain in (False, True):
            for by_client_id in (False, True):
                spec = FlowSpec(scenario, resting=200, instruments=2, plain=plain, by_client_id=by_client_id)
                flow = Flow(spec)
                warm_up, stream = flow.fill_book(), flow.take(3_000)
                told = []
                for bare in (False, True):
                    pair = [Exchange(flow.venue(bare=bare)), ReferenceExchange(flow.venue(bare=bare))]
                    for exchange in pair:
                        exchange.step(warm_up)
                    compiled, plainly = (exchange.step(stream) for exchange in pair)
                    told.append((reported(compiled), np.array_equal(compiled, plainly)))
                made = flow.counts
                same = all(
                    twin
                    and summary["refused"] == 0
                    and all(summary[key] == made[key] for key in made if key != "crossing")
                    for summary, twin in told
                )
                good = good and same
                print(f"{'same' if same else 'DIFFERENT'}: {spec}")
    return good


def show(console: Console, report: Report) -> None:
    """Print tables and verdicts."""
    for table in report.tables:
        rich = RichTable(title=table.title, title_justify="left", title_style="bold")
        for index, column in enumerate(table.columns):
            rich.add_column(column, justify="left" if index == 0 else "right", overflow="fold")
        for row in table.rows:
            rich.add_row(*row)
        console.print(rich)
        for note in table.notes:
            console.print(f"  {note}", style="dim")
        console.print()
    if report.verdicts:
        rich = RichTable(title="Targets", title_justify="left", title_style="bold")
        for column in ("target", "measured", ""):
            rich.add_column(column)
        for verdict in report.verdicts:
            style = {True: "green", False: "bold red", None: "dim"}[verdict.passed]
            rich.add_row(verdict.target, verdict.measured, WORDS[verdict.passed], style=style)
        console.print(rich)


def markdown(report: Report, about: dict[str, object]) -> str:
    """The same as a page."""
    lines = ["# Benchmarks", "", *(f"- {key}: {value}" for key, value in about.items()), ""]
    for table in report.tables:
        lines += [
            f"## {table.title}",
            "",
            "| " + " | ".join(table.columns) + " |",
            "|" + " --- |" * len(table.columns),
        ]
        lines += ["| " + " | ".join(row) + " |" for row in table.rows]
        lines += ["", *table.notes, ""]
    lines += ["## Targets", "", "| target | measured | |", "| --- | --- | --- |"]
    lines += [
        f"| {verdict.target} | {verdict.measured} | {WORDS[verdict.passed]} |" for verdict in report.verdicts
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run what was asked for; 1 when a target was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="smaller loads and fewer repeats, below two minutes"
    )
    parser.add_argument(
        "--check", action="store_true", help="measure nothing; check that flow, twin and kernel agree"
    )
    parser.add_argument(
        "--only",
        choices=[
            "engine",
            "rulebook",
            "footprint",
            "backtest",
            "studies",
            "journal",
            "store",
            "candles",
            "sequencer",
            "server",
            "desks",
            "gateways",
            "analytics",
            "trades",
        ],
        action="append",
        help="one part (may be repeated)",
    )
    chosen = parser.parse_args()
    if chosen.check:
        return 0 if check() else 1
    from benchmarks import (
        analytics,
        analytics_trades,
        backtest,
        candles,
        desks,
        desks_gateways,
        engine,
        footprint,
        journal,
        rulebook,
        sequencer,
        server,
        store,
        studies,
    )

    parts: dict[str, Callable[..., None]] = {
        "engine": engine.run,
        "rulebook": rulebook.run,
        "candles": candles.run,
        "footprint": footprint.run,
        "backtest": backtest.run,
        "studies": studies.run,
        "journal": journal.run,
        "store": store.run,
        "sequencer": sequencer.run,
        "server": server.run,
        "desks": desks.run,
        "gateways": desks_gateways.run,
        "analytics": analytics.run,
        "trades": analytics_trades.run,
    }
    console, report = Console(width=None if sys.stdout.isatty() else 160), Report()
    start, load = time.perf_counter(), load_average()
    for name, part in parts.items():
        if not chosen.only or name in chosen.only:
            console.print(f"{name} ...", style="dim")
            try:
                part(report, quick=chosen.quick)
            except Exception as error:  # noqa: BLE001 - one part must not cost the others their tables
                console.print_exception()
                report.judge(f"{name} runs to its end", f"{type(error).__name__}: {error}", passed=False)
    about: dict[str, object] = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "size": "quick" if chosen.quick else "full",
        "seconds": round(time.perf_counter() - start),
        "python": platform.python_version(),
        "numba": version("numba"),
        "peers": ", ".join(
            line.split("#")[0].strip() for line in PINS.read_text().splitlines() if not line.startswith("#")
        ),
        "load average at the start": load,
    }
    show(console, report)
    OUT.mkdir(parents=True, exist_ok=True)
    content = {"about": about, **asdict(report)}
    (OUT / "latest.json").write_text(json.dumps(content, indent=1) + "\n")
    (OUT / "latest.md").write_text(markdown(report, about))
    console.print(
        f"{about['seconds']} s, load average at the start {load}; written to {OUT}/latest.json and latest.md",
        style="dim",
    )
    return 0 if report.passed else 1


if __name__ == "__main__":
    sys.exit(main())
