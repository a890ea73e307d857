"""Who is in which class, known in memory, so that no request about a session asks the database."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from functools import partial

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from workbench.identity.schema import classes, members
from workbench.identity.store import Transaction


class Roll(Struct, frozen=True):
    """The people of one class.

    Attributes
    ----------
    class_id, name
        Which class.
    revision
        Counts its changes, so that the newer of two readings is known.
    staff
        By user: whether they run it.
    """

    class_id: str
    name: str
    revision: int
    staff: dict[str, bool]


class Left(Struct, frozen=True):
    """Somebody who is no longer in a class, or no longer runs it; `ran` says whether they did."""

    user_id: str
    class_id: str
    ran: bool


Callback = Callable[[Left], object]


class Rolls:
    """The rolls of all classes.

    Changed by any thread, under a lock; read by any thread without one.

    Parameters
    ----------
    loop
        Where the callbacks are called.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._callbacks: list[Callback] = []
        self._rolls: dict[str, Roll] = {}

    def has(self, user_id: str, class_ids: Iterable[str]) -> bool:
        """Whether somebody is in one of these classes; nobody is in one that is not known."""
        return any(user_id in roll.staff for roll in self._known(class_ids))

    def runs(self, user_id: str, class_ids: Iterable[str]) -> bool:
        """Whether somebody is staff of one of these classes."""
        return any(roll.staff.get(user_id, False) for roll in self._known(class_ids))

    def name_of(self, class_id: str) -> str:
        """What a class is called; its id when it is not known."""
        roll = self._rolls.get(class_id)
        return class_id if roll is None else roll.name

    def staff_of(self, class_ids: Iterable[str]) -> list[str]:
        """Ids of those who run these classes."""
        found = {user: None for roll in self._known(class_ids) for user, staff in roll.staff.items() if staff}
        return list(found)

    def on_left(self, callback: Callback) -> Callable[[], None]:
        """Call this on the event loop for everybody who leaves a class; returns how to stop that."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def put(self, roll: Roll) -> None:
        """Remember a roll, unless something newer is known; tell who has left or runs the class no more."""
        with self._lock:
            known = self._rolls.get(roll.class_id)
            if known is not None and known.revision >= roll.revision:
                return
            self._rolls[roll.class_id] = roll
        if known is None:
            return
        for user_id, staff in known.staff.items():
            now = roll.staff.get(user_id)
            if now is None or (staff and not now):
                for callback in tuple(self._callbacks):
                    self._loop.call_soon_threadsafe(callback, Left(user_id, roll.class_id, staff))

    def changed(self, transaction: Transaction, class_id: str) -> None:
        """Note that a class was changed in this transaction: call it behind the last of the changes."""
        # The row is locked from here on, so whoever changes the class next counts and reads what this did.
        transaction.execute(
            sa.update(classes)
            .where(classes.c.class_id == class_id)
            .values(revision=classes.c.revision + 1, changed_ns=transaction.now_ns)
        )
        for roll in _read(transaction.connection, classes.c.class_id == class_id):
            transaction.after_commit(partial(self.put, roll))

    def read(self, connection: Connection, since_ns: int | None = None) -> None:
        """Read all classes, or those that were changed since a time."""
        for roll in _read(connection, sa.true() if since_ns is None else classes.c.changed_ns >= since_ns):
            self.put(roll)

    def _known(self, class_ids: Iterable[str]) -> list[Roll]:
        return [roll for class_id in class_ids if (roll := self._rolls.get(class_id)) is not None]


def _read(connection: Connection, which: sa.ColumnElement[bool]) -> list[Roll]:
    """Rolls of the classes that a condition chooses."""
    rows = connection.execute(
        sa.select(classes.c.class_id, classes.c.name, classes.c.revision, members.c.user_id, members.c.staff)
        .select_from(classes.outerjoin(members, members.c.class_id == classes.c.class_id))
        .where(which)
    )
    found: dict[str, Roll] = {}
    for row in rows:
        roll = found.setdefault(row.class_id, Roll(row.class_id, row.name, row.revision, {}))
        if row.user_id is not None:
            roll.staff[row.user_id] = row.staff
    return list(found.values())
