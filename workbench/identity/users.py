"""Users: who there is, what they are, and how they leave."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from workbench.errors import AuthError
from workbench.identity.audit import Act, record
from workbench.identity.endings import Ending
from workbench.identity.families import Families
from workbench.identity.keys import Keys
from workbench.identity.names import email_of, is_uuid, name_key, shown_name
from workbench.identity.principal import Principal
from workbench.identity.roles import Permission, Role
from workbench.identity.rolls import Rolls
from workbench.identity.schema import api_keys, members, users
from workbench.identity.standing import Facts, Standing, facts_of
from workbench.identity.store import Transaction

PAGE_MAX = 1_000
_EMPTY = "{}"


class User(Struct, frozen=True):
    """A user as lists show them; times None: never."""

    user_id: str
    name: str
    email: str
    role: Role
    created_ns: int
    login_ns: int | None
    disabled: bool
    deleted: bool
    must_change_password: bool


def user_of(row: Any) -> User:
    """User of a row of `users`."""
    return User(
        row.user_id,
        row.name,
        row.email,
        Role(row.role),
        row.created_ns,
        row.login_ns,
        row.disabled_ns is not None,
        row.deleted_ns is not None,
        row.must_change,
    )


class Users:
    """Users, as functions to run in a transaction."""

    def __init__(self, standing: Standing, families: Families, keys: Keys, rolls: Rolls) -> None:
        self._standing = standing
        self._families = families
        self._keys = keys
        self._rolls = rolls

    def insert(
        self,
        transaction: Transaction,
        name: str,
        password_hash: str,
        role: Role,
        *,
        email: str = "",
        one_time_until_ns: int | None = None,
    ) -> User:
        """Make a user; AuthError("taken") when the name is another's."""
        shown = shown_name(name)
        key = name_key(shown)
        taken = sa.select(users.c.user_id).where(users.c.name_key == key)
        if transaction.connection.scalar(taken) is not None:
            raise name_taken(shown)
        row = transaction.execute(
            sa.insert(users)
            .values(
                user_id=str(uuid4()),
                name=shown,
                name_key=key,
                email=email_of(email),
                role=str(role),
                password_hash=password_hash,
                must_change=one_time_until_ns is not None,
                one_time_until_ns=one_time_until_ns,
                version=1,
                revision=1,
                created_ns=transaction.now_ns,
                changed_ns=transaction.now_ns,
                profile=_EMPTY,
                preferences=_EMPTY,
            )
            .returning(users)
        ).one()
        transaction.after_commit(partial(self._standing.put, facts_of(row)))
        return user_of(row)

    def change(
        self, transaction: Transaction, user_id: str, *, ends_tokens: bool = False, **values: Any
    ) -> Facts:
        """Change what is known in memory too; `ends_tokens`: no access token made before counts any more."""
        row = transaction.execute(
            sa.update(users)
            .where(users.c.user_id == user_id)
            .values(
                **values,
                revision=users.c.revision + 1,
                version=users.c.version + int(ends_tokens),
                changed_ns=transaction.now_ns,
            )
            .returning(users)
        ).one()
        facts = facts_of(row)
        transaction.after_commit(partial(self._standing.put, facts))
        return facts

    def set_role(self, transaction: Transaction, by: Principal, user_id: str, role: Role) -> User:
        """Make a user something else; what they hold counts at once with the new role's permissions."""
        by.require(Permission.ADMINISTER)
        before = self.lock(transaction, user_id)
        if before.role == role:
            return user_of(before)
        if role != Role.ADMIN:
            self._keep_an_admin(transaction, before)
        self.change(transaction, user_id, ends_tokens=True, role=str(role))
        record(transaction, by, Act.SET_ROLE, f"user:{user_id}", {"from": before.role, "to": str(role)})
        return self.get(transaction.connection, user_id)

    def disable(self, transaction: Transaction, by: Principal, user_id: str) -> User:
        """Let a user in no more, by no means, until enabled."""
        row = self.lock(transaction, user_id)
        self.may_manage(transaction.connection, by, row)
        if row.disabled_ns is None:
            self._keep_an_admin(transaction, row)
            self._families.end_all(transaction, user_id, Ending.DISABLED)
            self.change(transaction, user_id, ends_tokens=True, disabled_ns=transaction.now_ns)
            record(transaction, by, Act.DISABLE, f"user:{user_id}")
        return self.get(transaction.connection, user_id)

    def enable(self, transaction: Transaction, by: Principal, user_id: str) -> User:
        """Let a user in again."""
        row = self.lock(transaction, user_id)
        self.may_manage(transaction.connection, by, row)
        if row.disabled_ns is not None:
            self.change(transaction, user_id, disabled_ns=None)
            record(transaction, by, Act.ENABLE, f"user:{user_id}")
        return self.get(transaction.connection, user_id)

    def delete(self, transaction: Transaction, by: Principal, user_id: str) -> None:
        """Forget who a user was; the id, which the audit log names, is nobody's from now on."""
        by.require(Permission.ADMINISTER)
        row = self.lock(transaction, user_id)
        self._keep_an_admin(transaction, row)
        self._families.end_all(transaction, user_id, Ending.DELETED)
        live = sa.select(api_keys.c.key_id).where(
            api_keys.c.user_id == user_id, api_keys.c.revoked_ns.is_(None)
        )
        for key_id in transaction.connection.scalars(live).all():
            self._keys.revoke(transaction, key_id)
        own = sa.select(members.c.class_id).where(members.c.user_id == user_id).order_by(members.c.class_id)
        class_ids = transaction.connection.scalars(own).all()
        transaction.execute(sa.delete(members).where(members.c.user_id == user_id))
        for class_id in class_ids:
            self._rolls.changed(transaction, class_id)
        transaction.execute(sa.update(api_keys).where(api_keys.c.user_id == user_id).values(label=""))
        self._families.anonymise(transaction, user_id)
        name = f"deleted-{user_id}"
        self.change(
            transaction,
            user_id,
            ends_tokens=True,
            name=name,
            # No name begins with a blank, so nobody can take this one; the old one is free again.
            name_key=f" {name}",
            email="",
            password_hash="",
            must_change=False,
            one_time_until_ns=None,
            deleted_ns=transaction.now_ns,
            disabled_ns=row.disabled_ns or transaction.now_ns,
            profile=_EMPTY,
            preferences=_EMPTY,
        )
        record(transaction, by, Act.DELETE, f"user:{user_id}", {"role": row.role})

    def get(self, connection: Connection, user_id: str) -> User:
        """A user by id; AuthError("unknown") when there is none."""
        return user_of(self.row(connection, user_id))

    def row(self, connection: Connection, user_id: str) -> Any:
        """The row of a user."""
        row = None
        if is_uuid(user_id):
            row = connection.execute(sa.select(users).where(users.c.user_id == user_id)).one_or_none()
        if row is None:
            raise unknown_user()
        return row

    def by_name(self, connection: Connection, key: str | None) -> Any:
        """The row of a user by the key of the name, or None."""
        if key is None:
            return None
        return connection.execute(sa.select(users).where(users.c.name_key == key)).one_or_none()

    def page(
        self,
        connection: Connection,
        *,
        role: Role | None,
        search: str,
        deleted: bool,
        after: str,
        limit: int,
    ) -> list[User]:
        """Users by name; see `Identity.users`."""
        query = sa.select(users).order_by(users.c.name_key).limit(max(1, min(limit, PAGE_MAX)))
        if role is not None:
            query = query.where(users.c.role == str(role))
        if not deleted:
            query = query.where(users.c.deleted_ns.is_(None))
        if search:
            key = name_key(search[:64]).replace("\0", "")
            if any("\ud800" <= character <= "\udfff" for character in key):
                return []
            query = query.where(users.c.name_key.contains(key, autoescape=True))
        if after:
            if not is_uuid(after):
                raise unknown_user()
            last = sa.select(users.c.name_key).where(users.c.user_id == after).scalar_subquery()
            query = query.where(users.c.name_key > last)
        return [user_of(row) for row in connection.execute(query)]

    def may_manage(self, connection: Connection, by: Principal, row: Any) -> None:
        """Raise AuthError unless `by` manages this user: an admin all, others students of own classes."""
        by.require(Permission.MANAGE_USERS)
        if Permission.ADMINISTER in by.permissions:
            return
        own, theirs = members.alias("own"), members.alias("theirs")
        shared = (
            sa.select(own.c.class_id)
            .join(theirs, theirs.c.class_id == own.c.class_id)
            .where(
                own.c.user_id == by.user_id,
                own.c.staff,
                theirs.c.user_id == row.user_id,
                sa.not_(theirs.c.staff),
            )
            .limit(1)
        )
        if row.role != Role.STUDENT or connection.execute(shared).one_or_none() is None:
            raise AuthError("forbidden", "only students of your own classes are yours to manage")

    def lock(self, transaction: Transaction, user_id: str) -> Any:
        """The row of a user who was not deleted, which nobody else changes until this transaction ends."""
        row = None
        if is_uuid(user_id):
            row = transaction.execute(
                sa.select(users).where(users.c.user_id == user_id).with_for_update()
            ).one_or_none()
        if row is None or row.deleted_ns is not None:
            raise unknown_user()
        return row

    def _keep_an_admin(self, transaction: Transaction, row: Any) -> None:
        if row.role != Role.ADMIN or row.disabled_ns is not None:
            return
        # All of them are locked, in one order, so of two admins who remove each other one is told so.
        admins = transaction.execute(
            sa.select(users.c.user_id)
            .where(users.c.role == str(Role.ADMIN), users.c.disabled_ns.is_(None))
            .order_by(users.c.user_id)
            .with_for_update()
        ).all()
        if len(admins) <= 1:
            raise AuthError("forbidden", "this is the last admin", remedy="make somebody else an admin first")


def name_taken(name: str) -> AuthError:
    """What is said when a name is another's."""
    return AuthError("taken", f"{name!r} is another user's", "name", "choose another one")


def unknown_user() -> AuthError:
    """What is said when there is no such user."""
    return AuthError("unknown", "there is no such user")
