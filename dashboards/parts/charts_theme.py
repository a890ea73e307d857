"""The colours of charts: the theme of the other pages, which a canvas cannot read from a style sheet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from bokeh.plotting import figure

from dashboards.parts.theme_sheet import variables

FONT = variables(dark=True)["--font"].partition(" ")[2]
"""The families of the pages' font, without its size."""

_RIGHT = 66
"""For prices and money beside charts, so that all of them have the same times at the same places."""


@dataclass(frozen=True, slots=True)
class Theme:
    """The variables of the pages' style sheet that charts need, as `#rrggbb`."""

    ground: str
    page: str
    raised: str
    line: str
    text: str
    dim: str
    up: str
    down: str
    accent: str
    warn: str


@cache
def theme_of(*, dark: bool, blind: bool) -> Theme:
    """The theme that somebody has chosen; with `blind`, colours that are told apart without red and green."""
    known = variables(dark=dark, blind=blind)
    return Theme(
        ground=known["--bg-1"],
        page=known["--bg-0"],
        raised=known["--bg-2"],
        line=known["--line"],
        text=known["--text"],
        dim=known["--text-dim"],
        up=known["--up"],
        down=known["--down"],
        accent=known["--accent"],
        warn=known["--warn"],
    )


def styled(theme: Theme, **figure_settings: Any) -> Any:
    """An empty figure in a theme, as dense as the panels around it.

    What it is made of has looser types at run time than Bokeh says, so it is Any to the checker.
    """
    made: Any = figure(
        **{
            "sizing_mode": "stretch_both",
            "toolbar_location": None,
            "min_border": 0,
            "min_border_right": _RIGHT if figure_settings.get("y_axis_location") == "right" else 6,
            "border_fill_color": theme.ground,
            "background_fill_color": theme.ground,
            "outline_line_color": None,
            "lod_threshold": None,
            **figure_settings,
        }
    )
    if figure_settings.get("x_axis_type") == "datetime":
        made.xaxis.formatter.context = None
    made.axis.axis_line_color = theme.line
    made.axis.major_tick_line_color = theme.line
    made.axis.minor_tick_line_color = None
    made.axis.major_label_text_color = theme.dim
    made.axis.major_label_text_font = FONT
    made.axis.major_label_text_font_size = "11px"
    made.axis.axis_label_text_color = theme.dim
    made.axis.axis_label_text_font = FONT
    made.axis.axis_label_text_font_size = "11px"
    made.axis.axis_label_text_font_style = "normal"
    made.axis.axis_label_standoff = 4
    made.grid.grid_line_color = theme.line
    made.grid.grid_line_alpha = 0.7
    return made


def quiet_legend(chart: Any, theme: Theme, where: str = "top_left") -> None:
    """A legend on one line, through which one sees; a click on an entry hides what it is about."""
    legend = chart.legend
    legend.location = where
    legend.orientation = "horizontal"
    legend.background_fill_color = theme.ground
    legend.background_fill_alpha = 0.75
    legend.border_line_alpha = 0
    legend.label_text_color = theme.dim
    legend.label_text_font = FONT
    legend.label_text_font_size = "11px"
    legend.inactive_fill_color = theme.ground
    legend.inactive_fill_alpha = 0.7
    legend.margin = 0
    legend.padding = 2
    legend.spacing = 10
    legend.glyph_width = 12
    legend.glyph_height = 12
    legend.click_policy = "hide"


def fitted(*columns: Any, room: float = 0.08) -> tuple[float, float]:
    """A range of all values of some columns, with a part of its height as room above and below.

    >>> fitted([1.0, 2.0], [6.0], room=0.1)
    (0.5, 6.5)
    >>> fitted([])
    (0.0, 1.0)
    """
    known = np.concatenate([np.asarray(each, dtype=float) for each in columns])
    known = known[~np.isnan(known)]
    if not len(known):
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    around = (high - low) * room or abs(high) * 0.001 or 1.0
    return low - around, high + around
