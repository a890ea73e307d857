"""Trades through ccxt, which knows Alpaca by its crypto calls; run in an environment of its own."""

import sys

import ccxt

url, key, secret = sys.argv[1:4]
exchange = ccxt.alpaca({"apiKey": key, "secret": secret})
exchange.urls["api"] = dict.fromkeys(("broker", "trader", "market"), url)
symbol = "SIM/USD"

assert symbol in exchange.load_markets()
assert exchange.fetch_time() > 0
book = exchange.fetch_order_book(symbol, 5)
assert (book["bids"][0], book["asks"][0]) == ([49.5, 50.0], [50.5, 49.0]), book
assert [trade["price"] for trade in exchange.fetch_trades(symbol)] == [50.5]
assert exchange.fetch_ohlcv(symbol, "1m")[0][1:] == [50.5, 50.5, 50.5, 50.5, 1.0]
assert exchange.fetch_ticker(symbol)["last"] == 50.5
assert exchange.fetch_balance()["total"]["USD"] == 1_000_000

order = exchange.create_order(symbol, "limit", "buy", 1, 40)
assert order["status"] == "open"
assert [each["id"] for each in exchange.fetch_open_orders(symbol)] == [order["id"]]
edited = exchange.edit_order(order["id"], symbol, "limit", "buy", 2, 41)
assert edited["amount"] == 2
exchange.cancel_order(edited["id"])
assert exchange.fetch_order(edited["id"])["status"] == "canceled"
bought = exchange.create_order(symbol, "market", "buy", 0.5)
assert (bought["status"], bought["filled"]) == ("closed", 0.5)
assert [trade["amount"] for trade in exchange.fetch_my_trades(symbol)] == [0.5]
assert len(exchange.fetch_closed_orders(symbol)) == 3
exchange.cancel_all_orders(symbol)
assert exchange.fetch_open_orders(symbol) == []
print("ccxt", ccxt.__version__, "is content")
