"""What a split does to positions and their FIFO lots."""

from __future__ import annotations

from typing import Any

from workbench.domain.memory import Memory
from workbench.jit import int64, leaf
from workbench.ledger.lots import share

_SAFE = 1 << 48


@leaf
def scaled_lots(lots: int, new: int, old: int) -> int:
    """`lots * new // old` for numbers of a split."""
    whole = lots // old
    return whole * new + (lots - whole * old) * new // old


@leaf
def scaled_price(instrument: Any, price_ticks: int, new: int, old: int) -> int:
    """A price that is kept, rounded down to a tick; 0, which is none, stays."""
    if price_ticks == 0:
        return 0
    return min(instrument["price_cap_ticks"], max(1, price_ticks * old // new))


@leaf
def cost_share(cost_micros: int, part: int, lots: int, new: int) -> int:
    """`cost * part // (lots * new)`, for a part that is a fraction of a lot: below 2^48 and lots * new."""
    if lots < _SAFE:
        return share(cost_micros, part, lots * new)
    return share(cost_micros, part, lots) // new


@leaf
def split_lots(memory: Memory, instrument: Any, position: Any, new: int, old: int, fraction: int) -> int:
    """Turn old FIFO lots into new ones; the newest make the fraction. Returns what that had cost."""
    world = memory.world[0]
    left = abs(position["position_lots"])
    before = int64(0)
    removed_sum = int64(0)
    carried = int64(0)
    running = int64(0)
    slot = int64(position["lot_head"])
    while slot != 0:
        lot = memory.lots[slot]
        after = int64(lot["next"])
        quantity = lot["quantity_lots"]
        # Old lots from this lot's start, and from its end, to the newest.
        first = left
        left -= quantity
        taken = int64(0)
        if left < fraction and left * new < fraction:
            taken = (fraction if first >= fraction else min(fraction, first * new)) - left * new
        removed = cost_share(lot["cost_micros"], taken, quantity, new)
        removed_sum += removed
        carried += lot["cost_micros"] - removed
        lots = scaled_lots(running + quantity, new, old) - scaled_lots(running, new, old)
        running += quantity
        if lots != 0:
            lot["price_ticks"] = scaled_price(instrument, lot["price_ticks"], new, old)
            lot["quantity_lots"] = lots
            lot["cost_micros"] = carried
            carried = 0
            before = slot
        else:
            if before == 0:
                position["lot_head"] = after
            else:
                memory.lots[before]["next"] = after
            if after == 0:
                position["lot_tail"] = before
            lot["next"] = world["free_lot"]
            world["free_lot"] = slot
        slot = after
    return removed_sum


@leaf
def split_position(
    memory: Memory, account: Any, position: Any, instrument: Any, new: int, old: int, mark_ticks: int
) -> int:
    """Split a trader's position and sell the fraction at a price (0: at cost); returns the proceeds."""
    lots = position["position_lots"]
    cost = position["cost_micros"]
    size = abs(lots)
    sign = 1 if lots > 0 else -1
    after = scaled_lots(size, new, old)
    fraction = (size - size // old * old) * new % old
    removed = cost_share(abs(cost), fraction, size, new)
    proceeds = removed
    if mark_ticks != 0:
        value = mark_ticks * fraction * instrument["value_numerator"] // instrument["value_denominator"]
        proceeds = value // old
    fifo = split_lots(memory, instrument, position, new, old, fraction)
    position["position_lots"] = sign * after
    position["cost_micros"] = cost - sign * removed
    position["realised_average_micros"] += sign * (proceeds - removed)
    position["realised_fifo_micros"] += sign * (proceeds - fifo)
    if after == 0:
        position["adverse_micros"] = 0
        position["favourable_micros"] = 0
    account["short_cost_micros"] += max(0, -position["cost_micros"]) - max(0, -cost)
    return sign * proceeds


@leaf
def balance_position(account: Any, position: Any, lots: int, proceeds_micros: int) -> None:
    """Give the street whatever position a split leaves, for what the fractions of the others cost."""
    before = position["cost_micros"]
    cost = before - proceeds_micros
    kept = cost if (lots > 0 and cost > 0) or (lots < 0 and cost < 0) else 0
    position["realised_average_micros"] += kept - cost
    position["cost_micros"] = kept
    position["position_lots"] = lots
    account["short_cost_micros"] += max(0, -kept) - max(0, -before)
