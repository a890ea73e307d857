"""How things are timed and how results are written down."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from workbench.domain.records import Records


class Steps(Protocol):
    """Anything that turns commands into events."""

    def step(self, commands: Records) -> Records:
        """Run the commands."""


@dataclass
class Table:
    """One printed table; cells are text already."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target and whether this run met it; `passed` is None when it could not be measured."""

    target: str
    measured: str
    passed: bool | None


@dataclass
class Report:
    """What a benchmark found; `numbers` is what the tables were made from."""

    tables: list[Table] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)

    def table(self, title: str, *columns: str) -> Table:
        """Start a table."""
        table = Table(title, columns)
        self.tables.append(table)
        return table

    def judge(self, target: str, measured: str, passed: bool | None) -> None:
        """Note a target."""
        self.verdicts.append(Verdict(target, measured, passed))

    @property
    def passed(self) -> bool:
        """Whether no target was missed."""
        return all(verdict.passed is not False for verdict in self.verdicts)


def split(commands: Records, size: int) -> list[Records]:
    """Batches of `size` commands."""
    return [commands[start : start + size] for start in range(0, len(commands), size)]


def interleaved(
    contenders: dict[str, Callable[[], Steps]],
    warm_up: Records,
    batches: Sequence[Records],
    repeats: int,
) -> dict[str, float]:
    """Seconds that each contender needs for all batches.

    All contenders take the same batch, one after the other, before any takes the next; the order turns with
    each batch, and of all repeats (each on new exchanges) the best time of each batch counts.
    """
    best = {name: [float("inf")] * len(batches) for name in contenders}
    for repeat in range(repeats):
        running = {name: make() for name, make in contenders.items()}
        for exchange in running.values():
            for batch in split(warm_up, 10_000):
                exchange.step(batch)
        names = list(running)
        for index, batch in enumerate(batches):
            turn = (index + repeat) % len(names)
            for name in names[turn:] + names[:turn]:
                step = running[name].step
                start = time.perf_counter()
                step(batch)
                seconds = time.perf_counter() - start
                best[name][index] = min(best[name][index], seconds)
    return {name: sum(times) for name, times in best.items()}


def best_of(repeats: int, run: Callable[[], float]) -> float:
    """The smallest of some measurements."""
    return min(run() for _ in range(repeats))


def middle(values: Iterable[float]) -> float:
    """The median."""
    return statistics.median(values)


def rate(commands: int, seconds: float) -> str:
    """Commands per second, for people."""
    value = commands / seconds
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.2f} {unit}/s"
    return f"{value:.0f} /s"


def times(ratio: float) -> str:
    """A ratio, for people."""
    return f"{ratio:,.0f}x" if ratio >= 100 else f"{ratio:.1f}x" if ratio >= 10 else f"{ratio:.2f}x"


def resident_bytes() -> int:
    """Memory of this process that is its own (not mapped from files)."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def load_average() -> float | None:
    """Processes that wanted to run, on average of the last minute."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None
