"""Bitstamp's live order feed as CSV (created, changed and deleted orders) as commands.

The feed has no trades. An order that shrinks has traded, and so has another of the opposite side by the
same amount at nearly the same time: such a pair is one trade. The older order was resting, so its reduction
is an execution of it; the younger one's is a plain cancel, so that the trade is printed once. Volumes are
what remains, in 1e-8 of the coin.

Times are `timestamp`, when the message was received, in ms; `exchange.timestamp` has whole seconds and is
not sorted.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from workbench.domain.codes import CommandKind, Side
from workbench.domain.records import Records
from workbench.domain.units import Number
from workbench.feed.files import Cells, Flags, Ints, read_bytes
from workbench.feed.history import History, counted
from workbench.feed.scale import price_scale
from workbench.feed.street import FIRST_SYNTHETIC_ID, from_table

COLUMNS = ("id", "timestamp", "exchange.timestamp", "price", "volume", "action", "direction")
"""Columns of the header."""

CREATED, CHANGED, DELETED = range(3)
PAIR_NS_MAX = 200_000_000
"""Two sides of a trade arrive at most this far apart; on real data 50 ms and 5 s find the same pairs."""

PAIR_LOTS_MAX = 2
"""The two sides of a trade differ by at most this much: the feed's volumes went through floating point."""

LOT_SIZE = Decimal("0.00000001")


def read_bitstamp(
    path: str | os.PathLike[str], *, symbol: str = "", market_tick: Number = "0.01", currency: str = "USD"
) -> History:
    """Order flow of a Bitstamp order file.

    Parameters
    ----------
    path
        CSV with the columns of `COLUMNS`, sorted by `timestamp`.
    symbol
        What is traded; found in the file's name (`bitstamp_btcusd_…`), else BTCUSD.
    market_tick, currency
        Price increment of the market and its currency.
    """
    name = os.fspath(path)
    cells = Cells(read_bytes(path), name, required=COLUMNS)
    time_ns = cells.integers("timestamp", low=1, high=(1 << 62) // 1_000_000) * 1_000_000
    cells.in_order(time_ns, "timestamp")
    action = cells.codes("action", {"created": CREATED, "changed": CHANGED, "deleted": DELETED})
    side = cells.codes("direction", {"bid": int(Side.BUY), "ask": int(Side.SELL)})
    ids = cells.integers("id", low=1, high=FIRST_SYNTHETIC_ID - 1)
    lots = cells.integers("volume")
    price_nanos = cells.decimals("price")
    cells.expect(price_nanos > 0, "price", "a price above 0")
    cells.expect((lots > 0) | (action != CREATED), "volume", "a volume above 0 for a new order")
    scale = price_scale(name, price_nanos, market_tick=market_tick)
    outside = np.isin(ids, ids[scale.outside(price_nanos)])
    orders = _Orders(cells, time_ns, outside)
    orders.run(action, ids, side, lots, scale.ticks(price_nanos))
    made, rows = orders.result()
    exchange = cells.integers("exchange.timestamp")
    quirks = counted(
        orders.quirks,
        price_outside_window=int(outside.sum()),
        exchange_time_unsorted=int((np.diff(exchange) < 0).sum()),
    )
    found = re.search(r"bitstamp[_\-.]?([a-z]{6,8})(?![a-z])", Path(name).name.lower())
    traded = symbol or (found[1].upper() if found else "BTCUSD")
    instrument = scale.instrument(traded, LOT_SIZE, currency=currency)
    # A market that never closes has no clock of its own.
    return History(
        made, rows, time_ns, instrument, quirks, name, "bitstamp", zone="UTC", first_row=cells.first_row
    ).held()


@dataclass(slots=True)
class _Order:
    """An open order; `born` is the row that created it."""

    our_id: int
    side: int
    price_ticks: int
    leaves: int
    born: int


@dataclass(frozen=True, slots=True)
class _Reduction:
    """An order lost `lots`; `place` is that of the cancel in the list of commands."""

    place: int
    time_ns: int
    order: _Order
    price_ticks: int
    lots: int


class _Orders:
    """The open orders, and the commands that brought them there."""

    def __init__(self, cells: Cells, time_ns: Ints, outside: Flags) -> None:
        self.cells = cells
        self.time_ns = time_ns
        self.outside = outside
        self.quirks: Counter[str] = Counter()
        self._open: dict[int, _Order] = {}
        self._ended: set[int] = set()
        self._next_id = FIRST_SYNTHETIC_ID
        self._reductions: list[_Reduction] = []
        self._made: list[tuple[int, int, int, int, int, int]] = []

    def run(self, action: Ints, ids: Ints, side: Ints, lots: Ints, price_ticks: Ints) -> None:
        """All rows, then the pairing of reductions."""
        rows = zip(
            action.tolist(), ids.tolist(), side.tolist(), lots.tolist(), price_ticks.tolist(), strict=True
        )
        outside = self.outside.tolist()
        for row, (what, source_id, direction, volume, price) in enumerate(rows):
            if outside[row]:
                continue
            if what == CREATED:
                self._create(row, source_id, direction, volume, price)
                continue
            order = self._open.get(source_id)
            if order is None:
                self.quirks["unknown_order_canceled"] += 1
                continue
            if order.side != direction:
                raise self.cells.refuse(row, f"order {source_id} changed its direction")
            self._change(row, order, what, volume, price)
            if what == DELETED:
                del self._open[source_id]
                self._ended.add(source_id)
        self._pair()

    def _create(self, row: int, source_id: int, side: int, lots: int, price: int) -> None:
        if source_id in self._open:
            raise self.cells.refuse(row, f"creates order {source_id}, which is still open")
        our_id = source_id
        if source_id in self._ended:
            self.quirks["order_id_reused"] += 1
            our_id, self._next_id = self._next_id, self._next_id + 1
        self._open[source_id] = _Order(our_id, side, price, lots, row)
        self._made.append((row, CommandKind.NEW_ORDER, our_id, side, lots, price))

    def _change(self, row: int, order: _Order, what: int, lots: int, price: int) -> None:
        if lots and not order.leaves:
            raise self.cells.refuse(row, "gives a volume to an order whose volume had come to 0")
        moved = price != order.price_ticks and what == CHANGED and lots > 0
        if moved or lots > order.leaves:
            self.quirks["price_change" if moved else "resized_larger"] += 1
            order.price_ticks, order.leaves = price, lots
            self._made.append((row, CommandKind.REPLACE_ORDER, order.our_id, 0, lots, price))
        elif lots < order.leaves:
            self._reductions.append(
                _Reduction(
                    len(self._made), int(self.time_ns[row]), order, order.price_ticks, order.leaves - lots
                )
            )
            self._made.append(
                (row, CommandKind.CANCEL_ORDER, order.our_id, 0, order.leaves - lots if lots else 0, 0)
            )
            order.leaves = lots
        elif what == CHANGED and lots:
            self._made.append((row, CommandKind.REPLACE_ORDER, order.our_id, 0, lots, price))
        if what == DELETED and order.leaves:
            self._made.append((row, CommandKind.CANCEL_ORDER, order.our_id, 0, 0, 0))
            order.leaves = 0

    def _pair(self) -> None:
        """Turn the resting side of each trade into an execution."""
        waiting: list[_Reduction] = []
        for late in self._reductions:
            still = [early for early in waiting if late.time_ns - early.time_ns <= PAIR_NS_MAX]
            self.quirks["unpaired_execution"] += len(waiting) - len(still)
            waiting = still
            partner = next((early for early in waiting if _is_trade(early, late)), None)
            if partner is None:
                waiting.append(late)
                continue
            waiting.remove(partner)
            resting = min(partner, late, key=lambda reduction: reduction.order.born)
            row, _, our_id, _, _, _ = self._made[resting.place]
            aggressor = int(Side.SELL) if resting.order.side == Side.BUY else int(Side.BUY)
            self._made[resting.place] = (
                row, CommandKind.EXECUTE_ORDER, our_id, aggressor, resting.lots, resting.price_ticks,
            )  # fmt: skip
        self.quirks["unpaired_execution"] += len(waiting)

    def result(self) -> tuple[Records, Ints]:
        """Commands and the row of each."""
        return from_table(np.array(self._made, np.int64).reshape(-1, 6), self.time_ns)


def _is_trade(one: _Reduction, other: _Reduction) -> bool:
    """Whether two reductions are the two sides of one trade."""
    if one.order.side == other.order.side or abs(one.lots - other.lots) > PAIR_LOTS_MAX:
        return False
    bid, ask = (one, other) if one.order.side == Side.BUY else (other, one)
    return bid.price_ticks >= ask.price_ticks
