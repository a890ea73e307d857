"""Streams of many desks on one exchange alone, and behind gateways: what an update costs each process.

The same driver opens the same desks each time; two accounts trade, so that every desk is told as often. A
desk's lag counts from before the exchange encodes a delta until the desk has parsed it, with the gateway
between. Alone: `python -m benchmarks.desks_gateways`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.desks import chosen_sizes, drive, exchange, has_panel
from benchmarks.desks_spread import HOST, free_port
from benchmarks.environment import ROOT
from benchmarks.measure import Report
from benchmarks.server import pinned

GATEWAYS = (0, 1, 2)
LAG_P50_MS, LAG_P99_MS = 50.0, 250.0
SPARED = 0.5
"""What is left to the exchange of the cost of an update, at most, when gateways tell the desks."""
_START_S = 60.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured.

    Attributes
    ----------
    desks
        Desks at a time.
    rate, seconds
        Updates a second, and how long they are watched.
    """

    desks: int = 500
    rate: float = 10.0
    seconds: float = 20.0


QUICK = Sizes(desks=60, seconds=4.0)


@contextmanager
def gateway(folder: Path, upstream: str) -> Iterator[tuple[str, int]]:
    """A gateway in a process of its own: its address and id."""
    port = free_port()
    url = f"http://{HOST}:{port}"
    command = [sys.executable, "-c", "from workbench.cli import app; app()", "gateway"]
    command += ["--upstream", upstream, "--port", str(port)]
    with (folder / f"gateway-{port}.log").open("wb") as log:
        process = subprocess.Popen(pinned(command), cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
        try:
            end = time.monotonic() + _START_S
            while True:
                try:
                    httpx.get(f"{url}/gateway/health", trust_env=False).raise_for_status()
                    break
                except httpx.TransportError:
                    if process.poll() is not None or time.monotonic() > end:
                        raise RuntimeError("a gateway did not start") from None
                    time.sleep(0.1)
            yield url, process.pid
        finally:
            process.terminate()
            process.wait(30)


def one(folder: Path, sizes: Sizes, count: int) -> dict[str, Any]:
    """All desks behind so many gateways."""
    with ExitStack() as stack:
        found = stack.enter_context(exchange(folder, sizes.desks + 2))
        behind = [stack.enter_context(gateway(folder, found["url"])) for _ in range(count)]
        return drive(
            folder,
            "desks_gateways_driver",
            found,
            gateways=[url for url, _ in behind],
            gateway_pids=[pid for _, pid in behind],
            desks=sizes.desks,
            rate=sizes.rate,
            seconds=sizes.seconds,
            http_connections=10,
        )


def costs(part: dict[str, Any]) -> list[float]:
    """Milliseconds of CPU for each update of each desk, without what a process needs with no desk."""
    updates = part["updates_per_desk_s"] * part["desks"]
    return [
        max(0.0, share - empty) * 1e3 / updates
        for share, empty in zip(part["shares"], part["empty"], strict=True)
    ]


def room(part: dict[str, Any]) -> float:
    """Desks at which the first process would need a whole core, were each desk to cost as much as it did."""
    return min(
        part["desks"] * (1.0 - empty) / max(1e-6, share - empty)
        for share, empty in zip(part["shares"], part["empty"], strict=True)
    )


def measure(report: Report, sizes: Sizes) -> None:
    """The same desks with and without gateways, each time on an exchange of its own."""
    with tempfile.TemporaryDirectory(prefix="workbench-gateways-") as name:
        parts = [one(Path(name), sizes, count) for count in GATEWAYS]
    report.numbers["gateways"] = dict(zip(map(str, GATEWAYS), parts, strict=True))
    table = report.table(
        f"Streams of {sizes.desks:,} desks at {sizes.rate:g} updates/s, behind gateways",
        "gateways",
        "lag, ms (p50 / p99 / max)",
        "exchange: of a core",
        "CPU per update and desk, µs",
        "to open a stream, ms",
        "each gateway: of a core",
        "CPU per update and desk, µs ",
        "MiB",
        "desks until the busiest is full",
    )
    for count, part in zip(GATEWAYS, parts, strict=True):
        each = costs(part)
        lag = part["lag_ms"]
        table.rows.append(
            [
                str(count),
                f"{lag['p50']:.0f} / {lag['p99']:.0f} / {lag['max']:.0f}",
                f"{part['shares'][0]:.1%}",
                f"{each[0] * 1e3:.1f}",
                f"{part['opening_ms'][0]:.1f}",
                " / ".join(f"{share:.1%}" for share in part["shares"][1:]) or "-",
                " / ".join(f"{cost * count * 1e3:.1f}" for cost in each[1:]) or "-",
                " / ".join(f"{size:.0f}" for size in part["memory_mib"][1:]) or "-",
                f"{room(part):,.0f}",
            ]
        )
    table.notes.append(
        "The cost of an update is without what the process needs with no desk: of the exchange to all desks, "
        "of a gateway to its own. All processes share the same cores, so CPU is told and not time."
    )
    _judge(report, sizes, parts)


def _judge(report: Report, sizes: Sizes, parts: list[dict[str, Any]]) -> None:
    wrong = [part[what] for part in parts for what in ("faults", "lost", "refused") if part[what]]
    untimed = sum(part["deltas_without_a_time"] for part in parts)
    report.judge(
        "gateways: every stream whole, no socket lost",
        "yes" if not wrong and not untimed else f"{wrong} {untimed} deltas without a time",
        not wrong and not untimed,
    )
    for count, part in zip(GATEWAYS, parts, strict=True):
        lag = part["lag_ms"]
        report.judge(
            f"gateways: {sizes.desks:,} desks behind {count}: lag p50 < {LAG_P50_MS:.0f} ms, "
            f"p99 < {LAG_P99_MS:.0f} ms",
            f"{lag['p50']:.0f} / {lag['p99']:.0f}",
            lag["p50"] < LAG_P50_MS and lag["p99"] < LAG_P99_MS,
        )
    alone, *behind = [costs(part)[0] for part in parts]
    report.judge(
        f"gateways: an update of a desk costs the exchange at most {SPARED:.0%} of what it does without",
        " / ".join(f"{each / alone:.0%}" for each in behind),
        all(each <= SPARED * alone for each in behind),
    )
    rooms = [room(part) for part in parts[1:]]
    report.judge(
        "gateways: two carry more desks than one",
        " / ".join(f"{each:,.0f}" for each in rooms),
        rooms[-1] > rooms[0],
    )


def run(report: Report, *, quick: bool) -> None:
    """The part of `make bench`."""
    if not has_panel():
        report.judge("gateways", "Panel is not installed", passed=None)
        return
    measure(report, QUICK if quick else Sizes())


def main() -> int:
    """One run with sizes of one's own."""
    from rich.console import Console

    from benchmarks.__main__ import show

    report = Report()
    measure(report, chosen_sizes("desks_gateways", __doc__, Sizes(), QUICK))
    show(Console(width=200), report)
    print(json.dumps(report.numbers["gateways"]), file=sys.stderr)
    return 0 if report.passed else 1


if __name__ == "__main__":
    sys.exit(main())
