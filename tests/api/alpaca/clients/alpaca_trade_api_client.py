"""Trades through alpaca-trade-api, the Python client before alpaca-py; run in an environment of its own."""

import asyncio
import sys
import threading
import time

import alpaca_trade_api
from alpaca_trade_api.common import URL

url, key, secret = sys.argv[1:4]
api = alpaca_trade_api.REST(key, secret, base_url=URL(url), api_version="v2")

assert api.get_account().cash == "1000000"
assert api.get_clock().is_open
assert api.get_calendar(start="2026-01-05", end="2026-01-09")
assert [asset.symbol for asset in api.list_assets()] == ["AAPL", "SPY", "SIM/USD"]

events = []
stream = alpaca_trade_api.Stream(
    key, secret, base_url=URL(url), data_stream_url=URL(url.replace("http", "ws", 1))
)
trades = []


async def on_update(update):
    events.append((update.event, update.order["id"]))


async def on_trade(trade):
    trades.append((trade.symbol, trade.price, trade.size))


stream.subscribe_trade_updates(on_update)
stream.subscribe_trades(on_trade, "AAPL")
threading.Thread(target=stream.run, daemon=True).start()
time.sleep(3)

order = api.submit_order("AAPL", qty=1, side="buy", type="limit", time_in_force="day", limit_price=90)
assert order.status == "new"
assert api.get_order(order.id).id == order.id
replaced = api.replace_order(order.id, qty="2", limit_price="91", time_in_force="day")
assert replaced.qty == "2"
assert [each.id for each in api.list_orders()] == [replaced.id]
api.cancel_order(replaced.id)
api.cancel_all_orders()
bought = api.submit_order("AAPL", qty=2, side="buy", type="market", time_in_force="day")
assert bought.status == "filled"
assert [position.qty for position in api.list_positions()] == ["2"]
assert api.get_position("AAPL").avg_entry_price == "100.5"
assert api.get_portfolio_history(period="1D", timeframe="1Min").equity[-1] < 1_000_000
assert [activity.activity_type for activity in api.get_activities()] == ["FEE", "FILL"]
told = api.get_trades("AAPL", start="2026-01-01")
assert told[-1].s == 2
assert api.get_bars("AAPL", "1Min", start="2026-01-01").df["volume"].sum() == sum(trade.s for trade in told)
assert len(api.get_quotes("AAPL", start="2026-01-01")) > 1
assert api.get_latest_trade("AAPL").price == 100.5
assert api.get_latest_quote("AAPL").ap == 100.5
assert api.get_latest_bar("AAPL").c == 100.5
assert api.get_snapshot("AAPL").latest_trade.price == 100.5
assert set(api.get_snapshots(["AAPL", "SPY"])) == {"AAPL", "SPY"}
watchlist = api.create_watchlist("mine", ["AAPL"])
assert [each["name"] for each in watchlist.assets or []] == ["AAPL"]
api.delete_watchlist(watchlist.id)
assert list(api.get_news("AAPL")) == []
api.close_position("AAPL")
assert api.list_positions() == []

end = time.monotonic() + 60
while time.monotonic() < end and not (trades and ("fill", bought.id) in events):
    time.sleep(0.1)
assert events[:4] == [
    ("new", order.id),
    ("replaced", order.id),
    ("new", replaced.id),
    ("canceled", replaced.id),
], events
assert ("fill", bought.id) in events, events
assert trades[0] == ("AAPL", 100.5, 2), trades
asyncio.run_coroutine_threadsafe(stream.stop_ws(), stream._trading_ws._loop)
print("alpaca-trade-api", alpaca_trade_api.__version__, "is content")
