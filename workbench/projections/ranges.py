"""The lowest and highest mark of an instrument since any moment, without keeping all marks.

Of the marks so far only those can still be the lowest since some moment that are lower than all that came
later; so a stack of them is kept, and another of the highest.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.jit import leaf

POINT = np.dtype([("seq", "i8"), ("price_ticks", "i8")])
"""A mark, and the event from which on it held."""


@leaf
def push_mark(points: Any, sizes: Any, number: int, seq: int, price_ticks: int) -> bool:
    """Let an instrument's mark be a price from an event on; True when a stack has no room for another."""
    room = points.size // sizes.size
    full = False
    for stack in range(2 * number, 2 * number + 2):
        sign = 1 if stack & 1 == 0 else -1
        size = sizes[stack]
        base = stack * room
        while size > 0 and points[base + size - 1]["price_ticks"] * sign >= price_ticks * sign:
            size -= 1
        points[base + size]["seq"] = seq
        points[base + size]["price_ticks"] = price_ticks
        sizes[stack] = size + 1
        full |= size + 1 == room
    return full


@leaf
def extreme_since(points: Any, sizes: Any, stack: int, seq: int) -> int:
    """The lowest (even stack) or highest (odd) mark that began to hold after an event; 0 for none."""
    room = points.size // sizes.size
    base = stack * room
    low = 0
    high = sizes[stack]
    while low < high:
        middle = (low + high) // 2
        if points[base + middle]["seq"] > seq:
            high = middle
        else:
            low = middle + 1
    return points[base + low]["price_ticks"] if low < sizes[stack] else 0
