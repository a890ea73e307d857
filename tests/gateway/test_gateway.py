"""A gateway before a real server: what it shares, what it only passes on, and how things end."""

from __future__ import annotations

import json
import socket as sockets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus
from websockets.frames import Close
from websockets.sync.client import ClientConnection, connect

from tests.api.native.test_stream import end_of, frames_until, limit, one, say, socket
from tests.api.served import PASSWORD, Served, serving
from tests.faults.server.process import free_port
from tests.gateway.through import Through, gateway_to
from workbench.api.native.stream import Streams
from workbench.domain.frames import MSGPACK_PROTOCOL
from workbench.errors import ConfigError
from workbench.gateway.running import GatewayStart, RunningGateway
from workbench.gateway.upstream import ended
from workbench.identity.roles import Role

MARKET = ["market:CALM", "depth:CALM", "trades:CALM", "candles:CALM:1m", "news", "session"]


def readers(exchange: Served, name: str) -> int:
    """How many connections the exchange tells a topic."""

    def count() -> int:
        for each in exchange.server._on_attach:
            streams = each.__self__  # type: ignore[attr-defined]
            if isinstance(streams, Streams):
                topic = streams._of[exchange.session]._topics.get(name)
                return len(topic.readers) if topic is not None else 0
        raise LookupError(name)

    return exchange.call(count)


def nobody_follows(exchange: Served, gateway: Through) -> None:
    """Wait until both have seen that all desks are gone."""

    def streams() -> bool:
        found = gateway.gateway.streams
        return bool(found.feeds or found.count)

    end = time.monotonic() + 60
    while gateway.call(streams) or any(readers(exchange, name) for name in MARKET):
        assert time.monotonic() < end
        time.sleep(0.02)


@contextmanager
def following(served: Served, count: int) -> Iterator[list[ClientConnection]]:
    """So many desks of different people that follow the market and have its snapshots."""
    with ExitStack() as stack:
        yield [follower(served, stack) for _ in range(count)]


def follower(served: Served, stack: ExitStack) -> ClientConnection:
    desk = stack.enter_context(socket(served, served.person().headers))
    say(desk, id="f", subscribe=MARKET)
    seen: set[str] = set()
    while len(seen) < len(MARKET):
        seen |= {each["topic"] for each in json.loads(desk.recv(60)) if each["type"] == "snapshot"}
    return desk


def trade(served: Served, price: str) -> None:
    """A trade of two people."""
    ann, bob = served.person(), served.person()
    with socket(served, ann.headers) as one_side, socket(served, bob.headers) as other:
        say(one_side, id=1, place=limit(price))
        one(one_side, "ack")
        say(other, id=2, place=limit(price, "sell"))
        one(other, "ack")


def told_trade(desk: ClientConnection, price: float) -> bytes:
    """The message that tells a trade at a price."""
    end = time.monotonic() + 60
    while True:
        message = desk.recv(end - time.monotonic())
        for frame in json.loads(message):
            tells = frame["type"] == "delta" and frame["topic"] == "trades:CALM"
            if tells and any(row["price"] == price for row in frame["rows"]):
                return message.encode() if isinstance(message, str) else message


def test_the_exchange_tells_a_market_once_and_all_desks_get_the_same_bytes(
    exchange: Served, served: Served, gateway: Through
) -> None:
    nobody_follows(exchange, gateway)
    with following(served, 4) as desks:
        assert [readers(exchange, name) for name in MARKET] == [1] * len(MARKET)
        trade(served, "12.75")
        assert len({told_trade(desk, 12.75) for desk in desks}) == 1
        told = httpx.get(f"{served.url}/gateway/health", trust_env=False).json()
        assert (told["streams"], told["shared_topics"], told["sessions"]) == (4, 6, 1)
        # The one that carries it goes: another carries on.
        desks[0].close()
        trade(served, "12.76")
        assert len({told_trade(desk, 12.76) for desk in desks[1:]}) == 1
        assert readers(exchange, "trades:CALM") == 1
    nobody_follows(exchange, gateway)


def test_msgpack_and_text_are_told_apart(served: Served) -> None:
    url = f"ws{served.url.removeprefix('http')}/api/sessions/{served.session}/stream"
    with (
        following(served, 1) as (text,),
        connect(
            url,
            additional_headers=served.person().headers,
            subprotocols=[MSGPACK_PROTOCOL],  # type: ignore[list-item]
            proxy=None,
        ) as packed,
    ):
        assert packed.subprotocol == MSGPACK_PROTOCOL
        packed.send(msgspec.msgpack.encode({"id": 1, "subscribe": ["depth:CALM", "orders"]}))
        topics: set[str] = set()
        while topics != {"depth:CALM", "orders"}:
            for frame in msgspec.msgpack.decode(packed.recv(60)):
                if frame["type"] == "snapshot":
                    topics.add(frame["topic"])
        trade(served, "12.80")
        told_trade(text, 12.80)


def test_a_snapshot_of_the_gateway_is_that_of_the_exchange(exchange: Served, served: Served) -> None:
    trade(served, "12.85")
    with socket(served, served.person().headers) as resting:
        say(resting, id=1, place=limit("11.05"))
        one(resting, "ack")
    direct = exchange.person()
    with (
        following(served, 2),
        socket(served, direct.headers) as late,
        socket(exchange, direct.headers) as beside,
    ):
        end = time.monotonic() + 60
        while True:
            through, itself = (snapshots(opened) for opened in (late, beside))
            # What happened just now, as the end of a minute, the gateway hears of a moment later.
            if through == itself or time.monotonic() > end:
                break
        for name in MARKET:
            assert through[name] == itself[name], name


def snapshots(opened: ClientConnection) -> dict[str, Any]:
    """Rows and count of each topic's snapshot, asked for anew."""
    say(opened, id=1, unsubscribe=MARKET)
    one(opened, "ack")
    say(opened, id=2, subscribe=MARKET)
    found: dict[str, Any] = {}
    while len(found) < len(MARKET):
        for frame in json.loads(opened.recv(60)):
            if frame["type"] == "snapshot":
                found[frame["topic"]] = (frame["rows"], frame.get("n", 0))
    return found


def test_what_is_asked_of_topics_is_judged_by_the_exchange(served: Served) -> None:
    observer = served.person(Role.OBSERVER)
    with following(served, 1), socket(served, observer.headers) as opened:
        say(opened, id="o", subscribe=["market:CALM", "orders"])
        refused = one(opened, "refused")
        assert refused["id"] == "o"
        assert "observer" in refused["message"]
        say(opened, id="m", subscribe=["market:CALM", "leaderboard"])
        told = frames_until(opened, "ack")
        if not any(each["type"] == "snapshot" for each in told):
            one(opened, "snapshot")
        ack = next(each for each in told if each["type"] == "ack")
        assert ack["topics"] == ["market:CALM", "leaderboard"]
        say(opened, id="many", subscribe=[f"candles:CALM:{n}m" for n in range(1, 500)])
        assert "at most 500 topics" in one(opened, "refused")["message"]
        say(opened, id="u", unsubscribe=["market:CALM", "leaderboard"])
        while (ack := one(opened, "ack"))["id"] != "u":
            pass
        assert "topics" not in ack


def test_requests_and_log_ins_are_each_persons_own(served: Served) -> None:
    ann, bob = served.person(), served.person()
    with httpx.Client(base_url=served.url, trust_env=False) as http:
        body = {"name": ann.name, "password": PASSWORD, "cookies": True}
        said = http.post("/api/auth/login", json=body)
        assert said.status_code == 200
        assert len(said.headers.get_list("set-cookie")) == 2
        assert http.get("/api/auth/me").json()["name"] == ann.name
        order = {"symbol": "QUIET", "side": "buy", "type": "limit", "quantity": 1, "limit_price": 40}
        orders = f"/api/sessions/{served.session}/orders"
        assert http.post(orders, json=order, headers={"Origin": served.url}).status_code == 201
        foreign = http.post(orders, json=order, headers={"Origin": "https://evil.example"})
        assert foreign.json()["code"] == "foreign_origin"
        assert http.post("/api/auth/login", content=b"x" * (2 << 20)).status_code == 413
    # Nobody gets what another's answer brought.
    with httpx.Client(base_url=served.url, trust_env=False) as http:
        assert http.get("/api/auth/me").status_code == 401
        assert http.get("/api/auth/me", headers=bob.headers).json()["name"] == bob.name
        assert http.get("/no/such/address").status_code == 404
        assert http.head("/health/live").status_code in (200, 405)


def test_a_page_of_another_site_opens_no_stream(served: Served) -> None:
    ann = served.person()
    cookie = {"Cookie": f"workbench_access={ann.access}"}
    with socket(served, {**cookie, "Origin": served.url}) as opened:
        assert one(opened, "hello")["user"] == ann.name
    with (
        pytest.raises(InvalidStatus, match="403"),
        socket(served, {**cookie, "Origin": "https://evil.example"}),
    ):
        pass


def test_other_sockets_are_passed_on(served: Served) -> None:
    key = served.key(served.person())
    url = f"ws{served.url.removeprefix('http')}/v2/iex"
    with connect(url, compression=None, proxy=None) as opened:
        assert json.loads(opened.recv(60))[0]["msg"] == "connected"
        opened.send(json.dumps({"action": "auth", "key": key.key_id, "secret": key.secret}))
        assert json.loads(opened.recv(60))[0]["msg"] == "authenticated"


def test_a_desk_that_reads_nothing_is_sent_away_and_holds_nobody_up(
    served: Served, gateway: Through, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.gateway.link.PATIENCE_S", 0.5)
    monkeypatch.setattr("workbench.api.native.stream_connection.OWN_BYTES", 200_000)
    person = served.person()
    with socket(served, person.headers) as trading:
        for number in range(300):
            say(trading, id=number, place={**limit("11.01"), "client_order_id": f"slow-{number}"})
            say(trading, id=number, cancel={"order": f"client:slow-{number}"})
        answers = 0
        while answers < 600:
            answers += sum(each["type"] in ("ack", "refused") for each in json.loads(trading.recv(60)))
    host, port = served.url.removeprefix("http://").split(":")
    line = sockets.create_connection((host, int(port)))
    line.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    url = f"ws{served.url.removeprefix('http')}/api/sessions/{served.session}/stream"
    with (
        line,
        connect(
            url,
            sock=line,
            additional_headers=person.headers,
            compression=None,
            proxy=None,
            max_queue=1,
            # It reads no answer to its own pings while it reads nothing.
            ping_interval=None,
        ) as slow,
    ):
        say(slow, id=1, subscribe=MARKET)
        # The same again and again, until more waits than the system's own buffers take.
        for number in range(60):
            say(slow, id=number, subscribe=["orders"], from_seq=1)
        with following(served, 2) as others:
            trade(served, "12.90")
            for desk in others:
                told_trade(desk, 12.90)
        end = time.monotonic() + 60
        while gateway.call(lambda: gateway.gateway.streams.count):
            assert time.monotonic() < end, "it was not sent away"
            time.sleep(0.05)
        with pytest.raises(ConnectionClosed):  # noqa: PT012 - what has come is read first
            while True:
                slow.recv(60)


def test_when_the_exchange_is_gone_desks_hear_so_and_come_back_without_a_loss(tmp_path: Path) -> None:
    port = free_port()
    with gateway_to(f"http://127.0.0.1:{port}") as gateway, ExitStack() as stack:
        with serving(tmp_path / "data", port=port) as first:
            seen, person = gateway.seen(first), first.person()
            desk = stack.enter_context(socket(seen, person.headers))
            say(desk, id=1, subscribe=["orders", "market:QUIET"])
            say(desk, id=2, place={**limit("40", symbol="QUIET"), "client_order_id": "before"})
            while not any(each.get("id") == 2 for each in frames_until(desk, "ack")):
                pass
        assert end_of(desk) in (1001, 1012)
        with pytest.raises(InvalidStatus, match="503"), socket(seen, person.headers):
            pass
        with seen.client(person) as http:
            gone = http.get("/api/auth/me")
        assert (gone.status_code, gone.json()["code"]) == (503, "no_exchange")
        assert gone.headers["retry-after"]
        with serving(tmp_path / "data", port=port), socket(seen, person.headers) as back:
            say(back, id=1, subscribe=["orders", "market:QUIET"], from_seq={"orders": 1})
            rows: list[dict[str, Any]] = []
            while not rows:
                frames = frames_until(back, "delta")
                rows = [row for each in frames if each.get("topic") == "orders" for row in each["rows"]]
            assert rows[0]["client_order_id"] == "before"


@pytest.mark.parametrize(
    ("said", "code"),
    [(None, 1012), (Close(1006, ""), 1012), (Close(4401, "x"), 4401), (Close(1001, ""), 1001)],
)
def test_an_exchange_that_was_killed_says_nothing_and_its_desks_are_told_to_come_back(
    said: Close | None, code: int
) -> None:
    assert ended(ConnectionClosedError(said, None))[0] == code


def test_a_gateway_that_stops_says_so(exchange: Served) -> None:
    with gateway_to(exchange.url) as gateway:
        served = gateway.seen(exchange)
        with following(served, 1) as (desk,):
            gateway.call(gateway.running.stop)
            assert end_of(desk) == 1012


def test_a_gateway_to_itself_says_so_and_one_without_an_exchange_gives_browsers_a_page() -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    page = {"Accept": "text/html,*/*"}
    with gateway_to(address) as alone, httpx.Client(base_url=alone.url, trust_env=False) as client:
        shown, told = client.get("/desk", headers=page), client.get("/api/auth/me")
    assert (shown.status_code, shown.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert 'http-equiv="refresh"' in shown.text
    assert told.json()["code"] == "no_exchange"
    with (
        gateway_to(address, port=port) as itself,
        httpx.Client(base_url=itself.url, trust_env=False) as client,
    ):
        said = client.get("/api/auth/me")
        with pytest.raises(InvalidStatus) as refused:
            connect(f"{itself.url.replace('http', 'ws')}/v2/stream", proxy=None)
    assert (said.status_code, said.json()["code"]) == (508, "gateway_loop")
    assert refused.value.response.status_code == 508


@pytest.mark.parametrize(
    "upstream",
    ["127.0.0.1:8000", "ftp://there", "http://", "http://there:x", "http://there/api", "http://a@b"],
)
def test_an_address_of_no_exchange_is_refused_in_a_sentence(upstream: str) -> None:
    with pytest.raises(ConfigError, match=r"--upstream.* expected such as http://127\.0\.0\.1:8000"):
        RunningGateway(GatewayStart(upstream))
