"""What each fill and each split does to a holding: its FIFO lots, and the round trip it is part of."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from workbench.domain.codes import STREET_ACCOUNT
from workbench.domain.config import FIRST_TRADER
from workbench.domain.memory import EventBuffer
from workbench.domain.numbers import (
    BUY,
    EVENT_INSTRUMENT_SPLIT,
    EVENT_ORDER_FILLED,
    EVENT_ORDER_PARTIALLY_FILLED,
    EVENT_POSITION_CHANGED,
    SELL,
)
from workbench.jit import array_of, entry, int64, leaf
from workbench.ledger.cash import notional
from workbench.ledger.splitting import cost_share, scaled_lots, scaled_price
from workbench.projections.base import EVENTS_TYPE
from workbench.projections.closings import (
    CLOSED_LOT,
    HELD_LOT,
    begin_row,
    close_held,
    drop_lot,
    open_lot,
    part_of_fee,
)
from workbench.projections.marks import MARK, follow_mark
from workbench.projections.ranges import POINT, push_mark
from workbench.projections.round_trips import (
    EPISODE,
    ROUND_TRIP,
    add_value,
    begin_trip,
    end_trip,
    sample_at,
    sample_since,
)

HOLDING = np.dtype(
    [
        *EPISODE,
        ("position_lots", "i8"),
        ("flow_micros", "i8"),
        ("realised_fifo_micros", "i8"),
        ("paid_micros", "i8"),
        ("lot_head", "i8"),
        ("lot_tail", "i8"),
        ("sampled_seq", "i8"),
        ("rebuilt", "i8"),
    ]
)
"""A position of one account in one instrument, and its round trip so far.

`gross_micros` is what the round trip has realised, `flow_micros` the cash it has brought (without fees);
`realised_fifo_micros` and `paid_micros` (fees) are of all time. `sampled_seq` is the event up to which the
marks have been taken into the excursions. `rebuilt` says that a bust has made one lot of its open ones.
"""

FILL = np.dtype(
    [
        ("price_ticks", "i8"),
        ("quantity_lots", "i8"),
        ("fee_micros", "i8"),
        ("order_id", "i8"),
        ("trade_id", "i8"),
    ]
)
"""The last fill of a buy (0) and of a sell (1), until its position is told."""

TRADES_ROOM = np.dtype(
    [
        ("free_lot", "i8"),
        ("used_lots", "i8"),
        ("trips", "i8"),
        ("closed", "i8"),
        ("marks_full", "i8"),
        ("wrong", "i8"),
        ("round_trips", "i8"),
    ]
)
"""How much of the memory is in use; `wrong` is the event that says another position than the fills make."""

STREET = STREET_ACCOUNT
TRADERS = FIRST_TRADER


@leaf
def apply_one(
    event: Any, holding: Any, fill: Any, mark: Any, lots: Any, trips: Any, closed: Any, room: Any
) -> None:
    """One fill of a trader, as the ledger books it."""
    sign = 1 if event["side"] == BUY else -1
    before = holding["position_lots"]
    lots_filled = fill["quantity_lots"]
    price = fill["price_ticks"]
    value = notional(mark, price, lots_filled)
    fee = fill["fee_micros"]
    closing = int64(0)
    if before * sign < 0:
        closing = min(lots_filled, abs(before))
    opening = lots_filled - closing
    closed_micros = int64(0)
    closed_fee = int64(0)
    if closing > 0:
        closed_micros = value if opening == 0 else notional(mark, price, closing)
        closed_fee = part_of_fee(fee, closing, lots_filled)
        removed = close_held(event, holding, lots, closed, room, fill, closing, closed_micros, closed_fee)
        made = -sign * (closed_micros - removed)
        if holding["rebuilt"] != 0:
            made = settle_rebuilt(event, holding, lots, closed[room["closed"] - 1], -sign, made)
        holding["realised_fifo_micros"] += made
        holding["gross_micros"] += made
        holding["flow_micros"] -= sign * closed_micros
        holding["fees_micros"] += closed_fee
        holding["fills"] += 1
        holding["exit_lots"] += closing
        holding["exit_value"] = add_value(holding["exit_value"], price, closing)
        if closing == abs(before):
            holding["rebuilt"] = 0
            end_trip(event, holding, trips, room, SELL if sign > 0 else BUY, 0)
    holding["position_lots"] = before + sign * lots_filled
    if opening > 0:
        if before == 0 or closing > 0:
            begin_trip(event, holding, room)
        open_lot(event, holding, lots, room, fill, opening, value - closed_micros, fee - closed_fee)
        holding["flow_micros"] -= sign * (value - closed_micros)
        holding["fees_micros"] += fee - closed_fee
        holding["fills"] += 1
        holding["entry_lots"] += opening
        holding["entry_value"] = add_value(holding["entry_value"], price, opening)
        holding["peak_lots"] = max(holding["peak_lots"], abs(holding["position_lots"]))
    holding["paid_micros"] += fee


@leaf
def settle_rebuilt(event: Any, holding: Any, lots: Any, row: Any, sign: int, made: int) -> int:
    """Have a closing of lots that a bust has made one make what the ledger says; returns that."""
    said = event["realised_fifo_micros"] - holding["realised_fifo_micros"]
    row["pnl_micros"] += said - made
    row["cost_micros"] -= sign * (said - made)
    if holding["lot_head"] != 0:
        lots[holding["lot_head"]]["cost_micros"] += sign * (said - made)
    return said


@leaf
def bust_held(
    event: Any, holding: Any, fill: Any, lots: Any, trips: Any, closed: Any, room: Any, trade_id: int
) -> None:
    """A bust: what the position would be without a trade, its open lots as one, the difference as a row."""
    before = holding["position_lots"]
    after = event["position_lots"]
    made = event["realised_fifo_micros"] - holding["realised_fifo_micros"]
    fee = event["fees_micros"] - holding["paid_micros"]
    cost = int64(0)
    lot_fee = int64(0)
    slot = holding["lot_head"]
    first = lots[slot]
    row = closed[room["closed"]]
    room["closed"] += 1
    if slot == 0:
        # Flat before: the lot that it opens again was opened by the trade's own order.
        fill["order_id"] = 0
        fill["price_ticks"] = 0
        row["account"] = event["account"]
        row["instrument"] = event["instrument"]
        row["side"] = SELL if after > 0 else BUY
        row["by_split"] = 0
        row["round_trip"] = holding["round_trip"]
        row["opened_ns"] = event["time_ns"]
        row["opened_seq"] = event["seq"]
        row["open_order_id"] = 0
        row["open_price_ticks"] = 0
        row["closed_ns"] = event["time_ns"]
        row["closed_seq"] = event["seq"]
    else:
        fill["order_id"] = first["order_id"]
        fill["price_ticks"] = first["price_ticks"]
        begin_row(event, holding, first, row)
    while slot != 0:
        following = lots[slot]["next"]
        cost += lots[slot]["cost_micros"]
        lot_fee += lots[slot]["fee_micros"]
        drop_lot(lots, room, slot)
        slot = following
    holding["lot_head"] = 0
    holding["lot_tail"] = 0
    # Cost of the lots by the ledger's identity: what is realised and what is tied up differ by the same cash.
    kept = abs(event["cost_micros"] + event["realised_fifo_micros"] - event["realised_average_micros"])
    row["quantity_lots"] = 0
    row["close_order_id"] = 0
    row["close_price_ticks"] = 0
    row["trade_id"] = trade_id
    row["cost_micros"] = 0
    row["proceeds_micros"] = made if before >= 0 else -made
    row["pnl_micros"] = made
    # Fees of lots that are gone stay with the row, so that all fees are in one place.
    row["open_fee_micros"] = lot_fee if after == 0 else 0
    row["close_fee_micros"] = fee
    holding["realised_fifo_micros"] += made
    holding["paid_micros"] += fee
    if before == 0 or (before > 0) != (after > 0) or after == 0:
        if before != 0:
            holding["gross_micros"] += made
            holding["fees_micros"] += fee
            end_trip(event, holding, trips, room, BUY if before > 0 else SELL, 0)
        if after != 0:
            begin_trip(event, holding, room)
            holding["flow_micros"] = -kept if after > 0 else kept
            holding["entry_lots"] = abs(after)
            if before == 0:
                # What the round trip before it made is told already: the difference is this one's.
                row["round_trip"] = holding["round_trip"]
                holding["gross_micros"] = made
                holding["flow_micros"] += made
                holding["fees_micros"] = fee
    else:
        holding["gross_micros"] += made
        holding["fees_micros"] += fee
        holding["flow_micros"] += (cost - kept if after > 0 else kept - cost) + made
    holding["position_lots"] = after
    holding["rebuilt"] = 1 if after != 0 else 0
    if after != 0:
        holding["peak_lots"] = max(holding["peak_lots"], abs(after))
        open_lot(event, holding, lots, room, fill, abs(after), kept, lot_fee)


@leaf
def split_held(event: Any, holding: Any, mark: Any, lots: Any, trips: Any, closed: Any, room: Any) -> None:
    """A split of a trader's position: old FIFO lots become new ones, the newest make the fraction."""
    new = mark["numerator"]
    old = mark["denominator"]
    before = holding["position_lots"]
    size = abs(before)
    sign = 1 if before > 0 else -1
    fraction = (size - size // old * old) * new % old
    left = size
    running = int64(0)
    removed = int64(0)
    carried = int64(0)
    carried_fee = int64(0)
    fees = int64(0)
    last = int64(0)
    begun = False
    row = closed[room["closed"]]
    slot = holding["lot_head"]
    while slot != 0:
        lot = lots[slot]
        after = lot["next"]
        quantity = lot["quantity_lots"]
        first = left
        left -= quantity
        taken = int64(0)
        if left < fraction and left * new < fraction:
            taken = (fraction if first >= fraction else min(fraction, first * new)) - left * new
        if taken > 0 and not begun:
            begin_row(event, holding, lot, row)
            begun = True
        gone = cost_share(lot["cost_micros"], taken, quantity, new)
        fee = lot["fee_micros"]
        gone_fee = cost_share(abs(fee), taken, quantity, new) * (1 if fee >= 0 else -1)
        removed += gone
        fees += gone_fee
        carried += lot["cost_micros"] - gone
        carried_fee += fee - gone_fee
        count = scaled_lots(running + quantity, new, old) - scaled_lots(running, new, old)
        running += quantity
        if count != 0:
            lot["price_ticks"] = scaled_price(mark, lot["price_ticks"], new, old)
            lot["quantity_lots"] = count
            lot["cost_micros"] = carried
            lot["fee_micros"] = carried_fee
            carried = 0
            carried_fee = 0
            last = slot
        else:
            if last == 0:
                holding["lot_head"] = after
            else:
                lots[last]["next"] = after
            if after == 0:
                holding["lot_tail"] = last
            drop_lot(lots, room, slot)
        slot = after
    made = event["realised_fifo_micros"] - holding["realised_fifo_micros"]
    if fraction != 0:
        room["closed"] += 1
        row["by_split"] = 1
        row["quantity_lots"] = 0
        row["open_price_ticks"] = scaled_price(mark, row["open_price_ticks"], new, old)
        row["close_order_id"] = 0
        row["close_price_ticks"] = 0
        row["trade_id"] = 0
        row["cost_micros"] = removed
        row["proceeds_micros"] = removed + sign * made
        row["pnl_micros"] = made
        row["open_fee_micros"] = fees
        row["close_fee_micros"] = 0
        holding["in_lieu_micros"] += sign * removed + made
        holding["flow_micros"] += sign * removed + made
    holding["realised_fifo_micros"] += made
    holding["gross_micros"] += made
    holding["position_lots"] = sign * scaled_lots(size, new, old)
    holding["peak_lots"] = scaled_lots(holding["peak_lots"], new, old)
    holding["entry_lots"] = scaled_lots(holding["entry_lots"], new, old)
    holding["exit_lots"] = scaled_lots(holding["exit_lots"], new, old)
    if holding["position_lots"] == 0:
        end_trip(event, holding, trips, room, BUY if sign > 0 else SELL, 1)


@leaf
def book_position(
    event: Any,
    holding: Any,
    fills: Any,
    marks: Any,
    lots: Any,
    trips: Any,
    closed: Any,
    points: Any,
    sizes: Any,
    room: Any,
) -> bool:
    """POSITION_CHANGED of a trader; False when it says something else than the fills before it."""
    number = int64(event["instrument"])
    side = int64(event["side"])
    mark = marks[number]
    if side != 0:
        sample_since(holding, mark, number, points, sizes)
        apply_one(event, holding, fills[side - 1], mark, lots, trips, closed, room)
    elif event["trade_id"] != 0:
        sample_since(holding, mark, number, points, sizes)
        bust_held(event, holding, fills[0], lots, trips, closed, room, event["trade_id"])
    else:
        split_held(event, holding, mark, lots, trips, closed, room)
    holding["sampled_seq"] = event["seq"]
    sample_at(holding, mark, mark["mark_ticks"])
    return (
        holding["position_lots"] == event["position_lots"]
        and holding["realised_fifo_micros"] == event["realised_fifo_micros"]
        and holding["paid_micros"] == event["fees_micros"]
    )


@leaf
def note_fill(event: Any, fill: Any) -> None:
    """Keep a fill until its position is told."""
    fill["price_ticks"] = event["last_price_ticks"]
    fill["quantity_lots"] = event["last_quantity_lots"]
    fill["fee_micros"] = event["fee_micros"]
    fill["order_id"] = event["order_id"]
    fill["trade_id"] = event["trade_id"]


@leaf
def leave_marks(event: Any, holdings: Any, marks: Any, points: Any, sizes: Any) -> None:
    """Before a split changes what a tick is worth, take all marks into the excursions and forget them."""
    number = int64(event["instrument"])
    instruments = marks.size
    for account in range(TRADERS, holdings.size // instruments):
        holding = holdings[account * instruments + number]
        sample_since(holding, marks[number], number, points, sizes)
        holding["sampled_seq"] = event["seq"]
    sizes[2 * number] = 0
    sizes[2 * number + 1] = 0


@entry(
    EVENTS_TYPE,
    array_of(HOLDING),
    array_of(FILL),
    array_of(MARK),
    array_of(HELD_LOT),
    array_of(ROUND_TRIP),
    array_of(CLOSED_LOT),
    array_of(POINT),
    array_of("i8"),
    array_of(TRADES_ROOM),
    numba.types.int64,
)
def follow_trades(
    events: EventBuffer,
    holdings: Any,
    fills: Any,
    marks: Any,
    lots: Any,
    trips: Any,
    closed: Any,
    points: Any,
    sizes: Any,
    rooms: Any,
    start: int,
) -> int:
    """Follow events from place `start`; stops where room is short or a total differs, and returns where."""
    room = rooms[0]
    for at in range(start, events.order.size):
        event = events.order[at]
        kind = int64(event["kind"])
        if kind == EVENT_ORDER_PARTIALLY_FILLED or kind == EVENT_ORDER_FILLED:
            if event["account"] != STREET:
                note_fill(events.fill[at], fills[int64(event["side"]) - 1])
        elif kind == EVENT_POSITION_CHANGED:
            if event["account"] == STREET:
                continue
            if (
                room["closed"] + room["used_lots"] + 1 >= closed.size
                or room["trips"] == trips.size
                or room["used_lots"] + 1 == lots.size
            ):
                return at
            number = int64(event["account"]) * marks.size + int64(event["instrument"])
            position = events.position[at]
            if not book_position(
                position, holdings[number], fills, marks, lots, trips, closed, points, sizes, room
            ):
                room["wrong"] = event["seq"]
                return at
        else:
            if room["marks_full"] != 0:
                return at
            if kind == EVENT_INSTRUMENT_SPLIT:
                leave_marks(event, holdings, marks, points, sizes)
            moved = follow_mark(events, at, marks)
            if moved >= 0 and push_mark(points, sizes, moved, event["seq"], marks[moved]["mark_ticks"]):
                room["marks_full"] = 1
    return events.order.size
