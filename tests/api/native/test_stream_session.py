"""A reader that starts anywhere, is cut anywhere and resumes ends where one ends that never was cut."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.native.streaming import Market, Reader, rule_book
from workbench.api.native import stream_topics
from workbench.api.native.stream_pieces import Format
from workbench.api.native.stream_standing import standing
from workbench.domain.frames import TOPICS, AccountRow, Delta, Snapshot
from workbench.errors import ApiError, StreamError

OWN = ("orders", "positions", "account")
MARKET = ("market:ACME", "depth:ACME", "trades:ACME", "candles:ACME:1m")


def on_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(test())


def people() -> list[int]:
    venue, _, _ = rule_book()
    return list(range(2, 2 + len(venue.accounts)))


def settled(rows: list[dict[str, Any]], topic: str) -> list[dict[str, Any]]:
    """Rows as a set: a snapshot and deltas may bring them in another order."""
    facts = TOPICS[topic.partition(":")[0]].facts
    return sorted(
        ({name: value for name, value in row.items() if name not in facts} for row in rows), key=repr
    )


@given(st.data())
def test_a_reader_cut_anywhere_ends_where_one_ends_that_never_was(data: st.DataObject) -> None:
    async def play() -> None:
        market = Market(*rule_book())
        account = data.draw(st.sampled_from(people()))
        start = data.draw(st.integers(0, len(market.events)))
        kind = data.draw(st.sampled_from(Format))
        topics = (*OWN, "orders:*", *MARKET)
        market.happen(start)
        steady, shaky = Reader(market, account), Reader(market, account, kind)
        for reader in (steady, shaky):
            reader.connect()
            await reader.subscribe(*topics)
            await reader.read()
        connected = True
        while market.at < len(market.events):
            market.happen(data.draw(st.integers(1, 60)))
            if data.draw(st.booleans()):
                market.flush()
            await steady.read()
            what = data.draw(st.sampled_from(["nothing", "read", "cut"]))
            if what == "read" and connected:
                await shaky.read()
            elif what == "cut":
                if connected:
                    shaky.cut()
                else:
                    shaky.connect()
                    await shaky.subscribe(*topics)
                connected = not connected
        if not connected:
            shaky.connect()
            await shaky.subscribe(*topics)
        market.flush()
        for reader in (steady, shaky):
            await reader.read()
        for topic in topics:
            told = steady.state.topics[topic], shaky.state.topics[topic]
            assert settled(steady.state.rows(topic), topic) == settled(shaky.state.rows(topic), topic), topic
            if told[0].kind.own:
                assert told[0].count == told[1].count

    on_loop(play)


@given(st.integers(0, 320), st.sampled_from([2, 3, 4, 5, 6]))
def test_a_snapshot_is_what_the_events_before_it_would_have_made(start: int, account: int) -> None:
    async def play() -> None:
        market = Market(*rule_book())
        reader = Reader(market, account)
        reader.connect()
        await reader.subscribe(*OWN)
        await reader.read()
        market.happen(start)
        await reader.read()
        for topic in OWN:
            other = Reader(market, account)
            other.connect()
            await other.subscribe(topic)
            await other.read()
            assert settled(reader.state.rows(topic), topic) == settled(other.state.rows(topic), topic)

    on_loop(play)


def test_what_no_snapshot_says_of_an_account_is_of_one_event_and_does_not_stay() -> None:
    async def play() -> None:
        market = Market(*rule_book())
        market.happen(len(market.events))
        reader = Reader(market, 3)
        reader.connect()
        await reader.subscribe("account")
        await reader.read()
        (row,) = reader.state.rows("account")
        assert set(row) == set(AccountRow.__struct_fields__) - TOPICS["account"].facts

    on_loop(play)


def test_every_event_of_an_account_is_told_once_and_in_order() -> None:
    async def play() -> None:
        market = Market(*rule_book())
        reader = Reader(market, 5)
        reader.connect()
        await reader.subscribe("orders")
        for _ in range(0, len(market.events), 7):
            market.happen(7)
        await reader.read()
        rows = [row for frame in reader.frames if isinstance(frame, Delta) for row in _rows(frame)]
        seqs = [row["seq"] for row in rows]
        assert seqs == sorted(seqs)
        fills = {row["id"] for row in rows if "fill" in row["event"]}
        created = {
            row["id"]: place for place, row in reversed(list(enumerate(rows))) if row["event"] == "created"
        }
        first_fill = {
            row["id"]: place for place, row in reversed(list(enumerate(rows))) if "fill" in row["event"]
        }
        assert fills
        assert all(created[order] < first_fill[order] for order in fills)
        assert reader.state.topics["orders"].count == len(rows)

    on_loop(play)


def _rows(frame: Any) -> list[dict[str, Any]]:
    return msgspec.json.decode(frame.rows)


def test_own_events_that_are_no_longer_kept_are_read_from_the_bus() -> None:
    async def play() -> None:
        market = Market(*rule_book())
        market.stream.own.log._events_max = 10
        reader = Reader(market, 3)
        reader.connect()
        await reader.subscribe("orders")
        market.happen(40)
        await reader.read()
        reader.cut()
        for _ in range(50):
            market.happen(10)
        assert market.stream.own.log.since(reader.state.topics["orders"].seq, 3) is None
        reader.connect()
        await reader.subscribe("orders")
        await reader.read()
        whole = Reader(market, 3)
        whole.connect()
        await whole.subscribe("orders")
        await whole.read()
        assert settled(reader.state.rows("orders"), "orders") == settled(whole.state.rows("orders"), "orders")
        assert not any(isinstance(frame, Snapshot) for frame in reader.frames[1:])

    on_loop(play)


def test_a_market_topic_that_was_away_for_too_long_is_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_topics, "RING", 2)

    async def play() -> None:
        market = Market(*rule_book())
        market.happen(30)
        stays, goes = Reader(market, 2), Reader(market, 2)
        for reader in (stays, goes):
            reader.connect()
            await reader.subscribe("market:ACME")
            await reader.read()
        goes.cut()
        for _ in range(20):
            market.happen(10)
            market.flush()
        await stays.read()
        goes.connect()
        await goes.subscribe("market:ACME")
        await goes.read()
        last = goes.frames[-1]
        assert isinstance(last, Snapshot)
        assert last.reset
        assert goes.state.rows("market:ACME") == stays.state.rows("market:ACME")

    on_loop(play)


def test_a_quiet_market_is_told_of_at_once_and_a_busy_one_not_more_often_than_every_window() -> None:
    async def play() -> None:
        loop, now = asyncio.get_running_loop(), 100.0
        loop.time = lambda: now  # type: ignore[method-assign]
        market = Market(*rule_book())
        reader = Reader(market, None)
        reader.connect()
        await reader.subscribe("depth:ACME", "market:ACME")
        told = []
        for step in range(200):
            # An event each millisecond for 150 ms, then none.
            if step < 150:
                market.happen(1)
            now = 100.0 + (step + 1) / 1000
            await asyncio.sleep(0)
            before = len(reader.frames)
            await reader.read()
            if any(isinstance(frame, Delta) for frame in reader.frames[before:]):
                told.append(step + 1)
        assert told[0] == 10
        assert told == [10, 60, 110, 160]

    on_loop(play)


def test_a_slow_reader_gets_one_snapshot_in_place_of_many_deltas() -> None:
    async def play() -> None:
        market = Market(*rule_book())
        slow, quick = Reader(market, 2), Reader(market, 2)
        for reader in (slow, quick):
            reader.connect()
            await reader.subscribe("market:ACME", "depth:ACME", "trades:ACME")
            await reader.read()
        while market.at < len(market.events):
            market.happen(1)
            market.flush()
            await quick.read()
        await slow.read()
        assert any(isinstance(frame, Snapshot) and frame.conflated for frame in slow.frames)
        for topic in ("market:ACME", "depth:ACME"):
            assert settled(slow.state.rows(topic), topic) == settled(quick.state.rows(topic), topic)

    on_loop(play)


def test_a_reader_too_slow_for_its_own_events_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.api.native.stream_connection.OWN_BYTES", 2_000)

    async def play() -> None:
        market = Market(*rule_book())
        reader = Reader(market, 5)
        reader.connect()
        await reader.subscribe("orders")
        for _ in range(40):
            market.happen(10)
        assert reader.connection.closed.is_set()
        assert reader.connection._closing[0] == 4408

    on_loop(play)


def test_the_same_bytes_go_to_everybody() -> None:
    async def play() -> None:
        market = Market(*rule_book())
        sent: list[Any] = []

        async def keep(said: Any) -> None:
            sent.append(said)

        readers = [Reader(market, 2) for _ in range(3)]
        for reader in readers:
            reader._send = keep  # type: ignore[method-assign]
            reader.connect()
            await reader.subscribe("market:ACME")
            await reader.read()
        sent.clear()
        market.happen(60)
        market.flush()
        for reader in readers:
            await reader.read()
        assert len(sent) == 3
        assert sent[0] is sent[1] is sent[2]

    on_loop(play)


def test_a_lost_delta_is_noticed() -> None:
    async def play() -> None:
        market = Market(*rule_book())
        reader = Reader(market, 5)
        reader.connect()
        await reader.subscribe("orders")
        await reader.read()
        market.happen(150)
        reader.connection._own.clear()
        market.happen(150)
        await reader.read()

    with pytest.raises(StreamError, match="follow"):
        on_loop(play)


@pytest.mark.parametrize(
    "name", ["market:NONE", "market", "candles:ACME", "candles:ACME:7x", "weather", "news:x"]
)
def test_a_topic_that_there_is_not_is_refused_in_a_sentence(name: str) -> None:
    async def play() -> None:
        market = Market(*rule_book())
        with pytest.raises(ApiError, match="there is no topic"):
            market.stream.check(name)

    on_loop(play)


def test_everybodys_orders_are_the_orders_of_each() -> None:
    async def play() -> None:
        market = Market(*rule_book())
        market.happen(len(market.events))
        everybody = standing("orders", people(), market.views, market.stream.words)
        single = [
            row for each in people() for row in standing("orders", [each], market.views, market.stream.words)
        ]
        assert everybody == single

    on_loop(play)
