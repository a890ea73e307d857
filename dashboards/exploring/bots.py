"""What a bot's own client library tells, as tables that the figures take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

_TIME = pl.Datetime("ns", "UTC")


def alpaca_fills(orders: Iterable[Any]) -> pl.DataFrame:
    """Orders of alpaca-py that traded: `time`, `side`, `price` (the average), `quantity`.

    Alpaca does not tell whether an order rested in the book, nor when one that was cancelled had traded: its
    time is that of its end.
    """
    rows = [
        (
            order.filled_at or order.updated_at,
            order.side.value,
            float(order.filled_avg_price),
            float(order.filled_qty),
        )
        for order in orders
        if float(order.filled_qty)
    ]
    schema: dict[str, Any] = {"time": _TIME, "side": pl.String, "price": pl.Float64, "quantity": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("time")


def alpaca_trades(trades: Iterable[Any]) -> pl.DataFrame:
    """Trades of alpaca-py: `time`, `price`, `quantity`."""
    rows = [(each.timestamp, float(each.price), float(each.size)) for each in trades]
    schema: dict[str, Any] = {"time": _TIME, "price": pl.Float64, "quantity": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")
