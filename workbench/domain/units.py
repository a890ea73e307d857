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
        if isinstance(given, str):
            raise ConfigError(
                what=f"{_short(given)!r} is not a number", where=name, remedy="give one such as 0.01"
            )
        if isinstance(given, Decimal):
            raise ConfigError(
                what=f"{given} is not a finite number", where=name, remedy="give one such as 0.01"
            )
        raise ConfigError(
            what=f"{value!r} is not an exact decimal number",
            where=name,
            remedy='give a whole number, a Decimal or a string such as "0.01"',
        )
    if number and abs(number.adjusted()) > _MOST_DIGITS:
        raise ConfigError(what=f"{_short(f'{value}')} is too large or too small to count", where=name)
    return number


def _short(text: str) -> str:
    """What somebody gave, so far that a sentence with it can be read."""
    return text if len(text) <= _MOST_DIGITS else f"{text[:_MOST_DIGITS]}…"


def too_large(value: Number, bound: Number, name: str) -> ConfigError:
    """What to raise about a number beyond a bound.

    >>> too_large(10**20, from_micros(LARGEST), "cash").what
    '100000000000000000000 is too large to be counted: the largest is 4,611,686,018,427.387903'
    >>> too_large("-1e20", LARGEST, "cash").what
    '-1e20 is too far below zero to be counted: the least is -4,611,686,018,427,387,903'
    """
    below = decimal(value, name) < 0
    how, which = ("too far below zero", "least") if below else ("too large", "largest")
    most = -decimal(bound) if below else decimal(bound)
    return ConfigError(
        what=f"{_short(f'{value}')} is {how} to be counted: the {which} is {most:,f}", where=name
    )


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
        raise too_large(value, LARGEST * decimal(unit), name)
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
