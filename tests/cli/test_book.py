"""`workbench book`: the ladder at a moment."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.tiny_market import write_mbo
from workbench.cli import app


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["book", *map(str, arguments)])


def test_bids_left_asks_right_adding_up(tmp_path: Path) -> None:
    result = run(write_mbo(tmp_path), "--at", "10:30")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == ["TINY", "at", "2025-07-17", "10:30:00", "(America/New_York)"]
    assert lines[1] == ["sum", "orders", "bid", "price", "price", "ask", "orders", "sum"]
    assert [cell for cell in lines[2] if "█" not in cell] == [
        "150",
        "2",
        "150",
        "10.00",
        "10.02",
        "60",
        "1",
        "60",
    ]
    assert [cell for cell in lines[3] if "█" not in cell] == [
        "350",
        "1",
        "200",
        "9.99",
        "10.03",
        "300",
        "1",
        "360",
    ]
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_levels_and_times(tmp_path: Path) -> None:
    source = write_mbo(tmp_path)
    assert "9.99" not in run(source, "--at", "10:30", "--levels", "1").stdout
    assert "10.03" not in run(source, "--at", "2025-07-17T16:00:00Z").stdout
    assert "14:30:00 (UTC)" in run(source, "--at", "14:30", "--zone", "UTC").stdout


def test_a_side_may_be_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("time,bid,ask\n1714570200,1.01,\n1714570201,,\n")
    assert "1.01" in run(path, "--at", "1714570200000000000").stdout
    assert "the book is empty" in run(path, "--at", "13:30:01").stdout
    assert "1.01" in run(path, "--at", "13:30:00").stdout


@pytest.mark.parametrize(
    ("at", "part"), [("noon", "is no time"), ("2024-04-30", "is past"), ("2025-13-01", "is no time")]
)
def test_wrong_times_are_refused(tmp_path: Path, at: str, part: str) -> None:
    result = run(write_mbo(tmp_path), "--at", at)
    assert (result.exit_code, result.stdout) == (2, "")
    assert part in result.stderr


def test_a_time_is_needed(tmp_path: Path) -> None:
    result = run(write_mbo(tmp_path))
    assert result.exit_code == 2
    assert "--at" in result.stderr
