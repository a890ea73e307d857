"""A line of prices over time in the terminal, of signs that every font has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def last_in_each(
    time_ns: npt.NDArray[np.int64], values: npt.NDArray[np.float64], start_ns: int, end_ns: int, count: int
) -> npt.NDArray[np.float64]:
    """The latest value at the end of each of `count` equal spans of time; NaN before the first value."""
    ends = np.linspace(start_ns, end_ns, count + 1)[1:]
    at = np.searchsorted(time_ns, ends, side="right") - 1
    return np.where(at >= 0, values[np.maximum(at, 0)], np.nan)


def line_chart(values: npt.NDArray[np.float64], height: int) -> list[str]:
    """Lines of text with a line through `values`, one for each character of the width; NaN leaves a gap."""
    width = len(values)
    cells = [[" "] * width for _ in range(height)]
    known = values[~np.isnan(values)]
    if not len(known):
        return ["".join(line) for line in cells]
    high, span = float(known.max()), float(known.max() - known.min()) or 1.0
    rows = [
        None if np.isnan(value) else round((high - float(value)) / span * (height - 1)) for value in values
    ]
    for column, row in enumerate(rows):
        before = rows[column - 1] if column else None
        if row is None:
            continue
        if before is None or before == row:
            cells[row][column] = "─"
            continue
        rises = row < before
        cells[before][column], cells[row][column] = ("╯", "╭") if rises else ("╮", "╰")
        for between in range(min(row, before) + 1, max(row, before)):
            cells[between][column] = "│"
    return ["".join(line) for line in cells]


def labelled(lines: Sequence[str], top: str, bottom: str, left: str, right: str) -> list[str]:
    """A chart with the highest and lowest value beside it and the first and last time below."""
    margin = max(len(top), len(bottom))
    labels = [top, *[""] * (len(lines) - 2), bottom] if len(lines) > 1 else [top]
    made = [f"{label:>{margin}} │{line}" for label, line in zip(labels, lines, strict=True)]
    width = len(lines[0])
    made.append(f"{'':>{margin}} └{'─' * width}")
    made.append(f"{'':>{margin}}  {left}{right:>{width - len(left)}}")
    return made
