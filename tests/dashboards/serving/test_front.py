"""What is not the pages' goes to the API as it came."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from dashboards.serving.front import Front
from tests.dashboards.served import ServedPages
from workbench.identity.roles import Role

HTML = [(b"accept", b"text/html,*/*")]


def who_answers(kind: str, path: str, headers: list[tuple[bytes, bytes]]) -> tuple[str, bool]:
    """Which of the two answers, and whether it got the very objects."""
    seen: list[tuple[str, tuple[Any, ...]]] = []

    def app(name: str) -> Any:
        async def answer(*given: Any) -> None:
            seen.append((name, given))

        return answer

    async def nothing(*_: Any) -> Any:
        return None

    scope = {"type": kind, "path": path, "headers": headers}
    front = Front(app("api"), app("pages"), None)  # type: ignore[arg-type]
    asyncio.run(front(scope, nothing, nothing))
    ((name, given),) = seen
    return name, given[0] is scope and given[1] is nothing and given[2] is nothing


@pytest.mark.parametrize(
    "path",
    [
        "/api/sessions/market/orders",
        "/api/auth/login",
        "/api/auth/refresh",
        "/api/auth/resumed",
        "/v2/orders",
        "/health/ready",
        "/desktop",
        "/control-room",
        "/login/x",
        "/assets",
        "//desk",
        "/openapi.json",
    ],
)
def test_the_api_answers_its_own(path: str) -> None:
    assert who_answers("http", path, HTML) == ("api", True)
    assert who_answers("websocket", path, []) == ("api", True)


def test_a_program_at_the_bare_address_is_the_apis() -> None:
    assert who_answers("http", "/", [(b"accept", b"*/*")]) == ("api", True)
    assert who_answers("http", "/", []) == ("api", True)
    assert who_answers("http", "/", HTML) == ("pages", True)


@pytest.mark.parametrize(
    "path",
    ["/desk", "/desk/ws", "/desk/autoload.js", "/control", "/control/ws", "/login", "/login/", "/desk/"],
)
def test_pages_answer_theirs(path: str) -> None:
    assert who_answers("http", path, [])[0] == "pages"


def test_the_api_is_served_as_without_pages(pages: ServedPages) -> None:
    with pages.served.client(pages.served.person(Role.STUDENT)) as client:
        session = client.get("/api/sessions/market")
        assert session.status_code == 200
        assert "content-security-policy" not in session.headers
        assert client.get("/health/live").status_code == 200
        assert client.get("/nothing").json()["code"] == "not_found"
