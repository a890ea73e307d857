"""What projections give is what the store takes: one set of columns, held in both places."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from workbench.domain.config import Account, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import EVENT
from workbench.journal.tables import INTERVALS, TABLES
from workbench.projections.candles import INTERVALS_NS, Candles
from workbench.projections.equity import Equity
from workbench.projections.event_rows import event_rows
from workbench.projections.orders import Orders
from workbench.projections.positions import Positions
from workbench.projections.prints import MarketQuotes, MarketTrades, bust_rows
from workbench.projections.trades import Trades

VENUE = Venue([Instrument("ONE", "1", "2")], [Account("ann", 100)])


def rows() -> dict[str, pa.Table]:
    """No rows of each table, from the projection that makes them."""
    return {
        "trades": MarketTrades(VENUE).take_rows(),
        "busts": bust_rows(np.zeros(0, dtype=EVENT), VENUE),
        "quotes": MarketQuotes(VENUE).take_rows(),
        "candles": Candles(VENUE).take_rows("1min"),
        "events": event_rows(np.zeros(0, dtype=EVENT)),
        "orders": Orders(VENUE).take_rows(),
        "round_trips": Trades(VENUE).take_round_trips(),
        "closed_lots": Trades(VENUE).take_closed_lots(),
        "positions": Positions(VENUE).take_rows(),
        "equity": Equity(VENUE).take_rows(),
    }


def test_every_table_is_made_by_a_projection() -> None:
    assert set(rows()) == set(TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_columns_are_those_that_are_stored(table: str) -> None:
    made, stored = rows()[table].schema, TABLES[table].schema
    assert [(field.name, field.type) for field in made] == [(field.name, field.type) for field in stored]


def test_candles_are_stored_at_the_intervals_they_are_made_at() -> None:
    assert dict(INTERVALS_NS) == INTERVALS
