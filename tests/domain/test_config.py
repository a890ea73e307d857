"""A venue: what it refuses, what it looks up, and its way through JSON."""

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.domain.codes import ExposureMode, Mark, SelfTradePrevention
from workbench.domain.config import DAY_NS, Account, ReplayMode, Venue, venue_from_json, venue_to_json
from workbench.domain.costs import FeeSchedule
from workbench.domain.exposure import ExposureGroup
from workbench.domain.instruments import Instrument
from workbench.domain.limits import Limits
from workbench.domain.margin import MarginRates
from workbench.domain.times import MAX_TIME_NS
from workbench.errors import ConfigError

ONE, TWO = Instrument("ONE", "1", "2"), Instrument("TWO", "1", "2")
GROUP = ExposureGroup("all", {"ONE": 1})


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
        ({"exposure_groups": [{"ONE": 1}]}, "venue: {'ONE': 1} is no ExposureGroup"),
        ({"exposure_groups": [GROUP, GROUP]}, "venue: exposure group 'all' occurs twice; rename one of them"),
        (
            {"exposure_groups": [ExposureGroup("six", {"SIX": 1})]},
            "venue: no instrument 'SIX'; known are ONE",
        ),
        ({"accrual_interval_ns": 0}, "accrual_interval_ns: 0 is no time"),
        ({"accrual_interval_ns": True}, "accrual_interval_ns: True is no time"),
        (
            {"accrual_interval_ns": 7 * DAY_NS},
            f"accrual_interval_ns: {7 * DAY_NS} does not divide a year of 365 days; choose a day",
        ),
        (
            {"debit_interest_ppm_year": 0.05},
            "debit_interest_ppm_year: 0.05 is not a whole number from 0 to 1,000,000; give parts per million",
        ),
        ({"credit_interest_ppm_year": -1}, "credit_interest_ppm_year: -1 is not a whole number from 0 to"),
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
        (
            {"margin_grace_ns": -1},
            "account 'ann' margin_grace_ns: -1 is no time from 0 to a year; give whole nanoseconds",
        ),
        ({"margin_grace_ns": 1.5}, "account 'ann' margin_grace_ns: 1.5 is no time from 0 to a year; give"),
        ({"cash": "much"}, "account 'ann' cash: 'much' is not a number; give"),
        ({"cash": 0.5}, "account 'ann' cash: 0.5 is not an exact decimal number; give"),
        ({"cash": "0.0000001"}, "account 'ann' cash: 0.0000001 is not a multiple of"),
        (
            {"cash": 10**14},
            "account 'ann' cash: 100000000000000 is too large to be counted: the largest is 4,611,686,0",
        ),
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


def test_settings_of_money_and_risk_come_back_from_json() -> None:
    instrument = Instrument(
        "ONE",
        "1",
        "2",
        mark=Mark.MID,
        reference_price="1.5",
        margin=MarginRates(300_000, 400_000, 200_000, 250_000),
        borrow_ppm_year=5,
        collar_ppm=6,
        fees=FeeSchedule(per_order="0.5", cap_bps=3),
    )
    venue = Venue(
        [instrument],
        [Account("ann", margin=True, margin_grace_ns=9, limits=Limits(max_drawdown="1.5"))],
        exposure_groups=[ExposureGroup("all", {"ONE": 3}, net_limit=5, mode=ExposureMode.FINE, fine="0.25")],
        accrual_interval_ns=DAY_NS // 24,
        debit_interest_ppm_year=7,
        excursions=True,
    )
    data = json.loads(json.dumps(venue_to_json(venue)))
    again = venue_from_json(data)
    assert venue_to_json(again) == data
    assert again.instruments[0].margin == instrument.margin
    assert (again.instruments[0].mark, again.instruments[0].reference_price_ticks) == (Mark.MID, 150)
    assert again.exposure_groups == venue.exposure_groups
    assert (again.accruals_a_year, again.excursions, again.accounts[0].monitored) == (8_760, True, True)


def test_venues_written_before_there_were_such_settings_are_read() -> None:
    data = venue_to_json(Venue([ONE], [Account("ann")]))
    for name in ("exposure_groups", "accrual_interval_ns", "debit_interest_ppm_year", "excursions"):
        del data[name]
    for name in ("margin", "mark", "reference_price", "borrow_ppm_year", "collar_ppm"):
        del data["instruments"][0][name]
    del data["accounts"][0]["margin"], data["accounts"][0]["limits"]["max_drawdown"]
    again = venue_to_json(venue_from_json(data))
    assert again == venue_to_json(Venue([ONE], [Account("ann")]))


def test_who_is_watched_and_what_accrues() -> None:
    assert not Account("ann").monitored
    for watched in (
        Account("ann", margin=True),
        Account("ann", limits=Limits(max_drawdown=1)),
        Account("ann", limits=Limits(max_daily_loss=1)),
    ):
        assert watched.monitored
    borrowed = Instrument("ONE", "1", "2", borrow_ppm_year=1)
    assert not Venue([ONE]).accrues
    assert Venue([ONE], credit_interest_ppm_year=1).accrues
    assert Venue([borrowed]).accrues
    assert not Venue([borrowed], bare=True).accrues


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
