"""Drawdown: how far below the best, for how long, how often, and with what."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from dashboards.parts.charts_bars import points_chart, ranked_chart
from dashboards.parts.charts_time import duration
from dashboards.reporting.common import THEME, fact, figure, head, number
from dashboards.reporting.pnl import curve_charts
from dashboards.reporting.sections import Fact, Figure, Grid, Head
from dashboards.reporting.words import (
    cause,
    counted,
    first,
    listed,
    moment,
    money,
    plain_money,
    share,
    times,
    upper,
)
from workbench.reporting.days import Days
from workbench.reporting.series import money_of_no_trade, pnl_between

_TITLE = "Drawdown"
_SHOWN = 8
_MOST_NAMES = 40


def _median(episodes: pl.DataFrame) -> float:
    """The median time under water, of some."""
    return float(np.median(episodes["under_water_s"].to_numpy()))


def _deepest(days: Days) -> dict[str, Any] | None:
    """The deepest time under water; None when equity never was below its peak."""
    found = days.drawdowns.sort("depth")
    return found.row(0, named=True) if len(found) else None


def drawdown_head(days: Days) -> Head:
    """How deep, and whether it was made good."""
    deepest = _deepest(days)
    if not days.traded:
        return head(_TITLE, days, "", [])
    whose = "The class" if days.of_class else days.names[0]
    if deepest is None:
        return head(_TITLE, days, f"{whose} was never below an earlier peak.", [fact(days, "net_pnl")])
    dated = len(days.dates) > 1
    part = f", {share(-deepest['depth_share'])} of the peak," if deepest["depth_share"] is not None else ""
    after = (
        f"it was made good {moment(deepest['recovery_time'], days.zone, dated=dated)}"
        if deepest["recovery_time"] is not None
        else "it was not made good"
    )
    headline = (
        f"{whose} fell {plain_money(deepest['depth'], days.currency)}{part} from its peak "
        f"{moment(deepest['peak_time'], days.zone, dated=dated)} to its lowest "
        f"{moment(deepest['valley_time'], days.zone, dated=dated)}; {after}."
    )
    facts = [
        fact(days, "max_drawdown"),
        fact(days, "max_drawdown_share"),
        Fact("Times under water", f"{len(days.drawdowns):,}"),
        Fact("Longest", duration(float(days.drawdowns["under_water_s"].max() or 0.0)), "", ""),  # type: ignore[arg-type]
        fact(days, "net_pnl"),
        fact(days, "recovery_factor"),
    ]
    return head(_TITLE, days, headline, facts)


def drawdown_over_time(days: Days) -> Figure | None:
    """The curve, and how far below its peak it was."""
    if not days.traded:
        return None
    now = float(days.curve["drawdown"][-1])
    end = "it ended at its peak" if now == 0 else f"it ended {plain_money(now, days.currency)} below its peak"
    sentence = f"Equity was {times(len(days.drawdowns))} below an earlier peak, and {end}."
    return figure(days, "When was it below its best?", sentence, curve_charts(days, (150, 190)))


def drawdown_episodes(days: Days) -> Figure | None:
    """The deepest ones, with their times."""
    if days.drawdowns.is_empty() or not days.traded:
        return None
    dated = len(days.dates) > 1
    rows = days.drawdowns.sort("depth").head(_SHOWN)
    total = float(-days.drawdowns["depth"].sum())
    deepest = float(-rows["depth"][0])
    falls = len(days.drawdowns)
    sentence = f"The deepest of {counted(falls, 'fall')} is {share(deepest / total)} of all together"
    if falls == 1:
        sentence = f"It fell once, by {plain_money(deepest, days.currency)}"
    second = float(-rows["depth"][1]) if len(rows) > 1 else 0.0
    if second:
        deeper = f"{deepest / second:,.1f}"
        sentence += f", and {'as deep as' if deeper == '1.0' else f'{deeper} times'} the next"
    lines = [
        [
            str(row["number"]),
            moment(row["peak_time"], days.zone, dated=dated).removeprefix("at "),
            moment(row["valley_time"], days.zone, dated=dated).removeprefix("at "),
            moment(row["recovery_time"], days.zone, dated=dated).removeprefix("at ")
            if row["recovery_time"]
            else "not recovered",
            money(row["depth"], days.currency),
            share(row["depth_share"]),
            duration(row["fall_s"]),
            duration(row["under_water_s"]),
        ]
        for row in rows.iter_rows(named=True)
    ]
    heads = ("#", "Peak", "Lowest", "Recovered", "Depth", "Of the peak", "Fall took", "Under water")
    return figure(days, "Which were the deepest falls?", f"{sentence}.", grid=Grid(heads, lines, left=4))


def drawdown_time(days: Days) -> Figure | None:
    """Depth against length: long ones that are shallow are another thing than short ones that are deep."""
    rows = days.drawdowns
    if rows.is_empty() or not days.traded:
        return None
    under = number(days, "under_water")
    longest = rows.sort("under_water_s", descending=True).row(0, named=True)
    part = f"{share(under)} of the time since the open was spent below a peak; " if under is not None else ""
    recovered = rows.drop_nulls("recovery_time")
    took = (
        f"; falls that were made good took {duration(_median(recovered))} in the median"
        if len(recovered)
        else ""
    )
    open_ = "" if longest["recovery_time"] is not None else ", to the end"
    which = "the longest lasted" if len(rows) > 1 else "it lasted"
    if len(rows) == 1:
        took = ""
    sentence = f"{part}{which} {duration(longest['under_water_s'])}{open_}{took}."
    chart = points_chart(
        [f"No. {number}" for number in rows["number"]],
        (rows["under_water_s"] / 60).to_list(),
        rows["depth"].to_list(),
        THEME,
        labels=("Under water (min)", f"Depth ({days.currency})"),
        written=[
            f"{money(row['depth'], days.currency)}, {duration(row['under_water_s'])}"
            for row in rows.iter_rows(named=True)
        ],
    )
    return figure(days, "How long did it take?", upper(sentence), chart)


def drawdown_causes(days: Days) -> Figure | None:
    """What was lost between the deepest fall's peak and its lowest: instruments, fines and the like."""
    deepest = _deepest(days)
    if deepest is None or not days.traded:
        return None
    span = (deepest["peak_time"], deepest["valley_time"])
    traded, others = pnl_between(days, *span), money_of_no_trade(days, *span)
    causes = [(symbol, symbol, f"was lost with {symbol}", pnl) for symbol, pnl in traded.iter_rows()]
    for reason, pnl in others.select("reason", "amount").iter_rows():
        name = cause(reason)
        causes.append((upper(name), name, f"was {name}", pnl))
    if not causes:
        return None
    causes.sort(key=lambda each: -each[-1])
    names, amounts = [each[0] for each in causes], [each[-1] for each in causes]
    fell = [each for each in reversed(causes) if each[-1] < 0]
    sentence = "Between peak and lowest nothing was lost for good"
    if fell:
        _, worst, said, lost = fell[0]
        part = share(lost / sum(each[-1] for each in fell))
        sentence = (
            f"Between peak and lowest, {worst} came to {money(lost, days.currency)}, {part} of what was lost"
        )
        if len(fell) == 1:
            sentence = f"Between peak and lowest, all that was lost {said}: {money(lost, days.currency)}"
    for reason, pnl in others.select("reason", "amount").iter_rows():
        if fell and cause(reason) != fell[0][1]:
            sentence += f"; {cause(reason)} came to {money(pnl, days.currency)}"
    gains = traded.filter(pl.col("pnl") > 0)
    if len(gains):
        gained = plain_money(float(gains["pnl"].sum()), days.currency)
        sentence += f"; {counted(len(gains), 'instrument')} gained {gained} meanwhile"
    chart = ranked_chart(
        names,
        amounts,
        THEME,
        label=f"PnL within the deepest fall ({days.currency})",
        written=[money(each, days.currency) for each in amounts],
    )
    return figure(days, "What was lost in the deepest fall?", f"{sentence}.", chart)


def drawdown_by_account(days: Days) -> Figure | None:
    """Of a class: everybody's largest."""
    if not days.of_class or not days.traded:
        return None
    rows = days.standings.sort("drawdown")
    amounts = rows["drawdown"].to_list()
    if not amounts[0]:
        return figure(days, "Whose was the largest?", "Nobody was ever below an earlier peak.")
    together = float(np.min(days.curve["drawdown"].to_numpy()))
    whole = (
        f"fell {plain_money(together, days.currency)} at most"
        if round(together, 2)
        else "was never below its peak"
    )
    leaders = first(rows["name"].to_list(), amounts)
    largest = listed([f"{name}'s" for name in leaders])
    are = "is" if len(leaders) == 1 else "are"
    sentence = (
        f"The largest {are} {largest} with {money(amounts[0], days.currency)}, the middle one "
        f"{money(float(np.median(amounts)), days.currency)}; the class as a whole {whole}, and the largest "
        f"of all its accounts come to {plain_money(sum(amounts), days.currency)}"
    )
    if len(rows) == 1:
        sentence = f"It is {rows['name'][0]}'s alone: {money(amounts[0], days.currency)}"
    shown = rows.head(_MOST_NAMES)
    if len(rows) > _MOST_NAMES:
        sentence += f"; shown are the {_MOST_NAMES} largest"
    chart = ranked_chart(
        shown["name"].to_list(),
        shown["drawdown"].to_list(),
        THEME,
        label=f"Largest drawdown ({days.currency})",
        written=[money(each, days.currency) for each in shown["drawdown"]],
    )
    return figure(days, "Whose was the largest?", f"{sentence}.", chart)
