"""How far a market has moved from history because somebody traded in it."""

from __future__ import annotations

import numpy as np
import polars as pl

from workbench.domain.codes import Side
from workbench.domain.config import Venue
from workbench.domain.records import Records
from workbench.engine.exchange import Exchange

DEPTH_LEVELS = 10
"""Best levels of each side that are compared."""


def history_venue(venue: Venue) -> Venue:
    """The same instruments with nobody but history in them."""
    return Venue(venue.instruments, bare=True, start_time_ns=venue.start_time_ns)


def divergence_frame(
    exchange: Exchange, history: Exchange, venue: Venue, levels: int = DEPTH_LEVELS
) -> pl.DataFrame:
    """The distance of each instrument to pure history.

    Parameters
    ----------
    exchange
        The market with our orders.
    history
        A bare exchange that has got the same history and nothing else.
    levels
        How many best levels of each side to compare.

    Returns
    -------
    polars.DataFrame
        `symbol`; `orders` and `lots` (how often, and by how many lots in all, a historical message could not
        be applied in full); `mid_ticks` (our middle price less history's, null where either has an empty
        side); `depth_lots` (lots that stand at a price in one book and not in the other, over the best levels
        of both sides, our own resting orders included).
    """
    views = exchange.instruments()
    rows = []
    for number, instrument in enumerate(venue.instruments):
        books = [
            [market.depth(number, side, levels) for side in (Side.BUY, Side.SELL)]
            for market in (exchange, history)
        ]
        middles = [_middle(*book) for book in books]
        mid = None if middles[0] is None or middles[1] is None else middles[0] - middles[1]
        depth = sum(_difference(ours, theirs) for ours, theirs in zip(*books, strict=True))
        rows.append(
            {
                "symbol": instrument.symbol,
                "orders": int(views["divergence_orders"][number]),
                "lots": int(views["divergence_lots"][number]),
                "mid_ticks": mid,
                "depth_lots": depth,
            }
        )
    schema = {
        "symbol": pl.String,
        "orders": pl.Int64,
        "lots": pl.Int64,
        "mid_ticks": pl.Float64,
        "depth_lots": pl.Int64,
    }
    return pl.DataFrame(rows, schema=schema)


def _middle(bids: Records, asks: Records) -> float | None:
    if not len(bids) or not len(asks):
        return None
    return (int(bids["price_ticks"][0]) + int(asks["price_ticks"][0])) / 2


def _difference(ours: Records, theirs: Records) -> int:
    """Sum over prices of the absolute difference in lots."""
    prices = np.concatenate([ours["price_ticks"], theirs["price_ticks"]])
    lots = np.concatenate([ours["quantity_lots"], -theirs["quantity_lots"]])
    _, place = np.unique(prices, return_inverse=True)
    total = np.zeros(len(prices), dtype=np.int64)
    np.add.at(total, place, lots)
    return int(np.abs(total).sum())
