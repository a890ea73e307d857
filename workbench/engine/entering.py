"""New orders: checked, matched, rested."""

from __future__ import annotations

from typing import Any

from workbench.domain.codes import (
    STREET_ACCOUNT,
)
from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import (
    EVENT_ORDER_APPROVED,
    EVENT_ORDER_CREATED,
    EVENT_ORDER_REJECTED,
    FOK,
    HISTORICAL,
    IOC,
    MARKET,
    REASON_FILL_OR_KILL,
    REASON_IMMEDIATE_OR_CANCEL,
    REASON_NO_LIQUIDITY,
    STATE_NEW,
    STATE_PENDING_NEW,
    STATE_REJECTED,
)
from workbench.engine.admit import (
    check_new,
    has_limits,
)
from workbench.engine.emit import order_event, refused
from workbench.engine.orders import (
    cancel_incoming,
    release_slot,
    rest,
    take_slot,
)
from workbench.engine.sweep import could_trade, match, match_frozen, match_history, meet_live_orders
from workbench.jit import hot, int64, leaf
from workbench.risk.checks import take_token


@hot
def write_order(memory: Memory, command: Any, slot: int) -> None:
    """Fill a slot's record from a COMMAND_NEW_ORDER."""
    world = memory.world[0]
    order = memory.orders[slot]
    world["orders"] += 1
    order["order_id"] = world["orders"]
    order["client_order_id"] = command["client_order_id"]
    order["account"] = command["account"]
    order["instrument"] = command["instrument"]
    order["side"] = command["side"]
    order["order_type"] = command["order_type"]
    order["time_in_force"] = command["time_in_force"]
    order["self_trade_prevention"] = command["self_trade_prevention"]
    order["flags"] = command["flags"]
    order["book"] = 1 if world["frozen"] != 0 and command["account"] != STREET_ACCOUNT else 0
    order["price_ticks"] = command["price_ticks"]
    order["quantity_lots"] = command["quantity_lots"]
    order["leaves_lots"] = command["quantity_lots"]
    order["reserved_micros"] = 0
    order["opening_lots"] = 0
    order["taken_lots"] = 0
    order["time_ns"] = world["time_ns"]
    order["display_lots"] = 0
    order["trigger_price_ticks"] = 0
    order["group"] = 0


@leaf
def enter(memory: Memory, events: EventBuffer, slot: int) -> None:
    """Match an order whose slot is taken, then rest or cancel what is left of it."""
    order = memory.orders[slot]
    if order["book"] == 1:
        ended = match_frozen(memory, events, slot)
    elif order["flags"] & HISTORICAL:
        ended = False
        if memory.world[0]["frozen"] != 0:
            meet_live_orders(memory, events, slot)
        else:
            match_history(memory, events, slot)
    else:
        ended = match(memory, events, slot)
    if ended or order["leaves_lots"] == 0:
        release_slot(memory, slot)
    elif order["order_type"] == MARKET:
        cancel_incoming(memory, events, order, REASON_NO_LIQUIDITY)
        release_slot(memory, slot)
    elif order["time_in_force"] == IOC:
        cancel_incoming(memory, events, order, REASON_IMMEDIATE_OR_CANCEL)
        release_slot(memory, slot)
    else:
        rest(memory, events, slot)
        memory.instruments[order["instrument"]]["quote_due"] = 1


@hot
def new_order(memory: Memory, events: EventBuffer, command: Any) -> None:
    """NEW_ORDER."""
    slot = take_slot(memory)
    write_order(memory, command, slot)
    order = memory.orders[slot]
    order_event(memory, events, order, EVENT_ORDER_CREATED, 0, STATE_PENDING_NEW, 0)
    reason, value, limit = check_new(memory, command, slot)
    if reason != 0:
        refused(
            memory,
            events,
            command,
            EVENT_ORDER_REJECTED,
            reason,
            STATE_REJECTED,
            order["order_id"],
            value,
            limit,
        )
        release_slot(memory, slot)
        return
    if has_limits(memory, int64(command["account"])):
        take_token(memory.accounts[command["account"]], command["time_ns"])
        order_event(memory, events, order, EVENT_ORDER_APPROVED, 0, STATE_NEW, value)
    if command["time_in_force"] == FOK:
        found, _ = could_trade(memory, slot, order["leaves_lots"], 0)
        if found < order["leaves_lots"]:
            cancel_incoming(memory, events, order, REASON_FILL_OR_KILL)
            release_slot(memory, slot)
            return
    enter(memory, events, slot)
