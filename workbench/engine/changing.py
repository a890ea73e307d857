"""Cancels and replaces of open orders."""

from __future__ import annotations

from typing import Any

from workbench.domain.codes import (
    STREET_ACCOUNT,
)
from workbench.domain.memory import SPECIAL_EXTRA, SPECIAL_GROUP, SPECIAL_ICEBERG, EventBuffer, Memory
from workbench.domain.numbers import (
    EVENT_CANCEL_REJECTED,
    EVENT_ORDER_REPLACED,
    EVENT_REPLACE_REJECTED,
    HISTORICAL,
    LIMIT,
    LOSE_PRIORITY,
    PLACE_TRIGGER,
    QUANTITY_IS_LEAVES,
    REASON_BY_REQUEST,
    REASON_INVALID_QUANTITY,
    REASON_NOT_ORDER_OWNER,
    REASON_UNKNOWN_ORDER,
    STATE_REPLACED,
    TRAILING_STOP,
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
    leg_leaves,
    leg_reserved,
)
from workbench.engine.emit import order_event, terms_event, turned_down
from workbench.engine.entering import enter
from workbench.engine.exposure import report_breaches
from workbench.engine.groups import cancel_open
from workbench.engine.history import (
    diverge,
)
from workbench.engine.orders import (
    change_open_lots,
    enter_ids,
    forget_ids,
    is_held,
    keeps_account,
    position_number,
    put,
    reduce_open,
    reserve,
    rest,
    say_held,
    take_off,
    unput,
    withdraw,
)
from workbench.engine.terms import has_limits, replaced_value_price
from workbench.jit import hot, int64, leaf
from workbench.matching.triggers import trailing_price
from workbench.risk.checks import closable, take_token

NONE = -1
KEPT = PRIORITY_KEPT
HAS_EXTRA = SPECIAL_EXTRA
ICEBERG = SPECIAL_ICEBERG
IN_GROUP = SPECIAL_GROUP
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
        cancel_open(memory, events, slot, REASON_BY_REQUEST)
    else:
        reduce_open(memory, events, slot, lots, REASON_BY_REQUEST)
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
    display = command["display_lots"]
    held = is_held(order)
    keeps = (
        price == order["price_ticks"]
        and leaves <= order["leaves_lots"]
        and (command["flags"] & LOSE_PRIORITY) == 0
        and (display == 0 or display == order["display_lots"])
        and not held
    )
    if reason == 0 and not keeps and leaves > 0:
        reason, value, limit = check_successor(memory, command, slot, total, leaves, price)
    if reason != 0:
        turned_down(memory, events, command, EVENT_REPLACE_REJECTED, reason, value, limit)
        return NONE
    if leaves <= 0:
        diverge(memory, number, lots)
        cancel_open(memory, events, slot, REASON_BY_REQUEST)
        return number
    if missed > 0:
        diverge(memory, number, missed)
    if has_limits(memory, int64(order["account"])):
        take_token(memory.accounts[order["account"]], command["time_ns"])
    old_price = order["price_ticks"]
    if succeed(memory, events, command, slot, total, leaves, price, keeps):
        if order["book"] == 0 and memory.world[0]["frozen"] != 0 and price == old_price:
            # History only queued again at its price: nobody new is reached.
            rest(memory, events, slot)
        else:
            enter(memory, events, slot)
    return number


@leaf
def check_successor(
    memory: Memory, command: Any, slot: int, total: int, leaves: int, price: int
) -> tuple[int, int, int]:
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
    held = is_held(order)
    if keeps_account(memory, order) and (not held or order["book"] == PLACE_TRIGGER):
        position = memory.positions[
            position_number(memory, int64(order["account"]), int64(order["instrument"]))
        ]
        own_leaves = int64(0)
        own_reserved = order["reserved_micros"]
        if not held:
            own_leaves = old_leaves
        if order["special"] & IN_GROUP:
            own_leaves += leg_leaves(memory, slot)
            own_reserved += leg_reserved(memory, slot)
        closing = min(leaves, closable(position, int64(order["side"]), own_leaves))
        valued = price if price != 0 else replaced_value_price(memory, command, slot)
        reason, value, limit = check_exposure(
            memory,
            slot,
            closing,
            own_leaves,
            own_reserved,
            False,
            valued,
            order["order_type"] <= LIMIT or not held,
        )
    if reason == 0:
        reason, value, limit = check_post_only(memory, slot)
    order["quantity_lots"] = old_total
    order["leaves_lots"] = old_leaves
    order["price_ticks"] = old_price
    return reason, value, limit


@leaf
def change_terms(memory: Memory, command: Any, slot: int) -> None:
    """Take over the rarer terms that a replace gives; the order is in no book and not armed."""
    order = memory.orders[slot]
    display = command["display_lots"]
    if display != 0:
        order["display_lots"] = display
        order["special"] |= ICEBERG
    if (order["special"] & HAS_EXTRA) == 0:
        return
    extra = memory.extras[order["extra"]]
    price = command["trigger_price_ticks"]
    micros = command["amount_micros"]
    if order["order_type"] == TRAILING_STOP:
        if (price | micros) != 0:
            extra["trail_ticks"] = price
            extra["trail_micros"] = micros
        number = int64(order["instrument"])
        watermark = extra["watermark_ticks"]
        extra["trigger_price_ticks"] = trailing_price(memory, number, int64(order["side"]), extra, watermark)
    elif price != 0:
        extra["trigger_price_ticks"] = price


@leaf
def say_terms(memory: Memory, events: EventBuffer, order: Any) -> None:
    """ORDER_TERMS of a successor, if it has any."""
    trigger = int64(0)
    micros = int64(0)
    expire = int64(0)
    group_id = int64(0)
    place = int64(0)
    if order["special"] & HAS_EXTRA:
        extra = memory.extras[order["extra"]]
        micros = extra["trail_micros"]
        expire = extra["expire_time_ns"]
        group_id = extra["group_id"]
        place = extra["group_place"]
        if order["order_type"] == TRAILING_STOP:
            trigger = extra["trail_ticks"]
        elif order["order_type"] > LIMIT:
            trigger = extra["trigger_price_ticks"]
    display = order["display_lots"]
    if (trigger | micros | display | expire | group_id | place) != 0:
        terms_event(memory, events, order, trigger, micros, display, expire, group_id, place)


@leaf
def succeed(
    memory: Memory,
    events: EventBuffer,
    command: Any,
    slot: int,
    total: int,
    leaves: int,
    price: int,
    keeps: bool,
) -> bool:
    """Replace an order by its successor in the same slot; returns whether that is still to be entered."""
    world = memory.world[0]
    order = memory.orders[slot]
    held = is_held(order)
    world["orders"] += 1
    if keeps:
        forget_ids(memory, slot)
        removed = order["leaves_lots"] - leaves
        if removed > 0:
            take_off(memory, slot, removed)
            if keeps_account(memory, order):
                change_open_lots(memory, order, -removed)
                order["opening_lots"] = max(0, order["opening_lots"] - removed)
                reserve(memory, order)
    elif held:
        unput(memory, slot)
        forget_ids(memory, slot)
    else:
        withdraw(memory, slot)
    order["quantity_lots"] = total
    order["leaves_lots"] = leaves
    order["price_ticks"] = price
    if command["new_client_order_id"] != 0:
        order["client_order_id"] = command["new_client_order_id"]
    event = order_event(memory, events, order, EVENT_ORDER_REPLACED, 0, STATE_REPLACED, 0)
    event["successor_order_id"] = world["orders"]
    if keeps:
        event["flags"] |= KEPT
    order["order_id"] = world["orders"]
    memory.instruments[order["instrument"]]["quote_due"] = 1
    if not keeps:
        change_terms(memory, command, slot)
    if command["expire_time_ns"] != 0:
        memory.extras[order["extra"]]["expire_time_ns"] = command["expire_time_ns"]
        world["alarm_ns"] = min(world["alarm_ns"], command["expire_time_ns"])
    if order["special"] != 0:
        say_terms(memory, events, order)
    if keeps:
        enter_ids(memory, slot)
        return False
    if held:
        enter_ids(memory, slot)
        put(memory, slot, int64(order["book"]))
        say_held(memory, events, order)
        return False
    if keeps_account(memory, order):
        position = memory.positions[
            position_number(memory, int64(order["account"]), int64(order["instrument"]))
        ]
        own_leaves = leg_leaves(memory, slot) if order["special"] & IN_GROUP else int64(0)
        closing = min(leaves, closable(position, int64(order["side"]), own_leaves))
        order["opening_lots"] = leaves - closing
        if world["exposures"] != 0:
            report_breaches(memory, events, slot, own_leaves)
    return True
