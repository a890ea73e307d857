"""The path of each instrument's mark: the price that positions are valued at, step by step."""

from __future__ import annotations

from typing import Any, ClassVar

import numba
import numpy as np

from workbench.domain.config import Venue
from workbench.domain.memory import EventBuffer
from workbench.domain.records import Records
from workbench.jit import array_of, entry
from workbench.projections.base import EVENTS_TYPE, Layout, Projection, State, event_views
from workbench.projections.marks import MARK, follow_mark, marks_at_start
from workbench.projections.rows import more_rows

MARK_STEP = np.dtype([("seq", "i8"), ("time_ns", "i8"), ("price_ticks", "i8"), ("instrument", "i8")])
"""A change of a mark; price 0 where there is none from then on."""

_FIRST_ROOM = 1 << 10


@entry(EVENTS_TYPE, array_of(MARK), array_of(MARK_STEP), array_of("i8"), numba.types.int64)
def follow_paths(events: EventBuffer, marks: Any, rows: Any, counts: Any, start: int) -> int:
    """Follow events from place `start`; stops where `rows` are full, and returns where."""
    for at in range(start, events.order.size):
        count = counts[0]
        if count == rows.size:
            return at
        number = follow_mark(events, at, marks)
        if number < 0:
            continue
        row = rows[count]
        counts[0] = count + 1
        row["seq"] = events.order[at]["seq"]
        row["time_ns"] = events.order[at]["time_ns"]
        row["price_ticks"] = marks[number]["mark_ticks"]
        row["instrument"] = number
    return events.order.size


class MarkPaths(Projection):
    """Each change of each instrument's mark, as excursions of round trips look at it.

    Parameters
    ----------
    venue
        The venue whose exchange wrote the events.
    """

    name: ClassVar[str] = "mark_paths"
    layout: ClassVar[Layout] = {"marks": MARK, "rows": MARK_STEP}

    def __init__(self, venue: Venue) -> None:
        super().__init__(venue)
        self._marks = marks_at_start(venue)
        self._rows = np.zeros(_FIRST_ROOM, dtype=MARK_STEP)
        self._counts = np.zeros(1, dtype=np.int64)
        # What holds before the first event is the first step.
        known = np.flatnonzero(self._marks["mark_ticks"])[:_FIRST_ROOM]
        self._counts[0] = len(known)
        self._rows["instrument"][: len(known)] = known
        self._rows["price_ticks"][: len(known)] = self._marks["mark_ticks"][known]

    def _fold(self, events: Records) -> None:
        views = event_views(events)
        at = 0
        while True:
            at = int(follow_paths(views, self._marks, self._rows, self._counts, at))
            if at == len(events):
                return
            self._rows = more_rows(self._rows, int(self._counts[0]), 0)

    def take_records(self) -> Records:
        """`MARK_STEP` of the steps since the last call, in order; those of the start are at event 0."""
        rows = self._rows[: int(self._counts[0])]
        self._rows = np.zeros(_FIRST_ROOM, dtype=MARK_STEP)
        self._counts[0] = 0
        return rows

    def _state(self) -> State:
        return {"marks": self._marks, "rows": self._rows[: int(self._counts[0])]}

    def _load(self, state: State) -> None:
        self._marks, rows = state["marks"], state["rows"]
        self._rows = more_rows(rows, len(rows), len(rows) + _FIRST_ROOM)
        self._counts[0] = len(rows)
