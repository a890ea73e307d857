"""The limits of accounts, as they are changed while the market runs."""

from __future__ import annotations

from typing import Any

from workbench.domain.commands import ALL
from workbench.domain.config import FIRST_TRADER
from workbench.domain.limits import NS_PER_SECOND
from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import (
    LIMITS_MAX_DAILY_LOSS,
    LIMITS_MAX_DRAWDOWN,
    LIMITS_MAX_OPEN_ORDERS,
    LIMITS_MAX_ORDER_LOTS,
    LIMITS_MAX_ORDER_NOTIONAL,
    LIMITS_ORDER_BURST,
    LIMITS_ORDERS_PER_SECOND,
    LIMITS_POSITION_LIMIT_LOTS,
    MARGIN,
    REASON_INVALID_LIMIT,
    REASON_UNKNOWN_LIMIT,
)
from workbench.domain.units import LARGEST
from workbench.engine.accounts import equity
from workbench.engine.cash import check_trader
from workbench.engine.emit import limit_event
from workbench.jit import int64, leaf

EVERY = ALL
TRADERS = FIRST_TRADER
MOST = LARGEST
SECOND = NS_PER_SECOND
FIRST_KIND = LIMITS_MAX_ORDER_LOTS
LAST_KIND = LIMITS_MAX_DRAWDOWN


@leaf
def is_money(kind: int) -> bool:
    """Whether a limit is counted in micros."""
    return kind == LIMITS_MAX_ORDER_NOTIONAL or kind == LIMITS_MAX_DAILY_LOSS or kind == LIMITS_MAX_DRAWDOWN


@leaf
def interval_of(orders_per_second: int) -> int:
    """Nanoseconds after which one more order is allowed; 0 without a limit."""
    return 0 if orders_per_second == 0 else SECOND // orders_per_second


@leaf
def check_value(kind: int, value: int) -> tuple[int, int, int]:
    """Bounds of a limit by itself."""
    most = SECOND if kind == LIMITS_ORDERS_PER_SECOND else MOST
    least = 1 if kind == LIMITS_ORDER_BURST else 0
    if value > most:
        return REASON_INVALID_LIMIT, value, most
    if value < least:
        return REASON_INVALID_LIMIT, value, least
    return 0, 0, 0


@leaf
def check_rate(account: Any, kind: int, value: int) -> tuple[int, int, int]:
    """Rate and burst of an account must go together when one of them is changed."""
    if kind != LIMITS_ORDERS_PER_SECOND and kind != LIMITS_ORDER_BURST:
        return 0, 0, 0
    per_second = value if kind == LIMITS_ORDERS_PER_SECOND else int64(account["orders_per_second"])
    burst = value if kind == LIMITS_ORDER_BURST else int64(account["order_burst"])
    interval = interval_of(per_second)
    if interval != 0 and burst > MOST // interval:
        return REASON_INVALID_LIMIT, burst, MOST // interval
    return 0, 0, 0


@leaf
def put_limit(account: Any, kind: int, value: int) -> int:
    """Set a limit; returns what it was."""
    if kind == LIMITS_MAX_ORDER_LOTS:
        before = account["max_order_lots"]
        account["max_order_lots"] = value
    elif kind == LIMITS_MAX_ORDER_NOTIONAL:
        before = account["max_order_notional_micros"]
        account["max_order_notional_micros"] = value
    elif kind == LIMITS_POSITION_LIMIT_LOTS:
        before = account["position_limit_lots"]
        account["position_limit_lots"] = value
    elif kind == LIMITS_MAX_OPEN_ORDERS:
        before = account["max_open_orders"]
        account["max_open_orders"] = value
    elif kind == LIMITS_ORDERS_PER_SECOND:
        before = account["orders_per_second"]
        account["orders_per_second"] = value
        account["rate_interval_ns"] = interval_of(value)
    elif kind == LIMITS_ORDER_BURST:
        before = account["order_burst"]
        account["order_burst"] = value
    elif kind == LIMITS_MAX_DAILY_LOSS:
        before = account["max_daily_loss_micros"]
        account["max_daily_loss_micros"] = value
    else:
        before = account["max_drawdown_micros"]
        account["max_drawdown_micros"] = value
    return before


@leaf
def watch(memory: Memory, number: int) -> int:
    """Begin or cease to watch an account, as its limits want; returns the equity it begins with, or 0."""
    account = memory.accounts[number]
    wanted = (
        (account["flags"] & MARGIN) != 0
        or account["max_daily_loss_micros"] != 0
        or account["max_drawdown_micros"] != 0
    )
    if wanted == (account["monitored"] != 0):
        return 0
    worth = equity(memory, number) if wanted else int64(0)
    account["monitored"] = 1 if wanted else 0
    account["moved"] = 0
    account["peak_equity_micros"] = worth
    account["day_start_equity_micros"] = worth
    memory.world[0]["monitored"] += 1 if wanted else -1
    return worth


@leaf
def set_limit(memory: Memory, events: EventBuffer, command: Any) -> tuple[int, int, int]:
    """SET_LIMIT."""
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
    kind = int64(command["group_place"])
    if kind < FIRST_KIND or kind > LAST_KIND:
        return REASON_UNKNOWN_LIMIT, kind, 0
    wanted = int64(command["amount_micros"]) if is_money(kind) else int64(command["quantity_lots"])
    reason, value, limit = check_value(kind, wanted)
    if reason != 0:
        return reason, value, limit
    for number in range(first, last + 1):
        reason, value, limit = check_rate(memory.accounts[number], kind, wanted)
        if reason != 0:
            return reason, value, limit
    for number in range(first, last + 1):
        before = put_limit(memory.accounts[number], kind, wanted)
        worth = watch(memory, number)
        event = limit_event(memory, events, number, kind)
        event["value"] = wanted
        event["previous_value"] = before
        event["equity_micros"] = worth
    return 0, 0, 0
