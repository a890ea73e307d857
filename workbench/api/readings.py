"""Reads of what is another's, by those who may read the class: written down, as all that they do is."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.api.hub import Hub
    from workbench.identity.identity import Identity
    from workbench.identity.principal import Principal

AGAIN_S = 600.0
"""An open page reads every second or so: a look that was written down is not written again for so long."""
_KNOWN_MAX = 20_000


class Readings:
    """Who looked at whom: the audit log gets an entry for each look, and none for each poll of a page.

    Parameters
    ----------
    identity
        Whose audit log it is.
    now
        Seconds that never go back.
    """

    def __init__(self, identity: Identity, now: Callable[[], float] = monotonic) -> None:
        self._identity = identity
        self._now = now
        self._until: dict[tuple[str, ...], float] = {}

    async def of_account(self, principal: Principal, hub: Hub, number: int, address: str) -> None:
        """Somebody reads the account of another."""
        account, seat = hub.views.accounts[number].name, hub.seat_in(number)
        await self.of_stored(principal, hub.name, account, "" if seat is None else seat.user, address)

    async def of_stored(
        self, principal: Principal, session: str, account: str, user: str, address: str
    ) -> None:
        """The same of an account of a session that may not run here; `user` is the id of who sat there."""
        if self._first(principal, session, "account", account):
            details = {"account": account, "user_id": user}
            await self._write(principal, "account.read", session, details, address)

    async def of_class(self, principal: Principal, hub: Hub, what: str, address: str) -> None:
        """Somebody reads everybody's orders, positions, accounts or the like."""
        if self._first(principal, hub.name, "class", what):
            await self._write(principal, "class.read", hub.name, {"what": what}, address)

    async def of_reports(self, principal: Principal, session: str, address: str) -> None:
        """Somebody reads what reports of others say, in a session; of days of a class without one."""
        if self._first(principal, session, "class", "reports"):
            await self._write(principal, "class.read", session, {"what": "reports"}, address)

    def _first(self, principal: Principal, *look: str) -> bool:
        now = self._now()
        key = (principal.user_id, principal.family, principal.key_id, *look)
        if self._until.get(key, 0.0) > now:
            return False
        if len(self._until) >= _KNOWN_MAX:
            self._until = {each: until for each, until in self._until.items() if until > now}
        if len(self._until) >= _KNOWN_MAX:
            self._until.clear()
        self._until[key] = now + AGAIN_S
        return True

    async def _write(
        self, principal: Principal, action: str, session: str, details: dict[str, str], address: str
    ) -> None:
        await self._identity.note(principal, action, f"session:{session}", details, client=address)
