"""Candles against a plain twin, Polars, DuckDB, batches of any size and real minute bars."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench as wb
from workbench.domain.records import Records
from workbench.errors import ConfigError, WorkbenchError
from workbench.feed.bars import read_bars
from workbench.feed.candles import (
    CANDLE,
    TOO_LARGE,
    CandleFold,
    candles,
    coarser,
    joined,
)
from workbench.feed.files import read_bytes
from workbench.feed.intervals import Intervals, day_starts
from workbench.feed.lean import lean_file
from workbench.feed.table import Table, read_table
from workbench.feed.tick_table import ODD_LOT
from workbench.feed.ticks import COLUMNS
from workbench.feed.times import DAY_NS

pytestmark = pytest.mark.kernel

MINUTE_NS = 60_000_000_000
SECOND_NS = 1_000_000_000
NEW_YORK = "America/New_York"

Trade = tuple[int, int, int, int]
"""Time, instrument, price and quantity."""


def reference(trades: Sequence[Trade], start_of: Callable[[int], int]) -> Records:
    """The same candles, one trade after the other in plain Python."""
    made: dict[tuple[int, int], list[int]] = {}
    for time_ns, instrument, price, quantity in trades:
        candle = made.setdefault((instrument, start_of(time_ns)), [0, price, price, price, price, 0, 0])
        candle[0] += 1
        candle[2] = max(candle[2], price)
        candle[3] = min(candle[3], price)
        candle[4] = price
        candle[5] += quantity
        candle[6] += price * quantity
    rows = [(key[0], candle[0], key[1], *candle[1:]) for key, candle in sorted(made.items())]
    return np.array(rows, CANDLE)


def columns(trades: Sequence[Trade]) -> list[np.ndarray]:
    return [np.array([trade[place] for trade in trades], np.int64) for place in range(4)]


def start_in(interval_ns: int, offset_ns: int = 0) -> Callable[[int], int]:
    return lambda time_ns: (time_ns - offset_ns) // interval_ns * interval_ns + offset_ns


def streams(*, most: int = 60) -> st.SearchStrategy[list[Trade]]:
    trade = st.tuples(st.integers(-300, 300), st.integers(0, 4), st.integers(-9, 9), st.integers(0, 9))
    return st.lists(trade, max_size=most).map(lambda trades: sorted(trades, key=lambda trade: trade[0]))


@given(streams(), st.integers(1, 100), st.integers(-200, 200))
def test_equals_the_plain_twin(trades: list[Trade], interval_ns: int, offset_ns: int) -> None:
    made = candles(*columns(trades), interval_ns, offset_ns=offset_ns)
    np.testing.assert_array_equal(made, reference(trades, start_in(interval_ns, offset_ns)))


@given(streams(), st.integers(1, 100), st.lists(st.integers(0, 60), max_size=5))
def test_batches_of_any_size_give_the_same(trades: list[Trade], interval_ns: int, cuts: list[int]) -> None:
    fold, closed, at = CandleFold(interval_ns), [], 0
    for cut in [*sorted(cuts), len(trades)]:
        closed.append(fold.add(*columns(trades[at:cut])))
        at = max(at, cut)
        # A fold that is left and gone on with elsewhere is the same fold.
        fold = CandleFold(interval_ns, opened=fold.opened, last_ns=fold.last_ns)
    whole = candles(*columns(trades), interval_ns)
    np.testing.assert_array_equal(joined(*closed, fold.finish()), whole)
    assert not len(fold.opened)


@given(streams(), st.integers(1, 20), st.integers(1, 20))
def test_candles_of_candles(trades: list[Trade], interval_ns: int, times: int) -> None:
    fine = candles(*columns(trades), interval_ns)
    long_ns = interval_ns * times
    np.testing.assert_array_equal(coarser(fine, long_ns), candles(*columns(trades), long_ns))


@given(streams(most=30), st.integers(1, 20))
def test_parts_of_a_candle_are_joined(trades: list[Trade], interval_ns: int) -> None:
    parts = [candles(*columns(half), interval_ns) for half in (trades[:15], trades[15:])]
    np.testing.assert_array_equal(
        coarser(joined(*parts), interval_ns), candles(*columns(trades), interval_ns)
    )


def test_many_candles_close_in_one_batch(scaled: Callable[[int], int]) -> None:
    count = scaled(20_000)
    trades = [(number, number % 3, number % 7, 1) for number in range(count)]
    np.testing.assert_array_equal(candles(*columns(trades), 1), reference(trades, lambda time_ns: time_ns))


def test_the_open_candle_is_there_while_it_is_made() -> None:
    fold = CandleFold(MINUTE_NS)
    assert not len(fold.add([0, 1], [1, 1], [10, 12], [1, 1]))
    assert fold.opened[["instrument", "open_ticks", "close_ticks", "volume_lots"]].tolist() == [
        (1, 10, 12, 2)
    ]
    closed = fold.add([MINUTE_NS], [1], [9], [5])
    assert closed["close_ticks"].tolist() == [12]
    assert fold.opened["start_ns"].tolist() == [MINUTE_NS]


def test_time_closes_candles_too() -> None:
    fold = CandleFold(MINUTE_NS)
    fold.add([0, MINUTE_NS], [0, 1], [10, 20], [1, 1])
    assert not len(fold.close_before(MINUTE_NS - 1))
    assert fold.close_before(MINUTE_NS)["instrument"].tolist() == [0]
    assert fold.opened["instrument"].tolist() == [1]
    zoned = CandleFold(DAY_NS, zone=NEW_YORK)
    zoned.add([0], [0], [1], [1])
    midnight_ns = 5 * 3600 * SECOND_NS
    assert not len(zoned.close_before(midnight_ns - 1))
    assert len(zoned.close_before(midnight_ns)) == 1


def test_what_does_not_fit_is_marked() -> None:
    large = 1 << 62
    made = candles([0, 0, 0], [0, 0, 1], [large, -5, -large], [3, TOO_LARGE, 3], 60)
    assert made["volume_lots"].tolist() == [TOO_LARGE, 3]
    assert made["notional"].tolist() == [TOO_LARGE, -TOO_LARGE]
    sums = candles([0, 0, 0], [0, 0, 0], [large - 1, large - 1, -1], [1, 1, 1], 60)
    assert sums["notional"].tolist() == [TOO_LARGE]


@pytest.mark.parametrize(
    ("trades", "part"),
    [
        ([(5, 0, 1, 1), (4, 0, 1, 1)], "trade 1: the time 4 is before 5, the time above it; sort"),
        ([(5, -1, 1, 1)], "trade 0: there is no instrument -1"),
        ([(5, 0, 1, -2)], "trade 0: a quantity is -2"),
        ([(5, 1 << 24, 1, 2)], "instrument 16777216 is more than"),
        ([(-(1 << 62) - 1, 0, 1, 2)], "before"),
        ([((1 << 62) + 1, 0, 1, 2)], "further than"),
    ],
)
def test_bad_trades_are_refused_and_leave_no_trace(trades: list[Trade], part: str) -> None:
    fold = CandleFold(10)
    fold.add([1], [0], [1], [1])
    before = fold.opened
    if trades[0][0] < 0:
        fold = CandleFold(10)
        before = fold.opened
    with pytest.raises(WorkbenchError, match=part):
        fold.add(*columns(trades))
    np.testing.assert_array_equal(fold.opened, before)


def test_a_later_batch_may_not_be_earlier() -> None:
    fold = CandleFold(10)
    fold.add([7], [0], [1], [1])
    with pytest.raises(WorkbenchError, match="the time 6 is before 7"):
        fold.add([6], [0], [1], [1])


def test_columns_must_fit_together() -> None:
    with pytest.raises(WorkbenchError, match="not equally many"):
        candles([1, 2], [0, 0], [1], [1], 10)
    with pytest.raises(WorkbenchError, match="no column of integers"):
        candles([1], [0], [1.5], [1], 10)


@pytest.mark.parametrize(
    ("interval", "part"),
    [
        ({"interval_ns": 0}, "no interval"),
        ({"interval_ns": 1 << 62}, "no interval"),
        ({"interval_ns": 7 * SECOND_NS, "zone": NEW_YORK}, "no multiple"),
        ({"interval_ns": DAY_NS, "zone": NEW_YORK, "offset_ns": 1}, "leave out one"),
        ({"interval_ns": DAY_NS, "zone": "Nowhere/Land"}, "Nowhere"),
    ],
)
def test_bad_intervals_are_refused(interval: dict[str, int | str], part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        Intervals(**interval)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("zone", "first", "hours"),
    [
        (NEW_YORK, datetime(2024, 3, 9, 12, tzinfo=UTC), [24, 23, 24]),
        (NEW_YORK, datetime(2024, 11, 2, 12, tzinfo=UTC), [24, 25, 24]),
        # The clocks change at midnight: the day begins at one, or has its first hour twice.
        ("America/Sao_Paulo", datetime(2018, 11, 3, 12, tzinfo=UTC), [24, 23, 24]),
        ("America/Havana", datetime(2024, 11, 2, 12, tzinfo=UTC), [24, 25, 24]),
        # Samoa left out the 30th of December.
        ("Pacific/Apia", datetime(2011, 12, 29, 12, tzinfo=UTC), [24, 24, 24]),
        ("UTC", datetime(1969, 12, 30, tzinfo=UTC), [24, 24, 24]),
    ],
)
def test_days_are_those_of_the_zone(zone: str, first: datetime, hours: list[int]) -> None:
    start_ns = int(first.timestamp()) * SECOND_NS
    starts = day_starts(start_ns, start_ns + 2 * DAY_NS, zone)
    assert (np.diff(starts) // (3600 * SECOND_NS)).tolist() == hours
    dates = [datetime.fromtimestamp(start // SECOND_NS, ZoneInfo(zone)) for start in starts.tolist()]
    before = [moment.astimezone(UTC) - timedelta(seconds=1) for moment in dates]
    assert all(
        moment.date() != early.astimezone(ZoneInfo(zone)).date()
        for moment, early in zip(dates, before, strict=True)
    )


@given(streams(), st.sampled_from([NEW_YORK, "Asia/Kolkata", "America/Havana"]), st.sampled_from([1, 4, 24]))
def test_candles_of_local_days(trades: list[Trade], zone: str, hours: int) -> None:
    # Ten days around a change of the clocks, one trade about every half hour.
    base_ns = int(datetime(2024, 3, 10, tzinfo=UTC).timestamp()) * SECOND_NS
    trades = [(base_ns + time * 1471 * SECOND_NS, *rest) for time, *rest in trades]
    known = ZoneInfo(zone)
    interval_ns = hours * 3600 * SECOND_NS

    def start(time_ns: int) -> int:
        local = datetime.fromtimestamp(time_ns // SECOND_NS, known)
        day = datetime(local.year, local.month, local.day, tzinfo=known)
        day_ns = int(day.timestamp()) * SECOND_NS
        return time_ns - (time_ns - day_ns) % interval_ns if hours < 24 else day_ns

    expected = reference(trades, start)
    made = candles(*columns(trades), interval_ns, zone=zone)
    np.testing.assert_array_equal(made, expected)
    quarters = candles(*columns(trades), 900 * SECOND_NS)
    np.testing.assert_array_equal(coarser(quarters, interval_ns, zone=zone), expected)
    intervals = Intervals(interval_ns, zone=zone)
    times = columns(trades)[0]
    assert intervals.cut(times).tolist() == [start(int(time_ns)) for time_ns in times]


# Tables for people


def test_a_table_of_trades() -> None:
    day = datetime(2024, 5, 1, 13, 30, tzinfo=UTC)
    trades = pl.DataFrame(
        {
            "time": [
                day,
                day + timedelta(seconds=30),
                day + timedelta(seconds=59),
                day + timedelta(minutes=2),
            ],
            "symbol": ["B", "A", "B", "B"],
            "price": [10.1, 5.25, 10.3, 10.0],
            "quantity": [1.5, 2.0, 0.5, 1.0],
        }
    )
    made = wb.candles(trades, "1m")
    assert made["symbol"].to_list() == ["B", "B", "A"]
    assert made["close"].to_list() == [10.3, 10.0, 5.25]
    assert made["volume"].to_list() == [2.0, 1.0, 2.0]
    assert made["vwap"].to_list() == pytest.approx([10.15, 10.0, 5.25])
    assert made["trades"].to_list() == [2, 1, 1]
    assert made["time"].dtype == pl.Datetime("ns", "UTC")
    exact = wb.candles(trades.with_columns(pl.col("price").cast(pl.Decimal(20, 4))), timedelta(minutes=1))
    assert exact.equals(made)
    alone = wb.candles(trades.drop("symbol"), "1d", zone=NEW_YORK)
    assert alone["time"].to_list() == [datetime(2024, 5, 1, 4, tzinfo=UTC)]
    assert alone["trades"].to_list() == [4]
    assert "symbol" not in alone.columns
    assert not len(wb.candles(trades.clear(), "1m"))


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"drop": "price"}, "no column 'price'"),
        ({"price": pl.lit(None, pl.Float64)}, "a price is null"),
        ({"price": pl.lit(float("nan"))}, "more digits"),
        ({"price": pl.lit(1 / 3)}, "more digits"),
        ({"price": pl.lit("1")}, "expected a number"),
        ({"time": pl.lit(5)}, "expected Datetime"),
        ({"every": "1 fortnight"}, "no duration"),
        ({"time": pl.lit(datetime(2024, 5, 1, tzinfo=UTC)) - pl.int_range(pl.len()) * timedelta(1)}, "sort"),
    ],
)
def test_a_bad_table_is_refused(change: dict[str, object], part: str) -> None:
    day = datetime(2024, 5, 1, tzinfo=UTC)
    trades = pl.DataFrame({"time": [day, day], "price": [1.0, 2.0], "quantity": [1, 1]})
    every = str(change.pop("every", "1m"))
    trades = trades.drop(str(change["drop"])) if "drop" in change else trades.with_columns(**change)  # type: ignore[arg-type]
    with pytest.raises(WorkbenchError, match=part):
        wb.candles(trades, every)


# Real ticks


def lean_table(path: Path) -> Table:
    """The rows of a Lean zip of ticks, as the package reads them."""
    data = read_bytes(path)
    lean = lean_file(str(path), data, wb.Layout())
    assert lean is not None
    return read_table(data, str(path), COLUMNS, lean.layout, lean.order)


def minute_bars(path: Path) -> dict[int, tuple[float, ...]]:
    """Bars by start."""
    bars = read_bars(path)
    numbers = bars.drop("time", "symbol").rows()
    return dict(zip(bars["time"].cast(pl.Int64).to_list(), numbers, strict=True))


def ticks_of(table: Table) -> list[np.ndarray]:
    """Columns of trades in ten-thousandths and shares."""
    price, quantity = table.decimals("price"), table.decimals("quantity")
    return [table.times_ns(), np.zeros(len(table), np.int32), price.values, quantity.values]


def ohlc(candle: np.void, unit: float) -> tuple[float, ...]:
    return tuple(float(candle[f"{name}_ticks"]) / unit for name in ("open", "high", "low", "close"))


def session(day: str) -> range:
    """Minutes from 09:30 to 16:00 in New York, as ns."""
    opens = datetime(int(day[:4]), int(day[4:6]), int(day[6:]), 9, 30, tzinfo=ZoneInfo(NEW_YORK))
    start_ns = int(opens.timestamp()) * SECOND_NS
    return range(start_ns, start_ns + 390 * MINUTE_NS, MINUTE_NS)


IBM_DAYS = {
    # Of 390 minutes: how many have a bar; of how many of these the volume of all trades is the bar's, and of
    # how many open, high, low and close of all trades but odd lots are.
    "20131007": (390, 388, 353),
    "20131008": (390, 387, 360),
    "20131009": (390, 388, 331),
    "20131010": (390, 387, 351),
    "20131011": (389, 387, 342),
}


@pytest.mark.parametrize("day", IBM_DAYS)
def test_ibm_trades_make_the_minute_bars(shared: Path, day: str) -> None:
    table = lean_table(shared / f"data/ticks/us_equity/ibm/{day}_trade.zip")
    bars = minute_bars(shared / f"data/bars/us_equity_minute/ibm/{day}_trade.zip")
    every = ticks_of(table)
    whole_lots = table.text("condition").str.to_integer(base=16).to_numpy() & ODD_LOT == 0
    volume = {int(candle["start_ns"]): candle for candle in candles(*every, MINUTE_NS)}
    prices = {
        int(candle["start_ns"]): candle
        for candle in candles(*(column[whole_lots] for column in every), MINUTE_NS)
    }
    minutes = [start for start in session(day) if start in bars]
    same_volume = sum(int(volume[start]["volume_lots"] == bars[start][4]) for start in minutes)
    same_prices = sum(start in prices and ohlc(prices[start], 1e4) == bars[start][:4] for start in minutes)
    assert (len(minutes), same_volume, same_prices) == IBM_DAYS[day]


@pytest.mark.parametrize("day", IBM_DAYS)
def test_ibm_quotes_close_as_the_minute_bars(shared: Path, day: str) -> None:
    table = lean_table(shared / f"data/ticks/us_equity/ibm/{day}_quote.zip")
    bars = minute_bars(shared / f"data/bars/us_equity_minute/ibm/{day}_quote.zip")
    times = table.times_ns()
    closes = []
    for side in ("bid_price", "ask_price"):
        price = table.decimals(side).values
        told = price > 0
        made = candles(times[told], np.zeros(told.sum(), np.int32), price[told], price[told] * 0, MINUTE_NS)
        # A side that nobody spoke of in a minute stands as it did.
        at = np.searchsorted(made["start_ns"], np.array(session(day)), side="right") - 1
        closes.append(made["close_ticks"][at] / 1e4)
    same = sum(
        (bid, ask) == (bars[start][3], bars[start][8])
        for start, bid, ask in zip(session(day), *closes, strict=True)
    )
    assert same == 390


def test_eurusd_ticks_make_every_minute_bar(shared: Path) -> None:
    table = lean_table(shared / "data/ticks/fx/fxcm_eurusd_20140508_quote.zip")
    bars = minute_bars(shared / "data/bars/fx_minute/fxcm_eurusd_20140508_quote.zip")
    times = table.times_ns()
    number = np.zeros(len(times), np.int32)
    sides = []
    for side in ("bid_price", "ask_price"):
        cells = table.decimals(side)
        made = candles(times, number, cells.values, number, MINUTE_NS)
        sides.append([ohlc(candle, 10.0**cells.places) for candle in made])
        assert made["start_ns"].tolist() == list(bars)
    assert len(bars) == 1_431
    for bid, ask, bar in zip(*sides, bars.values(), strict=True):
        assert (bid, ask) == (bar[:4], bar[5:9])


# Other engines


@pytest.fixture(scope="module")
def ibm(shared: Path) -> pl.DataFrame:
    """Trades of two days of IBM as two instruments, in order of time."""
    frames = []
    for number, day in enumerate(("20131007", "20131008")):
        time_ns, _, price, quantity = ticks_of(
            lean_table(shared / f"data/ticks/us_equity/ibm/{day}_trade.zip")
        )
        # Both on one day, so that their trades interleave.
        frames.append(
            pl.DataFrame(
                {"time": time_ns - number * DAY_NS, "symbol": number, "price": price, "quantity": quantity}
            )
        )
    return pl.concat(frames).sort("time", maintain_order=True).with_columns(pl.col("symbol").cast(pl.Int32))


def kernel_frame(ticks: pl.DataFrame, interval_ns: int) -> pl.DataFrame:
    made = candles(*(ticks[name].to_numpy() for name in ("time", "symbol", "price", "quantity")), interval_ns)
    return pl.DataFrame(
        {name: np.ascontiguousarray(made[name]).astype(np.int64) for name in CANDLE.names or ()}
    )


@pytest.mark.parametrize("interval_ns", [SECOND_NS, MINUTE_NS, 3600 * SECOND_NS])
def test_equals_polars(ibm: pl.DataFrame, interval_ns: int) -> None:
    theirs = (
        ibm.with_columns(pl.col("time").cast(pl.Datetime("ns")))
        .group_by_dynamic("time", every=timedelta(microseconds=interval_ns // 1000), group_by="symbol")
        .agg(
            trades=pl.len(),
            open_ticks=pl.col("price").first(),
            high_ticks=pl.col("price").max(),
            low_ticks=pl.col("price").min(),
            close_ticks=pl.col("price").last(),
            volume_lots=pl.col("quantity").sum(),
            notional=(pl.col("price") * pl.col("quantity")).sum(),
        )
        .sort("symbol", "time")
        .select(
            instrument="symbol",
            trades="trades",
            start_ns=pl.col("time").cast(pl.Int64),
            **{name: pl.col(name) for name in CANDLE.names[3:]},  # type: ignore[index]
        )
        .cast(pl.Int64)
    )
    assert kernel_frame(ibm, interval_ns).equals(theirs)


def test_equals_duckdb(ibm: pl.DataFrame) -> None:
    ticks = ibm.with_row_index("seq").with_columns(when=pl.col("time").cast(pl.Datetime("ns")))
    with duckdb.connect() as connection:
        connection.register("ticks", ticks.to_arrow())
        theirs = connection.sql(
            """
            select symbol::bigint as instrument, count(*)::bigint as trades,
                epoch_ns(time_bucket(interval '1 minute', "when"))::bigint as start_ns,
                arg_min(price, seq) as open_ticks, max(price) as high_ticks, min(price) as low_ticks,
                arg_max(price, seq) as close_ticks, sum(quantity)::bigint as volume_lots,
                sum(price * quantity)::bigint as notional
            from ticks group by all order by instrument, start_ns
            """
        ).pl()
    assert kernel_frame(ibm, MINUTE_NS).equals(theirs)


def test_sums_beyond_64_bits_still_have_an_average() -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    trades = pl.DataFrame(
        {
            "time": [start + timedelta(milliseconds=number) for number in range(2_000)],
            "price": [60_000.01] * 2_000,
            "quantity": [10.12345678] * 2_000,
        }
    )
    (row,) = wb.candles(trades, "1m").to_dicts()
    # 2,000 x 10.12345678 = 20,246.91356, all of it at one price.
    assert row["vwap"] == pytest.approx(60_000.01, rel=1e-12)
    assert row["volume"] == pytest.approx(20_246.91356, rel=1e-12)


def test_what_is_no_table_is_refused_with_a_sentence() -> None:
    with pytest.raises(WorkbenchError, match=r"^candles: LazyFrame is no table; give a polars.DataFrame"):
        wb.candles(pl.LazyFrame({"time": []}))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"'1M' is no duration"):
        wb.candles(
            pl.DataFrame(schema={"time": pl.Datetime("ns"), "price": pl.Float64, "quantity": pl.Int64}), "1M"
        )


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_times_that_nanoseconds_cannot_count_are_refused(unit: str) -> None:
    far = pl.Series([(1 << 62) // {"ms": 10**6, "us": 10**3, "ns": 1}[unit] + 1]).cast(pl.Datetime(unit))
    for times in (far, -far.to_physical().cast(pl.Int64).alias("time")):
        frame = pl.DataFrame({"time": times.cast(pl.Datetime(unit)), "price": [1.0], "quantity": [1]})
        with pytest.raises(WorkbenchError, match="is not in the years 1824 to 2115"):
            wb.candles(frame)
    assert len(wb.candles(frame.with_columns(time=pl.lit(0).cast(pl.Datetime(unit))))) == 1


def test_quantities_above_64_bits_are_refused() -> None:
    frame = pl.DataFrame({"time": pl.Series([0]).cast(pl.Datetime("ns")), "price": [1.0]})
    large = frame.with_columns(quantity=pl.Series([(1 << 63) + 1], dtype=pl.UInt64))
    with pytest.raises(WorkbenchError, match="a quantity is 9223372036854775809, above"):
        wb.candles(large)
