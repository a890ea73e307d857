"""A real server in a thread of the test's process, with a small market, and users made in no time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from tests.looping import OnLoop, looping
from tests.served_market import market
from workbench.api.hub import Hub
from workbench.api.report_runs import MakeReporter
from workbench.api.running import Front, Running, Start
from workbench.api.server import Server
from workbench.api.settings import ServerSettings
from workbench.identity.principal import CONSOLE
from workbench.identity.roles import Role
from workbench.identity.settings import IdentitySettings, SignUp

MARKET = market(seats=400)
"""Nobody but people trade QUIET and CALM; agents make the market of HARBOR."""

SESSION = "market"
PASSWORD = "correct horse battery"
CHEAP = IdentitySettings(
    sign_up=SignUp.OPEN,
    argon2_memory_kib=64,
    argon2_passes=1,
    reread_s=0,
    address_failures=100_000,
    user_failures=100_000,
    # Longer than a slow machine needs for a module, and for what browsers do at once.
    access_s=3_600,
    grace_s=60.0,
)
"""Passwords that cost nothing to hash: tests make many users."""

_START_SECONDS = 300
_numbers = count(1)


@dataclass(frozen=True)
class Person:
    """A user who is logged in.

    Attributes
    ----------
    user_id, name, role
        Who.
    access
        Their access token.
    headers
        What makes a request theirs.
    """

    user_id: str
    name: str
    role: Role
    access: str
    headers: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class BotKey:
    """An API key; `headers` make a request its owner's."""

    key_id: str
    secret: str
    headers: dict[str, str] = field(repr=False)


class Served(OnLoop):
    """A server that answers at `url`, seen from the test's thread.

    Attributes
    ----------
    url
        Such as `http://127.0.0.1:41234`.
    server
        Its parts; touch them on its loop alone, by `call`.
    data
        Its data root.
    session
        Name of the session that is open.
    """

    def __init__(self, running: Running, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        assert running.server is not None
        self.url = running.url
        self.server: Server = running.server
        self.data = running.settings.data
        self.session = SESSION

    def hub(self, name: str = SESSION) -> Hub:
        """A session's hub; touch it by `call`."""
        return self.server.hub(name)

    def person(self, role: Role = Role.STUDENT, name: str = "") -> Person:
        """A new user of a role, logged in."""
        name = name or f"{role}-{next(_numbers)}"
        identity = self.server.identity
        user, _ = self.run(identity.create_user(CONSOLE, name, role=role, password=PASSWORD))
        access = self.run(identity.login(name, PASSWORD)).access
        return Person(user.user_id, name, role, access, {"Authorization": f"Bearer {access}"})

    def key(self, person: Person, *, session: str = "", scopes: tuple[str, ...] = ()) -> BotKey:
        """A new API key of a user."""
        made = self.run(self.server.identity.create_key(person.user_id, session=session, scopes=scopes))
        headers = {"APCA-API-KEY-ID": made.key_id, "APCA-API-SECRET-KEY": made.secret}
        return BotKey(made.key_id, made.secret, headers)

    def client(self, person: Person | BotKey | None = None) -> httpx.Client:
        """An HTTP client whose requests are somebody's; close it, or use it with `with`."""
        return httpx.Client(
            base_url=self.url, headers={} if person is None else person.headers, timeout=60, trust_env=False
        )


@contextmanager
def serving(
    data: Path,
    *,
    settings: dict[str, Any] | None = None,
    front: Front | None = None,
    reporter: MakeReporter | None = None,
    **start: Any,
) -> Iterator[Served]:
    """A server over a data root, stopped and drained at the end.

    Parameters
    ----------
    data
        Its data root.
    settings
        Fields of `ServerSettings` other than the usual ones.
    front
        What stands before the API.
    reporter
        Makes reports.
    start
        Fields of `Start` other than the usual ones; the scenario is `MARKET` unless given.
    """
    scenario = data.parent / f"{data.name}-{SESSION}.toml"
    scenario.write_text(MARKET)
    usual = Start(port=0, identity=CHEAP, name=SESSION, scenario=scenario)
    running = Running(
        replace(ServerSettings(data=data, limited=False), **(settings or {})),
        replace(usual, **start),
        front,
        reporter,
    )
    with looping(running, "server", start_s=_START_SECONDS) as loop:
        yield Served(running, loop)
