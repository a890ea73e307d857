"""Documents live as long as their browsers, and sockets as long as their log-ins."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from socket import SHUT_RDWR

import pytest
from websockets.exceptions import ConnectionClosed

from dashboards.serving import documents
from tests.dashboards.served import ServedPages, read_to_the_end, serving_pages
from workbench.identity.roles import Role


def until(holds: Callable[[], bool], seconds: float) -> float:
    """How long it took until something held."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, "it did not come to hold in time"
        time.sleep(0.05)
    return time.monotonic() - began


@pytest.fixture
def hasty(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr(documents, "CHECK_S", 0.2)
    monkeypatch.setattr(documents, "UNUSED_S", 0.5)
    return tmp_path_factory


def test_documents_go_when_browsers_go(hasty: pytest.TempPathFactory) -> None:
    with serving_pages(hasty.mktemp("hasty") / "data") as pages, ExitStack() as stack:
        count = lambda: pages.served.call(lambda: pages.documents.count)  # noqa: E731
        connected = lambda: pages.served.call(lambda: pages.documents.connected)  # noqa: E731
        browsers = [stack.enter_context(pages.browser()) for _ in range(3)]
        sockets = [stack.enter_context(browser.socket(browser.token())) for browser in browsers]
        for socket in sockets:
            assert "ACK" in str(socket.recv(timeout=10))
        assert (count(), connected()) == (3, 3)
        # Longer than an unused document lives: these are used.
        time.sleep(1.2)
        assert count() == 3
        sockets[0].close()
        # A browser that is killed says no goodbye.
        sockets[1].socket.shutdown(SHUT_RDWR)
        until(lambda: connected() == 1, 5)
        until(lambda: count() == 1, 5)
        sockets[2].close()
        until(lambda: count() == 0, 5)
        # A page that was fetched and never opened its socket goes too.
        browsers[0].token()
        assert count() == 1
        until(lambda: count() == 0, 5)


@pytest.mark.parametrize("how", ["log out", "log out everywhere", "disable"])
def test_a_socket_ends_with_its_log_in(pages: ServedPages, how: str) -> None:
    with pages.browser() as browser, pages.browser() as other:
        assert browser.person is not None
        with browser.socket(browser.token()) as socket, other.socket(other.token()) as stays:
            assert "ACK" in str(socket.recv(timeout=10))
            before = pages.served.call(lambda: pages.documents.connected)
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
            until(lambda: pages.served.call(lambda: pages.documents.connected) == before - 1, 5)
            stays.recv(timeout=10)
            stays.ping()


def test_sockets_of_one_user_are_bounded(pages: ServedPages) -> None:
    kinds = pages.served.call(lambda: pages.served.server.sockets.counts()["page"])
    with pages.browser() as browser, browser.socket(browser.token()):
        counted = pages.served.call(lambda: pages.served.server.sockets.counts()["page"])
        assert counted == kinds + 1
    until(lambda: pages.served.call(lambda: pages.served.server.sockets.counts()["page"]) == kinds, 5)
