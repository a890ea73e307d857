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

_CENT = 0.005
"""Less than this is written as 0."""
_NEAR = 0.15
"""So near the right edge, as a part of the width, names stand left of their points."""

_HEAD = 0.15
"""So near the upper edge, as a part of the height, there is no room for a name above."""

_FOOT = 0.25
"""So near the lower edge, as a part of the height, there is no room for a name below."""


@dataclass(slots=True)
class EquityCharts:
    """Profit and drawdown, one below the other."""

    equity: Any
    drawdown: Any


def equity_charts(
    frame: pl.DataFrame,
    drawdowns: pl.DataFrame,
    times: Range1d,
    theme: Theme,
    *,
    zone: str,
    currency: str,
    end_ms: float,
) -> EquityCharts:
    """The two charts of an account.

    Parameters
    ----------
    frame
        `EQUITY`, in order of time.
    drawdowns
        `DRAWDOWNS` of it.
    times
        What both show.
    theme, zone, currency
        How they are written.
    end_ms
        The session's end, to which the last row is carried; a dot with its value stands there.
    """
    frame = _carried(frame, end_ms, zone)
    at = local_ms(frame["time"], zone)
    source = ColumnDataSource(
        {
            "time": at,
            **{name: _floats(frame[name]) for name in ("pnl", "equity", "realised", "unrealised", "fees")},
            "drawdown": _floats(frame["drawdown"]),
            "share": _floats(frame["drawdown_share"]),
        },
        name="equity-in-time",
    )
    made = equity_figures(source, times, theme, currency=currency)
    _mark_deepest(made.drawdown, drawdowns, times, theme, zone, currency)
    return made


def equity_figures(source: ColumnDataSource, times: Range1d, theme: Theme, *, currency: str) -> EquityCharts:
    """The same of a source that is there."""
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
    _mark_end(equity, source, times, theme, currency)
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
    _hover(drawdown, under, currency)
    quiet_legend(drawdown, theme, "bottom_left")
    equity.xaxis.visible = False
    return EquityCharts(equity, drawdown)


def _carried(frame: pl.DataFrame, end_ms: float, zone: str) -> pl.DataFrame:
    """With the last row at the end, for a step is as wide as the time to the next row.

    A session that ends within a minute has its last row at the minute's end, where nobody looks.
    """
    if frame.is_empty():
        return frame
    left_ns = round((end_ms - float(local_ms(frame["time"][-1:], zone)[0])) * 1e6)
    if left_ns <= 0:
        end = pl.col("time").last() + pl.duration(nanoseconds=left_ns)
        return frame.with_columns(pl.min_horizontal("time", end).alias("time"))
    return pl.concat([frame, frame[-1:].with_columns(pl.col("time") + pl.duration(nanoseconds=left_ns))])


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
    # Decimals where ticks have them: a day that came to nothing has none but parts of 1.
    chart.yaxis.formatter = NumeralTickFormatter(format="0,0.[00]")
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


def _mark_end(chart: Any, rows: ColumnDataSource, times: Range1d, theme: Theme, currency: str) -> None:
    """A dot where the curve ends, with what it came to; away from where the line came from."""
    at, pnl = rows.data["time"], rows.data["pnl"]
    if not len(pnl):
        return
    last = float(pnl[-1])
    near = pnl[at >= at[-1] - _NEAR * _width(times)]
    foot = float(chart.y_range.start) + _FOOT * _width(chart.y_range)
    # Nor is there room above a point at the upper edge.
    over = last > float(chart.y_range.end) - _HEAD * _width(chart.y_range)
    below = (last < float(np.median(near)) or over) and last > foot
    sign = "" if abs(last) < _CENT else "\N{MINUS SIGN}" if last < 0 else "+"
    source = ColumnDataSource(
        {"time": [at[-1]], "pnl": [last], "name": [f"{sign}{abs(last):,.2f} {currency}"]}
    )
    chart.scatter("time", "pnl", source=source, size=6, color=theme.accent)
    _write(
        chart,
        source,
        "pnl",
        text_color=theme.text,
        text_align="right",
        text_baseline="top" if below else "bottom",
        x_offset=-3,
        y_offset=7 if below else -7,
        background_fill_color=theme.ground,
        background_fill_alpha=0.8,
    )


def _mark_deepest(
    chart: Any, drawdowns: pl.DataFrame, times: Range1d, theme: Theme, zone: str, currency: str
) -> None:
    """Name the lowest points of the deepest times under water."""
    deepest = drawdowns.filter(pl.col("depth") <= pl.col("depth").min() * _WORTH).sort("depth").head(_DEEPEST)
    if deepest.is_empty():
        return
    at = local_ms(deepest["valley_time"], zone)
    late = at > _end(times) - _NEAR * _width(times)
    names = [f"\N{MINUS SIGN}{-depth:,.0f} {currency}" for depth in deepest["depth"]]
    where = {
        "time": at,
        "depth": deepest["depth"].to_numpy(),
        "name": names,
        "align": np.where(late, "right", "left").tolist(),
        "aside": np.where(late, -7, 7),
    }
    source = ColumnDataSource(where)
    chart.scatter("time", "depth", source=source, size=5, color=theme.down)
    _write(
        chart,
        source,
        "depth",
        text_color=theme.dim,
        text_align="align",
        x_offset="aside",
        y_offset=6,
        background_fill_color=theme.ground,
        background_fill_alpha=0.8,
    )


def _end(of: Any) -> float:
    """Where a range ends; Bokeh's ranges may be of times too, those here are of numbers."""
    return float(of.end)


def _width(of: Any) -> float:
    """How wide a range is."""
    return float(of.end) - float(of.start)


def _write(chart: Any, source: ColumnDataSource, amount: str, **how: Any) -> None:
    """Names beside points, in the pages' font."""
    # The family alone would be the name of a column.
    chart.text("time", amount, "name", source=source, text_font=value(FONT), text_font_size="11px", **how)
