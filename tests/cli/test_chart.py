"""The chart draws each value in its place."""

import numpy as np

from workbench.cli.chart import labelled, last_in_each, line_chart


def test_the_last_value_of_each_span() -> None:
    times_ns, values = np.array([10, 20, 60]), np.array([1.0, 2.0, 3.0])
    made = last_in_each(times_ns, values, 0, 100, 10)
    assert made.tolist() == [1, 2, 2, 2, 2, 3, 3, 3, 3, 3]
    assert np.isnan(last_in_each(times_ns, values, -100, 0, 2)).all()


def test_a_line_goes_through_its_values() -> None:
    assert line_chart(np.array([3.0, 1.0, 1.0, 2.0]), 3) == ["─╮  ", " │ ╭", " ╰─╯"]


def test_a_flat_line_and_gaps() -> None:
    assert line_chart(np.full(3, 5.0), 2) == ["───", "   "]
    assert line_chart(np.array([1.0, np.nan, 2.0]), 2) == ["  ─", "─  "]
    assert line_chart(np.full(2, np.nan), 1) == ["  "]


def test_labels() -> None:
    assert labelled(["ab", "cd"], "10.5", "9", "x", "y") == ["10.5 │ab", "   9 │cd", "     └──", "      xy"]
