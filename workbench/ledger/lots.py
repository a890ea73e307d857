"""Positions: average cost and FIFO lots, side by side."""

from __future__ import annotations

from typing import Any

from workbench.domain.memory import Memory
from workbench.jit import leaf
from workbench.ledger.cash import notional

_SAFE = 1 << 62


@leaf
def share(amount: int, part: int, whole: int) -> int:
    """`amount * part // whole` for 0 ≤ part ≤ whole, without overflow."""
    if part == whole:
        return amount
    quotient = amount // whole
    rest = amount - quotient * whole
    if rest == 0 or part <= _SAFE // rest:
        return quotient * part + rest * part // whole
    # rest * part // whole by binary long multiplication, the remainder kept below whole.
    result = 0
    remainder = 0
    bit = 62
    while bit >= 0:
        result *= 2
        remainder *= 2
        if remainder >= whole:
            remainder -= whole
            result += 1
        if (part >> bit) & 1:
            remainder += rest
            if remainder >= whole:
                remainder -= whole
                result += 1
        bit -= 1
    return quotient * part + result


@leaf
def new_lot(memory: Memory) -> int:
    """A free lot slot; the caller made sure there is one."""
    world = memory.world[0]
    slot = world["free_lot"]
    if slot == 0:
        slot = world["used_lots"] + 1
        world["used_lots"] = slot
    else:
        world["free_lot"] = memory.lots[slot]["next"]
    return slot


@leaf
def append_lot(memory: Memory, position: Any, price_ticks: int, quantity_lots: int, cost_micros: int) -> None:
    """Add to the newest lot of the same price, or open a new one."""
    tail = position["lot_tail"]
    if tail != 0:
        newest = memory.lots[tail]
        if newest["price_ticks"] == price_ticks:
            newest["quantity_lots"] += quantity_lots
            newest["cost_micros"] += cost_micros
            return
    slot = new_lot(memory)
    lot = memory.lots[slot]
    lot["price_ticks"] = price_ticks
    lot["quantity_lots"] = quantity_lots
    lot["cost_micros"] = cost_micros
    lot["next"] = 0
    if tail == 0:
        position["lot_head"] = slot
    else:
        memory.lots[tail]["next"] = slot
    position["lot_tail"] = slot


@leaf
def close_lots(memory: Memory, position: Any, quantity_lots: int) -> int:
    """Take `quantity_lots` off the oldest lots; returns the cost that went with them."""
    world = memory.world[0]
    removed = 0
    left = quantity_lots
    while left > 0:
        slot = position["lot_head"]
        lot = memory.lots[slot]
        quantity = lot["quantity_lots"]
        cost = lot["cost_micros"]
        if quantity > left:
            part = share(cost, left, quantity)
            lot["quantity_lots"] = quantity - left
            lot["cost_micros"] = cost - part
            return removed + part
        removed += cost
        left -= quantity
        after = lot["next"]
        position["lot_head"] = after
        if after == 0:
            position["lot_tail"] = 0
        lot["next"] = world["free_lot"]
        world["free_lot"] = slot
    return removed


@leaf
def apply_fill(
    memory: Memory,
    account: Any,
    position: Any,
    instrument: Any,
    sign: int,
    price_ticks: int,
    quantity_lots: int,
    notional_micros: int,
    fee_micros: int,
    with_lots: bool,
) -> None:
    """Book one side of a fill: position, both kinds of realised PnL, cash, fees and short cost."""
    before = position["position_lots"]
    cost = position["cost_micros"]
    short_before = -cost if cost < 0 else 0
    closing = 0
    if before * sign < 0:
        closing = min(quantity_lots, abs(before))
    opening = quantity_lots - closing
    closed_micros = 0
    if closing > 0:
        closed_micros = notional_micros if opening == 0 else notional(instrument, price_ticks, closing)
        held = abs(before)
        removed = share(abs(cost), closing, held)
        # `sign` is the fill's; the position being closed has the other one.
        cost += sign * removed
        position["realised_average_micros"] -= sign * (closed_micros - removed)
        if with_lots:
            removed = close_lots(memory, position, closing)
            position["realised_fifo_micros"] -= sign * (closed_micros - removed)
    if opening > 0:
        opened_micros = notional_micros - closed_micros
        cost += sign * opened_micros
        if with_lots:
            append_lot(memory, position, price_ticks, opening, opened_micros)
    position["position_lots"] = before + sign * quantity_lots
    position["cost_micros"] = cost
    position["fees_micros"] += fee_micros
    position["traded_lots"] += quantity_lots
    account["cash_micros"] -= sign * notional_micros + fee_micros
    account["fees_micros"] += fee_micros
    account["short_cost_micros"] += (-cost if cost < 0 else 0) - short_before
