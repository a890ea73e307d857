"""Trading phases: changing them, the uncross that ends an auction, and what they end."""

from __future__ import annotations

from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import (
    BUY,
    CLOSE,
    CLOSED,
    CLOSING_AUCTION,
    EVENT_AUCTION_UNCROSSED,
    EVENT_ORDER_CANCELED,
    EVENT_ORDER_EXPIRED,
    EVENT_PHASE_CHANGED,
    HALTED,
    PRE_OPEN,
    REASON_AUCTION_ENDED,
    REASON_END_OF_DAY,
    REASON_NO_LIQUIDITY,
    REDUCE_ONLY,
    SELL,
    STATE_CANCELED,
    STATE_EXPIRED,
)
from workbench.domain.records import AUCTION, SHADOW
from workbench.engine.emit import auction_event, market_event
from workbench.engine.fills import cross, cut_to_position
from workbench.engine.limits import restart_reference
from workbench.engine.sorting import (
    AUCTION_OF_INSTRUMENT,
    DAY_OF_CLOSING,
    MARKET_OF_INSTRUMENT,
    OPG_OF_INSTRUMENT,
    collect,
    end_collected,
)
from workbench.jit import leaf
from workbench.matching.auction import auction_reference, next_in_auction, uncross_price

IN_AUCTION = AUCTION
OURS = SHADOW


@leaf
def collects(phase: int) -> bool:
    """Whether a phase collects orders for an uncross."""
    return phase >= PRE_OPEN and phase < HALTED


@leaf
def change_phase(
    memory: Memory, events: EventBuffer, number: int, phase: int, reason: int, reopening_time_ns: int
) -> None:
    """Steps 1, 2 and 4 of a phase change; the caller lets orders of the closing auction join (step 3)."""
    instrument = memory.instruments[number]
    instrument["phase"] = phase
    instrument["reopening_time_ns"] = reopening_time_ns
    instrument["limit_state"] = 0
    instrument["quote_due"] = 1
    world = memory.world[0]
    if reopening_time_ns != 0:
        world["alarm_ns"] = min(world["alarm_ns"], reopening_time_ns)
    if collects(phase):
        instrument["indicative_price_ticks"] = 0
        instrument["indicative_paired_lots"] = 0
        instrument["indicative_imbalance_lots"] = 0
    market_event(memory, events, EVENT_PHASE_CHANGED, reason, number)
    if collects(phase):
        instrument["collecting"] = phase
    elif phase <= CLOSED and instrument["collecting"] != 0:
        uncross(memory, events, number)
    if phase == CLOSED:
        instrument["closing"] = 1
        if instrument["mark"] == CLOSE:
            instrument["close_price_ticks"] = instrument["last_price_ticks"]
        end_auction_orders(memory, events, number, AUCTION_OF_INSTRUMENT)


@leaf
def end_auction_orders(memory: Memory, events: EventBuffer, number: int, which: int) -> None:
    """Cancel orders whose auction is over."""
    if memory.instruments[number]["auction_orders"] != 0:
        count = collect(memory, 0, number, which)
        end_collected(memory, events, count, EVENT_ORDER_CANCELED, REASON_AUCTION_ENDED, STATE_CANCELED)


@leaf
def uncross(memory: Memory, events: EventBuffer, number: int) -> None:
    """Trade what an auction collected at one price, and end what was meant for it alone."""
    instrument = memory.instruments[number]
    world = memory.world[0]
    ended = instrument["collecting"]
    instrument["collecting"] = 0
    price, paired, wanted, offered = uncross_price(memory, number)
    instrument["collar_low_ticks"] = 0
    instrument["collar_high_ticks"] = 0
    auction_event(
        memory,
        events,
        EVENT_AUCTION_UNCROSSED,
        number,
        price,
        paired,
        wanted,
        offered,
        auction_reference(instrument),
    )
    flags = IN_AUCTION
    if world["frozen"] != 0:
        flags |= OURS
    trades = world["trades"]
    while price != 0:
        buy = next_in_auction(memory, number, BUY, price)
        sell = next_in_auction(memory, number, SELL, price)
        if buy == 0 or sell == 0:
            break
        if memory.orders[buy]["flags"] & REDUCE_ONLY and cut_to_position(memory, events, buy):
            continue
        if memory.orders[sell]["flags"] & REDUCE_ONLY and cut_to_position(memory, events, sell):
            continue
        maker = buy
        taker = sell
        if memory.orders[buy]["priority"] > memory.orders[sell]["priority"]:
            maker = sell
            taker = buy
        lots = min(memory.orders[buy]["leaves_lots"], memory.orders[sell]["leaves_lots"])
        cross(memory, events, taker, maker, price, lots, flags)
    if world["trades"] > trades and instrument["price_limit_ppm"] != 0:
        restart_reference(memory, events, number, price)
    if (memory.queues[number * 2]["orders"] | memory.queues[number * 2 + 1]["orders"]) != 0:
        count = collect(memory, 0, number, MARKET_OF_INSTRUMENT)
        end_collected(memory, events, count, EVENT_ORDER_CANCELED, REASON_NO_LIQUIDITY, STATE_CANCELED)
    of_close = ended == CLOSING_AUCTION
    end_auction_orders(memory, events, number, AUCTION_OF_INSTRUMENT if of_close else OPG_OF_INSTRUMENT)


@leaf
def expire_day_orders(memory: Memory, events: EventBuffer) -> None:
    """End the DAY orders of every instrument that has just closed."""
    closing = 0
    for number in range(memory.world[0]["instruments"]):
        closing |= memory.instruments[number]["closing"]
    if closing == 0:
        return
    count = collect(memory, 0, 0, DAY_OF_CLOSING)
    end_collected(memory, events, count, EVENT_ORDER_EXPIRED, REASON_END_OF_DAY, STATE_EXPIRED)
    for number in range(memory.world[0]["instruments"]):
        memory.instruments[number]["closing"] = 0
