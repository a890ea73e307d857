"""The plain book: price-time queues and the walks over them, with dictionaries and lists.

Nothing here is fast on purpose; each function says one thing that docs/rules.md says. The engine's twin
(`workbench/engine/reference/`) owns the orders' lives; this file only knows queues.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import groupby
from typing import NamedTuple

from workbench.domain.codes import STREET_ACCOUNT, OrderFlag, OrderType, Place, SelfTradePrevention, Side
from workbench.domain.records import DIVERGED

OPPOSITE = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}
WITH_A_LIMIT = (OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED)
HELD_PLACES = (Place.TRIGGER, Place.GROUP, Place.AUCTION, Place.RELEASED)


@dataclass(slots=True, eq=False)
class Order:
    """An order that rests, is held or is about to; id 0 is history's aggressor or liquidity never shown.

    `book` is its `Place`. Of a trailing stop `trigger_price_ticks` follows from watermark and trail (one of
    `trail_ticks` and `trail_micros`). `valued_ticks` is what a market order in a market queue is valued at.
    """

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
    display_lots: int = 0
    shown_lots: int = 0
    trigger_price_ticks: int = 0
    trail_ticks: int = 0
    trail_micros: int = 0
    watermark_ticks: int = 0
    valued_ticks: int = 0
    expire_time_ns: int = 0
    group_id: int = 0
    group_place: int = 0
    raw_fee_micros: int = 0
    fee_notional_micros: int = 0
    charged_micros: int = 0
    collar_ticks: int | None = None

    @property
    def has_limit(self) -> bool:
        """Whether it has a limit price."""
        return self.order_type in WITH_A_LIMIT

    @property
    def is_trigger(self) -> bool:
        """Whether it is, or was, a trigger order."""
        return self.order_type > OrderType.LIMIT

    @property
    def is_trailing(self) -> bool:
        """Whether its trigger price follows the market."""
        return self.order_type == OrderType.TRAILING_STOP

    @property
    def is_rising(self) -> bool:
        """Whether a trigger order is set off by a reference at or above its trigger price."""
        touched = self.order_type in (OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED)
        return touched == (self.side == Side.SELL)

    @property
    def is_held(self) -> bool:
        """Whether it stands in no queue that trades."""
        return self.book in HELD_PLACES

    @property
    def displayed_lots(self) -> int:
        """What a resting order shows: of an iceberg its present slice."""
        return self.shown_lots if self.display_lots else self.leaves_lots

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
    """The queue at one price, by priority number.

    `lots` is the sum of what it displays, `auction_lots` the sum of the leaves that take part in auctions.
    """

    orders: OrderedDict[int, Order] = field(default_factory=OrderedDict)
    lots: int = 0
    auction_lots: int = 0

    def count(self, order: Order, sign: int) -> None:
        """Count an order's lots in, or with sign -1 out."""
        self.lots += sign * order.displayed_lots
        if not order.is_historical:
            self.auction_lots += sign * order.leaves_lots


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
        """Displayed lots at a price."""
        level = self.levels.get(price_ticks)
        return level.lots if level else 0

    def add(self, order: Order) -> None:
        """Put an order at the end of its price's queue; its priority number must be the largest there."""
        level = self.levels.get(order.price_ticks)
        if level is None:
            level = self.levels[order.price_ticks] = Level()
            insort(self.ranks, self.sign * order.price_ticks)
        level.orders[order.priority] = order
        level.count(order, 1)

    def insert(self, order: Order) -> None:
        """Put an order among those at its price by its priority number."""
        self.add(order)
        level = self.levels[order.price_ticks]
        level.orders = OrderedDict(sorted(level.orders.items()))

    def remove(self, order: Order) -> None:
        """Take an order out; a price without orders disappears."""
        level = self.levels[order.price_ticks]
        del level.orders[order.priority]
        level.count(order, -1)
        if not level.orders:
            del self.levels[order.price_ticks]
            del self.ranks[bisect_left(self.ranks, self.sign * order.price_ticks)]

    def change(self, order: Order, leaves_lots: int, shown_lots: int) -> None:
        """Give an order other leaves in its place; only icebergs have shown lots."""
        level = self.levels[order.price_ticks]
        level.count(order, -1)
        order.leaves_lots, order.shown_lots = leaves_lots, shown_lots
        level.count(order, 1)

    def succeed(self, old: Order, new: Order) -> None:
        """Put `new` where `old` stood: same price, same priority number."""
        level = self.levels[old.price_ticks]
        level.count(old, -1)
        level.orders[old.priority] = new
        level.count(new, 1)

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


class MarketQueue:
    """Market orders of one side that wait for an uncross, by priority number."""

    def __init__(self) -> None:
        self.orders: OrderedDict[int, Order] = OrderedDict()
        self.lots = 0

    def add(self, order: Order) -> None:
        """Put an order at the end."""
        self.orders[order.priority] = order
        self.lots += order.leaves_lots

    def remove(self, order: Order) -> None:
        """Take an order out."""
        del self.orders[order.priority]
        self.lots -= order.leaves_lots

    def insert(self, order: Order) -> None:
        """Put an order back by its priority number."""
        self.add(order)
        self.orders = OrderedDict(sorted(self.orders.items()))

    def change(self, order: Order, leaves_lots: int, shown_lots: int) -> None:
        """Give an order other leaves in its place; it shows none."""
        assert not shown_lots
        self.lots += leaves_lots - order.leaves_lots
        order.leaves_lots = leaves_lots

    def succeed(self, old: Order, new: Order) -> None:
        """Put `new` where `old` stood."""
        self.orders[old.priority] = new
        self.lots += new.leaves_lots - old.leaves_lots


class Walk:
    """A place in one side of one book, moving on in price-time order.

    It stays right while orders that it has come to are filled, cancelled, cut, or queue again as icebergs do:
    `first` looks anew every time.
    """

    def __init__(self, side: BookSide, limit_ticks: int | None) -> None:
        self.side = side
        self.limit_ticks = limit_ticks
        self.rank: int | None = None
        self.seen = 0
        self.pending: deque[tuple[int, Order]] = deque()

    def first(self) -> Order | None:
        """The order that is first now."""
        while self.pending or self._refill():
            priority, order = self.pending[0]
            level = self.side.levels.get(order.price_ticks)
            if level and level.orders.get(priority) is order:
                return order
            self.pending.popleft()
        return None

    def skip(self) -> None:
        """Pass over the order that is first."""
        self.pending.popleft()

    def _refill(self) -> bool:
        """Come to what has queued at this price meanwhile, or to the next price that is reached."""
        if self.rank is not None:
            level = self.side.levels.get(self.side.sign * self.rank)
            later = [item for item in level.orders.items() if item[0] > self.seen] if level else []
            if later:
                return self._come_to(later)
        ranks = self.side.ranks
        place = 0 if self.rank is None else bisect_right(ranks, self.rank)
        if place == len(ranks):
            return False
        if self.limit_ticks is not None and ranks[place] > self.side.sign * self.limit_ticks:
            return False
        self.rank = ranks[place]
        return self._come_to(list(self.side.levels[self.side.sign * self.rank].orders.items()))

    def _come_to(self, items: list[tuple[int, Order]]) -> bool:
        self.pending.extend(items)
        self.seen = items[-1][0]
        return True


class Market:
    """The queues of one instrument: its books, and market orders that wait for an uncross.

    There is one book, or in a frozen venue history's book 0 and the live orders' book 1.
    """

    def __init__(self, frozen: bool) -> None:
        self.frozen = frozen
        self.books = [
            {side: BookSide(side) for side in (Side.BUY, Side.SELL)} for _ in range(2 if frozen else 1)
        ]
        self.market_queues = {side: MarketQueue() for side in (Side.BUY, Side.SELL)}

    def side_of(self, order: Order) -> BookSide | MarketQueue:
        """The queue that an order stands in."""
        if order.book == Place.MARKET_QUEUE:
            return self.market_queues[order.side]
        return self.books[order.book][order.side]

    def home(self, order: Order) -> int:
        """The place in which an order rests."""
        if not order.has_limit:
            return Place.MARKET_QUEUE
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
        if order.book == Place.MARKET_QUEUE:
            return self.market_queues[order.side].lots
        books = self.books if order.book == 1 else self.books[:1]
        return sum(book[order.side].lots_at(order.price_ticks) for book in books)

    def opposite_sides(self, order: Order) -> list[BookSide]:
        """Queues whose orders an incoming order may meet."""
        books = self.books[1:] if self.frozen and order.is_street else self.books
        return [book[OPPOSITE[order.side]] for book in books]

    def may_meet(self, order: Order, maker: Order) -> bool:
        """Whether an incoming order trades with one that it reaches, or passes it over."""
        if self.frozen:
            return self.offered(maker) > 0
        return not order.is_historical or not maker.is_street or bool(maker.flags & DIVERGED)

    def makers(self, order: Order, limit_ticks: int | None) -> Iterator[Order]:
        """Resting orders that an incoming order reaches and may meet, in priority order."""
        reached = merged(side.reached(limit_ticks) for side in self.opposite_sides(order))
        return (maker for maker in reached if self.may_meet(order, maker))

    def offered(self, order: Order) -> int:
        """Lots an order has for others; in a frozen venue live orders take a street order's only once."""
        if self.frozen and order.is_street:
            return max(0, order.leaves_lots - order.taken_lots)
        return order.leaves_lots

    def slice_of(self, maker: Order) -> int:
        """Lots that an incoming order may take from a resting one at a time."""
        return min(self.offered(maker), maker.displayed_lots)


class Meetings:
    """The resting orders that an incoming order meets, one after the other, while it changes the book."""

    def __init__(self, market: Market, order: Order, limit_ticks: int | None) -> None:
        self.market = market
        self.order = order
        self.walks = [Walk(side, limit_ticks) for side in market.opposite_sides(order)]

    def first(self) -> Order | None:
        """The resting order that is first now."""
        heads = [head for walk in self.walks if (head := self._first_of(walk))]
        return min(heads, key=_place) if heads else None

    def _first_of(self, walk: Walk) -> Order | None:
        while (head := walk.first()) and not self.market.may_meet(self.order, head):
            walk.skip()
        return head


def _place(order: Order) -> tuple[int, int]:
    price = order.price_ticks
    return (price if order.side == Side.SELL else -price, order.priority)


def merged(queues: Iterable[Iterator[Order]]) -> Iterator[Order]:
    """Several queues of one side as one, in price-time order."""
    return heapq.merge(*queues, key=_place)


class Act(Enum):
    """What happens when an incoming order meets a resting one."""

    FILL = auto()
    CANCEL_RESTING = auto()
    CANCEL_INCOMING = auto()
    CANCEL_BOTH = auto()
    DECREMENT = auto()


_PREVENTION = {
    SelfTradePrevention.CANCEL_RESTING: Act.CANCEL_RESTING,
    SelfTradePrevention.CANCEL_INCOMING: Act.CANCEL_INCOMING,
    SelfTradePrevention.CANCEL_BOTH: Act.CANCEL_BOTH,
    SelfTradePrevention.DECREMENT: Act.DECREMENT,
}


def act_of(order: Order, maker: Order, mode: SelfTradePrevention) -> Act:
    """What happens when an incoming order meets a resting one."""
    own = maker.account == order.account and not order.is_street
    return _PREVENTION[mode] if own and mode != SelfTradePrevention.ALLOW else Act.FILL


class Offer(NamedTuple):
    """What an incoming order could trade with one resting order."""

    maker: Order
    lots: int


def could_trade(
    market: Market,
    order: Order,
    limit_ticks: int | None,
    mode: SelfTradePrevention,
    left_out: Callable[[Order], bool] = lambda _: False,
    allows: Callable[[int], bool] = lambda _: True,
) -> list[Offer]:
    """Resting orders and lots that an incoming order could trade now, in order; nothing changes.

    The walk ends at the first price that is not allowed, whoever stands there.
    """
    offers: list[Offer] = []
    left = order.leaves_lots
    for price, level in groupby(market.makers(order, limit_ticks), key=lambda maker: maker.price_ticks):
        if not allows(price):
            return offers
        makers = list(level)
        acts = [act_of(order, maker, mode) for maker in makers]
        ends = any(act not in (Act.FILL, Act.CANCEL_RESTING) for act in acts)
        for maker, act in zip(makers, acts, strict=True):
            if act not in (Act.FILL, Act.CANCEL_RESTING):
                return offers
            if act is Act.CANCEL_RESTING or left_out(maker):
                continue
            lots = min(left, market.slice_of(maker) if ends else market.offered(maker))
            offers.append(Offer(maker, lots))
            left -= lots
            if not left:
                return offers
    return offers
