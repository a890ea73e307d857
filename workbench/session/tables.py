"""The tables of a session as they grow: projections that take each event, and rows that no longer change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import pyarrow as pa

from workbench.domain.config import Venue
from workbench.domain.records import EVENT, Records
from workbench.projections.base import Projection
from workbench.projections.candles import INTERVALS_NS, Candles
from workbench.projections.equity import Equity
from workbench.projections.event_rows import event_rows
from workbench.projections.orders import Orders
from workbench.projections.positions import Positions
from workbench.projections.prints import MarketQuotes, MarketTrades, bust_rows
from workbench.projections.trades import Trades
from workbench.session.blocks import one_block


class Rows(NamedTuple):
    """Rows of one table that are final.

    Attributes
    ----------
    table, interval
        Which table; of candles the interval.
    rows
        In the table's columns.
    first_seq, last_seq
        Events that they come from.
    """

    table: str
    interval: str
    rows: pa.Table
    first_seq: int
    last_seq: int


class _Source(NamedTuple):
    """Where the rows of a table come from.

    Attributes
    ----------
    table, interval
        Which table.
    take
        Gives the rows that became final since the last call.
    remaining
        Gives those that only the end of the session makes final.
    """

    table: str
    interval: str
    take: Callable[[], pa.Table]
    remaining: Callable[[], pa.Table] | None = None


class Tables:
    """All tables of a session, from its events.

    Parameters
    ----------
    venue
        The session's venue.
    zone
        IANA time zone of its days.
    checkpoints
        What `checkpoints` gave earlier, to go on from there.

    Attributes
    ----------
    venue
        As given.
    seq
        Last event that the tables know of.
    taken_seq
        Last event whose rows were taken.
    """

    def __init__(self, venue: Venue, zone: str, checkpoints: dict[str, bytes] | None = None) -> None:
        self.venue = venue
        self._projections: list[Projection] = [
            MarketTrades(venue),
            MarketQuotes(venue),
            Candles(venue, zone),
            Orders(venue),
            Trades(venue),
            Positions(venue),
            Equity(venue),
        ]
        if checkpoints is not None:
            self._projections = [one.restore(venue, checkpoints[one.name]) for one in self._projections]
        self._sources = list(_sources(self._projections))
        self._events: list[Records] = []
        self.seq = self.taken_seq = self._projections[0].seq

    def take(self, events: Records) -> None:
        """Fold in further events, in order."""
        if not len(events):
            return
        for projection in self._projections:
            projection.apply(events)
        # What the exchange gives may be part of a larger block, which would be kept alive with it.
        self._events.append(events if events.base is None else events.copy())
        self.seq = int(events["seq"][-1])

    @property
    def waiting(self) -> int:
        """How many events there are since rows were last taken."""
        return self.seq - self.taken_seq

    def rows(self) -> Iterator[Rows]:
        """Rows that became final since they were last taken; ask for all of them."""
        first, last = self.taken_seq + 1, self.seq
        events = one_block(self._events, EVENT)
        self._events = []
        self.taken_seq = last
        yield Rows("events", "", event_rows(events), first, last)
        yield Rows("busts", "", bust_rows(events, self.venue), first, last)
        for source in self._sources:
            yield Rows(source.table, source.interval, source.take(), first, last)

    def drop(self) -> None:
        """Forget the rows that have become final: they are written already."""
        for _ in self.rows():
            pass

    def remaining(self) -> Iterator[Rows]:
        """Rows that only the end of the session makes final."""
        assert not self.waiting, "rows() comes first"
        for source in self._sources:
            if source.remaining is not None:
                yield Rows(source.table, source.interval, source.remaining(), self.seq + 1, self.seq)

    def checkpoints(self) -> dict[str, bytes]:
        """All projections as they are, from which to go on."""
        return {one.name: one.checkpoint() for one in self._projections}


def _sources(projections: Sequence[Projection]) -> Iterator[_Source]:
    """The tables that each projection makes rows of."""
    for one in projections:
        match one:
            case MarketTrades():
                yield _Source("trades", "", one.take_rows)
            case MarketQuotes():
                yield _Source("quotes", "", one.take_rows)
            case Candles():
                for interval in INTERVALS_NS:
                    take, remaining = partial(one.take_rows, interval), partial(one.remaining_rows, interval)
                    yield _Source("candles", interval, take, remaining)
            case Orders():
                yield _Source("orders", "", one.take_rows, one.remaining_rows)
            case Trades():
                yield _Source("round_trips", "", one.take_round_trips, one.remaining_round_trips)
                yield _Source("closed_lots", "", one.take_closed_lots)
            case Positions():
                yield _Source("positions", "", one.take_rows)
            case Equity():
                yield _Source("equity", "", one.take_rows, one.remaining_rows)
