"""What a new order or a replace may say, whoever sends it, and what an order without a limit is valued at."""

from __future__ import annotations

from typing import Any

from workbench.domain.codes import (
    STREET_ACCOUNT,
)
from workbench.domain.instruments import MAX_PRICE_TICKS
from workbench.domain.memory import SPECIAL_ICEBERG, Memory
from workbench.domain.numbers import (
    BUY,
    CLS,
    CONTINUOUS,
    DAY,
    FOK,
    GROUP_CHILD,
    GROUP_LAST,
    GTC,
    GTD,
    HISTORICAL,
    IOC,
    LIMIT,
    MARKET,
    OPENING_AUCTION,
    OPG,
    POST_ONLY,
    PRE_OPEN,
    PREVENT_DECREMENT,
    REASON_INVALID_CLIENT_ORDER_ID,
    REASON_INVALID_DISPLAY_QUANTITY,
    REASON_INVALID_EXPIRE_TIME,
    REASON_INVALID_FLAGS,
    REASON_INVALID_GROUP,
    REASON_INVALID_ORDER_TYPE,
    REASON_INVALID_SELF_TRADE_PREVENTION,
    REASON_INVALID_SIDE,
    REASON_INVALID_TIME_IN_FORCE,
    REASON_INVALID_TRIGGER_PRICE,
    REDUCE_ONLY,
    SELL,
    TRAILING_STOP,
)
from workbench.domain.times import MAX_TIME_NS
from workbench.engine.groups import fits_group
from workbench.engine.orders import is_held
from workbench.jit import hot, int64, leaf
from workbench.matching.book import best_opposite
from workbench.matching.triggers import reference_price, trailing_price

NEW_FLAGS = POST_ONLY | REDUCE_ONLY | HISTORICAL | GROUP_CHILD | GROUP_LAST
ICEBERG = SPECIAL_ICEBERG
MAX_SLICES = 1000
MAX_TRAIL_TICKS = MAX_PRICE_TICKS
MICROS_IN_ONE = 1_000_000


@hot
def has_limits(memory: Memory, account: int) -> bool:
    """Whether an account has limits at all."""
    return memory.world[0]["bare"] == 0 and account != STREET_ACCOUNT


@hot
def check_codes(memory: Memory, command: Any, phase: int) -> tuple[int, int, int]:
    """Side, type, time in force, self-trade mode, flags and client order id of a new order."""
    side = command["side"]
    order_type = command["order_type"]
    time_in_force = command["time_in_force"]
    flags = int64(command["flags"])
    if side != BUY and side != SELL:
        return REASON_INVALID_SIDE, 0, 0
    if order_type < MARKET or order_type > TRAILING_STOP:
        return REASON_INVALID_ORDER_TYPE, 0, 0
    if (command["order_id"] | command["new_client_order_id"]) != 0:
        return REASON_INVALID_ORDER_TYPE, 0, 0
    plain = time_in_force <= GTC and order_type <= LIMIT and command["group_id"] == 0
    if not plain and not fits_time_in_force(command, phase):
        return REASON_INVALID_TIME_IN_FORCE, 0, 0
    expire = command["expire_time_ns"]
    if (expire != 0) != (time_in_force == GTD):
        return REASON_INVALID_EXPIRE_TIME, expire, memory.world[0]["time_ns"]
    if expire != 0 and (expire <= memory.world[0]["time_ns"] or expire > MAX_TIME_NS):
        return REASON_INVALID_EXPIRE_TIME, expire, memory.world[0]["time_ns"]
    if command["self_trade_prevention"] > PREVENT_DECREMENT:
        return REASON_INVALID_SELF_TRADE_PREVENTION, 0, 0
    if flags != 0 and not fits_flags(memory, command, flags):
        return REASON_INVALID_FLAGS, 0, 0
    if command["account"] == STREET_ACCOUNT and flags != HISTORICAL and memory.world[0]["frozen"] != 0:
        return REASON_INVALID_FLAGS, 0, 0
    if command["client_order_id"] < 0:
        return REASON_INVALID_CLIENT_ORDER_ID, 0, 0
    return 0, 0, 0


@leaf
def fits_time_in_force(command: Any, phase: int) -> bool:
    """Whether a time in force is known and goes with the order type, the group and the phase."""
    time_in_force = command["time_in_force"]
    if time_in_force == DAY or time_in_force == GTC or time_in_force == GTD:
        return True
    if command["order_type"] > LIMIT or command["group_id"] != 0:
        return False
    if time_in_force == IOC or time_in_force == FOK:
        return phase == CONTINUOUS
    if time_in_force == OPG:
        return phase == PRE_OPEN or phase == OPENING_AUCTION
    return time_in_force == CLS


@leaf
def fits_flags(memory: Memory, command: Any, flags: int) -> bool:
    """Whether the flags of a new order are known and do not contradict its other terms."""
    time_in_force = command["time_in_force"]
    if flags & ~NEW_FLAGS:
        return False
    if flags & HISTORICAL:
        stays = time_in_force == DAY or time_in_force == GTC
        return (
            flags == HISTORICAL
            and command["account"] == STREET_ACCOUNT
            and command["order_type"] == LIMIT
            and stays
        )
    if flags & POST_ONLY and (
        command["order_type"] != LIMIT
        or (time_in_force != DAY and time_in_force != GTC and time_in_force != GTD)
    ):
        return False
    if flags & REDUCE_ONLY and not has_limits(memory, int64(command["account"])):
        return False
    grouped = flags & (GROUP_CHILD | GROUP_LAST)
    return grouped == 0 or (command["group_id"] != 0 and grouped != (GROUP_CHILD | GROUP_LAST))


@leaf
def fits_trigger(instrument: Any, command: Any) -> bool:
    """Whether trigger price and trail of a new order go with its type."""
    price = command["trigger_price_ticks"]
    micros = command["amount_micros"]
    order_type = command["order_type"]
    if order_type <= LIMIT:
        return (price | micros) == 0
    if order_type == TRAILING_STOP:
        return fits_trail(price, micros)
    return micros == 0 and fits_ladder(instrument, price)


@leaf
def fits_trail(ticks: int, micros: int) -> bool:
    """Whether exactly one kind of trail is given, and makes sense."""
    if micros == 0:
        return ticks >= 1 and ticks <= MAX_TRAIL_TICKS
    return ticks == 0 and micros >= 1 and micros < MICROS_IN_ONE


@leaf
def fits_ladder(instrument: Any, price: int) -> bool:
    """Whether a trigger price is a multiple of the increment inside the book's window."""
    inside = price >= instrument["window_low_ticks"] and price <= instrument["window_high_ticks"]
    return inside and price % instrument["price_increment_ticks"] == 0


@leaf
def check_display(
    instrument: Any, order: Any, display_lots: int, leaves_lots: int, slices: bool
) -> tuple[int, int, int]:
    """Display quantity of an order; `slices` asks only whether it needs too many."""
    if not slices:
        time_in_force = order["time_in_force"]
        passing = time_in_force == DAY or time_in_force == GTC or time_in_force == GTD
        if order["order_type"] != LIMIT or order["account"] == STREET_ACCOUNT or not passing:
            return REASON_INVALID_DISPLAY_QUANTITY, display_lots, 0
        increment = instrument["quantity_increment_lots"]
        if display_lots < 0 or display_lots % increment != 0:
            return REASON_INVALID_DISPLAY_QUANTITY, display_lots, increment
        if display_lots > leaves_lots:
            return REASON_INVALID_DISPLAY_QUANTITY, display_lots, leaves_lots
    if (leaves_lots + display_lots - 1) // display_lots > MAX_SLICES:
        return REASON_INVALID_DISPLAY_QUANTITY, display_lots, MAX_SLICES
    return 0, 0, 0


@hot
def auction_value(instrument: Any) -> int:
    """The price a market order is valued at while it waits for an auction."""
    price = instrument["last_price_ticks"]
    if price == 0:
        price = instrument["reference_price_ticks"]
    return price if price != 0 else instrument["band_high_ticks"]


@leaf
def value_price(memory: Memory, slot: int) -> int:
    """The price an order without a limit is valued at; 0 when there is none."""
    order = memory.orders[slot]
    number = int64(order["instrument"])
    side = int64(order["side"])
    if order["order_type"] == MARKET:
        instrument = memory.instruments[number]
        if instrument["phase"] != CONTINUOUS:
            return auction_value(instrument)
        return best_opposite(memory, number, side)
    extra = memory.extras[order["extra"]]
    if order["order_type"] != TRAILING_STOP:
        return extra["trigger_price_ticks"]
    watermark = extra["watermark_ticks"]
    if watermark == 0:
        watermark = reference_price(memory, number, side, side == BUY)
    return trailing_price(memory, number, side, extra, watermark)


@leaf
def check_terms(memory: Memory, command: Any, slot: int) -> tuple[int, int, int]:
    """Trigger, display quantity and group of a new order."""
    order = memory.orders[slot]
    instrument = memory.instruments[order["instrument"]]
    if not fits_trigger(instrument, command):
        return REASON_INVALID_TRIGGER_PRICE, command["trigger_price_ticks"], command["amount_micros"]
    display = command["display_lots"]
    if display != 0:
        reason, value, limit = check_display(instrument, order, display, order["leaves_lots"], False)
        if reason != 0:
            return reason, value, limit
    if not fits_group(memory, command):
        return REASON_INVALID_GROUP, command["group_id"], int64(command["group_place"])
    return 0, 0, 0


@leaf
def check_new_terms(memory: Memory, command: Any, slot: int, leaves_lots: int) -> tuple[int, int, int]:
    """Trigger, display quantity and expire time that a replace gives; 0 keeps what is there."""
    order = memory.orders[slot]
    instrument = memory.instruments[order["instrument"]]
    price = command["trigger_price_ticks"]
    micros = command["amount_micros"]
    if (price | micros) != 0:
        fits = order["order_type"] > LIMIT and is_held(order)
        if fits and order["order_type"] == TRAILING_STOP:
            fits = fits_trail(price, micros)
        elif fits:
            fits = micros == 0 and price > 0 and fits_ladder(instrument, price)
        if not fits:
            return REASON_INVALID_TRIGGER_PRICE, price, micros
    display = command["display_lots"]
    if display != 0 or order["special"] & ICEBERG:
        shows = display if display != 0 else order["display_lots"]
        reason, value, limit = check_display(instrument, order, shows, leaves_lots, display == 0)
        if reason != 0:
            return reason, value, limit
    expire = command["expire_time_ns"]
    now = memory.world[0]["time_ns"]
    if expire != 0 and (order["time_in_force"] != GTD or expire <= now or expire > MAX_TIME_NS):
        return REASON_INVALID_EXPIRE_TIME, expire, now
    return 0, 0, 0


@leaf
def replaced_value_price(memory: Memory, command: Any, slot: int) -> int:
    """The price an order without a limit would be valued at with the trigger that a replace gives it."""
    order = memory.orders[slot]
    price = command["trigger_price_ticks"]
    micros = command["amount_micros"]
    if order["order_type"] == MARKET or (price | micros) == 0:
        return value_price(memory, slot)
    if order["order_type"] != TRAILING_STOP:
        return price
    extra = memory.extras[order["extra"]]
    old_ticks = extra["trail_ticks"]
    old_micros = extra["trail_micros"]
    extra["trail_ticks"] = price
    extra["trail_micros"] = micros
    value = value_price(memory, slot)
    extra["trail_ticks"] = old_ticks
    extra["trail_micros"] = old_micros
    return value
