"""The walk over fills that matches lots and counts round trips; with the JIT off it runs as Python."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from workbench.jit import array_of, entry

FIFO, LIFO, AVERAGE = 0, 1, 2
"""First in, first out; last in, first out; average cost."""

_STEP = 1e-8
_WHOLE, _REAL, _FLAG = array_of("i8"), array_of("f8"), array_of("u1")


@entry(
    _WHOLE,
    _WHOLE,
    _REAL,
    _REAL,
    _REAL,
    numba.int64,
    _WHOLE,
    _REAL,
    _REAL,
    _WHOLE,
    _FLAG,
    _WHOLE,
    _WHOLE,
    _WHOLE,
    _WHOLE,
    _WHOLE,
    _WHOLE,
    _FLAG,
    _WHOLE,
    _REAL,
    _WHOLE,
)
def match_fills(
    group: Any,
    signed: Any,
    price: Any,
    multiplier: Any,
    fee: Any,
    method: int,
    position_out: Any,
    cost_out: Any,
    realised_out: Any,
    trip_out: Any,
    flip_out: Any,
    left: Any,
    match_open: Any,
    match_close: Any,
    match_steps: Any,
    trip_first: Any,
    trip_last: Any,
    trip_closed: Any,
    trip_steps: Any,
    trip_sums: Any,
    counts: Any,
) -> None:
    """Match fills that come group by group, each in order of time.

    Parameters
    ----------
    group, signed, price, multiplier, fee
        Of each fill; `signed` in steps of a hundred-millionth, above 0 for a buy.
    method
        `FIFO`, `LIFO` or `AVERAGE`.
    position_out, cost_out, realised_out, trip_out, flip_out
        Written for each fill; round trips from 0 in the order of the walk.
    left
        What is left of each fill's opening part, negative for a short. Zeros to begin with; it stays so by
        average cost.
    match_open, match_close, match_steps
        Written for each match: the rows of both fills, and how much. There are at most two for each fill.
    trip_first, trip_last, trip_closed
        Written for each round trip: rows of its first and last fill, and whether it ended.
    trip_steps, trip_sums
        Four for each round trip: largest position, entered, left, fills; entry value, exit value, gross,
        fees.
    counts
        Matches, round trips, open lots.
    """
    # The lot under each lot, for whoever takes the last one first.
    below = np.empty(len(signed), dtype=np.int64)
    matches = 0
    trips = 0
    lots = 0
    position = 0
    cost = 0.0
    average_cost = 0.0
    head = 0
    top = 0
    for row in range(len(signed)):
        if row == 0 or group[row] != group[row - 1]:
            position = 0
            cost = 0.0
            average_cost = 0.0
            head = row
            top = row
        steps = signed[row]
        sign = 1 if steps > 0 else -1
        size = steps * sign
        closing = 0
        if position * sign < 0:
            closing = min(size, position * -sign)
        opening = size - closing
        unit = price[row] * multiplier[row] * _STEP
        paid = fee[row]
        realised = 0.0
        if closing > 0:
            trip = trips - 1
            held = position * -sign
            # The side of what is closed is the other one.
            removed_average = average_cost if closing == held else average_cost * closing / held
            made_average = -sign * (closing * unit) - removed_average
            if method == AVERAGE:
                realised = made_average
            else:
                rest = closing
                removed = 0.0
                while rest > 0:
                    if method == FIFO:
                        while left[head] == 0:
                            head += 1
                        lot = head
                    else:
                        while left[top] == 0:
                            top = below[top]
                        lot = top
                    taken = min(rest, left[lot] * -sign)
                    removed -= sign * taken * price[lot] * multiplier[lot] * _STEP
                    left[lot] += sign * taken
                    if left[lot] == 0:
                        lots -= 1
                    match_open[matches] = lot
                    match_close[matches] = row
                    match_steps[matches] = taken
                    matches += 1
                    rest -= taken
                realised = -sign * (closing * unit) - removed
                cost -= removed
            average_cost -= removed_average
            trip_steps[4 * trip + 2] += closing
            trip_steps[4 * trip + 3] += 1
            trip_sums[4 * trip + 1] += price[row] * closing * _STEP
            trip_sums[4 * trip + 2] += made_average
            trip_sums[4 * trip + 3] += paid * closing / size
            trip_last[trip] = row
            position += sign * closing
            if position == 0:
                trip_closed[trip] = 1
                cost = 0.0
                average_cost = 0.0
        if opening > 0:
            if position == 0:
                trip_first[trips] = row
                trips += 1
                flip_out[row] = 1 if closing > 0 else 0
            trip = trips - 1
            if method != AVERAGE:
                left[row] = sign * opening
                below[row] = top
                top = row
                lots += 1
                cost += sign * opening * unit
            average_cost += sign * opening * unit
            position += sign * opening
            trip_steps[4 * trip] = max(trip_steps[4 * trip], position * sign)
            trip_steps[4 * trip + 1] += opening
            trip_steps[4 * trip + 3] += 1
            trip_sums[4 * trip] += price[row] * opening * _STEP
            trip_sums[4 * trip + 3] += paid * opening / size
            trip_last[trip] = row
        position_out[row] = position
        cost_out[row] = average_cost if method == AVERAGE else cost
        realised_out[row] = realised
        trip_out[row] = trips - 1
    counts[0] = matches
    counts[1] = trips
    counts[2] = lots
