"""What recorded order flow consists of: its messages, and how long orders lived and how they ended."""

from __future__ import annotations

import polars as pl

from workbench.analytics.columns import Table, number, text, time, units, whole
from workbench.domain.codes import CommandKind, Side
from workbench.feed.history import FROM_SOURCE, History

MESSAGES = Table(
    "messages",
    "One row for each kind of message that the source has, the most frequent first",
    (
        text(
            "message",
            "new order, replace, cancel (of all or a part), execution, or hidden execution (against "
            "liquidity that the book never showed)",
        ),
        whole("count", "count", "How many there are"),
        number("share", "share", "Of all of them"),
    ),
)

ORDER_LIVES = Table(
    "order_lives",
    "One row for each order that a message of the source entered, in that order",
    (
        whole("order", "id", "The source's id"),
        text("side", "BUY or SELL"),
        time("entered", "When it came"),
        time("ended", "When it ended; null while it is open, and where its end was out of the source's view"),
        number("lived_s", "s", "Seconds between the two; null where it has no end"),
        units("quantity", "What it came with"),
        units("executed", "What of it traded"),
        text(
            "outcome",
            "executed, executed in part (the rest was cancelled), cancelled, replaced, or unknown (open at "
            "the end, or gone out of view)",
        ),
    ),
)

_UTC = pl.Datetime("ns", "UTC")
_NS = 1e9
_ENDS = (CommandKind.CANCEL_ORDER, CommandKind.EXECUTE_ORDER, CommandKind.REPLACE_ORDER)


def messages(history: History) -> pl.DataFrame:
    """`MESSAGES` of a source.

    A row that became several commands is one message, and what the reader added is none.
    """
    named = pl.col("order") != 0
    rows = _rows(history).filter(pl.col("origin") == FROM_SOURCE).unique("row", keep="first")
    kinds = rows.select(
        message=pl.when(pl.col("kind") == CommandKind.NEW_ORDER)
        .then(pl.lit("new order"))
        .when(pl.col("kind") == CommandKind.REPLACE_ORDER)
        .then(pl.lit("replace"))
        .when(pl.col("kind") == CommandKind.CANCEL_ORDER)
        .then(pl.lit("cancel"))
        .when(pl.col("kind") == CommandKind.EXECUTE_ORDER)
        .then(pl.when(named).then(pl.lit("execution")).otherwise(pl.lit("hidden execution")))
    ).drop_nulls()
    counts = (
        kinds.group_by("message").agg(count=pl.len()).sort(["count", "message"], descending=[True, False])
    )
    return MESSAGES.shaped(counts.with_columns(share=pl.col("count") / pl.col("count").sum()))


def order_lives(history: History) -> pl.DataFrame:
    """`ORDER_LIVES` of a source.

    A replaced order ends, and its successor is an order of its own. An order that the reader took out of the
    book because a later book row no longer has it, ended at a time that nobody knows.
    """
    rows = _rows(history)
    successor = pl.when(pl.col("successor") != 0).then(pl.col("successor")).otherwise(pl.col("order"))
    new = rows.filter(
        (pl.col("origin") == FROM_SOURCE)
        & pl.col("kind").is_in([CommandKind.NEW_ORDER, CommandKind.REPLACE_ORDER])
    ).select(
        pl.when(pl.col("kind") == CommandKind.REPLACE_ORDER)
        .then(successor)
        .otherwise(pl.col("order"))
        .alias("order"),
        "side",
        entered="time",
        quantity="lots",
    )
    traded, cancelled = (
        pl.col("lots").filter(pl.col("kind") == kind).sum()
        for kind in (CommandKind.EXECUTE_ORDER, CommandKind.CANCEL_ORDER)
    )
    whole_cancel = (pl.col("kind") == CommandKind.CANCEL_ORDER) & (pl.col("lots") == 0)
    moved = (pl.col("kind") == CommandKind.REPLACE_ORDER) & (pl.col("successor") != 0)
    ends = (
        rows.filter(pl.col("kind").is_in(_ENDS) & (pl.col("order") != 0))
        .group_by("order")
        .agg(
            executed=traded,
            reduced=cancelled,
            cancel=whole_cancel.any(),
            replaced=moved.any(),
            seen=(pl.col("origin") == FROM_SOURCE).last(),
            last=pl.col("time").last(),
        )
    )
    lives = (
        new.unique("order", keep="first", maintain_order=True)
        .join(ends, on="order", how="left", maintain_order="left")
        .with_columns(pl.col("executed", "reduced").fill_null(0))
    )
    over = (
        pl.col("cancel") | pl.col("replaced") | (pl.col("executed") + pl.col("reduced") >= pl.col("quantity"))
    )
    known = (over & pl.col("seen")).fill_null(value=False)
    outcome = (
        pl.when(~known)
        .then(pl.lit("unknown"))
        .when(pl.col("replaced"))
        .then(pl.lit("replaced"))
        .when(pl.col("executed") >= pl.col("quantity"))
        .then(pl.lit("executed"))
        .when(pl.col("executed") > 0)
        .then(pl.lit("executed in part"))
        .otherwise(pl.lit("cancelled"))
    )
    ended = pl.when(known).then(pl.col("last"))
    lot = float(history.instrument.lot_size)
    made = lives.with_columns(
        pl.col("quantity", "executed") * lot,
        side=pl.when(pl.col("side") == Side.BUY).then(pl.lit("BUY")).otherwise(pl.lit("SELL")),
        ended=ended,
        lived_s=(ended - pl.col("entered")).dt.total_nanoseconds() / _NS,
        outcome=outcome,
    )
    return ORDER_LIVES.shaped(made)


def _rows(history: History) -> pl.DataFrame:
    found = history.commands
    return pl.DataFrame(
        {
            "row": history.rows,
            "time": pl.Series(found["time_ns"].copy()).cast(_UTC),
            "kind": found["kind"].copy(),
            "side": found["side"].copy(),
            "order": found["client_order_id"].copy(),
            "successor": found["new_client_order_id"].copy(),
            "lots": found["quantity_lots"].copy(),
            "origin": history.origins,
        }
    )
