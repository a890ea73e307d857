"""Whether a command may pass: every check in the order of docs/rules.md, the first that fails refuses.

Checks return `(reason, value, limit)`; reason 0 means that all passed, and `value` is then the money required.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.domain.codes import (
    HOUSE_ACCOUNT,
    STREET_ACCOUNT,
    AccountFlag,
    AccountState,
    OrderFlag,
    OrderType,
    Phase,
    Reason,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from workbench.domain.memory import Memory
from workbench.engine.orders import position_number
from workbench.engine.sweep import could_trade
from workbench.jit import leaf
from workbench.ledger.cash import available, notional, reserve_fee
from workbench.matching.book import best_opposite, reaches
from workbench.matching.table import find_client_id, find_order_id
from workbench.risk.checks import closable, rate_wait, reachable_position, smaller_limit

BUY = int(Side.BUY)
SELL = int(Side.SELL)
MARKET = int(OrderType.MARKET)
LIMIT = int(OrderType.LIMIT)
DAY = int(TimeInForce.DAY)
GTC = int(TimeInForce.GTC)
IOC = int(TimeInForce.IOC)
FOK = int(TimeInForce.FOK)
DECREMENT = int(SelfTradePrevention.DECREMENT)
CLOSED = int(Phase.CLOSED)
SUSPENDED = int(AccountState.SUSPENDED)
SHORT_PERMITTED = int(AccountFlag.SHORT_PERMITTED)
CASH_CHECKED = int(AccountFlag.CASH_CHECKED)
POST_ONLY = int(OrderFlag.POST_ONLY)
HISTORICAL = int(OrderFlag.HISTORICAL)
QUANTITY_IS_LEAVES = int(OrderFlag.QUANTITY_IS_LEAVES)
LOSE_PRIORITY = int(OrderFlag.LOSE_PRIORITY)
NEW_FLAGS = POST_ONLY | HISTORICAL
REPLACE_FLAGS = QUANTITY_IS_LEAVES | LOSE_PRIORITY | HISTORICAL

TIME_BACKWARDS = int(Reason.TIME_BACKWARDS)
UNKNOWN_ACCOUNT = int(Reason.UNKNOWN_ACCOUNT)
UNKNOWN_INSTRUMENT = int(Reason.UNKNOWN_INSTRUMENT)
ACCOUNT_SUSPENDED = int(Reason.ACCOUNT_SUSPENDED)
MARKET_CLOSED = int(Reason.MARKET_CLOSED)
INVALID_SIDE = int(Reason.INVALID_SIDE)
INVALID_ORDER_TYPE = int(Reason.INVALID_ORDER_TYPE)
INVALID_TIME_IN_FORCE = int(Reason.INVALID_TIME_IN_FORCE)
INVALID_SELF_TRADE_PREVENTION = int(Reason.INVALID_SELF_TRADE_PREVENTION)
INVALID_FLAGS = int(Reason.INVALID_FLAGS)
INVALID_CLIENT_ORDER_ID = int(Reason.INVALID_CLIENT_ORDER_ID)
INVALID_QUANTITY = int(Reason.INVALID_QUANTITY)
QUANTITY_NOT_IN_INCREMENT = int(Reason.QUANTITY_NOT_IN_INCREMENT)
QUANTITY_TOO_LARGE = int(Reason.QUANTITY_TOO_LARGE)
INVALID_PRICE = int(Reason.INVALID_PRICE)
PRICE_NOT_IN_INCREMENT = int(Reason.PRICE_NOT_IN_INCREMENT)
PRICE_OUT_OF_BAND = int(Reason.PRICE_OUT_OF_BAND)
NOTIONAL_TOO_LARGE = int(Reason.NOTIONAL_TOO_LARGE)
ORDER_RATE = int(Reason.ORDER_RATE)
TOO_MANY_OPEN_ORDERS = int(Reason.TOO_MANY_OPEN_ORDERS)
DUPLICATE_CLIENT_ORDER_ID = int(Reason.DUPLICATE_CLIENT_ORDER_ID)
SHORT_SALE_NOT_PERMITTED = int(Reason.SHORT_SALE_NOT_PERMITTED)
POSITION_LIMIT = int(Reason.POSITION_LIMIT)
INSUFFICIENT_BUYING_POWER = int(Reason.INSUFFICIENT_BUYING_POWER)
POST_ONLY_WOULD_CROSS = int(Reason.POST_ONLY_WOULD_CROSS)
UNKNOWN_ORDER = int(Reason.UNKNOWN_ORDER)
NOT_ORDER_OWNER = int(Reason.NOT_ORDER_OWNER)
QUANTITY_BELOW_EXECUTED = int(Reason.QUANTITY_BELOW_EXECUTED)

MAX_TIME_NS = 1 << 62
"""Exchange time ends here (in the year 2116), so that adding an interval to it never overflows."""

MAX_TOTAL_LOTS = 1 << 62
"""Totals are counted up to here; more is refused anyway."""


@leaf
def check_time(memory: Memory, command: Any) -> tuple[int, int, int]:
    """The command's time must not be before the exchange's."""
    now = memory.world[0]["time_ns"]
    time_ns = command["time_ns"]
    if time_ns < now or time_ns > MAX_TIME_NS:
        return TIME_BACKWARDS, time_ns, now
    return 0, 0, 0


@leaf
def check_account(memory: Memory, account: int) -> tuple[int, int, int]:
    """The account must exist and may not be the house."""
    world = memory.world[0]
    if world["bare"] != 0:
        if account < 0:
            return UNKNOWN_ACCOUNT, np.int64(account), 0
        return 0, 0, 0
    if account < 0 or account >= world["accounts"] or account == HOUSE_ACCOUNT:
        return UNKNOWN_ACCOUNT, np.int64(account), world["accounts"]
    return 0, 0, 0


@leaf
def check_instrument(memory: Memory, instrument: int) -> tuple[int, int, int]:
    """The instrument must exist."""
    count = memory.world[0]["instruments"]
    if instrument < 0 or instrument >= count:
        return UNKNOWN_INSTRUMENT, np.int64(instrument), count
    return 0, 0, 0


@leaf
def has_limits(memory: Memory, account: int) -> bool:
    """Whether an account has limits at all."""
    return memory.world[0]["bare"] == 0 and account != STREET_ACCOUNT


@leaf
def check_codes(memory: Memory, command: Any) -> int:
    """Side, type, time in force, self-trade mode, flags and client order id of a new order; a reason or 0."""
    side = command["side"]
    order_type = command["order_type"]
    time_in_force = command["time_in_force"]
    flags = np.int64(command["flags"])
    if side != BUY and side != SELL:
        return INVALID_SIDE
    if order_type != MARKET and order_type != LIMIT:
        return INVALID_ORDER_TYPE
    unused = (
        command["trigger_price_ticks"]
        | command["display_lots"]
        | command["expire_time_ns"]
        | command["group_id"]
        | command["amount_micros"]
        | command["order_id"]
        | command["new_client_order_id"]
    )
    if unused != 0 or command["trigger_reference"] != 0:
        return INVALID_ORDER_TYPE
    at_once = time_in_force == IOC or time_in_force == FOK
    if not at_once and time_in_force != DAY and time_in_force != GTC:
        return INVALID_TIME_IN_FORCE
    if command["self_trade_prevention"] > DECREMENT:
        return INVALID_SELF_TRADE_PREVENTION
    if flags != 0:
        if flags & ~NEW_FLAGS:
            return INVALID_FLAGS
        if order_type != LIMIT or at_once or flags == NEW_FLAGS:
            return INVALID_FLAGS
        if flags == HISTORICAL and command["account"] != STREET_ACCOUNT:
            return INVALID_FLAGS
    if command["account"] == STREET_ACCOUNT and flags != HISTORICAL and memory.world[0]["frozen"] != 0:
        return INVALID_FLAGS
    if command["client_order_id"] < 0:
        return INVALID_CLIENT_ORDER_ID
    return 0


@leaf
def check_quantity(memory: Memory, instrument: Any, account: int, total_lots: int, historical: bool) -> tuple[int, int, int]:
    """Increment and maximum of an order's total quantity."""
    increment = instrument["quantity_increment_lots"]
    if increment != 1 and not historical and total_lots % increment != 0:
        return QUANTITY_NOT_IN_INCREMENT, total_lots, increment
    most = instrument["max_order_lots"]
    if has_limits(memory, account):
        most = smaller_limit(most, memory.accounts[account]["max_order_lots"])
    if total_lots > most:
        return QUANTITY_TOO_LARGE, total_lots, most
    return 0, 0, 0


@leaf
def check_price(instrument: Any, price_ticks: int, historical: bool) -> tuple[int, int, int]:
    """Increment and band of a limit price."""
    increment = instrument["price_increment_ticks"]
    if increment != 1 and not historical and price_ticks % increment != 0:
        return PRICE_NOT_IN_INCREMENT, price_ticks, increment
    low = instrument["window_low_ticks"] if historical else instrument["band_low_ticks"]
    high = instrument["window_high_ticks"] if historical else instrument["band_high_ticks"]
    if price_ticks < low:
        return PRICE_OUT_OF_BAND, price_ticks, low
    if price_ticks > high:
        return PRICE_OUT_OF_BAND, price_ticks, high
    return 0, 0, 0


@leaf
def check_notional(memory: Memory, instrument: Any, account: int, price_ticks: int, lots: int) -> tuple[int, int, int]:
    """Value of an order; `price_ticks` 0 means that there is no price to value it at."""
    if price_ticks == 0 or not has_limits(memory, account):
        return 0, 0, 0
    most = smaller_limit(
        instrument["max_order_notional_micros"], memory.accounts[account]["max_order_notional_micros"]
    )
    if most != 0:
        value = notional(instrument, price_ticks, lots)
        if value > most:
            return NOTIONAL_TOO_LARGE, value, most
    return 0, 0, 0


@leaf
def check_exposure(
    memory: Memory, slot: int, closing_lots: int, own_leaves: int, own_reserved: int
) -> tuple[int, int, int]:
    """Short sale, position limit and buying power of an order that is not yet in the book.

    `own_leaves` and `own_reserved` are what the order it replaces has open and reserved.
    """
    order = memory.orders[slot]
    number = np.int64(order["instrument"])
    instrument = memory.instruments[number]
    account = memory.accounts[order["account"]]
    position = memory.positions[position_number(memory, np.int64(order["account"]), number)]
    side = np.int64(order["side"])
    lots = order["leaves_lots"]
    opening = lots - closing_lots
    if side == SELL and opening > 0 and (account["flags"] & SHORT_PERMITTED) == 0:
        return SHORT_SALE_NOT_PERMITTED, opening, closing_lots
    limit = smaller_limit(account["position_limit_lots"], instrument["position_limit_lots"])
    if limit != 0:
        size = reachable_position(position, side, lots, own_leaves)
        if size > limit:
            return POSITION_LIMIT, size, limit
    if (account["flags"] & CASH_CHECKED) == 0 or opening == 0:
        return 0, 0, 0
    price = order["price_ticks"]
    counted = opening
    if order["order_type"] == MARKET:
        found, value = could_trade(memory, slot, lots, closing_lots)
        counted = max(0, found - closing_lots)
    else:
        if side == SELL:
            price = max(price, best_opposite(memory, number, side))
        value = notional(instrument, price, opening)
    required = value + reserve_fee(instrument, value, counted)
    free = available(account) + own_reserved
    if required > free and required > 0:
        return INSUFFICIENT_BUYING_POWER, required, free
    return 0, required, 0


@leaf
def check_post_only(memory: Memory, slot: int) -> tuple[int, int, int]:
    """A post-only order must not reach the other side."""
    order = memory.orders[slot]
    if order["flags"] & POST_ONLY:
        best = best_opposite(memory, np.int64(order["instrument"]), np.int64(order["side"]))
        if best != 0 and reaches(np.int64(order["side"]), order["price_ticks"], best):
            return POST_ONLY_WOULD_CROSS, order["price_ticks"], best
    return 0, 0, 0


@leaf
def check_new(memory: Memory, command: Any, slot: int) -> tuple[int, int, int]:
    """All checks of a new order; `slot` holds its record, whose opening part is set when they pass."""
    order = memory.orders[slot]
    number = np.int64(command["instrument"])
    account_number = np.int64(command["account"])
    lots = command["quantity_lots"]
    price = command["price_ticks"]
    historical = (command["flags"] & HISTORICAL) != 0
    limited = has_limits(memory, account_number)
    reason, value, limit = check_time(memory, command)
    if reason == 0:
        reason, value, limit = check_account(memory, account_number)
    if reason == 0:
        reason, value, limit = check_instrument(memory, number)
    if reason != 0:
        return reason, value, limit
    instrument = memory.instruments[number]
    if limited and memory.accounts[account_number]["state"] == SUSPENDED:
        return ACCOUNT_SUSPENDED, 0, 0
    if instrument["phase"] == CLOSED:
        return MARKET_CLOSED, 0, 0
    reason = check_codes(memory, command)
    if reason != 0:
        return reason, 0, 0
    if lots <= 0:
        return INVALID_QUANTITY, 0, 0
    reason, value, limit = check_quantity(memory, instrument, account_number, lots, historical)
    if reason != 0:
        return reason, value, limit
    if command["order_type"] == LIMIT:
        if price <= 0:
            return INVALID_PRICE, 0, 0
        reason, value, limit = check_price(instrument, price, historical)
        if reason != 0:
            return reason, value, limit
    else:
        if price != 0:
            return INVALID_PRICE, 0, 0
        price = best_opposite(memory, number, np.int64(command["side"]))
    reason, value, limit = check_notional(memory, instrument, account_number, price, lots)
    if reason != 0:
        return reason, value, limit
    if limited:
        account = memory.accounts[account_number]
        wait = rate_wait(account, command["time_ns"])
        if wait > 0:
            return ORDER_RATE, wait, 0
        most = account["max_open_orders"]
        if most != 0 and account["open_orders"] >= most:
            return TOO_MANY_OPEN_ORDERS, account["open_orders"], most
    client_id = command["client_order_id"]
    if client_id != 0:
        other = find_client_id(memory.by_client_id, memory.orders, account_number, number, client_id)
        if other != 0:
            return DUPLICATE_CLIENT_ORDER_ID, client_id, memory.orders[other]["order_id"]
    required = 0
    if limited:
        side = np.int64(command["side"])
        position = memory.positions[position_number(memory, account_number, number)]
        closing = min(lots, closable(position, side, 0))
        order["opening_lots"] = lots - closing
        reason, value, limit = check_exposure(memory, slot, closing, 0, 0)
        if reason != 0:
            return reason, value, limit
        required = value
    reason, value, limit = check_post_only(memory, slot)
    if reason != 0:
        return reason, value, limit
    return 0, required, 0


@leaf
def find_order(memory: Memory, command: Any) -> int:
    """Slot of the open order that a cancel, replace or execution names, whoever owns it; 0 if there is none."""
    order_id = command["order_id"]
    if order_id != 0:
        return find_order_id(memory.by_order_id, memory.orders, order_id)
    client_id = command["client_order_id"]
    if client_id == 0:
        return 0
    return find_client_id(
        memory.by_client_id,
        memory.orders,
        np.int64(command["account"]),
        np.int64(command["instrument"]),
        client_id,
    )


@leaf
def check_replace_terms(
    memory: Memory, command: Any, slot: int, total_lots: int, leaves_lots: int, price_ticks: int
) -> tuple[int, int, int]:
    """Quantity, price, value, rate and client order id of a replace."""
    order = memory.orders[slot]
    number = np.int64(order["instrument"])
    account_number = np.int64(order["account"])
    instrument = memory.instruments[number]
    historical = (command["flags"] & HISTORICAL) != 0
    executed = order["quantity_lots"] - order["leaves_lots"]
    if total_lots <= executed:
        return QUANTITY_BELOW_EXECUTED, total_lots, executed
    reason, value, limit = check_quantity(memory, instrument, account_number, total_lots, historical)
    if reason != 0:
        return reason, value, limit
    if command["price_ticks"] < 0:
        return INVALID_PRICE, 0, 0
    reason, value, limit = check_price(instrument, price_ticks, historical)
    if reason != 0:
        return reason, value, limit
    reason, value, limit = check_notional(memory, instrument, account_number, price_ticks, leaves_lots)
    if reason != 0:
        return reason, value, limit
    if has_limits(memory, account_number):
        wait = rate_wait(memory.accounts[account_number], command["time_ns"])
        if wait > 0:
            return ORDER_RATE, wait, 0
    new_id = command["new_client_order_id"]
    if new_id != 0 and new_id != order["client_order_id"]:
        other = find_client_id(memory.by_client_id, memory.orders, account_number, number, new_id)
        if other != 0:
            return DUPLICATE_CLIENT_ORDER_ID, new_id, memory.orders[other]["order_id"]
    return 0, 0, 0


@leaf
def check_replace_order(memory: Memory, command: Any) -> tuple[int, int, int]:
    """Who may replace what: returns (reason, value, limit), and the slot as `value` when it passes."""
    reason, value, limit = check_time(memory, command)
    if reason == 0:
        reason, value, limit = check_account(memory, np.int64(command["account"]))
    if reason != 0:
        return reason, value, limit
    slot = find_order(memory, command)
    if slot == 0:
        return UNKNOWN_ORDER, 0, 0
    order = memory.orders[slot]
    account = np.int64(command["account"])
    if order["account"] != account:
        return NOT_ORDER_OWNER, 0, 0
    if has_limits(memory, account) and memory.accounts[account]["state"] == SUSPENDED:
        return ACCOUNT_SUSPENDED, 0, 0
    if memory.instruments[order["instrument"]]["phase"] == CLOSED:
        return MARKET_CLOSED, 0, 0
    flags = np.int64(command["flags"])
    historical = (flags & HISTORICAL) != 0
    if flags & ~REPLACE_FLAGS or (historical and account != STREET_ACCOUNT):
        return INVALID_FLAGS, 0, 0
    if account == STREET_ACCOUNT and not historical and memory.world[0]["frozen"] != 0:
        return INVALID_FLAGS, 0, 0
    if command["new_client_order_id"] < 0:
        return INVALID_CLIENT_ORDER_ID, 0, 0
    if command["quantity_lots"] < 0:
        return INVALID_QUANTITY, 0, 0
    return 0, slot, 0
