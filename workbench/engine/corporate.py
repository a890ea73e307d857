"""SPLIT: prices one way, quantities the other, and money for what is no whole lot any more."""

from __future__ import annotations

from typing import Any

from workbench.domain.codes import STREET_ACCOUNT
from workbench.domain.config import FIRST_TRADER
from workbench.domain.instruments import MAX_LADDER_TICKS, MAX_QUANTITY_LOTS
from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import (
    CANCEL_ORDERS,
    EVENT_ORDER_CANCELED,
    REASON_CASH_IN_LIEU,
    REASON_CORPORATE_ACTION,
    REASON_INVALID_FLAGS,
    REASON_INVALID_QUANTITY,
    REASON_PRICE_OUT_OF_BAND,
    REASON_QUANTITY_TOO_LARGE,
    STATE_CANCELED,
)
from workbench.engine.accounts import note_moved
from workbench.engine.adjusting import adjust, can_adjust, note_watermarks
from workbench.engine.admit import check_instrument
from workbench.engine.cash import change_cash
from workbench.engine.emit import position_event, quote_event, split_event
from workbench.engine.groups import end_open
from workbench.engine.keeping import forget_trades
from workbench.engine.limits import restart_reference
from workbench.engine.money import largest_position
from workbench.engine.orders import position_number
from workbench.engine.sorting import OF_INSTRUMENT, collect
from workbench.jit import int64, leaf
from workbench.ledger.marks import mark
from workbench.ledger.splitting import balance_position, scaled_price, split_position

CANCELS = CANCEL_ORDERS
STREET = STREET_ACCOUNT
TRADERS = FIRST_TRADER
MOST = 10_000
MOST_LOTS = MAX_QUANTITY_LOTS
WIDEST_LADDER = MAX_LADDER_TICKS


@leaf
def band_after(instrument: Any, new: int, old: int) -> tuple[int, int]:
    """The band after a split."""
    low = max(1, instrument["band_low_ticks"] * old // new)
    return low, max(1, (instrument["band_high_ticks"] * old + new - 1) // new)


@leaf
def split_reason(memory: Memory, command: Any) -> tuple[int, int, int]:
    """What a SPLIT must satisfy."""
    number = int64(command["instrument"])
    new = command["quantity_lots"]
    old = command["display_lots"]
    reason, value, limit = check_instrument(memory, number)
    if reason != 0:
        return reason, value, limit
    instrument = memory.instruments[number]
    if int64(command["flags"]) & ~CANCELS:
        return REASON_INVALID_FLAGS, 0, 0
    if new < 1 or new > MOST or old < 1 or old > MOST:
        return REASON_INVALID_QUANTITY, 0, 0
    if old > instrument["max_order_lots"]:
        return REASON_QUANTITY_TOO_LARGE, old, instrument["max_order_lots"]
    held = largest_position(memory, number)
    if held > MOST_LOTS * old // new:
        return REASON_QUANTITY_TOO_LARGE, held, MOST_LOTS * old // new
    low, high = band_after(instrument, new, old)
    if high > instrument["price_cap_ticks"]:
        return REASON_PRICE_OUT_OF_BAND, high, instrument["price_cap_ticks"]
    width = max(instrument["window_high_ticks"], high) - min(instrument["window_low_ticks"], low) + 1
    if width > WIDEST_LADDER:
        return REASON_PRICE_OUT_OF_BAND, width, WIDEST_LADDER
    return 0, 0, 0


@leaf
def split(memory: Memory, events: EventBuffer, command: Any) -> tuple[int, int, int]:
    """SPLIT; the ladder already holds the new band."""
    reason, value, limit = split_reason(memory, command)
    if reason != 0:
        return reason, value, limit
    number = int64(command["instrument"])
    new = command["quantity_lots"]
    old = command["display_lots"]
    instrument = memory.instruments[number]
    new_mark = scaled_price(instrument, mark(instrument), new, old)
    scale_prices(memory, events, number, new, old)
    count = collect(memory, 0, number, OF_INSTRUMENT)
    for i in range(count):
        slot = memory.scratch[i]
        order = memory.orders[slot]
        if order["order_id"] == 0:
            continue
        if command["flags"] == 0 and can_adjust(memory, order, new, old):
            adjust(memory, events, slot, new, old)
        else:
            end_open(memory, events, slot, EVENT_ORDER_CANCELED, REASON_CORPORATE_ACTION, STATE_CANCELED)
    note_watermarks(memory, number)
    instrument["quote_due"] = 1
    # Positions are valued at the middle of the new prices from here on, not at that of the old ones.
    quote_event(memory, events, number)
    split_positions(memory, number, new, old, new_mark)
    say_positions(memory, events, number, new_mark)
    return 0, 0, 0


@leaf
def scale_prices(memory: Memory, events: EventBuffer, number: int, new: int, old: int) -> None:
    """Band, window, last, close and reference price, and the price limits."""
    instrument = memory.instruments[number]
    low, high = band_after(instrument, new, old)
    instrument["band_low_ticks"] = low
    instrument["band_high_ticks"] = high
    instrument["window_low_ticks"] = min(instrument["window_low_ticks"], low)
    instrument["window_high_ticks"] = max(instrument["window_high_ticks"], high)
    instrument["last_price_ticks"] = scaled_price(instrument, instrument["last_price_ticks"], new, old)
    instrument["close_price_ticks"] = scaled_price(instrument, instrument["close_price_ticks"], new, old)
    reference = scaled_price(instrument, instrument["reference_price_ticks"], new, old)
    instrument["reference_price_ticks"] = reference
    split_event(memory, events, number, new, old)
    forget_trades(memory, number)
    if instrument["price_limit_ppm"] != 0:
        reference = scaled_price(instrument, instrument["reference_ticks"], new, old)
        restart_reference(memory, events, number, reference)


@leaf
def split_positions(memory: Memory, number: int, new: int, old: int, mark_ticks: int) -> None:
    """Positions of traders, then what is left for the street to balance."""
    balance = int64(0)
    paid = int64(0)
    instrument = memory.instruments[number]
    for account in range(TRADERS, memory.world[0]["accounts"]):
        record = memory.accounts[account]
        position = memory.positions[position_number(memory, account, number)]
        record["split"] = 0
        if position["position_lots"] != 0:
            proceeds = split_position(memory, record, position, instrument, new, old, mark_ticks)
            record["split"] = 1
            record["split_micros"] = proceeds
            paid += proceeds
            balance -= position["position_lots"]
    record = memory.accounts[STREET]
    position = memory.positions[position_number(memory, STREET, number)]
    record["split"] = 0
    # Rounded proceeds may be left to pay even when the traders' positions set each other off.
    if position["position_lots"] != 0 or balance != 0 or paid != 0:
        record["split"] = 1
        record["split_micros"] = -paid
        balance_position(record, position, balance, -paid)


@leaf
def say_positions(memory: Memory, events: EventBuffer, number: int, mark_ticks: int) -> None:
    """Pay for the fractions, and say what positions are now."""
    for account in range(memory.world[0]["accounts"]):
        record = memory.accounts[account]
        if record["split"] == 0:
            continue
        record["split"] = 0
        position = memory.positions[position_number(memory, account, number)]
        lots = position["position_lots"]
        change_cash(
            memory,
            events,
            account,
            number,
            REASON_CASH_IN_LIEU,
            record["split_micros"],
            lots,
            mark_ticks,
            0,
            0,
        )
        note_moved(memory, account)
        position_event(memory, events, account, number, 0, record, position)
