"""The client against a real server, and against networks that break where it hurts."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.served import MARKET, PASSWORD, Person, Served, serving
from workbench.client import Client, routes
from workbench.client.calls import segment
from workbench.client.models import Order
from workbench.errors import ApiError, ClientError, UnansweredError
from workbench.identity.roles import Role


@pytest.fixture(scope="module")
def ann(served: Served) -> Person:
    return served.person()


@pytest.fixture
def client(served: Served, ann: Person) -> Any:
    with Client(served.url) as made:
        made.login(ann.name, PASSWORD)
        yield made


def test_an_order_lives_and_ends(client: Client, served: Served) -> None:
    session = client.session(served.session)
    session.join()
    order = session.place("QUIET", "buy", 10, limit="12.34", client_order_id="mine")
    assert isinstance(order, Order)
    assert (order.state, order.limit_price, order.type) == ("new", 12.34, "limit")
    assert session.order("client:mine").id == order.id
    after = session.replace(order.id, limit=12.35)
    assert after.limit_price == 12.35
    assert after.id in {each.id for each in session.orders("open")}
    assert session.cancel(after.id).state == "canceled"
    with pytest.raises(ApiError) as refused:
        session.cancel(after.id)
    assert 400 <= refused.value.status < 500


@pytest.mark.parametrize(
    "name",
    [
        "🦊/..",
        "a/b",
        "/a",
        "a//b",
        "a/",
        "..",
        "a?b#c",
        "100%",
        "%2F",
        "%41",
        "a b",
        "a\\b;c",
        "x/explanation",
    ],
)
def test_an_order_may_be_called_anything(client: Client, served: Served, name: str) -> None:
    session = client.session(served.session)
    order = session.place("QUIET", "buy", 10, limit="12.34", client_order_id=name)
    assert order.client_order_id == name
    mine = f"client:{name}"
    assert session.order(mine).id == order.id
    path = f"/api/sessions/{served.session}/orders/{segment(mine)}/explanation"
    assert client.get(path)["id"] == order.id
    after = session.replace(mine, limit="12.35", client_order_id=f"{name}+")
    assert session.cancel(f"client:{name}+").id == after.id


def test_the_account_and_the_market(client: Client, served: Served) -> None:
    session = client.session(served.session)
    session.place("QUIET", "buy", 10, limit=15)
    session.place("QUIET", "sell", 10, limit=15)
    assert session.account().cash > 0
    assert session.status().state == "open"
    assert served.session in {each.name for each in client.sessions()}
    assert {each.symbol for each in session.instruments()} >= {"QUIET", "HARBOR"}
    assert session.depth("HARBOR").bids
    trades = session.trades("HARBOR")
    assert {"time", "price", "quantity"} <= set(trades.columns)
    assert str(trades["time"].dtype).startswith("Datetime")
    assert {"time", "open", "close"} <= set(session.candles("HARBOR").columns)
    assert "bid" in session.quotes("HARBOR").columns
    session.positions()
    session.fills()
    session.cash()
    session.equity()
    session.news()
    session.leaderboard()


def test_refusals_are_errors_with_the_exchanges_reason(client: Client, served: Served) -> None:
    with pytest.raises(ApiError) as refused:
        client.session(served.session).place("QUIET", "buy", 1, limit="89999")
    assert refused.value.status in (404, 422)
    assert str(refused.value)
    with pytest.raises(ApiError) as unknown:
        client.session("nowhere").status()
    assert unknown.value.status == 404


def test_an_api_key_trades(served: Served, ann: Person) -> None:
    key = served.key(ann)
    with Client(served.url, key=key.key_id, secret=key.secret) as bot:
        assert bot.session(served.session).place("CALM", "buy", 1, limit=10).id
    with pytest.raises(ClientError, match="both"):
        Client(served.url, key="only")


def test_a_server_that_is_not_there_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.client.client.PAUSES_S", ())
    with Client("http://127.0.0.1:9") as client, pytest.raises(ClientError, match="could not be reached"):
        client.sessions()
    with pytest.raises(ClientError, match="no address"):
        Client("127.0.0.1:8000")


# ---------------------------------------------------------------------- networks that break

UNKNOWN = {"code": "unknown_order", "message": "none"}
ORDER = {
    "id": 7,
    "client_order_id": "x",
    "account": 2,
    "symbol": "A",
    "side": "buy",
    "type": "limit",
    "time_in_force": "day",
    "state": "new",
    "quantity": 1.0,
    "leaves": 1.0,
    "executed": 0.0,
}


def faked(handler: Callable[[httpx.Request], httpx.Response], **more: Any) -> Client:
    return Client("http://server", transport=httpx.MockTransport(handler), **more)


@pytest.mark.parametrize("lost", ["request", "answer", "both"])
def test_a_connection_that_breaks_while_placing_places_once(lost: str) -> None:
    placed: list[bytes] = []
    tries = 0

    def handler(request: httpx.Request) -> httpx.Response:
        nonlocal tries
        if request.method == "POST":
            tries += 1
            if tries == 1:
                if lost != "request":
                    placed.append(request.content)
                raise httpx.ReadError("broken")
            placed.append(request.content)
            return httpx.Response(201, json=ORDER)
        if lost == "both" and not placed[1:]:
            raise httpx.ReadTimeout("slow")
        if placed:
            return httpx.Response(200, json=ORDER)
        return httpx.Response(404, json=UNKNOWN)

    with faked(handler) as client, pytest.MonkeyPatch.context() as patch:
        patch.setattr("workbench.client.client.PAUSES_S", (0.0,))
        session = client.session("s")
        if lost == "both":
            with pytest.raises(UnansweredError):
                session.place("A", "buy", 1)
        else:
            assert session.place("A", "buy", 1).id == 7
    assert len(placed) == 1


@pytest.mark.parametrize("lost", ["asking", "again"])
@pytest.mark.parametrize("does", ["place", "cancel"])
def test_an_order_without_an_answer_is_in_doubt_when_the_server_is_gone_since(lost: str, does: str) -> None:
    sent: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(request.method)
        if sent == [request.method]:
            raise httpx.ReadError("broken")
        if lost == "again" and len(sent) == 2:
            return httpx.Response(200, json=ORDER) if does == "cancel" else httpx.Response(404, json=UNKNOWN)
        raise httpx.ConnectError("refused")

    with faked(handler) as client, pytest.MonkeyPatch.context() as patch:
        patch.setattr("workbench.client.client.PAUSES_S", (0.0,))
        session = client.session("s")
        with pytest.raises(UnansweredError, match="could not be asked since"):
            session.place("A", "buy", 1) if does == "place" else session.cancel(7)


def test_an_order_that_arrived_late_is_found_by_its_name() -> None:
    posts = asks = 0

    def handler(request: httpx.Request) -> httpx.Response:
        nonlocal posts, asks
        if request.method == "POST":
            posts += 1
            if posts == 1:
                raise httpx.ReadError("broken")
            details = {"reason": "DUPLICATE_CLIENT_ORDER_ID"}
            return httpx.Response(422, json={"code": "order_refused", "message": "twice", "details": details})
        asks += 1
        return httpx.Response(404 if asks == 1 else 200, json=ORDER)

    with faked(handler) as client:
        assert client.session("s").place("A", "buy", 1).id == 7
    assert posts == 2


def test_a_cancel_that_broke_is_known_to_be_done() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE":
            raise httpx.ReadError("broken")
        return httpx.Response(200, json={**ORDER, "state": "canceled"})

    with faked(handler) as client:
        assert client.session("s").cancel(7).state == "canceled"


def test_an_expired_token_is_renewed_once_for_all_threads() -> None:
    renewed = 0
    lock = threading.Lock()

    def handler(request: httpx.Request) -> httpx.Response:
        nonlocal renewed
        if request.url.path.endswith("/refresh"):
            with lock:
                renewed += 1
            return httpx.Response(200, json={"access": "new", "refresh": "r2", "expires_in": 600})
        if request.headers.get("authorization") == "Bearer new":
            return httpx.Response(200, json={"sessions": []})
        return httpx.Response(401, json={"code": "expired", "message": "expired"})

    with faked(handler, token="old", refresh="r1") as client:
        threads = [threading.Thread(target=client.sessions) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert client.sessions() == []
    assert renewed == 1


def test_a_refused_renewal_is_an_error_and_ends_the_log_in() -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        return httpx.Response(401, json={"code": "reused", "message": "the refresh token was used before"})

    with faked(handler, token="old", refresh="r1") as client:
        with pytest.raises(ApiError, match="used before"):
            client.sessions()
        assert client.credentials.headers() == {}


def test_an_answer_that_is_no_json_is_an_error_of_the_client() -> None:
    html = faked(lambda _: httpx.Response(200, text="<html>"))
    with html as client, pytest.raises(ClientError, match="not what this version"):
        client.session("s").status()
    with faked(lambda _: httpx.Response(502, text="<html>")) as client:
        with pytest.raises(ApiError) as failed:
            client.session("s").status()
        assert failed.value.status == 502


def test_the_client_is_light() -> None:
    code = (
        "import sys, workbench.client.client, workbench.client.stream;"
        "heavy = {'numba', 'polars', 'pyarrow', 'duckdb', 'fastapi', 'sqlalchemy', 'numpy'};"
        "heavy &= set(sys.modules);"
        "rooms = ('workbench.api', 'workbench.session', 'workbench.engine');"
        "server = {name for name in sys.modules if name.startswith(rooms)};"
        "assert not heavy | server, heavy | server"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_who_runs_a_session_makes_it_and_moves_it(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as own, Client(own.url) as client:
        lee = own.person(Role.INSTRUCTOR)
        client.login(lee.name, PASSWORD)
        session = client.create_session("client-run", scenario=MARKET, overrides={"seats.count": 3})
        assert session.status().seats == 3
        assert session.start("pre_open").state == "pre_open"
        assert session.start().state == "open"
        assert session.set_speed(2).speed == 2
        assert session.set_speed("max").speed is None
        assert session.control("speed", speed=None)["speed"] is None
        assert session.set_speed(2).speed == 2
        assert {each.phase for each in session.halt("QUIET") if each.symbol == "QUIET"} == {"halted"}
        assert {each.phase for each in session.lift("QUIET") if each.symbol == "QUIET"} == {"continuous"}
        assert session.announce("Rain", symbols=["QUIET"]).headline == "Rain"
        session.set_limit("max_open_orders", 50)
        assert session.pause().state == "paused"
        assert session.resume().state == "open"
        assert session.close().state == "closed"
        assert session.debrief().state == "debrief"
        assert session.export().startswith(b"PK")


def test_any_route_can_be_reached(served: Served) -> None:
    lee = served.person(Role.INSTRUCTOR)
    with Client(served.url) as client:
        client.login(lee.name, PASSWORD)
        group = client.post("/api/classes", name="Markets")
        path = f"/api/classes/{group['class_id']}"
        client.upload(f"{path}/roster", "name,email\nroster-ann,roster-ann@example.org\n")
        client.put("/api/drafts/client-draft", scenario=MARKET)
        assert client.get("/api/drafts/client-draft")["scenario"] == MARKET
        client.delete("/api/drafts/client-draft")
        with pytest.raises(ApiError):
            client.get("/api/drafts/client-draft")


@pytest.mark.parametrize(
    ("path", "query", "place", "asked"),
    [
        ("/x", {}, "/x", {}),
        ("/x?a=1&b=", {}, "/x", {"a": ["1"], "b": [""]}),
        ("/x?a=1&a=2", {"c": 3, "d": None}, "/x", {"a": ["1", "2"], "c": 3}),
        ("/x?a=1", {"a": 2}, "/x", {"a": 2}),
    ],
    ids=["none", "written", "both", "the same"],
)
def test_a_query_may_stand_in_the_path(
    path: str, query: dict[str, object], place: str, asked: object
) -> None:
    for call in (routes.download(path, query), routes.anything("GET", path, query, None)):
        assert (call.path, call.query) == (place, asked)


def test_a_query_in_the_path_is_asked(served: Served) -> None:
    with Client(served.url, token=served.person(Role.INSTRUCTOR).access) as client:
        assert "reports" in client.get("/api/reports?limit=none", limit=1)
        with pytest.raises(ApiError, match="limit"):
            client.get("/api/reports?limit=none")
