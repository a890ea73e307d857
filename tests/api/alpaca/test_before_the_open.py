"""Orders for the open, and orders where there is none to wait for, through the unmodified alpaca-py."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
import websockets
from alpaca.common.exceptions import APIError
from alpaca.trading.enums import OrderClass, OrderStatus, QueryOrderStatus, TimeInForce
from alpaca.trading.requests import (
    GetOrdersRequest,
    ReplaceOrderRequest,
    StopLossRequest,
    TakeProfitRequest,
)

from tests.api.alpaca.conftest import (
    SCENARIO,
    Person,
    Served,
    TradingStream,
    code_of,
    streaming,
    until,
)
from workbench.domain.codes import SessionState
from workbench.session.live.session import LiveSession

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*legacy.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*iscoroutinefunction.*:DeprecationWarning"),
]
_numbers = count()
S = SessionState


@pytest.fixture
def lobby(served: Served) -> LiveSession:
    """A session that nobody has opened yet."""

    async def make() -> LiveSession:
        session = await served.server.sessions.create(f"lobby{next(_numbers)}", SCENARIO)
        served.server.attach(session)
        return session

    return served.call(make())


@pytest.fixture
def move(served: Served, lobby: LiveSession) -> Callable[[SessionState], None]:
    """Brings the session into another state."""

    def to(state: SessionState) -> None:
        served.call(lobby.move(state))

    return to


def statuses(person: Person, status: QueryOrderStatus = QueryOrderStatus.OPEN) -> list[str]:
    return [order.status.value for order in person.trading.get_orders(GetOrdersRequest(status=status))]


@pytest.mark.parametrize("state", [S.LOBBY, S.PRE_OPEN])
def test_an_order_before_the_open_is_accepted_and_works_from_the_open_on(
    served: Served, lobby: LiveSession, move: Callable[[SessionState], None], state: SessionState
) -> None:
    ann, bob = served.person(session=lobby.name), served.person(session=lobby.name)
    if state != S.LOBBY:
        move(state)
    assert not ann.trading.get_clock().is_open
    order = ann.limit("AAPL", "buy", 10, 100, client_order_id="first")
    rests = ann.limit("AAPL", "buy", 10, 90)
    assert (order.status, order.filled_qty) == (OrderStatus.ACCEPTED, "0")
    assert ann.trading.get_order_by_client_id("first").status == OrderStatus.ACCEPTED
    assert bob.market("AAPL", "sell", 4).status == OrderStatus.ACCEPTED
    with pytest.raises(APIError) as taken:
        ann.limit("AAPL", "buy", 10, 100, client_order_id="first")
    assert code_of(taken.value) == (422, 40010001)
    changed = ann.trading.replace_order_by_id(rests.id, ReplaceOrderRequest(limit_price=91))
    assert (changed.status, changed.limit_price) == (OrderStatus.ACCEPTED, "91")
    gone = ann.limit("AAPL", "buy", 10, 80)
    ann.trading.cancel_order_by_id(gone.id)
    assert statuses(ann) == ["accepted", "accepted"]
    move(S.OPEN)
    assert sorted(statuses(ann)) == ["new", "partially_filled"]
    assert statuses(bob, QueryOrderStatus.ALL) == ["filled"]
    assert ann.trading.get_order_by_id(order.id).filled_avg_price == "100"


def test_the_stream_says_accepted_and_at_the_open_new(
    served: Served, lobby: LiveSession, move: Callable[[SessionState], None]
) -> None:
    ann, bob = served.person(session=lobby.name), served.person(session=lobby.name)
    stream = TradingStream(ann.key, ann.secret, url_override=served.url.replace("http", "ws", 1) + "/stream")
    heard: list = []

    async def hear(update: object) -> None:
        heard.append(update)

    stream.subscribe_trade_updates(hear)
    feed = served.server.hubs[lobby.name].views.observers
    with streaming(stream):
        until(lambda: sum(len(each) for each in feed if hasattr(each, "listen")))
        filled = ann.limit("AAPL", "buy", 10, 100)
        rests = ann.limit("AAPL", "buy", 10, 90)
        gone = ann.limit("AAPL", "buy", 10, 80)
        ann.trading.cancel_order_by_id(gone.id)
        bob.limit("AAPL", "sell", 10, 100)
        move(S.PRE_OPEN)
        move(S.PAUSED)
        move(S.PRE_OPEN)
        bracket = ann.limit(
            "AAPL",
            "buy",
            1,
            70,
            order_class=OrderClass.BRACKET,
            take_profit=TakeProfitRequest(limit_price=110),
            stop_loss=StopLossRequest(stop_price=60),
        )
        assert bracket.status == OrderStatus.ACCEPTED
        assert [leg.status for leg in bracket.legs] == [OrderStatus.HELD] * 2
        move(S.OPEN)
        until(lambda: len(heard) >= 11)
    told = [(update.event, update.order.id) for update in heard if update.event != "held"]
    assert told == [
        ("accepted", filled.id),
        ("accepted", rests.id),
        ("accepted", gone.id),
        ("canceled", gone.id),
        ("accepted", bracket.id),
        ("new", filled.id),
        ("new", rests.id),
        ("new", bracket.id),
        ("fill", filled.id),
    ]
    assert len({update.execution_id for update in heard}) == len(heard)
    again = asyncio.run(_from_the_beginning(served, ann, len(heard)))
    assert [each["execution_id"] for each in again] == [str(each.execution_id) for each in heard]
    assert [each["order"]["status"] for each in again] == [each.order.status.value for each in heard]
    by_event = {update.event: update.order.status for update in heard if update.order.id == filled.id}
    assert by_event == {
        "accepted": OrderStatus.ACCEPTED,
        "new": OrderStatus.NEW,
        "fill": OrderStatus.FILLED,
    }


async def _from_the_beginning(served: Served, person: Person, count: int) -> list[dict[str, Any]]:
    """So many messages of a stream that is asked for everything."""
    keys = {"key_id": person.key, "secret_key": person.secret}
    listen = {"streams": ["trade_updates"], "since_seq": 0}
    async with websockets.connect(served.url.replace("http", "ws", 1) + "/stream") as socket:
        await socket.send(json.dumps({"action": "authenticate", "data": keys}))
        await socket.recv()
        await socket.send(json.dumps({"action": "listen", "data": listen}))
        await socket.recv()
        return [json.loads(await asyncio.wait_for(socket.recv(), 60))["data"] for _ in range(count)]


def test_new_comes_before_a_fill_at_a_close_too(
    served: Served, lobby: LiveSession, move: Callable[[SessionState], None]
) -> None:
    ann, bob = served.person(session=lobby.name), served.person(session=lobby.name)
    ann.limit("AAPL", "buy", 10, 100)
    bob.limit("AAPL", "sell", 4, 100)
    move(S.CLOSED)
    told = asyncio.run(_from_the_beginning(served, ann, 4))
    assert [update["event"] for update in told] == ["accepted", "new", "partial_fill", "expired"]
    assert statuses(bob, QueryOrderStatus.ALL) == ["filled"]


def test_orders_for_the_opening_auction(
    served: Served, lobby: LiveSession, move: Callable[[SessionState], None]
) -> None:
    ann, bob = served.person(session=lobby.name), served.person(session=lobby.name)
    opening = {"time_in_force": TimeInForce.OPG}
    limit = ann.limit("AAPL", "buy", 10, 100, **opening)
    market = bob.market("AAPL", "sell", 4, **opening)
    assert limit.status == market.status == OrderStatus.ACCEPTED
    with pytest.raises(APIError) as refused:
        ann.limit("AAPL", "buy", 1, 100, time_in_force=TimeInForce.IOC)
    assert code_of(refused.value) == (422, 42210000)
    assert "only collected" in refused.value.message
    move(S.OPEN)
    after = ann.trading.get_order_by_id(limit.id)
    assert (after.status, after.filled_qty) == (OrderStatus.CANCELED, "4")
    assert bob.trading.get_order_by_id(market.id).status == OrderStatus.FILLED
    with pytest.raises(APIError) as late:
        ann.limit("AAPL", "buy", 10, 100, **opening)
    assert code_of(late.value) == (422, 42210000)
    assert late.value.message == "the opening auction is over: orders for it are taken before the open"


def test_extended_hours_is_for_limit_orders_of_the_day(served: Served, lobby: LiveSession) -> None:
    ann = served.person(session=lobby.name)
    order = ann.limit("AAPL", "buy", 1, 99, extended_hours=True)
    assert (order.status, order.extended_hours) == (OrderStatus.ACCEPTED, False)
    with pytest.raises(APIError) as refused:
        ann.market("AAPL", "buy", 1, extended_hours=True)
    assert code_of(refused.value) == (422, 42210000)


def test_a_pause_and_a_close_refuse_in_a_sentence(
    served: Served, lobby: LiveSession, move: Callable[[SessionState], None]
) -> None:
    ann = served.person(session=lobby.name)
    waiting = ann.limit("AAPL", "buy", 1, 99)
    said = []
    for state in (S.OPEN, S.PAUSED, S.CLOSED):
        move(state)
        if state == S.OPEN:
            continue
        with pytest.raises(APIError) as refused:
            ann.limit("AAPL", "buy", 1, 99)
        assert code_of(refused.value) == (403, 40310000)
        said.append(refused.value.message)
    assert said == [
        "the session is paused: until it goes on, orders can be cancelled and none are taken",
        "the session is over and its market opens no more: trade in another session",
    ]
    assert ann.trading.get_order_by_id(waiting.id).status == OrderStatus.EXPIRED


def test_what_waits_for_an_open_that_never_comes_ends_with_the_session(
    served: Served, lobby: LiveSession, move: Callable[[SessionState], None]
) -> None:
    ann = served.person(session=lobby.name)
    day, always = (
        ann.limit("AAPL", "buy", 1, 99, time_in_force=each) for each in (TimeInForce.DAY, TimeInForce.GTC)
    )
    move(S.CLOSED)
    assert ann.trading.get_order_by_id(day.id).status == OrderStatus.EXPIRED
    assert ann.trading.get_order_by_id(always.id).status == OrderStatus.ACCEPTED
