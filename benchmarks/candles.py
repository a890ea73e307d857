"""Candles of all instruments at once and as-of joins, beside Polars and DuckDB on the same data in memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import polars as pl

import workbench as wb
from benchmarks.measure import Report, rate, times
from workbench.feed.asof import asof
from workbench.feed.candles import CANDLE, candles

INSTRUMENTS = 200
DAY_NS = 23_400_000_000_000
MINUTE_NS = 60_000_000_000
SEED = 7

CANDLES_TIMES, JOIN_TIMES = 3.0, 5.0
"""How many times faster than Polars is wanted."""

Contenders = dict[str, Callable[[], Any]]

_NAMES = [f"S{number:03d}" for number in range(INSTRUMENTS)]


def run(report: Report, *, quick: bool) -> None:
    """Both, each contender in turn, the best of several repeats."""
    ticks, repeats = (1_000_000, 3) if quick else (10_000_000, 7)
    _candles(report, ticks, repeats)
    left, right = (100_000, 500_000) if quick else (1_000_000, 5_000_000)
    _joins(report, left, right, repeats)


def _rows(draw: np.random.Generator, count: int) -> dict[str, Any]:
    """Times that never fall, and instruments of which some trade far more often than others."""
    weight = 1 / np.arange(10, INSTRUMENTS + 10)
    return {
        "time": np.sort(draw.integers(0, DAY_NS, count)),
        "symbol": draw.choice(INSTRUMENTS, count, p=weight / weight.sum()).astype(np.int32),
    }


def _in_turn(
    contenders: dict[str, Callable[[], Any]], repeats: int
) -> tuple[dict[str, float], dict[str, Any]]:
    """Best seconds and last result of each contender, which take turns."""
    best = dict.fromkeys(contenders, float("inf"))
    results: dict[str, Any] = {}
    for _ in range(repeats):
        for name, work in contenders.items():
            start = time.perf_counter()
            results[name] = work()
            best[name] = min(best[name], time.perf_counter() - start)
    return best, results


def _candles(report: Report, count: int, repeats: int) -> None:
    draw = np.random.default_rng(SEED)
    made = _rows(draw, count)
    price = 10_000 + np.cumsum(draw.integers(-1, 2, count))
    columns = made | {"price": price, "quantity": draw.integers(1, 1_000, count)}
    frame = pl.DataFrame(columns).with_columns(pl.col("time").cast(pl.Datetime("ns"))).set_sorted("time")
    aggregates = {
        "trades": pl.len(),
        "open_ticks": pl.col("price").first(),
        "high_ticks": pl.col("price").max(),
        "low_ticks": pl.col("price").min(),
        "close_ticks": pl.col("price").last(),
        "volume_lots": pl.col("quantity").sum(),
        "notional": (pl.col("price") * pl.col("quantity")).sum(),
    }
    connection = duckdb.connect()
    connection.register("arrow", frame.with_row_index("seq").to_arrow())
    connection.execute("create table ticks as select * from arrow")
    query = """
        select symbol, time_bucket(interval '1 minute', "time") as "time", count(*) as trades,
            arg_min(price, seq) as open_ticks, max(price) as high_ticks, min(price) as low_ticks,
            arg_max(price, seq) as close_ticks, sum(quantity)::bigint as volume_lots,
            sum(price * quantity)::bigint as notional
        from ticks group by all order by all
    """
    contenders: Contenders = {
        "workbench, kernel": lambda: candles(*columns.values(), MINUTE_NS),
        "Polars group_by_dynamic": lambda: frame.group_by_dynamic("time", every="1m", group_by="symbol").agg(
            **aggregates
        ),
        "Polars group_by, truncated": lambda: frame.group_by("symbol", pl.col("time").dt.truncate("1m")).agg(
            **aggregates
        ),
        "DuckDB time_bucket": lambda: connection.sql(query).to_arrow_table(),
    }
    seconds, results = _in_turn(contenders, repeats)
    ours = results["workbench, kernel"]
    wanted = [np.ascontiguousarray(ours[name]).astype(np.int64) for name in CANDLE.names or ()]
    for name in list(contenders)[1:]:
        result = results[name]
        theirs = (result if isinstance(result, pl.DataFrame) else _frame(result)).sort("symbol", "time")
        theirs = theirs.select("symbol", "trades", pl.col("time").dt.epoch("ns"), *(CANDLE.names or ())[3:])
        if not all(np.array_equal(theirs.to_series(i).to_numpy(), wanted[i]) for i in range(len(wanted))):
            raise RuntimeError(f"{name} makes other candles")
    table = report.table(
        f"One-minute candles of {INSTRUMENTS} instruments from {count:,} ticks in memory",
        "by",
        "seconds",
        "ticks",
        "times faster",
    )
    base = seconds["workbench, kernel"]
    for name, each in seconds.items():
        table.rows.append([name, f"{each:.3f}", rate(count, each), times(each / base)])
    table.notes.append(
        f"{len(ours):,} candles, the same from all. Ours runs on one core, the others on all of them."
    )
    ratio = seconds["Polars group_by_dynamic"] / base
    report.judge(
        f"candles at least {CANDLES_TIMES:g}x faster than Polars group_by_dynamic",
        times(ratio),
        ratio >= CANDLES_TIMES,
    )
    report.numbers["candles"] = seconds
    connection.close()


def _joins(report: Report, trades: int, quotes: int, repeats: int) -> None:
    draw = np.random.default_rng(SEED + 1)
    left, right = _rows(draw, trades), _rows(draw, quotes)
    symbols = pl.Enum(_NAMES)
    names = pl.Series(_NAMES, dtype=symbols)

    def frame(rows: dict[str, Any], **more: Any) -> pl.DataFrame:
        when = pl.Series(rows["time"]).cast(pl.Datetime("ns"))
        return pl.DataFrame({"time": when, "symbol": names.gather(rows["symbol"]), **more}).set_sorted("time")

    one = frame(left, price=draw.random(trades))
    other = frame(right, bid_price=draw.random(quotes), ask_price=draw.random(quotes))
    row_of = frame(right).with_columns(row=pl.int_range(quotes, dtype=pl.Int64))
    connection = duckdb.connect()
    connection.register("arrow_trades", one.with_row_index("number").cast({"symbol": pl.String}).to_arrow())
    connection.register("arrow_quotes", row_of.cast({"symbol": pl.String}).to_arrow())
    connection.execute("create table trades as select * from arrow_trades")
    connection.execute("create table quotes as select * from arrow_quotes")
    query = """
        select coalesce(q.row, -1) as row from trades t asof left join quotes q
        on t.symbol = q.symbol and t.time >= q.time order by t.number
    """
    contenders: Contenders = {
        "workbench, kernel": lambda: asof(left["time"], left["symbol"], right["time"], right["symbol"]),
        "Polars join_asof, row": lambda: one.join_asof(
            row_of, on="time", by="symbol", check_sortedness=False
        ),
        "DuckDB asof join, row": lambda: connection.sql(query).to_arrow_table(),
        "workbench, table": lambda: wb.asof_join(one, other),
        "Polars join_asof, table": lambda: one.join_asof(
            other, on="time", by="symbol", check_sortedness=False
        ),
    }
    seconds, results = _in_turn(contenders, repeats)
    found = results["workbench, kernel"]
    if not np.array_equal(results["Polars join_asof, row"]["row"].fill_null(-1).to_numpy(), found):
        raise RuntimeError("Polars finds other rows")
    # Of quotes of one moment DuckDB may take another.
    theirs = results["DuckDB asof join, row"]["row"].to_numpy()
    same = (theirs == found) | (right["time"][theirs] == right["time"][found])
    if not same.all():
        raise RuntimeError("DuckDB finds other rows")
    if not results["workbench, table"].equals(results["Polars join_asof, table"]):
        raise RuntimeError("Polars joins another table")
    table = report.table(
        f"As-of join of {trades:,} trades with {quotes:,} quotes by symbol",
        "by",
        "seconds",
        "rows of both",
        "times faster",
    )
    for name, each in seconds.items():
        base = seconds["workbench, table" if name.endswith("table") else "workbench, kernel"]
        table.rows.append([name, f"{each:.3f}", rate(trades + quotes, each), times(each / base)])
    table.notes.append(
        "kernel and row: which quote each trade met; table: the quote's columns beside the trade. All of "
        "them run on all cores."
    )
    ratio = seconds["Polars join_asof, row"] / seconds["workbench, kernel"]
    report.judge(
        f"as-of join at least {JOIN_TIMES:g}x faster than Polars join_asof", times(ratio), ratio >= JOIN_TIMES
    )
    report.numbers["asof"] = seconds
    connection.close()


def _frame(table: Any) -> pl.DataFrame:
    made = pl.from_arrow(table)
    assert isinstance(made, pl.DataFrame)
    return made
