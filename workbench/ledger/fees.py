"""Fees that depend on all that an order has traded: a fee per order, a minimum, a cap."""

from __future__ import annotations

from typing import Any

from workbench.domain.memory import Memory
from workbench.jit import hot, leaf
from workbench.ledger.cash import part_of


@hot
def fees_of(memory: Memory, account: int, instrument: int) -> Any:
    """The schedule that an account pays by in an instrument."""
    world = memory.world[0]
    row = instrument
    if world["own_fees"] != 0:
        row = world["instruments"] * (account + 1) + instrument
    return memory.fees[row]


@leaf
def charge(fees: Any, extra: Any, fee_micros: int, notional_micros: int) -> int:
    """What a fill adds to what its order has paid; `fee_micros` is the fill's own fee."""
    extra["raw_fee_micros"] += fee_micros
    extra["fee_notional_micros"] += notional_micros
    total = fees["per_order_micros"] + extra["raw_fee_micros"]
    if fees["minimum_micros"] != 0:
        total = max(total, fees["minimum_micros"])
    if fees["fee_cap_ppm"] != 0:
        total = min(total, part_of(extra["fee_notional_micros"], fees["fee_cap_ppm"]))
    added = total - extra["charged_micros"]
    extra["charged_micros"] = total
    return added
