"""Settings follow the dataclass they are for, whatever fields it has."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from enum import IntEnum, IntFlag
from typing import Any

import pytest

from workbench.domain.config import Account, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.exposure import ExposureGroup
from workbench.domain.instruments import Instrument
from workbench.domain.limits import Limits
from workbench.domain.margin import MarginRates
from workbench.domain.units import Number
from workbench.errors import ConfigError
from workbench.session.moments import Clock
from workbench.session.settings import build, keys_of, sequences_of

CLOCK = Clock(date(2025, 3, 18), "UTC")


class Colour(IntEnum):
    DARK_RED = 1
    BLUE = 2


class Right(IntFlag):
    READ = 1
    WRITE = 2


@dataclass(frozen=True)
class Part:
    name: str
    size: Number = 1


@dataclass(frozen=True)
class Whole:
    count: int
    share: float = 0.5
    open: bool = True
    colour: Colour = Colour.BLUE
    rights: Right = Right(0)  # noqa: RUF009 - an immutable constant
    grace_ns: int = 0
    start_time_ns: int = 0
    ceiling: Number | None = None
    words: Sequence[str] = ()
    part: Part | None = None
    parts: Sequence[Part] = field(default_factory=tuple)


def test_every_kind_of_field() -> None:
    made = build(
        Whole,
        {
            "count": 3,
            "share": Decimal("0.25"),
            "open": False,
            "colour": "dark red",
            "rights": ["read", "WRITE"],
            "grace": "30s",
            "start_time": "00:00:01",
            "ceiling": Decimal("1.50"),
            "words": ["a", "b"],
            "part": {"name": "x", "size": "2"},
            "parts": [{"name": "y"}, {"name": "z", "size": 3}],
        },
        "here",
        CLOCK,
    )
    assert made == Whole(
        3,
        0.25,
        False,
        Colour.DARK_RED,
        Right.READ | Right.WRITE,
        30_000_000_000,
        1_742_256_001_000_000_000,
        Decimal("1.50"),
        ["a", "b"],
        Part("x", "2"),
        [Part("y"), Part("z", 3)],
    )
    assert type(made.share) is float


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"cuont": 3}, "here: 'cuont' is unknown here; did you mean 'count'?"),
        ({}, "here: has no count; give one"),
        (3, "here: is 3, expected a table of settings"),
        ({"count": "3"}, "here: count is '3', expected a whole number"),
        ({"count": True}, "here: count is true, expected a whole number"),
        ({"count": Decimal("1.5")}, "here: count is 1.5, expected a whole number"),
        ({"count": 1, "open": 1}, "here: open is 1, expected true or false"),
        (
            {"count": 1, "colour": "blu"},
            "here: colour is 'blu', expected one of dark_red, blue; did you mean 'blue'?",
        ),
        ({"count": 1, "rights": ["own"]}, "here: rights is 'own', expected one of read, write"),
        ({"count": 1, "ceiling": True}, "here: ceiling is true, expected a number such as 0.01"),
        ({"count": 1, "words": "a"}, "here: words is 'a', expected a list"),
        ({"count": 1, "part": 1}, "here, part: is 1, expected a table of settings"),
        ({"count": 1, "parts": [{"name": "x"}, {}]}, "here, parts 2: has no name; give one"),
        ({"count": 1, "grace": "soon"}, "here: 'soon' is no time; write"),
        ({"count": 1, "grace": "1s", "grace_ns": 1}, "here: grace_ns is given twice"),
    ],
)
def test_what_is_wrong_is_one_sentence(table: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        build(Whole, table, "here", CLOCK)
    assert str(refused.value).startswith(sentence)


def test_what_the_dataclass_refuses_says_where() -> None:
    with pytest.raises(ConfigError) as refused:
        build(Account, {"name": "street"}, "a.toml, [[account]] 1", CLOCK)
    assert str(refused.value) == (
        "a.toml, [[account]] 1: account 'street': is the exchange's own; choose another name"
    )


@pytest.mark.parametrize(
    "kind", [Instrument, Account, Limits, FeeSchedule, MarginRates, ExposureGroup, Venue]
)
def test_every_setting_of_a_venue_can_be_given(kind: type) -> None:
    """Each field is taken by its name, with the value that it has anyway."""
    needed: dict[str, Any] = {
        Instrument: {"symbol": "ABC", "price_min": 1, "price_max": 2},
        Account: {"name": "ann"},
        ExposureGroup: {"name": "all", "weights": {"ABC": 1}},
        Venue: {"instruments": [Instrument("ABC", 1, 2)]},
    }.get(kind, {})
    usual = kind(**needed)
    for one in fields(kind):
        value = getattr(usual, one.name)
        if value is None or hasattr(value, "__dataclass_fields__") or isinstance(value, tuple):
            continue
        given = {name: value for name, value in needed.items() if kind is not Venue}
        told = value.name.lower() if isinstance(value, IntEnum) else value
        with_it = {**given, one.name: told}
        extra = needed if kind is Venue else None
        assert getattr(build(kind, with_it, "here", CLOCK, extra), one.name) == value


def test_what_holds_several_is_called_by_one_of_them() -> None:
    several = sequences_of(Venue)
    assert (several["instrument"], several["account"]) == ("instruments", "accounts")
    assert keys_of("start_time_ns", int) == ["start_time_ns", "start_time"]


def test_millionths_are_written_as_percentages() -> None:
    table = {"initial_long": "50%", "initial_short_ppm": 600_000, "maintenance_long": "12.5 %"}
    stock = build(
        Instrument,
        {
            "symbol": "ABC",
            "price_min": 1,
            "price_max": 2,
            "margin": table,
            "collar": "5%",
            "borrow_year": "0.3%",
            "mark": "mid",
            "trigger_reference": "bid ask",
            "price_limit_bps": 500,
            "price_limit_window": "5min",
        },
        "here",
        CLOCK,
    )
    assert stock.margin == MarginRates(500_000, 600_000, 125_000)
    assert (stock.collar_ppm, stock.borrow_ppm_year) == (50_000, 3_000)
    parts: dict[str, Any] = {"instruments": [stock]}
    venue = build(Venue, {"debit_interest_year": "8%", "accrual_interval": "1h"}, "here", CLOCK, parts)
    assert (venue.debit_interest_ppm_year, venue.accrual_interval_ns) == (80_000, 3_600_000_000_000)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (5, "here: collar is 5, expected a percentage such as '2.5%'"),
        ("5", "here: collar is '5', expected a percentage such as '2.5%'"),
        ("0.00001%", "here: collar is '0.00001%', which is finer than a millionth"),
    ],
)
def test_a_percentage_says_that_it_is_one(given: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        build(Instrument, {"symbol": "ABC", "price_min": 1, "price_max": 2, "collar": given}, "here", CLOCK)
    assert str(refused.value) == sentence
