"""Rows of a made-up market, for measuring how sessions are stored: shaped like real ones, made in seconds."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from workbench.domain.config import Account, Venue
from workbench.domain.instruments import Instrument
from workbench.journal.tables import TABLES, TIME

OPEN_NS = 1_700_490_600_000_000_000
DAY_NS = 23_400_000_000_000
TRADERS = 50
INSTRUMENTS = 200

Values = npt.NDArray[Any]


def venue() -> Venue:
    """200 stocks and 50 traders."""
    return Venue(
        [Instrument(f"S{number:03}", "1", "1000") for number in range(INSTRUMENTS)],
        [Account(f"trader-{number}", 1_000_000) for number in range(TRADERS)],
    )


def _names(codes: Values, names: list[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(names, pa.string()))


class Market:
    """A day of events: quotes, trades and orders of 200 stocks, busy ones and quiet ones.

    Parameters
    ----------
    events
        Events of the day.
    seed
        What the day follows from.
    """

    def __init__(self, events: int, seed: int = 1) -> None:
        self.random = np.random.default_rng(seed)
        random = self.random
        self.events = events
        self.time_ns = OPEN_NS + np.cumsum(random.exponential(DAY_NS / events, events)).astype(np.int64)
        activity = random.lognormal(0, 1, INSTRUMENTS)
        self.instrument = random.choice(INSTRUMENTS, events, p=activity / activity.sum()).astype(np.int16)
        self.price_ticks = np.empty(events, dtype=np.int64)
        for number in range(INSTRUMENTS):
            at = np.flatnonzero(self.instrument == number)
            steps = random.choice([-1, 0, 1], len(at), p=[0.1, 0.8, 0.1])
            self.price_ticks[at] = 10_000 + 50 * number + np.cumsum(steps)
        self.names = [f"S{number:03}" for number in range(INSTRUMENTS)]
        self.accounts = ["street", "house", *(f"trader-{number}" for number in range(TRADERS))]

    def _common(self, at: Values) -> dict[str, Any]:
        return {
            "seq": at + 1,
            "time": pa.array(self.time_ns[at]).view(TIME),
            "symbol": _names(self.instrument[at], self.names),
        }

    def _lots(self, count: int) -> Values:
        """Round lots mostly, of all sizes."""
        size: Values = 100 * self.random.geometric(0.35, count)
        odd = self.random.random(count) < 0.3
        return np.where(odd, self.random.geometric(0.02, count), size)

    def _who(self, count: int) -> pa.DictionaryArray:
        trader = self.random.integers(0, len(self.accounts), count)
        return _names(np.where(self.random.random(count) < 0.7, 0, trader), self.accounts)

    def trades(self, at: Values) -> pa.Table:
        """Trades at some events."""
        random, count = self.random, len(at)
        price, lots = self.price_ticks[at], self._lots(count)
        # An order number comes with about every third event; makers entered theirs a while before.
        taker = at // 3
        rows = {
            **self._common(at),
            "trade_id": np.arange(1, count + 1),
            "side": _names(random.integers(0, 2, count), ["BUY", "SELL"]),
            "price_ticks": price,
            "quantity_lots": lots,
            "notional_micros": price * lots * 10_000,
            "taker": self._who(count),
            "maker": self._who(count),
            "taker_order_id": taker,
            "maker_order_id": np.maximum(taker - random.geometric(1 / 3_000, count), 1),
            "shadow": np.zeros(count, dtype=bool),
            "auction": np.zeros(count, dtype=bool),
        }
        return pa.table(rows, schema=TABLES["trades"].schema)

    def quotes(self, at: Values) -> pa.Table:
        """Quotes at some events."""
        random, count = self.random, len(at)
        bid = self.price_ticks[at]
        rows = {
            **self._common(at),
            "bid_price_ticks": bid,
            "bid_lots": self._lots(count),
            "bid_orders": random.geometric(0.4, count),
            "ask_price_ticks": bid + random.choice([1, 1, 1, 2], count),
            "ask_lots": self._lots(count),
            "ask_orders": random.geometric(0.4, count),
            "last_price_ticks": bid,
        }
        return pa.table(rows, schema=TABLES["quotes"].schema)

    def events_rows(self, at: Values) -> pa.Table:
        """Events as they are, of an order's life mostly."""
        random, count = self.random, len(at)
        lots, order = self._lots(count), at // 3
        known: dict[str, Any] = {
            "seq": at + 1,
            "command_seq": at // 3 + 1,
            "time": pa.array(self.time_ns[at]).view(TIME),
            "kind": random.choice([1, 2, 5, 7, 8, 20, 21], count),
            "side": random.integers(0, 3, count),
            "order_state": random.integers(0, 6, count),
            "order_type": np.ones(count),
            "time_in_force": np.ones(count),
            "account": random.integers(0, len(self.accounts), count),
            "instrument": self.instrument[at],
            "word_0": order,
            "word_1": order + 1,
            "word_2": self.price_ticks[at],
            "word_3": lots,
            "word_4": lots,
        }
        schema = TABLES["events"].schema
        zero = np.zeros(count)
        columns = {}
        for field in schema:
            values = known.get(field.name, zero)
            plain = isinstance(values, np.ndarray)
            columns[field.name] = values.astype(field.type.to_pandas_dtype()) if plain else values
        return pa.table(columns, schema=schema)
