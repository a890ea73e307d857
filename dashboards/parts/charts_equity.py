"""Equity and how far it is below its peak, over the same times as the price chart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from bokeh.core.properties import value
from bokeh.models import ColumnDataSource, HoverTool, NumeralTickFormatter, Range1d
from bokeh.models.annotations import Span

from dashboards.parts.charts_theme import FONT, Theme, fitted, quiet_legend, styled
from dashboards.parts.charts_time import local_ms

_DEEPEST = 2
_WORTH = 0.2
"""A time under water is named that is at least so deep, as a part of the deepest."""


@dataclass(slots=True)
class EquityCharts:
    """Profit and drawdown, one below the other."""

    equity: Any
    drawdown: Any


def equity_charts(
    frame: pl.DataFrame, drawdowns: pl.DataFrame, times: Range1d, theme: Theme, *, zone: str, currency: str
) -> EquityCharts:
    """The two charts of an account."""
    source = ColumnDataSource(
        {
            "time": local_ms(frame["time"], zone),
            **{name: _floats(frame[name]) for name in ("pnl", "equity", "realised", "unrealised", "fees")},
            "drawdown": _floats(frame["drawdown"]),
            "share": _floats(frame["drawdown_share"]),
        },
        name="equity-in-time",
    )
    equity = _chart(theme, times, "equity", _range("gains", source.data["pnl"], source.data["realised"]))
    equity.varea_step(
        "time", 0, "pnl", source=source, step_mode="after", fill_color=theme.accent, fill_alpha=0.12
    )
    line = equity.step(
        "time",
        "pnl",
        source=source,
        mode="after",
        line_color=theme.accent,
        line_width=1.5,
        legend_label=f"PnL ({currency})",
    )
    equity.step(
        "time",
        "realised",
        source=source,
        mode="after",
        line_color=theme.dim,
        line_dash=[3, 3],
        legend_label=f"realised ({currency})",
    )
    equity.add_layout(Span(location=0, dimension="width", line_color=theme.line))
    _hover(equity, line, currency)
    quiet_legend(equity, theme)
    drawdown = _chart(theme, times, "drawdown", _range("falls", source.data["drawdown"]))
    drawdown.varea_step(
        "time", 0, "drawdown", source=source, step_mode="after", fill_color=theme.down, fill_alpha=0.25
    )
    under = drawdown.step(
        "time",
        "drawdown",
        source=source,
        mode="after",
        line_color=theme.down,
        legend_label=f"Drawdown ({currency})",
    )
    _mark_deepest(drawdown, drawdowns, theme, zone, currency)
    _hover(drawdown, under, currency)
    quiet_legend(drawdown, theme, "bottom_left")
    equity.xaxis.visible = False
    return EquityCharts(equity, drawdown)


def _floats(column: pl.Series) -> np.ndarray:
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _range(name: str, *columns: Any) -> Range1d:
    """Fitted to the day here, and by the page to what is in view (`review_shell.js`)."""
    low, high = fitted([0.0], *columns)
    return Range1d(start=low, end=high, name=name)


def _chart(theme: Theme, times: Range1d, name: str, values: Range1d) -> Any:
    chart = styled(
        theme,
        x_axis_type="datetime",
        x_range=times,
        y_range=values,
        tools="xpan,xwheel_zoom,xbox_select,reset",
        active_scroll="xwheel_zoom",
        active_drag="xbox_select",
        y_axis_location="right",
        name=name,
    )
    chart.yaxis.formatter = NumeralTickFormatter(format="0,0")
    chart.yaxis.ticker.desired_num_ticks = 3
    chart.add_layout(
        Span(dimension="height", line_color=theme.warn, line_width=1, name=f"cursor-{name}", level="overlay")
    )
    return chart


def _hover(chart: Any, line: Any, currency: str) -> None:
    chart.add_tools(
        HoverTool(
            renderers=[line],
            mode="vline",
            tooltips=[
                ("time", "@time{%H:%M:%S}"),
                ("equity", f"@equity{{0,0.00}} {currency}"),
                ("PnL", f"@pnl{{+0,0.00}} {currency}"),
                ("realised, unrealised", f"@realised{{+0,0.00}}, @unrealised{{+0,0.00}} {currency}"),
                ("fees", f"@fees{{0,0.00}} {currency}"),
                ("drawdown", f"@drawdown{{0,0.00}} {currency} (@share{{0.00%}})"),
            ],
            formatters={"@time": "datetime"},
            line_policy="prev",
            point_policy="follow_mouse",
            visible=False,
        )
    )


def _mark_deepest(chart: Any, drawdowns: pl.DataFrame, theme: Theme, zone: str, currency: str) -> None:
    """Name the lowest points of the deepest times under water."""
    deepest = drawdowns.filter(pl.col("depth") <= pl.col("depth").min() * _WORTH).sort("depth").head(_DEEPEST)
    if deepest.is_empty():
        return
    names = [f"\N{MINUS SIGN}{-depth:,.0f} {currency}" for depth in deepest["depth"]]
    where = {
        "time": local_ms(deepest["valley_time"], zone),
        "depth": deepest["depth"].to_numpy(),
        "name": names,
    }
    source = ColumnDataSource(where)
    chart.scatter("time", "depth", source=source, size=5, color=theme.down)
    chart.text(
        "time",
        "depth",
        "name",
        source=source,
        text_color=theme.dim,
        # A name alone would be that of a column.
        text_font=value(FONT),
        text_font_size="11px",
        x_offset=7,
        y_offset=6,
    )
