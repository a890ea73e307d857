"""What stands below the charts of a review, tab by tab."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import polars as pl
from bokeh.layouts import row as side_by_side

from dashboards.parts.charts_markouts import markout_chart
from dashboards.parts.charts_trades import capture_chart, excursions_chart, outcomes_chart
from dashboards.parts.charts_whatif import what_if_charts
from dashboards.parts.review_tables import (
    cash_table,
    drawdowns_table,
    fills_table,
    measures_table,
    orders_table,
    summary_table,
    trips_table,
)

if TYPE_CHECKING:
    from bokeh.models import ColumnDataSource, Range1d

    from dashboards.parts.charts_theme import Theme
    from dashboards.parts.review_day import Day
    from workbench.analytics.records import WithoutAccount

_TABLES = {
    "trades": trips_table,
    "fills": fills_table,
    "orders": orders_table,
    "drawdowns": drawdowns_table,
    "cash": cash_table,
    "summary": summary_table,
}


def lower_of(tab: str, day: Day, trips: ColumnDataSource, theme: Theme) -> Any:
    """What a tab shows of a day; the what-if has a function of its own."""
    if tab in _TABLES:
        return _TABLES[tab](day)
    if tab == "markouts":
        return _pane(markout_chart(day.markouts, day.curve, theme))
    currency = day.about.currency
    charts = [make(trips, theme, currency) for make in (excursions_chart, capture_chart, outcomes_chart)]
    return _pane(side_by_side(charts, sizing_mode="stretch_both"))


def what_if_view(result: WithoutAccount, day: Day, symbol: str, times: Range1d, theme: Theme) -> Any:
    """The market of an instrument with and without own orders, and what it means for the account."""
    prices = result.prices.filter(pl.col("symbol") == symbol)
    decimals = day.instrument(symbol).decimals
    both, apart = what_if_charts(prices, times, theme, zone=day.about.zone, decimals=decimals)
    own = result.accounts.filter(pl.col("account") == result.account)
    market = result.instruments.filter(pl.col("symbol") == symbol).rename({"symbol": "account"})
    rows = pl.concat([own, market.select(own.columns)], how="vertical_relaxed") if len(market) else own
    note = pn.widgets.StaticText(
        value=escape(
            f"{result.held_fixed} {result.left_out:,} commands left out; "
            f"{result.missed:,} of others then found no "
            "order to act on." + (" Nothing at all is different." if result.identical else "")
        ),
        styles={"color": theme.dim, "font": "12px/1.4 sans-serif", "padding": "4px 8px"},
        sizing_mode="stretch_width",
    )
    charts = pn.Column(_pane(both), _pane(apart), sizing_mode="stretch_both", margin=0)
    return pn.Row(
        charts,
        pn.Column(note, measures_table(rows, day), sizing_mode="stretch_both", margin=0),
        sizing_mode="stretch_both",
        margin=0,
    )


def _pane(chart: Any) -> Any:
    return pn.pane.Bokeh(chart, sizing_mode="stretch_both")
