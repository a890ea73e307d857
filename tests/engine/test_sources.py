"""Files that belong together, how they are read, and the zone they are in."""

from pathlib import Path

import pytest

import workbench as wb
from tests.tiny_market import write_mbo
from workbench.engine.sources import grouped
from workbench.errors import SourceError


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
