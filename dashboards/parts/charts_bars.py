"""Charts of amounts: by something that has no order, the largest first, or by something that has one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from bokeh.core.properties import value
from bokeh.models import (
    CategoricalAxis,
    ColumnDataSource,
    FactorRange,
    HoverTool,
    NoOverlap,
    NumeralTickFormatter,
)
from bokeh.models.annotations import Span

from dashboards.parts.charts_theme import FONT, Theme, fitted, styled

_ROW = 26
_LEAST, _MOST = 120, 900
_WIDE = 0.7
_NAMED = 12
_PHONE = (230.0, 220.0)
"""Between the outermost points of a chart on a phone, in pixels."""

_EDGE = 0.15
"""How much wider than that it is on each side, where points have names."""


def ranked_chart(
    names: Sequence[str],
    amounts: Sequence[float],
    theme: Theme,
    *,
    label: str,
    written: Sequence[str],
    counts: bool = False,
) -> Any:
    """A bar for each name from top to bottom, gains one way and losses the other.

    Parameters
    ----------
    names
        In their order; each once.
    amounts
        As many.
    label
        What the amounts are, with their unit.
    written
        The amounts as people read them.
    counts
        They are neither gains nor losses, and have one colour.
    """
    height = min(max(_ROW * len(names) + 40, _LEAST), _MOST)
    chart = _fixed(
        styled(theme, y_range=list(reversed(names)), tools="", name="ranked"),
        height,
    )
    low, high = fitted([0.0], amounts, room=0.03)
    below = min(amounts) < 0
    chart.x_range.update(start=low if below else 0, end=0 if below and max(amounts) <= 0 else high)
    source = ColumnDataSource(
        {
            "name": list(names),
            "amount": np.asarray(amounts, dtype=float),
            "colour": [theme.accent] * len(names) if counts else _colours(amounts, theme),
            "written": list(written),
        }
    )
    bars = chart.hbar(
        y="name", right="amount", left=0, height=_WIDE, source=source, fill_color="colour", line_color=None
    )
    # A column of the amounts at the right: beside their bars they would not fit a phone. They are names of
    # a range of their own, each once; the space keeps the end of the widest from being cut.
    texts = [f"{text}\N{EN SPACE}" + "\N{ZERO WIDTH SPACE}" * place for place, text in enumerate(written)]
    chart.extra_y_ranges = {"written": FactorRange(factors=list(reversed(texts)))}
    chart.add_layout(
        CategoricalAxis(
            y_range_name="written",
            major_label_text_color=theme.text,
            major_label_text_font=FONT,
            major_label_text_font_size="11px",
            major_tick_line_color=None,
            axis_line_color=None,
        ),
        "right",
    )
    chart.yaxis[0].update(axis_line_color=None, major_tick_line_color=None)
    chart.xaxis.ticker.desired_num_ticks = 5
    chart.xaxis.major_label_policy = NoOverlap()
    chart.add_layout(Span(location=0, dimension="height", line_color=theme.dim))
    chart.add_tools(HoverTool(renderers=[bars], tooltips=[("@name", "@written")], visible=False))
    chart.xaxis.axis_label = label
    chart.xaxis.formatter = _numerals(amounts)
    chart.ygrid.grid_line_color = None
    return chart


def column_chart(
    names: Sequence[str],
    amounts: Sequence[float],
    theme: Theme,
    *,
    label: str,
    written: Sequence[str],
    counts: bool = False,
) -> Any:
    """A bar for each name from left to right, in an order that means something: times, days, ranks.

    Counts are neither gains nor losses, and have one colour.
    """
    chart = _fixed(styled(theme, x_range=list(names), tools="", name="columns"), 220)
    low, high = fitted([0.0], amounts)
    chart.y_range.update(start=low if min(amounts) < 0 else 0, end=high if max(amounts) > 0 else 0)
    source = ColumnDataSource(
        {
            "name": list(names),
            "amount": np.asarray(amounts, dtype=float),
            "colour": [theme.accent] * len(names) if counts else _colours(amounts, theme),
            "written": list(written),
        }
    )
    bars = chart.vbar(
        x="name", top="amount", bottom=0, width=_WIDE, source=source, fill_color="colour", line_color=None
    )
    chart.add_layout(Span(location=0, dimension="width", line_color=theme.dim))
    chart.add_tools(HoverTool(renderers=[bars], tooltips=[("@name", "@written")], visible=False))
    chart.yaxis.axis_label = label
    chart.yaxis.formatter = _numerals(amounts)
    chart.xgrid.grid_line_color = None
    chart.xaxis.major_tick_line_color = None
    chart.xaxis.major_label_policy = NoOverlap()
    return chart


def points_chart(
    names: Sequence[str],
    across: Sequence[float],
    up: Sequence[float],
    theme: Theme,
    *,
    labels: tuple[str, str],
    written: Sequence[str],
    format_up: str = "0,0.[00]",
) -> Any:
    """A point for each name, what it has of one measure across and of another up.

    A few have their names beside them, as far as there is room.
    """
    chart = _fixed(styled(theme, tools="wheel_zoom,pan,reset", name="points"), 300)
    source = ColumnDataSource(
        {
            "name": list(names),
            "across": np.asarray(across, dtype=float),
            "up": np.asarray(up, dtype=float),
            "colour": _colours(up, theme),
            "written": list(written),
        }
    )
    points = chart.scatter(
        "across", "up", source=source, size=9, fill_color="colour", fill_alpha=0.75, line_color=theme.ground
    )
    if names and len(names) <= _NAMED:
        _name_points(chart, names, across, up, theme)
    chart.add_layout(Span(location=0, dimension="width", line_color=theme.dim, line_dash=[2, 4]))
    chart.add_tools(HoverTool(renderers=[points], tooltips=[("@name", "@written")], visible=False))
    chart.xaxis.ticker.desired_num_ticks = 5
    chart.xaxis.major_label_policy = NoOverlap()
    chart.xaxis.axis_label, chart.yaxis.axis_label = labels
    chart.xaxis.formatter = NumeralTickFormatter(format="0,0.[00]")
    chart.yaxis.formatter = NumeralTickFormatter(format=format_up)
    return chart


def _name_points(
    chart: Any, names: Sequence[str], across: Sequence[float], up: Sequence[float], theme: Theme
) -> None:
    """Names right, left, above or below their points, wherever they cover nothing on a phone."""
    chart.x_range.range_padding = chart.y_range.range_padding = 2 * _EDGE
    x, y = np.asarray(across, dtype=float), np.asarray(up, dtype=float)
    at = np.column_stack([_spread(x) * _PHONE[0], _spread(y) * _PHONE[1]])
    taken = [(px - 5, py - 5, px + 5, py + 5) for px, py in at]
    rows: dict[str, list[Any]] = {
        name: [] for name in ("across", "up", "name", "x", "y", "align", "baseline")
    }
    for place, name in enumerate(names):
        px, py = at[place]
        wide = 7.0 * len(name)
        places = (
            (px + 7, py - 6, 8, 0, "left", "middle"),
            (px - 7 - wide, py - 6, -8, 0, "right", "middle"),
            (px - wide / 2, py + 6, 0, -6, "center", "bottom"),
            (px - wide / 2, py - 18, 0, 6, "center", "top"),
        )
        for left, foot, x_offset, y_offset, align, baseline in places:
            box = (left, foot, left + wide, foot + 12)
            if _outside(box) or _covers(box, taken, place):
                continue
            taken.append(box)
            for key, each in zip(
                rows, (x[place], y[place], name, x_offset, y_offset, align, baseline), strict=True
            ):
                rows[key].append(each)
            break
    chart.text(
        "across",
        "up",
        "name",
        source=ColumnDataSource(rows),
        x_offset="x",
        y_offset="y",
        text_align="align",
        text_baseline="baseline",
        text_color=theme.dim,
        # The family alone would be the name of a column.
        text_font=value(FONT),
        text_font_size="11px",
    )


def _spread(values: np.ndarray) -> np.ndarray:
    """Each value's place between the least and the most, 0 to 1."""
    low, high = float(values.min()), float(values.max())
    return (values - low) / (high - low) if high > low else np.full(len(values), 0.5)


def _outside(box: tuple[float, float, float, float]) -> bool:
    """Whether a box is not wholly within the chart."""
    return any(
        box[axis] < -_EDGE * size or box[axis + 2] > (1 + _EDGE) * size for axis, size in enumerate(_PHONE)
    )


def _covers(
    box: tuple[float, float, float, float], others: Sequence[tuple[float, float, float, float]], own: int
) -> bool:
    """Whether a box lies on one of the others, its own point aside."""
    return any(
        place != own and box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]
        for place, other in enumerate(others)
    )


def _fixed(chart: Any, height: int) -> Any:
    chart.sizing_mode, chart.height = "stretch_width", height
    return chart


def _colours(amounts: Sequence[float], theme: Theme) -> list[str]:
    return [theme.up if each > 0 else theme.down if each < 0 else theme.dim for each in amounts]


def _numerals(amounts: Sequence[float]) -> NumeralTickFormatter:
    large = max((abs(each) for each in amounts), default=0)
    return NumeralTickFormatter(format="0,0" if large >= 10 else "0,0.[00]")  # noqa: PLR2004
