"""Execution quality: what trading cost, where the market went afterwards, and what became of orders."""

from __future__ import annotations

import polars as pl

from dashboards.parts.charts_bars import column_chart, ranked_chart
from dashboards.parts.charts_markouts import horizon_name, markout_chart
from dashboards.parts.charts_time import duration
from dashboards.parts.review_words import written
from dashboards.reporting.common import THEME, amount, fact, figure, head, number
from dashboards.reporting.sections import Figure, Grid, Head
from dashboards.reporting.words import counted, how_many, listed, money, plain_money, share
from workbench.reporting.days import Days

_TITLE = "Execution quality"
_BP = 10_000
_MOST_POINTS = 3_000
_IN_WORDS = {
    "Half spread, taking": "half the spread when taking",
    "Half spread, resting": "half the spread when resting",
    "Against the middle, auctions": "the distance from the middle in auctions",
    "Fees": "fees",
    "Rebates": "rebates",
}
_WAITS = (
    ("< 1 s", 1),
    ("1\N{EN DASH}10 s", 10),
    ("10\N{EN DASH}60 s", 60),
    ("1\N{EN DASH}5 min", 300),
    ("> 5 min", float("inf")),
)


def execution_head(days: Days) -> Head:
    """What it cost, in one sentence."""
    if not days.traded:
        return head(_TITLE, days, "", [])
    whose = "The class" if days.of_class else days.names[0]
    paid = sum(spread_costs(days).values())
    turnover = amount(days, "turnover")
    rested = number(days, "maker_share") or 0.0
    part = {0.0: "none", 1.0: "all"}.get(rested, share(rested))
    cost = (
        f"{'cost' if paid >= 0 else 'earned'} {plain_money(paid, days.currency)}, "
        f"{abs(_BP * paid / turnover):,.2f} bp of it"
        if round(paid, 2)
        else "cost nothing"
    )
    headline = (
        f"{whose} traded {plain_money(turnover, days.currency)} in {counted(amount(days, 'fills'), 'fill')}, "
        f"{part} of it resting in the book; spreads and fees {cost}."
    )
    names = (
        "turnover",
        "maker_share",
        "taker_spread_bp",
        "fee_bp",
        "markout_60s_bp",
        "order_fill_rate",
        "to_first_fill_s",
    )
    return head(_TITLE, days, headline, [fact(days, name) for name in names])


def spread_costs(days: Days) -> dict[str, float]:
    """What fills cost against the middle before each, and fees; below 0 what they earned, in currency.

    Half of the effective spread, by liquidity; fills with no middle before them cost nothing here.
    """
    fills = days.table("fills").with_columns(
        half=pl.col("spread_bp") / 2 / _BP * pl.col("mid") / pl.col("price") * pl.col("value").abs()
    )
    names = {
        "taker": "Half spread, taking",
        "maker": "Half spread, resting",
        "auction": "Against the middle, auctions",
    }
    found = {
        label: float(fills.filter(pl.col("liquidity") == liquidity)["half"].sum())
        for liquidity, label in names.items()
        if len(fills.filter(pl.col("liquidity") == liquidity))
    }
    fees = float(fills["fee"].sum())
    return {**found, "Fees" if fees >= 0 else "Rebates": fees}


def execution_costs(days: Days) -> Figure | None:
    """Spread and fees, in money."""
    if not days.traded:
        return None
    costs = dict(sorted(spread_costs(days).items(), key=lambda each: -each[1]))
    most, paid = next(iter(costs.items()))
    earned = [_IN_WORDS[name] for name, value in costs.items() if value < 0]
    sentence = (
        f"The largest cost is {_IN_WORDS[most]} with {plain_money(paid, days.currency)}"
        if paid > 0
        else "Nothing cost anything"
    )
    if earned:
        back = plain_money(sum(min(each, 0) for each in costs.values()), days.currency)
        sentence += f"; {listed(earned)} earned {back}"
    if len([each for each in costs.values() if each]) > 1:
        sentence += f"; all together {money(-sum(costs.values()), days.currency)}"
    chart = ranked_chart(
        list(costs),
        [-each for each in costs.values()],
        THEME,
        label=f"Earned or paid ({days.currency})",
        written=[money(-each, days.currency) for each in costs.values()],
    )
    return figure(days, "What did trading cost?", f"{sentence}.", chart)


def execution_shortfall(days: Days) -> Figure | None:
    """What was lost against the middle at the time of sending, by Perold's parts."""
    rows = days.table("shortfall")
    if not days.traded or rows.is_empty():
        return None
    parts = {
        "Impact": float(rows["impact"].sum()),
        "Opportunity": float(rows["opportunity"].sum()),
        "Fees": float(rows["fees"].sum()),
    }
    delay = float(rows["delay"].sum())
    if delay:
        parts = {"Delay": delay, **parts}
    total, worth = float(rows["shortfall"].sum()), float(rows["worth"].sum())
    most = max(parts, key=lambda name: abs(parts[name]))
    lost = "cost" if total >= 0 else "gained"
    sentence = (
        f"Against having everything at the middle when it was sent, {counted(len(rows), 'order')} {lost} "
        f"{plain_money(total, days.currency)}, {abs(_BP * total / worth):,.2f} bp; the largest part is "
        f"{most.lower()} with {money(-parts[most], days.currency)}"
        if worth
        else "No order had a bid and an ask when it was sent"
    )
    shown = {**parts, "Shortfall": total}
    chart = ranked_chart(
        list(shown),
        [-each for each in shown.values()],
        THEME,
        label=f"Gained or lost ({days.currency})",
        written=[money(-each, days.currency) for each in shown.values()],
    )
    return figure(days, "What did it cost against a perfect fill?", f"{sentence}.", chart)


def execution_markouts(days: Days) -> Figure | None:
    """Where the middle stood after the fills."""
    if not days.traded:
        return None
    curve = days.together.markout_curve
    every = curve.filter((pl.col("liquidity") == "all") & (pl.col("horizon_s") > 0)).sort("horizon_s")
    if every.is_empty():
        return figure(
            days, "Where did the market go after the fills?", "No fill has a bid and an ask after it."
        )
    last = every.row(-1, named=True)
    way = "the fills' way" if last["bp"] > 0 else "against the fills"
    gone = (
        f"had gone {abs(last['bp']):,.2f} bp {way} on average"
        if round(last["bp"], 2)
        else "stood where it had been, on average"
    )
    sentence = f"{horizon_name(last['horizon_s'])} after a fill the middle {gone}"
    apart = curve.filter(
        (pl.col("horizon_s") == last["horizon_s"]) & pl.col("liquidity").is_in(["maker", "taker"])
    )
    if len(apart) > 1:
        each = {row["liquidity"]: row["bp"] for row in apart.iter_rows(named=True)}
        taking, resting = (written(each[name], "bp", "", signed=True)[0] for name in ("taker", "maker"))
        sentence += f": {taking} bp after taking, {resting} bp after resting"
    points = days.table("markouts").drop("session", "name", "account_name", "date")
    if len(points) > _MOST_POINTS:
        points = points.clear()
    chart = markout_chart(points, curve, THEME)
    chart.sizing_mode, chart.height = "stretch_width", 280
    return figure(days, "Where did the market go after the fills?", f"{sentence}.", chart)


def execution_outcomes(days: Days) -> Figure | None:
    """What became of orders."""
    orders = days.table("orders").filter(pl.col("state") != "REPLACED")
    if orders.is_empty():
        return None
    filled, part = pl.col("filled") >= pl.col("quantity"), pl.col("filled") > 0
    outcome = (
        pl.when(pl.col("state") == "REJECTED")
        .then(pl.lit("refused"))
        .when(filled)
        .then(pl.lit("filled"))
        .when(part)
        .then(pl.lit("filled in part"))
        .when(pl.col("ended").is_null())
        .then(pl.lit("still open"))
        .otherwise(pl.lit("not filled"))
    )
    counts = dict(orders.group_by(outcome.alias("outcome")).len().iter_rows())
    names = [
        name for name in ("filled", "filled in part", "not filled", "refused", "still open") if name in counts
    ]
    sentence = (
        f"{how_many(counts.get('filled', 0), len(orders), 'order')} traded in full"
        if len(orders) > 1
        else f"The one order was {names[0]}"
    )
    reasons = (
        orders.filter(pl.col("state") == "REJECTED").group_by("reason").len().sort("len", descending=True)
    )
    if len(reasons):
        sentence += (
            f"; {int(reasons['len'].sum()):,} refused, {_often(reasons)} {reason_words(reasons['reason'][0])}"
        )
    grid = Grid(
        ("Refused for", "Orders"),
        [[reason_words(reason), f"{count:,}"] for reason, count in reasons.iter_rows()],
    )
    chart = column_chart(
        names,
        [float(counts[name]) for name in names],
        THEME,
        label="Orders",
        counts=True,
        written=[f"{counts[name]:,}" for name in names],
    )
    return figure(
        days, "What became of the orders?", f"{sentence}.", chart, grid=grid if len(reasons) else None
    )


def _often(reasons: pl.DataFrame) -> str:
    return "most often for" if len(reasons) > 1 else "for"


def reason_words(reason: str | None) -> str:
    """A reject reason as people read it.

    >>> reason_words("QUANTITY_TOO_LARGE")
    'quantity too large'
    """
    return (reason or "no reason given").replace("_", " ").lower()


def execution_waiting(days: Days) -> Figure | None:
    """How long orders waited for their first fill."""
    orders = days.table("orders").filter((pl.col("state") != "REJECTED") & (pl.col("state") != "REPLACED"))
    if orders.is_empty():
        return None
    waits = orders["to_first_fill_s"].drop_nulls()
    never = len(orders) - len(waits)
    edges, names, amounts = 0.0, [], []
    for name, until in _WAITS:
        names.append(name)
        amounts.append(float(((waits >= edges) & (waits < until)).sum()))
        edges = until
    if len(waits):
        middle = float(waits.median() or 0.0)  # type: ignore[arg-type]
        within = f"within {duration(middle)}" if middle else "at once"
        sentence = f"Half of those that traded had their first fill {within}"
        if len(waits) == 1:
            sentence = f"The one that traded had its first fill {within}"
        rested = orders.filter(pl.col("queue_ahead").is_not_null())
        if len(rested):
            ahead = float(rested["queue_ahead"].median() or 0.0)  # type: ignore[arg-type]
            queue = f"{ahead:,.0f} units" if ahead else "nothing"
            sentence += f"; those that rested had {queue} ahead of them, in the median"
        if never or len(waits) > 1:
            sentence += f"; {never:,} never traded" if never else "; all of them traded"
    else:
        sentence = "None of them traded"
    chart = column_chart(
        [*names, "never"],
        [*amounts, float(never)],
        THEME,
        label="Orders",
        counts=True,
        written=[f"{each:,.0f}" for each in [*amounts, never]],
    )
    return figure(days, "How long did orders wait?", f"{sentence}.", chart)


def execution_by_account(days: Days) -> Figure | None:
    """Of a class: everybody's execution beside the others'."""
    if not days.of_class or not days.traded:
        return None
    rows: list[tuple[str, list[float | None]]] = []
    for name in days.names:
        mine = Days(
            days.selection,
            tuple(days.of(name)),
            days.sources,
            days.zone,
            days.currency,
        )
        if mine.traded:
            rows.append((name, [number(mine, each) for each in _COLUMNS]))
    rows.sort(key=lambda row: (row[1][0] is None, row[1][0] or 0.0))
    known = [row for row in rows if row[1][0] is not None]
    sentence = (
        f"{known[0][0]} paid the least spread for what was taken, {known[0][1][0]:,.2f} bp; "
        f"{known[-1][0]} the most, {known[-1][1][0]:,.2f} bp."
        if len(known) > 1
        else f"{counted(len(rows), 'account')} traded."
    )
    units = list(_COLUMNS.values())
    lines = [
        [
            name,
            *(
                " ".join(written(value, unit, days.currency)).strip()
                for value, unit in zip(values, units, strict=True)
            ),
        ]
        for name, values in rows
    ]
    heads = ("Account", "Spread paid", "Fees", "Maker share", "Markout 1 min", "Orders filled", "Refused")
    return figure(days, "Who trades at what cost?", sentence, grid=Grid(heads, lines))


_COLUMNS = {
    "taker_spread_bp": "bp",
    "fee_bp": "bp",
    "maker_share": "share",
    "markout_60s_bp": "bp",
    "order_fill_rate": "share",
    "rejected": "count",
}
