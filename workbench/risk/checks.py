"""Pre-trade checks that need numbers: rate, opening part, position limit; all are pure functions."""

from __future__ import annotations

from typing import Any

from workbench.domain.numbers import (
    BUY,
)
from workbench.jit import hot


@hot
def smaller_limit(one: int, other: int) -> int:
    """The smaller of two limits of which 0 means none."""
    if one == 0:
        return other
    if other == 0:
        return one
    return min(one, other)


@hot
def rate_wait(account: Any, time_ns: int) -> int:
    """Nanoseconds until the account's token bucket allows one more order; 0 when it does now."""
    interval = account["rate_interval_ns"]
    if interval == 0:
        return 0
    excess = max(account["rate_time_ns"], time_ns) - time_ns - interval * (account["order_burst"] - 1)
    return max(excess, 0)


@hot
def take_token(account: Any, time_ns: int) -> None:
    """Count one order against the bucket."""
    interval = account["rate_interval_ns"]
    if interval != 0:
        account["rate_time_ns"] = max(account["rate_time_ns"], time_ns) + interval


@hot
def closable(position: Any, side: int, own_leaves: int) -> int:
    """Lots that a `side` order could close beside other open orders; `own_leaves` is its own old part."""
    held = position["position_lots"]
    if side == BUY:
        return max(0, -held - (position["open_buy_lots"] - own_leaves))
    return max(0, held - (position["open_sell_lots"] - own_leaves))


@hot
def reachable_position(position: Any, side: int, quantity_lots: int, own_leaves: int) -> int:
    """Size of the position in the order's direction if it and all open orders of its side filled."""
    held = position["position_lots"]
    if side == BUY:
        return held + position["open_buy_lots"] - own_leaves + quantity_lots
    return -held + position["open_sell_lots"] - own_leaves + quantity_lots
