"""Every public method of alpaca-py's clients, called once; the result is the table of docs/alpaca.md.

`WORKBENCH_WRITE_DOCS=1` writes the table anew.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alpaca.common.exceptions import APIError
from alpaca.data import requests as data
from alpaca.data.enums import MarketType, MostActivesBy
from alpaca.data.historical.corporate_actions import CorporateActionsClient
from alpaca.data.timeframe import TimeFrame
from alpaca.trading import requests as trade
from alpaca.trading.enums import CorporateActionType, OrderSide, TimeInForce

from tests.api.alpaca.conftest import (
    CryptoHistoricalDataClient,
    NewsClient,
    Person,
    ScreenerClient,
    Served,
    StockHistoricalDataClient,
    TradingClient,
)

PAGE = Path(__file__).parents[3] / "docs" / "alpaca.md"
BEGIN, END = "<!-- methods: begin -->\n", "<!-- methods: end -->\n"
START = datetime.now(UTC) - timedelta(days=3)
CLIENTS = (
    TradingClient,
    StockHistoricalDataClient,
    CryptoHistoricalDataClient,
    NewsClient,
    ScreenerClient,
    CorporateActionsClient,
)


def _limit(**more: Any) -> trade.LimitOrderRequest:
    terms = {"symbol": "AAPL", "qty": 1, "side": OrderSide.BUY, "limit_price": 90, **more}
    return trade.LimitOrderRequest(time_in_force=TimeInForce.DAY, **terms)


def _order(client: TradingClient) -> Any:
    return client.submit_order(_limit(client_order_id=str(uuid4())))


def _list(client: TradingClient) -> Any:
    return client.create_watchlist(trade.CreateWatchlistRequest(name=str(uuid4()), symbols=["AAPL"]))


def _announcements() -> trade.GetCorporateAnnouncementsRequest:
    return trade.GetCorporateAnnouncementsRequest(
        ca_types=[CorporateActionType.DIVIDEND], since=date(2026, 1, 1), until=date(2026, 1, 31)
    )


TRADING: dict[str, Callable[[Any], Any]] = {
    "submit_order": _order,
    "get_orders": lambda c: c.get_orders(),
    "get_order_by_id": lambda c: c.get_order_by_id(_order(c).id),
    "get_order_by_client_id": lambda c: c.get_order_by_client_id(_order(c).client_order_id),
    "replace_order_by_id": lambda c: c.replace_order_by_id(
        _order(c).id, trade.ReplaceOrderRequest(limit_price=91)
    ),
    "cancel_orders": lambda c: (_order(c), c.cancel_orders())[1],
    "cancel_order_by_id": lambda c: c.cancel_order_by_id(_order(c).id),
    "get_all_positions": lambda c: c.get_all_positions(),
    "get_open_position": lambda c: c.get_open_position("AAPL"),
    "close_position": lambda c: c.close_position("AAPL", trade.ClosePositionRequest(qty="1")),
    "close_all_positions": lambda c: c.close_all_positions(cancel_orders=True),
    "exercise_options_position": lambda c: c.exercise_options_position("AAPL260116C00100000"),
    "get_portfolio_history": lambda c: c.get_portfolio_history(),
    "get_all_assets": lambda c: c.get_all_assets(),
    "get_asset": lambda c: c.get_asset("AAPL"),
    "get_clock": lambda c: c.get_clock(),
    "get_calendar": lambda c: c.get_calendar(),
    "get_account": lambda c: c.get_account(),
    "get_account_configurations": lambda c: c.get_account_configurations(),
    "set_account_configurations": lambda c: c.set_account_configurations(c.get_account_configurations()),
    "get_watchlists": lambda c: (_list(c), c.get_watchlists())[1],
    "get_watchlist_by_id": lambda c: c.get_watchlist_by_id(_list(c).id),
    "create_watchlist": _list,
    "update_watchlist_by_id": lambda c: c.update_watchlist_by_id(
        _list(c).id, trade.UpdateWatchlistRequest(symbols=["SPY"])
    ),
    "add_asset_to_watchlist_by_id": lambda c: c.add_asset_to_watchlist_by_id(_list(c).id, "SPY"),
    "delete_watchlist_by_id": lambda c: c.delete_watchlist_by_id(_list(c).id),
    "remove_asset_from_watchlist_by_id": lambda c: c.remove_asset_from_watchlist_by_id(_list(c).id, "AAPL"),
    "get_corporate_announcements": lambda c: c.get_corporate_announcements(_announcements()),
    "get_corporate_announcement_by_id": lambda c: c.get_corporate_announcement_by_id(uuid4()),
    "get_option_contracts": lambda c: c.get_option_contracts(trade.GetOptionContractsRequest()),
    "get_option_contract": lambda c: c.get_option_contract("AAPL260116C00100000"),
}
STOCKS: dict[str, Callable[[Any], Any]] = {
    "get_stock_bars": lambda c: c.get_stock_bars(
        data.StockBarsRequest(symbol_or_symbols="AAPL", timeframe=TimeFrame.Minute, start=START)
    ),
    "get_stock_quotes": lambda c: c.get_stock_quotes(
        data.StockQuotesRequest(symbol_or_symbols="AAPL", start=START)
    ),
    "get_stock_trades": lambda c: c.get_stock_trades(
        data.StockTradesRequest(symbol_or_symbols="AAPL", start=START)
    ),
    "get_stock_latest_trade": lambda c: c.get_stock_latest_trade(
        data.StockLatestTradeRequest(symbol_or_symbols="AAPL")
    ),
    "get_stock_latest_quote": lambda c: c.get_stock_latest_quote(
        data.StockLatestQuoteRequest(symbol_or_symbols="AAPL")
    ),
    "get_stock_latest_bar": lambda c: c.get_stock_latest_bar(
        data.StockLatestBarRequest(symbol_or_symbols="AAPL")
    ),
    "get_stock_snapshot": lambda c: c.get_stock_snapshot(data.StockSnapshotRequest(symbol_or_symbols="AAPL")),
}
CRYPTO: dict[str, Callable[[Any], Any]] = {
    "get_crypto_bars": lambda c: c.get_crypto_bars(
        data.CryptoBarsRequest(symbol_or_symbols="SIM/USD", timeframe=TimeFrame.Minute, start=START)
    ),
    "get_crypto_quotes": lambda c: c.get_crypto_quotes(
        data.CryptoQuoteRequest(symbol_or_symbols="SIM/USD", start=START)
    ),
    "get_crypto_trades": lambda c: c.get_crypto_trades(
        data.CryptoTradesRequest(symbol_or_symbols="SIM/USD", start=START)
    ),
    "get_crypto_latest_trade": lambda c: c.get_crypto_latest_trade(
        data.CryptoLatestTradeRequest(symbol_or_symbols="SIM/USD")
    ),
    "get_crypto_latest_quote": lambda c: c.get_crypto_latest_quote(
        data.CryptoLatestQuoteRequest(symbol_or_symbols="SIM/USD")
    ),
    "get_crypto_latest_bar": lambda c: c.get_crypto_latest_bar(
        data.CryptoLatestBarRequest(symbol_or_symbols="SIM/USD")
    ),
    "get_crypto_latest_orderbook": lambda c: c.get_crypto_latest_orderbook(
        data.CryptoLatestOrderbookRequest(symbol_or_symbols="SIM/USD")
    ),
    "get_crypto_snapshot": lambda c: c.get_crypto_snapshot(
        data.CryptoSnapshotRequest(symbol_or_symbols="SIM/USD")
    ),
}
NEWS: dict[str, Callable[[Any], Any]] = {"get_news": lambda c: c.get_news(data.NewsRequest())}
SCREENER: dict[str, Callable[[Any], Any]] = {
    "get_most_actives": lambda c: c.get_most_actives(data.MostActivesRequest(by=MostActivesBy.VOLUME)),
    "get_market_movers": lambda c: c.get_market_movers(
        data.MarketMoversRequest(market_type=MarketType.STOCKS)
    ),
}
CORPORATE: dict[str, Callable[[Any], Any]] = {
    "get_corporate_actions": lambda c: c.get_corporate_actions(data.CorporateActionsRequest())
}
CALLS = dict(zip(CLIENTS, (TRADING, STOCKS, CRYPTO, NEWS, SCREENER, CORPORATE), strict=True))
NOT_OFFERED = {
    "exercise_options_position",
    "get_option_contract",
    "get_corporate_announcement_by_id",
}
"""Calls about things that there are none of: they must be refused with a code and a sentence."""


def methods_of(client: type) -> set[str]:
    return {
        name for name, what in vars(client).items() if inspect.isfunction(what) and not name.startswith("_")
    }


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.__name__)
def test_no_method_is_left_out(client: type) -> None:
    assert set(CALLS[client]) == methods_of(client)


def shown(result: Any) -> str:
    """What a call gave, in a word that does not depend on the market."""
    if isinstance(result, list):
        return f"list of {shown(result[0])}" if result else "empty list"
    if isinstance(result, dict):
        return f"{shown(next(iter(result.values())))} by symbol" if result else "empty"
    return "nothing (204)" if result is None else f"`{type(result).__name__}`"


# alpaca-py says of two of its own methods that they will go; they are there still.
@pytest.mark.filterwarnings("ignore:get_corporate_announcement.* is deprecated:DeprecationWarning")
def test_every_method_answers_and_the_page_says_so(served: Served, maker: Person) -> None:
    person = served.person()
    for symbol in ("AAPL", "SIM/USD"):
        maker.limit(symbol, "sell", 5, 100)
        person.market(symbol, "buy", 3)
        maker.limit(symbol, "buy", 50, 89)
    served.call(served.session.announce("News"))
    lines = ["| client | method | result |", "|---|---|---|"]
    for client, calls in CALLS.items():
        made = client(person.key, person.secret, url_override=served.url)
        for name, call in calls.items():
            try:
                result = shown(call(made))
            except APIError as error:
                result = f"refused: {error.status_code}, {error.code}"
            assert result.startswith("refused") == (name in NOT_OFFERED), f"{name}: {result}"
            lines.append(f"| `{client.__name__}` | `{name}` | {result} |")
    table = "\n".join(lines) + "\n"
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    now, _, after = rest.partition(END)
    if os.environ.get("WORKBENCH_WRITE_DOCS"):
        PAGE.write_text(before + BEGIN + "\n" + table + "\n" + END + after)
    else:
        assert now.strip() == table.strip(), "write it anew: WORKBENCH_WRITE_DOCS=1 pytest " + __file__
