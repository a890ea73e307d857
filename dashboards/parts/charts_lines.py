"""Several curves over the same times, and how numbers are spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from bokeh.core.properties import value
from bokeh.models import ColumnDataSource, HoverTool, NumeralTickFormatter
from bokeh.models.annotations import Label, Span

from dashboards.parts.charts_theme import FONT, Theme, quiet_legend, styled

_HEIGHT = 240
_BINS = 30


def lines_chart(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]], theme: Theme, *, label: str, form: str = "0,0"
) -> Any:
    """A line for each name: times in milliseconds of the clock that is shown, and values.

    Parameters
    ----------
    curves
        Up to four.
    label
        What the values are, with their unit.
    form
        Bokeh's format of the values.
    """
    chart = styled(theme, x_axis_type="datetime", tools="xpan,xwheel_zoom,reset", name="lines")
    chart.sizing_mode, chart.height = "stretch_width", _HEIGHT
    colours = (theme.accent, theme.warn, theme.up, theme.down)
    for (name, (times_ms, values)), colour in zip(curves.items(), colours, strict=False):
        source = ColumnDataSource({"time": times_ms, "value": values})
        line = chart.line(
            "time", "value", source=source, line_color=colour, line_width=1.5, legend_label=name
        )
        chart.add_tools(
            HoverTool(
                renderers=[line],
                mode="vline",
                tooltips=[(name, f"@value{{{form}}}"), ("time", "@time{%F %H:%M:%S}")],
                formatters={"@time": "datetime"},
                visible=False,
            )
        )
    chart.yaxis.axis_label = label
    chart.yaxis.formatter = NumeralTickFormatter(format=form)
    quiet_legend(chart, theme)
    return chart


def spread_chart(values: Sequence[float], theme: Theme, *, label: str, marks: Mapping[str, float]) -> Any:
    """How many of some numbers lie where, with lines at numbers that have a name."""
    known = np.asarray(values, dtype=float)
    counts, edges = np.histogram(known, bins=min(_BINS, max(len(known) // 3, 5)))
    chart = styled(theme, tools="", name="spread")
    chart.sizing_mode, chart.height = "stretch_width", _HEIGHT
    source = ColumnDataSource({"count": counts, "left": edges[:-1], "right": edges[1:]})
    bars = chart.quad(
        left="left",
        right="right",
        top="count",
        bottom=0,
        source=source,
        fill_color=theme.accent,
        fill_alpha=0.6,
        line_color=theme.ground,
    )
    # Names stand one below the other above the bars, so that close lines keep theirs readable.
    top = float(counts.max())
    step = top * 0.12
    for place, (name, at) in enumerate(marks.items()):
        chart.add_layout(Span(location=at, dimension="height", line_color=theme.warn, line_width=1.5))
        right = at > (edges[0] + edges[-1]) / 2
        chart.add_layout(
            Label(
                x=at,
                y=top + step * (place + 0.4),
                text=name,
                text_align="right" if right else "left",
                x_offset=-6 if right else 6,
                text_color=theme.text,
                text_font=value(FONT)["value"],
                text_font_size="11px",
            )
        )
    low, high = min(edges[0], *marks.values()), max(edges[-1], *marks.values())
    chart.x_range.update(start=low - (high - low) * 0.04, end=high + (high - low) * 0.04)
    chart.y_range.update(start=0, end=top + step * (len(marks) + 0.6))
    chart.add_tools(
        HoverTool(
            renderers=[bars],
            tooltips=[("how many", "@count"), ("from, to", "@left{0.00}, @right{0.00}")],
            visible=False,
        )
    )
    chart.xaxis.axis_label, chart.yaxis.axis_label = label, "How many"
    chart.xaxis.formatter = NumeralTickFormatter(format="0,0.[00]")
    chart.yaxis.formatter = NumeralTickFormatter(format="0,0")
    chart.xgrid.grid_line_color = None
    return chart
