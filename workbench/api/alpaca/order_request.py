"""What `POST /v2/orders` and `PATCH /v2/orders/{id}` are given, and the checks that need no market."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from workbench.api.alpaca.errors import invalid, malformed
from workbench.api.alpaca.words import ORDER_CLASSES, ORDER_TYPES, SIDES, TIMES_IN_FORCE
from workbench.api.numbers import Numbers, sentence
from workbench.session.live.exits import Exits, misplaced

MOST_CLIENT_ORDER_ID = 128
_LIMITED = frozenset({"limit", "stop_limit"})
_STOPPED = frozenset({"stop", "stop_limit"})
_AUCTIONS = frozenset({"opg", "cls"})
_PAIRED = frozenset({"bracket", "oco", "oto"})
_CENT = Decimal("0.01")


class TakeProfit(msgspec.Struct):
    """The exit with a profit."""

    limit_price: Decimal | None = None


class StopLoss(msgspec.Struct):
    """The exit with a loss: a stop order, or with a limit price a stop-limit order."""

    stop_price: Decimal | None = None
    limit_price: Decimal | None = None


class OrderRequest(msgspec.Struct):
    """A new order as clients send it: numbers or strings, absent or null for what is not given."""

    symbol: str = ""
    side: str = ""
    type: str = ""
    time_in_force: str = ""
    qty: Decimal | None = None
    notional: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    client_order_id: str | None = None
    order_class: str | None = None
    extended_hours: bool | None = None
    take_profit: TakeProfit | None = None
    stop_loss: StopLoss | None = None
    position_intent: str | None = None
    legs: list[Any] | None = None


class ReplaceRequest(msgspec.Struct):
    """Changes to an order; what is absent stays."""

    qty: Decimal | None = None
    time_in_force: str | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    client_order_id: str | None = None


# Lax: "10" and 10.0 are both quantities, "True" is true.
_ORDER = msgspec.json.Decoder(OrderRequest, strict=False)
_REPLACE = msgspec.json.Decoder(ReplaceRequest, strict=False)
_NUMBERS = Numbers(OrderRequest, ReplaceRequest)


def _check_numbers(body: bytes) -> None:
    odd = _NUMBERS.odd(body)
    if odd is not None:
        raise malformed(sentence(*odd))


def _above_zero(name: str, value: Decimal | None) -> None:
    if value is not None and not (value.is_finite() and value > 0):
        raise invalid(f"{name} must be a number greater than 0, not {str(value)[:40]}")


def _check_client_order_id(given: str | None) -> None:
    if given is not None and len(given) > MOST_CLIENT_ORDER_ID:
        raise malformed(f"client_order_id must be no more than {MOST_CLIENT_ORDER_ID} characters")
    if given and not given.isprintable():
        raise malformed("client_order_id must consist of characters that can be printed")


def read_order(body: bytes) -> OrderRequest:
    """A new order's request, checked against the rules of its type and class.

    Raises
    ------
    AlpacaError
        422 with one sentence for what cannot be an order.
    """
    try:
        order = _ORDER.decode(body)
        _check_numbers(body)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as reason:
        raise malformed(f"request body format is invalid: {reason}") from None
    order.symbol = order.symbol.strip()
    order.order_class = order.order_class or "simple"
    order.client_order_id = order.client_order_id or None
    _check_words(order)
    _check_amounts(order)
    _check_type(order)
    _check_class(order)
    return order


def _check_words(order: OrderRequest) -> None:
    if order.order_class == "mleg" or order.legs:
        raise invalid("order_class mleg is not offered: there are no options here")
    if not order.symbol:
        raise malformed("symbol is required")
    for name, known in (("side", SIDES), ("type", ORDER_TYPES), ("time_in_force", TIMES_IN_FORCE)):
        given = getattr(order, name)
        if given not in known:
            said = f"invalid {name} {given!r}" if given else f"{name} is required"
            raise malformed(f"{said}: expected one of {', '.join(known)}")
    if order.order_class not in ORDER_CLASSES:
        raise malformed(
            f"invalid order_class {order.order_class!r}: expected one of {', '.join(ORDER_CLASSES)}"
        )
    _check_client_order_id(order.client_order_id)


def _check_amounts(order: OrderRequest) -> None:
    for name in ("qty", "notional", "limit_price", "stop_price", "trail_price", "trail_percent"):
        _above_zero(name, getattr(order, name))
    if order.take_profit is not None:
        _above_zero("take_profit.limit_price", order.take_profit.limit_price)
    if order.stop_loss is not None:
        _above_zero("stop_loss.stop_price", order.stop_loss.stop_price)
        _above_zero("stop_loss.limit_price", order.stop_loss.limit_price)
    if (order.qty is None) == (order.notional is None):
        raise invalid("qty or notional is required, and only one of them")
    if order.notional is not None and (order.type not in ("market", "limit") or order.time_in_force != "day"):
        raise invalid("notional orders must be market or limit orders with time_in_force day")


def _check_type(order: OrderRequest) -> None:
    kind = order.type
    # The limit of an OCO's first order is its take-profit's.
    needs_limit = kind in _LIMITED and order.order_class != "oco"
    if needs_limit and order.limit_price is None:
        raise invalid(f"{kind} orders require a limit_price")
    if kind not in _LIMITED and order.limit_price is not None:
        raise invalid(f"{kind} orders require no limit_price")
    if (kind in _STOPPED) != (order.stop_price is not None):
        raise invalid(f"{kind} orders require {'a' if kind in _STOPPED else 'no'} stop_price")
    trails = (order.trail_price is not None) + (order.trail_percent is not None)
    if kind == "trailing_stop":
        if trails != 1:
            raise invalid("trailing_stop orders require either trail_price or trail_percent, and one alone")
        if order.time_in_force not in ("day", "gtc"):
            raise invalid("trailing_stop orders must have time_in_force day or gtc")
    elif trails:
        raise invalid(f"{kind} orders take neither trail_price nor trail_percent")
    if order.time_in_force in _AUCTIONS and kind not in ("market", "limit"):
        raise invalid(f"time_in_force {order.time_in_force} is for market and limit orders")
    if order.extended_hours and (kind != "limit" or order.time_in_force != "day"):
        raise invalid("extended hours orders must be DAY limit orders")


def _check_class(order: OrderRequest) -> None:
    name = order.order_class
    take = order.take_profit.limit_price if order.take_profit else None
    stop = order.stop_loss.stop_price if order.stop_loss else None
    if name == "simple":
        if order.take_profit is not None or order.stop_loss is not None:
            raise invalid("simple orders take neither take_profit nor stop_loss")
        return
    if order.stop_loss is not None and stop is None:
        raise invalid("stop_loss.stop_price is required")
    if order.take_profit is not None and take is None:
        raise invalid("take_profit.limit_price is required")
    if order.time_in_force not in ("day", "gtc"):
        raise invalid(f"{name} orders must have time_in_force day or gtc")
    if order.extended_hours:
        raise invalid(f"{name} orders cannot be for extended hours")
    if order.notional is not None:
        raise invalid(f"{name} orders require a qty")
    if order.type not in ("market", "limit") or (name == "oco" and order.type != "limit"):
        raise invalid(f"{name} orders must be {'limit' if name == 'oco' else 'market or limit'} orders")
    if name in ("bracket", "oco") and (take is None or stop is None):
        raise invalid(f"{name} orders require take_profit.limit_price and stop_loss.stop_price")
    if name == "oto" and (take is None) == (stop is None):
        raise invalid("oto orders require either take_profit or stop_loss, and one alone")
    if name == "oco" and order.limit_price is not None and order.limit_price != take:
        raise invalid("oco orders take their limit_price from take_profit.limit_price")
    _check_exits(order, take, stop)


def _check_exits(order: OrderRequest, take: Decimal | None, stop: Decimal | None) -> None:
    """Whether profit and loss lie on the right sides, in the words of this interface."""
    is_exit = order.order_class == "oco"
    exits = Exits(
        sells=(order.side == "buy") != is_exit,
        entry=None if is_exit else order.limit_price,
        profit=take,
        stop=stop,
        limit=order.stop_loss.limit_price if order.stop_loss else None,
    )
    wrong = misplaced(exits, _CENT)
    if wrong is None:
        return
    if wrong.name == "stop_limit":
        where = "not below" if wrong.above else "not above"
        raise invalid(f"stop_loss.limit_price must be {where} stop_loss.stop_price")
    if wrong.other == "stop_loss":
        where = "greater" if wrong.above else "less"
        raise invalid(f"take_profit.limit_price must be {where} than stop_loss.stop_price")
    name = "take_profit.limit_price" if wrong.name == "take_profit" else "stop_loss.stop_price"
    where = ">= base_price + 0.01" if wrong.above else "<= base_price - 0.01"
    raise invalid(f"{name} must be {where}", base_price=str(wrong.base))


def read_replace(body: bytes) -> ReplaceRequest:
    """Changes to an order.

    Raises
    ------
    AlpacaError
        422 for what cannot be changes, and where nothing is to change.
    """
    try:
        changes = _REPLACE.decode(body)
        _check_numbers(body)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as reason:
        raise malformed(f"request body format is invalid: {reason}") from None
    changes.client_order_id = changes.client_order_id or None
    if changes == ReplaceRequest():
        raise invalid("at least one of qty, time_in_force, limit_price, stop_price, trail is required")
    for name in ("qty", "limit_price", "stop_price", "trail"):
        _above_zero(name, getattr(changes, name))
    if changes.time_in_force is not None and changes.time_in_force not in TIMES_IN_FORCE:
        raise malformed(
            f"invalid time_in_force {changes.time_in_force!r}: expected one of {', '.join(TIMES_IN_FORCE)}"
        )
    _check_client_order_id(changes.client_order_id)
    return changes
