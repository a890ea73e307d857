"""Commands that name no single order: mass cancels, suspensions, phases, bands, the clock."""

from __future__ import annotations

from typing import Any

from workbench.domain.config import FIRST_TRADER
from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import (
    ACTIVE,
    CLOSED,
    COMMAND_CLOCK,
    COMMAND_KILL_SWITCH,
    COMMAND_MASS_CANCEL,
    COMMAND_REINSTATE_ACCOUNT,
    COMMAND_SET_PHASE,
    COMMAND_SET_PRICE_BAND,
    COMMAND_SUSPEND_ACCOUNT,
    DAY,
    EVENT_ACCOUNT_REINSTATED,
    EVENT_ACCOUNT_SUSPENDED,
    EVENT_COMMAND_REJECTED,
    EVENT_ORDER_CANCELED,
    EVENT_ORDER_EXPIRED,
    EVENT_PHASE_CHANGED,
    EVENT_PRICE_BAND_CHANGED,
    REASON_END_OF_DAY,
    REASON_INVALID_FLAGS,
    REASON_KILL_SWITCH,
    REASON_MASS_CANCEL,
    REASON_UNKNOWN_ACCOUNT,
    REASON_UNKNOWN_COMMAND,
    STATE_CANCELED,
    STATE_EXPIRED,
    SUSPENDED,
)
from workbench.engine.admit import (
    check_account,
    check_instrument,
    check_time,
)
from workbench.engine.emit import market_event, quote_event, turned_down
from workbench.engine.orders import (
    end_resting,
)
from workbench.engine.room import band_reason
from workbench.jit import hot, int64, leaf

ALL = -1
CLOSING = 2
TRADERS = FIRST_TRADER


@hot
def publish(memory: Memory, events: EventBuffer, number: int) -> None:
    """QUOTE, where a command touched an instrument."""
    instrument = memory.instruments[number]
    if instrument["quote_due"] != 0:
        instrument["quote_due"] = 0
        quote_event(memory, events, number)


@leaf
def collect(memory: Memory, account: int, instrument: int, only_day: bool) -> int:
    """Slots of open orders into `scratch`, in order of their ids; returns how many.

    Of an account (ALL: of all traders) in an instrument (ALL: in all); with `only_day` instead the DAY orders
    of every account in the instruments whose `quote_due` is 2.
    """
    scratch = memory.scratch
    count = 0
    for slot in range(1, memory.world[0]["used_orders"] + 1):
        order = memory.orders[slot]
        if order["order_id"] == 0:
            continue
        if only_day:
            chosen = (
                order["time_in_force"] == DAY
                and memory.instruments[order["instrument"]]["quote_due"] == CLOSING
            )
        elif account == ALL:
            chosen = order["account"] >= TRADERS
        else:
            chosen = order["account"] == account and (instrument == ALL or order["instrument"] == instrument)
        if chosen:
            scratch[count] = slot
            count += 1
    start = count // 2 - 1
    while start >= 0:
        sift(memory, start, count)
        start -= 1
    last = count - 1
    while last > 0:
        first = scratch[0]
        scratch[0] = scratch[last]
        scratch[last] = first
        sift(memory, 0, last)
        last -= 1
    return count


@leaf
def sift(memory: Memory, start: int, size: int) -> None:
    """Restore the heap of `scratch` (largest order id first) below `start`."""
    scratch = memory.scratch
    orders = memory.orders
    parent = start
    slot = scratch[parent]
    key = orders[slot]["order_id"]
    while True:
        child = 2 * parent + 1
        if child >= size:
            break
        if child + 1 < size and orders[scratch[child]]["order_id"] < orders[scratch[child + 1]]["order_id"]:
            child += 1
        other = scratch[child]
        if orders[other]["order_id"] <= key:
            break
        scratch[parent] = other
        parent = child
    scratch[parent] = slot


@leaf
def end_collected(
    memory: Memory, events: EventBuffer, count: int, kind: int, reason: int, state: int
) -> None:
    """Cancel or expire the orders that were collected."""
    for i in range(count):
        end_resting(memory, events, memory.scratch[i], kind, reason, state)


@leaf
def mass_cancel(memory: Memory, events: EventBuffer, command: Any) -> tuple[int, int, int]:
    """MASS_CANCEL."""
    account = int64(command["account"])
    instrument = int64(command["instrument"])
    reason, value, limit = check_account(memory, account)
    if reason == 0 and instrument != ALL:
        reason, value, limit = check_instrument(memory, instrument)
    if reason == 0:
        count = collect(memory, account, instrument, False)
        end_collected(memory, events, count, EVENT_ORDER_CANCELED, REASON_MASS_CANCEL, STATE_CANCELED)
    return reason, value, limit


@leaf
def set_account_state(memory: Memory, events: EventBuffer, account: int, kind: int, state: int) -> None:
    """Suspend or reinstate one trader."""
    memory.accounts[account]["state"] = state
    market_event(memory, events, kind, account, ALL, 0, 0, 0)


@leaf
def change_account(memory: Memory, events: EventBuffer, command: Any) -> tuple[int, int, int]:
    """SUSPEND_ACCOUNT, COMMAND_REINSTATE_ACCOUNT and COMMAND_KILL_SWITCH."""
    world = memory.world[0]
    if world["bare"] != 0:
        return REASON_UNKNOWN_COMMAND, 0, 0
    kind = command["kind"]
    account = int64(command["account"])
    everyone = kind == COMMAND_KILL_SWITCH and account == ALL
    if not everyone and (account < TRADERS or account >= world["accounts"]):
        return REASON_UNKNOWN_ACCOUNT, account, world["accounts"]
    if kind == COMMAND_REINSTATE_ACCOUNT:
        set_account_state(memory, events, account, EVENT_ACCOUNT_REINSTATED, ACTIVE)
    elif kind == COMMAND_SUSPEND_ACCOUNT:
        set_account_state(memory, events, account, EVENT_ACCOUNT_SUSPENDED, SUSPENDED)
    else:
        first = TRADERS if everyone else account
        last = world["accounts"] - 1 if everyone else account
        for number in range(first, last + 1):
            set_account_state(memory, events, number, EVENT_ACCOUNT_SUSPENDED, SUSPENDED)
        count = collect(memory, account, ALL, False)
        end_collected(memory, events, count, EVENT_ORDER_CANCELED, REASON_KILL_SWITCH, STATE_CANCELED)
    return 0, 0, 0


@leaf
def say_market(memory: Memory, events: EventBuffer, number: int, kind: int) -> None:
    """PHASE_CHANGED or EVENT_PRICE_BAND_CHANGED."""
    instrument = memory.instruments[number]
    low = instrument["band_low_ticks"]
    high = instrument["band_high_ticks"]
    market_event(memory, events, kind, 0, number, instrument["phase"], low, high)


@leaf
def set_phase(memory: Memory, events: EventBuffer, command: Any) -> tuple[int, int, int]:
    """SET_PHASE."""
    number = int64(command["instrument"])
    phase = int64(command["flags"])
    if number != ALL:
        reason, value, limit = check_instrument(memory, number)
        if reason != 0:
            return reason, value, limit
    if phase > CLOSED:
        return REASON_INVALID_FLAGS, 0, 0
    first = 0 if number == ALL else number
    last = memory.world[0]["instruments"] - 1 if number == ALL else number
    for i in range(first, last + 1):
        instrument = memory.instruments[i]
        if instrument["phase"] != phase:
            instrument["phase"] = phase
            instrument["quote_due"] = CLOSING
            say_market(memory, events, i, EVENT_PHASE_CHANGED)
    if phase == CLOSED:
        count = collect(memory, ALL, ALL, True)
        end_collected(memory, events, count, EVENT_ORDER_EXPIRED, REASON_END_OF_DAY, STATE_EXPIRED)
    return 0, 0, 0


@leaf
def set_price_band(memory: Memory, events: EventBuffer, command: Any) -> tuple[int, int, int]:
    """SET_PRICE_BAND; the ladder already holds it."""
    reason, value, limit = band_reason(memory, command)
    if reason != 0:
        return reason, value, limit
    instrument = memory.instruments[command["instrument"]]
    low = command["price_ticks"]
    high = command["trigger_price_ticks"]
    instrument["band_low_ticks"] = low
    instrument["band_high_ticks"] = high
    instrument["window_low_ticks"] = min(instrument["window_low_ticks"], low)
    instrument["window_high_ticks"] = max(instrument["window_high_ticks"], high)
    say_market(memory, events, int64(command["instrument"]), EVENT_PRICE_BAND_CHANGED)
    return 0, 0, 0


@leaf
def control(memory: Memory, events: EventBuffer, command: Any) -> None:
    """Every command that names no single order."""
    kind = command["kind"]
    reason, value, limit = check_time(memory, command)
    if reason == 0:
        if kind == COMMAND_MASS_CANCEL:
            reason, value, limit = mass_cancel(memory, events, command)
        elif (
            kind == COMMAND_SUSPEND_ACCOUNT
            or kind == COMMAND_REINSTATE_ACCOUNT
            or kind == COMMAND_KILL_SWITCH
        ):
            reason, value, limit = change_account(memory, events, command)
        elif kind == COMMAND_SET_PHASE:
            reason, value, limit = set_phase(memory, events, command)
        elif kind == COMMAND_SET_PRICE_BAND:
            reason, value, limit = set_price_band(memory, events, command)
        elif kind != COMMAND_CLOCK:
            reason = REASON_UNKNOWN_COMMAND
    if reason != 0:
        turned_down(memory, events, command, EVENT_COMMAND_REJECTED, reason, value, limit)
    for number in range(memory.world[0]["instruments"]):
        publish(memory, events, number)
