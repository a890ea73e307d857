"""An order's way into a book and out of it: slots, id tables, what its account has open and reserved.

What ends here tells its group nothing; `groups` has the functions that do.
"""

from __future__ import annotations

from typing import Any

from workbench.domain.codes import STREET_ACCOUNT
from workbench.domain.memory import SPECIAL_EXTRA, EventBuffer, Memory
from workbench.domain.numbers import (
    BUY,
    CASH_CHECKED,
    CLS,
    EVENT_ORDER_HELD,
    EVENT_ORDER_REDUCED,
    EVENT_ORDER_RESTED,
    HALTED,
    MARGIN,
    OPG,
    PLACE_LIVE,
    PLACE_MARKET_QUEUE,
    PLACE_RELEASED,
    PLACE_TRIGGER,
    STATE_HELD,
    STATE_NEW,
    STATE_PARTIALLY_FILLED,
    STATE_SUSPENDED,
)
from workbench.engine.emit import order_event, say_order
from workbench.jit import hot, int64, leaf
from workbench.ledger.cash import reservation
from workbench.ledger.fees import fees_of
from workbench.ledger.marks import margin_reservation
from workbench.matching.auction import queue_market, unqueue_market
from workbench.matching.book import dequeue, enqueue, level_index, shrink, side_number
from workbench.matching.table import delete_client_id, delete_order_id, insert_client_id, insert_order_id
from workbench.matching.triggers import arm, disarm

HAS_EXTRA = SPECIAL_EXTRA


@hot
def take_slot(memory: Memory) -> int:
    """A free slot; the caller made sure there is one."""
    world = memory.world[0]
    slot = world["free_order"]
    if slot != 0:
        world["free_order"] = memory.orders[slot]["next"]
    else:
        slot = world["used_orders"] + 1
        world["used_orders"] = slot
    world["live_orders"] += 1
    return slot


@leaf
def take_extra(memory: Memory, slot: int) -> int:
    """A cleared record of rarer terms for an order; the caller made sure there is one."""
    world = memory.world[0]
    at = world["free_extra"]
    if at != 0:
        world["free_extra"] = int64(memory.extras[at]["next"])
    else:
        at = world["used_extras"] + 1
        world["used_extras"] = at
    world["live_extras"] += 1
    extra = memory.extras[at]
    extra["order"] = slot
    extra["next"] = 0
    extra["prev"] = 0
    extra["group"] = 0
    extra["trigger_price_ticks"] = 0
    extra["trail_ticks"] = 0
    extra["trail_micros"] = 0
    extra["watermark_ticks"] = 0
    extra["expire_time_ns"] = 0
    extra["group_id"] = 0
    extra["group_place"] = 0
    extra["raw_fee_micros"] = 0
    extra["fee_notional_micros"] = 0
    extra["charged_micros"] = 0
    extra["plain"] = 0
    order = memory.orders[slot]
    order["extra"] = at
    order["special"] |= HAS_EXTRA
    return at


@leaf
def set_plain(memory: Memory, extra: Any) -> None:
    """Count an order that needs its record of rarer terms for its fees alone."""
    extra["plain"] = 1
    memory.world[0]["plain_extras"] += 1


@leaf
def release_extra(memory: Memory, order: Any) -> None:
    """Give an order's record of rarer terms back; an order slot of 0 marks it as free."""
    world = memory.world[0]
    extra = memory.extras[order["extra"]]
    extra["order"] = 0
    world["plain_extras"] -= extra["plain"]
    extra["next"] = world["free_extra"]
    world["free_extra"] = int64(order["extra"])
    world["live_extras"] -= 1


@hot
def release_slot(memory: Memory, slot: int) -> None:
    """Give a slot back; an order id of 0 marks it as free."""
    world = memory.world[0]
    order = memory.orders[slot]
    if order["special"] & HAS_EXTRA:
        release_extra(memory, order)
    order["order_id"] = 0
    order["next"] = world["free_order"]
    world["free_order"] = slot
    world["live_orders"] -= 1


@hot
def is_held(order: Any) -> bool:
    """Whether an open order is neither in a book nor in a market queue."""
    return order["book"] > PLACE_LIVE and order["book"] != PLACE_MARKET_QUEUE


@hot
def open_state(memory: Memory, order: Any) -> int:
    """State of an order that is still open."""
    if is_held(order):
        return STATE_HELD
    if memory.instruments[order["instrument"]]["phase"] == HALTED and order["account"] != STREET_ACCOUNT:
        return STATE_SUSPENDED
    return STATE_NEW if order["leaves_lots"] == order["quantity_lots"] else STATE_PARTIALLY_FILLED


@hot
def home(memory: Memory, order: Any) -> int:
    """The book an order trades and rests in."""
    return PLACE_LIVE if memory.world[0]["frozen"] != 0 and order["account"] != STREET_ACCOUNT else 0


@hot
def keeps_account(memory: Memory, order: Any) -> bool:
    """Whether the order's account has positions and limits to keep."""
    return memory.world[0]["bare"] == 0 and order["account"] != STREET_ACCOUNT


@hot
def position_number(memory: Memory, account: int, instrument: int) -> int:
    """Index in `Memory.positions`."""
    return int64(account) * memory.world[0]["instruments"] + instrument


@hot
def change_open_lots(memory: Memory, order: Any, lots: int) -> None:
    """Add to what the order's account has open on the order's side."""
    position = memory.positions[position_number(memory, int64(order["account"]), int64(order["instrument"]))]
    if order["side"] == BUY:
        position["open_buy_lots"] += lots
    else:
        position["open_sell_lots"] += lots


@hot
def reserve(memory: Memory, order: Any) -> None:
    """Bring the order's reservation in line with its opening lots."""
    account = memory.accounts[order["account"]]
    if account["flags"] & (CASH_CHECKED | MARGIN):
        instrument = memory.instruments[order["instrument"]]
        fees = fees_of(memory, int64(order["account"]), int64(order["instrument"]))
        price = order["price_ticks"]
        if price == 0:
            price = memory.extras[order["extra"]]["trigger_price_ticks"]
        if account["flags"] & MARGIN:
            wanted = margin_reservation(instrument, fees, int64(order["side"]), price, order["opening_lots"])
        else:
            wanted = reservation(instrument, fees, price, order["opening_lots"])
        account["reserved_micros"] += wanted - order["reserved_micros"]
        order["reserved_micros"] = wanted


@hot
def lots_ahead(memory: Memory, order: Any) -> int:
    """Lots of history at the order's price, behind which a live order of a frozen venue queues too."""
    if order["book"] == 0:
        return 0
    number = side_number(int64(order["instrument"]), 0, int64(order["side"]))
    side = memory.sides[number]
    if side["best_ticks"] == 0:
        return 0
    return memory.levels[level_index(memory, number, order["price_ticks"])]["lots"]


@leaf
def enter_ids(memory: Memory, slot: int) -> None:
    """Enter an order's ids in the tables."""
    order = memory.orders[slot]
    insert_order_id(memory.by_order_id, order["order_id"], slot)
    if order["client_order_id"] != 0:
        insert_client_id(
            memory.by_client_id,
            int64(order["account"]),
            int64(order["instrument"]),
            order["client_order_id"],
            slot,
        )


@hot
def rest(memory: Memory, events: EventBuffer, slot: int) -> None:
    """Queue an order whose slot is taken, enter its ids, and say so."""
    order = memory.orders[slot]
    world = memory.world[0]
    world["priorities"] += 1
    order["priority"] = world["priorities"]
    if order["price_ticks"] == 0:
        order["book"] = PLACE_MARKET_QUEUE
        ahead = queue_market(memory, slot)
    else:
        ahead = enqueue(memory, slot) + lots_ahead(memory, order)
    enter_ids(memory, slot)
    if keeps_account(memory, order):
        memory.accounts[order["account"]]["open_orders"] += 1
        change_open_lots(memory, order, order["leaves_lots"])
        order["opening_lots"] = min(order["opening_lots"], order["leaves_lots"])
        reserve(memory, order)
    if order["special"] != 0:
        note_open(memory, order)
    state = STATE_NEW if order["leaves_lots"] == order["quantity_lots"] else STATE_PARTIALLY_FILLED
    event = order_event(memory, events, order, EVENT_ORDER_RESTED, 0, state, ahead)
    event["limit"] = order["shown_lots"]


@leaf
def note_open(memory: Memory, order: Any) -> None:
    """Count an order that an auction ends, and have the exchange look again when one's time has come."""
    if order["special"] & HAS_EXTRA:
        if order["time_in_force"] == OPG or order["time_in_force"] == CLS:
            memory.instruments[order["instrument"]]["auction_orders"] += 1
        expire = memory.extras[order["extra"]]["expire_time_ns"]
        world = memory.world[0]
        if expire != 0 and expire < world["alarm_ns"]:
            world["alarm_ns"] = expire


@leaf
def note_closed(memory: Memory, order: Any) -> None:
    """Undo what `note_open` counted."""
    if order["time_in_force"] == OPG or order["time_in_force"] == CLS:
        memory.instruments[order["instrument"]]["auction_orders"] -= 1


@leaf
def hold(memory: Memory, events: EventBuffer, slot: int, place: int) -> None:
    """Keep an order out of the books, enter its ids, and say so."""
    order = memory.orders[slot]
    enter_ids(memory, slot)
    if keeps_account(memory, order):
        memory.accounts[order["account"]]["open_orders"] += 1
    note_open(memory, order)
    put(memory, slot, place)
    say_held(memory, events, order)


@leaf
def say_held(memory: Memory, events: EventBuffer, order: Any) -> None:
    """ORDER_HELD."""
    event = say_order(memory, events, order, EVENT_ORDER_HELD, 0, STATE_HELD, 0)
    if order["book"] == PLACE_TRIGGER:
        extra = memory.extras[order["extra"]]
        event["value"] = extra["trigger_price_ticks"]
        event["limit"] = extra["watermark_ticks"]


@leaf
def put(memory: Memory, slot: int, place: int) -> None:
    """Put a held order where it waits, with a new priority number."""
    world = memory.world[0]
    order = memory.orders[slot]
    world["priorities"] += 1
    order["priority"] = world["priorities"]
    order["book"] = place
    if place == PLACE_TRIGGER:
        arm(memory, slot)
    elif place == PLACE_RELEASED:
        link_released(memory, slot)


@leaf
def unput(memory: Memory, slot: int) -> None:
    """Take a held order from where it waits."""
    order = memory.orders[slot]
    if order["book"] == PLACE_TRIGGER:
        disarm(memory, slot)
    elif order["book"] == PLACE_RELEASED:
        unlink_released(memory, slot)


@leaf
def link_released(memory: Memory, slot: int) -> None:
    """Enter an order among its instrument's released ones, which stand in order of their ids."""
    order = memory.orders[slot]
    at = int64(order["extra"])
    record = memory.instruments[order["instrument"]]
    before = record["released_tail"]
    while before != 0 and memory.orders[memory.extras[before]["order"]]["order_id"] > order["order_id"]:
        before = int64(memory.extras[before]["prev"])
    if before == 0:
        after = record["released_head"]
        record["released_head"] = at
    else:
        after = int64(memory.extras[before]["next"])
        memory.extras[before]["next"] = at
    if after == 0:
        record["released_tail"] = at
    else:
        memory.extras[after]["prev"] = at
    memory.extras[at]["prev"] = before
    memory.extras[at]["next"] = after


@leaf
def unlink_released(memory: Memory, slot: int) -> None:
    """Undo `link_released`."""
    order = memory.orders[slot]
    extra = memory.extras[order["extra"]]
    record = memory.instruments[order["instrument"]]
    before = int64(extra["prev"])
    after = int64(extra["next"])
    if before == 0:
        record["released_head"] = after
    else:
        memory.extras[before]["next"] = after
    if after == 0:
        record["released_tail"] = before
    else:
        memory.extras[after]["prev"] = before


@hot
def forget_ids(memory: Memory, slot: int) -> None:
    """Take the order's ids out of the tables."""
    order = memory.orders[slot]
    delete_order_id(memory.by_order_id, order["order_id"], slot)
    if order["client_order_id"] != 0:
        delete_client_id(
            memory.by_client_id,
            int64(order["account"]),
            int64(order["instrument"]),
            order["client_order_id"],
            slot,
        )


@leaf
def withdraw_held(memory: Memory, slot: int) -> None:
    """Take a held order from where it waits, the tables and its account's count; its slot stays taken."""
    order = memory.orders[slot]
    unput(memory, slot)
    forget_ids(memory, slot)
    note_closed(memory, order)
    if keeps_account(memory, order):
        memory.accounts[order["account"]]["open_orders"] -= 1


@hot
def withdraw(memory: Memory, slot: int) -> None:
    """Take an open order out of its queue, the tables and its account's books; its slot stays taken."""
    order = memory.orders[slot]
    if order["book"] <= PLACE_LIVE:
        dequeue(memory, slot)
    elif order["book"] == PLACE_MARKET_QUEUE:
        unqueue_market(memory, slot)
    else:
        withdraw_held(memory, slot)
        return
    forget_ids(memory, slot)
    if order["special"] != 0:
        note_closed(memory, order)
    if keeps_account(memory, order):
        account = memory.accounts[order["account"]]
        account["open_orders"] -= 1
        account["reserved_micros"] -= order["reserved_micros"]
        order["reserved_micros"] = 0
        change_open_lots(memory, order, -order["leaves_lots"])


@hot
def end_alone(memory: Memory, events: EventBuffer, slot: int, kind: int, reason: int, state: int) -> None:
    """Cancel or expire an open order without a word to its group."""
    order = memory.orders[slot]
    withdraw(memory, slot)
    left = order["leaves_lots"]
    event = order_event(memory, events, order, kind, reason, state, left)
    event["leaves_lots"] = 0
    event["executed_lots"] = order["quantity_lots"] - left
    memory.instruments[order["instrument"]]["quote_due"] = 1
    release_slot(memory, slot)


@leaf
def reduce_open(memory: Memory, events: EventBuffer, slot: int, lots: int, reason: int) -> None:
    """Cancel part of an open order, which keeps its place."""
    order = memory.orders[slot]
    if is_held(order):
        order["leaves_lots"] -= lots
        order["quantity_lots"] -= lots
    else:
        take_off(memory, slot, lots)
        order["quantity_lots"] -= lots
        if keeps_account(memory, order):
            change_open_lots(memory, order, -lots)
            order["opening_lots"] = max(0, order["opening_lots"] - lots)
            reserve(memory, order)
    say_order(memory, events, order, EVENT_ORDER_REDUCED, reason, open_state(memory, order), lots)
    memory.instruments[order["instrument"]]["quote_due"] = 1


@hot
def take_off(memory: Memory, slot: int, lots: int) -> None:
    """Cancel part of what an order has in a book or market queue."""
    order = memory.orders[slot]
    if order["book"] == PLACE_MARKET_QUEUE:
        order["leaves_lots"] -= lots
        queue = memory.queues[int64(order["instrument"]) * 2 + int64(order["side"]) - 1]
        queue["lots"] -= lots
    else:
        shrink(memory, slot, lots, False)
