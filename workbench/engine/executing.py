"""EXECUTE_ORDER: what history traded."""

from __future__ import annotations

from typing import Any

from workbench.domain.codes import (
    STREET_ACCOUNT,
)
from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import (
    BUY,
    EVENT_COMMAND_REJECTED,
    REASON_INVALID_PRICE,
    REASON_INVALID_QUANTITY,
    REASON_INVALID_SIDE,
    REASON_QUANTITY_TOO_LARGE,
    REASON_UNKNOWN_ACCOUNT,
    REASON_UNKNOWN_ORDER,
    SELL,
)
from workbench.engine.admit import (
    check_instrument,
    check_time,
    find_order,
)
from workbench.engine.emit import turned_down
from workbench.engine.history import (
    execute_frozen,
    execute_responsive,
    names_resting,
    write_aggressor,
)
from workbench.engine.orders import (
    release_slot,
)
from workbench.jit import int64, leaf


@leaf
def check_execution(memory: Memory, command: Any) -> tuple[int, int, int]:
    """What an COMMAND_EXECUTE_ORDER must satisfy."""
    reason, value, limit = check_time(memory, command)
    if reason != 0:
        return reason, value, limit
    if command["account"] != STREET_ACCOUNT:
        count = memory.world[0]["accounts"] if memory.world[0]["bare"] == 0 else 0
        return REASON_UNKNOWN_ACCOUNT, int64(command["account"]), count
    number = int64(command["instrument"])
    reason, value, limit = check_instrument(memory, number)
    if reason != 0:
        return reason, value, limit
    instrument = memory.instruments[number]
    side = command["side"]
    lots = command["quantity_lots"]
    price = command["price_ticks"]
    if side != BUY and side != SELL:
        return REASON_INVALID_SIDE, 0, 0
    if lots <= 0:
        return REASON_INVALID_QUANTITY, 0, 0
    if lots > instrument["max_order_lots"]:
        return REASON_QUANTITY_TOO_LARGE, lots, instrument["max_order_lots"]
    if price <= 0 or price < instrument["window_low_ticks"] or price > instrument["window_high_ticks"]:
        return REASON_INVALID_PRICE, 0, 0
    return 0, 0, 0


@leaf
def execute_order(memory: Memory, events: EventBuffer, command: Any) -> None:
    """EXECUTE_ORDER."""
    reason, value, limit = check_execution(memory, command)
    named = command["order_id"] != 0 or command["client_order_id"] != 0
    slot = 0
    if reason == 0 and named:
        slot = find_order(memory, command)
        if slot != 0 and not names_resting(memory, command, slot):
            slot = 0
        if slot == 0 and memory.world[0]["frozen"] != 0:
            reason = REASON_UNKNOWN_ORDER
    if reason != 0:
        turned_down(memory, events, command, EVENT_COMMAND_REJECTED, reason, value, limit)
        return
    aggressor = write_aggressor(memory, command)
    if memory.world[0]["frozen"] != 0:
        execute_frozen(memory, events, aggressor, slot)
    else:
        execute_responsive(memory, events, aggressor, slot, named)
    release_slot(memory, aggressor)
    memory.instruments[command["instrument"]]["quote_due"] = 1
