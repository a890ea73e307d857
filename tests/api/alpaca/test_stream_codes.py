"""The data stream's errors that need a real connection: too late, too many, too slow, too often wrong."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import pytest
import websockets

from tests.api.alpaca.conftest import Person, Served, until
from workbench.api.alpaca import line as line_module
from workbench.api.alpaca import outbox as outbox_module


def ws(served: Served, path: str) -> str:
    return served.url.replace("http", "ws", 1) + path


async def to_the_end(connection: Any) -> tuple[list[dict[str, Any]], int]:
    """What is still said, and the code that it ends with."""
    said: list[dict[str, Any]] = []
    with pytest.raises(websockets.ConnectionClosed) as closed:  # noqa: PT012 - after any number of frames
        while True:
            said += json.loads(await asyncio.wait_for(connection.recv(), 60))
    assert closed.value.rcvd is not None
    return said, closed.value.rcvd.code


def test_who_does_not_say_who_they_are_in_time_gets_404(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_module, "AUTH_WAIT_S", 0.3)

    async def talk() -> None:
        async with websockets.connect(ws(served, "/v2/iex"), proxy=None) as connection:
            said, code = await to_the_end(connection)
        assert said == [
            {"T": "success", "msg": "connected"},
            {"T": "error", "code": 404, "msg": "auth timeout"},
        ]
        assert code == 1008

    asyncio.run(talk())


def connections_of(served: Served, person: Person) -> int:
    async def count() -> int:
        found = [each.principal for each in served.server.sockets]
        return sum(each is not None and each.user_id == person.user for each in found)

    return served.call(count())


def test_one_connection_more_than_a_user_may_have_gets_406(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served.server.sockets, "_user_max", 2)
    person = served.person()

    async def opened() -> Any:
        connection = await websockets.connect(
            ws(served, "/v2/iex"), additional_headers=person.headers, proxy=None
        )
        await connection.recv()
        return connection, json.loads(await connection.recv())[0]

    async def talk() -> None:
        first, welcome = await opened()
        second, _ = await opened()
        assert welcome["msg"] == "authenticated"
        third, refused = await opened()
        assert refused == {"T": "error", "code": 406, "msg": "connection limit exceeded"}
        assert await to_the_end(third) == ([], 1008)
        await first.close()
        # It is counted until the server has seen its end.
        await asyncio.to_thread(until, lambda: connections_of(served, person) == 1)
        again, welcome = await opened()
        assert welcome["msg"] == "authenticated"
        await again.close()
        await second.close()

    asyncio.run(talk())


def test_who_reads_slower_than_the_market_speaks_gets_407(
    served: Served, maker: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "MOST_BYTES", 300_000)
    person = served.person()
    host, port = served.url.removeprefix("http://").split(":")
    hub = served.server.hubs["quiet"]

    async def talk() -> None:
        narrow = socket.socket()
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        narrow.connect((host, int(port)))
        narrow.setblocking(False)
        async with websockets.connect(
            ws(served, "/v1beta1/news"),
            sock=narrow,
            additional_headers=person.headers,
            proxy=None,
            compression=None,
            max_queue=1,
            max_size=None,
            # It reads no answer to its own pings while it reads nothing.
            ping_interval=None,
        ) as connection:
            assert json.loads(await connection.recv())[0]["msg"] == "connected"
            assert json.loads(await connection.recv())[0]["msg"] == "authenticated"
            await connection.send(json.dumps({"action": "subscribe", "news": ["*"]}))
            assert json.loads(await connection.recv())[0]["news"] == ["*"]
            body = "slow " * 3_000
            for number in range(2_000):
                work = hub.session.announce(f"News {number}", body=body, author="ann")
                await asyncio.to_thread(served.call, work)
                if slow_ones(served):
                    break
            said, code = await to_the_end(connection)
        assert said[-1] == {"T": "error", "code": 407, "msg": "slow client"}
        assert code == 1008
        assert len(said) < number, "what waited was dropped"

    asyncio.run(talk())
    # Others go on.
    assert maker.limit("AAPL", "buy", 1, 50).symbol == "AAPL"


def slow_ones(served: Served) -> int:
    """How many of the connections on the list are being sent away as slow."""
    ends: list[Any] = [each.close for each in served.server.sockets if each.kind == "alpaca-data"]
    return sum(end.__self__.slow for end in ends)


def test_guessing_secrets_by_stream_is_slowed_like_guessing_by_request(served: Served) -> None:
    person = served.person()

    async def talk() -> None:
        async with websockets.connect(ws(served, "/v2/iex"), proxy=None) as connection:
            await connection.recv()
            for _ in range(20):
                await connection.send(json.dumps({"action": "auth", "key": person.key, "secret": "wrong"}))
                assert json.loads(await connection.recv())[0]["code"] == 402
            await connection.send("[" * 100_000)
            assert json.loads(await connection.recv())[0]["code"] == 400
            keys = {"action": "auth", "key": person.key, "secret": person.secret}
            await connection.send(json.dumps(keys))
            assert json.loads(await connection.recv())[0]["msg"] == "authenticated"

    asyncio.run(talk())
    addresses = served.identity._admission._addresses
    assert addresses._failures["127.0.0.1"].count > 1, "the address is known to guess"
