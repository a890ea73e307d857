"""The account days that a report is about, with their tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import polars as pl

from workbench.analytics.columns import TIME
from workbench.analytics.equity import drawdowns, share_of_peak
from workbench.analytics.markouts import markout_curve
from workbench.analytics.returns import returns_of_days, total_return
from workbench.analytics.shortfall import SHORTFALL
from workbench.analytics.stakes import Stake, staked_days, summed_curve
from workbench.analytics.statistic import AccountDay, Undefined
from workbench.analytics.summary import summary
from workbench.analytics.tables import (
    CASH_ENTRIES,
    DRAWDOWNS,
    EQUITY,
    FILLS,
    MARKOUTS,
    ORDERS,
    ROUND_TRIPS,
    SUMMARY,
)
from workbench.reporting.naming import Seated, names_of
from workbench.reporting.selection import Selection

_TOGETHER = {
    "return": "Net PnL of each day as a share of the capital that was at stake on it, in all sessions of "
    "that day, days chained",
    "max_drawdown": "Lowest profit less the highest before it, the start included, seen once a minute and at "
    "own fills; 0 or less",
    "max_drawdown_share": "The same of what 1 unit of money had become, days chained: within a day a share "
    "of the peak of all that was at stake",
}
"""What statistics are of several sessions, where that is said otherwise of one."""

_PATHS: dict[str, Any] = {"time": TIME, "symbol": pl.String, "pnl": pl.Float64}
PATHS = pl.Schema(_PATHS)
"""Net profit of an account in an instrument since its session began, positions at their marks."""


@dataclass(frozen=True, slots=True)
class Day:
    """One account's exchange-local day.

    Attributes
    ----------
    session, account, user, user_id
        Which session, whose, and who sat there, by name and by id; "" for a seat that nobody took.
    date
        The day.
    tables
        What its statistics are computed from; `fills` without those that were busted.
    markouts
        `MARKOUTS`.
    shortfall
        `SHORTFALL` (`workbench.analytics.shortfall`).
    cash
        `CASH_ENTRIES`: money other than of trades.
    paths
        `PATHS`: what was made in each instrument so far, whenever equity was looked at.
    summary
        `SUMMARY`.
    """

    session: str
    account: str
    user: str
    user_id: str
    date: date
    tables: AccountDay
    markouts: pl.DataFrame
    shortfall: pl.DataFrame
    cash: pl.DataFrame
    paths: pl.DataFrame
    summary: pl.DataFrame

    @property
    def name(self) -> str:
        """Whose day it is, as people say it; others may be called so, too (`Days.name_of`)."""
        return self.user or self.account

    @property
    def stake(self) -> Stake:
        """What was at stake on the day, and what became of it."""
        return Stake(self.date, self.tables.curve)

    def value(self, statistic: str) -> float | None:
        """A statistic of its summary; None where it is undefined.

        Raises
        ------
        KeyError
            When there is none of that name.
        """
        found = self.summary.filter(pl.col("statistic") == statistic)["value"]
        if not len(found):
            raise KeyError(statistic)
        number: float | None = found[0]
        return number


@dataclass(frozen=True, slots=True)
class Source:
    """A session that a report was made of.

    Attributes
    ----------
    session, title
        Which.
    journal_hash
        BLAKE2b of its commands, in hexadecimal.
    commands, events
        How many of each.
    state_hash
        Of the exchange's state after the last one.
    """

    session: str
    title: str
    journal_hash: str
    commands: int
    events: int
    state_hash: str


@dataclass(frozen=True)
class Days:
    """Account days, in order of their dates, sessions and accounts, and what they have in common.

    Attributes
    ----------
    selection
        What was asked for.
    days
        One for each account and day.
    sources
        The sessions, also those of which no day is within the bounds.
    zone, currency
        Of all of them; "" without any session.
    """

    selection: Selection
    days: tuple[Day, ...]
    sources: tuple[Source, ...]
    zone: str
    currency: str

    def __iter__(self) -> Iterator[Day]:
        """Day by day."""
        return iter(self.days)

    def __len__(self) -> int:
        """How many account days."""
        return len(self.days)

    @cached_property
    def dates(self) -> list[date]:
        """The days, each once."""
        return sorted({each.date for each in self.days})

    @cached_property
    def names(self) -> list[str]:
        """Whose days they are, each once; no two are called the same."""
        return sorted(set(self._names.values()))

    def name_of(self, day: Day) -> str:
        """Whose a day is, as nobody else of these days is called."""
        return self._names[day.session, day.account]

    def of(self, name: str) -> list[Day]:
        """The days of one of `names`."""
        return [each for each in self.days if self.name_of(each) == name]

    @cached_property
    def _names(self) -> dict[tuple[str, str], str]:
        seats = [Seated(each.session, each.account, each.user, each.user_id) for each in self.days]
        if self.of_class:
            return names_of(seats)
        return dict.fromkeys(((each.session, each.account) for each in seats), self._alone(seats))

    def _alone(self, seats: list[Seated]) -> str:
        """What a report of one account calls whose it is: who sat there, if that was but one."""
        called = list(dict.fromkeys(each.name for each in seats))
        accounts = list(dict.fromkeys(each.account for each in seats))
        return next((each[0] for each in (called, accounts) if len(each) == 1), self.selection.account)

    @property
    def of_class(self) -> bool:
        """Whether it is about a class."""
        return bool(self.selection.class_id)

    @property
    def traded(self) -> bool:
        """Whether anything was filled."""
        return any(len(each.tables.fills) for each in self.days)

    def table(self, name: str) -> pl.DataFrame:
        """All rows of a table of every day, with `session`, `name`, `account` and `date` before its columns.

        Parameters
        ----------
        name
            `curve`, `drawdowns`, `round_trips`, `fills`, `orders`, `markouts`, `shortfall`, `cash`,
            or `summary`.
        """
        schemas = {
            "curve": EQUITY,
            "drawdowns": DRAWDOWNS,
            "round_trips": ROUND_TRIPS,
            "fills": FILLS,
            "orders": ORDERS,
            "markouts": MARKOUTS,
            "shortfall": SHORTFALL,
            "cash": CASH_ENTRIES,
            "summary": SUMMARY,
        }
        rows = [
            (
                getattr(each, name)
                if name in ("markouts", "shortfall", "cash", "summary")
                else getattr(each.tables, name)
            ).select(
                pl.lit(each.session).alias("session"),
                pl.lit(self.name_of(each)).alias("name"),
                pl.lit(each.account).alias("account_name"),
                pl.lit(each.date).alias("date"),
                pl.all(),
            )
            for each in self.days
        ]
        if rows:
            every: pl.DataFrame = pl.concat(rows)
            return every
        return (
            schemas[name]
            .empty()
            .select(
                pl.lit("").alias("session"),
                pl.lit("").alias("name"),
                pl.lit("").alias("account_name"),
                pl.lit(date.min).alias("date"),
                pl.all(),
            )
            .clear()
        )

    @cached_property
    def standings(self) -> pl.DataFrame:
        """One row for each of `names`, over all their days, the best first.

        `name`, `days` (of sessions), `net` (currency), `start` (what was at stake on the first of them),
        `return` (share of what was at stake, days chained; null where it says nothing), `drawdown` (lowest of
        all, 0 or less), `trades`, `wins`, `losses`, `win_rate` (share; null without either), `fees`,
        `turnover`, `maker_share` (null without fills), `orders`, `rejected`.
        """
        rows = []
        for name in self.names:
            mine = self.of(name)
            together = Days(self.selection, tuple(mine), self.sources, self.zone, self.currency)
            sums = {
                out: sum(each.value(statistic) or 0.0 for each in mine)
                for out, statistic in (
                    ("net", "net_pnl"),
                    ("trades", "round_trips"),
                    ("wins", "wins"),
                    ("losses", "losses"),
                    ("fees", "fees"),
                    ("turnover", "turnover"),
                    ("orders", "orders"),
                    ("rejected", "rejected"),
                )
            }
            decided = sums["wins"] + sums["losses"]
            made = sum(
                float(each.tables.fills.filter(pl.col("liquidity") == "maker")["value"].sum())
                for each in mine
            )
            rows.append(
                {
                    "name": name,
                    "days": len(mine),
                    **sums,
                    "start": float(together.curve["equity"][0]),
                    "return": together.total_return[0],
                    "drawdown": float(together.curve["drawdown"].min() or 0.0),  # type: ignore[arg-type]
                    "win_rate": sums["wins"] / decided if decided else None,
                    "maker_share": made / sums["turnover"] if sums["turnover"] else None,
                }
            )
        schema = {"name": pl.String, "days": pl.Int64} | dict.fromkeys(
            (
                "net",
                "start",
                "return",
                "drawdown",
                "trades",
                "wins",
                "losses",
                "win_rate",
                "fees",
                "turnover",
                "maker_share",
                "orders",
                "rejected",
            ),
            pl.Float64,
        )
        return pl.DataFrame(rows, schema=schema, infer_schema_length=None).sort("net", descending=True)

    @cached_property
    def session_days(self) -> pl.DataFrame:
        """`SESSION_DAYS` of all sessions together: what was at stake on each day, and what it became."""
        return staked_days(each.stake for each in self.days)

    @cached_property
    def total_return(self) -> tuple[float | None, str | None]:
        """What was made of what was at stake, or None and why there is no such share."""
        if len(self.days) == 1:
            day = self.days[0].summary.filter(pl.col("statistic") == "return")
            return day["value"][0], day["reason"][0]
        found = total_return(returns_of_days(self.session_days))
        return (None, found.reason) if isinstance(found, Undefined) else (found, None)

    @cached_property
    def curve(self) -> pl.DataFrame:
        """`EQUITY` of all accounts and days together; of one account over one day it is that day's.

        What sessions add up to is said in `workbench.analytics.stakes`.
        """
        return self.days[0].tables.curve if len(self.days) == 1 else EQUITY.shaped(self._summed)

    @cached_property
    def drawdowns(self) -> pl.DataFrame:
        """`DRAWDOWNS` of `curve`."""
        if not self.days:
            return DRAWDOWNS.empty()
        if len(self.days) == 1:
            return self.days[0].tables.drawdowns
        return drawdowns(self._summed, max(each.tables.end_ns for each in self.days))

    @cached_property
    def _summed(self) -> pl.DataFrame:
        return summed_curve([each.stake for each in self.days])

    @cached_property
    def together(self) -> AccountDay:
        """The tables of all accounts and days as if they were one; of a single day they are its own.

        Raises
        ------
        IndexError
            When there is no day.
        """
        if len(self.days) == 1:
            return self.days[0].tables
        drop = ("session", "name", "account_name", "date")
        # Orders are numbered by sessions, each from 1.
        place = {each.session: number << 40 for number, each in enumerate(self.sources)}
        orders = self.table("orders").with_columns(
            (pl.col(name) + pl.col("session").replace_strict(place, return_dtype=pl.Int64)).alias(name)
            for name in ("order_id", "replaces", "replaced_by")
        )
        sessions = {(each.session, each.date): each.tables for each in self.days}
        sizes = pl.concat([each.sizes for each in sessions.values()])
        sizes = sizes.group_by("symbol", maintain_order=True).agg(
            pl.col("multiplier", "increment").first(), pl.col("volume").sum()
        )
        fills, marks = (self.table(name).drop(drop) for name in ("fills", "markouts"))
        return AccountDay(
            curve=self.curve,
            drawdowns=self.drawdowns,
            round_trips=self.table("round_trips").drop(drop).sort("opened"),
            fills=fills,
            orders=orders.drop(drop),
            markout_curve=markout_curve(fills, marks, sizes),
            sizes=sizes,
            start_ns=min(each.tables.start_ns for each in self.days),
            end_ns=max(each.tables.end_ns for each in self.days),
            sessions=tuple(span for each in self.days for span in each.tables.spans),
        )

    @cached_property
    def summary(self) -> pl.DataFrame:
        """`SUMMARY` of all of it; the return is that of what was at stake, its days chained."""
        if not self.days:
            return SUMMARY.empty()
        if len(self.days) == 1:
            return self.days[0].summary
        value, reason = self.total_return
        change, name = pl.col("statistic") == "return", pl.col("statistic")
        return summary(self.together).with_columns(
            value=pl.when(change).then(pl.lit(value, dtype=pl.Float64)).otherwise("value"),
            about=name.replace_strict(_TOGETHER, default=pl.col("about")),
            reason=pl.when(change).then(pl.lit(reason, dtype=pl.String)).otherwise("reason"),
        )


def under_water(rows: pl.DataFrame) -> pl.DataFrame:
    """`EQUITY` of its amounts: peak and drawdown are of profit, which money from outside leaves alone."""
    lowest = (pl.col("pnl") - pl.max_horizontal(pl.col("pnl").cum_max(), 0.0)).round(6)
    peak = pl.col("equity") - pl.col("drawdown")
    return EQUITY.shaped(
        rows.with_columns(drawdown=lowest)
        .with_columns(peak=peak)
        .with_columns(drawdown_share=share_of_peak())
    )
