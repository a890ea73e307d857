"""Everybody who may knock: one caller of each kind, and how their requests look."""

from __future__ import annotations

from collections.abc import Callable

from tests.api.served import PASSWORD, Served
from workbench.identity.principal import CONSOLE
from workbench.identity.roles import Role

ANONYMOUS = "anonymous"
STUDENT = "student"
ASSISTANT = "assistant"
INSTRUCTOR = "instructor"
OBSERVER = "observer"
ADMIN = "admin"
BOT = "bot"
READING_BOT = "reading bot"
ONE_TIME = "one-time"

CALLERS = (ANONYMOUS, STUDENT, ASSISTANT, INSTRUCTOR, OBSERVER, ADMIN, BOT, READING_BOT, ONE_TIME)
"""`bot` is a student's API key as it is made by default, `reading bot` one that may only read the market;
`one-time` somebody who logged in with a password to use once.
"""


def headers_of(served: Served, caller: str) -> dict[str, str]:
    """Headers of a new caller of this kind."""
    makers: dict[str, Callable[[], dict[str, str]]] = {
        ANONYMOUS: dict,
        BOT: lambda: served.key(served.person()).headers,
        READING_BOT: lambda: served.key(served.person(), scopes=("read_market",)).headers,
        ONE_TIME: lambda: _one_time(served),
    }
    if caller in makers:
        return makers[caller]()
    return served.person(Role(caller)).headers


def _one_time(served: Served) -> dict[str, str]:
    identity = served.server.identity
    person = served.person()
    password = served.run(identity.reset_password(CONSOLE, person.user_id))
    assert password != PASSWORD
    tokens = served.run(identity.login(person.name, password))
    return {"Authorization": f"Bearer {tokens.access}"}
