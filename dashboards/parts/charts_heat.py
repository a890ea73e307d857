"""A number for each pair of two settings, as colours: gains and losses apart, the best one marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from bokeh.core.properties import value
from bokeh.models import ColumnDataSource, HoverTool, LinearColorMapper

from dashboards.parts.charts_theme import FONT, Theme, styled

_ROW, _AXIS = 22, 56
_STEPS = 64


def heat_chart(
    across: Sequence[float | str],
    up: Sequence[float | str],
    amounts: Sequence[float],
    theme: Theme,
    *,
    labels: tuple[str, str],
    written: Sequence[str],
    best: int | None = None,
) -> Any:
    """A field for each pair, in the colour of gains above 0 and of losses below, paler towards 0.

    Parameters
    ----------
    across, up
        The two settings of each field; they stand in the order in which they first come.
    amounts
        As many; NaN leaves a field empty.
    labels
        What the settings are.
    written
        The amounts as people read them.
    best
        Place of the one that is marked.
    """
    columns, rows = ([str(each) for each in dict.fromkeys(names)] for names in (across, up))
    chart = styled(theme, x_range=columns, y_range=rows, tools="", name="heat")
    chart.sizing_mode, chart.height = "stretch_width", _ROW * len(rows) + _AXIS
    found = np.asarray(amounts, dtype=float)
    most = float(np.nanmax(np.abs(found))) if np.isfinite(found).any() else 1.0
    source = ColumnDataSource(
        {
            "across": [str(each) for each in across],
            "up": [str(each) for each in up],
            "amount": found,
            "written": list(written),
        }
    )
    mapper = LinearColorMapper(
        palette=[*_faded(theme.down, theme.ground)[::-1], *_faded(theme.up, theme.ground)],
        low=-(most or 1.0),
        high=most or 1.0,
        nan_color=theme.raised,
    )
    fields = chart.rect(
        "across",
        "up",
        1,
        1,
        source=source,
        fill_color={"field": "amount", "transform": mapper},
        line_color=theme.ground,
    )
    if best is not None:
        # Full colours are dark, pale ones light.
        full = abs(found[best]) > (most or 1.0) / 2
        marked = {name: [source.data[name][best]] for name in ("across", "up", "written")}
        chart.rect("across", "up", 1, 1, source=marked, fill_color=None, line_color=theme.text, line_width=2)
        chart.text(
            "across",
            "up",
            "written",
            source=marked,
            text_align="center",
            text_baseline="middle",
            text_color=theme.ground if full else theme.text,
            text_font=value(FONT),
            text_font_size="11px",
        )
    chart.add_tools(
        HoverTool(
            renderers=[fields],
            tooltips=[(labels[0], "@across"), (labels[1], "@up"), ("", "@written")],
            visible=False,
        )
    )
    chart.xaxis.axis_label, chart.yaxis.axis_label = labels
    chart.grid.grid_line_color = None
    return chart


def _faded(colour: str, ground: str) -> list[str]:
    """From the ground's colour to another, in even steps.

    >>> _faded("#000000", "#ffffff")[0], _faded("#000000", "#ffffff")[-1]
    ('#ffffff', '#000000')
    """
    begin, end = (np.array([int(each[at : at + 2], 16) for at in (1, 3, 5)]) for each in (ground, colour))
    return [
        "#{:02x}{:02x}{:02x}".format(*np.rint(begin + (end - begin) * step).astype(int).tolist())
        for step in np.linspace(0, 1, _STEPS)
    ]
