"""Class summary: everybody side by side, in result, risk and activity."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from dashboards.parts.charts_bars import column_chart, points_chart, ranked_chart
from dashboards.parts.review_words import written
from dashboards.reporting.common import THEME, amount, fact, figure, head, number
from dashboards.reporting.sections import Fact, Figure, Grid, Head
from dashboards.reporting.words import counted, first, listed, money, plain_money, share
from workbench.reporting.days import Days

_TITLE = "Class summary"
_BINS = 15
_FEW = 3


def class_head(days: Days) -> Head:
    """How the class did as a whole."""
    if not days.traded:
        return head(_TITLE, days, "", [])
    rows = days.standings
    ahead = int((rows["net"] > 0).sum())
    net = amount(days, "net_pnl")
    result = f"{'made' if net >= 0 else 'lost'} {plain_money(net, days.currency)}"
    together = f"{result} together" if round(net, 2) else "came out even together"
    if len(rows) == 1:
        headline = f"{rows['name'][0]}, the only account, {result if round(net, 2) else 'came out even'}."
    else:
        headline = f"{counted(len(rows), 'account')} {together}; {_ahead(days, rows, ahead)}."
    facts = [
        Fact("Accounts", f"{len(rows):,}"),
        Fact("Ended ahead", f"{ahead:,}"),
        fact(days, "net_pnl", "Net PnL together"),
        Fact("Middle account", *money(float(np.median(rows["net"])), days.currency).split(" ", 1)),
        fact(days, "round_trips"),
        fact(days, "turnover"),
        fact(days, "fees"),
    ]
    return head(_TITLE, days, headline, facts)


def _ahead(days: Days, rows: pl.DataFrame, ahead: int) -> str:
    """How many ended ahead, and who did best, were it by losing least."""
    amounts = rows["net"].to_list()
    best = money(amounts[0], days.currency)
    if round(amounts[0], 2) == round(amounts[-1], 2):
        return f"each of them came to {best}" if round(amounts[0], 2) else "nobody made or lost anything"
    leaders = first(rows["name"].to_list(), amounts)
    each = ", each with" if len(leaders) > 1 else " with"
    if round(amounts[0], 2) > 0:
        many = "all" if ahead == len(rows) else f"{ahead:,}"
        return f"{many} ended ahead, and {listed(leaders)} did best{each} {best}"
    if round(amounts[0], 2) < 0:
        return f"none ended ahead, and {listed(leaders)} lost least{each} {best}"
    return f"none ended ahead, and {listed(leaders)} came out even"


def class_table(days: Days) -> Figure | None:
    """Everybody, the best first."""
    if not days.days:
        return None
    rows = days.standings
    idle = rows.filter(pl.col("turnover") == 0)["name"].to_list()
    sentence = f"{counted(len(rows), 'account')}, by net profit" if len(rows) > 1 else "It is one account"
    if idle:
        sentence += f"; {listed(idle)} did not trade"
    units = {
        "net": ("Net PnL", "currency"),
        "return": ("Return", "share"),
        "drawdown": ("Largest drawdown", "currency"),
        "trades": ("Trades", "count"),
        "win_rate": ("Win rate", "share"),
        "fees": ("Fees", "currency"),
        "turnover": ("Turnover", "currency"),
        "maker_share": ("Maker share", "share"),
        "rejected": ("Refused", "count"),
    }
    lines = [
        [
            str(place),
            row["name"],
            *(
                _bare(row[column], unit, days.currency, signed=column in ("net", "return"))
                for column, (_, unit) in units.items()
            ),
        ]
        for place, row in enumerate(rows.iter_rows(named=True), 1)
    ]
    heads = (
        "#",
        "Account",
        *(f"{label} ({days.currency})" if unit == "currency" else label for label, unit in units.values()),
    )
    return figure(days, "Who stands where?", f"{sentence}.", grid=Grid(heads, lines, left=2))


def _bare(value: float | None, unit: str, currency: str, *, signed: bool) -> str:
    """A number without its currency, which stands above it."""
    text, name = written(value, unit, currency, signed=signed)
    return text if unit in ("currency", "count") else f"{text} {name}".strip()


def class_spread(days: Days) -> Figure | None:
    """How the results are spread."""
    if not days.traded:
        return None
    amounts = days.standings["net"].to_numpy()
    low, middle, high = np.quantile(amounts, [0.25, 0.5, 0.75])
    sentence = (
        f"The middle account came to {money(float(middle), days.currency)}, the middle half lies between "
        f"{money(float(low), days.currency)} and {money(float(high), days.currency)}"
    )
    if len(amounts) == 1:
        sentence = f"The only account came to {money(float(middle), days.currency)}"
    elif round(float(amounts.max() - amounts.min()), 2) == 0:
        sentence = f"Every account came to {money(float(middle), days.currency)}"
    gains = amounts[amounts > 0]
    if len(gains) > _FEW:
        best = np.sort(gains)[-_FEW:].sum() / gains.sum()
        sentence += f"; the best three have {share(float(best))} of all gains"
    if len(amounts) <= _BINS:
        rows = days.standings
        chart = ranked_chart(
            rows["name"].to_list(),
            rows["net"].to_list(),
            THEME,
            label=f"Net PnL ({days.currency})",
            written=[money(each, days.currency) for each in rows["net"]],
        )
    else:
        counts, edges = np.histogram(amounts, bins=_BINS)
        names = [
            f"{(left + right) / 2:,.0f}".replace("-", "\N{MINUS SIGN}") for left, right in pairwise(edges)
        ]
        # Two bins of one written name would be one bar.
        if len(set(names)) < len(names):
            names = [
                f"{(left + right) / 2:,.2f}".replace("-", "\N{MINUS SIGN}") for left, right in pairwise(edges)
            ]
        chart = column_chart(
            names,
            counts.astype(float).tolist(),
            THEME,
            label="Accounts",
            counts=True,
            written=[counted(int(each), "account") for each in counts],
        )
        chart.xaxis.axis_label = f"Net PnL ({days.currency}), middle of each range"
    return figure(days, "How are the results spread?", f"{sentence}.", chart)


def _against(days: Days, rows: pl.DataFrame, column: str, label: str) -> Any:
    """Everybody's net profit against another amount of theirs, which is shown without its sign."""
    return points_chart(
        rows["name"].to_list(),
        rows[column].abs().to_list(),
        rows["net"].to_list(),
        THEME,
        labels=(f"{label} ({days.currency})", f"Net PnL ({days.currency})"),
        written=[
            f"{money(row['net'], days.currency)}, {column} {plain_money(row[column], days.currency)}"
            for row in rows.iter_rows(named=True)
        ],
    )


def class_risk(days: Days) -> Figure | None:
    """Result against the risk that it took."""
    if not days.traded:
        return None
    rows = days.standings.filter(pl.col("drawdown") < 0)
    if rows.is_empty():
        return figure(days, "What risk did it take?", "Nobody was ever below an earlier peak.")
    worth = rows.with_columns(ratio=pl.col("net") / -pl.col("drawdown")).sort("ratio", descending=True)
    best = worth.row(0, named=True)
    more = int((worth["ratio"] > 1).sum())
    fell = plain_money(best["drawdown"], days.currency)
    won = f"{money(best['net'], days.currency)} for a largest drawdown of {fell}"
    if len(worth) == 1:
        sentence = f"{best['name']} came to {won}"
    elif best["net"] <= 0:
        lost = f"{best['name']} lost least of what was at risk: {won}"
        sentence = f"Nobody who was ever below a peak ended ahead; {lost}"
    else:
        its = "their" if more > 1 else "its"
        many = counted(more, "account") if more else "no account"
        many = f"{many} made more than {its} largest drawdown"
        sentence = f"{best['name']} made most of the risk: {won}; {many}"
    chart = _against(days, rows, "drawdown", "Largest drawdown")
    return figure(days, "What risk did it take?", f"{sentence}.", chart)


def class_activity(days: Days) -> Figure | None:
    """Result against how much was traded."""
    if not days.traded:
        return None
    rows = days.standings.filter(pl.col("turnover") > 0)
    most = rows.sort("turnover", descending=True).row(0, named=True)
    ranked = rows.sort("turnover", "name", descending=[True, False])
    leaders = first(ranked["name"].to_list(), ranked["turnover"].to_list())
    worth = plain_money(most["turnover"], days.currency)
    part = f"{share(most['turnover'] / amount(days, 'turnover'))} of the class's turnover"
    if len(rows) == 1:
        sentence = f"{most['name']} alone traded, {worth}"
    elif len(leaders) > 1:
        sentence = f"{listed(leaders)} traded most, {worth} each, {part}"
    else:
        sentence = f"{most['name']} traded most, {worth}, {part}"
    fees = amount(days, "fees")
    if round(fees, 2):
        all_ = " for all" if len(rows) > 1 else ""
        sentence += f"; {'fees' if fees > 0 else 'rebates'} came to {plain_money(fees, days.currency)}{all_}"
    else:
        sentence += "; there were no fees"
    refused = number(days, "reject_rate")
    if refused:
        sentence += f", and {share(refused)} of orders were refused"
    chart = _against(days, rows, "turnover", "Turnover")
    return figure(days, "Did trading more pay?", f"{sentence}.", chart)


def class_instruments(days: Days) -> Figure | None:
    """What the class traded, and what it made of it."""
    if not days.traded:
        return None
    traded = (
        days.table("fills")
        .group_by("symbol")
        .agg(turnover=pl.col("value").sum(), accounts=pl.col("name").n_unique())
    )
    made = days.table("round_trips").group_by("symbol").agg(net=pl.col("net").sum(), trades=pl.len())
    rows = (
        traded.join(made, on="symbol", how="left")
        .with_columns(pl.col("net", "trades").fill_null(0))
        .sort("turnover", descending=True)
    )
    most = rows.row(0, named=True)
    best = rows.sort("net", descending=True).row(0, named=True)
    part = share(most["turnover"] / float(rows["turnover"].sum()))
    if len(rows) == 1:
        sentence = f"Only {most['symbol']} was traded; it came to {money(most['net'], days.currency)}"
    else:
        did = "did best" if best["net"] >= 0 else "lost least"
        sentence = (
            f"{most['symbol']} was traded most, {part} of the turnover; "
            f"{best['symbol']} {did} with {money(best['net'], days.currency)}"
        )
    lines = [
        [
            row["symbol"],
            _bare(row["turnover"], "currency", days.currency, signed=False),
            f"{row['accounts']:,}",
            f"{row['trades']:,}",
            _bare(row["net"], "currency", days.currency, signed=True),
        ]
        for row in rows.iter_rows(named=True)
    ]
    heads = ("Instrument", f"Turnover ({days.currency})", "Accounts", "Trades", f"Net PnL ({days.currency})")
    return figure(days, "What was traded?", f"{sentence}.", grid=Grid(heads, lines))
