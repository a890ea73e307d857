"""What goes into a dataset comes out of it, byte for byte, or not at all."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from polars.testing import assert_frame_equal

import workbench as wb
from tests.conftest import ROOT
from tests.feed.same_history import assert_same
from tests.tiny_market import write_mbo
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.domain.records import COMMAND
from workbench.errors import SourceError
from workbench.feed import manifest as manifests
from workbench.feed.bars import read_bars
from workbench.feed.columns import Layout
from workbench.feed.contents import Content
from workbench.feed.dataset import Dataset, bars_draft, history_draft
from workbench.feed.dataset_tables import COMMANDS, ROWS
from workbench.feed.history import History
from workbench.feed.itch import read_itch_history
from workbench.feed.itch_stocks import stocks_of
from workbench.feed.manifest import MANIFEST, instrument_from_json, instrument_to_json, read_manifest
from workbench.feed.open import open_history

NOW_NS = 1_700_000_000_000_000_000


def keep(folder: Path, history: History, *files: Path) -> Dataset:
    folder.mkdir(exist_ok=True)
    draft = history_draft(
        history, [Content.of(file, NOW_NS) for file in files], {"symbol": "X"}, ["question"]
    )
    draft.write(folder)
    draft.seal(folder, folder.name)
    return Dataset.open(folder)


@pytest.fixture
def tiny(tmp_path: Path) -> Dataset:
    path = write_mbo(tmp_path)
    return keep(tmp_path / "kept", open_history(path), path)


SOURCES = (
    ("lobster/GOOG*message*", "lobster/GOOG*orderbook*"),
    ("lobster/AAPL*message*", "lobster/AAPL*orderbook*"),
    ("l3/ARL*mbo.csv*",),
    ("l3/esh4*1224*",),
    ("l3/esh4*1225*",),
    ("l3/bitstamp*",),
    ("ticks/us_equity/ibm/20131007_trade.zip", "ticks/us_equity/ibm/20131007_quote.zip"),
    ("ticks/us_equity/ibm/20131011_trade.zip",),
    ("ticks/fx/fxcm*",),
)


@pytest.mark.parametrize("patterns", SOURCES, ids=lambda patterns: patterns[0])
def test_every_kind_of_source_comes_back_as_the_reader_gave_it(
    tmp_path: Path, shared: Path, patterns: tuple[str, ...]
) -> None:
    files = [min((shared / "data").glob(pattern)) for pattern in patterns]
    history = open_history(*files)
    assert_same(history, keep(tmp_path / "kept", history, *files).history())


@pytest.mark.parametrize("stock", ["harbor", "quartz", "zephyr"])
def test_the_committed_day_comes_back(tmp_path: Path, stock: str) -> None:
    path = ROOT / "data" / "samples" / f"{stock}-2025-03-18.parquet"
    history = open_history(path)
    assert_same(history, keep(tmp_path / "kept", history, path).history())


def test_every_stock_of_every_capture_comes_back(tmp_path: Path, shared: Path) -> None:
    kept = 0
    for path in sorted((shared / "data" / "itch50").rglob("*.pcap")):
        for symbol in stocks_of(path).orders:
            history = read_itch_history(path, symbol=symbol)
            assert_same(history, keep(tmp_path / f"{kept}", history, path).history())
            kept += 1
    assert kept == 15


@pytest.mark.parametrize(
    ("pattern", "layout"),
    [
        ("bars/us_equity_minute/ibm/20131007_trade.zip", Layout()),
        ("bars/us_equity_minute/ibm/20131007_quote.zip", Layout()),
        ("bars/us_equity_daily/aapl.zip", Layout()),
        ("bars/fx_minute/fxcm_eurusd_20140508_quote.zip", Layout()),
        ("bars/crypto_minute/coinbase_btcusd/20180404_trade.zip", Layout()),
        ("bars/csv/GOOG*", Layout()),
        ("bars/csv/EURUSD*", Layout(zone="UTC")),
    ],
)
def test_bars_come_back_as_floats_and_as_decimals(
    tmp_path: Path, shared: Path, pattern: str, layout: Layout
) -> None:
    path = min((shared / "data").glob(pattern))
    bars, exact = (read_bars(path, layout=layout, exact=exact) for exact in (False, True))
    draft = bars_draft(
        bars, exact, "ANY", "UTC", [Content.of(path, NOW_NS)], {"layout": layout}, ["question"]
    )
    draft.write(tmp_path)
    draft.seal(tmp_path, tmp_path.name)
    kept = Dataset.open(tmp_path)
    assert_frame_equal(kept.bars(), bars, check_exact=True)
    assert_frame_equal(kept.bars(exact=True), exact, check_exact=True)
    with pytest.raises(SourceError, match="holds bars, which do not tell in which order prices came"):
        kept.history()


def test_bars_without_exact_numbers_say_so(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    path.write_text("time,open,high,low,close\n2024-05-01,1,2,1,2\n")
    bars = read_bars(path, layout=Layout(zone="UTC"))
    draft = bars_draft(bars, "too many digits", "ANY", "UTC", [Content.of(path, NOW_NS)], {}, ["question"])
    draft.write(tmp_path)
    draft.seal(tmp_path, tmp_path.name)
    kept = Dataset.open(tmp_path)
    assert_frame_equal(kept.bars(), bars)
    with pytest.raises(SourceError, match="has no exact bars: too many digits"):
        kept.bars(exact=True)


def test_a_history_is_no_bars(tiny: Dataset) -> None:
    with pytest.raises(SourceError, match="holds order flow, not bars; replay kept"):
        tiny.bars()


def test_columns_are_those_of_commands_with_checked_pages(tiny: Dataset) -> None:
    table = pq.read_table(tiny.folder / COMMANDS, page_checksum_verification=True)
    assert table.column_names == [*COMMAND.names, "row", "origin"]
    columns = pq.ParquetFile(tiny.folder / COMMANDS).metadata.row_group(0)
    assert {columns.column(i).compression for i in range(columns.num_columns)} == {"ZSTD"}
    by_name = {
        columns.column(i).path_in_schema: columns.column(i).encodings for i in range(columns.num_columns)
    }
    assert "DELTA_BINARY_PACKED" in by_name["time_ns"]


def test_the_manifest_says_what_it_is(tiny: Dataset) -> None:
    said = json.loads((tiny.folder / MANIFEST).read_text())
    assert (said["name"], said["kind"], said["symbol"], said["zone"]) == (
        "kept",
        "databento-mbo",
        "TINY",
        "America/New_York",
    )
    assert said["days"] == ["2025-07-17", "2025-07-17"]
    assert said["counts"] == {"commands": 8, "rows": 12}
    assert said["options"] == {"symbol": "X"}
    assert said["workbench"] == wb.__version__
    assert [table["name"] for table in said["tables"]] == [COMMANDS, ROWS]
    assert said["sources"][0]["path"] == str(tiny.folder.parent / "tiny.mbo.csv")
    assert read_manifest(tiny.folder) == tiny.manifest


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("name", [COMMANDS, ROWS])
@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (Path.unlink, "is missing"),
        (flipped, "was edited or is damaged: its sha256 is not the one in the manifest"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), r"has [\d,]+ bytes, expected [\d,]+"),
        (lambda path: path.write_bytes(b""), "has 0 bytes, expected"),
    ],
)
def test_a_harmed_table_is_refused(
    tiny: Dataset, name: str, harm: Callable[[Path], object], reason: str
) -> None:
    harm(tiny.folder / name)
    for use in (tiny.history, tiny.check):
        with pytest.raises(SourceError, match=rf"{name}: {reason}.*; import it again from /.*tiny.mbo.csv"):
            use()


def test_nothing_is_parsed_of_a_dataset_that_is_harmed(
    tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = tiny.folder / ROWS
    rows.write_bytes(rows.read_bytes()[:-10])
    parsed = []
    monkeypatch.setattr("workbench.feed.dataset.read_columns", parsed.append)
    with pytest.raises(SourceError, match=rf"{ROWS}: has "):
        tiny.history()
    assert not parsed


def test_every_flipped_byte_of_a_small_dataset_is_noticed(tiny: Dataset) -> None:
    whole = tiny.history()
    for path in sorted(tiny.folder.iterdir()):
        data = path.read_bytes()
        for at in range(0, len(data), max(1, len(data) // 80)):
            for bit in (1, 0x80):
                path.write_bytes(data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :])
                try:
                    found = Dataset.open(tiny.folder).history()
                except SourceError:
                    continue
                assert_same(found, whole)  # Only blanks of the manifest may differ.
        path.write_bytes(data)
    assert_same(Dataset.open(tiny.folder).history(), whole)


def test_every_truncation_is_noticed(tiny: Dataset) -> None:
    for path in sorted(tiny.folder.iterdir()):
        data = path.read_bytes()
        for size in range(0, len(data) - 1, max(1, len(data) // 100)):
            path.write_bytes(data[:size])
            with pytest.raises(SourceError):
                Dataset.open(tiny.folder).history()
        path.write_bytes(data)


def test_tables_of_another_dataset_are_noticed(tmp_path: Path, tiny: Dataset) -> None:
    other = open_history(write_mbo(tmp_path, "other.csv", "OTHER"))
    swapped = keep(tmp_path / "other", other.with_tick_size("0.005"), tmp_path / "other.csv")
    (swapped.folder / COMMANDS).replace(tiny.folder / COMMANDS)
    with pytest.raises(SourceError, match=r"bytes, expected|was edited"):
        tiny.history()


def test_an_edited_manifest_is_refused(tiny: Dataset) -> None:
    path = tiny.folder / MANIFEST
    path.write_text(path.read_text().replace('"TINY"', '"TONY"'))
    with pytest.raises(
        SourceError, match=r"manifest.json: was edited or is damaged; import the source again"
    ):
        Dataset.open(tiny.folder)
    for content in ("", "[]", "{}", '{"digest": 1}', "no json"):
        path.write_text(content)
        with pytest.raises(SourceError, match="damaged"):
            Dataset.open(tiny.folder)
    path.unlink()
    with pytest.raises(SourceError, match=r"is no dataset: it has no manifest\.json"):
        Dataset.open(tiny.folder)


def test_a_dataset_of_older_commands_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_mbo(tmp_path)
    with monkeypatch.context() as older:
        older.setattr(manifests, "schema_hash", lambda _dtype: "0123456789abcdef")
        made = keep(tmp_path / "kept", open_history(path), path)
    with pytest.raises(
        SourceError, match=r"whose commands had another layout; import it again from /.*tiny.mbo.csv"
    ):
        Dataset.open(made.folder)


def test_a_dataset_of_another_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_mbo(tmp_path)
    made = keep(tmp_path / "kept", open_history(path), path)
    monkeypatch.setattr(manifests, "FORMAT", 2)
    with pytest.raises(SourceError, match=r"is a dataset of format 1, not 2; import it again from /.*tiny"):
        Dataset.open(made.folder)


def test_reference_data_keeps_its_types() -> None:
    instrument = Instrument(
        "ANY",
        price_min=1,
        price_max="200",
        tick_size=Decimal("0.010"),
        price_increment="0.05",
        fees=FeeSchedule(maker_per_lot="-0.002", taker_bps=Decimal("1.5")),
        currency="EUR",
    )
    again = instrument_from_json(json.loads(json.dumps(instrument_to_json(instrument))))
    assert (again, repr(again)) == (instrument, repr(instrument))


def test_a_history_without_rows_can_be_kept(tmp_path: Path, tiny: Dataset) -> None:
    some = tiny.history()
    empty = History(
        some.commands[:0], some.rows[:0], some.row_times_ns[:0], some.instrument, {}, some.source, some.kind
    )
    assert_same(empty, keep(tmp_path / "empty", empty, tmp_path / "tiny.mbo.csv").history())


def test_extreme_numbers_come_back(tmp_path: Path, tiny: Dataset) -> None:
    some = tiny.history()
    commands = np.zeros(6, COMMAND)
    for name in COMMAND.names or ():
        kind = COMMAND[name]
        limits = np.iinfo(kind)
        commands[name] = np.array([limits.min, limits.max, 0, 1, limits.max, limits.min], kind)
    rows = np.arange(6, dtype=np.int64)
    extreme = History(
        commands, rows, rows, some.instrument, {}, some.source, some.kind, rows.astype(np.uint8)
    )
    assert_same(extreme, keep(tmp_path / "extreme", extreme, tmp_path / "tiny.mbo.csv").history())


def test_polars_reads_the_tables_too(tiny: Dataset) -> None:
    table = pl.read_parquet(tiny.folder / COMMANDS)
    assert table["time_ns"].to_list() == tiny.history().commands["time_ns"].tolist()
