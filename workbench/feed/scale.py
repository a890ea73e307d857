"""The tick size and price window that fit the prices of a file."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import gcd

import numpy as np
import numpy.typing as npt

from workbench.domain.instruments import MAX_PRICE_TICKS, Instrument
from workbench.domain.units import Number, to_units
from workbench.errors import SourceError
from workbench.feed.files import Ints

MAX_WINDOW_TICKS = 1 << 20
"""Widest price window that a reader chooses; a book keeps some ten bytes for each tick of it."""


def to_nanos(number: Number) -> int:
    """A decimal in 1e-9."""
    return to_units(number, Decimal(1).scaleb(-9), "price")


def from_nanos(nanos: int) -> Decimal:
    """1e-9 as a decimal without trailing zeros.

    >>> from_nanos(250_000_000), from_nanos(100_000_000_000)
    (Decimal('0.25'), Decimal('100'))
    """
    return Decimal(f"{Decimal(int(nanos)).scaleb(-9).normalize():f}")


_ONE, _CENT, _SUB_CENT = 1_000_000_000, 10_000_000, 100_000


def off_tick(price_nanos: Ints, market_tick: Number) -> npt.NDArray[np.bool_]:
    """Which prices no order in the book may have.

    Where the tick is a cent, prices below 1 have steps of 0.0001, by the rule of US equity markets
    (17 CFR 242.612).

    >>> off_tick(np.array([5_513_300_000, 5_510_000_000, 513_300_000]), "0.01").tolist()
    [True, False, False]
    """
    tick = to_nanos(market_tick)
    below_one = np.where((price_nanos < _ONE) & (tick == _CENT), _SUB_CENT, tick)
    return np.asarray(price_nanos % below_one != 0)


def inward(low_nanos: Ints, high_nanos: Ints, tick_nanos: int) -> tuple[Ints, Ints]:
    """Ranges of prices as the ticks within them, at least one; a highest price of 0 means no range.

    >>> low, high = inward(np.array([9_001, 0, 0]), np.array([11_999, 0, 900]), 1_000)
    >>> low.tolist(), high.tolist()
    ([10, 0, 1], [11, 0, 1])
    """
    some = (high_nanos > 0).astype(np.int64)
    high = np.maximum(high_nanos // tick_nanos, some)
    return np.minimum(np.maximum(-(-low_nanos // tick_nanos), some), high), high


@dataclass(frozen=True, slots=True)
class PriceScale:
    """Tick size and price window chosen for a file; all in 1e-9 of the currency."""

    tick_nanos: int
    increment_nanos: int
    low_ticks: int
    high_ticks: int

    def ticks(self, price_nanos: Ints) -> Ints:
        """Prices, all on the tick, in ticks."""
        return price_nanos // self.tick_nanos

    def outside(self, price_nanos: Ints) -> npt.NDArray[np.bool_]:
        """Which prices are not in the window."""
        return (price_nanos < self.low_ticks * self.tick_nanos) | (
            price_nanos > self.high_ticks * self.tick_nanos
        )

    def instrument(
        self, symbol: str, lot_size: Number = 1, multiplier: Number = 1, currency: str = "USD"
    ) -> Instrument:
        """Reference data with this scale."""
        return Instrument(
            symbol,
            price_min=from_nanos(self.low_ticks * self.tick_nanos),
            price_max=from_nanos(self.high_ticks * self.tick_nanos),
            tick_size=from_nanos(self.tick_nanos),
            price_increment=from_nanos(self.increment_nanos),
            lot_size=lot_size,
            multiplier=multiplier,
            currency=currency,
        )


def price_scale(
    source: str,
    price_nanos: Ints,
    *,
    market_tick: Number | None = None,
    order_price_nanos: Ints | None = None,
    widest_ticks: int = MAX_WINDOW_TICKS,
) -> PriceScale:
    """The tick that divides all prices and the market's own tick, and a window around the prices.

    The window reaches from half the lowest to one and a half times the highest price. Where that is wider
    than `widest_ticks`, it reaches from half to twice the median price instead, or is laid around it as far
    as `widest_ticks` go, and what is outside is left to the reader. Without a market tick, the tick of the
    orders' prices is the market's.
    """
    prices = np.unique(price_nanos)
    if not len(prices):
        raise SourceError(source, None, "has no price, so it shows no order and no trade")
    own = int(
        np.gcd.reduce(
            order_price_nanos if order_price_nanos is not None and len(order_price_nanos) else prices
        )
    )
    increment = own if market_tick is None else to_nanos(market_tick)
    tick = gcd(int(np.gcd.reduce(prices)), increment)
    low = max(int(prices[0]) // 2 // tick, 1)
    high = -(-int(prices[-1]) * 3 // 2 // tick)
    if high - low >= widest_ticks:
        middle = int(np.partition(price_nanos, len(price_nanos) // 2)[len(price_nanos) // 2]) // tick
        low = max(middle // 2, middle - widest_ticks // 2, 1)
        high = min(middle * 2, low + widest_ticks)
    high = min(high, MAX_PRICE_TICKS)
    if np.partition(price_nanos, len(price_nanos) // 2)[len(price_nanos) // 2] // tick > MAX_PRICE_TICKS:
        highest, finest = from_nanos(int(prices[-1])), from_nanos(tick)
        raise SourceError(
            source,
            None,
            f"has prices up to {highest} in steps of {finest}, more steps than the exchange can hold",
            "are all of them prices?",
        )
    return PriceScale(tick, increment, low, max(high, low))
