"""What each account has done, counted."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.domain.config import FIRST_TRADER
from workbench.domain.memory import EventBuffer
from workbench.domain.numbers import (
    EVENT_ACCOUNT_REINSTATED,
    EVENT_ACCOUNT_SUSPENDED,
    EVENT_CANCEL_REJECTED,
    EVENT_COMMAND_REJECTED,
    EVENT_LIMIT_BREACHED,
    EVENT_LIQUIDATION,
    EVENT_MARGIN_CALL,
    EVENT_ORDER_CANCELED,
    EVENT_ORDER_CREATED,
    EVENT_ORDER_FILLED,
    EVENT_ORDER_PARTIALLY_FILLED,
    EVENT_ORDER_REJECTED,
    EVENT_ORDER_REPLACED,
    EVENT_REPLACE_REJECTED,
)
from workbench.domain.records import LIQUIDITY_MAKER
from workbench.jit import array_of, entry, int64, leaf
from workbench.ledger.cash import notional
from workbench.projections.base import EVENTS_TYPE
from workbench.projections.marks import MARK

SCORE = np.dtype(
    [
        ("orders", "i8"),
        ("rejections", "i8"),
        ("cancels", "i8"),
        ("replaces", "i8"),
        ("refusals", "i8"),
        ("fills", "i8"),
        ("maker_fills", "i8"),
        ("traded_lots", "i8"),
        ("notional_micros", "i8"),
        ("wins", "i8"),
        ("losses", "i8"),
        ("scratches", "i8"),
        ("breaches", "i8"),
        ("margin_calls", "i8"),
        ("liquidations", "i8"),
        ("suspended", "i8"),
    ]
)
"""Counts of one account.

`rejections` are orders that were refused, `refusals` cancels, replaces and other commands; `cancels` are
orders whose open rest was cancelled, by whomever. Wins, losses and scratches are round trips by net PnL.
"""

MAKER = LIQUIDITY_MAKER
TRADERS = FIRST_TRADER
_MOST = 1 << 62


@leaf
def score_fill(fill: Any, score: Any, mark: Any) -> None:
    """One fill."""
    lots = fill["last_quantity_lots"]
    value = notional(mark, fill["last_price_ticks"], lots)
    score["fills"] += 1
    score["traded_lots"] += lots
    score["notional_micros"] = (
        _MOST if value > _MOST - score["notional_micros"] else score["notional_micros"] + value
    )
    if int64(fill["flags"]) & MAKER:
        score["maker_fills"] += 1


@entry(EVENTS_TYPE, array_of(SCORE), array_of(MARK))
def follow_scores(events: EventBuffer, scores: Any, marks: Any) -> None:
    """Count what events say of traders."""
    for at in range(events.order.size):
        event = events.order[at]
        account = int64(event["account"])
        if account < TRADERS or account >= scores.size:
            continue
        kind = int64(event["kind"])
        score = scores[account]
        if kind == EVENT_ORDER_PARTIALLY_FILLED or kind == EVENT_ORDER_FILLED:
            score_fill(events.fill[at], score, marks[event["instrument"]])
        elif kind == EVENT_ORDER_CREATED:
            score["orders"] += 1
        elif kind == EVENT_ORDER_REJECTED:
            score["rejections"] += 1
        elif kind == EVENT_ORDER_CANCELED:
            score["cancels"] += 1
        elif kind == EVENT_ORDER_REPLACED:
            score["replaces"] += 1
        elif (
            kind == EVENT_CANCEL_REJECTED or kind == EVENT_REPLACE_REJECTED or kind == EVENT_COMMAND_REJECTED
        ):
            score["refusals"] += 1
        elif kind == EVENT_LIMIT_BREACHED:
            score["breaches"] += 1
        elif kind == EVENT_MARGIN_CALL:
            score["margin_calls"] += 1
        elif kind == EVENT_LIQUIDATION:
            score["liquidations"] += 1
        elif kind == EVENT_ACCOUNT_SUSPENDED:
            score["suspended"] = 1
        elif kind == EVENT_ACCOUNT_REINSTATED:
            score["suspended"] = 0
