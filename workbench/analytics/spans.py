"""Spans of time: their union and what two sets of them have in common, so that no time counts twice."""

from __future__ import annotations

from collections.abc import Iterable

Span = tuple[int, int]
"""Beginning and end, in nanoseconds; the end is not part of it."""


def united(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same times in spans that ascend and do not touch.

    >>> united([(5, 9), (0, 2), (1, 3), (3, 4), (6, 7)])
    ((0, 4), (5, 9))
    """
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif end > begin:
            found.append((begin, end))
    return tuple(found)


def length_ns(spans: Iterable[Span]) -> int:
    """How long they are together, each time once."""
    return sum(end - begin for begin, end in united(spans))


def shared_ns(some: Iterable[Span], others: Iterable[Span]) -> int:
    """How long both are.

    >>> shared_ns([(0, 4), (5, 9)], [(2, 6), (3, 7)])
    4
    """
    some, others = tuple(some), tuple(others)
    return length_ns(some) + length_ns(others) - length_ns((*some, *others))
