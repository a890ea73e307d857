"""What reviews keep of a session's events besides tables: trades, quotes, fills, cash, triggers, phases."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from workbench.domain.codes import EventKind
from workbench.domain.config import FIRST_TRADER
from workbench.domain.records import (
    BUST_EVENT,
    CASH_EVENT,
    EVENT,
    FILL_EVENT,
    MARKET_EVENT,
    ORDER_EVENT,
    QUOTE_EVENT,
    SESSION_EVENT,
    SHADOW,
    SPLIT_EVENT,
    TRADE_EVENT,
    Records,
)
from workbench.engine.frames import FILL_KINDS, of_kind

TRADE_PRINT = np.dtype(
    [
        ("seq", "i8"),
        ("time_ns", "i8"),
        ("trade_id", "i8"),
        ("price_ticks", "i8"),
        ("quantity_lots", "i8"),
        ("account", "i4"),
        ("maker_account", "i4"),
        ("side", "u1"),
        ("unused", "u1"),
        ("flags", "u2"),
        ("instrument", "i4"),
    ]
)
"""A trade; `account` and `side` are the taker's."""

MIDDLE = np.dtype(
    [
        ("command_seq", "i8"),
        ("time_ns", "i8"),
        ("bid_price_ticks", "i8"),
        ("ask_price_ticks", "i8"),
        ("instrument", "i8"),
    ]
)
"""A change of a best price; 0 where a side is empty."""

PHASE = np.dtype([("seq", "i8"), ("time_ns", "i8"), ("phase", "i8"), ("instrument", "i8")])
"""A change of an instrument's phase."""

STATE = np.dtype([("seq", "i8"), ("time_ns", "i8"), ("session_state", "i8")])
"""A change of the session's state."""

SPLIT = np.dtype(
    [("seq", "i8"), ("time_ns", "i8"), ("numerator", "i8"), ("denominator", "i8"), ("instrument", "i8")]
)
"""A split: `denominator` old units became `numerator` new ones."""

TRIGGER = np.dtype(
    [
        ("seq", "i8"),
        ("time_ns", "i8"),
        ("order_id", "i8"),
        ("value", "i8"),
        ("account", "i4"),
        ("instrument", "i4"),
        ("order_type", "u1"),
        ("side", "u1"),
        ("unused", "u2"),
        ("unused_2", "u4"),
    ]
)
"""A trader's order that waits for its trigger price, `value`, or whose trigger price moved, in ticks."""


class Prints:
    """Takes all events of a session, then gives what it kept, by instrument."""

    def __init__(self) -> None:
        self._kept: dict[str, list[Records]] = {name: [] for name in _KINDS}
        self._whole: dict[str, Records] = {}
        self._by_instrument: dict[tuple[str, int], Records] = {}

    def take(self, events: Records) -> None:
        """Further events, in order."""
        for name, (kinds, view, kept) in _KINDS.items():
            found = of_kind(events, *kinds)
            if name in _OF_TRADERS:
                found = found[found["account"] >= FIRST_TRADER]
            if len(found):
                self._kept[name].append(_only(found.view(view), kept))

    def finish(self) -> None:
        """There are no more."""
        for name, (_, _, kept) in _KINDS.items():
            whole = np.concatenate([np.zeros(0, dtype=kept), *self._kept[name]])
            self._whole[name] = whole
            if "instrument" in (kept.names or ()) and name not in _WHOLE:
                order = np.argsort(whole["instrument"], kind="stable")
                numbers = whole["instrument"][order]
                edges = [*np.flatnonzero(np.diff(numbers, prepend=-1)).tolist(), len(numbers)]
                for start, end in pairwise(edges):
                    self._by_instrument[name, int(numbers[start])] = whole[order[start:end]]
                self._whole[name] = whole[:0]
        self._kept = {}

    def fills(self) -> Records:
        """`FILL_EVENT` of all traders."""
        return self._whole["fills"]

    def states(self) -> Records:
        """`STATE` of the session."""
        return self._whole["states"]

    def busts(self) -> Records:
        """`BUST_EVENT` of all instruments."""
        return self._whole["busts"]

    def cash(self) -> Records:
        """`CASH_EVENT` of all traders."""
        return self._whole["cash"]

    def splits(self) -> Records:
        """`SPLIT` of all instruments."""
        return self._whole["splits"]

    def first_triggers(self) -> Records:
        """`TRIGGER` of each order of a trader that waited for one: the first that it had."""
        known = self._whole["triggers"]
        known = known[known["value"] != 0]
        found: Records = known[np.sort(np.unique(known["order_id"], return_index=True)[1])]
        return found

    def trades(self, instrument: int) -> Records:
        """`TRADE_PRINT` of an instrument, those beside history and those that were busted too."""
        return self._of("trades", instrument)

    def market_trades(self, instrument: int) -> Records:
        """The same without those."""
        trades = self.trades(instrument)
        own = trades["flags"] & SHADOW == 0
        found: Records = trades[own & ~np.isin(trades["trade_id"], self.busts()["trade_id"])]
        return found

    def middles(self, instrument: int) -> Records:
        """`MIDDLE` of an instrument."""
        return self._of("quotes", instrument)

    def phases(self, instrument: int) -> Records:
        """`PHASE` of an instrument."""
        return self._of("phases", instrument)

    def _of(self, name: str, instrument: int) -> Records:
        found = self._by_instrument.get((name, instrument))
        return np.zeros(0, dtype=_KINDS[name][2]) if found is None else found


_KINDS: dict[str, tuple[tuple[EventKind, ...], np.dtype[Any], np.dtype[Any]]] = {
    "trades": ((EventKind.TRADE,), TRADE_EVENT, TRADE_PRINT),
    "quotes": ((EventKind.QUOTE,), QUOTE_EVENT, MIDDLE),
    "phases": ((EventKind.PHASE_CHANGED,), MARKET_EVENT, PHASE),
    "states": ((EventKind.SESSION_STATE_CHANGED,), SESSION_EVENT, STATE),
    "fills": (FILL_KINDS, EVENT, FILL_EVENT),
    "busts": ((EventKind.TRADE_BUSTED,), EVENT, BUST_EVENT),
    "cash": ((EventKind.CASH_CHANGED,), EVENT, CASH_EVENT),
    "splits": ((EventKind.INSTRUMENT_SPLIT,), SPLIT_EVENT, SPLIT),
    "triggers": ((EventKind.ORDER_HELD, EventKind.ORDER_TRAILED), ORDER_EVENT, TRIGGER),
}
"""Which events, what they are seen as, and what is kept of them."""

_WHOLE = ("fills", "busts", "cash", "splits", "triggers")
"""What is kept of all instruments together."""

_OF_TRADERS = ("fills", "cash", "triggers")
"""What is kept of traders alone."""


def _only(events: Records, kept: np.dtype[Any]) -> Records:
    if events.dtype == EVENT:
        return events.view(kept)
    made = np.zeros(len(events), dtype=kept)
    for name in kept.names or ():
        if not name.startswith("unused"):
            made[name] = events[name]
    return made
