"""The market with and without own orders: both middles, and what the orders made of it."""

from __future__ import annotations

from typing import Any

import polars as pl
from bokeh.models import ColumnDataSource, HoverTool, NumeralTickFormatter, Range1d
from bokeh.models.annotations import Span

from dashboards.parts.charts_price import numeral
from dashboards.parts.charts_theme import Theme, quiet_legend, styled
from dashboards.parts.charts_time import local_ms


def what_if_charts(
    prices: pl.DataFrame, times: Range1d, theme: Theme, *, zone: str, decimals: int
) -> tuple[Any, Any]:
    """The two middles of one instrument, and their difference below."""
    source = ColumnDataSource(
        {
            "time": local_ms(prices["time"], zone),
            **{
                name: prices[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
                for name in ("recorded", "what_if", "ticks")
            },
        }
    )
    both = _chart(theme, times, "what-if")
    both.yaxis.formatter = NumeralTickFormatter(format=numeral(decimals))
    both.line(
        "time", "what_if", source=source, line_color=theme.warn, legend_label="middle without own orders"
    )
    line = both.line("time", "recorded", source=source, line_color=theme.accent, legend_label="as it was")
    price = numeral(decimals + 1)
    _hover(both, line, price)
    quiet_legend(both, theme)
    apart = _chart(theme, times, "what-if-difference")
    apart.yaxis.formatter = NumeralTickFormatter(format="+0,0.[0]")
    apart.varea("time", 0, "ticks", source=source, fill_color=theme.accent, fill_alpha=0.25)
    under = apart.line(
        "time", "ticks", source=source, line_color=theme.accent, legend_label="difference (ticks)"
    )
    apart.add_layout(Span(location=0, dimension="width", line_color=theme.dim, line_dash=[2, 4]))
    _hover(apart, under, price)
    quiet_legend(apart, theme)
    both.xaxis.visible = False
    return both, apart


def _chart(theme: Theme, times: Range1d, name: str) -> Any:
    chart = styled(
        theme,
        x_axis_type="datetime",
        x_range=times,
        tools="xpan,xwheel_zoom,reset",
        active_scroll="xwheel_zoom",
        y_axis_location="right",
        name=name,
    )
    chart.yaxis.ticker.desired_num_ticks = 4
    return chart


def _hover(chart: Any, line: Any, price: str) -> None:
    chart.add_tools(
        HoverTool(
            renderers=[line],
            mode="vline",
            tooltips=[
                ("time", "@time{%H:%M:%S}"),
                ("as it was", f"@recorded{{{price}}}"),
                ("without own orders", f"@what_if{{{price}}}"),
                ("difference", "@ticks{+0,0.0} ticks"),
            ],
            formatters={"@time": "datetime"},
            point_policy="follow_mouse",
            visible=False,
        )
    )
