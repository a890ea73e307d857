"""Changing one's own password, and giving others one to use once."""

from __future__ import annotations

import sqlalchemy as sa

from workbench.errors import AuthError
from workbench.identity.attempts import Attempts
from workbench.identity.audit import Act, record
from workbench.identity.endings import Ending
from workbench.identity.families import Families
from workbench.identity.hashing import Hasher
from workbench.identity.passwords import check_password, one_time_password
from workbench.identity.principal import Principal
from workbench.identity.roles import Permission
from workbench.identity.schema import users
from workbench.identity.store import Store, Transaction
from workbench.identity.users import Users


class PasswordChanges:
    """Changes of passwords.

    Parameters
    ----------
    store, users, families, hasher, attempts
        What it works with.
    one_time_ns
        Life of a password that is to be used once.
    """

    def __init__(
        self,
        store: Store,
        users: Users,
        families: Families,
        hasher: Hasher,
        attempts: Attempts,
        one_time_ns: int,
    ) -> None:
        self._store = store
        self._users = users
        self._families = families
        self._hasher = hasher
        self._attempts = attempts
        self._one_time_ns = one_time_ns

    async def change(self, by: Principal, old: str, new: str) -> None:
        """Change one's own password; see `Identity.change_password`."""
        by.require(Permission.CHANGE_PASSWORD)
        row = await self._store.read(lambda connection: self._users.row(connection, by.user_id))
        check_password(new, row.name)
        counted = f"change:{by.user_id}"
        with self._attempts.counted(counted):
            right = await self._attempts.holds(counted, row.password_hash, old)
        if not right:
            raise AuthError("bad_credentials", "is not the present one", "old password")
        if new == old:
            raise AuthError("invalid", "is the old one", "password", "choose another one")
        hashed = await self._hasher.hash(new)

        def work(transaction: Transaction) -> None:
            now = transaction.execute(
                sa.select(users).where(users.c.user_id == by.user_id).with_for_update()
            ).one()
            if now.password_hash != row.password_hash:
                raise AuthError("bad_credentials", "was changed meanwhile", "old password")
            self._users.change(
                transaction, by.user_id, password_hash=hashed, must_change=False, one_time_until_ns=None
            )
            ended = self._families.end_all(transaction, by.user_id, Ending.PASSWORD_CHANGED, but=by.family)
            record(transaction, by, Act.CHANGE_PASSWORD, f"user:{by.user_id}", {"logins": ended})

        await self._store.write(work)
        self._attempts.succeeded(counted)

    async def reset(self, by: Principal, user_id: str) -> str:
        """One-time password for a user; see `Identity.reset_password`."""
        await self._store.read(
            lambda connection: self._users.may_manage(connection, by, self._users.row(connection, user_id))
        )
        password = one_time_password()
        hashed = await self._hasher.hash(password)

        def work(transaction: Transaction) -> None:
            row = self._users.lock(transaction, user_id)
            self._users.may_manage(transaction.connection, by, row)
            self._users.change(
                transaction,
                user_id,
                ends_tokens=True,
                password_hash=hashed,
                must_change=True,
                one_time_until_ns=transaction.now_ns + self._one_time_ns,
            )
            self._families.end_all(transaction, user_id, Ending.PASSWORD_RESET)
            record(transaction, by, Act.RESET_PASSWORD, f"user:{user_id}")

        await self._store.write(work)
        return password
