"""Positions and closing them through alpaca-py."""

from __future__ import annotations

import pytest
from alpaca.common.exceptions import APIError
from alpaca.trading.enums import OrderSide, OrderStatus, PositionSide
from alpaca.trading.models import FailedClosePositionDetails, Order
from alpaca.trading.requests import ClosePositionRequest

from tests.api.alpaca.conftest import Person, code_of


def test_long_and_short_positions(trader: Person, maker: Person) -> None:
    maker.limit("AAPL", "sell", 10, 100)
    trader.market("AAPL", "buy", 10)
    maker.limit("SPY", "buy", 5, 400)
    trader.market("SPY", "sell", 5)
    maker.limit("AAPL", "sell", 1, 103)
    trader.market("AAPL", "buy", 1)
    by_symbol = {position.symbol: position for position in trader.trading.get_all_positions()}
    long, short = by_symbol["AAPL"], by_symbol["SPY"]
    assert (long.side, long.qty, long.current_price) == (PositionSide.LONG, "11", "103")
    assert long.market_value == "1133"
    assert long.cost_basis == "1103"
    assert long.unrealized_pl == "30"
    assert float(long.avg_entry_price) == pytest.approx(1103 / 11)
    assert float(long.unrealized_plpc) == pytest.approx(30 / 1103)
    assert (short.side, short.qty, short.market_value) == (PositionSide.SHORT, "-5", "-2000")
    assert trader.trading.get_open_position("AAPL") == long
    assert trader.trading.get_open_position(long.asset_id) == long
    with pytest.raises(APIError) as error:
        trader.trading.get_open_position("SIM/USD")
    assert code_of(error.value) == (404, 40410000)


def test_close_a_position_in_parts(trader: Person, maker: Person) -> None:
    maker.limit("AAPL", "sell", 10, 100)
    trader.market("AAPL", "buy", 10)
    maker.limit("AAPL", "buy", 20, 99)
    part = trader.trading.close_position("AAPL", ClosePositionRequest(qty="2"))
    assert (part.side, part.qty, part.status) == (OrderSide.SELL, "2", OrderStatus.FILLED)
    half = trader.trading.close_position("AAPL", ClosePositionRequest(percentage="50"))
    assert half.qty == "4"
    rest = trader.trading.close_position("AAPL")
    assert rest.qty == "4"
    assert trader.trading.get_all_positions() == []
    for bad in ({"qty": "x"}, {"qty": "-1"}, {"percentage": "101"}, {"qty": "1", "percentage": "1"}):
        with pytest.raises(APIError) as error:
            trader.trading.delete("/positions/AAPL", bad)
        assert code_of(error.value)[0] == 422


def test_shares_held_by_orders_are_not_closed(trader: Person, maker: Person) -> None:
    maker.limit("AAPL", "sell", 10, 100)
    trader.market("AAPL", "buy", 10)
    trader.limit("AAPL", "sell", 7, 120)
    assert trader.trading.get_open_position("AAPL").qty_available == "3"
    maker.limit("AAPL", "buy", 20, 99)
    with pytest.raises(APIError) as error:
        trader.trading.close_position("AAPL")
    assert code_of(error.value) == (403, 40310000)
    (item,) = trader.trading.close_all_positions(cancel_orders=False)
    assert item.status == 403
    assert isinstance(item.body, FailedClosePositionDetails)
    assert (item.body.available, item.body.existing_qty, item.body.held_for_orders) == (3, 10, 7)
    (item,) = trader.trading.close_all_positions(cancel_orders=True)
    assert item.status == 200
    assert isinstance(item.body, Order)
    assert item.body.id == item.order_id
    assert trader.trading.get_all_positions() == []
    assert trader.trading.get_orders() == []
