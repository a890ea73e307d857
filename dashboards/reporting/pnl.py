"""Daily PnL: what was made, when, with what, by whom, and how well trades were taken."""

from __future__ import annotations

import numpy as np
import polars as pl
from bokeh.layouts import column
from bokeh.models import ColumnDataSource, Range1d

from dashboards.parts.charts_bars import column_chart, ranked_chart
from dashboards.parts.charts_equity import equity_charts
from dashboards.parts.charts_time import local_ms
from dashboards.parts.charts_trades import excursions_chart, trip_columns
from dashboards.parts.review_words import written
from dashboards.reporting.cash import cash_grid
from dashboards.reporting.common import (
    RATIOS,
    THEME,
    amount,
    fact,
    figure,
    head,
    money_without_trades,
    number,
    ratios_of,
)
from dashboards.reporting.sections import Figure, Grid, Head
from dashboards.reporting.words import (
    cause,
    clock_time,
    counted,
    day_name,
    first,
    how_many,
    listed,
    moment,
    money,
    plain_money,
    share,
    upper,
)
from workbench.analytics.columns import TIME
from workbench.reporting.days import Days
from workbench.reporting.series import money_of_no_trade, pnl_by_day, pnl_by_half_hour, thinned

_LEAST_MS = 60_000.0
_ROOM = 0.015
"""Of the time shown, before its beginning and after its end, so that a dot there is whole."""

_MOST_BARS = 40
_FEW = 0.5


def pnl_head(days: Days) -> Head:
    """The answer, and the numbers that everybody asks for first."""
    if not days.traded:
        few = ("net_pnl", "return", "max_drawdown") if money_without_trades(days) else ()
        return head("Daily PnL", days, "", [fact(days, name) for name in few])
    net, fees = amount(days, "net_pnl"), amount(days, "fees")
    whose = "The class" if days.of_class else days.names[0]
    back = number(days, "return")
    part = f", {share(back, signed=True)} of the capital" if back else ""
    result = f"{'made' if net > 0 else 'lost'} {plain_money(net, days.currency)}{part}"
    trips = amount(days, "round_trips")
    trades = f"in {counted(trips, 'trade')} that ended" if trips else "with no trade ended yet"
    after = f"after {'fees' if fees > 0 else 'rebates'} of {plain_money(fees, days.currency)}"
    cost = after if round(fees, 2) else "without fees"
    headline = f"{whose} {result if round(net, 2) else 'came out even'}, {trades}, {cost}."
    names = ("net_pnl", "return", "max_drawdown", "round_trips", "win_rate", "profit_factor", "fees")
    return head("Daily PnL", days, headline, [fact(days, name) for name in names])


def pnl_over_time(days: Days) -> Figure | None:
    """Profit and drawdown as they went, also of who paid or received money and never traded."""
    if not days.traded and money_of_no_trade(days).is_empty():
        return None
    curve = days.curve
    top, low = (
        curve.row(int(index or 0), named=True) for index in (curve["pnl"].arg_max(), curve["pnl"].arg_min())
    )
    end = float(curve["pnl"][-1])
    dated = len(days.dates) > 1
    ways = []
    if top["pnl"] > 0:
        ways.append(
            f"highest at {money(top['pnl'], days.currency)} {moment(top['time'], days.zone, dated=dated)}"
        )
    if low["pnl"] < 0:
        ways.append(
            f"lowest at {money(low['pnl'], days.currency)} {moment(low['time'], days.zone, dated=dated)}"
        )
    kept = (
        f", so {plain_money(top['pnl'] - end, days.currency)} of the best was given back"
        if top["pnl"] > max(end, 0)
        else ""
    )
    way = f"stood {' and '.join(ways)}, and " if ways else ""
    sentence = f"Profit {way}ended at {money(end, days.currency)}{kept}."
    return figure(days, "How did it come about?", sentence, curve_charts(days))


def curve_charts(days: Days, heights: tuple[int, int] = (200, 130)) -> object:
    """Profit above, drawdown below, over the same times."""
    curve = thinned(days.curve)
    at = local_ms(curve["time"], days.zone)
    closes = pl.Series([max(each.tables.end_ns for each in days)], dtype=TIME)
    begin, end = float(at.min()), max(float(at.max()), float(local_ms(closes, days.zone)[0]))
    room = max(end - begin, _LEAST_MS) * _ROOM
    made = equity_charts(
        curve,
        days.drawdowns,
        Range1d(start=begin - room, end=end + room),
        THEME,
        zone=days.zone,
        currency=days.currency,
        end_ms=end,
    )
    for chart, height in zip((made.equity, made.drawdown), heights, strict=True):
        chart.sizing_mode, chart.height = "stretch_width", height
    return column(
        [made.equity, made.drawdown], sizing_mode="stretch_width", spacing=4, height=sum(heights) + 4
    )


def pnl_by_period(days: Days) -> Figure | None:
    """Half hours of a day, or days of a range."""
    if not days.traded:
        return None
    daily = len(days.dates) > 1
    rows = pnl_by_day(days) if daily else pnl_by_half_hour(days)
    if daily:
        names = [
            f"{each.day} {each:%b}" if len(days.dates) <= _MOST_BARS else each.isoformat()
            for each in rows["date"]
        ]
    else:
        names = [clock_time(each, days.zone) for each in rows["start"]]
    amounts = rows["pnl"].to_list()
    gains = sum(each > 0 for each in amounts)
    best, worst = int(np.argmax(amounts)), int(np.argmin(amounts))
    unit = "day" if daily else "half hour"
    when = (
        [day_name(each) for each in rows["date"]]
        if daily
        else [f"the half hour from {each}" for each in names]
    )
    sentence = f"{how_many(gains, len(amounts), unit)} gained"
    if len(amounts) == 1:
        sentence = f"The only {unit}, from {names[0]}, came to {money(amounts[0], days.currency)}"
    elif amounts[best] > 0:
        sentence += f"; the best was {when[best]} with {money(amounts[best], days.currency)}"
    if amounts[worst] < 0 and len(amounts) > 1:
        sentence += f"; the worst was {when[worst]} with {money(amounts[worst], days.currency)}"
    chart = column_chart(
        names,
        amounts,
        THEME,
        label=f"PnL ({days.currency})",
        written=[money(each, days.currency) for each in amounts],
    )
    question = "On which days was it made?" if daily else "In which half hours was it made?"
    return figure(days, question, f"{sentence}.", chart)


def pnl_by_instrument(days: Days) -> Figure | None:
    """Net profit of round trips, instrument by instrument, open ones too; and money without a trade."""
    if not days.traded:
        grid = cash_grid(days)
        said = f"{upper(_listed_money(days))}."
        return None if grid is None else figure(days, "Which money came or went?", said, grid=grid)
    rows = (
        days.table("round_trips")
        .group_by("symbol")
        .agg(
            pl.col("net").sum(),
            fees=pl.col("fees").sum(),
            trades=pl.len(),
            open=(pl.col("result") == "open").sum(),
        )
        .sort("net", descending=True)
    )
    symbols, amounts = rows["symbol"].to_list(), rows["net"].to_list()
    causes = _of_no_trade(days, amount(days, "net_pnl") - sum(amounts))
    if not symbols:
        said = f": {causes}" if causes else ""
        sentence = f"No trade ended on these days{said}."
        return figure(days, "Which instruments made it?", sentence, grid=cash_grid(days))
    if len(symbols) == 1:
        one = f"{symbols[0]} came to {money(amounts[0], days.currency)}"
        sentence = one if causes else f"All of it is of {symbols[0]}"
    else:
        sentence = (
            f"{symbols[0]} {'did best' if amounts[0] >= 0 else 'lost least'} with "
            f"{money(amounts[0], days.currency)}, "
            f"{symbols[-1]} worst with {money(amounts[-1], days.currency)}"
        )
    still = int(rows["open"].sum())
    if still:
        sentence += (
            f"; {counted(still, 'trade')} open at the end {'count' if still > 1 else 'counts'} at the mark"
        )
    if causes:
        sentence += f"; {causes}"
    chart = ranked_chart(
        symbols,
        amounts,
        THEME,
        label=f"Net PnL ({days.currency})",
        written=[money(each, days.currency) for each in amounts],
    )
    return figure(days, "Which instruments made it?", f"{sentence}.", chart, grid=cash_grid(days))


def _listed_money(days: Days) -> str:
    """What money without a trade came to."""
    made = float(money_of_no_trade(days)["amount"].sum())
    everything = float(days.table("cash")["amount"].sum())
    outside = f", and {money(everything - made, days.currency)} came from outside"
    gained = f"{plain_money(made, days.currency)} was {'gained' if made > 0 else 'lost'} without a trade"
    if not round(made, 2):
        gained = "nothing was gained or lost"
    return f"{gained}{outside if round(everything - made, 2) else ''}"


def _of_no_trade(days: Days, rest: float) -> str:
    """What is in no trade of these days, cause by cause; empty where there is nothing to speak of."""
    found = money_of_no_trade(days)
    total = float(found["amount"].sum())
    parts = []
    if found["amount"].abs().sum() >= _FEW:
        causes = [(cause(row["reason"]), row["amount"]) for row in found.iter_rows(named=True)]
        each = [f"{name} {money(amount, days.currency)}" for name, amount in causes]
        said = causes[0][0] if len(causes) == 1 else listed(each, len(each))
        parts.append(f"{money(total, days.currency)} is of no trade: {said}")
    if abs(rest - total) >= _FEW:
        parts.append(f"{money(rest - total, days.currency)} is of trades that ran over several days")
    return "; ".join(parts)


def pnl_by_trade(days: Days) -> Figure | None:
    """Trades from the best to the worst."""
    trips = days.table("round_trips").filter(pl.col("result") != "open").sort("net", descending=True)
    if not days.traded:
        return None
    if trips.is_empty():
        return figure(
            days, "Was it a few trades, or many?", "No trade has ended: what was entered is still open."
        )
    amounts = trips["net"].to_list()
    gains, losses = sum(each for each in amounts if each > 0), sum(each for each in amounts if each < 0)
    net = sum(amounts)
    parts = []
    if gains > 0:
        parts.append(f"the best trade is {share(amounts[0] / gains)} of all gains")
    if losses < 0:
        parts.append(f"the worst is {share(amounts[-1] / losses)} of all losses")
    if len(amounts) > 1 and amounts[0] > 0:
        parts.append(
            f"without the best the trades come to {money(net - amounts[0], days.currency)} "
            f"in place of {money(net, days.currency)}"
        )
    sentence = f"Of {counted(len(amounts), 'trade')}, {'; '.join(parts)}."
    if not parts:
        sentence = f"{how_many(len(amounts), len(amounts), 'trade')} were scratches."
    if len(amounts) == 1:
        sentence = f"It was one trade, which came to {money(net, days.currency)}."
    chart = column_chart(
        [str(place) for place in range(1, len(amounts) + 1)],
        amounts,
        THEME,
        label=f"Net PnL ({days.currency})",
        written=[
            f"{row['symbol']}, {row['name']}: {money(row['net'], days.currency)}"
            for row in trips.iter_rows(named=True)
        ],
    )
    chart.xaxis.axis_label = "Trades, best first"
    return figure(days, "Was it a few trades, or many?", sentence, chart)


def trade_excursions(days: Days) -> Figure | None:
    """How far trades went against and for their holders."""
    trips = days.table("round_trips")
    closed = trips.filter(pl.col("result") != "open")
    if closed.is_empty():
        return None
    capture = closed["capture"].drop_nulls().median()
    winners = closed.filter(pl.col("result") == "win")
    parts = []
    if len(winners):
        against = float(winners["mae"].median() or 0.0)  # type: ignore[arg-type]
        behind = f"{plain_money(against, days.currency)} behind at its worst"
        if len(winners) == 1:
            parts.append(f"the winning trade {f'stood {behind}' if against else 'was never behind'}")
        elif against:
            parts.append(f"a winning trade stood {behind}, in the median")
        else:
            ever = int((winners["mae"] > 0).sum())
            parts.append(
                "no winning trade was ever behind"
                if not ever
                else "half of the winning trades or more were never behind"
            )
    if capture is not None:
        taken = float(capture)  # type: ignore[arg-type]
        whose = "in the median a trade" if len(closed) > 1 else "the trade" if not parts else "it"
        if taken >= -1:
            part = f"{'took' if taken >= 0 else 'lost'} {share(abs(taken))} of what was to be had at best"
        else:
            # So many times what was to be had tells nobody anything.
            ahead = closed.filter(pl.col("capture").is_not_null())
            made, best = (float(ahead[name].median() or 0.0) for name in ("gross", "mfe"))  # type: ignore[arg-type]
            part = (
                f"came to {money(made, days.currency)} before fees and had been "
                f"{plain_money(best, days.currency)} ahead at its best"
            )
        parts.append(f"{whose} {part}")
    losers = closed.filter((pl.col("result") == "loss") & (pl.col("mfe") > -pl.col("net")))
    if len(losers):
        parts.append(
            f"{counted(len(losers), 'losing trade')} had been further ahead than it then lost"
            if len(losers) == 1
            else f"{counted(len(losers), 'losing trade')} had been further ahead than they then lost"
        )
    sentence = "; ".join(parts)
    end_ms = float(local_ms(days.curve["time"], days.zone).max())
    source = ColumnDataSource(
        trip_columns(
            trips.drop("name", "session", "account_name", "date"),
            THEME,
            zone=days.zone,
            currency=days.currency,
            symbol="",
            end_ms=end_ms,
        )
    )
    chart = excursions_chart(source, THEME, days.currency)
    chart.sizing_mode, chart.height = "stretch_width", 280
    return figure(
        days,
        "How far did trades go against and for it?",
        f"{upper(sentence)}." if sentence else "No trade was ever ahead.",
        chart,
    )


def pnl_ratios(days: Days) -> Figure | None:
    """Of several days: return for its risk, with how sure it is."""
    found = ratios_of(days)
    if not found:
        return None
    sharpe, error = found["sharpe"]["value"], found["sharpe_error"]["value"]
    if sharpe is None:
        sentence = f"There is no Sharpe ratio: {found['sharpe']['reason']}."
    elif error is None:
        sentence = (
            f"The Sharpe ratio is {sharpe:,.2f} a year; its error is not known: "
            f"{found['sharpe_error']['reason']}."
        )
    else:
        sure = "which is apart from 0" if abs(sharpe) > 2 * error else "which cannot be told from 0"
        sentence = (
            f"The Sharpe ratio is {sharpe:,.2f} a year with an error of {error:,.2f}, {sure}, "
            f"from {counted(len(days.session_days), 'day')}."
        )
    lines = [
        [
            found[name]["label"],
            " ".join(written(found[name]["value"], found[name]["unit"], days.currency)).strip(),
            found[name]["reason"] or found[name]["about"],
        ]
        for name in RATIOS
        if name in found
    ]
    grid = Grid(("Statistic", "Value", "Meaning, or why there is none"), lines, words=(2,))
    return figure(days, "Was the return worth its risk?", sentence.replace("-", "\N{MINUS SIGN}"), grid=grid)


def pnl_by_account(days: Days) -> Figure | None:
    """Of a class: who made it."""
    if not days.of_class or not days.traded:
        return None
    rows = days.standings
    amounts = rows["net"].to_list()
    ahead = sum(each > 0 for each in amounts)
    middle = float(np.median(amounts))
    if len(amounts) == 1:
        sentence = f"All of it is {rows['name'][0]}'s: {money(amounts[0], days.currency)}"
    elif round(amounts[0], 2) == round(amounts[-1], 2):
        sentence = (
            f"{how_many(len(amounts), len(amounts), 'account')} came to {money(amounts[0], days.currency)}"
        )
    else:
        leaders = first(rows["name"].to_list(), amounts)
        best = f"was {leaders[0]}" if len(leaders) == 1 else f"were {listed(leaders)}, each"
        sentence = (
            f"{how_many(ahead, len(amounts), 'account')} ended ahead; the middle one came to "
            f"{money(middle, days.currency)}, the best {best} with {money(amounts[0], days.currency)}, "
            f"the last {rows['name'][-1]} with {money(amounts[-1], days.currency)}"
        )
    texts = [money(each, days.currency) for each in amounts]
    if len(amounts) <= _MOST_BARS:
        chart = ranked_chart(
            rows["name"].to_list(), amounts, THEME, label=f"Net PnL ({days.currency})", written=texts
        )
    else:
        chart = column_chart(
            rows["name"].to_list(), amounts, THEME, label=f"Net PnL ({days.currency})", written=texts
        )
    return figure(days, "Who made it?", f"{sentence}.", chart)
