"""A server with its pages in a thread of the test's process, and browsers without a window."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
from bokeh.util.token import get_token_payload
from starlette.types import ASGIApp
from websockets.sync.client import ClientConnection, connect

from dashboards.serving import pages_in_front
from dashboards.serving.documents import Documents
from dashboards.serving.front import Front
from tests.api.served import PASSWORD, Person, Served, serving
from workbench.api.server import Server
from workbench.identity.roles import Role

TOKEN = re.compile(r'"token":"([^"]+)"')


class Browser:
    """Somebody's browser: cookies, and sockets that send them.

    Parameters
    ----------
    url
        Of the server.
    person
        Who signs in; nobody unless given.
    """

    def __init__(self, url: str, person: Person | None = None) -> None:
        self.url = url
        self.person = person
        self.http = httpx.Client(
            base_url=url, timeout=60, trust_env=False, headers={"Accept": "text/html", "Origin": url}
        )
        if person is not None:
            who = {"name": person.name, "password": PASSWORD, "cookies": True}
            assert self.http.post("/api/auth/login", json=who).status_code == 200

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *exception: object) -> None:
        self.http.close()

    @property
    def cookies(self) -> dict[str, str]:
        """What it sends to a page: the refresh token goes to /api/auth alone."""
        return {each.name: each.value or "" for each in self.http.cookies.jar if each.path == "/"}

    def token(self, page: str = "/desk") -> str:
        """Open a page, and take the token that its socket is opened with."""
        answer = self.http.get(page)
        assert answer.status_code == 200, answer.text
        found = TOKEN.search(answer.text)
        assert found is not None
        return found[1]

    def socket(
        self,
        token: str,
        page: str = "/desk",
        *,
        path: str = "/ws",
        origin: str | None = "",
        cookies: dict[str, str] | None = None,
    ) -> ClientConnection:
        """Open a page's socket, or fail with the status."""
        sent = self.cookies if cookies is None else cookies
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in sent.items())}
        return connect(
            self.url.replace("http", "ws", 1) + page + path,
            subprotocols=["bokeh", token],  # type: ignore[list-item]
            additional_headers=headers if sent else {},
            origin=self.url if origin == "" else origin,  # type: ignore[arg-type]
            open_timeout=60,
        )


class ServedPages:
    """A server with pages.

    Attributes
    ----------
    served
        The server.
    front
        What is in front of its API.
    """

    def __init__(self, served: Served, front: Front) -> None:
        self.served = served
        self.front = front
        self.url = served.url

    @property
    def documents(self) -> Documents:
        """Panel's documents behind the pages."""
        return self.front.site.documents

    def browser(self, role: Role = Role.STUDENT) -> Browser:
        """A browser in which a new user of a role has signed in."""
        return Browser(self.url, self.served.person(role))

    def nobody(self) -> Browser:
        """A browser in which nobody has."""
        return Browser(self.url)


@contextmanager
def serving_pages(data: Path, **more: Any) -> Iterator[ServedPages]:
    """A server with pages over a data root; `more` goes to `tests.api.served.serving`."""
    kept: list[Front] = []

    @asynccontextmanager
    async def front(api: ASGIApp, server: Server) -> AsyncIterator[ASGIApp]:
        async with pages_in_front(api, server) as whole:
            assert isinstance(whole, Front)
            kept.append(whole)
            yield whole

    with serving(data, front=front, **more) as served:
        yield ServedPages(served, kept[0])


def read_to_the_end(socket: ClientConnection) -> None:
    """Read until the server ends a socket, which raises; a bound keeps a test from waiting for ever."""
    for _ in range(20):
        socket.recv(timeout=60)


def payload(token: str) -> dict[str, Any]:
    """What a page's token says to whoever reads it."""
    return dict(get_token_payload(token))
