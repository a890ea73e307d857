"""A whole review as one HTML page that needs no server and no internet: its charts stay linked."""

from __future__ import annotations

import re
from base64 import b64encode
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from bokeh.embed import components
from bokeh.layouts import column, row
from bokeh.models import ColumnDataSource, Range1d
from bokeh.models.widgets.tables import DataTable, NumberFormatter, StringFormatter, TableColumn
from bokeh.resources import Resources

from dashboards.parts.charts_equity import equity_charts
from dashboards.parts.charts_markouts import markout_chart
from dashboards.parts.charts_price import numeral, price_chart
from dashboards.parts.charts_theme import FONT, Theme
from dashboards.parts.charts_time import offset_ms
from dashboards.parts.charts_trades import capture_chart, excursions_chart, outcomes_chart, trip_columns
from dashboards.parts.review_words import NONE, written
from dashboards.serving.files import ASSETS

if TYPE_CHECKING:
    from dashboards.parts.review_day import Day

_NS = 1_000_000
_PLACE = re.compile(r"\{\{(\w+)\}\}")
_MINUS = (Path(__file__).parent / "review_minus.js").read_text() + "writeMinusSigns(Bokeh);\n"
_TEMPLATE = """
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{{TITLE}}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
@font-face {
  font-family: "Inter Workbench";
  font-weight: 100 900;
  src: url("data:font/woff2;base64,{{INTER}}") format("woff2");
}
body { margin: 0; padding: 20px; background: {{GROUND}}; color: {{TEXT}}; font: 13px/1.45 {{FONT}}; }
main { max-width: 1400px; margin: auto; }
h1 { font-size: 20px; margin: 0; } h2 { font-size: 14px; margin: 22px 0 6px; }
p { margin: 4px 0; color: {{DIM}}; }
table.facts { border-collapse: collapse; font-variant-numeric: tabular-nums; }
table.facts td, table.facts th { padding: 2px 12px 2px 0; text-align: left; vertical-align: top; }
table.facts td.value { text-align: right; white-space: nowrap; }
table.facts td.about { color: {{DIM}}; }
</style>
{{SCRIPTS}}
</head>
<body>
<main>
<h1>{{TITLE}}</h1>
<p>{{WHOSE}}</p>
{{CHARTS}}
<h2>Statistics</h2>
{{FACTS}}
<p>Times are of {{ZONE}}. Choose trades in the table or in a chart, and they are marked in all of them.</p>
</main>
</body>
</html>
"""


class _Inline(Resources):
    """Bokeh's own program, written into the page.

    Without this it adds the addresses of what any component loads that Panel has taught this process.
    """

    def _collect_external_resources(self, resource_attr: str) -> list[str]:  # noqa: ARG002
        return []


def offline_page(day: Day, theme: Theme, symbol: str, interval: str) -> str:
    """The page, about two megabytes long, nearly all of it Bokeh's own program."""
    about = day.about
    zone, currency = about.zone, about.currency
    begin, end = (each / _NS + offset_ms(each, zone) for each in (day.begin_ns, about.end_ns))
    times = Range1d(start=begin, end=end)
    trips = ColumnDataSource(
        trip_columns(day.trips, theme, zone=zone, currency=currency, symbol=symbol, end_ms=end)
    )
    price = price_chart(times, trips, theme)
    instrument = day.instrument(symbol)
    price.show(
        day.reviewed.candles(symbol, interval),
        day.fills.filter(pl.col("symbol") == symbol),
        day.orders.filter(pl.col("symbol") == symbol),
        zone=zone,
        interval=interval,
        decimals=instrument.decimals,
        end_ms=end,
    )
    equity = equity_charts(day.equity, day.drawdowns, times, theme, zone=zone, currency=currency, end_ms=end)
    rows = [
        _tall(price.chart, 400),
        _tall(price.volume, 64),
        _tall(equity.equity, 160),
        _tall(equity.drawdown, 130),
    ]
    if len(day.trips):
        makers = (excursions_chart, capture_chart, outcomes_chart)
        rows.append(
            row([_tall(make(trips, theme, currency), 260) for make in makers], sizing_mode="stretch_width")
        )
        rows.append(_trips(trips, theme, currency, instrument.decimals))
    if len(day.markouts):
        rows.append(_tall(markout_chart(day.markouts, day.curve, theme), 260))
    title = f"Review of {about.title or about.session}"
    name = "" if about.user in ("", about.account) else f" ({about.user})"
    whose = f"{about.account}{name}, {symbol} at {interval}"
    script, charts = components(column(rows, sizing_mode="stretch_width", spacing=8))
    program = _Inline(mode="inline", components=["bokeh", "bokeh-widgets", "bokeh-tables"])
    values = {
        "GROUND": theme.page,
        "TEXT": theme.text,
        "DIM": theme.dim,
        "FONT": FONT,
        "INTER": b64encode((ASSETS / "inter.woff2").read_bytes()).decode(),
        "TITLE": escape(title),
        "WHOSE": escape(whose),
        "ZONE": escape(zone),
        "FACTS": _facts(day),
        "SCRIPTS": "".join(f"<script>{each}</script>" for each in (*program.js_raw, _MINUS)) + script,
        "CHARTS": charts,
    }
    # In one go: what was put in is not looked through again.
    return _PLACE.sub(lambda place: values[place[1]], _TEMPLATE)


def _tall(chart: Any, height: int) -> Any:
    chart.sizing_mode = "stretch_width"
    chart.height = height
    return chart


def _trips(source: ColumnDataSource, theme: Theme, currency: str, decimals: int) -> DataTable:
    money = NumberFormatter(format="+0,0.00", nan_format=NONE, text_align="right")
    price = NumberFormatter(format=numeral(decimals), nan_format=NONE, text_align="right")
    units = NumberFormatter(format="0,0.[000000]", text_align="right")
    text = StringFormatter()
    columns = [
        TableColumn(field=field, title=title, formatter=formatter, width=width)
        for field, title, formatter, width in (
            ("number", "#", units, 40),
            ("symbol", "Symbol", text, 80),
            ("side_text", "Side", text, 60),
            ("result", "Result", text, 60),
            ("opened_text", "Opened", text, 80),
            ("closed_text", "Closed", text, 80),
            ("held_text", "Held", text, 90),
            ("quantity", "Largest (units)", units, 100),
            ("entry_price", "Entry", price, 80),
            ("exit_price", "Exit", price, 80),
            ("gross", f"Gross ({currency})", money, 100),
            ("fees", f"Fees ({currency})", money, 90),
            ("net", f"Net ({currency})", money, 100),
            ("mae", f"MAE ({currency})", money, 100),
            ("mfe", f"MFE ({currency})", money, 100),
        )
    ]
    style = (
        f":host {{ font: 12px {FONT}; }} .slick-header-column, .slick-cell, .slick-row, .slick-viewport "
        f"{{ background: {theme.ground} !important; color: {theme.text} !important; "
        f"border-color: {theme.line} !important; }}"
        f".slick-cell.selected {{ background: {theme.line} !important; }}"
    )
    return DataTable(
        source=source,
        columns=columns,
        height=240,
        sizing_mode="stretch_width",
        index_position=None,
        reorderable=False,
        stylesheets=[style],
    )


def _facts(day: Day) -> str:
    rows = []
    for each in day.summary.iter_rows(named=True):
        value, unit = written(each["value"], each["unit"], day.about.currency)
        about = each["about"] if each["value"] is not None else f"{each['about']}. None: {each['reason']}"
        rows.append(
            f'<tr><th>{escape(each["label"])}</th><td class="value">{escape(value)} {escape(unit)}</td>'
            f'<td class="about">{escape(about)}</td></tr>'
        )
    return f'<table class="facts">{"".join(rows)}</table>'
