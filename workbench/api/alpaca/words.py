"""The words of Alpaca's orders beside the exchange's own codes, in both directions."""

from __future__ import annotations

from typing import Final

from workbench.domain.codes import OrderType, Side, TimeInForce
from workbench.domain.states import OrderState

SIDES: Final = {"buy": Side.BUY, "sell": Side.SELL}
ORDER_TYPES: Final = {
    "market": OrderType.MARKET,
    "limit": OrderType.LIMIT,
    "stop": OrderType.STOP,
    "stop_limit": OrderType.STOP_LIMIT,
    "trailing_stop": OrderType.TRAILING_STOP,
}
TIMES_IN_FORCE: Final = {
    "day": TimeInForce.DAY,
    "gtc": TimeInForce.GTC,
    "opg": TimeInForce.OPG,
    "cls": TimeInForce.CLS,
    "ioc": TimeInForce.IOC,
    "fok": TimeInForce.FOK,
}
ORDER_CLASSES: Final = ("simple", "bracket", "oco", "oto")

SIDE_WORDS: Final = {Side.BUY: "buy", Side.SELL: "sell", Side.NONE: "buy"}
TYPE_WORDS: Final = {
    **{code: word for word, code in ORDER_TYPES.items()},
    # Clients refuse words they do not know; an if-touched order is shown as the stop order it resembles.
    OrderType.MARKET_IF_TOUCHED: "stop",
    OrderType.LIMIT_IF_TOUCHED: "stop_limit",
}
TIME_WORDS: Final = {**{code: word for word, code in TIMES_IN_FORCE.items()}, TimeInForce.GTD: "gtc"}

STATE_WORDS: Final = {
    OrderState.PENDING_NEW: "pending_new",
    OrderState.NEW: "new",
    OrderState.HELD: "held",
    OrderState.PARTIALLY_FILLED: "partially_filled",
    OrderState.SUSPENDED: "suspended",
    OrderState.FILLED: "filled",
    OrderState.CANCELED: "canceled",
    OrderState.EXPIRED: "expired",
    OrderState.REPLACED: "replaced",
    OrderState.REJECTED: "rejected",
}


def state_word(state: OrderState, *, waits_for_group: bool, waits_for_market: bool) -> str:
    """The status a client shows for an order.

    An order held by its own trigger is working to its owner and reads `new`; one that waits for its parent
    reads `held`, one that waits for its market (to open, or for its auction) `accepted`.

    >>> state_word(OrderState.HELD, waits_for_group=False, waits_for_market=False)
    'new'
    """
    if state == OrderState.HELD:
        return "held" if waits_for_group else "accepted" if waits_for_market else "new"
    if waits_for_market and state in (OrderState.NEW, OrderState.SUSPENDED):
        return "accepted"
    return STATE_WORDS[state]
