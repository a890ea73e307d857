"""Files that belong together, the zone they are in, and the venue they make."""

from pathlib import Path

import pytest

import workbench as wb
from tests.tiny_market import write_mbo
from workbench.engine.sources import grouped, market_zone
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
    history = wb.open_history(write_mbo(tmp_path))
    assert market_zone([history]) == "America/New_York"
    assert market_zone([history], "UTC") == "UTC"
    future = wb.open_history(shared / "data/l3/esh4-glbx-mdp3-20231224.mbo.dbn.zst")
    assert market_zone([future]) == "America/Chicago"
    ibm = wb.open_history(shared / "data/ticks/us_equity/ibm/20131007_trade.zip")
    assert market_zone([ibm]) == "America/New_York"
    euro = wb.open_history(shared / "data/ticks/fx/fxcm_eurusd_20140508_quote.zip")
    assert market_zone([euro]) == "Etc/GMT+5"


def test_options_of_tables_leave_other_formats_alone(tmp_path: Path) -> None:
    market = wb.replay(write_mbo(tmp_path), zone="UTC", columns={"price": "px"})
    assert market.zone == "UTC"
    assert len(market.commands) == 8


def test_a_file_of_no_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("buy low\nsell high\n")
    with pytest.raises(SourceError, match="is of no known kind"):
        wb.replay(path)
