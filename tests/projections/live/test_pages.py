"""Rows in pages are a list to who reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.projections.live.equity import EquitySample
from workbench.projections.live.pages import PAGE, Pages


def filled(count: int) -> tuple[Pages[EquitySample], list[EquitySample]]:
    rows = [EquitySample(number, -(1 << 62) + number, number % 7) for number in range(count)]
    found = Pages(EquitySample)
    for row in rows:
        found.append(row)
    return found, rows


@pytest.mark.parametrize("count", [0, 1, PAGE, 2 * PAGE - 1, 2 * PAGE, 2 * PAGE + 1, 5 * PAGE + 3])
def test_they_are_read_in_any_way(count: int) -> None:
    found, rows = filled(count)
    assert len(found) == count
    assert list(found) == rows
    assert list(reversed(found)) == rows[::-1]
    assert found[-3:] == rows[-3:]
    assert all(type(row) is EquitySample for row in found)
    for place in (count, -count - 1):
        with pytest.raises(IndexError, match="there is no row"):
            found[place]


@given(st.integers(-1_400, 1_400), st.integers(-1_400, 1_400), st.sampled_from([1, 2, -1, 300]))
def test_slices_are_those_of_a_list(start: int, stop: int, step: int) -> None:
    found, rows = filled(5 * PAGE + 3)
    assert found[start:stop:step] == rows[start:stop:step]
    if -len(rows) <= start < len(rows):
        assert found[start] == rows[start]
