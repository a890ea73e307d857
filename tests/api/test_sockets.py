"""Live connections: how many one user and one address may have, what one too many is told, and the counts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.api.served import Served, serving
from workbench.api.sockets import Socket, Sockets
from workbench.errors import ApiError
from workbench.identity.principal import Principal
from workbench.identity.roles import Role

ANN, BEN = (Principal(name, name, Role.STUDENT, frozenset()) for name in ("ann", "ben"))


def enter(
    sockets: Sockets, who: Principal | None = None, *, kind: str = "a", address: str = "here"
) -> Socket:
    return sockets.enter(kind, who, lambda _code, _sentence: None, address=address)


def test_those_of_a_user_are_bounded_by_kind() -> None:
    sockets = Sockets(user_max=2, address_max=100)
    first = enter(sockets, ANN)
    enter(sockets, ANN)
    with pytest.raises(ApiError, match="a user has at most 2 connections of this kind; close one") as refused:
        enter(sockets, ANN)
    assert (refused.value.status, refused.value.code) == (429, "too_many_connections")
    enter(sockets, ANN, kind="b")
    enter(sockets, BEN)
    assert (sockets.refused, sockets.unknown, len(sockets)) == ({"address": 0, "user": 1}, 0, 4)
    first.leave()
    first.leave()
    late = enter(sockets)
    late.know(ANN)
    late.know(ANN)
    with pytest.raises(ApiError):
        enter(sockets).know(ANN)
    late.forget()
    late.know(BEN)
    late.know(ANN)
    assert sockets.unknown == 1
    for socket in sockets:
        socket.leave()
    assert (sockets.unknown, len(sockets._users), len(sockets._unknown)) == (0, 0, 0)


def test_those_of_an_address_are_bounded_until_they_say_who_they_are() -> None:
    sockets = Sockets(user_max=100, address_max=2)
    first, _ = enter(sockets), enter(sockets)
    with pytest.raises(ApiError, match="this address has 2 connections that have not said who they are"):
        enter(sockets)
    enter(sockets, address="elsewhere")
    enter(sockets, ANN)
    first.know(ANN)
    enter(sockets)
    assert (sockets.refused["address"], sockets.unknown) == (1, 3)


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that takes few of them."""
    settings = {"sockets_per_user": 2, "sockets_per_address": 3}
    with serving(tmp_path_factory.mktemp("narrow") / "data", settings=settings) as running:
        yield running


def opened(served: Served, path: str, headers: dict[str, str] | None = None) -> ClientConnection:
    url = f"ws{served.url.removeprefix('http')}{path}"
    return connect(url, additional_headers=headers or {}, proxy=None)


def metric(served: Served, name: str) -> float:
    with served.client() as client:
        lines = client.get("/metrics").text.splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(name)))


def test_an_address_that_says_nothing_is_refused_at_the_handshake(narrow: Served) -> None:
    key = narrow.key(narrow.person())
    refused = 'workbench_sockets_refused_total{reason="address"}'
    before = metric(narrow, refused)
    with ExitStack() as stack:
        silent = [stack.enter_context(opened(narrow, path)) for path in ("/stream", "/v2/iex", "/stream")]
        assert metric(narrow, "workbench_unknown_clients ") == 3
        for path in ("/stream", "/v2/iex", "/v1beta1/news"):
            with pytest.raises(InvalidStatus) as error:
                opened(narrow, path)
            answer = error.value.response
            assert answer.status_code == 429
            assert b"have not said who they are" in (answer.body or b"")
        assert metric(narrow, refused) == before + 3
        # One who says who they are makes room for the next.
        silent[0].send(json.dumps({"action": "auth", "key": key.key_id, "secret": key.secret}))
        assert b'"authorized"' in silent[0].recv(60)
        stack.enter_context(opened(narrow, "/v2/iex"))
        # Who is known at the handshake is not counted so.
        stack.enter_context(opened(narrow, f"/api/sessions/{narrow.session}/stream", key.headers)).recv(60)
    until_none(narrow)


def until_none(served: Served) -> None:
    deadline = time.monotonic() + 60
    while len(served.server.sockets):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def until_left(served: Served, user_id: str, count: int) -> None:
    """Wait until the server has seen the end of a user's other connections."""
    deadline = time.monotonic() + 60
    while (
        sum(each.principal is not None and each.principal.user_id == user_id for each in seen(served)) > count
    ):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def seen(served: Served) -> list[Socket]:
    return served.call(lambda: list(served.server.sockets))


@pytest.mark.parametrize(
    ("path", "code"), [("/stream", 4429), ("/v2/iex", 1008), ("/api/sessions/market/stream", 4429)]
)
def test_one_more_of_a_user_than_they_may_have_is_closed_and_counted(
    narrow: Served, path: str, code: int
) -> None:
    person = narrow.person()
    before = metric(narrow, 'workbench_sockets_refused_total{reason="user"}')
    listen = json.dumps({"action": "listen", "data": {"streams": ["trade_updates"]}})
    with ExitStack() as stack:
        for _ in range(2):
            good = stack.enter_context(opened(narrow, path, person.headers))
            good.send(listen)
            assert good.recv(60)
        extra = stack.enter_context(opened(narrow, path, person.headers))
        heard: list[str | bytes] = []
        with pytest.raises(ConnectionClosed):  # noqa: PT012 - what is said before is looked at
            while True:
                heard.append(extra.recv(60))
        assert extra.close_code == code
        said = str(heard) if code == 1008 else str(extra.close_reason)
        assert ("connection limit exceeded" in said) or ("a user has at most 2 connections" in said)
        assert metric(narrow, 'workbench_sockets_refused_total{reason="user"}') == before + 1
        good.close()
        until_left(narrow, person.user_id, 1)
        again = stack.enter_context(opened(narrow, path, person.headers))
        again.send(listen)
        assert again.recv(60)
    until_none(narrow)


def test_wrong_credentials_do_not_count_for_anybody(narrow: Served) -> None:
    person = narrow.person()
    key = narrow.key(person, scopes=("read_market",))
    with ExitStack() as stack:
        for _ in range(4):
            tried = stack.enter_context(opened(narrow, "/stream", {}))
            tried.send(json.dumps({"action": "auth", "key": key.key_id, "secret": key.secret}))
            assert b"unauthorized" in tried.recv(60)
    until_none(narrow)
    assert len(narrow.server.sockets._users) == len(narrow.server.sockets._unknown) == 0
