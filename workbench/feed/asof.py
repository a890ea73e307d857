"""As-of joins: for each row of a table the row of another that stood before, after or nearest to it.

Both sides are in order of time, of all instruments together, as they come out of a market; neither needs to
be sorted by instrument.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from workbench.errors import ConfigError, WorkbenchError
from workbench.feed.files import Ints
from workbench.jit import array_of, entry, int64, leaf

BACKWARD, FORWARD, NEAREST = "backward", "forward", "nearest"
DIRECTIONS = (BACKWARD, FORWARD, NEAREST)

Numbers = npt.NDArray[Any]
"""Integers of any width."""

_COLUMN: Any = numba.types.Array(numba.types.int64, 1, "C", readonly=True)
_KEYS: Any = numba.types.Array(numba.types.int32, 1, "C", readonly=True)
_MADE = array_of(np.int64)
_INT: Any = numba.types.int64
_BOOL: Any = numba.types.bool_

PART_ROWS = 1 << 17
"""Rows of both sides in a part, of which several threads take one after the other."""

_THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_FAR_NS = 1 << 62
_MANY_KEYS = 1 << 22
"""Keys above this are numbered anew, for a table has one place a key."""


@entry(_COLUMN, _COLUMN)
def _falls(values: Any, above: Any) -> bool:
    """Whether a row is below the one above it, which stands at its place in `above`."""
    falls = 0
    for row in range(values.size):
        falls |= values[row] < above[row]
    return falls != 0


@entry(_COLUMN, _KEYS, _COLUMN, _KEYS, _MADE, _BOOL, _INT, _MADE, _MADE)
def _backward(
    left_time: Any,
    left_key: Any,
    right_time: Any,
    right_key: Any,
    part: Any,
    allow_exact: bool,
    tolerance: int,
    last: Any,
    found: Any,
) -> None:
    """For the left rows of a part the last right row of their key up to their time.

    `part` is the first and end of its left rows, then of its right rows. `last` holds -1 for each key, and in
    the end its last right row.
    """
    at, end = part[2], part[3]
    for row in range(part[0], part[1]):
        time = left_time[row]
        # An exact match counts when rows of times below the next one do.
        until = time + allow_exact
        while at < end and right_time[at] < until:
            if right_key[at] >= 0:
                last[right_key[at]] = at
            at += 1
        match = int64(-1)
        if 0 <= left_key[row] < last.size:
            match = last[left_key[row]]
        if tolerance >= 0 and match >= 0 and time - right_time[match] > tolerance:
            match = int64(-1)
        found[row] = match
    while at < end:
        if right_key[at] >= 0:
            last[right_key[at]] = at
        at += 1


@leaf
def _put_before(right_time: Any, right_key: Any, at: int, take_last: bool, following: Any) -> None:
    """Let right row `at` be the next of its key, unless a row of the same time is to stay it."""
    key = int64(right_key[at])
    if key < 0:
        return
    later = following[key]
    if not (take_last and later >= 0 and right_time[later] == right_time[at]):
        following[key] = at


@entry(_COLUMN, _KEYS, _COLUMN, _KEYS, _MADE, _BOOL, _INT, _BOOL, _MADE, _MADE)
def _forward(
    left_time: Any,
    left_key: Any,
    right_time: Any,
    right_key: Any,
    part: Any,
    allow_exact: bool,
    tolerance: int,
    take_last: bool,
    following: Any,
    found: Any,
) -> None:
    """For the left rows of a part the next right row of their key; of equal times the first, or the last.

    `part` as in `_backward`. `following` holds -1 for each key, and in the end its first right row.
    """
    at = part[3] - 1
    for back in range(part[1] - part[0]):
        row = part[1] - 1 - back
        time = left_time[row]
        after = time - allow_exact
        while at >= part[2] and right_time[at] > after:
            _put_before(right_time, right_key, at, take_last, following)
            at -= 1
        match = int64(-1)
        if 0 <= left_key[row] < following.size:
            match = following[left_key[row]]
        if tolerance >= 0 and match >= 0 and right_time[match] - time > tolerance:
            match = int64(-1)
        found[row] = match
    while at >= part[2]:
        _put_before(right_time, right_key, at, take_last, following)
        at -= 1


@entry(_COLUMN, _KEYS, _COLUMN, _MADE, _MADE, _INT, _MADE)
def _carry(
    left_time: Any, left_key: Any, right_time: Any, part: Any, carried: Any, tolerance: int, found: Any
) -> None:
    """Match the left rows of a part that found nothing in it with the rows that other parts have."""
    for row in range(part[0], part[1]):
        if found[row] >= 0 or not 0 <= left_key[row] < carried.size:
            continue
        match = carried[left_key[row]]
        if match >= 0 and (tolerance < 0 or abs(left_time[row] - right_time[match]) <= tolerance):
            found[row] = match


@entry(_COLUMN, _COLUMN, _MADE, _MADE)
def _nearer(left_time: Any, right_time: Any, before: Any, after: Any) -> None:
    """Put the nearer of two matches into `before`; of equally near ones the later."""
    for row in range(left_time.size):
        early, late = before[row], after[row]
        if late >= 0 and (
            early < 0 or right_time[late] - left_time[row] <= left_time[row] - right_time[early]
        ):
            before[row] = late


def asof(
    left_time: npt.ArrayLike,
    left_key: npt.ArrayLike,
    right_time: npt.ArrayLike,
    right_key: npt.ArrayLike,
    *,
    direction: str = BACKWARD,
    allow_exact: bool = True,
    tolerance_ns: int | None = None,
) -> Ints:
    """For each left row the number of the right row that matches it, -1 where none does.

    It takes one step for each row of both sides, however many keys there are.

    Parameters
    ----------
    left_time, right_time
        Integers that never fall.
    left_key, right_key
        What must be equal: numbers from 0 on. A row whose key is below 0 matches nothing.
    direction
        `"backward"`: the last row up to the left row's time; of rows of equal time the last. `"forward"`: the
        first row from it on; of rows of equal time the first. `"nearest"`: the nearer of the rows before and
        after, and the later of two equally near; of rows of equal time the last.
    allow_exact
        Whether a row of the same time matches.
    tolerance_ns
        How far apart the times may be at most; any distance unless given.

    Raises
    ------
    WorkbenchError
        When a time falls, or a column has another length than its neighbour.

    Examples
    --------
    >>> asof([5, 6, 7], [0, 1, 0], [4, 5, 6], [0, 1, 0]).tolist()
    [0, 1, 2]
    >>> asof([5, 6, 7], [0, 1, 0], [4, 5, 6], [0, 1, 0], direction="forward").tolist()
    [2, -1, -1]
    """
    if direction not in DIRECTIONS:
        raise ConfigError(f"{direction!r} is none of {', '.join(DIRECTIONS)}", "direction")
    if tolerance_ns is not None and not 0 <= tolerance_ns < _FAR_NS:
        raise ConfigError(
            f"{tolerance_ns} ns is no distance", "tolerance_ns", "give 0 or more, or leave it out"
        )
    left, right = _times(left_time, "left"), _times(right_time, "right")
    keys = _keys(left_key, len(left), "left"), _keys(right_key, len(right), "right")
    tolerance = -1 if tolerance_ns is None else int(tolerance_ns)
    if not len(left) or not len(right):
        for times, side in ((left, "left"), (right, "right")):
            _check_order(times, side)
        return np.full(len(left), -1, np.int64)
    found = np.empty(len(left), np.int64)
    left_number, right_number, count = numbered(*keys)
    sides = _Sides(left, left_number, right, right_number, count)
    if direction != FORWARD:
        _matched(sides, allow_exact, tolerance, found)
    if direction == BACKWARD:
        return found
    after = np.empty(len(left), np.int64) if direction == NEAREST else found
    _matched(sides, allow_exact, tolerance, after, forward=True, take_last=direction == NEAREST)
    if direction == NEAREST:
        _nearer(left, right, found, after)
    return found


class _Sides(NamedTuple):
    """Both tables; keys are below `keys`."""

    left: Ints
    left_key: npt.NDArray[np.int32]
    right: Ints
    right_key: npt.NDArray[np.int32]
    keys: int


def _matched(
    sides: _Sides,
    allow_exact: bool,
    tolerance: int,
    found: Ints,
    *,
    forward: bool = False,
    take_last: bool = False,
) -> None:
    """Find the matches of one direction, part by part on several threads.

    A part has the left rows of some time and the right rows that come to be matched in it. What its left rows
    do not find there is the last (or first) row of their key in the parts before (or after), which is known
    when all parts are done.
    """
    left, left_key, right, _, keys = sides
    rows = len(left) + len(right)
    count = max(min(rows // PART_ROWS, len(left), rows // (keys + 1)), 1) if _THREADS > 1 else 1
    edges, ruler = (np.linspace(0, len(side), count + 1).astype(np.int64) for side in (left, right))
    exact_side: Literal["left", "right"] = "left" if forward == allow_exact else "right"
    reached = np.searchsorted(right, left[edges[:-1]], exact_side)
    if forward:
        bounds = np.concatenate([reached, [len(right)]])
    else:
        until = np.searchsorted(right, left[-1:], exact_side)
        bounds = np.concatenate([[0], reached[1:], until])
    parts = np.stack([edges[:-1], edges[1:], bounds[:-1], bounds[1:]], axis=1).astype(np.int64)
    tables = np.full((count, keys), -1, np.int64)
    falls = np.zeros(count, np.bool_)

    def match(number: int) -> None:
        # Their order is looked at here, where they are about to be in the processor's cache; in columns that
        # are in disorder a match is nonsense but touches nothing else.
        falls[number] = _falls_in(left, edges[number : number + 2]) or _falls_in(
            right, ruler[number : number + 2]
        )
        if forward:
            _forward(*sides[:4], parts[number], allow_exact, tolerance, take_last, tables[number], found)
        else:
            _backward(*sides[:4], parts[number], allow_exact, tolerance, tables[number], found)

    def carry(number: int) -> None:
        _carry(left, left_key, right, parts[number], carried[number], tolerance, found)

    carried = np.full((count, keys), -1, np.int64)
    if count == 1:
        match(0)
    else:
        # Kernels leave the interpreter's lock alone. More parts than threads, for a core may be busy.
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(match, range(count)))
            for number in range(count - 2, -1, -1) if forward else range(1, count):
                beside = number + 1 if forward else number - 1
                carried[number] = np.where(tables[beside] >= 0, tables[beside], carried[beside])
            list(pool.map(carry, range(count)))
    if falls.any():
        _check_order(left, "left")
        _check_order(right, "right")


def _falls_in(times: Ints, span: Ints) -> bool:
    """Whether times fall in a span of rows or from the row above it."""
    first = max(int(span[0]), 1)
    return _falls(times[first : span[1]], times[first - 1 : max(span[1] - 1, first - 1)])


def _check_order(times: Ints, side: str) -> None:
    """Refuse times that fall."""
    fall = np.flatnonzero(np.diff(times) < 0)
    if len(fall):
        row = int(fall[0]) + 1
        raise WorkbenchError(
            f"the time {times[row]} is before {times[row - 1]}, the time above it",
            f"asof, {side} row {row}",
            "sort both sides by time",
        )


def _column(values: npt.ArrayLike, what: str) -> Ints:
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise WorkbenchError(
            f"{array.dtype} of {array.ndim} dimensions is no column of integers",
            f"asof, {what}",
            "give times in ns and numbers as keys",
        )
    return np.ascontiguousarray(array, np.int64)


def _times(values: npt.ArrayLike, side: str) -> Ints:
    times = _column(values, f"{side} times")
    if len(times) and max(-int(times[0]), int(times[-1])) >= _FAR_NS:
        raise WorkbenchError("a time is further than 2^62 from 0", f"asof, {side} times", "give times in ns")
    return times


def _keys(values: npt.ArrayLike, count: int, side: str) -> npt.NDArray[Any]:
    keys = np.asarray(values)
    if keys.ndim != 1 or (keys.size and keys.dtype.kind not in "iu"):
        keys = _column(keys, f"{side} keys")
    if len(keys) != count:
        raise WorkbenchError(
            f"there are {len(keys)} keys for {count} times", f"asof, {side} keys", "give one for each row"
        )
    return keys


def numbered(
    left: npt.NDArray[Any], right: npt.NDArray[Any]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], int]:
    """Keys as small numbers, and one more than the largest; those below 0 stay so."""
    count = 1 + max(int(key.max(initial=0)) for key in (left, right))
    if count > _MANY_KEYS:
        known, rank = np.unique(np.concatenate([left, right]), return_inverse=True)
        rank = np.where(rank < np.searchsorted(known, 0), -1, rank)
        left, right, count = rank[: len(left)], rank[len(left) :], len(known)
    # A key far below 0 may not become one above it.
    left, right = (np.maximum(key, -1) if key.dtype == np.int64 else key for key in (left, right))
    return np.ascontiguousarray(left, np.int32), np.ascontiguousarray(right, np.int32), count
