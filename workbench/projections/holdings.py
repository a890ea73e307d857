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
from workbench.ledger.lots import share
from workbench.ledger.marks import value_at
from workbench.ledger.splitting import cost_share, scaled_lots, scaled_price
from workbench.projections.base import EVENTS_TYPE
from workbench.projections.marks import MARK, follow_mark
from workbench.projections.ranges import POINT, extreme_since, push_mark

_EPISODE = [
    ("round_trip", "i8"),
    ("opened_ns", "i8"),
    ("opened_seq", "i8"),
    ("fills", "i8"),
    ("peak_lots", "i8"),
    ("entry_lots", "i8"),
    ("entry_value", "i8"),
    ("exit_lots", "i8"),
    ("exit_value", "i8"),
    ("gross_micros", "i8"),
    ("fees_micros", "i8"),
    ("in_lieu_micros", "i8"),
    ("adverse_micros", "i8"),
    ("favourable_micros", "i8"),
]

HOLDING = np.dtype(
    [
        *_EPISODE,
        ("position_lots", "i8"),
        ("flow_micros", "i8"),
        ("realised_fifo_micros", "i8"),
        ("paid_micros", "i8"),
        ("lot_head", "i8"),
        ("lot_tail", "i8"),
        ("sampled_seq", "i8"),
    ]
)
"""A position of one account in one instrument, and its round trip so far.

`gross_micros` is what the round trip has realised, `flow_micros` the cash it has brought (without fees);
`realised_fifo_micros` and `paid_micros` (fees) are of all time. `sampled_seq` is the event up to which the
marks have been taken into the excursions.
"""

HELD_LOT = np.dtype(
    [
        ("price_ticks", "i8"),
        ("quantity_lots", "i8"),
        ("cost_micros", "i8"),
        ("fee_micros", "i8"),
        ("opened_ns", "i8"),
        ("opened_seq", "i8"),
        ("order_id", "i8"),
        ("next", "i8"),
    ]
)
"""An open FIFO lot; quantity and cost are positive. Time and order are those of the fill that began it."""

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

ROUND_TRIP = np.dtype(
    [
        ("account", "i4"),
        ("instrument", "i4"),
        ("side", "u1"),
        ("by_split", "u1"),
        ("unused", "u2"),
        ("unused_2", "u4"),
        *_EPISODE,
        ("net_micros", "i8"),
        ("closed_ns", "i8"),
        ("closed_seq", "i8"),
        ("duration_ns", "i8"),
    ]
)
"""A round trip: an episode from flat to flat; of one that is still open the times of its end are 0."""

CLOSED_LOT = np.dtype(
    [
        ("account", "i4"),
        ("instrument", "i4"),
        ("side", "u1"),
        ("by_split", "u1"),
        ("unused", "u2"),
        ("unused_2", "u4"),
        ("round_trip", "i8"),
        ("quantity_lots", "i8"),
        ("opened_ns", "i8"),
        ("opened_seq", "i8"),
        ("open_order_id", "i8"),
        ("open_price_ticks", "i8"),
        ("closed_ns", "i8"),
        ("closed_seq", "i8"),
        ("close_order_id", "i8"),
        ("close_price_ticks", "i8"),
        ("trade_id", "i8"),
        ("cost_micros", "i8"),
        ("proceeds_micros", "i8"),
        ("pnl_micros", "i8"),
        ("open_fee_micros", "i8"),
        ("close_fee_micros", "i8"),
    ]
)
"""What one fill closed of one FIFO lot; by a split, what became of the fraction of a lot."""

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
MOST = 1 << 62
"""Sums of price times quantity that would be larger stay at this, which tables show as null."""


@leaf
def part_of_fee(fee_micros: int, part: int, whole: int) -> int:
    """A part of a fee or rebate, rounded towards 0."""
    return share(fee_micros, part, whole) if fee_micros >= 0 else -share(-fee_micros, part, whole)


@leaf
def add_value(total: int, price_ticks: int, lots: int) -> int:
    """A sum of price times quantity and one more of it."""
    value = price_ticks * lots
    return MOST if value > MOST - total else total + value


@leaf
def sample_at(holding: Any, mark: Any, price_ticks: int) -> None:
    """Let a round trip's excursions reach what it would have made if closed at a price."""
    if price_ticks == 0 or holding["position_lots"] == 0:
        return
    made = holding["flow_micros"] + value_at(mark, price_ticks, holding["position_lots"])
    holding["adverse_micros"] = min(holding["adverse_micros"], made)
    holding["favourable_micros"] = max(holding["favourable_micros"], made)


@leaf
def sample_since(holding: Any, mark: Any, number: int, points: Any, sizes: Any) -> None:
    """Take the marks since the last sample into the excursions."""
    if holding["position_lots"] != 0:
        sample_at(holding, mark, extreme_since(points, sizes, 2 * number, holding["sampled_seq"]))
        sample_at(holding, mark, extreme_since(points, sizes, 2 * number + 1, holding["sampled_seq"]))


@leaf
def take_lot(lots: Any, room: Any) -> int:
    """A free slot for a lot; the caller made sure there is one."""
    slot = room["free_lot"]
    if slot == 0:
        slot = room["used_lots"] + 1
        room["used_lots"] = slot
    else:
        room["free_lot"] = lots[slot]["next"]
    return slot


@leaf
def drop_lot(lots: Any, room: Any, slot: int) -> None:
    """Give a slot back."""
    lots[slot]["next"] = room["free_lot"]
    room["free_lot"] = slot


@leaf
def open_lot(
    event: Any, holding: Any, lots: Any, room: Any, fill: Any, opening: int, cost: int, fee: int
) -> None:
    """Add to the newest lot of the same price, or begin a new one."""
    tail = holding["lot_tail"]
    if tail != 0 and lots[tail]["price_ticks"] == fill["price_ticks"]:
        lots[tail]["quantity_lots"] += opening
        lots[tail]["cost_micros"] += cost
        lots[tail]["fee_micros"] += fee
        return
    slot = take_lot(lots, room)
    lot = lots[slot]
    lot["price_ticks"] = fill["price_ticks"]
    lot["quantity_lots"] = opening
    lot["cost_micros"] = cost
    lot["fee_micros"] = fee
    lot["opened_ns"] = event["time_ns"]
    lot["opened_seq"] = event["seq"]
    lot["order_id"] = fill["order_id"]
    lot["next"] = 0
    if tail == 0:
        holding["lot_head"] = slot
    else:
        lots[tail]["next"] = slot
    holding["lot_tail"] = slot


@leaf
def begin_row(event: Any, holding: Any, lot: Any, row: Any) -> None:
    """What a row of a closed lot says of the lot and of when it was closed."""
    row["account"] = event["account"]
    row["instrument"] = event["instrument"]
    row["side"] = BUY if holding["position_lots"] > 0 else SELL
    row["by_split"] = 0
    row["round_trip"] = holding["round_trip"]
    row["opened_ns"] = lot["opened_ns"]
    row["opened_seq"] = lot["opened_seq"]
    row["open_order_id"] = lot["order_id"]
    row["open_price_ticks"] = lot["price_ticks"]
    row["closed_ns"] = event["time_ns"]
    row["closed_seq"] = event["seq"]


@leaf
def close_held(
    event: Any,
    holding: Any,
    lots: Any,
    closed: Any,
    room: Any,
    fill: Any,
    closing: int,
    value_micros: int,
    fee_micros: int,
) -> int:
    """Take lots off the oldest, a row for each; returns what they had cost.

    Value and fee of the fill are shared out by quantity, so that the rows of a fill sum to it.
    """
    removed = int64(0)
    done = int64(0)
    paid = int64(0)
    charged = int64(0)
    sign = 1 if holding["position_lots"] > 0 else -1
    while done < closing:
        slot = holding["lot_head"]
        lot = lots[slot]
        quantity = lot["quantity_lots"]
        used = min(quantity, closing - done)
        cost = share(lot["cost_micros"], used, quantity)
        fee = part_of_fee(lot["fee_micros"], used, quantity)
        done += used
        row = closed[room["closed"]]
        room["closed"] += 1
        begin_row(event, holding, lot, row)
        proceeds = share(value_micros, done, closing)
        charge = part_of_fee(fee_micros, done, closing)
        row["quantity_lots"] = used
        row["close_order_id"] = fill["order_id"]
        row["close_price_ticks"] = fill["price_ticks"]
        row["trade_id"] = fill["trade_id"]
        row["cost_micros"] = cost
        row["proceeds_micros"] = proceeds - paid
        row["pnl_micros"] = sign * (proceeds - paid - cost)
        row["open_fee_micros"] = fee
        row["close_fee_micros"] = charge - charged
        paid = proceeds
        charged = charge
        removed += cost
        if used < quantity:
            lot["quantity_lots"] = quantity - used
            lot["cost_micros"] -= cost
            lot["fee_micros"] -= fee
        else:
            after = lot["next"]
            holding["lot_head"] = after
            if after == 0:
                holding["lot_tail"] = 0
            drop_lot(lots, room, slot)
    return removed


@leaf
def begin_trip(event: Any, holding: Any, room: Any) -> None:
    """A round trip begins."""
    room["round_trips"] += 1
    holding["round_trip"] = room["round_trips"]
    holding["opened_ns"] = event["time_ns"]
    holding["opened_seq"] = event["seq"]
    holding["fills"] = 0
    holding["peak_lots"] = 0
    holding["entry_lots"] = 0
    holding["entry_value"] = 0
    holding["exit_lots"] = 0
    holding["exit_value"] = 0
    holding["gross_micros"] = 0
    holding["fees_micros"] = 0
    holding["in_lieu_micros"] = 0
    holding["flow_micros"] = 0
    holding["adverse_micros"] = 0
    holding["favourable_micros"] = 0


@leaf
def write_trip(account: int, instrument: int, side: int, holding: Any, row: Any) -> None:
    """A round trip as far as it has come."""
    row["account"] = account
    row["instrument"] = instrument
    row["side"] = side
    row["by_split"] = 0
    row["round_trip"] = holding["round_trip"]
    row["opened_ns"] = holding["opened_ns"]
    row["opened_seq"] = holding["opened_seq"]
    row["fills"] = holding["fills"]
    row["peak_lots"] = holding["peak_lots"]
    row["entry_lots"] = holding["entry_lots"]
    row["entry_value"] = holding["entry_value"]
    row["exit_lots"] = holding["exit_lots"]
    row["exit_value"] = holding["exit_value"]
    row["gross_micros"] = holding["gross_micros"]
    row["fees_micros"] = holding["fees_micros"]
    row["in_lieu_micros"] = holding["in_lieu_micros"]
    row["adverse_micros"] = holding["adverse_micros"]
    row["favourable_micros"] = holding["favourable_micros"]
    row["net_micros"] = holding["gross_micros"] - holding["fees_micros"]
    row["closed_ns"] = 0
    row["closed_seq"] = 0
    row["duration_ns"] = 0


@leaf
def end_trip(event: Any, holding: Any, trips: Any, room: Any, side: int, by_split: int) -> None:
    """A round trip is over."""
    row = trips[room["trips"]]
    room["trips"] += 1
    write_trip(int64(event["account"]), int64(event["instrument"]), side, holding, row)
    row["by_split"] = by_split
    row["closed_ns"] = event["time_ns"]
    row["closed_seq"] = event["seq"]
    row["duration_ns"] = event["time_ns"] - holding["opened_ns"]


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
        holding["realised_fifo_micros"] += made
        holding["gross_micros"] += made
        holding["flow_micros"] -= sign * closed_micros
        holding["fees_micros"] += closed_fee
        holding["fills"] += 1
        holding["exit_lots"] += closing
        holding["exit_value"] = add_value(holding["exit_value"], price, closing)
        if closing == abs(before):
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
