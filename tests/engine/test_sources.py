"""Files that belong together, how they are read, and the zone they are in."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

import workbench as wb
from tests.feed.itch_bytes import MIDNIGHT_NS, NAME, OPEN_NS, add, cross, framed
from tests.tiny_market import write_mbo
from workbench.engine.sources import grouped
from workbench.errors import ConfigError, SourceError


def test_pairs_are_put_together_and_nothing_else() -> None:
    message, book = (f"d/GOOG_2012-06-21_34200000_57600000_{what}_1.csv" for what in ("message", "orderbook"))
    other = "d/GOOG_2012-06-22_34200000_57600000_message_1.csv"
    pair = ("d/20131007_trade.zip", "d/20131007_quote.zip")
    assert grouped([message, "a.csv", book, *pair, other, "e/20131007_quote.zip"]) == [
        (message, book),
        "a.csv",
        pair,
        other,
        "e/20131007_quote.zip",
    ]
    assert grouped(["a.csv", "a.csv", "x_trades.csv", "x_trades.csv"]) == [
        "a.csv",
        "a.csv",
        "x_trades.csv",
        "x_trades.csv",
    ]
    assert grouped([("a.csv", "b.csv")]) == [("a.csv", "b.csv")]


def test_zones_follow_the_market(tmp_path: Path, shared: Path) -> None:
    tiny = write_mbo(tmp_path)
    assert wb.replay(tiny).zone == "America/New_York"
    assert wb.replay(tiny, zone="UTC").zone == "UTC"
    euro = wb.open_history(shared / "data/ticks/fx/fxcm_eurusd_20140508_quote.zip")
    assert wb.replay(euro, tiny).zone == "Etc/GMT+5"
    assert wb.replay(euro, zone="Europe/Berlin").zone == "Europe/Berlin"


def test_options_of_tables_leave_other_formats_alone(tmp_path: Path) -> None:
    market = wb.replay(write_mbo(tmp_path), zone="UTC", columns={"price": "px"})
    assert market.zone == "UTC"
    assert len(market.commands) == 8


def test_options_of_tables_reach_a_table_that_has_the_columns_of_orders(tmp_path: Path) -> None:
    path = tmp_path / "prints.csv"
    path.write_text("time,price,size,order_id,action\n2024-05-01T09:30:00,10.5,3,7,T\n")
    market = wb.replay(path, zone="America/New_York")
    assert (market.zone, market.histories[0].kind) == ("America/New_York", "ticks")
    assert market.time_ns == 1_714_570_200_000_000_000


def test_a_file_of_no_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("buy low\nsell high\n")
    with pytest.raises(SourceError, match="is of no known kind"):
        wb.replay(path)


ITCH = [
    add(1, "B", 100, 10_0000),
    add(2, "S", 50, 20_0000, stock="XYZ", locate=2),
    cross(500, 10_0000, "O"),
]


def write_itch(folder: Path, name: str = NAME) -> Path:
    path = folder / name
    path.write_bytes(framed(ITCH))
    return path


def test_a_stock_of_an_itch_file_is_chosen(tmp_path: Path) -> None:
    market = wb.replay(write_itch(tmp_path), symbol="ABC").run()
    assert [instrument.symbol for instrument in market.instruments] == ["ABC"]
    assert (market.zone, market.time_ns) == ("America/New_York", MIDNIGHT_NS + OPEN_NS)
    assert market.summary().instruments[0].volume == 500
    assert wb.replay(write_itch(tmp_path), symbol="XYZ", zone="UTC").zone == "UTC"
    day = write_itch(tmp_path, "flow")
    assert wb.replay(day, symbol="XYZ", date=date(2019, 1, 30)).run().time_ns == MIDNIGHT_NS + OPEN_NS
    # A table beside it takes what it can use.
    path = tmp_path / "prints.csv"
    path.write_text("time,price,size\n09:30:00,10.5,3\n")
    itch = wb.open_history(day, symbol="XYZ", date=date(2019, 1, 30))
    both = wb.replay(itch, path, date=date(2019, 1, 30), zone="UTC")
    assert [history.kind for history in both.histories] == ["itch", "ticks"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, r"holds orders of several stocks \(ABC, XYZ\); choose one with symbol= or --symbol NAME"),
        ({"symbol": "DEF"}, "has no stock 'DEF'; it has ABC, XYZ"),
        ({"symbol": 7}, "symbol: 7 is no str"),
        ({"symbol": "ABC", "date": "2019-01-30"}, "date: '2019-01-30' is no date"),
    ],
)
def test_a_wrong_choice_is_refused(tmp_path: Path, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises((ConfigError, SourceError), match=sentence):
        wb.replay(write_itch(tmp_path), **options)


def test_a_day_that_nothing_tells_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="has a name that tells no day; name it as Nasdaq does"):
        wb.replay(write_itch(tmp_path, "flow"), symbol="ABC")


def test_a_choice_where_there_is_none_is_refused(tmp_path: Path) -> None:
    tiny = write_mbo(tmp_path)
    with pytest.raises(SourceError, match="is no ITCH file and no table; leave out symbol and date"):
        wb.replay(tiny, symbol="TINY")
    with pytest.raises(ConfigError, match="a history has its instrument and its day; give them to its"):
        wb.replay(wb.open_history(tiny), date=date(2019, 1, 30))


def test_the_symbol_of_a_table_may_be_given(tmp_path: Path) -> None:
    path = tmp_path / "prints.csv"
    path.write_text("time,price,size\n09:30:00,10.5,3\n")
    market = wb.replay(path, symbol="IBM", date=date(2024, 5, 1), zone="America/New_York")
    assert market.instruments[0].symbol == "IBM"
    assert market.time_ns == 1_714_570_200_000_000_000
