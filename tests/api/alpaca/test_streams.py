"""The order, data and news streams through the unmodified alpaca-py, and by hand where it hides something."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgpack
import pytest
import websockets

from tests.api.alpaca.conftest import (
    CryptoDataStream,
    NewsDataStream,
    Person,
    Served,
    StockDataStream,
    TradingStream,
    streaming,
    until,
)
from workbench.domain.codes import SessionState
from workbench.identity.principal import CONSOLE

pytestmark = [
    # alpaca-py 0.44 connects with the old half of websockets and asks asyncio for what 3.14 deprecates.
    pytest.mark.filterwarnings("ignore:.*legacy.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*iscoroutinefunction.*:DeprecationWarning"),
]


def ws(served: Served, path: str) -> str:
    return served.url.replace("http", "ws", 1) + path


class Heard(list):
    """What a stream's handler was given."""


def handler(heard: Heard) -> Any:
    async def handle(item: Any) -> None:
        heard.append(item)

    return handle


def orders_of(served: Served, person: Person, path: str = "/stream") -> tuple[TradingStream, Heard]:
    stream = TradingStream(person.key, person.secret, url_override=ws(served, path))
    heard = Heard()
    stream.subscribe_trade_updates(handler(heard))
    return stream, heard


def listening(served: Served) -> int:
    hub = served.server.hubs["quiet"]
    return sum(len(each) for each in hub.views.observers if hasattr(each, "listen"))


@pytest.fixture(autouse=True)
def _nobody_listens(served: Served) -> None:
    """A client of the test before is gone for the server too: whoever listens is of this one."""
    until(lambda: not listening(served) and not data_lines(served))


@pytest.mark.parametrize("path", ["/stream", "/stream/"])
def test_order_stream_tells_the_whole_life(served: Served, trader: Person, maker: Person, path: str) -> None:
    stream, heard = orders_of(served, trader, path)
    with streaming(stream):
        until(lambda: listening(served))
        maker.limit("AAPL", "sell", 4, 100)
        maker.limit("AAPL", "sell", 6, 101)
        bought = trader.market("AAPL", "buy", 10)
        resting = trader.limit("AAPL", "buy", 5, 90)
        changed = trader.trading.replace_order_by_id(resting.id, _replace(limit_price=91))
        trader.trading.cancel_order_by_id(changed.id)
        until(lambda: len(heard) >= 7)
    events = [(update.event, update.order.id) for update in heard]
    assert events == [
        ("new", bought.id),
        ("partial_fill", bought.id),
        ("fill", bought.id),
        ("new", resting.id),
        ("replaced", resting.id),
        ("new", changed.id),
        ("canceled", changed.id),
    ]
    fills = heard[1:3]
    assert [(update.price, update.qty, update.position_qty) for update in fills] == [
        (100, 4, 4),
        (101, 6, 10),
    ]
    assert [update.order.filled_avg_price for update in fills] == ["100", "100.6"]
    assert heard[0].price is None
    assert len({update.execution_id for update in heard}) == len(heard)


def _replace(**changes: Any) -> Any:
    from alpaca.trading.requests import ReplaceOrderRequest

    return ReplaceOrderRequest(**changes)


def test_bracket_on_the_order_stream(served: Served, trader: Person, maker: Person) -> None:
    from alpaca.trading.enums import OrderClass
    from alpaca.trading.requests import StopLossRequest, TakeProfitRequest

    stream, heard = orders_of(served, trader)
    with streaming(stream):
        until(lambda: listening(served))
        parent = trader.limit(
            "AAPL",
            "buy",
            10,
            100,
            order_class=OrderClass.BRACKET,
            take_profit=TakeProfitRequest(limit_price=110),
            stop_loss=StopLossRequest(stop_price=95),
        )
        take, stop = parent.legs
        maker.limit("AAPL", "sell", 10, 100)
        maker.limit("AAPL", "buy", 10, 110)
        until(lambda: any(update.event == "canceled" for update in heard))
    told = [(update.event, update.order.id) for update in heard if update.event != "held"]
    assert told == [
        ("new", parent.id),
        ("fill", parent.id),
        ("new", take.id),
        ("new", stop.id),
        ("fill", take.id),
        ("canceled", stop.id),
    ]


def test_a_read_after_an_event_is_as_new(served: Served, trader: Person) -> None:
    stream, heard = orders_of(served, trader)
    with streaming(stream):
        until(lambda: listening(served))
        for price in range(50, 60):
            order = trader.limit("AAPL", "buy", 1, price)
            until(lambda order=order: any(update.order.id == order.id for update in heard))
            assert trader.trading.get_order_by_id(order.id).status == "new"


def test_data_stream_of_trades_quotes_and_statuses(served: Served, trader: Person, maker: Person) -> None:
    stream = StockDataStream(trader.key, trader.secret, url_override=ws(served, "/v2/iex"))
    trades, quotes, statuses, bars = Heard(), Heard(), Heard(), Heard()
    stream.subscribe_trades(handler(trades), "AAPL", "SPY")
    stream.subscribe_quotes(handler(quotes), "AAPL")
    stream.subscribe_bars(handler(bars), "*")
    stream.subscribe_updated_bars(handler(bars), "*")
    stream.subscribe_daily_bars(handler(bars), "*")
    stream.subscribe_trading_statuses(handler(statuses), "*")
    with streaming(stream):
        until(lambda: stream._running)
        until(lambda: data_lines(served))
        maker.limit("AAPL", "sell", 5, 100.25)
        until(lambda: quotes)
        trader.market("AAPL", "buy", 5)
        until(lambda: trades)
        served.call(served.session.move(SessionState.PAUSED))
        served.call(served.session.move(SessionState.OPEN))
        until(lambda: len(statuses) >= 6)
        stream.unsubscribe_trades("SPY")
        stream.unsubscribe_quotes("AAPL")
        stream.unsubscribe_bars("*")
        stream.unsubscribe_updated_bars("*")
        stream.unsubscribe_daily_bars("*")
        stream.unsubscribe_trading_statuses("*")
        stream.unsubscribe_trades("AAPL")
        until(lambda: not data_lines(served))
    assert [(trade.symbol, trade.price, trade.size) for trade in trades] == [("AAPL", 100.25, 5)]
    assert trades[0].timestamp.tzinfo is not None
    assert (quotes[0].ask_price, quotes[0].ask_size, quotes[0].bid_price) == (100.25, 5, 0)
    assert {status.status_code for status in statuses} == {"H", "T"}
    assert {status.symbol for status in statuses} == {"AAPL", "SPY", "SIM/USD"}


def data_lines(served: Served) -> int:
    hub = served.server.hubs["quiet"]
    return sum(len(each.broadcast) for each in hub.views.observers if hasattr(each, "broadcast"))


def test_order_books_on_the_crypto_stream(served: Served, trader: Person, maker: Person) -> None:
    stream = CryptoDataStream(trader.key, trader.secret, url_override=ws(served, "/v1beta3/crypto/us"))
    books, trades = Heard(), Heard()
    stream.subscribe_orderbooks(handler(books), "SIM/USD")
    stream.subscribe_trades(handler(trades), "SIM/USD")
    with streaming(stream):
        until(lambda: data_lines(served))
        maker.limit("SIM/USD", "sell", 2.5, 51)
        maker.limit("SIM/USD", "buy", 1, 49)
        until(lambda: books and books[-1].bids and books[-1].asks)
        trader.market("SIM/USD", "buy", 0.5)
        until(lambda: trades)
    assert (books[-1].bids[0].price, books[-1].bids[0].size) == (49, 1)
    assert trades[0].size == 0.5


def test_news_stream(served: Served, trader: Person) -> None:
    stream = NewsDataStream(trader.key, trader.secret, url_override=ws(served, "/v1beta1/news"))
    heard = Heard()
    stream.subscribe_news(handler(heard), "*")
    with streaming(stream):
        until(lambda: data_lines(served))
        served.call(
            served.session.announce("Rates rise", body="By a quarter.", symbols=("AAPL",), author="ann")
        )
        until(lambda: heard)
    assert (heard[0].headline, heard[0].symbols, heard[0].author) == ("Rates rise", ["AAPL"], "ann")


def test_data_stream_in_json_by_hand(served: Served, trader: Person, maker: Person) -> None:
    async def talk() -> None:
        async with websockets.connect(ws(served, "/v2/sip")) as line:

            async def said() -> list[dict[str, Any]]:
                frame = await asyncio.wait_for(line.recv(), 60)
                assert isinstance(frame, str)
                return json.loads(frame)

            async def tell(message: Any) -> None:
                await line.send(message if isinstance(message, str) else json.dumps(message))

            assert await said() == [{"T": "success", "msg": "connected"}]
            await tell({"action": "subscribe", "trades": ["AAPL"]})
            assert (await said())[0]["code"] == 401
            await tell("no json")
            assert (await said())[0]["code"] == 400
            await tell({"action": "auth", "key": trader.key, "secret": "wrong"})
            assert await said() == [{"T": "error", "code": 402, "msg": "auth failed"}]
            await tell({"action": "auth", "key": trader.key, "secret": trader.secret})
            assert await said() == [{"T": "success", "msg": "authenticated"}]
            await tell({"action": "auth", "key": trader.key, "secret": trader.secret})
            assert (await said())[0]["code"] == 403
            await tell({"action": "subscribe", "trades": ["AAPL"], "quotes": ["*"]})
            done = (await said())[0]
            assert (done["T"], done["trades"], done["quotes"]) == ("subscription", ["AAPL"], ["*"])
            assert done["corrections"] == done["cancelErrors"] == ["AAPL"]
            await asyncio.to_thread(maker.limit, "AAPL", "sell", 1, 100)
            quote = (await said())[0]
            assert (quote["T"], quote["S"], quote["ap"]) == ("q", "AAPL", 100)
            assert quote["t"].endswith("Z")

    asyncio.run(talk())


def test_handshake_headers_and_msgpack_by_hand(served: Served, trader: Person) -> None:
    async def talk() -> None:
        headers = {**trader.headers, "Content-Type": "application/msgpack"}
        async with websockets.connect(ws(served, "/v2/iex"), additional_headers=headers) as line:
            first = msgpack.unpackb(await line.recv())
            second = msgpack.unpackb(await line.recv())
            assert [first[0]["msg"], second[0]["msg"]] == ["connected", "authenticated"]
            packed = msgpack.packb({"action": "subscribe", "bars": ["AAPL"] * 9_000})
            # alpaca-py sends its subscriptions in fragments.
            await line.send(packed[at : at + 32_768] for at in range(0, len(packed), 32_768))
            assert msgpack.unpackb(await line.recv())[0]["bars"] == ["AAPL"]

    asyncio.run(talk())


def test_wrong_keys_on_the_order_stream(served: Served, trader: Person) -> None:
    async def talk(message: dict[str, Any]) -> dict[str, Any]:
        async with websockets.connect(ws(served, "/stream")) as line:
            await line.send(json.dumps(message))
            frame = await asyncio.wait_for(line.recv(), 60)
            assert isinstance(frame, bytes)
            return json.loads(frame)["data"]

    keys = {"key_id": trader.key, "secret_key": "wrong"}
    refused = asyncio.run(talk({"action": "authenticate", "data": keys}))
    assert refused == {"action": "authenticate", "status": "unauthorized"}
    early = asyncio.run(talk({"action": "listen", "data": {"streams": ["trade_updates"]}}))
    assert early == {"action": "listen", "status": "unauthorized"}


def test_the_short_form_of_keys_is_taken_and_revoking_closes_the_stream(served: Served) -> None:
    person = served.person()

    async def talk() -> None:
        async with websockets.connect(ws(served, "/stream")) as line:
            keys = {"action": "auth", "key": person.key, "secret": person.secret}
            await line.send(json.dumps(keys))
            assert json.loads(await line.recv())["data"]["status"] == "authorized"
            await asyncio.to_thread(served.call, served.identity.revoke_key(CONSOLE, person.key))
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await asyncio.wait_for(line.recv(), 60)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4401

    asyncio.run(talk())


def test_unknown_feed_ends_the_client(served: Served) -> None:
    async def talk() -> None:
        async with websockets.connect(ws(served, "/v2/nothing")) as line:
            assert json.loads(await line.recv())[0]["msg"] == "connected"
            assert json.loads(await line.recv())[0]["code"] == 409

    asyncio.run(talk())


async def _updates(served: Served, person: Person, data: dict[str, Any], wanted: int) -> list[dict[str, Any]]:
    """The first messages after the answer to `listen`."""
    async with websockets.connect(ws(served, "/stream")) as socket:
        keys = {"key_id": person.key, "secret_key": person.secret}
        await socket.send(json.dumps({"action": "authenticate", "data": keys}))
        await socket.recv()
        await socket.send(json.dumps({"action": "listen", "data": {"streams": ["trade_updates"], **data}}))
        assert json.loads(await socket.recv())["stream"] == "listening"
        return [json.loads(await asyncio.wait_for(socket.recv(), 60)) for _ in range(wanted)]


def _plain(update: dict[str, Any]) -> dict[str, Any]:
    """An update without the moment at which it was sent."""
    return {key: value for key, value in update["data"].items() if key != "wall_timestamp"}


def test_who_comes_back_is_told_what_was_missed_as_it_was(
    served: Served, trader: Person, maker: Person
) -> None:
    def trade() -> None:
        maker.limit("AAPL", "sell", 4, 100)
        maker.limit("AAPL", "sell", 6, 101)
        trader.market("AAPL", "buy", 10)
        resting = trader.limit("AAPL", "buy", 5, 90)
        changed = trader.trading.replace_order_by_id(resting.id, _replace(limit_price=91))
        trader.trading.cancel_order_by_id(changed.id)
        with pytest.raises(Exception, match="buying power"):
            trader.limit("AAPL", "buy", 1_000_000, 100)

    async def both() -> list[dict[str, Any]]:
        live = asyncio.create_task(_updates(served, trader, {}, 7))
        await asyncio.to_thread(until, lambda: listening(served))
        await asyncio.to_thread(trade)
        return await live

    live = [_plain(update) for update in asyncio.run(both())]
    again = [_plain(update) for update in asyncio.run(_updates(served, trader, {"since_seq": 0}, 7))]
    assert again == live
    assert [update["event"] for update in live][:3] == ["new", "partial_fill", "fill"]
    assert [update["order"]["status"] for update in again][:3] == ["new", "partially_filled", "filled"]
    rest = asyncio.run(_updates(served, trader, {"since_seq": live[2]["seq"]}, 4))
    assert [_plain(update) for update in rest] == live[3:]


def test_a_bust_is_told_to_both_sides_and_again_to_who_comes_back(
    served: Served, trader: Person, maker: Person
) -> None:
    (stream, heard), (other, heard_by_maker) = orders_of(served, trader), orders_of(served, maker)
    with streaming(stream), streaming(other):
        until(lambda: listening(served) == 2)
        sold = maker.limit("AAPL", "sell", 6, 101)
        bought = trader.limit("AAPL", "buy", 10, 101)
        changed = trader.trading.replace_order_by_id(bought.id, _replace(limit_price=102))
        maker.limit("AAPL", "sell", 1, 102)
        until(lambda: len(heard) == 5)
        seat = served.session.seat_of(trader.user)
        assert seat is not None
        trade = served.server.hubs["quiet"].views.fills[seat.account][0]
        served.call(served.session.bust(trade.trade_id))
        until(lambda: len(heard) == 6 and len(heard_by_maker) == 5)
    bust, of_maker = heard[-1], heard_by_maker[-1]
    assert (bust.event, bust.order.id, bust.qty, bust.price, bust.position_qty) == (
        "trade_bust",
        bought.id,
        6,
        101,
        1,
    )
    # Of the order that was replaced and of its successor alike; the quantity is not open again.
    assert (bust.order.filled_qty, bust.order.filled_avg_price) == ("0", None)
    now = trader.trading.get_order_by_id(changed.id)
    assert (now.filled_qty, now.filled_avg_price, now.status) == ("1", "102", "partially_filled")
    assert (of_maker.event, of_maker.order.id) == ("trade_bust", sold.id)
    assert of_maker.position_qty == heard_by_maker[-2].position_qty + 6
    assert of_maker.execution_id != bust.execution_id
    last = asyncio.run(_updates(served, trader, {"since_seq": trade.seq}, 4))[-1]["data"]
    assert last["reason"] == "TRADE_BUST"
    assert last["execution_id"] == str(bust.execution_id)
    assert last["previous_execution_id"] == str(heard[1].execution_id)
    assert last["order"]["seq"] == last["seq"]


def test_nothing_is_missing_or_double_between_what_was_missed_and_what_comes(
    served: Served, trader: Person
) -> None:
    count = 700

    def send(first: int, last: int) -> None:
        for number in range(first, last):
            trader.limit("AAPL", "buy", 1, round(50 + number / 100, 2))

    async def story() -> list[dict[str, Any]]:
        await asyncio.to_thread(send, 0, count // 2)
        sending = asyncio.create_task(asyncio.to_thread(send, count // 2, count))
        told = await _updates(served, trader, {"since_seq": 0}, count)
        await sending
        return told

    told = [update["data"] for update in asyncio.run(story())]
    assert [update["order"]["limit_price"] for update in told] == [
        f"{round(50 + number / 100, 2):g}" for number in range(count)
    ]
    assert {update["event"] for update in told} == {"new"}


def test_since_an_event_that_has_not_happened(served: Served, trader: Person) -> None:
    async def story() -> list[dict[str, Any]]:
        told = asyncio.create_task(_updates(served, trader, {"since_seq": 10**15}, 2))
        await asyncio.to_thread(until, lambda: listening(served))
        await asyncio.to_thread(trader.limit, "AAPL", "buy", 1, 50)
        return await told

    error, update = asyncio.run(story())
    assert "is of no event yet" in error["data"]["error"]
    assert update["data"]["event"] == "new"
