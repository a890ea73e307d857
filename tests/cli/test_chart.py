"""The chart draws each value in its place."""

import numpy as np

from workbench.cli.chart import labelled, last_in_each, line_chart

BLANK = "⠀"


def test_the_last_value_of_each_span() -> None:
    times_ns, values = np.array([10, 20, 60]), np.array([1.0, 2.0, 3.0])
    made = last_in_each(times_ns, values, 0, 100, 10)
    assert made.tolist() == [1, 2, 2, 2, 2, 3, 3, 3, 3, 3]
    assert np.isnan(last_in_each(times_ns, values, -100, 0, 2)).all()


def test_a_rising_line_goes_from_the_lower_left_to_the_upper_right() -> None:
    lines = line_chart(np.arange(8.0), 4, 2)
    assert [len(line) for line in lines] == [4, 4]
    assert lines[0].startswith(BLANK * 2)
    assert lines[1].endswith(BLANK)
    assert BLANK not in (lines[1][0], lines[0][-1])


def test_a_flat_line_and_gaps() -> None:
    assert line_chart(np.full(8, 5.0), 4, 1) == ["⠉⠉⠉⠉"]
    gap = np.array([1.0, 1.0, np.nan, np.nan, 1.0, 1.0])
    assert line_chart(gap, 3, 1) == [f"⠉{BLANK}⠉"]
    assert line_chart(np.full(4, np.nan), 2, 1) == [BLANK * 2]


def test_labels() -> None:
    assert labelled(["ab", "cd"], "10.5", "9", "x", "y") == ["10.5 │ab", "   9 │cd", "     └──", "      xy"]
