"""All stored tables: what the Parquet under a session's folder holds."""

from __future__ import annotations

from workbench.journal.account_tables import CLOSED_LOTS, EQUITY, ORDERS, POSITIONS, ROUND_TRIPS
from workbench.journal.columns import NAME, SESSION, TIME, Column, Table
from workbench.journal.market_tables import BUSTS, CANDLES, EVENTS, INTERVALS, QUOTES, TRADES

__all__ = [
    "BUSTS",
    "CANDLES",
    "EVENTS",
    "INTERVALS",
    "NAME",
    "QUOTES",
    "SESSION",
    "TABLES",
    "TIME",
    "TRADES",
    "Column",
    "Table",
]

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        TRADES,
        BUSTS,
        QUOTES,
        CANDLES,
        ORDERS,
        POSITIONS,
        EQUITY,
        ROUND_TRIPS,
        CLOSED_LOTS,
        EVENTS,
    )
}
"""All stored tables by name."""
