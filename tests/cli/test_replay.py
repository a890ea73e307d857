"""`workbench replay`: what it prints, what it writes, and what it does with wrong input."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import IO

import polars as pl
import pytest
from typer.testing import CliRunner, Result

import workbench as wb
from tests.feed.itch_bytes import NAME, add, cross, framed
from tests.tiny_market import HEADER, mbo_text, write_mbo
from workbench.cli import app, replaying
from workbench.cli.output import FILES
from workbench.feed.history import History

WORKBENCH = Path(sys.executable).with_name("workbench")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def refused(result: Result) -> str:
    """The sentence of a command that ended with exit code 2, and nothing else."""
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("workbench: ")
    assert result.stderr.count("\n") == 1
    return result.stderr.strip().removeprefix("workbench: ")


def test_it_says_what_happened(tmp_path: Path) -> None:
    result = run("replay", write_mbo(tmp_path))
    assert (result.exit_code, result.stderr) == (0, "")
    for words in (
        "TINY",
        "VWAP",
        "10.0057",
        "messages  12",
        "8 in, ",
        "2025-07-17 09:30:00 to 2025-07-17 12:00:00",
    ):
        assert words in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_many_instruments_fit_into_80_columns(tmp_path: Path) -> None:
    paths = [write_mbo(tmp_path, f"{number}.csv", f"INSTR{number}") for number in range(9)]
    result = run("replay", *paths)
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert all(f"INSTR{number}" in result.stdout for number in range(9))


def test_output_is_whole_and_reads_back(tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run("replay", write_mbo(tmp_path), "--out", out)
    assert result.exit_code == 0
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
    market = wb.replay(tmp_path / "tiny.mbo.csv").run()
    assert pl.read_parquet(out / "trades.parquet").equals(market.trades())
    assert pl.read_parquet(out / "quotes.parquet").equals(market.quotes())
    assert pl.read_parquet(out / "events.parquet").equals(market.event_table())
    summary = json.loads((out / "summary.json").read_text())
    assert summary["state_hash"] == market.exchange.state_hash()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "tiny.mbo.csv"]


def test_output_is_never_overwritten_unasked(tmp_path: Path) -> None:
    source, out = write_mbo(tmp_path), tmp_path / "out"
    assert run("replay", source, "--out", out).exit_code == 0
    assert (
        refused(run("replay", source, "--out", out)) == f"{out}: is not empty; name another, or give --force"
    )
    before = (out / "trades.parquet").stat().st_ino
    assert run("replay", source, "--out", out, "--force").exit_code == 0
    assert (out / "trades.parquet").stat().st_ino != before
    (out / "thesis.tex").write_text("precious")
    assert "'thesis.tex', which is no output of this command" in refused(
        run("replay", source, "--out", out, "--force")
    )
    assert (out / "thesis.tex").read_text() == "precious"


def test_output_needs_a_place(tmp_path: Path) -> None:
    source = write_mbo(tmp_path)
    assert "the folder above it does not exist" in refused(
        run("replay", source, "--out", tmp_path / "a" / "b")
    )
    assert "is a file, expected a directory" in refused(run("replay", source, "--out", source))
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run("replay", source, "--out", empty).exit_code == 0


@pytest.mark.parametrize(
    ("trouble", "code", "part"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(28, "No space left on device"), 2, "No space left on device"),
    ],
)
def test_trouble_while_writing_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: BaseException, code: int, part: str
) -> None:
    def half(_market: object, directory: Path) -> None:
        (directory / "trades.parquet").write_text("half")
        raise trouble

    source, out = write_mbo(tmp_path), tmp_path / "out"
    run("replay", source, "--out", out)
    before = (out / "trades.parquet").read_bytes()
    monkeypatch.setattr(replaying, "write_replay", half)
    for place in (out, tmp_path / "new"):
        result = run("replay", source, "--out", place, "--force")
        assert (result.exit_code, result.stdout) == (code, "")
        assert part in result.stderr
    assert (out / "trades.parquet").read_bytes() == before
    assert sorted(left.name for left in tmp_path.iterdir()) == ["out", "tiny.mbo.csv"]


def test_columns_are_mapped(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("when;what;much\n34200.5;10,5;1\n".replace(",", "."))
    options = ["--column", "time=when", "--column", "price=what", "--column", "quantity=3"]
    more = ["--time-unit", "s", "--date", "2024-05-01", "--zone", "America/New_York", "--symbol", "ABC"]
    result = run("replay", path, *options, *more, "--tick-size", "0.05", "--lot-size", "0.1")
    assert result.exit_code == 0, result.stderr
    assert "ABC" in result.stdout
    assert "2024-05-01 09:30:00" in result.stdout


@pytest.mark.parametrize(
    ("text", "options", "part"),
    [
        ("", [], "is empty"),
        ("hello\nworld\n", [], "is of no known kind"),
        (mbo_text().replace("10.03", "ten"), [], "row 5: price is 'ten'"),
        (mbo_text().replace(",T,B,", ",X,B,"), [], "row 6: action is 'X', expected one of"),
        (mbo_text().replace("T13:30:02", "T13:29:02"), [], "row 5: ts_event"),
        (mbo_text().replace(",TINY\n", "\n", 1), [], "cells"),
        (HEADER + "\n", [], "header"),
        ("time,price,size\n2024-05-01T13:30:00Z,x,1\n", [], "row 2: price is 'x', expected a decimal number"),
        ("time,price,size\n2024-05-01T13:30:00Z,1\n", [], "row 2: has 2 cells, expected 3"),
        ("time,price,size\n2024-05-01T13:30:00Z,1,1\n2024-05-01T13:00:00Z,1,1\n", [], "row 3: time is"),
        ("time,price,size\n2024-05-01 09:30:00,1,1\n", [], "in which time zone"),
        (
            "time,price,size\n2024-05-01T13:30:00Z,1.005,1.5\n",
            ["--lot-size", "1"],
            "expected a multiple of 1",
        ),
        (
            "time,price,size\n2024-05-01T13:30:00Z,1.03,1\n",
            ["--tick-size", "0.05"],
            "row 2: a price is 1.03, expected a multiple of 0.05",
        ),
        ("time,price,size\n2024-05-01T13:30:00Z,1,1\n", ["--lot-size", "0"], "lot_size: 0 is not positive"),
        (
            "time,price,size\n2024-05-01T13:30:00Z,1,1\n",
            ["--column", "price=px"],
            "no column 'px' in the header",
        ),
        (
            "time,price,size\n2024-05-01T13:30:00Z,1,1\n",
            ["--column", "prize=price"],
            "no column is called 'prize'",
        ),
        ("time,price,size\n2024-05-01T13:30:00Z,1,1\n", ["--column", "price"], "write ours=theirs"),
        ("time,price,size\n2024-05-01T13:30:00Z,1,1\n", ["--date", "May"], "'May' is no day"),
        ("time,price,size\n2024-05-01T13:30:00Z,1,1\n", ["--zone", "Mars"], "no time zone is called 'Mars'"),
        ("time,price,size\n2024-05-01T13:30:00Z,1,1\n", ["--mode", "thawed"], "'thawed' is no mode"),
        ("time,price,size\n2024-05-01T13:30:00Z,1,1\n", ["--tick-size", "x"], "is not a number"),
        ("date,open,high,low,close\n2024-05-01,1,1,1,1\n", [], "cannot be replayed"),
    ],
)
def test_wrong_input_is_one_sentence_and_leaves_nothing_behind(
    tmp_path: Path, text: str, options: list[str], part: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    assert part in refused(run("replay", path, *options, "--out", tmp_path / "out"))
    assert [left.name for left in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.parametrize(
    ("row", "part"),
    [
        ("2024-05-01T13:30:01Z,1.5,9999999999999", "row 3: a quantity of 9999999999999 is more than the"),
        ("2024-05-01T13:30:01Z,1.5,999999999999999999", "row 3: a quantity of 999999999999999999 is more"),
        ("0001-05-01T13:30:01Z,1.5,1", "row 3: time is '0001-05-01T13:30:01Z', expected a day and time that"),
    ],
)
def test_what_the_exchange_cannot_hold_is_refused_by_row(tmp_path: Path, row: str, part: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"time,price,size\n2024-05-01T13:30:00Z,1.5,1\n{row}\n")
    assert f"{path}, {part}" in refused(run("replay", path, "--out", tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_history_that_the_exchange_refuses_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(History, "held", lambda self: self)
    path = tmp_path / "a.csv"
    rows = "2024-05-01T13:30:00Z,1.5,1\n2024-05-01T13:30:01Z,1.5,9999999999999\n"
    path.write_text(f"time,price,size\n{rows}")
    sentence = refused(run("replay", write_mbo(tmp_path), path, "--out", tmp_path / "out"))
    assert f"{path}, row 3: the exchange refuses what the row says: QUANTITY_TOO_LARGE" in sentence
    assert not (tmp_path / "out").exists()


def test_a_missing_file_and_no_file(tmp_path: Path) -> None:
    assert "there is no such file" in refused(run("replay", tmp_path / "missing.csv"))
    assert run("replay").exit_code == 2


def test_the_wrong_book_is_refused(tmp_path: Path) -> None:
    source, out = write_mbo(tmp_path), tmp_path / "out"
    book = tmp_path / "book.csv"
    book.write_text("ts_event,action\n")
    sentence = refused(run("replay", source, "--verify", book, "--out", out))
    assert str(book) in sentence
    assert "there is no such file" in refused(
        run("replay", source, "--verify", tmp_path / "none.csv", "--out", out)
    )
    assert not out.exists()


def test_a_book_is_verified(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data/l3"
    source = folder / "ARL_XNAS-ITCH_2025-07-17.mbo.csv.zst"
    book = folder / "ARL_XNAS-ITCH_2025-07-17.mbp10.csv.zst"
    result = run("replay", source, "--verify", book)
    assert result.exit_code == 0
    assert "3,928 of 3,928 rows equal" in result.stdout
    goog = shared / "data/lobster/GOOG_2012-06-21_34200000_57600000_orderbook_1.csv.zst"
    refused(run("replay", source, "--verify", goog, "--out", tmp_path / "out"))
    assert not list(tmp_path.iterdir())


def test_a_book_that_differs_is_exit_code_1(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data/l3"
    rows = pl.read_csv(folder / "ARL_XNAS-ITCH_2025-07-17.mbp10.csv.zst", infer_schema=False)
    wrong = rows.with_row_index("at").with_columns(
        bid_sz_00=pl.when(pl.col("at") == 100).then(pl.lit("12345")).otherwise("bid_sz_00")
    )
    book = tmp_path / "wrong.mbp10.csv"
    wrong.drop("at").head(2000).write_csv(book)
    result = run("replay", folder / "ARL_XNAS-ITCH_2025-07-17.mbo.csv.zst", "--verify", book)
    assert result.exit_code == 1
    assert "1,999 of 2,000 rows equal" in result.stdout
    assert "first difference at book row 102 (after source row " in result.stdout
    assert "the books are of rows " in result.stdout
    assert re.search(r"^\* bid 1 +[0-9.]+ +12345 ", result.stdout, re.MULTILINE)
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_a_book_in_another_folder_is_used_and_verified(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data/lobster"
    name = "AAPL_2012-06-21_34200000_57600000_{}_10.first999.csv.zst"
    source = tmp_path / name.format("message")
    source.write_bytes((folder / source.name).read_bytes())
    book = folder / name.format("orderbook")
    for more in ([], [write_mbo(tmp_path)]):
        result = run("replay", source, *more, "--verify", book)
        assert result.exit_code == 0
        assert "999 of 999 rows equal" in result.stdout
    goog = next(folder.glob("GOOG*orderbook*"))
    assert "is the book of GOOG, but the sources are of AAPL, TINY; replay the source" in refused(
        run("replay", source, tmp_path / "tiny.mbo.csv", "--verify", goog)
    )


def test_truncated_archives_are_refused(shared: Path, tmp_path: Path) -> None:
    for name in ("l3/ARL_XNAS-ITCH_2025-07-17.mbo.csv.zst", "ticks/us_equity/ibm/20131007_trade.zip"):
        whole = (shared / "data" / name).read_bytes()
        path = tmp_path / Path(name).name
        path.write_bytes(whole[: len(whole) // 2])
        assert "truncated or damaged" in refused(run("replay", path, "--out", tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_real_process_prints_no_progress_when_nobody_looks(tmp_path: Path) -> None:
    made = subprocess.run(
        [WORKBENCH, "replay", write_mbo(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (made.returncode, made.stderr) == (0, "")
    assert "\x1b" not in made.stdout
    wrong = subprocess.run(
        [WORKBENCH, "replay", tmp_path / "none.csv"], capture_output=True, text=True, check=False
    )
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == f"workbench: {tmp_path / 'none.csv'}: there is no such file\n"


def process(
    *arguments: str | Path, stdout: int | IO[bytes] = subprocess.PIPE, **more: str
) -> tuple[int, str]:
    """Exit code and stderr of a real process."""
    made = subprocess.run(
        [WORKBENCH, *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
        env={**os.environ, **more},
    )
    return made.returncode, made.stderr.decode()


def test_a_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_mbo(tmp_path)
    with Path("/dev/full").open("wb") as full:
        assert process("replay", source, stdout=full) == (
            2,
            "workbench: the output cannot be written: No space left on device\n",
        )

    def full_disk(_market: object, _directory: Path) -> None:
        raise pl.exceptions.ComputeError("parquet: No space left on device (os error 28)")

    monkeypatch.setattr(replaying, "write_replay", full_disk)
    assert refused(run("replay", source, "--out", tmp_path / "out")) == (
        f"{tmp_path / 'out'}: cannot be written: No space left on device"
    )
    assert [left.name for left in tmp_path.iterdir()] == [source.name]


def test_a_terminal_without_the_signs_gets_question_marks(tmp_path: Path) -> None:
    source = write_mbo(tmp_path)
    assert process("book", source, "--at", "10:00", PYTHONIOENCODING="ascii") == (0, "")


def test_force_needs_a_place(tmp_path: Path) -> None:
    assert refused(run("replay", write_mbo(tmp_path), "--force")) == (
        "--force: there is nothing to replace without --out; give --out DIR too"
    )


def test_the_kind_may_be_given(tmp_path: Path) -> None:
    path = tmp_path / "messages.csv"
    path.write_text("34200,1,11,30,5800000,1\n")
    assert "--kind lobster --symbol NAME --date DAY" in refused(run("replay", path))
    result = run("replay", path, "--kind", "lobster", "--symbol", "ABC", "--date", "2012-06-21")
    assert result.exit_code == 0
    assert "2012-06-21 09:30:00" in result.stdout
    assert "is of no kind 'letter', expected one of lobster" in refused(
        run("replay", path, "--kind", "letter")
    )


def test_a_stock_of_an_itch_file(tmp_path: Path) -> None:
    messages = [add(1, "B", 100, 10_0000), add(2, "S", 50, 20_0000, stock="XYZ", locate=2)]
    path, flow = tmp_path / NAME, tmp_path / "flow"
    for file in (path, flow):
        file.write_bytes(framed([*messages, cross(500, 10_0000, "O")]))
    assert "choose one with symbol= or --symbol NAME" in refused(run("replay", path))
    for arguments in ((path,), (path, "--kind", "itch"), (flow, "--date", "2019-01-30")):
        result = run("replay", *arguments, "--symbol", "ABC")
        assert (result.exit_code, result.stderr) == (0, "")
        for words in ("ABC", "volume", "500", "2019-01-30 09:30:00"):
            assert words in result.stdout
        assert "XYZ" not in result.stdout
    assert "tells no day" in refused(run("replay", flow, "--symbol", "ABC"))
    result = run("replay", flow, "--symbol", "ABC", "--kind", "itch", "--date", "2019-01-30")
    assert result.exit_code == 0
    assert "is no table of trades or quotes; leave out" in refused(
        run("replay", path, "--symbol", "ABC", "--column", "price=px")
    )
    result = run("book", path, "--symbol", "XYZ", "--at", "10:00")
    assert result.exit_code == 0
    assert "XYZ at 2019-01-30 10:00:00" in result.stdout


def test_options_of_tables_need_a_table(tmp_path: Path) -> None:
    source = write_mbo(tmp_path)
    assert "is no table of trades or quotes; leave out" in refused(
        run("replay", source, "--column", "price=px")
    )
