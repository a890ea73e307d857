"""Occupied price levels of one side of a book, found by bit scan.

Three bitmaps of the levels: `bits` has a bit per level, `summary` a bit per word of `bits`, `top` a bit per
word of `summary`. A level is named by its offset from the side's floor price. Finding the next occupied level
costs three word look-ups however far away it is (within 262,144 ticks; beyond that one more look-up for each
as many ticks).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.jit import highest_bit, hot, leaf, lowest_bit

ALIGNMENT = 4096
"""Widths of ladders are multiples of this, so that each side owns whole words of `bits` and `summary`."""

_ONE = np.uint64(1)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_WORD = 63


@hot
def _mask_from(bit: int) -> Any:
    """Ones at `bit` and above."""
    return _ALL << np.uint64(bit)


@hot
def _mask_to(bit: int) -> Any:
    """Ones at `bit` and below."""
    return _ALL >> np.uint64(_WORD - bit)


@hot
def occupy(bits: Any, summary: Any, top: Any, side: Any, offset: int) -> None:
    """Mark a level as occupied."""
    base = side["level_base"]
    position = base + offset
    word = position >> 6
    was = bits[word]
    bits[word] = was | (_ONE << np.uint64(position & _WORD))
    if was == 0:
        upper = word >> 6
        was = summary[upper]
        summary[upper] = was | (_ONE << np.uint64(word & _WORD))
        if was == 0:
            bit = offset >> 12
            at = side["top_base"] + (bit >> 6)
            top[at] = top[at] | (_ONE << np.uint64(bit & _WORD))


@hot
def vacate(bits: Any, summary: Any, top: Any, side: Any, offset: int) -> None:
    """Mark a level as empty."""
    base = side["level_base"]
    position = base + offset
    word = position >> 6
    now = bits[word] & ~(_ONE << np.uint64(position & _WORD))
    bits[word] = now
    if now == 0:
        upper = word >> 6
        now = summary[upper] & ~(_ONE << np.uint64(word & _WORD))
        summary[upper] = now
        if now == 0:
            bit = offset >> 12
            at = side["top_base"] + (bit >> 6)
            top[at] = top[at] & ~(_ONE << np.uint64(bit & _WORD))


@leaf
def next_above(bits: Any, summary: Any, top: Any, side: Any, offset: int) -> int:
    """Lowest occupied level at or above `offset`, or -1."""
    width = side["width"]
    if offset >= width:
        return -1
    base = side["level_base"]
    position = base + offset
    word = position >> 6
    found = bits[word] & _mask_from(position & _WORD)
    if found != 0:
        return (word << 6) + lowest_bit(found) - base
    # The rest of this word's group, then the groups after it.
    upper = word >> 6
    inner = word & _WORD
    if inner != _WORD:
        found = summary[upper] & _mask_from(inner + 1)
        if found != 0:
            word = (upper << 6) + lowest_bit(found)
            return (word << 6) + lowest_bit(bits[word]) - base
    group = (offset >> 12) + 1
    groups = width >> 12
    at = group >> 6
    last = (groups - 1) >> 6
    mask = _mask_from(group & _WORD)
    while at <= last:
        found = top[side["top_base"] + at] & mask
        if found != 0:
            upper = (base >> 12) + (at << 6) + lowest_bit(found)
            word = (upper << 6) + lowest_bit(summary[upper])
            return (word << 6) + lowest_bit(bits[word]) - base
        mask = _ALL
        at += 1
    return -1


@leaf
def next_below(bits: Any, summary: Any, top: Any, side: Any, offset: int) -> int:
    """Highest occupied level at or below `offset`, or -1."""
    if offset < 0:
        return -1
    base = side["level_base"]
    position = base + offset
    word = position >> 6
    found = bits[word] & _mask_to(position & _WORD)
    if found != 0:
        return (word << 6) + highest_bit(found) - base
    upper = word >> 6
    inner = word & _WORD
    if inner != 0:
        found = summary[upper] & _mask_to(inner - 1)
        if found != 0:
            word = (upper << 6) + highest_bit(found)
            return (word << 6) + highest_bit(bits[word]) - base
    group = (offset >> 12) - 1
    if group < 0:
        return -1
    at = group >> 6
    mask = _mask_to(group & _WORD)
    while at >= 0:
        found = top[side["top_base"] + at] & mask
        if found != 0:
            upper = (base >> 12) + (at << 6) + highest_bit(found)
            word = (upper << 6) + highest_bit(summary[upper])
            return (word << 6) + highest_bit(bits[word]) - base
        mask = _ALL
        at -= 1
    return -1
