"""Days with splits, busts, dividends and borrowing: reviews agree with the exchange that ran them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
import pytest

from tests.session.markets import SECOND_NS, START_NS, flow
from tests.session.test_review_trading import assert_attributed
from workbench.domain.codes import EventKind
from workbench.domain.commands import batch, bust_trade, clock, dividend, split
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

TRADERS = (2, 3)
RATIOS = ((3, 2), (1, 3), (5, 1), (2, 3))
"""New and old lots of each instrument's splits, one after the other; prices stay within 40 and 200."""


def venue() -> Venue:
    fees = FeeSchedule(maker_bps="-0.2", taker_bps="0.3")
    stocks = [
        Instrument(symbol, "1", "1000", fees=fees, borrow_ppm_year=900_000) for symbol in ("ACME", "ZEN")
    ]
    return Venue(
        stocks,
        [Account(name, 1_000_000) for name in ("ann", "bob")],
        start_time_ns=START_NS,
        accrual_interval_ns=60 * SECOND_NS,
        debit_interest_ppm_year=500_000,
        kept_trades=50_000,
    )


class Day(NamedTuple):
    """A day, and the exchange that ran it."""

    review: ReviewDay
    exchange: Exchange
    busts: int
    splits: int


@pytest.fixture(scope="module", params=[1, 2, 3])
def day(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Day:
    """Random orders around one value, and among them splits, dividends, clocks, and busts of late trades."""
    root = tmp_path_factory.mktemp("splits")
    draw = np.random.default_rng(request.param)
    pieces: list[Records] = []
    became = np.ones(2)
    with RecordedSession.create(root, "day", venue()) as session:

        def step(*commands: Records) -> Records:
            pieces.append(session.step(batch([*commands])))
            return pieces[-1]

        for at, part in enumerate(np.array_split(flow(1_200, seed=request.param), 8)):
            part["price_ticks"] = np.rint(part["price_ticks"] / became[np.maximum(part["instrument"], 0)])
            now = int(part["time_ns"][-1])
            traded = of_kind(step(part), EventKind.TRADE).view(TRADE_EVENT)["trade_id"]
            step(clock(now), dividend(now, int(draw.integers(2)), int(draw.integers(1, 50_000))))
            step(*(bust_trade(now, int(each)) for each in draw.choice(traded, 3, replace=False)))
            new, old = RATIOS[at // 2]
            step(split(now, at % 2, new, old))
            became[at % 2] *= new / old
            # One of before the split: refused, unless both have been flat since.
            step(bust_trade(now, int(traded[0])))
    events = np.concatenate(pieces)
    recording = stored_recording("day", root)
    exchange = Exchange(venue())
    exchange.step(recording.commands())
    kinds = [len(of_kind(events, kind)) for kind in (EventKind.TRADE_BUSTED, EventKind.INSTRUMENT_SPLIT)]
    return Day(ReviewDay(recording), exchange, *kinds)


def test_reviews_of_splits_and_busts_agree_with_the_exchange(day: Day) -> None:
    assert day.busts > 3
    assert day.splits == 8
    values = day.exchange.account_values()
    for account in TRADERS:
        review = Review(day.review, account)
        equity = int(values["equity_micros"][values["account"] == account][0]) / 1e6
        assert review.equity()["equity"][-1] == pytest.approx(equity, abs=1e-6)
        assert_attributed(day.review, review)
        execution = review.trading().execution
        assert {"CASH_IN_LIEU", "DIVIDEND", "BORROW_COST"} <= set(execution.cash["reason"])
        held = day.exchange.positions(account)
        trips = review.round_trips()
        # What trades made is what the exchange has realised and what is open at its marks, less fees.
        other = execution.account("other") - execution.account("borrow")
        assert trips["net"].sum() == pytest.approx(review.equity()["pnl"][-1] - other, abs=1e-4)
        assert trips["fees"].sum() == pytest.approx(held["fees_micros"].sum() / 1e6, abs=1e-5)
        assert execution.inventory["end"].sum() == held["position_lots"].sum()


def test_trades_across_splits_are_within_their_own_extremes(day: Day) -> None:
    for account in TRADERS:
        rows = Review(day.review, account).trading().trades.rows
        across = rows.filter(pl.col("gross").abs() > 0)
        assert across.height > 3
        for name in ("entry_efficiency", "exit_efficiency"):
            assert rows[name].drop_nulls().is_between(0, 1).all()
        assert (rows["mae"] <= rows["gross"] + 1e-6).all()
        assert (rows["mfe"] >= rows["gross"] - 1e-6).all()
        # Of a long one (hi - entry) + (exit - lo) is hi - lo and what it made: small, as the market moved.
        sign = pl.when(pl.col("side") == "BUY").then(1.0).otherwise(-1.0)
        beyond = pl.col("entry_efficiency") + pl.col("exit_efficiency") - 1
        made = sign * (pl.col("exit_price") - pl.col("entry_price"))
        ranges = rows.filter(beyond.abs() > 1e-6).select(made / beyond / pl.col("entry_price")).to_series()
        assert len(ranges) > 3
        assert ranges.is_between(0, 0.05).all()
        # The market moves by some ticks: no mark of after a split ever met a position of before it.
        worth = rows["quantity"] * rows["entry_price"]
        assert (rows["mae"].abs() < 0.01 * worth + 1).all()
        assert (rows["mfe"] < 0.01 * worth + 1).all()
