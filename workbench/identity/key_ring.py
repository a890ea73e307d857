"""Making and revoking API keys, by those who may."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from workbench.errors import AuthError
from workbench.identity.audit import Act, record
from workbench.identity.keys import Key, Keys, NewKey, could_be_key
from workbench.identity.principal import Principal
from workbench.identity.roles import Permission
from workbench.identity.schema import api_keys
from workbench.identity.standing import facts_of
from workbench.identity.store import Store, Transaction
from workbench.identity.users import Users

_SECOND_NS = 1_000_000_000
# Nanoseconds in 64 bits end in 2262.
_LAST_YEAR = 2_200


class KeyRing:
    """API keys of all users.

    Parameters
    ----------
    store, users, keys
        What it works with.
    live_max
        Keys that one user may have.
    """

    def __init__(self, store: Store, users: Users, keys: Keys, live_max: int) -> None:
        self._store = store
        self._users = users
        self._keys = keys
        self._live_max = live_max

    async def create(
        self,
        user_id: str,
        *,
        session: str,
        scopes: Iterable[str],
        expires: datetime | None,
        label: str,
        by: Principal | None,
    ) -> NewKey:
        """Make an API key of a user; see `Identity.create_key`."""
        if expires is not None and expires.tzinfo is None:
            raise AuthError("invalid", f"{expires.isoformat()} has no time zone", "expires")
        if expires is not None and expires.year > _LAST_YEAR:
            raise AuthError(
                "invalid", f"is after {_LAST_YEAR}", "expires", "leave it out for a key without end"
            )
        expires_ns = None if expires is None else int(expires.timestamp()) * _SECOND_NS

        def work(transaction: Transaction) -> NewKey:
            if by is not None:
                own = by.user_id == user_id
                by.require(Permission.MANAGE_OWN_KEYS if own else Permission.ADMINISTER)
            row = self._users.lock(transaction, user_id)
            facts = facts_of(row)
            if not facts.active:
                raise AuthError("disabled", "this user is disabled")
            key = self._keys.create(
                transaction,
                facts,
                session=session,
                scopes=scopes,
                expires_ns=expires_ns,
                label=label,
                live_max=self._live_max,
            )
            actor = by or facts.principal("")
            record(transaction, actor, Act.CREATE_KEY, f"key:{key.key_id}", {"user": user_id})
            return key

        return await self._store.write(work)

    async def of(self, user_id: str) -> list[Key]:
        """All API keys of a user; see `Identity.keys`."""
        return await self._store.read(lambda connection: self._keys.of(connection, user_id))

    async def revoke(self, by: Principal, key_id: str) -> None:
        """Revoke an API key; see `Identity.revoke_key`."""

        def work(transaction: Transaction) -> None:
            owner = None
            if could_be_key(key_id):
                owner = transaction.connection.scalar(
                    sa.select(api_keys.c.user_id).where(api_keys.c.key_id == key_id)
                )
            if owner == by.user_id:
                by.require(Permission.MANAGE_OWN_KEYS)
            elif owner is None and Permission.ADMINISTER in by.permissions:
                raise AuthError("unknown", f"there is no API key {key_id[:40]!r}")
            elif owner is None or Permission.MANAGE_USERS not in by.permissions:
                raise AuthError("unknown", "this is none of your API keys")
            else:
                row = self._users.row(transaction.connection, owner)
                self._users.may_manage(transaction.connection, by, row)
            if self._keys.revoke(transaction, key_id):
                record(transaction, by, Act.REVOKE_KEY, f"key:{key_id}", {"user": owner})

        await self._store.write(work)
