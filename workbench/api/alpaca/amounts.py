"""Prices, quantities and money in the two ways that an Alpaca client reads them: strings and numbers."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from workbench.domain.instruments import Instrument
from workbench.domain.units import MICROS, decimal

_AVERAGE_DIGITS = 9
_MONEY_DIGITS = 6


def integer_text(count: int, digits: int) -> str:
    """`count` units of 10^-`digits` as the shortest decimal that is exactly that.

    >>> integer_text(9950, 2), integer_text(-1, 4), integer_text(300, 2)
    ('99.5', '-0.0001', '3')
    """
    if not digits:
        return str(count)
    whole, part = divmod(abs(count), 10**digits)
    text = f"{whole}.{part:0{digits}d}".rstrip("0") if part else str(whole)
    return f"-{text}" if count < 0 else text


def money_text(micros: int) -> str:
    """Micros of the account currency as a decimal string.

    >>> money_text(1_250_000), money_text(-10)
    ('1.25', '-0.00001')
    """
    return integer_text(micros, _MONEY_DIGITS)


def ratio_text(part: Fraction | int, whole: Fraction | int, digits: int = _AVERAGE_DIGITS) -> str:
    """`part / whole` rounded to `digits` decimals (half to even); "0" where the whole is 0.

    >>> ratio_text(1, 8), ratio_text(2, 3, 4), ratio_text(5, 0)
    ('0.125', '0.6667', '0')
    """
    if not whole:
        return "0"
    return integer_text(round(Fraction(part, 1) / Fraction(whole, 1) * 10**digits), digits)


def money_number(micros: int) -> float:
    """Micros as the nearest number of JSON.

    >>> money_number(1_250_000)
    1.25
    """
    return micros / MICROS


class _Unit:
    """Counts of one decimal unit as text and as numbers, without a decimal on the way."""

    __slots__ = ("digits", "factor", "power")

    def __init__(self, unit: Decimal) -> None:
        exponent = int(unit.as_tuple().exponent)
        self.digits = max(0, -exponent)
        self.factor = int(unit.scaleb(self.digits))
        self.power = 10**self.digits

    def text(self, count: int) -> str:
        return integer_text(count * self.factor, self.digits)

    def number(self, count: int) -> float:
        number: float = count * self.factor / self.power
        return number


class Scale:
    """How one instrument's ticks and lots are written.

    Examples
    --------
    >>> scale = Scale(Instrument("AAPL", price_min="1", price_max="200"))
    >>> scale.price_text(9950), scale.price_number(9950), scale.quantity_text(10)
    ('99.5', 99.5, '10')
    """

    __slots__ = (
        "_tick",
        "instrument",
        "price_number",
        "price_text",
        "quantity_number",
        "quantity_text",
    )

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        price = self._tick = _Unit(decimal(instrument.tick_size))
        quantity = _Unit(decimal(instrument.lot_size))
        self.price_text = price.text
        self.price_number = price.number
        self.quantity_text = quantity.text
        self.quantity_number = quantity.number

    def average_price(self, price_lots_ticks: int, lots: int) -> str:
        """Average price of `lots` whose ticks times lots add up to `price_lots_ticks`, to nine digits."""
        tick = self._tick
        scaled = price_lots_ticks * tick.factor * 10**_AVERAGE_DIGITS
        whole = lots * tick.power
        return integer_text((2 * scaled + whole) // (2 * whole), _AVERAGE_DIGITS)

    def vwap_number(self, price_lots_ticks: int, lots: int) -> float:
        """The same as a number."""
        number: float = price_lots_ticks * self._tick.factor / (lots * self._tick.power)
        return number

    def cost_price(self, cost_micros: int, lots: int) -> str:
        """Average price at which a position of `lots` that cost `cost_micros` was entered."""
        unit = Fraction(decimal(self.instrument.lot_size)) * Fraction(decimal(self.instrument.multiplier))
        return ratio_text(Fraction(abs(cost_micros), MICROS), abs(lots) * unit)
