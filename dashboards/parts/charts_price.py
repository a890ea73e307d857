"""The price chart of a review: candles and volume, own orders and fills, and trades from entry to exit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from bokeh.models import BasicTicker, ColumnDataSource, HoverTool, NumeralTickFormatter, Range1d
from bokeh.models.annotations import Span

from dashboards.parts.charts_theme import Theme, fitted, quiet_legend, styled
from dashboards.parts.charts_time import local_ms

INTERVALS_S = {"1s": 1, "1min": 60, "5min": 300, "1h": 3600}
"""Intervals that the chart offers, in seconds."""
TOOLS = "xpan,xwheel_zoom,tap,xbox_select,reset"
VOLUME_HEIGHT = 70
"""Pixels of the volume, which has a place of its own: own orders far below the market do not lie over it."""
_BODY = 0.7


@dataclass(slots=True)
class PriceChart:
    """The chart and the parts of it that change when another instrument or interval is chosen.

    Attributes
    ----------
    chart, volume
        The figures, one below the other.
    candles, fills, orders
        What it shows of an instrument; replaced as a whole.
    """

    chart: Any
    volume: Any
    candles: ColumnDataSource
    fills: ColumnDataSource
    orders: ColumnDataSource
    theme: Theme

    def show(
        self,
        candles: pl.DataFrame,
        fills: pl.DataFrame,
        orders: pl.DataFrame,
        *,
        zone: str,
        interval: str,
        decimals: int,
        end_ms: float,
    ) -> None:
        """Show an instrument at an interval."""
        self.candles.data = candle_columns(candles, self.theme, zone, interval)
        self.fills.data = fill_columns(fills, self.theme, zone)
        self.orders.data = order_columns(orders, self.theme, zone, end_ms)
        for each in (*self.chart.legend.items, *self.volume.legend.items):
            # What is not there has no sign beside its name.
            each.visible = any(_rows(renderer.data_source) for renderer in each.renderers)
        # What the market did: an order far away must not press it flat.
        low, high = fitted(candles["low"], candles["high"], fills["price"])
        self.chart.y_range.update(start=low, end=high)
        self.chart.yaxis[0].formatter = NumeralTickFormatter(format=numeral(decimals))
        for each in self.chart.select({"type": HoverTool}):
            each.tooltips = _tooltips(each.name or "", decimals)


def _rows(source: ColumnDataSource) -> int:
    """How many there are of what a source is about."""
    return max((len(column) for column in source.data.values()), default=0)


def price_chart(times: Range1d, trips: ColumnDataSource, theme: Theme) -> PriceChart:
    """An empty chart over a range of times that others share, with the trades that others share too.

    Its prices are fitted to all of the day here, and by the page to what is in view (`review_shell.js`).
    """
    chart = styled(
        theme,
        x_axis_type="datetime",
        x_range=times,
        tools=TOOLS,
        active_scroll="xwheel_zoom",
        active_drag="xpan",
        active_tap="tap",
        y_axis_location="right",
        y_range=Range1d(start=0, end=1, name="prices"),
        name="price",
    )
    chart.xaxis.visible = False
    candles = ColumnDataSource(candle_columns(None, theme, "UTC", "1min"), name="prices-in-time")
    fills = ColumnDataSource(fill_columns(None, theme, "UTC"))
    orders = ColumnDataSource(order_columns(None, theme, "UTC", 0))
    chart.segment("middle", "low", "middle", "high", source=candles, line_color="colour", line_alpha=0.8)
    body = chart.vbar(
        "middle",
        "width",
        "body_top",
        "body_bottom",
        source=candles,
        fill_color="colour",
        fill_alpha=0.55,
        line_color="colour",
        line_alpha=0.8,
        name="candles",
    )
    working = chart.segment(
        "since",
        "price",
        "until",
        "price",
        source=orders,
        line_color="colour",
        line_dash=[2, 3],
        line_alpha=0.75,
        legend_label="own orders",
    )
    line = chart.segment(
        "opened",
        "entry_price",
        "closed",
        "exit_price",
        source=trips,
        line_color="colour",
        line_width=2,
        line_alpha="shown",
        selection_line_width=4,
        selection_line_alpha=1,
        nonselection_line_alpha=0.25,
        legend_label="trades, entry to exit",
        name="trips",
    )
    marks = chart.scatter(
        "time",
        "price",
        source=fills,
        marker="marker",
        size=12,
        fill_color="colour",
        line_color=theme.text,
        line_width=1.5,
        legend_label="own fills",
        name="fills",
    )
    chart.add_layout(_cursor(theme, "cursor-price"))
    for name, renderer in (("candles", body), ("fills", marks), ("trips", line), ("orders", working)):
        chart.add_tools(
            HoverTool(
                name=name, renderers=[renderer], tooltips=_tooltips(name, 2), **_hover(name), visible=False
            )
        )
    quiet_legend(chart, theme)
    return PriceChart(chart, _volume_chart(times, candles, theme), candles, fills, orders, theme)


def _volume_chart(times: Range1d, candles: ColumnDataSource, theme: Theme) -> Any:
    chart = styled(
        theme,
        x_axis_type="datetime",
        x_range=times,
        tools="xpan,xwheel_zoom",
        active_scroll="xwheel_zoom",
        active_drag="xpan",
        y_axis_location="right",
        sizing_mode="stretch_width",
        height=VOLUME_HEIGHT,
        name="volume",
    )
    chart.y_range.start = 0
    chart.vbar(
        "middle",
        "width",
        "volume",
        source=candles,
        fill_color="colour",
        fill_alpha=0.45,
        line_color=None,
        legend_label="volume (units)",
    )
    chart.ygrid.visible = False
    chart.y_range.range_padding = 0.3
    chart.yaxis.ticker = BasicTicker(desired_num_ticks=1, num_minor_ticks=0)
    chart.yaxis.formatter = NumeralTickFormatter(format="0.[0]a")
    quiet_legend(chart, theme)
    chart.add_layout(_cursor(theme, "cursor-volume"))
    return chart


def _cursor(theme: Theme, name: str) -> Span:
    """The line at the instant of the replay; the page moves it (`review_replay.js`)."""
    return Span(dimension="height", line_color=theme.warn, line_width=1, name=name, level="overlay")


def candle_columns(frame: pl.DataFrame | None, theme: Theme, zone: str, interval: str) -> dict[str, Any]:
    """Columns of the candles' source."""
    names = ("open", "high", "low", "close", "volume", "vwap", "trades")
    if frame is None or frame.is_empty():
        empty = [*names, "middle", "width", "body_top", "body_bottom", "colour", "time"]
        return {name: [] for name in empty}
    step = INTERVALS_S[interval] * 1000.0
    begins = local_ms(frame["time"], zone)
    opened, closed = frame["open"].to_numpy(), frame["close"].to_numpy()
    return {
        **{name: frame[name].to_numpy() for name in names},
        "time": begins,
        "middle": begins + step / 2,
        "width": np.full(len(frame), step * _BODY),
        "body_top": np.maximum(opened, closed),
        "body_bottom": np.minimum(opened, closed),
        "colour": np.where(closed >= opened, theme.up, theme.down).tolist(),
    }


def fill_columns(frame: pl.DataFrame | None, theme: Theme, zone: str) -> dict[str, Any]:
    """Columns of the own fills' source."""
    if frame is None:
        return {
            name: [] for name in ("time", "price", "quantity", "side", "liquidity", "fee", "marker", "colour")
        }
    bought = (frame["side"] == "BUY").to_numpy()
    return {
        "time": local_ms(frame["time"], zone),
        "price": frame["price"].to_numpy(),
        "quantity": frame["quantity"].to_numpy(),
        "side": frame["side"].to_list(),
        "liquidity": frame["liquidity"].to_list(),
        "fee": frame["fee"].to_numpy(),
        "marker": np.where(bought, "triangle", "inverted_triangle").tolist(),
        "colour": np.where(bought, theme.up, theme.down).tolist(),
    }


def order_columns(frame: pl.DataFrame | None, theme: Theme, zone: str, end_ms: float) -> dict[str, Any]:
    """Columns of the own orders' source: those that rested at a price, from when to when."""
    if frame is None:
        return {
            name: []
            for name in ("since", "until", "price", "quantity", "side", "state", "order_id", "colour")
        }
    rested = frame.filter(pl.col("rested").is_not_null() & pl.col("price").is_not_null())
    until = local_ms(rested["ended"], zone)
    return {
        "since": local_ms(rested["rested"], zone),
        "until": np.where(np.isnan(until), end_ms, until),
        "price": rested["price"].to_numpy(),
        "quantity": rested["quantity"].to_numpy(),
        "side": rested["side"].to_list(),
        "state": rested["state"].to_list(),
        "order_id": rested["order_id"].to_numpy(),
        "colour": [theme.up if side == "BUY" else theme.down for side in rested["side"]],
    }


def numeral(decimals: int) -> str:
    """A format of Bokeh's for numbers with so many decimals.

    >>> numeral(2), numeral(0)
    ('0,0.00', '0,0')
    """
    return "0,0." + "0" * decimals if decimals else "0,0"


def _hover(name: str) -> dict[str, Any]:
    times = {
        "candles": ["time"],
        "fills": ["time"],
        "trips": ["opened", "closed"],
        "orders": ["since", "until"],
    }
    return {
        "formatters": {f"@{each}": "datetime" for each in times[name]},
        **({"mode": "vline"} if name == "candles" else {}),
        "point_policy": "follow_mouse",
        "attachment": "horizontal",
    }


def _tooltips(name: str, decimals: int) -> list[tuple[str, str]]:
    price = numeral(decimals)
    known = {
        "candles": [
            ("time", "@time{%H:%M:%S}"),
            ("open, close", f"@open{{{price}}}, @close{{{price}}}"),
            ("low, high", f"@low{{{price}}}, @high{{{price}}}"),
            ("volume", "@volume{0,0.[000]} units in @trades{0,0} trades"),
            ("VWAP", f"@vwap{{{price}0}}"),
        ],
        "fills": [
            ("own fill", "@side @quantity{0,0.[000]} units"),
            ("price", f"@price{{{price}}}"),
            ("time", "@time{%H:%M:%S.%3N}"),
            ("as", "@liquidity, fee @fee{0,0.00[00]}"),
        ],
        "trips": [
            ("trade", "@number, @side_text @quantity{0,0.[000]} units, @result"),
            ("net", "@net{+0,0.00} @currency"),
            ("from, to", "@opened{%H:%M:%S}, @closed{%H:%M:%S}"),
            ("entry, exit", f"@entry_price{{{price}0}}, @exit_price{{{price}0}}"),
        ],
        "orders": [
            ("own order", "@side @quantity{0,0.[000]} units, @state"),
            ("price", f"@price{{{price}}}"),
            ("from, to", "@since{%H:%M:%S}, @until{%H:%M:%S}"),
        ],
    }
    return known[name]
