"""Documents live as long as their browsers, and sockets as long as their log-ins."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from socket import SHUT_RDWR
from weakref import ref

import pytest
from panel.io.state import state
from starlette.types import Message
from uvicorn.protocols.utils import ClientDisconnected
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from dashboards.serving import documents, still
from tests.dashboards.served import Browser, ServedPages, read_to_the_end, serving_pages
from workbench.api.auth import ACCESS_COOKIE
from workbench.identity.roles import Role

PULL = ('{"msgid": "1", "msgtype": "PULL-DOC-REQ"}', "{}", "{}")
READY = (
    '{"msgid": "2", "msgtype": "PATCH-DOC"}',
    "{}",
    (
        '{"events": [{"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": '
        '{"type": "event", "name": "document_ready", "values": {"type": "map", "entries": []}}}]}'
    ),
)
"""What a browser sends once it shows its document."""


PATIENCE_S = 60.0


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "it did not come to hold in time"
        time.sleep(0.05)


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every page has a document of its own, as when there is no room for one that stands still."""
    monkeypatch.setattr(still, "STILL_MAX", 0)


@pytest.fixture
def hasty(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr(documents, "CHECK_S", 0.2)
    monkeypatch.setattr(documents, "UNUSED_S", 0.5)
    return tmp_path_factory


@pytest.mark.usefixtures("own")
def test_documents_go_when_browsers_go(
    hasty: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving_pages(hasty.mktemp("hasty") / "data") as pages, ExitStack() as stack:
        count = lambda: pages.served.call(lambda: pages.documents.count)  # noqa: E731
        connected = lambda: pages.served.call(lambda: pages.documents.connected)  # noqa: E731
        browsers = [stack.enter_context(pages.browser()) for _ in range(3)]
        sockets = [stack.enter_context(browser.socket(browser.token())) for browser in browsers]
        for socket in sockets:
            assert "ACK" in str(socket.recv(timeout=60))
        assert (count(), connected()) == (3, 3)
        # Longer than an unused document lives: these are used.
        time.sleep(1.2)
        assert count() == 3
        sockets[0].close()
        # A browser that is killed says no goodbye.
        sockets[1].socket.shutdown(SHUT_RDWR)
        until(lambda: connected() == 1)
        until(lambda: count() == 1)
        sockets[2].close()
        until(lambda: count() == 0)
        # A page that was fetched and never opened its socket goes too.
        with monkeypatch.context() as patience:
            patience.setattr(documents, "UNUSED_S", PATIENCE_S)
            browsers[0].token()
            assert count() == 1
        until(lambda: count() == 0)


@pytest.mark.usefixtures("own")
def test_documents_that_went_leave_nothing_in_memory(
    hasty: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "COLLECT_FROM", 2)
    trimmed: list[str] = []
    monkeypatch.setattr(documents, "trim", lambda: trimmed.append(threading.current_thread().name))
    with serving_pages(hasty.mktemp("memory") / "data") as pages, ExitStack() as stack:

        def made() -> list[ref[object]]:
            contexts = pages.documents._bokeh._applications.values()
            return [ref(each.document) for context in contexts for each in context._sessions.values()]

        for _ in range(4):
            browser = stack.enter_context(pages.browser())
            socket = stack.enter_context(browser.socket(browser.token()))
            assert "ACK" in str(socket.recv(timeout=60))
            for part in (*PULL, *READY):
                socket.send(part)
            while "PULL-DOC-REPLY" not in str(socket.recv(timeout=60)):
                pass
        found = pages.served.call(made)
        assert [each() is not None for each in found] == [True] * 4
        stack.close()
        # The interpreter by itself would find them some time; nobody may have to wait for that.
        gc.disable()
        try:
            until(lambda: pages.served.call(lambda: all(each() is None for each in found)))
        finally:
            gc.enable()
        until(lambda: bool(trimmed))
        # The loop's own thread has others to answer.
        loops = pages.served.call(lambda: threading.current_thread().name)
        assert loops not in trimmed


def shown(
    pages: ServedPages, stack: ExitStack, path: str = "/desk", role: Role = Role.STUDENT
) -> ClientConnection:
    """A page as a browser shows it."""
    browser = stack.enter_context(pages.browser(role))
    socket = stack.enter_context(browser.socket(browser.token(path), path))
    for part in (*PULL, *READY):
        socket.send(part)
    while "PULL-DOC-REPLY" not in str(socket.recv(timeout=60)):
        pass
    return socket


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(("path", "role"), [("/desk", Role.STUDENT), ("/control", Role.INSTRUCTOR)])
def test_a_page_that_went_leaves_nothing_to_be_looked_for(
    hasty: pytest.TempPathFactory, path: str, role: Role
) -> None:
    with serving_pages(hasty.mktemp("circles") / "data") as pages:

        def made() -> list[ref[object]]:
            contexts = pages.documents._bokeh._applications.values()
            found = [each.document for context in contexts for each in context._sessions.values()]
            roots = {root.ref["id"] for each in found for root in each.roots}
            views = [shown[0] for name, shown in state._views.items() if name in roots]
            assert views
            models = [model for each in found for model in each.models]
            return [ref(each) for each in (*found, *views, *models)]

        with ExitStack() as stack:
            shown(pages, stack, path, role)
            found = pages.served.call(made)
            assert len(found) > 3
            gc.disable()
        try:
            until(lambda: pages.served.call(lambda: pages.documents.count) == 0)
            until(lambda: pages.served.call(lambda: all(each() is None for each in found)))
        finally:
            gc.enable()


@pytest.mark.usefixtures("own")
def test_who_says_goodbye_is_not_waited_for(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "CHECK_S", 0.2)
    # Nobody comes so late; who is gone is gone for having said so.
    monkeypatch.setattr(documents, "UNUSED_S", 10 * PATIENCE_S)
    with serving_pages(tmp_path_factory.mktemp("goodbye") / "data") as pages, ExitStack() as stack:
        count = lambda: pages.served.call(lambda: pages.documents.count)  # noqa: E731
        leaves, killed = shown(pages, stack), shown(pages, stack)
        killed.socket.shutdown(SHUT_RDWR)
        leaves.close(1001)
        until(lambda: count() == 1)
        # The other may come back, for as long as any document waits for its browser.
        time.sleep(0.5)
        assert count() == 1


@pytest.mark.parametrize("how", ["log out", "log out everywhere", "disable"])
def test_a_socket_ends_with_its_log_in(pages: ServedPages, how: str) -> None:
    with pages.browser() as browser, pages.browser() as other:
        assert browser.person is not None
        with browser.socket(browser.token()) as socket, other.socket(other.token()) as stays:
            for each in (socket, stays):
                assert "ACK" in str(each.recv(timeout=60))
            # Those of the tests before this one go when the server has heard that they went.
            until(lambda: pages.served.call(lambda: pages.documents.connected) == 2)
            if how == "log out":
                assert browser.http.post("/api/auth/logout").status_code == 200
            elif how == "log out everywhere":
                assert browser.http.post("/api/auth/logout-everywhere").status_code == 200
            else:
                admin = pages.served.person(Role.ADMIN)
                with pages.served.client(admin) as client:
                    path = f"/api/users/{browser.person.user_id}/disable"
                    assert client.post(path).status_code == 200
            with pytest.raises(ConnectionClosed) as ended:
                read_to_the_end(socket)
            assert ended.value.rcvd is not None
            assert ended.value.rcvd.code == 4401
            until(lambda: pages.served.call(lambda: pages.documents.connected) == 1)
            assert stays.ping().wait(PATIENCE_S), "the other one's ended too"


class Handshake:
    """What a server of ASGI sees of a browser that opens a page's socket, as long as it is there."""

    def __init__(self, pages: ServedPages, browser: Browser) -> None:
        self.pages = pages
        self.sent: list[Message] = []
        self.gone = asyncio.Event()
        self.revoke: Callable[[], Awaitable[object]] | None = None
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        host = browser.url.removeprefix("http://")
        headers = {"host": host, "origin": browser.url, "cookie": cookies}
        self.scope = {
            "type": "websocket",
            "scheme": "ws",
            "path": "/desk/ws",
            "query_string": b"",
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "subprotocols": ["bokeh", browser.token()],
            "client": ("127.0.0.1", 1),
            "extensions": {"websocket.http.response": {}},
        }
        self._connecting = True

    async def run(self) -> None:
        """Have it answered; whatever the application raises is a stack trace in the log."""
        async with asyncio.timeout(20):
            await self.pages.front(self.scope, self.receive, self.send)

    async def receive(self) -> Message:
        if self._connecting:
            self._connecting = False
            if self.revoke is not None:
                await self.revoke()
            return {"type": "websocket.connect"}
        await self.gone.wait()
        return {"type": "websocket.disconnect", "code": 1006}

    async def send(self, message: Message) -> None:
        if self.gone.is_set():
            raise ClientDisconnected
        self.sent.append(message)


def test_a_browser_that_leaves_during_the_handshake_is_no_failure(pages: ServedPages) -> None:
    with pages.browser() as browser:
        left = Handshake(pages, browser)
        left.gone.set()
        pages.served.run(left.run())
        assert left.sent == []
    until(lambda: pages.served.call(lambda: pages.documents.connected) == 0)


def test_a_log_in_that_ends_during_the_handshake_ends_the_socket(pages: ServedPages) -> None:
    with pages.browser() as browser:
        ended = Handshake(pages, browser)
        identity = pages.served.server.identity
        user = identity.principal_of_token(browser.cookies[ACCESS_COOKIE]).user_id
        ended.revoke = lambda: identity.logout_everywhere(user)
        pages.served.run(ended.run())
        assert ended.sent[0]["type"] == "websocket.accept"
        assert (ended.sent[-1]["type"], ended.sent[-1]["code"]) == ("websocket.close", 4401)
    until(lambda: pages.served.call(lambda: pages.documents.connected) == 0)


def test_sockets_of_one_user_are_bounded(pages: ServedPages) -> None:
    counted = lambda: pages.served.call(lambda: pages.served.server.sockets.counts()["page"])  # noqa: E731
    # Those of the tests before this one go when the server has heard that they went.
    until(lambda: counted() == 0)
    with pages.browser() as browser, browser.socket(browser.token()):
        assert counted() == 1
    until(lambda: counted() == 0)
