"""The audit log as people and programs use it: writing acts down, and reading them."""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

import structlog

from workbench.errors import IdentityError
from workbench.identity.audit import AuditEntry, page, record
from workbench.identity.principal import Principal
from workbench.identity.store import Store, Transaction

OWED_MAX = 10_000
"""Acts that are kept in memory while the database does not answer."""

log = structlog.get_logger("workbench.identity")


class _Owed(NamedTuple):
    """An act that has happened and is not written down yet."""

    at_ns: int
    actor: Principal | None
    action: str
    target: str
    details: dict[str, Any] | None
    client: str


class Auditor:
    """The audit log of one server."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._owed: deque[_Owed] = deque()

    async def write(
        self,
        actor: Principal | None,
        action: str,
        target: str = "",
        details: dict[str, Any] | None = None,
        *,
        client: str = "",
    ) -> None:
        """Write an act down; see `Identity.audit`."""
        await self._store.write(
            lambda transaction: record(transaction, actor, action, target, details, client=client)
        )

    async def note(
        self,
        actor: Principal | None,
        action: str,
        target: str = "",
        details: dict[str, Any] | None = None,
        *,
        client: str = "",
    ) -> None:
        """Write down an act that has happened, now or later; see `Identity.note`."""
        at_ns = self._store.now_ns()
        try:
            await self.write(actor, action, target, details, client=client)
        except IdentityError:
            log.warning(
                "audit.owed", actor="" if actor is None else actor.user_id, action=action, target=target
            )
            if len(self._owed) >= OWED_MAX:
                self._lose(self._owed.popleft())
            self._owed.append(_Owed(at_ns, actor, action, target, details, client))

    async def write_owed(self) -> None:
        """Write down what could not be written when it happened, with the times of then."""
        owed = list(self._owed)
        if not owed:
            return

        def work(transaction: Transaction) -> None:
            for one in owed:
                record(
                    transaction,
                    one.actor,
                    one.action,
                    one.target,
                    one.details,
                    client=one.client,
                    at_ns=one.at_ns,
                )

        await self._store.write(work)
        for one in owed:
            self._owed.remove(one)

    async def close(self) -> None:
        """Write down what is owed, or at least into the log."""
        try:
            await self.write_owed()
        except IdentityError:
            while self._owed:
                self._lose(self._owed.popleft())

    def _lose(self, one: _Owed) -> None:
        log.error(
            "audit.lost",
            at_ns=one.at_ns,
            actor="" if one.actor is None else one.actor.user_id,
            action=one.action,
            target=one.target,
            details=one.details,
        )

    async def entries(
        self,
        *,
        action: str = "",
        actor_id: str = "",
        target: str = "",
        since_ns: int | None = None,
        until_ns: int | None = None,
        before_id: int | None = None,
        limit: int = 100,
    ) -> list[AuditEntry]:
        """Entries, newest first; see `Identity.audit_log`."""
        return await self._store.read(
            lambda connection: page(
                connection,
                action=action,
                actor_id=actor_id,
                target=target,
                since_ns=since_ns,
                until_ns=until_ns,
                before_id=before_id,
                limit=limit,
            )
        )
