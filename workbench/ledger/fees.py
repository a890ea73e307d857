"""Fees that depend on all that an order has traded: a fee per order, a minimum, a cap."""

from __future__ import annotations

from typing import Any

from workbench.jit import leaf
from workbench.ledger.cash import part_of


@leaf
def charge(instrument: Any, extra: Any, fee_micros: int, notional_micros: int) -> int:
    """What a fill adds to what its order has paid; `fee_micros` is the fill's own fee."""
    extra["raw_fee_micros"] += fee_micros
    extra["fee_notional_micros"] += notional_micros
    total = instrument["per_order_micros"] + extra["raw_fee_micros"]
    if instrument["minimum_micros"] != 0:
        total = max(total, instrument["minimum_micros"])
    if instrument["fee_cap_ppm"] != 0:
        total = min(total, part_of(extra["fee_notional_micros"], instrument["fee_cap_ppm"]))
    added = total - extra["charged_micros"]
    extra["charged_micros"] = total
    return added
