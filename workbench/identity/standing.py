"""What is known in memory about users and logins, so that admission need not ask the database."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from workbench.identity.principal import Principal, Revoked
from workbench.identity.roles import ONE_TIME_PERMISSIONS, PERMISSIONS, Permission, Role

Callback = Callable[[Revoked], object]


class Facts(Struct, frozen=True):
    """A user as admission needs it; see `schema.users` for the fields."""

    user_id: str
    name: str
    role: Role
    version: int
    revision: int
    active: bool
    must_change: bool

    @property
    def permissions(self) -> frozenset[Permission]:
        """What a login of this user may do."""
        return ONE_TIME_PERMISSIONS if self.must_change else PERMISSIONS[self.role]

    def principal(self, family: str) -> Principal:
        """Principal of a login of this user."""
        return Principal(self.user_id, self.name, self.role, self.permissions, family=family)


def facts_of(row: Any) -> Facts:
    """Facts of a row of `users`."""
    return Facts(
        row.user_id,
        row.name,
        Role(row.role),
        row.version,
        row.revision,
        row.disabled_ns is None and row.deleted_ns is None,
        row.must_change,
    )


class Standing:
    """Users, and logins that ended while their access tokens still run.

    Changed by any thread, under a lock; read by any thread without one.

    Parameters
    ----------
    now_ns
        The clock.
    keep_ns
        How long an ended login is remembered: at least the life of an access token.
    loop
        Where the callbacks are called.
    """

    def __init__(self, now_ns: Callable[[], int], keep_ns: int, loop: asyncio.AbstractEventLoop) -> None:
        self._now_ns = now_ns
        self._keep_ns = keep_ns
        self._loop = loop
        self._lock = threading.Lock()
        self._callbacks: list[Callback] = []
        self.users: dict[str, Facts] = {}
        self.ended_families: dict[str, int] = {}
        self.read_ns = 0

    def put(self, facts: Facts) -> None:
        """Remember a user, unless something newer is known; tell when less is allowed than before."""
        with self._lock:
            known = self.users.get(facts.user_id)
            if known is not None and known.revision >= facts.revision:
                return
            self.users[facts.user_id] = facts
        if known is not None and (known.version != facts.version or known.active != facts.active):
            self.tell(Revoked(facts.user_id))

    def end_family(self, user_id: str, family: str) -> None:
        """Admit no more tokens of a login."""
        now_ns = self._now_ns()
        with self._lock:
            if family in self.ended_families:
                return
            self.ended_families[family] = now_ns
            while self.ended_families:
                oldest = next(iter(self.ended_families))
                if self.ended_families[oldest] > now_ns - self._keep_ns:
                    break
                del self.ended_families[oldest]
        self.tell(Revoked(user_id, family=family))

    def on_revoked(self, callback: Callback) -> Callable[[], None]:
        """Call this on the event loop for all that stops being valid; returns how to stop that."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def tell(self, revoked: Revoked) -> None:
        """Call the callbacks, on their loop."""
        for callback in tuple(self._callbacks):
            self._loop.call_soon_threadsafe(callback, revoked)
