"""Recorded order flow as commands: what every reader of this package returns."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from math import gcd

import numpy as np
import numpy.typing as npt

from workbench.domain.codes import CommandKind, OrderFlag, OrderType, Side, TimeInForce
from workbench.domain.instruments import MAX_LADDER_TICKS, Instrument
from workbench.domain.records import COMMAND, Records, commands
from workbench.domain.units import Number, to_units
from workbench.errors import SourceError

Ints = npt.NDArray[np.int64]
"""A one-dimensional array of 64-bit integers."""

FIRST_SYNTHETIC_ID = 1 << 62
"""Orders that a reader had to invent, or to tell from an earlier one of the same id, count up from this `client_order_id`."""

FROM_SOURCE = 0
FROM_SEED = 1
FROM_RESYNC = 2
ORIGINS = {
    FROM_SOURCE: "a row of the source says so",
    FROM_SEED: "the source's first book row shows it, so it was there before the first message",
    FROM_RESYNC: "a later book row shows what no message announced",
}
"""Where a command comes from: meaning of the numbers in `History.origins`."""

QUIRKS = {
    "aggressor_was_resting": "the incoming side of a trade was an order in the book that was moved to cross; it only shrinks",
    "auction_fill_canceled": "a fill of an auction whose other side is printed already; its order only shrinks",
    "cancel_exceeds_open": "a cancel of more than was open; it ends the order",
    "cross_trade": "a cross (auction) trade, printed as an execution that names no order",
    "crossed_creation": "an order was shown open although it crosses the other side",
    "exchange_time_unsorted": "the exchange's own time stamp is earlier than that of the row before; receipt time is used",
    "execution_price_rounded": "an execution between two ticks of the chosen tick size, rounded to the nearest",
    "fill_not_settled": "a fill that no cancel or modify of its order confirms; printed as hidden",
    "hidden_execution": "an execution against liquidity that the book never showed",
    "hidden_side_by_tick_rule": "a hidden execution whose aggressor the source does not tell; the tick rule chose it",
    "iceberg_execution": "more was executed than the order displayed; the excess is printed as hidden",
    "iceberg_refilled": "an order showed new quantity after its displayed quantity was executed; it queues anew",
    "level_revealed": "a level came into view from beyond the file's depth and its quantity is not what messages told",
    "level_vanished": "a level that messages left standing beyond the file's depth was gone when it came into view",
    "maybe_bad_book": "the source marks the book as possibly wrong after a lost packet",
    "no_action": "a record without an effect on orders",
    "order_id_reused": "an order id that had ended was used again; the new order gets a synthetic id",
    "order_id_renumbered": "order ids of 2^62 or more were replaced by their rank",
    "order_size_corrected": "an order of known size changed while out of view; its level was put right",
    "other_record": "a record that is not market-by-order data",
    "price_change": "the price of a live order changed, which this source has no message for",
    "price_outside_window": "a row of an order at a price outside the price window, left out",
    "resized_larger": "an order's remaining quantity grew, which this source has no message for",
    "seed_order_reduced": "an execution or cancel of an unknown order, taken from anonymous quantity at its price",
    "snapshot_record": "an order that was open before the file begins",
    "snapshot_time_raised": "the time of a snapshot record is earlier than that of the row before; it takes that time",
    "trading_halt": "a halt, quote resume or trade resume message",
    "unknown_order_canceled": "a cancel of an order that the file never showed open; no command",
    "unknown_order_executed": "an execution of an order that the file never showed open; it names no order",
    "unknown_order_modified": "a modify of an order that the file never showed open; it enters as a new order",
    "unnamed_order_reduced": "an execution or cancel of an unknown order, taken from orders that no later row names",
    "unpaired_execution": "a reduction that looks like one side of a trade whose other side is missing; a plain cancel",
}
"""What a reader may find in a source that is not plain order flow: name and meaning; `History.quirks` counts them."""


@dataclass(frozen=True, slots=True)
class History:
    """Order flow of one instrument as commands of the street.

    Attributes
    ----------
    commands
        `COMMAND` records of account 0 and instrument 0 with times that never fall.
    rows
        For each command the source row (0-based data row) it comes from; never falls. A row may give none or several.
    row_times_ns
        Time of each source row, `row_count` of them.
    instrument
        Reference data in whose ticks and lots the commands are; its window holds every price of them.
    quirks
        How often each of `QUIRKS` was met.
    source
        Path of the file.
    kind
        Name of its format.
    origins
        For each command one of `ORIGINS`.
    """

    commands: Records
    rows: Ints
    row_times_ns: Ints
    instrument: Instrument
    quirks: dict[str, int]
    source: str
    kind: str
    origins: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))

    def __post_init__(self) -> None:
        if not len(self.origins):
            object.__setattr__(self, "origins", np.zeros(len(self.commands), np.uint8))
        unknown = sorted(set(self.quirks) - set(QUIRKS))
        if unknown:
            raise ValueError(f"quirks without a meaning: {', '.join(unknown)}")
        if self.commands.dtype != COMMAND or not len(self.commands) == len(self.rows) == len(self.origins):
            raise ValueError("commands, rows and origins must be equally many, commands of dtype COMMAND")

    @property
    def row_count(self) -> int:
        """Number of data rows in the source."""
        return len(self.row_times_ns)

    def row_ends(self) -> Ints:
        """For each source row how many commands there are up to and including it.

        `commands[ends[r - 1]:ends[r]]` are those of row r, and the book after them is the book after row r.
        """
        return np.searchsorted(self.rows, np.arange(self.row_count), side="right").astype(np.int64)

    def with_tick_size(self, tick_size: Number) -> History:
        """The same history in another tick size.

        Prices of orders must be whole ticks; executions between two ticks are rounded to the nearest (half up)
        and counted.
        """
        old, new = (_nanos(tick) for tick in (self.instrument.tick_size, tick_size))
        changed = self.commands.copy()
        nanos = changed["price_ticks"].astype(np.int64) * old
        executes = changed["kind"] == CommandKind.EXECUTE_ORDER
        off = nanos % new != 0
        if (off & ~executes).any():
            at = int(np.flatnonzero(off & ~executes)[0])
            price = Decimal(int(nanos[at])).scaleb(-9).normalize()
            raise SourceError(self.source, None, f"an order at {price:f} is between two ticks of {tick_size}")
        changed["price_ticks"] = (nanos + new // 2) // new
        rounded = int((off & executes).sum())
        low, high = (_nanos(price) for price in (self.instrument.price_min, self.instrument.price_max))
        instrument = replace(
            self.instrument,
            tick_size=_decimal(new),
            price_min=_decimal(max(low // new, 1) * new),
            price_max=_decimal(-(-high // new) * new),
            price_increment=_decimal(max(new, _nanos(self.instrument.price_increment or 0))),
        )
        quirks = counted(self.quirks, execution_price_rounded=rounded)
        return replace(self, commands=changed, instrument=instrument, quirks=quirks)


def counted(*parts: dict[str, int], **more: int) -> dict[str, int]:
    """Sums of quirk counts by name, sorted, without zeros.

    >>> counted({"no_action": 1}, no_action=2, cross_trade=0)
    {'no_action': 3}
    """
    total: dict[str, int] = {}
    for part in (*parts, more):
        for name, count in part.items():
            total[name] = total.get(name, 0) + int(count)
    return {name: total[name] for name in sorted(total) if total[name]}


def _street(kind: CommandKind, time_ns: Ints, **fields: Ints | int) -> Records:
    made = commands(len(time_ns))
    made["kind"] = kind
    made["time_ns"] = time_ns
    made["flags"] = OrderFlag.HISTORICAL
    for name, values in fields.items():
        made[name] = values
    return made


def new_orders(time_ns: Ints, ids: Ints, side: Ints, quantity_lots: Ints, price_ticks: Ints) -> Records:
    """Historical limit orders."""
    return _street(
        CommandKind.NEW_ORDER,
        time_ns,
        client_order_id=ids,
        side=side,
        quantity_lots=quantity_lots,
        price_ticks=price_ticks,
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
    )


def cancels(time_ns: Ints, ids: Ints, quantity_lots: Ints) -> Records:
    """Historical cancels; quantity 0 cancels all that is open."""
    return _street(CommandKind.CANCEL_ORDER, time_ns, client_order_id=ids, quantity_lots=quantity_lots)


def replaces(time_ns: Ints, ids: Ints, leaves_lots: Ints, price_ticks: Ints) -> Records:
    """Historical replaces to an open quantity and a price."""
    return _street(
        CommandKind.REPLACE_ORDER,
        time_ns,
        client_order_id=ids,
        quantity_lots=leaves_lots,
        price_ticks=price_ticks,
        flags=OrderFlag.HISTORICAL | OrderFlag.QUANTITY_IS_LEAVES,
    )


def executes(time_ns: Ints, ids: Ints, side: Ints, quantity_lots: Ints, price_ticks: Ints) -> Records:
    """Historical executions by an aggressor of `side`; id 0 names no order."""
    return _street(
        CommandKind.EXECUTE_ORDER,
        time_ns,
        client_order_id=ids,
        side=side,
        quantity_lots=quantity_lots,
        price_ticks=price_ticks,
    )


def clears(time_ns: Ints) -> Records:
    """Mass cancels of all orders of the street in the instrument."""
    return _street(CommandKind.MASS_CANCEL, time_ns, flags=0)


def opposite(side: Ints) -> Ints:
    """The other side: the aggressor's of a resting order and the reverse."""
    return np.where(side == Side.BUY, int(Side.SELL), int(Side.BUY)).astype(np.int64)


def tick_rule(price: Ints) -> Ints:
    """Aggressor sides by the tick rule: above the price before a buy, below it a sell, equal as before, the first a buy.

    >>> tick_rule(np.array([10, 11, 11, 9, 9])).tolist()
    [1, 1, 1, 2, 2]
    """
    change = np.sign(np.diff(price, prepend=price[:1] - 1))
    last = np.maximum.accumulate(np.where(change != 0, np.arange(len(price)), 0))
    return np.where(change[last] < 0, int(Side.SELL), int(Side.BUY)).astype(np.int64)


def _nanos(number: Number) -> int:
    return to_units(number, Decimal(1).scaleb(-9), "price")


def _decimal(nanos: int) -> Decimal:
    return Decimal(f"{Decimal(int(nanos)).scaleb(-9).normalize():f}")


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
        return (price_nanos < self.low_ticks * self.tick_nanos) | (price_nanos > self.high_ticks * self.tick_nanos)

    def instrument(self, symbol: str, lot_size: Number = 1, multiplier: Number = 1, currency: str = "USD") -> Instrument:
        """Reference data with this scale."""
        return Instrument(
            symbol,
            price_min=_decimal(self.low_ticks * self.tick_nanos),
            price_max=_decimal(self.high_ticks * self.tick_nanos),
            tick_size=_decimal(self.tick_nanos),
            price_increment=_decimal(self.increment_nanos),
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
    widest_ticks: int = MAX_LADDER_TICKS,
) -> PriceScale:
    """The tick that divides all prices and the market's own tick, and a window around the prices.

    The window reaches from half the lowest to one and a half times the highest price. Where that is wider than
    `widest_ticks`, it is laid around the median price instead and what is outside is left to the reader.
    Without a market tick, the tick of the orders' prices is the market's.
    """
    prices = np.unique(price_nanos)
    if not len(prices):
        raise SourceError(source, None, "has no price, so it shows no order and no trade")
    own = int(np.gcd.reduce(order_price_nanos if order_price_nanos is not None and len(order_price_nanos) else prices))
    increment = own if market_tick is None else _nanos(market_tick)
    tick = gcd(int(np.gcd.reduce(prices)), increment)
    low = max(int(prices[0]) // 2 // tick, 1)
    high = -(-int(prices[-1]) * 3 // 2 // tick)
    if high - low >= widest_ticks:
        middle = int(np.partition(price_nanos, len(price_nanos) // 2)[len(price_nanos) // 2]) // tick
        low = max(middle - widest_ticks // 4, 1)
        high = low + widest_ticks // 2
    return PriceScale(tick, increment, low, high)
