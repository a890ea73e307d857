"""A first bot: buy with a bracket order, watch it until the entry is filled, then close the position.

    python bracket_bot.py http://localhost:8000 [KEY SECRET]    (--help says more)

Trading is done by alpaca-py alone. Without a key the bot signs up as a new user and makes one, by plain HTTP.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import time
import urllib.error
import urllib.request
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

try:
    import requests
    from alpaca.common.exceptions import APIError
    from alpaca.data.historical.stock import StockHistoricalDataClient
    from alpaca.data.requests import StockLatestQuoteRequest
    from alpaca.trading.client import TradingClient
    from alpaca.trading.enums import OrderClass, OrderSide, OrderStatus, TimeInForce
    from alpaca.trading.models import Order
    from alpaca.trading.requests import (
        GetOrderByIdRequest,
        LimitOrderRequest,
        StopLossRequest,
        TakeProfitRequest,
    )
except ModuleNotFoundError as missing:
    raise SystemExit(f"this bot trades through alpaca-py: pip install alpaca-py ({missing})") from missing

QUANTITY = 10
WAIT_S = 60.0
CENT = Decimal("0.01")


def post(url: str, body: dict[str, Any], token: str = "") -> Any:
    """Send JSON and read JSON."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310 - the server's own
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
        return json.load(answer)


def make_key(url: str) -> tuple[str, str]:
    """Sign up with a made-up name, log in, and make an API key."""
    name, password = f"bot-{secrets.token_hex(4)}", secrets.token_urlsafe(16)
    post(f"{url}/api/auth/sign-up", {"name": name, "password": password})
    token = post(f"{url}/api/auth/login", {"name": name, "password": password})["access"]
    key = post(f"{url}/api/me/keys", {"label": "bracket bot"}, token)
    print(f"signed up as {name}, key {key['key_id']}")
    return key["key_id"], key["secret"]


def best_ask(data: StockHistoricalDataClient, symbol: str) -> Decimal:
    """The price at which somebody sells now; waits until somebody does."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        quote = data.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols=symbol)).get(symbol)
        if quote is not None and quote.ask_price and quote.bid_price:
            print(f"{symbol}: {quote.bid_price} bid, {quote.ask_price} asked")
            return Decimal(str(quote.ask_price))
        time.sleep(0.2)
    sys.exit(f"nobody offers {symbol}; is the market open?")


def rounded(price: Decimal, increment: Decimal) -> float:
    """The nearest price that an order may have."""
    return float(round(price / increment) * increment)


def watch(trading: TradingClient, order: Order) -> Order:
    """Print an order and its legs whenever something changes, until the entry is filled."""
    before = ""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        now = trading.get_order_by_id(order.id, GetOrderByIdRequest(nested=True))
        legs = ", ".join(f"{leg.type.value} {leg.status.value}" for leg in now.legs or [])
        seen = f"entry {now.status.value}, {now.filled_qty} of {now.qty} filled; legs: {legs}"
        if seen != before:
            print(seen)
            before = seen
        if now.status == OrderStatus.FILLED:
            return now
        if now.status in (OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED):
            sys.exit("the entry ended without being filled")
        time.sleep(0.2)
    trading.cancel_order_by_id(order.id)
    sys.exit("the entry was not filled in time; it is cancelled")


def arguments() -> tuple[str, str, str]:
    """Server, key and secret; what makes no sense ends the program with a sentence and exit code 2."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, prog="bracket_bot.py"
    )
    parser.add_argument("url", help="where the server is, such as http://localhost:8000")
    parser.add_argument("key", nargs="?", default="", help="an API key; without one the bot signs up")
    parser.add_argument("secret", nargs="?", default="", help="its secret")
    given = parser.parse_args()
    if bool(given.key) != bool(given.secret):
        parser.error("a key and its secret go together")
    parts = urlsplit(given.url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        parser.error(f"{given.url!r} is no address of a server, expected such as http://localhost:8000")
    return given.url.rstrip("/"), given.key, given.secret


def fail(sentence: str) -> None:
    """End with a sentence and exit code 2."""
    print(f"bracket_bot.py: {sentence}", file=sys.stderr)
    sys.exit(2)


def refusal(text: str) -> str:
    """The sentence in the body of a failure, or the body."""
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text


def main() -> None:
    """Trade once, and say in a sentence what keeps one from it."""
    try:
        trade()
    except APIError as error:
        fail(f"the server refused: {refusal(str(error))}")
    except urllib.error.HTTPError as error:
        fail(f"the server refused: {refusal(error.read().decode(errors='replace'))}")
    except (urllib.error.URLError, requests.exceptions.RequestException, OSError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        fail(f"the server does not answer ({reason}); is it running, and is the address right?")


def trade() -> None:
    """Buy with a bracket, watch, and close."""
    url, key, secret = arguments()
    if not key:
        key, secret = make_key(url)
    trading = TradingClient(key, secret, url_override=url)
    data = StockHistoricalDataClient(key, secret, url_override=url)

    account = trading.get_account()
    print(f"equity {account.equity}, buying power {account.buying_power}")
    asset = trading.get_all_assets()[0]
    increment = Decimal(str(asset.price_increment or CENT))
    ask = best_ask(data, asset.symbol)
    order = trading.submit_order(
        LimitOrderRequest(
            symbol=asset.symbol,
            qty=QUANTITY,
            side=OrderSide.BUY,
            time_in_force=TimeInForce.DAY,
            limit_price=rounded(ask * Decimal("1.005"), increment),
            order_class=OrderClass.BRACKET,
            take_profit=TakeProfitRequest(limit_price=rounded(ask * Decimal("1.05"), increment)),
            stop_loss=StopLossRequest(stop_price=rounded(ask * Decimal("0.95"), increment)),
        )
    )
    filled = watch(trading, order)
    print(f"bought {filled.filled_qty} {asset.symbol} at {filled.filled_avg_price}")
    trading.cancel_orders()
    closing = trading.close_position(asset.symbol)
    closed = trading.get_order_by_id(closing.id)
    print(f"sold {closed.filled_qty} at {closed.filled_avg_price}: {closed.status.value}")
    held = [position.symbol for position in trading.get_all_positions()]
    print(f"equity {trading.get_account().equity}, positions {held}")


if __name__ == "__main__":
    main()
