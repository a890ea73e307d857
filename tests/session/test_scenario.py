"""Scenario files: what they say, and what is wrong with them, in one sentence with its line."""

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from workbench.domain.codes import SelfTradePrevention
from workbench.domain.config import ReplayMode
from workbench.errors import ConfigError
from workbench.session.scenario import parse_scenario, read_scenario
from workbench.session.verbs import verbs

HEAD = """\
date = 2025-03-18
zone = "America/New_York"
[[instrument]]
symbol = "AAPL"
price_min = 100
price_max = 200
[[account]]
name = "ann"
cash = 50_000.25
"""
TAIL = """\
[[script]]
at = "09:30:00.5"
do = "buy"
account = "ann"
quantity = 100
price = 150.25
"""


def test_a_whole_file() -> None:
    text = (
        'title = "T"\ndescription = "D"\n'
        + HEAD
        + "[account.limits]\nmax_open_orders = 3\n"
        + '[venue]\nself_trade_prevention = "cancel both"\nreplay_mode = "frozen"\nstart_time = "09:00"\n'
        + TAIL
    )
    scenario = parse_scenario(text, "a.toml")
    venue = scenario.venue
    assert (scenario.title, scenario.description, scenario.zone) == ("T", "D", "America/New_York")
    assert (venue.self_trade_prevention, venue.replay_mode) == (
        SelfTradePrevention.CANCEL_BOTH,
        ReplayMode.FROZEN,
    )
    assert (venue.accounts[0].cash_micros, venue.accounts[0].limits.max_open_orders) == (50_000_250_000, 3)
    assert venue.start_time_ns == 1_742_302_800_000_000_000
    assert scenario.commands["price_ticks"].tolist() == [15_025]
    assert scenario.crowd is None


def test_the_exchange_begins_with_the_script() -> None:
    scenario = parse_scenario(HEAD + TAIL)
    assert scenario.venue.start_time_ns == scenario.commands["time_ns"][0]


def test_entries_may_be_one_to_a_line() -> None:
    entries = """
script = [
    # Ann first.
    { at = "09:30", do = "buy", account = "ann", quantity = 100, price = 150.25 },
    { at = "+1s", do = "sell", account = "ann", quantity = 100, prize = 150.25 },
]
"""
    with pytest.raises(ConfigError, match=r"a.toml, \[\[script\]\] 2 \(line 8\) 'sell': 'prize' is unknown"):
        parse_scenario(
            'date = "2025-03-18"\n'
            'instrument = [{ symbol = "AAPL", price_min = 100, price_max = 200 }]\n'
            'account = [{ name = "ann" }]\n' + entries,
            "a.toml",
        )


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "date = 2025-03-18\n",
            "",
            "a.toml: date is missing, expected the day of the clock times; write",
        ),
        ("2025-03-18", '"today"', "a.toml: date is 'today', expected the day of the clock times"),
        ("America/New_York", "Mars", "a.toml: zone: no time zone is called 'Mars'; give an IANA name"),
        ("date = ", "date == ", "a.toml: is no TOML: Invalid value (at line 1, column 7)"),
        ("[[account]]", "[[acount]]", "a.toml: 'acount' is unknown here; did you mean 'account'?"),
        ("[[account]]", "[account]", "a.toml: account is a table, expected tables [[account]]"),
        (
            "price_min = 100",
            "pirce_min = 100",
            "a.toml, [[instrument]] 1 (line 3) 'AAPL': 'pirce_min' is unknown here; did you mean 'price_min'",
        ),
        (
            "price_min = 100\n",
            "",
            "a.toml, [[instrument]] 1 (line 3) 'AAPL': has no price_min; give one",
        ),
        (
            "price_min = 100",
            "price_min = 300",
            "a.toml, [[instrument]] 1 (line 3) 'AAPL': instrument 'AAPL': price window 300 … 200 is not",
        ),
        (
            "price_min = 100",
            "price_min = 100.005",
            "a.toml, [[instrument]] 1 (line 3) 'AAPL': AAPL price_min: 100.005 is not a multiple of",
        ),
        (
            'name = "ann"',
            'name = "house"',
            "a.toml, [[account]] 1 (line 7) 'house': account 'house': is the exchange's own",
        ),
        (
            "50_000.25",
            "50_000.25\n[account.limits]\norder_brust = 1",
            (
                "a.toml, [[account]] 1 (line 7) 'ann', limits: 'order_brust' is unknown here; did you mean "
                "'order_burst'?"
            ),
        ),
        (
            "[[script]]",
            '[venue]\nreplay_mode = "frosen"\n[[script]]',
            (
                "a.toml, [venue] (line 10): replay_mode is 'frosen', expected one of responsive, frozen; "
                "did you mean 'frozen'?"
            ),
        ),
        (
            "[[script]]",
            '[[account]]\nname = "ann"\n[[script]]',
            "a.toml, [venue]: account 'ann' occurs twice; rename one of them",
        ),
        (
            'do = "buy"',
            'do = "bye"',
            "a.toml, [[script]] 1 (line 10) 'bye': do is 'bye', which is no command; did you mean 'buy'?",
        ),
        ("09:30:00.5", "9h30", "a.toml, [[script]] 1 (line 10) 'buy': '9h30' is no time; write"),
        (TAIL, "", "a.toml: does nothing; give it [[script]] entries, [agents], [history] or [seats]"),
        (TAIL, "script = 5", "a.toml, [[account]] 1 (line 7) 'ann': 'script' is unknown here; known are"),
    ],
)
def test_what_is_wrong_is_one_sentence(old: str, new: str, sentence: str) -> None:
    text = (HEAD + TAIL).replace(old, new)
    assert text != HEAD + TAIL
    with pytest.raises(ConfigError) as refused:
        parse_scenario(text, "a.toml")
    assert str(refused.value).startswith(sentence)


def test_lines_are_left_out_rather_than_wrong() -> None:
    text = HEAD.replace("date", 'description = """\n[[script]]\n"""\ndate', 1) + TAIL.replace("buy", "bye")
    with pytest.raises(ConfigError, match=r"a.toml, \[\[script\]\] 1 'bye': do is"):
        parse_scenario(text, "a.toml")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read: No such file"):
        read_scenario(tmp_path / "none.toml")
    wrong = tmp_path / "wrong.toml"
    wrong.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is no text; save it as UTF-8"):
        read_scenario(wrong)


@pytest.mark.parametrize("path", sorted((ROOT / "data" / "scenarios").glob("*.toml")), ids=lambda p: p.name)
def test_the_examples_are_scenarios(path: Path) -> None:
    assert read_scenario(path).title


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = ROOT / "data" / "scenarios" / "two-traders.toml"
    marked = tmp_path / "marked.toml"
    marked.write_text(path.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert marked.read_bytes().startswith(b"\xef\xbb\xbf")
    assert (read_scenario(marked).commands == read_scenario(path).commands).all()
    text = marked.read_text(encoding="utf-8")
    assert parse_scenario(text).title == "Two traders at one price"
    with pytest.raises(ConfigError, match=r"\[\[instrument\]\] 1 \(line 1\)"):
        parse_scenario("\ufeff[[instrument]]\nsymbol = 3\n", overrides={"date": "2025-03-18"})


def test_the_page_keeps_its_word() -> None:
    page = (ROOT / "docs" / "scenarios.md").read_text()
    whole, bracket, agents, seats, history = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert len(parse_scenario(whole).commands) == 3
    assert len(parse_scenario(bracket + whole.partition("[[script]]")[0]).commands) == 3
    assert parse_scenario(whole + agents).crowd is not None
    seated = parse_scenario(whole + seats)
    assert (len(seated.seats.accounts), seated.hours.pre_open_ns) == (30, 300 * 10**9)
    # Its files are looked for from the folder of the scenario on.
    made = parse_scenario(history, str(ROOT / "data" / "scenarios" / "a.toml"))
    assert made.history is not None
    assert made.venue.instruments[0].fees.taker_ppm == 30
    for word in re.search(r"^Short names are (.*?)\.$", page, re.DOTALL | re.MULTILINE)[1].split("`")[1::2]:  # type: ignore[index]
        assert word in verbs() or word.startswith(("set_", "_"))
