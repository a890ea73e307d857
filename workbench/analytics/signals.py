"""How well a signal tells which way prices go: the information coefficient, session by session."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from workbench.analytics.columns import TIME, Table, number, price, text, time, whole
from workbench.errors import AnalyticsError

Floats = NDArray[np.float64]

SIGNALS = Table(
    "signals",
    "One row for each value of a signal, in any order; an instrument has one at a time at most",
    (
        time("time", "When it was known"),
        text("symbol", "The instrument that it is about"),
        number("signal", "any", "Its value: the higher, the more the price should rise; null for none"),
    ),
)

SIGNAL_PRICES = Table(
    "signal_prices",
    "One row for each price, in any order; of one time the last row counts",
    (
        time("time", "From when on it held"),
        text("symbol", "The instrument"),
        price("price", "The price, above 0: a middle, a trade, or a close"),
    ),
)

FORWARD_RETURNS = Table(
    "forward_returns",
    "One row for each value of a signal that is not null, by time and instrument",
    (
        *SIGNALS.columns,
        text("session", "Day of the zone, as YYYY-MM-DD"),
        number("forward", "share", "Return from the price at its time to the one the horizon later; or null"),
    ),
)

COEFFICIENTS = Table(
    "coefficients",
    "One row for each session with a value of the signal, in order",
    (
        text("session", "Day of the zone, as YYYY-MM-DD"),
        whole("signals", "count", "Values of the signal"),
        whole("pairs", "count", "Those with a forward return"),
        number("ic", "ratio", "Spearman's rank correlation of signal and forward return; or null"),
        number("error", "ratio", "Its standard error, √((1 - ic²)/(n - 2)); null where it is"),
        text("reason", "Why there is none; null where there is one"),
    ),
)

_FEWEST = 3


@dataclass(frozen=True)
class Signals:
    """What statistics of a signal are computed from.

    Attributes
    ----------
    coefficients
        `COEFFICIENTS`.
    horizon_s
        How long after a signal the return ends, seconds.
    """

    coefficients: pl.DataFrame
    horizon_s: float

    @property
    def known(self) -> Floats:
        """The coefficients of the sessions that have one, in order."""
        return self.coefficients["ic"].drop_nulls().to_numpy()


def signals_of(signals: pl.DataFrame, prices: pl.DataFrame, horizon_s: float, zone: str = "UTC") -> Signals:
    """The information coefficient of a signal in each session.

    IC = Spearman(signal, forward return) over all values of a session, of whatever instruments: of one value
    a day and instrument it is the coefficient of the cross-section.

    Parameters
    ----------
    signals
        `SIGNALS`.
    prices
        `SIGNAL_PRICES`.
    horizon_s
        How long after a signal its return ends, seconds, above 0.
    zone
        IANA time zone of the sessions, which are its days.

    Raises
    ------
    AnalyticsError
        When a column is missing or of another type, a value is not finite, a price is not above 0, an
        instrument has two signals at a time, or the horizon is not above 0.

    Notes
    -----
    Equal values share their mean rank (of 3, 5, 5, 9 the ranks are 1, 2.5, 2.5, 4), in signals and returns
    alike, and the coefficient is Pearson's of the ranks. A session's coefficient is null, with the reason, of
    fewer than three pairs and when all signals or all returns are equal. The error is that of the
    t-test of no correlation, t = ic/error with n - 2 degrees of freedom; it takes pairs to be independent,
    which overlapping horizons are not.

    Spearman, The proof and measurement of association between two things, 1904.

    Examples
    --------
    >>> from datetime import datetime, timedelta
    >>> began = datetime(2025, 3, 18, 14)
    >>> times = [began + timedelta(minutes=at) for at in range(5)]
    >>> prices = pl.DataFrame({"time": times, "symbol": "A", "price": [100.0, 101.0, 103.0, 102.0, 102.5]})
    >>> signals = pl.DataFrame({"time": times, "symbol": "A", "signal": [1.0, 4.0, -3.0, 0.5, 2.0]})
    >>> found = signals_of(signals, prices, horizon_s=60).coefficients
    >>> found.select("session", "pairs", pl.col("ic").round(3)).row(0)
    ('2025-03-18', 4, 1.0)
    """
    returns = forward_returns(signals, prices, horizon_s, zone)
    rows = [
        _coefficient(str(session), own)
        for (session,), own in returns.group_by("session", maintain_order=True)
    ]
    return Signals(pl.DataFrame(rows, schema=COEFFICIENTS.schema, orient="row"), horizon_s)


def forward_returns(
    signals: pl.DataFrame, prices: pl.DataFrame, horizon_s: float, zone: str = "UTC"
) -> pl.DataFrame:
    """`FORWARD_RETURNS`: what each signal had to tell, from prices of its own session alone.

    From and to are the last prices at or before the signal's time and the horizon later. Null before the
    session's first price, and where its last price comes before the horizon's end: a price of an earlier hour
    says nothing of that one, nor does the next session's.

    Parameters
    ----------
    signals, prices, horizon_s, zone
        As `signals_of` takes them.

    Raises
    ------
    AnalyticsError
        As there.
    """
    if not (math.isfinite(horizon_s) and horizon_s > 0):
        raise AnalyticsError(f"a return over {horizon_s} s has no end", "signals", "give a horizon above 0")
    asked = _checked(signals, SIGNALS, "signal").drop_nulls("signal")
    known = _checked(prices, SIGNAL_PRICES, "price").drop_nulls("price")
    if known.filter(pl.col("price") <= 0).height:
        raise AnalyticsError("a price is not above 0", "signal prices", "leave such rows out")
    if asked.select("time", "symbol").is_duplicated().any():
        raise AnalyticsError("an instrument has two signals at a time", "signals", "keep one of them")
    day = pl.col("time").dt.convert_time_zone(zone).dt.date()
    asked = asked.with_columns(
        day=day, until=pl.col("time") + pl.duration(nanoseconds=round(horizon_s * 1e9))
    )
    # Of equal times the last row: a stable sort, and the last of each.
    known = known.with_columns(day=day).sort("time", maintain_order=True)
    known = known.unique(["time", "symbol"], keep="last", maintain_order=True)
    last = known.group_by("symbol", "day").agg(last=pl.col("time").max())
    found = asked.sort("time")
    for name, at in (("start", "time"), ("end", "until")):
        found = found.join_asof(
            known.select("symbol", "day", pl.col("time").alias(at), pl.col("price").alias(name)),
            on=at,
            by=["symbol", "day"],
            strategy="backward",
            check_sortedness=False,
        )
    return FORWARD_RETURNS.shaped(
        found.join(last, on=["symbol", "day"], how="left")
        .with_columns(
            session=pl.col("day").cast(pl.String),
            forward=pl.when(pl.col("until") <= pl.col("last")).then(pl.col("end") / pl.col("start") - 1),
        )
        .sort("time", "symbol")
    )


def _checked(frame: pl.DataFrame, table: Table, value: str) -> pl.DataFrame:
    """The columns of a table, times in UTC, values finite or null."""
    for column in table.columns:
        if column.name not in frame.columns:
            raise AnalyticsError(f"column {column.name!r} is missing", table.name, "see docs/metrics.md")
    if not isinstance(frame.schema["time"], pl.Datetime) or not frame.schema[value].is_numeric():
        raise AnalyticsError("times are Polars datetimes and values numbers", table.name, "cast the columns")
    moments = pl.col("time")
    if frame.schema["time"].time_zone is None:
        moments = moments.dt.replace_time_zone("UTC")
    shaped = frame.select(
        moments.cast(TIME), pl.col("symbol").cast(pl.String), pl.col(value).cast(pl.Float64)
    )
    if shaped.select("time", "symbol").null_count().sum_horizontal().item():
        raise AnalyticsError("a row has no time or no symbol", table.name, "leave such rows out")
    if not shaped[value].drop_nulls().is_finite().all():
        raise AnalyticsError(f"a {value} is not finite", table.name, "leave such rows out, or make them null")
    return shaped


def _coefficient(
    session: str, rows: pl.DataFrame
) -> tuple[str, int, int, float | None, float | None, str | None]:
    """A row of `COEFFICIENTS`."""
    pairs = rows.drop_nulls("forward")
    count = pairs.height
    reason = None
    if count < _FEWEST:
        reason = "fewer than three signals have a forward return"
    elif pairs["signal"].n_unique() == 1:
        reason = "all signals are equal"
    elif pairs["forward"].n_unique() == 1:
        reason = "all forward returns are equal"
    if reason is not None:
        return session, rows.height, count, None, None, reason
    ranks = [pairs[name].rank("average").to_numpy() for name in ("signal", "forward")]
    one, two = (each - each.mean() for each in ranks)
    found = float(one @ two) / math.sqrt(float(one @ one) * float(two @ two))
    found = max(-1.0, min(1.0, found))
    return session, rows.height, count, found, math.sqrt((1 - found**2) / (count - 2)), None
