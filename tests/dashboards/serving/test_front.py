"""What is not the pages' goes to the API as it came."""

from __future__ import annotations

import asyncio
import html
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
        "/reportsheet",
        "/api/reports",
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
    [
        "/desk",
        "/desk/ws",
        "/desk/autoload.js",
        "/control",
        "/control/ws",
        "/login",
        "/login/",
        "/desk/",
        "/reports",
    ],
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


def test_a_report_that_is_refused_is_a_page_to_a_browser_and_json_to_a_program(pages: ServedPages) -> None:
    path = "/api/reports/0123456789abcdef/html"
    with pages.nobody() as nobody, pages.browser() as browser:
        # Who is not logged in logs in, and is sent back to the report.
        resume = nobody.http.get(path)
        assert (resume.status_code, resume.headers["location"]) == (303, f"/api/auth/resume?next={path}")
        assert nobody.http.get(resume.headers["location"]).headers["location"] == f"/login?next={path}"
        assert f'data-next="{path}"' in nobody.http.get(f"/login?next={path}").text
        assert browser.http.get(f"/login?next={path}").headers["location"] == path
        refused = browser.http.get(path)
        told = browser.http.get(path, headers={"Accept": "application/json"})
        assert refused.status_code == told.status_code == 404
        sentence = told.json()["message"]
        assert refused.headers["content-type"].startswith("text/html")
        assert "default-src 'none'" in refused.headers["content-security-policy"]
        assert html.escape(sentence[1:]) in refused.text
        assert "x-request-id" in refused.headers
        assert nobody.http.get(path, headers={"Accept": "*/*"}).json()["code"] == "unauthorized"
