"""Numbers in words: units, names, and what has neither."""

import pytest

from tests.engine.two_sides import NOON_NS, ZONE, venue
from workbench.domain.codes import OrderFlag
from workbench.domain.config import Venue
from workbench.domain.instruments import Instrument
from workbench.engine.words import Words, flag_words

WORDS = Words(venue(), ZONE, {(2, 7): "first"})


def test_prices_and_quantities_are_the_instruments() -> None:
    coins = Words(Venue([Instrument("BTC", "1", "100000", tick_size="0.5", lot_size="0.001")]))
    assert coins.price(3, 0) == "1.5"
    assert (coins.quantity(1_500, 0), coins.quantity(2_000_000, 0)) == ("1.5", "2,000")
    assert WORDS.price(15_000, 0) == "150.00"


def test_what_no_instrument_counts_is_in_ticks_and_lots() -> None:
    assert (WORDS.price(5, -1), WORDS.quantity(5, 9)) == ("5 ticks", "5 lots")


@pytest.mark.parametrize(
    ("micros", "text"),
    [(0, "0.00"), (1_500_000, "1.50"), (-60_100, "-0.0601"), (1, "0.000001"), (15_025_000_000, "15,025.00")],
)
def test_money_is_as_fine_as_it_is(micros: int, text: str) -> None:
    assert WORDS.money(micros) == text


def test_names() -> None:
    assert [WORDS.account(number) for number in (-1, 0, 1, 2, 9)] == [
        "all traders",
        "street",
        "house",
        "ann",
        "account 9",
    ]
    assert [WORDS.symbol(number) for number in (-1, 0, 5)] == ["all instruments", "AAPL", "instrument 5"]
    assert (WORDS.order(3, 2, 7), WORDS.order(3, 3, 7), WORDS.order(3)) == (
        "order 3 (first)",
        "order 3",
        "order 3",
    )


def test_times_are_the_markets() -> None:
    assert WORDS.clock(NOON_NS) == "12:00:00"
    assert WORDS.clock(NOON_NS + 500) == "12:00:00.0000005"
    assert [WORDS.span(ns) for ns in (5, 1_500_000_000, 600_000_000_000)] == ["5 ns", "1.5 s", "10.0 min"]


def test_flags_that_have_a_name() -> None:
    assert flag_words(0x8001, OrderFlag) == ["post only"]
