"""Trades and quotes of the whole session, each instrument's in columns that grow."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.domain.records import QUOTE_EVENT, SHADOW, TRADE_EVENT, Records

TRADE = np.dtype(
    [
        ("seq", "i8"),
        ("time_ns", "i8"),
        ("price_ticks", "i8"),
        ("quantity_lots", "i8"),
        ("trade_id", "i8"),
        ("side", "u1"),
        ("unused", "u1"),
        ("flags", "u2"),
        ("account", "i4"),
        ("maker_account", "i8"),
    ]
)
"""A trade; `side` and `account` are the taker's (side 0 in an auction of history)."""

QUOTE = np.dtype(
    [
        ("seq", "i8"),
        ("time_ns", "i8"),
        ("bid_price_ticks", "i8"),
        ("bid_lots", "i8"),
        ("bid_orders", "i8"),
        ("ask_price_ticks", "i8"),
        ("ask_lots", "i8"),
        ("ask_orders", "i8"),
    ]
)
"""Best bid and ask from this event on; an empty side is 0."""

_FIRST_ROOM = 1 << 8
_MOST_WAITING = 1 << 14


class Column:
    """Records in the order of their events, with room that doubles; slices stay valid as it grows."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self._rows = np.zeros(_FIRST_ROOM, dtype=dtype)
        self._used = 0

    def __len__(self) -> int:
        return self._used

    @property
    def rows(self) -> Records:
        """All of them; not to be written to."""
        return self._rows[: self._used]

    def extend(self, rows: Records) -> None:
        """Add records with these names."""
        need = self._used + len(rows)
        if need > len(self._rows):
            longer = np.zeros(max(need, 2 * len(self._rows)), dtype=self._rows.dtype)
            longer[: self._used] = self.rows
            self._rows = longer
        into = self._rows[self._used : need]
        for name in self._rows.dtype.names or ():
            if not name.startswith("unused"):
                into[name] = rows[name]
        self._used = need

    def between(self, start_ns: int, end_ns: int) -> Records:
        """Those from `start_ns` on and before `end_ns`."""
        times = self.rows["time_ns"]
        return self.rows[np.searchsorted(times, start_ns) : np.searchsorted(times, end_ns)]

    def after(self, seq: int) -> Records:
        """Those that came after event `seq`; with `between`, what a page that ended there goes on with."""
        return self.rows[np.searchsorted(self.rows["seq"], seq, side="right") :]

    def find(self, trade_id: int) -> Any:
        """The trade with this number, which may be written to; None when there is none."""
        at = int(np.searchsorted(self.rows["trade_id"], trade_id))
        return self.rows[at] if at < self._used and self.rows["trade_id"][at] == trade_id else None

    def before(self, seq: int) -> Records:
        """Those that came before event `seq`."""
        return self.rows[: np.searchsorted(self.rows["seq"], seq)]


class Tape:
    """Trades or quotes by instrument.

    A batch is set aside as it is and laid out in columns when somebody reads, or when much has come together.
    """

    def __init__(self, dtype: np.dtype[Any], instruments: int) -> None:
        self._columns = [Column(dtype) for _ in range(instruments)]
        self._layout = TRADE_EVENT if dtype == TRADE else QUOTE_EVENT
        self._waiting: list[Records] = []
        self._count = 0

    def add(self, events: Records) -> None:
        """Take in TRADE or QUOTE events that come after those it has; it keeps the memory."""
        if len(events):
            self._waiting.append(events)
            self._count += len(events)
            if self._count >= _MOST_WAITING:
                self._settle()

    def of(self, instrument: int) -> Column:
        """Those of one instrument, up to the last batch."""
        if self._waiting:
            self._settle()
        return self._columns[instrument]

    def _settle(self) -> None:
        rows = np.concatenate(self._waiting).view(self._layout)
        self._waiting, self._count = [], 0
        numbers = rows["instrument"]
        order = np.argsort(numbers, kind="stable")
        rows, numbers = rows[order], numbers[order]
        for part in np.split(rows, np.flatnonzero(np.diff(numbers)) + 1):
            self._columns[int(part["instrument"][0])].extend(part)


def of_the_market(trades: Records) -> Records:
    """Without trades of our own beside frozen history, which are no part of the market's volume."""
    return trades[trades["flags"] & SHADOW == 0]
