"""`workbench events`: lines for people, objects for machines, filters, and why an order did not fill."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.conftest import ROOT
from tests.tiny_market import write_mbo
from workbench.cli import app, listing
from workbench.session.run import run as run_scenario

EXAMPLE = ROOT / "data" / "scenarios" / "two-traders.toml"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("log") / "out"
    assert run("run", EXAMPLE, "--out", out).exit_code == 0
    return out


def printed(log: Path, *arguments: str) -> list[str]:
    result = run("events", log, *arguments)
    assert (result.exit_code, result.stderr) == (0, ""), result.stderr
    return result.stdout.splitlines()


def test_one_line_for_each_event(log: Path) -> None:
    lines = printed(log)
    assert len(lines) == 40
    assert lines == printed(log / "events.parquet")
    assert lines[2] == (
        "09:30:00.000  3 AAPL carl   carl's order 1 (carl-1): buy 300 AAPL at 150.25, day, "
        "rested first at its price"
    )
    assert lines[3] == "09:30:00.000  4 AAPL -      bid 300 at 150.25 (1 order), no ask"
    assert lines[10] == "09:30:01.500 11 AAPL bob    trade 1: 200 at 150.25, bob sold to carl"
    assert "\x1b" not in "".join(lines)


def test_filters(log: Path) -> None:
    def numbers(*arguments: str) -> list[int]:
        return [int(line.split()[1]) for line in printed(log, *arguments)]

    assert numbers("--kind", "trade") == [11, 21, 26]
    assert numbers("--kind", "rejected", "--kind", "phase-changed") == [35, 37, 38]
    assert numbers("--account", "ann", "--kind", "trade") == [26]
    assert numbers("--account", "carl", "--kind", "trade") == [11, 21]
    assert numbers("--account", "street") == []
    assert numbers("--account", "2", "--kind", "trade") == [26]
    assert numbers("--order", "ann-1") == numbers("--order", "5") == [5, 6, 7, 26, 27, 32, 39]
    assert numbers("--since", "09:33", "--until", "09:34") == [34, 35, 36, 37]
    assert len(numbers("--symbol", "AAPL")) == 40


def test_a_limit_says_how_many_more_there_are(log: Path) -> None:
    result = run("events", log, "--limit", "2")
    assert (len(result.stdout.splitlines()), result.stderr) == (2, "... 38 events more\n")


def test_objects_for_machines(log: Path) -> None:
    objects = [json.loads(line) for line in printed(log, "--json")]
    assert len(objects) == 40
    events = run_scenario(EXAMPLE).events
    assert [made["seq"] for made in objects] == events["seq"].tolist()
    assert [made["time_ns"] for made in objects] == events["time_ns"].tolist()
    trade: dict[str, Any] = objects[10]
    assert (trade["event"], trade["account"], trade["symbol"], trade["reason"]) == (
        "TRADE",
        "bob",
        "AAPL",
        None,
    )
    assert (trade["price_ticks"], trade["quantity_lots"], trade["maker_account"]) == (15_025, 200, 4)
    assert trade["time"] == "2025-03-18T13:30:01.500000000Z"
    assert objects[3]["account"] is None
    assert objects[34]["reason"] == "INSUFFICIENT_BUYING_POWER"
    assert all(made["sentence"] for made in objects)


def test_why_an_order_did_not_fill(log: Path) -> None:
    lines = printed(log, "--explain", "ann-1")
    assert lines == printed(log, "--explain", "5")
    assert lines[0] == "ann's order 2 (ann-1): buy 100 AAPL at 150.25, day"
    assert "Queue at 150.25: of 300 ahead of it 250 traded, 50 cancelled, 0 stayed ahead to the end." in lines


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--kind", "foo"], "--kind: no kind of event is called 'foo'; known are order_created"),
        (["--account", "foo"], "--account: no account is called 'foo'; known are street, house, ann"),
        (["--symbol", "FOO"], "venue: no instrument 'FOO'; known are AAPL"),
        (["--order", "foo"], "--order: no order is called 'foo'; known are ann-1"),
        (["--since", "noon"], "--since: 'noon' is no time"),
        (["--until", "noon"], "--until: 'noon' is no time"),
        (["--order", "999"], "--order: no event tells of an order 999; ids are those of the log's orders"),
        (["--explain", "99"], "explain: no event tells how an order 99 began"),
        (["--explain", "5", "--json"], "--explain: stands alone; leave out the other options"),
    ],
)
def test_what_is_wrong_is_one_sentence(log: Path, arguments: list[str], sentence: str) -> None:
    result = run("events", log, *arguments)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith(f"workbench: {sentence}")


def test_a_place_without_a_log(tmp_path: Path) -> None:
    assert "events.parquet: there is no such file" in run("events", tmp_path).stderr
    assert "is no event log" in run("events", write_mbo(tmp_path)).stderr


def test_the_log_of_a_replay_is_printed_too(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("replay", write_mbo(tmp_path), "--out", out).exit_code == 0
    lines = printed(out)
    assert lines[0].endswith("street's order 1: buy 100 TINY at 10.00, gtc") or "street's order 1" in lines[0]
    assert any("street sold to street" in line for line in lines)


def test_colours_on_a_terminal_only(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    arguments = (log, "", "", "", ["trade"], "", "", None)
    for no_color, coloured in (("", True), ("1", False)):
        screen = Terminal()
        monkeypatch.setattr(sys, "stdout", screen)
        monkeypatch.setenv("NO_COLOR", no_color)
        listing.list_events(*arguments, as_json=False)
        assert ("\x1b[32m" in screen.getvalue()) == coloured
        monkeypatch.undo()


def test_days_are_shown_when_there_are_several(tmp_path: Path) -> None:
    text = EXAMPLE.read_text().replace('at = "16:00"', "at = 2025-03-19T16:00:00")
    path = tmp_path / "a.toml"
    path.write_text(text)
    out = tmp_path / "out"
    assert run("run", path, "--out", out).exit_code == 0
    lines = printed(out)
    assert lines[0].startswith("2025-03-18 09:30:00.000  1 ")
    assert lines[-1].startswith("2025-03-19 16:00:00.000 40 ")
