"""What all reports have: what they load, how they begin, and how they end."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import polars as pl

from dashboards.parts import charts_theme
from dashboards.parts.charts_theme import Theme, theme_of
from dashboards.parts.review_words import written
from dashboards.parts.theme_sheet import variables
from dashboards.reporting.sections import Fact, Figure, Foot, Head
from dashboards.reporting.words import cause, counted, day_name, listed, money, plain_money
from workbench.analytics.returns import returns_of_days
from workbench.analytics.summary import summary
from workbench.reporting.days import Days
from workbench.reporting.loading import load
from workbench.reporting.selection import EVERYBODY, select

THEME: Theme = theme_of(dark=False, blind=False)
"""Of paper: the pages' light one."""

_COLOURS = {name: value for name, value in variables(dark=False).items() if value.startswith("#")}
_MINUS = f"{(Path(charts_theme.__file__).parent / 'review_minus.js').read_text()}writeMinusSigns(Bokeh);"
_LARGE = 10_000.0
_LEAST_DAYS = 2
_SIGNED = frozenset({"net_pnl", "return", "realised", "unrealised"})

RATIOS = ("volatility", "sharpe", "sharpe_error", "sortino", "cagr", "calmar")
"""Of the statistics of several days' returns those that reports show."""

ASSUMPTIONS = (
    "Equity starts at the capital before the first trade; money from outside is neither gain nor loss.",
    "Sessions of one day are of the sum of their capitals, which come in for it and go out after it.",
    "Returns of days are chained.",
    "Every session counts; days are the exchange's own, in its time zone.",
    "Drawdown is from the running peak, the start included; it is 0 or less.",
    "Equity is seen once a minute and at own fills and other money; what was between is in no drawdown.",
    "A trade is a round trip from flat to flat; a fill through zero ends one and begins the next.",
    "A win has a net profit above 0; scratches are counted apart, open trades in no number but their own.",
    "Realised profit is by average cost, before fees; with unrealised it is the same by any.",
    "Positions are marked as the exchange marks them, and markouts are against the middle of bid and ask.",
    "Trades that were busted count as if they had never been.",
    "Undefined is a dash with its reason, never 0.",
)


def days_of(session: str, account: str, class_id: str, first_day: str, last_day: str, data: str) -> Days:
    """The account days of a report's parameters.

    Raises
    ------
    ReportError
        When what was asked for does not exist or cannot be read.
    """
    return load(select(session, account, class_id, first_day, last_day, data))


def subject(days: Days) -> str:
    """Whose days and which, in one line."""
    selection = days.selection
    if days.of_class:
        whose = "everybody" if selection.class_id == EVERYBODY else f"class {selection.class_name}"
        if days.names:
            whose = f"{whose} ({counted(len(days.names), 'account')})"
    else:
        whose = days.names[0] if days.names else selection.account
        also = [
            each for name in ("account", "name") for each in dict.fromkeys(getattr(day, name) for day in days)
        ]
        also = [each for each in dict.fromkeys(also) if each != whose]
        whose = f"{whose} ({listed(also)})" if also else whose
    if days.dates:
        when = day_name(days.dates[0])
        if len(days.dates) > 1:
            when = f"{when} to {day_name(days.dates[-1])} ({counted(len(days.dates), 'day')})"
    else:
        bounds = [day_name(each) if each else "" for each in (selection.first_day, selection.last_day)]
        when = "from {} to {}".format(*bounds) if all(bounds) else f"{bounds[0] or bounds[1]}".strip()
    sessions = listed(_titles(days))
    return " \N{MIDDLE DOT} ".join(each for each in (whose, sessions, when, days.zone) if each)


def _titles(days: Days) -> list[str]:
    """Sessions with a day here, or else all that were looked at: by titles, or names where alike."""
    there = {each.session for each in days}
    names: dict[str, list[str]] = {}
    for each in days.sources:
        if each.session in there or not there:
            names.setdefault(each.title or each.session, []).append(each.session)
    return [
        f"{title} ({listed(several)})" if len(several) > 1 else title
        for title, several in sorted(names.items())
    ]


def nothing(days: Days) -> str:
    """Why there is nothing to show; "" when there is."""
    if not days.days:
        missing = "No session that is over lies within these days"
        if days.selection.unfinished:
            missing += f"; not over yet: {listed(list(days.selection.unfinished))}"
        return f"{missing}."
    if days.traded:
        return ""
    orders, whose, moved = days.table("orders"), listed(days.names), money_without_trades(days)
    if orders.is_empty():
        left = "there is no trade to show" if moved else "there is no profit, no loss and no trade to show"
        return f"{whose} sent no order: {left}{moved}."
    # No fill stands, so of an order that was filled the trades were busted.
    filled = pl.col("state").is_in(["FILLED", "PARTIALLY_FILLED"])
    said = "none was filled: there is no trade to show"
    if len(orders.filter(filled)):
        said = "what was filled was taken back: no trade is left to show"
    return f"{whose} sent {counted(len(orders), 'order')}, and {said}{moved}."


def money_without_trades(days: Days) -> str:
    """Where other money came or went: what it came to, and what became of equity, behind a semicolon."""
    entries = days.table("cash")
    sums = entries.group_by("reason", maintain_order=True).agg(pl.col("amount").sum().round(2))
    parts = [
        f"{cause(row['reason'])} {money(row['amount'], days.currency)}"
        for row in sums.iter_rows(named=True)
        if row["amount"]
    ]
    if not parts:
        return ""
    curves = [each.tables.curve["equity"] for each in days if len(each.tables.curve)]
    change = sum(float(curve[-1]) - float(curve[0]) for curve in curves)
    way = f"equity changed by {money(change, days.currency)}"
    if len(curves) == 1:
        ends = [plain_money(float(curves[0][place]), days.currency) for place in (0, -1)]
        way = f"equity went from {ends[0]} to {ends[1]}"
    return f"; without a trade came {listed(parts, len(parts))}, and {way}"


def head(title: str, days: Days, headline: str, facts: list[Fact]) -> Head:
    """The head of a report; without trades it says so, and has numbers only where other money moved."""
    empty = nothing(days)
    bare = bool(empty) and not (days.days and money_without_trades(days))
    return Head(title, subject(days), empty or headline, () if bare else facts, _COLOURS, _MINUS)


def fact(days: Days, name: str, label: str = "") -> Fact:
    """A number for a head, called and written as the statistic of that name is."""
    row = _row(days, name)
    value: float | None = row["value"]
    signed = name in _SIGNED
    large = row["unit"] == "currency" and value is not None and abs(value) >= _LARGE
    shown = float(round(value)) if large and value is not None else value
    text, unit = written(shown, row["unit"], days.currency, signed=signed and bool(value))
    if large:
        # Nobody reads the cents of ten thousand, and a phone has no room for them.
        text = text.partition(".")[0]
    tone = "" if not signed or not value else "up" if value > 0 else "down"
    return Fact(label or row["label"], text, unit, tone)


def number(days: Days, name: str) -> float | None:
    """A statistic over all accounts and days; None where it is undefined."""
    value: float | None = _row(days, name)["value"]
    return value


def amount(days: Days, name: str) -> float:
    """A statistic that is never undefined, such as a sum."""
    return number(days, name) or 0.0


def _row(days: Days, name: str) -> dict[str, Any]:
    """The row of a statistic.

    Raises
    ------
    KeyError
        When there is none of that name.
    """
    found = days.summary.filter(pl.col("statistic") == name)
    if found.is_empty():
        raise KeyError(name)
    return found.row(0, named=True)


def ratios_of(days: Days) -> dict[str, dict[str, Any]]:
    """Statistics of the returns of several days, by name; none of a single day, or without a trade."""
    rows = days.session_days
    if len(rows) < _LEAST_DAYS or not days.traded:
        return {}
    return {row["statistic"]: row for row in summary(returns_of_days(rows)).iter_rows(named=True)}


def foot(days: Days, *names: str, assumptions: tuple[str, ...] = ()) -> Foot:
    """The end of a report.

    Parameters
    ----------
    days
        What it was about.
    names
        Statistics that it shows, whose meaning shall stand there.
    assumptions
        Further ones.
    """
    found = dict(days.summary.select("statistic", "value").iter_rows())
    found |= {name: row["value"] for name, row in ratios_of(days).items() if name in RATIOS}
    numbers = {
        name: None if value is None or not math.isfinite(value) else value for name, value in found.items()
    }
    summary: dict[str, Any] = {
        "subject": subject(days),
        "empty": not days.traded,
        "numbers": numbers,
        "currency": days.currency,
        "accounts": days.names,
        "days": [each.isoformat() for each in days.dates],
        "sessions": [
            {
                "session": each.session,
                "journal_hash": each.journal_hash,
                "commands": each.commands,
                "events": each.events,
                "state_hash": each.state_hash,
            }
            for each in days.sources
        ],
    }
    rows = [_row(days, name) for name in names] if days.traded else []
    meanings = [(row["label"], f"{row['about']}.") for row in rows]
    return Foot((*ASSUMPTIONS, *assumptions), meanings, summary)


def figure(days: Days, question: str, sentence: str, chart: Any = None, **more: Any) -> Figure | None:
    """A figure, unless there is nothing to show."""
    return Figure(question, sentence, chart, **more) if days.days else None
