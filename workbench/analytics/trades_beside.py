"""What is known of a trade beside its PnL: strategy tag, initial risk, efficiency, edge."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from workbench.analytics.columns import TIME, Table, price, text, time, whole
from workbench.analytics.splits import of_symbol, units_after

STOPS = ("STOP", "STOP_LIMIT", "TRAILING_STOP")
"""Order types whose trigger bounds a loss."""

FIRST_STOPS = Table(
    "first_stops",
    "One row for each stop order of the account that waited for its trigger price, with the first one it had",
    (
        whole("seq", "id", "The event by which it began to wait"),
        time("time", "When it did"),
        text("symbol", "The instrument"),
        text("side", "BUY or SELL"),
        price("trigger_price", "Its trigger price then, before any trailing and any split"),
    ),
)

ATR_MINUTES = 14
EDGE_MINUTES = 5
"""Minutes of true ranges before an entry, and of marks behind it."""

_UUID = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-"
_TAG = "^([A-Za-z][A-Za-z0-9]*?)(?:[-_:/.#].*|[0-9]*)$"


def tag_of(name: pl.Expr) -> pl.Expr:
    """The strategy tag of an order's name: its letters and digits before one of `-_:/.#` or a last number.

    Null of a name that begins with no letter, as a mere number does, and of a UUID, which names no strategy.

    >>> names = pl.DataFrame({"order": ["mm-17", "breakout3", "42", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"]})
    >>> names.select(tag_of(pl.col("order")))["order"].to_list()
    ['mm', 'breakout', None, None]
    """
    return pl.when(~name.str.contains(_UUID)).then(name.str.extract(_TAG, 1))


def tags(round_trips: pl.DataFrame, fills: pl.DataFrame) -> pl.Series:
    """The tag of each of `ROUND_TRIPS`: that of the order of its first fill.

    Parameters
    ----------
    round_trips
        `number`.
    fills
        `FILLS`.
    """
    first = (
        fills.filter(pl.col("round_trip").is_not_null())
        .sort("seq")
        .group_by("round_trip")
        .agg(tag=tag_of(pl.col("order")).first())
    )
    joined = round_trips.select("number").join(
        first, left_on="number", right_on="round_trip", how="left", maintain_order="left"
    )
    return joined["tag"].cast(pl.String)


def risks(
    round_trips: pl.DataFrame,
    orders: pl.DataFrame,
    stops: pl.DataFrame,
    sizes: pl.DataFrame,
    splits: pl.DataFrame,
) -> pl.Series:
    """The initial risk of each of `ROUND_TRIPS`: |entry - first stop| x largest position x multiplier.

    The first stop is the first trigger price of the first stop order on the other side of the same
    instrument, waiting for it from when the order of the trip's first fill was created until the trip ended,
    that lay on the losing side of the average entry. Null without one. Where a split came between, the stop
    is in the units in which the trip is.

    Parameters
    ----------
    round_trips
        `number`, `symbol`, `side`, `opened`, `closed`, `closed_seq`, `quantity`, `entry_price`.
    orders
        `ORDERS`.
    stops
        `FIRST_STOPS`.
    sizes
        `symbol`, `multiplier`.
    splits
        `SPLITS`.
    """
    if stops.is_empty() or round_trips.is_empty():
        return pl.Series("risk", [None] * round_trips.height, dtype=pl.Float64)
    # The order that began a round trip is the last one of its side that was created before its first fill.
    entered = orders.filter(pl.col("first_fill").is_not_null()).select(
        "symbol", "side", opened="first_fill", created_entry="created"
    )
    began = (
        round_trips.select(
            "number", "symbol", "side", "opened", "closed", "closed_seq", "quantity", "entry_price"
        )
        .sort("opened")
        .join_asof(
            entered.sort("opened"),
            on="opened",
            by=["symbol", "side"],
            strategy="backward",
            check_sortedness=False,
        )
        .with_columns(since=pl.min_horizontal("created_entry", "opened"))
    )
    other = pl.when(pl.col("side") == "BUY").then(pl.lit("SELL")).otherwise(pl.lit("BUY"))
    placed = stops.select("seq", "symbol", "time", "trigger_price", side=other)
    pairs = began.join(placed, on=["symbol", "side"]).filter(
        (pl.col("time") >= pl.col("since"))
        & (pl.col("closed").is_null() | (pl.col("time") <= pl.col("closed")))
    )
    pairs = pairs.with_columns(stop=pl.col("trigger_price") / _units_between(pairs, splits))
    long = pl.col("side") == "BUY"
    distance = (pl.col("entry_price") - pl.col("stop")) * pl.when(long).then(1.0).otherwise(-1.0)
    first = (
        pairs.with_columns(distance=distance)
        .filter(pl.col("distance") > 0)
        .sort("seq")
        .group_by("number")
        .agg(pl.col("distance").first())
    )
    return (
        round_trips.select("number", "symbol", "quantity")
        .join(first, on="number", how="left", maintain_order="left")
        .join(sizes.select("symbol", "multiplier"), on="symbol", how="left", maintain_order="left")
        .select(risk=(pl.col("distance") * pl.col("quantity") * pl.col("multiplier")).round(6))["risk"]
    )


def _units_between(pairs: pl.DataFrame, splits: pl.DataFrame) -> pl.Series:
    """How many units one of when a stop began to wait had become when its trip ended."""
    factor = pl.Series("factor", np.ones(pairs.height))
    for symbol in splits["symbol"].unique():
        own = of_symbol(splits, symbol)
        became = units_after(pairs["seq"], own) / units_after(pairs["closed_seq"], own)
        factor = became.zip_with(pairs["symbol"] == symbol, factor)
    return factor


def efficiencies(round_trips: pl.DataFrame, marks: pl.DataFrame) -> pl.DataFrame:
    """`entry_efficiency` and `exit_efficiency` of ended round trips in one instrument, row by row.

    Of hi and lo, the highest and lowest mark while it was open, entry and exit among them: long
    (hi - entry)/(hi - lo) and (exit - lo)/(hi - lo), short the other way round. Null where hi is lo, and
    while it is open.

    Parameters
    ----------
    round_trips
        `side`, `opened_seq`, `closed_seq`, `entry_price`, `exit_price`.
    marks
        `seq`, `mark` (null for none), by `seq`.
    """
    known = marks.filter(pl.col("mark").is_not_null())
    seqs, values = known["seq"].to_numpy(), known["mark"].to_numpy()
    first = np.searchsorted(seqs, round_trips["opened_seq"].to_numpy(), side="right") - 1
    closed = round_trips["closed_seq"].fill_null(0).to_numpy()
    last = np.searchsorted(seqs, closed, side="left")
    high, low = _extremes(values, np.maximum(first, 0), last)
    both = round_trips.with_columns(high=high, low=low).with_columns(
        high=pl.max_horizontal("high", "entry_price", "exit_price"),
        low=pl.min_horizontal("low", "entry_price", "exit_price"),
    )
    spread = pl.col("high") - pl.col("low")
    long, ended = pl.col("side") == "BUY", pl.col("closed_seq").is_not_null() & (spread > 0)
    up = pl.when(long).then(pl.col("high") - pl.col("entry_price"))
    out = pl.when(long).then(pl.col("exit_price") - pl.col("low"))
    return both.select(
        entry_efficiency=pl.when(ended).then(up.otherwise(pl.col("entry_price") - pl.col("low")) / spread),
        exit_efficiency=pl.when(ended).then(out.otherwise(pl.col("high") - pl.col("exit_price")) / spread),
    )


def edges(
    round_trips: pl.DataFrame, marks: pl.DataFrame, candles: pl.DataFrame, minutes: int = EDGE_MINUTES
) -> pl.DataFrame:
    """`edge_up` and `edge_down` of round trips in one instrument, row by row.

    How far the mark went the trade's way, and against it, within some minutes of its first fill, whether or
    not it was open still, over the mean true range of the last `ATR_MINUTES` minutes that had ended before.
    Null without so many.

    Parameters
    ----------
    round_trips
        `side`, `opened`, `entry_price`.
    marks
        `time`, `mark` (null for none), in order.
    candles
        `CANDLES` of a minute.
    minutes
        How long.
    """
    known = marks.filter(pl.col("mark").is_not_null())
    times, values = known["time"].cast(pl.Int64).to_numpy(), known["mark"].to_numpy()
    opened = round_trips["opened"].cast(pl.Int64).to_numpy()
    first = np.searchsorted(times, opened, side="left")
    last = np.searchsorted(times, opened + minutes * 60_000_000_000, side="right")
    high, low = _extremes(values, first, last)
    before = pl.col("close").shift(1)
    ranges = candles.select(
        then=(pl.col("time") + pl.duration(minutes=1)).cast(TIME).set_sorted(),
        atr=pl.max_horizontal(
            pl.col("high") - pl.col("low"), (pl.col("high") - before).abs(), (pl.col("low") - before).abs()
        ).rolling_mean(ATR_MINUTES),
    )
    asked = round_trips.select("side", "entry_price", "opened", high=high, low=low).with_row_index("row")
    joined = asked.sort("opened").join_asof(ranges, left_on="opened", right_on="then", strategy="backward")
    long = pl.col("side") == "BUY"
    rise = pl.max_horizontal(pl.lit(0.0), pl.col("high") - pl.col("entry_price"))
    fall = pl.max_horizontal(pl.lit(0.0), pl.col("entry_price") - pl.col("low"))
    with_range = (pl.col("atr") > 0) & pl.col("high").is_not_null()
    return joined.sort("row").select(
        edge_up=pl.when(with_range).then(pl.when(long).then(rise).otherwise(fall) / pl.col("atr")),
        edge_down=pl.when(with_range).then(pl.when(long).then(fall).otherwise(rise) / pl.col("atr")),
    )


def _extremes(
    values: NDArray[np.float64], first: NDArray[np.int64], last: NDArray[np.int64]
) -> tuple[pl.Series, pl.Series]:
    """Highest and lowest of each span [first, last); null of an empty one."""
    some = first < last
    found = np.full((2, len(first)), np.nan)
    if some.any():
        # Pairs of ends for reduceat, which wants every end within the values.
        ends = np.stack((first[some], last[some]), axis=1).reshape(-1)
        padded = np.append(values, values[-1])
        found[0, some] = np.maximum.reduceat(padded, ends)[::2]
        found[1, some] = np.minimum.reduceat(padded, ends)[::2]
    high, low = (pl.Series(each, nan_to_null=True) for each in found)
    return high, low
