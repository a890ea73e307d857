"""Streams of both clients: they reconnect by themselves and miss nothing."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from tests.api.served import PASSWORD, Person, Served
from workbench.api.wire import Wire
from workbench.client import AsyncClient, Client
from workbench.client.state import Change
from workbench.errors import ApiError, ClientError, StreamError
from workbench.identity.roles import Role


@pytest.fixture(scope="module")
def ann(served: Served) -> Person:
    return served.person()


@pytest.fixture
def client(served: Served, ann: Person) -> Any:
    with Client(served.url, token=ann.access) as made:
        yield made


def drain(stream: Any, topic: str, until: Any) -> list[Change]:
    found = []
    for _ in range(200):
        change = stream.next(60)
        assert change is not None
        if change.topic == topic:
            found.append(change)
            if until(change):
                return found
    raise AssertionError("it never came")


@pytest.mark.parametrize("packed", [True, False])
def test_what_happens_is_told_as_it_happens(client: Client, served: Served, packed: bool) -> None:
    session = client.session(served.session)
    with session.stream(["orders", "market:CALM"], packed=packed) as stream:
        drain(stream, "market:CALM", lambda change: change.kind == "snapshot")
        ack = stream.place(symbol="CALM", side="buy", type="limit", quantity=3, limit_price="10.01")
        order = ack.orders[0].id
        drain(stream, "orders", lambda change: any(row["id"] == order for row in change.rows))
        mine = next(row for row in stream.rows("orders") if row["id"] == order)
        assert mine["limit_price"] == 10.01
        with pytest.raises(ApiError):
            stream.place("NONE", "buy", 1)
        after = stream.replace(order, limit="10.02", quantity=4).orders[0]
        assert (after.limit_price, after.quantity) == (10.02, 4)
        assert stream.cancel(after.id).orders[0].state == "canceled"


def test_after_catching_up_all_own_events_are_there(client: Client, served: Served, ann: Person) -> None:
    session = client.session(served.session)
    with session.stream(["orders"]) as stream:
        before = stream.catch_up()
        order = session.place("CALM", "buy", 1, limit="10.01")
        assert order.seq > before.seq
        pong = stream.catch_up()
        assert pong.seq >= order.seq
        told = []
        while (change := stream.next(0.0)) is not None:
            told += [row["id"] for row in change.rows if change.kind == "delta"]
        assert order.id in told
        # A connection that was lost is no answer: it is asked again over the next one.
        stream._drop()
        assert stream.catch_up().seq >= pong.seq
        session.cancel(order.id)

    async def awaited() -> None:
        async with (
            AsyncClient(served.url, token=ann.access) as other,
            other.session(served.session).stream(["orders"]) as stream,
        ):
            assert (await stream.catch_up()).seq >= pong.seq

    asyncio.run(awaited())


@pytest.mark.parametrize("short", [True, False])
def test_a_real_server_writes_the_short_way_or_through_asgi(
    client: Client, served: Served, short: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Wire | None] = []

    def of(scope: Any) -> Wire | None:
        found.append(wire_of(scope) if short else None)
        return found[-1]

    wire_of = Wire.of
    monkeypatch.setattr(Wire, "of", of)
    with client.session(served.session).stream(["orders", "market:HARBOR"]) as stream:
        drain(stream, "market:HARBOR", lambda change: change.kind == "snapshot")
        order = stream.place("CALM", "buy", 1, limit=10).orders[0].id
        drain(stream, "orders", lambda change: any(row["id"] == order for row in change.rows))
        drain(stream, "market:HARBOR", lambda change: change.kind == "delta")
    assert [wire is not None for wire in found] == [short]


def test_orders_over_a_stream_are_written_as_over_rest(client: Client, served: Served) -> None:
    session = client.session(served.session)
    with session.stream("orders") as stream:
        for place in (session.place, lambda *terms, **named: stream.place(*terms, **named).orders[0]):
            plain = place("CALM", "buy", 3, limit="10.01", time_in_force="gtc", display_quantity=1)
            assert (plain.type, plain.quantity, plain.limit_price) == ("limit", 3, 10.01)
            stop = place("CALM", "buy", 3, stop=30.5, limit=31)
            assert (stop.type, stop.stop_price, stop.limit_price) == ("stop_limit", 30.5, 31)
            assert place("CALM", "buy", quantity=1, limit_price=10).type == "limit"
            assert place("CALM", "buy", 1, trail_percent=5).type == "trailing_stop"
        assert {row.state for row in stream.cancel_all("CALM").orders} == {"canceled"}
        assert session.orders("open") == []
        with pytest.raises(ClientError, match="unknown field `colour`"):
            stream.place("CALM", "buy", 1, colour="blue")


def test_a_stream_of_nothing_is_refused(client: Client, served: Served) -> None:
    with pytest.raises(StreamError, match="a stream without a topic tells nothing"):
        client.session(served.session).stream([])

    async def play() -> None:
        async with AsyncClient(served.url) as awaited:
            awaited.session(served.session).stream([])

    with pytest.raises(StreamError, match="a stream without a topic tells nothing"):
        asyncio.run(play())


def test_a_cut_stream_goes_on_where_it_was(client: Client, served: Served) -> None:
    session = client.session(served.session)
    with session.stream(["orders"]) as stream:
        drain(stream, "orders", lambda change: change.kind == "snapshot")
        stream._socket.socket.shutdown(2)
        names = [f"cut-{number}" for number in range(5)]
        made = [session.place("CALM", "buy", 1, limit=10, client_order_id=name).id for name in names]
        seen: list[Any] = []
        while len({row["id"] for row in seen} & set(made)) < len(made):
            change = stream.next(60)
            assert change is not None
            assert change.kind in ("delta", "snapshot")
            seen += change.rows
        assert stream.reconnects >= 1
        assert [row["event"] for row in seen if row["id"] == made[0]][:2] == ["created", "approved"]


def test_a_refused_topic_is_an_error(client: Client, served: Served) -> None:
    with (
        client.session(served.session).stream(["weather"]) as stream,
        pytest.raises(ApiError, match="no topic"),
    ):
        stream.next(60)


def test_a_hidden_leaderboard_is_said_to_be_hidden(client: Client, served: Served) -> None:
    lee = served.person(Role.INSTRUCTOR)
    with Client(served.url, token=lee.access) as teaching:
        path = f"/api/sessions/{served.session}/leaderboard"
        teaching.put(path, hidden=True)
        try:
            with (
                client.session(served.session).stream(["leaderboard"]) as stream,
                pytest.raises(ApiError, match="the leaderboard of this session is hidden") as refused,
            ):
                stream.next(60)
            assert refused.value.code == "hidden"
            with teaching.session(served.session).stream(["leaderboard"]) as shown:
                assert shown.next(60).kind == "snapshot"
        finally:
            teaching.put(path, hidden=False)


def test_a_leaderboard_that_is_hidden_is_told_no_more(client: Client, served: Served) -> None:
    lee = served.person(Role.INSTRUCTOR)
    path = f"/api/sessions/{served.session}/leaderboard"
    session = client.session(served.session)
    with (
        Client(served.url, token=lee.access) as teaching,
        teaching.session(served.session).stream("leaderboard") as shown,
        session.stream(["leaderboard", "session"]) as stream,
    ):
        drain(stream, "leaderboard", lambda change: change.kind == "snapshot")
        shown.next(60)
        teaching.put(path, hidden=True)
        try:
            while stream.next(1.5) is not None:
                pass
            # Somebody new on the board is news to who still sees it.
            key = served.key(served.person())
            with Client(served.url, key=key.key_id, secret=key.secret) as other:
                other.session(served.session).join()
            assert shown.next(60).topic == "leaderboard"
            told = iter(lambda: stream.next(1.5), None)
            assert "leaderboard" not in {change.topic for change in told}
        finally:
            teaching.put(path, hidden=False)


def test_an_unknown_session_is_an_error_and_no_endless_loop(client: Client) -> None:
    with client.session("nowhere").stream(["news"]) as stream, pytest.raises(StreamError, match="nowhere"):
        stream.next(60)


def test_a_log_in_that_is_none_is_an_error(served: Served) -> None:
    with (
        Client(served.url, token="no.such.token") as client,
        client.session(served.session).stream(["news"]) as stream,
        pytest.raises(ApiError),
    ):
        stream.next(60)


def test_the_awaited_stream_does_the_same(served: Served, ann: Person) -> None:
    async def play() -> None:
        async with AsyncClient(served.url) as client:
            await client.login(ann.name, PASSWORD)
            session = client.session(served.session)
            assert (await session.status()).state == "open"
            async with session.stream(["orders"]) as stream:
                acks = await asyncio.gather(
                    *(stream.place("CALM", "buy", 1, limit="10.5") for _ in range(20))
                )
                made = {ack.orders[0].id for ack in acks}
                assert len(made) == 20
                seen: set[int] = set()
                async with asyncio.timeout(60):
                    async for change in stream:
                        seen |= {row["id"] for row in change.rows}
                        if made <= seen:
                            break
                with pytest.raises(ApiError):
                    await stream.place("NONE", "buy", 1)
                assert await stream.next(0.01) is None
            placed = await session.place("CALM", "buy", 1, limit="10.6")
            assert (await session.cancel(placed.id)).state == "canceled"

    asyncio.run(play())


def test_the_awaited_stream_survives_a_cut(served: Served, ann: Person) -> None:
    async def play() -> None:
        async with AsyncClient(served.url, token=ann.access) as client:
            session = client.session(served.session)
            async with session.stream(["orders"]) as stream:
                changes = aiter(stream)
                assert (await anext(changes)).kind == "snapshot"
                stream._socket.transport.abort()
                made = (await session.place("CALM", "buy", 1, limit=10)).id
                async with asyncio.timeout(60):
                    while True:
                        change = await anext(changes)
                        if any(row["id"] == made for row in change.rows):
                            break
                assert stream.reconnects == 1

    asyncio.run(play())


def test_a_closed_stream_ends_its_iteration(client: Client, served: Served) -> None:
    stream = client.session(served.session).stream(["session"])
    seen = []

    def read() -> None:
        try:
            seen.extend(stream)
        except ClientError as error:
            seen.append(error)

    first = stream.next(60)
    assert first is not None
    thread = threading.Thread(target=read)
    thread.start()
    stream.close()
    thread.join(60)
    assert not thread.is_alive()
