"""Equity: what each account was worth through the session, and is worth now."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from workbench.domain.config import FIRST_TRADER, Venue
from workbench.domain.records import Records
from workbench.errors import ConfigError
from workbench.projections.base import Layout, Projection, State, event_views
from workbench.projections.marks import MARK, marks_at_start
from workbench.projections.rows import more_rows, table_of
from workbench.projections.worth import (
    EQUITY_ROOM,
    EQUITY_ROW,
    HELD_VALUE,
    PURSE,
    finish_rows,
    follow_worth,
    read_worth,
)

MINUTE_NS = 60_000_000_000
_FIRST_ROOM = 1 << 10


class Equity(Projection):
    """Cash, positions at their marks, profit and loss and drawdown of every account.

    Rows are written for each trader when a command that changed its cash or positions is over, and at the
    regular times of a grid; a row that would only repeat the account's last one is left out.

    Parameters
    ----------
    venue
        The venue whose exchange wrote the events.
    interval_ns
        Step of the grid, whose times are the multiples of it.
    """

    name: ClassVar[str] = "equity"
    layout: ClassVar[Layout] = {
        "purses": PURSE,
        "held": HELD_VALUE,
        "marks": MARK,
        "touched": np.dtype("i8"),
        "room": EQUITY_ROOM,
        "rows": EQUITY_ROW,
    }

    def __init__(self, venue: Venue, *, interval_ns: int = MINUTE_NS) -> None:
        super().__init__(venue)
        given: Any = interval_ns
        if isinstance(given, bool) or not isinstance(given, int) or given < 1:
            raise ConfigError(
                f"{interval_ns!r} is no time",
                where="interval_ns",
                remedy="give whole nanoseconds, at least 1",
            )
        self.interval_ns = interval_ns
        accounts = 0 if venue.bare else FIRST_TRADER + len(venue.accounts)
        self._purses = np.zeros(accounts, dtype=PURSE)
        cash = [account.cash_micros for account in venue.accounts]
        for name in ("cash_micros", "start_cash_micros", "peak_equity_micros"):
            self._purses[name][FIRST_TRADER:] = cash
        self._held = np.zeros(accounts * len(venue.instruments), dtype=HELD_VALUE)
        self._marks = marks_at_start(venue)
        self._touched = np.zeros(accounts, dtype=np.int64)
        self._room = np.zeros(1, dtype=EQUITY_ROOM)
        self._room["interval_ns"] = interval_ns
        self._rows = np.zeros(2 * accounts + _FIRST_ROOM, dtype=EQUITY_ROW)

    def _fold(self, events: Records) -> None:
        if self.venue.bare:
            return
        views = event_views(events)
        at = 0
        while True:
            at = int(
                follow_worth(
                    views,
                    self._purses,
                    self._held,
                    self._marks,
                    self._rows,
                    self._touched,
                    self._room,
                    at,
                )
            )
            if at == len(events):
                return
            self._rows = more_rows(self._rows, int(self._room["rows"][0]), 0)

    def accounts(self) -> Records:
        """`EQUITY_ROW` of every account as of the last event, by number: street, house, traders."""
        out = np.zeros(len(self._purses), dtype=EQUITY_ROW)
        read_worth(self._purses, self._held, self._marks, out)
        out["time_ns"], out["seq"] = self._room["time_ns"], self._room["seq"]
        return out

    def purses(self) -> Records:
        """`PURSE` of every account, by number: starting cash, largest drawdown in the rows and its time."""
        return self._purses.copy()

    def take_rows(self) -> pa.Table:
        """Rows written since the last call, in order."""
        return table_of(self.take_records(), self.venue)

    def take_records(self) -> Records:
        """The same as `EQUITY_ROW` records."""
        rows = self._rows[: int(self._room["rows"][0])]
        self._rows = np.zeros(2 * len(self._purses) + _FIRST_ROOM, dtype=EQUITY_ROW)
        self._room["rows"] = 0
        return rows

    def remaining_rows(self) -> pa.Table:
        """Rows of the last command and of the grid time after it; for the end of a session."""
        room, rows = self._room.copy(), np.zeros(2 * len(self._purses), dtype=EQUITY_ROW)
        room["rows"] = 0
        if len(self._purses):
            finish_rows(self._purses.copy(), self._held, self._marks, rows, self._touched, room)
        return table_of(rows[: int(room["rows"][0])], self.venue)

    def _settings(self) -> dict[str, Any]:
        return {"interval_ns": self.interval_ns}

    def _state(self) -> State:
        return {
            "purses": self._purses,
            "held": self._held,
            "marks": self._marks,
            "touched": self._touched[: int(self._room["touched"][0])],
            "room": self._room,
            "rows": self._rows[: int(self._room["rows"][0])],
        }

    def _load(self, state: State) -> None:
        self._purses, self._held, self._marks = state["purses"], state["held"], state["marks"]
        self._touched[: len(state["touched"])] = state["touched"]
        self._room, rows = state["room"], state["rows"]
        self._rows = more_rows(rows, len(rows), len(rows) + 2 * len(self._purses) + _FIRST_ROOM)
