"""Reference data of what is traded, and its exact integer scales."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from workbench.domain.codes import Mark, TriggerReference
from workbench.domain.costs import PPM, FeeSchedule
from workbench.domain.margin import MarginRates, whole_ppm
from workbench.domain.times import MAX_TIME_NS
from workbench.domain.units import LARGEST, MICROS, Number, decimal, from_units, to_micros, to_units
from workbench.errors import ConfigError

MAX_PRICE_TICKS = 1 << 40
MAX_QUANTITY_LOTS = 1 << 40
MAX_LADDER_TICKS = 1 << 25
"""Widest window of prices one book can hold."""

WINDOW_PARTS = 10
"""Parts of the price limits' rolling window."""

MAX_BORROW_PPM = 10 * PPM
"""Ten times its value a year is the most that borrowing can cost."""

_SAFE_MICROS = 1 << 62
_ROOM_FOR_HIGHER_PRICES = 64
"""The largest order stays below 2^62 micros even when the band moves to this many times the highest price."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """One traded instrument.

    Parameters
    ----------
    symbol
        Its name, unique in a venue.
    price_min, price_max
        The window of prices its book can hold, both included; the band of accepted prices at the start unless
        `band_low` and `band_high` are given.
    tick_size
        Price of one tick: the finest step of any price, in currency.
    lot_size
        Quantity of one lot: the finest step of any quantity, in units (shares, contracts, coins).
    multiplier
        Value of one unit per 1.00 of price (50 for the E-mini S&P future).
    price_increment, quantity_increment
        What orders must be multiples of; a tick and a lot unless given.
    max_order_quantity, max_order_notional, position_limit
        Per order and per account, in units, currency and units; 0 for none.
    fees
        Maker and taker fees.
    trigger_reference
        Which price sets off stop and if-touched orders.
    reference_price
        Price that auctions, price limits and the value of positions go by before the first trade; 0 for none.
    price_limit_bps
        Half width of the limit-up/limit-down band around the rolling reference, in basis points; 0 for none.
    price_limit_window_ns
        Length of the rolling window.
    price_limit_pause_ns
        How long trading pauses, collecting orders for a reopening auction, when a limit is reached.
    currency
        Account currency.
    mark
        Which price positions are valued at.
    margin
        What margin accounts must hold against a position.
    borrow_ppm_year
        What holding a short position costs a year, in parts per million of its value.
    collar_ppm
        How far from the last price market orders trade, in parts per million of it; 0 for any price.

    Examples
    --------
    >>> stock = Instrument("AAPL", price_min="100", price_max="200")
    >>> stock.price_to_ticks("150.25"), stock.price_from_ticks(15025)
    (15025, Decimal('150.25'))
    """

    symbol: str
    price_min: Number
    price_max: Number
    tick_size: Number = Decimal("0.01")
    lot_size: Number = Decimal(1)
    multiplier: Number = Decimal(1)
    price_increment: Number | None = None
    quantity_increment: Number | None = None
    band_low: Number | None = None
    band_high: Number | None = None
    max_order_quantity: Number = 0
    max_order_notional: Number = 0
    position_limit: Number = 0
    fees: FeeSchedule = field(default_factory=FeeSchedule)
    trigger_reference: TriggerReference = TriggerReference.LAST_TRADE
    reference_price: Number = 0
    price_limit_bps: Number = 0
    price_limit_window_ns: int = 300_000_000_000
    price_limit_pause_ns: int = 300_000_000_000
    currency: str = "USD"
    mark: Mark = Mark.LAST
    margin: MarginRates = field(default_factory=MarginRates)
    borrow_ppm_year: int = 0
    collar_ppm: int = 0

    def __post_init__(self) -> None:
        def refuse(what: str, remedy: str) -> None:
            raise ConfigError(what=what, where=f"instrument {self.symbol!r}", remedy=remedy)

        if not self.symbol or not isinstance(self.symbol, str):
            refuse("has no symbol", "name it")
        if not self.symbol.isprintable():
            refuse("has characters that cannot be printed", "leave out line breaks and control characters")
        for name in ("tick_size", "lot_size", "multiplier"):
            if decimal(getattr(self, name), name) <= 0:
                refuse(f"{name} is not positive", "give a positive decimal")
        if not 1 <= self.price_min_ticks <= self.price_max_ticks <= MAX_PRICE_TICKS:
            refuse(
                f"price window {self.price_min} … {self.price_max} is not positive and ascending",
                "start at one tick",
            )
        if self.price_max_ticks - self.price_min_ticks >= MAX_LADDER_TICKS:
            refuse(
                f"price window is wider than {MAX_LADDER_TICKS} ticks",
                "narrow it or choose a larger tick size",
            )
        if not self.price_min_ticks <= self.band_low_ticks <= self.band_high_ticks <= self.price_max_ticks:
            refuse("the band is not inside the price window", "widen the window or narrow the band")
        if self.price_increment_ticks < 1 or self.quantity_increment_lots < 1:
            refuse("an increment is not positive", "leave it out for one tick or one lot")
        if (
            min(
                self.max_order_notional_micros,
                self.position_limit_lots,
                to_units(self.max_order_quantity, self.lot_size, f"{self.symbol} max_order_quantity"),
            )
            < 0
        ):
            refuse("a limit is negative", "0 means no limit")
        if self.trigger_reference not in set(TriggerReference):
            refuse(
                f"{self.trigger_reference!r} is no TriggerReference",
                f"choose one of {', '.join(TriggerReference.__members__)}",
            )
        if (
            self.reference_price_ticks
            and not self.price_min_ticks <= self.reference_price_ticks <= self.price_max_ticks
        ):
            refuse("the reference price is not inside the price window", "leave it out, or move either")
        if not 0 <= self.price_limit_ppm < PPM:
            refuse("the price limit is not 0 … 9,999 basis points", "0 means no price limits")
        for name in ("price_limit_window_ns", "price_limit_pause_ns"):
            given: object = getattr(self, name)
            if not isinstance(given, int) or not WINDOW_PARTS <= given <= MAX_TIME_NS:
                refuse(f"{name} {given!r} is no duration", "give whole nanoseconds, at least 10")
        if self.max_order_lots < 1:
            refuse(
                "one lot at the highest price is worth too much to count in micros",
                "choose a smaller lot size",
            )
        if self.value.denominator > LARGEST:
            refuse("one lot is worth too little to count in micros", "choose a larger lot size")
        fees = self.fees
        for per_lot, ppm in (
            (fees.maker_per_lot_micros, fees.maker_ppm),
            (fees.taker_per_lot_micros, fees.taker_ppm),
        ):
            of_order = fees.per_order_micros + fees.minimum_micros
            if abs(per_lot) * self.max_order_lots + LARGEST * abs(ppm) // PPM + of_order > LARGEST:
                refuse(
                    "the fees of its largest order are too much to count in micros", "lower either of them"
                )
        if self.mark not in set(Mark):
            refuse(f"{self.mark!r} is no Mark", "choose LAST, MID or CLOSE")
        if not isinstance(self.margin, MarginRates):
            refuse(f"{self.margin!r} is no MarginRates", "give MarginRates(...)")
        for name, most in (("borrow_ppm_year", MAX_BORROW_PPM), ("collar_ppm", PPM)):
            where = f"instrument {self.symbol!r} {name}"
            object.__setattr__(self, name, whole_ppm(getattr(self, name), where, most))

    def price_to_ticks(self, price: Number) -> int:
        """`price` in ticks; refuses a price between two ticks."""
        return to_units(price, self.tick_size, f"{self.symbol} price")

    def price_from_ticks(self, ticks: int) -> Decimal:
        """A price of `ticks` as a decimal."""
        return from_units(ticks, self.tick_size)

    def quantity_to_lots(self, quantity: Number) -> int:
        """`quantity` in lots; refuses a part of a lot."""
        return to_units(quantity, self.lot_size, f"{self.symbol} quantity")

    def quantity_from_lots(self, lots: int) -> Decimal:
        """A quantity of `lots` as a decimal."""
        return from_units(lots, self.lot_size)

    @property
    def value(self) -> Fraction:
        """Micros that one lot is worth per tick of price."""
        return (
            Fraction(decimal(self.tick_size))
            * Fraction(decimal(self.lot_size))
            * Fraction(decimal(self.multiplier))
            * MICROS
        )

    @property
    def price_min_ticks(self) -> int:
        """Lowest price of the window."""
        return to_units(self.price_min, self.tick_size, f"{self.symbol} price_min")

    @property
    def price_max_ticks(self) -> int:
        """Highest price of the window."""
        return to_units(self.price_max, self.tick_size, f"{self.symbol} price_max")

    @property
    def band_low_ticks(self) -> int:
        """Lowest accepted price at the start."""
        return self.price_min_ticks if self.band_low is None else self.price_to_ticks(self.band_low)

    @property
    def band_high_ticks(self) -> int:
        """Highest accepted price at the start."""
        return self.price_max_ticks if self.band_high is None else self.price_to_ticks(self.band_high)

    @property
    def reference_price_ticks(self) -> int:
        """Price to go by before the first trade; 0 for none."""
        return self.price_to_ticks(self.reference_price)

    @property
    def price_limit_ppm(self) -> int:
        """Half width of the price limits in parts per million; 0 for none."""
        return to_units(decimal(self.price_limit_bps, "price_limit_bps"), "0.01", "price_limit_bps")

    @property
    def price_increment_ticks(self) -> int:
        """What prices of orders must be a multiple of."""
        return 1 if self.price_increment is None else self.price_to_ticks(self.price_increment)

    @property
    def quantity_increment_lots(self) -> int:
        """What quantities of orders must be a multiple of."""
        return 1 if self.quantity_increment is None else self.quantity_to_lots(self.quantity_increment)

    @property
    def max_order_lots(self) -> int:
        """Largest quantity of one order: as configured, and small enough that its value fits into 64 bits."""
        safe = _SAFE_MICROS // (_ROOM_FOR_HIGHER_PRICES * self.price_max_ticks * self.value.numerator)
        wanted = self.quantity_to_lots(self.max_order_quantity) or MAX_QUANTITY_LOTS
        return min(safe, wanted, MAX_QUANTITY_LOTS)

    @property
    def price_cap_ticks(self) -> int:
        """Highest price the band may ever be moved to."""
        return min(MAX_PRICE_TICKS, _SAFE_MICROS // (self.max_order_lots * self.value.numerator))

    @property
    def max_order_notional_micros(self) -> int:
        """Largest value of one order; 0 for no limit."""
        return to_micros(self.max_order_notional, f"{self.symbol} max_order_notional")

    @property
    def position_limit_lots(self) -> int:
        """Largest position of one account; 0 for no limit."""
        return self.quantity_to_lots(self.position_limit)
