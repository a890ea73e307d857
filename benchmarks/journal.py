"""The journal: durable appends against SQLite, and how long ten million commands take to come back."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Protocol

import numpy as np

from benchmarks.environment import OUT
from benchmarks.flows import Flow, FlowSpec
from benchmarks.measure import Report, rate, times
from workbench.domain.records import COMMAND, EVENT, Records
from workbench.engine.exchange import Exchange
from workbench.journal.disk import REAL
from workbench.journal.reader import read
from workbench.journal.snapshots import latest_snapshot
from workbench.journal.writer import SEGMENT_BYTES, Journal

BATCHES = {1: 0.0, 50: 0.0, 500: 400_000.0, 5_000: 3_000_000.0}
"""Commands in a batch, and how many a second are wanted."""

RECOVERED = 10_000_000
ALONE_SECONDS, SNAPSHOT_SECONDS = 10.0, 2.0
"""Wanted for ten million commands."""
OPENING_SECONDS = 1.0
"""Some of recovery does not shrink with the journal: segments are allocated and synced."""
SNAPSHOT_AT = 0.95
CHUNK = 5_000


class Store(Protocol):
    """Anything that makes a batch durable."""

    def commit(self, commands: Records) -> None:
        """Return when the commands are on the disk."""

    def close(self) -> None:
        """Give the files back."""


class OurFrames:
    """Our journal, one frame for each batch."""

    def __init__(self, folder: Path) -> None:
        self._journal = Journal.create(folder, {})

    def commit(self, commands: Records) -> None:
        """One frame, one fdatasync."""
        self._journal.append(commands)
        self._journal.sync()

    def close(self) -> None:
        """Close it."""
        self._journal.close()


class BareDisk:
    """What the disk itself can do: the same bytes written to an allocated file, and synced."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._handle = REAL.open(folder / "bytes", create=True)
        REAL.allocate(self._handle, SEGMENT_BYTES)
        REAL.sync(self._handle)
        self._at = 0

    def commit(self, commands: Records) -> None:
        """One write, one fdatasync."""
        self._at += REAL.write(self._handle, commands.tobytes(), self._at)
        REAL.sync(self._handle)

    def close(self) -> None:
        """Close it."""
        REAL.close(self._handle)


class OurSingles(OurFrames):
    """Our journal, one frame for each command."""

    def commit(self, commands: Records) -> None:
        """Many frames, one fdatasync of them and one of the cursor."""
        for at in range(len(commands)):
            self._journal.append(commands[at : at + 1])
        self._journal.sync()


class Sqlite:
    """SQLite in WAL mode with synchronous=FULL: one row for each command, one transaction for each batch."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._base = sqlite3.connect(folder / "journal.db", isolation_level=None)
        self._base.execute("pragma journal_mode=wal")
        self._base.execute("pragma synchronous=full")
        self._base.execute("create table commands (seq integer primary key, record blob)")

    def commit(self, commands: Records) -> None:
        """One insert for each row."""
        size, raw = COMMAND.itemsize, commands.tobytes()
        self._base.execute("begin")
        for at in range(0, len(raw), size):
            self._base.execute("insert into commands (record) values (?)", (raw[at : at + size],))
        self._base.execute("commit")

    def close(self) -> None:
        """Close it."""
        self._base.close()


class SqliteMany(Sqlite):
    """The same with `executemany`."""

    def commit(self, commands: Records) -> None:
        """One call for all rows."""
        size, raw = COMMAND.itemsize, commands.tobytes()
        self._base.execute("begin")
        self._base.executemany(
            "insert into commands (record) values (?)",
            [(raw[at : at + size],) for at in range(0, len(raw), size)],
        )
        self._base.execute("commit")


@contextmanager
def on_disk() -> Iterator[Path]:
    """A folder on the disk of the repository: /tmp may be memory."""
    OUT.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="journal-", dir=OUT))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def appends(report: Report, repeats: int) -> None:
    """Durable commands a second, by size of batch."""
    table = report.table(
        "Durable append, fdatasync for each batch",
        "commands in a batch",
        "times SQLite, row by row",
        "times SQLite, executemany",
        "times our frame per command",
        "of the bare disk",
        "journal",
        "median, all runs",
        "frame per command",
        "SQLite",
        "SQLite, executemany",
    )
    table.notes.append(
        "The contenders take the same batches in turn on the same disk; the best time of each batch in all "
        "runs counts. SQLite: WAL, synchronous=FULL, a row for each command, a transaction for each batch. "
        "Bare disk: the same bytes with pwrite and fdatasync and nothing else."
    )
    flow = Flow(FlowSpec())
    flow.fill_book()
    kinds: dict[str, Callable[[Path], Store]] = {
        "frames": OurFrames,
        "disk": BareDisk,
        "singles": OurSingles,
        "sqlite": Sqlite,
        "many": SqliteMany,
    }
    rates: dict[str, dict[str, float]] = {}
    for size, wanted in BATCHES.items():
        count = {1: 200, 50: 200, 500: 100, 5_000: 40}[size]
        batches = [flow.take(size) for _ in range(count)]
        runs = [_one_run(kinds, batches) for _ in range(repeats)]
        median = float(np.median([run["frames"] for run in runs]))
        best = {name: float(np.min([run[name] for run in runs], axis=0).sum()) for name in kinds}
        done = size * count
        rates[str(size)] = {name: done / seconds for name, seconds in best.items()}
        table.rows.append(
            [
                f"{size:,}",
                times(best["sqlite"] / best["frames"]),
                times(best["many"] / best["frames"]),
                times(best["singles"] / best["frames"]),
                f"{best['disk'] / best['frames']:.0%}",
                rate(done, best["frames"]),
                f"{median * 1e3:.2f} ms",
                rate(done, best["singles"]),
                rate(done, best["sqlite"]),
                rate(done, best["many"]),
            ]
        )
        if wanted:
            # A disk that cannot do it with bare writes, as one that others are using, says nothing about us.
            met = done / best["frames"] >= wanted
            report.judge(
                f"durable append: at least {wanted:,.0f} commands a second at {size:,} in a batch",
                f"{rate(done, best['frames'])}, {times(best['many'] / best['frames'])} SQLite; "
                f"bare disk {rate(done, best['disk'])}",
                met if met or done / best["disk"] >= wanted else None,
            )
    report.numbers["durable_commands_per_second"] = rates


def _one_run(kinds: dict[str, Callable[[Path], Store]], batches: list[Records]) -> dict[str, list[float]]:
    """Seconds of each batch by contender, each on new files."""
    taken: dict[str, list[float]] = {name: [] for name in kinds}
    with on_disk() as folder:
        stores = {name: make(folder / name) for name, make in kinds.items()}
        names = list(stores)
        for index, batch in enumerate(batches):
            turn = index % len(names)
            for name in names[turn:] + names[:turn]:
                start = perf_counter()
                stores[name].commit(batch)
                taken[name].append(perf_counter() - start)
        for store in stores.values():
            store.close()
    return taken


def recovery(report: Report, commands: int, repeats: int) -> None:
    """From files to an exchange that can go on, after a writer that was not closed."""
    table = report.table(
        f"Recovery of {commands:,} commands",
        "from",
        "whole",
        "open (verify the tail)",
        "restore",
        "read (verify, decode) and step",
        "same state",
    )
    table.notes.append(
        "Open cuts what is torn and makes ready for writing; without a snapshot it verifies everything, and "
        "reading verifies it again. Files in the page cache, but for the row that says otherwise."
    )
    part = commands / RECOVERED
    with on_disk() as folder:
        wanted = _write(folder / "journal", commands)
        (snapshot,) = (folder / "journal").glob("*.wbs")
        _verify_and_decode(report, folder / "journal", commands)
        found = {}
        for name in ("the journal alone", "the journal alone, not in the page cache", "a snapshot at 95 %"):
            alone = name != "a snapshot at 95 %"
            if alone:
                snapshot.rename(folder / "aside")
            runs = []
            for _ in range(repeats):
                shutil.rmtree(folder / "copy", ignore_errors=True)
                shutil.copytree(folder / "journal", folder / "copy", copy_function=os.link)
                # What recovery writes to must not be a link to what the next run starts from.
                last = max((folder / "copy").glob("*.wbj"))
                for file in (last, folder / "copy" / "cursor", folder / "copy" / "lock"):
                    file.unlink()
                    shutil.copy(folder / "journal" / file.name, file)
                os.sync()
                if "not in" in name:
                    _forget(folder / "copy")
                runs.append(_recover(folder / "copy"))
            if alone:
                (folder / "aside").rename(snapshot)
            seconds, hashes = min(runs)
            found[name] = sum(seconds)
            table.rows.append(
                [
                    name,
                    f"{sum(seconds):.2f} s",
                    *(f"{each:.2f} s" for each in seconds),
                    "yes" if hashes == wanted else "NO",
                ]
            )
            if hashes != wanted:
                report.judge(f"recovery from {name} gives the same state", "another state", passed=False)
        for name, most in (
            ("the journal alone", ALONE_SECONDS),
            ("a snapshot at 95 %", SNAPSHOT_SECONDS),
        ):
            limit = max(most * part, OPENING_SECONDS)
            report.judge(
                f"recovery of {commands:,} commands from {name} in less than {limit:g} s",
                f"{found[name]:.2f} s",
                found[name] < limit,
            )
    report.numbers["recovery_seconds"] = {"commands": commands, **found}


def _write(folder: Path, commands: int) -> str:
    """A journal as a killed writer leaves it, with a snapshot; returns the hash of the state at its end."""
    flow = Flow(FlowSpec())
    exchange = Exchange(flow.venue())
    out = np.zeros(16 * CHUNK * 20, dtype=EVENT)
    journal = Journal.create(folder, {"title": "benchmark"})
    # Orders that fill the book come first.
    batch = flow.fill_book()
    while True:
        exchange.step(batch, out)
        for at in range(0, len(batch), CHUNK):
            journal.append(batch[at : at + CHUNK])
        journal.sync()
        if not list(folder.glob("*.wbs")) and journal.durable_seq >= SNAPSHOT_AT * commands:
            journal.save_snapshot(exchange.snapshot(), journal.durable_seq, exchange.state_hash())
        left = commands - journal.last_seq
        if not left:
            break
        batch = flow.take(min(20 * CHUNK, left))
    Path(folder / "venue").write_bytes(Exchange(flow.venue()).snapshot())
    journal._release()  # noqa: SLF001 - as if the process had been killed
    return exchange.state_hash()


def _recover(folder: Path) -> tuple[tuple[float, float, float], str]:
    """Seconds to open, to restore, and to read and step; and the state's hash."""
    out = np.zeros(1 << 21, dtype=EVENT)
    out[:] = 0
    start = perf_counter()
    journal = Journal.open(folder)
    opened = perf_counter()
    snapshot = latest_snapshot(folder)
    data = snapshot.data if snapshot else (folder / "venue").read_bytes()
    exchange = Exchange.restore(data)
    if snapshot:
        assert exchange.state_hash() == snapshot.state_hash
    restored = perf_counter()
    for _, commands in read(folder, after_seq=snapshot.seq if snapshot else 0):
        exchange.step(commands, out)
    end = perf_counter()
    digest = exchange.state_hash()
    journal.close()
    return (opened - start, restored - opened, end - restored), digest


def _verify_and_decode(report: Report, folder: Path, commands: int) -> None:
    """Reading alone."""
    best = float("inf")
    for _ in range(3):
        start = perf_counter()
        count = sum(len(batch) for _, batch in read(folder))
        best = min(best, perf_counter() - start)
        assert count == commands
    gigabytes = commands * COMMAND.itemsize / 1e9
    table = report.table("Reading a journal: verify and decode", "commands", "seconds", "rate", "GB/s")
    table.rows.append([f"{commands:,}", f"{best:.2f}", rate(commands, best), f"{gigabytes / best:.1f}"])
    limit = 3.0 * commands / RECOVERED
    report.judge(
        f"verify and decode {commands:,} commands in less than {limit:g} s", f"{best:.2f} s", best < limit
    )


def _forget(folder: Path) -> None:
    """Ask the system to drop the files from its cache."""
    if hasattr(os, "posix_fadvise"):
        for file in folder.iterdir():
            handle = os.open(file, os.O_RDONLY)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)


def run(report: Report, *, quick: bool) -> None:
    """All of it."""
    appends(report, 4 if quick else 10)
    recovery(report, RECOVERED // 10 if quick else RECOVERED, 2 if quick else 3)
