"""Decimals and integers: exact both ways, or refused in a sentence."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.units import LARGEST, as_printed, decimal, from_micros, from_units, to_micros, to_units
from workbench.errors import ConfigError

UNITS = st.sampled_from(["0.01", "0.25", "1", "3", "0.00000001", "0.0005", "100", Decimal("0.03")])
DECIMALS = st.decimals(-(10**9), 10**9, allow_nan=False, allow_infinity=False, places=9)


@given(count=st.integers(-LARGEST, LARGEST), unit=UNITS)
def test_a_number_of_units_comes_back(count: int, unit: str | Decimal) -> None:
    value = from_units(count, unit)
    # Decimals of 28 digits hold what the exchange counts, as long as nobody counts finer than it does.
    if Fraction(value) == count * Fraction(unit):
        assert to_units(value, unit) == count


@given(count=st.integers(-(2**53), 2**53), unit=UNITS)
def test_what_the_exchange_counts_is_never_rounded(count: int, unit: str | Decimal) -> None:
    assert Fraction(from_units(count, unit)) == count * Fraction(unit)


@given(micros=st.integers(-LARGEST, LARGEST))
def test_every_amount_of_micros_comes_back(micros: int) -> None:
    assert to_micros(from_micros(micros)) == micros
    assert Fraction(from_micros(micros)) == Fraction(micros, 10**6)


@given(value=DECIMALS, unit=UNITS)
def test_what_is_between_two_units_is_refused(value: Decimal, unit: str | Decimal) -> None:
    quotient = Fraction(value) / Fraction(unit)
    if quotient.denominator == 1:
        assert to_units(value, unit) == quotient
    else:
        with pytest.raises(ConfigError, match=r"^price: .* is not a multiple of .*; round it first$"):
            to_units(value, unit, "price")


@pytest.mark.parametrize(
    "value",
    [0.1, 1.0, True, None, "", "abc", "1,5", "NaN", "Infinity", Decimal("nan"), Decimal("-inf"), [], (), {}],
)
def test_what_is_no_exact_decimal_is_refused(value: Any) -> None:
    with pytest.raises(ConfigError) as refusal:
        decimal(value, "tick_size")
    # What was typed at a page or into a file is answered in its own terms.
    assert str(refusal.value) == (
        f"tick_size: {value!r} is not a number; give one such as 0.01"
        if isinstance(value, str)
        else f"tick_size: {value} is not a finite number; give one such as 0.01"
        if isinstance(value, Decimal)
        else f"tick_size: {value!r} is not an exact decimal number; "
        'give a whole number, a Decimal or a string such as "0.01"'
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [("0.01", "0.01"), (5, "5"), ("1e-8", "1E-8"), (" 7 ", "7"), (Decimal("2.50"), "2.50"), (-3, "-3")],
)
def test_exact_decimals_are_taken_as_they_are(value: Any, expected: str) -> None:
    assert str(decimal(value)) == expected


@pytest.mark.parametrize("unit", [0, "0", "0.00"])
def test_a_unit_of_nothing_is_refused(unit: Any) -> None:
    with pytest.raises(ConfigError, match=r"^price: cannot be counted in units of 0; give another unit$"):
        to_units("1", unit, "price")


def test_money_finer_than_a_micro_is_refused() -> None:
    assert to_micros("0.000001") == 1
    with pytest.raises(ConfigError, match=r"^cash: 0.0000001 is not a multiple of "):
        to_micros("0.0000001", "cash")


@pytest.mark.parametrize("count", [LARGEST + 1, -LARGEST - 1, 2**63, 10**30])
def test_what_does_not_fit_into_64_bits_is_refused_with_the_bound(count: int) -> None:
    bound = f"{LARGEST if count > 0 else -LARGEST:,}"
    with pytest.raises(ConfigError, match=rf"^cash: {count} is too (large|far).* is {bound}$"):
        to_units(count, 1, "cash")
    with pytest.raises(ConfigError, match=r"^cash: 1e40 is .*: the largest is 4,611,686,018,427\.387903$"):
        to_micros("1e40", "cash")


@pytest.mark.parametrize("value", ["1e999999999", Decimal("1e-999999999")])
def test_numbers_of_endless_digits_are_refused_before_they_are_counted(value: Any) -> None:
    with pytest.raises(ConfigError, match="is too large or too small to count"):
        to_units(value, "0.01")


def test_floats_and_numpys_numbers_are_taken_as_they_print() -> None:
    given: list[Any] = [12.51, np.float64(12.51), np.float32(12.51), "12.51", Decimal("12.51")]
    assert [decimal(as_printed(value)) for value in given] == [Decimal("12.51")] * 5
    whole: list[Any] = [7, np.int64(7), np.uint8(7)]
    assert [decimal(as_printed(value)) for value in whole] == [7] * 3
    wrong: list[Any] = [True, np.bool_(True), None, "x"]
    for value in wrong:
        with pytest.raises(ConfigError, match=r"is not (a number|an exact decimal number)"):
            as_printed(value)
