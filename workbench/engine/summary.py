"""What happened, in numbers: counts, volumes, time-weighted averages and speed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from workbench.domain.codes import EventKind, Reason
from workbench.domain.config import Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import ORDER_EVENT, QUOTE_EVENT, SHADOW, TRADE_EVENT, Records
from workbench.engine.exchange import Exchange
from workbench.engine.frames import of_kind
from workbench.feed.history import History, counted

_REFUSALS = (
    EventKind.ORDER_REJECTED,
    EventKind.CANCEL_REJECTED,
    EventKind.REPLACE_REJECTED,
    EventKind.COMMAND_REJECTED,
)


@dataclass(frozen=True, slots=True)
class InstrumentSummary:
    """One instrument's day.

    Attributes
    ----------
    symbol
        The instrument.
    source, kind
        File its history comes from, and its format.
    orders, cancels
        Orders received, and orders whose open rest was cancelled.
    trades, volume
        The market's own trades and their quantity; fills against frozen history are not among them.
    vwap
        Volume-weighted average price; None without a trade.
    last_price
        Price of the last trade; None without one.
    tick
        The market's tick: the step of prices that orders may have.
    spread_ticks, spread
        Ask less bid, averaged over the time in which there were both, in the market's ticks and in currency;
        None without such time.
    bid_depth, ask_depth
        Quantity at the best price, averaged over the same time.
    quoted_share
        Part of the time in which there were a bid and an ask, from its first message to its last, or to now
        when more messages are to come.
    divergence_orders, divergence_lots
        How often, and by how many lots, history could not be applied in full.
    """

    symbol: str
    source: str
    kind: str
    orders: int
    cancels: int
    trades: int
    volume: Decimal
    vwap: float | None
    last_price: Decimal | None
    tick: Decimal
    spread_ticks: float | None
    spread: float | None
    bid_depth: float | None
    ask_depth: float | None
    quoted_share: float
    divergence_orders: int
    divergence_lots: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What happened in a replay so far.

    Attributes
    ----------
    instruments
        One `InstrumentSummary` for each instrument.
    messages
        Rows of the sources that have happened.
    commands, events
        What went into the exchange and what came out.
    rejects
        Refused commands by reason.
    quirks
        What the readers found in the sources that is no plain order flow, by name (see
        `workbench.feed.history.QUIRKS`).
    start_ns, end_ns
        Time of the first event, and the exchange's time now.
    wall_seconds
        Time the exchange took.
    state_hash
        Digest of the exchange's whole state; equal for equal states.
    """

    instruments: tuple[InstrumentSummary, ...]
    messages: int
    commands: int
    events: int
    rejects: dict[str, int] = field(default_factory=dict)
    quirks: dict[str, int] = field(default_factory=dict)
    start_ns: int = 0
    end_ns: int = 0
    wall_seconds: float = 0.0
    state_hash: str = ""

    @property
    def market_seconds(self) -> float:
        """Exchange time from the first event until now, in seconds."""
        return (self.end_ns - self.start_ns) / 1e9

    @property
    def commands_per_second(self) -> float | None:
        """Commands per second of the exchange's own time; None before the first."""
        return self.commands / self.wall_seconds if self.wall_seconds > 0 else None

    def frame(self) -> pl.DataFrame:
        """One row for each instrument with all of `InstrumentSummary`'s numbers."""
        names = InstrumentSummary.__slots__
        rows: list[dict[str, Any]] = [
            {name: _plain(getattr(instrument, name)) for name in names} for instrument in self.instruments
        ]
        return pl.DataFrame(rows, infer_schema_length=None)


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def summarise(
    events: Records,
    venue: Venue,
    exchange: Exchange,
    histories: Sequence[History],
    *,
    commands: int,
    rows: int,
    wall_seconds: float,
) -> Summary:
    """The summary of `events`, which began with the exchange's first command."""
    views = exchange.instruments()
    end_ns = int(exchange.time_ns)
    start_ns = int(events["time_ns"][0]) if len(events) else end_ns
    refused = of_kind(events, *_REFUSALS)
    reasons, counts = np.unique(refused["reason"], return_counts=True)
    rejects = {Reason(int(reason)).name: int(count) for reason, count in zip(reasons, counts, strict=True)}
    return Summary(
        tuple(
            _instrument(events, number, instrument, histories[number], views[number], end_ns)
            for number, instrument in enumerate(venue.instruments)
        ),
        messages=rows,
        commands=commands,
        events=len(events),
        rejects=rejects,
        quirks=counted(*(history.quirks for history in histories)),
        start_ns=start_ns,
        end_ns=end_ns,
        wall_seconds=wall_seconds,
        state_hash=exchange.state_hash(),
    )


def _instrument(
    events: Records,
    number: int,
    instrument: Instrument,
    history: History,
    view: Any,
    now_ns: int,
) -> InstrumentSummary:
    own = events[events["instrument"] == number]
    orders = of_kind(own, EventKind.ORDER_CREATED, EventKind.ORDER_CANCELED).view(ORDER_EVENT)
    created = int((orders["kind"] == EventKind.ORDER_CREATED).sum())
    trades = of_kind(own, EventKind.TRADE).view(TRADE_EVENT)
    trades = trades[trades["flags"] & SHADOW == 0]
    lots = int(trades["quantity_lots"].sum())
    # In floats, for price times quantity of a long day may not fit into 64 bits.
    value = float(np.dot(trades["price_ticks"].astype(float), trades["quantity_lots"].astype(float)))
    tick, lot = float(instrument.price_from_ticks(1)), float(instrument.quantity_from_lots(1))
    quotes = of_kind(own, EventKind.QUOTE).view(QUOTE_EVENT)
    messages_ns = history.row_times_ns
    start_ns, end_ns = (int(messages_ns[at]) if len(messages_ns) else now_ns for at in (0, -1))
    spread, bid_lots, ask_lots, share = time_weighted(quotes, start_ns, min(end_ns, now_ns))
    last = int(view["last_price_ticks"])
    return InstrumentSummary(
        symbol=instrument.symbol,
        source=history.source,
        kind=history.kind,
        orders=created,
        cancels=len(orders) - created,
        trades=len(trades),
        volume=instrument.quantity_from_lots(lots),
        vwap=value / lots * tick if lots else None,
        last_price=instrument.price_from_ticks(last) if last else None,
        tick=instrument.price_from_ticks(instrument.price_increment_ticks),
        spread_ticks=None if spread is None else spread / instrument.price_increment_ticks,
        spread=None if spread is None else spread * tick,
        bid_depth=None if bid_lots is None else bid_lots * lot,
        ask_depth=None if ask_lots is None else ask_lots * lot,
        quoted_share=share,
        divergence_orders=int(view["divergence_orders"]),
        divergence_lots=int(view["divergence_lots"]),
    )


def time_weighted(
    quotes: Records, start_ns: int, end_ns: int
) -> tuple[float | None, float | None, float | None, float]:
    """Averages over the time in which there were a bid and an ask.

    Formula: sum of value x duration / sum of durations, where a quote lasts until the next one and the last
    one until `end_ns`; only what lies between `start_ns` and `end_ns` counts.

    Returns
    -------
    tuple
        Spread in the instrument's own, finest ticks (negative while crossed), lots at the best bid, lots at
        the best ask (None when that time is nothing), and that time as a part of `end_ns - start_ns` (0 when
        nothing has passed).
    """
    duration_ns = np.diff(np.clip(np.append(quotes["time_ns"], end_ns), start_ns, max(start_ns, end_ns)))
    both = (quotes["bid_lots"] > 0) & (quotes["ask_lots"] > 0)
    weight = np.where(both, duration_ns, 0).astype(np.float64)
    total = float(weight.sum())
    if not total:
        return None, None, None, 0.0
    spread = float(np.dot(weight, quotes["ask_price_ticks"] - quotes["bid_price_ticks"])) / total
    bid = float(np.dot(weight, quotes["bid_lots"])) / total
    ask = float(np.dot(weight, quotes["ask_lots"])) / total
    return spread, bid, ask, total / (end_ns - start_ns)
