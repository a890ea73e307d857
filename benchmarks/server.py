"""A whole server under load: accounts with two streams each, orders by REST and WebSocket, all checked.

The server and the driver share two cores. The same driver loads a FastAPI application that only echoes, in
the same run, so the ratio says what the exchange costs on top of a web server.
Alone: `python -m benchmarks.server`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.environment import ROOT
from benchmarks.measure import Report, Table
from benchmarks.server_day import Day, sample_day

MARKET = """
title = "Load"
date = 2025-03-18
zone = "America/New_York"

[[instrument]]
symbol = "FAST"
price_min = 10
price_max = 90
reference_price = 50

[seats]
count = {accounts}
cash = 1_000_000_000

[live]
epoch = "sim"
open = "09:30"
speed = 1
"""
SESSION = "load"
OWN = ["orders", "positions", "account"]
ACK_P50_MS, ACK_P99_MS = 15.0, 100.0
FAST, FAST_ACCOUNTS, FAST_RATE = 60.0, 20, 100.0
"""Of the session that replays a recorded day."""
BEHIND_S = 1.0
"""How far the clock of that session may be behind the wall's."""
CORES = "0,1"
_START_S = 180.0


def pinned(command: Sequence[str]) -> list[str]:
    """A command on the two cores that server and driver share."""
    has_two = hasattr(os, "sched_getaffinity") and {0, 1} <= os.sched_getaffinity(0)
    return ["taskset", "-c", CORES, *command] if has_two else list(command)


@contextmanager
def started(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is ended at the end."""
    process = subprocess.Popen(pinned(command), cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def exchange(folder: Path, accounts: int, day: Day | None = None) -> Iterator[dict[str, Any]]:
    """A server with an open session, of a recorded day if there is one, and a key for each account."""
    scenario, answer = folder / "load.toml", folder / "answer.json"
    answer.unlink(missing_ok=True)
    scenario.write_text(MARKET.format(accounts=accounts) if day is None else day.scenario(accounts, FAST))
    plan = {
        "accounts": accounts,
        "session": SESSION,
        "scenario": str(scenario),
        "data": str(folder / f"data-{len(list(folder.iterdir()))}"),
        "answer": str(answer),
        "overrides": {},
        "history": [] if day is None else [str(file) for file in day.files],
        "dataset": "" if day is None else day.dataset,
    }
    file = folder / "server.json"
    file.write_text(json.dumps(plan))
    with started([sys.executable, "-m", "benchmarks.server_process", str(file)]) as process:
        end = time.monotonic() + _START_S
        while not answer.exists():
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("the server did not start")
            time.sleep(0.1)
        yield json.loads(answer.read_text())


@contextmanager
def bare() -> Iterator[dict[str, Any]]:
    """The application that only echoes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with started([sys.executable, "-m", "benchmarks.server_bare", str(port)]) as process:
        end = time.monotonic() + _START_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("the echoing application did not start") from None
                time.sleep(0.1)
        yield {"url": f"http://127.0.0.1:{port}", "keys": [], "pid": process.pid}


def drive(folder: Path, found: dict[str, Any], **plan: Any) -> dict[str, Any]:
    """Load a server from a process of its own."""
    parts = urlsplit(found["url"])
    file = folder / "driver.json"
    file.write_text(json.dumps({"host": parts.hostname, "port": parts.port, "pid": found["pid"], **plan}))
    command = pinned([sys.executable, "-m", "benchmarks.server_driver", str(file)])
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode:
        raise RuntimeError(f"the driver failed: {done.stderr.strip()[-2000:]}")
    content: dict[str, Any] = json.loads(done.stdout)
    return content


def load_of(
    found: dict[str, Any],
    accounts: int,
    rate: float,
    seconds: float,
    *,
    echo: bool = False,
    day: Day | None = None,
) -> dict[str, Any]:
    """What the driver is told; in a recorded day it trades around that day's prices."""
    keys = found["keys"] or [{}] * accounts
    base = "" if echo else f"/api/sessions/{SESSION}"
    symbol = "FAST" if day is None else day.symbol
    return {
        "bare": echo,
        "accounts": [{"headers": key} for key in keys[:accounts]],
        "orders_path": f"{base}/orders",
        "stream_path": f"{base}/stream",
        "session_path": base,
        "speed": 0.0 if day is None else FAST,
        "rate": rate,
        "seconds": seconds,
        "symbols": [symbol],
        "price_ticks": 5000 if day is None else 0,
        "tick": 0.01,
        "lot": 1,
        "own_topics": OWN,
        "data_topics": [f"market:{symbol}", f"trades:{symbol}"],
    }


def sound(result: dict[str, Any]) -> bool:
    """Whether every order was acknowledged once, and every stream was complete and in order."""
    return not result["errors"] and not result["faults"] and result["acknowledged"] == result["offered"]


def _row(name: str, result: dict[str, Any]) -> list[str]:
    def shown(key: str) -> str:
        found = result[key]
        return " / ".join(f"{found[part]:.1f}" for part in ("p50", "p90", "p99", "max")) if found else "-"

    server = result["server_cpu"]
    return [
        name,
        f"{result['acknowledged']:,} of {result['offered']:,}",
        shown("ack_ms"),
        shown("rest_ms"),
        shown("socket_ms"),
        shown("stream_ms"),
        shown("market_ms"),
        "-" if server is None else f"{server:.0%}",
        f"{result['driver_cpu']:.0%}",
        "yes" if sound(result) else "NO",
    ]


def table_of(report: Report, accounts: int, rate: float) -> Table:
    """The table that rows go into."""
    return report.table(
        f"Server: {accounts} accounts with two streams each, {rate:,.0f} orders/s, two cores for all",
        "",
        "acknowledged",
        "durable ack, ms (p50 / p90 / p99 / max)",
        "by REST",
        "by WebSocket",
        "own event on the stream",
        "trade on the data stream",
        "server",
        "driver",
        "sound",
    )


def measure(
    report: Report, accounts: int, rate: float, seconds: float, *, url_found: dict[str, Any] | None = None
) -> None:
    """The load on an exchange and on the echo, and that on a recorded day at x60."""
    table = table_of(report, accounts, rate)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if url_found is None:
            with exchange(folder, accounts) as found:
                result = drive(folder, found, **load_of(found, accounts, rate, seconds))
        else:
            result = drive(folder, url_found, **load_of(url_found, accounts, rate, seconds))
        table.rows.append(_row("workbench serve", result))
        with bare() as found:
            echo = drive(folder, found, **load_of(found, accounts, rate, seconds, echo=True))
        table.rows.append(_row("FastAPI that only echoes", echo))
        fast, day = None, sample_day()
        if url_found is None:
            with exchange(folder, FAST_ACCOUNTS, day) as found:
                plan = load_of(found, FAST_ACCOUNTS, FAST_RATE, seconds, day=day)
                fast = drive(folder, found, **plan)
            table.rows.append(
                _row(f"x{FAST:.0f}: {day.title}, {FAST_ACCOUNTS} accounts, {FAST_RATE:.0f} orders/s", fast)
            )
            table.notes.append(
                f"x{FAST:.0f}: the session's clock was at most {fast['clock']['max'] * 1e3:.0f} ms of wall "
                f"time behind the wall's, {fast['clock']['last'] * 1e3:.0f} ms at the end; "
                f"{seconds * FAST / 60:.0f} minutes of that day were replayed."
            )
    for label, each in (("load", result), ("x60", fast)):
        if each is not None and not sound(each):
            table.notes.append(
                f"{label}: {each['errors']} {each['error_examples']} "
                f"{each['faults']} {each['fault_examples']}"
            )
    table.notes.append(
        "Latency counts from the time at which an order was to be sent (open loop). "
        f"Streams: {result['messages']:,} messages, {result['megabytes']:.0f} MB, "
        f"{result['events']:,} own events, {result['conflated']:,} conflated snapshots; the driver was at "
        f"most {result['driver_behind_ms']:.1f} ms late."
    )
    report.numbers["server"] = {"load": result, "echo": echo, "x60": fast}
    report.judge(
        "server: every order acknowledged once, every stream whole", str(sound(result)), sound(result)
    )
    if fast is not None:
        behind_s = fast["clock"]["max"]
        report.judge(
            f"server: the same in a recorded day at x{FAST:.0f}, its clock < {BEHIND_S:.0f} s behind",
            f"{sound(fast)}, {behind_s * 1e3:.0f} ms",
            sound(fast) and behind_s < BEHIND_S,
        )
    ack = result["ack_ms"]
    if ack:
        report.judge(
            f"server: durable ack p50 < {ACK_P50_MS:.0f} ms, p99 < {ACK_P99_MS:.0f} ms",
            f"{ack['p50']:.1f} and {ack['p99']:.1f} ms, "
            f"{ack['p50'] / echo['ack_ms']['p50']:.1f}x the echo's p50",
            ack["p50"] < ACK_P50_MS and ack["p99"] < ACK_P99_MS,
        )


def run(report: Report, *, quick: bool) -> None:
    """The part of `make bench`."""
    measure(report, 50 if quick else 200, 300.0 if quick else 1000.0, 5.0 if quick else 20.0)


def main() -> int:
    """One load with sizes of one's own."""
    from rich.console import Console

    from benchmarks.__main__ import show

    parser = argparse.ArgumentParser(prog="python -m benchmarks.server", description=__doc__)
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--rate", type=float, default=1000.0, help="orders a second")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--url", default="", help="a server that runs already; needs --keys")
    parser.add_argument("--keys", type=Path, help='JSON: {"keys": [{header: value}, ...], "pid": ...}')
    chosen = parser.parse_args()
    found = None
    if chosen.url:
        if chosen.keys is None:
            parser.error("--url needs --keys, a file with the headers of each account")
        found = {"pid": None, **json.loads(chosen.keys.read_text()), "url": chosen.url}
    report = Report()
    measure(report, chosen.accounts, chosen.rate, chosen.seconds, url_found=found)
    show(Console(width=200), report)
    return 0 if report.passed else 1


if __name__ == "__main__":
    sys.exit(main())
