"""New orders: checked, matched, rested or held."""

from __future__ import annotations

from typing import Any

from workbench.domain.codes import (
    STREET_ACCOUNT,
)
from workbench.domain.memory import SPECIAL_EXTRA, SPECIAL_ICEBERG, EventBuffer, Memory
from workbench.domain.numbers import (
    BUY,
    CLOSING_AUCTION,
    CLS,
    CONTINUOUS,
    EVENT_ORDER_APPROVED,
    EVENT_ORDER_CREATED,
    EVENT_ORDER_REJECTED,
    FOK,
    GTC,
    HISTORICAL,
    IOC,
    LIMIT,
    MARKET,
    OPG,
    PLACE_AUCTION,
    PLACE_LIVE,
    PLACE_TRIGGER,
    REASON_FILL_OR_KILL,
    REASON_IMMEDIATE_OR_CANCEL,
    REASON_LIMIT_UP_DOWN,
    REASON_NO_LIQUIDITY,
    REASON_PRICE_COLLAR,
    REASON_TIME_BACKWARDS,
    REASON_UNKNOWN_ACCOUNT,
    STATE_HELD,
    STATE_NEW,
    STATE_PENDING_NEW,
    STATE_REJECTED,
    TRAILING_STOP,
)
from workbench.engine.admit import (
    check_new,
)
from workbench.engine.collars import stopped_by_collar
from workbench.engine.emit import order_event, refused, terms_event
from workbench.engine.exposure import report_breaches
from workbench.engine.groups import break_group, cancel_incoming, join_group, place_in_group
from workbench.engine.orders import (
    hold,
    release_slot,
    rest,
    set_plain,
    take_extra,
    take_slot,
)
from workbench.engine.sweep import (
    could_trade,
    match,
    match_frozen,
    match_history,
    matched_limit,
    meet_live_orders,
)
from workbench.engine.terms import auction_value, has_limits
from workbench.jit import hot, int64, leaf
from workbench.ledger.fees import fees_of
from workbench.matching.book import reaches, side_number
from workbench.matching.triggers import reference_price, trailing_price
from workbench.risk.checks import take_token

HAS_EXTRA = SPECIAL_EXTRA
ICEBERG = SPECIAL_ICEBERG


@hot
def write_order(memory: Memory, command: Any, slot: int) -> None:
    """Fill a slot's record from a COMMAND_NEW_ORDER."""
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
    order["book"] = PLACE_LIVE if world["frozen"] != 0 and command["account"] != STREET_ACCOUNT else 0
    order["special"] = 0
    order["price_ticks"] = command["price_ticks"]
    order["quantity_lots"] = command["quantity_lots"]
    order["leaves_lots"] = command["quantity_lots"]
    order["reserved_micros"] = 0
    order["opening_lots"] = 0
    order["taken_lots"] = 0
    order["time_ns"] = world["time_ns"]
    order["display_lots"] = 0
    order["shown_lots"] = 0
    order["extra"] = 0


@hot
def has_terms(command: Any) -> bool:
    """Whether a new order has terms beyond type, price and quantity."""
    return (
        command["trigger_price_ticks"]
        | command["amount_micros"]
        | command["display_lots"]
        | command["expire_time_ns"]
        | command["group_id"]
        | int64(command["group_place"])
    ) != 0


@leaf
def write_terms(memory: Memory, events: EventBuffer, command: Any, slot: int) -> None:
    """Say an order's rarer terms, and keep them."""
    order = memory.orders[slot]
    if has_terms(command):
        terms_event(
            memory,
            events,
            order,
            command["trigger_price_ticks"],
            command["amount_micros"],
            command["display_lots"],
            command["expire_time_ns"],
            command["group_id"],
            int64(command["group_place"]),
        )
    extra = memory.extras[take_extra(memory, slot)]
    extra["expire_time_ns"] = command["expire_time_ns"]
    extra["group_id"] = command["group_id"]
    extra["group_place"] = command["group_place"]
    if command["order_type"] == TRAILING_STOP:
        extra["trail_ticks"] = command["trigger_price_ticks"]
        extra["trail_micros"] = command["amount_micros"]
    else:
        extra["trigger_price_ticks"] = command["trigger_price_ticks"]
    order["display_lots"] = command["display_lots"]
    if command["display_lots"] != 0:
        order["special"] |= ICEBERG
    if not has_terms(command) and order["order_type"] <= LIMIT and order["time_in_force"] <= GTC:
        set_plain(memory, extra)


@hot
def needs_extra(memory: Memory, command: Any) -> bool:
    """Whether a new order keeps more than its record holds."""
    order_type = command["order_type"]
    if has_terms(command) or order_type > LIMIT:
        return True
    if command["time_in_force"] == OPG or command["time_in_force"] == CLS:
        return True
    number = int64(command["instrument"])
    if number < 0 or number >= memory.world[0]["instruments"]:
        return False
    instrument = memory.instruments[number]
    account = int64(command["account"])
    known = account > STREET_ACCOUNT and account < memory.world[0]["accounts"]
    if known and fees_of(memory, account, number)["order_fees"] != 0:
        return True
    return order_type == MARKET and instrument["phase"] != CONTINUOUS


@leaf
def enter(memory: Memory, events: EventBuffer, slot: int) -> None:
    """Match an order whose slot is taken, then rest or cancel what is left of it."""
    order = memory.orders[slot]
    instrument = memory.instruments[order["instrument"]]
    ended = False
    continuous = instrument["phase"] == CONTINUOUS
    if continuous:
        if order["book"] == PLACE_LIVE:
            ended = match_frozen(memory, events, slot)
        elif order["flags"] & HISTORICAL:
            if memory.world[0]["frozen"] != 0:
                meet_live_orders(memory, events, slot)
            else:
                match_history(memory, events, slot)
        else:
            ended = match(memory, events, slot)
    if ended or order["leaves_lots"] == 0:
        release_slot(memory, slot)
        return
    limited = False
    if instrument["limit_up_ticks"] != 0 and continuous:
        limited = stopped_by_limits(memory, slot)
        if limited:
            instrument["limit_state"] = 1
            instrument["quote_due"] = 1
    if order["price_ticks"] == 0 and continuous:
        reason = REASON_NO_LIQUIDITY
        if limited:
            reason = REASON_LIMIT_UP_DOWN
        elif instrument["collar_ppm"] != 0 and stopped_by_collar(memory, slot):
            reason = REASON_PRICE_COLLAR
        cancel_incoming(memory, events, slot, reason)
        release_slot(memory, slot)
    elif order["time_in_force"] == IOC:
        reason = REASON_LIMIT_UP_DOWN if limited else REASON_IMMEDIATE_OR_CANCEL
        cancel_incoming(memory, events, slot, reason)
        release_slot(memory, slot)
    else:
        if order["price_ticks"] == 0:
            memory.extras[order["extra"]]["trigger_price_ticks"] = auction_value(instrument)
        rest(memory, events, slot)
        instrument["quote_due"] = 1


@leaf
def stopped_by_limits(memory: Memory, slot: int) -> bool:
    """Whether an order that has been matched would trade on but for the price limits."""
    order = memory.orders[slot]
    if order["flags"] & HISTORICAL:
        return False
    side = int64(order["side"])
    best = memory.sides[side_number(int64(order["instrument"]), 0, 3 - side)]["best_ticks"]
    return best != 0 and reaches(side, matched_limit(memory, slot), best)


@hot
def new_order(memory: Memory, events: EventBuffer, command: Any) -> None:
    """NEW_ORDER."""
    slot = take_slot(memory)
    write_order(memory, command, slot)
    order = memory.orders[slot]
    order_event(memory, events, order, EVENT_ORDER_CREATED, 0, STATE_PENDING_NEW, 0)
    if needs_extra(memory, command):
        write_terms(memory, events, command, slot)
    reason, value, limit = check_new(memory, command, slot)
    if reason != 0:
        refused(
            memory,
            events,
            command,
            EVENT_ORDER_REJECTED,
            reason,
            STATE_REJECTED,
            order["order_id"],
            value,
            limit,
        )
        release_slot(memory, slot)
        if (
            command["group_place"] > 1
            and reason != REASON_TIME_BACKWARDS
            and reason != REASON_UNKNOWN_ACCOUNT
        ):
            break_group(memory, events, command)
        return
    place = 0
    if order["special"] & HAS_EXTRA:
        place = place_of_new(memory, command, slot)
    if has_limits(memory, int64(command["account"])):
        take_token(memory.accounts[command["account"]], command["time_ns"])
        state = STATE_NEW if place == 0 else STATE_HELD
        order_event(memory, events, order, EVENT_ORDER_APPROVED, 0, state, value)
        if place == 0 and memory.world[0]["exposures"] != 0:
            report_breaches(memory, events, slot, 0)
    if place != 0:
        hold_new(memory, events, slot, place)
        return
    if command["time_in_force"] == FOK:
        found, _ = could_trade(memory, slot, order["leaves_lots"], 0, True)
        if found < order["leaves_lots"]:
            cancel_incoming(memory, events, slot, REASON_FILL_OR_KILL)
            release_slot(memory, slot)
            return
    enter(memory, events, slot)


@leaf
def place_of_new(memory: Memory, command: Any, slot: int) -> int:
    """Where an accepted order is held; 0 when it is active at once."""
    order = memory.orders[slot]
    if command["group_id"] != 0 and join_group(memory, command, slot):
        return place_in_group(memory, slot)
    if order["order_type"] > LIMIT:
        return PLACE_TRIGGER
    phase = memory.instruments[order["instrument"]]["phase"]
    if order["time_in_force"] == CLS and phase != CLOSING_AUCTION:
        return PLACE_AUCTION
    return 0


@leaf
def hold_new(memory: Memory, events: EventBuffer, slot: int, place: int) -> None:
    """Hold an accepted order."""
    order = memory.orders[slot]
    order["opening_lots"] = 0
    if place == PLACE_TRIGGER:
        set_watermark(memory, slot)
    hold(memory, events, slot, place)
    memory.instruments[order["instrument"]]["quote_due"] = 1


@leaf
def set_watermark(memory: Memory, slot: int) -> None:
    """Give a trailing stop its first watermark and trigger price."""
    order = memory.orders[slot]
    if order["order_type"] == TRAILING_STOP:
        number = int64(order["instrument"])
        side = int64(order["side"])
        extra = memory.extras[order["extra"]]
        watermark = reference_price(memory, number, side, side == BUY)
        extra["watermark_ticks"] = watermark
        extra["trigger_price_ticks"] = trailing_price(memory, number, side, extra, watermark)
