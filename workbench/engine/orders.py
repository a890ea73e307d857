"""An order's way into a book and out of it: slots, id tables, what its account has open and reserved."""

from __future__ import annotations

from typing import Any

from workbench.domain.codes import STREET_ACCOUNT
from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import (
    BUY,
    CASH_CHECKED,
    EVENT_ORDER_CANCELED,
    EVENT_ORDER_REDUCED,
    EVENT_ORDER_RESTED,
    STATE_CANCELED,
    STATE_NEW,
    STATE_PARTIALLY_FILLED,
)
from workbench.engine.emit import order_event
from workbench.jit import hot, int64, leaf
from workbench.ledger.cash import reservation
from workbench.matching.book import dequeue, enqueue, level_index, shrink, side_number
from workbench.matching.table import delete_client_id, delete_order_id, insert_client_id, insert_order_id

SELF_TRADE_FREE = STREET_ACCOUNT


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


@hot
def release_slot(memory: Memory, slot: int) -> None:
    """Give a slot back; an order id of 0 marks it as free."""
    world = memory.world[0]
    order = memory.orders[slot]
    order["order_id"] = 0
    order["next"] = world["free_order"]
    world["free_order"] = slot
    world["live_orders"] -= 1


@hot
def open_state(order: Any) -> int:
    """State of an order that is still open."""
    return STATE_NEW if order["leaves_lots"] == order["quantity_lots"] else STATE_PARTIALLY_FILLED


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
    if account["flags"] & CASH_CHECKED:
        instrument = memory.instruments[order["instrument"]]
        wanted = reservation(instrument, order["price_ticks"], order["opening_lots"])
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
    ahead = enqueue(memory, slot) + lots_ahead(memory, order)
    enter_ids(memory, slot)
    if keeps_account(memory, order):
        memory.accounts[order["account"]]["open_orders"] += 1
        change_open_lots(memory, order, order["leaves_lots"])
        order["opening_lots"] = min(order["opening_lots"], order["leaves_lots"])
        reserve(memory, order)
    order_event(memory, events, order, EVENT_ORDER_RESTED, 0, open_state(order), ahead)


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


@hot
def withdraw(memory: Memory, slot: int) -> None:
    """Take a resting order out of its queue, the tables and its account's books; its slot stays taken."""
    order = memory.orders[slot]
    dequeue(memory, slot)
    forget_ids(memory, slot)
    if keeps_account(memory, order):
        account = memory.accounts[order["account"]]
        account["open_orders"] -= 1
        account["reserved_micros"] -= order["reserved_micros"]
        order["reserved_micros"] = 0
        change_open_lots(memory, order, -order["leaves_lots"])


@hot
def end_resting(memory: Memory, events: EventBuffer, slot: int, kind: int, reason: int, state: int) -> None:
    """Cancel or expire a resting order."""
    order = memory.orders[slot]
    withdraw(memory, slot)
    left = order["leaves_lots"]
    event = order_event(memory, events, order, kind, reason, state, left)
    event["leaves_lots"] = 0
    event["executed_lots"] = order["quantity_lots"] - left
    release_slot(memory, slot)
    memory.instruments[order["instrument"]]["quote_due"] = 1


@leaf
def cancel_resting(memory: Memory, events: EventBuffer, slot: int, reason: int) -> None:
    """Cancel a resting order."""
    end_resting(memory, events, slot, EVENT_ORDER_CANCELED, reason, STATE_CANCELED)


@leaf
def reduce_resting(memory: Memory, events: EventBuffer, slot: int, lots: int, reason: int) -> None:
    """Cancel part of a resting order, which keeps its place."""
    order = memory.orders[slot]
    shrink(memory, slot, lots)
    order["quantity_lots"] -= lots
    if keeps_account(memory, order):
        change_open_lots(memory, order, -lots)
        order["opening_lots"] = max(0, order["opening_lots"] - lots)
        reserve(memory, order)
    order_event(memory, events, order, EVENT_ORDER_REDUCED, reason, open_state(order), lots)
    memory.instruments[order["instrument"]]["quote_due"] = 1


@leaf
def cancel_incoming(memory: Memory, events: EventBuffer, order: Any, reason: int) -> None:
    """Cancel what is left of an order that never rested; the caller releases its slot."""
    left = order["leaves_lots"]
    event = order_event(memory, events, order, EVENT_ORDER_CANCELED, reason, STATE_CANCELED, left)
    event["leaves_lots"] = 0
    event["executed_lots"] = order["quantity_lots"] - left
