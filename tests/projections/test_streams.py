"""Every projection against the exchange, on streams drawn anew each time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.projections.recordings import WITH_ACCOUNTS, Piece, pieces
from tests.projections.test_trades import assert_lots_are, busted_positions
from tests.twins.streams import PROFILES
from workbench.domain.records import Records
from workbench.engine.reference import ReferenceExchange
from workbench.projections.equity import Equity
from workbench.projections.orders import Orders
from workbench.projections.positions import Positions
from workbench.projections.standings import Standings
from workbench.projections.trades import Trades

GRID_NS = 9_000_000


class Books:
    """All projections of accounts side by side."""

    def __init__(self, name: str) -> None:
        venue = self.venue = WITH_ACCOUNTS[name]
        self.orders, self.trades = Orders(venue, street=True), Trades(venue)
        self.positions, self.equity = Positions(venue), Equity(venue, interval_ns=GRID_NS)
        self.standings = Standings(venue, interval_ns=GRID_NS)
        self.rebuilt: set[tuple[int, int]] = set()

    def apply(self, events: Records) -> None:
        for projection in (self.orders, self.trades, self.positions, self.equity, self.standings):
            projection.apply(events)

    def stop_and_go_on(self) -> None:
        """What a crash and a recovery do."""
        self.orders = Orders.restore(self.venue, self.orders.checkpoint())
        self.trades = Trades.restore(self.venue, self.trades.checkpoint())
        self.positions = Positions.restore(self.venue, self.positions.checkpoint())
        self.equity = Equity.restore(self.venue, self.equity.checkpoint())
        self.standings = Standings.restore(self.venue, self.standings.checkpoint())

    def check(self, piece: Piece) -> None:
        """All that they say is what the exchange says."""
        state = piece.state
        ids = self.orders.orders()["order_id"]
        assert ids.tolist() == sorted(state.orders["order_id"].tolist())
        assert self.orders.orders()["leaves_lots"].sum() == state.orders["leaves_lots"].sum()
        self.rebuilt |= busted_positions(piece.events)
        assert_lots_are(self.trades.lots(), state, self.rebuilt)
        held, told = self.positions.positions(), state.positions
        for name in (
            "position_lots",
            "cost_micros",
            "realised_average_micros",
            "realised_fifo_micros",
            "traded_lots",
        ):
            assert held[name].sum() == told[name].sum()
            assert np.abs(held[name]).sum() == np.abs(told[name]).sum()
        assert self.equity.accounts()["equity_micros"].tolist() == piece.equity_micros
        standings = self.standings.standings()
        worth = dict(zip(standings["account"].tolist(), standings["equity_micros"].tolist(), strict=True))
        assert worth == dict(enumerate(piece.equity_micros[2:], start=2))


@pytest.mark.kernel
@settings(max_examples=settings.default.max_examples // 5)
@given(
    name=st.sampled_from([name for name in WITH_ACCOUNTS if name != "deep"]),
    profile=st.sampled_from(PROFILES),
    seed=st.integers(0, 10**9),
    data=st.data(),
)
def test_all_projections_say_what_the_exchange_says(
    name: str, profile: str, seed: int, data: st.DataObject
) -> None:
    books = Books(name)
    for piece in pieces(ReferenceExchange(WITH_ACCOUNTS[name]), profile, seed, 120):
        books.apply(piece.events)
        books.check(piece)
        if data.draw(st.integers(0, 9)) == 0:
            books.stop_and_go_on()
            books.check(piece)
