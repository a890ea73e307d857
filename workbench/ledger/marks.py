"""What positions are worth at their mark, and what margin accounts must hold against them."""

from __future__ import annotations

from typing import Any

from workbench.domain.numbers import BUY, CLOSE, MID
from workbench.jit import leaf
from workbench.ledger.cash import notional, part_of, reserve_fee
from workbench.ledger.lots import share

AT_CLOSE = CLOSE
AT_MIDDLE = MID


@leaf
def mark(instrument: Any) -> int:
    """The price at which positions are valued; 0 for none."""
    price = instrument["last_price_ticks"]
    if instrument["mark"] == AT_MIDDLE:
        bid = instrument["bid_price_ticks"]
        ask = instrument["ask_price_ticks"]
        if bid != 0 and ask != 0:
            price = (bid + ask) // 2
    elif instrument["mark"] == AT_CLOSE and instrument["close_price_ticks"] != 0:
        price = instrument["close_price_ticks"]
    return price if price != 0 else instrument["reference_price_ticks"]


@leaf
def value_at(instrument: Any, price_ticks: int, lots: int) -> int:
    """Value of a position at a price, negative for a short; rounded down in both cases."""
    # A price and the numerator fit together, their product with any position may not.
    of_lot = price_ticks * instrument["value_numerator"]
    denominator = instrument["value_denominator"]
    if denominator == 1:
        return of_lot * lots
    whole = of_lot // denominator
    rest = of_lot - whole * denominator
    size = abs(lots)
    if rest == 0:
        return whole * lots
    if lots > 0:
        return whole * size + share(size, rest, denominator)
    return -(whole * size + size - share(size, denominator - rest, denominator))


@leaf
def position_value(instrument: Any, position: Any) -> int:
    """A position at its mark; what it cost when there is none."""
    lots = position["position_lots"]
    price = mark(instrument)
    if price == 0 or lots == 0:
        return position["cost_micros"]
    return value_at(instrument, price, lots)


@leaf
def position_margin(instrument: Any, position: Any, initial: bool) -> int:
    """Initial or maintenance margin of a position."""
    value = abs(position_value(instrument, position))
    if position["position_lots"] > 0:
        rate = instrument["initial_long_ppm"] if initial else instrument["maintenance_long_ppm"]
    else:
        rate = instrument["initial_short_ppm"] if initial else instrument["maintenance_short_ppm"]
    return part_of(value, rate)


@leaf
def margin_required(instrument: Any, fees: Any, side: int, notional_micros: int, lots: int) -> int:
    """Equity that an order of a margin account needs for `lots` that it opens."""
    rate = instrument["initial_long_ppm"] if side == BUY else instrument["initial_short_ppm"]
    return part_of(notional_micros, rate) + reserve_fee(fees, notional_micros, lots)


@leaf
def margin_reservation(instrument: Any, fees: Any, side: int, price_ticks: int, opening_lots: int) -> int:
    """Equity that a resting order of a margin account ties up."""
    value = notional(instrument, price_ticks, opening_lots)
    return margin_required(instrument, fees, side, value, opening_lots)


@leaf
def sample(position: Any, unrealised_micros: int) -> None:
    """Let a position's excursions reach an unrealised PnL."""
    position["adverse_micros"] = min(position["adverse_micros"], unrealised_micros)
    position["favourable_micros"] = max(position["favourable_micros"], unrealised_micros)
