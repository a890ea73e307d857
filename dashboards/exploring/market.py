"""Of a market: its prices with own fills, and what stands in its book."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from bokeh.models import ColumnDataSource, HoverTool, NumeralTickFormatter

from dashboards.parts.charts_price import candle_columns, fill_columns
from dashboards.parts.charts_theme import fitted, quiet_legend, styled
from dashboards.reporting.common import THEME
from dashboards.reporting.sections import Figure
from dashboards.reporting.words import clock_time, counted, share
from workbench.feed.candle_table import candles
from workbench.feed.durations import duration_ns

_HEIGHT = 280
_BODY = 0.7
_MS = 1_000_000
_UTC = pl.Datetime("ns", "UTC")


def price_figure(
    trades: pl.DataFrame, fills: pl.DataFrame, *, zone: str, every: str = "1min", currency: str = "USD"
) -> Figure:
    """Where the price went, and where own orders were filled in it.

    Parameters
    ----------
    trades, fills
        Of one instrument, as a replay or the client gives them; of fills `maker` and `fee` may be missing.
    zone
        On whose clock times are shown.
    every
        Length of a candle, such as `"10s"` or `"1min"`.
    currency
        Of its prices.
    """
    question = "Where did the price go, and where were own orders filled?"
    if trades.is_empty():
        return Figure(question, "Nothing has traded yet.")
    market, own = _utc(trades), _own_fills(fills)
    made = candles(market.select("time", "price", "quantity"), every=every)
    first, last = float(market["price"][0]), float(market["price"][-1])
    way = "rose" if last > first else "fell" if last < first else "stayed"
    begin, end = (clock_time(market["time"][at], zone) for at in (0, -1))
    sentence = (
        f"From {begin} to {end} the price {way} from {first:,.2f} to {last:,.2f} {currency} in "
        f"{counted(len(market), 'trade')}; {_own(own, currency)}"
    )
    return Figure(question, sentence, _chart(made, own, zone, every))


def _own(fills: pl.DataFrame, currency: str) -> str:
    if fills.is_empty():
        return "no own order was filled."
    parts = []
    for side, word in (("BUY", "bought"), ("SELL", "sold")):
        some = fills.filter(pl.col("side") == side)
        if len(some):
            quantity = float(some["quantity"].sum())
            average = float((some["quantity"] * some["price"]).sum()) / quantity
            parts.append(
                f"{quantity:,.0f} were {word} at {average:,.4f} {currency} on average in "
                f"{counted(len(some), 'fill')}"
            )
    if "maker" not in fills.columns:
        return f"{', '.join(parts)}."
    resting = float(fills.filter("maker")["quantity"].sum()) / float(fills["quantity"].sum())
    part = {0.0: "none", 1.0: "all"}.get(resting, share(resting))
    return f"{', '.join(parts)}, {part} of it resting in the book."


def _chart(made: pl.DataFrame, fills: pl.DataFrame, zone: str, every: str) -> Any:
    chart = styled(
        THEME,
        x_axis_type="datetime",
        tools="xpan,xwheel_zoom,reset",
        y_axis_location="right",
        name="price",
    )
    chart.sizing_mode, chart.height = "stretch_width", _HEIGHT
    columns = candle_columns(made, THEME, zone, "1min")
    step_ms = duration_ns(every, "every") / _MS
    columns |= {"middle": columns["time"] + step_ms / 2, "width": np.full(len(made), step_ms * _BODY)}
    source = ColumnDataSource(columns)
    chart.segment("middle", "low", "middle", "high", source=source, line_color="colour", line_alpha=0.8)
    body = chart.vbar(
        "middle",
        "width",
        "body_top",
        "body_bottom",
        source=source,
        fill_color="colour",
        fill_alpha=0.55,
        line_color="colour",
        legend_label=f"candles of {every}",
    )
    chart.add_tools(
        HoverTool(
            renderers=[body],
            tooltips=[
                ("time", "@time{%H:%M:%S}"),
                ("open, close", "@open{0,0.00}, @close{0,0.00}"),
                ("low, high", "@low{0,0.00}, @high{0,0.00}"),
                ("volume", "@volume{0,0.[000]} in @trades{0,0} trades"),
            ],
            formatters={"@time": "datetime"},
            visible=False,
        )
    )
    if len(fills):
        marks = chart.scatter(
            "time",
            "price",
            source=ColumnDataSource(fill_columns(fills, THEME, zone)),
            marker="marker",
            size=12,
            fill_color="colour",
            line_color=THEME.text,
            line_width=1.5,
            legend_label="own fills",
        )
        chart.add_tools(
            HoverTool(
                renderers=[marks],
                tooltips=[("own fill", "@side @quantity{0,0.[000]} at @price{0,0.00}, as @liquidity")],
                visible=False,
            )
        )
    low, high = fitted(made["low"], made["high"], fills["price"])
    chart.y_range.update(start=low, end=high)
    chart.yaxis.formatter = NumeralTickFormatter(format="0,0.00")
    quiet_legend(chart, THEME)
    return chart


def book_figure(book: pl.DataFrame, symbol: str, at: str) -> Figure:
    """What stands on both sides of a book.

    Parameters
    ----------
    book
        As `Replay.book` gives it.
    symbol
        Whose.
    at
        When, in words.
    """
    question = f"What stands in the book of {symbol}?"
    bids = book.select(price="bid_price", quantity="bid_quantity").drop_nulls()
    asks = book.select(price="ask_price", quantity="ask_quantity").drop_nulls()
    if bids.is_empty() or asks.is_empty():
        return Figure(question, f"At {at} a side of the book was empty.")
    wanted, offered = float(bids["quantity"].sum()), float(asks["quantity"].sum())
    spread = float(asks["price"][0] - bids["price"][0])
    more, less, side = (wanted, offered, "wanted") if wanted >= offered else (offered, wanted, "offered")
    sentence = (
        f"At {at} the market was {bids['price'][0]:,.2f} bid and {asks['price'][0]:,.2f} offered, "
        f"{spread:,.2f} apart; within {len(book)} levels {more / less:,.1f} times as much was {side} as "
        f"{'offered' if side == 'wanted' else 'wanted'} ({wanted:,.0f} against {offered:,.0f})."
    )
    chart = styled(THEME, tools="", name="book")
    chart.sizing_mode, chart.height = "stretch_width", 220
    for side_rows, colour, name in ((bids, THEME.up, "bids"), (asks, THEME.down, "offers")):
        source = ColumnDataSource(
            {"price": side_rows["price"].to_numpy(), "sum": side_rows["quantity"].cum_sum().to_numpy()}
        )
        mode = "before" if name == "bids" else "after"
        line = chart.step(
            "price", "sum", source=source, mode=mode, line_color=colour, line_width=2, legend_label=name
        )
        chart.add_tools(
            HoverTool(renderers=[line], tooltips=[(name, "@sum{0,0} to @price{0,0.00}")], visible=False)
        )
    # Room for the legend above.
    chart.y_range.update(start=0, end=max(wanted, offered) * 1.2)
    chart.xaxis.axis_label, chart.yaxis.axis_label = "Price", "Quantity up to there"
    chart.xaxis.formatter = NumeralTickFormatter(format="0,0.00")
    chart.yaxis.formatter = NumeralTickFormatter(format="0,0")
    quiet_legend(chart, THEME)
    return Figure(question, sentence, chart)


def _own_fills(fills: pl.DataFrame) -> pl.DataFrame:
    """Fills as the chart takes them; orders of other APIs tell neither fees nor who was in the book."""
    fee = pl.col("fee") if "fee" in fills.columns else pl.lit(0.0)
    known = "maker" in fills.columns
    liquidity = (
        pl.when("maker").then(pl.lit("maker")).otherwise(pl.lit("taker")) if known else pl.lit("unknown")
    )
    return _utc(fills).with_columns(
        side=pl.col("side").cast(pl.String).str.to_uppercase(), fee=fee, liquidity=liquidity
    )


def _utc(frame: pl.DataFrame) -> pl.DataFrame:
    """Times of the client have no zone written on them, and are UTC."""
    return frame.with_columns(pl.col("time").cast(_UTC))
