"""The price that each instrument's positions are valued at, followed through the events."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.domain.config import Venue
from workbench.domain.memory import EventBuffer
from workbench.domain.numbers import (
    CLOSE,
    CLOSED,
    EVENT_INSTRUMENT_SPLIT,
    EVENT_PHASE_CHANGED,
    EVENT_QUOTE,
    EVENT_TRADE,
    EVENT_TRADE_BUSTED,
)
from workbench.domain.records import AUCTION, SHADOW, Records
from workbench.jit import int64, leaf
from workbench.ledger.marks import mark
from workbench.ledger.splitting import scaled_price

MARK = np.dtype(
    [
        ("mark", "i8"),
        ("mark_ticks", "i8"),
        ("last_price_ticks", "i8"),
        ("bid_price_ticks", "i8"),
        ("ask_price_ticks", "i8"),
        ("close_price_ticks", "i8"),
        ("reference_price_ticks", "i8"),
        ("closing", "i8"),
        ("phase", "i8"),
        ("window_low_ticks", "i8"),
        ("window_high_ticks", "i8"),
        ("numerator", "i8"),
        ("denominator", "i8"),
        ("price_cap_ticks", "i8"),
        ("value_numerator", "i8"),
        ("value_denominator", "i8"),
    ]
)
"""What an instrument's mark depends on, under the names that the ledger reads.

`mark` is the setting and `mark_ticks` the price, 0 for none. `closing` is 1 from a change to CLOSED until the
next phase change, while an uncross may still move the close price.
`numerator` and `denominator` are those of the last split, the window the prices that the book held after it.
"""

IN_AUCTION = AUCTION
OURS = SHADOW


def marks_at_start(venue: Venue) -> Records:
    """`MARK` of each instrument before the first event."""
    marks = np.zeros(len(venue.instruments), dtype=MARK)
    for record, instrument in zip(marks, venue.instruments, strict=True):
        record["mark"] = instrument.mark
        record["mark_ticks"] = record["reference_price_ticks"] = instrument.reference_price_ticks
        record["price_cap_ticks"] = instrument.price_cap_ticks
        record["value_numerator"] = instrument.value.numerator
        record["value_denominator"] = instrument.value.denominator
        record["numerator"] = record["denominator"] = 1
    return marks


@leaf
def follow_mark(events: EventBuffer, at: int, marks: Any) -> int:
    """Let an event move what a mark depends on; returns the instrument whose mark it moved, or -1."""
    kind = events.order[at]["kind"]
    if kind == EVENT_TRADE:
        note_trade(events.trade[at], marks)
    elif kind == EVENT_TRADE_BUSTED:
        bust = events.bust[at]
        if (int64(bust["flags"]) & OURS) == 0:
            marks[bust["instrument"]]["last_price_ticks"] = bust["last_price_ticks"]
    elif kind == EVENT_QUOTE:
        quote = events.quote[at]
        record = marks[quote["instrument"]]
        record["bid_price_ticks"] = quote["bid_price_ticks"]
        record["ask_price_ticks"] = quote["ask_price_ticks"]
    elif kind == EVENT_PHASE_CHANGED:
        note_phase(events.market[at], marks)
    elif kind == EVENT_INSTRUMENT_SPLIT:
        note_split(events.split[at], marks)
    else:
        return -1
    number = int64(events.order[at]["instrument"])
    record = marks[number]
    price = mark(record)
    if price == record["mark_ticks"]:
        return -1
    record["mark_ticks"] = price
    return number


@leaf
def note_trade(trade: Any, marks: Any) -> None:
    """A trade that history knows of is the last one, and in the uncross at the close it makes that price."""
    flags = int64(trade["flags"])
    if flags & OURS:
        return
    record = marks[trade["instrument"]]
    record["last_price_ticks"] = trade["price_ticks"]
    # A print of history that comes in the same command is none of the uncross, which names both orders.
    if record["closing"] != 0 and flags & IN_AUCTION and trade["taker_order_id"] != 0:
        record["close_price_ticks"] = trade["price_ticks"]


@leaf
def note_phase(change: Any, marks: Any) -> None:
    """The close price is the last price when the phase becomes CLOSED, after its uncross."""
    record = marks[change["instrument"]]
    record["phase"] = change["phase"]
    record["closing"] = 0
    if change["phase"] == CLOSED and record["mark"] == CLOSE:
        record["closing"] = 1
        record["close_price_ticks"] = record["last_price_ticks"]


@leaf
def note_split(split: Any, marks: Any) -> None:
    """A split scales every price that is kept but the published quote."""
    record = marks[split["instrument"]]
    new = split["numerator"]
    old = split["denominator"]
    record["numerator"] = new
    record["denominator"] = old
    record["window_low_ticks"] = split["window_low_ticks"]
    record["window_high_ticks"] = split["window_high_ticks"]
    record["last_price_ticks"] = split["last_price_ticks"]
    record["reference_price_ticks"] = split["reference_price_ticks"]
    record["close_price_ticks"] = scaled_price(record, record["close_price_ticks"], new, old)
