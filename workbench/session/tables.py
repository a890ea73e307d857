"""The tables of a session as they grow: projections that take each event, and rows that no longer change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from workbench.domain.config import Venue
from workbench.domain.records import EVENT, Records
from workbench.journal.tables import TABLES
from workbench.projections.base import Projection
from workbench.projections.candles import INTERVALS_NS, Candles
from workbench.projections.event_rows import event_rows
from workbench.projections.orders import Orders
from workbench.projections.prints import MarketQuotes, MarketTrades


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
    """Where the rows of a table come from."""

    table: str
    interval: str
    take: Callable[[], pa.Table]
    remaining: Callable[[], pa.Table] | None


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
    seq
        Last event that the tables know of.
    taken_seq
        Last event whose rows were taken.
    """

    def __init__(self, venue: Venue, zone: str, checkpoints: dict[str, bytes] | None = None) -> None:
        self._projections: dict[str, Projection] = {
            kind.name: kind(venue) for kind in (MarketTrades, MarketQuotes, Orders)
        }
        self._projections[Candles.name] = Candles(venue, zone)
        if checkpoints is not None:
            self._projections = {
                name: type(one).restore(venue, checkpoints[name]) for name, one in self._projections.items()
            }
        self._events: list[Records] = []
        self.seq = self.taken_seq = next(iter(self._projections.values())).seq

    def take(self, events: Records) -> None:
        """Fold in further events, in order."""
        if not len(events):
            return
        for projection in self._projections.values():
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
        events = np.concatenate([np.zeros(0, dtype=EVENT), *self._events])
        self._events = []
        self.taken_seq = last
        yield Rows("events", "", event_rows(events), first, last)
        for source in self._sources():
            yield _fitted(source, source.take(), first, last)

    def drop(self) -> None:
        """Forget the rows that have become final: they are written already."""
        for _ in self.rows():
            pass

    def remaining(self) -> Iterator[Rows]:
        """Rows that only the end of the session makes final."""
        assert not self.waiting, "rows() comes first"
        for source in self._sources():
            if source.remaining is not None:
                yield _fitted(source, source.remaining(), self.seq + 1, self.seq)

    def checkpoints(self) -> dict[str, bytes]:
        """All projections as they are, from which to go on."""
        return {name: projection.checkpoint() for name, projection in self._projections.items()}

    def _sources(self) -> Iterator[_Source]:
        for table, name in _TABLE_OF.items():
            if table not in TABLES:
                continue
            projection = self._projections[name]
            yield _Source(table, "", projection.take_rows, getattr(projection, "remaining_rows", None))
        candles = self._projections[Candles.name]
        assert isinstance(candles, Candles)
        for interval in INTERVALS_NS:
            yield _Source(
                "candles",
                interval,
                lambda interval=interval: candles.take_rows(interval),
                lambda interval=interval: candles.remaining_rows(interval),
            )


_TABLE_OF = {"trades": MarketTrades.name, "quotes": MarketQuotes.name, "orders": Orders.name}
"""Tables and the projections that make their rows."""


def _fitted(source: _Source, rows: pa.Table, first_seq: int, last_seq: int) -> Rows:
    """The rows in the columns of their table, which a projection may have more of."""
    return Rows(
        source.table, source.interval, rows.select(TABLES[source.table].schema.names), first_seq, last_seq
    )
