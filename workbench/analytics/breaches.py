"""Rules that were run into: refusals by reason, and orders after the day's loss limit."""

from __future__ import annotations

import polars as pl

from workbench.analytics.columns import TIME, Table, text, time, whole
from workbench.domain.codes import Reason

BREACHES = Table(
    "breaches",
    "One row for each kind of breach and instrument, the most frequent first",
    (
        text(
            "kind",
            "limit (refused by one), rejected (for another reason), cancelled (by a limit), or after_stop",
        ),
        text("reason", "Why the exchange refused or cancelled; null for orders after a stop"),
        text("symbol", "The instrument"),
        whole("orders", "count", "Orders"),
        time("first", "The first of them"),
        time("last", "The last of them"),
    ),
)

LIMITS = tuple(
    reason.name
    for reason in (
        Reason.PRICE_OUT_OF_BAND,
        Reason.QUANTITY_TOO_LARGE,
        Reason.NOTIONAL_TOO_LARGE,
        Reason.ORDER_RATE,
        Reason.TOO_MANY_OPEN_ORDERS,
        Reason.POSITION_LIMIT,
        Reason.INSUFFICIENT_BUYING_POWER,
        Reason.GROSS_EXPOSURE,
        Reason.NET_EXPOSURE,
        Reason.DAILY_LOSS,
        Reason.DRAWDOWN,
        Reason.LIQUIDATION,
        Reason.KILL_SWITCH,
    )
)
"""Reasons that say that a limit was touched."""


def breaches(orders: pl.DataFrame, curve: pl.DataFrame, daily_stop: float | None = None) -> pl.DataFrame:
    """`BREACHES` of an account's session.

    Parameters
    ----------
    orders
        `ORDERS`.
    curve
        `EQUITY`, in order.
    daily_stop
        Loss of the session, above 0, from which on no order should have been sent; None for none.

    Notes
    -----
    An order is after the stop when it was created later than equity first showed that loss; closing one's
    position counts too, for a rule that was meant otherwise would have to know what an order is for.
    """
    limit = pl.col("reason").is_in(LIMITS)
    ended = [
        orders.filter(pl.col("state") == "REJECTED").with_columns(
            kind=pl.when(limit).then(pl.lit("limit")).otherwise(pl.lit("rejected"))
        ),
        orders.filter((pl.col("state") == "CANCELED") & limit).with_columns(kind=pl.lit("cancelled")),
    ]
    if daily_stop is not None:
        hit = curve.filter(pl.col("pnl") <= -abs(daily_stop))["time"].min()
        late = pl.col("created") > pl.lit(hit, TIME) if hit is not None else pl.lit(value=False)
        ended.append(
            orders.filter(late).with_columns(kind=pl.lit("after_stop"), reason=pl.lit(None, pl.String))
        )
    found = (
        pl.concat([each.select("kind", "reason", "symbol", "created") for each in ended])
        .group_by("kind", "reason", "symbol")
        .agg(orders=pl.len(), first=pl.col("created").min(), last=pl.col("created").max())
        .sort("orders", "kind", "reason", "symbol", descending=[True, False, False, False])
    )
    return BREACHES.shaped(found)
