"""`workbench report`: which there are, one made, and what is refused."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.reporting.conftest import HEAD, day, record
from workbench.cli import app

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("report") / "data"
    record(root, "tuesday", day("2025-03-18", 103) + HEAD.format(title="Tuesday", date="2025-03-18"))
    return root


def test_without_a_name_it_lists_what_there_is() -> None:
    told = RUNNER.invoke(app, ["report", "--json"])
    assert told.exit_code == 0
    kinds = {each["name"]: each for each in json.loads(told.stdout)}
    assert set(kinds) == {"class_summary", "daily_pnl", "drawdown", "execution_quality"}
    assert kinds["drawdown"]["parameters"][1]["name"] == "account"
    assert "daily_pnl" in RUNNER.invoke(app, ["report"]).stdout


def test_it_makes_one_and_says_where(data: Path, tmp_path: Path) -> None:
    arguments = ["report", "drawdown", "--session", "tuesday", "--account", "ann", "--data", str(data)]
    told = RUNNER.invoke(app, [*arguments, "--out", str(tmp_path / "r"), "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert Path(found["html"]) == tmp_path / "r" / "report.html"
    assert found["numbers"]["max_drawdown"] < 0
    again = RUNNER.invoke(app, [*arguments, "--out", str(tmp_path / "r")])
    assert again.exit_code == 2
    assert "holds a report already" in again.stderr
    assert "--out" in again.stderr
    assert "--force" in again.stderr
    # What is wrong in what is asked for is said first.
    wrong = RUNNER.invoke(app, [*arguments, "--class", "all", "--out", str(tmp_path / "r")])
    assert wrong.exit_code == 2
    assert "holds a report" not in wrong.stderr


def test_a_place_of_its_own_names_the_days(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["report", "daily_pnl", "--session", "tuesday", "--account", "ann", "--data", str(data)]
    for more, name in (
        (["--from", "2024-01-01", "--to", "2024-01-31"], "tuesday-2024-01-01_2024-01-31-ann"),
        ([], "tuesday-ann"),
    ):
        told = RUNNER.invoke(app, [*arguments, *more])
        assert told.exit_code == 0, told.output
        assert (tmp_path / "reports" / "daily_pnl" / name / "report.html").is_file()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--session", "tuesday"], "which report is not said"),
        (["daily", "--session", "tuesday"], "there is no report 'daily'"),
        (["daily_pnl", "--session", "tusday", "--account", "ann"], "did you mean tuesday?"),
        (["daily_pnl", "--session", "tuesday"], "neither is given"),
        (["daily_pnl", "--account", "ann", "--from", "March"], "expected a day as YYYY-MM-DD"),
        (["daily_pnl", "--session", "tuesday", "--account", "ann", "--timeout", "0"], "expected more than 0"),
    ],
)
def test_mistakes_are_one_sentence(data: Path, tmp_path: Path, given: list[str], words: str) -> None:
    told = RUNNER.invoke(app, ["report", *given, "--data", str(data), "--out", str(tmp_path / "r")])
    assert told.exit_code == 2
    assert words in " ".join(told.stderr.split())
    assert not (tmp_path / "r").exists()
