"""Cancels and replaces of open orders."""

from __future__ import annotations

from typing import Any

from workbench.domain.codes import (
    STREET_ACCOUNT,
)
from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import (
    EVENT_CANCEL_REJECTED,
    EVENT_ORDER_REPLACED,
    EVENT_REPLACE_REJECTED,
    HISTORICAL,
    LOSE_PRIORITY,
    QUANTITY_IS_LEAVES,
    REASON_BY_REQUEST,
    REASON_INVALID_QUANTITY,
    REASON_NOT_ORDER_OWNER,
    REASON_UNKNOWN_ORDER,
    STATE_REPLACED,
)
from workbench.domain.records import PRIORITY_KEPT
from workbench.engine.admit import (
    check_account,
    check_exposure,
    check_post_only,
    check_replace_order,
    check_replace_terms,
    check_time,
    find_order,
    has_limits,
)
from workbench.engine.emit import order_event, turned_down
from workbench.engine.entering import enter
from workbench.engine.history import (
    diverge,
)
from workbench.engine.orders import (
    cancel_resting,
    change_open_lots,
    enter_ids,
    forget_ids,
    keeps_account,
    position_number,
    reduce_resting,
    reserve,
    rest,
    withdraw,
)
from workbench.jit import hot, int64, leaf
from workbench.matching.book import shrink
from workbench.risk.checks import closable, take_token

NONE = -1
KEPT = PRIORITY_KEPT
MAX_TOTAL_LOTS = 1 << 62


@hot
def cancel_order(memory: Memory, events: EventBuffer, command: Any) -> int:
    """CANCEL_ORDER; returns the instrument it touched, or NONE."""
    follows = follows_history(memory, command)
    lots = command["quantity_lots"]
    reason, value, limit = check_time(memory, command)
    if reason == 0:
        reason, value, limit = check_account(memory, int64(command["account"]))
    slot = 0
    if reason == 0:
        if lots < 0:
            reason = REASON_INVALID_QUANTITY
        else:
            slot = find_order(memory, command)
            if slot == 0:
                reason = REASON_UNKNOWN_ORDER
                named = int64(command["instrument"])
                if follows and named >= 0 and named < memory.world[0]["instruments"]:
                    diverge(memory, named, lots)
            elif memory.orders[slot]["account"] != command["account"]:
                reason = REASON_NOT_ORDER_OWNER
    if reason != 0:
        turned_down(memory, events, command, EVENT_CANCEL_REJECTED, reason, value, limit)
        return NONE
    order = memory.orders[slot]
    number = int64(order["instrument"])
    leaves = order["leaves_lots"]
    if follows and lots > leaves:
        diverge(memory, number, lots - leaves)
    if lots == 0 or lots >= leaves:
        cancel_resting(memory, events, slot, REASON_BY_REQUEST)
    else:
        reduce_resting(memory, events, slot, lots, REASON_BY_REQUEST)
    return number


@hot
def follows_history(memory: Memory, command: Any) -> bool:
    """Whether a command is history in a market that our orders can move."""
    historical = (command["flags"] & HISTORICAL) != 0 and command["account"] == STREET_ACCOUNT
    return historical and memory.world[0]["frozen"] == 0


@leaf
def replace_order(memory: Memory, events: EventBuffer, command: Any) -> int:
    """REPLACE_ORDER; returns the instrument it touched, or NONE."""
    reason, value, limit = check_replace_order(memory, command)
    follows = follows_history(memory, command)
    slot = value
    lots = command["quantity_lots"]
    if reason != 0:
        named = int64(command["instrument"])
        if (
            reason == REASON_UNKNOWN_ORDER
            and follows
            and named >= 0
            and named < memory.world[0]["instruments"]
        ):
            diverge(memory, named, max(lots, 0))
        turned_down(memory, events, command, EVENT_REPLACE_REJECTED, reason, value, limit)
        return NONE
    order = memory.orders[slot]
    number = int64(order["instrument"])
    executed = order["quantity_lots"] - order["leaves_lots"]
    price = command["price_ticks"] if command["price_ticks"] != 0 else order["price_ticks"]
    # A historical replace says what history knows to be open, of which live orders may have taken some.
    gives_leaves = follows and lots > 0 and (command["flags"] & QUANTITY_IS_LEAVES) != 0
    missed = max(0, order["taken_lots"]) if gives_leaves else 0
    if lots == 0:
        total = order["quantity_lots"]
    elif command["flags"] & QUANTITY_IS_LEAVES:
        total = executed + min(lots, MAX_TOTAL_LOTS) - missed
    else:
        total = lots
    leaves = total - executed
    reason, value, limit = check_replace_terms(memory, command, slot, total, leaves, price, gives_leaves)
    keeps = (
        price == order["price_ticks"]
        and leaves <= order["leaves_lots"]
        and (command["flags"] & LOSE_PRIORITY) == 0
    )
    if reason == 0 and not keeps and leaves > 0:
        reason, value, limit = check_successor(memory, slot, total, leaves, price)
    if reason != 0:
        turned_down(memory, events, command, EVENT_REPLACE_REJECTED, reason, value, limit)
        return NONE
    if leaves <= 0:
        diverge(memory, number, lots)
        cancel_resting(memory, events, slot, REASON_BY_REQUEST)
        return number
    if missed > 0:
        diverge(memory, number, missed)
    if has_limits(memory, int64(order["account"])):
        take_token(memory.accounts[order["account"]], command["time_ns"])
    succeed(memory, events, slot, command["new_client_order_id"], total, leaves, price, keeps)
    return number


@leaf
def check_successor(memory: Memory, slot: int, total: int, leaves: int, price: int) -> tuple[int, int, int]:
    """Checks of a replace that loses priority, on the order as it would be; the order is left as it was."""
    order = memory.orders[slot]
    old_total = order["quantity_lots"]
    old_leaves = order["leaves_lots"]
    old_price = order["price_ticks"]
    order["quantity_lots"] = total
    order["leaves_lots"] = leaves
    order["price_ticks"] = price
    reason = 0
    value = 0
    limit = 0
    if keeps_account(memory, order):
        position = memory.positions[
            position_number(memory, int64(order["account"]), int64(order["instrument"]))
        ]
        closing = min(leaves, closable(position, int64(order["side"]), old_leaves))
        reason, value, limit = check_exposure(memory, slot, closing, old_leaves, order["reserved_micros"])
    if reason == 0:
        reason, value, limit = check_post_only(memory, slot)
    order["quantity_lots"] = old_total
    order["leaves_lots"] = old_leaves
    order["price_ticks"] = old_price
    return reason, value, limit


@leaf
def succeed(
    memory: Memory,
    events: EventBuffer,
    slot: int,
    new_client_id: int,
    total: int,
    leaves: int,
    price: int,
    keeps: bool,
) -> None:
    """Replace an order by its successor in the same slot."""
    world = memory.world[0]
    order = memory.orders[slot]
    old_price = order["price_ticks"]
    world["orders"] += 1
    if keeps:
        forget_ids(memory, slot)
        removed = order["leaves_lots"] - leaves
        if removed > 0:
            shrink(memory, slot, removed)
            if keeps_account(memory, order):
                change_open_lots(memory, order, -removed)
                order["opening_lots"] = max(0, order["opening_lots"] - removed)
                reserve(memory, order)
    else:
        withdraw(memory, slot)
    order["quantity_lots"] = total
    order["leaves_lots"] = leaves
    order["price_ticks"] = price
    if new_client_id != 0:
        order["client_order_id"] = new_client_id
    event = order_event(memory, events, order, EVENT_ORDER_REPLACED, 0, STATE_REPLACED, 0)
    event["successor_order_id"] = world["orders"]
    if keeps:
        event["flags"] |= KEPT
    order["order_id"] = world["orders"]
    memory.instruments[order["instrument"]]["quote_due"] = 1
    if keeps:
        enter_ids(memory, slot)
        return
    if keeps_account(memory, order):
        position = memory.positions[
            position_number(memory, int64(order["account"]), int64(order["instrument"]))
        ]
        order["opening_lots"] = leaves - min(leaves, closable(position, int64(order["side"]), 0))
    if order["book"] == 0 and world["frozen"] != 0 and price == old_price:
        # History only queued again at its price: nobody new is reached.
        rest(memory, events, slot)
    else:
        enter(memory, events, slot)
