"""How fast sessions are sealed, how small they are, and how fast one instrument of many is found again."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measure import Report, best_of, rate, times
from benchmarks.stored_rows import INSTRUMENTS, Market, venue
from workbench.domain.config import venue_to_json
from workbench.journal.catalog import connect
from workbench.journal.seal import SessionStore

ROWS_PER_SECOND = 1_000_000
BYTES_LOW, BYTES_HIGH = 7.0, 10.0
MOST_MS = 50.0
PARTS = 40
SYMBOL = "S017"

_CANDLES = """
SELECT time_bucket(INTERVAL 1 minute, time) AS minute, arg_min(price, seq) AS open, max(price) AS high,
       min(price) AS low, arg_max(price, seq) AS close, sum(quantity) AS volume
FROM {source} WHERE symbol = '{symbol}' GROUP BY ALL ORDER BY minute
"""


def _seconds(run: Callable[[], object]) -> float:
    start = perf_counter()
    run()
    return perf_counter() - start


def _rows(count: int) -> dict[str, pa.Table]:
    """Events of a market, with trades and quotes as the sample day has them: 4.5 quotes to a trade."""
    market = Market(count)
    at = np.arange(count)
    turn = at % 20
    return {
        "trades": market.trades(at[turn < 2]),
        "quotes": market.quotes(at[(turn >= 2) & (turn < 11)]),
        "events": market.events_rows(at[turn >= 11]),
    }


def _store(root: Path, name: str, rows: dict[str, pa.Table], parts: int) -> SessionStore:
    """A session whose tables come in parts, each published."""
    about = {"venue": venue_to_json(venue()), "zone": "America/New_York", "kind": "benchmark"}
    store = SessionStore.create(root, name, about)
    for part in range(parts):
        for table, whole in rows.items():
            step = -(-whole.num_rows // parts)
            piece = whole.slice(part * step, step)
            seq = piece["seq"]
            store.add(table, piece, first_seq=seq[0].as_py(), last_seq=max(seq[-1].as_py(), part + 1))
        store.publish(seq=max(part.last_seq for part in store.manifest.parts) if store.manifest.parts else 0)
    return store


def sealing(report: Report, folder: Path, rows: dict[str, pa.Table], repeats: int) -> None:
    """Rows a second and bytes a row, against what the same libraries do by themselves."""
    count = sum(table.num_rows for table in rows.values())

    def ours(name: str) -> float:
        about = {"venue": venue_to_json(venue()), "zone": "UTC", "kind": "benchmark"}
        with SessionStore.create(folder, name, about) as store:
            start = perf_counter()
            for table, each in rows.items():
                store.add(table, each, first_seq=1, last_seq=count)
            store.publish(seq=count)
            seconds = perf_counter() - start
            sizes[name] = {part.table: part.bytes for part in store.manifest.parts}
        shutil.rmtree(folder / "sessions" / name)
        return seconds

    def plainly(write: Callable[[pa.Table, Path], object]) -> Callable[[], float]:
        def run() -> float:
            seconds = 0.0
            for table, each in rows.items():
                path = folder / f"{table}.parquet"
                seconds += _seconds(lambda each=each, path=path: write(each, path))  # type: ignore[misc]
                plain_sizes[table] = path.stat().st_size
                path.unlink()
            return seconds

        return run

    sizes: dict[str, dict[str, int]] = {}
    plain_sizes: dict[str, int] = {}
    table = report.table("Sealing", "writer", "rows/s", "bytes/row: trades", "quotes", "events", "time")
    table.notes.append(
        f"{count:,} rows in the order of their events. Sealing sorts them, hashes the files, waits for the "
        "disk and publishes a manifest; the others only write."
    )
    found: dict[str, tuple[float, dict[str, int]]] = {}
    for name, run in (
        ("sealed", lambda: ours("sealed")),
        ("pyarrow, its defaults", plainly(pq.write_table)),
        (
            "pyarrow, zstd 3",
            plainly(lambda each, path: pq.write_table(each, path, compression="zstd", compression_level=3)),
        ),
        (
            "Polars, zstd 3",
            plainly(
                lambda each, path: pl.from_arrow(each).write_parquet(
                    path, compression="zstd", compression_level=3
                )
            ),
        ),  # type: ignore[union-attr]
    ):
        seconds = best_of(repeats, run)
        found[name] = seconds, dict(sizes.get(name, plain_sizes))
    best = found["sealed"][0]
    for name, (seconds, bytes_of) in found.items():
        each = [f"{bytes_of[table] / rows[table].num_rows:.1f}" for table in ("trades", "quotes", "events")]
        table.rows.append([name, rate(count, seconds), *each, times(seconds / best)])
    market = ("trades", "quotes")
    own = found["sealed"][1]
    bytes_per_row = sum(own[name] for name in market) / sum(rows[name].num_rows for name in market)
    report.numbers["sealing"] = {
        name: {"seconds": seconds, "bytes": size} for name, (seconds, size) in found.items()
    }
    report.judge("sealing at least 1 million rows/s", rate(count, best), count / best >= ROWS_PER_SECOND)
    report.judge(
        "7 to 10 bytes per trade or quote row", f"{bytes_per_row:.1f} bytes", bytes_per_row <= BYTES_HIGH
    )


def one_of_many(report: Report, folder: Path, trades: pa.Table, repeats: int) -> None:
    """One-minute candles of one instrument of 200, through `connect()` and without it."""
    rows = {"trades": trades}
    with _store(folder, "parts", rows, PARTS):
        pass
    with _store(folder, "whole", rows, PARTS) as store:
        start = perf_counter()
        store.compact(grace_seconds=0)
        compaction = perf_counter() - start
    unsorted = folder / "unsorted"
    unsorted.mkdir()
    step = -(-trades.num_rows // PARTS)
    scale = trades.append_column("price", pa.array(trades["price_ticks"].to_numpy() / 100)).append_column(
        "quantity", trades["quantity_lots"]
    )
    for part in range(PARTS):
        pq.write_table(scale.slice(part * step, step), unsorted / f"{part:03}.parquet", compression="zstd")
    seconds: dict[str, float] = {}
    answers: dict[str, list[tuple[object, ...]]] = {}

    def ask(name: str, query: Callable[[], list[tuple[object, ...]]]) -> None:
        query()
        times_taken = []
        for _ in range(repeats):
            start = perf_counter()
            answers[name] = query()
            times_taken.append(perf_counter() - start)
        seconds[name] = min(times_taken)

    query = _CANDLES.format(source="trades", symbol=SYMBOL)
    for name in ("whole", "parts"):
        with connect(folder, session=name) as connection:
            ask(name, lambda connection=connection: connection.sql(query).fetchall())  # type: ignore[misc]
    files = f"read_parquet('{unsorted}/*.parquet')"
    with duckdb.connect() as plain:
        ask("unsorted", lambda: plain.sql(_CANDLES.format(source=files, symbol=SYMBOL)).fetchall())
    for name, place in (
        ("Polars whole", folder / "sessions" / "whole" / "trades"),
        ("Polars unsorted", unsorted),
    ):
        ask(name, lambda place=place: _by_polars(place))  # type: ignore[misc]
    same = all(len(answer) == len(answers["whole"]) for answer in answers.values())
    same = same and answers["whole"] == answers["parts"] == answers["unsorted"]
    table = report.table("One-minute candles of one instrument of 200", "asked", "time", "against connect()")
    table.notes.append(
        f"{trades.num_rows:,} trades, {len(answers['whole']):,} candles; the parts are {PARTS}. Compaction "
        f"took {compaction:.1f} s. The best of {repeats}, files in the page cache."
    )
    for name, says in (
        ("whole", "connect(), one sorted file"),
        ("parts", f"connect(), {PARTS} parts not yet compacted"),
        ("unsorted", f"DuckDB, {PARTS} files in the order of events"),
        ("Polars whole", "Polars scan, one sorted file"),
        ("Polars unsorted", f"Polars scan, {PARTS} files in the order of events"),
    ):
        table.rows.append([says, f"{seconds[name] * 1e3:.1f} ms", times(seconds[name] / seconds["whole"])])
    report.numbers["one_of_many_seconds"] = seconds
    report.judge("all of them find the same candles", "the same" if same else "DIFFERENT", same)
    report.judge(
        f"candles of 1 of {INSTRUMENTS} instruments below 50 ms",
        f"{seconds['whole'] * 1e3:.1f} ms",
        seconds["whole"] * 1e3 < MOST_MS,
    )


def _by_polars(place: Path) -> list[tuple[object, ...]]:
    return (
        pl.scan_parquet(place / "*.parquet")
        .filter(pl.col("symbol").cast(pl.String) == SYMBOL)
        .sort("seq")
        .group_by(pl.col("time").dt.truncate("1m").alias("minute"), maintain_order=True)
        .agg(
            open=pl.col("price_ticks").first(),
            high=pl.col("price_ticks").max(),
            low=pl.col("price_ticks").min(),
            close=pl.col("price_ticks").last(),
            volume=pl.col("quantity_lots").sum(),
        )
        .collect()
        .rows()
    )


def run(report: Report, *, quick: bool) -> None:
    """All of it."""
    count = 2_000_000 if quick else 10_000_000
    repeats = 2 if quick else 3
    start = perf_counter()
    with tempfile.TemporaryDirectory(prefix="workbench-store-") as name:
        sealing(report, Path(name), _rows(count), repeats)
    with tempfile.TemporaryDirectory(prefix="workbench-store-") as name:
        one_of_many(report, Path(name), Market(count).trades(np.arange(count)), 2 * repeats)
    report.numbers["store_seconds"] = perf_counter() - start
