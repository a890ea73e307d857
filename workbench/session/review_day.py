"""A session that is over, folded once for everybody who looks back at it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from workbench.domain.codes import Phase, SessionState
from workbench.domain.records import Records
from workbench.engine.frames import Scales
from workbench.projections.candles import INTERVALS_NS, Candles
from workbench.projections.equity import Equity
from workbench.projections.mark_paths import MarkPaths
from workbench.projections.orders import Orders
from workbench.projections.positions import Positions
from workbench.projections.trades import Trades
from workbench.projections.undone import Undone
from workbench.session.review_books import Books
from workbench.session.review_prints import Prints
from workbench.session.review_recording import Recording

_FOLD_EVENTS = 1 << 16


class _Folds(NamedTuple):
    """The projections that tables are made of, besides the orders, which a bust does not revive."""

    candles: Candles
    trades: Trades
    positions: Positions
    equity: Equity
    marks: MarkPaths

    @classmethod
    def of(cls, recording: Recording) -> _Folds:
        """Before the first event."""
        venue = recording.venue
        return cls(
            Candles(venue, recording.zone), Trades(venue), Positions(venue), Equity(venue), MarkPaths(venue)
        )

    def apply(self, events: Records) -> None:
        """Further events, in order."""
        for fold in self:
            fold.apply(events)


class ReviewDay:
    """Everything that reviews of one session are made of; nothing of it changes any more.

    Making one folds all events, some million in a second; do it in a thread. Trades that were busted are in
    `prints`, and no part of anything else: of a session with busts the events are read twice.

    Parameters
    ----------
    recording
        The session.

    Attributes
    ----------
    recording
        As given.
    scales
        Turns ticks, lots and micros into what people read.
    prints, books
        Trades and quotes; every book at any instant.
    start_ns, open_ns, end_ns
        When its exchange time began, when trading first did (0 if never), and its last event.
    seq
        Its last event.
    busted
        Numbers of the trades that were busted.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.venue = venue = recording.venue
        self.scales = Scales(venue)
        self.prints, self.books = Prints(), Books(venue)
        folds, orders = _Folds.of(recording), Orders(venue)
        self.seq = 0
        first_ns = last_ns = int(venue.start_time_ns)
        for events in _blocks(recording.events()):
            if not self.seq:
                first_ns = int(events["time_ns"][0])
            folds.apply(events)
            orders.apply(events)
            self.prints.take(events)
            self.books.take(events)
            self.seq, last_ns = int(events["seq"][-1]), int(events["time_ns"][-1])
        self.prints.finish()
        self.books.finish()
        undone = Undone(venue, self.prints.busts())
        self.busted = np.array(undone.trade_ids, dtype=np.int64)
        if len(self.busted):
            folds = _Folds.of(recording)
            for events in _blocks(recording.events()):
                folds.apply(undone.rewrite(events))
        self.start_ns = int(venue.start_time_ns) or first_ns
        self.end_ns = max(last_ns, self.start_ns)
        states = self.prints.states()
        opened = states["time_ns"][states["session_state"] == SessionState.OPEN]
        self.open_ns = int(opened[0]) if len(opened) else 0
        self._candles = {
            interval: _frame(folds.candles.take_rows(interval), folds.candles.remaining_rows(interval))
            for interval in INTERVALS_NS
        }
        self.orders = _frame(orders.take_rows(), orders.remaining_rows())
        self.round_trips = _frame(folds.trades.take_round_trips(), folds.trades.remaining_round_trips())
        self.positions = _frame(folds.positions.take_rows())
        self.equity = _frame(folds.equity.take_rows(), folds.equity.remaining_rows())
        marks = folds.marks.take_records()
        self._marks: dict[int, Records] = {
            number: marks[marks["instrument"] == number] for number in range(len(venue.instruments))
        }

    def candles(self, interval: str) -> pl.DataFrame:
        """Rows of the candles table, of all instruments.

        Raises
        ------
        KeyError
            When there is no such interval.
        """
        return self._candles[interval]

    def marks(self, instrument: int) -> Records:
        """`MARK_STEP` of an instrument, in order."""
        return self._marks[instrument]

    def middles(self, instrument: int) -> pl.DataFrame:
        """`command_seq`, `time`, `bid`, `ask` and `mid` of an instrument; null while a side was empty."""
        quotes = self.prints.middles(instrument)
        bid, ask = quotes["bid_price_ticks"], quotes["ask_price_ticks"]
        tick = np.full(len(quotes), instrument)
        # Half ticks are whole numbers of twice as many.
        both: pl.Series = self.scales.price(bid + ask, tick, (bid > 0) & (ask > 0))
        times = pl.Series(np.ascontiguousarray(quotes["time_ns"])).cast(pl.Datetime("ns", "UTC"))
        return pl.DataFrame(
            {
                "command_seq": np.ascontiguousarray(quotes["command_seq"]),
                "time": times,
                "bid": self.scales.price(bid, tick, bid > 0),
                "ask": self.scales.price(ask, tick, ask > 0),
                "mid": both.cast(pl.Float64) / 2,
            }
        )

    def phase(self, instrument: int, seq: int) -> str:
        """The phase of an instrument after an event, in words."""
        changes = self.prints.phases(instrument)
        place = int(np.searchsorted(changes["seq"], seq, side="right")) - 1
        phase = Phase(int(changes["phase"][place])) if place >= 0 else Phase.CONTINUOUS
        return phase.name.lower()


def _blocks(pieces: Iterable[Records]) -> Iterator[Records]:
    """Events as they come, in blocks of one size: in pieces of a few folding takes far longer."""
    waiting: list[Records] = []
    count = 0
    for piece in pieces:
        waiting.append(piece)
        count += len(piece)
        if count >= _FOLD_EVENTS:
            whole = np.concatenate(waiting)
            for start in range(0, count, _FOLD_EVENTS):
                yield whole[start : start + _FOLD_EVENTS]
            waiting, count = [], 0
    if count:
        yield np.concatenate(waiting)


def _frame(*tables: pa.Table) -> pl.DataFrame:
    """Rows of a projection, names as text and times in UTC."""
    frames: list[pl.DataFrame] = []
    for table in tables:
        found: Any = pl.from_arrow(table)
        frames.append(
            found.with_columns(
                pl.col(pl.Categorical).cast(pl.String),
                pl.col(pl.Datetime("ns")).dt.replace_time_zone("UTC"),
            )
        )
    return pl.concat(frames)
