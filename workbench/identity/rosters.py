"""Rosters: who is in a class, as the CSV files that schools have."""

from __future__ import annotations

import asyncio
from typing import Literal

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from workbench.errors import RosterError
from workbench.identity.audit import Act, record
from workbench.identity.class_rows import enter, may_run
from workbench.identity.hashing import Hasher
from workbench.identity.names import name_key
from workbench.identity.passwords import one_time_password
from workbench.identity.principal import Principal
from workbench.identity.roles import Permission, Role
from workbench.identity.rolls import Rolls
from workbench.identity.roster import RosterLine, read_roster
from workbench.identity.schema import members, users
from workbench.identity.settings import IdentitySettings
from workbench.identity.store import Store, Transaction
from workbench.identity.users import Users

_SECOND_NS = 1_000_000_000
_NAMES_AT_ONCE = 500


class Imported(Struct, frozen=True):
    """What became of a line of a roster; the one-time password of who was created is shown this once."""

    line: int
    user_id: str
    name: str
    became: Literal["created", "added", "kept"]
    password: str = ""


class Rosters:
    """Rosters of one server."""

    def __init__(
        self, store: Store, users: Users, hasher: Hasher, settings: IdentitySettings, rolls: Rolls
    ) -> None:
        self._store = store
        self._users = users
        self._hasher = hasher
        self._settings = settings
        self._rolls = rolls

    async def take_in(self, by: Principal, class_id: str, content: bytes | str, file: str) -> list[Imported]:
        """Make users of a CSV file and members of them; see `Classes.import_roster`."""
        await self._store.read(lambda connection: may_run(connection, by, class_id))
        people = await asyncio.get_running_loop().run_in_executor(None, read_roster, content, file)
        new = await self._store.read(lambda connection: _new(connection, by, class_id, people, file))
        passwords = {person.line: one_time_password() for person in new}
        hashes: dict[int, str] = {}
        # A few at a time, so that logins get their turn.
        for start in range(0, len(new), self._settings.hashes_at_once):
            part = new[start : start + self._settings.hashes_at_once]
            done = await asyncio.gather(*(self._hasher.hash(passwords[person.line]) for person in part))
            hashes.update(zip((person.line for person in part), done, strict=True))

        def work(transaction: Transaction) -> list[Imported]:
            may_run(transaction.connection, by, class_id)
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
                if not enter(transaction, class_id, user_id, staff=False, number=person.number):
                    what = "kept"
                password = passwords.get(person.line, "")
                became.append(Imported(person.line, user_id, person.name, what, password))
            counts = {
                kind: sum(one.became == kind for one in became) for kind in ("created", "added", "kept")
            }
            self._rolls.changed(transaction, class_id)
            record(transaction, by, Act.IMPORT_ROSTER, f"class:{class_id}", counts)
            return became

        try:
            return await self._store.write(work)
        except (IntegrityError, KeyError) as error:
            raise RosterError(file, ((1, "users of these names came or went meanwhile"),)) from error


def _new(
    connection: Connection, by: Principal, class_id: str, people: list[RosterLine], file: str
) -> list[RosterLine]:
    """People who are no users yet; RosterError when there are others of the same name."""
    known = _known(connection, people)
    inside = set(connection.scalars(sa.select(members.c.user_id).where(members.c.class_id == class_id)).all())
    if Permission.ADMINISTER not in by.permissions:
        strangers = [person for person in people if known.get(name_key(person.name), "") not in inside | {""}]
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
