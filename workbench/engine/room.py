"""What a command may need before it starts, so that nothing runs short in the middle of one."""

from __future__ import annotations

from typing import Any

from workbench.domain.codes import (
    STREET_ACCOUNT,
)
from workbench.domain.instruments import MAX_LADDER_TICKS
from workbench.domain.memory import Memory
from workbench.domain.numbers import (
    BUY,
    COMMAND_BUST_TRADE,
    COMMAND_CANCEL_ORDER,
    COMMAND_CLOCK,
    COMMAND_EXECUTE_ORDER,
    COMMAND_MASS_CANCEL,
    COMMAND_NEW_ORDER,
    COMMAND_REPLACE_ORDER,
    COMMAND_SET_FEE,
    COMMAND_SET_PRICE_BAND,
    COMMAND_SPLIT,
    LIMIT,
    LOSE_PRIORITY,
    MARKET,
    REASON_INVALID_PRICE,
    REASON_PRICE_OUT_OF_BAND,
    SELL,
)
from workbench.engine.admit import (
    check_instrument,
)
from workbench.engine.corporate import band_after, split_reason
from workbench.engine.orders import (
    position_number,
)
from workbench.jit import hot, int64, leaf
from workbench.matching.book import next_price, reaches, side_number

DONE = 0
NEED_EVENTS = 1
NEED_ORDERS = 2
NEED_LOTS = 3
NEED_LADDER = 4
NEED_SCRATCH = 5
NEED_EXTRAS = 6
NEED_GROUPS = 7
NEED_TRIGGERS = 8
NEED_FEES = 9
EVENTS_PER_COMMAND = 16
EVENTS_PER_FILL = 10
"""TRADE, two fills, two positions, a slice, a cut of each side, and the other leg of each."""
EVENTS_PER_ORDER = 10
"""What can befall an order besides: two moves of its trail, trigger, cut, approval, rest, end, new terms
of a split.
"""
EVENTS_PER_MOVE = 4
"""Suspensions and margin calls of two accounts that have traded."""
EVENTS_PER_POSITION = 6
"""What a clock or a split may say of a position: its cost, its liquidation and three events of its order."""
EVENTS_PER_ACCOUNT = 8
"""Suspensions, margin calls, interest and what a corporate action pays."""
WIDEST_LADDER = MAX_LADDER_TICKS


@leaf
def fills_bound(memory: Memory, side_index: int, side: int, limit: int, lots: int) -> int:
    """No fewer resting orders than an order can trade with in one book, if it meets none of its own."""
    book_side = memory.sides[side_index]
    price = book_side["best_ticks"]
    found = 0
    left = lots
    while price != 0 and left > 0 and reaches(side, limit, price):
        level = memory.levels[book_side["level_base"] + price - book_side["floor_ticks"]]
        found += int64(level["orders"]) + int64(level["slices"])
        left -= level["lots"] + level["hidden_lots"]
        if left > 0:
            price = next_price(memory, side_index, price)
    return min(found, lots)


@hot
def orders_bound(memory: Memory, command: Any) -> int:
    """At least as many fills as an order-by-order command can cause by itself."""
    kind = command["kind"]
    live = memory.world[0]["live_orders"] + memory.world[0]["slices"]
    if kind == COMMAND_CANCEL_ORDER:
        return 0
    if kind != COMMAND_NEW_ORDER:
        if (
            kind == COMMAND_REPLACE_ORDER
            and command["price_ticks"] == 0
            and command["display_lots"] == 0
            and (command["flags"] & LOSE_PRIORITY) == 0
        ):
            return 1
        return live
    number = command["instrument"]
    side = command["side"]
    if number < 0 or number >= memory.world[0]["instruments"] or side < BUY or side > SELL:
        return 0
    lots = command["quantity_lots"]
    if lots <= 0:
        return 0
    opposite = side_number(int64(number), 0, 3 - int64(side))
    live_book = side_number(int64(number), 1, 3 - int64(side))
    best = memory.sides[opposite]["best_ticks"]
    best_live = memory.sides[live_book]["best_ticks"]
    if best == 0 and best_live == 0:
        return 0
    limit = command["price_ticks"]
    if command["order_type"] == MARKET:
        limit = (1 << 62) if side == BUY else 0
    crosses = best != 0 and reaches(side, limit, best)
    crosses = crosses or (best_live != 0 and reaches(side, limit, best_live))
    if not crosses:
        return 0
    if memory.world[0]["frozen"] != 0 or command["flags"] != 0 or may_meet_itself(memory, command):
        return live
    return fills_bound(memory, opposite, int64(side), limit, lots)


@hot
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


@hot
def may_set_off(memory: Memory, command: Any) -> bool:
    """Whether orders other than those a command meets may become active or end with it."""
    world = memory.world[0]
    if command["kind"] >= COMMAND_MASS_CANCEL and command["kind"] != COMMAND_EXECUTE_ORDER:
        return True
    if world["live_extras"] != world["plain_extras"] or world["monitored"] != 0:
        return True
    return command["time_ns"] >= world["alarm_ns"]


@leaf
def trigger_shortage(memory: Memory, command: Any) -> bool:
    """Whether a trigger order needs a ladder of triggers that its instrument does not have yet."""
    number = int64(command["instrument"])
    if number < 0 or number >= memory.world[0]["instruments"]:
        return False
    return memory.instruments[number]["trigger_ladder"] == 0


@hot
def shortage(memory: Memory, command: Any, event_room: int) -> int:
    """What is too small for this command (its amount goes to `wanted`), or DONE."""
    world = memory.world[0]
    if world["free_order"] == 0 and world["used_orders"] + 1 >= memory.orders.size:
        world["wanted"] = 1
        return NEED_ORDERS
    kind = command["kind"]
    if kind == COMMAND_NEW_ORDER or kind == COMMAND_CLOCK:
        if world["free_extra"] == 0 and world["used_extras"] + 1 >= memory.extras.size:
            return NEED_EXTRAS
        if world["free_group"] == 0 and world["used_groups"] + 1 >= memory.groups.size:
            return NEED_GROUPS
        if kind == COMMAND_NEW_ORDER and command["order_type"] > LIMIT and trigger_shortage(memory, command):
            world["wanted"] = command["instrument"]
            return NEED_TRIGGERS
    if kind == COMMAND_SET_FEE and world["bare"] == 0:
        if world["own_fees"] == 0:
            return NEED_FEES
        # Every open order may need a record of what it has paid.
        if memory.extras.size - 1 - world["used_extras"] < world["live_orders"]:
            return NEED_EXTRAS
    if may_set_off(memory, command):
        live = world["live_orders"] + 1
        fills = 2 * live + world["slices"]
        needed = EVENTS_PER_COMMAND + live * (EVENTS_PER_ORDER + 2 * world["exposures"])
        needed += EVENTS_PER_ACCOUNT * world["accounts"] + 8 * world["instruments"]
        if kind == COMMAND_CLOCK and (world["monitored"] | world["accrues"]) != 0:
            positions = world["accounts"] * world["instruments"]
            # A liquidation's order may leave a part of the last order that it meets.
            fills += positions
            needed += EVENTS_PER_POSITION * positions
        if kind == COMMAND_SET_FEE:
            needed += world["accounts"] * world["instruments"]
        needed += fills * (EVENTS_PER_FILL + (EVENTS_PER_MOVE if world["monitored"] != 0 else 0))
        if memory.scratch.size < live:
            world["wanted"] = live
            return NEED_SCRATCH
    else:
        fills = orders_bound(memory, command)
        needed = EVENTS_PER_COMMAND + fills * EVENTS_PER_FILL + 2 * world["exposures"]
    if event_room - world["event_count"] < needed:
        world["wanted"] = needed
        return NEED_EVENTS
    if world["bare"] == 0 and fills > 0:
        # Every fill opens at most one lot on each side.
        lots = 2 * fills + 2
        if kind == COMMAND_BUST_TRADE:
            # Both sides' positions are built again from what is kept.
            lots += 2 * min(world["kept_trades"], memory.trades.size)
        if memory.lots.size - 1 - world["used_lots"] < lots:
            world["wanted"] = lots
            return NEED_LOTS
    if (kind == COMMAND_SET_PRICE_BAND or kind == COMMAND_SPLIT) and ladder_shortage(memory, command):
        return NEED_LADDER
    return DONE


@leaf
def ladder_shortage(memory: Memory, command: Any) -> bool:
    """Whether a command moves the band to where the ladder has no places yet."""
    world = memory.world[0]
    if command["kind"] == COMMAND_SPLIT:
        if world["bare"] != 0 or split_reason(memory, command)[0] != 0:
            return False
        instrument = memory.instruments[command["instrument"]]
        low, high = band_after(instrument, command["quantity_lots"], command["display_lots"])
    else:
        if band_reason(memory, command)[0] != 0:
            return False
        low = command["price_ticks"]
        high = command["trigger_price_ticks"]
    side = memory.sides[side_number(int64(command["instrument"]), 0, 1)]
    if low >= side["floor_ticks"] and high < side["floor_ticks"] + side["width"]:
        return False
    world["wanted"] = command["instrument"]
    world["wanted_low_ticks"] = low
    world["wanted_high_ticks"] = high
    return True


@leaf
def band_reason(memory: Memory, command: Any) -> tuple[int, int, int]:
    """What a COMMAND_SET_PRICE_BAND must satisfy."""
    number = int64(command["instrument"])
    reason, value, limit = check_instrument(memory, number)
    if reason != 0:
        return reason, value, limit
    instrument = memory.instruments[number]
    low = command["price_ticks"]
    high = command["trigger_price_ticks"]
    if low < 1 or low > high:
        return REASON_INVALID_PRICE, 0, 0
    if high > instrument["price_cap_ticks"]:
        return REASON_PRICE_OUT_OF_BAND, high, instrument["price_cap_ticks"]
    width = max(instrument["window_high_ticks"], high) - min(instrument["window_low_ticks"], low) + 1
    if width > WIDEST_LADDER:
        return REASON_PRICE_OUT_OF_BAND, width, WIDEST_LADDER
    return 0, 0, 0
