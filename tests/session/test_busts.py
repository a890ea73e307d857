"""A stored session with busts: its review and its tables are those of a session without the busted trades."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import workbench
from tests.session.markets import SECOND_NS, START_NS, flow
from workbench.domain.codes import EventKind, Side
from workbench.domain.commands import bust_trade, new_order
from workbench.domain.config import Account, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.domain.records import TRADE_EVENT, Records
from workbench.engine.exchange import Exchange
from workbench.projections.prints import of_kind
from workbench.session.recorded import RecordedSession
from workbench.session.review import Review
from workbench.session.review_day import ReviewDay
from workbench.session.review_recording import stored_recording

ANN, BOB, EVE = 2, 3, 4
EVE_LOTS, WRONG_TICKS = 40, 300


def venue() -> Venue:
    fees = FeeSchedule(maker_bps="-0.2", taker_bps="0.3")
    stocks = [Instrument(symbol, "1", "1000", fees=fees) for symbol in ("ACME", "ZEN")]
    traders = [Account(name, 1_000_000) for name in ("ann", "bob", "eve")]
    return Venue(stocks, traders, start_time_ns=START_NS, kept_trades=50_000)


class Day(NamedTuple):
    """A stored day, its events, and the trades that were busted in it."""

    root: Path
    ids: list[int]
    events: Records


def mistakes(time_ns: int) -> Records:
    """Eve sells far below the market in an instrument of which nobody else has orders at such prices."""
    return np.concatenate(
        [
            new_order(time_ns, BOB, 1, Side.BUY, EVE_LOTS, WRONG_TICKS),
            new_order(time_ns, EVE, 1, Side.SELL, EVE_LOTS, WRONG_TICKS),
        ]
    )


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """Random orders in ACME; in ZEN only the mistake; some latest trades of ACME are busted too."""
    root = tmp_path_factory.mktemp("busts")
    commands = flow(1_200, seed=6)
    commands = commands[commands["instrument"] != 1]
    half = len(commands) // 2
    first, rest = commands[:half], commands[half:]
    with RecordedSession.create(root, "monday", venue()) as session:
        began = session.step(first)
        wrong = session.step(mistakes(int(first["time_ns"][-1])))
        last = int(rest["time_ns"][-1])
        later = session.step(rest)
        (mistake,) = of_kind(wrong, EventKind.TRADE).view(TRADE_EVENT)["trade_id"].tolist()
        trades = of_kind(later, EventKind.TRADE).view(TRADE_EVENT)["trade_id"].tolist()
        ids = [mistake, *trades[-30::7]]
        busts = session.step(np.concatenate([bust_trade(last + SECOND_NS, each) for each in ids]))
        assert len(of_kind(busts, EventKind.TRADE_BUSTED)) == len(ids)
        events = np.concatenate([began, wrong, later, busts])
    return Day(root, sorted(ids), events)


def test_a_review_has_busted_trades_marked_and_nowhere_else(day: Day) -> None:
    whole = ReviewDay(stored_recording("monday", day.root))
    eve, bob, ann = (Review(whole, account) for account in (EVE, BOB, ANN))
    (fill,) = eve.fills().iter_rows(named=True)
    assert (fill["busted"], fill["trade_id"], fill["quantity"]) == (True, day.ids[0], EVE_LOTS)
    assert (fill["position"], fill["realised"], fill["round_trip"]) == (None, None, None)
    for empty in (eve.round_trips(), eve.markouts(), eve.drawdowns()):
        assert empty.height == 0
    assert eve.equity()["pnl"].unique().to_list() == [0.0]
    value = dict(eve.summary().select("statistic", "value").iter_rows())
    assert value["fills"] == 0
    assert eve.candles("ZEN", "1s").height == eve.candles("ZEN", "1d").height == 0
    assert eve.trades("ZEN")["busted"].to_list() == [True]
    assert eve.book("ZEN", whole.end_ns).last_price is None
    told = eve.instruments().row(by_predicate=pl.col("symbol") == "ZEN", named=True)
    assert (told["trades"], told["volume"], told["fills"]) == (0, 0.0, 0)
    # Whoever was on the other side of them too: the books are the exchange's, without the trades.
    for review in (bob, ann):
        fills = review.fills()
        standing = fills.filter(~pl.col("busted"))
        assert set(fills.filter("busted")["trade_id"]) <= set(day.ids)
        assert 0 < standing.height < fills.height
        assert standing["round_trip"].null_count() == standing["position"].null_count() == 0
        assert set(review.markouts()["seq"]) == set(standing["seq"])
        curve, trips = review.equity(), review.round_trips()
        assert trips["net"].sum() == pytest.approx(curve["pnl"][-1], abs=1e-5)
        assert trips.filter(pl.col("symbol") == "ZEN").height == 0
        assert standing["fee"].sum() == pytest.approx(curve["fees"][-1], abs=1e-6)


def test_a_review_of_busts_agrees_with_the_exchange_at_the_end(day: Day) -> None:
    whole = ReviewDay(stored_recording("monday", day.root))
    exchange = Exchange(venue())
    exchange.step(stored_recording("monday", day.root).commands())
    for account in (ANN, BOB, EVE):
        curve = Review(whole, account).equity()
        values, held = exchange.account_values(), exchange.positions(account)
        equity = int(values["equity_micros"][values["account"] == account][0]) / 1e6
        assert curve["equity"][-1] == pytest.approx(equity, abs=1e-6)
        standing = Review(whole, account).fills().filter(~pl.col("busted"))
        assert standing["quantity"].sum() == held["traded_lots"].sum()
        assert standing["realised"].sum() == pytest.approx(
            held["realised_average_micros"].sum() / 1e6, abs=1e-6
        )
        # The lowest of it never stood where the mistake would have put it.
        assert curve["equity"].min() > 1_000_000 - EVE_LOTS * WRONG_TICKS / 100


def test_sql_readers_see_which_trades_were_busted_and_candles_without_them(day: Day) -> None:
    with workbench.connect(day.root) as database:
        busted = database.sql("SELECT trade_id FROM trades WHERE busted ORDER BY trade_id").fetchall()
        assert [each for (each,) in busted] == day.ids
        count = database.sql("SELECT count(*) FROM trades").fetchall()
        assert count == [(len(of_kind(day.events, EventKind.TRADE)),)]
        told = database.sql(
            "SELECT trade_id, symbol, price, quantity FROM busts ORDER BY trade_id"
        ).fetchall()
        assert [each[0] for each in told] == day.ids
        assert told[0][1:] == ("ZEN", WRONG_TICKS / 100, EVE_LOTS)
        review = Review(ReviewDay(stored_recording("monday", day.root)), ANN)
        for interval in ("1s", "1min", "1h", "1d"):
            rows = database.sql(
                f"""SELECT time, open, high, low, close, volume, trades FROM candles
                WHERE interval = '{interval}' AND symbol = 'ACME' ORDER BY time"""
            ).pl()
            expected = review.candles("ACME", interval).select(rows.columns)
            assert rows["time"].to_physical().to_list() == expected["time"].to_physical().to_list()
            assert_frame_equal(rows.drop("time"), expected.drop("time"), check_dtypes=False)
        assert database.sql("SELECT time FROM candles WHERE symbol = 'ZEN'").fetchall() == []
