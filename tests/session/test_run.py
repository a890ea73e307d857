"""Runs of scenarios: the same file gives the same market, and agents trade beside the script."""

import numpy as np
import pytest

import workbench as wb
from tests.conftest import ROOT
from workbench.domain.codes import EventKind
from workbench.errors import ConfigError
from workbench.session.run import run
from workbench.session.scenario import parse_scenario

EXAMPLES = ROOT / "data" / "scenarios"


def test_the_same_file_gives_the_same_market() -> None:
    one, two = (run(EXAMPLES / "two-traders.toml") for _ in range(2))
    assert one.exchange.state_hash() == two.exchange.state_hash()
    assert one.events.tobytes() == two.events.tobytes()


def test_what_came_of_it() -> None:
    market = wb.run(wb.read_scenario(EXAMPLES / "two-traders.toml"))
    assert market.trades()["price"].to_list() == [150.25] * 3
    assert len(market.quotes()) > 0
    assert len(market.event_table()) == len(market.events)
    summary = market.summary()
    assert (summary.messages, summary.commands) == (9, 9)
    assert summary.rejects == {"POSITION_LIMIT": 1, "INSUFFICIENT_BUYING_POWER": 1}
    assert summary.state_hash == market.exchange.state_hash()
    story = market.explain("ann-1")
    assert (story.ids, story.filled_lots, story.ahead_lots) == ((2, 5), 40, 300)
    assert market.order_id("ann-2") == 5
    assert "(ann-1)" in str(story)
    with pytest.raises(ConfigError, match="no order is called 'ann'"):
        market.explain("ann")


def test_agents_trade_beside_the_script() -> None:
    seen: list[tuple[int, int]] = []
    one = run(EXAMPLES / "crowd.toml", progress=lambda done, total: seen.append((done, total)))
    two = run(EXAMPLES / "crowd.toml")
    assert one.exchange.state_hash() == two.exchange.state_hash()
    assert seen[-1] == (60_000_000_000, 60_000_000_000)
    assert np.all(np.diff(one.events["time_ns"]) >= 0)
    assert not (one.events["kind"] == EventKind.COMMAND_REJECTED).any()
    assert one.explain("impatient").filled_lots == 500
    assert one.summary().commands > 100
    text = (EXAMPLES / "crowd.toml").read_text().replace("seed = 7", "seed = 8")
    assert run(parse_scenario(text)).exchange.state_hash() != one.exchange.state_hash()


CROWD = (EXAMPLES / "crowd.toml").read_text()


def test_crews_may_be_written_out() -> None:
    crew = """\
value = { daily_volatility_ticks = 76 }
makers = [{ size_lots = 200, half_spread = 1.5 }]
trends = []
round_lots = 10
"""
    made = run(parse_scenario(CROWD.replace('like = "HARBOR"\n', crew)))
    assert made.summary().commands > 10


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("seed = 7", "seed = -1", "a.toml, [agents] (line 14): seed is -1, expected 0 or more"),
        ("seed = 7", 'seed = "x"', "a.toml, [agents] (line 14): seed is 'x', expected a whole number"),
        ("seed = 7", "sed = 7", "a.toml, [agents] (line 14): 'sed' is unknown here; did you mean 'seed'?"),
        ("seed = 7\n", "", "a.toml, [agents] (line 14): has no seed; give one"),
        ('close = "09:31"', 'close = "09:30"', "a.toml, [agents] (line 14): close is not after open"),
        ("start = 46.00\n", "", "a.toml, [[agents.crew]] 1 (line 19): has no start; give the price"),
        ("start = 46.00", "start = 99", "a.toml, [agents] (line 14): agents of HARBOR: start_ticks is 9900"),
        (
            'like = "HARBOR"',
            'like = "HABOR"',
            "a.toml, [[agents.crew]] 1 (line 19): like is 'HABOR'; did you",
        ),
        (
            'like = "HARBOR"',
            'like = "HARBOR"\nround_lots = 5',
            "a.toml, [[agents.crew]] 1 (line 19): has like and round_lots too; leave out either",
        ),
        (
            'symbol = "HARBOR"\nstart',
            'symbol = "X"\nstart',
            "a.toml, [[agents.crew]] 1 (line 19): venue: no instrument 'X'; known are HARBOR",
        ),
        (
            "[agents]",
            '[venue]\nreplay_mode = "frozen"\n[agents]',
            "a.toml, [agents] (line 16): agents cannot trade in a frozen venue",
        ),
    ],
)
def test_what_is_wrong_with_agents_is_one_sentence(old: str, new: str, sentence: str) -> None:
    assert old in CROWD
    with pytest.raises(ConfigError) as refused:
        parse_scenario(CROWD.replace(old, new), "a.toml")
    assert str(refused.value).startswith(sentence)
