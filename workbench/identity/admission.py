"""The way of every request: from a token, key or ticket to a principal, out of memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy.engine import Connection

from workbench.errors import AuthError
from workbench.identity.endings import revoked
from workbench.identity.keys import Keys, could_be_key, wrong_key
from workbench.identity.principal import Principal
from workbench.identity.roles import Role
from workbench.identity.settings import IdentitySettings
from workbench.identity.signer import Claims, Signer, check_expiry
from workbench.identity.standing import Facts, Standing, facts_of
from workbench.identity.store import Store
from workbench.identity.throttle import Throttle
from workbench.identity.tickets import Tickets
from workbench.identity.users import Users

_SECOND_NS = 1_000_000_000


class _Admitted(NamedTuple):
    claims: Claims
    facts: Facts
    principal: Principal


class Admission:
    """Admits who proves an identity; asks the database only for an API key it has not seen yet."""

    def __init__(
        self,
        store: Store,
        standing: Standing,
        signer: Signer,
        users: Users,
        keys: Keys,
        settings: IdentitySettings,
        addresses: Throttle,
    ) -> None:
        self._store = store
        self._now_ns: Callable[[], int] = store.now_ns
        self._standing = standing
        self._signer = signer
        self._users = users
        self._keys = keys
        self._skew_ns = settings.skew_s * _SECOND_NS
        self._tokens: OrderedDict[str, _Admitted] = OrderedDict()
        self._tokens_max = settings.cached_max
        self._lock = threading.Lock()
        self._tickets = Tickets(self._now_ns, life_s=settings.ticket_s, tickets_max=settings.tickets_max)
        self._addresses = addresses
        self._guesses = Throttle(
            self._now_ns,
            free=settings.user_failures,
            leak_s=settings.user_leak_s,
            lock_s_max=settings.user_lock_s_max,
            entries_max=settings.throttled_max,
            what="wrong secrets for this API key",
        )
        standing.on_revoked(self._tickets.void)

    def by_token(self, access: str) -> Principal:
        """See `Identity.principal_of_token`."""
        known = self._tokens.get(access)
        if known is None:
            claims = self._signer.read(access)
        else:
            claims = known.claims
            check_expiry(claims, self._now_ns() // _SECOND_NS)
        if claims.sid in self._standing.ended_families:
            raise revoked()
        stored = self._standing.users.get(claims.sub)
        if known is not None and known.facts is stored:
            return known.principal
        facts = self._facts(claims, stored)
        principal = facts.principal(claims.sid)
        if facts is stored:
            self._remember(access, _Admitted(claims, facts, principal))
        return principal

    async def by_key(self, key_id: str, secret: str, client: str) -> Principal:
        """See `Identity.principal_of_key`."""
        if not could_be_key(key_id):
            self._addresses.check(client)
            self._addresses.fail(client)
            raise wrong_key()
        if not self._keys.knows(key_id):
            self._addresses.check(client)
            await self._store.read(lambda connection: self._load(connection, key_id))
        try:
            return self._keys.admit(key_id, secret)
        except AuthError as error:
            if error.kind == "bad_credentials":
                # The right secret never waits: it cannot be guessed, but its owner could be locked out.
                self._addresses.check(client)
                self._guesses.check(key_id)
                self._addresses.fail(client)
                self._guesses.fail(key_id)
            raise

    def ticket(self, principal: Principal) -> str:
        """See `Identity.ticket`."""
        return self._tickets.make(principal)

    def by_ticket(self, text: str) -> Principal:
        """See `Identity.take_ticket`."""
        principal = self._tickets.take(text)
        if not self.is_current(principal):
            raise revoked()
        return principal

    def is_current(self, principal: Principal) -> bool:
        """See `Identity.is_current`."""
        if principal.kind == "console":
            return True
        if principal.family and principal.family in self._standing.ended_families:
            return False
        if principal.key_id and self._keys.is_revoked(principal.key_id):
            return False
        facts = self._standing.users.get(principal.user_id)
        if facts is None:
            # Made on another server within the last seconds.
            return True
        return facts.active and facts.role == principal.role

    def _facts(self, claims: Claims, stored: Facts | None) -> Facts:
        """The user of a token: of memory, or newer, as signed by a server that shares the database."""
        if stored is not None and claims.ver <= stored.version:
            if not stored.active:
                raise AuthError("disabled", "this user is disabled", remedy="ask your instructor")
            if claims.ver < stored.version:
                raise revoked()
            return stored
        if claims.iat * _SECOND_NS < self._standing.read_ns - self._skew_ns - _SECOND_NS:
            raise revoked()
        try:
            role = Role(claims.role)
        except ValueError:
            raise revoked() from None
        return Facts(claims.sub, claims.name, role, claims.ver, 0, True, claims.one_time)

    def _load(self, connection: Connection, key_id: str) -> None:
        key = self._keys.load(connection, key_id)
        if key is not None and key.user_id not in self._standing.users:
            self._standing.put(facts_of(self._users.row(connection, key.user_id)))

    def _remember(self, access: str, admitted: _Admitted) -> None:
        with self._lock:
            while len(self._tokens) >= self._tokens_max:
                self._tokens.popitem(last=False)
            self._tokens[access] = admitted
