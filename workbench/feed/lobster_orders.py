"""What LOBSTER messages do to the orders in our book, message by message."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from workbench.domain.codes import CommandKind, Side
from workbench.domain.records import Records
from workbench.errors import SourceError
from workbench.feed.files import Flags, Ints
from workbench.feed.history import FROM_RESYNC, FROM_SEED, FROM_SOURCE
from workbench.feed.lobster_book import ASK_PRICE, BID_PRICE, Ladders, revealed
from workbench.feed.street import FIRST_SYNTHETIC_ID, from_table

NEW_ORDER, PARTIAL_CANCEL, FULL_CANCEL, EXECUTE_VISIBLE, EXECUTE_HIDDEN, CROSS_TRADE, HALT = range(1, 8)
"""Message types."""

_BUY, _SELL = int(Side.BUY), int(Side.SELL)


@dataclass(frozen=True, slots=True)
class Messages:
    """Columns of a message file; `side` is the resting order's."""

    kind: Ints
    order_id: Ints
    size: Ints
    price_ticks: Ints
    side: Ints
    outside: Flags


def to_commands(
    messages: Messages, time_ns: Ints, ladders: Ladders | None, seed_book: bool, resync: bool, name: str
) -> tuple[Records, Ints, npt.NDArray[np.uint8], Counter[str]]:
    """Commands, the row and origin of each, and counted quirks."""
    left_out = messages.outside
    if left_out.any():
        ids = np.unique(messages.order_id[left_out & (messages.order_id > 0)])
        left_out = left_out | np.isin(messages.order_id, ids)
    orders = _Orders(messages, name, keeps_totals=ladders is not None and resync)
    orders.quirks["price_outside_window"] = int(left_out.sum())
    if ladders is not None and seed_book:
        orders.seed(ladders[0])
    reveals = np.zeros(len(time_ns), np.bool_)
    if ladders is not None and resync:
        added = np.where(messages.kind == NEW_ORDER, messages.side, 0)
        shown = revealed(ladders, added, messages.price_ticks)
        reveals = np.asarray(shown.any(axis=(1, 2)))
        reveals[0] = True
    skip = left_out.tolist()
    for row, (kind, order_id, size, price, side, reveal) in enumerate(
        zip(
            messages.kind.tolist(),
            messages.order_id.tolist(),
            messages.size.tolist(),
            messages.price_ticks.tolist(),
            messages.side.tolist(),
            reveals.tolist(),
            strict=True,
        )
    ):
        orders.row = row
        if not skip[row]:
            orders.apply(kind, order_id, size, price, side)
        if reveal:
            assert ladders is not None
            orders.resync(ladders[row], shown[row])
    made, rows, origins = orders.result(time_ns)
    return made, rows, origins, orders.quirks


@dataclass(slots=True)
class _Level:
    """Orders at one price: total lots, and leaves by our id, oldest first; `anonymous` are our own."""

    lots: int = 0
    named: dict[int, int] = field(default_factory=dict)
    anonymous: dict[int, int] = field(default_factory=dict)


class _Orders:
    """The orders that our book holds, and the commands that brought it there."""

    def __init__(self, messages: Messages, name: str, keeps_totals: bool) -> None:
        self.name = name
        self.keeps_totals = keeps_totals
        self.row = 0
        self.quirks: Counter[str] = Counter()
        self._origin = FROM_SOURCE
        self._made: list[tuple[int, int, int, int, int, int, int]] = []
        self._next_id = FIRST_SYNTHETIC_ID
        self._where: dict[int, tuple[int, int]] = {}
        self._levels: dict[int, dict[int, _Level]] = {_BUY: {}, _SELL: {}}
        self._prices: dict[int, list[int]] = {_BUY: [], _SELL: []}
        ids = messages.order_id.tolist()
        self._last_row = dict(zip(ids, range(len(ids)), strict=True))
        self._first = (
            int(messages.kind[0]),
            int(messages.size[0]),
            int(messages.price_ticks[0]),
            int(messages.side[0]),
        )

    def result(self, time_ns: Ints) -> tuple[Records, Ints, npt.NDArray[np.uint8]]:
        """Commands with the row and the origin of each."""
        table = np.array(self._made, np.int64).reshape(-1, 7)
        made, rows = from_table(table[:, :6], time_ns)
        return made, rows, table[:, 6].astype(np.uint8)

    def _emit(self, kind: CommandKind, order_id: int, side: int, lots: int, price: int) -> None:
        self._made.append((self.row, kind, order_id, side, lots, price, self._origin))

    def apply(self, kind: int, order_id: int, size: int, price: int, side: int) -> None:
        """One message."""
        if kind == NEW_ORDER:
            if order_id in self._where:
                raise SourceError(self.name, self.row + 1, f"enters order {order_id}, which is still open")
            self._add(order_id, side, size, price)
        elif kind in (PARTIAL_CANCEL, FULL_CANCEL, EXECUTE_VISIBLE):
            known = self._where.get(order_id)
            execute = kind == EXECUTE_VISIBLE
            if known is None:
                self._reduce_unknown(side, price, size, execute)
            elif known != (side, price):
                raise SourceError(
                    self.name,
                    self.row + 1,
                    f"has another price or direction than order {order_id} was entered with",
                )
            else:
                self._reduce_known(order_id, side, price, size, execute, ends=kind == FULL_CANCEL)
        elif kind == HALT:
            self.quirks["trading_halt"] += 1
        else:
            self.quirks["hidden_execution" if kind == EXECUTE_HIDDEN else "cross_trade"] += 1
            if side and size:
                self._print(side, size, price)

    def _print(self, side: int, size: int, price: int) -> None:
        self._emit(CommandKind.EXECUTE_ORDER, 0, _BUY + _SELL - side, size, price)

    def _add(self, order_id: int, side: int, lots: int, price: int) -> None:
        level = self._levels[side].get(price)
        if level is None:
            level = self._levels[side][price] = _Level()
            insort(self._prices[side], price)
        level.lots += lots
        (level.anonymous if order_id >= FIRST_SYNTHETIC_ID else level.named)[order_id] = lots
        self._where[order_id] = (side, price)
        self._emit(CommandKind.NEW_ORDER, order_id, side, lots, price)

    def _add_anonymous(self, side: int, lots: int, price: int) -> None:
        self._add(self._next_id, side, lots, price)
        self._next_id += 1

    def _take(self, order_id: int, side: int, price: int, lots: int, execute: bool) -> None:
        """Execute or cancel `lots`, at most its leaves, of an order."""
        level = self._levels[side][price]
        group = level.anonymous if order_id >= FIRST_SYNTHETIC_ID else level.named
        left = group[order_id] - lots
        level.lots -= lots
        if execute:
            self._emit(CommandKind.EXECUTE_ORDER, order_id, _BUY + _SELL - side, lots, price)
        else:
            self._emit(CommandKind.CANCEL_ORDER, order_id, 0, lots if left else 0, 0)
        if left:
            group[order_id] = left
            return
        del group[order_id], self._where[order_id]
        if not level.lots:
            del self._levels[side][price]
            prices = self._prices[side]
            del prices[bisect_left(prices, price)]

    def _reduce_known(
        self, order_id: int, side: int, price: int, size: int, execute: bool, ends: bool
    ) -> None:
        """A message about an order that we hold; the level must lose `size` in all."""
        leaves = self._levels[side][price].named[order_id]
        self._take(order_id, side, price, leaves if ends else min(size, leaves), execute)
        if size > leaves or (ends and size < leaves):
            self.quirks["order_size_corrected"] += 1
            if size > leaves:
                self._reduce_unknown(side, price, size - leaves, execute)
            else:
                self._add_anonymous(side, leaves - size, price)

    def _reduce_unknown(self, side: int, price: int, size: int, execute: bool) -> None:
        """A message about an order that the file never showed: its level loses `size`.

        Anonymous orders go first. Where the level's total is known to be right, the rest comes off orders
        that no later row names, and failing those off any, which then had shrunk out of view.
        """
        left = size
        for order_id, leaves, quirk in self._candidates(side, price, anonymous_first=True):
            if quirk != "seed_order_reduced" and not self.keeps_totals:
                break
            lots = min(left, leaves)
            self._take(order_id, side, price, lots, execute)
            self.quirks[quirk] += 1
            left -= lots
            if not left:
                return
        self.quirks["unknown_order_executed" if execute else "unknown_order_canceled"] += 1
        if execute:
            self._print(side, left, price)

    def _candidates(self, side: int, price: int, anonymous_first: bool) -> list[tuple[int, int, str]]:
        """Orders at a price that may be unknown ones, likeliest first; those that later rows name last."""
        level = self._levels[side].get(price)
        if level is None:
            return []
        anonymous = [(order_id, leaves, "seed_order_reduced") for order_id, leaves in level.anonymous.items()]
        named = level.named.items()
        ended = [
            (id_, leaves, "unnamed_order_reduced") for id_, leaves in named if self._last_row[id_] <= self.row
        ]
        alive = [
            (id_, leaves, "order_size_corrected") for id_, leaves in named if self._last_row[id_] > self.row
        ]
        return (anonymous + ended if anonymous_first else ended + anonymous) + alive

    def seed(self, ladder: npt.NDArray[np.int64]) -> None:
        """Enter the first row without the first message's effect, as one anonymous order a level."""
        self._origin = FROM_SEED
        kind, size, price, message_side = self._first
        for side, place in ((_SELL, ASK_PRICE), (_BUY, BID_PRICE)):
            lots = {int(level[place]): int(level[place + 1]) for level in ladder if level[place]}
            if side == message_side and kind == NEW_ORDER:
                lots[price] = lots.get(price, 0) - size
            elif side == message_side and kind in (PARTIAL_CANCEL, FULL_CANCEL, EXECUTE_VISIBLE):
                lots[price] = lots.get(price, 0) + size
            for at, quantity in lots.items():
                if quantity < 0:
                    raise SourceError(
                        self.name,
                        1,
                        "enters more than the order book file's first row shows",
                        "is it the right order book file?",
                    )
                if quantity:
                    self._add_anonymous(side, quantity, at)
        self._origin = FROM_SOURCE

    def resync(self, ladder: npt.NDArray[np.int64], shown: npt.NDArray[np.bool_]) -> None:
        """Put right what the row reveals: quantities of revealed levels, and levels that are gone."""
        self._origin = FROM_RESYNC
        for index, (side, place) in enumerate(((_SELL, ASK_PRICE), (_BUY, BID_PRICE))):
            if not shown[:, index].any():
                continue
            view = {int(level[place]): int(level[place + 1]) for level in ladder if level[place]}
            full = len(view) == len(ladder)
            for price in self._in_view(side, list(view)[-1] if full else None):
                if price not in view:
                    self._shrink(side, price, self._levels[side][price].lots)
                    self.quirks["level_vanished"] += 1
            for price in filter(None, ladder[shown[:, index], place].tolist()):
                level = self._levels[side].get(price)
                missing = view[price] - (level.lots if level else 0)
                self.quirks["level_revealed"] += missing != 0
                if missing > 0:
                    self._add_anonymous(side, missing, price)
                elif missing < 0:
                    self._shrink(side, price, -missing)
        self._origin = FROM_SOURCE

    def _in_view(self, side: int, worst: int | None) -> list[int]:
        """Prices of our levels on a side that are as good as `worst`, or all."""
        prices = self._prices[side]
        if worst is None:
            return list(prices)
        return (
            prices[: bisect_left(prices, worst + 1)]
            if side == _SELL
            else prices[bisect_left(prices, worst) :]
        )

    def _shrink(self, side: int, price: int, lots: int) -> None:
        for order_id, leaves, _ in self._candidates(side, price, anonymous_first=False):
            taken = min(lots, leaves)
            self._take(order_id, side, price, taken, execute=False)
            lots -= taken
            if not lots:
                return
