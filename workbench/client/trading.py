"""Placing, replacing and cancelling so that each is done once, also when a connection breaks in between."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

from workbench.client.calls import Call, Plan, as_struct, body_of, segment
from workbench.client.models import Order, Preview
from workbench.errors import ApiError, ClientError, UnansweredError

Number = Decimal | int | float | str
"""A price or quantity: a float is taken as it prints."""
TRIES = 4
"""How often a request is sent whose answer does not come and that was not done."""

_DUPLICATE = "DUPLICATE_CLIENT_ORDER_ID"
_order = as_struct(Order)


def find(base: str, order: int | str) -> Call[Order]:
    """An order by its id, or `client:ID` by the one that its owner gave it."""
    return Call("GET", f"{base}/orders/{segment(order)}", _order)


def preview(base: str, fields: dict[str, Any]) -> Call[Preview]:
    """Try an order; nothing is sent."""
    return Call("POST", f"{base}/orders/preview", as_struct(Preview), body=body_of(fields))


def place(base: str, fields: dict[str, Any]) -> Plan[Order]:
    """Place an order; its client's id is made here unless given, and asked for before it is sent again."""
    name = fields.get("client_order_id") or f"wb-{uuid4().hex}"
    call = Call(
        "POST", f"{base}/orders", _order, body=body_of(fields | {"client_order_id": name}), repeatable=False
    )
    return (yield from _done_once(call, find(base, f"client:{name}")))


def replace(base: str, order: int | str, fields: dict[str, Any]) -> Plan[Order]:
    """Replace an order; the successor's client id is made here unless given."""
    name = fields.get("client_order_id") or f"wb-{uuid4().hex}"
    call = Call(
        "PATCH",
        f"{base}/orders/{segment(order)}",
        _order,
        body=body_of(fields | {"client_order_id": name}),
        repeatable=False,
    )
    return (yield from _done_once(call, find(base, f"client:{name}")))


def cancel(base: str, order: int | str) -> Plan[Order]:
    """Cancel an order. Of one that ended meanwhile the server says so, except when we ended it ourselves."""
    call = Call("DELETE", f"{base}/orders/{segment(order)}", _order, repeatable=False)
    unsure = False
    for left in reversed(range(TRIES)):
        try:
            canceled: Order = yield call
        except UnansweredError:
            if not left:
                raise
            unsure = True
            try:
                found: Order = yield find(base, order)
            except UnansweredError:
                raise
            except ClientError as error:
                raise _in_doubt(error) from error
            if not found.is_open:
                return found
        except ClientError as error:
            if unsure:
                raise _in_doubt(error) from error
            raise
        else:
            return canceled
    raise AssertionError("the last try returns or raises")


def _done_once(call: Call[Order], asking: Call[Order]) -> Plan[Order]:
    """Send a request until it is known to be done: `asking` finds what it makes."""
    unsure = False
    for left in reversed(range(TRIES)):
        try:
            done: Order = yield call
        except UnansweredError:
            if not left:
                raise
            unsure = True
        except ClientError as error:
            if unsure:
                raise _in_doubt(error) from error
            raise
        except ApiError as error:
            # The exchange may have taken the first one only after we had asked for it.
            if not unsure or error.details.get("reason") != _DUPLICATE:
                raise
        else:
            return done
        try:
            found: Order = yield asking
        except ApiError as error:
            if error.status != 404:  # noqa: PLR2004 - Not Found
                raise
        except UnansweredError:
            raise
        except ClientError as error:
            raise _in_doubt(error) from error
        else:
            return found
    raise UnansweredError("the order was refused as one that exists, and no such order is found")


def _in_doubt(error: ClientError) -> UnansweredError:
    """What is known when the answer to a request did not come and nobody can be asked about it."""
    return UnansweredError(
        f"no answer came, and the server could not be asked since ({error.what})",
        error.where,
        "it may have been done: ask again when the server is back",
    )


def order_fields(
    symbol: str,
    side: str,
    quantity: Any,
    limit: Any,
    stop: Any,
    time_in_force: str,
    client_order_id: str,
    terms: dict[str, Any],
) -> dict[str, Any]:
    """A new order's fields; its type follows from its prices unless it is said.

    `limit_price` and `stop_price`, as REST calls them, are taken for `limit` and `stop`.
    """
    limit, stop = terms.get("limit_price", limit), terms.get("stop_price", stop)
    trailing = terms.get("trail_amount") is not None or terms.get("trail_percent") is not None
    by_prices = {
        (False, False): "trailing_stop" if trailing else "market",
        (True, False): "limit",
        (False, True): "stop",
        (True, True): "stop_limit",
    }
    fields = {
        "symbol": symbol,
        "side": side,
        "type": by_prices[limit is not None, stop is not None],
        "quantity": quantity,
        "limit_price": limit,
        "stop_price": stop,
        "time_in_force": time_in_force,
        "client_order_id": client_order_id or None,
        **terms,
    }
    return _as_text(fields)


def change_fields(quantity: Any, limit: Any, stop: Any, terms: dict[str, Any]) -> dict[str, Any]:
    """The fields of a replace; what is left out stays as it was."""
    return _as_text({"quantity": quantity, "limit_price": limit, "stop_price": stop, **terms})


def _as_text(fields: dict[str, Any]) -> dict[str, Any]:
    """Numbers as they print, so that 12.51 arrives as 12.51."""
    return {
        name: value if isinstance(value, bool | str) or value is None else str(value)
        for name, value in fields.items()
    }
