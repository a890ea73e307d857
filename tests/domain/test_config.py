"""A venue: what it refuses, what it looks up, and its way through JSON."""

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.domain.codes import SelfTradePrevention
from workbench.domain.config import Account, ReplayMode, Venue, venue_from_json, venue_to_json
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.domain.limits import Limits
from workbench.domain.times import MAX_TIME_NS
from workbench.errors import ConfigError

ONE, TWO = Instrument("ONE", "1", "2"), Instrument("TWO", "1", "2")


def test_numbers_follow_the_order_given() -> None:
    venue = Venue([ONE, TWO], [Account("ann"), Account("bob")])
    assert [venue.instrument_number(symbol) for symbol in ("ONE", "TWO")] == [0, 1]
    assert [venue.account_number(name) for name in ("ann", "bob")] == [2, 3]


def test_lists_that_change_later_do_not_change_it() -> None:
    instruments, accounts = [ONE], [Account("ann")]
    venue = Venue(instruments, accounts)
    instruments.append(TWO)
    accounts.clear()
    assert (len(venue.instruments), len(venue.accounts)) == (1, 1)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"instruments": []}, "venue: has no instruments; give at least one"),
        ({"instruments": ["ONE"]}, "venue: 'ONE' is no Instrument"),
        ({"accounts": ["ann"]}, "venue: 'ann' is no Account"),
        ({"instruments": [ONE, TWO, ONE]}, "venue: instrument 'ONE' occurs twice; rename one of them"),
        (
            {"accounts": [Account("ann"), Account("ann", 5)]},
            "venue: account 'ann' occurs twice; rename one of them",
        ),
        (
            {"self_trade_prevention": SelfTradePrevention.VENUE_DEFAULT},
            "self_trade_prevention: names itself as its default; choose a mode",
        ),
        (
            {"self_trade_prevention": 9},
            "self_trade_prevention: 9 is no SelfTradePrevention; choose one of VENUE_DEFAULT, ALLOW, ",
        ),
        ({"replay_mode": 7}, "replay_mode: 7 is no ReplayMode; choose one of RESPONSIVE, FROZEN"),
        ({"replay_mode": "frozen"}, "replay_mode: 'frozen' is no ReplayMode; choose one of"),
        (
            {"bare": True, "accounts": [Account("ann")]},
            "venue: a bare venue keeps no accounts; leave out accounts or bare",
        ),
        ({"start_time_ns": 1.5}, "start_time_ns: 1.5 is no time of an exchange; give whole nanoseconds"),
        ({"start_time_ns": MAX_TIME_NS + 1}, f"start_time_ns: {MAX_TIME_NS + 1} is no time of an exchange"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_makes_no_sense_is_refused(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        Venue(**{"instruments": [ONE], **settings})
    assert str(refusal.value).startswith(sentence)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"name": ""}, "account '': has no name; name it"),
        ({"name": "street"}, "account 'street': is the exchange's own; choose another name"),
        ({"name": "house"}, "account 'house': is the exchange's own; choose another name"),
        ({"cash": -1}, "account 'ann' cash: -1 is negative; start with 0 or more"),
        ({"limits": 3}, "account 'ann' limits: 3 is no Limits; give Limits(...)"),
        ({"cash": "much"}, "account 'ann' cash: 'much' is not an exact decimal number; give"),
        ({"cash": 0.5}, "account 'ann' cash: 0.5 is not an exact decimal number; give"),
        ({"cash": "0.0000001"}, "account 'ann' cash: 0.0000001 is not a multiple of"),
        ({"cash": 10**14}, "account 'ann' cash: 100000000000000 is too large to be counted in 64 bits"),
    ],
)
def test_accounts_that_make_no_sense_are_refused(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        Account(**{"name": "ann", **settings})
    assert str(refusal.value).startswith(sentence)


def test_names_that_nobody_has_are_refused_with_those_that_there_are() -> None:
    venue = Venue([ONE, TWO], [Account("ann")])
    with pytest.raises(ConfigError, match=r"^venue: no instrument 'SIX'; known are ONE, TWO$"):
        venue.instrument_number("SIX")
    with pytest.raises(ConfigError, match=r"^venue: no account 'eve'; known are ann$"):
        venue.account_number("eve")
    with pytest.raises(ConfigError, match=r"^venue: no account 'ann'; known are none$"):
        Venue([ONE]).account_number("ann")


def test_integers_of_numpy_are_kept_as_any_other() -> None:
    cash: Any = np.int64(10)
    lots: Any = np.int64(5)
    venue = Venue([ONE], [Account("ann", cash, Limits(max_order_lots=lots))])
    again = venue_from_json(json.loads(json.dumps(venue_to_json(venue))))
    assert (again.accounts[0].cash_micros, again.accounts[0].limits.max_order_lots) == (10_000_000, 5)


def test_json_is_plain_and_comes_back() -> None:
    venue = Venue([ONE], [Account("ann", "10.5")], replay_mode=ReplayMode.FROZEN, start_time_ns=7)
    data = venue_to_json(venue)
    assert json.loads(json.dumps(data)) == data
    assert data["accounts"][0]["cash"] == "10.5"
    again = venue_from_json(data)
    assert venue_to_json(again) == data
    assert (again.replay_mode, again.start_time_ns, again.accounts[0].cash_micros) == (1, 7, 10_500_000)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda data: data.pop("instruments"), "venue: has no 'instruments'"),
        (lambda data: data["instruments"][0].pop("fees"), "venue: has no 'fees'"),
        (lambda data: data["instruments"][0].pop("symbol"), "venue: .*'symbol'"),
        (lambda data: data.update(colour="red"), "venue: .*unexpected keyword argument 'colour'"),
        (lambda data: data["accounts"][0]["limits"].update(x=1), "venue: .*unexpected keyword argument 'x'"),
        (lambda data: data.update(replay_mode=7), "venue: 7 is not a valid ReplayMode"),
        (lambda data: data.update(instruments=5), "venue: "),
        (lambda data: data.update(instruments=[]), "venue: has no instruments; give at least one"),
    ],
)
def test_json_that_is_no_venue_is_refused(change: Any, sentence: str) -> None:
    data = venue_to_json(Venue([ONE], [Account("ann")]))
    change(data)
    with pytest.raises(ConfigError, match=f"^{sentence}"):
        venue_from_json(data)


@pytest.mark.parametrize("kind", [Account, FeeSchedule, Limits])
def test_the_page_lists_every_argument(kind: type) -> None:
    page = (Path(__file__).parents[2] / "docs/python.md").read_text(encoding="utf-8")
    assert f"`wb.{kind.__name__}`" in page
    assert [name for name in inspect.signature(kind).parameters if f"`{name}`" not in page] == []
