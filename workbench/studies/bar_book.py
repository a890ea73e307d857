"""Orders in bars, in plain Python: for strategies with callbacks, and the twin of `bar_loop`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from workbench.domain.codes import Side
from workbench.domain.costs import PPM, FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.studies.book_loop import NEVER
from workbench.studies.desk import Request
from workbench.studies.news import Action, Bar

BUY = int(Side.BUY)
_LARGEST = 1 << 62


class BarFill(NamedTuple):
    """A fill; every fill in bars is a whole order."""

    time_ns: int
    side: int
    order: int
    price_ticks: int
    lots: int
    fee_micros: int
    maker: bool


@dataclass(slots=True)
class OpenOrder:
    """An order that bars may fill; see `bar_loop.OPEN_ORDER`."""

    order: int
    side: int
    price_ticks: int
    lots: int
    active_ns: int
    post_only: bool
    cancel_ns: int = NEVER
    seen: bool = False


class BarBook:
    """Open orders, position and cash.

    Parameters
    ----------
    instrument, fees, cash_micros
        What is traded, what it costs, and the cash at the start.
    latency_ns, this_close, slippage_ticks
        See `workbench.studies.terms.Terms`.

    Attributes
    ----------
    fills
        All so far.
    """

    def __init__(
        self,
        instrument: Instrument,
        fees: FeeSchedule,
        cash_micros: int,
        latency_ns: int,
        slippage_ticks: int,
        *,
        this_close: bool,
    ) -> None:
        self.orders: list[OpenOrder] = []
        self.fills: list[BarFill] = []
        self.cash_micros = cash_micros
        self.position_lots = 0
        self.refused = 0
        self._value = instrument.value
        self._maker = (fees.maker_per_lot_micros, fees.maker_ppm)
        self._taker = (fees.taker_per_lot_micros, fees.taker_ppm)
        self._of_order = (fees.per_order_micros, fees.minimum_micros, fees.cap_ppm)
        self._latency_ns = latency_ns
        self._slippage = slippage_ticks
        self._this_close = this_close

    def match(self, bar: Bar) -> list[tuple[int, BarFill | None]]:
        """What a bar does to the orders: number and fill of each that ends, or None without one."""
        ended: list[tuple[int, BarFill | None]] = []
        kept: list[OpenOrder] = []
        for order in self.orders:
            if order.active_ns > bar.time_ns:
                kept.append(order)
                continue
            if order.cancel_ns <= bar.time_ns:
                ended.append((order.order, None))
                continue
            price, maker = self._price(order, bar)
            if price > 0:
                fill = self.trade(order, price, bar.time_ns, maker=maker)
                ended.append((order.order, fill))
            elif price < 0:
                self.refused += 1
                ended.append((order.order, None))
            else:
                order.seen = True
                kept.append(order)
        self.orders = kept
        return ended

    def _price(self, order: OpenOrder, bar: Bar) -> tuple[int, bool]:
        """What an order trades at in a bar, and whether it made the price; 0: not at all, -1: it may not."""
        bought, limit = order.side == BUY, order.price_ticks
        if not limit:
            return self._worse(bar.open_ticks, bought=bought), False
        marketable = bar.open_ticks <= limit if bought else bar.open_ticks >= limit
        if not order.seen and marketable:
            return (-1 if order.post_only else bar.open_ticks), False
        reached = bar.low_ticks <= limit if bought else bar.high_ticks >= limit
        return (limit, True) if reached else (0, False)

    def _worse(self, price_ticks: int, *, bought: bool) -> int:
        return max(price_ticks + (self._slippage if bought else -self._slippage), 1)

    def trade(self, order: OpenOrder, price_ticks: int, time_ns: int, *, maker: bool) -> BarFill | None:
        """Fill an order whole; None when equity does not cover the position after it."""
        numerator, denominator = self._value.numerator, self._value.denominator
        lots = order.lots
        value = price_ticks * lots * numerator // denominator
        per_lot, ppm = self._maker if maker else self._taker
        per_order, minimum, cap_ppm = self._of_order
        # Every fill is a whole order.
        cost = max(per_order + per_lot * lots - (-value * ppm // PPM), minimum or -_LARGEST)
        if cap_ppm:
            cost = min(cost, -(-value * cap_ppm // PPM))
        before = self.position_lots
        after = before + lots if order.side == BUY else before - lots
        if abs(after) > abs(before):
            held = price_ticks * before * numerator // denominator
            if price_ticks * abs(after) * numerator // denominator > self.cash_micros + held - cost:
                self.refused += 1
                return None
        self.cash_micros += (-value if order.side == BUY else value) - cost
        self.position_lots = after
        fill = BarFill(time_ns, order.side, order.order, price_ticks, lots, cost, maker)
        self.fills.append(fill)
        return fill

    def take(
        self, requests: list[Request], time_ns: int, close_ticks: int
    ) -> list[tuple[int, BarFill | None]]:
        """Enter what was asked for; gives what has ended at once, as `match` does."""
        ended: list[tuple[int, BarFill | None]] = []
        arrives_ns = time_ns + self._latency_ns
        for action, number, lots, price_ticks, post_only in requests:
            if action == Action.CANCEL:
                for order in self.orders:
                    if order.order == number:
                        order.cancel_ns = min(order.cancel_ns, arrives_ns)
                continue
            side = BUY if action == Action.BUY else int(Side.SELL)
            order = OpenOrder(number, side, price_ticks, lots, arrives_ns, post_only)
            if self._this_close and not price_ticks and close_ticks:
                worse = self._worse(close_ticks, bought=side == BUY)
                ended.append((number, self.trade(order, worse, time_ns, maker=False)))
            else:
                self.orders.append(order)
        return ended
