"""What an import makes of files, folders and stocks."""

from collections.abc import Callable
from pathlib import Path

import pytest

import workbench as wb
from tests.feed.itch_bytes import NAME, add, framed
from tests.feed.same_history import assert_same
from tests.tiny_market import write_mbo
from workbench.engine import importing
from workbench.engine.importing import Outcome, expanded, import_sources
from workbench.errors import SourceError, WorkbenchError
from workbench.feed import itch_stocks
from workbench.feed.catalog import Catalog
from workbench.feed.itch import read_itch_history


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "data")


def told(outcomes: list[Outcome]) -> list[tuple[str, str]]:
    """Name and outcome of each dataset, or "" and the reason."""
    return [
        (one.added.dataset.name, one.added.outcome) if one.added else ("", one.skipped or str(one.error))
        for one in outcomes
    ]


def stocks(path: Path, *names: str) -> Path:
    messages = [
        add(number, "B", 100, 10_0000 + 100 * number, stock=name, locate=number)
        for number, name in enumerate(names, 1)
    ]
    path.write_bytes(framed(messages))
    return path


def test_a_folder_is_read_whole_and_pairs_are_put_together(tmp_path: Path, catalog: Catalog) -> None:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    write_mbo(folder)
    (folder / "notes.txt").write_text("buy low\n")
    (folder / ".hidden.csv").write_text("time,price,size\n")
    (folder / "empty.csv").write_text("")
    (folder / "sub" / "spy_quotes.csv").write_text("time,bid,ask\n2024-05-01T13:30:00Z,1.00,1.02\n")
    (folder / "sub" / "spy_trades.csv").write_text("time,price,size\n2024-05-01T13:30:01Z,1.01,3\n")
    (folder / "bars.csv").write_text("time,open,high,low,close\n2024-05-01T13:30:00Z,1,2,1,2\n")
    outcomes = list(import_sources([folder], catalog))
    made = [name for name, outcome in told(outcomes) if outcome == "new"]
    assert made == ["bars-bars-2024-05-01", "TINY-2025-07-17", "spy_trades-2024-05-01"]
    reasons = " ".join(reason for name, reason in told(outcomes) if not name)
    assert "is empty" in reasons
    assert "is of no known kind" in reasons
    assert len(outcomes) == 5
    assert {outcome for _, outcome in told(list(import_sources([folder], catalog)))} >= {"already"}
    pair = [folder / "sub" / f"spy_{what}.csv" for what in ("trades", "quotes")]
    assert wb.replay(*pair, data=tmp_path / "data").datasets[0] is not None


def test_folders_without_files_and_datasets_are_refused(tmp_path: Path, catalog: Catalog) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="is a folder without files"):
        expanded([tmp_path / "empty"])
    list(import_sources([write_mbo(tmp_path)], catalog))
    with pytest.raises(SourceError, match="is a dataset or a session already"):
        expanded([catalog.folder / "TINY-2025-07-17"])


def test_a_changed_file_makes_a_new_dataset(tmp_path: Path, catalog: Catalog) -> None:
    path = write_mbo(tmp_path)
    first = told(list(import_sources([path], catalog)))
    path.write_text(path.read_text().replace("10.03", "10.04"))
    second = told(list(import_sources([path], catalog)))
    assert (first, second) == ([("TINY-2025-07-17", "new")], [("TINY-2025-07-17-2", "new")])
    assert told(list(import_sources([path, path], catalog))) == [("TINY-2025-07-17-2", "already")] * 2


def test_one_source_that_cannot_be_read_stops_no_other(tmp_path: Path, catalog: Catalog) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(write_mbo(tmp_path).read_text().replace(",A,B,", ",A,X,"))
    outcomes = told(list(import_sources([tmp_path / "none.csv", bad, tmp_path / "tiny.mbo.csv"], catalog)))
    assert outcomes[0][1].endswith("none.csv: there is no such file")
    assert "bad.csv, row 2: side is 'X', expected one of B, A, N" in outcomes[1][1]
    assert outcomes[2] == ("TINY-2025-07-17", "new")


def test_options_of_tables_are_refused_where_there_is_none(tmp_path: Path, catalog: Catalog) -> None:
    path = write_mbo(tmp_path)
    for options in ({"rules": wb.TickRules(tick_size="0.01")}, {"symbols": ["ABC"]}):
        (outcome,) = import_sources([path], catalog, **options)  # type: ignore[arg-type]
        assert "is no table of trades or quotes; leave out options of tables" in str(outcome.error)
    (outcome,) = import_sources([path], catalog, symbols=["A", "B"], kind="databento-mbo")
    assert "holds one instrument; give one --symbol, or none" in str(outcome.error)


def test_all_stocks_of_a_file_or_those_that_are_named(tmp_path: Path, catalog: Catalog) -> None:
    path = stocks(tmp_path / NAME, "ABC", "XYZ", "DEF")
    assert told(list(import_sources([path], catalog, symbols=["XYZ", "ABC"]))) == [
        ("XYZ-2019-01-30", "new"),
        ("ABC-2019-01-30", "new"),
    ]
    assert told(list(import_sources([path], catalog))) == [
        ("ABC-2019-01-30", "already"),
        ("XYZ-2019-01-30", "already"),
        ("DEF-2019-01-30", "new"),
    ]
    for symbol in ("ABC", "DEF", "XYZ"):
        alone = read_itch_history(path, symbol=symbol)
        assert_same(catalog.dataset(f"{symbol}-2019-01-30").history(), alone)
    (outcome,) = import_sources([path], catalog, symbols=["NONE"])
    assert "has no stock 'NONE'; it has ABC, DEF, XYZ" in str(outcome.error)


def test_stocks_that_do_not_fit_into_memory_take_several_passes(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = stocks(tmp_path / NAME, "ABC", "XYZ", "DEF")
    monkeypatch.setattr(importing, "passes", lambda counts: itch_stocks.passes(counts, most=1))
    assert [outcome for _, outcome in told(list(import_sources([path], catalog)))] == ["new"] * 3


class Stop(BaseException):
    pass


def interrupt_after(count: int) -> Callable[[Outcome], None]:
    left = count

    def after(_outcome: Outcome) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise Stop

    return after


def test_what_is_finished_stays_and_is_not_read_again(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = stocks(tmp_path / NAME, "ABC", "XYZ", "DEF")
    stop = interrupt_after(2)

    def interrupted() -> None:
        for outcome in import_sources([path], catalog):
            stop(outcome)

    with pytest.raises(Stop):
        interrupted()
    assert catalog.names() == ["ABC-2019-01-30", "DEF-2019-01-30"]
    asked: list[list[str]] = []
    read = importing.read_itch_histories

    def noted(path: Path, symbols: list[str], **options: object) -> object:
        asked.append(symbols)
        return read(path, symbols, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "read_itch_histories", noted)
    assert [outcome for _, outcome in told(list(import_sources([path], catalog)))] == [
        "already",
        "already",
        "new",
    ]
    assert asked == [["XYZ"]]


def test_a_file_that_changes_while_it_is_read_makes_no_dataset(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_mbo(tmp_path)
    read = importing.Request.read

    def late(self: importing.Request) -> object:
        made = read(self)
        path.write_text(path.read_text() + "\n")
        return made

    monkeypatch.setattr(importing.Request, "read", late)
    (outcome,) = import_sources([path], catalog)
    assert "changed while it was read" in str(outcome.error)
    assert catalog.names() == []


def test_how_far_it_is_is_told(tmp_path: Path, catalog: Catalog) -> None:
    class Heard:
        def __init__(self) -> None:
            self.stages: list[tuple[str, int | None, str]] = []
            self.done: dict[str, int] = {}

        def begin(self, what: str, total: int | None, unit: str) -> None:
            self.stages.append((what, total, unit))

        def advance(self, count: int) -> None:
            what = self.stages[-1][0]
            self.done[what] = self.done.get(what, 0) + count

    heard = Heard()
    path = write_mbo(tmp_path)
    itch = stocks(tmp_path / NAME, "ABC", "XYZ")
    list(import_sources([path, itch], catalog, progress=heard))
    assert heard.stages[:3] == [
        ("checking tiny.mbo.csv", path.stat().st_size, "bytes"),
        ("reading tiny.mbo.csv", None, "rows"),
        ("writing TINY", None, "rows"),
    ]
    assert (f"reading 2 stocks of {NAME}", 2, "messages") in heard.stages
    assert heard.done["checking tiny.mbo.csv"] == path.stat().st_size
    assert heard.done[f"reading 2 stocks of {NAME}"] == 2


def test_a_catalog_that_cannot_be_written_ends_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WorkbenchError, match="cannot be written: Not a directory"):
        list(import_sources([write_mbo(tmp_path)], Catalog(tmp_path / "file")))
