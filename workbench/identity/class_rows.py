"""Rows of classes and of who is in them, as functions to run in a transaction."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection

from workbench.errors import AuthError
from workbench.identity.names import is_uuid, name_key
from workbench.identity.passwords import READABLE
from workbench.identity.principal import Principal
from workbench.identity.roles import Permission, Role
from workbench.identity.schema import classes, members, users
from workbench.identity.store import Transaction

CODE_CHARACTERS = 8


class Class(Struct, frozen=True):
    """A class; without a code nobody can join by one."""

    class_id: str
    name: str
    code: str
    created_ns: int
    archived: bool
    members: int


class Member(Struct, frozen=True):
    """Somebody in a class; staff run it, the others learn in it."""

    user_id: str
    name: str
    email: str
    role: Role
    staff: bool
    number: str
    joined_ns: int
    login_ns: int | None


ALL = sa.select(
    classes,
    sa.select(sa.func.count())
    .select_from(members)
    .where(members.c.class_id == classes.c.class_id)
    .scalar_subquery()
    .label("size"),
)
"""Every class, with how many are in it."""


def get_class(connection: Connection, class_id: str) -> Class:
    """A class; AuthError("unknown") when there is none."""
    row = None
    if is_uuid(class_id):
        row = connection.execute(ALL.where(classes.c.class_id == class_id)).one_or_none()
    if row is None:
        raise unknown_class()
    return class_of(row)


def class_of(row: Any) -> Class:
    """A class of a row of `ALL`."""
    return Class(
        row.class_id, row.name, row.code or "", row.created_ns, row.archived_ns is not None, row.size
    )


def may_run(connection: Connection, by: Principal, class_id: str) -> None:
    """Raise AuthError unless `by` runs this class: its staff with the permission, or an admin."""
    by.require(Permission.MANAGE_CLASSES)
    get_class(connection, class_id)
    if Permission.ADMINISTER in by.permissions:
        return
    staff = sa.select(members.c.staff).where(members.c.class_id == class_id, members.c.user_id == by.user_id)
    if not connection.scalar(staff):
        raise AuthError("forbidden", "this class is not yours")


def name_is_free(connection: Connection, user_id: str, name: str, but: str = "") -> bool:
    """Whether no class that somebody runs has this name in any spelling; archived ones do not count.

    Nobody (the console) runs them all.
    """
    query = sa.select(classes.c.name).where(classes.c.archived_ns.is_(None), classes.c.class_id != but)
    if user_id:
        query = query.join(members, members.c.class_id == classes.c.class_id).where(
            members.c.user_id == user_id, members.c.staff
        )
    key = name_key(name)
    return all(name_key(known) != key for known in connection.scalars(query))


def members_of(connection: Connection, class_id: str) -> list[Member]:
    """Members of a class: staff first, each by name."""
    rows = connection.execute(
        sa.select(
            users.c.user_id,
            users.c.name,
            users.c.email,
            users.c.role,
            users.c.login_ns,
            members.c.staff,
            members.c.number,
            members.c.joined_ns,
        )
        .join(members, members.c.user_id == users.c.user_id)
        .where(members.c.class_id == class_id)
        .order_by(members.c.staff.desc(), users.c.name_key)
    )
    return [
        Member(
            row.user_id,
            row.name,
            row.email,
            Role(row.role),
            row.staff,
            row.number,
            row.joined_ns,
            row.login_ns,
        )
        for row in rows
    ]


def class_of_code(connection: Connection, code: str) -> str | None:
    """Class of a join code as people type it: in any case, with blanks and hyphens."""
    typed = "".join(code[:64].split()).replace("-", "").upper()
    if len(typed) != CODE_CHARACTERS or not set(typed) <= set(READABLE):
        return None
    found: str | None = connection.scalar(sa.select(classes.c.class_id).where(classes.c.code == typed))
    return found


def enter(transaction: Transaction, class_id: str, user_id: str, *, staff: bool, number: str = "") -> bool:
    """Make a user a member; False when they are one."""
    member = sa.select(members.c.user_id).where(members.c.class_id == class_id, members.c.user_id == user_id)
    if transaction.connection.scalar(member) is not None:
        return False
    transaction.execute(
        sa.insert(members).values(
            class_id=class_id, user_id=user_id, staff=staff, number=number, joined_ns=transaction.now_ns
        )
    )
    return True


def unknown_class() -> AuthError:
    """What is said when there is no such class."""
    return AuthError("unknown", "there is no such class")
