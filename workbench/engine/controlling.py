"""Commands that name no single order: mass cancels, suspensions, limits, phases, money, session, clock."""

from __future__ import annotations

from typing import Any

from workbench.domain.config import FIRST_TRADER
from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import (
    ACTIVE,
    COMMAND_ANNOUNCE,
    COMMAND_BUST_TRADE,
    COMMAND_CLOCK,
    COMMAND_CROSS_ORDERS,
    COMMAND_DIVIDEND,
    COMMAND_FINE,
    COMMAND_KILL_SWITCH,
    COMMAND_MASS_CANCEL,
    COMMAND_REINSTATE_ACCOUNT,
    COMMAND_RESTRICT_SHORT_SALES,
    COMMAND_SCHEDULE_PHASE,
    COMMAND_SET_AUCTION_COLLAR,
    COMMAND_SET_FEE,
    COMMAND_SET_LIMIT,
    COMMAND_SET_PHASE,
    COMMAND_SET_PRICE_BAND,
    COMMAND_SET_SESSION_STATE,
    COMMAND_SPLIT,
    COMMAND_START_DAY,
    COMMAND_SUSPEND_ACCOUNT,
    COMMAND_TRANSFER_CASH,
    EVENT_ACCOUNT_REINSTATED,
    EVENT_ACCOUNT_SUSPENDED,
    EVENT_AUCTION_COLLAR_CHANGED,
    EVENT_COMMAND_REJECTED,
    EVENT_ORDER_CANCELED,
    EVENT_PHASE_SCHEDULED,
    EVENT_PRICE_BAND_CHANGED,
    EVENT_SHORT_SALE_RESTRICTION_CHANGED,
    HALTED,
    REASON_INVALID_EXPIRE_TIME,
    REASON_INVALID_FLAGS,
    REASON_INVALID_PRICE,
    REASON_KILL_SWITCH,
    REASON_MASS_CANCEL,
    REASON_UNKNOWN_ACCOUNT,
    REASON_UNKNOWN_COMMAND,
    STATE_CANCELED,
    SUSPENDED,
)
from workbench.domain.times import MAX_TIME_NS
from workbench.engine.account_fees import set_fee
from workbench.engine.account_limits import set_limit
from workbench.engine.accounts import sample_all
from workbench.engine.accruals import accrue
from workbench.engine.admit import (
    check_account,
    check_instrument,
    check_time,
)
from workbench.engine.busting import bust_trade
from workbench.engine.corporate import split
from workbench.engine.crossing import cross_orders
from workbench.engine.emit import account_event, market_event, turned_down
from workbench.engine.liquidating import liquidate_all
from workbench.engine.money import dividend, move_cash
from workbench.engine.monitoring import begin_anew, evaluate_moved, start_day
from workbench.engine.phases import expire_day_orders
from workbench.engine.room import band_reason
from workbench.engine.session_state import announce, set_session_state
from workbench.engine.sorting import ALL, OF_ACCOUNT, collect, end_collected
from workbench.engine.timing import enter_phase
from workbench.jit import int64, leaf

TRADERS = FIRST_TRADER


@leaf
def mass_cancel(memory: Memory, events: EventBuffer, command: Any) -> tuple[int, int, int]:
    """MASS_CANCEL."""
    account = int64(command["account"])
    instrument = int64(command["instrument"])
    reason, value, limit = check_account(memory, account)
    if reason == 0 and instrument != ALL:
        reason, value, limit = check_instrument(memory, instrument)
    if reason == 0:
        count = collect(memory, account, instrument, OF_ACCOUNT)
        end_collected(memory, events, count, EVENT_ORDER_CANCELED, REASON_MASS_CANCEL, STATE_CANCELED)
    return reason, value, limit


@leaf
def set_account_state(memory: Memory, events: EventBuffer, account: int, kind: int, state: int) -> None:
    """Suspend or reinstate one trader."""
    memory.accounts[account]["state"] = state
    if state == ACTIVE:
        begin_anew(memory, account)
    account_event(memory, events, kind, 0, account, ALL)


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
        count = collect(memory, account, ALL, OF_ACCOUNT)
        end_collected(memory, events, count, EVENT_ORDER_CANCELED, REASON_KILL_SWITCH, STATE_CANCELED)
    return 0, 0, 0


@leaf
def check_phase(memory: Memory, command: Any) -> tuple[int, int, int]:
    """Instrument and phase of SET_PHASE and SCHEDULE_PHASE."""
    number = int64(command["instrument"])
    if number != ALL:
        reason, value, limit = check_instrument(memory, number)
        if reason != 0:
            return reason, value, limit
    if int64(command["flags"]) > HALTED:
        return REASON_INVALID_FLAGS, 0, 0
    return 0, 0, 0


@leaf
def set_phase(memory: Memory, events: EventBuffer, command: Any) -> tuple[int, int, int]:
    """SET_PHASE."""
    reason, value, limit = check_phase(memory, command)
    if reason != 0:
        return reason, value, limit
    number = int64(command["instrument"])
    first = 0 if number == ALL else number
    last = memory.world[0]["instruments"] - 1 if number == ALL else number
    for i in range(first, last + 1):
        instrument = memory.instruments[i]
        instrument["schedule_phase"] = 0
        instrument["schedule_time_ns"] = 0
        enter_phase(memory, events, i, int64(command["flags"]), 0)
    expire_day_orders(memory, events)
    return 0, 0, 0


@leaf
def schedule_phase(memory: Memory, events: EventBuffer, command: Any) -> tuple[int, int, int]:
    """SCHEDULE_PHASE."""
    reason, value, limit = check_phase(memory, command)
    if reason != 0:
        return reason, value, limit
    world = memory.world[0]
    time_ns = command["expire_time_ns"]
    if time_ns != 0 and (time_ns <= world["time_ns"] or time_ns > MAX_TIME_NS):
        return REASON_INVALID_EXPIRE_TIME, time_ns, world["time_ns"]
    number = int64(command["instrument"])
    first = 0 if number == ALL else number
    last = world["instruments"] - 1 if number == ALL else number
    for i in range(first, last + 1):
        instrument = memory.instruments[i]
        instrument["schedule_phase"] = int64(command["flags"]) if time_ns != 0 else 0
        instrument["schedule_time_ns"] = time_ns
        market_event(memory, events, EVENT_PHASE_SCHEDULED, 0, i)
    if time_ns != 0:
        world["alarm_ns"] = min(world["alarm_ns"], time_ns)
    return 0, 0, 0


@leaf
def restrict_short_sales(memory: Memory, events: EventBuffer, command: Any) -> tuple[int, int, int]:
    """RESTRICT_SHORT_SALES."""
    number = int64(command["instrument"])
    if number != ALL:
        reason, value, limit = check_instrument(memory, number)
        if reason != 0:
            return reason, value, limit
    restricted = int64(command["flags"])
    if restricted > 1:
        return REASON_INVALID_FLAGS, 0, 0
    first = 0 if number == ALL else number
    last = memory.world[0]["instruments"] - 1 if number == ALL else number
    for i in range(first, last + 1):
        if memory.instruments[i]["short_sales_restricted"] != restricted:
            memory.instruments[i]["short_sales_restricted"] = restricted
            market_event(memory, events, EVENT_SHORT_SALE_RESTRICTION_CHANGED, 0, i)
    return 0, 0, 0


@leaf
def set_auction_collar(memory: Memory, events: EventBuffer, command: Any) -> tuple[int, int, int]:
    """SET_AUCTION_COLLAR."""
    number = int64(command["instrument"])
    reason, value, limit = check_instrument(memory, number)
    if reason != 0:
        return reason, value, limit
    low = command["price_ticks"]
    high = command["trigger_price_ticks"]
    if (low | high) != 0 and (low < 1 or low > high):
        return REASON_INVALID_PRICE, 0, 0
    instrument = memory.instruments[number]
    instrument["collar_low_ticks"] = low
    instrument["collar_high_ticks"] = high
    instrument["quote_due"] = 1
    event = market_event(memory, events, EVENT_AUCTION_COLLAR_CHANGED, 0, number)
    event["limit_down_ticks"] = low
    event["limit_up_ticks"] = high
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
    market_event(memory, events, EVENT_PRICE_BAND_CHANGED, 0, int64(command["instrument"]))
    return 0, 0, 0


@leaf
def control(memory: Memory, events: EventBuffer, command: Any) -> None:
    """Every command that names no single order."""
    world = memory.world[0]
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
        elif kind == COMMAND_SCHEDULE_PHASE:
            reason, value, limit = schedule_phase(memory, events, command)
        elif kind == COMMAND_CROSS_ORDERS:
            reason, value, limit = cross_orders(memory, events, command)
        elif kind == COMMAND_RESTRICT_SHORT_SALES:
            reason, value, limit = restrict_short_sales(memory, events, command)
        elif kind == COMMAND_SET_AUCTION_COLLAR:
            reason, value, limit = set_auction_collar(memory, events, command)
        elif kind == COMMAND_SET_PRICE_BAND:
            reason, value, limit = set_price_band(memory, events, command)
        elif kind == COMMAND_SET_SESSION_STATE:
            reason, value, limit = set_session_state(memory, events, command)
        elif kind == COMMAND_ANNOUNCE:
            reason, value, limit = announce(memory, events, command)
        elif kind == COMMAND_CLOCK:
            # What is due has been done.
            if world["bare"] == 0:
                if world["accrues"] != 0:
                    accrue(memory, events)
                if world["excursions"] != 0:
                    sample_all(memory)
                if world["monitored"] != 0:
                    evaluate_moved(memory, events, True)
                    liquidate_all(memory, events)
        elif world["bare"] != 0:
            reason = REASON_UNKNOWN_COMMAND
        elif kind == COMMAND_TRANSFER_CASH or kind == COMMAND_FINE:
            reason, value, limit = move_cash(memory, events, command)
        elif kind == COMMAND_DIVIDEND:
            reason, value, limit = dividend(memory, events, command)
        elif kind == COMMAND_SPLIT:
            reason, value, limit = split(memory, events, command)
        elif kind == COMMAND_START_DAY:
            reason, value, limit = start_day(memory, events, command)
        elif kind == COMMAND_SET_LIMIT:
            reason, value, limit = set_limit(memory, events, command)
        elif kind == COMMAND_SET_FEE:
            reason, value, limit = set_fee(memory, events, command)
        elif kind == COMMAND_BUST_TRADE:
            reason, value, limit = bust_trade(memory, events, command)
        else:
            reason = REASON_UNKNOWN_COMMAND
    if reason != 0:
        turned_down(memory, events, command, EVENT_COMMAND_REJECTED, reason, value, limit)
