"""The outermost layer, over real sockets: sizes, times, hosts, origins, headers, and failures of any kind."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.served import Served, serving
from tests.patience import PATIENCE_S
from workbench.api.settings import Rate

HEAD = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose limits are small enough to be met."""
    settings = {
        "body_bytes_max": 2_000,
        "header_seconds_max": 3_600.0,
        "body_seconds_max": 3_600.0,
        "hosts": ("127.0.0.1", "*.example.org"),
        "origins": ("https://desk.example.org",),
        # So slow to fill again that a slow machine asks too often as well.
        "user_rate": Rate(0.001, 3.0),
        "key_rate": Rate(0.001, 2.0),
        "limited": True,
        "secure": True,
    }
    folder: Path = tmp_path_factory.mktemp("strict")
    with serving(folder / "data", settings=settings, session=False, scenario=None, name="") as running:
        yield running


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that waits for nobody."""
    settings = {"header_seconds_max": 1.0, "body_seconds_max": 1.0}
    folder: Path = tmp_path_factory.mktemp("hasty")
    with serving(folder / "data", settings=settings, session=False, scenario=None, name="") as running:
        yield running


def connected(served: Served) -> socket.socket:
    host, port = served.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE_S)


def talk(served: Served, data: bytes, *, more: bytes = b"") -> bytes:
    """What the server says to raw bytes until it closes; `more` is sent once it has answered."""
    with connected(served) as connection:
        connection.sendall(data)
        heard = b""
        try:
            while piece := connection.recv(65_536):
                heard += piece
                if more:
                    connection.sendall(more)
                    more = b""
        except ConnectionResetError:
            pass
        return heard


def test_a_body_that_says_it_is_too_large_is_refused_at_once(strict: Served) -> None:
    with strict.client() as client:
        answer = client.post("/api/auth/login", content=b"x" * 2_001)
    assert answer.status_code == 413
    assert answer.json()["code"] == "too_large"


def test_a_body_that_grows_too_large_without_saying_so_is_refused(strict: Served) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(30):
            yield b"x" * 100

    with strict.client() as client:
        answer = client.post("/api/auth/login", content=pieces())
    assert answer.status_code == 413


def test_a_roster_may_be_larger(strict: Served) -> None:
    with strict.client() as client:
        answer = client.post("/api/classes/nobody/roster", content=b"x" * 5_000)
    assert answer.status_code == 401


@pytest.mark.parametrize("length", [b"-5", b"five", b"5, 6"])
def test_a_length_that_is_none_is_refused(strict: Served, length: bytes) -> None:
    head = b"POST /api/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: "
    heard = talk(strict, head + length + b"\r\n\r\nhello")
    assert heard == b"" or heard.startswith(b"HTTP/1.1 400")
    assert b" 200 " not in heard


def test_headers_that_do_not_come_are_not_waited_for(hasty: Served, strict: Served) -> None:
    with connected(strict) as waiting:
        assert talk(hasty, HEAD) == b""
        assert talk(hasty, b"") == b""
        # It is as the server was told: another one still waits for the end of its headers.
        waiting.sendall(HEAD + b"Connection: close\r\n\r\n")
        assert waiting.recv(65_536).startswith(b"HTTP/1.1 200")


def test_a_body_that_does_not_come_is_not_waited_for(hasty: Served) -> None:
    said = b"POST /api/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{"
    assert talk(hasty, said).startswith(b"HTTP/1.1 408")


def test_slow_headers_of_a_later_request_are_not_waited_for_either(
    hasty: Served,
) -> None:
    heard = talk(hasty, HEAD + b"\r\n", more=HEAD)
    assert heard.count(b"HTTP/1.1 200") == 1


@pytest.mark.parametrize(
    ("host", "status"), [("desk.example.org:8000", 200), ("evil.org", 400), ("example.org", 400), ("", 400)]
)
def test_only_its_own_hosts_are_answered_for(strict: Served, host: str, status: int) -> None:
    with strict.client() as client:
        assert client.get("/health/live", headers={"Host": host}).status_code == status


def test_origins_that_may_call_are_told_so_and_others_are_not(strict: Served) -> None:
    ask = {"Access-Control-Request-Method": "POST", "Origin": "https://desk.example.org"}
    with strict.client() as client:
        asked = client.options("/api/auth/login", headers=ask)
        assert asked.status_code == 204
        assert asked.headers["access-control-allow-origin"] == "https://desk.example.org"
        other = client.get("/health/live", headers={"Origin": "https://evil.org"})
        assert "access-control-allow-origin" not in other.headers


def test_every_answer_carries_the_headers_that_protect_browsers(strict: Served) -> None:
    with strict.client() as client:
        for path in ("/health/live", "/nothing", "/api/auth/me"):
            headers = client.get(path).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["strict-transport-security"]
            assert headers["x-request-id"]
            assert "server" not in headers


def test_too_many_requests_are_refused_for_a_while(strict: Served) -> None:
    person = strict.person()
    with strict.client(person) as client:
        answers = [client.get("/api/auth/me") for _ in range(5)]
    assert [answer.status_code for answer in answers][:3] == [200] * 3
    refused = answers[-1]
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert int(refused.headers["retry-after"]) >= 1
    with strict.client(strict.key(person)) as client:
        assert [client.get("/api/auth/me").status_code for _ in range(3)] == [200, 200, 429]


def test_nonsense_gets_a_sentence(served: Served) -> None:
    with served.client(served.person()) as client:
        orders = "/api/sessions/market/orders"
        for answer, status in (
            (client.get("/nothing"), 404),
            (client.put(orders), 405),
            (client.post(orders, content=b"{"), 400),
            (client.post(orders, content=b""), 400),
            (client.post(orders, content=b"[]"), 422),
            (client.post(orders, json={"symbol": "QUIET"}), 422),
            (client.post(orders, json={"symbol": "QUIET", "side": "up", "quantity": 1}), 422),
            (client.post(orders, json={"symbol": "NONE", "side": "buy", "quantity": 1}), 404),
            (client.post(orders, json={"symbol": "QUIET", "side": "buy", "quantity": "NaN"}), 422),
            (client.post(orders, json={"symbol": "QUIET", "side": "buy", "quantity": 1e300}), 422),
            (client.get(orders, params={"limit": "many"}), 422),
            (client.get("/api/sessions/nowhere"), 404),
            (client.delete(orders + "/99999999999999999999999"), 404),
            (client.get("/api/sessions/market/instruments/%00"), 404),
        ):
            said = answer.json()
            assert answer.status_code == status, (answer.request, said)
            assert set(said) == {"code", "message", "details", "request_id"}
            assert said["message"]
            assert said["request_id"] == answer.headers["x-request-id"]


def test_a_failure_of_the_server_is_one_and_says_nothing_of_its_insides(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> str:
        raise ZeroDivisionError("secret of the house")

    monkeypatch.setattr(served.server.identity, "ticket", broken)
    with served.client(served.person()) as client:
        answer = client.post("/api/auth/ticket")
    assert (answer.status_code, answer.json()["code"]) == (500, "failed")
    assert "secret" not in answer.text


def test_two_requests_on_one_connection_are_told_apart(served: Served) -> None:
    with httpx.Client(base_url=served.url, trust_env=False) as client:
        ids = {client.get("/health/live").headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3
