"""Liquidation: the exchange closes what a margin account holds after a call was not met."""

from __future__ import annotations

from workbench.domain.config import FIRST_TRADER
from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import (
    BUY,
    CONTINUOUS,
    EVENT_LIQUIDATION,
    EVENT_ORDER_APPROVED,
    EVENT_ORDER_CREATED,
    IOC,
    MARKET,
    REASON_LIQUIDATION,
    SELL,
    STATE_NEW,
    STATE_PENDING_NEW,
)
from workbench.domain.records import LIQUIDATION
from workbench.engine.accounts import equity, margins, unrealised
from workbench.engine.emit import account_event, say_order
from workbench.engine.entering import enter
from workbench.engine.monitoring import cancel_all
from workbench.engine.orders import home, position_number, take_extra, take_slot
from workbench.jit import int64, leaf
from workbench.ledger.fees import fees_of

BY_EXCHANGE = LIQUIDATION
TRADERS = FIRST_TRADER


@leaf
def liquidate_all(memory: Memory, events: EventBuffer) -> None:
    """Liquidate every account whose call has passed its deadline and is not met."""
    world = memory.world[0]
    for account in range(TRADERS, world["accounts"]):
        record = memory.accounts[account]
        if record["margin_call"] == 0 or record["call_deadline_ns"] > world["time_ns"]:
            continue
        if equity(memory, account) < margins(memory, account, False):
            cancel_all(memory, events, account, REASON_LIQUIDATION)
            for number in range(world["instruments"]):
                memory.instruments[number]["tried"] = 0
            while True:
                slot = next_to_close(memory, events, account)
                if slot == 0:
                    break
                enter(memory, events, slot)


@leaf
def next_to_close(memory: Memory, events: EventBuffer, account: int) -> int:
    """The order that closes the largest loss not tried yet; 0 when there is none, or margin enough."""
    worth = equity(memory, account)
    needed = margins(memory, account, False)
    if worth >= needed:
        return int64(0)
    chosen = int64(-1)
    worst = int64(0)
    for number in range(memory.world[0]["instruments"]):
        instrument = memory.instruments[number]
        position = memory.positions[position_number(memory, account, number)]
        if position["position_lots"] == 0 or instrument["tried"] != 0 or instrument["phase"] != CONTINUOUS:
            continue
        gain = unrealised(instrument, position)
        if chosen < 0 or gain < worst:
            chosen = int64(number)
            worst = gain
    if chosen < 0:
        return int64(0)
    memory.instruments[chosen]["tried"] = 1
    slot = closing_order(memory, account, chosen)
    order = memory.orders[slot]
    event = account_event(memory, events, EVENT_LIQUIDATION, 0, account, chosen)
    event["value"] = worst
    event["equity_micros"] = worth
    event["requirement_micros"] = needed
    event["deadline_ns"] = memory.accounts[account]["call_deadline_ns"]
    event["order_id"] = order["order_id"]
    say_order(memory, events, order, EVENT_ORDER_CREATED, 0, STATE_PENDING_NEW, 0)
    say_order(memory, events, order, EVENT_ORDER_APPROVED, 0, STATE_NEW, 0)
    return slot


@leaf
def closing_order(memory: Memory, account: int, number: int) -> int:
    """Slot of a market order for a whole position."""
    world = memory.world[0]
    lots = memory.positions[position_number(memory, account, number)]["position_lots"]
    slot = take_slot(memory)
    order = memory.orders[slot]
    world["orders"] += 1
    order["order_id"] = world["orders"]
    order["client_order_id"] = 0
    order["account"] = account
    order["instrument"] = number
    order["side"] = SELL if lots > 0 else BUY
    order["order_type"] = MARKET
    order["time_in_force"] = IOC
    order["self_trade_prevention"] = 0
    order["flags"] = BY_EXCHANGE
    order["book"] = home(memory, order)
    order["special"] = 0
    order["price_ticks"] = 0
    order["quantity_lots"] = abs(lots)
    order["leaves_lots"] = abs(lots)
    order["reserved_micros"] = 0
    order["opening_lots"] = 0
    order["taken_lots"] = 0
    order["time_ns"] = world["time_ns"]
    order["display_lots"] = 0
    order["shown_lots"] = 0
    order["extra"] = 0
    if fees_of(memory, account, number)["order_fees"] != 0:
        take_extra(memory, slot)
    return slot
