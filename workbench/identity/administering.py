"""What somebody at the server's console does to users, as plain functions on an open Identity."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from workbench.errors import AuthError
from workbench.identity.identity import Identity
from workbench.identity.keys import NewKey
from workbench.identity.principal import CONSOLE
from workbench.identity.roles import Role
from workbench.identity.users import User

_PAGE = 1_000


async def create_first_admin(identity: Identity, name: str, password: str, *, email: str = "") -> User:
    """Make the first admin; AuthError("forbidden") when there is one."""
    return await identity.create_first_admin(CONSOLE, name, password, email=email)


async def create_user(
    identity: Identity, name: str, *, role: Role = Role.STUDENT, email: str = "", password: str = ""
) -> tuple[User, str]:
    """Make a user; without a password with a one-time one, which is returned too."""
    return await identity.create_user(CONSOLE, name, role=role, email=email, password=password)


async def list_users(identity: Identity, *, role: Role | None = None, search: str = "") -> list[User]:
    """All users by name."""
    found: list[User] = []
    while True:
        after = found[-1].user_id if found else ""
        page = await identity.users(role=role, search=search, after=after, limit=_PAGE)
        found.extend(page)
        if len(page) < _PAGE:
            return found


async def set_role(identity: Identity, name: str, role: Role) -> User:
    """Make a user, by name, something else."""
    return await identity.set_role(CONSOLE, await _id_of(identity, name), role)


async def reset_password(identity: Identity, name: str) -> str:
    """One-time password for a user, by name, whose logins end."""
    return await identity.reset_password(CONSOLE, await _id_of(identity, name))


async def create_key(
    identity: Identity,
    name: str,
    *,
    session: str = "",
    scopes: Iterable[str] = (),
    expires: datetime | None = None,
    label: str = "",
) -> NewKey:
    """Make an API key of a user, by name; see `Identity.create_key`."""
    user_id = await _id_of(identity, name)
    return await identity.create_key(
        user_id, session=session, scopes=scopes, expires=expires, label=label, by=CONSOLE
    )


async def _id_of(identity: Identity, name: str) -> str:
    user = await identity.user_named(name)
    if user is None:
        raise AuthError("unknown", f"there is no user {name!r}", remedy="see the list of users")
    return user.user_id
