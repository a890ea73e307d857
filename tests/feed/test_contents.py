"""What a source is, whatever it is called."""

import os
from datetime import date
from pathlib import Path

import pytest

from workbench.errors import SourceError
from workbench.feed.columns import Layout
from workbench.feed.contents import Content, identity, plain_options, said_by_name
from workbench.feed.ticks import TickRules

LATER_NS = 10_000_000_000


def hashed(path: Path, *, late: bool = True) -> Content:
    return Content.of(path, path.stat().st_ctime_ns + (LATER_NS if late else 0))


def test_a_file_is_known_again_until_it_is_touched(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("one")
    content = hashed(path)
    assert content.sha256 == "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
    assert content.is_at(path)
    assert Content.from_json(content.to_json()) == content
    stat = path.stat()
    path.write_text("two")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert not content.is_at(path)
    other = tmp_path / "b.csv"
    other.write_text("one")
    assert not content.is_at(other)
    path.unlink()
    assert not content.is_at(path)


def test_a_file_that_was_just_written_is_hashed_again(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("one")
    assert not hashed(path, late=False).is_at(path)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("one")

    def append(_count: int) -> None:
        with path.open("a") as file:
            file.write("more")

    with pytest.raises(SourceError, match="changed while it was read; wait until it is written whole"):
        Content.of(path, 0, append)
    content = hashed(path)
    content.check_unchanged()
    append(0)
    with pytest.raises(SourceError, match="changed while it was read"):
        content.check_unchanged()
    path.unlink()
    with pytest.raises(SourceError, match="changed while it was read"):
        content.check_unchanged()
    with pytest.raises(SourceError, match="there is no such file"):
        Content.of(path, 0)
    with pytest.raises(SourceError, match="is a folder"):
        Content.of(tmp_path, 0)


@pytest.mark.parametrize(
    ("kind", "one", "other", "same"),
    [
        ("databento-mbo", "a/x.csv", "b/y.csv.zst", True),
        ("sample", "x.parquet", "y.parquet", True),
        ("bitstamp", "a/btcusd.csv", "b/btcusd.csv", True),
        ("bitstamp", "bitstamp_btcusd.csv", "bitstamp_etheur.csv", False),
        ("lobster", "A_2012-06-21_1_2_message_1.csv", "d/A_2012-06-21_1_2_message_1.csv.zst", True),
        ("lobster", "A_2012-06-21_1_2_message_1.csv", "A_2012-06-22_1_2_message_1.csv", False),
        ("itch", "01302019.NASDAQ_ITCH50", "d/01302019.NASDAQ_ITCH50", True),
        ("itch", "01302019.NASDAQ_ITCH50", "01312019.NASDAQ_ITCH50", False),
        ("ticks", "d/spy.csv", "e/spy.csv.gz", True),
        ("ticks", "spy.csv", "ibm.csv", False),
        ("bars", "spy.csv", "ibm.csv", True),
    ],
)
def test_what_a_name_says_is_part_of_a_source(kind: str, one: str, other: str, same: bool) -> None:
    assert (said_by_name(kind, one) == said_by_name(kind, other)) is same


def test_the_market_in_a_path_matters_to_lean_zips_of_plain_decimals(shared: Path) -> None:
    path = shared / "data/ticks/fx/fxcm_eurusd_20140508_quote.zip"
    assert said_by_name("ticks", path) == "fxcm"


def test_options_that_are_not_given_make_no_difference() -> None:
    plain = identity("ticks", [("a.csv", "1")], {})
    assert identity("ticks", [("a.csv", "1")], {"layout": Layout(), "rules": TickRules()}) == plain
    assert identity("ticks", [("a.csv", "1")], {"symbol": "", "date": None}) == plain


def test_everything_else_makes_one() -> None:
    files = [("a.csv", "1"), ("b.csv", "2")]
    questions = [
        identity("ticks", files, {}),
        identity("itch", files, {}),
        identity("ticks", files[::-1], {}),
        identity("ticks", files[:1], {}),
        identity("ticks", [("a.csv", "1"), ("b.csv", "3")], {}),
        *(
            identity("ticks", files, {"layout": layout})
            for layout in (
                Layout(zone="UTC"),
                Layout(columns={"price": "px"}),
                Layout(columns={"price": 3}),
                Layout(header=False),
                Layout(date=date(2024, 5, 1)),
                Layout(price_unit="0.0001"),
            )
        ),
        identity("ticks", files, {"rules": TickRules(tick_size="0.01")}),
        identity("ticks", files, {"rules": TickRules(symbol="SPY")}),
    ]
    assert len(set(questions)) == len(questions)


def test_a_given_symbol_goes_before_the_name_of_a_table() -> None:
    rules = {"rules": TickRules(symbol="SPY")}
    assert identity("ticks", [("a.csv", "1")], rules) == identity("ticks", [("b.csv", "1")], rules)


def test_options_are_plain() -> None:
    layout = Layout(columns={"b": 2, "a": "x"}, date=date(2024, 5, 1))
    assert plain_options({"layout": layout, "none": None}) == {
        "layout": {"columns": {"a": "x", "b": 2}, "date": "2024-05-01"}
    }
