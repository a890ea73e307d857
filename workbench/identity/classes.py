"""Classes: who teaches whom, joined by a code or by a roster."""

from __future__ import annotations

import asyncio
from typing import Any, Literal
from uuid import uuid4

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from workbench.errors import AuthError, RosterError
from workbench.identity.audit import Act, record
from workbench.identity.hashing import Hasher
from workbench.identity.names import is_uuid, line_of, name_key
from workbench.identity.passwords import READABLE, one_time_password, readable
from workbench.identity.principal import Principal
from workbench.identity.roles import Permission, Role
from workbench.identity.roster import COLUMNS, RosterLine, read_roster, write_roster
from workbench.identity.schema import classes, members, users
from workbench.identity.settings import IdentitySettings
from workbench.identity.store import Store, Transaction
from workbench.identity.throttle import Throttle
from workbench.identity.users import Users

CODE_CHARACTERS = 8
NAME_CHARACTERS_MAX = 100
_SECOND_NS = 1_000_000_000
_NAMES_AT_ONCE = 500


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


class Imported(Struct, frozen=True):
    """What became of a line of a roster; the one-time password of who was created is shown this once."""

    line: int
    user_id: str
    name: str
    became: Literal["created", "added", "kept"]
    password: str = ""


class Classes:
    """Classes of one server."""

    def __init__(
        self, store: Store, users: Users, hasher: Hasher, settings: IdentitySettings, addresses: Throttle
    ) -> None:
        self._store = store
        self._users = users
        self._hasher = hasher
        self._settings = settings
        self._addresses = addresses

    async def create(self, by: Principal, name: str) -> Class:
        """Make a class with a join code; who makes it is its first staff."""
        by.require(Permission.MANAGE_CLASSES)
        shown = _class_name(name)

        def work(transaction: Transaction) -> Class:
            class_id = str(uuid4())
            transaction.execute(
                sa.insert(classes).values(
                    class_id=class_id,
                    name=shown,
                    code=readable(CODE_CHARACTERS),
                    created_ns=transaction.now_ns,
                )
            )
            if by.user_id:
                _enter(transaction, class_id, by.user_id, staff=True)
            record(transaction, by, Act.CREATE_CLASS, f"class:{class_id}", {"name": shown})
            return _get(transaction.connection, class_id)

        return await self._store.write(work)

    async def get(self, class_id: str) -> Class:
        """A class; AuthError("unknown") when there is none."""
        return await self._store.read(lambda connection: _get(connection, class_id))

    async def all(self, *, user_id: str = "", archived: bool = False) -> list[Class]:
        """Classes by name: all, or those a user is in."""

        def work(connection: Connection) -> list[Class]:
            query = _QUERY.order_by(classes.c.name, classes.c.class_id)
            if not archived:
                query = query.where(classes.c.archived_ns.is_(None))
            if user_id:
                if not is_uuid(user_id):
                    return []
                own = sa.select(members.c.class_id).where(members.c.user_id == user_id)
                query = query.where(classes.c.class_id.in_(own))
            return [_class_of(row) for row in connection.execute(query)]

        return await self._store.read(work)

    async def rename(self, by: Principal, class_id: str, name: str) -> Class:
        """Call a class something else."""
        shown = _class_name(name)
        return await self._change(by, class_id, Act.CHANGE_CLASS, {"name": shown}, name=shown)

    async def archive(self, by: Principal, class_id: str) -> Class:
        """Put a class away: it is in no list and has no code; its members stay."""

        def work(transaction: Transaction) -> Class:
            self.may_run(transaction.connection, by, class_id)
            transaction.execute(
                sa.update(classes)
                .where(classes.c.class_id == class_id)
                .values(archived_ns=transaction.now_ns, code=None)
            )
            record(transaction, by, Act.CHANGE_CLASS, f"class:{class_id}", {"archived": True})
            return _get(transaction.connection, class_id)

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
            _get(connection, class_id)
            return _members(connection, class_id)

        return await self._store.read(work)

    async def check_code(self, code: str, client: str) -> None:
        """Raise AuthError unless the code is that of a class; wrong ones are counted by address."""
        self._addresses.check(client)
        if await self._store.read(lambda connection: _by_code(connection, code)) is None:
            self._addresses.fail(client)
            raise _wrong_code()

    def enter_by_code(self, transaction: Transaction, who: Principal, code: str, client: str) -> str:
        """Make somebody a member of the class of a code, in a transaction; returns the class's id."""
        class_id = _by_code(transaction.connection, code)
        if class_id is None:
            raise _wrong_code()
        if _enter(transaction, class_id, who.user_id, staff=False):
            record(transaction, who, Act.JOIN_CLASS, f"class:{class_id}", client=client)
        return class_id

    async def join(self, by: Principal, code: str, *, client: str = "") -> Class:
        """Join a class by its code; joining twice changes nothing."""
        by.require(Permission.MANAGE_OWN)
        await self.check_code(code, client)
        return await self._store.write(
            lambda transaction: _get(
                transaction.connection, self.enter_by_code(transaction, by, code, client)
            )
        )

    async def add(self, by: Principal, class_id: str, user_id: str, *, staff: bool = False) -> None:
        """Put a user in a class: staff by its staff, students by an admin alone (others give them the code).

        Otherwise anybody who teaches could reset any student's password.
        """

        def work(transaction: Transaction) -> None:
            self.may_run(transaction.connection, by, class_id)
            row = self._users.row(transaction.connection, user_id)
            if staff and row.role in (Role.STUDENT, Role.OBSERVER):
                raise AuthError("forbidden", f"{row.name} is a {row.role}, which is no staff")
            if not staff:
                by.require(Permission.ADMINISTER)
            if _enter(transaction, class_id, user_id, staff=staff):
                details = {"user": user_id, "staff": staff}
                record(transaction, by, Act.JOIN_CLASS, f"class:{class_id}", details)

        await self._store.write(work)

    async def remove(self, by: Principal, class_id: str, user_id: str) -> None:
        """Take a user out of a class; everybody can leave one."""

        def work(transaction: Transaction) -> None:
            if by.user_id != user_id:
                self.may_run(transaction.connection, by, class_id)
            if not (is_uuid(class_id) and is_uuid(user_id)):
                raise _unknown_class()
            removed = transaction.execute(
                sa.delete(members).where(members.c.class_id == class_id, members.c.user_id == user_id)
            ).rowcount
            if removed:
                record(transaction, by, Act.LEAVE_CLASS, f"class:{class_id}", {"user": user_id})

        await self._store.write(work)

    async def import_roster(
        self, by: Principal, class_id: str, content: bytes | str, *, file: str = "roster.csv"
    ) -> list[Imported]:
        """Make users of a CSV file and members of them: all, or none and RosterError.

        Who is new gets a one-time password; members of the class are kept as they are. Another user of that
        name may be somebody else: an admin's import adds them to the class, everybody else's is refused.
        """
        await self._store.read(lambda connection: self.may_run(connection, by, class_id))
        people = await asyncio.get_running_loop().run_in_executor(None, read_roster, content, file)
        new = await self._store.read(lambda connection: self._new(connection, by, class_id, people, file))
        passwords = {person.line: one_time_password() for person in new}
        hashes: dict[int, str] = {}
        # A few at a time, so that logins get their turn.
        for start in range(0, len(new), self._settings.hashes_at_once):
            part = new[start : start + self._settings.hashes_at_once]
            done = await asyncio.gather(*(self._hasher.hash(passwords[person.line]) for person in part))
            hashes.update(zip((person.line for person in part), done, strict=True))

        def work(transaction: Transaction) -> list[Imported]:
            self.may_run(transaction.connection, by, class_id)
            known = _known(transaction.connection, people)
            until_ns = transaction.now_ns + self._settings.one_time_s * _SECOND_NS
            became: list[Imported] = []
            for person in people:
                if person.line in hashes:
                    user_id = self._users.insert(
                        transaction,
                        person.name,
                        hashes[person.line],
                        Role.STUDENT,
                        email=person.email,
                        one_time_until_ns=until_ns,
                    ).user_id
                    what: Literal["created", "added", "kept"] = "created"
                else:
                    user_id = known[name_key(person.name)]
                    what = "added"
                if not _enter(transaction, class_id, user_id, staff=False, number=person.number):
                    what = "kept"
                password = passwords.get(person.line, "")
                became.append(Imported(person.line, user_id, person.name, what, password))
            counts = {
                kind: sum(one.became == kind for one in became) for kind in ("created", "added", "kept")
            }
            record(transaction, by, Act.IMPORT_ROSTER, f"class:{class_id}", counts)
            return became

        try:
            return await self._store.write(work)
        except (IntegrityError, KeyError) as error:
            raise RosterError(file, ((1, "users of these names came or went meanwhile"),)) from error

    async def export_roster(self, by: Principal, class_id: str) -> str:
        """Members of a class as CSV, which can be imported again."""

        def work(transaction: Transaction) -> list[Member]:
            by.require(Permission.EXPORT)
            self.may_run(transaction.connection, by, class_id)
            record(transaction, by, Act.EXPORT_ROSTER, f"class:{class_id}")
            return _members(transaction.connection, class_id)

        people = await self._store.write(work)
        return write_roster(((one.name, one.email, one.number) for one in people if not one.staff), COLUMNS)

    def may_run(self, connection: Connection, by: Principal, class_id: str) -> None:
        """Raise AuthError unless `by` runs this class: its staff with the permission, or an admin."""
        by.require(Permission.MANAGE_CLASSES)
        _get(connection, class_id)
        if Permission.ADMINISTER in by.permissions:
            return
        staff = sa.select(members.c.staff).where(
            members.c.class_id == class_id, members.c.user_id == by.user_id
        )
        if not connection.scalar(staff):
            raise AuthError("forbidden", "this class is not yours")

    async def _change(
        self, by: Principal, class_id: str, act: Act, details: dict[str, Any], **values: Any
    ) -> Class:
        def work(transaction: Transaction) -> Class:
            self.may_run(transaction.connection, by, class_id)
            changed = transaction.execute(
                sa.update(classes)
                .where(classes.c.class_id == class_id, classes.c.archived_ns.is_(None))
                .values(**values)
            ).rowcount
            if not changed:
                raise AuthError("invalid", "this class is archived")
            record(transaction, by, act, f"class:{class_id}", details)
            return _get(transaction.connection, class_id)

        return await self._store.write(work)

    def _new(
        self, connection: Connection, by: Principal, class_id: str, people: list[RosterLine], file: str
    ) -> list[RosterLine]:
        """People who are no users yet; RosterError when there are others of the same name."""
        known = _known(connection, people)
        inside = set(
            connection.scalars(sa.select(members.c.user_id).where(members.c.class_id == class_id)).all()
        )
        if Permission.ADMINISTER not in by.permissions:
            strangers = [
                person for person in people if known.get(name_key(person.name), "") not in inside | {""}
            ]
            if strangers:
                raise RosterError(
                    file,
                    tuple(
                        (
                            person.line,
                            f"{person.name!r} is a user already: give them the code, or take another name",
                        )
                        for person in strangers
                    ),
                )
        return [person for person in people if name_key(person.name) not in known]


_QUERY = sa.select(
    classes,
    sa.select(sa.func.count())
    .select_from(members)
    .where(members.c.class_id == classes.c.class_id)
    .scalar_subquery()
    .label("size"),
)


def _get(connection: Connection, class_id: str) -> Class:
    row = None
    if is_uuid(class_id):
        row = connection.execute(_QUERY.where(classes.c.class_id == class_id)).one_or_none()
    if row is None:
        raise _unknown_class()
    return _class_of(row)


def _class_of(row: Any) -> Class:
    return Class(
        row.class_id, row.name, row.code or "", row.created_ns, row.archived_ns is not None, row.size
    )


def _members(connection: Connection, class_id: str) -> list[Member]:
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


def _known(connection: Connection, people: list[RosterLine]) -> dict[str, str]:
    """Ids of the users among these people, by the key of their name."""
    keys = [name_key(person.name) for person in people]
    known: dict[str, str] = {}
    for start in range(0, len(keys), _NAMES_AT_ONCE):
        some = keys[start : start + _NAMES_AT_ONCE]
        found = connection.execute(
            sa.select(users.c.name_key, users.c.user_id).where(users.c.name_key.in_(some))
        )
        known.update((row.name_key, row.user_id) for row in found)
    return known


def _by_code(connection: Connection, code: str) -> str | None:
    """Class of a join code as people type it: in any case, with blanks and hyphens."""
    typed = "".join(code[:64].split()).replace("-", "").upper()
    if len(typed) != CODE_CHARACTERS or not set(typed) <= set(READABLE):
        return None
    found: str | None = connection.scalar(sa.select(classes.c.class_id).where(classes.c.code == typed))
    return found


def _enter(transaction: Transaction, class_id: str, user_id: str, *, staff: bool, number: str = "") -> bool:
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


def _class_name(name: str) -> str:
    shown = line_of(name, "class name", NAME_CHARACTERS_MAX)
    if not shown:
        raise AuthError("invalid", "is empty", "class name")
    return shown


def _wrong_code() -> AuthError:
    return AuthError("invalid", "is not the join code of any class", "code", "ask your instructor for it")


def _unknown_class() -> AuthError:
    return AuthError("unknown", "there is no such class")
