"""What it cost to get an idea into a position: implementation shortfall, and slippage against benchmarks."""

from __future__ import annotations

import polars as pl

from workbench.analytics.columns import TIME, Table, money, number, price, text, time, units, whole
from workbench.analytics.markouts import NO_MIDS
from workbench.analytics.tables import TRADES

_BP = 10_000

SHORTFALL = Table(
    "shortfall",
    "One row for each order that was sent, its replaces taken in, with both prices known",
    (
        whole("order_id", "id", "The order that was sent first"),
        text("symbol", "The instrument"),
        text("side", "BUY or SELL"),
        time("created", "When it was sent"),
        units("quantity", "Its quantity; of a chain of replaces the last one's and what the others filled"),
        units("filled", "What of it was filled"),
        price("decision", "Price when it was decided"),
        price("arrival", "Middle when it was sent"),
        price("average_price", "Average price of its fills; null without any"),
        price("end", "Middle when it had ended, or at the end of the session"),
        money("delay", "s q (arrival - decision): what waiting cost what was filled"),
        money("impact", "s q (average price - arrival): what trading cost it"),
        money("opportunity", "s (Q - q) (end - decision): what was missed of the rest"),
        money("fees", "Fees less rebates"),
        money("shortfall", "Delay, impact, opportunity and fees"),
        money("worth", "Quantity x decision price x multiplier: what the paper portfolio is worth"),
        number("shortfall_bp", "bp", "Shortfall over worth"),
    ),
)

SLIPPAGE = Table(
    "slippage",
    "One row for each order that was sent and has a fill, its replaces taken in",
    (
        whole("order_id", "id", "The order that was sent first"),
        text("symbol", "The instrument"),
        text("side", "BUY or SELL"),
        time("created", "When it was sent"),
        units("filled", "What was filled"),
        price("average_price", "Average price of its fills"),
        price("arrival", "Middle when it was sent; null while a side was empty"),
        price(
            "vwap", "The market's, from then to its last fill, its own fills left out; null without a trade"
        ),
        price("close", "Last price of the session"),
        number("arrival_bp", "bp", "Distance from the arrival price, paid above 0"),
        number("vwap_bp", "bp", "Distance from that average, paid above 0"),
        number("close_bp", "bp", "Distance from the close, paid above 0"),
        number("participation", "share", "Filled over what the market traded from creation to last fill"),
    ),
)


def shortfall(orders: pl.DataFrame) -> pl.DataFrame:
    """`SHORTFALL` of orders; in Perold's sum, delay + impact + opportunity + fees.

    Parameters
    ----------
    orders
        `order_id`, `symbol`, `side`, `created`, `quantity`, `filled`, `decision`, `arrival`, `average_price`,
        `end`, `fees`, `multiplier`. Those with a null among quantity, decision, arrival and end are left out.

    Notes
    -----
    Perold, The implementation shortfall: paper versus reality, Journal of Portfolio Management, 1988. The
    paper portfolio trades all of the quantity at the decision price.

    Examples
    --------
    >>> orders = pl.DataFrame(
    ...     {
    ...         "order_id": [1],
    ...         "symbol": ["A"],
    ...         "side": ["BUY"],
    ...         "created": [None],
    ...         "quantity": [1000.0],
    ...         "filled": [800.0],
    ...         "decision": [100.0],
    ...         "arrival": [100.1],
    ...         "average_price": [100.25],
    ...         "end": [101.0],
    ...         "fees": [8.0],
    ...         "multiplier": [1.0],
    ...     }
    ... )
    >>> shortfall(orders).select("delay", "impact", "opportunity", "fees", "shortfall", "shortfall_bp").row(0)
    (80.0, 120.0, 200.0, 8.0, 408.0, 40.8)
    """
    known = orders.drop_nulls(["quantity", "decision", "arrival", "end"])
    sign = pl.when(pl.col("side") == "BUY").then(1.0).otherwise(-1.0) * pl.col("multiplier")
    filled = pl.col("filled")
    paid = pl.coalesce("average_price", "arrival")
    parts = (
        known.with_columns(
            delay=(sign * filled * (pl.col("arrival") - pl.col("decision"))).round(6),
            impact=(sign * filled * (paid - pl.col("arrival"))).round(6),
            opportunity=(sign * (pl.col("quantity") - filled) * (pl.col("end") - pl.col("decision"))).round(
                6
            ),
        )
        .with_columns(
            # Nothing lost is 0, not what multiplying by -1 makes of it.
            pl.col("delay", "impact", "opportunity") + 0.0,
        )
        .with_columns(
            shortfall=pl.sum_horizontal("delay", "impact", "opportunity", "fees").round(6),
            worth=(pl.col("quantity") * pl.col("decision") * pl.col("multiplier")).abs(),
        )
    )
    return SHORTFALL.shaped(
        parts.with_columns(
            shortfall_bp=pl.when(pl.col("worth") > 0).then(
                (_BP * pl.col("shortfall") / pl.col("worth")).round(9)
            )
        )
    )


def standing_orders(orders: pl.DataFrame, fills: pl.DataFrame) -> pl.DataFrame:
    """Orders without what trades that were busted had filled of them; how they ended stays.

    Parameters
    ----------
    orders
        `ORDERS` of one account and session, with all that the exchange filled.
    fills
        `FILLS` of it, those that were busted too: `order_id`, `time`, `liquidity`, `price`, `quantity`,
        `fee`, `busted`.
    """
    busted = pl.col("busted")
    if not fills["busted"].any():
        return orders
    undone = fills.filter(busted.any().over("order_id"))
    made = pl.col("liquidity") == "maker"
    left = undone.group_by("order_id").agg(
        lost=pl.col("quantity").filter(busted).sum(),
        lost_worth=(pl.col("price") * pl.col("quantity")).filter(busted).sum(),
        lost_fees=pl.col("fee").filter(busted).sum(),
        lost_made=pl.col("quantity").filter(busted & made).sum(),
        first=pl.col("time").filter(~busted).min(),
        last=pl.col("time").filter(~busted).max(),
    )
    joined = orders.join(left, on="order_id", how="left", maintain_order="left")
    filled = (pl.col("filled") - pl.col("lost")).round(8)
    worth = pl.col("average_price") * pl.col("filled") - pl.col("lost_worth")
    changed = {
        "filled": filled,
        "average_price": pl.when(filled > 0).then(worth / filled),
        "maker_quantity": (pl.col("maker_quantity") - pl.col("lost_made")).round(8),
        "fees": (pl.col("fees") - pl.col("lost_fees")).round(6),
        "first_fill": pl.col("first"),
        "last_fill": pl.col("last"),
        "to_first_fill_s": (pl.col("first") - pl.col("created")).dt.total_nanoseconds() / 1e9,
    }
    lost = pl.col("lost").is_not_null()
    return joined.with_columns(
        pl.when(lost).then(value).otherwise(pl.col(name)).alias(name) for name, value in changed.items()
    ).select(orders.columns)


def sent_orders(orders: pl.DataFrame) -> pl.DataFrame:
    """Orders as they were sent: each chain of replaces as one, in order of creation.

    Parameters
    ----------
    orders
        `ORDERS` of one account and session.

    Returns
    -------
    polars.DataFrame
        `order_id` (of the first), `symbol`, `side`, `type`, `state` (of the last), `order` (of the first),
        `created`, `ended`, `last_fill`, `to_first_fill_s`, `queue_ahead` (of the first that rested),
        `quantity` (what the last asked for and earlier ones had filled), `filled`, `average_price` (null
        without a fill), `fees`, `replaces` (how many).
    """
    root: dict[int, int] = {}
    for order, before in orders.sort("order_id").select("order_id", "replaces").iter_rows():
        root[order] = root.get(before, order) if before is not None else order
    chained = orders.sort("created_seq", "order_id").with_columns(
        root=pl.col("order_id").replace_strict(root, return_dtype=pl.Int64),
        paid=pl.col("average_price") * pl.col("filled"),
    )
    filled = pl.col("filled").sum()
    return (
        chained.group_by("root", maintain_order=True)
        .agg(
            pl.col("symbol", "side", "type", "order", "created").first(),
            pl.col("state", "ended").last(),
            pl.col("last_fill").max(),
            pl.col("queue_ahead").drop_nulls().first(),
            to_first_fill_s=(pl.col("first_fill").min() - pl.col("created").first()).dt.total_nanoseconds()
            / 1e9,
            quantity=(pl.col("quantity").last() + filled - pl.col("filled").last()).round(8),
            filled=filled.round(8),
            average_price=pl.when(filled > 0).then(pl.col("paid").sum() / filled),
            fees=pl.col("fees").sum().round(6),
            replaces=pl.len() - 1,
        )
        .rename({"root": "order_id"})
    )


def middles_at(asked: pl.Series, quotes: pl.DataFrame, *, before: bool) -> pl.Series:
    """The middle at each time, null while a side was empty.

    Parameters
    ----------
    asked
        Times in any order; null gives null.
    quotes
        `time` and `mid`, in order.
    before
        Whether a quote of that very time is too late.
    """
    rows = pl.DataFrame({"then": asked.cast(TIME)}).with_row_index("row").sort("then", nulls_last=False)
    known = quotes.select(pl.col("time").alias("then"), "mid")
    found = rows.join_asof(
        known, on="then", strategy="backward", allow_exact_matches=not before, check_sortedness=False
    )
    mid = pl.when(pl.col("then").is_not_null()).then("mid").alias("mid")
    return found.sort("row").select(mid)["mid"]


def slippage(
    orders: pl.DataFrame, quotes: dict[str, pl.DataFrame], tapes: dict[str, pl.DataFrame]
) -> pl.DataFrame:
    """`SLIPPAGE`: s(P - B)/B in basis points against arrival, average and close.

    Parameters
    ----------
    orders
        As `sent_orders` gives them.
    quotes
        By symbol: `time` and `mid`, in order; there is no arrival price of a symbol that is not among them.
    tapes
        By symbol: `TRADES`. Busted trades and those of the account itself are not in the average. Of a symbol
        that is not among them there is neither average nor close.
    """
    found = [SLIPPAGE.empty()]
    traded = orders.filter(pl.col("filled") > 0)
    sign = pl.when(pl.col("side") == "BUY").then(1.0).otherwise(-1.0)
    for symbol in traded["symbol"].unique(maintain_order=True):
        own = traded.filter(pl.col("symbol") == symbol)
        tape = tapes.get(symbol, TRADES.empty()).filter(~pl.col("busted"))
        close = None if tape.is_empty() else float(tape["price"][-1])
        own = own.with_columns(
            arrival=middles_at(own["created"], quotes.get(symbol, NO_MIDS), before=True),
            close=pl.lit(close, pl.Float64),
            **_averages(own, tape),
        )
        against = {
            f"{name}_bp": _BP * sign * (pl.col("average_price") - pl.col(name)) / pl.col(name)
            for name in ("arrival", "vwap", "close")
        }
        found.append(SLIPPAGE.shaped(own.with_columns(**against)))
    return pl.concat(found).sort("created", "order_id")


def _averages(own: pl.DataFrame, tape: pl.DataFrame) -> dict[str, pl.Series]:
    """`vwap` of others' trades and `participation`, from each order's creation to its last fill."""
    others = pl.when(pl.col("own_side").is_null()).then(1.0).otherwise(0.0)
    sums = tape.select(
        pl.col("time"),
        quantity=(others * pl.col("quantity")).cum_sum(),
        value=(others * pl.col("quantity") * pl.col("price")).cum_sum(),
        every=pl.col("quantity").cum_sum(),
    )
    times = sums["time"].cast(pl.Int64)
    first = times.search_sorted(own["created"].cast(pl.Int64), side="left")
    last = times.search_sorted(own["last_fill"].cast(pl.Int64), side="right")
    between: dict[str, pl.Series] = {}
    for name in ("quantity", "value", "every"):
        padded = pl.concat([pl.Series(name, [0.0]), sums[name].cast(pl.Float64)])
        between[name] = padded.gather(last) - padded.gather(first)
    rows = pl.DataFrame(between).with_columns(filled=own["filled"])
    shares = rows.select(
        vwap=pl.when(pl.col("quantity") > 0).then(pl.col("value") / pl.col("quantity")),
        participation=pl.when(pl.col("every") > 0).then(pl.col("filled") / pl.col("every")),
    )
    return {name: shares[name] for name in shares.columns}
