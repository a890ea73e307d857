"""Market data, news and the screener through alpaca-py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from alpaca.common.exceptions import APIError
from alpaca.data.enums import MarketType, MostActivesBy
from alpaca.data.requests import (
    CryptoBarsRequest,
    CryptoLatestOrderbookRequest,
    CryptoSnapshotRequest,
    CryptoTradesRequest,
    MarketMoversRequest,
    MostActivesRequest,
    NewsRequest,
    StockBarsRequest,
    StockLatestBarRequest,
    StockLatestQuoteRequest,
    StockLatestTradeRequest,
    StockQuotesRequest,
    StockSnapshotRequest,
    StockTradesRequest,
)
from alpaca.data.timeframe import TimeFrame, TimeFrameUnit

from tests.api.alpaca.conftest import CryptoHistoricalDataClient, Person, Served, code_of

START = datetime.now(UTC) - timedelta(days=2)
PRICES = [100, 101.5, 99.25, 100.5, 102]


@pytest.fixture(scope="module", autouse=True)
def _traded(served: Served) -> None:
    # Not the fixtures' maker, whose orders go after each test.
    maker, taker = served.person(), served.person()
    for symbol in ("AAPL", "SPY", "SIM/USD"):
        for price in PRICES:
            maker.limit(symbol, "sell", 2, price)
            taker.market(symbol, "buy", 2)
    maker.limit("AAPL", "sell", 7, 103)
    maker.limit("AAPL", "buy", 3, 98)
    maker.limit("SIM/USD", "sell", 1.5, 103)


def test_trades_in_order_and_in_pages(trader: Person) -> None:
    asked = StockTradesRequest(symbol_or_symbols=["AAPL", "SPY"], start=START)
    trades = trader.stocks.get_stock_trades(asked)
    assert [trade.price for trade in trades["AAPL"]] == PRICES
    assert [trade.price for trade in trades["SPY"]] == PRICES
    first = trader.stocks.get("/stocks/trades", {"symbols": "AAPL,SPY", "limit": 3})
    assert list(first["trades"]) == ["AAPL"]
    found = [trade["i"] for trade in first["trades"]["AAPL"]]
    token = first["next_page_token"]
    while token:
        page = trader.stocks.get("/stocks/trades", {"symbols": "AAPL,SPY", "limit": 3, "page_token": token})
        found += [trade["i"] for rows in page["trades"].values() for trade in rows]
        token = page["next_page_token"]
    assert found == [trade.id for symbol in ("AAPL", "SPY") for trade in trades[symbol]]
    back = trader.stocks.get("/stocks/trades", {"symbols": "AAPL", "limit": 2, "sort": "desc"})
    assert [trade["p"] for trade in back["trades"]["AAPL"]] == [102, 100.5]
    more = trader.stocks.get(
        "/stocks/trades",
        {"symbols": "AAPL", "limit": 2, "sort": "desc", "page_token": back["next_page_token"]},
    )
    assert [trade["p"] for trade in more["trades"]["AAPL"]] == [99.25, 101.5]


def test_a_running_session_pages_without_gaps(trader: Person, maker: Person) -> None:
    first = trader.stocks.get("/stocks/quotes", {"symbols": "AAPL", "limit": 2})
    maker.limit("AAPL", "buy", 1, 98.5)
    second = trader.stocks.get(
        "/stocks/quotes", {"symbols": "AAPL", "limit": 10_000, "page_token": first["next_page_token"]}
    )
    whole = trader.stocks.get("/stocks/quotes", {"symbols": "AAPL", "limit": 10_000})
    assert first["quotes"]["AAPL"] + second["quotes"]["AAPL"] == whole["quotes"]["AAPL"]


@pytest.mark.parametrize(
    "frame",
    [
        TimeFrame.Minute,
        TimeFrame(5, TimeFrameUnit.Minute),
        TimeFrame.Hour,
        TimeFrame.Day,
        TimeFrame.Week,
        TimeFrame(3, TimeFrameUnit.Month),
    ],
)
def test_bars_add_up_to_the_trades(trader: Person, frame: TimeFrame) -> None:
    asked = StockBarsRequest(symbol_or_symbols="SPY", timeframe=frame, start=START - timedelta(days=120))
    bars = trader.stocks.get_stock_bars(asked)["SPY"]
    assert sum(bar.volume for bar in bars) == 2 * len(PRICES)
    assert sum(bar.trade_count for bar in bars) == len(PRICES)
    assert (bars[0].open, bars[-1].close) == (PRICES[0], PRICES[-1])
    assert max(bar.high for bar in bars) == max(PRICES)
    assert min(bar.low for bar in bars) == min(PRICES)
    turnover = sum(bar.vwap * bar.volume for bar in bars)
    assert turnover == pytest.approx(2 * sum(PRICES))


def test_latest_and_snapshots(trader: Person) -> None:
    stocks = trader.stocks
    trade = stocks.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols="AAPL"))["AAPL"]
    assert (trade.price, trade.size) == (102, 2)
    quote = stocks.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols=["AAPL"]))["AAPL"]
    assert (quote.ask_price, quote.ask_size) == (103, 7)
    bar = stocks.get_stock_latest_bar(StockLatestBarRequest(symbol_or_symbols="AAPL"))["AAPL"]
    assert bar.close == 102
    snapshot = stocks.get_stock_snapshot(StockSnapshotRequest(symbol_or_symbols=["AAPL", "SPY"]))["AAPL"]
    assert (snapshot.latest_trade.price, snapshot.daily_bar.volume) == (102, 10)
    assert snapshot.previous_daily_bar is None


def test_quotes(trader: Person) -> None:
    quotes = trader.stocks.get_stock_quotes(StockQuotesRequest(symbol_or_symbols="AAPL", start=START))["AAPL"]
    assert quotes[0].ask_price == 100
    assert [quote.timestamp for quote in quotes] == sorted(quote.timestamp for quote in quotes)


def test_the_old_clients_single_symbol_calls(trader: Person) -> None:
    get = trader.stocks.get
    for kind in ("bars", "quotes", "trades"):
        page = get(f"/stocks/AAPL/{kind}", {"timeframe": "1min", "limit": 1})
        assert len(page[kind]) == 1
        assert page["symbol"] == "AAPL"
        latest = get(f"/stocks/AAPL/{kind}/latest")
        assert latest[kind.removesuffix("s")]
    assert get("/stocks/AAPL/snapshot")["latestTrade"]["p"] == 102
    book = get("/stocks/AAPL/orderbook")["orderbook"]
    assert book["a"] == [{"p": 103, "s": 7}]
    assert {"p": 98, "s": 3} in book["b"]


def test_crypto_needs_no_key(served: Served) -> None:
    client = CryptoHistoricalDataClient(url_override=served.url)
    trades = client.get_crypto_trades(CryptoTradesRequest(symbol_or_symbols="SIM/USD", start=START))
    assert [trade.price for trade in trades["SIM/USD"]] == PRICES
    bars = client.get_crypto_bars(
        CryptoBarsRequest(symbol_or_symbols="SIM/USD", timeframe=TimeFrame.Day, start=START - timedelta(3))
    )
    assert sum(bar.volume for bar in bars["SIM/USD"]) == 10
    book = client.get_crypto_latest_orderbook(CryptoLatestOrderbookRequest(symbol_or_symbols="SIM/USD"))
    assert [(level.price, level.size) for level in book["SIM/USD"].asks] == [(103, 1.5)]
    snapshot = client.get_crypto_snapshot(CryptoSnapshotRequest(symbol_or_symbols="SIM/USD"))
    assert snapshot["SIM/USD"].latest_trade.price == 102


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/stocks/bars", {"symbols": "AAPL", "timeframe": "7Fortnight"}, 422),
        ("/stocks/bars", {}, 422),
        ("/stocks/bars", {"symbols": "AAPL", "start": "soon"}, 422),
        ("/stocks/bars", {"symbols": "AAPL", "start": "2026-02-01", "end": "2026-01-01"}, 422),
        ("/stocks/trades", {"symbols": "AAPL", "limit": "-1"}, 422),
        ("/stocks/trades", {"symbols": "AAPL", "limit": "many"}, 422),
        ("/stocks/trades", {"symbols": "AAPL", "page_token": "none of ours"}, 422),
        ("/stocks/trades", {"symbols": "AAPL", "sort": "sideways"}, 422),
        ("/stocks/opinions", {"symbols": "AAPL"}, 404),
        ("/stocks/NOPE/bars", {"timeframe": "1Min"}, 404),
    ],
)
def test_bad_questions_are_refused(trader: Person, path: str, query: dict[str, str], status: int) -> None:
    with pytest.raises(APIError) as error:
        trader.stocks.get(path, query)
    assert code_of(error.value)[0] == status


def test_what_does_not_trade_here_has_no_rows(trader: Person) -> None:
    page = trader.stocks.get("/stocks/trades", {"symbols": "NOPE"})
    assert (page["trades"], page["next_page_token"]) == ({}, None)


def test_news_pages(served: Served, trader: Person) -> None:
    for number in range(5):
        served.call(
            served.session.announce(f"Headline {number}", body="text" if number else "", symbols=("AAPL",))
        )
    news = trader.news.get_news(NewsRequest(symbols="AAPL", limit=3))
    assert [item.headline for item in news.data["news"]] == [f"Headline {number}" for number in (4, 3, 2)]
    first = trader.news.get("/news", {"limit": 2, "sort": "asc", "exclude_contentless": "True"})
    assert [item["headline"] for item in first["news"]] == ["Headline 1", "Headline 2"]
    second = trader.news.get(
        "/news",
        {"limit": 2, "sort": "asc", "exclude_contentless": "true", "page_token": first["next_page_token"]},
    )
    assert [item["headline"] for item in second["news"]] == ["Headline 3", "Headline 4"]
    assert trader.news.get("/news", {"symbols": "SPY"})["news"] == []


def test_screener(trader: Person) -> None:
    actives = trader.screener.get_most_actives(MostActivesRequest(top=2, by=MostActivesBy.VOLUME))
    assert len(actives.most_actives) == 2
    movers = trader.screener.get_market_movers(MarketMoversRequest(top=5, market_type=MarketType.STOCKS))
    assert [mover.symbol for mover in movers.gainers] == ["AAPL"]
    assert movers.losers[0].symbol == "SPY"


def test_generic_clients_find_what_they_ask_for(served: Served, trader: Person) -> None:
    def get(path: str) -> httpx.Response:
        return httpx.get(served.url + path, headers=trader.headers)

    assert get("/v2/options/contracts").json() == {"option_contracts": [], "next_page_token": None}
    assert get("/v2/corporate_actions/announcements").json() == []
    assert get("/v1/corporate-actions").json() == {"corporate_actions": {}, "next_page_token": None}
