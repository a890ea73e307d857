"""Every route against everybody: the table of `tests/api/matrix.py` is what the server does."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import Route, WebSocketRoute
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.api.callers import ANONYMOUS, CALLERS, headers_of
from tests.api.matrix import MATRIX, page
from tests.api.served import Served
from tests.conftest import ROOT
from workbench.api.app import create_app, guard_routes

ENDS_LOGINS = frozenset({"POST /api/auth/logout", "POST /api/auth/logout-everywhere"})
"""What takes the caller's log-in away: it is asked by somebody new."""

_NOBODY = "11111111-1111-4111-8111-111111111111"


def routes_of(app: FastAPI) -> Iterator[str]:
    for route in app.router.routes:
        if isinstance(route, WebSocketRoute):
            yield f"WS {route.path}"
        elif isinstance(route, Route) and route.path != app.openapi_url:
            yield from (f"{method} {route.path}" for method in route.methods or ())


@pytest.fixture(scope="module")
def callers(served: Served) -> dict[str, dict[str, str]]:
    return {caller: headers_of(served, caller) for caller in CALLERS}


def test_the_table_has_every_route_and_no_other(served: Served) -> None:
    app = create_app(served.server.sessions, served.server.identity, served.server.settings)
    routes = list(routes_of(app))
    assert len(routes) == len(set(routes))
    assert set(routes) - set(MATRIX) == set(), "a route is not in tests/api/matrix.py"
    assert set(MATRIX) - set(routes) == set(), "tests/api/matrix.py has a route that is not there"


def test_a_route_that_says_nothing_is_not_served(served: Served) -> None:
    app = FastAPI()

    @app.get("/open")
    async def forgotten() -> str:
        return "everything"

    with pytest.raises(RuntimeError, match="neither permit"):
        guard_routes(app, served.server)


def address(path: str) -> str:
    """A route's address with names of nobody and nothing in it, so that no request changes anything."""
    return re.sub(r"\{(\w+)(:path)?\}", lambda found: _NOBODY if found[1] != "name" else "nowhere", path)


@pytest.mark.parametrize("route", sorted(route for route in MATRIX if not route.startswith("WS")))
def test_who_may_use_a_route(served: Served, callers: dict[str, dict[str, str]], route: str) -> None:
    method, path = route.split()
    audience = MATRIX[route]
    with httpx.Client(base_url=served.url, timeout=60, trust_env=False) as client:
        for caller in CALLERS:
            headers = headers_of(served, caller) if route in ENDS_LOGINS else callers[caller]
            answer = client.request(method, address(path), headers=headers)
            said = f"{caller}: {answer.status_code} {answer.text[:300]}"
            if caller in audience:
                assert answer.status_code < 500, said
                assert not refused_at_the_door(answer), said
            else:
                assert answer.status_code == (401 if caller == ANONYMOUS else 403), said
                assert refused_at_the_door(answer), said


def refused_at_the_door(answer: httpx.Response) -> bool:
    """Whether who asks was not let through, rather than refused for what was asked for."""
    if answer.status_code == 401:
        # Which is also what an empty request for new tokens gets, or to log out nobody.
        return answer.url.path not in ("/api/auth/refresh", "/api/auth/logout")
    return answer.status_code == 403 and "needs the permission" in answer.text


@pytest.mark.parametrize("route", sorted(route for route in MATRIX if route.startswith("WS")))
def test_who_may_open_a_socket(served: Served, callers: dict[str, dict[str, str]], route: str) -> None:
    path = address(route.split()[1])
    for caller in CALLERS:
        status = 101
        try:
            with connect(
                served.url.replace("http", "ws") + path, additional_headers=callers[caller], proxy=None
            ) as socket:
                socket.close()
        except InvalidStatus as error:
            status = error.response.status_code
        except ConnectionClosed:
            pass
        if caller in MATRIX[route]:
            assert status not in (401, 403), caller
            assert status < 500, caller
        else:
            assert status == (401 if caller == ANONYMOUS else 403), caller


def test_the_page_is_the_table() -> None:
    written = (ROOT / "docs" / "permissions.md").read_text()
    assert written == "\n".join(page()) + "\n", "run: python -m tests.api.matrix > docs/permissions.md"
