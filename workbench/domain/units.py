"""Exact conversion between decimals and the exchange's integers; what does not fit is refused."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from numbers import Integral, Rational, Real
from typing import Any

from workbench.errors import ConfigError

MICROS = 1_000_000
"""Micros in one unit of currency."""

LARGEST = (1 << 62) - 1
"""Largest number of anything; sums of two of them still fit into 64 bits."""

Number = Decimal | int | str
"""Decimal input: floats are left out on purpose, since 0.1 is not a tenth."""

_MOST_DIGITS = 40
"""Digits before or after the point of any number that makes sense here; more would only cost memory."""


def decimal(value: Number, name: str = "value") -> Decimal:
    """`value` as a finite Decimal.

    >>> decimal("0.01")
    Decimal('0.01')
    """
    given: Any = value
    try:
        number = Decimal(int(given) if isinstance(given, Integral) else given)
    except (InvalidOperation, TypeError, ValueError):
        number = Decimal("NaN")
    if isinstance(value, (bool, float)) or not number.is_finite():
        raise ConfigError(
            what=f"{value!r} is not an exact decimal number",
            where=name,
            remedy='give a whole number, a Decimal or a string such as "0.01"',
        )
    if number and abs(number.adjusted()) > _MOST_DIGITS:
        raise ConfigError(what=f"{value} is too large or too small to count", where=name)
    return number


def as_printed(value: Number | float, name: str = "value") -> Number:
    """A number as people and tables have it: a float is taken as it prints, so 12.51 is 12.51.

    >>> as_printed(12.51)
    '12.51'
    """
    given: Any = value
    if isinstance(given, Real) and not isinstance(given, Rational):
        return str(given)
    decimal(given, name)
    return given  # type: ignore[no-any-return] # which decimal() has checked


def to_units(value: Number, unit: Number, name: str = "value") -> int:
    """How many `unit` are in `value`, which must be a whole number of them.

    >>> to_units("585.33", "0.01")
    58533
    >>> to_units("585.333", "0.01", "price")
    Traceback (most recent call last):
        ...
    workbench.errors.ConfigError: price: 585.333 is not a multiple of 0.01; round it first
    """
    count, size = Fraction(decimal(value, name)), Fraction(decimal(unit, name))
    if size == 0:
        raise ConfigError(what="cannot be counted in units of 0", where=name, remedy="give another unit")
    quotient = count / size
    if quotient.denominator != 1:
        raise ConfigError(what=f"{value} is not a multiple of {unit}", where=name, remedy="round it first")
    if abs(quotient) > LARGEST:
        raise ConfigError(what=f"{value} is too large to be counted in 64 bits", where=name)
    return quotient.numerator


def from_units(count: int, unit: Number) -> Decimal:
    """`count` units as a decimal.

    >>> from_units(58533, "0.01")
    Decimal('585.33')
    """
    return int(count) * decimal(unit)


def to_micros(value: Number, name: str = "amount") -> int:
    """Money as micros.

    >>> to_micros("1.5")
    1500000
    """
    return to_units(value, Decimal(1) / MICROS, name)


def from_micros(micros: int) -> Decimal:
    """Micros as money.

    >>> from_micros(1_500_000)
    Decimal('1.500000')
    """
    return Decimal(int(micros)).scaleb(-6)
