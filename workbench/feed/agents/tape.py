"""What an order-by-order feed would show of a run: messages about anonymous orders, made from events."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from workbench.domain.codes import EventKind
from workbench.domain.records import ORDER_EVENT, PRIORITY_KEPT, Records


class MessageKind(IntEnum):
    """What a message tells about an order."""

    ADD = 1
    """It entered the book with this quantity."""
    CANCEL = 2
    """This quantity of it was cancelled; nothing may be left."""
    EXECUTE = 3
    """This quantity of it traded; the aggressor is on the other side."""
    REPLACE = 4
    """It went to the end of the queue at this price, with this quantity open."""


MESSAGE = np.dtype(
    [
        ("time_ns", "i8"),
        ("order_id", "i8"),
        ("price_ticks", "i8"),
        ("quantity_lots", "i8"),
        ("kind", "u1"),
        ("side", "u1"),
        ("unused", "u2"),
        ("unused_too", "u4"),
    ]
)
"""A message. Order ids count up from 1 in each instrument; side and price are the order's own."""

_ADD, _CANCEL, _EXECUTE, _REPLACE = (int(kind) for kind in MessageKind)

_RESTED = int(EventKind.ORDER_RESTED)
_REDUCED = int(EventKind.ORDER_REDUCED)
_REPLACED = int(EventKind.ORDER_REPLACED)
_TRADE = int(EventKind.TRADE)
_CANCELED = int(EventKind.ORDER_CANCELED)
_EXPIRED = int(EventKind.ORDER_EXPIRED)
_SHOWN = np.zeros(256, dtype=bool)
_SHOWN[[_RESTED, _REDUCED, _REPLACED, _TRADE, _CANCELED, _EXPIRED]] = True


class _Shown:
    """An order in the book."""

    __slots__ = ("leaves_lots", "order_id", "price_ticks", "side")

    def __init__(self, order_id: int, side: int, price_ticks: int, leaves_lots: int) -> None:
        self.order_id = order_id
        self.side = side
        self.price_ticks = price_ticks
        self.leaves_lots = leaves_lots


class Tape:
    """Collects the messages of a run, for each instrument.

    Orders that trade at once are seen only by what they execute. An order that is moved and trades at once is
    shown as a cancel, executions, and a new order for what remains.

    Parameters
    ----------
    instruments
        How many there are.
    """

    def __init__(self, instruments: int) -> None:
        self._rows: list[list[tuple[int, ...]]] = [[] for _ in range(instruments)]
        self._ids = [0] * instruments
        self._book: dict[int, _Shown] = {}
        self._moving: tuple[int, _Shown] | None = None

    def __len__(self) -> int:
        return sum(len(rows) for rows in self._rows)

    def add(self, events: Records) -> None:
        """Go on with these events; a command's events must not be split."""
        book = self._book
        for event in events[_SHOWN[events["kind"]]].view(ORDER_EVENT).tolist():
            kind, number, order_id = event[3], event[11], event[12]
            time_ns, rows = event[2], self._rows[number]
            if kind == _RESTED:
                self._rest(number, time_ns, order_id, event)
            elif kind == _TRADE:
                self._trade(time_ns, rows, event)
            elif kind == _REPLACED:
                shown = book.pop(order_id)
                book[event[20]] = shown
                if event[9] & PRIORITY_KEPT:
                    self._shrink(time_ns, rows, shown, shown.leaves_lots - event[16])
                else:
                    self._moving = event[20], shown
            elif kind == _REDUCED:
                self._shrink(time_ns, rows, book[order_id], event[18])
            elif order_id in book:
                shown = book.pop(order_id)
                self._shrink(time_ns, rows, shown, shown.leaves_lots)

    def _rest(self, number: int, time_ns: int, order_id: int, event: tuple[int, ...]) -> None:
        price_ticks, leaves_lots = event[14], event[16]
        rows = self._rows[number]
        if self._moving is not None and self._moving[0] == order_id:
            shown = self._moving[1]
            shown.price_ticks, shown.leaves_lots = price_ticks, leaves_lots
            kind = _REPLACE
        else:
            self._ids[number] += 1
            shown = self._book[order_id] = _Shown(self._ids[number], event[5], price_ticks, leaves_lots)
            kind = _ADD
        self._moving = None
        rows.append((time_ns, shown.order_id, price_ticks, leaves_lots, kind, shown.side, 0, 0))

    def _trade(self, time_ns: int, rows: list[tuple[int, ...]], event: tuple[int, ...]) -> None:
        price_ticks, quantity_lots, taker_id, maker_id = event[13:17]
        if self._moving is not None and self._moving[0] == taker_id:
            shown = self._book.pop(taker_id)
            self._shrink(time_ns, rows, shown, shown.leaves_lots)
            self._moving = None
        maker = self._book[maker_id]
        rows.append((time_ns, maker.order_id, price_ticks, quantity_lots, _EXECUTE, maker.side, 0, 0))
        maker.leaves_lots -= quantity_lots
        if maker.leaves_lots == 0:
            del self._book[maker_id]

    @staticmethod
    def _shrink(time_ns: int, rows: list[tuple[int, ...]], shown: _Shown, quantity_lots: int) -> None:
        if quantity_lots > 0:
            rows.append(
                (time_ns, shown.order_id, shown.price_ticks, quantity_lots, _CANCEL, shown.side, 0, 0)
            )
            shown.leaves_lots -= quantity_lots

    def messages(self, instrument: int) -> Records:
        """The messages of one instrument so far, in order of time."""
        return np.array(self._rows[instrument], dtype=MESSAGE)
