"""Where a number was last seen, for millions of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

RECENT = 4096
"""Numbers that are not yet sorted in among the others."""

_Run = tuple[NDArray[Any], NDArray[Any]]


class Places:
    """The place that each number was last given, in twelve bytes a number.

    The latest are a dictionary; the others are sorted runs, each at least twice as long as the next, so a
    search looks at few and a run is merged seldom.

    Examples
    --------
    >>> places = Places()
    >>> places.put(77, 3)
    >>> places.put(77, 9)
    >>> places.get(77), places.get(78)
    (9, None)
    """

    __slots__ = ("_recent", "_runs")

    def __init__(self) -> None:
        self._recent: dict[int, int] = {}
        self._runs: list[_Run] = []

    def put(self, number: int, place: int) -> None:
        """Give a number its latest place."""
        self._recent[number] = place
        if len(self._recent) >= RECENT:
            self._settle()

    def get(self, number: int) -> int | None:
        """A number's latest place; None for one that has none."""
        found = self._recent.get(number)
        if found is not None:
            return found
        for numbers, places in reversed(self._runs):
            at = int(numbers.searchsorted(number))
            if at < len(numbers) and numbers[at] == number:
                return int(places[at])
        return None

    def _settle(self) -> None:
        numbers = np.fromiter(self._recent.keys(), np.int64, len(self._recent))
        places = np.fromiter(self._recent.values(), np.uint32, len(self._recent))
        self._recent.clear()
        run = _sorted(numbers, places)
        while self._runs and len(self._runs[-1][0]) < 2 * len(run[0]):
            older = self._runs.pop()
            run = _sorted(np.concatenate((older[0], run[0])), np.concatenate((older[1], run[1])))
        self._runs.append(run)


def _sorted(numbers: NDArray[Any], places: NDArray[Any]) -> _Run:
    """By number, and of equal numbers the last one alone."""
    order = np.argsort(numbers, kind="stable")
    numbers = numbers[order]
    last = np.ones(len(numbers), dtype=np.bool_)
    last[:-1] = numbers[1:] != numbers[:-1]
    return numbers[last], places[order][last]
