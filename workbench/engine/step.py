"""The loop: one command after another, from a whole array of them, without leaving compiled code."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from workbench.domain.codes import (
    STREET_ACCOUNT,
    AccountState,
    CommandKind,
    EventKind,
    OrderFlag,
    OrderType,
    Phase,
    Reason,
    TimeInForce,
)
from workbench.domain.config import FIRST_TRADER
from workbench.domain.instruments import MAX_LADDER_TICKS
from workbench.domain.memory import EVENT_DTYPES, MEMORY_DTYPES, EventBuffer, Memory
from workbench.domain.records import COMMAND, PRIORITY_KEPT
from workbench.domain.states import OrderState
from workbench.engine.admit import (
    check_account,
    check_exposure,
    check_instrument,
    check_new,
    check_post_only,
    check_replace_order,
    check_replace_terms,
    check_time,
    find_order,
    has_limits,
)
from workbench.engine.ahead import (
    DEEP_ORDERS,
    ENTRIES_AHEAD,
    NEIGHBOURS_AHEAD,
    ORDERS_AHEAD,
    fetch_entries,
    fetch_neighbours,
    fetch_orders,
)
from workbench.engine.emit import market_event, order_event, quote_event, refused
from workbench.engine.history import diverge, execute_frozen, execute_responsive, names_resting, write_aggressor
from workbench.engine.orders import (
    cancel_incoming,
    cancel_resting,
    change_open_lots,
    end_resting,
    forget_ids,
    keeps_account,
    position_number,
    reduce_resting,
    release_slot,
    reserve,
    rest,
    take_slot,
    withdraw,
)
from workbench.engine.sweep import could_trade, limit_of, match, match_frozen, match_history, meet_live_orders
from workbench.jit import array_of, by_reference, entry, leaf
from workbench.matching.book import next_price, reaches, shrink, side_number
from workbench.matching.ladder import ALIGNMENT
from workbench.matching.table import insert_client_id, insert_order_id
from workbench.risk.checks import closable, take_token

DONE = 0
NEED_EVENTS = 1
NEED_ORDERS = 2
NEED_LOTS = 3
NEED_LADDER = 4
NEED_SCRATCH = 5

EVENTS_PER_COMMAND = 8
EVENTS_PER_FILL = 5

ALL = -1
NONE = -1
NEW_ORDER = int(CommandKind.NEW_ORDER)
CANCEL_ORDER = int(CommandKind.CANCEL_ORDER)
REPLACE_ORDER = int(CommandKind.REPLACE_ORDER)
MASS_CANCEL = int(CommandKind.MASS_CANCEL)
EXECUTE_ORDER = int(CommandKind.EXECUTE_ORDER)
SUSPEND_ACCOUNT = int(CommandKind.SUSPEND_ACCOUNT)
REINSTATE_ACCOUNT = int(CommandKind.REINSTATE_ACCOUNT)
KILL_SWITCH = int(CommandKind.KILL_SWITCH)
SET_PHASE = int(CommandKind.SET_PHASE)
SET_PRICE_BAND = int(CommandKind.SET_PRICE_BAND)
CLOCK = int(CommandKind.CLOCK)

ORDER_CREATED = int(EventKind.ORDER_CREATED)
ORDER_APPROVED = int(EventKind.ORDER_APPROVED)
ORDER_REJECTED = int(EventKind.ORDER_REJECTED)
ORDER_CANCELED = int(EventKind.ORDER_CANCELED)
ORDER_EXPIRED = int(EventKind.ORDER_EXPIRED)
ORDER_REPLACED = int(EventKind.ORDER_REPLACED)
CANCEL_REJECTED = int(EventKind.CANCEL_REJECTED)
REPLACE_REJECTED = int(EventKind.REPLACE_REJECTED)
COMMAND_REJECTED = int(EventKind.COMMAND_REJECTED)
ACCOUNT_SUSPENDED = int(EventKind.ACCOUNT_SUSPENDED)
ACCOUNT_REINSTATED = int(EventKind.ACCOUNT_REINSTATED)
PHASE_CHANGED = int(EventKind.PHASE_CHANGED)
PRICE_BAND_CHANGED = int(EventKind.PRICE_BAND_CHANGED)

PENDING_NEW = int(OrderState.PENDING_NEW)
STATE_NEW = int(OrderState.NEW)
STATE_REJECTED = int(OrderState.REJECTED)
STATE_REPLACED = int(OrderState.REPLACED)
STATE_CANCELED = int(OrderState.CANCELED)
STATE_EXPIRED = int(OrderState.EXPIRED)

MARKET = int(OrderType.MARKET)
DAY = int(TimeInForce.DAY)
IOC = int(TimeInForce.IOC)
FOK = int(TimeInForce.FOK)
CLOSED = int(Phase.CLOSED)
ACTIVE = int(AccountState.ACTIVE)
SUSPENDED = int(AccountState.SUSPENDED)
HISTORICAL = int(OrderFlag.HISTORICAL)
QUANTITY_IS_LEAVES = int(OrderFlag.QUANTITY_IS_LEAVES)
LOSE_PRIORITY = int(OrderFlag.LOSE_PRIORITY)
CLOSING = 2
KEPT = PRIORITY_KEPT
TRADERS = FIRST_TRADER
WIDEST_LADDER = MAX_LADDER_TICKS

UNKNOWN_COMMAND = int(Reason.UNKNOWN_COMMAND)
UNKNOWN_ACCOUNT = int(Reason.UNKNOWN_ACCOUNT)
UNKNOWN_INSTRUMENT = int(Reason.UNKNOWN_INSTRUMENT)
INVALID_SIDE = int(Reason.INVALID_SIDE)
INVALID_FLAGS = int(Reason.INVALID_FLAGS)
INVALID_QUANTITY = int(Reason.INVALID_QUANTITY)
QUANTITY_TOO_LARGE = int(Reason.QUANTITY_TOO_LARGE)
INVALID_PRICE = int(Reason.INVALID_PRICE)
PRICE_OUT_OF_BAND = int(Reason.PRICE_OUT_OF_BAND)
UNKNOWN_ORDER = int(Reason.UNKNOWN_ORDER)
NOT_ORDER_OWNER = int(Reason.NOT_ORDER_OWNER)
BY_REQUEST = int(Reason.BY_REQUEST)
IMMEDIATE_OR_CANCEL = int(Reason.IMMEDIATE_OR_CANCEL)
FILL_OR_KILL = int(Reason.FILL_OR_KILL)
NO_LIQUIDITY = int(Reason.NO_LIQUIDITY)
REASON_MASS_CANCEL = int(Reason.MASS_CANCEL)
REASON_KILL_SWITCH = int(Reason.KILL_SWITCH)
END_OF_DAY = int(Reason.END_OF_DAY)
MAX_TOTAL_LOTS = 1 << 62
MAX_TIME_NS = 1 << 62


# ------------------------------------------------------------------ what a command may need before it starts


@leaf
def fills_bound(memory: Memory, side_index: int, side: int, limit: int, lots: int) -> int:
    """At least as many resting orders as an order can trade with in one book, without self-trade prevention."""
    book_side = memory.sides[side_index]
    price = book_side["best_ticks"]
    found = 0
    left = lots
    while price != 0 and left > 0 and reaches(side, limit, price):
        level = memory.levels[book_side["level_base"] + price - book_side["floor_ticks"]]
        found += level["orders"]
        left -= level["lots"]
        if left > 0:
            price = next_price(memory, side_index, price)
    return min(found, lots)


@leaf
def orders_bound(memory: Memory, command: Any) -> int:
    """At least as many resting orders as this command can end or fill."""
    kind = command["kind"]
    live = memory.world[0]["live_orders"]
    if kind == CANCEL_ORDER or kind == CLOCK:
        return 0
    if kind != NEW_ORDER:
        if kind == REPLACE_ORDER and command["price_ticks"] == 0 and (command["flags"] & LOSE_PRIORITY) == 0:
            return 1
        return live
    number = command["instrument"]
    side = command["side"]
    if number < 0 or number >= memory.world[0]["instruments"] or side < 1 or side > 2:
        return 0
    lots = command["quantity_lots"]
    if lots <= 0:
        return 0
    opposite = side_number(np.int64(number), 0, 3 - np.int64(side))
    live_book = side_number(np.int64(number), 1, 3 - np.int64(side))
    best = memory.sides[opposite]["best_ticks"]
    best_live = memory.sides[live_book]["best_ticks"]
    if best == 0 and best_live == 0:
        return 0
    limit = command["price_ticks"]
    if command["order_type"] == MARKET:
        limit = (1 << 62) if side == 1 else 0
    crosses = best != 0 and reaches(side, limit, best)
    crosses = crosses or (best_live != 0 and reaches(side, limit, best_live))
    if not crosses:
        return 0
    if memory.world[0]["frozen"] != 0 or command["flags"] != 0 or may_meet_itself(memory, command):
        return live
    return fills_bound(memory, opposite, np.int64(side), limit, lots)


@leaf
def may_meet_itself(memory: Memory, command: Any) -> bool:
    """Whether self-trade prevention might pass over resting orders, so that level totals bound nothing."""
    account = command["account"]
    if account == STREET_ACCOUNT:
        return False
    if memory.world[0]["bare"] != 0:
        return memory.world[0]["self_trade_prevention"] != 1 or command["self_trade_prevention"] > 1
    if account < 0 or account >= memory.world[0]["accounts"]:
        return False
    position = memory.positions[position_number(memory, account, command["instrument"])]
    return position["open_buy_lots"] != 0 or position["open_sell_lots"] != 0


@leaf
def shortage(memory: Memory, command: Any, event_room: int) -> int:
    """What is too small for this command (its amount goes to `wanted`), or DONE."""
    world = memory.world[0]
    if world["free_order"] == 0 and world["used_orders"] + 1 >= memory.orders.size:
        world["wanted"] = 1
        return NEED_ORDERS
    fills = orders_bound(memory, command)
    needed = EVENTS_PER_COMMAND + fills * EVENTS_PER_FILL
    if command["kind"] > EXECUTE_ORDER:
        needed += world["accounts"] + 2 * world["instruments"]
    elif command["kind"] == MASS_CANCEL:
        needed += world["instruments"]
    if event_room - world["event_count"] < needed:
        world["wanted"] = needed
        return NEED_EVENTS
    if command["kind"] >= MASS_CANCEL and command["kind"] != EXECUTE_ORDER and memory.scratch.size < world["live_orders"]:
        world["wanted"] = world["live_orders"]
        return NEED_SCRATCH
    if world["bare"] == 0 and fills > 0:
        # Every fill opens at most one lot on each side.
        lots = 2 * fills + 2
        if memory.lots.size - 1 - world["used_lots"] < lots:
            world["wanted"] = lots
            return NEED_LOTS
    if command["kind"] == SET_PRICE_BAND and band_reason(memory, command)[0] == 0:
        instrument = memory.instruments[command["instrument"]]
        low = min(instrument["window_low_ticks"], command["price_ticks"])
        high = max(instrument["window_high_ticks"], command["trigger_price_ticks"])
        side = memory.sides[side_number(np.int64(command["instrument"]), 0, 1)]
        if low < side["floor_ticks"] or high >= side["floor_ticks"] + side["width"]:
            world["wanted"] = command["instrument"]
            return NEED_LADDER
    return DONE


# ------------------------------------------------------------------ new orders


@leaf
def write_order(memory: Memory, command: Any, slot: int) -> None:
    """Fill a slot's record from a NEW_ORDER."""
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
        cancel_incoming(memory, events, order, NO_LIQUIDITY)
        release_slot(memory, slot)
    elif order["time_in_force"] == IOC:
        cancel_incoming(memory, events, order, IMMEDIATE_OR_CANCEL)
        release_slot(memory, slot)
    else:
        rest(memory, events, slot)
        memory.instruments[order["instrument"]]["quote_due"] = 1


@leaf
def new_order(memory: Memory, events: EventBuffer, command: Any) -> None:
    """NEW_ORDER."""
    slot = take_slot(memory)
    write_order(memory, command, slot)
    order = memory.orders[slot]
    order_event(memory, events, order, ORDER_CREATED, 0, PENDING_NEW, 0)
    reason, value, limit = check_new(memory, command, slot)
    if reason != 0:
        refused(memory, events, command, ORDER_REJECTED, reason, STATE_REJECTED, order["order_id"], value, limit)
        release_slot(memory, slot)
        return
    if has_limits(memory, np.int64(command["account"])):
        take_token(memory.accounts[command["account"]], command["time_ns"])
        order_event(memory, events, order, ORDER_APPROVED, 0, STATE_NEW, value)
    if command["time_in_force"] == FOK:
        found, _ = could_trade(memory, slot, order["leaves_lots"], 0)
        if found < order["leaves_lots"]:
            cancel_incoming(memory, events, order, FILL_OR_KILL)
            release_slot(memory, slot)
            return
    enter(memory, events, slot)


# ------------------------------------------------------------------ cancel and replace


@leaf
def cancel_order(memory: Memory, events: EventBuffer, command: Any) -> int:
    """CANCEL_ORDER; returns the instrument it touched, or NONE."""
    follows = follows_history(memory, command)
    lots = command["quantity_lots"]
    reason, value, limit = check_time(memory, command)
    if reason == 0:
        reason, value, limit = check_account(memory, np.int64(command["account"]))
    slot = 0
    if reason == 0:
        if lots < 0:
            reason = INVALID_QUANTITY
        else:
            slot = find_order(memory, command)
            if slot == 0:
                reason = UNKNOWN_ORDER
                named = np.int64(command["instrument"])
                if follows and named >= 0 and named < memory.world[0]["instruments"]:
                    diverge(memory, named, lots)
            elif memory.orders[slot]["account"] != command["account"]:
                reason = NOT_ORDER_OWNER
    if reason != 0:
        refused(
            memory, events, command, CANCEL_REJECTED, reason, PENDING_NEW, command["order_id"], value, limit
        )
        return NONE
    order = memory.orders[slot]
    number = np.int64(order["instrument"])
    leaves = order["leaves_lots"]
    if follows and lots > leaves:
        diverge(memory, number, lots - leaves)
    if lots == 0 or lots >= leaves:
        cancel_resting(memory, events, slot, BY_REQUEST)
    else:
        reduce_resting(memory, events, slot, lots, BY_REQUEST)
    return number


@leaf
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
        named = np.int64(command["instrument"])
        if reason == UNKNOWN_ORDER and follows and named >= 0 and named < memory.world[0]["instruments"]:
            diverge(memory, named, max(lots, 0))
        refused(
            memory, events, command, REPLACE_REJECTED, reason, PENDING_NEW, command["order_id"], value, limit
        )
        return NONE
    order = memory.orders[slot]
    number = np.int64(order["instrument"])
    executed = order["quantity_lots"] - order["leaves_lots"]
    price = command["price_ticks"] if command["price_ticks"] != 0 else order["price_ticks"]
    missed = 0
    if lots == 0:
        total = order["quantity_lots"]
    elif command["flags"] & QUANTITY_IS_LEAVES:
        if follows and order["taken_lots"] > 0:
            missed = min(lots, order["taken_lots"])
        total = executed + min(lots, MAX_TOTAL_LOTS) - missed
    else:
        total = lots
    if missed != 0 and missed == lots:
        diverge(memory, number, missed)
        cancel_resting(memory, events, slot, BY_REQUEST)
        return number
    leaves = total - executed
    reason, value, limit = check_replace_terms(memory, command, slot, total, leaves, price)
    keeps = (
        price == order["price_ticks"]
        and leaves <= order["leaves_lots"]
        and (command["flags"] & LOSE_PRIORITY) == 0
    )
    if reason == 0 and not keeps:
        reason, value, limit = check_successor(memory, slot, total, leaves, price)
    if reason != 0:
        refused(
            memory, events, command, REPLACE_REJECTED, reason, PENDING_NEW, command["order_id"], value, limit
        )
        return NONE
    if missed > 0:
        diverge(memory, number, missed)
    if has_limits(memory, np.int64(order["account"])):
        take_token(memory.accounts[order["account"]], command["time_ns"])
    succeed(memory, events, slot, command["new_client_order_id"], total, leaves, price, keeps)
    return number


@leaf
def check_successor(memory: Memory, slot: int, total: int, leaves: int, price: int) -> tuple[int, int, int]:
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
    if keeps_account(memory, order):
        position = memory.positions[position_number(memory, np.int64(order["account"]), np.int64(order["instrument"]))]
        closing = min(leaves, closable(position, np.int64(order["side"]), old_leaves))
        reason, value, limit = check_exposure(memory, slot, closing, old_leaves, order["reserved_micros"])
    if reason == 0:
        reason, value, limit = check_post_only(memory, slot)
    order["quantity_lots"] = old_total
    order["leaves_lots"] = old_leaves
    order["price_ticks"] = old_price
    return reason, value, limit


@leaf
def succeed(
    memory: Memory,
    events: EventBuffer,
    slot: int,
    new_client_id: int,
    total: int,
    leaves: int,
    price: int,
    keeps: bool,
) -> None:
    """Replace an order by its successor in the same slot."""
    world = memory.world[0]
    order = memory.orders[slot]
    old_price = order["price_ticks"]
    world["orders"] += 1
    if keeps:
        forget_ids(memory, slot)
        removed = order["leaves_lots"] - leaves
        if removed > 0:
            shrink(memory, slot, removed)
            if keeps_account(memory, order):
                change_open_lots(memory, order, -removed)
                order["opening_lots"] = max(0, order["opening_lots"] - removed)
                reserve(memory, order)
    else:
        withdraw(memory, slot)
    order["quantity_lots"] = total
    order["leaves_lots"] = leaves
    order["price_ticks"] = price
    if new_client_id != 0:
        order["client_order_id"] = new_client_id
    event = order_event(memory, events, order, ORDER_REPLACED, 0, STATE_REPLACED, 0)
    event["successor_order_id"] = world["orders"]
    if keeps:
        event["flags"] |= KEPT
    order["order_id"] = world["orders"]
    memory.instruments[order["instrument"]]["quote_due"] = 1
    if keeps:
        insert_order_id(memory.by_order_id, order["order_id"], slot)
        if order["client_order_id"] != 0:
            insert_client_id(memory.by_client_id, np.int64(order["account"]), np.int64(order["instrument"]), order["client_order_id"], slot)
        return
    if keeps_account(memory, order):
        position = memory.positions[position_number(memory, np.int64(order["account"]), np.int64(order["instrument"]))]
        order["opening_lots"] = leaves - min(leaves, closable(position, np.int64(order["side"]), 0))
    if order["book"] == 0 and world["frozen"] != 0 and price == old_price:
        # History only queued again at its price: nobody new is reached.
        rest(memory, events, slot)
    else:
        enter(memory, events, slot)


# ------------------------------------------------------------------ executions of history


@leaf
def check_execution(memory: Memory, command: Any) -> tuple[int, int, int]:
    """What an EXECUTE_ORDER must satisfy."""
    reason, value, limit = check_time(memory, command)
    if reason != 0:
        return reason, value, limit
    if command["account"] != STREET_ACCOUNT:
        count = memory.world[0]["accounts"] if memory.world[0]["bare"] == 0 else 0
        return UNKNOWN_ACCOUNT, np.int64(command["account"]), count
    number = np.int64(command["instrument"])
    reason, value, limit = check_instrument(memory, number)
    if reason != 0:
        return reason, value, limit
    instrument = memory.instruments[number]
    side = command["side"]
    lots = command["quantity_lots"]
    price = command["price_ticks"]
    if side != 1 and side != 2:
        return INVALID_SIDE, 0, 0
    if lots <= 0:
        return INVALID_QUANTITY, 0, 0
    if lots > instrument["max_order_lots"]:
        return QUANTITY_TOO_LARGE, lots, instrument["max_order_lots"]
    if price <= 0 or price < instrument["window_low_ticks"] or price > instrument["window_high_ticks"]:
        return INVALID_PRICE, 0, 0
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
            reason = UNKNOWN_ORDER
    if reason != 0:
        refused(
            memory, events, command, COMMAND_REJECTED, reason, PENDING_NEW, command["order_id"], value, limit
        )
        return
    aggressor = write_aggressor(memory, command)
    if memory.world[0]["frozen"] != 0:
        execute_frozen(memory, events, aggressor, slot)
    else:
        execute_responsive(memory, events, aggressor, slot, named)
    release_slot(memory, aggressor)
    memory.instruments[command["instrument"]]["quote_due"] = 1


# ------------------------------------------------------------------ many orders at once


@leaf
def collect(memory: Memory, account: int, instrument: int, only_day: bool) -> int:
    """Slots of open orders into `scratch`, in order of their ids; returns how many.

    Of an account (ALL: of all traders) in an instrument (ALL: in all); with `only_day` instead the DAY orders of every
    account in the instruments whose `quote_due` is 2.
    """
    scratch = memory.scratch
    count = 0
    for slot in range(1, memory.world[0]["used_orders"] + 1):
        order = memory.orders[slot]
        if order["order_id"] == 0:
            continue
        if only_day:
            chosen = order["time_in_force"] == DAY and memory.instruments[order["instrument"]]["quote_due"] == CLOSING
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
        if (
            child + 1 < size
            and orders[scratch[child]]["order_id"] < orders[scratch[child + 1]]["order_id"]
        ):
            child += 1
        other = scratch[child]
        if orders[other]["order_id"] <= key:
            break
        scratch[parent] = other
        parent = child
    scratch[parent] = slot


@leaf
def end_collected(memory: Memory, events: EventBuffer, count: int, kind: int, reason: int, state: int) -> None:
    """Cancel or expire the orders that were collected."""
    for i in range(count):
        end_resting(memory, events, memory.scratch[i], kind, reason, state)


@leaf
def mass_cancel(memory: Memory, events: EventBuffer, command: Any) -> tuple[int, int, int]:
    """MASS_CANCEL."""
    account = np.int64(command["account"])
    instrument = np.int64(command["instrument"])
    reason, value, limit = check_account(memory, account)
    if reason == 0 and instrument != ALL:
        reason, value, limit = check_instrument(memory, instrument)
    if reason == 0:
        count = collect(memory, account, instrument, False)
        end_collected(memory, events, count, ORDER_CANCELED, REASON_MASS_CANCEL, STATE_CANCELED)
    return reason, value, limit


@leaf
def set_account_state(memory: Memory, events: EventBuffer, account: int, kind: int, state: int) -> None:
    """Suspend or reinstate one trader."""
    memory.accounts[account]["state"] = state
    market_event(memory, events, kind, account, ALL, 0, 0, 0)


@leaf
def change_account(memory: Memory, events: EventBuffer, command: Any) -> tuple[int, int, int]:
    """SUSPEND_ACCOUNT, REINSTATE_ACCOUNT and KILL_SWITCH."""
    world = memory.world[0]
    if world["bare"] != 0:
        return UNKNOWN_COMMAND, 0, 0
    kind = command["kind"]
    account = np.int64(command["account"])
    everyone = kind == KILL_SWITCH and account == ALL
    if not everyone and (account < TRADERS or account >= world["accounts"]):
        return UNKNOWN_ACCOUNT, account, world["accounts"]
    if kind == REINSTATE_ACCOUNT:
        set_account_state(memory, events, account, ACCOUNT_REINSTATED, ACTIVE)
    elif kind == SUSPEND_ACCOUNT:
        set_account_state(memory, events, account, ACCOUNT_SUSPENDED, SUSPENDED)
    else:
        first = TRADERS if everyone else account
        last = world["accounts"] - 1 if everyone else account
        for number in range(first, last + 1):
            set_account_state(memory, events, number, ACCOUNT_SUSPENDED, SUSPENDED)
        count = collect(memory, account, ALL, False)
        end_collected(memory, events, count, ORDER_CANCELED, REASON_KILL_SWITCH, STATE_CANCELED)
    return 0, 0, 0


@leaf
def say_market(memory: Memory, events: EventBuffer, number: int, kind: int) -> None:
    """PHASE_CHANGED or PRICE_BAND_CHANGED."""
    instrument = memory.instruments[number]
    low = instrument["band_low_ticks"]
    high = instrument["band_high_ticks"]
    market_event(memory, events, kind, 0, number, instrument["phase"], low, high)


@leaf
def set_phase(memory: Memory, events: EventBuffer, command: Any) -> tuple[int, int, int]:
    """SET_PHASE."""
    number = np.int64(command["instrument"])
    phase = np.int64(command["flags"])
    if number != ALL:
        reason, value, limit = check_instrument(memory, number)
        if reason != 0:
            return reason, value, limit
    if phase > CLOSED:
        return INVALID_FLAGS, 0, 0
    first = 0 if number == ALL else number
    last = memory.world[0]["instruments"] - 1 if number == ALL else number
    for i in range(first, last + 1):
        instrument = memory.instruments[i]
        if instrument["phase"] != phase:
            instrument["phase"] = phase
            instrument["quote_due"] = CLOSING
            say_market(memory, events, i, PHASE_CHANGED)
    if phase == CLOSED:
        count = collect(memory, ALL, ALL, True)
        end_collected(memory, events, count, ORDER_EXPIRED, END_OF_DAY, STATE_EXPIRED)
    return 0, 0, 0


@leaf
def band_reason(memory: Memory, command: Any) -> tuple[int, int, int]:
    """What a SET_PRICE_BAND must satisfy."""
    number = np.int64(command["instrument"])
    reason, value, limit = check_instrument(memory, number)
    if reason != 0:
        return reason, value, limit
    instrument = memory.instruments[number]
    low = command["price_ticks"]
    high = command["trigger_price_ticks"]
    if low < 1 or low > high:
        return INVALID_PRICE, 0, 0
    if high > instrument["price_cap_ticks"]:
        return PRICE_OUT_OF_BAND, high, instrument["price_cap_ticks"]
    width = max(instrument["window_high_ticks"], high) - min(instrument["window_low_ticks"], low) + 1
    if width > WIDEST_LADDER:
        return PRICE_OUT_OF_BAND, width, WIDEST_LADDER
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
    say_market(memory, events, np.int64(command["instrument"]), PRICE_BAND_CHANGED)
    return 0, 0, 0


@leaf
def control(memory: Memory, events: EventBuffer, command: Any) -> None:
    """Every command that names no single order."""
    kind = command["kind"]
    reason, value, limit = check_time(memory, command)
    if reason == 0:
        if kind == MASS_CANCEL:
            reason, value, limit = mass_cancel(memory, events, command)
        elif kind == SUSPEND_ACCOUNT or kind == REINSTATE_ACCOUNT or kind == KILL_SWITCH:
            reason, value, limit = change_account(memory, events, command)
        elif kind == SET_PHASE:
            reason, value, limit = set_phase(memory, events, command)
        elif kind == SET_PRICE_BAND:
            reason, value, limit = set_price_band(memory, events, command)
        elif kind != CLOCK:
            reason = UNKNOWN_COMMAND
    if reason != 0:
        refused(
            memory, events, command, COMMAND_REJECTED, reason, PENDING_NEW, command["order_id"], value, limit
        )
    for number in range(memory.world[0]["instruments"]):
        publish(memory, events, number)


@leaf
def publish(memory: Memory, events: EventBuffer, number: int) -> None:
    """QUOTE, where a command touched an instrument."""
    instrument = memory.instruments[number]
    if instrument["quote_due"] != 0:
        instrument["quote_due"] = 0
        quote_event(memory, events, number)


# ------------------------------------------------------------------ the loop


@leaf
def apply(memory: Memory, events: EventBuffer, command: Any) -> None:
    """One command, which nothing is too small for."""
    world = memory.world[0]
    world["commands"] += 1
    time_ns = command["time_ns"]
    if time_ns > world["time_ns"] and time_ns <= MAX_TIME_NS:
        world["time_ns"] = time_ns
    kind = command["kind"]
    number = np.int64(command["instrument"])
    if kind == NEW_ORDER:
        new_order(memory, events, command)
    elif kind == CANCEL_ORDER:
        number = cancel_order(memory, events, command)
    elif kind == REPLACE_ORDER:
        number = replace_order(memory, events, command)
    elif kind == EXECUTE_ORDER:
        execute_order(memory, events, command)
    else:
        control(memory, events, command)
        return
    if number >= 0 and number < world["instruments"]:
        publish(memory, events, number)


MEMORY_TYPE = numba.types.NamedTuple([array_of(dtype) for dtype in MEMORY_DTYPES.values()], Memory)
EVENTS_TYPE = numba.types.NamedTuple([array_of(dtype) for dtype in EVENT_DTYPES.values()], EventBuffer)
COMMANDS_TYPE = numba.types.Array(numba.from_dtype(COMMAND), 1, "C", readonly=False)


@entry(MEMORY_TYPE, EVENTS_TYPE, COMMANDS_TYPE, numba.types.int64)
def run(memory: Memory, events: EventBuffer, commands: Any, start: int) -> tuple[int, int]:
    """Apply commands from `start` until all are done or something is too small; returns the next one and why it stopped."""
    state = by_reference(memory)
    sink = by_reference(events)
    room = events.order.size
    last_fetched = commands.size - ENTRIES_AHEAD
    for i in range(start, commands.size):
        command = commands[i]
        if state.world[0]["live_orders"] > DEEP_ORDERS and i < last_fetched:
            fetch_entries(state, commands[i + ENTRIES_AHEAD])
            fetch_orders(state, commands[i + ORDERS_AHEAD])
            fetch_neighbours(state, commands[i + NEIGHBOURS_AHEAD])
        short = shortage(state, command, room)
        if short != DONE:
            return i, short
        apply(state, sink, command)
    return commands.size, DONE


@entry(MEMORY_TYPE)
def rehash(memory: Memory) -> None:
    """Enter the ids of all open orders into empty tables."""
    state = by_reference(memory)
    for slot in range(1, state.world[0]["used_orders"] + 1):
        order = state.orders[slot]
        if order["order_id"] != 0:
            insert_order_id(state.by_order_id, order["order_id"], slot)
            if order["client_order_id"] != 0:
                insert_client_id(state.by_client_id, np.int64(order["account"]), np.int64(order["instrument"]), order["client_order_id"], slot)
