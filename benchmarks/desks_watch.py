"""What a stretch of time with desks open cost the server, and how late their data was."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.desks_lanes import Desk, Seen
from benchmarks.server_driver import cpu_of, quantiles

SETTLE_S = 1.5
"""What is under way when a stretch ends is here by then."""


def memory_of(pid: int) -> float:
    """Bytes of memory that are a process's own."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024.0
    raise RuntimeError("the system does not tell how much memory a process has")


class Made:
    """Reads when the server made each delta."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._at = 0
        self.times: dict[tuple[str, int], float] = {}

    def read(self) -> None:
        """Take in what was written since."""
        with self._file.open() as log:
            log.seek(self._at)
            text = log.read()
        whole = text.rpartition("\n")[0]
        self._at += len(whole.encode()) + bool(whole)
        for line in whole.splitlines():
            topic, seq, moment = line.split()
            # A topic that changes without an event has the same seq again; such a frame is not measured.
            self.times.setdefault((topic, int(seq)), float(moment))


class Watch:
    """One stretch of time.

    Parameters
    ----------
    pid
        The server.
    seen, made
        When desks had each delta, and when the server made it.
    taken
        Orders that trade, as `Makers` has them.
    desks
        Those that are told of what happens.
    """

    def __init__(
        self, pid: int, seen: Seen, made: Made, taken: list[tuple[int, float]], desks: Sequence[Desk]
    ) -> None:
        self._pid = pid
        self._seen = seen
        self._made = made
        self._taken = taken
        self._desks = desks
        self._late_s: list[float] = []
        seen.times.clear()
        taken.clear()
        self._before = [(desk.updates, desk.stream.bytes_read) for desk in desks]
        self._lateness = asyncio.create_task(lateness(self._late_s))
        self._cpu, self._start, self._own = cpu_of(pid), time.perf_counter(), time.process_time()

    async def end(self) -> dict[str, Any]:
        """What it was like."""
        took_s = time.perf_counter() - self._start
        now, driver = cpu_of(self._pid), time.process_time() - self._own
        assert self._cpu is not None
        assert now is not None
        cpu = now - self._cpu
        self._lateness.cancel()
        got = [
            (desk.updates - told, desk.stream.bytes_read - read)
            for desk, (told, read) in zip(self._desks, self._before, strict=True)
        ]
        await asyncio.sleep(SETTLE_S)
        lags, strangers = self._lags()
        updates = sum(told for told, _ in got)
        return {
            "desks": len(self._desks),
            "seconds": took_s,
            "lag_ms": quantiles(lags),
            "order_lag_ms": quantiles(self._order_lags()),
            "deltas_without_a_time": strangers,
            "updates_per_desk_s": updates / max(1, len(self._desks)) / took_s,
            "bytes_per_update": sum(read for _, read in got) / max(1, updates),
            "cpu": cpu / took_s,
            "cpu_ms_per_update": cpu * 1e3 / max(1, updates),
            "driver_cpu": driver / took_s,
            "driver_late_ms": quantiles(self._late_s),
        }

    def _lags(self) -> tuple[list[float], int]:
        """From before a delta was encoded until each desk had it; and how many were never written down."""
        self._made.read()
        lags, strangers = [], 0
        for key, moments in self._seen.times.items():
            made_s = self._made.times.get(key)
            if made_s is None:
                strangers += 1
                continue
            lags += [moment - made_s for moment in moments]
        return lags, strangers

    def _order_lags(self) -> list[float]:
        """From an order that trades being sent until each desk had the trade."""
        tape = sorted((key[1], key) for key in self._seen.times if key[0].startswith("trades:"))
        lags = []
        for seq, sent in self._taken:
            place = bisect_left(tape, (seq,))
            if sent >= self._start and place < len(tape):
                lags += [moment - sent for moment in self._seen.times[tape[place][1]]]
        return lags


async def lateness(found: list[float]) -> None:
    """How late this process is itself: what it adds to what it measures."""
    step = 0.005
    while True:
        due = time.perf_counter() + step
        await asyncio.sleep(step)
        found.append(time.perf_counter() - due)
