"""A line of prices over time in the terminal, drawn with Braille dots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

# Dots of a Braille cell by row and column; their bits are not in the order of their places.
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_BLANK = 0x2800
_DOT_ROWS, _DOT_COLUMNS = 4, 2


def last_in_each(
    time_ns: npt.NDArray[np.int64], values: npt.NDArray[np.float64], start_ns: int, end_ns: int, count: int
) -> npt.NDArray[np.float64]:
    """The latest value at the end of each of `count` equal spans of time; NaN before the first value."""
    ends = np.linspace(start_ns, end_ns, count + 1)[1:]
    at = np.searchsorted(time_ns, ends, side="right") - 1
    return np.where(at >= 0, values[np.maximum(at, 0)], np.nan)


def line_chart(values: npt.NDArray[np.float64], width: int, height: int) -> list[str]:
    """Lines of text, `width` characters each, with a line through `values` (one for each column of dots).

    Parameters
    ----------
    values
        `2 * width` of them; NaN leaves a gap.
    width, height
        Characters.
    """
    columns, rows = width * _DOT_COLUMNS, height * _DOT_ROWS
    cells = np.zeros((height, width), dtype=np.int64)
    known = values[~np.isnan(values)]
    if len(known):
        low, high = float(known.min()), float(known.max())
        span = high - low or 1.0
        previous = None
        for column in range(min(columns, len(values))):
            if np.isnan(values[column]):
                previous = None
                continue
            row = round((high - float(values[column])) / span * (rows - 1))
            first, last = sorted((row, row if previous is None else previous))
            for dot in range(first, last + 1):
                cells[dot // _DOT_ROWS, column // _DOT_COLUMNS] |= _DOTS[dot % _DOT_ROWS][
                    column % _DOT_COLUMNS
                ]
            previous = row
    return ["".join(chr(_BLANK + int(cell)) for cell in line) for line in cells]


def labelled(lines: Sequence[str], top: str, bottom: str, left: str, right: str) -> list[str]:
    """A chart with the highest and lowest value beside it and the first and last time below."""
    margin = max(len(top), len(bottom))
    labels = [top, *[""] * (len(lines) - 2), bottom] if len(lines) > 1 else [top]
    made = [f"{label:>{margin}} │{line}" for label, line in zip(labels, lines, strict=True)]
    width = len(lines[0])
    made.append(f"{'':>{margin}} └{'─' * width}")
    made.append(f"{'':>{margin}}  {left}{right:>{width - len(left)}}")
    return made
