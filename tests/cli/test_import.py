"""`workbench import` and `workbench history`: what they print and refuse, and what survives a kill."""

import errno
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from tests.feed.itch_bytes import NAME, add, framed
from tests.feed.same_history import assert_same
from tests.tiny_market import write_mbo
from workbench.cli import app, importing
from workbench.feed import dataset
from workbench.feed.catalog import Catalog
from workbench.feed.dataset_tables import COMMANDS
from workbench.feed.open import open_history

TINY = "TINY-2025-07-17"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def refused(result: Result) -> str:
    """The sentence of a command that ended with exit code 2, and nothing else."""
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("workbench: ")
    assert result.stderr.count("\n") == 1
    return result.stderr.strip().removeprefix("workbench: ")


def state(result: Result) -> str:
    found = re.search(r"^state +(\w+)", result.stdout, re.MULTILINE)
    assert found is not None, result.output
    return found[1]


def test_a_source_is_imported_once(tmp_path: Path) -> None:
    path = write_mbo(tmp_path)
    first, second = run("import", path), run("import", path)
    assert (first.exit_code, first.stderr) == (0, "")
    assert first.stdout.startswith(f"imported   {TINY}: databento-mbo, 8 commands of 12 rows, ")
    assert (second.exit_code, second.output) == (0, f"already imported as {TINY}: {path}\n")


def test_a_replay_says_that_it_read_a_dataset_and_gives_the_same(tmp_path: Path) -> None:
    path = write_mbo(tmp_path)
    plain = run("replay", path)
    run("import", path)
    by_file, by_name, off = run("replay", path), run("replay", TINY), run("replay", path, "--no-imported")
    assert by_file.stderr.startswith(f"read from the dataset {TINY}, imported ")
    assert by_file.stderr.endswith(f" from {path}\n")
    assert by_name.stderr == off.stderr == ""
    assert state(plain) == state(by_file) == state(by_name) == state(off)
    for source in (path, TINY):
        book = run("book", source, "--at", "10:00", "--levels", "1")
        assert book.exit_code == 0
        assert "60" in book.stdout
    assert "read from the dataset" in run("replay", path, "--kind", "databento-mbo").stderr
    assert "tiny.mbo.csv: there is no such file" in refused(
        run("replay", TINY, path.with_name("x") / path.name)
    )


def test_another_data_root_can_be_named(tmp_path: Path, data: Path) -> None:
    path = write_mbo(tmp_path)
    other = tmp_path / "other"
    assert run("import", path, "--data", other).exit_code == 0
    assert (other / "history" / TINY).is_dir()
    assert not data.exists()
    assert run("replay", TINY, "--data", other).exit_code == 0
    assert "there is no such file" in refused(run("replay", TINY))
    assert TINY in run("history", "--data", other).stdout


def test_readers_options_are_those_of_replay(tmp_path: Path) -> None:
    path = tmp_path / "prints.csv"
    path.write_text("when;px;size\n34200;10.5;300\n")
    options = (
        *("--column", "time=when", "--column", "price=px", "--delimiter", ";", "--time-unit", "s"),
        *("--date", "2024-05-01", "--zone", "America/New_York", "--tick-size", "0.5", "--lot-size", "100"),
        *("--symbol", "ABC", "--kind", "ticks"),
    )
    assert run("import", path, *options).stdout.startswith("imported   ABC-2024-05-01: ticks, ")
    assert "read from the dataset ABC-2024-05-01" in run("replay", path, *options).stderr
    message = tmp_path / "messages.csv"
    message.write_text("34200.1,1,11,30,58000,1\n")
    options = ("--kind", "lobster", "--symbol", "ABC", "--date", "2012-06-21")
    assert run("import", message, *options).stdout.startswith("imported   ABC-2012-06-21: lobster, ")
    assert "read from the dataset ABC-2012-06-21" in run("replay", message, *options).stderr


def test_stocks_of_an_itch_file(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(
        framed(
            [
                add(number, "B", 100, 10_0000, stock=name, locate=number)
                for number, name in enumerate(("ABC", "XYZ", "DEF"), 1)
            ]
        )
    )
    assert run("import", path, "--symbol", "ABC", "--symbol", "XYZ").stdout.count("imported   ") == 2
    everything = run("import", path).stdout
    assert everything.count("already imported as ") == 2
    assert "imported   DEF-2019-01-30: itch, 1 commands of 1 rows" in everything


def test_a_folder_names_what_it_leaves_out(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write_mbo(folder)
    (folder / "notes.txt").write_text("buy low\n")
    result = run("import", folder)
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"skipped    {folder / 'notes.txt'}: is of no known kind\n" in result.stdout
    (folder / "tiny.mbo.csv").unlink()
    result = run("import", folder)
    assert result.exit_code == 2
    assert "in: holds nothing that can be imported" in result.stderr


def test_names(tmp_path: Path) -> None:
    path = write_mbo(tmp_path)
    other = write_mbo(tmp_path, "other.csv", "OTHER")
    assert "imported   mine: " in run("import", path, "--name", "mine").stdout
    assert "mine: a dataset of this name exists in" in refused(run("import", other, "--name", "mine"))
    assert "is no name for a dataset" in refused(run("import", other, "--name", "a/b"))
    assert "--name: is for one dataset" in refused(run("import", path, other, "--name", "x"))
    assert "--name: is for one dataset" in refused(run("import", tmp_path, "--name", "x"))
    with pytest.raises(AssertionError):
        refused(run("replay", "mine"))
    assert "did you mean mine?" in refused(run("replay", "mime"))


def test_what_cannot_be_imported_is_one_sentence_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = write_mbo(tmp_path)
    result = run("import", tmp_path / "none.csv", path)
    assert (result.exit_code, result.stderr) == (
        2,
        f"workbench: {tmp_path / 'none.csv'}: there is no such file\n",
    )
    assert f"imported   {TINY}" in result.stdout
    damaged = tmp_path / "torn.csv.gz"
    damaged.write_bytes(b"\x1f\x8b\x08\x00torn")
    assert "is truncated or damaged" in refused(run("import", damaged))
    assert "is of no kind 'nonsense'" in refused(run("import", path, "--kind", "nonsense"))


def test_a_full_disk_is_one_sentence(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = write_mbo(tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr(dataset, "write_durably", full)
        assert refused(run("import", path)) == (
            f"{data / 'history'}: cannot be written: No space left on device; "
            "free some space and run the import again; finished datasets stay"
        )
    assert run("import", path).stdout.startswith("imported")
    (tmp_path / "file").touch()
    assert "cannot be written: Not a directory" in refused(run("import", path, "--data", tmp_path / "file"))


def test_history_lists_checks_and_removes(tmp_path: Path, data: Path) -> None:
    assert "no datasets in " in run("history").stdout
    run("import", write_mbo(tmp_path), write_mbo(tmp_path, "other.csv", "OTHER"))
    listed = run("history")
    assert (listed.exit_code, listed.stderr) == (0, "")
    assert [line.split()[0] for line in listed.stdout.splitlines()] == ["name", "OTHER-2025-07-17", TINY]
    assert max(map(len, listed.stdout.splitlines())) <= 80
    assert run("history", "--check").stdout.count("yes") == 2
    (data / "history" / TINY / COMMANDS).write_bytes(b"")
    checked = run("history", "--check", TINY)
    assert (checked.exit_code, "no" in checked.stdout) == (2, True)
    assert "has 0 bytes, expected" in checked.stderr
    assert run("history", "--remove", TINY).stdout == f"removed    {TINY}\n"
    assert TINY not in run("history").stdout
    assert "did you mean OTHER-2025-07-17?" in refused(run("history", "--remove", "OTHER"))
    (data / "history" / "OTHER-2025-07-17" / "manifest.json").unlink()
    assert "damaged or of an older version" in run("history").stdout


def test_a_long_name_stays_in_one_piece_where_nobody_looks(tmp_path: Path) -> None:
    symbol = "A_VERY_LONG_NAME_OF_AN_INSTRUMENT_THAT_DOES_NOT_FIT_INTO_A_LINE_OF_A_TERMINAL"
    run("import", write_mbo(tmp_path, "long.csv", symbol))
    assert f"{symbol}-2025-07-17  databento-mbo" in run("history").stdout


def test_who_names_no_known_kind_is_told_of_bars(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("when,first,top,bottom,end\n1,2,3,1,2\n")
    assert "(bars can be imported" in refused(run("import", path))


def test_progress_is_shown_on_a_terminal_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Console(file=(tmp_path / "screen").open("w"), force_terminal=True, width=100)
    monkeypatch.setattr(importing, "console", lambda **_options: screen)
    assert run("import", write_mbo(tmp_path)).exit_code == 0
    screen.file.close()
    shown = (tmp_path / "screen").read_text()
    assert "checking tiny.mbo.csv" in shown or "reading tiny.mbo.csv" in shown or "writing TINY" in shown


def sources(folder: Path, count: int) -> Iterator[Path]:
    for number in range(count):
        yield write_mbo(folder, f"{number:03}.csv", f"I{number:03}")


def started(*arguments: str | Path, code: str = "") -> subprocess.Popen[str]:
    command = f"{code}\nfrom workbench.cli import app\napp()"
    return subprocess.Popen(
        [sys.executable, "-c", command, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


SLOW = """
import time
from workbench.feed import dataset, dataset_tables
begun = set()
def slow(path, data):
    begun.add(path.parent)
    if len(begun) > MOST:
        time.sleep(3600)
    with path.open("xb") as file:
        file.write(data[: len(data) // 2]); file.flush(); time.sleep(0.02); file.write(data[len(data) // 2 :])
dataset.write_durably = slow
"""
"""Writes each file in two halves, so that a kill comes between them; waits for it after so many datasets."""


def check_whole(data: Path, paths: list[Path]) -> None:
    """Every dataset that is there is what its reader gave."""
    catalog = Catalog(data)
    by_path = {str(path): path for path in paths}
    for name in catalog.names():
        found = catalog.dataset(name)
        assert_same(found.history(), open_history(by_path[found.manifest.origin]))


@pytest.mark.parametrize(("how", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)])
def test_an_interrupted_import_goes_on_where_it_was(tmp_path: Path, data: Path, how: int, code: int) -> None:
    paths = list(sources(tmp_path, 40))
    done = 0
    for _ in range(3):
        process = started("import", *paths, code=f"MOST = 8\n{SLOW}")
        assert process.stdout is not None
        new = 0
        for line in process.stdout:
            new += line.startswith("imported")
            if new == 3:
                break
        time.sleep(0.01)
        process.send_signal(how)
        process.communicate(timeout=120)
        assert process.returncode == code
        names = Catalog(data).names()
        assert len(names) >= done + 3
        done = len(names)
        check_whole(data, paths)
    result = run("import", *paths)
    assert result.exit_code == 0
    assert result.stdout.count("already imported as ") == done
    assert result.stdout.count("imported   ") == 40 - done
    assert len(Catalog(data).names()) == 40
    check_whole(data, paths)
    assert [path.name for path in (data / "history").iterdir() if path.name.startswith(".")] == [".lock"]


def test_two_imports_at_once_do_not_harm_one_another(tmp_path: Path, data: Path) -> None:
    paths = list(sources(tmp_path, 12))
    both = [started("import", *order, code=f"MOST = 100\n{SLOW}") for order in (paths, paths, paths[::-1])]
    told = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0, 0], told
    made = sum(out.count("imported   ") for out, _ in told)
    assert (made, sum(out.count("already imported as ") for out, _ in told)) == (12, 24)
    assert sorted(Catalog(data).names()) == sorted(f"I{number:03}-2025-07-17" for number in range(12))
    check_whole(data, paths)
