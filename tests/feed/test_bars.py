"""Bars become a typed table, and are refused where they make no sense or would be replayed."""

import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

import workbench as wb
from workbench.errors import SourceError

BARS = "date,open,high,low,close,volume\n2024-05-01,10,12.5,9,11,1000\n2024-05-02,11,11,11,11,\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "bars.csv"
    path.write_text(text)
    return path


def test_bars_are_typed(tmp_path: Path) -> None:
    bars = wb.read_bars(write(tmp_path, BARS))
    assert bars.schema == {
        "time": pl.Datetime("ns", "UTC"),
        **dict.fromkeys(("open", "high", "low", "close", "volume"), pl.Float64),
    }
    assert bars.rows() == [
        (datetime(2024, 5, 1, tzinfo=UTC), 10.0, 12.5, 9.0, 11.0, 1000.0),
        (datetime(2024, 5, 2, tzinfo=UTC), 11.0, 11.0, 11.0, 11.0, None),
    ]


def test_bars_are_exact_where_asked_for(tmp_path: Path) -> None:
    bars = wb.read_bars(write(tmp_path, BARS), exact=True)
    assert bars["high"].to_list() == [Decimal("12.5"), Decimal("11.0")]
    assert bars["volume"].to_list() == [Decimal(1000), None]


def test_unnamed_index_and_time_zone(tmp_path: Path) -> None:
    text = ",Open,High,Low,Close\n2024-05-01 09:30:00,1,1,1,1\n"
    with pytest.raises(SourceError, match="in which time zone"):
        wb.read_bars(write(tmp_path, text))
    bars = wb.read_bars(write(tmp_path, text), layout=wb.Layout(zone="America/New_York"))
    assert bars["time"].to_list() == [datetime(2024, 5, 1, 13, 30, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("date,open,high,low\n2024-05-01,1,1,1\n", "there is no column close"),
        ("open,high,low,close\n1,1,1,1\n", "there is no column"),
        (
            "date,open,high,low,close\n2024-05-01,1,0.5,0.4,0.5\n",
            "row 2: high is '0.5', expected at least the open",
        ),
        (
            "date,open,high,low,close\n2024-05-01,1,2,1.5,2\n",
            "row 2: low is '1.5', expected at most the open",
        ),
        ("date,open,high,low,close\n2024-05-01,1,2,-1,2\n", "row 2: low is '-1', expected a price"),
        (
            "date,open,high,low,close\n2024-05-01,1,1,1,1\n2024-05-01,1,1,1,1\n",
            "row 3: date is '2024-05-01' for the second time",
        ),
        (
            "date,open,high,low,close,volume\n2024-05-01,1,1,1,1,much\n",
            "row 2: volume is 'much', expected a decimal",
        ),
        ("", "is empty"),
    ],
)
def test_what_is_no_bar_is_named(tmp_path: Path, text: str, part: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SourceError) as error:
        wb.read_bars(path)
    assert part in str(error.value)


def test_bars_are_not_replayed(tmp_path: Path) -> None:
    path = write(tmp_path, BARS)
    for wrong in (lambda: wb.replay(path), lambda: wb.read_ticks(path), lambda: wb.open_history(path)):
        with pytest.raises(SourceError, match="cannot be replayed; replay trades or quotes"):
            wrong()


def test_ticks_are_no_bars(tmp_path: Path) -> None:
    path = tmp_path / "20240501_quote.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("20240501_abc_tick_quote.csv", "1000,1.1,1.2\n")
    with pytest.raises(SourceError, match="holds ticks, not bars"):
        wb.read_bars(path, layout=wb.Layout(zone="UTC"))


@pytest.mark.parametrize(
    ("name", "rows", "first"),
    [
        ("us_equity_daily/aapl.zip", 5849, (datetime(1998, 1, 2, 5, tzinfo=UTC), "AAPL", 13.63)),
        (
            "us_equity_minute/spy/20131004_trade.zip",
            711,
            (datetime(2013, 10, 4, 8, 6, tzinfo=UTC), "SPY", 167.65),
        ),
        (
            "us_equity_minute/ibm/20131007_quote.zip",
            554,
            (datetime(2013, 10, 7, 8, tzinfo=UTC), "IBM", 180.01),
        ),
        (
            "crypto_minute/coinbase_btcusd/20180404_quote.zip",
            1437,
            (datetime(2018, 4, 4, tzinfo=UTC), "BTCUSD", 7424.9),
        ),
        (
            "fx_minute/fxcm_eurusd_20140508_quote.zip",
            1431,
            (datetime(2014, 5, 8, 5, tzinfo=UTC), "EURUSD", 1.39147),
        ),
    ],
)
def test_lean_bars(shared: Path, name: str, rows: int, first: tuple[object, ...]) -> None:
    path = shared / "data/bars" / name
    bars = wb.read_bars(path)
    assert len(bars) == rows
    assert bars.row(0)[:3] == first
    with pytest.raises(SourceError, match="cannot be replayed"):
        wb.open_history(path)


def test_every_lean_zip_of_bars_is_read(shared: Path) -> None:
    paths = sorted((shared / "data/bars").rglob("*.zip"))
    assert len(paths) > 20
    for path in paths:
        bars = wb.read_bars(path)
        assert bars["time"].is_sorted()
        assert not bars.select(pl.col("^.*(open|high|low|close)$").null_count()).sum_horizontal().sum()


def test_tables_with_other_names_are_mapped(shared: Path) -> None:
    folder = shared / "data/bars/csv"
    assert len(wb.read_bars(folder / "GOOG_daily_2004-2013.csv")) == 2148
    assert len(wb.read_bars(folder / "EURUSD_hourly_2017-2018.csv", layout=wb.Layout(zone="UTC"))) == 5000
    path = folder / "AAPL_daily_2015-2017.csv"
    with pytest.raises(SourceError, match="there is no column open; map it"):
        wb.read_bars(path)
    columns = {name: f"AAPL.{name.title()}" for name in ("open", "high", "low", "close", "volume")}
    bars = wb.read_bars(path, columns=columns, exact=True)
    assert bars.row(0)[1:] == tuple(
        Decimal(text) for text in ("127.489998", "128.880005", "126.919998", "127.830002", "63152400")
    )
