"""Trades as traders count them: round trips from flat to flat, and FIFO lots as they were closed."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from workbench.domain.codes import Side
from workbench.domain.config import FIRST_TRADER, Venue
from workbench.domain.records import LOT_VIEW, Records
from workbench.errors import ProjectionError
from workbench.projections.base import Layout, Projection, State, event_views
from workbench.projections.holdings import (
    CLOSED_LOT,
    FILL,
    HELD_LOT,
    HOLDING,
    MOST,
    ROUND_TRIP,
    TRADES_ROOM,
    follow_trades,
)
from workbench.projections.marks import MARK, marks_at_start
from workbench.projections.ranges import POINT
from workbench.projections.rows import more_rows, table_of

_FIRST_ROOM = 1 << 10
_FIRST_MARKS = 1 << 7
_KEPT_LOT = np.dtype([("holding", "i8"), *HELD_LOT.descr])
_KEPT_POINT = np.dtype([("stack", "i8"), *POINT.descr])


class Trades(Projection):
    """Round trips and closed lots of every trader, by the ledger's own arithmetic.

    A round trip is what one account did in one instrument from flat to flat; a fill that turns a long
    position short ends one and begins another. Closed lots are matched first in, first out, and their PnL
    sums to the exchange's `realised_fifo_micros` to the micro.
    """

    name: ClassVar[str] = "trades"
    layout: ClassVar[Layout] = {
        "holdings": HOLDING,
        "fills": FILL,
        "marks": MARK,
        "lots": _KEPT_LOT,
        "points": _KEPT_POINT,
        "round_trips": ROUND_TRIP,
        "closed_lots": CLOSED_LOT,
        "count": np.dtype("i8"),
    }

    def __init__(self, venue: Venue) -> None:
        super().__init__(venue)
        accounts = 0 if venue.bare else FIRST_TRADER + len(venue.accounts)
        self._holdings = np.zeros(accounts * len(venue.instruments), dtype=HOLDING)
        self._fills = np.zeros(2, dtype=FILL)
        self._marks = marks_at_start(venue)
        self._lots = np.zeros(_FIRST_ROOM, dtype=HELD_LOT)
        self._trips = np.zeros(_FIRST_ROOM, dtype=ROUND_TRIP)
        self._closed = np.zeros(_FIRST_ROOM, dtype=CLOSED_LOT)
        self._sizes = np.zeros(2 * len(venue.instruments), dtype=np.int64)
        self._points = np.zeros(_FIRST_MARKS * len(self._sizes), dtype=POINT)
        self._room = np.zeros(1, dtype=TRADES_ROOM)

    def _fold(self, events: Records) -> None:
        if self.venue.bare:
            return
        views, room = event_views(events), self._room[0]
        at = 0
        while at < len(events):
            at = int(
                follow_trades(
                    views,
                    self._holdings,
                    self._fills,
                    self._marks,
                    self._lots,
                    self._trips,
                    self._closed,
                    self._points,
                    self._sizes,
                    self._room,
                    at,
                )
            )
            if room["wrong"]:
                raise ProjectionError(
                    f"event {room['wrong']} says another position than its fills make",
                    where=f"projection {self.name}",
                    remedy="give it the venue that wrote the events, and rebuild it from the first",
                )
            if at < len(events):
                self._grow()

    def _grow(self) -> None:
        """More room wherever it is short."""
        room = self._room[0]
        closed, trips, lots = int(room["closed"]), int(room["trips"]), int(room["used_lots"])
        if closed + lots + 1 >= len(self._closed):
            self._closed = more_rows(self._closed, closed, closed + 2 * lots + _FIRST_ROOM)
        if trips == len(self._trips):
            self._trips = more_rows(self._trips, trips, 0)
        if lots + 1 == len(self._lots):
            self._lots = more_rows(self._lots, lots + 1, 0)
        if room["marks_full"]:
            room["marks_full"] = 0
            points = self._points.reshape(len(self._sizes), -1)
            self._points = np.concatenate([points, np.zeros_like(points)], axis=1).reshape(-1)

    def lots(self) -> Records:
        """Open FIFO lots as `LOT_VIEW`, by account, instrument, oldest first."""
        kept = self._kept_lots()
        out = np.zeros(len(kept), dtype=LOT_VIEW)
        sign = np.sign(self._holdings["position_lots"][kept["holding"]])
        out["account"], out["instrument"] = np.divmod(kept["holding"], len(self._marks))
        out["price_ticks"] = kept["price_ticks"]
        out["quantity_lots"] = sign * kept["quantity_lots"]
        out["cost_micros"] = sign * kept["cost_micros"]
        return out

    def open_round_trips(self) -> Records:
        """`ROUND_TRIP` of those that have not ended, by account and instrument."""
        numbers = np.flatnonzero(self._holdings["position_lots"])
        held = self._holdings[numbers]
        out = np.zeros(len(held), dtype=ROUND_TRIP)
        for name in set(out.dtype.names or ()) & set(held.dtype.names or ()):
            out[name] = held[name]
        out["account"], out["instrument"] = np.divmod(numbers, len(self._marks))
        out["side"] = np.where(held["position_lots"] > 0, Side.BUY, Side.SELL)
        out["net_micros"] = out["gross_micros"] - out["fees_micros"]
        return out

    def take_round_trips(self) -> pa.Table:
        """Round trips that have ended since the last call, in that order."""
        trips = self.take_round_trip_records()
        return _known_values(table_of(trips, self.venue))

    def take_round_trip_records(self) -> Records:
        """The same as `ROUND_TRIP` records."""
        trips = self._trips[: int(self._room["trips"][0])]
        self._trips = np.zeros(_FIRST_ROOM, dtype=ROUND_TRIP)
        self._room["trips"] = 0
        return trips

    def remaining_round_trips(self) -> pa.Table:
        """Round trips that are still open; for the end of a session."""
        return _known_values(table_of(self.open_round_trips(), self.venue))

    def take_closed_lots(self) -> pa.Table:
        """What fills and splits have closed of lots since the last call, in that order."""
        return table_of(self.take_closed_lot_records(), self.venue)

    def take_closed_lot_records(self) -> Records:
        """The same as `CLOSED_LOT` records."""
        closed = self._closed[: int(self._room["closed"][0])]
        self._closed = np.zeros(_FIRST_ROOM, dtype=CLOSED_LOT)
        self._room["closed"] = 0
        return closed

    def _kept_lots(self) -> Records:
        """Open lots with the number of their holding, in that order, oldest first."""
        kept: list[tuple[int, int]] = []
        for number in np.flatnonzero(self._holdings["lot_head"]).tolist():
            slot = int(self._holdings["lot_head"][number])
            while slot:
                kept.append((number, slot))
                slot = int(self._lots["next"][slot])
        out = np.zeros(len(kept), dtype=_KEPT_LOT)
        if kept:
            numbers, slots = np.array(kept, dtype=np.int64).T
            out["holding"] = numbers
            for name in HELD_LOT.names or ():
                out[name] = self._lots[name][slots]
        out["next"] = 0
        return out

    def _state(self) -> State:
        room = self._room[0]
        holdings = self._holdings.copy()
        holdings["lot_head"] = holdings["lot_tail"] = 0
        points = self._points.reshape(len(self._sizes), -1)
        kept = np.zeros(int(self._sizes.sum()), dtype=_KEPT_POINT)
        used = np.arange(points.shape[1]) < self._sizes[:, None]
        kept["stack"] = np.nonzero(used)[0]
        for name in POINT.names or ():
            kept[name] = points[name][used]
        return {
            "holdings": holdings,
            "fills": self._fills,
            "marks": self._marks,
            "lots": self._kept_lots(),
            "points": kept,
            "round_trips": self._trips[: int(room["trips"])],
            "closed_lots": self._closed[: int(room["closed"])],
            "count": np.array([room["round_trips"]], dtype=np.int64),
        }

    def _load(self, state: State) -> None:
        room, kept = self._room[0], state["lots"]
        self._holdings, self._fills, self._marks = state["holdings"], state["fills"], state["marks"]
        self._lots = np.zeros(2 * len(kept) + _FIRST_ROOM, dtype=HELD_LOT)
        for name in HELD_LOT.names or ():
            self._lots[name][1 : len(kept) + 1] = kept[name]
        first = np.flatnonzero(np.diff(kept["holding"], prepend=-1))
        last = np.append(first[1:], len(kept)) - 1 if len(first) else first
        self._lots["next"][1 : len(kept) + 1] = np.arange(2, len(kept) + 2)
        self._lots["next"][last + 1] = 0
        self._holdings["lot_head"][kept["holding"][first]] = first + 1
        self._holdings["lot_tail"][kept["holding"][last]] = last + 1
        self._sizes = np.bincount(state["points"]["stack"], minlength=len(self._sizes)).astype(np.int64)
        width = max(_FIRST_MARKS, 2 * int(self._sizes.max()))
        points = np.zeros((len(self._sizes), width), dtype=POINT)
        used = np.arange(width) < self._sizes[:, None]
        for name in POINT.names or ():
            points[name][used] = state["points"][name]
        self._points = points.reshape(-1)
        trips, closed = state["round_trips"], state["closed_lots"]
        self._trips = more_rows(trips, len(trips), len(trips) + _FIRST_ROOM)
        self._closed = more_rows(closed, len(closed), len(closed) + len(kept) + _FIRST_ROOM)
        room["used_lots"], room["trips"], room["closed"] = len(kept), len(trips), len(closed)
        room["round_trips"] = state["count"][0]


def _known_values(table: pa.Table) -> pa.Table:
    """Sums that were too large to be kept as null."""
    for name in ("entry_value", "exit_value"):
        column: Any = table[name]
        known = pc.if_else(pc.less(column, MOST), column, pa.scalar(None, pa.int64()))
        table = table.set_column(table.column_names.index(name), name, known)
    return table
