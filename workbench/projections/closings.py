"""FIFO lots: how fills open them and close them, a row for each closing."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.domain.numbers import BUY, SELL
from workbench.jit import int64, leaf
from workbench.ledger.lots import share

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


@leaf
def part_of_fee(fee_micros: int, part: int, whole: int) -> int:
    """A part of a fee or rebate, rounded towards 0."""
    return share(fee_micros, part, whole) if fee_micros >= 0 else -share(-fee_micros, part, whole)


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
