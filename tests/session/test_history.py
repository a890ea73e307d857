"""Scenarios with recorded history as their background."""

from pathlib import Path

import numpy as np
import pytest

import workbench as wb
from tests.conftest import ROOT
from tests.tiny_market import write_mbo
from workbench.domain.config import ReplayMode
from workbench.errors import ConfigError
from workbench.session.run import run
from workbench.session.scenario import parse_scenario, read_scenario

HARBOR = ROOT / "data" / "samples" / "harbor-2025-03-18.parquet"

HEAD = """\
[history]
files = ["{file}"]
"""

TRADER = """
[[account]]
name = "ann"
cash = 1_000_000
"""


def scenario(text: str, tmp_path: Path, file: Path = HARBOR) -> str:
    path = tmp_path / "a.toml"
    path.write_text(HEAD.format(file=file) + text)
    return str(path)


def test_history_alone_is_a_replay(tmp_path: Path) -> None:
    market = run(scenario('until = "10:00"\n', tmp_path))
    replay = wb.replay(HARBOR)
    count = len(market.scenario.history.commands)  # type: ignore[union-attr]
    replay.exchange.step(replay.commands[:count])
    assert market.zone == replay.zone == "America/New_York"
    ours, theirs = market.exchange.instruments(), replay.exchange.instruments()
    assert ours.tobytes() == theirs.tobytes()
    assert market.exchange.time_ns == replay.commands["time_ns"][count - 1]
    assert replay.commands["time_ns"][count] > market.exchange.time_ns


def test_a_script_trades_inside_history(tmp_path: Path) -> None:
    text = """\
until = "10:30"
[[script]]
at = "10:00"
do = "buy"
account = "ann"
quantity = 300
type = "market"
"""
    market = run(scenario(text + TRADER, tmp_path))
    replay = wb.replay(HARBOR, cash=1_000_000, account="ann")
    replay.run_until("10:00")
    order = replay.buy(300)
    fills = market.exchange.positions(2)
    assert fills["position_lots"].tolist() == [300]
    assert order.filled == 300
    assert fills["cost_micros"].tolist() == replay.exchange.positions(2)["cost_micros"].tolist()
    assert market.summary().instruments[0].source.endswith("harbor-2025-03-18.parquet")


def test_history_comes_first_at_equal_times(tmp_path: Path) -> None:
    # The file's first row is at 09:30:00; an order of the same moment is behind it.
    history = read_scenario(scenario("", tmp_path)).history
    assert history is not None
    first_ns = int(history.commands["time_ns"][0])
    same = int((history.commands["time_ns"] == first_ns).sum())
    text = f"""\
until = {first_ns}
[[script]]
at = {first_ns}
do = "buy"
account = "ann"
quantity = 1
price = 10
"""
    market = run(scenario(text + TRADER, tmp_path))
    created = market.events[market.events["account"] == 2]
    assert created["command_seq"][0] == same + 1


def test_instruments_of_history_take_settings(tmp_path: Path) -> None:
    text = """\
mode = "frozen"
[[instrument]]
symbol = "HARBOR"
fees = { taker_bps = "0.3" }

[[instrument]]
symbol = "NEW"
price_min = 1
price_max = 10
"""
    market = read_scenario(scenario(text, tmp_path))
    harbor, new = market.venue.instruments
    assert (harbor.symbol, harbor.fees.taker_ppm, new.symbol) == ("HARBOR", 30, "NEW")
    assert market.history is not None
    assert harbor.price_min == market.history.histories[0].instrument.price_min
    assert market.venue.replay_mode == ReplayMode.FROZEN
    assert market.venue.start_time_ns == market.history.commands["time_ns"][0]
    assert len(run(market).summary().instruments) == 2


def test_several_files_are_several_instruments(tmp_path: Path) -> None:
    zephyr = HARBOR.with_name("zephyr-2025-03-18.parquet")
    path = tmp_path / "two.toml"
    path.write_text(f'[history]\nfiles = ["{zephyr}", "{HARBOR}"]\n')
    made = read_scenario(path)
    assert [each.symbol for each in made.venue.instruments] == ["ZEPHYR", "HARBOR"]
    assert made.history is not None
    assert np.all(np.diff(made.history.commands["time_ns"]) >= 0)


def test_files_are_looked_for_beside_the_scenario(tmp_path: Path) -> None:
    write_mbo(tmp_path)
    path = tmp_path / "a.toml"
    path.write_text('[history]\nfiles = ["tiny.mbo.csv"]\n')
    made = read_scenario(path)
    assert made.history is not None
    assert len(run(made).events) > 0


def test_agents_and_history_share_a_market(tmp_path: Path) -> None:
    text = """\
until = "09:40"
[agents]
seed = 7
open = "09:30"
close = "09:31"
[[agents.crew]]
symbol = "HARBOR"
start = 46.00
like = "HARBOR"
"""
    one, two = (run(scenario(text, tmp_path)) for _ in range(2))
    assert one.exchange.state_hash() == two.exchange.state_hash()
    assert np.all(np.diff(one.events["time_ns"]) >= 0)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[history]\n", "a.toml, [history] (line 1): names no history"),
        ('[history]\nfiles = "x"\n', "a.toml, [history] (line 1): files is 'x', expected a list"),
        ("[history]\nfiles = [3]\n", "a.toml, [history] (line 1): files has 3, expected paths"),
        (
            '[history]\nfile = ["x"]\n',
            "a.toml, [history] (line 1): 'file' is unknown here; did you mean 'files'?",
        ),
        ('[history]\nfiles = ["no.csv"]\n', "a.toml, [history] (line 1): no.csv"),
        (
            f'[history]\nfiles = ["{HARBOR}"]\nmode = "fast"\n',
            "a.toml, [history] (line 1): mode: 'fast' is no mode",
        ),
        (f'[history]\nfiles = ["{HARBOR}", "{HARBOR}"]\n', "a.toml, [history] (line 1): has HARBOR twice"),
        (
            f'[history]\nfiles = ["{HARBOR}"]\n[[instrument]]\nsymbol = "HARBOR"\ntick_size = 1\n',
            "a.toml, [[instrument]] 1 (line 3) 'HARBOR': tick_size is history's own; leave it out",
        ),
        (
            f'[history]\nfiles = ["{HARBOR}"]\nmode = "frozen"\n[venue]\nreplay_mode = "responsive"\n',
            "a.toml, [venue] (line 4): replay_mode is given twice",
        ),
        (f'[history]\nfiles = ["{HARBOR}"]\nuntil = "noon"\n', "a.toml, [history] (line 1): 'noon'"),
        ('[history]\ndatasets = ["nobody"]\n', "a.toml, [history] (line 1): nobody: there is no dataset"),
        ("history = 3\n", "a.toml, [history]: is 3, expected a table"),
    ],
)
def test_mistakes(text: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as error:
        parse_scenario(text, "a.toml")
    assert str(error.value).startswith(sentence)
