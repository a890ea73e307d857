"""Candles of a table of trades, for people: prices and times in, prices and times out."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.errors import WorkbenchError
from workbench.feed.candles import TOO_LARGE
from workbench.feed.candles import candles as candle_records
from workbench.feed.durations import duration_ns
from workbench.feed.files import Ints
from workbench.feed.intervals import Intervals

MOST_PLACES = 12
"""Decimals that a price or quantity may have."""

_FEW = 1_000
_FAR_NS = 1 << 62
_EXACT = float(1 << 53)


def candles(trades: pl.DataFrame, every: str | timedelta = "1m", *, zone: str = "") -> pl.DataFrame:
    """Candles of a table of trades, those of all its instruments at once.

    Parameters
    ----------
    trades
        Columns `time` (in order), `price`, `quantity` and, for several instruments, `symbol`: what
        `market.trades()` gives, or a table of your own. Prices and quantities are numbers of at most
        `MOST_PLACES` decimals, or Decimal.
    every
        Length of a candle, such as "1s", "5min", "1h" or "1d".
    zone
        IANA time zone in whose days candles are counted, so that those of "1d" are exchange-local days; UTC
        unless given.

    Returns
    -------
    polars.DataFrame
        By symbol, in order of their first trades, and time: `symbol`, `time` (start of the candle), `open`,
        `high`, `low`, `close`, `volume`, `vwap` (null where the volume is 0) and `trades`, how many there
        were. Intervals without a trade are not there.

    Raises
    ------
    WorkbenchError
        When a column is missing, a cell is null or no such number, or a time falls.
    """
    as_table(trades, "candles")
    named = "symbol" in trades.columns
    for name in ("time", "price", "quantity", *(["symbol"] if named else [])):
        if name not in trades.columns:
            raise WorkbenchError(
                f"there is no column {name!r}", "candles", f"it has {', '.join(trades.columns)}"
            )
        if trades[name].null_count():
            raise WorkbenchError(f"a {name} is null", "candles", "leave out rows without one")
    if not isinstance(trades["time"].dtype, pl.Datetime):
        raise WorkbenchError(f"time is {trades['time'].dtype}, expected Datetime", "candles", "cast it")
    symbols = trades["symbol"].unique(maintain_order=True).cast(pl.String) if named else pl.Series([""])
    # Numbered by their first trades, so candles come in that order.
    numbers = (
        trades["symbol"].cast(pl.String).cast(pl.Enum(symbols)).to_physical().to_numpy()
        if named
        else np.zeros(len(trades), np.int32)
    )
    prices, price_places = _whole(trades["price"], "price")
    quantities, quantity_places = _whole(trades["quantity"], "quantity")
    times_ns, numbers = _times_ns(trades["time"]), numbers.astype(np.int32)
    interval_ns = duration_ns(every, "every")
    made = candle_records(times_ns, numbers, prices, quantities, interval_ns, zone=zone)
    volume, notional = made["volume_lots"], made["notional"]
    if (np.maximum(volume, np.abs(notional)) >= TOO_LARGE).any():
        starts_ns = Intervals(interval_ns, zone=zone).cut(times_ns)
        volume, notional = _in_doubles(numbers, starts_ns, prices, quantities)
    told = volume > 0
    vwap = notional / np.where(told, volume, 1) / 10.0**price_places
    starts = pl.Series(made["start_ns"].copy()).cast(pl.Datetime("ns"))
    columns = {
        "symbol": symbols.gather(made["instrument"].copy()).cast(trades["symbol"].dtype) if named else None,
        "time": starts.dt.replace_time_zone("UTC").dt.convert_time_zone(trades["time"].dtype.time_zone)
        if trades["time"].dtype.time_zone
        else starts,
        **{
            name: pl.Series(made[f"{name}_ticks"] / 10.0**price_places)
            for name in ("open", "high", "low", "close")
        },
        "volume": pl.Series(volume / 10.0**quantity_places),
        "vwap": pl.Series(vwap).set(pl.Series(~told), None),
        "trades": pl.Series(made["trades"].copy()),
    }
    return pl.DataFrame({name: values for name, values in columns.items() if values is not None})


def _times_ns(times: pl.Series) -> Ints:
    """Times in nanoseconds, refused where those do not fit."""
    per_unit = {"ns": 1, "us": 1_000, "ms": 1_000_000}[getattr(times.dtype, "time_unit", "ns")]
    units = times.to_physical()
    beyond = times.filter(~units.is_between(-(_FAR_NS // per_unit), _FAR_NS // per_unit))
    if len(beyond):
        raise WorkbenchError(
            f"the time {beyond[0]} is not in the years 1824 to 2115",
            "candles",
            "leave out rows of such times",
        )
    return np.asarray(units.to_numpy() * per_unit, np.int64)


def _whole(values: pl.Series, name: str) -> tuple[Ints, int]:
    """Numbers as integers of 10^-places, exactly, with the fewest places."""
    if values.dtype.is_integer():
        if values.dtype == pl.UInt64 and len(values) and (values > TOO_LARGE).any():
            raise WorkbenchError(
                f"a {name} is {values.max()!r}, above {TOO_LARGE}", "candles", "give it in larger units"
            )
        return values.cast(pl.Int64).to_numpy().astype(np.int64, copy=False), 0
    if isinstance(values.dtype, pl.Decimal):
        places = values.dtype.scale
        return (values * Decimal(10**places)).cast(pl.Int64).to_numpy().astype(np.int64, copy=False), places
    if not values.dtype.is_float():
        raise WorkbenchError(f"{name} is {values.dtype}, expected a number", "candles", "cast it")
    numbers = values.cast(pl.Float64).to_numpy()
    for places in range(MOST_PLACES + 1):
        scale = 10.0**places
        few = numbers[:_FEW]
        if (np.rint(few * scale) / scale != few).any():
            continue
        whole = np.rint(numbers * scale)
        if np.abs(whole).max(initial=0.0) >= _EXACT:
            break
        if (whole / scale == numbers).all():
            return whole.astype(np.int64), places
    raise WorkbenchError(
        f"a {name} has more digits than can be counted exactly",
        "candles",
        "round it, or give the column as Decimal",
    )


def _in_doubles(
    numbers: npt.NDArray[np.int32], starts_ns: Ints, prices: Ints, quantities: Ints
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Volume and notional of each candle as doubles, where whole numbers of 64 bits do not hold them."""
    lots = quantities.astype(np.float64)
    columns = {"instrument": numbers, "start_ns": starts_ns, "volume": lots, "notional": lots * prices}
    sums = pl.DataFrame(columns).group_by("instrument", "start_ns").agg(pl.col("volume", "notional").sum())
    sums = sums.sort("instrument", "start_ns")
    return sums["volume"].to_numpy(), sums["notional"].to_numpy()


def as_table(given: Any, where: str) -> None:
    """Refuse what is no table in memory."""
    if not isinstance(given, pl.DataFrame):
        raise WorkbenchError(
            f"{type(given).__name__} is no table",
            where,
            "give a polars.DataFrame; collect() makes one of a LazyFrame",
        )
