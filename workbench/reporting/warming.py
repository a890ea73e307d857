"""What each report would have to do first, done once before kernels are forked."""

from __future__ import annotations

import numpy as np

from workbench.domain.config import Account, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import EVENT
from workbench.projections.candles import Candles
from workbench.projections.equity import Equity
from workbench.projections.mark_paths import MarkPaths
from workbench.projections.orders import Orders
from workbench.projections.positions import Positions
from workbench.projections.trades import Trades
from workbench.reporting.version import sources
from workbench.session.review_books import Books


def warm() -> None:
    """Load the compiled projections, without a thread of any library: their frames are not made here.

    And hash the sources, so that kernels are called what they were forked from.
    """
    venue = Venue([Instrument("A", "1", "2")], [Account("a", cash=1)])
    nothing = np.zeros(0, dtype=EVENT)
    books = Books(venue)
    for fold in (
        Candles(venue, "UTC"),
        Trades(venue),
        Positions(venue),
        Equity(venue),
        MarkPaths(venue),
        Orders(venue),
    ):
        fold.apply(nothing)
    books.take(nothing)
    books.finish()
    sources()
