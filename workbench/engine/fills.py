"""One fill: the trade, both orders' events, and both accounts' books."""

from __future__ import annotations

from typing import Any

from workbench.domain.codes import HOUSE_ACCOUNT, STREET_ACCOUNT
from workbench.domain.memory import SPECIAL_GROUP, SPECIAL_ICEBERG, EventBuffer, Memory
from workbench.domain.numbers import (
    BUY,
    EVENT_ORDER_FILLED,
    EVENT_ORDER_PARTIALLY_FILLED,
    EVENT_ORDER_REFRESHED,
    PLACE_MARKET_QUEUE,
    REASON_REDUCE_ONLY,
    STATE_FILLED,
    STATE_PARTIALLY_FILLED,
)
from workbench.domain.records import LIQUIDITY_MAKER, SHADOW
from workbench.engine.accounts import note_moved, sample_fill
from workbench.engine.emit import fill_event, position_event, say_order, trade_event
from workbench.engine.groups import cancel_open, tell_fill
from workbench.engine.keeping import keep_trade
from workbench.engine.limits import count_trade
from workbench.engine.orders import (
    change_open_lots,
    forget_ids,
    keeps_account,
    lots_ahead,
    note_closed,
    open_state,
    position_number,
    reduce_open,
    release_slot,
    reserve,
    take_off,
)
from workbench.jit import hot, int64, leaf
from workbench.ledger.cash import fee, notional
from workbench.ledger.fees import charge, fees_of
from workbench.ledger.lots import apply_fill
from workbench.matching.auction import unqueue_market
from workbench.matching.book import dequeue, enqueue, show, shrink

MAKER = LIQUIDITY_MAKER
ICEBERG = SPECIAL_ICEBERG
IN_GROUP = SPECIAL_GROUP


@leaf
def book_fill(
    memory: Memory,
    events: EventBuffer,
    account_number: int,
    instrument_number: int,
    side: int,
    price_ticks: int,
    lots: int,
    value_micros: int,
    fee_micros: int,
) -> None:
    """Enter one side of a fill into its account's books and say so."""
    account = memory.accounts[account_number]
    position = memory.positions[position_number(memory, account_number, instrument_number)]
    apply_fill(
        memory,
        account,
        position,
        memory.instruments[instrument_number],
        1 if side == BUY else -1,
        price_ticks,
        lots,
        value_micros,
        fee_micros,
        account_number != STREET_ACCOUNT,
    )
    memory.accounts[HOUSE_ACCOUNT]["cash_micros"] += fee_micros
    if account["monitored"] != 0:
        note_moved(memory, account_number)
    if memory.world[0]["excursions"] != 0 and account_number != STREET_ACCOUNT:
        sample_fill(memory.instruments[instrument_number], position, lots if side == BUY else -lots)
    position_event(memory, events, account_number, instrument_number, side, account, position)


@leaf
def charge_order(memory: Memory, order: Any, fee_micros: int, value_micros: int) -> int:
    """What a fill costs an order for which there are fees per order, a minimum or a cap."""
    extra = memory.extras[order["extra"]]
    fees = fees_of(memory, int64(order["account"]), int64(order["instrument"]))
    return charge(fees, extra, fee_micros, value_micros)


@leaf
def say_fill(
    memory: Memory,
    events: EventBuffer,
    order: Any,
    extra_flags: int,
    price_ticks: int,
    lots: int,
    fee_micros: int,
    contra_order_id: int,
) -> None:
    """The fill event of an order whose leaves are already reduced."""
    if order["leaves_lots"] == 0:
        kind = EVENT_ORDER_FILLED
        state = STATE_FILLED
    else:
        kind = EVENT_ORDER_PARTIALLY_FILLED
        state = STATE_PARTIALLY_FILLED
    fill_event(
        memory, events, order, kind, state, extra_flags, price_ticks, lots, fee_micros, contra_order_id
    )


@hot
def say_trade(
    memory: Memory,
    events: EventBuffer,
    taker: Any,
    maker: Any,
    price_ticks: int,
    lots: int,
    value_micros: int,
    extra_flags: int,
) -> None:
    """TRADE, and what the instrument remembers of it."""
    instrument = memory.instruments[maker["instrument"]]
    trade_event(
        memory,
        events,
        taker,
        extra_flags,
        price_ticks,
        lots,
        maker["order_id"],
        int64(maker["account"]),
        value_micros,
    )
    if (extra_flags & SHADOW) == 0:
        instrument["last_price_ticks"] = price_ticks
        instrument["volume_lots"] += lots
        instrument["trades"] += 1
        instrument["quote_due"] = 1
        if instrument["price_limit_ppm"] != 0:
            count_trade(memory, int64(maker["instrument"]), price_ticks)


@hot
def fill_resting(
    memory: Memory,
    events: EventBuffer,
    slot: int,
    price_ticks: int,
    lots: int,
    fee_micros: int,
    extra_flags: int,
    contra_order_id: int,
) -> None:
    """Take a fill off an order in a book or market queue; what its account has open follows."""
    order = memory.orders[slot]
    if order["book"] == PLACE_MARKET_QUEUE:
        take_off(memory, slot, lots)
    else:
        shrink(memory, slot, lots, True)
    say_fill(memory, events, order, extra_flags, price_ticks, lots, fee_micros, contra_order_id)
    if keeps_account(memory, order):
        change_open_lots(memory, order, -lots)
        if order["opening_lots"] > order["leaves_lots"]:
            order["opening_lots"] = order["leaves_lots"]
            reserve(memory, order)


@hot
def retire(memory: Memory, slot: int) -> None:
    """Take an order that has been filled out of its queue, the tables and its account's books."""
    order = memory.orders[slot]
    if order["book"] == PLACE_MARKET_QUEUE:
        unqueue_market(memory, slot)
    else:
        dequeue(memory, slot)
    forget_ids(memory, slot)
    if order["special"] != 0:
        note_closed(memory, order)
    if keeps_account(memory, order):
        account = memory.accounts[order["account"]]
        account["open_orders"] -= 1
        account["reserved_micros"] -= order["reserved_micros"]
        order["reserved_micros"] = 0
    release_slot(memory, slot)


@leaf
def after_fill(memory: Memory, events: EventBuffer, slot: int, lots: int, refreshes: bool) -> None:
    """What a fill of an order sets off: an iceberg's next slice, and what its group does."""
    order = memory.orders[slot]
    if refreshes and order["special"] & ICEBERG and order["shown_lots"] == 0 and order["leaves_lots"] > 0:
        world = memory.world[0]
        dequeue(memory, slot)
        world["priorities"] += 1
        order["priority"] = world["priorities"]
        ahead = enqueue(memory, slot) + lots_ahead(memory, order)
        event = say_order(memory, events, order, EVENT_ORDER_REFRESHED, 0, open_state(memory, order), ahead)
        event["limit"] = order["shown_lots"]
    if order["special"] & IN_GROUP:
        tell_fill(memory, events, slot, lots)


@leaf
def trade(
    memory: Memory,
    events: EventBuffer,
    taker_slot: int,
    maker_slot: int,
    lots: int,
    maker_moves: bool,
    taker_moves: bool,
    extra_flags: int,
) -> None:
    """Trade `lots` at the resting order's price.

    A side that does not move is a street order of a frozen venue: it only remembers the lots as taken, and
    has no fill event. An incoming order without an order id has none either. A resting order that is filled
    leaves the book.
    """
    world = memory.world[0]
    world["trades"] += 1
    taker = memory.orders[taker_slot]
    maker = memory.orders[maker_slot]
    price = maker["price_ticks"]
    number = int64(maker["instrument"])
    instrument = memory.instruments[number]
    value = notional(instrument, price, lots)
    maker_account = int64(maker["account"])
    taker_account = int64(taker["account"])
    bare = world["bare"] != 0
    maker_fee = 0
    taker_fee = 0
    if not bare:
        if maker_account != STREET_ACCOUNT:
            fees = fees_of(memory, maker_account, number)
            maker_fee = fee(fees["maker_per_lot_micros"], fees["maker_ppm"], value, lots)
            if fees["order_fees"] != 0:
                maker_fee = charge_order(memory, maker, maker_fee, value)
        if taker_account != STREET_ACCOUNT:
            fees = fees_of(memory, taker_account, number)
            taker_fee = fee(fees["taker_per_lot_micros"], fees["taker_ppm"], value, lots)
            if fees["order_fees"] != 0:
                taker_fee = charge_order(memory, taker, taker_fee, value)
    previous = instrument["last_price_ticks"]
    say_trade(memory, events, taker, maker, price, lots, value, extra_flags)
    if memory.trades.size != 0 and (maker_account != STREET_ACCOUNT or taker_account != STREET_ACCOUNT):
        keep_trade(memory, taker, maker, price, lots, extra_flags, taker_fee, maker_fee, int64(previous))
    if maker_moves:
        fill_resting(
            memory, events, maker_slot, price, lots, maker_fee, extra_flags | MAKER, taker["order_id"]
        )
    if taker_moves:
        taker["leaves_lots"] -= lots
        if taker["order_id"] != 0:
            say_fill(memory, events, taker, extra_flags, price, lots, taker_fee, maker["order_id"])
    if not bare and (maker_account != STREET_ACCOUNT or taker_account != STREET_ACCOUNT):
        taker_side = int64(taker["side"])
        book_fill(memory, events, maker_account, number, 3 - taker_side, price, lots, value, maker_fee)
        book_fill(memory, events, taker_account, number, taker_side, price, lots, value, taker_fee)
    if maker["special"] | taker["special"]:
        if maker_moves:
            after_fill(memory, events, maker_slot, lots, True)
        if taker_moves:
            after_fill(memory, events, taker_slot, lots, False)
    if maker_moves and maker["leaves_lots"] == 0:
        retire(memory, maker_slot)


@leaf
def cross(
    memory: Memory,
    events: EventBuffer,
    taker_slot: int,
    maker_slot: int,
    price_ticks: int,
    lots: int,
    extra_flags: int,
) -> None:
    """Trade `lots` between two resting orders at an auction's price."""
    world = memory.world[0]
    world["trades"] += 1
    taker = memory.orders[taker_slot]
    maker = memory.orders[maker_slot]
    number = int64(maker["instrument"])
    instrument = memory.instruments[number]
    value = notional(instrument, price_ticks, lots)
    maker_account = int64(maker["account"])
    taker_account = int64(taker["account"])
    bare = world["bare"] != 0
    maker_fee = 0
    taker_fee = 0
    if not bare:
        if maker_account != STREET_ACCOUNT:
            fees = fees_of(memory, maker_account, number)
            maker_fee = fee(fees["maker_per_lot_micros"], fees["maker_ppm"], value, lots)
            if fees["order_fees"] != 0:
                maker_fee = charge_order(memory, maker, maker_fee, value)
        if taker_account != STREET_ACCOUNT:
            fees = fees_of(memory, taker_account, number)
            taker_fee = fee(fees["taker_per_lot_micros"], fees["taker_ppm"], value, lots)
            if fees["order_fees"] != 0:
                taker_fee = charge_order(memory, taker, taker_fee, value)
    previous = instrument["last_price_ticks"]
    say_trade(memory, events, taker, maker, price_ticks, lots, value, extra_flags)
    if memory.trades.size != 0 and (maker_account != STREET_ACCOUNT or taker_account != STREET_ACCOUNT):
        keep_trade(
            memory, taker, maker, price_ticks, lots, extra_flags, taker_fee, maker_fee, int64(previous)
        )
    maker_id = maker["order_id"]
    fill_resting(
        memory,
        events,
        maker_slot,
        price_ticks,
        lots,
        maker_fee,
        extra_flags | MAKER,
        taker["order_id"],
    )
    fill_resting(memory, events, taker_slot, price_ticks, lots, taker_fee, extra_flags, maker_id)
    if maker_account == STREET_ACCOUNT:
        maker["taken_lots"] += lots
    if taker_account == STREET_ACCOUNT:
        taker["taken_lots"] += lots
    if not bare and (maker_account != STREET_ACCOUNT or taker_account != STREET_ACCOUNT):
        taker_side = int64(taker["side"])
        book_fill(memory, events, maker_account, number, 3 - taker_side, price_ticks, lots, value, maker_fee)
        book_fill(memory, events, taker_account, number, taker_side, price_ticks, lots, value, taker_fee)
    after_cross(memory, events, maker_slot, lots)
    after_cross(memory, events, taker_slot, lots)
    if maker["leaves_lots"] == 0:
        retire(memory, maker_slot)
    if taker["leaves_lots"] == 0:
        retire(memory, taker_slot)


@leaf
def after_cross(memory: Memory, events: EventBuffer, slot: int, lots: int) -> None:
    """What a fill in an auction sets off: an iceberg displays as before, and its group hears of it."""
    order = memory.orders[slot]
    if order["special"] & ICEBERG:
        show(memory, slot, min(order["display_lots"], order["leaves_lots"]))
    after_fill(memory, events, slot, lots, False)


@leaf
def cut_to_position(memory: Memory, events: EventBuffer, slot: int) -> bool:
    """Cut a resting reduce-only order to what its position still allows; returns whether that ends it."""
    order = memory.orders[slot]
    number = position_number(memory, int64(order["account"]), int64(order["instrument"]))
    held = memory.positions[number]["position_lots"]
    allowed = max(0, -held if order["side"] == BUY else held)
    if allowed == 0:
        cancel_open(memory, events, slot, REASON_REDUCE_ONLY)
        return True
    if order["leaves_lots"] > allowed:
        reduce_open(memory, events, slot, order["leaves_lots"] - allowed, REASON_REDUCE_ONLY)
    return False


@leaf
def print_hidden(memory: Memory, events: EventBuffer, taker_slot: int, price_ticks: int, lots: int) -> None:
    """A trade of the street with liquidity that the book never showed."""
    memory.world[0]["trades"] += 1
    taker = memory.orders[taker_slot]
    instrument = memory.instruments[taker["instrument"]]
    value = notional(instrument, price_ticks, lots)
    trade_event(memory, events, taker, 0, price_ticks, lots, 0, STREET_ACCOUNT, value)
    instrument["last_price_ticks"] = price_ticks
    instrument["volume_lots"] += lots
    instrument["trades"] += 1
    instrument["quote_due"] = 1
    if instrument["price_limit_ppm"] != 0:
        count_trade(memory, int64(taker["instrument"]), price_ticks)
