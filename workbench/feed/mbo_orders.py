"""The lives of orders in market-by-order records, and the commands that give our book the same lives.

Everything here works on whole columns: the records of each order are brought together, and what was open
before and after each of them is a running sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workbench.domain.codes import Side
from workbench.domain.records import Records
from workbench.errors import SourceError
from workbench.feed.files import Flags, Ints
from workbench.feed.scale import PriceScale
from workbench.feed.street import (
    FIRST_SYNTHETIC_ID,
    cancels,
    clears,
    executes,
    new_orders,
    opposite,
    replaces,
    tick_rule,
)

ADD, CANCEL, MODIFY, TRADE, FILL, CLEAR, NOTHING = (ord(letter) for letter in "ACMTFRN")
"""Actions, as the codes of their letters."""


@dataclass(frozen=True, slots=True)
class MboRecords:
    """Market-by-order records as arrays; prices in 1e-9, sides as `Side`, actions as above.

    `source_id` is the order id as the file has it, `order_id` that or its rank.
    """

    ts_event: Ints
    ts_recv: Ints
    action: Ints
    side: Ints
    price_nanos: Ints
    size: Ints
    order_id: Ints
    flags: Ints
    sequence: Ints
    publisher_id: int
    symbol: str
    first_row: int
    quirks: dict[str, int]
    source_id: npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class _Lives:
    """Records of orders, brought together by order and in file order within each; all arrays are parallel.

    `before` and `after` are the lots open in the source's book; `shown` is the place of the order's last
    add or modify up to and including the record (-1: none), `shown_before` that up to the record before.
    """

    row: Ints
    action: Ints
    first: Flags
    before: Ints
    after: Ints
    shown: Ints
    shown_before: Ints
    settle: Ints


def to_commands(
    records: MboRecords, time_ns: Ints, scale: PriceScale, name: str
) -> tuple[Records, Ints, dict[str, int]]:
    """Commands, the row each comes from, and counted quirks."""
    inside, outside_rows = _inside(records, scale)
    lives = _lives(records, inside, name)
    fills = _Fills(records, lives)
    executed = np.zeros(len(lives.row), np.int64)
    np.add.at(executed, fills.settle, fills.named)
    books = _Changes(records, lives, executed)
    at, price = time_ns, scale.ticks(records.price_nanos)
    blocks: list[tuple[Ints, int, Records]] = []

    row = lives.row[fills.settle]
    side = opposite(records.side[lives.row[lives.shown_before[fills.settle]]])
    fill_price = price[lives.row[fills.place]]
    for rank, lots, ids in (
        (0, fills.named, books.id_before[fills.settle]),
        (1, fills.size - fills.named, np.zeros_like(row)),
    ):
        some = lots > 0
        blocks.append((row[some], rank, executes(at[row], ids, side, lots, fill_price)[some]))

    rest, rest_side, ruled = _unnamed_trades(records, fills, inside)
    blocks.append(
        (rest, 0, executes(at[rest], np.zeros_like(rest), rest_side, fills.rest[rest], price[rest]))
    )

    for make, places in ((books.born, True), (books.replaced, False)):
        row = lives.row[make]
        shown = lives.row[lives.shown[make]]
        lots = lives.after[make]
        if places:
            made = new_orders(at[row], books.id_after[make], records.side[shown], lots, price[shown])
        else:
            made = replaces(at[row], books.id_before[make], lots, price[shown])
        blocks.append((row, 2, made))
    row = lives.row[books.canceled]
    blocks.append((row, 2, cancels(at[row], books.id_before[books.canceled], books.canceled_lots)))
    row = np.flatnonzero(records.action == CLEAR)
    blocks.append((row, 2, clears(at[row])))

    rows = np.concatenate([block[0] for block in blocks])
    ranks = np.concatenate([np.full(len(block[0]), block[1]) for block in blocks])
    order = np.lexsort((ranks, rows))
    quirks = {
        **fills.quirks,
        **books.quirks,
        "price_outside_window": outside_rows,
        "hidden_execution": len(rest),
        "hidden_side_by_tick_rule": ruled,
        "iceberg_execution": int((fills.size > fills.named).sum()),
    }
    return np.concatenate([block[2] for block in blocks])[order], rows[order].astype(np.int64), quirks


def _inside(records: MboRecords, scale: PriceScale) -> tuple[Flags, int]:
    """Rows to use: no trade outside the price window, no record of an order that was ever outside it."""
    outside = scale.outside(records.price_nanos) & ~np.isin(records.action, (CLEAR, NOTHING))
    if not outside.any():
        return ~outside, 0
    orders = np.isin(records.action, (ADD, MODIFY))
    of_orders = np.isin(records.action, (ADD, MODIFY, CANCEL, FILL))
    outside |= of_orders & np.isin(records.order_id, records.order_id[outside & orders])
    return ~outside, int(outside.sum())


def _lives(records: MboRecords, inside: Flags, name: str) -> _Lives:
    row = np.flatnonzero(inside & np.isin(records.action, (ADD, CANCEL, MODIFY, FILL)))
    epoch = np.cumsum(records.action == CLEAR)[row]
    together = np.lexsort((row, epoch, records.order_id[row]))
    row, epoch = row[together], epoch[together]
    order, action, size = records.order_id[row], records.action[row], records.size[row]
    place = np.arange(len(row))
    first = np.ones(len(row), np.bool_)
    first[1:] = (order[1:] != order[:-1]) | (epoch[1:] != epoch[:-1])
    group = np.maximum.accumulate(np.where(first, place, 0))
    states = np.isin(action, (ADD, MODIFY))
    start = np.maximum.accumulate(np.where(first | states, place, 0))
    removed = np.where(action == CANCEL, size, 0)
    total = np.cumsum(removed)
    after = np.where(states, size, 0)[start] - (total - (total - removed)[start])
    after = np.maximum(after, 0)
    before = np.where(first, 0, np.roll(after, 1))
    shown = np.maximum.accumulate(np.where(states, place, -1))
    shown = np.where(shown >= group, shown, -1)
    twice = (action == ADD) & (before > 0)
    if twice.any():
        at = int(row[twice].min())
        raise SourceError(
            name, at + records.first_row, f"adds order {records.order_id[at]}, which is still open"
        )
    return _Lives(
        row,
        action,
        first,
        before,
        after,
        shown,
        np.where(first, -1, np.roll(shown, 1)),
        _settle(records, row, group, action),
    )


def _settle(records: MboRecords, row: Ints, group: Ints, action: Ints) -> Ints:
    """For each record the next cancel or modify of its order at the same time, -1 where there is none."""
    count = len(row)
    ends = np.where(np.isin(action, (CANCEL, MODIFY)), np.arange(count), count)
    following = np.minimum.accumulate(ends[::-1])[::-1]
    there = np.minimum(following, count - 1)
    same = (following < count) & (group[there] == group)
    if count:
        same &= records.ts_event[row[there]] == records.ts_event[row]
    return np.where(same, there, -1).astype(np.int64)


class _Fills:
    """Fills of resting orders that our book executes.

    Attributes
    ----------
    place, settle
        Places in `_Lives` of the fill and of the cancel or modify that settles it.
    size, named
        Lots of the fill, and how many of them the order displayed.
    rest
        For each row, if it is a trade, the lots that no such fill accounts for.
    auction_side
        For each row, if it is a trade without aggressor, the side whose orders are executed; `Side.NONE`
        when no fill of a known order belongs to it.
    """

    def __init__(self, records: MboRecords, lives: _Lives) -> None:
        place = np.flatnonzero(lives.action == FILL)
        row = lives.row[place]
        size = records.size[row]
        known = lives.before[place] > 0
        shown = lives.row[lives.shown[place]]
        book_side = np.where(known, records.side[shown], 0)
        side = np.where(records.side[row] != Side.NONE, records.side[row], book_side)
        is_trade = records.action == TRADE
        trade = np.maximum.accumulate(np.where(is_trade, np.arange(len(is_trade)), -1))[row]
        with_trade = (trade >= 0) & (records.ts_event[trade] == records.ts_event[row])
        taker = np.where(with_trade, records.side[trade], opposite(side))
        auction = with_trade & (taker == Side.NONE)
        self.auction_side = self._auction_sides(records, trade, side, np.where(auction & known, size, 0))
        other = auction & known & (side != self.auction_side[trade])
        own = ~auction & (side == taker) & known
        # An execution trades at its order's price, so a print elsewhere cannot name the order.
        away = with_trade & known & ~own & ~other & (records.price_nanos[shown] != records.price_nanos[row])
        resting = known & ~own & ~other & ~away
        settled = lives.settle[place] >= 0
        used = resting & settled
        self.place, self.size, self.settle = place[used], size[used], lives.settle[place[used]]
        begin = np.searchsorted(self.settle, self.settle, side="left")
        before = np.cumsum(self.size) - self.size
        self.named = np.clip(lives.before[self.settle] - (before - before[begin]), 0, self.size)
        self.rest = np.where(is_trade, records.size, 0)
        np.subtract.at(self.rest, trade[used & with_trade], size[used & with_trade])
        self.quirks = {
            "aggressor_was_resting": int(own.sum()),
            "auction_fill_canceled": int(other.sum()),
            "fill_away_from_price": int(away.sum()),
            "fill_not_settled": int((resting & ~settled).sum()),
            "unknown_order_executed": int((~known).sum()),
        }

    @staticmethod
    def _auction_sides(records: MboRecords, trade: Ints, side: Ints, lots: Ints) -> Ints:
        """The side with more known fills in each trade: it is executed, and the other side only shrinks."""
        sums = np.zeros((3, len(records.action)), np.int64)
        np.add.at(sums, (side, trade), lots)
        side = np.where(sums[Side.BUY] > sums[Side.SELL], int(Side.BUY), int(Side.SELL))
        return np.where(sums.any(axis=0), side, int(Side.NONE)).astype(np.int64)


def _unnamed_trades(records: MboRecords, fills: _Fills, inside: Flags) -> tuple[Ints, Ints, int]:
    """Trades with lots that no fill accounts for, their aggressors' sides, how many the tick rule chose."""
    trades = np.flatnonzero(records.action == TRADE)
    by_tick = np.zeros(len(records.action), np.int64)
    by_tick[trades] = tick_rule(records.price_nanos[trades])
    rest = np.flatnonzero((fills.rest > 0) & inside)
    side = records.side[rest]
    auction = fills.auction_side[rest]
    chosen = np.where(auction != Side.NONE, opposite(auction), by_tick[rest])
    ruled = int(((side == Side.NONE) & (auction == Side.NONE)).sum())
    return rest, np.where(side == Side.NONE, chosen, side), ruled


class _Changes:
    """What a record does to our book after `executed` lots of its order have been executed at it.

    Attributes
    ----------
    born, replaced, canceled
        Places in `_Lives` of new orders, replaces and cancels.
    canceled_lots
        Quantity of each cancel, 0 for all.
    id_before, id_after
        Our id of the order before and after each record.
    """

    def __init__(self, records: MboRecords, lives: _Lives, executed: Ints) -> None:
        action, after = lives.action, lives.after
        known = lives.before > 0
        left = lives.before - executed
        cancel, modify = action == CANCEL, action == MODIFY
        refill = known & (left == 0) & (after > 0) & (cancel | modify)
        price, shown, old = records.price_nanos, lives.shown, lives.shown_before
        moved = modify & (price[lives.row[shown]] != price[lives.row[old]])
        confirmed = (executed > 0) & (after == left) & ~moved
        born = (action == ADD) | (modify & ~known) | refill
        replaced = known & (left > 0) & ((modify & ~confirmed) | (cancel & (after > left)))
        canceled = known & cancel & (after < left)
        self.born, self.replaced, self.canceled = (
            np.flatnonzero(some) for some in (born, replaced, canceled)
        )
        self.canceled_lots = np.where(after == 0, 0, left - after)[self.canceled]
        again = self._name(records, lives, born)
        size = records.size[lives.row]
        self.quirks = {
            "cancel_exceeds_open": int((known & cancel & (size > lives.before)).sum()),
            "iceberg_refilled": int(refill.sum()),
            "order_id_reused": int((again & (action == ADD)).sum()),
            "unknown_order_canceled": int((cancel & ~known).sum()),
            "unknown_order_modified": int((modify & ~known).sum()),
        }

    def _name(self, records: MboRecords, lives: _Lives, born: Flags) -> Flags:
        """Give every order an id that none had before; returns which births needed an invented one."""
        place = np.arange(len(born))
        group = np.maximum.accumulate(np.where(lives.first, place, 0))
        births = np.cumsum(born)
        again = born & (births - (births - born)[group] > 1)
        ids = records.order_id[lives.row].copy()
        invented = np.flatnonzero(again)
        invented = invented[np.argsort(lives.row[invented], kind="stable")]
        ids[invented] = FIRST_SYNTHETIC_ID + np.arange(len(invented))
        last = np.maximum.accumulate(np.where(born, place, 0))
        self.id_after = np.where(last >= group, ids[last], ids)
        self.id_before = np.where(lives.first, ids, np.roll(self.id_after, 1))
        return again
