"""Many trading desks on one `workbench serve`: how late their data is, what each costs, what they leave.

A desk is what a browser opens: the page, Bokeh's socket with its document, and the stream with the desk's
topics. The same screen made of HoloViews streams and Tabulator follows the same market in the same run.
Alone: `python -m benchmarks.desks`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from benchmarks.desks_spread import HOST, free_port, page_servers
from benchmarks.environment import ROOT
from benchmarks.measure import Report, Table, times
from benchmarks.server import pinned, started

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

SizesT = TypeVar("SizesT", bound="DataclassInstance")

SYMBOL, SESSION = "FAST", "desks"
PATH = "/desk"
MARKET = """
title = "Desks"
date = 2025-03-18
zone = "America/New_York"

[[instrument]]
symbol = "FAST"
price_min = 10
price_max = 90
reference_price = 50

[seats]
count = {users}
cash = 1_000_000_000

[live]
epoch = "sim"
open = "09:30"
speed = 1
"""
LAG_P50_MS, LAG_P99_MS = 50.0, 250.0
CPU_MS, UPDATE_BYTES = 0.15, 1000.0
DESK_KIB = 1024.0
LEFT = 1.10
TOO_LATE_MS, AIM = 500.0, 1000
"""How late data may be at most, and how many desks it is aimed to be so for."""
PAGE_SERVERS = (1, 2, 4)
MOVED_MS = 10.0
"""How much later the median may be while desks order."""
CLASS_S, PAINT_S = 10.0, 1.5
MANY = 200
"""From so many desks on they carry all of the server's CPU."""
_START_S = 180.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured.

    Attributes
    ----------
    desks, ordering, churn, waves
        Desks at a time; those of them that order once a second; how many are opened and closed in all; how
        often as many again, of whom the server's memory is to know nothing.
    most
        Desks up to which it is tried how many there may be.
    rate, fast, seconds
        Updates a second, and those of a market in a hurry; how long each part is watched.
    pupils
        Desks of the class that loads at one moment, alone and beside the others.
    spread
        Desks that are opened with pages from other processes.
    obvious
        Pages of the comparison.
    repeats
        Paints of the browser.
    """

    desks: int = 500
    ordering: int = 200
    churn: int = 1000
    waves: int = 2
    most: int = 1500
    rate: float = 4.0
    fast: float = 20.0
    seconds: float = 20.0
    pupils: int = 50
    spread: int = 200
    obvious: int = 2
    repeats: int = 5


QUICK = Sizes(
    desks=60, ordering=20, churn=120, most=200, seconds=5.0, pupils=20, spread=40, obvious=1, repeats=3
)


@contextmanager
def answering(command: list[str], answer: Path) -> Iterator[dict[str, Any]]:
    """A process that says in a file where it is."""
    answer.unlink(missing_ok=True)
    with started(command) as process:
        end = time.monotonic() + _START_S
        while not answer.exists():
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{' '.join(command[1:3])} did not start")
            time.sleep(0.1)
        yield json.loads(answer.read_text())


@contextmanager
def exchange(
    folder: Path, users: int, *, log_in: bool = True, limited: bool = False, origins: Sequence[str] = ()
) -> Iterator[dict[str, Any]]:
    """A server with an open market and its users, logged in unless they do that themselves."""
    name = f"server-{len(list(folder.iterdir()))}"
    scenario, plan_file = folder / f"{name}.toml", folder / f"{name}.json"
    scenario.write_text(MARKET.format(users=users))
    plan = {
        "users": users,
        "log_in": log_in,
        "limited": limited,
        "origins": list(origins),
        "session": SESSION,
        "scenario": str(scenario),
        "data": str(folder / f"{name}-data"),
        "answer": str(folder / f"{name}-answer.json"),
        "deltas": str(folder / f"{name}-deltas.txt"),
    }
    plan_file.write_text(json.dumps(plan))
    command = [sys.executable, "-m", "benchmarks.desks_process", str(plan_file)]
    with answering(command, Path(plan["answer"])) as found:
        yield {**found, "deltas": plan["deltas"], "session": SESSION, "symbol": SYMBOL, "path": PATH}


def drive(folder: Path, module: str, found: dict[str, Any], **plan: Any) -> dict[str, Any]:
    """Load a server from a process of its own."""
    file = folder / "driver.json"
    file.write_text(json.dumps({**found, **plan}))
    command = pinned([sys.executable, "-m", f"benchmarks.{module}", str(file)])
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=1800)
    if done.returncode:
        raise RuntimeError(f"{module} failed: {done.stderr.strip()[-2000:]}")
    content: dict[str, Any] = json.loads(done.stdout)
    return content


def measure(report: Report, sizes: Sizes, *, browser: bool = True) -> None:
    """All parts, each on a server of its own."""
    with tempfile.TemporaryDirectory(prefix="workbench-desks-") as name:
        folder = Path(name)
        with exchange(folder, sizes.desks + sizes.pupils + 2) as found:
            many = drive(
                folder,
                "desks_driver",
                found,
                kind="desks",
                desks=sizes.desks,
                ordering=sizes.ordering,
                more=sizes.pupils,
                fast=sizes.fast,
                churn=sizes.churn,
                waves=sizes.waves,
                rate=sizes.rate,
                seconds=sizes.seconds,
                http_connections=20,
            )
        with exchange(folder, sizes.most + 2) as found:
            most = drive(
                folder,
                "desks_driver",
                found,
                kind="most",
                desks=sizes.most,
                step=max(1, sizes.most // 3),
                late_ms=TOO_LATE_MS,
                rate=sizes.rate,
                seconds=sizes.seconds / 2,
                http_connections=20,
            )
        apart = [spread(folder, sizes, count) for count in PAGE_SERVERS]
        with exchange(folder, sizes.obvious + 2) as found:
            few = drive(
                folder,
                "desks_driver",
                found,
                kind="desks",
                desks=sizes.obvious,
                ordering=0,
                more=0,
                fast=0,
                churn=0,
                waves=0,
                rate=sizes.rate,
                seconds=sizes.seconds,
                http_connections=20,
            )
            obvious = compared(folder, found, sizes)
        # A class comes to a server as it is after its start, with its limits and the costs of its passwords.
        with exchange(folder, sizes.pupils + 2, log_in=False, limited=True) as found:
            together = the_class(folder, found, sizes)
        paints = None
        if browser:
            with exchange(folder, 3) as found:
                paints = drive(folder, "desks_paint", found, repeats=sizes.repeats)
    report.numbers["desks"] = {
        "many": many,
        "most": most,
        "spread": apart,
        "few": few,
        "obvious": obvious,
        "class": together,
        "paint": paints,
    }
    _tables(report, sizes, many, few, obvious)
    _table_of_most(report, most, apart, many["open"])
    _judge(report, sizes, many)
    _judge_most(report, sizes, most)
    _judge_opening(report, sizes, together, paints)


def compared(folder: Path, found: dict[str, Any], sizes: Sizes) -> dict[str, Any]:
    """The obvious page, following the same market."""
    answer, log = folder / "panel-answer.json", folder / "panel-log.txt"
    plan_file = folder / "panel.json"
    plan_file.write_text(json.dumps({**found, "answer": str(answer), "panel_log": str(log)}))
    command = [sys.executable, "-m", "benchmarks.desks_panel", str(plan_file)]
    with answering(command, answer) as panel:
        return drive(
            folder,
            "desks_driver",
            {**found, "pid": panel["pid"], "deltas": str(log)},
            kind="obvious",
            panel_url=panel["url"],
            panel_path="/obvious",
            desks=sizes.obvious,
            rate=sizes.rate,
            seconds=sizes.seconds,
            http_connections=20,
        )


def spread(folder: Path, sizes: Sizes, processes: int) -> dict[str, Any]:
    """Opening desks when so many processes of `panel serve` make their pages."""
    port = free_port()
    pages = f"http://{HOST}:{port}"
    with (
        exchange(folder, sizes.spread + 2, origins=[pages]) as found,
        page_servers(folder, found["url"], port, processes) as workers,
    ):
        return drive(
            folder,
            "desks_driver",
            {**found, "path": "/trading"},
            kind="spread",
            pages=pages,
            workers=workers,
            desks=sizes.spread,
            http_connections=20,
        )


def the_class(folder: Path, found: dict[str, Any], sizes: Sizes) -> dict[str, Any]:
    """Everybody at one moment."""
    return drive(
        folder,
        "desks_driver",
        found,
        kind="class",
        desks=sizes.pupils,
        rate=sizes.rate,
        http_connections=20,
    )


def _shown(found: dict[str, float]) -> str:
    return " / ".join(f"{found[part]:.1f}" for part in ("p50", "p99", "max")) if found else "-"


def _row(name: str, part: dict[str, Any], connect: dict[str, Any]) -> list[str]:
    return [
        name,
        str(part["desks"]),
        _shown(connect),
        f"{part['updates_per_desk_s']:.1f}",
        _shown(part["lag_ms"]),
        _shown(part.get("order_lag_ms", {})),
        f"{part['cpu_ms_per_update']:.3f}",
        f"{part['bytes_per_update']:,.0f}",
        f"{part['cpu']:.0%}",
    ]


def _tables(
    report: Report, sizes: Sizes, many: dict[str, Any], few: dict[str, Any], obvious: dict[str, Any]
) -> None:
    table: Table = report.table(
        f"Desks: one market at {sizes.rate:g} updates/s, {sizes.seconds:g} s each",
        "",
        "desks",
        "connect, ms (p50 / p99 / max)",
        "updates/s",
        "lag, ms (p50 / p99 / max)",
        "order to desk, ms",
        "CPU per update and desk, ms",
        "bytes per update and desk",
        "server",
    )
    table.rows.append(_row("desk", many["watching"], many["open"]["connect_ms"]))
    table.rows.append(_row(f"desk, {sizes.ordering} order at 1/s", many["ordering"], {}))
    joined, fast = many["joined"], many["fast"]
    table.rows.append(_row(f"desk, while {sizes.pupils} more open at once", joined, joined["connect_ms"]))
    table.rows.append(_row(f"desk, market of {sizes.fast:g}/s", fast, {}))
    table.rows.append(_row("desk, few", few["watching"], few["open"]["connect_ms"]))
    table.rows.append(_row("HoloViews streams and Tabulator", obvious, obvious["connect_ms"]))
    cost, size = obvious["cpu_ms_per_update"], obvious["bytes_per_update"]
    one, each = few["watching"], many["watching"]
    table.notes.append(
        f"An update of the obvious page costs {_ratio(cost, one['cpu_ms_per_update'])} the CPU and "
        f"{_ratio(size, one['bytes_per_update'])} the bytes of one of a desk, with {sizes.obvious} of each; "
        f"{_ratio(cost, each['cpu_ms_per_update'])} the CPU of one of {sizes.desks} desks."
    )
    table.notes.append(
        f"The exchange with this market and no desks took {many['empty']['cpu']:.1%} of a core; CPU per "
        "update counts that too. Lag counts from before a delta is encoded until a desk has parsed it; "
        "order to desk from sending an order that trades until a desk has parsed the trade, with journal and "
        "window."
    )
    table.notes.append(
        f"Opening a desk cost the server {many['open']['cpu_ms']:.0f} ms of CPU; its document has "
        f"{many['open']['document_bytes']:,} bytes. The driver took {each['driver_cpu']:.0%} of a core and "
        f"was itself {_shown(each['driver_late_ms'])} ms late (p50 / p99 / max)."
    )
    table.notes.append(
        f"Orders of {sizes.ordering} desks were answered in {_shown(many['ordering']['answer_ms'])} ms."
    )


def _table_of_most(
    report: Report, most: dict[str, Any], apart: list[dict[str, Any]], single: dict[str, Any]
) -> None:
    table = report.table(
        "Desks: how many",
        "desks on one process",
        "lag, ms (p50 / p99 / max)",
        "order to desk, ms",
        "CPU per update and desk, ms",
        "server",
    )
    for step in most["steps"]:
        table.rows.append(
            [
                f"{step['desks']:,}",
                _shown(step["lag_ms"]),
                _shown(step["order_lag_ms"]),
                f"{step['cpu_ms_per_update']:.3f}",
                f"{step['cpu']:.0%}",
            ]
        )
    table = report.table(
        "Desks: pages from processes of their own (`panel serve --num-procs`), one exchange",
        "processes",
        "CPU to open a desk, ms: exchange",
        "each page process",
        "desks a second that the busiest could open",
    )
    table.rows.append(["in the exchange", f"{single['cpu_ms']:.1f}", "-", f"{1e3 / single['cpu_ms']:.0f}"])
    for count, part in zip(PAGE_SERVERS, apart, strict=True):
        busiest = max(part["exchange_ms"], *part["pages_ms"])
        pages = " / ".join(f"{each:.1f}" for each in part["pages_ms"])
        table.rows.append([str(count), f"{part['exchange_ms']:.1f}", pages, f"{1e3 / busiest:.0f}"])
    table.notes.append(
        "CPU and not time, for all of these processes and the driver share the same two cores. A socket that "
        "comes to another process than its page has the document made once more."
    )


def _judge_most(report: Report, sizes: Sizes, most: dict[str, Any]) -> None:
    good = [step["desks"] for step in most["steps"] if step["lag_ms"]["p99"] <= TOO_LATE_MS]
    held = max(good, default=0)
    passes = "more than that" if held == sizes.most else f"passed at {most['steps'][-1]['desks']:,}"
    wrong = most["lost"] + most["faults"]
    report.judge(
        f"desks: lag p99 <= {TOO_LATE_MS:.0f} ms with {min(AIM, sizes.most):,} desks",
        f"{held:,}, {passes} {wrong or ''}".strip(),
        held >= min(AIM, sizes.most) and not wrong,
    )


def _ratio(large: float, small: float) -> str:
    return times(large / small) if small else "-"


def _judge(report: Report, sizes: Sizes, many: dict[str, Any]) -> None:
    watching, ordering, memory = many["watching"], many["ordering"], many["memory"]
    wrong = many["faults"] + many["lost"] + many["refused"] + ordering["refused"]
    untimed = watching["deltas_without_a_time"] + ordering["deltas_without_a_time"]
    report.judge(
        "desks: every stream whole, no socket lost, no order refused",
        "yes" if not wrong and not untimed else f"{wrong} {untimed} deltas without a time",
        not wrong and not untimed,
    )
    for what, part in (("", watching), (f", {sizes.ordering} order at 1/s", ordering)):
        lags = (part["lag_ms"], part["order_lag_ms"])
        report.judge(
            f"desks: {sizes.desks}{what}: lag p50 < {LAG_P50_MS:.0f} ms, p99 < {LAG_P99_MS:.0f} ms; "
            "from the order too",
            "; ".join(_shown(lag) for lag in lags),
            all(lag and lag["p50"] < LAG_P50_MS and lag["p99"] < LAG_P99_MS for lag in lags),
        )
    moved = ordering["lag_ms"]["p50"] - watching["lag_ms"]["p50"]
    report.judge(
        f"desks: orders move the median lag by less than {MOVED_MS:.0f} ms", f"{moved:.1f}", moved < MOVED_MS
    )
    # Of that, what the market costs without any desk is no desk's; few desks cannot carry it.
    spent_ms = max(0.0, watching["cpu"] - many["empty"]["cpu"]) * 1e3
    net_ms = spent_ms / max(1e-9, watching["updates_per_desk_s"] * sizes.desks)
    gross_ms = watching["cpu_ms_per_update"]
    report.judge(
        f"desks: CPU per update and desk <= {CPU_MS} ms, at most {UPDATE_BYTES:,.0f} bytes",
        f"{gross_ms:.3f} ms ({net_ms:.3f} without the market's own), "
        f"{watching['bytes_per_update']:,.0f} bytes",
        (gross_ms if sizes.desks >= MANY else net_ms) <= CPU_MS
        and watching["bytes_per_update"] <= UPDATE_BYTES,
    )
    report.judge(
        "desks: less than 1 MiB of memory per desk",
        f"{memory['kib_per_desk']:.0f} KiB",
        memory["kib_per_desk"] < DESK_KIB,
    )
    report.judge(
        f"desks: memory within {LEFT - 1:.0%} when {sizes.churn} more come and go, {sizes.waves} times",
        f"{memory['left']:.2f}x: {memory['first_mib']:.0f} MiB after the first {sizes.churn} "
        f"({memory['first_mib'] / memory['empty_mib']:.2f}x what it had before any), then "
        f"{' / '.join(f'{each:.0f}' for each in memory['waves_mib'])}; {memory['empty_mib']:.0f} before any, "
        f"{memory['full_mib']:.0f} with {sizes.desks} open",
        memory["left"] <= LEFT,
    )


def _judge_opening(
    report: Report, sizes: Sizes, together: dict[str, Any], paints: dict[str, Any] | None
) -> None:
    trading = together["trading_ms"]
    report.judge(
        f"desks: a class of {sizes.pupils} logs in, loads all at once and trades within {CLASS_S:.0f} s",
        f"{_shown(trading)} ms, {together['cpu_ms']:.0f} ms of CPU each {together['faults'] or ''}",
        trading["max"] < CLASS_S * 1e3 and not together["faults"],
    )
    if paints is None:
        report.judge(f"desks: first paint with data < {PAINT_S} s", "no browser", passed=None)
        return
    ready = statistics.median(each["ready_ms"] for each in paints["opened"])
    first = statistics.median(each["paint_ms"] or 0.0 for each in paints["opened"])
    report.judge(
        f"desks: first paint with data < {PAINT_S} s (Chromium, empty cache, idle server)",
        f"{ready:,.0f} ms; something after {first:,.0f} ms",
        ready < PAINT_S * 1e3,
    )


def has_browser() -> bool:
    """Whether Chromium and what drives it are here."""
    import shutil

    return find_spec("playwright") is not None and bool(
        shutil.which("chromium") or shutil.which("chromium-browser")
    )


def has_panel() -> bool:
    """Whether what makes the pages is here."""
    return find_spec("panel") is not None and find_spec("bokeh_fastapi") is not None


def chosen_sizes(program: str, about: str | None, usual: SizesT, quick: SizesT) -> SizesT:
    """Sizes that the command line says, of a module that runs alone."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{program}", description=about)
    parser.add_argument("--quick", action="store_true", help="small sizes")
    for name, value in asdict(usual).items():
        parser.add_argument(f"--{name}", type=type(value), help=f"{value} unless given")
    chosen = vars(parser.parse_args())
    base = quick if chosen.pop("quick") else usual
    return replace(base, **{name: value for name, value in chosen.items() if value is not None})


def run(report: Report, *, quick: bool) -> None:
    """The part of `make bench`."""
    if not has_panel():
        report.judge("desks", "Panel is not installed", passed=None)
        return
    measure(report, QUICK if quick else Sizes(), browser=has_browser())


def main() -> int:
    """One run with sizes of one's own."""
    from rich.console import Console

    from benchmarks.__main__ import show

    report = Report()
    measure(report, chosen_sizes("desks", __doc__, Sizes(), QUICK), browser=has_browser())
    show(Console(width=200), report)
    return 0 if report.passed else 1


if __name__ == "__main__":
    sys.exit(main())
