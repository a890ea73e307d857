"""Whether a command may pass: every check in the order of docs/rules.md, the first that fails refuses.

Checks return `(reason, value, limit)`; reason 0 means that all passed, and `value` is then the money
required.
"""

from __future__ import annotations

from typing import Any

from workbench.domain.codes import (
    HOUSE_ACCOUNT,
    STREET_ACCOUNT,
)
from workbench.domain.memory import SPECIAL_EXTRA, SPECIAL_GROUP, Memory
from workbench.domain.numbers import (
    BUY,
    CASH_CHECKED,
    CLOSED,
    CONTINUOUS,
    GROUP_CHILD,
    HALTED,
    HISTORICAL,
    LIMIT,
    LIMIT_IF_TOUCHED,
    LOSE_PRIORITY,
    MARGIN,
    MARKET,
    POST_ONLY,
    QUANTITY_IS_LEAVES,
    REASON_ACCOUNT_SUSPENDED,
    REASON_DUPLICATE_CLIENT_ORDER_ID,
    REASON_INSTRUMENT_HALTED,
    REASON_INSUFFICIENT_BUYING_POWER,
    REASON_INVALID_CLIENT_ORDER_ID,
    REASON_INVALID_FLAGS,
    REASON_INVALID_PRICE,
    REASON_INVALID_QUANTITY,
    REASON_MARKET_CLOSED,
    REASON_NOT_ORDER_OWNER,
    REASON_NOTIONAL_TOO_LARGE,
    REASON_ORDER_RATE,
    REASON_POSITION_LIMIT,
    REASON_POST_ONLY_WOULD_CROSS,
    REASON_PRICE_NOT_IN_INCREMENT,
    REASON_PRICE_OUT_OF_BAND,
    REASON_QUANTITY_BELOW_EXECUTED,
    REASON_QUANTITY_NOT_IN_INCREMENT,
    REASON_QUANTITY_TOO_LARGE,
    REASON_REDUCE_ONLY_WOULD_OPEN,
    REASON_SHORT_SALE_NOT_PERMITTED,
    REASON_SHORT_SALE_RESTRICTED,
    REASON_TIME_BACKWARDS,
    REASON_TOO_MANY_OPEN_ORDERS,
    REASON_UNKNOWN_ACCOUNT,
    REASON_UNKNOWN_INSTRUMENT,
    REASON_UNKNOWN_ORDER,
    REDUCE_ONLY,
    SELL,
    SHORT_PERMITTED,
    STOP_LIMIT,
    SUSPENDED,
)
from workbench.domain.times import MAX_TIME_NS
from workbench.engine.accounts import free_margin
from workbench.engine.exposure import check_groups
from workbench.engine.groups import resting_leg
from workbench.engine.orders import position_number
from workbench.engine.sweep import could_trade
from workbench.engine.terms import (
    auction_value,
    check_codes,
    check_new_terms,
    check_terms,
    has_limits,
    replaced_value_price,
    value_price,
)
from workbench.jit import hot, int64, leaf
from workbench.ledger.cash import available, notional, reserve_fee
from workbench.ledger.fees import fees_of
from workbench.ledger.marks import margin_required
from workbench.matching.book import best_opposite, reaches, side_number
from workbench.matching.table import find_client_id, find_order_id
from workbench.risk.checks import closable, rate_wait, reachable_position, smaller_limit

REPLACE_FLAGS = QUANTITY_IS_LEAVES | LOSE_PRIORITY | HISTORICAL
HAS_EXTRA = SPECIAL_EXTRA
IN_GROUP = SPECIAL_GROUP


@hot
def check_time(memory: Memory, command: Any) -> tuple[int, int, int]:
    """The command's time must not be before the exchange's."""
    now = memory.world[0]["time_ns"]
    time_ns = command["time_ns"]
    if time_ns < now or time_ns > MAX_TIME_NS:
        return REASON_TIME_BACKWARDS, time_ns, now
    return 0, 0, 0


@hot
def check_account(memory: Memory, account: int) -> tuple[int, int, int]:
    """The account must exist and may not be the house."""
    world = memory.world[0]
    if world["bare"] != 0:
        if account < 0:
            return REASON_UNKNOWN_ACCOUNT, int64(account), 0
        return 0, 0, 0
    if account < 0 or account >= world["accounts"] or account == HOUSE_ACCOUNT:
        return REASON_UNKNOWN_ACCOUNT, int64(account), world["accounts"]
    return 0, 0, 0


@hot
def check_instrument(memory: Memory, instrument: int) -> tuple[int, int, int]:
    """The instrument must exist."""
    count = memory.world[0]["instruments"]
    if instrument < 0 or instrument >= count:
        return REASON_UNKNOWN_INSTRUMENT, int64(instrument), count
    return 0, 0, 0


@hot
def check_quantity(
    memory: Memory, instrument: Any, account: int, total_lots: int, historical: bool
) -> tuple[int, int, int]:
    """Increment and maximum of an order's total quantity."""
    increment = instrument["quantity_increment_lots"]
    if increment != 1 and not historical and total_lots % increment != 0:
        return REASON_QUANTITY_NOT_IN_INCREMENT, total_lots, increment
    most = instrument["max_order_lots"]
    if has_limits(memory, account):
        most = smaller_limit(most, memory.accounts[account]["max_order_lots"])
    if total_lots > most:
        return REASON_QUANTITY_TOO_LARGE, total_lots, most
    return 0, 0, 0


@hot
def check_price(instrument: Any, price_ticks: int, historical: bool) -> tuple[int, int, int]:
    """Increment and band of a limit price."""
    increment = instrument["price_increment_ticks"]
    if increment != 1 and not historical and price_ticks % increment != 0:
        return REASON_PRICE_NOT_IN_INCREMENT, price_ticks, increment
    low = instrument["window_low_ticks"] if historical else instrument["band_low_ticks"]
    high = instrument["window_high_ticks"] if historical else instrument["band_high_ticks"]
    if price_ticks < low:
        return REASON_PRICE_OUT_OF_BAND, price_ticks, low
    if price_ticks > high:
        return REASON_PRICE_OUT_OF_BAND, price_ticks, high
    return 0, 0, 0


@hot
def check_notional(
    memory: Memory, instrument: Any, account: int, price_ticks: int, lots: int
) -> tuple[int, int, int]:
    """Value of an order; `price_ticks` 0 means that there is no price to value it at."""
    if price_ticks == 0 or not has_limits(memory, account):
        return 0, 0, 0
    most = smaller_limit(
        instrument["max_order_notional_micros"], memory.accounts[account]["max_order_notional_micros"]
    )
    if most != 0:
        value = notional(instrument, price_ticks, lots)
        if value > most:
            return REASON_NOTIONAL_TOO_LARGE, value, most
    return 0, 0, 0


@leaf
def leg_leaves(memory: Memory, slot: int) -> int:
    """What the order's other leg has open in a book on the same side; it is checked as if that were gone."""
    leg = resting_leg(memory, slot)
    return 0 if leg == 0 else memory.orders[leg]["leaves_lots"]


@leaf
def leg_reserved(memory: Memory, slot: int) -> int:
    """What the order's other leg has reserved."""
    leg = resting_leg(memory, slot)
    return 0 if leg == 0 else memory.orders[leg]["reserved_micros"]


@hot
def check_exposure(
    memory: Memory,
    slot: int,
    closing_lots: int,
    own_leaves: int,
    own_reserved: int,
    by_walk: bool,
    value_ticks: int,
    active: bool,
) -> tuple[int, int, int]:
    """The account checks of an order that is not yet in the book.

    `own_leaves` and `own_reserved` are what the order it replaces, or its other leg, has open and reserved.
    The order is valued at `value_ticks` or, `by_walk`, by what it would trade now. `active`: it does not wait
    for a trigger.
    """
    order = memory.orders[slot]
    number = int64(order["instrument"])
    instrument = memory.instruments[number]
    account = memory.accounts[order["account"]]
    position = memory.positions[position_number(memory, int64(order["account"]), number)]
    side = int64(order["side"])
    lots = order["leaves_lots"]
    opening = lots - closing_lots
    if opening > 0 and order["flags"] & REDUCE_ONLY:
        return REASON_REDUCE_ONLY_WOULD_OPEN, opening, closing_lots
    if side == SELL and opening > 0 and (account["flags"] & SHORT_PERMITTED) == 0:
        return REASON_SHORT_SALE_NOT_PERMITTED, opening, closing_lots
    if side == SELL and opening > 0 and active and instrument["short_sales_restricted"] != 0:
        bid = memory.sides[side_number(number, 0, BUY)]["best_ticks"]
        if instrument["phase"] == CONTINUOUS and bid != 0 and order["price_ticks"] <= bid:
            return REASON_SHORT_SALE_RESTRICTED, order["price_ticks"], bid
    limit = smaller_limit(account["position_limit_lots"], instrument["position_limit_lots"])
    if limit != 0:
        size = reachable_position(position, side, lots, own_leaves)
        if size > limit:
            return REASON_POSITION_LIMIT, size, limit
    if opening == 0:
        return 0, 0, 0
    if memory.world[0]["exposures"] != 0:
        reason, value, limit = check_groups(memory, slot, own_leaves)
        if reason != 0:
            return reason, value, limit
    if (account["flags"] & (CASH_CHECKED | MARGIN)) == 0:
        return 0, 0, 0
    price = value_ticks
    counted = opening
    if by_walk:
        found, value = could_trade(memory, slot, lots, closing_lots, False)
        counted = max(0, found - closing_lots)
    else:
        if side == SELL:
            price = max(price, best_opposite(memory, number, side))
        value = notional(instrument, price, opening)
    fees = fees_of(memory, int64(order["account"]), number)
    if account["flags"] & MARGIN:
        required = margin_required(instrument, fees, side, value, counted)
        free = free_margin(memory, int64(order["account"])) + own_reserved
    else:
        required = value + reserve_fee(fees, value, counted)
        free = available(account) + own_reserved
    if required > free and required > 0:
        return REASON_INSUFFICIENT_BUYING_POWER, required, free
    return 0, required, 0


@leaf
def check_activation(memory: Memory, slot: int) -> tuple[int, int, int]:
    """The account checks of a held order that becomes active; sets its opening part."""
    order = memory.orders[slot]
    number = int64(order["instrument"])
    position = memory.positions[position_number(memory, int64(order["account"]), number)]
    lots = order["leaves_lots"]
    own_leaves = leg_leaves(memory, slot)
    closing = min(lots, closable(position, int64(order["side"]), own_leaves))
    order["opening_lots"] = lots - closing
    price = order["price_ticks"]
    by_walk = price == 0 and memory.instruments[number]["phase"] == CONTINUOUS
    if price == 0 and not by_walk:
        price = auction_value(memory.instruments[number])
    return check_exposure(memory, slot, closing, own_leaves, leg_reserved(memory, slot), by_walk, price, True)


@hot
def check_post_only(memory: Memory, slot: int) -> tuple[int, int, int]:
    """A post-only order must not reach the other side."""
    order = memory.orders[slot]
    if order["flags"] & POST_ONLY and memory.instruments[order["instrument"]]["phase"] == CONTINUOUS:
        best = best_opposite(memory, int64(order["instrument"]), int64(order["side"]))
        if best != 0 and reaches(int64(order["side"]), order["price_ticks"], best):
            return REASON_POST_ONLY_WOULD_CROSS, order["price_ticks"], best
    return 0, 0, 0


@hot
def check_new(memory: Memory, command: Any, slot: int) -> tuple[int, int, int]:
    """All checks of a new order; `slot` holds its record, whose opening part is set when they pass."""
    order = memory.orders[slot]
    number = int64(command["instrument"])
    account_number = int64(command["account"])
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
        return REASON_ACCOUNT_SUSPENDED, 0, 0
    phase = instrument["phase"]
    if phase == CLOSED:
        return REASON_MARKET_CLOSED, 0, 0
    if phase == HALTED and not historical:
        return REASON_INSTRUMENT_HALTED, 0, 0
    reason, value, limit = check_codes(memory, command, phase)
    if reason != 0:
        return reason, value, limit
    if lots <= 0:
        return REASON_INVALID_QUANTITY, 0, 0
    reason, value, limit = check_quantity(memory, instrument, account_number, lots, historical)
    if reason != 0:
        return reason, value, limit
    order_type = command["order_type"]
    if order_type == LIMIT or order_type == STOP_LIMIT or order_type == LIMIT_IF_TOUCHED:
        if price <= 0:
            return REASON_INVALID_PRICE, 0, 0
        reason, value, limit = check_price(instrument, price, historical)
        if reason != 0:
            return reason, value, limit
    elif price != 0:
        return REASON_INVALID_PRICE, 0, 0
    if order["special"] & HAS_EXTRA:
        reason, value, limit = check_terms(memory, command, slot)
        if reason != 0:
            return reason, value, limit
    if price == 0 and limited:
        price = value_price(memory, slot)
    reason, value, limit = check_notional(memory, instrument, account_number, price, lots)
    if reason != 0:
        return reason, value, limit
    if limited:
        account = memory.accounts[account_number]
        wait = rate_wait(account, command["time_ns"])
        if wait > 0:
            return REASON_ORDER_RATE, wait, 0
        most = account["max_open_orders"]
        if most != 0 and account["open_orders"] >= most:
            return REASON_TOO_MANY_OPEN_ORDERS, account["open_orders"], most
    client_id = command["client_order_id"]
    if client_id != 0:
        other = find_client_id(memory.by_client_id, memory.orders, account_number, number, client_id)
        if other != 0:
            return REASON_DUPLICATE_CLIENT_ORDER_ID, client_id, memory.orders[other]["order_id"]
    required = 0
    if limited and (command["flags"] & GROUP_CHILD) == 0:
        reason, value, limit = check_new_account(memory, slot, price)
        if reason != 0:
            return reason, value, limit
        required = value
    reason, value, limit = check_post_only(memory, slot)
    if reason != 0:
        return reason, value, limit
    return 0, required, 0


@hot
def check_new_account(memory: Memory, slot: int, value_ticks: int) -> tuple[int, int, int]:
    """The account checks of a new order, which is in no group yet."""
    order = memory.orders[slot]
    number = int64(order["instrument"])
    position = memory.positions[position_number(memory, int64(order["account"]), number)]
    lots = order["leaves_lots"]
    closing = min(lots, closable(position, int64(order["side"]), 0))
    order["opening_lots"] = lots - closing
    by_walk = order["order_type"] == MARKET and memory.instruments[number]["phase"] == CONTINUOUS
    return check_exposure(memory, slot, closing, 0, 0, by_walk, value_ticks, order["order_type"] <= LIMIT)


@hot
def find_order(memory: Memory, command: Any) -> int:
    """Slot of the open order that a command names, whoever owns it; 0 if there is none."""
    order_id = command["order_id"]
    if order_id != 0:
        return find_order_id(memory.by_order_id, memory.orders, order_id)
    client_id = command["client_order_id"]
    if client_id == 0:
        return 0
    return find_client_id(
        memory.by_client_id,
        memory.orders,
        int64(command["account"]),
        int64(command["instrument"]),
        client_id,
    )


@leaf
def check_replace_terms(
    memory: Memory,
    command: Any,
    slot: int,
    total_lots: int,
    leaves_lots: int,
    price_ticks: int,
    may_cancel: bool,
) -> tuple[int, int, int]:
    """Terms, value, rate and client order id of a replace; `may_cancel`: it may leave nothing open."""
    order = memory.orders[slot]
    number = int64(order["instrument"])
    account_number = int64(order["account"])
    instrument = memory.instruments[number]
    historical = (command["flags"] & HISTORICAL) != 0
    executed = order["quantity_lots"] - order["leaves_lots"]
    if total_lots <= executed and not may_cancel:
        return REASON_QUANTITY_BELOW_EXECUTED, total_lots, executed
    reason, value, limit = check_quantity(memory, instrument, account_number, total_lots, historical)
    if reason != 0:
        return reason, value, limit
    has_limit = order["price_ticks"] != 0
    if command["price_ticks"] < 0 or (command["price_ticks"] != 0 and not has_limit):
        return REASON_INVALID_PRICE, 0, 0
    if has_limit:
        reason, value, limit = check_price(instrument, price_ticks, historical)
        if reason != 0:
            return reason, value, limit
    reason, value, limit = check_new_terms(memory, command, slot, leaves_lots)
    if reason != 0:
        return reason, value, limit
    valued = price_ticks
    if not has_limit and has_limits(memory, account_number):
        valued = replaced_value_price(memory, command, slot)
    reason, value, limit = check_notional(memory, instrument, account_number, valued, leaves_lots)
    if reason != 0:
        return reason, value, limit
    if has_limits(memory, account_number):
        wait = rate_wait(memory.accounts[account_number], command["time_ns"])
        if wait > 0:
            return REASON_ORDER_RATE, wait, 0
    new_id = command["new_client_order_id"]
    if new_id != 0 and new_id != order["client_order_id"]:
        other = find_client_id(memory.by_client_id, memory.orders, account_number, number, new_id)
        if other != 0:
            return REASON_DUPLICATE_CLIENT_ORDER_ID, new_id, memory.orders[other]["order_id"]
    return 0, 0, 0


@leaf
def check_replace_order(memory: Memory, command: Any) -> tuple[int, int, int]:
    """Who may replace what: returns (reason, value, limit), and the slot as `value` when it passes."""
    reason, value, limit = check_time(memory, command)
    if reason == 0:
        reason, value, limit = check_account(memory, int64(command["account"]))
    if reason != 0:
        return reason, value, limit
    slot = find_order(memory, command)
    if slot == 0:
        return REASON_UNKNOWN_ORDER, 0, 0
    order = memory.orders[slot]
    account = int64(command["account"])
    if order["account"] != account:
        return REASON_NOT_ORDER_OWNER, 0, 0
    if has_limits(memory, account) and memory.accounts[account]["state"] == SUSPENDED:
        return REASON_ACCOUNT_SUSPENDED, 0, 0
    phase = memory.instruments[order["instrument"]]["phase"]
    if phase == CLOSED:
        return REASON_MARKET_CLOSED, 0, 0
    flags = int64(command["flags"])
    historical = (flags & HISTORICAL) != 0
    if phase == HALTED and not historical:
        return REASON_INSTRUMENT_HALTED, 0, 0
    if flags & ~REPLACE_FLAGS or (historical and account != STREET_ACCOUNT):
        return REASON_INVALID_FLAGS, 0, 0
    if account == STREET_ACCOUNT and not historical and memory.world[0]["frozen"] != 0:
        return REASON_INVALID_FLAGS, 0, 0
    if command["new_client_order_id"] < 0:
        return REASON_INVALID_CLIENT_ORDER_ID, 0, 0
    if command["quantity_lots"] < 0:
        return REASON_INVALID_QUANTITY, 0, 0
    return 0, slot, 0
