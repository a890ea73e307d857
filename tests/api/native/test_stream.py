"""The stream of a real server: who may listen, what orders over it do, and how it ends."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.api.served import Person, Served
from workbench.identity.roles import Role


@contextmanager
def socket(served: Served, headers: dict[str, str], query: str = "") -> Iterator[ClientConnection]:
    url = f"ws{served.url.removeprefix('http')}/api/sessions/{served.session}/stream{query}"
    with connect(url, additional_headers=headers, compression=None, proxy=None) as opened:
        yield opened


def frames_until(opened: ClientConnection, kind: str, seconds: float = 60.0) -> list[dict[str, Any]]:
    """Frames up to and with the first of a kind."""
    found: list[dict[str, Any]] = []
    end = time.monotonic() + seconds
    while True:
        found += json.loads(opened.recv(end - time.monotonic()))
        if any(frame["type"] == kind for frame in found):
            return found


def one(opened: ClientConnection, kind: str) -> dict[str, Any]:
    return next(frame for frame in frames_until(opened, kind) if frame["type"] == kind)


def end_of(opened: ClientConnection, saying: str = "") -> int:
    """The code with which a stream ends."""
    with pytest.raises(ConnectionClosed) as ended:  # noqa: PT012 - which of them it is depends on the network
        for _ in range(100):
            if saying:
                opened.send(saying)
            opened.recv(60)
    assert ended.value.rcvd is not None
    return ended.value.rcvd.code


def say(opened: ClientConnection, **request: Any) -> None:
    opened.send(json.dumps(request))


@pytest.fixture(scope="module")
def ann(served: Served) -> Person:
    return served.person()


def limit(price: str, side: str = "buy", symbol: str = "CALM", **more: Any) -> dict[str, Any]:
    return {"symbol": symbol, "side": side, "type": "limit", "quantity": 10, "limit_price": price, **more}


def test_nobody_gets_in_without_saying_who_they_are(served: Served) -> None:
    with pytest.raises(InvalidStatus, match="401"), socket(served, {}):
        pass


def test_a_ticket_opens_one_stream(served: Served, ann: Person) -> None:
    with served.client(ann) as http:
        ticket = http.post("/api/auth/ticket").json()["ticket"]
    with socket(served, {}, f"?ticket={ticket}") as opened:
        assert one(opened, "hello")["user"] == ann.name
    with pytest.raises(InvalidStatus, match="401"), socket(served, {}, f"?ticket={ticket}"):
        pass


def test_an_order_is_acknowledged_and_told_of(served: Served, ann: Person) -> None:
    with socket(served, ann.headers) as opened:
        say(opened, id="s", subscribe=["orders", "account"])
        before = one(opened, "snapshot")
        assert before["topic"] == "orders"
        say(opened, id="first", place=limit("11.25", client_order_id="told-1"))
        told = frames_until(opened, "ack")
        ack = next(frame for frame in told if frame["type"] == "ack")
        assert ack["id"] == "first"
        assert ack["orders"][0]["limit_price"] == 11.25
        deltas = [frame for frame in told if frame["type"] == "delta"] or [one(opened, "delta")]
        rows = [row for delta in deltas if delta["topic"] == "orders" for row in delta["rows"]]
        assert [row["event"] for row in rows] == ["created", "approved", "rested"]
        assert rows[0]["client_order_id"] == "told-1"
        assert ack["seq"] >= rows[-1]["seq"]
        say(opened, id="gone", cancel={"order": "client:told-1"})
        assert one(opened, "ack")["orders"][0]["state"] == "canceled"


def test_a_replace_is_acknowledged_with_the_successor(served: Served, ann: Person) -> None:
    with socket(served, ann.headers) as opened:
        say(opened, id=1, place=limit("11.30"))
        first = one(opened, "ack")["orders"][0]["id"]
        say(opened, id=2, replace={"order": first, "limit_price": "11.31"})
        second = one(opened, "ack")["orders"][0]
        assert second["id"] != first
        assert second["limit_price"] == 11.31
        say(opened, id=3, cancel_all={})
        assert one(opened, "ack")["id"] == 3


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (limit("11", symbol="NONE"), ""),
        (limit("11", side="sideways"), "invalid"),
        (limit("11.123"), ""),
        ({**limit("11"), "quantity": -3}, ""),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_in_a_sentence(
    served: Served, ann: Person, order: dict[str, Any], code: str
) -> None:
    with socket(served, ann.headers) as opened:
        say(opened, id=9, place=order)
        refused = one(opened, "refused")
        assert refused["id"] == 9
        assert refused["message"]
        assert not code or refused["code"] == code


def test_a_reader_resumes_and_gets_what_it_missed(served: Served, ann: Person) -> None:
    with socket(served, ann.headers) as opened:
        say(opened, subscribe=["orders"])
        snapshot = one(opened, "snapshot")
    with socket(served, ann.headers) as other:
        say(other, id=1, place=limit("11.40"))
        made = one(other, "ack")["orders"][0]["id"]
    with socket(served, ann.headers) as opened:
        say(opened, subscribe=["orders"], from_seq=snapshot["seq"])
        delta = one(opened, "delta")
        assert delta["prev"] == snapshot["seq"]
        assert delta["n"] == snapshot.get("n", 0) + len(delta["rows"])
        assert made in {row["id"] for row in delta["rows"]}


def test_the_market_is_told_as_snapshot_and_deltas(served: Served, ann: Person) -> None:
    with socket(served, ann.headers) as opened:
        say(
            opened,
            subscribe=["market:CALM", "depth:CALM", "trades:CALM", "candles:CALM:1m", "news", "session"],
        )
        seen: set[str] = set()
        while len(seen) < 6:
            seen |= {frame["topic"] for frame in json.loads(opened.recv(60)) if frame["type"] == "snapshot"}
        say(opened, id=1, place=limit("12.50"))
        with socket(served, served.person().headers) as other:
            say(other, id=2, place=limit("12.50", "sell"))
            one(other, "ack")
        trade: dict[str, Any] = {}
        end = time.monotonic() + 60
        while not trade and time.monotonic() < end:
            for frame in json.loads(opened.recv(60)):
                if frame["type"] == "delta" and frame["topic"] == "trades:CALM":
                    trade = frame["rows"][-1]
        assert trade["price"] == 12.5
        assert trade["quantity"] in (10, 10.0)


def test_only_who_may_read_the_class_reads_everybodys_orders(served: Served, ann: Person) -> None:
    with socket(served, ann.headers) as opened:
        say(opened, id=1, subscribe=["orders:*"])
        assert one(opened, "refused")["code"] == "forbidden"
    teacher = served.person(Role.INSTRUCTOR)
    with socket(served, teacher.headers) as opened:
        say(opened, id=1, subscribe=["orders:*"])
        assert one(opened, "snapshot")["topic"] == "orders:*"
        with socket(served, ann.headers) as other:
            say(other, id=1, place=limit("11.60"))
            made = one(other, "ack")["orders"][0]["id"]
        delta = one(opened, "delta")
        assert made in {row["id"] for row in delta["rows"]}


def test_who_may_not_trade_cannot_place_orders(served: Served) -> None:
    observer = served.person(Role.OBSERVER)
    with socket(served, observer.headers) as opened:
        say(opened, id=1, place=limit("11"))
        assert one(opened, "refused")["code"] == "forbidden"


def test_garbage_is_answered_and_much_of_it_ends_the_stream(served: Served, ann: Person) -> None:
    with socket(served, ann.headers) as opened:
        opened.send("{]")
        assert one(opened, "error")["code"] == "invalid"
        opened.send(json.dumps({"place": limit("11"), "ping": True}))
        assert "expected one of" in one(opened, "error")["message"]
        opened.send(b"\xff\xfe")
        assert one(opened, "error")["code"] == "invalid"
        # What says whose answer it is gets one that says so.
        for wrong in ({"place": {"symbol": "ACME", "side": "up"}}, {"subscribe": ["orders"], "from_seq": -1}):
            say(opened, id="mine", **wrong)
            told = one(opened, "refused")
            assert (told["id"], told["code"]) == ("mine", "invalid")
        say(opened, id=4, ping=True)
        assert one(opened, "pong")["id"] == 4
        assert end_of(opened, "x") == 4400


def test_a_revoked_log_in_ends_its_streams_at_once(served: Served) -> None:
    bob = served.person()
    with socket(served, bob.headers) as opened:
        one(opened, "hello")
        with served.client(bob) as http:
            assert http.post("/api/auth/logout-everywhere").status_code == 200
        assert end_of(opened) == 4401


def nobody_is_left(served: Served, person: Person) -> None:
    """Wait until the server counts no connection of a user."""
    end = time.monotonic() + 60
    while person.user_id in served.call(lambda: {user_id for user_id, _ in served.server.sockets._users}):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_user_has_so_many_streams_and_no_more(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served.server.sockets, "_user_max", 2)
    carl = served.person()
    with socket(served, carl.headers) as first, socket(served, carl.headers) as second:
        one(first, "hello")
        one(second, "hello")
        with socket(served, carl.headers) as third:
            with pytest.raises(ConnectionClosed) as ended:
                third.recv(60)
            assert ended.value.rcvd is not None
            assert ended.value.rcvd.code == 4429
    # A connection is counted until the server has seen its end.
    nobody_is_left(served, carl)
    with socket(served, carl.headers) as again:
        one(again, "hello")


def test_an_unknown_session_ends_the_stream_with_a_sentence(served: Served, ann: Person) -> None:
    url = f"ws{served.url.removeprefix('http')}/api/sessions/nowhere/stream"
    with connect(url, additional_headers=ann.headers, proxy=None) as opened:
        with pytest.raises(ConnectionClosed) as ended:
            opened.recv(60)
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 4404


def test_a_topic_that_there_is_not_is_refused(served: Served, ann: Person) -> None:
    with socket(served, ann.headers) as opened:
        say(opened, id=7, subscribe=["weather:CALM"])
        refused = one(opened, "refused")
        assert (refused["id"], refused["code"]) == (7, "unknown_topic")
