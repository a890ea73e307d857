"""CROSS_ORDERS: what an auction of history traded, and our orders that would have traded in it."""

from __future__ import annotations

from typing import Any

from workbench.domain.codes import STREET_ACCOUNT
from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import (
    BUY,
    REASON_INVALID_PRICE,
    REASON_INVALID_QUANTITY,
    REASON_QUANTITY_TOO_LARGE,
    REASON_UNKNOWN_ACCOUNT,
    REDUCE_ONLY,
    SELL,
)
from workbench.domain.records import AUCTION, LIQUIDITY_MAKER, SHADOW
from workbench.engine.admit import check_instrument
from workbench.engine.emit import trade_event
from workbench.engine.fills import (
    after_cross,
    book_fill,
    charge_order,
    cut_to_position,
    fill_resting,
    retire,
)
from workbench.engine.history import write_aggressor
from workbench.engine.keeping import keep_trade
from workbench.engine.limits import count_trade
from workbench.engine.orders import release_slot
from workbench.engine.sweep import head_at, step_forward
from workbench.jit import int64, leaf
from workbench.ledger.cash import fee, notional
from workbench.ledger.fees import fees_of
from workbench.matching.auction import auction_side
from workbench.matching.book import reaches

OURS = AUCTION | SHADOW
MAKER = LIQUIDITY_MAKER
IN_AUCTION = AUCTION


@leaf
def check_cross(memory: Memory, command: Any) -> tuple[int, int, int]:
    """What a CROSS_ORDERS must satisfy."""
    if command["account"] != STREET_ACCOUNT:
        count = memory.world[0]["accounts"] if memory.world[0]["bare"] == 0 else 0
        return REASON_UNKNOWN_ACCOUNT, int64(command["account"]), count
    reason, value, limit = check_instrument(memory, int64(command["instrument"]))
    if reason != 0:
        return reason, value, limit
    instrument = memory.instruments[command["instrument"]]
    lots = command["quantity_lots"]
    price = command["price_ticks"]
    if lots < 0:
        return REASON_INVALID_QUANTITY, 0, 0
    if lots > instrument["max_order_lots"]:
        return REASON_QUANTITY_TOO_LARGE, lots, instrument["max_order_lots"]
    outside = price < instrument["window_low_ticks"] or price > instrument["window_high_ticks"]
    if lots != 0 and (price <= 0 or outside):
        return REASON_INVALID_PRICE, 0, 0
    return 0, 0, 0


@leaf
def next_of_ours(memory: Memory, number: int, side: int, price_ticks: int) -> int:
    """First live order of a side that takes part in an auction and may trade at the price, or 0."""
    slot = int64(memory.queues[number * 2 + side - 1]["head"])
    while slot != 0:
        if memory.orders[slot]["account"] != STREET_ACCOUNT:
            return slot
        slot = int64(memory.orders[slot]["next"])
    side_index = auction_side(memory, number, side)
    slot = head_at(memory, side_index, memory.sides[side_index]["best_ticks"])
    while slot != 0:
        order = memory.orders[slot]
        if not reaches(3 - side, price_ticks, order["price_ticks"]):
            return 0
        if order["account"] != STREET_ACCOUNT:
            return slot
        slot = step_forward(memory, side_index, slot)
    return 0


@leaf
def fill_ours(
    memory: Memory, events: EventBuffer, street_slot: int, slot: int, price_ticks: int, lots: int
) -> None:
    """One of our orders trades with the street at the auction's price, beside history's print."""
    world = memory.world[0]
    world["trades"] += 1
    street = memory.orders[street_slot]
    order = memory.orders[slot]
    account = int64(order["account"])
    number = int64(order["instrument"])
    side = int64(order["side"])
    instrument = memory.instruments[number]
    street["side"] = 3 - side
    value = notional(instrument, price_ticks, lots)
    bare = world["bare"] != 0
    cost = 0
    if not bare:
        fees = fees_of(memory, account, number)
        cost = fee(fees["maker_per_lot_micros"], fees["maker_ppm"], value, lots)
        if fees["order_fees"] != 0:
            cost = charge_order(memory, order, cost, value)
    trade_event(memory, events, street, OURS, price_ticks, lots, order["order_id"], account, value)
    if memory.trades.size != 0:
        keep_trade(memory, street, order, price_ticks, lots, OURS, 0, cost, 0)
    fill_resting(memory, events, slot, price_ticks, lots, cost, OURS | MAKER, 0)
    if not bare:
        book_fill(memory, events, account, number, side, price_ticks, lots, value, cost)
        book_fill(memory, events, STREET_ACCOUNT, number, 3 - side, price_ticks, lots, value, 0)
    instrument["quote_due"] = 1
    after_cross(memory, events, slot, lots)
    if order["leaves_lots"] == 0:
        retire(memory, slot)


@leaf
def cross_orders(memory: Memory, events: EventBuffer, command: Any) -> tuple[int, int, int]:
    """CROSS_ORDERS."""
    reason, value, limit = check_cross(memory, command)
    lots = command["quantity_lots"]
    if reason != 0 or lots == 0:
        return reason, value, limit
    price = command["price_ticks"]
    number = int64(command["instrument"])
    instrument = memory.instruments[number]
    street_slot = write_aggressor(memory, command)
    for side in range(BUY, SELL + 1):
        left = lots
        while left > 0:
            slot = next_of_ours(memory, number, side, price)
            if slot == 0:
                break
            order = memory.orders[slot]
            if order["flags"] & REDUCE_ONLY and cut_to_position(memory, events, slot):
                continue
            used = min(left, order["leaves_lots"])
            left -= used
            fill_ours(memory, events, street_slot, slot, price, used)
    street = memory.orders[street_slot]
    street["side"] = 0
    memory.world[0]["trades"] += 1
    worth = notional(instrument, price, lots)
    trade_event(memory, events, street, IN_AUCTION, price, lots, 0, STREET_ACCOUNT, worth)
    instrument["last_price_ticks"] = price
    instrument["volume_lots"] += lots
    instrument["trades"] += 1
    instrument["quote_due"] = 1
    if instrument["price_limit_ppm"] != 0:
        count_trade(memory, number, price)
    release_slot(memory, street_slot)
    return 0, 0, 0
