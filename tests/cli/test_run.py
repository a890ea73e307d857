"""`workbench run`: the summary, the output, and one sentence for what is wrong."""

import json
from pathlib import Path

import polars as pl
from typer.testing import CliRunner, Result

from tests.conftest import ROOT
from workbench.cli import app
from workbench.cli.output import FILES
from workbench.session.run import run as run_scenario

EXAMPLE = ROOT / "data" / "scenarios" / "two-traders.toml"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_it_says_what_happened_and_the_state(tmp_path: Path) -> None:
    market = run_scenario(EXAMPLE)
    for _ in range(2):
        result = run("run", EXAMPLE)
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout.startswith("Two traders at one price\n")
        for words in ("AAPL", "trades  ", "POSITION_LIMIT 1", market.exchange.state_hash()):
            assert words in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert not list(tmp_path.iterdir())


def test_output_is_that_of_a_replay(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("run", EXAMPLE, "--out", out).exit_code == 0
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
    market = run_scenario(EXAMPLE)
    assert pl.read_parquet(out / "events.parquet").equals(market.event_table())
    assert pl.read_parquet(out / "trades.parquet").equals(market.trades())
    assert json.loads((out / "summary.json").read_text())["state_hash"] == market.exchange.state_hash()
    again = run("run", EXAMPLE, "--out", out)
    assert (again.exit_code, again.stderr.count("\n")) == (2, 1)
    assert run("run", EXAMPLE, "--out", out, "--force").exit_code == 0


def test_what_is_wrong_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(EXAMPLE.read_text().replace('do = "cancel"', 'do = "cancle"'))
    result = run("run", path, "--out", tmp_path / "out")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"workbench: {path}, [[script]] 4 (line 52) 'cancle': do is 'cancle', which is no command; "
        "did you mean 'cancel'?\n"
    )
    assert not (tmp_path / "out").exists()
    assert "nothing to replace without --out" in run("run", EXAMPLE, "--force").stderr
