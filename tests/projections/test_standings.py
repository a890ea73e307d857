"""The leaderboard against what its parts and the events say."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from tests.projections.recordings import CASES, VENUES, recorded
from workbench.domain import commands as make
from workbench.domain.codes import EventKind, Side
from workbench.domain.config import Account, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import FILL_EVENT
from workbench.engine.reference import ReferenceExchange
from workbench.projections.standings import Standings
from workbench.projections.trades import Trades

ANN, BOB, CARL, DAN = 2, 3, 4, 5
FILLS = (EventKind.ORDER_PARTIALLY_FILLED, EventKind.ORDER_FILLED)
COUNTED = {
    "orders": EventKind.ORDER_CREATED,
    "rejections": EventKind.ORDER_REJECTED,
    "cancels": EventKind.ORDER_CANCELED,
    "replaces": EventKind.ORDER_REPLACED,
    "breaches": EventKind.LIMIT_BREACHED,
    "margin_calls": EventKind.MARGIN_CALL,
    "liquidations": EventKind.LIQUIDATION,
}


@pytest.mark.kernel
@pytest.mark.parametrize(("venue", "profile"), CASES)
def test_standings_are_what_events_and_exchange_say(
    venue: str, profile: str, scaled: Callable[[int], int]
) -> None:
    recording = recorded(venue, profile, 0, scaled(400))
    events, last = recording.events, recording.pieces[-1]
    projection, trades = Standings(recording.venue), Trades(recording.venue)
    projection.apply(events)
    trades.apply(events)
    trips = trades.take_round_trip_records()
    standings = projection.standings()
    assert sorted(standings["account"].tolist()) == list(range(2, 2 + len(recording.venue.accounts)))
    values = {(t["account"], t["instrument"]): t for t in last.state.positions}
    for row in standings:
        account = int(row["account"])
        mine = events[events["account"] == account]
        kinds = Counter(mine["kind"].tolist())
        for name, kind in COUNTED.items():
            assert row[name] == kinds[kind]
        refusals = (EventKind.CANCEL_REJECTED, EventKind.REPLACE_REJECTED, EventKind.COMMAND_REJECTED)
        assert row["refusals"] == sum(kinds[kind] for kind in refusals)
        fills = mine[np.isin(mine["kind"], FILLS)].view(FILL_EVENT)
        assert (row["fills"], row["traded_lots"]) == (len(fills), fills["last_quantity_lots"].sum())
        assert row["notional_micros"] == sum(
            int(recording.venue.instruments[fill["instrument"]].value * int(fill["last_price_ticks"])
            * int(fill["last_quantity_lots"]))
            for fill in fills
        )  # fmt: skip
        assert row["equity_micros"] == last.equity_micros[account]
        assert row["suspended"] == last.state.accounts["state"][account]
        net = trips["net_micros"][trips["account"] == account]
        counts = [np.count_nonzero(net > 0), np.count_nonzero(net < 0), np.count_nonzero(net == 0)]
        assert [row["wins"], row["losses"], row["scratches"]] == counts
        start = recording.venue.accounts[account - 2].cash_micros
        assert (
            row["pnl_micros"]
            == row["equity_micros"] - start - row["deposits_micros"] + row["withdrawals_micros"]
        )
        fifo = sum(each["realised_fifo_micros"] for key, each in values.items() if key[0] == account)
        assert row["realised_fifo_micros"] == fifo
    assert (np.diff(standings["pnl_micros"]) <= 0).all()


@pytest.mark.kernel
def test_equal_results_share_a_rank() -> None:
    names = ("ann", "bob", "carl", "dan")
    venue = Venue([Instrument("ONE", "1", "100")], [Account(name, cash=1_000) for name in names])
    projection = Standings(venue)
    assert projection.standings()["rank"].tolist() == [1, 1, 1, 1]
    commands = [
        make.new_order(1, BOB, 0, Side.SELL, 2, 1_000),
        make.new_order(2, DAN, 0, Side.BUY, 2, 1_000),
        make.new_order(3, DAN, 0, Side.SELL, 2, 1_100),
        make.new_order(4, BOB, 0, Side.BUY, 2, 1_100),
        make.transfer_cash(5, BOB, 500_000_000),
    ]
    projection.apply(ReferenceExchange(venue).step(make.batch(commands)))
    table = pl.DataFrame(projection.table())
    assert table["account"].to_list() == ["dan", "ann", "carl", "bob"]
    assert table["rank"].to_list() == [1, 2, 2, 4]
    assert table["pnl_micros"].to_list() == [2_000_000, 0, 0, -2_000_000]
    assert table["win_rate"].to_list() == [1.0, None, None, 0.0]
    assert table["max_drawdown_micros"].to_list() == [0, 0, 0, -2_000_000]


@pytest.mark.kernel
def test_nobody_stands_anywhere_in_a_bare_venue() -> None:
    projection = Standings(VENUES["bare"])
    projection.apply(recorded("bare", "day", 0, 100).events)
    assert len(projection.standings()) == 0
    assert projection.table().num_rows == 0
