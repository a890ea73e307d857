"""The colours of charts: the theme of the other pages, which a canvas cannot read from a style sheet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from bokeh.plotting import figure

FONT = '"Inter Workbench", "Segoe UI", system-ui, -apple-system, Roboto, "Helvetica Neue", Arial, sans-serif'

_RIGHT = 66
"""For prices and money beside charts, so that all of them have the same times at the same places."""


@dataclass(frozen=True, slots=True)
class Theme:
    """The variables of `theme.css` that charts need, as `#rrggbb`."""

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

    def variables(self) -> dict[str, str]:
        """The same by their names in the style sheet."""
        return {
            "--bg-0": self.page,
            "--bg-1": self.ground,
            "--bg-2": self.raised,
            "--line": self.line,
            "--text": self.text,
            "--text-dim": self.dim,
            "--up": self.up,
            "--down": self.down,
            "--accent": self.accent,
            "--warn": self.warn,
        }


@cache
def theme_of(*, dark: bool, blind: bool) -> Theme:
    """The theme that somebody has chosen; with `blind`, colours that are told apart without red and green."""
    if dark:
        up, down = ("#4aa3ff", "#ff9a3d") if blind else ("#2ebd85", "#f6627b")
        return Theme(
            ground="#11151d",
            page="#0b0e14",
            raised="#1a202b",
            line="#232b38",
            text="#dfe5ee",
            dim="#94a1b5",
            up=up,
            down=down,
            accent="#5b9dff",
            warn="#f0b54a",
        )
    up, down = ("#0b5fb8", "#a84d00") if blind else ("#087550", "#c2263d")
    return Theme(
        ground="#ffffff",
        page="#eceff4",
        raised="#f1f4f8",
        line="#d5dce6",
        text="#17202e",
        dim="#556377",
        up=up,
        down=down,
        accent="#1a5fd0",
        warn="#8a5a00",
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
