"""Series that reports draw: profit by half hour and by day, and curves with fewer points."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl

from workbench.analytics.attribution import of_no_trade
from workbench.analytics.columns import TIME
from workbench.reporting.days import Days

MOST_POINTS = 4_000
"""A chart has fewer pixels across, so more points cannot be seen."""


def thinned(curve: pl.DataFrame, most: int = MOST_POINTS) -> pl.DataFrame:
    """Rows of an `EQUITY` frame that look the same: of each short span the first, lowest, highest and last.

    Parameters
    ----------
    curve
        In order of time.
    most
        How many rows may be left; fewer are left as they are.
    """
    if len(curve) <= most:
        return curve
    spans = max(1, most // 4)
    numbered = curve.with_row_index("row").with_columns(span=pl.int_range(pl.len()) * spans // pl.len())
    kept = numbered.group_by("span").agg(
        pl.col("row").first().alias("first"),
        pl.col("row").gather(pl.col("pnl").arg_min()).first().alias("low"),
        pl.col("row").gather(pl.col("pnl").arg_max()).first().alias("high"),
        pl.col("row").last().alias("last"),
    )
    rows = pl.concat([kept[name] for name in ("first", "low", "high", "last")]).unique().sort()
    return curve[rows.to_list()]


def pnl_by_half_hour(days: Days) -> pl.DataFrame:
    """What each half hour of the exchange's clock added: `start` (UTC) and `pnl` (currency).

    From the first with a change of any account's equity to the last, those without one too. The amounts add
    up to the profit of all days, for each is the sum of the changes of profit within it.
    """
    empty = pl.DataFrame(schema={"start": TIME, "pnl": pl.Float64})
    changes = [
        each.tables.curve.select(
            start=pl.col("time")
            .dt.convert_time_zone(days.zone)
            .dt.truncate("30m")
            .dt.convert_time_zone("UTC"),
            pnl=pl.col("pnl").diff().fill_null(pl.col("pnl").first()),
        )
        for each in days
    ]
    if not changes:
        return empty
    found = pl.concat(changes).group_by("start").agg(pl.col("pnl").sum().round(6)).sort("start")
    if found.is_empty():
        return empty
    every = pl.DataFrame(
        {"start": pl.datetime_range(found["start"][0], found["start"][-1], "30m", time_unit="ns", eager=True)}
    )
    return (
        every.join(found, on="start", how="left")
        .with_columns(pl.col("pnl").fill_null(0.0))
        .cast(empty.schema)
    )


def pnl_by_day(days: Days) -> pl.DataFrame:
    """What each day added, of all accounts together: `date`, `pnl` (currency), `accounts`."""
    rows: dict[date, list[float]] = {}
    whose: dict[date, set[str]] = {}
    for each in days:
        rows.setdefault(each.date, []).append(float(each.tables.curve["pnl"][-1]))
        whose.setdefault(each.date, set()).add(days.name_of(each))
    return pl.DataFrame(
        {
            "date": list(rows),
            "pnl": [round(sum(amounts), 6) for amounts in rows.values()],
            "accounts": [len(names) for names in whose.values()],
        },
        schema={"date": pl.Date, "pnl": pl.Float64, "accounts": pl.Int64},
    ).sort("date")


def pnl_between(days: Days, begin: datetime, end: datetime) -> pl.DataFrame:
    """Profit in each instrument between two instants, the best first: `symbol`, `pnl` (net, currency).

    Of all accounts together. What is held at an instant is worth its mark then, so the amounts and those of
    `money_of_no_trade` add up to the change of profit.
    """
    found = []
    for each in days:
        for symbol in each.paths["symbol"].unique():
            path = each.paths.filter(pl.col("symbol") == symbol)
            before, after = (path.filter(pl.col("time") <= at)["pnl"] for at in (begin, end))
            # Before a day's first row there was what the day began with.
            first = before[-1] if len(before) else path["pnl"][0]
            found.append((symbol, (after[-1] if len(after) else first) - first))
    rows = pl.DataFrame(found, schema={"symbol": pl.String, "pnl": pl.Float64}, orient="row")
    return (
        rows.group_by("symbol")
        .agg(pl.col("pnl").sum().round(6))
        .filter(pl.col("pnl") != 0)
        .sort("pnl", descending=True)
    )


def money_of_no_trade(days: Days, begin: datetime | None = None, end: datetime | None = None) -> pl.DataFrame:
    """What was gained or lost without a trade, the most lost last: `reason`, `amount` (currency).

    Reasons are those of `CASH_ENTRIES` that occurred: FINE, INTEREST, BORROW_COST, DIVIDEND. Money that was
    deposited or withdrawn is neither gain nor loss.

    Parameters
    ----------
    days
        Of all of their accounts together.
    begin, end
        After the one, up to the other; None for all of the days.
    """
    entries = of_no_trade(days.table("cash"))
    if begin is not None:
        entries = entries.filter(pl.col("time") > begin)
    if end is not None:
        entries = entries.filter(pl.col("time") <= end)
    return (
        entries.group_by("reason")
        .agg(pl.col("amount").sum().round(6))
        .filter(pl.col("amount").round(2) != 0)
        .sort("amount", "reason", descending=[True, False])
    )
