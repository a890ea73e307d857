"""What a strategy is told and what it may ask for, as records: the same for Python and for compiled ones."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from workbench.domain.codes import Side


class What(IntEnum):
    """What a piece of news is about."""

    START = 0
    QUOTE = 1
    TRADE = 2
    BAR = 3
    FILL = 4
    ENDED = 5
    TIMER = 6


class Action(IntEnum):
    """What a strategy asks for."""

    BUY = 1
    SELL = 2
    CANCEL = 3


NEWS = np.dtype(
    [
        (name, "i8")
        for name in (
            "what",
            "time_ns",
            "price_ticks",
            "quantity_lots",
            "side",
            "order",
            "leaves_lots",
            "fee_micros",
            "maker",
            "bid_price_ticks",
            "bid_lots",
            "ask_price_ticks",
            "ask_lots",
            "bar_time_ns",
            "open_ticks",
            "high_ticks",
            "low_ticks",
            "close_ticks",
            "volume_lots",
            "position_lots",
            "next_order",
            "buy_order",
            "buy_price_ticks",
            "sell_order",
            "sell_price_ticks",
        )
    ]
)
"""One piece of news.

`what` is a `What`; price, quantity and side are of the trade or the fill, `order`, `leaves_lots`,
`fee_micros` and `maker` of the fill (of ENDED the order alone). The quote is the latest one (0: none), the
bar the latest complete one, `position_lots` the position now. `next_order` is the number that the next order
gets which is asked for; `buy_order` and `sell_order` are the latest limit orders of each side, with their
prices, while they may still trade (0: none).
"""

REQUEST = np.dtype(
    [(name, "i8") for name in ("action", "order", "quantity_lots", "price_ticks", "post_only")]
)
"""What a strategy asks for: an `Action`; `order` names what a CANCEL is about; price 0 is a market order."""

DECISION = np.dtype(
    [("time_ns", "i8"), ("what", "i8"), *((name, REQUEST[name]) for name in REQUEST.names or ())]
)
"""A request and the news on which it was made."""

SAMPLE = np.dtype(
    [("time_ns", "i8"), ("cash_micros", "i8"), ("position_lots", "i8"), ("mark_half_ticks", "i8")]
)
"""Cash and position at an instant; the mark is twice the middle of the quote in ticks, or twice the close."""


class Quote(NamedTuple):
    """The best bid and offer; an empty side has price and quantity 0."""

    time_ns: int
    bid_price_ticks: int
    bid_lots: int
    ask_price_ticks: int
    ask_lots: int


class Trade(NamedTuple):
    """A trade of anybody; `side` is the aggressor's."""

    time_ns: int
    price_ticks: int
    quantity_lots: int
    side: Side


class Bar(NamedTuple):
    """What traded from `time_ns` on until the next bar may begin; told when that time is over."""

    time_ns: int
    open_ticks: int
    high_ticks: int
    low_ticks: int
    close_ticks: int
    volume_lots: int


class Fill(NamedTuple):
    """A fill of one's own; `order` is the number that `buy` or `sell` gave. A fee below 0 is a rebate."""

    time_ns: int
    order: int
    side: Side
    price_ticks: int
    quantity_lots: int
    leaves_lots: int
    fee_micros: int
    maker: bool
