"""Orders of every type and class through the unmodified alpaca-py, and every call about them."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest
from alpaca.common.exceptions import APIError
from alpaca.trading.enums import OrderClass, OrderSide, OrderStatus, OrderType, QueryOrderStatus, TimeInForce
from alpaca.trading.models import Order
from alpaca.trading.requests import (
    GetOrderByIdRequest,
    GetOrdersRequest,
    LimitOrderRequest,
    MarketOrderRequest,
    ReplaceOrderRequest,
    StopLimitOrderRequest,
    StopLossRequest,
    StopOrderRequest,
    TakeProfitRequest,
    TrailingStopOrderRequest,
)

from tests.api.alpaca.conftest import Person, Served, code_of


def open_orders(person: Person, **more: object) -> list:
    return person.trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.OPEN, **more))


def test_a_resting_limit_order_has_every_field(trader: Person) -> None:
    order = trader.limit("AAPL", "buy", 10, 99.5, client_order_id=f"mine-{trader.name}")
    assert order.status == OrderStatus.NEW
    assert (order.qty, order.filled_qty, order.limit_price) == ("10", "0", "99.5")
    assert order.filled_avg_price is None
    assert order.client_order_id == f"mine-{trader.name}"
    assert order.order_class == OrderClass.SIMPLE
    assert order.type == order.order_type == OrderType.LIMIT
    assert abs((datetime.now(UTC) - order.submitted_at).total_seconds()) < 60
    assert trader.trading.get_order_by_id(order.id) == order
    assert trader.trading.get_order_by_client_id(order.client_order_id) == order


def test_market_order_fills_at_the_makers_prices(trader: Person, maker: Person) -> None:
    maker.limit("AAPL", "sell", 4, 100)
    maker.limit("AAPL", "sell", 6, 101)
    order = trader.market("AAPL", "buy", 10)
    assert order.status == OrderStatus.FILLED
    assert (order.filled_qty, order.filled_avg_price) == ("10", "100.6")
    assert order.filled_at is not None


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_stop_and_stop_limit_wait_for_their_price(trader: Person, maker: Person, side: str) -> None:
    sign = 1 if side == "buy" else -1
    maker.limit("AAPL", "sell", 1, 100)
    stop = trader.trading.submit_order(
        StopOrderRequest(
            symbol="AAPL",
            qty=1,
            side=OrderSide(side),
            time_in_force=TimeInForce.GTC,
            stop_price=100 + 5 * sign,
        )
    )
    limit = trader.trading.submit_order(
        StopLimitOrderRequest(
            symbol="AAPL",
            qty=1,
            side=OrderSide(side),
            time_in_force=TimeInForce.GTC,
            stop_price=100 + 5 * sign,
            limit_price=100 + 6 * sign,
        )
    )
    assert stop.status == limit.status == OrderStatus.NEW
    assert stop.type == OrderType.STOP
    assert limit.type == OrderType.STOP_LIMIT
    assert stop.stop_price == limit.stop_price == str(100 + 5 * sign)
    assert limit.limit_price == str(100 + 6 * sign)


@pytest.mark.parametrize("trail", [{"trail_price": 2.5}, {"trail_percent": 1.5}])
def test_trailing_stop_keeps_its_kind_of_trail(
    trader: Person, maker: Person, trail: dict[str, float]
) -> None:
    maker.limit("AAPL", "sell", 1, 100)
    trader.market("AAPL", "buy", 1)
    order = trader.trading.submit_order(
        TrailingStopOrderRequest(
            symbol="AAPL", qty=1, side=OrderSide.SELL, time_in_force=TimeInForce.GTC, **trail
        )
    )
    assert order.type == OrderType.TRAILING_STOP
    name, value = next(iter(trail.items()))
    assert getattr(order, name) == str(value)
    assert order.hwm == "100"
    assert order.stop_price == ("97.5" if name == "trail_price" else "98.5")
    changed = trader.trading.replace_order_by_id(order.id, ReplaceOrderRequest(trail=3))
    assert getattr(changed, name) == "3"
    assert changed.stop_price == "97"


@pytest.mark.parametrize("time_in_force", [TimeInForce.IOC, TimeInForce.FOK])
def test_what_cannot_trade_at_once_is_canceled(
    trader: Person, maker: Person, time_in_force: TimeInForce
) -> None:
    maker.limit("AAPL", "sell", 3, 100)
    order = trader.limit("AAPL", "buy", 10, 100, time_in_force=time_in_force)
    assert order.status == OrderStatus.CANCELED
    assert order.filled_qty == ("3" if time_in_force == TimeInForce.IOC else "0")


def test_close_orders_wait_for_the_closing_auction(trader: Person) -> None:
    order = trader.limit("AAPL", "buy", 1, 90, time_in_force=TimeInForce.CLS)
    assert order.time_in_force == TimeInForce.CLS
    assert order.status == OrderStatus.ACCEPTED
    trader.trading.cancel_order_by_id(order.id)


def test_notional_orders_become_a_quantity(trader: Person, maker: Person) -> None:
    maker.limit("SIM/USD", "sell", 3, 50)
    order = trader.trading.submit_order(
        MarketOrderRequest(symbol="SIM/USD", notional=100, side=OrderSide.BUY, time_in_force=TimeInForce.DAY)
    )
    assert (order.qty, order.filled_qty) == ("2", "2")


def test_bracket_holds_its_legs_until_the_entry_is_filled(trader: Person, maker: Person) -> None:
    parent = trader.limit(
        "AAPL",
        "buy",
        10,
        100,
        order_class=OrderClass.BRACKET,
        take_profit=TakeProfitRequest(limit_price=110),
        stop_loss=StopLossRequest(stop_price=95, limit_price=94.5),
    )
    assert parent.order_class == OrderClass.BRACKET
    take, stop = parent.legs
    assert [leg.status for leg in (take, stop)] == [OrderStatus.HELD] * 2
    assert (take.limit_price, stop.stop_price, stop.limit_price) == ("110", "95", "94.5")
    nested = open_orders(trader, nested=True)
    assert [order.id for order in nested] == [parent.id]
    assert {leg.id for leg in nested[0].legs} == {take.id, stop.id}
    assert {order.id for order in open_orders(trader)} == {parent.id, take.id, stop.id}
    assert trader.trading.get_order_by_id(parent.id, GetOrderByIdRequest(nested=False)).legs is None

    maker.limit("AAPL", "sell", 10, 100)
    legs = trader.trading.get_order_by_id(parent.id, GetOrderByIdRequest(nested=True)).legs
    assert [leg.status for leg in legs] == [OrderStatus.NEW] * 2
    changed = trader.trading.replace_order_by_id(take.id, ReplaceOrderRequest(limit_price=109))
    maker.limit("AAPL", "buy", 4, 109)
    after = {order.id: order for order in open_orders(trader)}
    assert after[changed.id].filled_qty == "4"
    assert after[stop.id].qty == "6"
    trader.trading.cancel_order_by_id(changed.id)
    assert open_orders(trader) == []
    assert trader.trading.get_order_by_id(stop.id).status == OrderStatus.CANCELED


def test_oco_and_oto(trader: Person, maker: Person) -> None:
    maker.limit("AAPL", "sell", 10, 100)
    trader.market("AAPL", "buy", 10)
    oco = trader.trading.submit_order(
        LimitOrderRequest(
            symbol="AAPL",
            qty=10,
            side=OrderSide.SELL,
            time_in_force=TimeInForce.GTC,
            order_class=OrderClass.OCO,
            take_profit=TakeProfitRequest(limit_price=120),
            stop_loss=StopLossRequest(stop_price=90),
        )
    )
    assert oco.order_class == OrderClass.OCO
    assert (oco.type, oco.limit_price) == (OrderType.LIMIT, "120")
    assert [(leg.type, leg.stop_price) for leg in oco.legs] == [(OrderType.STOP, "90")]
    trader.trading.cancel_order_by_id(oco.id)
    assert open_orders(trader) == []

    oto = trader.limit(
        "AAPL", "buy", 5, 99, order_class=OrderClass.OTO, stop_loss=StopLossRequest(stop_price=90)
    )
    assert oto.order_class == OrderClass.OTO
    assert [leg.status for leg in oto.legs] == [OrderStatus.HELD]
    trader.trading.cancel_order_by_id(oto.id)
    assert open_orders(trader) == []


def test_replace_makes_a_successor_and_keeps_what_was_filled(trader: Person, maker: Person) -> None:
    order = trader.limit("AAPL", "buy", 10, 100, client_order_id=f"first-{trader.name}")
    maker.limit("AAPL", "sell", 4, 100)
    after = trader.trading.replace_order_by_id(order.id, ReplaceOrderRequest(qty=8, limit_price=100.5))
    before = trader.trading.get_order_by_id(order.id)
    assert (before.status, before.replaced_by) == (OrderStatus.REPLACED, after.id)
    assert (after.replaces, after.qty, after.filled_qty, after.limit_price) == (order.id, "8", "4", "100.5")
    assert after.client_order_id != order.client_order_id
    maker.limit("AAPL", "sell", 4, 100)
    assert trader.trading.get_order_by_id(after.id).status == OrderStatus.FILLED
    with pytest.raises(APIError) as error:
        trader.trading.replace_order_by_id(order.id, ReplaceOrderRequest(qty=9))
    assert code_of(error.value) == (422, 42210000)


def test_cancel_one_and_all(trader: Person) -> None:
    orders = [trader.limit("AAPL", "buy", 1, price) for price in (90, 91, 92)]
    assert trader.trading.cancel_order_by_id(orders[0].id) is None
    with pytest.raises(APIError) as error:
        trader.trading.cancel_order_by_id(orders[0].id)
    assert code_of(error.value) == (422, 42210000)
    done = trader.trading.cancel_orders()
    assert {item.id for item in done} == {order.id for order in orders[1:]}
    assert {item.status for item in done} == {200}


def test_listing_filters(trader: Person) -> None:
    first = trader.limit("AAPL", "buy", 1, 90)
    second = trader.limit("SPY", "sell", 1, 500)
    third = trader.limit("AAPL", "buy", 1, 91)
    trader.trading.cancel_order_by_id(first.id)

    def ids(**query: object) -> list:
        return [order.id for order in trader.trading.get_orders(GetOrdersRequest(**query))]

    assert ids() == [third.id, second.id]
    assert ids(status=QueryOrderStatus.CLOSED) == [first.id]
    assert ids(status=QueryOrderStatus.ALL, direction="asc") == [first.id, second.id, third.id]
    assert ids(status=QueryOrderStatus.ALL, symbols=["AAPL"], limit=1) == [third.id]
    assert ids(side=OrderSide.SELL) == [second.id]
    assert ids(after=second.submitted_at) == [third.id]
    assert ids(until=third.submitted_at) == [second.id]
    get = trader.trading.get
    after = get("/orders", {"status": "all", "after_order_id": str(first.id)})
    assert [item["id"] for item in after] == [str(third.id), str(second.id)]
    before = get("/orders", {"status": "all", "before_order_id": str(third.id), "asset_class": "us_equity"})
    assert [item["id"] for item in before] == [str(second.id), str(first.id)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"symbol": "NOPE"}, (404, 40410000)),
        ({"qty": "0"}, (422, 42210000)),
        ({"qty": "-1"}, (422, 42210000)),
        ({"qty": "many"}, (422, 40010001)),
        ({"qty": "1.5"}, (422, 42210000)),
        ({"limit_price": "99.555"}, (422, 42210000)),
        ({"side": "short"}, (422, 40010001)),
        ({"type": "iceberg"}, (422, 40010001)),
        ({"time_in_force": "gtd"}, (422, 40010001)),
        ({"time_in_force": "ioc", "extended_hours": True}, (422, 42210000)),
        ({"order_class": "bracket"}, (422, 42210000)),
        ({"order_class": "mleg"}, (422, 42210000)),
        ({"notional": "100"}, (422, 42210000)),
        ({"client_order_id": "x" * 129}, (422, 40010001)),
        ({"qty": "9000000"}, (403, 40310000)),
        (
            {
                "order_class": "bracket",
                "take_profit": {"limit_price": 90},
                "stop_loss": {"stop_price": 95},
            },
            (422, 42210000),
        ),
        (
            {
                "order_class": "bracket",
                "take_profit": {"limit_price": 120},
                "stop_loss": {"stop_price": 100},
            },
            (422, 42210000),
        ),
        (
            {
                "order_class": "bracket",
                "take_profit": {"limit_price": 100},
                "stop_loss": {"stop_price": 95},
            },
            (422, 42210000),
        ),
        ({"order_class": "oto", "take_profit": {"limit_price": 99}}, (422, 42210000)),
    ],
)
def test_refusals_have_code_and_sentence(
    served: Served, trader: Person, body: dict[str, object], expected: tuple[int, int]
) -> None:
    order = {
        "symbol": "AAPL",
        "qty": "1",
        "side": "buy",
        "type": "limit",
        "limit_price": "100",
        "time_in_force": "day",
        **body,
    }
    answer = httpx.post(f"{served.url}/v2/orders", json=order, headers=trader.headers)
    said = answer.json()
    assert (answer.status_code, said["code"]) == expected, said
    assert len(said["message"]) > 5
    assert trader.trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.ALL)) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b'{"qty": {}}'])
def test_a_body_that_is_no_order_is_refused(served: Served, trader: Person, body: bytes) -> None:
    answer = httpx.post(f"{served.url}/v2/orders", content=body, headers=trader.headers)
    assert answer.status_code == 422
    assert answer.json()["code"] == 40010001


def test_a_client_order_id_is_used_once(trader: Person) -> None:
    order = trader.limit("AAPL", "buy", 1, 90, client_order_id="once")
    trader.trading.cancel_order_by_id(order.id)
    with pytest.raises(APIError) as error:
        trader.limit("AAPL", "buy", 1, 90, client_order_id="once")
    assert code_of(error.value) == (422, 40010001)


def test_anothers_order_is_not_found(trader: Person, maker: Person) -> None:
    order = maker.limit("AAPL", "buy", 1, 90)
    for work in (
        lambda: trader.trading.get_order_by_id(order.id),
        lambda: trader.trading.cancel_order_by_id(order.id),
        lambda: trader.trading.get_order_by_client_id(order.client_order_id),
        lambda: trader.trading.get_order_by_id(uuid4()),
    ):
        with pytest.raises(APIError) as error:
            work()
        assert code_of(error.value) == (404, 40410000)


def test_a_refused_order_leaves_its_client_order_id_free(trader: Person) -> None:
    name = f"again-{trader.name}"
    with pytest.raises(APIError) as refused:
        trader.limit("AAPL", "buy", 1_000_000, 100, client_order_id=name)
    assert code_of(refused.value) == (403, 40310000)
    with pytest.raises(APIError) as missing:
        trader.trading.get_order_by_client_id(name)
    assert code_of(missing.value) == (404, 40410000)
    order = trader.limit("AAPL", "buy", 10, 99, client_order_id=name)
    assert order.client_order_id == name
    with pytest.raises(APIError) as taken:
        trader.limit("AAPL", "buy", 10, 99, client_order_id=name)
    assert code_of(taken.value) == (422, 40010001)
    # A change that is refused takes nothing either.
    other = f"changed-{trader.name}"
    with pytest.raises(APIError):
        trader.trading.replace_order_by_id(
            order.id, ReplaceOrderRequest(qty=1_000_000, client_order_id=other)
        )
    changed = trader.trading.replace_order_by_id(order.id, ReplaceOrderRequest(qty=5, client_order_id=other))
    assert changed.client_order_id == other


def test_a_refused_bracket_leaves_its_client_order_id_free(trader: Person) -> None:
    name = f"bracket-{trader.name}"
    more = {
        "order_class": OrderClass.BRACKET,
        "take_profit": TakeProfitRequest(limit_price=110),
        "stop_loss": StopLossRequest(stop_price=95),
        "client_order_id": name,
    }
    with pytest.raises(APIError):
        trader.limit("AAPL", "buy", 1_000_000, 100, **more)
    order = trader.limit("AAPL", "buy", 10, 99, **more)
    assert trader.trading.get_order_by_client_id(name).id == order.id


def test_the_time_in_force_of_an_order_stays(trader: Person) -> None:
    order = trader.limit("AAPL", "buy", 10, 99)
    with pytest.raises(APIError) as refused:
        trader.trading.replace_order_by_id(order.id, ReplaceOrderRequest(time_in_force=TimeInForce.GTC))
    assert code_of(refused.value) == (422, 42210000)
    assert refused.value.message == (
        "time_in_force of an order stays day here: cancel the order and place one that is gtc"
    )
    changed = trader.trading.replace_order_by_id(
        order.id, ReplaceOrderRequest(time_in_force=TimeInForce.DAY, qty=5)
    )
    assert (changed.qty, changed.time_in_force) == ("5", TimeInForce.DAY)


def test_an_oco_closes_a_position(trader: Person, maker: Person) -> None:
    def oco(qty: int) -> object:
        return trader.trading.submit_order(
            LimitOrderRequest(
                symbol="SPY",
                qty=qty,
                side=OrderSide.SELL,
                time_in_force=TimeInForce.GTC,
                order_class=OrderClass.OCO,
                take_profit=TakeProfitRequest(limit_price=440),
                stop_loss=StopLossRequest(stop_price=360),
            )
        )

    for held, wanted in ((0, 5), (5, 6)):
        if held:
            maker.limit("SPY", "sell", held, 400)
            trader.market("SPY", "buy", held)
        with pytest.raises(APIError) as refused:
            oco(wanted)
        assert code_of(refused.value) == (422, 42210000)
        assert "oco orders must be exit orders" in refused.value.message
    assert oco(5).order_class == OrderClass.OCO


@pytest.mark.parametrize(("side", "take", "stop"), [("buy", 450, 400), ("sell", 350, 400)])
def test_a_stop_loss_lies_on_the_losing_side_of_the_market(
    trader: Person, maker: Person, side: str, take: float, stop: float
) -> None:
    maker.limit("SPY", "sell", 1, 400)
    trader.market("SPY", "buy", 1)
    more = {"order_class": OrderClass.BRACKET, "take_profit": TakeProfitRequest(limit_price=take)}
    with pytest.raises(APIError) as refused:
        trader.market("SPY", side, 1, stop_loss=StopLossRequest(stop_price=stop), **more)
    assert code_of(refused.value) == (422, 42210000)
    assert "stop_loss.stop_price must be" in refused.value.message
    better = stop - 0.01 if side == "buy" else stop + 0.01
    maker.limit("SPY", "sell" if side == "buy" else "buy", 1, 400)
    assert trader.market("SPY", side, 1, stop_loss=StopLossRequest(stop_price=better), **more).legs


def test_an_order_that_the_exchange_ended_says_why(trader: Person) -> None:
    def reason_of(order: Order) -> str | None:
        found = httpx.get(f"{trader.url}/v2/orders/{order.id}", headers=trader.headers).json()
        assert found["status"] == order.status.value == "canceled"
        return found["reject_reason"]

    assert reason_of(trader.market("AAPL", "buy", 1)) == "no_liquidity"
    assert reason_of(trader.limit("AAPL", "buy", 1, 90, time_in_force=TimeInForce.FOK)) == "fill_or_kill"
    resting = trader.limit("AAPL", "buy", 1, 90)
    trader.trading.cancel_order_by_id(resting.id)
    assert reason_of(trader.trading.get_order_by_id(resting.id)) is None
