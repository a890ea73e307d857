"""Identities on SQLite and on PostgreSQL, under a clock that tests turn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.conftest import IN_CI
from tests.identity.postgres import MISSING, empty_database, postgres_programs, postgres_server
from workbench.identity import CONSOLE, Identity, IdentitySettings, Principal, Role, SignUp
from workbench.identity.users import User

T = TypeVar("T")
SECRET = b"a secret that is long enough for tests"
PASSWORD = "correct horse battery"
SECOND_NS = 1_000_000_000
DAY_S = 86_400

# Argon2 as cheap as it goes: what it costs in earnest is tested where hashes are.
QUICK = IdentitySettings(sign_up=SignUp.OPEN, reread_s=0, argon2_memory_kib=8, argon2_passes=1)


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.ns = 1_800_000_000 * SECOND_NS

    def __call__(self) -> int:
        return self.ns

    def pass_s(self, seconds: float) -> None:
        self.ns += int(seconds * SECOND_NS)


class House:
    """A database, and the identities that were opened on it.

    Tests are plain functions: what is asynchronous runs by calling the house on it.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.clock = Clock()
        self.runner = asyncio.Runner()
        self.opened: list[Identity] = []

    def __call__(self, work: Awaitable[T]) -> T:
        async def run() -> T:
            return await work

        return self.runner.run(run())

    def open(self, secret: bytes = SECRET, **changes: Any) -> Identity:
        identity = self(
            Identity.open(self.url, secret=secret, settings=replace(QUICK, **changes), now_ns=self.clock)
        )
        self.opened.append(identity)
        return identity

    def close(self) -> None:
        for identity in self.opened:
            self(identity.close())
        self.runner.close()


class People:
    """An identity with users in it, made as they are needed."""

    def __init__(self, house: House, identity: Identity) -> None:
        self.house = house
        self.identity = identity

    def user(self, name: str, role: Role = Role.STUDENT) -> User:
        user, _ = self.house(self.identity.create_user(CONSOLE, name, role=role, password=PASSWORD))
        return user

    def login(self, name: str, role: Role = Role.STUDENT) -> Principal:
        self.user(name, role)
        return self.house(self.identity.login(name, PASSWORD)).principal


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a private server; skips with a reason where there is none, which CI does not accept."""
    programs = postgres_programs()
    if programs is None:
        if IN_CI:
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with postgres_server(programs) as server:
        yield server.url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty database of each kind."""
    with empty_database(request, tmp_path / "identity.db") as url:
        yield url


@pytest.fixture
def house(url: str) -> Iterator[House]:
    house = House(url)
    yield house
    house.close()


@pytest.fixture
def identity(house: House) -> Identity:
    return house.open()


@pytest.fixture
def people(house: House, identity: Identity) -> People:
    return People(house, identity)


@pytest.fixture
def refused() -> Callable[..., Any]:
    """`refused("kind", lambda: ..., house)`: the AuthError that a call raises, awaited with a house."""
    from workbench.errors import AuthError

    def check(kind: str, call: Callable[[], Any], house: House | None = None) -> AuthError:
        with pytest.raises(AuthError) as raised:
            call() if house is None else house(call())
        assert raised.value.kind == kind, raised.value
        return raised.value

    return check
