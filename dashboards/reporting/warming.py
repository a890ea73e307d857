"""One chart of each kind, made before kernels are forked: Bokeh learns of its classes as they are used."""

from __future__ import annotations

import numpy as np
from bokeh.layouts import column
from bokeh.model import Model
from bokeh.models import ColumnDataSource, Range1d

from dashboards.parts.charts_bars import column_chart, points_chart, ranked_chart
from dashboards.parts.charts_equity import equity_figures
from dashboards.parts.charts_trades import excursions_chart
from dashboards.reporting.common import THEME
from dashboards.reporting.sections import item_of


def warm() -> None:
    """Serialise them."""
    for chart in charts():
        item_of(chart)


def charts() -> list[Model]:
    """Each of two points; nothing here may use Polars, whose threads a fork would lose."""
    names, amounts = ["a", "b"], [1.0, -2.0]
    times = Range1d(start=0.0, end=2.0)
    two = np.array(amounts)
    curve = ("pnl", "equity", "realised", "unrealised", "fees", "drawdown", "share")
    source = ColumnDataSource({"time": np.array([0.0, 1.0]), **dict.fromkeys(curve, two)})
    equity = equity_figures(source, times, THEME, currency="")
    trips = ("number", "symbol", "side_text", "quantity", "net", "currency", "result", "mae", "mae_ticks")
    more = ("mfe", "mfe_ticks", "held_text", "opened_text", "adverse", "colour")
    trades = ColumnDataSource({**dict.fromkeys((*trips, *more), two), "colour": ["#000000"] * 2})
    return [
        column([equity.equity, equity.drawdown], sizing_mode="stretch_width"),
        ranked_chart(names, amounts, THEME, label="", written=names),
        column_chart(names, amounts, THEME, label="", written=names),
        points_chart(names, amounts, amounts, THEME, labels=("", ""), written=names),
        excursions_chart(trades, THEME, ""),
    ]
