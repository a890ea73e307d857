from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.session.markets import SECOND_NS, START_NS, flow
from workbench.analytics.excursions import excursions
from workbench.analytics.session_days import session_days
from workbench.analytics.summary import summary
from workbench.analytics.tables import REVIEW_TABLES, WHAT_IF_TABLES
from workbench.domain.codes import OrderType, Side
from workbench.domain.commands import new_order, transfer_cash
from workbench.domain.config import Account, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.domain.records import Records
from workbench.engine.exchange import Exchange
from workbench.errors import ConfigError, SessionError, StoreError
from workbench.session import review_books, review_frames
from workbench.session.recorded import RecordedSession
from workbench.session.review import Review
from workbench.session.review_day import ReviewDay
from workbench.session.review_recording import stored_recording
from workbench.session.whatif import HELD_FIXED

ANN, BOB = 2, 3
ORDERS = 2_000
_HELD_PRICE = 12_000


def venue() -> Venue:
    fees = FeeSchedule(maker_bps="-0.2", taker_bps="0.3")
    stocks = [Instrument(symbol, "1", "1000", fees=fees) for symbol in ("ACME", "ZEN")]
    traders = [Account("ann", 1_000_000), Account("bob", 1_000_000), Account("eve", 1_000)]
    return Venue(stocks, traders, start_time_ns=START_NS)


def day_of_orders() -> Records:
    """Random orders of two; in the middle a stop of ann's that is never reached, and money comes and goes."""
    commands = flow(ORDERS, seed=5)
    half = ORDERS // 2
    stop = new_order(
        int(commands["time_ns"][half]),
        ANN,
        0,
        Side.BUY,
        5,
        order_type=OrderType.STOP,
        trigger_price_ticks=_HELD_PRICE,
    )
    paid = [transfer_cash(int(commands["time_ns"][half]), ANN, amount) for amount in (1_000_000, -1_000_000)]
    return np.concatenate([commands[: half + 1], stop, *paid, commands[half + 1 :]])


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    with RecordedSession.create(folder, "monday", venue(), names={(ANN, 0): "none"}) as session:
        session.step(day_of_orders())
    RecordedSession.create(folder, "open", venue()).abandon()
    return folder


@pytest.fixture(scope="module")
def day(root: Path) -> Iterator[ReviewDay]:
    with pytest.MonkeyPatch.context() as patch:
        # Many checkpoints, so that the books are looked at around them.
        patch.setattr(review_books, "PIECE_EVENTS", 256)
        yield ReviewDay(stored_recording("monday", root))


@pytest.fixture(scope="module")
def exchange() -> Exchange:
    made = Exchange(venue())
    made.step(day_of_orders())
    return made


@pytest.mark.parametrize("account", [ANN, BOB])
def test_it_agrees_with_the_exchange_at_the_end(day: ReviewDay, exchange: Exchange, account: int) -> None:
    review, positions = Review(day, account), exchange.positions(account)
    fills, trips, curve = review.fills(), review.round_trips(), review.equity()
    assert fills.height > 300
    assert fills["seq"].is_sorted()
    assert fills["fee"].sum() == pytest.approx(positions["fees_micros"].sum() / 1e6, abs=1e-6)
    assert fills["realised"].sum() == pytest.approx(
        positions["realised_average_micros"].sum() / 1e6, abs=1e-6
    )
    for number, symbol in enumerate(("ACME", "ZEN")):
        mine = fills.filter(pl.col("symbol") == symbol)
        held = positions[positions["instrument"] == number]
        assert mine["position"][-1] == held["position_lots"][0]
        assert mine["quantity"].sum() == held["traded_lots"][0]
    values = exchange.account_values()
    equity = int(values["equity_micros"][values["account"] == account][0]) / 1e6
    assert curve["equity"][-1] == pytest.approx(equity, abs=1e-6)
    assert curve["pnl"][-1] == pytest.approx(equity - 1_000_000, abs=1e-6)
    assert curve["drawdown"].max() == 0
    assert (curve["equity"][0], curve["seq"][0]) == (1_000_000, 0)
    # Round trips and what is unrealised in the open ones make the profit, to the micro.
    assert trips["net"].sum() == pytest.approx(curve["pnl"][-1], abs=1e-5)
    assert trips["fills"].sum() >= fills.height
    assert fills["round_trip"].null_count() == 0
    counted = fills.filter(pl.col("round_trip") == 2).height
    assert trips["fills"][1] in (counted, counted + 1)


def test_excursions_are_those_that_were_recorded(day: ReviewDay) -> None:
    compared = 0
    for account, name in ((ANN, "ann"), (BOB, "bob")):
        rows = review_frames.trip_rows(day, name).filter(pl.col("closed_seq").is_not_null())
        positions = review_frames.position_rows(day, name)
        for number, symbol in enumerate(("ACME", "ZEN")):
            own = rows.filter(pl.col("symbol") == symbol)
            found = excursions(
                review_frames.mark_rows(day, number),
                positions.filter(pl.col("symbol") == symbol),
                own.select("trip", "opened_seq", "closed_seq"),
                1.0,
            )
            for column in ("adverse", "favourable"):
                assert found[column].to_list() == pytest.approx(own[column].to_list(), abs=1e-5)
            compared += found.height
        trips = Review(day, account).round_trips()
        timed = trips.filter(pl.col("mae") < 0)
        assert timed.height
        assert timed["mae_time"].null_count() == 0
        ended = timed.filter(pl.col("closed").is_not_null())
        assert ((ended["mae_time"] >= ended["opened"]) & (ended["mae_time"] <= ended["closed"])).all()
    assert compared > 6


def test_the_book_is_the_exchanges_at_any_instant(day: ReviewDay) -> None:
    review, commands = Review(day, ANN), day_of_orders()
    random = np.random.default_rng(11)
    own = held = 0
    # Forward and back, at the times of commands and between them.
    places = random.permutation(np.linspace(10, len(commands) - 2, 25).astype(int))
    instants = [
        int(commands["time_ns"][place]) + int(random.integers(0, 2)) * SECOND_NS // 8 for place in places
    ]
    # And at the first instants behind checkpoints.
    for at_ns in [*instants, *day.books._first_ns[2:5]]:
        # What follows is a small step back.
        review.book("ACME", at_ns + SECOND_NS)
        there = Exchange(venue())
        there.step(commands[commands["time_ns"] <= at_ns])
        number = int(random.integers(0, 2))
        found = review.book(("ACME", "ZEN")[number], at_ns, levels=4)
        assert found.seq == int(there.counters()["events"][0])
        for frame, side in ((found.bids, Side.BUY), (found.asks, Side.SELL)):
            wanted = there.depth(number, side, 4)
            said = frame.select((pl.col("price") * 100).round(0).cast(pl.Int64), "quantity", "orders")
            assert said.rows() == [tuple(level) for level in wanted.tolist()]
        queue = queued(there, number)
        assert {row["order_id"]: row for row in queue} == {
            row["order_id"]: {name: row[name] for name in queue[0]}
            for row in found.own.filter(pl.col("place") == "book").iter_rows(named=True)
        }
        own += len(queue)
        held += found.own.filter(pl.col("place") == "held").height
        position = there.positions(ANN)
        position = position[position["instrument"] == number]["position_lots"]
        assert found.position == (position[0] if len(position) else 0)
    assert own > 25
    assert held > 3


def queued(exchange: Exchange, number: int) -> list[dict[str, Any]]:
    """Ann's resting orders and what is ahead of them, counted one by one."""
    every = [row for row in exchange.orders(instrument=number) if not row["trigger_price_ticks"]]
    rows = []
    for mine in (row for row in every if row["account"] == ANN):
        ahead = [
            other
            for other in every
            if (other["side"], other["price_ticks"]) == (mine["side"], mine["price_ticks"])
            and other["priority"] < mine["priority"]
        ]
        rows.append(
            {
                "order_id": int(mine["order_id"]),
                "price": float(mine["price_ticks"]) / 100,
                "leaves": float(mine["leaves_lots"]),
                "orders_ahead": len(ahead),
                "quantity_ahead": float(sum(other["leaves_lots"] for other in ahead)),
            }
        )
    return rows


def test_before_the_first_event_the_book_is_empty(day: ReviewDay) -> None:
    found = Review(day, ANN).book("ACME", START_NS - 1)
    assert (found.seq, found.time_ns, found.last_price, found.position) == (0, 0, None, 0.0)
    assert found.bids.is_empty()
    assert found.own.is_empty()


def test_the_tape_shows_the_last_trades_and_whose_they_are(day: ReviewDay) -> None:
    review = Review(day, ANN)
    every, fills = review.trades("ACME"), review.fills().filter(pl.col("symbol") == "ACME")
    assert every.filter(pl.col("own_side").is_not_null()).height == fills["trade_id"].n_unique()
    # Whoever trades with oneself is the taker of it.
    sides = every.join(fills.unique("trade_id", keep="none"), on="trade_id", suffix="_filled")
    assert (sides["own_side"] == sides["side_filled"]).all()
    at_ns = int(every["time"].cast(pl.Int64)[50])
    tape = review.tape("ACME", at_ns, 7)
    assert tape.height == 7
    assert tape["seq"].is_sorted(descending=True)
    assert tape["seq"][0] == every.filter(pl.col("time").cast(pl.Int64) <= at_ns)["seq"].max()


def test_all_tables_have_the_columns_that_are_written_down(day: ReviewDay) -> None:
    for account in (ANN, BOB, 4):
        review = Review(day, account)
        for name, table in REVIEW_TABLES.items():
            call = getattr(review, name)
            frame = call("ZEN") if name in ("candles", "trades") else call()
            assert frame.schema == table.schema, name
            if account == ANN:
                assert frame.height, name
    numbers = {row["statistic"]: row for row in Review(day, 4).summary().iter_rows(named=True)}
    assert numbers["net_pnl"]["value"] == 0
    assert numbers["win_rate"]["value"] is None
    assert numbers["win_rate"]["reason"]
    assert numbers["maker_share"]["reason"] == "nothing was filled"


def test_the_summary_counts_what_the_tables_show(day: ReviewDay) -> None:
    review = Review(day, ANN)
    numbers = dict(review.summary().select("statistic", "value").iter_rows())
    trips, fills, orders = review.round_trips(), review.fills(), review.orders()
    closed = trips.filter(pl.col("closed").is_not_null())
    wins, losses = closed.filter(pl.col("net") > 0)["net"], closed.filter(pl.col("net") < 0)["net"]
    assert numbers["round_trips"] == closed.height == len(wins) + len(losses) + numbers["scratches"]
    assert numbers["win_rate"] == pytest.approx(len(wins) / (len(wins) + len(losses)))
    assert numbers["profit_factor"] == pytest.approx(wins.sum() / -losses.sum())
    assert numbers["expectancy"] == pytest.approx(closed["net"].mean())
    assert numbers["best"] == closed["net"].max()
    assert numbers["turnover"] == pytest.approx(fills["value"].sum())
    assert numbers["fees"] == pytest.approx(fills["fee"].sum(), abs=1e-6)
    assert numbers["max_drawdown"] == review.drawdowns()["depth"].min()
    assert numbers["orders"] == orders.filter(pl.col("replaces").is_null()).height
    assert 0 < numbers["in_market"] <= 1
    assert 0 < numbers["maker_share"] < 1


def test_days_of_a_session_make_its_profit_and_return(day: ReviewDay) -> None:
    review = Review(day, ANN)
    numbers = dict(review.summary().select("statistic", "value").iter_rows())
    days = session_days([review.equity()], review.about.zone)
    assert days.height == 1
    of_days = dict(summary(days).select("statistic", "value").iter_rows())
    assert of_days["net_pnl"] == pytest.approx(numbers["net_pnl"], abs=1e-6)
    assert of_days["total_return"] == pytest.approx(numbers["return"], abs=1e-12)
    again = dict(
        summary(session_days([review.equity()] * 2, review.about.zone)).select("statistic", "value").rows()
    )
    assert again["net_pnl"] == pytest.approx(2 * numbers["net_pnl"], abs=1e-6)


def test_a_review_may_be_asked_from_many_threads(day: ReviewDay) -> None:
    shared, alone = Review(day, ANN), Review(day, ANN)
    times = [START_NS + step * ORDERS * SECOND_NS // 4 // 16 for step in range(1, 16)]

    def look(at_ns: int) -> tuple[Any, ...]:
        found = shared.book("ACME", at_ns)
        return found.seq, found.bids.rows(), found.own.rows(), shared.summary().rows(), shared.fills().rows()

    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(look, times * 3))
    for at_ns, said in zip(times * 3, together, strict=True):
        found = alone.book("ACME", at_ns)
        assert said == (
            found.seq,
            found.bids.rows(),
            found.own.rows(),
            alone.summary().rows(),
            alone.fills().rows(),
        )


def test_without_the_accounts_orders(day: ReviewDay) -> None:
    review = Review(day, ANN)
    found = review.what_if()
    assert review.what_if() is found
    assert (found.account, found.held_fixed, found.identical) == ("ann", HELD_FIXED, False)
    assert found.left_out > 500
    measures = {row["measure"]: row for row in found.accounts.iter_rows(named=True)}
    assert measures["fills"]["recorded"] == review.fills().height
    assert measures["fills"]["what_if"] == 0
    assert measures["net"]["recorded"] == pytest.approx(review.equity()["pnl"][-1])
    # Of others nothing is told but to who may know it.
    assert set(found.accounts["account"]) == set(found.positions["account"]) == {"ann"}
    assert "bob" in set(Review(day, ANN, everybody=True).what_if().accounts["account"])
    for name, table in WHAT_IF_TABLES.items():
        assert getattr(found, name).schema == table.schema
    assert (found.prices["recorded"] != found.prices["what_if"]).any()


def test_what_cannot_be_reviewed_is_refused_with_a_sentence(day: ReviewDay, root: Path) -> None:
    with pytest.raises(SessionError, match="not sealed; seal it with `workbench recover open`"):
        stored_recording("open", root)
    with pytest.raises(StoreError, match="there is no session 'tuesday'"):
        stored_recording("tuesday", root)
    with pytest.raises(ConfigError, match="there is no account 9"):
        Review(day, 9)
    with pytest.raises(ConfigError, match="no candles of '2min'; choose one of 1s"):
        Review(day, ANN).candles("ACME", "2min")
    with pytest.raises(ConfigError, match="OTHER"):
        Review(day, ANN).book("OTHER", START_NS)
