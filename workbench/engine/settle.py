"""The end of a command: trailing stops follow, released and triggered orders become active, quotes go out."""

from __future__ import annotations

from typing import Any

from workbench.domain.memory import SPECIAL_GROUP, EventBuffer, Memory
from workbench.domain.numbers import (
    BUY,
    CLOSING_AUCTION,
    CONTINUOUS,
    EVENT_AUCTION_INDICATIVE,
    EVENT_ORDER_APPROVED,
    EVENT_ORDER_REDUCED,
    EVENT_ORDER_REJECTED,
    EVENT_ORDER_TRAILED,
    EVENT_ORDER_TRIGGERED,
    LIMIT,
    OPENING_AUCTION,
    PLACE_TRIGGER,
    REASON_LIMIT_UP_DOWN,
    REASON_REDUCE_ONLY,
    REDUCE_ONLY,
    REOPENING_AUCTION,
    SELL,
    STATE_HELD,
    STATE_NEW,
    STATE_REJECTED,
)
from workbench.domain.times import MAX_TIME_NS
from workbench.engine.admit import check_activation, leg_leaves
from workbench.engine.emit import auction_event, quote_event, say_order
from workbench.engine.entering import enter, set_watermark
from workbench.engine.exposure import report_breaches
from workbench.engine.groups import cancel_member, forget_group, group_of, other_leg, tell_end
from workbench.engine.monitoring import evaluate_moved
from workbench.engine.orders import (
    home,
    is_held,
    keeps_account,
    position_number,
    put,
    release_slot,
    say_held,
    unput,
    withdraw_held,
)
from workbench.engine.phases import change_phase
from workbench.jit import hot, int64, leaf
from workbench.matching.auction import auction_reference, uncross_price
from workbench.matching.book import move_by_priority
from workbench.matching.triggers import (
    NEVER,
    first_triggered,
    note_watermark,
    queue_trigger,
    reference_price,
    trailing_price,
    trigger_side_of,
    unqueue_trigger,
)
from workbench.risk.checks import closable

IN_GROUP = SPECIAL_GROUP


@leaf
def settle(memory: Memory, events: EventBuffer, number: int) -> None:
    """Watermarks, then released and triggered orders until there are none."""
    instrument = memory.instruments[number]
    if instrument["trail_head"] != 0:
        follow(memory, events, number)
    acted = False
    while True:
        if instrument["limit_state"] != 0:
            pause(memory, events, number)
            return
        released = instrument["released_head"]
        slot = int64(0)
        if released != 0:
            slot = int64(memory.extras[released]["order"])
            if memory.orders[slot]["order_type"] > LIMIT:
                wait_for_trigger(memory, events, slot)
                acted = True
                continue
        elif instrument["armed"] != 0:
            slot, reference = first_triggered(memory, number)
            if slot != 0:
                trigger(memory, events, slot, reference)
        if slot == 0:
            break
        activate(memory, events, slot)
        acted = True
    if acted and instrument["trail_head"] != 0:
        follow(memory, events, number)


@leaf
def pause(memory: Memory, events: EventBuffer, number: int) -> None:
    """A price limit was reached: collect orders for a while, then reopen by auction."""
    instrument = memory.instruments[number]
    instrument["limit_state"] = 0
    world = memory.world[0]
    reopening = min(world["time_ns"] + instrument["price_limit_pause_ns"], MAX_TIME_NS)
    change_phase(memory, events, number, REOPENING_AUCTION, REASON_LIMIT_UP_DOWN, reopening)


@leaf
def follow(memory: Memory, events: EventBuffer, number: int) -> None:
    """Move the watermarks that the reference has passed."""
    instrument = memory.instruments[number]
    for_sells = reference_price(memory, number, SELL, False)
    for_buys = reference_price(memory, number, BUY, True)
    rises = for_sells != 0 and for_sells > instrument["trail_above_ticks"]
    falls = for_buys != 0 and for_buys < instrument["trail_below_ticks"]
    if not rises and not falls:
        return
    instrument["trail_above_ticks"] = NEVER
    instrument["trail_below_ticks"] = 0
    at = instrument["trail_head"]
    while at != 0:
        extra = memory.extras[at]
        slot = int64(extra["order"])
        order = memory.orders[slot]
        side = int64(order["side"])
        reference = for_buys if side == BUY else for_sells
        watermark = extra["watermark_ticks"]
        passed = reference < watermark if side == BUY else reference > watermark
        if reference != 0 and (watermark == 0 or passed):
            side_index = trigger_side_of(memory, order)
            if extra["trigger_price_ticks"] != 0:
                unqueue_trigger(memory, side_index, extra["trigger_price_ticks"], slot)
            extra["watermark_ticks"] = reference
            price = trailing_price(memory, number, side, extra, reference)
            extra["trigger_price_ticks"] = price
            if price != 0:
                queue_trigger(memory, side_index, price, slot)
                move_by_priority(memory, side_index, price, slot)
            event = say_order(memory, events, order, EVENT_ORDER_TRAILED, 0, STATE_HELD, price)
            event["limit"] = reference
        note_watermark(instrument, order, extra)
        at = int64(extra["next"])


@leaf
def trigger(memory: Memory, events: EventBuffer, slot: int, reference_ticks: int) -> None:
    """The reference reached the trigger price of an order, which becomes active."""
    order = memory.orders[slot]
    extra = memory.extras[order["extra"]]
    event = say_order(memory, events, order, EVENT_ORDER_TRIGGERED, 0, STATE_HELD, reference_ticks)
    event["limit"] = extra["trigger_price_ticks"]
    other = other_leg(memory, slot)
    if other != 0:
        forget_group(memory, group_of(memory, slot))
        cancel_member(memory, events, other)


@leaf
def wait_for_trigger(memory: Memory, events: EventBuffer, slot: int) -> None:
    """A released order begins to wait for its trigger."""
    unput(memory, slot)
    set_watermark(memory, slot)
    put(memory, slot, PLACE_TRIGGER)
    say_held(memory, events, memory.orders[slot])


@leaf
def activate(memory: Memory, events: EventBuffer, slot: int) -> None:
    """A held order is checked once more and enters the market."""
    order = memory.orders[slot]
    number = int64(order["instrument"])
    memory.instruments[number]["quote_due"] = 1
    limited = keeps_account(memory, order)
    value = int64(0)
    withdraw_held(memory, slot)
    if limited:
        if order["flags"] & REDUCE_ONLY:
            cut_to_closing(memory, events, slot)
        reason, value, limit = check_activation(memory, slot)
        if reason != 0:
            event = say_order(memory, events, order, EVENT_ORDER_REJECTED, reason, STATE_REJECTED, value)
            event["leaves_lots"] = 0
            event["executed_lots"] = 0
            event["limit"] = limit
            if order["special"] & IN_GROUP:
                tell_end(memory, events, group_of(memory, slot), slot, 0)
            release_slot(memory, slot)
            return
    order["book"] = home(memory, order)
    if limited:
        say_order(memory, events, order, EVENT_ORDER_APPROVED, 0, STATE_NEW, value)
        if memory.world[0]["exposures"] != 0:
            report_breaches(memory, events, slot, leg_leaves(memory, slot))
    enter(memory, events, slot)


@leaf
def cut_to_closing(memory: Memory, events: EventBuffer, slot: int) -> None:
    """Cut a reduce-only order that becomes active to what it may close."""
    order = memory.orders[slot]
    number = position_number(memory, int64(order["account"]), int64(order["instrument"]))
    leg = other_leg(memory, slot)
    own = int64(0)
    if leg != 0 and not is_held(memory.orders[leg]):
        own = memory.orders[leg]["leaves_lots"]
    allowed = closable(memory.positions[number], int64(order["side"]), own)
    excess = order["leaves_lots"] - allowed
    if allowed > 0 and excess > 0:
        order["leaves_lots"] -= excess
        order["quantity_lots"] -= excess
        say_order(memory, events, order, EVENT_ORDER_REDUCED, REASON_REDUCE_ONLY, STATE_HELD, excess)


@leaf
def say_indicative(memory: Memory, events: EventBuffer, number: int) -> None:
    """AUCTION_INDICATIVE, when it has changed."""
    instrument = memory.instruments[number]
    phase = instrument["phase"]
    if phase != OPENING_AUCTION and phase != CLOSING_AUCTION and phase != REOPENING_AUCTION:
        return
    price, paired, wanted, offered = uncross_price(memory, number)
    if (
        price == instrument["indicative_price_ticks"]
        and paired == instrument["indicative_paired_lots"]
        and wanted - offered == instrument["indicative_imbalance_lots"]
    ):
        return
    instrument["indicative_price_ticks"] = price
    instrument["indicative_paired_lots"] = paired
    instrument["indicative_imbalance_lots"] = wanted - offered
    auction_event(
        memory,
        events,
        EVENT_AUCTION_INDICATIVE,
        number,
        price,
        paired,
        wanted,
        offered,
        auction_reference(instrument),
    )


@hot
def has_work(instrument: Any) -> bool:
    """Whether a command that touched an instrument may have set off something in it."""
    if instrument["quote_due"] == 0 or instrument["phase"] != CONTINUOUS:
        return False
    return (instrument["armed"] | instrument["released_head"] | instrument["limit_state"]) != 0


@hot
def say_market(memory: Memory, events: EventBuffer, number: int) -> None:
    """What is published of an instrument that was touched."""
    instrument = memory.instruments[number]
    if instrument["quote_due"] != 0:
        instrument["quote_due"] = 0
        if instrument["phase"] != CONTINUOUS:
            say_indicative(memory, events, number)
        quote_event(memory, events, number)


@leaf
def publish(memory: Memory, events: EventBuffer, first: int, end: int) -> None:
    """The end of a command that has touched the instruments from `first` up to `end`, at most."""
    world = memory.world[0]
    while True:
        for number in range(first, end):
            if has_work(memory.instruments[number]):
                settle(memory, events, number)
        if world["moved"] == 0:
            break
        # An evaluation may cancel orders in any instrument.
        first = 0
        end = world["instruments"]
        evaluate_moved(memory, events, False)
    for number in range(first, end):
        say_market(memory, events, number)
