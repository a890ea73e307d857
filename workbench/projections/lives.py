"""What each event does to an order's row."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from workbench.domain.codes import STREET_ACCOUNT
from workbench.domain.memory import EventBuffer
from workbench.domain.numbers import (
    BUY,
    EVENT_CANCEL_REJECTED,
    EVENT_COMMAND_REJECTED,
    EVENT_INSTRUMENT_SPLIT,
    EVENT_ORDER_ADJUSTED,
    EVENT_ORDER_APPROVED,
    EVENT_ORDER_CANCELED,
    EVENT_ORDER_CREATED,
    EVENT_ORDER_EXPIRED,
    EVENT_ORDER_FILLED,
    EVENT_ORDER_HELD,
    EVENT_ORDER_PARTIALLY_FILLED,
    EVENT_ORDER_REDUCED,
    EVENT_ORDER_REFRESHED,
    EVENT_ORDER_REJECTED,
    EVENT_ORDER_REPLACED,
    EVENT_ORDER_RESTED,
    EVENT_ORDER_TERMS,
    EVENT_ORDER_TRAILED,
    EVENT_ORDER_TRIGGERED,
    EVENT_PHASE_CHANGED,
    EVENT_PRICE_BAND_CHANGED,
    EVENT_REPLACE_REJECTED,
    STATE_HELD,
    STATE_NEW,
    STATE_PARTIALLY_FILLED,
    STATE_PENDING_NEW,
    STATE_SUSPENDED,
    TRAILING_STOP,
)
from workbench.domain.records import LIQUIDITY_MAKER, PRIORITY_KEPT
from workbench.jit import array_of, entry, int64, leaf
from workbench.ledger.splitting import scaled_price
from workbench.matching.table import delete_order_id, find_order_id, insert_order_id
from workbench.projections.base import EVENTS_TYPE
from workbench.projections.marks import MARK, note_band, note_phase, note_split

_MOMENTS = ("created", "approved", "rested", "triggered", "first_fill", "last_fill", "ended")

ORDER_LIFE = np.dtype(
    [
        ("order_id", "i8"),
        ("client_order_id", "i8"),
        ("root_order_id", "i8"),
        ("predecessor_order_id", "i8"),
        ("successor_order_id", "i8"),
        ("account", "i4"),
        ("instrument", "i4"),
        ("side", "u1"),
        ("order_type", "u1"),
        ("time_in_force", "u1"),
        ("order_state", "u1"),
        ("end_reason", "u1"),
        ("unused", "u1"),
        ("flags", "u2"),
        ("price_ticks", "i8"),
        ("created_lots", "i8"),
        ("quantity_lots", "i8"),
        ("executed_lots", "i8"),
        ("leaves_lots", "i8"),
        ("canceled_lots", "i8"),
        ("executed_value", "i8"),
        ("filled_value", "i8"),
        ("maker_lots", "i8"),
        ("taker_lots", "i8"),
        ("fills", "i8"),
        ("fees_micros", "i8"),
        ("queue_ahead_lots", "i8"),
        ("required_micros", "i8"),
        ("reason_value", "i8"),
        ("reason_limit", "i8"),
        ("trigger_price_ticks", "i8"),
        ("watermark_ticks", "i8"),
        ("trail_ticks", "i8"),
        ("trail_micros", "i8"),
        ("display_lots", "i8"),
        ("expire_time_ns", "i8"),
        ("group_id", "i8"),
        ("group_place", "i8"),
        ("entered_ns", "i8"),
        *((f"{moment}_{unit}", "i8") for moment in _MOMENTS for unit in ("ns", "seq")),
    ]
)
"""An order's life; what has not happened is 0.

`root_order_id` is the first of a chain of replaces. `executed_lots` and `executed_value` (price in ticks
times lots, which a split leaves as it is) are of the chain, as the exchange counts them; `filled_value`,
`maker_lots`, `taker_lots`, `fills` and `fees_micros` of this order alone, in lots of their time.
`queue_ahead_lots` is what was displayed ahead of it when it first rested.
"""

ORDERS_ROOM = np.dtype([("used", "i8"), ("free", "i8"), ("ended", "i8"), ("street", "i8"), ("unknown", "i8")])
"""How much of the memory for orders is in use; `unknown` is the order that an event named in vain."""

_MILLION = 1_000_000
STREET = STREET_ACCOUNT
MAKER = LIQUIDITY_MAKER
KEPT = PRIORITY_KEPT


@leaf
def take_row(rows: Any, table: Any, room: Any, order_id: int) -> int:
    """A zeroed row for a new order; the caller made sure there is one."""
    slot = room["free"]
    if slot == 0:
        slot = room["used"] + 1
        room["used"] = slot
    else:
        room["free"] = rows[slot]["root_order_id"]
        rows[slot] = rows[0]
    rows[slot]["order_id"] = order_id
    insert_order_id(table, order_id, slot)
    return slot


@leaf
def end_row(rows: Any, table: Any, ended: Any, room: Any, slot: int) -> None:
    """Move the row of an order that has ended to those that are final."""
    ended[room["ended"]] = rows[slot]
    room["ended"] += 1
    row = rows[slot]
    delete_order_id(table, row["order_id"], slot)
    row["order_id"] = 0
    row["root_order_id"] = room["free"]
    room["free"] = slot


@leaf
def note_created(event: Any, row: Any) -> None:
    """ORDER_CREATED, and the terms of a successor."""
    row["client_order_id"] = event["client_order_id"]
    row["account"] = event["account"]
    row["instrument"] = event["instrument"]
    row["side"] = event["side"]
    row["order_type"] = event["order_type"]
    row["time_in_force"] = event["time_in_force"]
    row["flags"] = int64(event["flags"]) & ~KEPT
    row["price_ticks"] = event["price_ticks"]
    row["created_lots"] = event["quantity_lots"]
    row["quantity_lots"] = event["quantity_lots"]
    row["leaves_lots"] = event["leaves_lots"]
    row["executed_lots"] = event["executed_lots"]
    row["created_ns"] = event["time_ns"]
    row["created_seq"] = event["seq"]


@leaf
def note_ended(event: Any, row: Any, state: int) -> None:
    """The order is gone."""
    row["order_state"] = state
    row["end_reason"] = event["reason"]
    row["ended_ns"] = event["time_ns"]
    row["ended_seq"] = event["seq"]
    row["leaves_lots"] = 0


@leaf
def note_fill(fill: Any, row: Any) -> None:
    """One fill."""
    lots = fill["last_quantity_lots"]
    value = fill["last_price_ticks"] * lots
    row["executed_value"] += value
    row["filled_value"] += value
    row["fills"] += 1
    row["fees_micros"] += fill["fee_micros"]
    row["leaves_lots"] = fill["leaves_lots"]
    row["executed_lots"] = fill["executed_lots"]
    if int64(fill["flags"]) & MAKER:
        row["maker_lots"] += lots
    else:
        row["taker_lots"] += lots
    if row["first_fill_seq"] == 0:
        row["first_fill_ns"] = fill["time_ns"]
        row["first_fill_seq"] = fill["seq"]
    row["last_fill_ns"] = fill["time_ns"]
    row["last_fill_seq"] = fill["seq"]


@leaf
def note_terms(terms: Any, row: Any) -> None:
    """ORDER_TERMS; of a trailing stop the trigger price is its trail."""
    if terms["order_type"] == TRAILING_STOP:
        row["trail_ticks"] = terms["trigger_price_ticks"]
    else:
        row["trigger_price_ticks"] = terms["trigger_price_ticks"]
    row["trail_micros"] = terms["trail_micros"]
    row["display_lots"] = terms["display_lots"]
    row["expire_time_ns"] = terms["expire_time_ns"]
    row["group_id"] = terms["group_id"]
    row["group_place"] = terms["group_place"]


@leaf
def succeed(event: Any, before: Any, row: Any) -> None:
    """What an order hands on to the one that replaces it."""
    note_created(event, row)
    row["root_order_id"] = before["root_order_id"]
    row["predecessor_order_id"] = before["order_id"]
    row["executed_value"] = before["executed_value"]
    row["entered_ns"] = before["entered_ns"]
    row["order_state"] = STATE_PARTIALLY_FILLED if event["executed_lots"] != 0 else STATE_NEW


@leaf
def note_open(event: Any, row: Any, kind: int) -> None:
    """An event that leaves the order open, other than a fill."""
    state = int64(event["order_state"])
    if state == STATE_SUSPENDED:
        # The halt is the instrument's, and ends without a word about each order.
        state = STATE_NEW if event["leaves_lots"] == event["quantity_lots"] else STATE_PARTIALLY_FILLED
    row["order_state"] = state
    row["quantity_lots"] = event["quantity_lots"]
    row["leaves_lots"] = event["leaves_lots"]
    row["executed_lots"] = event["executed_lots"]
    row["price_ticks"] = event["price_ticks"]
    row["flags"] = event["flags"]
    if kind == EVENT_ORDER_APPROVED:
        if row["approved_seq"] == 0:
            row["approved_ns"] = event["time_ns"]
            row["approved_seq"] = event["seq"]
        row["required_micros"] = event["value"]
    elif kind == EVENT_ORDER_RESTED:
        if row["rested_seq"] == 0:
            row["rested_ns"] = event["time_ns"]
            row["rested_seq"] = event["seq"]
            row["queue_ahead_lots"] = event["value"]
    elif kind == EVENT_ORDER_HELD or kind == EVENT_ORDER_TRAILED:
        if event["value"] != 0 or event["order_type"] == TRAILING_STOP:
            row["trigger_price_ticks"] = event["value"]
        row["watermark_ticks"] = event["limit"]
    elif kind == EVENT_ORDER_TRIGGERED:
        row["triggered_ns"] = event["time_ns"]
        row["triggered_seq"] = event["seq"]
    elif kind == EVENT_ORDER_REDUCED:
        row["canceled_lots"] += event["value"]


@leaf
def adjust_trailing(row: Any, record: Any) -> None:
    """What a split makes of a trailing stop's terms, which no event says until it trails again."""
    new = record["numerator"]
    old = record["denominator"]
    row["trail_ticks"] = scaled_price(record, row["trail_ticks"], new, old)
    watermark = scaled_price(record, row["watermark_ticks"], new, old)
    row["watermark_ticks"] = watermark
    if row["order_state"] != STATE_HELD or watermark == 0:
        return
    trail = row["trail_ticks"]
    if trail == 0:
        trail = max(1, watermark * row["trail_micros"] // _MILLION)
    if row["side"] == BUY:
        edge = record["window_high_ticks"]
        price = min(watermark + trail, edge)
    else:
        edge = record["window_low_ticks"]
        price = max(watermark - trail, edge)
    row["trigger_price_ticks"] = 0 if watermark == edge else price


@leaf
def follow_order(
    events: EventBuffer, at: int, rows: Any, table: Any, ended: Any, room: Any, marks: Any
) -> bool:
    """Let one event of an order change its row; False when nobody knows the order."""
    event = events.order[at]
    kind = int64(event["kind"])
    if kind == EVENT_ORDER_CREATED:
        row = rows[take_row(rows, table, room, event["order_id"])]
        note_created(event, row)
        row["order_state"] = STATE_PENDING_NEW
        row["root_order_id"] = event["order_id"]
        row["entered_ns"] = event["time_ns"]
        return True
    slot = find_order_id(table, rows, event["order_id"])
    if slot == 0:
        return False
    row = rows[slot]
    if kind == EVENT_ORDER_PARTIALLY_FILLED:
        note_fill(events.fill[at], row)
        row["order_state"] = STATE_PARTIALLY_FILLED
    elif kind == EVENT_ORDER_FILLED:
        note_fill(events.fill[at], row)
        note_ended(event, row, int64(event["order_state"]))
        end_row(rows, table, ended, room, slot)
    elif kind == EVENT_ORDER_TERMS:
        note_terms(events.terms[at], row)
    elif kind == EVENT_ORDER_REPLACED:
        successor = take_row(rows, table, room, event["successor_order_id"])
        succeed(event, row, rows[successor])
        row["successor_order_id"] = event["successor_order_id"]
        note_ended(event, row, int64(event["order_state"]))
        end_row(rows, table, ended, room, slot)
    elif kind == EVENT_ORDER_CANCELED or kind == EVENT_ORDER_EXPIRED:
        row["quantity_lots"] = event["quantity_lots"]
        row["executed_lots"] = event["executed_lots"]
        row["canceled_lots"] += event["value"]
        note_ended(event, row, int64(event["order_state"]))
        end_row(rows, table, ended, room, slot)
    elif kind == EVENT_ORDER_REJECTED:
        row["reason_value"] = event["value"]
        row["reason_limit"] = event["limit"]
        note_ended(event, row, int64(event["order_state"]))
        end_row(rows, table, ended, room, slot)
    else:
        note_open(event, row, kind)
        if kind == EVENT_ORDER_ADJUSTED and row["order_type"] == TRAILING_STOP:
            adjust_trailing(row, marks[row["instrument"]])
    return True


@leaf
def is_of_order(kind: int) -> bool:
    """Whether events of a kind tell of an order's own life."""
    if kind > EVENT_ORDER_REFRESHED:
        return kind == EVENT_ORDER_ADJUSTED
    return kind != EVENT_CANCEL_REJECTED and kind != EVENT_REPLACE_REJECTED and kind != EVENT_COMMAND_REJECTED


@entry(
    EVENTS_TYPE,
    array_of(ORDER_LIFE),
    array_of("i8"),
    array_of(ORDER_LIFE),
    array_of(MARK),
    array_of(ORDERS_ROOM),
    numba.types.int64,
)
def follow_orders(
    events: EventBuffer, rows: Any, table: Any, ended: Any, marks: Any, rooms: Any, start: int
) -> int:
    """Follow events from place `start`; stops where room is short or an order unknown, and returns where."""
    room = rooms[0]
    for at in range(start, events.order.size):
        event = events.order[at]
        kind = int64(event["kind"])
        if is_of_order(kind):
            if event["account"] == STREET and room["street"] == 0:
                continue
            if room["ended"] == ended.size or (room["free"] == 0 and room["used"] + 1 == rows.size):
                return at
            if not follow_order(events, at, rows, table, ended, room, marks):
                room["unknown"] = event["order_id"]
                return at
        elif kind == EVENT_PHASE_CHANGED:
            note_phase(events.market[at], marks)
        elif kind == EVENT_PRICE_BAND_CHANGED:
            note_band(events.market[at], marks)
        elif kind == EVENT_INSTRUMENT_SPLIT:
            note_split(events.split[at], marks)
    return events.order.size


@entry(array_of(ORDER_LIFE), array_of("i8"), numba.types.int64)
def enter_open(rows: Any, table: Any, count: int) -> None:
    """Put rows 1 … `count` into an empty table."""
    for slot in range(1, count + 1):
        insert_order_id(table, rows[slot]["order_id"], slot)
