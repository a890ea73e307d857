"""Orders that wait for a price: queued at their trigger prices, found by bit scan like the levels of a book.

An instrument has four sides of armed triggers: buy and sell, each rising (set off by a reference at or above
the trigger price) and falling. A command that does not move the reference past one of them costs nothing.
"""

from __future__ import annotations

from typing import Any

from workbench.domain.memory import Memory
from workbench.domain.numbers import (
    BUY,
    LIMIT_IF_TOUCHED,
    MARKET_IF_TOUCHED,
    REFERENCE_BID_ASK,
    REFERENCE_LAST_TRADE,
    SELL,
    TRAILING_STOP,
)
from workbench.jit import hot, int64, leaf
from workbench.matching.book import SIDES_PER_INSTRUMENT, level_index, link, side_number, unlink

NEVER = 1 << 62
_MILLION = 1_000_000


@leaf
def is_rising(side: int, order_type: int) -> bool:
    """Whether a reference at or above the trigger price sets the order off, rather than one at or below."""
    touched = order_type == MARKET_IF_TOUCHED or order_type == LIMIT_IF_TOUCHED
    return (side == BUY) != touched


@hot
def trigger_side(memory: Memory, instrument: int, side: int, rising: bool) -> int:
    """Number of a side of armed triggers in `Memory.sides`; odd where the lowest price comes first."""
    offset = memory.world[0]["instruments"] * SIDES_PER_INSTRUMENT
    return offset + side_number(instrument, 0, 1) + 2 * (side - 1) + (1 if rising else 0)


@leaf
def trigger_side_of(memory: Memory, order: Any) -> int:
    """Number of the side of armed triggers that an order belongs to."""
    side = int64(order["side"])
    rising = is_rising(side, int64(order["order_type"]))
    return trigger_side(memory, int64(order["instrument"]), side, rising)


@leaf
def reference_price(memory: Memory, instrument: int, side: int, rising: bool) -> int:
    """The price that triggers of a kind go by; 0 when there is none."""
    record = memory.instruments[instrument]
    mode = record["trigger_reference"]
    if mode == REFERENCE_LAST_TRADE:
        return record["last_price_ticks"]
    bid = memory.sides[side_number(instrument, 0, BUY)]["best_ticks"]
    ask = memory.sides[side_number(instrument, 0, SELL)]["best_ticks"]
    if mode == REFERENCE_BID_ASK:
        return ask if side == BUY else bid
    if bid == 0 or ask == 0:
        return 0
    return (bid + ask + (0 if rising else 1)) // 2


@leaf
def trailing_price(memory: Memory, instrument: int, side: int, extra: Any, watermark_ticks: int) -> int:
    """Trigger price of a trailing stop at a watermark; 0 when there is none."""
    if watermark_ticks == 0:
        return 0
    trail = extra["trail_ticks"]
    if trail == 0:
        trail = max(1, watermark_ticks * extra["trail_micros"] // _MILLION)
    record = memory.instruments[instrument]
    if side == BUY:
        edge = record["window_high_ticks"]
        price = min(watermark_ticks + trail, edge)
    else:
        edge = record["window_low_ticks"]
        price = max(watermark_ticks - trail, edge)
    return 0 if watermark_ticks == edge else price


@leaf
def queue_trigger(memory: Memory, side_index: int, price_ticks: int, slot: int) -> None:
    """Queue an order at its trigger price."""
    link(memory, side_index, price_ticks, slot)


@leaf
def unqueue_trigger(memory: Memory, side_index: int, price_ticks: int, slot: int) -> None:
    """Undo `queue_trigger`."""
    unlink(memory, side_index, price_ticks, slot)


@leaf
def arm(memory: Memory, slot: int) -> None:
    """Let an order wait for its trigger price; a trailing stop joins the trailing ones."""
    order = memory.orders[slot]
    extra = memory.extras[order["extra"]]
    record = memory.instruments[order["instrument"]]
    record["armed"] += 1
    if order["order_type"] == TRAILING_STOP:
        at = int64(order["extra"])
        tail = record["trail_tail"]
        extra["prev"] = tail
        extra["next"] = 0
        if tail == 0:
            record["trail_head"] = at
        else:
            memory.extras[tail]["next"] = at
        record["trail_tail"] = at
        note_watermark(record, order, extra)
    if extra["trigger_price_ticks"] != 0:
        queue_trigger(memory, trigger_side_of(memory, order), extra["trigger_price_ticks"], slot)


@leaf
def disarm(memory: Memory, slot: int) -> None:
    """Undo `arm`."""
    order = memory.orders[slot]
    extra = memory.extras[order["extra"]]
    record = memory.instruments[order["instrument"]]
    record["armed"] -= 1
    if extra["trigger_price_ticks"] != 0:
        unqueue_trigger(memory, trigger_side_of(memory, order), extra["trigger_price_ticks"], slot)
    if order["order_type"] == TRAILING_STOP:
        before = int64(extra["prev"])
        after = int64(extra["next"])
        if before == 0:
            record["trail_head"] = after
        else:
            memory.extras[before]["next"] = after
        if after == 0:
            record["trail_tail"] = before
        else:
            memory.extras[after]["prev"] = before


@leaf
def note_watermark(record: Any, order: Any, extra: Any) -> None:
    """Remember from which reference on a watermark has to follow."""
    watermark = extra["watermark_ticks"]
    if order["side"] == SELL:
        record["trail_above_ticks"] = min(record["trail_above_ticks"], watermark)
    else:
        record["trail_below_ticks"] = max(record["trail_below_ticks"], NEVER if watermark == 0 else watermark)


@leaf
def first_triggered(memory: Memory, instrument: int) -> tuple[int, int]:
    """The order that the present reference sets off first, and that reference; 0 if there is none."""
    for falling in range(2):
        rising = falling == 0
        best_slot = int64(0)
        best_price = int64(0)
        best_reference = int64(0)
        for side in range(BUY, SELL + 1):
            number = trigger_side(memory, instrument, side, rising)
            price = memory.sides[number]["best_ticks"]
            if price == 0:
                continue
            reference = reference_price(memory, instrument, side, rising)
            if reference == 0 or (reference < price if rising else reference > price):
                continue
            slot = int64(memory.levels[level_index(memory, number, price)]["head"])
            first = best_slot == 0
            if not first and price == best_price:
                first = memory.orders[slot]["priority"] < memory.orders[best_slot]["priority"]
            elif not first:
                first = price < best_price if rising else price > best_price
            if first:
                best_slot = slot
                best_price = price
                best_reference = reference
        if best_slot != 0:
            return best_slot, best_reference
    return int64(0), int64(0)
