"""What quotes say of a market: how wide it is, when it trades, and what its queues foretell."""

from __future__ import annotations

import math

import polars as pl

from workbench.analytics.columns import Table, number, price, time, units, whole
from workbench.errors import AnalyticsError
from workbench.feed.durations import duration_ns

SPREADS = Table(
    "spreads",
    "One row for each width that the market had, from the narrowest on",
    (
        whole("spread_ticks", "ticks", "Best offer less best bid"),
        number("seconds", "s", "How long it stood"),
        number("share", "share", "Of the time in which there were both"),
    ),
)

PERIODS = Table(
    "periods",
    "One row for each interval of the day in which there were quotes",
    (
        time("start", "Its start"),
        number("quoted_s", "s", "How long there were a bid and an offer"),
        price("spread", "Best offer less best bid, weighted by time"),
        units("touch", "Quantity at the best bid and offer together, weighted by time"),
        whole("changes", "count", "Changes of the best bid or offer"),
        whole("trades", "count", "Trades"),
        units("volume", "Quantity traded"),
    ),
)

IMBALANCES = Table(
    "imbalances",
    "One row for each range of the queue imbalance",
    (
        number("low", "ratio", "Lower end"),
        number("high", "ratio", "Upper end"),
        whole("prices", "count", "Middle prices that stood with such queues"),
        number("up", "share", "How many of them were followed by a higher one"),
        number("error", "share", "Standard error of it"),
    ),
)

_NS = 1e9
_LEAST_GROUPS = 2


def spreads(quotes: pl.DataFrame, increment: float) -> pl.DataFrame:
    """`SPREADS` of one instrument.

    Parameters
    ----------
    quotes
        As `Replay.quotes` gives them, of one instrument: each holds until the next, the last counts nothing.
    increment
        The market's tick, in currency.
    """
    _one_symbol(quotes)
    found = (
        _held(_standing(quotes))
        .with_columns(spread_ticks=(pl.col("spread") / increment).round().cast(pl.Int64))
        .group_by("spread_ticks")
        .agg(seconds=pl.col("held_s").sum())
        .filter(pl.col("seconds") > 0)
        .sort("spread_ticks")
    )
    return SPREADS.shaped(found.with_columns(share=pl.col("seconds") / pl.col("seconds").sum()))


def periods(quotes: pl.DataFrame, trades: pl.DataFrame, *, every: str = "30min") -> pl.DataFrame:
    """`PERIODS` of one instrument: intervals counted from 1970 on.

    Parameters
    ----------
    quotes, trades
        As `Replay.quotes` and `Replay.trades` give them, of one instrument.
    every
        Length of an interval, such as `"30min"`.
    """
    _one_symbol(quotes)
    step_ns = duration_ns(every, "every")
    standing = _standing(quotes)
    if standing.is_empty():
        return PERIODS.empty()

    def start() -> pl.Expr:
        return (pl.col("time").dt.epoch("ns") // step_ns * step_ns).cast(standing.schema["time"])

    # A quote that stands across the border of two intervals counts in both, as much as it stood in each.
    first, last = standing["time"].dt.epoch("ns").min(), standing["time"].dt.epoch("ns").max()
    assert isinstance(first, int)
    assert isinstance(last, int)
    borders = pl.Series(range((first // step_ns + 1) * step_ns, last + 1, step_ns), dtype=pl.Int64)
    marks = pl.DataFrame({"time": borders.cast(standing.schema["time"])})
    carried = marks.join_asof(standing, on="time").filter(~pl.col("time").is_in(standing["time"].implode()))
    every_quote = _held(pl.concat([standing, carried.select(standing.columns)]).sort("time"))
    weight = pl.col("held_s") / pl.col("held_s").sum()
    quoted = every_quote.group_by(start=start()).agg(
        quoted_s=pl.col("held_s").sum(),
        spread=(pl.col("spread") * weight).sum(),
        touch=((pl.col("bid_quantity") + pl.col("ask_quantity")) * weight).sum(),
    )
    changed = quotes.group_by(start=start()).agg(changes=pl.len())
    traded = trades.group_by(start=start()).agg(trades=pl.len(), volume=pl.col("quantity").sum())
    made = quoted.join(changed, on="start", how="left").join(traded, on="start", how="left").sort("start")
    return PERIODS.shaped(made.with_columns(pl.col("changes", "trades", "volume").fill_null(0)))


def imbalances(quotes: pl.DataFrame, *, groups: int = 11) -> pl.DataFrame:
    """`IMBALANCES` of one instrument: whether the longer queue wins.

    The queue imbalance is (bid - ask) / (bid + ask) of the quantities at the best prices: 1 when all is bid.
    Each time that the middle of the market stood still is one observation, with the queues half-way through
    it, for at its end the queue that gives way is short by definition; it is followed by the next middle
    price.

    Parameters
    ----------
    quotes
        As `Replay.quotes` gives them, of one instrument.
    groups
        Into how many ranges of equal width the imbalance is put, 2 or more; with an odd number equal queues
        have one of their own.

    Notes
    -----
    Gould and Bonart, Queue imbalance as a one-tick-ahead price predictor in a limit order book, Market
    Microstructure and Liquidity 2 (2016), who draw the moment at random.
    """
    if groups < _LEAST_GROUPS:
        raise AnalyticsError(f"imbalances fall into {_LEAST_GROUPS} ranges or more, not {groups}")
    _one_symbol(quotes)
    standing = _standing(quotes).with_columns(
        imbalance=(pl.col("bid_quantity") - pl.col("ask_quantity"))
        / (pl.col("bid_quantity") + pl.col("ask_quantity")),
        # Doubled, so that it is a price again and equal ones are equal.
        middle=pl.col("bid_price") + pl.col("ask_price"),
    )
    stood = (
        standing.group_by(stay=pl.col("middle").rle_id(), maintain_order=True)
        .agg(since=pl.col("time").first(), middle=pl.col("middle").first())
        .with_columns(until=pl.col("since").shift(-1), next=pl.col("middle").shift(-1))
        .drop_nulls()
        .with_columns(
            time=((pl.col("since").dt.epoch("ns") + pl.col("until").dt.epoch("ns")) // 2).cast(
                standing.schema["time"]
            )
        )
        .join_asof(standing.select("time", "imbalance"), on="time")
    )
    width = 2 / groups
    counts = (
        stood.with_columns(
            place=((pl.col("imbalance") + 1) / width).floor().clip(0, groups - 1).cast(pl.Int64),
            up=(pl.col("next") > pl.col("middle")).cast(pl.Float64),
        )
        .group_by("place")
        .agg(prices=pl.len(), up=pl.col("up").mean())
        .sort("place")
    )
    return IMBALANCES.shaped(
        counts.with_columns(
            low=pl.col("place") * width - 1,
            high=(pl.col("place") + 1) * width - 1,
            error=(pl.col("up") * (1 - pl.col("up")) / pl.col("prices")).sqrt(),
        )
    )


def imbalance_edge(found: pl.DataFrame) -> float:
    """Share of `IMBALANCES` in which the price went towards the longer queue's side; NaN without any.

    0.5 is a coin. Ranges around 0 count as half right.
    """
    total = int(found["prices"].sum())
    if not total:
        return math.nan
    centre = (found["low"] + found["high"]) / 2
    right = pl.DataFrame({"centre": centre, "up": found["up"], "prices": found["prices"]}).select(
        pl.when(pl.col("centre").abs() < 1e-9)  # noqa: PLR2004 - a range around 0
        .then(0.5)
        .when(pl.col("centre") > 0)
        .then(pl.col("up"))
        .otherwise(1 - pl.col("up"))
        * pl.col("prices")
    )
    return float(right.to_series().sum()) / total


def _one_symbol(quotes: pl.DataFrame) -> None:
    if "symbol" in quotes.columns and quotes["symbol"].n_unique() > 1:
        names = ", ".join(sorted(quotes["symbol"].cast(pl.String).unique()))
        raise AnalyticsError(f"quotes are of several instruments ({names}): filter one of them")


def _standing(quotes: pl.DataFrame) -> pl.DataFrame:
    """The last quote of each instant."""
    return quotes.select("time", "bid_quantity", "bid_price", "ask_price", "ask_quantity").unique(
        "time", keep="last", maintain_order=True
    )


def _held(standing: pl.DataFrame) -> pl.DataFrame:
    """Quotes of both sides, and for how long they stood."""
    held = (pl.col("time").shift(-1) - pl.col("time")).dt.total_nanoseconds() / _NS
    return standing.with_columns(held_s=held, spread=pl.col("ask_price") - pl.col("bid_price")).drop_nulls(
        ["spread", "held_s"]
    )
