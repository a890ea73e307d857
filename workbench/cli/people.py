"""`workbench users` and `workbench keys`: what an administrator does on the server's own machine.

The commands work on the database itself, beside a server that runs or without one; a running server notices
within seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from secrets import token_bytes
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from workbench.cli.errors import sentences
from workbench.errors import ConfigError

if TYPE_CHECKING:
    from workbench.identity.identity import Identity
    from workbench.identity.keys import Key, NewKey
    from workbench.identity.roles import Role
    from workbench.identity.users import User

users = typer.Typer(
    help="Users of a server: list, add, change role, reset password, disable, enable.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
keys = typer.Typer(
    help="API keys of a server's users: list, add, revoke.", no_args_is_help=True, rich_markup_mode=None
)

T = TypeVar("T")

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="The server's data root; $WORKBENCH_DATA, else ./var."),
]
Database = Annotated[
    str, typer.Option("--database", metavar="URL", help="The users' database, if not in the data root.")
]
Name = Annotated[str, typer.Argument(help="The user's name.")]


def _with_identity(data: Path | None, database: str, work: Callable[[Identity], Awaitable[T]]) -> T:
    """What `work` gives with the identity of a data root; nothing is made where there is none."""
    from workbench.api.place import database_url
    from workbench.identity.identity import Identity
    from workbench.identity.settings import IdentitySettings
    from workbench.journal.place import data_root

    root = data_root(data)
    if not database and not (root / "identity.db").is_file():
        raise ConfigError(
            "holds no users",
            str(root),
            "give the server's data root with --data; its first start makes users",
        )

    async def run() -> T:
        identity = await Identity.open(
            database_url(root, database),
            # Nobody logs in here, so nothing is signed by it.
            secret=token_bytes(32),
            settings=IdentitySettings(reread_s=0),
            make=False,
        )
        try:
            return await work(identity)
        finally:
            await identity.close()

    return asyncio.run(run())


@users.command("list")
@sentences
def list_users(
    search: Annotated[str, typer.Option(help="Only names with this in them.")] = "",
    data: Data = None,
    database: Database = "",
) -> None:
    """List users by name."""
    from rich.console import Console
    from rich.table import Table

    from workbench.api.words import moment

    async def work(identity: Identity) -> list[User]:
        found: list[User] = []
        after = ""
        while page := await identity.users(search=search, after=after, limit=500):
            found += page
            after = page[-1].user_id
        return found

    table = Table("name", "role", "email", "last log-in", "", box=None, pad_edge=False)
    for user in _with_identity(data, database, work):
        seen = "never" if user.login_ns is None else moment(user.login_ns)[:16].replace("T", " ")
        table.add_row(user.name, str(user.role), user.email, seen, "disabled" if user.disabled else "")
    Console(soft_wrap=True).print(table)


@users.command("add")
@sentences
def add_user(
    name: Name,
    role: Annotated[str, typer.Option(help="student, assistant, instructor, observer or admin.")] = "student",
    email: Annotated[str, typer.Option(help="Their address.")] = "",
    data: Data = None,
    database: Database = "",
) -> None:
    """Add a user, and print a password to use once."""
    from workbench.identity.principal import CONSOLE

    chosen = _role(role)

    async def work(identity: Identity) -> tuple[User, str]:
        return await identity.create_user(CONSOLE, name, role=chosen, email=email)

    user, password = _with_identity(data, database, work)
    typer.echo(f"{user.name} ({user.role}) was added; the password to use once is {password}")


@users.command("role")
@sentences
def set_role(
    name: Name,
    role: Annotated[str, typer.Argument(help="student, assistant, instructor, observer or admin.")],
    data: Data = None,
    database: Database = "",
) -> None:
    """Give a user another role, at once."""
    from workbench.identity.principal import CONSOLE

    chosen = _role(role)

    async def work(identity: Identity) -> User:
        return await identity.set_role(CONSOLE, (await _named(identity, name)).user_id, chosen)

    user = _with_identity(data, database, work)
    typer.echo(f"{user.name} is {user.role} now")


@users.command("reset-password")
@sentences
def reset_password(name: Name, data: Data = None, database: Database = "") -> None:
    """Give a user a password to use once; their log-ins end."""
    from workbench.identity.principal import CONSOLE

    async def work(identity: Identity) -> str:
        return await identity.reset_password(CONSOLE, (await _named(identity, name)).user_id)

    typer.echo(f"the password of {name} to use once is {_with_identity(data, database, work)}")


@users.command("disable")
@sentences
def disable(name: Name, data: Data = None, database: Database = "") -> None:
    """Let a user in no more."""
    from workbench.identity.principal import CONSOLE

    async def work(identity: Identity) -> User:
        return await identity.disable(CONSOLE, (await _named(identity, name)).user_id)

    typer.echo(f"{_with_identity(data, database, work).name} is disabled")


@users.command("enable")
@sentences
def enable(name: Name, data: Data = None, database: Database = "") -> None:
    """Let a user in again."""
    from workbench.identity.principal import CONSOLE

    async def work(identity: Identity) -> User:
        return await identity.enable(CONSOLE, (await _named(identity, name)).user_id)

    typer.echo(f"{_with_identity(data, database, work).name} is enabled")


@keys.command("list")
@sentences
def list_keys(name: Name, data: Data = None, database: Database = "") -> None:
    """List a user's API keys, the newest first."""
    from rich.console import Console
    from rich.table import Table

    from workbench.api.words import moment

    async def work(identity: Identity) -> list[Key]:
        return await identity.keys((await _named(identity, name)).user_id)

    table = Table("key", "label", "session", "scopes", "made", "", box=None, pad_edge=False)
    for key in _with_identity(data, database, work):
        table.add_row(
            key.key_id,
            key.label,
            key.session or "any",
            " ".join(sorted(key.scopes)),
            moment(key.created_ns)[:16].replace("T", " "),
            "revoked" if key.revoked_ns is not None else "",
        )
    Console(soft_wrap=True).print(table)


@keys.command("add")
@sentences
def add_key(
    name: Name,
    session: Annotated[str, typer.Option(help="The only session it is good for; any unless given.")] = "",
    scope: Annotated[
        list[str] | None, typer.Option(help="What it may do, such as trade; a bot's needs unless given.")
    ] = None,
    label: Annotated[str, typer.Option(help="What its owner knows it by.")] = "",
    expires: Annotated[
        str, typer.Option(metavar="TIME", help="ISO time with a zone; never unless given.")
    ] = "",
    data: Data = None,
    database: Database = "",
) -> None:
    """Make an API key for a user, and print its secret, which is kept nowhere."""
    from workbench.identity.principal import CONSOLE

    until: datetime | None = None
    if expires:
        try:
            until = datetime.fromisoformat(expires)
        except ValueError:
            raise ConfigError(
                f"is {expires!r}, expected an ISO time such as 2026-01-31T18:00:00Z", "--expires"
            ) from None
    if session:
        _check_session(session, data)

    async def work(identity: Identity) -> NewKey:
        user = await _named(identity, name)
        return await identity.create_key(
            user.user_id, session=session, scopes=scope or (), expires=until, label=label, by=CONSOLE
        )

    key = _with_identity(data, database, work)
    typer.echo(f"key    {key.key_id}")
    typer.echo(f"secret {key.secret}")


@keys.command("revoke")
@sentences
def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="The key's id, such as PK...")],
    data: Data = None,
    database: Database = "",
) -> None:
    """Make an API key good for nothing."""
    from workbench.identity.principal import CONSOLE

    async def work(identity: Identity) -> None:
        await identity.revoke_key(CONSOLE, key_id)

    _with_identity(data, database, work)
    typer.echo(f"{key_id} is revoked")


def _check_session(name: str, data: Path | None) -> None:
    """Refuse the name of a session that the data root does not hold."""
    from workbench.journal.place import data_root, session_names
    from workbench.session.place import meant

    known = session_names(data_root(data))
    if name not in known:
        raise ConfigError(f"there is no session {name!r}", "--session", meant(name, known))


async def _named(identity: Identity, name: str) -> User:
    user = await identity.user_named(name)
    if user is None:
        raise ConfigError(f"no user is called {name!r}", remedy="workbench users list shows them")
    return user


def _role(text: str) -> Role:
    from workbench.identity.roles import Role

    if text not in set(Role):
        raise ConfigError(f"is {text!r}, expected {', '.join(Role)}", "--role")
    return Role(text)
