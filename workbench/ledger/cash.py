"""Money: what a trade is worth and what it costs, in whole micros."""

from __future__ import annotations

from typing import Any

from workbench.domain.costs import PPM
from workbench.jit import hot, leaf

_PPM = PPM


@hot
def notional(instrument: Any, price_ticks: int, quantity_lots: int) -> int:
    """Value in micros of a quantity at a price, rounded down."""
    value = price_ticks * quantity_lots * instrument["value_numerator"]
    denominator = instrument["value_denominator"]
    return value if denominator == 1 else value // denominator


@hot
def fee(per_lot_micros: int, ppm: int, notional_micros: int, quantity_lots: int) -> int:
    """Fee in micros, rounded up; negative for a rebate."""
    if ppm == 0:
        return per_lot_micros * quantity_lots
    # The millions and the rest apart, so that nothing overflows: notional * ppm can pass 2^63.
    whole = notional_micros // _PPM
    rest = notional_micros - whole * _PPM
    return per_lot_micros * quantity_lots + whole * ppm - (-(rest * ppm)) // _PPM


@leaf
def part_of(micros: int, ppm: int) -> int:
    """Parts per million of an amount ≥ 0, rounded up."""
    return fee(0, ppm, micros, 0)


@leaf
def part_each(micros: int, ppm: int, periods: int) -> int:
    """Parts per million of an amount ≥ 0 in equal parts, both rounded up."""
    # Of each whole amount and of the rest apart: several times an amount may not fit into 64 bits.
    times = ppm // _PPM
    rest = part_of(micros, ppm - times * _PPM)
    each = times * (micros // periods) + rest // periods
    left = times * (micros % periods) + rest % periods
    return each + (left + periods - 1) // periods


@hot
def reserve_fee(fees: Any, notional_micros: int, quantity_lots: int) -> int:
    """The most an order of this size can cost in fees."""
    per_lot = max(fees["maker_per_lot_micros"], fees["taker_per_lot_micros"], 0)
    ppm = max(fees["maker_ppm"], fees["taker_ppm"], 0)
    dearest = fee(per_lot, ppm, notional_micros, quantity_lots)
    if fees["order_fees"] != 0 and quantity_lots != 0:
        dearest = max(fees["per_order_micros"] + dearest, fees["minimum_micros"])
    return dearest


@hot
def reservation(instrument: Any, fees: Any, price_ticks: int, opening_lots: int) -> int:
    """Cash that a resting order ties up: its opening part at its limit, with fees."""
    if opening_lots == 0:
        return 0
    value = notional(instrument, price_ticks, opening_lots)
    return value + reserve_fee(fees, value, opening_lots)


@hot
def available(account: Any) -> int:
    """Buying power: cash neither reserved nor tied up in short positions, which bind twice their proceeds."""
    return account["cash_micros"] - account["reserved_micros"] - 2 * account["short_cost_micros"]
