"""Users with keys, made in the data root before its server starts."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from workbench.api.place import database_url, secret_file, server_folder
from workbench.identity.identity import Identity
from workbench.identity.principal import CONSOLE
from workbench.identity.roles import Permission, Role
from workbench.identity.secret import server_secret
from workbench.identity.settings import IdentitySettings

Headers = dict[str, str]


class People(NamedTuple):
    """Headers that make a request somebody's.

    Attributes
    ----------
    teacher
        Who runs the sessions.
    traders
        Who trade.
    """

    teacher: Headers
    traders: list[Headers]


PASSWORD = "correct horse battery"
"""Of everybody."""


async def people(data: Path, traders: int) -> People:
    """So many traders and a teacher."""
    folder = server_folder(data)
    # Passwords are no part of what is tried.
    cheap = IdentitySettings(argon2_memory_kib=64, argon2_passes=1)
    secret = server_secret(secret_file(folder))
    identity = await Identity.open(database_url(data, ""), secret=secret, settings=cheap)

    async def made(name: str, role: Role, *scopes: Permission) -> Headers:
        user, _ = await identity.create_user(CONSOLE, name, role=role, password=PASSWORD)
        key = await identity.create_key(user.user_id, scopes=scopes)
        return {"APCA-API-KEY-ID": key.key_id, "APCA-API-SECRET-KEY": key.secret}

    try:
        teacher = await made("teacher", Role.INSTRUCTOR, Permission.READ_MARKET, Permission.RUN_SESSION)
        return People(teacher, [await made(f"trader-{number}", Role.STUDENT) for number in range(traders)])
    finally:
        await identity.close()
