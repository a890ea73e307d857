"""Logins, users, keys and classes over REST."""

from __future__ import annotations

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.api.served import PASSWORD, Served
from workbench.api.auth import ACCESS_COOKIE, REFRESH_COOKIE
from workbench.identity.roles import Role


def sign_up(client: httpx.Client, name: str) -> None:
    answer = client.post("/api/auth/sign-up", json={"name": name, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    assert answer.json()["role"] == "student"


def test_a_program_signs_up_logs_in_refreshes_and_logs_out(served: Served) -> None:
    with served.client() as client:
        sign_up(client, "programmer")
        tokens = client.post("/api/auth/login", json={"name": "programmer", "password": PASSWORD}).json()
        bearer = {"Authorization": f"Bearer {tokens['access']}"}
        me = client.get("/api/auth/me", headers=bearer).json()
        assert (me["name"], me["kind"], me["must_change_password"]) == ("programmer", "token", False)
        following = client.post("/api/auth/refresh", json={"refresh": tokens["refresh"]}).json()
        assert following["access"]
        assert client.post("/api/auth/logout", json={"refresh": following["refresh"]}).status_code == 200
        refused = client.post("/api/auth/refresh", json={"refresh": following["refresh"]})
        assert refused.status_code == 401
        assert client.get("/api/auth/me", headers=bearer).status_code == 401
        assert not client.cookies


def test_a_browser_gets_cookies_that_scripts_and_other_sites_cannot_use(served: Served) -> None:
    with served.client() as client:
        sign_up(client, "browser")
        body = {"name": "browser", "password": PASSWORD, "cookies": True}
        answer = client.post("/api/auth/login", json=body)
        assert (answer.json()["access"], answer.json()["refresh"]) == ("", "")
        for cookie in answer.headers.get_list("set-cookie"):
            assert "HttpOnly" in cookie
            assert "samesite=strict" in cookie.lower()
        assert client.get("/api/auth/me").json()["name"] == "browser"
        assert {cookie.name: cookie.path for cookie in client.cookies.jar} == {
            ACCESS_COOKIE: "/",
            REFRESH_COOKIE: "/api/auth",
        }
        foreign = {"Origin": "https://evil.org"}
        for path in ("/api/auth/ticket", "/api/auth/refresh", "/api/auth/logout"):
            assert client.post(path, headers=foreign).json()["code"] == "foreign_origin"
        assert client.post("/api/auth/ticket", headers={"Origin": served.url}).status_code == 200
        assert client.post("/api/auth/refresh").status_code == 200
        assert client.post("/api/auth/logout").status_code == 200
        assert client.get("/api/auth/me").status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "nobody-here", "password": "wrong password"}, 401),
        ({"name": "nobody-here"}, 422),
        ({"name": 5, "password": "x"}, 422),
        ({"name": "x", "password": "y", "more": 1}, 422),
    ],
)
def test_a_log_in_that_fails_says_so(served: Served, body: dict[str, object], status: int) -> None:
    with served.client() as client:
        answer = client.post("/api/auth/login", json=body)
    assert answer.status_code == status
    assert "wrong password" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Bearer"},
        {"Authorization": "Digest x"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic YWJj"},
        {"APCA-API-KEY-ID": "PKNONE"},
        {"APCA-API-KEY-ID": "PKNONE", "APCA-API-SECRET-KEY": "wrong"},
        {"Cookie": f"{ACCESS_COOKIE}=nonsense"},
        {"Cookie": f'{ACCESS_COOKIE}="\\'},
    ],
)
def test_credentials_that_are_none_are_refused(served: Served, headers: dict[str, str]) -> None:
    with served.client() as client:
        answer = client.get("/api/auth/me", headers=headers)
    assert answer.status_code == 401, answer.text
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_key_trades_by_headers_or_basic_until_it_is_revoked(served: Served) -> None:
    person = served.person()
    with served.client(person) as client:
        made = client.post("/api/me/keys", json={"label": "my bot"})
        assert made.status_code == 201, made.text
        key = made.json()
        headers = {"APCA-API-KEY-ID": key["key_id"], "APCA-API-SECRET-KEY": key["secret"]}
        auth = (key["key_id"], key["secret"])
        with httpx.Client(base_url=served.url, trust_env=False) as bot:
            assert bot.get("/api/auth/me", headers=headers).json()["kind"] == "key"
            assert bot.get("/api/auth/me", auth=auth).json()["name"] == person.name
            listed = client.get("/api/me/keys").json()["keys"]
            assert [each["key_id"] for each in listed] == [key["key_id"]]
            assert key["secret"] not in str(listed)
            assert client.delete(f"/api/me/keys/{key['key_id']}").status_code == 200
            assert bot.get("/api/auth/me", headers=headers).status_code == 401
        assert client.delete("/api/me/keys/PKNONE").status_code == 404
        assert client.post("/api/me/keys", json={"scopes": ["administer"]}).status_code in (403, 422)
        assert client.post("/api/me/keys", json={"session": "nowhere"}).status_code == 404


@pytest.mark.parametrize("way", ["logout-everywhere", "logout"])
def test_a_revocation_reaches_a_live_socket(served: Served, way: str) -> None:
    person = served.person()
    with served.client(person) as client:
        url = f"{served.url.replace('http', 'ws')}/api/sessions/market/stream"
        ticket = client.post("/api/auth/ticket").json()["ticket"]
        with connect(f"{url}?ticket={ticket}", proxy=None) as socket:
            socket.recv(timeout=60)
            # The log-in is that of the access token: nothing else says whose it is.
            answer = client.post(f"/api/auth/{way}", json={})
            assert answer.status_code == 200
            assert answer.json() == {"done": True} if way == "logout" else answer.json()["ended"] == 1
            with pytest.raises(ConnectionClosed):
                all(socket.recv(timeout=60) for _ in range(1000))
            assert socket.close_code == 4401
        assert client.get("/api/auth/me").status_code == 401
        if way == "logout":
            assert client.post("/api/auth/logout", json={}).json() == {"done": True}, "twice is fine"


def test_a_log_out_of_nobody_says_so(served: Served) -> None:
    with served.client(served.person()) as client:
        key = client.post("/api/me/keys", json={"label": "bot"}).json()
    with served.client() as client:
        nobody = client.post("/api/auth/logout", json={})
        headers = {"APCA-API-KEY-ID": key["key_id"], "APCA-API-SECRET-KEY": key["secret"]}
        bot = client.post("/api/auth/logout", json={}, headers=headers)
        unknown = client.post("/api/auth/logout", json={}, headers={"Authorization": "Bearer nonsense"})
    assert (nobody.status_code, nobody.json()["code"]) == (401, "unauthorized")
    assert (bot.status_code, bot.json()["code"]) == (422, "no_login")
    assert unknown.status_code == 401


def test_what_is_ones_own_is_read_and_changed(served: Served) -> None:
    with served.client(served.person()) as client:
        changed = client.patch("/api/me/profile", json={"full_name": "Ann Lee"}).json()
        assert changed["full_name"] == "Ann Lee"
        assert client.get("/api/me/profile").json() == changed
        assert client.patch("/api/me/profile", json={"shoe_size": 38}).status_code == 422
        assert client.patch("/api/me/preferences", json={"theme": "light"}).json()["theme"] == "light"
        assert client.patch("/api/me/preferences", json={"theme": "loud"}).status_code == 422
        devices = client.get("/api/me/devices").json()["devices"]
        assert [device["current"] for device in devices] == [True]
        wrong = client.post("/api/me/password", json={"old": "wrong", "new": "another good one"})
        assert wrong.status_code == 401
        right = client.post("/api/me/password", json={"old": PASSWORD, "new": "another good one"})
        assert right.status_code == 200, right.text
        assert client.delete("/api/me/devices/none").status_code == 404
        ended = client.delete(f"/api/me/devices/{devices[0]['login']}")
        assert ended.status_code == 200
        assert client.get("/api/auth/me").status_code == 401


def test_admins_manage_users(served: Served) -> None:
    with served.client(served.person(Role.ADMIN)) as admin:
        made = admin.post("/api/users", json={"name": "newcomer", "role": "assistant"}).json()
        user, password = made["user"], made["one_time_password"]
        with served.client() as anybody:
            login = anybody.post("/api/auth/login", json={"name": "newcomer", "password": password}).json()
            assert login["user"]["must_change_password"]
        path = f"/api/users/{user['user_id']}"
        assert admin.put(f"{path}/role", json={"role": "observer"}).json()["role"] == "observer"
        assert admin.get("/api/users", params={"search": "newcom"}).json()["users"][0]["name"] == "newcomer"
        assert admin.post(f"{path}/disable").json()["disabled"]
        assert not admin.post(f"{path}/enable").json()["disabled"]
        assert admin.post(f"{path}/reset-password").json()["one_time_password"]
        assert admin.get(f"{path}/keys").json() == {"keys": []}
        assert admin.post(f"{path}/logout").json() == {"ended": 0}
        assert admin.delete(path).status_code == 200
        assert admin.post("/api/users", json={"name": "x" * 201}).status_code == 422
        assert admin.get("/api/audit", params={"action": "user"}).json()["entries"]
        assert admin.get("/api/audit", params={"since": "now"}).status_code == 422


def test_instructors_have_classes_with_rosters(served: Served) -> None:
    roster = "name,email,number\nroster-ann,ann@example.org,s1\nroster-bob,,s2\n"
    with served.client(served.person(Role.INSTRUCTOR)) as teach, served.client(served.person()) as learn:
        made = teach.post("/api/classes", json={"name": "Markets 101"}).json()
        path = f"/api/classes/{made['class_id']}"
        joined = learn.post("/api/classes/join", json={"code": made["code"]})
        assert (joined.status_code, joined.json()["code"]) == (200, "")
        imported = teach.post(f"{path}/roster", content=roster, headers={"Content-Type": "text/csv"})
        assert imported.status_code == 200, imported.text
        assert [each["became"] for each in imported.json()["imported"]] == ["created", "created"]
        broken = teach.post(f"{path}/roster", content="name\n\x07\n")
        assert broken.status_code == 422
        assert broken.json()["details"]["problems"]
        assert len(teach.get(f"{path}/members").json()["members"]) == 4
        assert "roster-ann" in teach.get(f"{path}/roster").text
        assert teach.post(f"{path}/code").json()["code"] != made["code"]
        assert teach.patch(path, json={"name": "Markets 102"}).json()["name"] == "Markets 102"
        with served.client(served.person(Role.INSTRUCTOR)) as other:
            assert other.get(f"{path}/members").status_code == 403
            assert other.patch(path, json={"name": "mine"}).status_code in (403, 404)
        assert teach.delete(path).json()["archived"]
