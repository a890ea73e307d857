"""The bitmaps of a ladder against a sorted list, at the edges of words, groups and top words."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.instruments import MAX_LADDER_TICKS
from workbench.domain.memory import BOOK_SIDE
from workbench.domain.records import Records
from workbench.jit import array_of, entry, int64
from workbench.matching.ladder import ALIGNMENT, next_above, next_below, occupy, vacate

pytestmark = pytest.mark.kernel

OCCUPY, VACATE, ABOVE, BELOW = range(4)
WORD, GROUP, TOP_WORD = 64, ALIGNMENT, ALIGNMENT * 64
WIDTHS = [GROUP, 3 * GROUP, TOP_WORD, TOP_WORD + GROUP, 3 * TOP_WORD - GROUP, MAX_LADDER_TICKS]
ALL = np.uint64(2**64 - 1)

BITS, INTS = array_of("u8"), array_of("i8")


@entry(BITS, BITS, BITS, array_of(BOOK_SIDE), INTS, INTS, INTS)
def work(bits: Any, summary: Any, top: Any, sides: Any, kinds: Any, offsets: Any, found: Any) -> None:
    """Carry out a list of operations on the middle one of three sides."""
    side = sides[1]
    for i in range(kinds.size):
        kind = kinds[i]
        offset = int64(offsets[i])
        if kind == OCCUPY:
            occupy(bits, summary, top, side, offset)
        elif kind == VACATE:
            vacate(bits, summary, top, side, offset)
        elif kind == ABOVE:
            found[i] = next_above(bits, summary, top, side, offset)
        else:
            found[i] = next_below(bits, summary, top, side, offset)


class Ladders(NamedTuple):
    """Bitmaps of three sides of one width, of which the outer two are full."""

    bits: Records
    summary: Records
    top: Records
    sides: Records

    def do(self, operations: list[tuple[int, int]]) -> list[int]:
        """Carry out operations; what each of them found, 0 for those that look for nothing."""
        kinds, offsets = (np.array(column, dtype=np.int64) for column in zip(*operations, strict=True))
        found = np.zeros(len(operations), dtype=np.int64)
        work(*self, kinds, offsets, found)
        return found.tolist()

    def middle(self, array: Records) -> Records:
        """The middle side's part of one of the arrays."""
        third = len(array) // 3
        return array[third : 2 * third]

    def occupied(self) -> list[int]:
        """Levels that the middle side says are occupied, from its lowest bitmap."""
        bytes_ = np.ascontiguousarray(self.middle(self.bits)).view(np.uint8)
        return np.flatnonzero(np.unpackbits(bytes_, bitorder="little")).tolist()

    def check_invariants(self) -> None:
        """Each upper bitmap tells which words below it are not 0, and the neighbours are untouched."""
        groups = self.sides[1]["width"] // GROUP
        for lower, upper, size in (
            (self.middle(self.bits), self.middle(self.summary), None),
            (self.middle(self.summary), self.middle(self.top), groups),
        ):
            told = np.unpackbits(np.ascontiguousarray(upper).view(np.uint8), bitorder="little")[:size]
            assert told.tolist() == (lower != 0).tolist()
        for array in (self.bits, self.summary, self.top):
            third = len(array) // 3
            assert (array[:third] == ALL).all()
            assert (array[2 * third :] == ALL).all()


def ladders(width: int) -> Ladders:
    groups = width // GROUP
    top_words = -(-groups // WORD)
    sizes = (width // WORD, groups, top_words)
    arrays = [np.full(3 * size, ALL) for size in sizes]
    for array, size in zip(arrays, sizes, strict=True):
        array[size : 2 * size] = 0
    sides = np.zeros(3, dtype=BOOK_SIDE)
    sides["width"] = width
    sides["level_base"] = np.arange(3) * width
    sides["top_base"] = np.arange(3) * top_words
    return Ladders(*arrays, sides)


def expected(levels: list[int], kind: int, offset: int) -> int:
    """What a sorted list says."""
    if kind == ABOVE:
        place = bisect_left(levels, offset)
        return levels[place] if place < len(levels) else -1
    place = bisect_right(levels, offset) - 1
    return levels[place] if place >= 0 else -1


def offsets_of(width: int) -> st.SearchStrategy[int]:
    """Levels of a ladder, most of them beside an edge."""
    edges = st.sampled_from([WORD, GROUP, TOP_WORD]).flatmap(
        lambda size: st.tuples(st.integers(0, width // size), st.integers(-2, 2)).map(
            lambda pair: min(max(pair[0] * size + pair[1], 0), width - 1)
        )
    )
    ends = st.sampled_from([0, 1, width - 2, width - 1])
    return st.one_of(edges, ends, st.integers(0, width - 1))


@st.composite
def cases(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    """A width, and operations that come back to a handful of levels again and again."""
    width = draw(st.sampled_from(WIDTHS))
    pool = draw(st.lists(offsets_of(width), min_size=1, max_size=12))
    near = st.sampled_from(pool)
    beside = st.tuples(near, st.integers(-1, 1)).map(sum)
    operation = st.one_of(
        st.tuples(st.sampled_from([OCCUPY, OCCUPY, VACATE]), near),
        st.tuples(st.sampled_from([ABOVE, BELOW]), st.one_of(beside, offsets_of(width))),
    )
    return width, draw(st.lists(operation, min_size=1, max_size=60))


@given(case=cases())
def test_agrees_with_a_sorted_list(case: tuple[int, list[tuple[int, int]]]) -> None:
    width, operations = case
    # One below the first and one above the last level are asked for when a book's best price is at its end.
    operations = [
        (ABOVE, max(offset, 0)) if kind == ABOVE else (kind, min(offset, width - 1))
        for kind, offset in operations
    ]
    levels: list[int] = []
    answers = []
    for kind, offset in operations:
        if kind == OCCUPY and offset not in levels:
            insort(levels, offset)
        elif kind == VACATE and offset in levels:
            levels.remove(offset)
        answers.append(expected(levels, kind, offset) if kind >= ABOVE else 0)
    ladder = ladders(width)
    assert ladder.do(operations) == answers
    assert ladder.occupied() == levels
    ladder.check_invariants()


@pytest.mark.parametrize("width", WIDTHS)
def test_finds_the_other_end_from_either_end(width: int) -> None:
    ladder = ladders(width)
    last = width - 1
    assert ladder.do([(ABOVE, 0), (BELOW, last), (ABOVE, width), (BELOW, -1)]) == [-1] * 4
    ladder.do([(OCCUPY, 0), (OCCUPY, last)])
    assert ladder.do([(ABOVE, 1), (BELOW, last - 1), (ABOVE, 0), (BELOW, last)]) == [last, 0, 0, last]
    ladder.do([(VACATE, 0)])
    assert ladder.do([(BELOW, last - 1), (ABOVE, 0)]) == [-1, last]
    ladder.check_invariants()


@pytest.mark.parametrize("size", [WORD, GROUP, TOP_WORD])
def test_levels_on_both_sides_of_an_edge_are_neighbours(size: int) -> None:
    ladder = ladders(3 * TOP_WORD)
    for edge in (size, 2 * size, 3 * TOP_WORD - size):
        ladder.do([(OCCUPY, edge - 1), (OCCUPY, edge)])
        assert ladder.do([(ABOVE, edge), (BELOW, edge - 1)]) == [edge, edge - 1]
        ladder.do([(VACATE, edge)])
        assert ladder.do([(ABOVE, edge), (BELOW, edge)]) == [-1, edge - 1]
        ladder.do([(VACATE, edge - 1), (OCCUPY, edge)])
        assert ladder.do([(ABOVE, edge - 1), (BELOW, edge - 1)]) == [edge, -1]
        ladder.do([(VACATE, edge)])
    ladder.check_invariants()


def test_marking_twice_changes_nothing() -> None:
    ladder = ladders(GROUP)
    ladder.do([(OCCUPY, 70), (OCCUPY, 70)])
    assert ladder.occupied() == [70]
    ladder.do([(VACATE, 70), (VACATE, 70)])
    assert ladder.occupied() == []
    ladder.check_invariants()
