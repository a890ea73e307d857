"""The tables of a review: which columns they show, how these are called and written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import panel as pn
import polars as pl
from bokeh.models.widgets.tables import NumberFormatter

from dashboards.parts.charts_price import numeral
from dashboards.parts.charts_time import clock, duration
from dashboards.parts.review_words import NONE, written

if TYPE_CHECKING:
    import pandas as pd

    from dashboards.parts.review_day import Day

STYLE = """
:host { height: 100%; margin: 0 !important; font: var(--font); }
.pnx-tabulator.tabulator {
  height: 100%;
  margin: 0 !important;
  border: 0 !important;
  background: var(--bg-1) !important;
  color: var(--text) !important;
  font: var(--font) !important;
  font-variant-numeric: tabular-nums;
}
.tabulator .tabulator-header, .tabulator .tabulator-header .tabulator-col {
  background: var(--bg-1) !important;
  color: var(--text-dim) !important;
  border-color: var(--line) !important;
  font-weight: 400 !important;
}
.tabulator .tabulator-header { border-bottom: 1px solid var(--line) !important; }
.tabulator .tabulator-header .tabulator-col { border-right: 0 !important; }
.tabulator .tabulator-header .tabulator-col .tabulator-col-content { padding: 3px 6px !important; }
.tabulator .tabulator-header .tabulator-col.tabulator-sortable.tabulator-col-sorter-element:hover {
  background: var(--bg-2) !important;
}
.tabulator .tabulator-col .tabulator-col-content .tabulator-col-sorter { right: 0; }
.tabulator .tabulator-col.tabulator-sortable[aria-sort="none"] .tabulator-col-content .tabulator-col-sorter {
  display: none;
}
.tabulator .tabulator-col.tabulator-sortable[aria-sort="none"] .tabulator-col-title {
  padding-right: 0 !important;
}
.tabulator .tabulator-tableholder { background: var(--bg-1) !important; }
.tabulator .tabulator-tableholder .tabulator-table {
  background: var(--bg-1) !important;
  color: var(--text) !important;
}
.tabulator-row, .tabulator-row.tabulator-row-even {
  min-height: 22px !important;
  background: var(--bg-1) !important;
  color: var(--text) !important;
  border-color: var(--line) !important;
}
.tabulator-row .tabulator-cell {
  height: 22px !important;
  padding: 2px 6px !important;
  border-right: 0 !important;
}
.tabulator-row.tabulator-selectable:hover {
  background: var(--bg-2) !important;
  color: var(--text) !important;
}
.tabulator-row.tabulator-selected, .tabulator-row.tabulator-selected:hover {
  background: var(--accent-bg) !important;
  color: var(--text) !important;
}
.tabulator .tabulator-footer {
  background: var(--bg-1) !important;
  color: var(--text-dim) !important;
  border-color: var(--line) !important;
}
.tabulator .tabulator-footer .tabulator-page {
  background: var(--bg-2) !important;
  color: var(--text) !important;
  border-color: var(--line) !important;
}
.tabulator .tabulator-footer .tabulator-page.active { background: var(--bg-3) !important; }
"""
"""The theme in Tabulator; the variables are those of the page around it."""

ROOMY = {
    "trades": ("fees", "net_bp", "mae_ticks", "mfe_ticks", "capture", "fills"),
    "fills": ("value", "realised", "mid", "round_trip", "trade_id"),
    "orders": ("ended", "time_in_force", "trigger_price", "queue_ahead", "first", "fees"),
}
"""By tab, columns that a window has no room for unless it is wide."""
_PAGE = 200
_MEASURED = {
    **dict.fromkeys(("orders", "fills", "rejected", "cancelled", "refused_changes", "trades"), "count"),
    **dict.fromkeys(("volume", "position", "traded", "buys", "sells"), "units"),
    "volatility_bp": "bp",
}
"""Units of what a what-if measures; everything else is money or a price."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column as it is shown.

    Attributes
    ----------
    name
        In the frame.
    title
        Above it, with its unit.
    kind
        `text`, `price`, `money`, `signed` (money with colour), `units`, `number`, `count`, or `share`.
    width
        In pixels; as needed when 0.
    """

    name: str
    title: str
    kind: str = "text"
    width: int = 0


_SIDES = {"BUY": "Buy", "SELL": "Sell"}


def trips_table(day: Day) -> Any:
    """Trades from flat to flat; rows can be chosen."""
    zone, currency = day.about.zone, day.about.currency
    frame = day.trips.with_columns(
        pl.col("side").replace_strict({"BUY": "long", "SELL": "short"}, default=None),
        clock(day.trips["opened"], zone).alias("opened"),
        clock(day.trips["closed"], zone).alias("closed"),
        pl.Series("held", [duration(each) for each in day.trips["held_s"]], dtype=pl.String),
        (pl.col("capture") * 100).alias("capture"),
    )
    fields = [
        Field("number", "#", "count", 40),
        Field("symbol", "Symbol", width=76),
        Field("side", "Side", width=50),
        Field("result", "Result", width=54),
        Field("opened", "Opened", width=70),
        Field("closed", "Closed", width=70),
        Field("held", "Held", width=80),
        Field("quantity", "Size (units)", "units"),
        Field("entry_price", f"Entry ({currency})", "price"),
        Field("exit_price", f"Exit ({currency})", "price"),
        Field("gross", f"Gross ({currency})", "signed"),
        Field("fees", f"Fees ({currency})", "money"),
        Field("net", f"Net ({currency})", "signed"),
        Field("net_bp", "Net (bp)", "number"),
        Field("mae", f"MAE ({currency})", "money"),
        Field("mae_ticks", "MAE (ticks)", "number"),
        Field("mfe", f"MFE ({currency})", "money"),
        Field("mfe_ticks", "MFE (ticks)", "number"),
        Field("capture", "Captured (%)", "number"),
        Field("fills", "Fills", "count"),
    ]
    return _table(frame, fields, day, choose=True)


def fills_table(day: Day) -> Any:
    """Own fills."""
    zone, currency = day.about.zone, day.about.currency
    frame = day.fills.with_columns(
        clock(day.fills["time"], zone, precise=True).alias("time"),
        pl.col("side").replace_strict(_SIDES, default=None),
        pl.col("order").fill_null(""),
        liquidity=pl.when("busted").then(pl.lit("busted")).otherwise("liquidity"),
    )
    fields = [
        Field("time", "Time", width=104),
        Field("symbol", "Symbol", width=86),
        Field("side", "Side", width=52),
        Field("quantity", "Quantity (units)", "units"),
        Field("price", f"Price ({currency})", "price"),
        Field("value", f"Value ({currency})", "money"),
        Field("liquidity", "As", width=66),
        Field("fee", f"Fee ({currency})", "fee"),
        Field("position", "Position after (units)", "units"),
        Field("realised", f"Realised ({currency})", "signed"),
        Field("mid", f"Middle before ({currency})", "middle"),
        Field("spread_bp", "Effective spread (bp)", "number"),
        Field("round_trip", "Trade", "count"),
        Field("order_id", "Order", "id"),
        Field("trade_id", "Trade id", "id"),
    ]
    return _table(frame, fields, day)


def orders_table(day: Day) -> Any:
    """Own orders."""
    zone, currency = day.about.zone, day.about.currency
    waits = [duration(each) or NONE for each in day.orders["to_first_fill_s"]]
    frame = day.orders.with_columns(
        clock(day.orders["created"], zone).alias("created"),
        clock(day.orders["ended"], zone).alias("ended"),
        pl.col("side").replace_strict(_SIDES, default=None),
        *(_words(name) for name in ("type", "time_in_force", "state", "reason")),
        pl.Series("first", waits, dtype=pl.String),
    )
    fields = [
        Field("order_id", "Order", "id"),
        Field("created", "Created", width=70),
        Field("ended", "Ended", width=70),
        Field("symbol", "Symbol", width=76),
        Field("side", "Side", width=52),
        Field("type", "Type", width=90),
        Field("time_in_force", "In force", width=62),
        Field("state", "State", width=84),
        Field("reason", "Reason", width=108),
        Field("price", f"Limit ({currency})", "price"),
        Field("trigger_price", f"Trigger ({currency})", "price"),
        Field("quantity", "Quantity (units)", "units"),
        Field("filled", "Filled (units)", "units"),
        Field("average_price", f"Average ({currency})", "price"),
        Field("queue_ahead", "Queue ahead (units)", "units"),
        Field("first", "To first fill", "right"),
        Field("fees", f"Fees ({currency})", "fee"),
    ]
    return _table(frame, fields, day)


def drawdowns_table(day: Day) -> Any:
    """Times under water."""
    zone, currency = day.about.zone, day.about.currency
    water = day.drawdowns
    frame = water.with_columns(
        *(clock(water[name], zone).alias(name) for name in ("peak_time", "valley_time", "recovery_time")),
        pl.Series("under", [duration(each) for each in water["under_water_s"]], dtype=pl.String),
        pl.Series("fell", [duration(each) for each in water["fall_s"]], dtype=pl.String),
        (pl.col("depth_share") * 100).alias("depth_share"),
    ).with_columns(pl.col("recovery_time").replace("", "not yet"))
    fields = [
        Field("number", "#", "count", 46),
        Field("peak_time", "Peak at"),
        Field("peak", f"Peak ({currency})", "money"),
        Field("valley_time", "Lowest at"),
        Field("valley", f"Lowest ({currency})", "money"),
        Field("recovery_time", "Peak again at"),
        Field("depth", f"Depth ({currency})", "signed"),
        Field("depth_share", "Depth (%)", "number"),
        Field("fell", "Fell for"),
        Field("under", "Under water for"),
    ]
    return _table(frame, fields, day)


def cash_table(day: Day) -> Any:
    """Money other than of trades."""
    zone, currency = day.about.zone, day.about.currency
    frame = day.cash.with_columns(
        clock(day.cash["time"], zone).alias("time"),
        _words("reason").alias("reason"),
        pl.col("symbol", "text").fill_null(""),
    )
    fields = [
        Field("time", "Time", width=70),
        Field("reason", "What", width=120),
        Field("symbol", "Of", width=86),
        Field("amount", f"Amount ({currency})", "signed", 130),
        Field("text", "Why"),
    ]
    return _table(frame, fields, day)


def summary_table(day: Day) -> Any:
    """Every statistic with its unit and convention."""
    currency = day.about.currency
    values = [written(value, unit, currency) for value, unit in day.summary.select("value", "unit").rows()]
    frame = day.summary.with_columns(
        pl.col("group").str.to_titlecase(),
        pl.Series("value", [text for text, _ in values], dtype=pl.String),
        pl.Series("unit", [unit for _, unit in values], dtype=pl.String),
        pl.col("reason").fill_null(""),
    )
    fields = [
        Field("group", "About", width=96),
        Field("label", "Statistic", width=240),
        Field("value", "Value", "right", 130),
        Field("unit", "Unit", width=60),
        Field("about", "How it is reckoned", width=560),
        Field("reason", "Why there is none"),
    ]
    return _table(frame, fields, day)


def measures_table(frame: pl.DataFrame, day: Day) -> Any:
    """What is different without the account's orders, with who or what it is about in front."""
    currency = day.about.currency
    units = [_MEASURED.get(name, "currency") for name in frame["measure"]]
    columns = {
        name: [written(value, unit, currency)[0] for value, unit in zip(frame[name], units, strict=True)]
        for name in ("recorded", "what_if", "difference")
    }
    shown = frame.with_columns(
        _words("measure").str.replace(" bp$", ""),
        *(pl.Series(name, texts, dtype=pl.String) for name, texts in columns.items()),
        pl.Series("unit", [written(0.0, unit, currency)[1] for unit in units], dtype=pl.String),
    )
    fields = [
        *(Field(name, "About", width=90) for name in ("account", "symbol") if name in frame.columns),
        Field("measure", "Measure", width=130),
        Field("recorded", "As it was", "right", 110),
        Field("what_if", "Without own orders", "right", 140),
        Field("difference", "Difference", "right", 110),
        Field("unit", "Unit"),
    ]
    return _table(shown, fields, day)


def _words(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.String).fill_null("").str.replace_all("_", " ").str.to_lowercase()


def _table(frame: pl.DataFrame, fields: list[Field], day: Day, *, choose: bool = False) -> Any:
    """A Tabulator of some columns."""
    decimals = max(each.decimals for each in day.instruments)
    shown = [field for field in fields if field.name in frame.columns]
    formats = {field.name: _format(field.kind, decimals) for field in shown}
    table = pn.widgets.Tabulator(
        pandas_of(frame.select(field.name for field in shown)),
        titles={field.name: field.title for field in shown},
        formatters={name: each for name, each in formats.items() if each is not None},
        text_align={field.name: "left" if field.kind == "text" else "right" for field in shown},
        widths={field.name: field.width for field in shown if field.width},
        show_index=False,
        disabled=True,
        selectable=True if choose else False,  # noqa: SIM210 - Panel tells True from other words here
        pagination="remote" if len(frame) > _PAGE else None,
        page_size=_PAGE,
        layout="fit_data_fill",
        theme="simple",
        stylesheets=[STYLE],
        sizing_mode="stretch_both",
    )
    signed = [field.name for field in shown if field.kind == "signed"]
    if signed and len(frame):
        styler: Any = table.style
        styler.map(_tone, subset=signed)
    return table


def pandas_of(frame: pl.DataFrame) -> pd.DataFrame:
    """The same for Panel, which takes pandas' frames alone; its nulls are NaN."""
    import pandas as pd  # noqa: PLC0415 - half a second that only a review needs

    return pd.DataFrame({name: frame[name].to_list() for name in frame.columns})


def _format(kind: str, decimals: int) -> NumberFormatter | None:
    formats = {
        "price": numeral(decimals),
        "middle": numeral(decimals + 1),
        "money": "0,0.00",
        "signed": "+0,0.00",
        "fee": "0,0.0000",
        "units": "0,0.[000000]",
        "number": "0,0.00",
        "count": "0,0",
        "id": "0",
    }
    return (
        NumberFormatter(format=formats[kind], nan_format=NONE, null_format=NONE) if kind in formats else None
    )


def _tone(value: float) -> str:
    """The colour of a number; none for 0 and for NaN, which is neither above nor below."""
    return "color: var(--up)" if value > 0 else "color: var(--down)" if value < 0 else ""
