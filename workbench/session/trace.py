"""What a run leaves behind for a comparison with another: its quotes, trades, fills, refusals and its end."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.domain.codes import EventKind
from workbench.domain.config import FIRST_TRADER, Venue
from workbench.domain.records import EVENT, FILL_EVENT, ORDER_EVENT, QUOTE_EVENT, SHADOW, TRADE_EVENT, Records
from workbench.engine.exchange import Exchange
from workbench.engine.frames import FILL_KINDS, of_kind

QUOTED = np.dtype([("time_ns", "i8"), ("bid_ticks", "i8"), ("ask_ticks", "i8"), ("instrument", "i4")])
"""A change of a best price; 0 where a side is empty."""

_TRADERS_KINDS = (
    EventKind.ORDER_CREATED,
    EventKind.ORDER_REJECTED,
    EventKind.ORDER_CANCELED,
    EventKind.ORDER_EXPIRED,
    EventKind.CANCEL_REJECTED,
    EventKind.REPLACE_REJECTED,
    EventKind.COMMAND_REJECTED,
    EventKind.CASH_CHANGED,
)


class Trace:
    """Takes the events of one run, batch by batch, and keeps what comparisons ask for.

    Attributes
    ----------
    events, commands
        How many there were.
    start_ns, end_ns
        Time of the first event, and the exchange's time at the end.
    """

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self.events = 0
        self.commands = 0
        self.start_ns = self.end_ns = int(venue.start_time_ns)
        self._quotes: list[Records] = []
        self._trades: list[Records] = []
        self._fills: list[Records] = []
        self._orders: list[Records] = []
        self._instruments: Records | None = None
        self._accounts: Records | None = None
        self._positions: Records | None = None
        self._values: Records | None = None
        self._worth: Records | None = None
        self.state_hash = ""

    def take(self, events: Records) -> None:
        """Keep what matters of a batch."""
        if not len(events):
            return
        if not self.events:
            self.start_ns = int(events["time_ns"][0])
        self.events += len(events)
        quotes = of_kind(events, EventKind.QUOTE).view(QUOTE_EVENT)
        kept = np.zeros(len(quotes), dtype=QUOTED)
        kept["time_ns"], kept["instrument"] = quotes["time_ns"], quotes["instrument"]
        kept["bid_ticks"], kept["ask_ticks"] = quotes["bid_price_ticks"], quotes["ask_price_ticks"]
        self._quotes.append(kept)
        self._trades.append(of_kind(events, EventKind.TRADE))
        traders = events[events["account"] >= FIRST_TRADER]
        self._fills.append(of_kind(traders, *FILL_KINDS))
        self._orders.append(of_kind(traders, *_TRADERS_KINDS))

    def finish(self, exchange: Exchange) -> None:
        """Keep what the exchange knows at the end."""
        counters = exchange.counters()[0]
        self.commands = int(counters["commands"])
        self.end_ns = int(exchange.time_ns)
        self._instruments = exchange.instruments()
        self._accounts = exchange.accounts()
        self._positions = exchange.positions()
        self._values = exchange.position_values()
        self._worth = exchange.account_values()
        self.state_hash = exchange.state_hash()

    def same_as(self, other: Trace) -> bool:
        """Whether both runs had the same quotes, trades and fills at the same times, and the same end."""
        if (self.state_hash, self.end_ns) != (other.state_hash, other.end_ns):
            return False
        for ours, theirs, dtype in (
            (self._quotes, other._quotes, QUOTED),
            (self._trades, other._trades, EVENT),
            (self._fills, other._fills, EVENT),
        ):
            one, two = _joined(ours, dtype), _joined(theirs, dtype)
            # Sequence numbers may differ where somebody's refused order is missing.
            names = [name for name in dtype.names or () if name not in ("seq", "command_seq")]
            if len(one) != len(two) or any(not np.array_equal(one[name], two[name]) for name in names):
                return False
        return True

    # What was kept

    def quotes(self, instrument: int) -> Records:
        """`QUOTED` of an instrument, in order."""
        return _of(self._quotes, QUOTED, instrument)

    def trades(self, instrument: int) -> Records:
        """The market's own trades of an instrument as `TRADE_EVENT`, in order; not those beside history."""
        trades = _of(self._trades, EVENT, instrument).view(TRADE_EVENT)
        own: Records = trades[trades["flags"] & SHADOW == 0]
        return own

    def fills(self) -> Records:
        """`FILL_EVENT` of all traders, in order."""
        return _joined(self._fills, EVENT).view(FILL_EVENT)

    def orders(self, *kinds: EventKind) -> Records:
        """`ORDER_EVENT` of traders' orders that were entered, refused, cancelled or expired, in order."""
        return of_kind(_joined(self._orders, EVENT), *kinds).view(ORDER_EVENT)

    @property
    def instruments(self) -> Records:
        """`INSTRUMENT_VIEW` at the end."""
        return _ended(self._instruments)

    @property
    def accounts(self) -> Records:
        """`ACCOUNT_VIEW` at the end."""
        return _ended(self._accounts)

    @property
    def worth(self) -> Records:
        """`ACCOUNT_VALUE` at the end."""
        return _ended(self._worth)

    @property
    def positions(self) -> Records:
        """`POSITION_VIEW` at the end."""
        return _ended(self._positions)

    @property
    def position_values(self) -> Records:
        """`POSITION_VALUE` at the end."""
        return _ended(self._values)


def _ended(view: Records | None) -> Records:
    assert view is not None, "finish() comes first"
    return view


def _joined(parts: list[Records], dtype: np.dtype[Any]) -> Records:
    if len(parts) != 1:
        parts[:] = [np.concatenate([np.zeros(0, dtype=dtype), *parts])]
    return parts[0]


def _of(parts: list[Records], dtype: np.dtype[Any], instrument: int) -> Records:
    every = _joined(parts, dtype)
    found: Records = every[every["instrument"] == instrument]
    return found
