from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from workbench.api.alpaca.amounts import Scale, integer_text, money_text, ratio_text
from workbench.domain.instruments import Instrument


@given(st.integers(-(10**18), 10**18), st.integers(0, 9))
def test_texts_are_exact_and_short(count: int, digits: int) -> None:
    text = integer_text(count, digits)
    assert Decimal(text) == Decimal(count).scaleb(-digits)
    assert not ("." in text and text.endswith(("0", ".")))


def test_ticks_that_are_no_power_of_ten() -> None:
    scale = Scale(Instrument("ES", price_min="100", price_max="9000", tick_size="0.25", lot_size="0.001"))
    assert (scale.price_text(4_001), scale.price_number(4_001)) == ("1000.25", 1000.25)
    assert (scale.quantity_text(-1_500), scale.quantity_number(1_500)) == ("-1.5", 1.5)
    assert scale.average_price(3 * 4_000 + 4_001, 4) == "1000.0625"
    assert scale.average_price(4_000 * 2 + 4_001, 3) == "1000.083333333"


def test_rounding_and_nothing() -> None:
    assert (ratio_text(1, 3), ratio_text(-1, 3, 2), ratio_text(1, 0)) == ("0.333333333", "-0.33", "0")
    assert money_text(-1) == "-0.000001"
