"""`workbench run --session`, `rerun`, `recover`, and `events` of a recorded session."""

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from tests.conftest import ROOT
from tests.tiny_market import write_mbo
from workbench.cli import app
from workbench.cli.rerunning import FILES
from workbench.session.recorded import RecordedSession
from workbench.session.scenario import read_scenario

CROWD = ROOT / "data" / "scenarios" / "crowd.toml"
TRADERS = ROOT / "data" / "scenarios" / "two-traders.toml"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    for name, scenario in (("crowd", CROWD), ("two", TRADERS)):
        result = run("run", scenario, "--session", name, "--data", root)
        assert (result.exit_code, result.stderr) == (0, ""), result.stderr
        assert f"recorded   {root / 'sessions' / name}" in result.stdout
    return root


def test_a_rerun_is_identical(data: Path) -> None:
    result = run("rerun", "crowd", "--data", data)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[0] == "crowd: 519 commands, 1,003 events: identical"
    found = json.loads(run("rerun", "crowd", "--data", data, "--json").stdout)
    assert found["identical"]
    assert found["state_hash"] == found["recorded_hash"]


def test_what_if_in_words(data: Path) -> None:
    result = run("rerun", "crowd", "--without", "ann", "--data", data)
    assert (result.exit_code, result.stderr) == (0, ""), result.stderr
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    assert lines[0] == "crowd: without ann"
    assert lines[1] == "519 commands, 2 left out, 1 name an order that is not open then"
    assert lines[2].startswith("What others sent is held fixed")
    assert "  net            14.00     0.00      +14.00" in lines
    assert "HARBOR, middle of bid and ask" in lines
    assert "HARBOR, impact of ann: recorded less what if" in lines
    assert any(line.startswith("largest") and "+1.500" in line for line in lines)
    assert max(len(line) for line in lines if not line.startswith("What others")) <= 80


FRACTIONS = """
script = [
  {at = "09:30", do = "buy", account = "bob", quantity = "5", price = "100"},
  {at = "09:30", do = "sell", account = "bob", quantity = "2.183973", price = "101"},
  {at = "09:31", do = "buy", account = "ann", quantity = "2.183973", price = "101"},
]
date = 2025-03-18
zone = "UTC"
[[instrument]]
symbol = "COIN"
price_min = 1
price_max = 1000
lot_size = "0.000001"
[[account]]
name = "ann"
cash = 100_000
[[account]]
name = "bob"
cash = 100_000
short_permitted = true
"""


def test_quantities_are_printed_to_the_lot_and_a_missing_price_is_told(tmp_path: Path) -> None:
    path = tmp_path / "coin.toml"
    path.write_text(FRACTIONS)
    assert run("run", path, "--session", "coin", "--data", tmp_path).exit_code == 0
    result = run("rerun", "coin", "--without", "ann", "--data", tmp_path)
    assert (result.exit_code, result.stderr) == (0, "")
    cells = [line.split() for line in result.stdout.splitlines()]
    assert ["position", "2.183973", "0.000000", "+2.183973"] in cells
    assert ["volume", "2.183973", "0.000000", "+2.183973"] in cells
    # Ann's order, the last one, leaves no ask.
    assert "the same throughout" not in result.stdout
    assert ["end", "-", "-", "only", "the", "what-if", "run", "has", "a", "price"] in cells


def test_what_if_for_machines(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run("rerun", "two", "--fees", "taker=5", "--json", "--out", out, "--data", data)
    assert (result.exit_code, result.stderr) == (0, ""), result.stderr
    made = json.loads(result.stdout)
    assert made["what_if"] == "fees: taker_bps 5"
    assert made == json.loads((out / "what_if.json").read_text())
    assert {path.name for path in out.iterdir()} == set(FILES)
    prices = pl.read_parquet(out / "prices.parquet")
    assert prices["recorded"].eq_missing(prices["what_if"]).all()
    assert {"symbol", "time", "ticks"} < set(prices.columns)
    again = run("rerun", "two", "--fees", "taker=5", "--out", out, "--data", data)
    assert (again.exit_code, "is not empty" in again.stderr) == (2, True)
    assert run("rerun", "two", "--fees", "none", "--out", out, "--force", "--data", data).exit_code == 0


def test_nothing_different(data: Path) -> None:
    # Nobody's fees change when they are set to what they are.
    result = run("rerun", "crowd", "--fees", "none", "--data", data)
    assert "Nothing is different" in result.stdout


def test_a_late_order_in_words(data: Path) -> None:
    result = run("rerun", "crowd", "--latency", "5s", "--account", "ann", "--data", data)
    assert (result.exit_code, result.stderr) == (0, ""), result.stderr
    assert result.stdout.startswith("crowd: orders of ann 5 s later\n519 commands, 2 later")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("rerun", "crwd"), "there is no session 'crwd'; did you mean 'crowd'?"),
        (("rerun", "crowd", "--without", "anne"), "no account is called 'anne'; did you mean 'ann'?"),
        (("rerun", "crowd", "--latency", "fast"), "latency: 'fast' is no latency"),
        (("rerun", "crowd", "--account", "ann"), "there is no latency to give to an account"),
        (("rerun", "crowd", "--fees", "mkr=1"), "fees: 'mkr' is unknown here"),
        (("rerun", "crowd", "--out", "x"), "--out: there is nothing to write of a rerun as it was"),
        (("rerun", "crowd", "--force"), "--force: there is nothing to replace without --out"),
        (("recover", "crwd"), "session 'crwd': there is no session of this name"),
        (("run", CROWD, "--session", "crowd"), "there is a session 'crowd' already; choose another name"),
        (("run", CROWD, "--session", "a/b"), "'a/b' is no name"),
        (("run", CROWD, "--session", ""), "'' is no name"),
        (("replay", "nothing.csv", "--session", ""), "'' is no name"),
        (("rerun", ""), "'' is no name"),
        (("recover", "crwd", "--rebuild"), "there is no session 'crwd'; did you mean 'crowd'?"),
        (("replay", "nothing.csv", "--session", "crowd"), "there is a session 'crowd' already"),
    ],
)
def test_mistakes_are_sentences(data: Path, arguments: tuple[str, ...], sentence: str) -> None:
    result = run(*arguments, "--data", data)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_recorded_replay(tmp_path: Path) -> None:
    source = write_mbo(tmp_path)
    result = run("replay", source, "--session", "tiny", "--data", tmp_path)
    assert (result.exit_code, result.stderr) == (0, ""), result.stderr
    assert "recorded" in result.stdout
    plain = run("replay", source)
    state = next(line for line in plain.stdout.splitlines() if line.startswith("state"))
    assert state in result.stdout
    assert "identical" in run("rerun", "tiny", "--data", tmp_path).stdout


def test_recovering_what_was_left_open(tmp_path: Path) -> None:
    scenario = read_scenario(TRADERS)
    session = RecordedSession.create(
        tmp_path, "two", scenario.venue, zone=scenario.zone, names=scenario.names
    )
    session.step(scenario.commands)
    session.abandon()
    assert "the session is open" in run("rerun", "two", "--data", tmp_path).stdout
    result = run("recover", "two", "--data", tmp_path)
    assert (result.exit_code, result.stderr) == (0, ""), result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == "recovered  two: 9 commands, 40 events, from the first command"
    assert lines[1] == "tables     0 events were in them, 40 were added"
    assert lines[-1] == f"sealed     {tmp_path / 'sessions' / 'two'}"
    assert (
        run("recover", "two", "--data", tmp_path).stdout == "two is sealed already: 9 commands, 40 events\n"
    )


def damage_events(folder: Path) -> Path:
    """Flip a bit in the data of a page of events."""
    path = next((folder / "events").glob("*.parquet"))
    data = bytearray(path.read_bytes())
    data[len(data) // 4] ^= 1
    path.write_bytes(data)
    return path


def test_rebuilding(tmp_path: Path) -> None:
    assert run("run", TRADERS, "--session", "two", "--data", tmp_path).exit_code == 0
    folder = tmp_path / "sessions" / "two"
    right = run("events", "two", "--data", tmp_path).stdout
    state = json.loads((folder / "manifest.json").read_text())["state_hash"]
    damage_events(folder)
    result = run("recover", "two", "--rebuild", "--data", tmp_path)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "rebuilt    two: 9 commands, 40 events",
        f"state      {state}, the one of the old manifest too",
        f"kept       {tmp_path / 'replaced' / 'two-1'}: the old manifest and tables",
        f"sealed     {folder}",
    ]
    assert run("events", "two", "--data", tmp_path).stdout == right
    (folder / "manifest.json").unlink()
    lines = run("recover", "two", "--rebuild", "--data", tmp_path).stdout.splitlines()
    assert lines[1:3] == [
        f"state      {state}, compared with nothing",
        f"manifest   could not be read: {folder}: session 'two' has no manifest.json",
    ]
    assert run("data", "verify", "--data", tmp_path).exit_code == 0


def test_damaged_events_are_named(tmp_path: Path) -> None:
    assert run("run", TRADERS, "--session", "two", "--data", tmp_path).exit_code == 0
    path = damage_events(tmp_path / "sessions" / "two")
    for command in (("rerun", "two"), ("events", "two")):
        result = run(*command, "--data", tmp_path)
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
        assert f"{path}: " in result.stderr
        assert "edited or damaged" in result.stderr
        assert "`workbench recover two --rebuild`" in result.stderr
        assert "output" not in result.stderr


def test_events_of_a_session(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("run", TRADERS, "--out", out).exit_code == 0
    assert run("events", "two", "--data", data).stdout == run("events", out).stdout
    story = run("events", "two", "--explain", "ann-1", "--data", data)
    assert story.stdout == run("events", out, "--explain", "ann-1").stdout
    assert "there is no such file" in run("events", "three", "--data", data).stderr
