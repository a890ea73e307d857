"""Refusals as Alpaca clients read them: an HTTP status, a number and a sentence, always all three."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from workbench.domain.codes import Reason
from workbench.errors import ApiError

UNAUTHORIZED: Final = 40110000
FORBIDDEN: Final = 40310000
NOT_FOUND: Final = 40410000
INVALID: Final = 42210000
MALFORMED: Final = 40010001
TOO_MANY: Final = 42910000

_NUMBERS: Final = {
    400: MALFORMED,
    401: UNAUTHORIZED,
    403: FORBIDDEN,
    404: NOT_FOUND,
    422: INVALID,
    429: TOO_MANY,
}


class AlpacaError(ApiError):
    """A refused request.

    Parameters
    ----------
    status
        HTTP status.
    number
        Alpaca's number for it.
    what
        The sentence.
    details
        Further keys of the body, such as `available`.
    """

    def __init__(self, status: int, number: int, what: str, **details: Any) -> None:
        super().__init__(status, str(number), what, details=details)
        self.number = number

    def body(self) -> dict[str, Any]:
        """The body of the answer; `code` and `message` are always there."""
        return {**self.details, "code": self.number, "message": str(self)}


def invalid(what: str, **details: Any) -> AlpacaError:
    """422: the request contradicts itself or the rules of its kind."""
    return AlpacaError(422, INVALID, what, **details)


def malformed(what: str, **details: Any) -> AlpacaError:
    """422: a field is no value of its kind, or is taken."""
    return AlpacaError(422, MALFORMED, what, **details)


def forbidden(what: str, **details: Any) -> AlpacaError:
    """403: well formed, and not allowed to this account now."""
    return AlpacaError(403, FORBIDDEN, what, **details)


def not_found(what: str) -> AlpacaError:
    """404: nothing has this name."""
    return AlpacaError(404, NOT_FOUND, what)


_FORBIDDEN: Final[dict[Reason, str]] = {
    Reason.UNKNOWN_ACCOUNT: "this account may not trade here",
    Reason.ACCOUNT_SUSPENDED: "account is suspended from trading",
    Reason.MARKET_CLOSED: "market is closed: the instrument takes no orders now",
    Reason.INSTRUMENT_HALTED: "trading is halted: cancels only",
    Reason.ORDER_RATE: "orders come faster than the account may send them",
    Reason.TOO_MANY_OPEN_ORDERS: "the account has as many open orders as it may",
    Reason.SHORT_SALE_NOT_PERMITTED: "insufficient qty available for order: account is not allowed to short",
    Reason.SHORT_SALE_RESTRICTED: "short sale would trade at or below the best bid while that is restricted",
    Reason.POSITION_LIMIT: "position limit would be exceeded if all open orders filled",
    Reason.INSUFFICIENT_BUYING_POWER: "insufficient buying power",
    Reason.INSUFFICIENT_CASH: "insufficient cash",
    Reason.POST_ONLY_WOULD_CROSS: "post-only order would have traded on entry",
    Reason.REDUCE_ONLY_WOULD_OPEN: "reduce-only order would open or grow a position",
    Reason.REDUCE_ONLY: "the position has become smaller than the reduce-only order",
    Reason.NOT_ORDER_OWNER: "the order belongs to another account",
    Reason.SELF_TRADE: "potential wash trade detected: the order would trade with an order of this account",
    Reason.GROSS_EXPOSURE: "gross exposure limit would be exceeded",
    Reason.NET_EXPOSURE: "net exposure limit would be exceeded",
    Reason.DAILY_LOSS: "daily loss limit is reached",
    Reason.DRAWDOWN: "drawdown limit is reached",
    Reason.LIQUIDATION: "the account is being liquidated",
    Reason.LIMIT_UP_DOWN: "the price limit was reached: trading pauses",
    Reason.KILL_SWITCH: "the account was switched off",
}

_NOT_FOUND: Final[dict[Reason, str]] = {
    Reason.UNKNOWN_INSTRUMENT: "asset not found",
}

_MALFORMED: Final[dict[Reason, str]] = {
    Reason.DUPLICATE_CLIENT_ORDER_ID: "client_order_id must be unique",
    Reason.INVALID_CLIENT_ORDER_ID: "client_order_id is invalid",
}

_INVALID: Final[dict[Reason, str]] = {
    Reason.UNKNOWN_COMMAND: "the request is not known to this market",
    Reason.TIME_BACKWARDS: "the request's time is before the market's",
    Reason.INVALID_SIDE: "side must be buy or sell",
    Reason.INVALID_ORDER_TYPE: "order type is not offered here",
    Reason.INVALID_TIME_IN_FORCE: "time_in_force does not go with the order type",
    Reason.INVALID_SELF_TRADE_PREVENTION: "self-trade prevention mode is unknown",
    Reason.INVALID_FLAGS: "the order's options contradict its type or time_in_force",
    Reason.INVALID_QUANTITY: "qty must be greater than 0",
    Reason.QUANTITY_NOT_IN_INCREMENT: "qty is not a multiple of the asset's min_trade_increment",
    Reason.QUANTITY_TOO_LARGE: "qty is above the maximum for one order",
    Reason.QUANTITY_BELOW_EXECUTED: "qty must be above what has already been filled",
    Reason.INVALID_PRICE: "limit_price must be greater than 0",
    Reason.PRICE_NOT_IN_INCREMENT: "sub-penny increment: the price is no multiple of the price_increment",
    Reason.PRICE_OUT_OF_BAND: "the price is outside the band of accepted prices",
    Reason.PRICE_COLLAR: "the price is outside the collar of market orders",
    Reason.NOTIONAL_TOO_LARGE: "the order's value is above the maximum for one order",
    Reason.UNKNOWN_ORDER: "order is not open and can be neither replaced nor cancelled",
    Reason.INVALID_EXPIRE_TIME: "the expire time is missing, past, or given where there is none",
    Reason.INVALID_TRIGGER_PRICE: "stop_price or trail does not go with the order's type or price increment",
    Reason.INVALID_DISPLAY_QUANTITY: "the display quantity does not go with the order",
    Reason.INVALID_GROUP: "the order does not fit into its group",
    Reason.INVALID_AMOUNT: "the amount is zero, has the wrong sign, or is beyond counting",
    Reason.NO_LIQUIDITY: "the other side of the book is empty",
}

_SENTENCES: Final[dict[Reason, tuple[int, int, str]]] = {
    **{reason: (403, FORBIDDEN, text) for reason, text in _FORBIDDEN.items()},
    **{reason: (404, NOT_FOUND, text) for reason, text in _NOT_FOUND.items()},
    **{reason: (422, MALFORMED, text) for reason, text in _MALFORMED.items()},
    **{reason: (422, INVALID, text) for reason, text in _INVALID.items()},
}


def of_reason(reason: Reason, **details: Any) -> AlpacaError:
    """The refusal that stands for one of the exchange's own reasons.

    A reason that ends orders rather than refuses them (an auction that is over, a fill-or-kill) is 422 with
    its name, so that no reason is ever without an answer.

    >>> error = of_reason(Reason.INSUFFICIENT_BUYING_POWER)
    >>> error.status, error.number, str(error)
    (403, 40310000, 'insufficient buying power')
    """
    name = reason.name.lower()
    status, code, text = _SENTENCES.get(reason, (422, INVALID, f"refused: {name.replace('_', ' ')}"))
    return AlpacaError(status, code, text, **{**details, "reject_reason": name})


def as_alpaca(failure: ApiError) -> AlpacaError:
    """Any failure in Alpaca's form: the number follows from the status, and a reason of the exchange decides.

    >>> as_alpaca(ApiError(401, "unauthorized", "no key was given")).body()
    {'code': 40110000, 'message': 'no key was given'}
    """
    if isinstance(failure, AlpacaError):
        return failure
    reason = Reason.__members__.get(str(failure.details.get("reason", "")))
    if reason is not None:
        return of_reason(reason)
    # A conflict with the session's state is a 403 here: clients know no 409.
    status = 403 if failure.status == HTTPStatus.CONFLICT else failure.status
    error = AlpacaError(status, _NUMBERS.get(status, status * 100_000), str(failure))
    error.details, error.headers = failure.details, failure.headers
    return error
