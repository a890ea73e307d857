"""Charts of the trades: how far each went against and for its holder, and what it made in which time."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from bokeh.models import ColumnDataSource, HoverTool, NumeralTickFormatter
from bokeh.models.annotations import Span

from dashboards.parts.charts_theme import Theme, styled
from dashboards.parts.charts_time import clock, duration, local_ms

_TOOLS = "tap,box_select,wheel_zoom,pan,reset"
_SHOWN, _HIDDEN = 0.8, 0.0


def trip_columns(
    trips: pl.DataFrame, theme: Theme, *, zone: str, currency: str, symbol: str, end_ms: float
) -> dict[str, Any]:
    """Columns of the source that all charts of trades share; those of other instruments have no line."""
    closed = local_ms(trips["closed"], zone)
    exits = _floats(trips["exit_price"])
    entries = _floats(trips["entry_price"])
    results = trips["result"].to_list()
    colours = {"win": theme.up, "loss": theme.down}
    return {
        "number": trips["number"].to_numpy(),
        "symbol": trips["symbol"].to_list(),
        "side_text": ["long" if side == "BUY" else "short" for side in trips["side"]],
        "result": results,
        "opened": local_ms(trips["opened"], zone),
        "closed": np.where(np.isnan(closed), end_ms, closed),
        "opened_text": clock(trips["opened"], zone).to_list(),
        "closed_text": clock(trips["closed"], zone).to_list(),
        "quantity": trips["quantity"].to_numpy(),
        "entry_price": entries,
        "exit_price": np.where(np.isnan(exits), entries, exits),
        "held_s": _floats(trips["held_s"]),
        "held_text": [duration(each) for each in trips["held_s"]],
        **{name: _floats(trips[name]) for name in ("gross", "fees", "net", "mae", "mfe", "capture")},
        "adverse": -_floats(trips["mae"]),
        "mae_ticks": _floats(trips["mae_ticks"]),
        "mfe_ticks": _floats(trips["mfe_ticks"]),
        "colour": [colours.get(result, theme.dim) for result in results],
        "shown": [_SHOWN if each == symbol else _HIDDEN for each in trips["symbol"]],
        "currency": [currency] * len(trips),
    }


def shown_of(source: ColumnDataSource, symbol: str) -> list[float]:
    """How visible each trade's line is while an instrument is shown."""
    return [_SHOWN if each == symbol else _HIDDEN for each in source.data["symbol"]]


def excursions_chart(source: ColumnDataSource, theme: Theme, currency: str) -> Any:
    """MAE across, MFE up: on the diagonal the trade went as far for its holder as against."""
    chart = _scatter(source, theme, "adverse", "mfe", "excursions")
    chart.xaxis.axis_label = f"MAE, furthest against ({currency})"
    chart.yaxis.axis_label = f"MFE, furthest for ({currency})"
    furthest = float(np.nanmax([*_known(source, "adverse"), *_known(source, "mfe"), 1.0]))
    chart.line([0, furthest], [0, furthest], line_color=theme.dim, line_dash=[2, 4])
    return chart


def outcomes_chart(source: ColumnDataSource, theme: Theme, currency: str) -> Any:
    """How long it was held, across; what it made, up."""
    chart = _scatter(source, theme, "held_s", "net", "outcomes")
    chart.xaxis.axis_label = "Held (s)"
    chart.yaxis.axis_label = f"Net PnL ({currency})"
    chart.add_layout(Span(location=0, dimension="width", line_color=theme.dim, line_dash=[2, 4]))
    return chart


def capture_chart(source: ColumnDataSource, theme: Theme, currency: str) -> Any:
    """What was to be had at best, across; what was taken, up: the rest was given back."""
    chart = _scatter(source, theme, "mfe", "gross", "capture")
    chart.xaxis.axis_label = f"MFE, furthest for ({currency})"
    chart.yaxis.axis_label = f"Gross PnL ({currency})"
    furthest = float(np.nanmax([*_known(source, "mfe"), 1.0]))
    chart.line([0, furthest], [0, furthest], line_color=theme.dim, line_dash=[2, 4])
    chart.add_layout(Span(location=0, dimension="width", line_color=theme.dim, line_dash=[2, 4]))
    return chart


def _scatter(source: ColumnDataSource, theme: Theme, across: str, up: str, name: str) -> Any:
    chart = styled(theme, tools=_TOOLS, active_drag="box_select", active_scroll="wheel_zoom", name=name)
    points = chart.scatter(
        across,
        up,
        source=source,
        size=9,
        fill_color="colour",
        fill_alpha=0.75,
        line_color=theme.ground,
        selection_line_color=theme.text,
        selection_line_width=1.5,
        selection_fill_alpha=1,
        nonselection_fill_alpha=0.2,
    )
    chart.xaxis.formatter = chart.yaxis.formatter = NumeralTickFormatter(format="0,0.[00]")
    chart.xaxis.ticker.desired_num_ticks = chart.yaxis.ticker.desired_num_ticks = 5
    chart.add_tools(
        HoverTool(
            renderers=[points],
            tooltips=[
                ("trade", "@number, @symbol, @side_text @quantity{0,0.[000]} units"),
                ("net", "@net{+0,0.00} @currency, @result"),
                ("MAE", "@mae{0,0.00} @currency, @mae_ticks{0,0.0} ticks"),
                ("MFE", "@mfe{0,0.00} @currency, @mfe_ticks{0,0.0} ticks"),
                ("held", "@held_text from @opened_text"),
            ],
            visible=False,
        )
    )
    return chart


def _known(source: ColumnDataSource, name: str) -> list[float]:
    values = np.asarray(source.data[name], dtype=float)
    known: list[float] = values[~np.isnan(values)].tolist()
    return known


def _floats(column: pl.Series) -> np.ndarray:
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
