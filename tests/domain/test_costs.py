"""Fees as they are given and as the exchange counts them."""

from typing import Any

import pytest

from workbench.domain.costs import PPM, FeeSchedule
from workbench.errors import ConfigError


def test_nothing_is_charged_unless_asked_for() -> None:
    fees = FeeSchedule()
    assert (fees.maker_per_lot_micros, fees.taker_per_lot_micros, fees.maker_ppm, fees.taker_ppm) == (0,) * 4


def test_are_counted_exactly() -> None:
    fees = FeeSchedule("-0.002", "0.000001", "0.01", "-2.5")
    assert (fees.maker_per_lot_micros, fees.taker_per_lot_micros) == (-2_000, 1)
    assert (fees.maker_ppm, fees.taker_ppm) == (1, -250)
    # The whole notional, and no more.
    assert FeeSchedule(taker_bps=10_000).taker_ppm == PPM
    assert FeeSchedule(maker_bps=-10_000).maker_ppm == -PPM


def test_fees_of_an_order() -> None:
    assert not FeeSchedule(taker_bps=3, maker_per_lot="-1").has_order_fees
    fees = FeeSchedule(per_order="1.5", minimum_per_order="0.000001", cap_bps="0.01")
    assert (fees.per_order_micros, fees.minimum_micros, fees.cap_ppm) == (1_500_000, 1, 1)
    for name in ("per_order", "minimum_per_order", "cap_bps"):
        assert FeeSchedule(**{name: 1}).has_order_fees  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"taker_bps": "10000.01"}, "fees: more than 10,000 basis points; give basis points, not ppm"),
        ({"maker_bps": -10_001}, "fees: more than 10,000 basis points; give basis points, not ppm"),
        ({"per_order": -1}, "fees: a fee per order, minimum or cap is negative, or the cap above 10,000"),
        ({"minimum_per_order": -1}, "fees: a fee per order, minimum or cap is negative, or the cap above"),
        ({"cap_bps": "-0.01"}, "fees: a fee per order, minimum or cap is negative, or the cap above 10,000"),
        ({"cap_bps": 10_001}, "fees: a fee per order, minimum or cap is negative, or the cap above 10,000"),
        ({"maker_bps": "0.001"}, "maker_bps: 0.001 is not a multiple of 0.01; round it first"),
        ({"taker_per_lot": "0.0000001"}, "taker_per_lot: 1E-7 is not a multiple of"),
        ({"maker_per_lot": 0.003}, "maker_per_lot: 0.003 is not an exact decimal number; give"),
        ({"maker_per_lot": 10**14}, "maker_per_lot: 100000000000000 is too large to be counted"),
    ],
)
def test_what_makes_no_sense_is_refused(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        FeeSchedule(**settings)
    assert str(refusal.value).startswith(sentence.replace("1E-7", "0.0000001"))
