"""Orders: one row for each, with its whole life."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from workbench.domain.codes import STREET_ACCOUNT, Phase
from workbench.domain.config import Venue
from workbench.domain.records import Records
from workbench.domain.states import OrderState
from workbench.errors import ProjectionError
from workbench.projections.base import Layout, Projection, State, event_views
from workbench.projections.lives import ORDER_LIFE, ORDERS_ROOM, enter_open, follow_orders
from workbench.projections.marks import MARK, marks_at_start
from workbench.projections.rows import more_rows, table_of

_FIRST_ROOM = 1 << 10
_OPEN = (OrderState.NEW, OrderState.PARTIALLY_FILLED)


class Orders(Projection):
    """Every order's life: when each thing happened to it, what it traded, what it cost and how it ended.

    Parameters
    ----------
    venue
        The venue whose exchange wrote the events.
    street
        Whether to keep the street's orders as well, of which a replay of history has millions.
    """

    name: ClassVar[str] = "orders"
    layout: ClassVar[Layout] = {
        "open": ORDER_LIFE,
        "ended": ORDER_LIFE,
        "marks": MARK,
    }

    def __init__(self, venue: Venue, *, street: bool = False) -> None:
        super().__init__(venue)
        self.street = bool(street)
        self._marks = marks_at_start(venue)
        self._make_room(np.zeros(0, dtype=ORDER_LIFE), np.zeros(0, dtype=ORDER_LIFE))

    def _make_room(self, open_rows: Records, ended: Records) -> None:
        """Fresh memory that holds these rows, and as many again."""
        self._room = np.zeros(1, dtype=ORDERS_ROOM)
        self._room["street"] = self.street
        self._rows = np.zeros(2 * len(open_rows) + _FIRST_ROOM, dtype=ORDER_LIFE)
        self._table = np.zeros(4 * len(self._rows), dtype=np.int64)
        self._ended = more_rows(ended, len(ended), len(ended) + _FIRST_ROOM)
        self._room["ended"] = len(ended)
        self._rows[1 : 1 + len(open_rows)] = open_rows
        self._room["used"] = len(open_rows)
        enter_open(self._rows, self._table, len(open_rows))

    def _fold(self, events: Records) -> None:
        views = event_views(events)
        at = 0
        while True:
            at = int(follow_orders(views, self._rows, self._table, self._ended, self._marks, self._room, at))
            if self._room["unknown"][0]:
                raise ProjectionError(
                    f"event {int(events['seq'][at])} tells of order {int(self._room['unknown'][0])}, "
                    "which no event before it created",
                    where=f"projection {self.name}",
                    remedy="rebuild it from the session's first event",
                )
            if at == len(events):
                return
            ended = int(self._room["ended"][0])
            if ended == len(self._ended):
                self._ended = more_rows(self._ended, ended, ended + len(events) - at)
            else:
                self._make_room(self._open(), self._ended[:ended])

    def _open(self) -> Records:
        rows = self._rows[1 : int(self._room["used"][0]) + 1]
        rows = rows[rows["order_id"] != 0]
        return rows[np.argsort(rows["order_id"])]

    def orders(self) -> Records:
        """`ORDER_LIFE` of every open order, by order id."""
        rows = self._open()
        known = (rows["instrument"] >= 0) & (rows["instrument"] < len(self._marks))
        phases = self._marks["phase"][np.where(known, rows["instrument"], 0)]
        halted = known & (phases == Phase.HALTED) & (rows["account"] != STREET_ACCOUNT)
        rows["order_state"][halted & np.isin(rows["order_state"], _OPEN)] = OrderState.SUSPENDED
        return rows

    def take_rows(self) -> pa.Table:
        """Orders that have ended since the last call, in that order."""
        ended = self._ended[: int(self._room["ended"][0])]
        self._ended = np.zeros(_FIRST_ROOM, dtype=ORDER_LIFE)
        self._room["ended"] = 0
        return table_of(ended, self.venue)

    def remaining_rows(self) -> pa.Table:
        """Orders that are still open, by order id; for the end of a session."""
        return table_of(self.orders(), self.venue)

    def _settings(self) -> dict[str, Any]:
        return {"street": self.street}

    def _state(self) -> State:
        ended = self._ended[: int(self._room["ended"][0])]
        return {"open": self._open(), "ended": ended, "marks": self._marks}

    def _load(self, state: State) -> None:
        self._marks = state["marks"]
        self._make_room(state["open"], state["ended"])
