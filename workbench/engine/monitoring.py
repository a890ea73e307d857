"""Accounts that are watched: daily loss, drawdown and margin calls."""

from __future__ import annotations

from typing import Any

from workbench.domain.commands import ALL
from workbench.domain.config import FIRST_TRADER
from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import (
    ACTIVE,
    EVENT_ACCOUNT_SUSPENDED,
    EVENT_DAY_STARTED,
    EVENT_MARGIN_CALL,
    EVENT_MARGIN_CALL_MET,
    EVENT_ORDER_CANCELED,
    MARGIN,
    REASON_DAILY_LOSS,
    REASON_DRAWDOWN,
    STATE_CANCELED,
    SUSPENDED,
)
from workbench.engine.accounts import equity, margins
from workbench.engine.cash import check_trader
from workbench.engine.emit import account_event
from workbench.engine.sorting import OF_ACCOUNT, collect, end_collected
from workbench.jit import int64, leaf

TRADERS = FIRST_TRADER
EVERY = ALL


@leaf
def cancel_all(memory: Memory, events: EventBuffer, account: int, reason: int) -> None:
    """Cancel an account's open orders."""
    count = collect(memory, account, EVERY, OF_ACCOUNT)
    end_collected(memory, events, count, EVENT_ORDER_CANCELED, reason, STATE_CANCELED)


@leaf
def lost_too_much(account: Any, worth: int) -> tuple[int, int, int]:
    """Whether an account has lost more since the start of its day, or from its peak, than it may."""
    limit = account["max_daily_loss_micros"]
    lost = account["day_start_equity_micros"] - worth
    if limit != 0 and lost > limit:
        return REASON_DAILY_LOSS, lost, limit
    limit = account["max_drawdown_micros"]
    lost = account["peak_equity_micros"] - worth
    if limit != 0 and lost > limit:
        return REASON_DRAWDOWN, lost, limit
    return 0, 0, 0


@leaf
def check_margin(memory: Memory, events: EventBuffer, account: int, worth: int) -> None:
    """Open a margin call, or close it when it is met."""
    record = memory.accounts[account]
    needed = margins(memory, account, False)
    called = 1 if worth < needed else 0
    if called == record["margin_call"]:
        return
    record["margin_call"] = called
    record["call_deadline_ns"] = memory.world[0]["time_ns"] + record["margin_grace_ns"] if called else 0
    kind = EVENT_MARGIN_CALL if called else EVENT_MARGIN_CALL_MET
    event = account_event(memory, events, kind, 0, account, EVERY)
    event["equity_micros"] = worth
    event["requirement_micros"] = needed
    event["deadline_ns"] = record["call_deadline_ns"]


@leaf
def evaluate(memory: Memory, events: EventBuffer, account: int) -> None:
    """Look at one monitored account."""
    record = memory.accounts[account]
    worth = equity(memory, account)
    record["peak_equity_micros"] = max(record["peak_equity_micros"], worth)
    if record["state"] == ACTIVE:
        reason, value, limit = lost_too_much(record, worth)
        if reason != 0:
            record["state"] = SUSPENDED
            event = account_event(memory, events, EVENT_ACCOUNT_SUSPENDED, reason, account, EVERY)
            event["value"] = value
            event["limit"] = limit
            event["equity_micros"] = worth
            cancel_all(memory, events, account, reason)
    if record["flags"] & MARGIN:
        check_margin(memory, events, account, worth)


@leaf
def evaluate_moved(memory: Memory, events: EventBuffer, everyone: bool) -> None:
    """Look at the monitored accounts that have moved since they were last looked at, or at all."""
    world = memory.world[0]
    world["moved"] = 0
    for account in range(TRADERS, world["accounts"]):
        record = memory.accounts[account]
        if record["monitored"] != 0 and (everyone or record["moved"] != 0):
            record["moved"] = 0
            evaluate(memory, events, account)


@leaf
def begin_anew(memory: Memory, account: int) -> None:
    """A reinstated account has its losses behind it."""
    record = memory.accounts[account]
    if record["monitored"] != 0:
        worth = equity(memory, account)
        record["peak_equity_micros"] = worth
        record["day_start_equity_micros"] = worth


@leaf
def start_day(memory: Memory, events: EventBuffer, command: Any) -> tuple[int, int, int]:
    """START_DAY."""
    account = int64(command["account"])
    first = account
    last = account
    if account == EVERY:
        first = int64(TRADERS)
        last = memory.world[0]["accounts"] - 1
    else:
        reason, value, limit = check_trader(memory, account)
        if reason != 0:
            return reason, value, limit
    for number in range(first, last + 1):
        record = memory.accounts[number]
        if record["monitored"] != 0:
            worth = equity(memory, number)
            record["day_start_equity_micros"] = worth
            event = account_event(memory, events, EVENT_DAY_STARTED, 0, number, EVERY)
            event["equity_micros"] = worth
    return 0, 0, 0
