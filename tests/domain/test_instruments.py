"""Reference data: exact scales, limits that fit into 64 bits, and one sentence for what makes no sense."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import MAX_LADDER_TICKS, MAX_PRICE_TICKS, MAX_QUANTITY_LOTS, Instrument
from workbench.errors import ConfigError


def stock(**settings: Any) -> Instrument:
    return Instrument(**{"symbol": "ARL", "price_min": "1", "price_max": "200", **settings})


class TestScales:
    def test_of_a_stock(self) -> None:
        arl = stock()
        assert (arl.price_min_ticks, arl.price_max_ticks) == (100, 20_000)
        assert (arl.band_low_ticks, arl.band_high_ticks) == (100, 20_000)
        assert arl.price_to_ticks("150.25") == 15_025
        assert arl.price_from_ticks(15_025) == Decimal("150.25")
        assert arl.quantity_from_lots(arl.quantity_to_lots(300)) == 300
        assert arl.value == 10_000
        assert (arl.price_increment_ticks, arl.quantity_increment_lots) == (1, 1)

    def test_of_a_future(self) -> None:
        future = stock(tick_size="0.25", multiplier=50, price_increment="0.50", quantity_increment=2)
        # A quarter point of one contract is 12.50.
        assert future.value == 12_500_000
        assert (future.price_increment_ticks, future.quantity_increment_lots) == (2, 2)

    def test_of_a_coin(self) -> None:
        coin = stock(lot_size="0.00000001", price_max="90000")
        assert coin.value.denominator == 10_000
        assert coin.quantity_to_lots("0.5") == 50_000_000
        assert coin.quantity_from_lots(1) == Decimal("0.00000001")

    def test_prices_and_quantities_between_two_are_refused(self) -> None:
        with pytest.raises(
            ConfigError, match=r"^ARL price: 1.005 is not a multiple of 0.01; round it first$"
        ):
            stock().price_to_ticks("1.005")
        with pytest.raises(ConfigError, match=r"^ARL quantity: 0.5 is not a multiple of 1; round it first$"):
            stock().quantity_to_lots("0.5")


@given(
    tick=st.sampled_from(["0.01", "0.25", "1", "0.00001", "3"]),
    lot=st.sampled_from(["1", "0.00000001", "100", "0.0007"]),
    multiplier=st.sampled_from([1, 50, "0.1", 1_000]),
    top=st.sampled_from([1, 100, 20_000, MAX_LADDER_TICKS]),
    wanted=st.sampled_from([0, 1, 1_000_000, 10**12]),
)
def test_the_largest_order_is_worth_less_than_64_bits(
    tick: str, lot: str, multiplier: Any, top: int, wanted: int
) -> None:
    settings: dict[str, Any] = {
        "price_min": tick,
        "price_max": Decimal(tick) * top,
        "tick_size": tick,
        "lot_size": lot,
        "multiplier": multiplier,
        "max_order_quantity": Decimal(lot) * wanted,
    }
    value = Fraction(tick) * Fraction(lot) * Fraction(multiplier) * 10**6
    if value.numerator * top * 64 > 2**62:
        with pytest.raises(ConfigError, match="one lot at the highest price is worth too much"):
            Instrument("ONE", **settings)
        return
    instrument = Instrument("ONE", **settings)
    lots, cap = instrument.max_order_lots, instrument.price_cap_ticks
    assert 1 <= lots <= min(wanted or MAX_QUANTITY_LOTS, MAX_QUANTITY_LOTS)
    assert instrument.price_max_ticks <= cap <= MAX_PRICE_TICKS
    assert lots * cap * instrument.value.numerator <= 2**62
    # The band may move a long way up before an order of the largest size is worth too much.
    assert cap >= min(64 * instrument.price_max_ticks, MAX_PRICE_TICKS)


REFUSED = [
    ({"symbol": ""}, "has no symbol; name it"),
    ({"symbol": None}, "has no symbol; name it"),
    ({"tick_size": 0}, "tick_size is not positive; give a positive decimal"),
    ({"lot_size": "-1"}, "lot_size is not positive; give a positive decimal"),
    ({"multiplier": 0}, "multiplier is not positive; give a positive decimal"),
    ({"price_min": 0}, "price window 0 … 200 is not positive and ascending; start at one tick"),
    ({"price_min": 201}, "price window 201 … 200 is not positive and ascending; start at one tick"),
    (
        {"price_max": 10**8},
        "price window is wider than 33554432 ticks; narrow it or choose a larger tick size",
    ),
    ({"band_low": "0.99"}, "the band is not inside the price window; widen the window or narrow the band"),
    ({"band_high": "200.01"}, "the band is not inside the price window; widen the window or narrow the band"),
    ({"band_low": 9, "band_high": 8}, "the band is not inside the price window; widen the window or narrow"),
    ({"price_increment": 0}, "an increment is not positive; leave it out for one tick or one lot"),
    ({"quantity_increment": -5}, "an increment is not positive; leave it out for one tick or one lot"),
    ({"max_order_quantity": -1}, "a limit is negative; 0 means no limit"),
    ({"max_order_notional": "-0.01"}, "a limit is negative; 0 means no limit"),
    ({"position_limit": -1}, "a limit is negative; 0 means no limit"),
    ({"multiplier": 10**13}, "one lot at the highest price is worth too much to count in micros; choose a"),
    ({"lot_size": "1e-30"}, "one lot is worth too little to count in micros; choose a larger lot size"),
    ({"fees": FeeSchedule(taker_per_lot=10**5)}, "the fees of its largest order are too much to count in"),
    (
        {"fees": FeeSchedule(per_order=4 * 10**12, minimum_per_order=10**12)},
        "the fees of its largest order are too much to count in",
    ),
    ({"mark": 3}, "3 is no Mark; choose LAST, MID or CLOSE"),
    (
        {"reference_price": 10**10},
        "the reference price is not inside the price window; leave it out, or move either",
    ),
    ({"margin": 0.5}, "0.5 is no MarginRates; give MarginRates(...)"),
    (
        {"fees": FeeSchedule("-1000000")},
        "the fees of its largest order are too much to count in micros; lower",
    ),
]


@pytest.mark.parametrize(("settings", "sentence"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_makes_no_sense_is_refused(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        stock(**settings)
    name = settings.get("symbol", "ARL")
    assert str(refusal.value).startswith(f"instrument {name!r}: {sentence}")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"tick_size": 0.01},
            "tick_size: 0.01 is not an exact decimal number; give a whole number, a Decimal",
        ),
        ({"price_min": "1.005"}, "ARL price_min: 1.005 is not a multiple of 0.01; round it first"),
        ({"max_order_quantity": "1.5"}, "ARL max_order_quantity: 1.5 is not a multiple of 1; round it first"),
        (
            {"max_order_notional": 10**14},
            "ARL max_order_notional: 100000000000000 is too large to be counted",
        ),
        ({"position_limit": 10**20}, "ARL quantity: 100000000000000000000 is too large to be counted"),
        ({"quantity_increment": 10**20}, "ARL quantity: 100000000000000000000 is too large to be counted"),
    ],
)
def test_numbers_that_do_not_fit_are_refused_by_name(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        stock(**settings)
    assert str(refusal.value).startswith(sentence)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"collar_ppm": 1_000_001},
            "collar_ppm: 1000001 is not a whole number from 0 to 1,000,000; give parts",
        ),
        ({"collar_ppm": 0.5}, "collar_ppm: 0.5 is not a whole number from 0 to 1,000,000; give parts"),
        ({"collar_ppm": -1}, "collar_ppm: -1 is not a whole number from 0 to 1,000,000; give parts"),
        ({"borrow_ppm_year": True}, "borrow_ppm_year: True is not a whole number from 0 to 10,000,000; give"),
    ],
)
def test_rates_are_whole_parts_per_million(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        stock(**settings)
    assert str(refusal.value).startswith(f"instrument 'ARL' {sentence}")


def test_the_reference_price_is_none_unless_given() -> None:
    assert stock().reference_price_ticks == 0
    assert stock(reference_price="150.25").reference_price_ticks == 15_025


def test_windows_may_be_one_tick_or_the_widest() -> None:
    assert stock(price_min="5", price_max="5").price_max_ticks == 500
    widest = stock(tick_size=1, price_min=7, price_max=MAX_LADDER_TICKS + 6)
    assert widest.price_max_ticks - widest.price_min_ticks + 1 == MAX_LADDER_TICKS
    with pytest.raises(ConfigError):
        stock(tick_size=1, price_min=7, price_max=MAX_LADDER_TICKS + 7)
