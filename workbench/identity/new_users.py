"""Making users: by themselves, by an admin, and the first of all."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from workbench.errors import AuthError
from workbench.identity.audit import Act, record
from workbench.identity.classes import Classes
from workbench.identity.hashing import Hasher
from workbench.identity.names import email_of, shown_name
from workbench.identity.passwords import check_password, one_time_password
from workbench.identity.principal import Principal
from workbench.identity.roles import Permission, Role
from workbench.identity.schema import users
from workbench.identity.settings import IdentitySettings, SignUp
from workbench.identity.store import Store, Transaction
from workbench.identity.users import User, Users, name_taken

_SECOND_NS = 1_000_000_000


class NewUsers:
    """Where users come from."""

    def __init__(
        self, store: Store, users: Users, classes: Classes, hasher: Hasher, settings: IdentitySettings
    ) -> None:
        self._store = store
        self._users = users
        self._classes = classes
        self._hasher = hasher
        self._settings = settings

    async def sign_up(
        self, name: str, password: str, *, email: str = "", code: str = "", client: str = ""
    ) -> User:
        """Make oneself a user; see `Identity.sign_up`."""
        mode = self._settings.sign_up
        if mode == SignUp.CLOSED:
            raise AuthError("closed", "signing up is closed here", remedy="ask your instructor")
        shown = shown_name(name)
        email = email_of(email)
        check_password(password, shown)
        if mode == SignUp.CODE and not code.strip():
            raise AuthError("invalid", "is needed to sign up here", "code", "ask your instructor for it")
        if code:
            await self._classes.check_code(code, client)
        hashed = await self._hasher.hash(password)

        def work(transaction: Transaction) -> User:
            user = self._users.insert(transaction, shown, hashed, Role.STUDENT, email=email)
            actor = Principal(user.user_id, user.name, user.role, frozenset())
            record(transaction, actor, Act.SIGN_UP, f"user:{user.user_id}", client=client)
            if code:
                self._classes.enter_by_code(transaction, actor, code, client)
            return user

        return await self._insert(work, shown)

    async def create(
        self, by: Principal, name: str, *, role: Role = Role.STUDENT, email: str = "", password: str = ""
    ) -> tuple[User, str]:
        """Make a user of any role; see `Identity.create_user`."""
        by.require(Permission.ADMINISTER)
        shown = shown_name(name)
        one_time = ""
        if password:
            check_password(password, shown)
        else:
            password = one_time = one_time_password()
        hashed = await self._hasher.hash(password)

        def work(transaction: Transaction) -> User:
            until_ns = transaction.now_ns + self._settings.one_time_s * _SECOND_NS if one_time else None
            user = self._users.insert(
                transaction, shown, hashed, role, email=email, one_time_until_ns=until_ns
            )
            record(transaction, by, Act.CREATE_USER, f"user:{user.user_id}", {"role": str(role)})
            return user

        return await self._insert(work, shown), one_time

    async def create_first_admin(self, by: Principal, name: str, password: str, *, email: str = "") -> User:
        """Make the first admin; see `Identity.create_first_admin`."""
        by.require(Permission.ADMINISTER)
        shown = shown_name(name)
        check_password(password, shown)
        hashed = await self._hasher.hash(password)

        def work(transaction: Transaction) -> User:
            transaction.lock_table(users)
            admins = sa.select(users.c.user_id).where(
                users.c.role == str(Role.ADMIN), users.c.disabled_ns.is_(None)
            )
            if transaction.connection.scalars(admins).first() is not None:
                raise AuthError("forbidden", "there is an admin already, who can make others")
            user = self._users.insert(transaction, shown, hashed, Role.ADMIN, email=email)
            record(transaction, by, Act.CREATE_USER, f"user:{user.user_id}", {"role": str(Role.ADMIN)})
            return user

        return await self._insert(work, shown)

    async def _insert(self, work: Callable[[Transaction], User], name: str) -> User:
        try:
            return await self._store.write(work)
        except IntegrityError as error:
            raise name_taken(name) from error
