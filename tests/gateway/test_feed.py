"""Topics that desks share: taken once, handed over when their carrier goes, and the same for everybody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.native.streaming import Market, Reader, rule_book
from tests.api.native.test_stream_session import settled
from tests.gateway.simulated import Desk, turns
from workbench.api.native.stream_pieces import Format
from workbench.domain.frames import Delta, Refused, Snapshot
from workbench.gateway.feed import Feed

TOPICS = ("market:ACME", "depth:ACME", "trades:ACME", "candles:ACME:1m")


def on_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @wraps(test)
    def run(*args: Any, **named: Any) -> None:
        asyncio.run(test(*args, **named))

    return run


@given(st.data())
def test_desks_that_come_and_go_are_told_what_the_exchange_tells(data: st.DataObject) -> None:
    async def play() -> None:
        market = Market(*rule_book())
        market.happen(data.draw(st.integers(0, 100)))
        direct = Reader(market, None)
        direct.connect()
        await direct.subscribe(*TOPICS)
        await direct.read()
        feed = Feed(data.draw(st.sampled_from(Format)))
        desks = [Desk(market, feed) for _ in range(3)]
        for desk in desks:
            await desk.subscribe(*TOPICS)
        while market.at < len(market.events):
            market.happen(data.draw(st.integers(1, 120)))
            if data.draw(st.booleans()):
                market.flush()
            await direct.read()
            place = data.draw(st.integers(0, 2))
            desk = desks[place]
            what = data.draw(st.sampled_from(["exchange", "gateway", "reads", "goes", "leaves topic", "all"]))
            if what == "exchange":
                await desk.exchange_hears()
            elif what == "gateway":
                await desk.gateway_hears()
            elif what == "reads":
                await desk.reads()
            elif what == "goes":
                await desk.goes()
                desks[place] = Desk(market, feed, desk.state)
                await desks[place].subscribe(*TOPICS)
            elif what == "leaves topic":
                await desk.ask(unsubscribe=["depth:ACME"])
                await desk.settles()
                desk.state.topics.pop("depth:ACME", None)
                await desk.subscribe("depth:ACME")
            else:
                for each in desks:
                    await each.settles()
        for _ in range(3):
            for desk in desks:
                await desk.settles()
        market.flush()
        await direct.read()
        for _ in range(2):
            for desk in desks:
                await desk.settles()
        for topic in TOPICS:
            wanted = settled(direct.state.rows(topic), topic)
            for desk in desks:
                # A tape that began later, or was begun anew, has fewer of the first trades and candles.
                found = settled(desk.state.rows(topic), topic)
                if topic.startswith(("trades", "candles")):
                    assert found == [row for row in wanted if row in found], topic
                    assert direct.state.rows(topic)[-1] in desk.state.rows(topic)
                else:
                    assert found == wanted, topic
        carriers = {topic.carrier for topic in feed.topics.values()}
        assert set(feed.topics) == set(TOPICS)
        assert carriers <= {desk.link for desk in desks}
        # The exchange tells each topic to its carrier, and to the reader beside the gateway.
        told = [len(topic.readers) for topic in market.stream._topics.values()]
        assert told == [2] * len(TOPICS)
        for desk in desks:
            await desk.goes()
        assert not feed.topics

    asyncio.run(play())


@on_a_loop
async def test_a_topic_is_asked_for_once_however_many_follow_it() -> None:
    market, feed = Market(*rule_book()), Feed(Format.JSON)
    market.happen(50)
    desks = [Desk(market, feed) for _ in range(5)]
    for desk in desks:
        await desk.subscribe("market:ACME", "trades:ACME")
        await desk.settles()
    market.happen(60)
    market.flush()
    for desk in desks:
        await desk.settles()
    assert [request.subscribe for request in desks[0].asked] == [["market:ACME", "trades:ACME"]]
    # The others ask with an empty list: whether they may is the exchange's to say.
    assert [request.subscribe for desk in desks[1:] for request in desk.asked] == [[]] * 4
    frames = [[each for each in desk.frames if isinstance(each, Delta)] for desk in desks]
    assert frames[0]
    assert all(each == frames[0] for each in frames)


@on_a_loop
async def test_when_the_carrier_goes_another_carries_on_without_a_gap_or_a_word() -> None:
    market, feed = Market(*rule_book()), Feed(Format.JSON)
    market.happen(50)
    first, second = Desk(market, feed), Desk(market, feed)
    for desk in (first, second):
        await desk.subscribe("market:ACME", "trades:ACME")
        await desk.settles()
    await first.goes()
    # What happens before the exchange has heard of it comes too.
    for _ in range(5):
        market.happen(40)
        market.flush()
    await second.settles()
    market.happen(40)
    market.flush()
    await second.settles()
    direct = Reader(market, None)
    direct.connect()
    await direct.subscribe("market:ACME", "trades:ACME")
    await direct.read()
    assert second.asked[-1].from_seq == {"market:ACME": 50, "trades:ACME": 50}
    assert sum(isinstance(frame, Snapshot) for frame in second.frames) == 2
    for topic in ("market:ACME", "trades:ACME"):
        assert settled(second.state.rows(topic), topic) == settled(direct.state.rows(topic), topic)


@on_a_loop
async def test_one_who_is_refused_carries_nothing_and_others_do_not_notice() -> None:
    market, feed = Market(*rule_book()), Feed(Format.JSON)
    market.happen(50)
    first, second, third = (Desk(market, feed) for _ in range(3))
    for desk in (first, second, third):
        await desk.subscribe("market:ACME")
        await desk.settles()
    second.refuses = True
    await first.goes()
    await second.settles()
    assert feed.topics["market:ACME"].carrier is third.link
    market.happen(100)
    market.flush()
    await third.settles()
    await second.reads()
    assert second.state.rows("market:ACME") == third.state.rows("market:ACME")
    assert second.state.topics["market:ACME"].seq > 50
    assert not any(isinstance(frame, Refused) for frame in second.frames)


@on_a_loop
async def test_a_topic_that_the_exchange_refuses_is_refused_with_its_words_and_begins_nothing() -> None:
    market, feed = Market(*rule_book()), Feed(Format.JSON)
    desk = Desk(market, feed)
    desk.refuses = True
    await desk.subscribe("market:ACME")
    await desk.settles()
    (refused,) = desk.frames
    assert isinstance(refused, Refused)
    assert (refused.id, refused.code) == (1, "rate_limited")
    assert not feed.topics


@pytest.mark.parametrize("others", [0, 1])
@on_a_loop
async def test_who_comes_back_is_told_what_it_missed_also_when_nobody_else_is_there(
    others: int,
) -> None:
    market, feed = Market(*rule_book()), Feed(Format.JSON)
    market.happen(50)
    stays = [Desk(market, feed) for _ in range(others)]
    goes = Desk(market, feed)
    for desk in (*stays, goes):
        await desk.subscribe("market:ACME", "trades:ACME")
        await desk.settles()
    await goes.goes()
    for _ in range(4):
        market.happen(30)
        market.flush()
        for desk in stays:
            await desk.settles()
    back = Desk(market, feed, goes.state)
    await back.subscribe("market:ACME", "trades:ACME")
    await back.settles()
    market.happen(30)
    market.flush()
    for desk in (*stays, back):
        await desk.settles()
    assert not any(isinstance(frame, Snapshot) for frame in back.frames)
    direct = Reader(market, None)
    direct.connect()
    await direct.subscribe("market:ACME")
    await direct.read()
    assert back.state.rows("market:ACME") == direct.state.rows("market:ACME")


@on_a_loop
async def test_a_slow_carrier_holds_nobody_up_and_a_slow_desk_gets_the_latest() -> None:
    market, feed = Market(*rule_book()), Feed(Format.JSON)
    market.happen(50)
    slow, quick = Desk(market, feed), Desk(market, feed)
    for desk in (slow, quick):
        await desk.subscribe("market:ACME")
        await desk.settles()
    slow.link._paused = True
    feed.step_aside(slow.link)
    await slow.exchange_hears()
    await quick.settles()
    while market.at < len(market.events):
        market.happen(3)
        market.flush()
        await quick.settles()
    assert feed.topics["market:ACME"].carrier is quick.link
    await slow.reads()
    assert any(isinstance(frame, Snapshot) and frame.conflated for frame in slow.frames)
    assert slow.state.rows("market:ACME") == quick.state.rows("market:ACME")


def test_nothing_more_is_fetched_while_own_events_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("workbench.api.native.stream_connection.OWN_BYTES", 4_000)

    async def play() -> None:
        market, feed = Market(*rule_book()), Feed(Format.JSON)
        desk = Desk(market, feed)
        left = [b'[{"type":"pong","id":%d,"seq":1,"time":"%s"}]' % (n, b"x" * 600) for n in range(20)]

        async def recv(*, decode: bool) -> bytes:
            assert not decode
            if not left:
                await asyncio.Event().wait()
            return left.pop(0)

        desk.recv = recv  # type: ignore[attr-defined]
        reading = asyncio.ensure_future(desk.link.read())
        await turns()
        assert len(left) == 18
        assert not desk.link.able
        for _ in range(20):
            await desk.reads()
        assert not desk.near.closed.is_set()
        assert len(desk.frames) == 20
        assert desk.link.able
        reading.cancel()

    asyncio.run(play())


@on_a_loop
async def test_a_beat_waits_for_what_comes_over_other_links() -> None:
    market, feed = Market(*rule_book()), Feed(Format.JSON)
    market.happen(50)
    carrier, other = Desk(market, feed), Desk(market, feed)
    for desk in (carrier, other):
        await desk.subscribe("market:ACME")
        await desk.settles()
    market.happen(100)
    market.flush()
    other.link.hear(b'[{"type":"beat","seq":150,"time":""}]')
    await other.reads()
    assert not any(frame.type_ == "beat" for frame in map(_Named, other.frames))
    await carrier.settles()
    carrier.link.hear(b'[{"type":"beat","seq":150,"time":""}]')
    await other.reads()
    named = [_Named(frame).type_ for frame in other.frames]
    assert named[-2:] == ["beat", "delta"] or named[-2:] == ["delta", "beat"]


class _Named:
    def __init__(self, frame: Any) -> None:
        self.type_ = frame.__struct_config__.tag
