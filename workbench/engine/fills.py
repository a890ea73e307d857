"""One fill: the trade, both orders' events, and both accounts' books."""

from __future__ import annotations

from typing import Any

from workbench.domain.codes import HOUSE_ACCOUNT, STREET_ACCOUNT
from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import (
    BUY,
    EVENT_ORDER_FILLED,
    EVENT_ORDER_PARTIALLY_FILLED,
    STATE_FILLED,
    STATE_PARTIALLY_FILLED,
)
from workbench.domain.records import LIQUIDITY_MAKER
from workbench.engine.emit import fill_event, position_event, trade_event
from workbench.engine.orders import (
    change_open_lots,
    forget_ids,
    keeps_account,
    position_number,
    release_slot,
    reserve,
)
from workbench.jit import int64, leaf
from workbench.ledger.cash import fee, notional
from workbench.ledger.lots import apply_fill
from workbench.matching.book import dequeue, shrink

MAKER = LIQUIDITY_MAKER


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
    position_event(memory, events, account_number, instrument_number, side, account, position)


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
            maker_fee = fee(instrument["maker_per_lot_micros"], instrument["maker_ppm"], value, lots)
        if taker_account != STREET_ACCOUNT:
            taker_fee = fee(instrument["taker_per_lot_micros"], instrument["taker_ppm"], value, lots)
    trade_event(memory, events, taker, extra_flags, price, lots, maker["order_id"], maker_account, value)
    if extra_flags == 0:
        instrument["last_price_ticks"] = price
        instrument["volume_lots"] += lots
        instrument["trades"] += 1
        instrument["quote_due"] = 1
    if maker_moves:
        shrink(memory, maker_slot, lots)
        say_fill(memory, events, maker, extra_flags | MAKER, price, lots, maker_fee, taker["order_id"])
        if keeps_account(memory, maker):
            change_open_lots(memory, maker, -lots)
            if maker["opening_lots"] > maker["leaves_lots"]:
                maker["opening_lots"] = maker["leaves_lots"]
                reserve(memory, maker)
    if taker_moves:
        taker["leaves_lots"] -= lots
        if taker["order_id"] != 0:
            say_fill(memory, events, taker, extra_flags, price, lots, taker_fee, maker["order_id"])
    if not bare and (maker_account != STREET_ACCOUNT or taker_account != STREET_ACCOUNT):
        taker_side = int64(taker["side"])
        book_fill(memory, events, maker_account, number, 3 - taker_side, price, lots, value, maker_fee)
        book_fill(memory, events, taker_account, number, taker_side, price, lots, value, taker_fee)
    if maker_moves and maker["leaves_lots"] == 0:
        dequeue(memory, maker_slot)
        forget_ids(memory, maker_slot)
        if keeps_account(memory, maker):
            account = memory.accounts[maker_account]
            account["open_orders"] -= 1
            account["reserved_micros"] -= maker["reserved_micros"]
            maker["reserved_micros"] = 0
        release_slot(memory, maker_slot)


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
