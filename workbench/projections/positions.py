"""Positions: what each account holds now, and each change of it."""

from __future__ import annotations

from typing import Any, ClassVar

import numba
import numpy as np
import pyarrow as pa

from workbench.domain.codes import STREET_ACCOUNT
from workbench.domain.config import FIRST_TRADER, Venue
from workbench.domain.memory import EventBuffer
from workbench.domain.numbers import EVENT_POSITION_CHANGED, EVENT_TRADE_BUSTED
from workbench.domain.records import Records
from workbench.jit import array_of, entry, int64
from workbench.projections.base import EVENTS_TYPE, Layout, Projection, State, event_views
from workbench.projections.rows import more_rows, table_of

_TOTALS = [
    ("position_lots", "i8"),
    ("cost_micros", "i8"),
    ("realised_average_micros", "i8"),
    ("realised_fifo_micros", "i8"),
    ("fees_micros", "i8"),
    ("traded_lots", "i8"),
]

HELD = np.dtype([("account", "i4"), ("instrument", "i4"), *_TOTALS, ("cash_micros", "i8"), ("seq", "i8")])
"""A position as its last POSITION_CHANGED (event `seq`) left it, with the account's cash at that moment."""

POSITION_ROW = np.dtype(
    [
        ("time_ns", "i8"),
        ("seq", "i8"),
        ("account", "i4"),
        ("instrument", "i4"),
        ("side", "u1"),
        ("unused", "u1"),
        ("unused_2", "u2"),
        ("unused_3", "u4"),
        ("trade_id", "i8"),
        ("changed_lots", "i8"),
        *_TOTALS,
        ("cash_micros", "i8"),
    ]
)
"""A change of a position and the totals after it; of a bust the side is 0, of a split the trade too."""

_FIRST_ROOM = 1 << 10
STREET = STREET_ACCOUNT


@entry(
    EVENTS_TYPE,
    array_of(HELD),
    array_of(POSITION_ROW),
    array_of("i8"),
    numba.types.int64,
    numba.types.int64,
    numba.types.int64,
)
def follow_positions(
    events: EventBuffer, held: Any, rows: Any, counts: Any, instruments: int, street: int, start: int
) -> int:
    """Follow events from place `start`; stops where `rows` are full, and returns where.

    `counts` are the rows in use, and the quantity of the last trade that was busted.
    """
    for at in range(start, events.position.size):
        event = events.position[at]
        if event["kind"] == EVENT_TRADE_BUSTED:
            counts[1] = events.bust[at]["quantity_lots"]
        if event["kind"] != EVENT_POSITION_CHANGED:
            continue
        count = counts[0]
        if count == rows.size:
            return at
        number = int64(event["account"]) * instruments + int64(event["instrument"])
        total = held[number]
        changed = event["position_lots"] - total["position_lots"]
        total["seq"] = event["seq"]
        total["position_lots"] = event["position_lots"]
        total["cost_micros"] = event["cost_micros"]
        total["realised_average_micros"] = event["realised_average_micros"]
        total["realised_fifo_micros"] = event["realised_fifo_micros"]
        total["fees_micros"] = event["fees_micros"]
        total["cash_micros"] = event["cash_micros"]
        if event["side"] != 0:
            total["traded_lots"] += abs(changed)
        elif event["trade_id"] != 0:
            # Of a trade with oneself neither side changes the position.
            total["traded_lots"] -= counts[1]
        if event["account"] == STREET and street == 0:
            continue
        row = rows[count]
        counts[0] = count + 1
        row["time_ns"] = event["time_ns"]
        row["seq"] = event["seq"]
        row["account"] = event["account"]
        row["instrument"] = event["instrument"]
        row["side"] = event["side"]
        row["trade_id"] = event["trade_id"]
        row["changed_lots"] = changed
        row["position_lots"] = total["position_lots"]
        row["cost_micros"] = total["cost_micros"]
        row["realised_average_micros"] = total["realised_average_micros"]
        row["realised_fifo_micros"] = total["realised_fifo_micros"]
        row["fees_micros"] = total["fees_micros"]
        row["traded_lots"] = total["traded_lots"]
        row["cash_micros"] = total["cash_micros"]
    return events.position.size


class Positions(Projection):
    """What every account holds, what it cost and what it has brought, as the exchange's ledger has it.

    Parameters
    ----------
    venue
        The venue whose exchange wrote the events.
    street
        Whether to keep rows of the street's changes too; its present position is kept in any case.
    """

    name: ClassVar[str] = "positions"
    layout: ClassVar[Layout] = {"held": HELD, "rows": POSITION_ROW, "bust_lots": np.dtype("i8")}

    def __init__(self, venue: Venue, *, street: bool = False) -> None:
        super().__init__(venue)
        self.street = bool(street)
        instruments = len(venue.instruments)
        accounts = 0 if venue.bare else FIRST_TRADER + len(venue.accounts)
        self._held = np.zeros(accounts * instruments, dtype=HELD)
        self._held["account"], self._held["instrument"] = np.divmod(np.arange(len(self._held)), instruments)
        self._rows = np.zeros(_FIRST_ROOM, dtype=POSITION_ROW)
        self._counts = np.zeros(2, dtype=np.int64)

    def _fold(self, events: Records) -> None:
        views = event_views(events)
        at = 0
        while True:
            at = int(
                follow_positions(
                    views,
                    self._held,
                    self._rows,
                    self._counts,
                    len(self.venue.instruments),
                    int(self.street),
                    at,
                )
            )
            if at == len(events):
                return
            self._rows = more_rows(self._rows, int(self._counts[0]), 0)

    def positions(self, account: int | None = None) -> Records:
        """`HELD` of every position that has ever changed, by account and instrument."""
        held = self._held[self._held["seq"] != 0]
        return held if account is None else held[held["account"] == account]

    def take_rows(self) -> pa.Table:
        """Changes since the last call, in order."""
        rows = self._rows[: int(self._counts[0])]
        self._rows = np.zeros(_FIRST_ROOM, dtype=POSITION_ROW)
        self._counts[0] = 0
        return table_of(rows, self.venue)

    def _settings(self) -> dict[str, Any]:
        return {"street": self.street}

    def _state(self) -> State:
        rows = self._rows[: int(self._counts[0])]
        return {"held": self._held, "rows": rows, "bust_lots": self._counts[1:]}

    def _load(self, state: State) -> None:
        self._held, rows = state["held"], state["rows"]
        self._rows = more_rows(rows, len(rows), len(rows) + _FIRST_ROOM)
        self._counts[0] = len(rows)
        self._counts[1:] = state["bust_lots"]
