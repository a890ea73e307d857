"""The exchange of pages that `panel serve` gives: one in this process, or the one at `$WORKBENCH_URL`.

A page of `panel serve` talks to it straight from the browser, on the same host and another port; cookies know
hosts and no ports, so the log-in there is the log-in here.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import urlsplit

import httpx

from dashboards.parts.review_own import OwnReviews
from dashboards.parts.review_remote import RemoteReviews
from dashboards.serving.front import pages_in_front
from workbench.api.running import Running, Start
from workbench.api.server import Server
from workbench.api.settings import ServerSettings
from workbench.errors import AuthError, ConfigError
from workbench.identity.principal import Principal, Revoked
from workbench.identity.roles import Permission
from workbench.identity.settings import IdentitySettings, SignUp
from workbench.journal.place import data_root

if TYPE_CHECKING:
    from dashboards.parts.review_source import ReviewSource

URL = "WORKBENCH_URL"
"""Environment variable with the address of an exchange that runs elsewhere."""

_PORT = 5006
_LOCAL = ("localhost", "127.0.0.1")
_START_S, _STOP_S, _ASK_S = 300.0, 30.0, 10.0
_UNAUTHORIZED = 401

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who opens a page.

    Attributes
    ----------
    user_id, name, role
        As the exchange knows them.
    permissions
        By their names.
    principal
        The proof; None where another process has it.
    """

    user_id: str
    name: str
    role: str
    permissions: frozenset[str]
    principal: Principal | None = None


class Exchange(Protocol):
    """What pages need of an exchange."""

    @property
    def url(self) -> str:
        """Where it answers."""

    def visitor(self, token: str) -> Visitor | None:
        """Who an access token is of; nobody when it does not hold."""

    def when_revoked(self, call: Callable[[Revoked], None]) -> None:
        """Have `call` told of every log-in that ends, on a thread of the exchange's."""

    def reviews(self, visitor: Visitor, token: str) -> ReviewSource:
        """What somebody may look back at; the token is the one that proved who they are."""


class Embedded:
    """A whole exchange on a thread of this process, on a free port of this machine alone.

    Parameters
    ----------
    data
        Its data root.
    origins
        Origins of the pages that may call it.
    """

    def __init__(self, data: Path, origins: Sequence[str]) -> None:
        settings = ServerSettings(data=data, origins=tuple(origins))
        start = Start(port=0, identity=IdentitySettings(sign_up=SignUp.OPEN))
        self._running = Running(settings, start, front=pages_in_front)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failure: BaseException | None = None
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._work, name="exchange", daemon=True)
        self._thread.start()
        if not self._up.wait(_START_S):
            raise TimeoutError("the exchange did not start in time")
        if self._failure is not None:
            raise self._failure
        atexit.register(self.stop)

    @property
    def url(self) -> str:
        """Where it answers."""
        return self._running.url

    def visitor(self, token: str) -> Visitor | None:
        """Who an access token is of; nobody when it does not hold."""
        try:
            who = self._there(lambda server: server.identity.principal_of_token(token))
        except AuthError:
            return None
        permissions = frozenset(str(permission) for permission in who.permissions)
        return Visitor(who.user_id, who.name, str(who.role), permissions, who)

    def when_revoked(self, call: Callable[[Revoked], None]) -> None:
        """Have `call` told of every log-in that ends, on the exchange's thread."""
        self._there(lambda server: server.identity.on_revoked(call))

    def reviews(self, visitor: Visitor, token: str) -> ReviewSource:  # noqa: ARG002 - proven already
        """What somebody may look back at."""
        server = self._running.server
        assert server is not None
        assert self._loop is not None
        assert visitor.principal is not None
        return OwnReviews(server, self._loop, visitor.principal)

    def stop(self) -> None:
        """Drain it; doing so twice is fine."""
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._running.stop)
            self._thread.join(_STOP_S)
        atexit.unregister(self.stop)

    def _there(self, do: Callable[[Server], T]) -> T:
        """What a function gives on the exchange's own loop."""
        assert self._loop is not None
        server = self._running.server
        assert server is not None

        async def work() -> T:
            return do(server)

        return asyncio.run_coroutine_threadsafe(work(), self._loop).result(_ASK_S)

    def _work(self) -> None:
        try:
            asyncio.run(self._running.run(ready=self._ready, admin_made=_tell_password, signals=False))
        except BaseException as error:  # noqa: BLE001 - whoever started it raises it
            self._failure = error
        finally:
            self._up.set()

    def _ready(self, running: Running) -> None:
        self._loop = asyncio.get_running_loop()
        print(f"the exchange answers at {running.url}", flush=True)  # noqa: T201 - panel serve's terminal
        self._up.set()


class Remote:
    """An exchange that another process runs, such as `workbench serve`.

    Parameters
    ----------
    url
        Its address.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/"):
            raise ConfigError(f"is {url!r}, expected such as http://localhost:8000", URL)
        self._url = url.rstrip("/")
        self._client = httpx.Client(base_url=self._url, timeout=_ASK_S, trust_env=False)

    @property
    def url(self) -> str:
        """Where it answers."""
        return self._url

    def visitor(self, token: str) -> Visitor | None:
        """Who an access token is of; nobody when it does not hold."""
        answer = self._client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})
        if answer.status_code == _UNAUTHORIZED:
            return None
        who = answer.raise_for_status().json()
        return Visitor(who["user_id"], who["name"], who["role"], frozenset(who["permissions"]))

    def when_revoked(self, call: Callable[[Revoked], None]) -> None:
        """Nothing tells: the streams of its pages end there, and what is open here holds nothing private."""

    def reviews(self, visitor: Visitor, token: str) -> ReviewSource:
        """What somebody may look back at."""
        return RemoteReviews(self._url, token, runs=str(Permission.RUN_SESSION) in visitor.permissions)


@cache
def exchange() -> Exchange:
    """The exchange of this process, which is started when it is first asked for."""
    url = os.environ.get(URL, "")
    return Remote(url) if url else Embedded(data_root(None), panel_origins(sys.argv))


def panel_origins(words: Sequence[str]) -> tuple[str, ...]:
    """Origins of the pages of a `panel serve`, as its command line says.

    >>> panel_origins(["panel", "serve", "trading.py", "--port", "5010"])
    ('http://localhost:5010', 'http://127.0.0.1:5010')
    >>> panel_origins(["panel", "serve", "--allow-websocket-origin=desk.example:80"])
    ('http://desk.example:80', 'https://desk.example:80', 'http://localhost:5006', 'http://127.0.0.1:5006')
    """
    given = [each for word in words for each in word.split("=", 1)]
    after = [*given[1:], ""]
    port = next((value for word, value in zip(given, after, strict=True) if word == "--port"), str(_PORT))
    named = [value for word, value in zip(given, after, strict=True) if word == "--allow-websocket-origin"]
    origins = [f"{scheme}://{host}" for host in named for scheme in ("http", "https")]
    return (*origins, *(f"http://{host}:{port}" for host in _LOCAL))


def seen_from(url: str, host: str) -> str:
    """An address of this machine as a browser must call it that calls the page's server `host`.

    Cookies are of one host name, and `localhost` and `127.0.0.1` are two.

    >>> seen_from("http://127.0.0.1:41234", "localhost:5006")
    'http://localhost:41234'
    >>> seen_from("https://desk.example", "localhost:5006")
    'https://desk.example'
    """
    parts = urlsplit(url)
    name = host.rsplit(":", 1)[0]
    if parts.hostname in _LOCAL and name in _LOCAL:
        return f"{parts.scheme}://{name}:{parts.port}" if parts.port else f"{parts.scheme}://{name}"
    return url


def _tell_password(password: str) -> None:
    print(f"user admin was made; the password, which is shown only now, is {password}", flush=True)  # noqa: T201
