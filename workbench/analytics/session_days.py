"""Days of an account out of the equity curves of its sessions."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from workbench.analytics.returns import SESSION_DAYS
from workbench.analytics.stakes import summed_days


def session_days(curves: Sequence[pl.DataFrame], zone: str) -> pl.DataFrame:
    """`SESSION_DAYS` of an account's sessions.

    A day is one of the exchange, never of UTC. What came in or went out in it counts from its beginning;
    several sessions of a day are one, of the sum of their capitals (`workbench.analytics.stakes`).

    Parameters
    ----------
    curves
        `workbench.analytics.tables.EQUITY` of each session; the first row of each is the capital before
        its first trade.
    zone
        IANA time zone of the exchange.
    """
    return summed_days(pl.concat([SESSION_DAYS.empty(), *(_days_of(curve, zone) for curve in curves)]))


def _days_of(curve: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Days that have a row beside the first, which alone is no day of trading."""
    rows = curve[1:].select("equity", "pnl", date=pl.col("time").dt.convert_time_zone(zone).dt.date())
    days = rows.group_by("date", maintain_order=True).agg(pl.col("equity", "pnl").last())
    made = pl.col("pnl") - pl.col("pnl").shift(1, fill_value=curve["pnl"][0])
    return SESSION_DAYS.shaped(days.with_columns(start=pl.col("equity") - made))
