"""Of recorded order flow: its messages, the lives of orders, the spread, what queues foretell."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import polars as pl
from bokeh.models import ColumnDataSource
from bokeh.models.annotations import Span, Whisker

from dashboards.parts.charts_bars import column_chart, ranked_chart
from dashboards.parts.charts_time import duration
from dashboards.reporting.common import THEME
from dashboards.reporting.sections import Figure
from dashboards.reporting.words import clock_time, counted, share
from workbench.analytics.quoting import imbalance_edge

_LIFE_EDGES_S = (0.0, 0.001, 0.01, 0.1, 1.0, 10.0, 60.0, 600.0, math.inf)
_MOST_SPREADS = 20
_FAST_S = 0.1
_COIN = 0.5
_SURE = 2.0


def messages_figure(found: pl.DataFrame, unit: str = "message") -> Figure:
    """What a source's messages say, of `order_flow.MESSAGES`."""
    question = "What are the messages?"
    if found.is_empty():
        return Figure(question, "There are none.")
    counts = {row["message"]: row["count"] for row in found.iter_rows(named=True)}
    new = counts.get("new order", 0)
    executed = counts.get("execution", 0)
    hidden = counts.get("hidden execution", 0)
    sentence = f"Of {counted(sum(counts.values()), unit)} {share(new / sum(counts.values()))} enter an order"
    if new and executed:
        sentence += f" and one execution comes for every {new / executed:,.1f} of them"
    if hidden:
        sentence += f"; {share(hidden / (hidden + executed))} of all executions met an order that nobody saw"
    chart = ranked_chart(
        found["message"].to_list(),
        found["count"].to_list(),
        THEME,
        label="Messages",
        counts=True,
        written=[f"{each:,}" for each in found["count"]],
    )
    return Figure(question, f"{sentence}.", chart)


def lives_figure(lives: pl.DataFrame) -> Figure:
    """How long orders stay, of `order_flow.ORDER_LIVES`."""
    question = "How long do orders live, and how do they end?"
    known = lives.drop_nulls("lived_s")
    if known.is_empty():
        return Figure(question, "No order's end is known.")
    cancelled = known.filter(pl.col("outcome") == "cancelled")
    traded = known.filter(pl.col("executed") > 0)
    sentence = f"{share(len(cancelled) / len(known))} of the orders whose end is known never traded"
    if len(cancelled):
        quick = float((cancelled["lived_s"].to_numpy() < _FAST_S).mean())
        sentence += (
            f", half of these were gone within {_middle(cancelled)} and {share(quick)} within "
            f"{duration(_FAST_S)}"
        )
    if len(traded):
        sentence += f"; half of those that traded had lived longer than {_middle(traded)}"
    hidden = len(lives) - len(known)
    if hidden:
        are = "is" if hidden == 1 else "are"
        sentence += f". {counted(hidden, 'order')} left the source's view and {are} not among them"
    names, counts = [], []
    for low, high in pairwise(_LIFE_EDGES_S):
        names.append(f"under {_short(high)}" if high < math.inf else f"over {_short(low)}")
        counts.append(float(known["lived_s"].is_between(low, high, closed="left").sum()))
    chart = column_chart(
        names,
        counts,
        THEME,
        label="Orders",
        counts=True,
        written=[counted(each, "order") for each in counts],
    )
    return Figure(question, f"{sentence}.", chart)


def _middle(rows: pl.DataFrame) -> str:
    return duration(float(np.median(rows["lived_s"].to_numpy())))


def _short(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.0f} min"  # noqa: PLR2004


def spread_figure(spreads: pl.DataFrame, increment: float, currency: str = "USD") -> Figure:
    """How wide the market is, of `quoting.SPREADS`."""
    question = "How wide is the market?"
    if spreads.is_empty():
        return Figure(question, "There was never a bid and an offer at once.")
    ticks, weights = spreads["spread_ticks"].to_numpy(), spreads["share"].to_numpy()
    middle = int(ticks[np.searchsorted(np.cumsum(weights), 0.5)])
    mean = float((ticks * weights).sum())
    one = float(weights[ticks == 1].sum())
    sentence = (
        f"Half of the time the spread is {counted(middle, 'tick')} ({middle * increment:,.2f} {currency}) or "
        f"less, on average it is {mean:,.1f} ticks, and {share(one)} of the time it is one tick"
    )
    # The widest hundredth would press all others together.
    most = int(ticks[np.searchsorted(np.cumsum(weights), 0.99)])
    width = max(1, -(-most // _MOST_SPREADS))
    names, parts = [], []
    for low in range(1, most + 1, width):
        names.append(str(low) if width == 1 else f"{low}\N{EN DASH}{low + width - 1}")
        parts.append(100 * float(weights[(ticks >= low) & (ticks < low + width)].sum()))
    chart = column_chart(
        names,
        parts,
        THEME,
        label="Share of the time (%)",
        counts=True,
        written=[f"{each:.2f} % of the time" for each in parts],
    )
    chart.xaxis.axis_label = "Spread (ticks)"
    return Figure(question, f"{sentence}.", chart)


def day_figures(periods: pl.DataFrame, zone: str) -> tuple[Figure, Figure]:
    """When it trades and when it is cheap to, of `quoting.PERIODS`."""
    questions = ("When does it trade?", "When is it cheap to trade?")
    if periods.is_empty():
        return Figure(questions[0], "There are no quotes."), Figure(questions[1], "There are no quotes.")
    names = [clock_time(each, zone) for each in periods["start"]]
    volumes, spreads = periods["volume"].to_list(), periods["spread"].to_list()
    most, total = int(np.argmax(volumes)), sum(volumes)
    busy = "Nothing trades."
    if total:
        busy = (
            f"{share(volumes[most] / total)} of the day's volume trades in the interval from {names[most]}, "
            f"{volumes[most] / (total / len(volumes)):,.1f} times an average one."
        )
    wide, narrow = int(np.argmax(spreads)), int(np.argmin(spreads))
    cheap = (
        f"The spread is widest from {names[wide]} with {spreads[wide]:,.4f} and narrowest from "
        f"{names[narrow]} with {spreads[narrow]:,.4f}, {spreads[wide] / spreads[narrow]:,.1f} times less."
        if spreads[narrow] > 0
        else f"The spread is widest from {names[wide]} with {spreads[wide]:,.4f}."
    )
    first = column_chart(
        names,
        volumes,
        THEME,
        label="Volume (units)",
        counts=True,
        written=[
            f"{volume:,.0f} in {counted(trades, 'trade')}"
            for volume, trades in zip(volumes, periods["trades"], strict=True)
        ],
    )
    second = column_chart(
        names,
        spreads,
        THEME,
        label="Mean spread",
        counts=True,
        written=[
            f"{spread:,.4f}, {touch:,.0f} at the best prices"
            for spread, touch in zip(spreads, periods["touch"], strict=True)
        ],
    )
    return Figure(questions[0], busy, first), Figure(questions[1], cheap, second)


def imbalance_figure(imbalances: pl.DataFrame) -> Figure:
    """Whether the longer queue wins, of `quoting.IMBALANCES`."""
    question = "Do the queues foretell the next price?"
    if imbalances.is_empty():
        return Figure(question, "The price never moved.")
    edge = imbalance_edge(imbalances)
    count = int(imbalances["prices"].sum())
    error = math.sqrt(edge * (1 - edge) / count)
    distance = abs(edge - _COIN) / error if error else math.inf
    verdict = "which is a coin's work" if distance < _SURE else f"{distance:,.0f} standard errors from a coin"
    low, high = imbalances.row(0, named=True), imbalances.row(-1, named=True)
    sentence = (
        f"In {share(edge)} of {counted(count, 'move')} the price went to the side of the longer queue, "
        f"{verdict}; with most of the quantity offered the next price was higher {share(low['up'])} of the "
        f"time, with most of it bid {share(high['up'])}."
    )
    centres = ((imbalances["low"] + imbalances["high"]) / 2).round(2).to_list()
    names = [f"{each:+.2f}".replace("-", "\N{MINUS SIGN}") if each else "0" for each in centres]
    parts = (imbalances["up"] * 100).to_list()
    chart = column_chart(
        names,
        parts,
        THEME,
        label="Next price is higher (%)",
        counts=True,
        written=[
            f"{up:.1f} % of {counted(prices, 'price')}"
            for up, prices in zip(parts, imbalances["prices"], strict=True)
        ],
    )
    errors = (imbalances["error"] * 100 * _SURE).to_list()
    bars = ColumnDataSource(
        {
            "name": names,
            "low": [part - each for part, each in zip(parts, errors, strict=True)],
            "high": [part + each for part, each in zip(parts, errors, strict=True)],
        }
    )
    chart.add_layout(
        Whisker(base="name", lower="low", upper="high", source=bars, line_color=THEME.text, level="overlay")
    )
    chart.add_layout(Span(location=50, dimension="width", line_color=THEME.warn, line_dash=[4, 3]))
    chart.y_range.update(start=0, end=100)
    chart.xaxis.axis_label = "Queue imbalance (all offered \N{MINUS SIGN}1, all bid +1), two standard errors"
    return Figure(question, sentence, chart)
