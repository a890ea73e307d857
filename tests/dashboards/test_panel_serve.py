"""`panel serve dashboards/trading.py dashboards/instructor.py` as a process, with an exchange of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from bokeh.util.token import generate_jwt_token, generate_session_id
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.conftest import ROOT
from tests.dashboards.browser import conftest as in_browser
from tests.dashboards.served import TOKEN, payload, read_to_the_end
from tests.faults.server.process import free_port
from tests.served_market import market
from workbench.api.auth import ACCESS_COOKIE, REFRESH_COOKIE
from workbench.identity.endings import Ending

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow
PASSWORD = "correct horse battery"
PATIENCE_MS = 60_000
chromium, chromium_window = in_browser.chromium, in_browser.browser
"""Fixtures; any other browser of this file is an HTTP client."""
PAGES = ("dashboards/trading.py", "dashboards/instructor.py", "dashboards/review.py")
PULL = ('{"msgid": "1", "msgtype": "PULL-DOC-REQ"}', "{}", "{}")
"""The pieces of the message with which a page asks for its document."""


@dataclass
class PanelServe:
    """The process: where its pages are, and its exchange."""

    url: str
    api: str

    def browser(self, name: str) -> httpx.Client:
        """A browser in which somebody has signed in at the exchange; cookies know no ports."""
        browser = httpx.Client(timeout=60, trust_env=False, headers={"Origin": self.url})
        who = {"name": name, "password": PASSWORD, "cookies": True}
        assert browser.post(f"{self.api}/api/auth/login", json=who).status_code == 200
        return browser

    def socket(self, browser: httpx.Client, page: str, token: str, origin: str = "") -> ClientConnection:
        """Open a page's socket."""
        return connect(
            f"{self.url.replace('http', 'ws', 1)}{page}/ws",
            subprotocols=["bokeh", token],  # type: ignore[list-item]
            additional_headers={"Cookie": f"{ACCESS_COOKIE}={browser.cookies.get(ACCESS_COOKIE)}"},
            origin=origin or self.url,  # type: ignore[arg-type]
            open_timeout=60,
        )


# Panel sends a change as three messages and waits for one: asyncio tells of a browser that goes in between.
GONE = re.compile(
    r"^[^\n]*Task exception was never retrieved\nfuture: [^\n]*WebSocketClosedError"
    r".*?^tornado\.websocket\.WebSocketClosedError\n",
    re.DOTALL | re.MULTILINE,
)


def run(data: Path, log: Path, *more: str) -> tuple[subprocess.Popen[bytes], str]:
    port = free_port()
    command = [sys.executable, "-m", "panel", "serve", *PAGES]
    environment = {
        **{name: value for name, value in os.environ.items() if name != "WORKBENCH_URL"},
        "WORKBENCH_DATA": str(data),
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "PYTHONUNBUFFERED": "1",
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--port", str(port), *more],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    return process, f"http://127.0.0.1:{port}"


def waited(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + 240
    while True:
        try:
            httpx.get(f"{url}/trading", timeout=240, trust_env=False)
        except httpx.ConnectError:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.2)
        else:
            return


def ended(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    assert process.wait(60) in (0, -15)


@pytest.fixture(scope="module")
def panel_serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PanelServe]:
    folder = tmp_path_factory.mktemp("panel")
    log = folder / "log"
    process, url = run(folder / "data", log, "--auth-module", "dashboards/auth.py")
    try:
        waited(process, url)
        text = log.read_text()
        api = re.search(r"the exchange answers at (\S+)", text)
        once = re.search(r"shown only now, is (\S+)", text)
        assert api is not None, text
        assert once is not None, text
        served = PanelServe(url, api[1])
        with httpx.Client(base_url=served.api, timeout=60, trust_env=False) as http:
            for name in ("student", "teacher"):
                person = {"name": name, "password": PASSWORD}
                made = http.post("/api/auth/sign-up", json=person).json()
                admin = {"name": "admin", "password": once[1]}
                token = http.post("/api/auth/login", json=admin).json()["access"]
                if name == "teacher":
                    changed = http.put(
                        f"/api/users/{made['user_id']}/role",
                        json={"role": "instructor"},
                        headers={"Authorization": f"Bearer {token}"},
                    )
                    assert changed.status_code == 200, changed.text
        yield served
    finally:
        ended(process)
        assert "Traceback" not in GONE.sub("", log.read_text())


def test_who_is_not_signed_in_is_sent_to_the_exchange_and_back(panel_serve: PanelServe) -> None:
    with httpx.Client(timeout=60, trust_env=False) as nobody:
        answer = nobody.get(f"{panel_serve.url}/trading?session=x")
        assert answer.status_code == 302
        answer = nobody.get(str(answer.url.join(answer.headers["location"])))
        assert answer.headers["location"].startswith(f"{panel_serve.api}/api/auth/resume?next=http")
        answer = nobody.get(answer.headers["location"])
        answer = nobody.get(panel_serve.api + answer.headers["location"])
        assert f'data-next="{panel_serve.url}/trading?session=x"' in answer.text
        away = nobody.get(f"{panel_serve.url}/login", params={"next": "https://evil.example"})
        assert "evil" not in away.headers["location"]


def test_whose_log_in_ended_is_sent_to_the_exchange_which_says_why(panel_serve: PanelServe) -> None:
    with closing(panel_serve.browser("student")) as browser, closing(panel_serve.browser("student")) as other:
        assert other.post(f"{panel_serve.api}/api/auth/logout-everywhere").status_code == 200
        answer = browser.get(f"{panel_serve.url}/trading?session=x")
        assert answer.status_code == 302
        answer = browser.get(str(answer.url.join(answer.headers["location"])))
        answer = browser.get(answer.headers["location"])
        assert answer.headers["location"].endswith(f"&why={Ending.EVERYWHERE.code}")
        page = browser.get(panel_serve.api + answer.headers["location"])
        assert f'data-next="{panel_serve.url}/trading?session=x"' in page.text
        assert f'data-why="{Ending.EVERYWHERE.sentence.capitalize()}."' in page.text
    with httpx.Client(timeout=30, trust_env=False) as nobody:
        # What somebody says of themselves goes no further.
        answer = nobody.get(f"{panel_serve.url}/login", params={"next": "/trading", "why": "disabled"})
        assert "why" not in answer.headers["location"]
        answer = nobody.get(answer.headers["location"])
        assert "why" not in answer.headers["location"]


def test_pages_are_made_for_who_is_signed_in_without_their_cookies(panel_serve: PanelServe) -> None:
    with closing(panel_serve.browser("student")) as browser:
        answer = browser.get(f"{panel_serve.url}/trading")
        assert answer.status_code == 200
        token = TOKEN.search(answer.text)
        assert token is not None
        for secret in (browser.cookies.get(ACCESS_COOKIE), ACCESS_COOKIE, REFRESH_COOKIE):
            assert secret is not None
            assert secret not in answer.text
            assert secret not in str(payload(token[1]))
        with panel_serve.socket(browser, "/trading", token[1]) as socket:
            assert "ACK" in str(socket.recv(timeout=60))
        program = browser.get(f"{panel_serve.api}/assets/desk.js")
        assert program.headers["access-control-allow-origin"] == panel_serve.url


def test_roles_are_held_at_page_socket_and_autoload(panel_serve: PanelServe) -> None:
    with (
        closing(panel_serve.browser("student")) as student,
        closing(panel_serve.browser("teacher")) as teacher,
    ):
        for path in (
            "/instructor",
            "/instructor/autoload.js?bokeh-autoload-element=x",
            "/instructor/metadata",
        ):
            assert student.get(panel_serve.url + path).status_code == 403, path
            assert teacher.get(panel_serve.url + path).status_code == 200, path
        token = TOKEN.search(teacher.get(f"{panel_serve.url}/instructor").text)
        assert token is not None
        with (
            pytest.raises(InvalidStatus) as error,
            panel_serve.socket(student, "/instructor", token[1]),
        ):
            pass
        assert error.value.response.status_code == 403
        with (
            pytest.raises(InvalidStatus) as error,
            panel_serve.socket(teacher, "/instructor", token[1], "https://evil.example"),
        ):
            pass
        assert error.value.response.status_code == 403
        with panel_serve.socket(teacher, "/instructor", token[1]) as socket:
            assert "ACK" in str(socket.recv(timeout=60))


@pytest.mark.parametrize("page", ["/trading", "/instructor", "/review"])
def test_a_document_that_is_made_at_the_socket_asks_no_other_host(panel_serve: PanelServe, page: str) -> None:
    with closing(panel_serve.browser("teacher")) as browser:
        token = TOKEN.search(browser.get(panel_serve.url + page).text)
        assert token is not None
        # As when the page was made by another process, or its document is gone: this one is not known here.
        known = ("session_id", "session_expiry")
        more = {name: value for name, value in payload(token[1]).items() if name not in known}
        unknown = generate_jwt_token(generate_session_id(), signed=False, extra_payload=more)
        with panel_serve.socket(browser, page, unknown) as socket:
            while "ACK" not in str(socket.recv(timeout=60)):
                pass
            for part in PULL:
                socket.send(part)
            while "PULL-DOC-REPLY" not in str(socket.recv(timeout=60)):
                pass
            # What it is about, then the document.
            socket.recv(timeout=60)
            document = str(socket.recv(timeout=60))
    ours = {url.split("/")[2] for url in (panel_serve.url, panel_serve.api)}
    # The name of SVG's kind of element is no address.
    assert not set(re.findall(r"https?://([\w.:-]+)", document)) - ours - {"www.w3.org"}
    assert "static/extensions/panel/" in document


def test_a_socket_ends_with_its_log_in(panel_serve: PanelServe) -> None:
    with closing(panel_serve.browser("student")) as browser:
        token = TOKEN.search(browser.get(f"{panel_serve.url}/trading").text)
        assert token is not None
        with panel_serve.socket(browser, "/trading", token[1]) as socket:
            assert "ACK" in str(socket.recv(timeout=60))
            assert browser.post(f"{panel_serve.api}/api/auth/logout").status_code == 200
            with pytest.raises(ConnectionClosed) as closed:
                read_to_the_end(socket)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4401


def test_a_review_is_drawn_in_chromium(panel_serve: PanelServe, chromium_window: Browser) -> None:
    from playwright.sync_api import expect

    here = f"{panel_serve.api}/api/sessions"
    order = {"symbol": "QUIET", "side": "buy", "type": "limit", "limit_price": "49.00", "quantity": "5"}
    with (
        closing(panel_serve.browser("student")) as student,
        closing(panel_serve.browser("teacher")) as teacher,
    ):
        for person, path, body in (
            (teacher, "", {"name": "day", "scenario": market("A day")}),
            (student, "/day/join", None),
            (teacher, "/day/start", None),
            (student, "/day/orders", order),
            (teacher, "/day/close", None),
        ):
            answer = person.post(here + path, json=body)
            assert answer.is_success, f"{path}: {answer.text}"
    context = chromium_window.new_context()
    try:
        login = {"name": "student", "password": PASSWORD, "cookies": True}
        entered = context.request.post(
            f"{panel_serve.api}/api/auth/login", data=login, headers={"Origin": panel_serve.url}
        )
        assert entered.ok, entered.text()
        page, wrong, asked = context.new_page(), list[str](), set[str]()
        page.on("pageerror", lambda error: wrong.append(f"{error}"))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("request", lambda request: asked.add(request.url.removeprefix("blob:")))
        page.goto(f"{panel_serve.url}/review?session=day")
        drawn = page.locator('[data-testid="review-price"] canvas').first
        expect(drawn).to_be_visible(timeout=PATIENCE_MS)
        page.locator('[data-testid="review-tab-orders"]').click()
        row = page.get_by_role("grid", name="Orders").locator(".tabulator-row")
        expect(row).to_have_text(re.compile(r"QUIET\s*Buy.*49\.00"), timeout=PATIENCE_MS)
        assert wrong == []
        ours = (f"{panel_serve.url}/", f"{panel_serve.api}/", "data:")
        assert [each for each in asked if not each.startswith(ours)] == []
    finally:
        context.close()
