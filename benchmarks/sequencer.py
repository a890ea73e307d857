"""A live session under an open-loop load, in process: how long it takes until a command is answered."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np

from benchmarks.journal import BareDisk, on_disk
from benchmarks.measure import Report, times
from workbench.domain.codes import SessionState, Side
from workbench.domain.commands import batch, cancel_order, new_order
from workbench.domain.config import FIRST_TRADER
from workbench.domain.records import COMMAND, Records
from workbench.session.blocks import one_block
from workbench.session.live.pauses import shorten_pauses
from workbench.session.live.session import LiveSession

OFFERED = 50_000
"""Commands a second."""

P99_MS = 20.0
SEATS = 200
_TICK_SECONDS = 0.001

_MARKET = """
title = "Load"
date = 2025-03-18
zone = "America/New_York"

[[instrument]]
symbol = "HARBOR"
price_min = 23
price_max = 92

[seats]
count = 200
cash = 1_000_000_000
margin = true

[live]
open = "09:30"
"""

_AGENTS = """
close = "16:00"

[agents]
seed = 7
open = "09:30"
close = "16:00"

[[agents.crew]]
symbol = "HARBOR"
start = 46.00
like = "HARBOR"
"""

Submit = Callable[[Records, Callable[[Any], None]], None]


class _Bare:
    """Natural batching with nothing but the disk: what came while the last sync ran is the next write."""

    def __init__(self, folder: Path) -> None:
        self._disk = BareDisk(folder / "bare")
        self._queue: deque[tuple[Records, Callable[[Any], None]]] = deque()
        self._bell = threading.Event()
        self._over = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def submit(self, commands: Records, done: Callable[[Any], None]) -> None:
        """Have it written."""
        self._queue.append((commands, done))
        self._bell.set()

    def _run(self) -> None:
        while not self._over:
            self._bell.wait(0.1)
            self._bell.clear()
            taken = [self._queue.popleft() for _ in range(len(self._queue))]
            if taken:
                self._disk.commit(one_block([commands for commands, _ in taken], COMMAND))
                for _, done in taken:
                    done(None)

    def close(self) -> None:
        """End it."""
        self._over = True
        self._thread.join()
        self._disk.close()


def _orders(count: int) -> list[Records]:
    """One command each: orders that rest, orders that trade, and cancels, of all seats in turn."""
    draw = np.random.default_rng(1)
    made: list[Records] = []
    for number in range(1, count + 1):
        account = FIRST_TRADER + number % SEATS
        kind = draw.random()
        if kind < 0.45 or number <= SEATS:
            side = Side.BUY if draw.random() < 0.5 else Side.SELL
            price = 4600 + int(draw.integers(-20, 3)) * (1 if side == Side.BUY else -1)
            made.append(new_order(0, account, 0, side, 100, price, client_order_id=number))
        else:
            made.append(cancel_order(0, account, client_order_id=number - SEATS))
    return made


def _offer(submit: Submit, orders: list[Records], rate: int) -> np.ndarray:
    """Submit one command after the other at its time, however long the others take; nanoseconds of each."""
    taken = np.zeros(len(orders), dtype=np.int64)
    left = threading.Semaphore(0)
    start = perf_counter_ns() + 50_000_000
    gap = 1e9 / rate

    class Waiter:
        __slots__ = ("due", "number")

        def __init__(self, number: int, due: int) -> None:
            self.number, self.due = number, due

        def __call__(self, outcome: Any) -> None:
            if isinstance(outcome, BaseException):
                raise outcome
            taken[self.number] = perf_counter_ns() - self.due
            if self.number == len(orders) - 1:
                left.release()

    number = 0
    while number < len(orders):
        now = perf_counter_ns()
        until = min(len(orders), int((now - start) / gap))
        while number < until:
            submit(orders[number], Waiter(number, start + int(number * gap)))
            number += 1
        time.sleep(_TICK_SECONDS)
    left.acquire(timeout=60)
    return taken


def _session(folder: Path, name: str, text: str) -> LiveSession:
    session = LiveSession.create(folder, name, text)
    session.move_and_wait(SessionState.OPEN)
    first = [
        new_order(0, FIRST_TRADER, 0, Side.BUY, 1, 4500, client_order_id=1 << 40),
        new_order(0, FIRST_TRADER, 0, Side.SELL, 1, 4700, client_order_id=(1 << 40) + 1),
    ]
    session.send_and_wait(batch(first))
    return session


def run(report: Report, *, quick: bool = False) -> None:
    """Offer the same commands to a session without agents, one with them, and to the bare disk."""
    seconds = 3 if quick else 10
    orders = _orders(OFFERED * seconds)
    table = report.table(
        f"A live session, {OFFERED:,} commands a second offered in process for {seconds} s",
        "what",
        "p50",
        "p99",
        "p99.9",
        "longest",
        "p99 of the bare disk",
        "commands in a batch",
        "sync, mean",
    )
    table.notes.append(
        "One caller for each command; latency from the moment at which it was due to its durable answer, "
        "with tables written beside it. Bare disk: the same commands, joined, written and synced by a "
        "thread that does nothing else."
    )
    switch, thresholds = sys.getswitchinterval(), gc.get_threshold()
    # As a server does it.
    shorten_pauses()
    try:
        with on_disk() as folder:
            bare = _Bare(folder)
            floor = _offer(bare.submit, orders, OFFERED)
            bare.close()
            _row(table.rows, "bare disk", floor, floor, None)
            for name, text in (("session", _MARKET), ("session with agents", _MARKET + _AGENTS)):
                session = _session(folder, name.replace(" ", "-"), text)
                found = _offer(session.submit, orders, OFFERED)
                _row(table.rows, name, found, floor, session)
                p99_ms = float(np.quantile(found, 0.99)) / 1e6
                met = p99_ms < P99_MS
                disk_ms = float(np.quantile(floor, 0.99)) / 1e6
                report.judge(
                    f"{name}: {OFFERED:,} commands a second, durable within {P99_MS:g} ms at p99",
                    f"{p99_ms:.1f} ms; the bare disk {disk_ms:.1f} ms",
                    met if met or disk_ms < P99_MS / 2 else None,
                )
                report.numbers.setdefault("sequencer_p99_ms", {})[name] = p99_ms
                session.close_and_wait()
    finally:
        sys.setswitchinterval(switch)
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def _row(
    rows: list[Any], name: str, found: np.ndarray, floor: np.ndarray, session: LiveSession | None
) -> None:
    at = [float(np.quantile(found, part)) / 1e6 for part in (0.5, 0.99, 0.999, 1.0)]
    counters = None if session is None else session.counters()
    rows.append(
        [
            name,
            *(f"{each:.1f} ms" for each in at),
            times(at[1] * 1e6 / float(np.quantile(floor, 0.99))),
            "" if counters is None else f"{counters.commands / max(1, counters.batches):.0f}",
            "" if counters is None else f"{counters.journal_ns.total / counters.batches / 1e6:.2f} ms",
        ]
    )
