"""Sources that were imported are read from their datasets, which give the same."""

import os
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

import workbench as wb
from tests.conftest import ROOT
from tests.feed.itch_bytes import NAME, add, framed
from tests.feed.same_history import assert_same
from tests.tiny_market import write_mbo
from workbench.engine.importing import import_sources
from workbench.engine.stored import Request, catalog_of, imported
from workbench.errors import ConfigError, SourceError
from workbench.feed.dataset_tables import COMMANDS

TINY = "TINY-2025-07-17"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def keep(*paths: Path, **options: object) -> list[str]:
    outcomes = list(import_sources(paths, catalog_of(), **options))  # type: ignore[arg-type]
    assert all(outcome.error is None for outcome in outcomes), outcomes
    return [outcome.added.dataset.name for outcome in outcomes if outcome.added is not None]


def names(market: wb.Replay) -> list[str]:
    return [manifest.name if manifest is not None else "" for manifest in market.datasets]


def test_a_dataset_is_replayed_by_its_name_its_folder_and_its_file(tmp_path: Path, data: Path) -> None:
    path = write_mbo(tmp_path)
    plain = wb.replay(path).run()
    assert names(plain) == [""]
    assert keep(path) == [TINY]
    for source in (TINY, data / "history" / TINY, path):
        market = wb.replay(source).run()
        assert names(market) == [TINY]
        assert market.exchange.state_hash() == plain.exchange.state_hash()
        assert market.zone == plain.zone
        assert_same(market.histories[0], plain.histories[0])
    assert names(wb.replay(path, imported=False)) == [""]
    assert names(wb.replay(path, data=tmp_path / "elsewhere")) == [""]
    assert_same(wb.open_history(TINY), plain.histories[0])
    assert_same(wb.open_history(TINY, data=data), plain.histories[0])


@pytest.mark.parametrize(
    "patterns",
    [
        ("lobster/GOOG*message*",),
        ("lobster/AAPL*message*", "lobster/AAPL*orderbook*"),
        ("l3/ARL*mbo.csv*",),
        ("l3/esh4*1224*",),
        ("l3/esh4*1225*",),
        ("l3/bitstamp*",),
        ("ticks/us_equity/ibm/20131007_trade.zip", "ticks/us_equity/ibm/20131007_quote.zip"),
        ("ticks/fx/fxcm*",),
        ("itch50/v5.0/Multiple*",),
    ],
    ids=lambda patterns: patterns[0],
)
def test_every_kind_of_source_replays_to_the_same_state(shared: Path, patterns: tuple[str, ...]) -> None:
    files = [min((shared / "data").glob(pattern)) for pattern in patterns]
    symbol = "META" if "itch50" in patterns[0] else ""
    plain = wb.replay(*files, symbol=symbol).run()
    keep(*files)
    market = wb.replay(*files, symbol=symbol).run()
    assert "" not in names(market)
    assert market.exchange.state_hash() == plain.exchange.state_hash()
    for ours, theirs in zip(market.histories, plain.histories, strict=True):
        assert_same(ours, theirs)


def test_the_committed_day_replays_to_the_same_state() -> None:
    files = sorted((ROOT / "data" / "samples").glob("*.parquet"))
    plain = wb.replay(*files).run()
    assert len(keep(*files)) == 3
    market = wb.replay("HARBOR-2025-03-18", *files[1:]).run()
    assert names(market) == ["HARBOR-2025-03-18", "QUARTZ-2025-03-18", "ZEPHYR-2025-03-18"]
    assert market.exchange.state_hash() == plain.exchange.state_hash()


def test_a_file_that_changed_or_is_asked_otherwise_is_read_itself(tmp_path: Path) -> None:
    path = tmp_path / "spy.csv"
    path.write_text("time,price,size\n2024-05-01T09:30:00,10.5,3\n")
    assert keep(path, layout=wb.Layout(zone="America/New_York")) == ["spy-2024-05-01"]
    assert names(wb.replay(path, zone="America/New_York")) == ["spy-2024-05-01"]
    assert names(wb.replay(path, zone="UTC")) == [""]
    assert names(wb.replay(path, zone="America/New_York", rules=wb.TickRules(tick_size="0.5"))) == [""]
    stat = path.stat()
    path.write_text("time,price,size\n2024-05-01T09:30:00,10.6,3\n")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    market = wb.replay(path, zone="America/New_York")
    assert (names(market), market.commands["price_ticks"].tolist()) == ([""], [1060])


def test_the_same_content_elsewhere_is_recognised(tmp_path: Path) -> None:
    path = write_mbo(tmp_path)
    keep(path)
    (tmp_path / "sub").mkdir()
    moved = path.rename(tmp_path / "sub" / "renamed.csv")
    market = wb.replay(moved)
    assert names(market) == [TINY]
    assert market.histories[0].source == str(moved)
    catalog = catalog_of()
    assert imported(Request((moved,)), catalog) is not None
    assert imported(Request((tmp_path / "nothing.csv",), "databento-mbo"), catalog) is None


def test_lobsters_book_beside_the_messages_is_part_of_the_source(tmp_path: Path, shared: Path) -> None:
    found = sorted((shared / "data/lobster").glob("AAPL*"))
    message, book = (tmp_path / file.name for file in found)
    message.write_bytes(found[0].read_bytes())
    assert len(keep(message)) == 1
    assert len(names(wb.replay(message))[0]) > 0
    book.write_bytes(found[1].read_bytes())
    assert names(wb.replay(message)) == [""]
    assert keep(message) == ["AAPL-2012-06-21-2"]
    assert names(wb.replay(message)) == ["AAPL-2012-06-21-2"]


def test_the_only_stock_of_a_file_need_not_be_named(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(framed([add(1, "B", 100, 10_0000)]))
    assert keep(path) == ["ABC-2019-01-30"]
    assert names(wb.replay(path)) == names(wb.replay(path, symbol="ABC")) == ["ABC-2019-01-30"]
    path.write_bytes(framed([add(1, "B", 100, 10_0000), add(2, "B", 100, 10_0000, stock="XYZ", locate=2)]))
    assert keep(path) == ["ABC-2019-01-30-2", "XYZ-2019-01-30"]
    assert names(wb.replay(path, symbol="XYZ")) == ["XYZ-2019-01-30"]
    with pytest.raises(SourceError, match="holds orders of several stocks"):
        wb.replay(path)


def test_a_damaged_dataset_is_refused_by_name_and_passed_over_for_its_file(
    tmp_path: Path, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_mbo(tmp_path)
    keep(path)
    (data / "history" / TINY / COMMANDS).unlink()
    with pytest.raises(SourceError, match="is missing; import it again from"):
        wb.replay(TINY)
    market = wb.replay(path)
    assert len(market.commands) == 8
    assert names(market) == [""]
    assert "is missing; import it again from" in caplog.text
    assert "The file itself is read." in caplog.text
    assert len(wb.replay(path, imported=False).commands) == 8


def test_names_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_mbo(tmp_path)
    with pytest.raises(SourceError, match="there is no such file"):
        wb.replay("TINY-2025-07-18")
    keep(path)
    with pytest.raises(SourceError, match=f"there is no such file or dataset; did you mean {TINY}"):
        wb.replay("TINY-2025-07-18")
    with pytest.raises(SourceError, match=r"there is no such file$"):
        wb.replay("zzz")
    with pytest.raises(SourceError, match="is a folder, expected a file"):
        wb.replay(tmp_path)
    with pytest.raises(ConfigError, match="a history has its instrument and its day"):
        wb.replay(TINY, symbol="TINY")
    # A file of the same name goes before a dataset.
    monkeypatch.chdir(tmp_path)
    write_mbo(tmp_path, TINY, "OTHER")
    assert wb.replay(TINY).instruments[0].symbol == "OTHER"


def test_bars_are_read_by_name(tmp_path: Path, shared: Path) -> None:
    path = shared / "data/bars/us_equity_minute/ibm/20131007_trade.zip"
    assert keep(path) == ["IBM-bars-2013-10-07"]
    for exact in (False, True):
        assert_frame_equal(
            wb.read_bars("IBM-bars-2013-10-07", exact=exact),
            wb.read_bars(path, exact=exact),
            check_exact=True,
        )
    with pytest.raises(SourceError, match="holds bars"):
        wb.replay("IBM-bars-2013-10-07")
    keep(write_mbo(tmp_path))
    with pytest.raises(SourceError, match="holds order flow, not bars"):
        wb.read_bars(TINY)
