"""What the market did after own fills: each fill as a point, the average by maker and taker as a line."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from bokeh.models import ColumnDataSource, FixedTicker, HoverTool, NumeralTickFormatter
from bokeh.models.annotations import Span

from dashboards.parts.charts_theme import Theme, quiet_legend, styled

_NAMES = {0: "fill", 1: "1 s", 10: "10 s", 60: "1 min", 300: "5 min"}
_SPREAD = 0.35
"""Points of a horizon stand side by side within so much of its place, so that many can be told apart."""


def horizon_name(seconds: int) -> str:
    """A horizon as people say it.

    >>> horizon_name(0), horizon_name(300), horizon_name(42)
    ('fill', '5 min', '42 s')
    """
    return _NAMES.get(seconds, f"{seconds} s")


def markout_chart(markouts: pl.DataFrame, curve: pl.DataFrame, theme: Theme) -> Any:
    """Markouts in ticks by horizon; above 0 the market went the fill's way."""
    horizons = sorted({*curve["horizon_s"].to_list(), *markouts["horizon_s"].to_list()})
    places = {seconds: place for place, seconds in enumerate(horizons)}
    chart = styled(theme, tools="wheel_zoom,pan,reset", active_scroll="wheel_zoom", name="markouts")
    colours = {"maker": theme.accent, "taker": theme.warn, "auction": theme.dim}
    known = markouts.filter(pl.col("ticks").is_not_null())
    for liquidity, colour in colours.items():
        _points(chart, known.filter(pl.col("liquidity") == liquidity), places, colour, liquidity)
    for liquidity, colour in {**colours, "all": theme.text}.items():
        _line(chart, curve.filter(pl.col("liquidity") == liquidity), places, colour, liquidity)
    chart.add_layout(Span(location=0, dimension="width", line_color=theme.dim, line_dash=[2, 4]))
    chart.xaxis.ticker = FixedTicker(ticks=list(places.values()))
    chart.xaxis.major_label_overrides = {place: horizon_name(seconds) for seconds, place in places.items()}
    chart.xaxis.axis_label = "After the fill"
    chart.yaxis.axis_label = "Markout (ticks)"
    chart.yaxis.formatter = NumeralTickFormatter(format="+0,0.[0]")
    if chart.legend:
        quiet_legend(chart, theme)
    return chart


def _points(chart: Any, rows: pl.DataFrame, places: dict[int, int], colour: str, liquidity: str) -> None:
    if rows.is_empty():
        return
    at = np.array([places[each] for each in rows["horizon_s"]], dtype=float)
    # The same fill stands at the same place of each horizon.
    order = rows["seq"].rank("dense").to_numpy().astype(float)
    aside = (order / max(order.max(), 1) - 0.5) * _SPREAD
    source = ColumnDataSource(
        {
            "place": at + aside,
            "ticks": rows["ticks"].to_numpy(),
            "horizon": [horizon_name(each) for each in rows["horizon_s"]],
            "value": rows["value"].to_numpy(),
            "side": rows["side"].to_list(),
            "symbol": rows["symbol"].to_list(),
            "quantity": rows["quantity"].to_numpy(),
        }
    )
    points = chart.scatter("place", "ticks", source=source, size=4, color=colour, alpha=0.45)
    tooltips = [
        (f"{liquidity} fill", "@symbol @side @quantity{0,0.[000]} units"),
        ("after", "@horizon"),
        ("markout", "@ticks{+0,0.0} ticks, @value{+0,0.00}"),
    ]
    chart.add_tools(HoverTool(renderers=[points], tooltips=tooltips, visible=False))


def _line(chart: Any, rows: pl.DataFrame, places: dict[int, int], colour: str, liquidity: str) -> None:
    rows = rows.filter(pl.col("ticks").is_not_null()).sort("horizon_s")
    if rows.is_empty():
        return
    source = ColumnDataSource(
        {
            "place": [places[each] for each in rows["horizon_s"]],
            "ticks": rows["ticks"].to_numpy(),
            "bp": rows["bp"].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
            "fills": rows["fills"].to_numpy(),
            "value": rows["value"].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
            "horizon": [horizon_name(each) for each in rows["horizon_s"]],
        }
    )
    dash = [4, 3] if liquidity == "all" else "solid"
    chart.line(
        "place",
        "ticks",
        source=source,
        line_color=colour,
        line_width=2,
        line_dash=dash,
        legend_label=liquidity,
    )
    dots = chart.scatter("place", "ticks", source=source, size=7, color=colour, legend_label=liquidity)
    tooltips = [
        (liquidity, "@fills{0,0} fills, after @horizon"),
        ("average", "@ticks{+0,0.00} ticks, @bp{+0,0.00} bp"),
        ("in money", "@value{+0,0.00}"),
    ]
    chart.add_tools(HoverTool(renderers=[dots], tooltips=tooltips, visible=False))
