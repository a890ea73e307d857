"""As-of joins against a plain twin, Polars and DuckDB, on random rows and on real trades and quotes."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench as wb
from workbench.errors import ConfigError, WorkbenchError
from workbench.feed import asof as asof_module
from workbench.feed.asof import DIRECTIONS, asof

pytestmark = pytest.mark.kernel

Row = tuple[int, int]
"""Time and key."""


def reference(
    left: Sequence[Row], right: Sequence[Row], direction: str, allow_exact: bool, tolerance: int | None
) -> list[int]:
    """The same matches, every left row compared with every right row."""
    found = []
    for time, key in left:
        best, best_rank = -1, None
        for row, (other, other_key) in enumerate(right):
            apart = other - time
            if key < 0 or key != other_key or (apart == 0 and not allow_exact):
                continue
            if (direction == "backward" and apart > 0) or (direction == "forward" and apart < 0):
                continue
            if tolerance is not None and abs(apart) > tolerance:
                continue
            # The nearest; of equally near ones the later time; of equal times the last, or forward the first.
            rank = (abs(apart), -apart, row if direction == "forward" else -row)
            if best_rank is None or rank < best_rank:
                best, best_rank = row, rank
        found.append(best)
    return found


def rows(most: int, *, low: int = -1) -> st.SearchStrategy[list[Row]]:
    return st.lists(st.tuples(st.integers(-9, 9), st.integers(low, 2)), max_size=most).map(
        lambda made: sorted(made, key=lambda row: row[0])
    )


def columns(made: Sequence[Row]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([row[0] for row in made], np.int64), np.array([row[1] for row in made], np.int64)


DIRECTION = st.sampled_from(DIRECTIONS)
TOLERANCE = st.one_of(st.none(), st.integers(0, 5))


@given(rows(20), rows(20), DIRECTION, st.booleans(), TOLERANCE)
def test_equals_the_plain_twin(
    left: list[Row], right: list[Row], direction: str, allow_exact: bool, tolerance: int | None
) -> None:
    found = asof(
        *columns(left), *columns(right), direction=direction, allow_exact=allow_exact, tolerance_ns=tolerance
    )
    assert found.tolist() == reference(left, right, direction, allow_exact, tolerance)


@given(rows(25), rows(25), DIRECTION, st.booleans(), TOLERANCE, st.integers(2, 5))
def test_parts_on_threads_give_the_same(
    left: list[Row], right: list[Row], direction: str, allow_exact: bool, tolerance: int | None, threads: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asof_module, "PART_ROWS", 1)
        patch.setattr(asof_module, "_THREADS", threads)
        found = asof(
            *columns(left),
            *columns(right),
            direction=direction,
            allow_exact=allow_exact,
            tolerance_ns=tolerance,
        )
    assert found.tolist() == reference(left, right, direction, allow_exact, tolerance)


@given(rows(20, low=0), rows(20, low=0), DIRECTION, st.booleans(), TOLERANCE)
def test_equals_polars(
    left: list[Row], right: list[Row], direction: str, allow_exact: bool, tolerance: int | None
) -> None:
    schema = {"time": pl.Int64, "symbol": pl.Int64}
    ours = pl.DataFrame(left, schema, orient="row")
    theirs = pl.DataFrame(right, schema, orient="row").with_row_index("row")
    # Sorted by time alone, as they are: Polars cannot see that of several symbols, and says so.
    joined = ours.join_asof(
        theirs,
        on="time",
        by="symbol",
        strategy=direction,  # type: ignore[arg-type]
        allow_exact_matches=allow_exact,
        tolerance=tolerance,
        check_sortedness=False,
    )
    options = {"direction": direction, "allow_exact": allow_exact, "tolerance": tolerance}
    assert wb.asof_join(ours, theirs, **options).equals(joined)  # type: ignore[arg-type]


def test_keys_may_be_any_numbers() -> None:
    huge = 1 << 60
    assert asof([5, 5, 5], [huge, 7, -huge], [1, 2, 3], [7, huge, -huge]).tolist() == [1, 0, -1]
    assert asof([5], np.array([200], np.uint8), [1], np.array([200], np.uint8)).tolist() == [0]
    assert asof([], [], [1], [0]).tolist() == []
    assert asof([1], [0], [], []).tolist() == [-1]


@pytest.mark.parametrize(
    ("arguments", "options", "part"),
    [
        (([2, 1], [0, 0], [1], [0]), {}, "left row 1: the time 1 is before 2"),
        (
            ([1], [0], [5, 7, 6], [0, 0, 0]),
            {},
            r"right row 2: the time 6 is before 7, .*; sort",
        ),
        (([1], [0, 0], [1], [0]), {}, "there are 2 keys for 1 times"),
        (([1.5], [0], [1], [0]), {}, "no column of integers"),
        (([1 << 62], [0], [1], [0]), {}, "further than"),
        (([1], [0], [1], [0]), {"direction": "sideways"}, "none of backward"),
        (([1], [0], [1], [0]), {"tolerance_ns": -1}, "no distance"),
    ],
)
def test_bad_columns_are_refused(
    arguments: tuple[list[int], ...], options: dict[str, int], part: str
) -> None:
    with pytest.raises(WorkbenchError, match=part):
        asof(*arguments, **options)


# Tables

DAY = datetime(2024, 5, 1, tzinfo=UTC)


def table(seconds: list[int], **more: list[object]) -> pl.DataFrame:
    return pl.DataFrame({"time": [DAY + timedelta(seconds=second) for second in seconds], **more})


def test_tables_of_several_symbols() -> None:
    trades = table([1, 2, 3], symbol=["A", "B", None], price=[1.0, 2.0, 3.0])
    quotes = table([0, 1, 2, 2], symbol=["B", "A", "A", "B"], bid=[0.5, 0.6, 0.7, 0.8], price=[9, 8, 7, 6])
    joined = wb.asof_join(trades, quotes)
    assert joined.columns == ["time", "symbol", "price", "bid", "price_right"]
    assert joined["bid"].to_list() == [0.6, 0.8, None]
    strict = wb.asof_join(trades, quotes, allow_exact=False, tolerance="1500ms", suffix="_quoted")
    assert strict["bid"].to_list() == [None, None, None]
    assert strict.columns[-1] == "price_quoted"
    assert wb.asof_join(trades, quotes, by=None, tolerance=timedelta(seconds=1))["bid"].to_list() == [
        0.6,
        0.8,
        0.8,
    ]
    assert wb.asof_join(trades, quotes.clear())["bid"].to_list() == [None] * 3


@pytest.mark.parametrize("kind", ["string", "categorical", "enum", "other enum"])
def test_symbols_of_every_kind(kind: str) -> None:
    trades = table([1, 2], symbol=["A", "C"], venue=[1, 2])
    quotes = table([0, 0, 1], symbol=["C", "A", "C"], venue=[2, 2, 1], bid=[1, 2, 3])
    kinds = {
        "string": (pl.String, pl.String),
        "categorical": (pl.Categorical, pl.Categorical),
        "enum": (pl.Enum(["A", "B", "C"]), pl.Enum(["A", "B", "C"])),
        "other enum": (pl.Enum(["A", "B", "C"]), pl.Enum(["C", "A"])),
    }[kind]
    trades, quotes = (
        frame.with_columns(pl.col("symbol").cast(dtype))
        for frame, dtype in zip((trades, quotes), kinds, strict=True)
    )
    assert wb.asof_join(trades, quotes)["bid"].to_list() == [2, 3]
    assert wb.asof_join(trades, quotes, by=["symbol", "venue"])["bid"].to_list() == [None, 1]


def test_bad_tables_are_refused() -> None:
    trades, quotes = table([1], symbol=["A"]), table([1], symbol=["A"], bid=[1])
    for wrong, part in (
        (lambda: wb.asof_join(trades.drop("symbol"), quotes), "the left table has no column 'symbol'"),
        (
            lambda: wb.asof_join(trades, quotes.with_columns(time=pl.lit(None))),
            "time of the right table is null",
        ),
        (lambda: wb.asof_join(trades, quotes.with_columns(time=pl.lit(5))), "on the left and"),
        (lambda: wb.asof_join(trades, quotes, tolerance="soon"), "no duration"),
        (lambda: wb.asof_join(trades, quotes, on="symbol", by=None), "no column of integers"),
    ):
        with pytest.raises(WorkbenchError, match=part):
            wrong()
    with pytest.raises(ConfigError, match="none of"):
        wb.asof_join(trades, quotes, direction="up")


def test_the_quote_that_a_trade_met_comes_by_seq(tmp_path: Path) -> None:
    path = tmp_path / "abc.csv"
    path.write_text(
        "time,price,quantity,bid,ask\n2024-05-01T13:30:00Z,,,10,11\n2024-05-01T13:30:01Z,11,1,10,11\n"
        "2024-05-01T13:30:01Z,,,11,12\n"
    )
    market = wb.replay(path).run()
    assert wb.asof_join(market.trades(), market.quotes())["ask_price"].to_list() == [12.0]
    assert wb.asof_join(market.trades(), market.quotes(), on="seq")["ask_price"].to_list() == [11.0]


# Real trades and quotes


@pytest.fixture(scope="module")
def market(shared: Path, scaled: Callable[[int], int]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Trades and quotes of two days of IBM (of their first minutes at a small scale), as two symbols."""
    until = "16:00" if scaled(20) > 1 else "09:40"
    trades, quotes = [], []
    for number, day in enumerate(("20131007", "20131008")):
        folder = shared / "data/ticks/us_equity/ibm"
        replayed = wb.replay(folder / f"{day}_trade.zip", folder / f"{day}_quote.zip").run_until(until)
        for frame, frames in ((replayed.trades(), trades), (replayed.quotes(), quotes)):
            named = pl.lit(f"IBM{number}").alias("symbol")
            frames.append(frame.with_columns(pl.col("time") - timedelta(days=number), named))
    both = [pl.concat(frames).sort("time", "seq") for frames in (trades, quotes)]
    return both[0].select("time", "symbol", "price", "quantity"), both[1].select(
        "time", "symbol", "bid_price", "ask_price", "seq"
    )


@pytest.mark.slow
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("allow_exact", [True, False])
def test_real_quotes_equal_polars(
    market: tuple[pl.DataFrame, pl.DataFrame], direction: str, allow_exact: bool
) -> None:
    trades, quotes = market
    for tolerance in (None, "20ms"):
        theirs = trades.join_asof(
            quotes,
            on="time",
            by="symbol",
            strategy=direction,  # type: ignore[arg-type]
            allow_exact_matches=allow_exact,
            tolerance=tolerance,
            check_sortedness=False,
        )
        ours = wb.asof_join(trades, quotes, direction=direction, allow_exact=allow_exact, tolerance=tolerance)
        assert ours.equals(theirs)
        assert ours["bid_price"].null_count() < len(ours)


@pytest.mark.slow
def test_real_quotes_equal_duckdb(market: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    trades, quotes = market
    # DuckDB does not say which of the quotes of one moment it takes, so each moment has one here.
    quotes = quotes.unique(["time", "symbol"], keep="last", maintain_order=True)
    with duckdb.connect() as connection:
        connection.register("trades", trades.with_row_index("row").to_arrow())
        connection.register("quotes", quotes.to_arrow())
        theirs = connection.sql(
            """
            select t.row, q.bid_price, q.ask_price from trades t asof left join quotes q
            on t.symbol = q.symbol and t.time >= q.time order by t.row
            """
        ).pl()
    ours = wb.asof_join(trades, quotes)
    assert ours.select("bid_price", "ask_price").equals(theirs.drop("row"))


def test_columns_that_would_come_twice_are_refused() -> None:
    table = pl.DataFrame({"time": [1], "symbol": ["A"], "price": [1.0]})
    with pytest.raises(
        WorkbenchError, match=r"^asof_join: there would be two columns 'price'; choose another"
    ):
        wb.asof_join(table, table, suffix="")
    with pytest.raises(WorkbenchError, match=r"^asof_join: LazyFrame is no table"):
        wb.asof_join(table, table.lazy())  # type: ignore[arg-type]
