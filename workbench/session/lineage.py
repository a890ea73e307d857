"""Which order an id belongs to: an order and the successors that replaced it are one and the same."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workbench.domain.codes import CommandKind, EventKind
from workbench.domain.records import ORDER_EVENT, Records
from workbench.engine.frames import of_kind

Ints = npt.NDArray[np.int64]

NAMING = (CommandKind.CANCEL_ORDER, CommandKind.REPLACE_ORDER, CommandKind.EXECUTE_ORDER)
"""Commands that may name an order by its id."""


class Lineage:
    """The orders of one run by their ids, from its events.

    Every accepted replace gives an order a new id. All ids of an order lead to its first one, and from there
    to the latest one and to the command that entered it.
    """

    def __init__(self) -> None:
        self._count = self._last_seq = 0
        self._first = np.zeros(1024, dtype=np.int64)
        self._latest = np.zeros(1024, dtype=np.int64)
        self._made_by = np.zeros(1024, dtype=np.int64)
        self._replaced_by = np.zeros(1024, dtype=np.int64)

    @property
    def count(self) -> int:
        """The largest id so far."""
        return self._count

    @property
    def last_seq(self) -> int:
        """The latest command that gave out an id."""
        return self._last_seq

    def take(self, events: Records) -> None:
        """Learn of further events, in order."""
        created = of_kind(events, EventKind.ORDER_CREATED).view(ORDER_EVENT)
        replaced = of_kind(events, EventKind.ORDER_REPLACED).view(ORDER_EVENT)
        born, heirs, old = created["order_id"], replaced["successor_order_id"], replaced["order_id"]
        self._make_room(max(int(ids.max()) if len(ids) else 0 for ids in (born, heirs)))
        for part in (created, replaced):
            self._last_seq = max(self._last_seq, int(part["command_seq"].max(initial=0)))
        self._first[born] = self._latest[born] = born
        self._made_by[born] = created["command_seq"]
        self._made_by[heirs] = self._replaced_by[old] = replaced["command_seq"]
        # An heir may itself be replaced in the same batch; each turn doubles how far back it looks.
        above = old
        self._first[heirs] = above
        while True:
            further = self._first[above]
            if np.array_equal(further, above):
                break
            self._first[heirs] = above = further
        # Of equal indices numpy assigns the last, which is the latest successor.
        self._latest[self._first[heirs]] = heirs

    def first(self, ids: Ints) -> Ints:
        """First ids of the orders that have had these ids; 0 where nobody has."""
        known = (ids > 0) & (ids <= self._count)
        return np.where(known, self._first[np.where(known, ids, 0)], 0)

    def latest(self, ids: Ints) -> Ints:
        """Latest ids of the orders with these first ids."""
        return self._latest[ids]

    def made_by(self, ids: Ints) -> Ints:
        """Sequence numbers of the commands that gave out these ids; 0 for the id 0."""
        return self._made_by[ids]

    def entered_by(self, ids: Ints) -> Ints:
        """Sequence numbers of the commands that entered the orders that have had these ids."""
        return self._made_by[self.first(ids)]

    def replaced_by(self, ids: Ints) -> Ints:
        """Sequence numbers of the commands that replaced these ids; 0 where none has."""
        return self._replaced_by[ids]

    def _make_room(self, largest: int) -> None:
        self._count = max(self._count, largest)
        if self._count < len(self._first):
            return
        more = 2 * self._count + 1 - len(self._first)
        for name in ("_first", "_latest", "_made_by", "_replaced_by"):
            setattr(self, name, np.concatenate([getattr(self, name), np.zeros(more, dtype=np.int64)]))
