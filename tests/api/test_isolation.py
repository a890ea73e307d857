"""What is another's stays another's: by number, id, uuid, own name, stream and Arrow; by key and by class."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.api.served import MARKET, Person, Served, serving
from workbench.identity.roles import Role

LIMIT = {"symbol": "QUIET", "side": "buy", "type": "limit", "quantity": 1, "limit_price": 20}
SECRET_NAME = "the-others-own-name"
OTHER = "other"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with two open sessions."""
    with serving(tmp_path_factory.mktemp("own") / "data") as running:
        with running.client(running.person(Role.ADMIN)) as admin:
            quiet = MARKET.split("[agents]")[0]
            made = admin.post("/api/sessions", json={"name": OTHER, "scenario": quiet})
            assert made.status_code == 201, made.text
            assert admin.post(f"/api/sessions/{OTHER}/start").status_code == 200
        yield running


class Owner:
    """Somebody with an open order, a trade and a position in the first session."""

    def __init__(self, served: Served) -> None:
        self.person = served.person()
        maker = served.person()
        session = {"X-Session": served.session}
        with served.client(self.person) as client, served.client(maker) as other:
            path = f"/api/sessions/{served.session}"
            self.account = client.post(f"{path}/join").json()
            order = client.post(f"{path}/orders", json={**LIMIT, "client_order_id": SECRET_NAME})
            assert order.status_code == 201, order.text
            self.order = order.json()
            calm = {**LIMIT, "symbol": "CALM", "limit_price": 20}
            assert other.post(f"{path}/orders", json={**calm, "side": "sell"}).status_code == 201
            assert client.post(f"{path}/orders", json=calm).json()["state"] == "filled"
            listed = client.get("/v2/orders", headers=session).json()
            self.uuid = next(each["id"] for each in listed if each["client_order_id"] == SECRET_NAME)


@pytest.fixture(scope="module")
def owner(own: Served) -> Owner:
    """Whose things the others are after."""
    return Owner(own)


@pytest.fixture
def thief(own: Served) -> Person:
    """Another student, with a seat and nothing else."""
    person = own.person()
    with own.client(person) as client:
        assert client.post(f"/api/sessions/{own.session}/join").status_code == 200
    return person


def test_anothers_order_is_not_found_by_any_name(own: Served, owner: Owner, thief: Person) -> None:
    path = f"/api/sessions/{own.session}/orders"
    session = {"X-Session": own.session}
    with own.client(thief) as client:
        for name in (str(owner.order["id"]), f"client:{SECRET_NAME}", owner.uuid):
            assert client.get(f"{path}/{name}").status_code == 404
            assert client.get(f"{path}/{name}/explanation").status_code == 404
            assert client.patch(f"{path}/{name}", json={"limit_price": 30}).status_code == 404
            assert client.delete(f"{path}/{name}").status_code == 404
            alpaca = f"/v2/orders/{name}"
            assert client.get(alpaca, headers=session).status_code in (404, 422)
            assert client.patch(alpaca, headers=session, json={"qty": "2"}).status_code in (404, 422)
            assert client.delete(alpaca, headers=session).status_code in (404, 422)
        named = client.get(
            "/v2/orders:by_client_order_id", headers=session, params={"client_order_id": SECRET_NAME}
        )
        assert named.status_code == 404
        assert client.get(path).json()["orders"] == []
        assert client.get("/v2/orders", headers=session, params={"status": "all"}).json() == []
        assert client.delete(path).status_code in (200, 207)
        assert client.delete("/v2/orders", headers=session).status_code == 207
        for what in ("orders", "fills", "account", "positions", "equity", "cash"):
            asked = client.get(
                f"/api/sessions/{own.session}/{what}", params={"account": owner.account["name"]}
            )
            assert asked.status_code == 403, what
    with own.client(owner.person) as client:
        assert client.get(f"{path}/{owner.order['id']}").json()["state"] == "new"


def rows(content: bytes) -> pa.Table:
    return pa.ipc.open_stream(io.BytesIO(content)).read_all()


def test_arrow_tells_a_student_of_own_rows_alone(own: Served, owner: Owner, thief: Person) -> None:
    path = f"/api/sessions/{own.session}/arrow"
    name = owner.account["name"]
    with own.client(thief) as client, own.client(own.person(Role.INSTRUCTOR)) as teacher:
        for table in ("orders", "positions", "equity"):
            seen = rows(client.get(f"{path}/{table}").content)
            assert name not in seen.column("account").to_pylist()
            everything = rows(teacher.get(f"{path}/{table}").content)
            assert name in everything.column("account").to_pylist() or table != "positions"
        trades = rows(client.get(f"{path}/trades").content)
        assert trades.num_rows > 0
        for side in ("taker", "maker"):
            assert set(trades.column(side).to_pylist()) <= {None, ""}
            assert set(trades.column(f"{side}_order_id").to_pylist()) == {0}
        assert name in rows(teacher.get(f"{path}/trades").content).column("taker").to_pylist()
        assert client.get(f"{path}/events").status_code == 403
        assert client.get(f"/api/sessions/{own.session}/export").status_code == 403


def stream(served: Served, headers: dict[str, str], session: str) -> Any:
    url = f"ws{served.url.removeprefix('http')}/api/sessions/{session}/stream"
    return connect(url, additional_headers=headers, proxy=None)


def test_a_stream_tells_a_student_of_own_orders_alone(own: Served, owner: Owner, thief: Person) -> None:
    account = owner.account["name"]
    with stream(own, thief.headers, own.session) as opened, own.client(owner.person) as client:
        topics = ["orders", "positions", "account", "orders:*", "positions:*", f"orders:{account}", "session"]
        for number, topic in enumerate(topics):
            opened.send(json.dumps({"id": number, "subscribe": [topic]}))
        before = f"before-{SECRET_NAME}"
        placed = client.post(f"/api/sessions/{own.session}/orders", json={**LIMIT, "client_order_id": before})
        assert placed.status_code == 201
        opened.send(json.dumps({"id": 99, "cancel": {"order": owner.order["id"]}}))
        opened.send(json.dumps({"id": 100, "ping": True}))
        heard = ""
        while '"pong"' not in heard:
            heard += str(opened.recv(60))
        assert SECRET_NAME not in heard
        refused = [frame for frame in heard.split("{") if '"refused"' in frame]
        assert len(refused) >= 3, heard


def test_a_key_of_one_session_touches_no_other(own: Served) -> None:
    student = own.person()
    key = own.key(student, session=own.session)
    with own.client(student) as client:
        assert client.post(f"/api/sessions/{OTHER}/join").status_code == 200
        mine = client.post(f"/api/sessions/{OTHER}/orders", json=LIMIT).json()
    there = {"X-Session": OTHER}
    path = f"/api/sessions/{OTHER}"
    with own.client(key) as bot:
        for each in (
            "",
            "/account",
            "/orders",
            "/positions",
            "/fills",
            "/instruments",
            "/arrow/trades",
            "/news",
        ):
            assert bot.get(f"{path}{each}").status_code == 403, each
        assert bot.post(f"{path}/join").status_code == 403
        assert bot.post(f"{path}/orders", json=LIMIT).status_code == 403
        assert bot.delete(f"{path}/orders").status_code == 403
        assert bot.delete(f"{path}/orders/{mine['id']}").status_code == 403
        for each in ("/v2/account", "/v2/orders", "/v2/positions", "/v2/assets", "/v2/clock"):
            assert bot.get(each, headers=there).status_code == 403, each
        asked = {"symbol": "QUIET", "qty": "1", "side": "buy", "type": "market", "time_in_force": "day"}
        assert bot.post("/v2/orders", headers=there, json=asked).status_code == 403
        assert bot.get("/v2/account").status_code == 200
        assert bot.get("/v2/orders").json() == []
    with pytest.raises((ConnectionClosed, InvalidStatus)), stream(own, key.headers, OTHER) as opened:
        opened.recv(60)
    url = f"ws{own.url.removeprefix('http')}/v2/iex"
    with connect(url, additional_headers={**key.headers, **there}, proxy=None) as opened:
        opened.recv(60)
        opened.send('{"action": "subscribe", "trades": ["*"]}')
        assert "401" in str(opened.recv(60))
    url = f"ws{own.url.removeprefix('http')}/stream"
    with connect(url, additional_headers=there, proxy=None) as opened:
        opened.send(json.dumps({"action": "auth", "key": key.key_id, "secret": key.secret}))
        assert b"unauthorized" in opened.recv(60)


def test_an_instructor_of_a_class_has_no_power_over_admins_and_others(own: Served) -> None:
    admin, colleague, stranger = own.person(Role.ADMIN), own.person(Role.INSTRUCTOR), own.person()
    with own.client(own.person(Role.INSTRUCTOR)) as teacher:
        group = teacher.post("/api/classes", json={"name": "Ambition"}).json()
        members = f"/api/classes/{group['class_id']}/members"
        for target, staff in ((admin, False), (colleague, False), (stranger, False), (stranger, True)):
            added = teacher.post(members, json={"user_id": target.user_id, "staff": staff})
            assert added.status_code == 403, (target.role, staff)
        for target in (admin, colleague):
            added = teacher.post(members, json={"user_id": target.user_id, "staff": True})
            assert added.status_code == 200, added.text
        for target in (admin, colleague, stranger):
            for act in ("reset-password", "disable", "enable", "logout"):
                answer = teacher.post(f"/api/users/{target.user_id}/{act}")
                assert answer.status_code == 403, (target.role, act)
            assert teacher.put(f"/api/users/{target.user_id}/role", json={"role": "admin"}).status_code == 403
            assert teacher.delete(f"/api/users/{target.user_id}").status_code == 403
            assert teacher.get(f"/api/users/{target.user_id}/keys").status_code == 403
        assert teacher.post("/api/users", json={"name": "mine", "role": "admin"}).status_code == 403
        roster = f"name,email,number\n{admin.name},,1\n"
        teacher.post(f"/api/classes/{group['class_id']}/roster", content=roster)
        assert teacher.post(f"/api/users/{admin.user_id}/reset-password").status_code == 403
    with own.client(admin) as client:
        assert client.get("/api/auth/me").json()["role"] == "admin"
