"""What a split does to an open order."""

from __future__ import annotations

from typing import Any

from workbench.domain.memory import SPECIAL_EXTRA, EventBuffer, Memory
from workbench.domain.numbers import (
    BUY,
    EVENT_ORDER_ADJUSTED,
    HISTORICAL,
    LIMIT,
    PLACE_LIVE,
    PLACE_MARKET_QUEUE,
    PLACE_TRIGGER,
    SELL,
    TRAILING_STOP,
)
from workbench.engine.changing import say_terms
from workbench.engine.emit import say_order
from workbench.engine.orders import change_open_lots, is_held, keeps_account, open_state, reserve
from workbench.jit import int64, leaf
from workbench.ledger.splitting import scaled_lots, scaled_price
from workbench.matching.book import dequeue, enqueue, move_by_priority, side_of
from workbench.matching.triggers import (
    NEVER,
    is_rising,
    note_watermark,
    queue_trigger,
    trailing_price,
    trigger_side_of,
    unqueue_trigger,
)

HAS_EXTRA = SPECIAL_EXTRA


@leaf
def scaled_order_price(side: int, price_ticks: int, increment_ticks: int, new: int, old: int) -> int:
    """Price of an order: a buy's rounded down to a multiple of the increment, a sell's up."""
    step = new * increment_ticks
    whole = price_ticks * old
    if side == SELL:
        whole += step - 1
    return whole // step * increment_ticks


@leaf
def is_whole(lots: int, increment_lots: int, new: int, old: int) -> bool:
    """Whether lots stay whole, and a multiple of an increment."""
    return lots * new % old == 0 and lots * new // old % increment_lots == 0


@leaf
def trigger_after(memory: Memory, order: Any, new: int, old: int) -> int:
    """Trigger price of a held order with one of its own, rounded away from the market; 0 for other orders."""
    if order["order_type"] <= LIMIT or order["order_type"] == TRAILING_STOP or not is_held(order):
        return 0
    side = int64(order["side"])
    towards = SELL if is_rising(side, int64(order["order_type"])) else BUY
    increment = memory.instruments[order["instrument"]]["price_increment_ticks"]
    price = memory.extras[order["extra"]]["trigger_price_ticks"]
    return scaled_order_price(towards, price, increment, new, old)


@leaf
def in_window(instrument: Any, price_ticks: int) -> bool:
    """Whether a price has a place in the book."""
    return price_ticks >= instrument["window_low_ticks"] and price_ticks <= instrument["window_high_ticks"]


@leaf
def price_after(memory: Memory, order: Any, new: int, old: int) -> int:
    """Limit price of an order; 0 when it has none."""
    price = order["price_ticks"]
    if price == 0:
        return 0
    increment = int64(1)
    if (order["flags"] & HISTORICAL) == 0:
        increment = memory.instruments[order["instrument"]]["price_increment_ticks"]
    return scaled_order_price(int64(order["side"]), price, increment, new, old)


@leaf
def can_adjust(memory: Memory, order: Any, new: int, old: int) -> bool:
    """Whether an order can go on in new terms."""
    instrument = memory.instruments[order["instrument"]]
    increment = int64(1)
    if (order["flags"] & HISTORICAL) == 0:
        increment = instrument["quantity_increment_lots"]
    if not is_whole(order["leaves_lots"], increment, new, old):
        return False
    if not is_whole(order["display_lots"], increment, new, old):
        return False
    if not is_whole(order["quantity_lots"] - order["leaves_lots"], 1, new, old):
        return False
    if scaled_lots(order["quantity_lots"], new, old) > instrument["max_order_lots"]:
        return False
    price = price_after(memory, order, new, old)
    if order["price_ticks"] != 0 and not in_window(instrument, price):
        return False
    trigger = trigger_after(memory, order, new, old)
    held_trigger = order["order_type"] > LIMIT and order["order_type"] != TRAILING_STOP and is_held(order)
    return not held_trigger or in_window(instrument, trigger)


@leaf
def adjust(memory: Memory, events: EventBuffer, slot: int, new: int, old: int) -> None:
    """Give an order its new terms, in its old place."""
    order = memory.orders[slot]
    price_before = order["price_ticks"]
    lots_before = order["leaves_lots"]
    if is_held(order):
        adjust_held(memory, slot, new, old)
    else:
        adjust_resting(memory, slot, new, old)
    event = say_order(memory, events, order, EVENT_ORDER_ADJUSTED, 0, open_state(memory, order), lots_before)
    event["limit"] = price_before
    if order["special"] != 0:
        say_terms(memory, events, order)


@leaf
def write_terms_after(memory: Memory, order: Any, new: int, old: int) -> None:
    """Price and quantities of an order that is in no book."""
    order["price_ticks"] = price_after(memory, order, new, old)
    order["quantity_lots"] = scaled_lots(order["quantity_lots"], new, old)
    order["leaves_lots"] = scaled_lots(order["leaves_lots"], new, old)
    order["display_lots"] = scaled_lots(order["display_lots"], new, old)


@leaf
def adjust_resting(memory: Memory, slot: int, new: int, old: int) -> None:
    """An order in a book or a market queue."""
    order = memory.orders[slot]
    lots_before = order["leaves_lots"]
    instrument = memory.instruments[order["instrument"]]
    queued = order["book"] <= PLACE_LIVE
    if queued:
        dequeue(memory, slot)
    write_terms_after(memory, order, new, old)
    taken = order["taken_lots"]
    order["taken_lots"] = taken * new // old
    if order["special"] & HAS_EXTRA:
        extra = memory.extras[order["extra"]]
        extra["trail_ticks"] = scaled_price(instrument, extra["trail_ticks"], new, old)
        extra["watermark_ticks"] = scaled_price(instrument, extra["watermark_ticks"], new, old)
        if order["book"] == PLACE_MARKET_QUEUE:
            extra["trigger_price_ticks"] = scaled_price(instrument, extra["trigger_price_ticks"], new, old)
    if queued:
        enqueue(memory, slot)
        move_by_priority(memory, side_of(order), order["price_ticks"], slot)
    else:
        queue = memory.queues[int64(order["instrument"]) * 2 + int64(order["side"]) - 1]
        queue["lots"] += order["leaves_lots"] - lots_before
    if keeps_account(memory, order):
        change_open_lots(memory, order, order["leaves_lots"] - lots_before)
        order["opening_lots"] = (order["opening_lots"] * new + old - 1) // old
        reserve(memory, order)


@leaf
def adjust_held(memory: Memory, slot: int, new: int, old: int) -> None:
    """An order that waits for something else."""
    order = memory.orders[slot]
    number = int64(order["instrument"])
    instrument = memory.instruments[number]
    extra = memory.extras[order["extra"]]
    waits = order["book"] == PLACE_TRIGGER
    if waits and extra["trigger_price_ticks"] != 0:
        unqueue_trigger(memory, trigger_side_of(memory, order), extra["trigger_price_ticks"], slot)
    trigger = trigger_after(memory, order, new, old)
    write_terms_after(memory, order, new, old)
    extra["trail_ticks"] = scaled_price(instrument, extra["trail_ticks"], new, old)
    extra["watermark_ticks"] = scaled_price(instrument, extra["watermark_ticks"], new, old)
    if order["order_type"] == TRAILING_STOP:
        trigger = trailing_price(memory, number, int64(order["side"]), extra, extra["watermark_ticks"])
    extra["trigger_price_ticks"] = trigger
    if waits and trigger != 0:
        side_index = trigger_side_of(memory, order)
        queue_trigger(memory, side_index, trigger, slot)
        move_by_priority(memory, side_index, trigger, slot)


@leaf
def note_watermarks(memory: Memory, number: int) -> None:
    """Find out anew from which references on watermarks have to follow."""
    instrument = memory.instruments[number]
    instrument["trail_above_ticks"] = NEVER
    instrument["trail_below_ticks"] = 0
    at = instrument["trail_head"]
    while at != 0:
        extra = memory.extras[at]
        note_watermark(instrument, memory.orders[extra["order"]], extra)
        at = int64(extra["next"])
