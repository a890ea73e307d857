"""Logging in and out."""

from __future__ import annotations

from functools import partial

import sqlalchemy as sa

from workbench.errors import AuthError
from workbench.identity.attempts import Attempts
from workbench.identity.audit import Act, record
from workbench.identity.auditor import Auditor
from workbench.identity.endings import Ending
from workbench.identity.families import Device, Families, Tokens
from workbench.identity.hashing import Hasher
from workbench.identity.names import found_name, is_uuid
from workbench.identity.principal import Principal
from workbench.identity.schema import users
from workbench.identity.standing import facts_of
from workbench.identity.store import Store, Transaction
from workbench.identity.throttle import Throttle
from workbench.identity.users import Users


class Logins:
    """Logins of one server.

    Parameters
    ----------
    store, users, families, hasher, auditor
        What it works with.
    attempts, addresses
        Wrong passwords, counted by name and by address.
    """

    def __init__(
        self,
        store: Store,
        users: Users,
        families: Families,
        hasher: Hasher,
        auditor: Auditor,
        attempts: Attempts,
        addresses: Throttle,
    ) -> None:
        self._store = store
        self._users = users
        self._families = families
        self._hasher = hasher
        self._auditor = auditor
        self._attempts = attempts
        self._addresses = addresses

    async def begin(self, name: str, password: str, *, client: str = "", device: str = "") -> Tokens:
        """Begin a login; see `Identity.login`."""
        self._addresses.check(client)
        key = found_name(name)
        counted = f"name:{key}" if key is not None else ""
        with self._attempts.counted(counted):
            row = await self._store.read(lambda connection: self._users.by_name(connection, key))
        stored = "" if row is None else row.password_hash
        if not await self._attempts.holds(counted, stored, password):
            self._addresses.fail(client)
            target = f"user:{row.user_id}" if row is not None else ""
            await self._auditor.note(None, Act.LOGIN_FAILED, target, client=client)
            raise wrong_password()
        renewed = await self._hasher.hash(password) if self._hasher.is_outdated(stored) else stored
        work = partial(
            self._begin, user_id=row.user_id, stored=stored, renewed=renewed, client=client, device=device
        )
        tokens = await self._store.write(work)
        self._attempts.succeeded(counted)
        return tokens

    async def refresh(self, token: str) -> Tokens:
        """Next pair of tokens; see `Identity.refresh`."""
        tokens = await self._store.write(lambda transaction: self._families.refresh(transaction, token))
        assert tokens is not None, "a refusal is raised by the store"
        return tokens

    async def end(self, token: str) -> None:
        """End the login of a refresh token; see `Identity.logout`."""

        def work(transaction: Transaction) -> None:
            found = self._families.family_of(transaction.connection, token)
            if found is not None and self._families.end(transaction, *found, Ending.LOGOUT):
                record(transaction, None, Act.LOGOUT, f"user:{found[0]}", {"login": found[1]})

        await self._store.write(work)

    async def end_all(self, user_id: str, *, by: Principal | None = None, but: str = "") -> int:
        """End all logins of a user; see `Identity.logout_everywhere`."""

        def work(transaction: Transaction) -> int:
            row = self._users.row(transaction.connection, user_id)
            if by is not None and by.user_id != user_id:
                self._users.may_manage(transaction.connection, by, row)
            ended = self._families.end_all(transaction, user_id, Ending.EVERYWHERE, but=but)
            record(transaction, by, Act.LOGOUT_EVERYWHERE, f"user:{user_id}", {"logins": ended})
            return ended

        return await self._store.write(work)

    async def live(self, user_id: str) -> list[Device]:
        """Logins of a user; see `Identity.devices`."""
        return await self._store.read(
            lambda connection: self._families.live(connection, user_id, self._store.now_ns())
        )

    async def end_own(self, by: Principal, family: str) -> None:
        """End one of one's own logins; see `Identity.revoke_device`."""

        def work(transaction: Transaction) -> None:
            if not (is_uuid(family) and self._families.end(transaction, by.user_id, family, Ending.LOGOUT)):
                raise AuthError("unknown", "this is none of your logins")
            record(transaction, by, Act.LOGOUT, f"user:{by.user_id}", {"login": family})

        await self._store.write(work)

    def _begin(
        self,
        transaction: Transaction,
        *,
        user_id: str,
        stored: str,
        renewed: str,
        client: str,
        device: str,
    ) -> Tokens:
        row = transaction.execute(sa.select(users).where(users.c.user_id == user_id).with_for_update()).one()
        if row.disabled_ns is not None:
            raise AuthError("disabled", "this user is disabled", remedy="ask your instructor")
        if row.password_hash != stored:
            raise wrong_password()
        if row.must_change and transaction.now_ns >= (row.one_time_until_ns or 0):
            raise AuthError(
                "expired", "this one-time password has expired", remedy="ask your instructor for a new one"
            )
        transaction.execute(
            sa.update(users)
            .where(users.c.user_id == user_id)
            .values(password_hash=renewed, login_ns=transaction.now_ns)
        )
        tokens = self._families.begin(transaction, facts_of(row), client, device)
        record(
            transaction,
            tokens.principal,
            Act.LOGIN,
            f"user:{user_id}",
            {"login": tokens.principal.family},
            client=client,
        )
        return tokens


def wrong_password() -> AuthError:
    """What is said of an unknown name and of a wrong password alike."""
    return AuthError("bad_credentials", "this name and password do not go together")
