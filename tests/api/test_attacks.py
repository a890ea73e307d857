"""What an attacker tries first, over real sockets: stolen and forged tokens, guesses, other sites' pages."""

from __future__ import annotations

import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import httpx
import jwt
import msgspec
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.api.served import CHEAP, PASSWORD, Served, serving
from tests.patience import PATIENCE_S
from workbench.api.auth import ACCESS_COOKIE
from workbench.api.place import secret_file, server_folder
from workbench.api.settings import Rate
from workbench.identity.roles import Role
from workbench.identity.signer import derived_key

GRACE_S = 0.3
STREAMS = ("/api/sessions/market/stream", "/stream", "/v2/iex")
ORDER = {"symbol": "QUIET", "side": "buy", "type": "limit", "quantity": 1, "limit_price": 20}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that counts wrong passwords, secrets and sign-ups, and forgives no second use of a token."""
    identity = replace(CHEAP, user_failures=4, address_failures=60, grace_s=GRACE_S)
    with serving(
        tmp_path_factory.mktemp("strict") / "data",
        settings={"limited": True, "sign_up_rate": Rate(0.001, 3.0)},
        identity=identity,
    ) as running:
        yield running


@contextmanager
def sockets(served: Served, headers: dict[str, str]) -> Iterator[list[ClientConnection]]:
    """One live socket of each kind."""
    with ExitStack() as stack:
        opened = []
        for path in STREAMS:
            url = f"ws{served.url.removeprefix('http')}{path}"
            opened.append(stack.enter_context(connect(url, additional_headers=headers, proxy=None)))
        opened[0].recv(60)
        opened[1].send('{"action": "listen", "data": {"streams": ["trade_updates"]}}')
        assert b"trade_updates" in opened[1].recv(60)
        opened[2].recv(60)
        assert "authenticated" in opened[2].recv(60)
        yield opened


def end_of(opened: ClientConnection) -> int:
    """The code that a socket ends with."""
    end_s = time.monotonic() + PATIENCE_S
    with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012 - which of them it is depends on the network
        while True:
            opened.recv(max(0.0, end_s - time.monotonic()))
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def log_in(client: httpx.Client, name: str, **more: Any) -> dict[str, Any]:
    answer = client.post("/api/auth/login", json={"name": name, "password": PASSWORD, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_refresh_token_used_again_ends_the_login_and_its_sockets(strict: Served) -> None:
    victim = strict.person()
    with strict.client() as client:
        stolen = log_in(client, victim.name)
        second = client.post("/api/auth/refresh", json={"refresh": stolen["refresh"]}).json()
        third = client.post("/api/auth/refresh", json={"refresh": second["refresh"]}).json()
        with sockets(strict, bearer(third["access"])) as opened, sockets(strict, victim.headers) as others:
            time.sleep(GRACE_S + 0.1)
            again = client.post("/api/auth/refresh", json={"refresh": stolen["refresh"]})
            assert (again.status_code, again.json()["code"]) == (401, "reused")
            assert [end_of(each) for each in opened] == [4401] * 3
            for token in (stolen["access"], second["access"], third["access"]):
                assert client.get("/api/auth/me", headers=bearer(token)).status_code == 401
            assert client.post("/api/auth/refresh", json={"refresh": third["refresh"]}).status_code == 401
            # The other login of the same user goes on, and so do its sockets.
            assert client.get("/api/auth/me", headers=victim.headers).status_code == 200
            others[2].send('{"action": "subscribe", "trades": ["QUIET"]}')
            assert "subscription" in str(others[2].recv(60))


def test_two_tabs_that_refresh_at_once_stay_logged_in(served: Served) -> None:
    person = served.person()
    with served.client() as browser:
        log_in(browser, person.name, cookies=True)
        jar = {cookie.name: cookie.value or "" for cookie in browser.cookies.jar}

        def refresh(_: int) -> tuple[int, dict[str, str]]:
            with served.client() as tab:
                answer = tab.post("/api/auth/refresh", headers={"Cookie": cookie_text(jar)})
                return answer.status_code, {cookie.name: cookie.value or "" for cookie in tab.cookies.jar}

        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(refresh, range(8)))
        assert [status for status, _ in found] == [200] * 8
        for _, cookies in found:
            answer = browser.get("/api/auth/me", headers={"Cookie": cookie_text(cookies)})
            assert answer.status_code == 200
        last = browser.post("/api/auth/refresh", headers={"Cookie": cookie_text(found[-1][1])})
        assert last.status_code == 200


def cookie_text(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


@pytest.mark.parametrize("way", ["disable", "logout", "reset-password", "delete", "role"])
def test_who_is_cut_off_is_cut_off_everywhere_at_once(served: Served, way: str) -> None:
    victim = served.person()
    with served.client(served.person(Role.ADMIN)) as admin, sockets(served, victim.headers) as opened:
        path = f"/api/users/{victim.user_id}"
        if way == "delete":
            answer = admin.delete(path)
        elif way == "role":
            answer = admin.put(f"{path}/role", json={"role": "observer"})
        else:
            answer = admin.post(f"{path}/{way}")
        assert answer.status_code == 200, answer.text
        assert [end_of(each) for each in opened] == [4401] * 3
        assert admin.get("/api/auth/me", headers=victim.headers).status_code in (401, 403)


def test_the_keys_of_the_disabled_are_cut_off_too(served: Served) -> None:
    victim = served.person()
    key = served.key(victim)
    with served.client(served.person(Role.ADMIN)) as admin, sockets(served, key.headers) as opened:
        assert admin.post(f"/api/users/{victim.user_id}/disable").status_code == 200
        assert [end_of(each) for each in opened] == [4401] * 3
        with served.client(key) as bot:
            assert bot.get("/v2/account").status_code == 403


def forgeries(served: Served, good: str) -> Iterator[str]:
    """Tokens that somebody without the server's secret, or with an old one of its own, could make."""
    header, payload, signature = good.split(".")
    claims = jwt.decode(good, options={"verify_signature": False})
    secret = secret_file(server_folder(served.data)).read_bytes()
    key = derived_key(bytes.fromhex(secret.decode().strip()), "access")
    assert jwt.encode(claims, key, algorithm="HS256").split(".")[2]
    now_s = int(time.time())
    raised = {**claims, "role": "admin"}
    yield jwt.encode(claims, "", algorithm="none")
    for algorithm in ("none", "None", "NONE", "nOnE"):
        head = urlsafe_b64encode(msgspec.json.encode({"alg": algorithm, "typ": "JWT"})).rstrip(b"=").decode()
        yield f"{head}.{payload}."
        yield f"{head}.{payload}.{signature}"
    yield jwt.encode(raised, b"k" * 32, algorithm="HS256")
    yield jwt.encode(raised, secret, algorithm="HS256")
    yield jwt.encode(claims, key * 2, algorithm="HS512")
    for change in (
        {"aud": "another"},
        {"iss": "another"},
        {"exp": now_s - 1},
        {"iat": now_s + 3600, "exp": now_s + 7200},
        {"ver": -1},
    ):
        yield jwt.encode({**claims, **change}, key, algorithm="HS256")
    tampered = urlsafe_b64encode(msgspec.json.encode(raised)).rstrip(b"=").decode()
    yield f"{header}.{tampered}.{signature}"
    yield f"{header}.{payload}.{signature[:-4]}AAAA"
    yield f"{header}.{payload}."
    yield f"{header}.{payload}"
    yield "." * 50
    yield "a" * 5_000


def test_forged_tokens_open_nothing(served: Served) -> None:
    person = served.person()
    with served.client() as client:
        assert client.get("/api/auth/me", headers=person.headers).status_code == 200
        for token in forgeries(served, person.access):
            assert client.get("/api/auth/me", headers=bearer(token)).status_code == 401, token
            cookie = {"Cookie": f"{ACCESS_COOKIE}={token}"}
            assert client.get("/v2/account", headers=cookie).status_code == 401, token
            url = f"ws{served.url.removeprefix('http')}{STREAMS[0]}"
            with (
                pytest.raises(InvalidStatus) as refused,
                connect(url, additional_headers=bearer(token), proxy=None),
            ):
                pass
            assert refused.value.response.status_code == 401


def test_guesses_are_slowed_and_lock_nobody_out(strict: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    # Longer than a slow machine needs for the guesses.
    monkeypatch.setattr("workbench.identity.throttle._FIRST_LOCK_S", 60.0)
    person = strict.person()
    key = strict.key(person)
    with strict.client() as client:
        wrong = {**key.headers, "APCA-API-SECRET-KEY": "x" * 40}
        for path in ("/v2/account", "/api/auth/me"):
            codes = [client.get(path, headers=wrong).status_code for _ in range(8)]
            assert codes[-1] == 429, codes
        slowed = client.get("/api/auth/me", headers=wrong)
        assert int(slowed.headers["retry-after"]) >= 1
        assert client.get("/v2/account", headers=key.headers).status_code == 200
        guesses = [
            client.post("/api/auth/login", json={"name": person.name, "password": f"guess number {n}"})
            for n in range(8)
        ]
        assert [each.status_code for each in guesses[:4]] == [401] * 4
        assert (guesses[-1].status_code, guesses[-1].json()["code"]) == (429, "locked")
        assert int(guesses[-1].headers["retry-after"]) >= 1
        # Whoever is logged in already stays so.
        assert client.get("/api/auth/me", headers=person.headers).status_code == 200
        assert client.get("/v2/account", headers=key.headers).status_code == 200


def test_an_address_makes_so_many_users_and_no_more(strict: Served) -> None:
    with strict.client() as client:

        def sign_up(name: str, password: str = PASSWORD) -> int:
            return client.post("/api/auth/sign-up", json={"name": name, "password": password}).status_code

        for number in range(3):
            assert sign_up(f"crowd-{number}", "short") == 422
            assert sign_up(f"crowd-{number}") == 201
        assert sign_up("crowd-3") == 429
        assert log_in(client, "crowd-0")["access"]


def test_pages_of_other_sites_act_with_no_cookie(served: Served) -> None:
    person = served.person()
    cookie = {"Cookie": f"{ACCESS_COOKIE}={person.access}"}
    host = served.url.removeprefix("http://")
    foreign = (
        "https://evil.org",
        "null",
        f"http://{host}.evil.org",
        f"http://evil.org/{host}",
        f"http://{host}@evil.org",
        "http://127.0.0.1:1",
    )
    orders = f"/api/sessions/{served.session}/orders"
    with served.client() as client:
        for origin in foreign:
            for method, path in (("POST", orders), ("DELETE", orders), ("DELETE", "/v2/positions")):
                for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
                    headers = {**cookie, "Origin": origin, "Content-Type": kind}
                    content = msgspec.json.encode(ORDER)
                    answer = client.request(method, path, headers=headers, content=content)
                    assert answer.status_code == 403, (origin, method, path)
                    assert "access-control-allow-origin" not in answer.headers
            url = f"ws{served.url.removeprefix('http')}{STREAMS[0]}"
            with (
                pytest.raises(InvalidStatus) as refused,
                connect(url, additional_headers={**cookie, "Origin": origin}, proxy=None),
            ):
                pass
            assert refused.value.response.status_code == 403
        same = {**cookie, "Origin": served.url}
        join = f"/api/sessions/{served.session}/join"
        assert client.get(orders, headers=cookie).json()["code"] == "no_seat"
        assert client.post(join, headers=same).status_code in (200, 201)
        assert client.get(orders, headers=cookie).json()["orders"] == []
        assert client.post(orders, headers=same, json=ORDER).status_code == 201


def test_alpacas_streams_know_nobody_by_a_cookie(served: Served) -> None:
    cookie = {"Cookie": f"{ACCESS_COOKIE}={served.person().access}", "Origin": served.url}
    url = f"ws{served.url.removeprefix('http')}"
    with connect(f"{url}/v2/iex", additional_headers=cookie, proxy=None) as opened:
        assert "connected" in str(opened.recv(60))
        opened.send('{"action": "subscribe", "trades": ["*"]}')
        assert "401" in str(opened.recv(60))
    with connect(f"{url}/stream", additional_headers=cookie, proxy=None) as opened:
        opened.send('{"action": "listen", "data": {"streams": ["trade_updates"]}}')
        assert b"unauthorized" in opened.recv(60)


def test_a_message_too_large_or_too_deep_ends_no_more_than_its_own_socket(served: Served) -> None:
    person = served.person()
    with sockets(served, person.headers) as opened:
        opened[0].send("[" * 100_000)
        while "makes no sense" not in str(opened[0].recv(60)):
            pass
        opened[1].send("x" * ((1 << 20) + 1))
        assert end_of(opened[1]) == 1009
        opened[2].send('{"action": "subscribe", "trades": ["QUIET"]}')
        assert "subscription" in str(opened[2].recv(60))


def test_names_are_data_and_no_way_to_files_or_headers(served: Served) -> None:
    outside = sorted(path.name for path in served.data.parent.iterdir())
    nasty = ("../../evil", "..", ".", "a/b", "a\\b", "/etc/passwd", "C:evil", "a\x00b", ".hidden")
    with served.client(served.person(Role.ADMIN)) as admin:
        for name in nasty:
            body = {"name": name, "scenario": 'title = "x"'}
            assert admin.post("/api/sessions", json=body).status_code == 422, name
            made = admin.post("/api/sessions", json={"name": "fine", "file": name})
            assert made.status_code in (404, 409, 422), name
            made = admin.post("/api/sessions", json={"name": "fine", "draft": name})
            assert made.status_code in (404, 409, 422), name
        for path in ("%2e%2e%2f%2e%2e%2fserver%2fsecret", "..%5c..%5cserver", "%00", "market%00"):
            for target in ("", "/export", "/arrow/trades", "/orders"):
                assert admin.get(f"/api/sessions/{path}{target}").status_code in (403, 404, 422)
            assert admin.get(f"/api/drafts/{path}").status_code in (404, 422)
            assert admin.get(f"/api/sessions/market/arrow/{path}").status_code == 404
        injection = "'); DROP TABLE users; --"
        group = admin.post("/api/classes", json={"name": injection}).json()
        assert group["name"] == injection
        assert injection in [each["name"] for each in admin.get("/api/classes").json()["classes"]]
        assert admin.get("/api/users", params={"search": "%"}).json()["users"] == []
        assert admin.get("/api/users", params={"search": "' OR '1'='1"}).json()["users"] == []
        for name in ('a"\r\nX-Mine: 1', "a\nb", "Мир", '";filename=evil.exe'):
            answer = admin.post("/api/classes", json={"name": name})
            if answer.status_code == 201:
                roster = admin.get(f"/api/classes/{answer.json()['class_id']}/roster")
                assert roster.status_code == 200
                assert "x-mine" not in roster.headers
        assert admin.post(f"/api/sessions/{served.session}/join").status_code in (200, 201)
        listed = admin.post("/v2/watchlists", json={"name": injection, "symbols": ["QUIET"]})
        assert listed.status_code == 200
        assert admin.get("/v2/watchlists:by_name", params={"name": injection}).json()["name"] == injection
    assert sorted(path.name for path in served.data.parent.iterdir()) == outside
