"""An instrument's units: prices and quantities of people as the exchange's whole numbers."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction

from workbench.domain.codes import Reason
from workbench.domain.instruments import Instrument
from workbench.domain.units import decimal
from workbench.errors import OrderRefused
from workbench.projections.live.order import LiveOrder

MOST_DIGITS = 30
"""Most digits before or after the point of what people may write."""

MOST = 1 << 60
"""The largest number of ticks or lots."""

_MICROS_PER_PERCENT = 10_000
_MILLION = 1_000_000


class Scale:
    """An instrument's units as ratios of whole numbers, which is fast and exact."""

    def __init__(self, number: int, instrument: Instrument) -> None:
        self.number = number
        self.instrument = instrument
        self.symbol = instrument.symbol
        tick, lot = decimal(instrument.tick_size), decimal(instrument.lot_size)
        self._tick, self._lot = tick.as_integer_ratio(), lot.as_integer_ratio()
        self._price_step, self._lot_step = (
            instrument.price_increment_ticks,
            instrument.quantity_increment_lots,
        )
        self.price_increment = instrument.price_from_ticks(self._price_step)
        self.quantity_increment = instrument.quantity_from_lots(self._lot_step)

    def lots(self, value: Decimal, name: str) -> int:
        """A quantity in lots; refused unless it is positive and may be ordered."""
        lots = self._count(value, self._lot, name, Reason.INVALID_QUANTITY)
        if lots is None or lots % self._lot_step:
            raise invalid(
                f"{self.symbol}: {name} {value:f} is not a multiple of {self.quantity_increment:f}",
                Reason.QUANTITY_NOT_IN_INCREMENT,
            )
        return lots

    def ticks(self, value: Decimal, name: str) -> int:
        """A price in ticks; refused unless it is positive and may be ordered at."""
        ticks = self._count(value, self._tick, name, Reason.INVALID_PRICE)
        if ticks is None or ticks % self._price_step:
            raise invalid(
                f"{self.symbol}: {name} {value:f} is not a multiple of {self.price_increment:f}",
                Reason.PRICE_NOT_IN_INCREMENT,
            )
        return ticks

    def trail_ticks(self, value: Decimal, name: str) -> int:
        """A distance in ticks."""
        ticks = self._count(value, self._tick, name, Reason.INVALID_TRIGGER_PRICE)
        if ticks is None:
            raise invalid(
                f"{self.symbol}: {name} {value:f} is not a multiple of {self.instrument.tick_size}",
                Reason.INVALID_TRIGGER_PRICE,
            )
        return ticks

    def up_to_step(self, lots: int) -> int:
        """As many lots as may be ordered and are no fewer."""
        return -(-lots // self._lot_step) * self._lot_step

    def quantity_of(self, lots: int) -> Decimal:
        """Lots as a quantity."""
        return self.quantity_increment * lots / self._lot_step

    def down_to_lots(self, quantity: Fraction) -> int:
        """As many lots as may be ordered and are in a quantity; 0 when it is less than the least."""
        lots = quantity * self._lot[1] / self._lot[0]
        return int(lots) // self._lot_step * self._lot_step

    def _count(self, value: Decimal, unit: tuple[int, int], name: str, reason: Reason) -> int | None:
        if not value.is_finite() or value <= 0:
            raise invalid(f"{self.symbol}: {name} must be a number above 0, not {value}", reason)
        if abs(value.adjusted()) > MOST_DIGITS:
            raise invalid(f"{self.symbol}: {name} {value} is too large or too small to count", reason)
        above, below = value.as_integer_ratio()
        count, rest = divmod(above * unit[1], below * unit[0])
        if count > MOST:
            raise invalid(
                f"{self.symbol}: {name} {value:f} is too large to count{self._largest(reason)}", reason
            )
        return None if rest else count

    def _largest(self, reason: Reason) -> str:
        """What a quantity or price may be at most, for somebody who gave far more."""
        instrument = self.instrument
        if reason == Reason.INVALID_QUANTITY:
            return f"; the maximum is {instrument.quantity_from_lots(instrument.max_order_lots):,f}"
        return f"; the maximum is {instrument.price_from_ticks(instrument.price_cap_ticks):,f}"


def invalid(what: str, reason: Reason, order: LiveOrder | None = None) -> OrderRefused:
    """The refusal of what was not sent."""
    return OrderRefused(what, status="invalid", reason=reason, order=order)


def percent_micros(scale: Scale, value: Decimal) -> int:
    """Percent as millionths."""
    name = "trail percent"
    if not value.is_finite() or abs(value.adjusted()) > MOST_DIGITS:
        raise invalid(f"{scale.symbol}: {name} {value} is no number", Reason.INVALID_TRIGGER_PRICE)
    with localcontext(prec=2 * MOST_DIGITS):
        micros = value * _MICROS_PER_PERCENT
        whole = micros.to_integral_value(ROUND_FLOOR)
    if whole != micros or not 0 < micros < _MILLION:
        raise invalid(
            f"{scale.symbol}: {name} must be from 0.0001 to 99.9999 in steps of 0.0001, not {value:f}",
            Reason.INVALID_TRIGGER_PRICE,
        )
    return int(whole)
