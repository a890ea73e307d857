"""What is different, as people say it."""

from decimal import Decimal
from typing import Any

import pytest

from workbench.domain.config import Account, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.errors import ConfigError
from workbench.session.changes import Changes, changes_of

VENUE = Venue(
    [Instrument("ACME", "1", "100"), Instrument("ZEN", "1", "100", fees=FeeSchedule(taker_bps=1))],
    [Account("ann"), Account("bob"), Account("carl")],
)


def test_accounts_and_latency() -> None:
    made = changes_of(VENUE, without="ann")
    assert (made.without, made.accounts(VENUE), made.words(VENUE)) == ({2}, {2}, "without ann")
    made = changes_of(VENUE, without=["ann", "carl"], latency="1.5ms", latency_of="bob")
    assert made.words(VENUE) == "without ann and carl; orders of bob 1.5 ms later"
    assert made.accounts(VENUE) == {2, 3, 4}
    assert changes_of(VENUE, latency=250).words(VENUE) == "orders of all traders 250 ns later"
    assert changes_of(VENUE, latency="2000000").latency_ns == 2_000_000
    assert changes_of(VENUE, latency="2 s").accounts(VENUE) == {2, 3, 4}
    assert changes_of(VENUE) == Changes()
    assert Changes().words(VENUE) == "nothing changed"


@pytest.mark.parametrize(
    ("fees", "acme", "zen"),
    [
        ("maker=-0.1,taker=0.3", ("-0.1", "0.3"), ("-0.1", "0.3")),
        ("ACME:taker_bps=2", ("0", "2"), ("0", "1")),
        (["taker=3", "ZEN:none"], ("0", "3"), ("0", "0")),
        (FeeSchedule(maker_bps=1), ("1", "0"), ("1", "0")),
        ({"ZEN": FeeSchedule(maker_bps=1)}, ("0", "0"), ("1", "0")),
        ({"maker_bps": "0.5"}, ("0.5", "0"), ("0.5", "0")),
        ({"ACME": {"taker": 4}}, ("0", "4"), ("0", "1")),
    ],
)
def test_fees(fees: Any, acme: tuple[str, str], zen: tuple[str, str]) -> None:
    venue = changes_of(VENUE, fees=fees).venue(VENUE)
    for instrument, (maker, taker) in zip(venue.instruments, (acme, zen), strict=True):
        assert Decimal(instrument.fees.maker_bps) == Decimal(maker)
        assert Decimal(instrument.fees.taker_bps) == Decimal(taker)
    assert "fees" in changes_of(VENUE, fees=fees).words(VENUE)


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"without": "anne"}, "without: no account is called 'anne'; did you mean 'ann'?"),
        ({"without": "street"}, "without: street is no trader: history, agents and fees are not left out"),
        ({"latency": "5x"}, "latency: '5x' is no latency; give nanoseconds, or a length of time"),
        ({"latency": -5}, "latency: -5 is not from 0 to a day; orders can be later, but not earlier"),
        ({"latency": "25h"}, "latency: '25h' is not from 0 to a day"),
        ({"latency_of": "ann"}, "account: there is no latency to give to an account"),
        ({"fees": "maker"}, "fees: 'maker' is no fee; write maker=-0.1,taker=0.3"),
        ({"fees": "maker=x"}, "fees: maker is 'x', expected a number"),
        ({"fees": "mker=1"}, "fees: 'mker' is unknown here"),
        ({"fees": "AC:maker=1"}, "venue: no instrument 'AC'; known are ACME, ZEN"),
        ({"fees": {"AC": FeeSchedule()}}, "fees: no instrument 'AC'; did you mean 'ACME'?"),
        ({"fees": ["maker=1", "maker=2"]}, "fees: 'maker=2' gives the same instrument fees again"),
        ({"fees": 5}, "fees: 5 is no fee; write maker=-0.1,taker=0.3, or give a FeeSchedule"),
        ({"fees": [None]}, "fees: None is no fee"),
        ({"fees": "maker=20000"}, "fees: more than 10,000 basis points"),
    ],
)
def test_mistakes(wanted: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        changes_of(VENUE, **wanted)
    assert str(error.value).startswith(sentence)
