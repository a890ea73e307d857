"""Trades straight from fills, for whoever has no recorded session: a backtest, a broker's export."""

from __future__ import annotations

from typing import Any

import polars as pl

from workbench.analytics.columns import TIME
from workbench.analytics.excursions import SCHEMA as EXCURSIONS
from workbench.analytics.lots import lots_of
from workbench.analytics.round_trips import round_trips
from workbench.analytics.trades import Trades
from workbench.analytics.trades_beside import tag_of
from workbench.errors import ConfigError


def trades_of_fills(fills: pl.DataFrame, zone: str = "UTC", end_ns: int | None = None) -> Trades:
    """The round trips of one account's fills, as `Trades`.

    What takes marks to know (excursions, efficiency, edge) and what takes orders (initial risk) is null. An
    open round trip has what it has realised so far.

    Parameters
    ----------
    fills
        As `workbench.analytics.lots.lots_of` takes them, with `time`; `order`, what the account called the
        order, gives the tag.
    zone
        IANA time zone of the days.
    end_ns
        Until when open round trips were held, ns since 1970 UTC; the last fill where None.

    Raises
    ------
    ConfigError
        When there are no times, or as `lots_of`.

    Examples
    --------
    >>> from datetime import datetime, timezone
    >>> fills = pl.DataFrame(
    ...     {
    ...         "symbol": "A",
    ...         "side": ["BUY", "SELL"],
    ...         "price": [100.0, 103.0],
    ...         "quantity": [10.0, 10.0],
    ...         "fee": [1.0, 1.0],
    ...         "time": [datetime(2025, 3, 18, 14, 30 + each, tzinfo=timezone.utc) for each in (0, 5)],
    ...     }
    ... )
    >>> trades_of_fills(fills).ended.select("result", "held_s", "net").row(0)
    ('win', 300.0, 28.0)
    """
    if "time" not in fills.columns or fills["time"].null_count():
        raise ConfigError("a fill has no time", "fills", "give a column `time` in UTC")
    timed = fills.with_columns(pl.col("time").cast(TIME))
    found = lots_of(timed)
    known = timed.select("symbol", "multiplier") if "multiplier" in timed.columns else timed.select("symbol")
    if "multiplier" not in known.columns:
        known = known.with_columns(multiplier=pl.lit(1.0))
    sizes = known.unique("symbol", keep="last", maintain_order=True).with_columns(
        increment=pl.lit(None, pl.Float64)
    )
    last: Any = timed["time"].cast(pl.Int64).max()
    until = int(last or 0) if end_ns is None else int(end_ns)
    trips = round_trips(found.trips, pl.DataFrame(schema=EXCURSIONS), sizes, until)
    if "order" not in timed.columns:
        return Trades.of(trips, zone)
    # Of a flip the fill opens the round trip that it is said to belong to.
    first = (
        timed.select("order")
        .with_columns(trip=found.fills["trip"])
        .group_by("trip", maintain_order=True)
        .agg(tag=tag_of(pl.col("order")).first())
    )
    tags = found.trips.select("trip").join(first, on="trip", how="left", maintain_order="left")
    return Trades.of(trips, zone, tag=tags["tag"])
