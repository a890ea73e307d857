"""Classes: who teaches whom, joined by a code or by a roster."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from workbench.errors import AuthError
from workbench.identity.audit import Act, record
from workbench.identity.class_rows import (
    ALL,
    CODE_CHARACTERS,
    Class,
    Member,
    class_of,
    class_of_code,
    enter,
    get_class,
    may_run,
    members_of,
    name_is_free,
    unknown_class,
)
from workbench.identity.names import is_uuid, line_of
from workbench.identity.passwords import readable
from workbench.identity.principal import Principal
from workbench.identity.roles import Permission, Role
from workbench.identity.rolls import Rolls
from workbench.identity.roster import COLUMNS, write_roster
from workbench.identity.rosters import Imported, Rosters
from workbench.identity.schema import classes, members
from workbench.identity.store import Store, Transaction
from workbench.identity.throttle import Throttle
from workbench.identity.users import Users

__all__ = ["Class", "Classes", "Imported", "Member"]

NAME_CHARACTERS_MAX = 100


class Classes:
    """Classes of one server."""

    def __init__(
        self, store: Store, users: Users, rosters: Rosters, rolls: Rolls, addresses: Throttle
    ) -> None:
        self._store = store
        self._users = users
        self._rosters = rosters
        self._rolls = rolls
        self._addresses = addresses

    async def create(self, by: Principal, name: str) -> Class:
        """Make a class with a join code; who makes it is its first staff.

        AuthError("taken") when they run one of that name already: a list of both would tell nobody which is
        which.
        """
        by.require(Permission.MANAGE_CLASSES)
        shown = _class_name(name)

        def work(transaction: Transaction) -> Class:
            class_id = str(uuid4())
            self._check_name(transaction, by, shown)
            transaction.execute(
                sa.insert(classes).values(
                    class_id=class_id,
                    name=shown,
                    code=readable(CODE_CHARACTERS),
                    created_ns=transaction.now_ns,
                )
            )
            if by.user_id:
                enter(transaction, class_id, by.user_id, staff=True)
            self._rolls.changed(transaction, class_id)
            record(transaction, by, Act.CREATE_CLASS, f"class:{class_id}", {"name": shown})
            return get_class(transaction.connection, class_id)

        return await self._store.write(work)

    async def get(self, class_id: str) -> Class:
        """A class; AuthError("unknown") when there is none."""
        return await self._store.read(lambda connection: get_class(connection, class_id))

    async def all(self, *, user_id: str = "", archived: bool = False) -> list[Class]:
        """Classes by name: all, or those a user is in."""

        def work(connection: Connection) -> list[Class]:
            query = ALL.order_by(classes.c.name, classes.c.class_id)
            if not archived:
                query = query.where(classes.c.archived_ns.is_(None))
            if user_id:
                if not is_uuid(user_id):
                    return []
                own = sa.select(members.c.class_id).where(members.c.user_id == user_id)
                query = query.where(classes.c.class_id.in_(own))
            return [class_of(row) for row in connection.execute(query)]

        return await self._store.read(work)

    async def rename(self, by: Principal, class_id: str, name: str) -> Class:
        """Call a class something else; AuthError("taken") when one runs another of that name."""
        shown = _class_name(name)

        def work(transaction: Transaction) -> Class:
            may_run(transaction.connection, by, class_id)
            self._check_name(transaction, by, shown, class_id)
            return self._set(transaction, by, class_id, Act.CHANGE_CLASS, {"name": shown}, name=shown)

        return await self._store.write(work)

    async def archive(self, by: Principal, class_id: str) -> Class:
        """Put a class away: it is in no list and has no code; its members stay."""

        def work(transaction: Transaction) -> Class:
            may_run(transaction.connection, by, class_id)
            transaction.execute(
                sa.update(classes)
                .where(classes.c.class_id == class_id)
                .values(archived_ns=transaction.now_ns, code=None)
            )
            record(transaction, by, Act.CHANGE_CLASS, f"class:{class_id}", {"archived": True})
            return get_class(transaction.connection, class_id)

        return await self._store.write(work)

    async def renew_code(self, by: Principal, class_id: str) -> Class:
        """Give a class a new join code; the old one is void."""
        return await self._change(
            by, class_id, Act.CLASS_CODE, {"open": True}, code=readable(CODE_CHARACTERS)
        )

    async def close_code(self, by: Principal, class_id: str) -> Class:
        """Let nobody join by code any more."""
        return await self._change(by, class_id, Act.CLASS_CODE, {"open": False}, code=None)

    async def members(self, class_id: str) -> list[Member]:
        """Members of a class: staff first, each by name."""

        def work(connection: Connection) -> list[Member]:
            get_class(connection, class_id)
            return members_of(connection, class_id)

        return await self._store.read(work)

    async def check_code(self, code: str, client: str) -> None:
        """Raise AuthError unless the code is that of a class; wrong ones are counted by address."""
        self._addresses.check(client)
        if await self._store.read(lambda connection: class_of_code(connection, code)) is None:
            self._addresses.fail(client)
            raise _wrong_code()

    def enter_by_code(self, transaction: Transaction, who: Principal, code: str, client: str) -> str:
        """Make somebody a member of the class of a code, in a transaction; returns the class's id."""
        class_id = class_of_code(transaction.connection, code)
        if class_id is None:
            raise _wrong_code()
        if enter(transaction, class_id, who.user_id, staff=False):
            self._rolls.changed(transaction, class_id)
            record(transaction, who, Act.JOIN_CLASS, f"class:{class_id}", client=client)
        return class_id

    async def join(self, by: Principal, code: str, *, client: str = "") -> Class:
        """Join a class by its code; joining twice changes nothing."""
        by.require(Permission.MANAGE_OWN)
        await self.check_code(code, client)
        return await self._store.write(
            lambda transaction: get_class(
                transaction.connection, self.enter_by_code(transaction, by, code, client)
            )
        )

    async def add(self, by: Principal, class_id: str, user_id: str, *, staff: bool = False) -> None:
        """Put a user in a class: staff by its staff, students by an admin alone (others give them the code).

        Otherwise anybody who teaches could reset any student's password.
        """

        def work(transaction: Transaction) -> None:
            may_run(transaction.connection, by, class_id)
            row = self._users.row(transaction.connection, user_id)
            if staff and row.role in (Role.STUDENT, Role.OBSERVER):
                raise AuthError("forbidden", f"{row.name} is a {row.role}, which is no staff")
            if not staff:
                by.require(Permission.ADMINISTER)
            if enter(transaction, class_id, user_id, staff=staff):
                self._rolls.changed(transaction, class_id)
                details = {"user": user_id, "staff": staff}
                record(transaction, by, Act.JOIN_CLASS, f"class:{class_id}", details)

        await self._store.write(work)

    async def remove(self, by: Principal, class_id: str, user_id: str) -> None:
        """Take a user out of a class; everybody can leave one."""

        def work(transaction: Transaction) -> None:
            if by.user_id != user_id:
                may_run(transaction.connection, by, class_id)
            if not (is_uuid(class_id) and is_uuid(user_id)):
                raise unknown_class()
            removed = transaction.execute(
                sa.delete(members).where(members.c.class_id == class_id, members.c.user_id == user_id)
            ).rowcount
            if removed:
                self._rolls.changed(transaction, class_id)
                record(transaction, by, Act.LEAVE_CLASS, f"class:{class_id}", {"user": user_id})

        await self._store.write(work)

    async def import_roster(
        self, by: Principal, class_id: str, content: bytes | str, *, file: str = "roster.csv"
    ) -> list[Imported]:
        """Make users of a CSV file and members of them: all, or none and RosterError.

        Who is new gets a one-time password; members of the class are kept as they are. Another user of that
        name may be somebody else: an admin's import adds them to the class, everybody else's is refused.
        """
        return await self._rosters.take_in(by, class_id, content, file)

    async def export_roster(self, by: Principal, class_id: str) -> str:
        """Members of a class as CSV, which can be imported again."""

        def work(transaction: Transaction) -> list[Member]:
            by.require(Permission.EXPORT)
            may_run(transaction.connection, by, class_id)
            record(transaction, by, Act.EXPORT_ROSTER, f"class:{class_id}")
            return members_of(transaction.connection, class_id)

        people = await self._store.write(work)
        return write_roster(((one.name, one.email, one.number) for one in people if not one.staff), COLUMNS)

    async def _change(
        self, by: Principal, class_id: str, act: Act, details: dict[str, Any], **values: Any
    ) -> Class:
        def work(transaction: Transaction) -> Class:
            may_run(transaction.connection, by, class_id)
            return self._set(transaction, by, class_id, act, details, **values)

        return await self._store.write(work)

    def _set(
        self,
        transaction: Transaction,
        by: Principal,
        class_id: str,
        act: Act,
        details: dict[str, Any],
        **values: Any,
    ) -> Class:
        changed = transaction.execute(
            sa.update(classes)
            .where(classes.c.class_id == class_id, classes.c.archived_ns.is_(None))
            .values(**values)
        ).rowcount
        if not changed:
            raise AuthError("invalid", "this class is archived")
        self._rolls.changed(transaction, class_id)
        record(transaction, by, act, f"class:{class_id}", details)
        return get_class(transaction.connection, class_id)

    def _check_name(self, transaction: Transaction, by: Principal, name: str, but: str = "") -> None:
        """Refuse the name of another class that they run."""
        if by.user_id:
            # Locked, so that of two requests at once one sees the other's class.
            self._users.lock(transaction, by.user_id)
        if not name_is_free(transaction.connection, by.user_id, name, but):
            raise AuthError(
                "taken",
                f"there is a class {name!r} of yours already",
                "class name",
                "choose another name, or archive that class first",
            )


def _class_name(name: str) -> str:
    shown = line_of(name, "class name", NAME_CHARACTERS_MAX)
    if not shown:
        raise AuthError("invalid", "is empty", "class name")
    return shown


def _wrong_code() -> AuthError:
    return AuthError("invalid", "is not the join code of any class", "code", "ask your instructor for it")
