"""The plain book: price-time queues and the walks over them, with dictionaries and lists.

Nothing here is fast on purpose; each function says one thing that docs/rules.md says. The engine's twin
(`workbench/engine/reference/`) owns the orders' lives; this file only knows queues.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import takewhile
from typing import NamedTuple

from workbench.domain.codes import STREET_ACCOUNT, OrderFlag, SelfTradePrevention, Side
from workbench.domain.records import DIVERGED

OPPOSITE = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}


@dataclass(slots=True, eq=False)
class Order:
    """An order that rests or is about to; id 0 is history's aggressor or liquidity that was never shown."""

    order_id: int
    client_order_id: int
    account: int
    instrument: int
    side: Side
    order_type: int
    time_in_force: int
    self_trade_prevention: int
    flags: int
    price_ticks: int
    quantity_lots: int
    leaves_lots: int
    time_ns: int
    executed_lots: int = 0
    taken_lots: int = 0
    opening_lots: int = 0
    reserved_micros: int = 0
    priority: int = 0
    book: int = 0
    raw_fee_micros: int = 0
    fee_notional_micros: int = 0
    charged_micros: int = 0
    collar_ticks: int | None = None

    @property
    def is_street(self) -> bool:
        """Whether it belongs to the street; all others are live."""
        return self.account == STREET_ACCOUNT

    @property
    def is_historical(self) -> bool:
        """Whether it entered as history."""
        return bool(self.flags & OrderFlag.HISTORICAL)


@dataclass(slots=True, eq=False)
class Level:
    """The queue at one price, by priority number, and the sum of its leaves."""

    orders: OrderedDict[int, Order] = field(default_factory=OrderedDict)
    lots: int = 0


class BookSide:
    """One side of one book; a price's *rank* (an ask's price, minus a bid's) is smaller the better it is."""

    def __init__(self, side: Side) -> None:
        self.sign = 1 if side == Side.SELL else -1
        self.levels: dict[int, Level] = {}
        self.ranks: list[int] = []

    def best_price(self) -> int:
        """Best price; 0 when the side is empty."""
        return self.sign * self.ranks[0] if self.ranks else 0

    def lots_at(self, price_ticks: int) -> int:
        """Open lots at a price."""
        level = self.levels.get(price_ticks)
        return level.lots if level else 0

    def add(self, order: Order) -> None:
        """Put an order at the end of its price's queue; its priority number must be the largest there."""
        level = self.levels.get(order.price_ticks)
        if level is None:
            level = self.levels[order.price_ticks] = Level()
            insort(self.ranks, self.sign * order.price_ticks)
        level.orders[order.priority] = order
        level.lots += order.leaves_lots

    def insert(self, order: Order) -> None:
        """Put an order among those at its price by its priority number."""
        self.add(order)
        level = self.levels[order.price_ticks]
        level.orders = OrderedDict(sorted(level.orders.items()))

    def remove(self, order: Order) -> None:
        """Take an order out; a price without orders disappears."""
        level = self.levels[order.price_ticks]
        del level.orders[order.priority]
        level.lots -= order.leaves_lots
        if not level.orders:
            del self.levels[order.price_ticks]
            del self.ranks[bisect_left(self.ranks, self.sign * order.price_ticks)]

    def reduce(self, order: Order, lots: int) -> None:
        """Lower an order's leaves in its place."""
        order.leaves_lots -= lots
        self.levels[order.price_ticks].lots -= lots

    def succeed(self, old: Order, new: Order) -> None:
        """Put `new` where `old` stood: same price, same priority number."""
        level = self.levels[old.price_ticks]
        level.orders[old.priority] = new
        level.lots += new.leaves_lots - old.leaves_lots

    def __iter__(self) -> Iterator[Order]:
        """All orders, best price first, then by priority number."""
        for rank in self.ranks:
            yield from self.levels[self.sign * rank].orders.values()

    def reached(self, limit_ticks: int | None) -> Iterator[Order]:
        """Orders that an incoming limit reaches, in priority order; no limit reaches all."""
        for rank in self.ranks:
            if limit_ticks is not None and rank > self.sign * limit_ticks:
                return
            yield from self.levels[self.sign * rank].orders.values()


class Market:
    """The books of one instrument: one, or in a frozen venue history's book 0 and the live orders' book 1."""

    def __init__(self, frozen: bool) -> None:
        self.frozen = frozen
        self.books = [
            {side: BookSide(side) for side in (Side.BUY, Side.SELL)} for _ in range(2 if frozen else 1)
        ]

    def side_of(self, order: Order) -> BookSide:
        """The queue that an order stands in."""
        return self.books[order.book][order.side]

    def home(self, order: Order) -> int:
        """Number of the book in which an order rests."""
        return int(self.frozen and not order.is_street)

    def best_price(self, side: Side, *, displayed: bool = False) -> int:
        """Best price of a side over the books, or only of history's; 0 when there is none."""
        prices = [book[side].best_price() for book in (self.books[:1] if displayed else self.books)]
        prices = [price for price in prices if price]
        if not prices:
            return 0
        return max(prices) if side == Side.BUY else min(prices)

    def lots_ahead(self, order: Order) -> int:
        """Lots already at an order's price on its side; a frozen venue's live orders count both books."""
        books = self.books if order.book == 1 else self.books[:1]
        return sum(book[order.side].lots_at(order.price_ticks) for book in books)

    def makers(self, order: Order, limit_ticks: int | None) -> Iterator[Order]:
        """Resting orders that an incoming order reaches and may meet, in priority order."""
        side = OPPOSITE[order.side]
        if self.frozen:
            if order.is_street:
                return self.books[1][side].reached(limit_ticks)
            return merged(book[side].reached(limit_ticks) for book in self.books)
        reached = self.books[0][side].reached(limit_ticks)
        if order.is_historical:
            return (maker for maker in reached if not maker.is_street or maker.flags & DIVERGED)
        return reached

    def offered(self, order: Order) -> int:
        """Lots an order has for others; in a frozen venue live orders take a street order's only once."""
        if self.frozen and order.is_street:
            return max(0, order.leaves_lots - order.taken_lots)
        return order.leaves_lots


def merged(queues: Iterable[Iterator[Order]]) -> Iterator[Order]:
    """Several queues of one side as one, in price-time order."""

    def place(order: Order) -> tuple[int, int]:
        price = order.price_ticks
        return (price if order.side == Side.SELL else -price, order.priority)

    return heapq.merge(*queues, key=place)


class Act(Enum):
    """What happens when an incoming order meets a resting one."""

    FILL = auto()
    CANCEL_RESTING = auto()
    CANCEL_INCOMING = auto()
    CANCEL_BOTH = auto()
    DECREMENT = auto()


class Meeting(NamedTuple):
    """One step of matching: `lots` trade or are decremented."""

    maker: Order
    act: Act
    lots: int


_PREVENTION = {
    SelfTradePrevention.CANCEL_RESTING: Act.CANCEL_RESTING,
    SelfTradePrevention.CANCEL_INCOMING: Act.CANCEL_INCOMING,
    SelfTradePrevention.CANCEL_BOTH: Act.CANCEL_BOTH,
    SelfTradePrevention.DECREMENT: Act.DECREMENT,
}


def meetings(
    market: Market, order: Order, limit_ticks: int | None, lots: int, mode: SelfTradePrevention
) -> list[Meeting]:
    """Everything that `lots` of an incoming order will meet, in order. The book does not change.

    That the whole walk can be listed beforehand is because only the orders it meets change while it matches.
    """
    plan: list[Meeting] = []
    left = lots
    for maker in market.makers(order, limit_ticks):
        if left <= 0:
            break
        offered = market.offered(maker)
        if offered <= 0:
            continue
        own = maker.account == order.account and not order.is_street
        act = _PREVENTION[mode] if own and mode != SelfTradePrevention.ALLOW else Act.FILL
        traded = min(left, offered) if act in (Act.FILL, Act.DECREMENT) else 0
        plan.append(Meeting(maker, act, traded))
        left -= traded
        if act in (Act.CANCEL_INCOMING, Act.CANCEL_BOTH):
            break
    return plan


def could_trade(plan: list[Meeting]) -> list[Meeting]:
    """Fills of a plan up to where self-trade prevention ends it, past own orders to be cancelled."""
    walk = takewhile(lambda meeting: meeting.act in (Act.FILL, Act.CANCEL_RESTING), plan)
    return [meeting for meeting in walk if meeting.act is Act.FILL]
