"""What statistics of trading are computed from agrees with the exchange's own books."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.conftest import ROOT
from tests.session.markets import SECOND_NS, flow
from tests.session.test_review import ANN, BOB, venue
from workbench.analytics.breakdowns import DIMENSIONS, breakdowns
from workbench.analytics.execution import Execution
from workbench.analytics.lots import lots_of
from workbench.analytics.summary import summary
from workbench.analytics.trades import Trades
from workbench.domain.config import FIRST_TRADER, Venue
from workbench.domain.records import Records
from workbench.session.recorded import RecordedSession
from workbench.session.review import Review
from workbench.session.review_day import ReviewDay
from workbench.session.review_recording import stored_recording
from workbench.session.scenario import read_scenario

ORDERS = 1_000


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    names = {(ANN, 0): "none"}
    with RecordedSession.create(folder, "flow", venue(), names=names) as session:
        session.step(flow(ORDERS, seed=5))
    rules = read_scenario(ROOT / "data" / "scenarios" / "rule_book.toml")
    with RecordedSession.create(folder, "rules", rules.venue, names=rules.names, zone=rules.zone) as session:
        session.step(rules.commands)
    with RecordedSession.create(folder, "costly", costly(rules.venue), zone=rules.zone) as session:
        session.step(with_another_split(rules.commands))
    return folder


def costly(venue: Venue) -> Venue:
    """The same where borrowing and owing cost, by the minute."""
    acme = replace(venue.instruments[0], borrow_ppm_year=500_000)
    return replace(
        venue, instruments=[acme], accrual_interval_ns=60 * SECOND_NS, debit_interest_ppm_year=300_000
    )


def with_another_split(commands: Records) -> Records:
    """A day's commands, of which the last is a split: before it one of 3 for 7, which leaves fractions."""
    odd = commands[-1:].copy()
    odd["quantity_lots"], odd["display_lots"] = 3, 7
    return np.concatenate([commands[:-1], odd, commands[-1:]])


@pytest.fixture(scope="module", params=["flow", "rules"])
def day(request: pytest.FixtureRequest, root: Path) -> ReviewDay:
    return ReviewDay(stored_recording(request.param, root))


def reviews(day: ReviewDay) -> list[Review]:
    """Of all accounts that traded."""
    every = [Review(day, FIRST_TRADER + number) for number in range(len(day.venue.accounts))]
    return [review for review in every if review.fills().height]


def test_spread_position_fees_borrow_and_other_are_the_net_pnl(day: ReviewDay) -> None:
    known = reviews(day)
    assert len(known) > 1
    for review in known:
        assert_attributed(day, review)


def test_a_day_with_a_borrow_fee_a_dividend_a_liquidation_and_a_split_is_attributed(root: Path) -> None:
    day = ReviewDay(stored_recording("costly", root))
    accounts = {review.about.account: review for review in reviews(day)}
    told = {name: review.trading().execution for name, review in accounts.items()}
    for review in accounts.values():
        assert_attributed(day, review)
    bob, carl = told["bob"], told["carl"]
    assert "LIQUIDATION" in accounts["carl"].orders()["reason"].to_list()
    # Bob is short: he borrows and pays the dividend, and was fined; carl owes money.
    assert bob.account("borrow") > 0
    assert bob.account("dividends") < 0
    assert bob.account("fines") == 500
    assert carl.account("interest") < 0
    for execution in told.values():
        acme = execution.attribution.filter((pl.col("symbol") == "ACME") & (pl.col("liquidity") == "all"))
        account = execution.attribution.row(-1, named=True)
        only = acme.row(0, named=True)
        assert account["total"] == pytest.approx(
            only["total"] + account["interest"] - account["fines"], abs=1e-5
        )
    # 3 new shares for 7 leave fractions: they are paid out, and part of what positions made.
    assert any("CASH_IN_LIEU" in execution.cash["reason"].to_list() for execution in told.values())


def assert_attributed(day: ReviewDay, review: Review) -> None:
    """The parts of an account's PnL are what its equity says, to the cent and beyond."""
    execution = review.trading().execution
    spread, position, fees, borrow, other, total = (
        execution.account(name) for name in ("spread", "position", "fees", "borrow", "other", "total")
    )
    who = review.about.account
    assert total == pytest.approx(review.equity()["pnl"][-1], abs=1e-4), who
    assert spread + position - fees - borrow + other == pytest.approx(total, abs=1e-5), who
    recorded = day.equity.filter(pl.col("account") == who).sort("seq", "time")
    assert fees == pytest.approx(recorded["fees_micros"][-1] / 1e6, abs=1e-5)
    assert other - borrow == pytest.approx(recorded["other_cash_micros"][-1] / 1e6, abs=1e-5)
    dividends, interest, fines = (execution.account(name) for name in ("dividends", "interest", "fines"))
    assert dividends + interest - fines == pytest.approx(other, abs=1e-5)


def test_lots_of_its_fills_realise_what_the_ledger_did(root: Path) -> None:
    day = ReviewDay(stored_recording("flow", root))
    for name, account in (("ann", ANN), ("bob", BOB)):
        review = Review(day, account)
        recorded = day.equity.filter(pl.col("account") == name).sort("seq", "time")
        for method, column in (("fifo", "realised_fifo_micros"), ("average", "realised_average_micros")):
            found = lots_of(review.fills(), method)
            assert found.fills["realised"].sum() == pytest.approx(recorded[column][-1] / 1e6, abs=1e-3)
        trips, own = found.trips, review.round_trips()
        columns = [
            "symbol",
            "side",
            "fills",
            "quantity",
            "entry_quantity",
            "exit_quantity",
            "opened",
            "closed",
        ]
        assert trips.select(columns).rows() == own.select(columns).rows()
        assert trips["fees"].to_list() == pytest.approx(own["fees"].to_list(), abs=1e-5)
        ended = pl.Series(own["result"] != "open")
        assert trips.filter(ended)["gross"].to_list() == pytest.approx(
            own.filter(ended)["gross"].to_list(), abs=1e-4
        )


def test_both_summaries_and_groups_add_up(day: ReviewDay) -> None:
    for review in reviews(day):
        trading = review.trading()
        of_trades = dict(summary(trading.trades).select("statistic", "value").iter_rows())
        of_execution = dict(summary(trading.execution).select("statistic", "value").iter_rows())
        said = dict(review.summary().select("statistic", "value").iter_rows())
        for name in (
            "wins",
            "losses",
            "win_rate",
            "profit_factor",
            "payoff",
            "expectancy",
            "capture",
            "held_wins_s",
        ):
            assert of_trades[name] == pytest.approx(said[name]), name
        for name, other in (
            ("effective_spread_bp", "taker_spread_bp"),
            ("reject_rate", "reject_rate"),
            ("order_fill_rate", "order_fill_rate"),
            ("sent", "orders"),
        ):
            assert of_execution[name] == pytest.approx(said[other]), name
        groups = breakdowns(trading.trades)
        if groups.height:
            sums = groups.group_by("by").agg(pl.col("trades", "wins", "losses", "net").sum())
            assert sums.height == len(DIMENSIONS)
            assert set(sums["trades"]) == {of_trades["trades"]}
            assert sums["net"].to_list() == pytest.approx([of_trades["net_pnl"]] * sums.height)


def test_spreads_and_slippage_are_what_the_fills_say(root: Path) -> None:
    review = Review(ReviewDay(stored_recording("flow", root)), ANN)
    execution = review.trading().execution
    spreads, fills = execution.spreads, review.fills()
    assert spreads.height > 100
    assert (spreads["effective_bp"] - spreads["realised_bp"] - spreads["impact_bp"]).abs().max() < 1e-9  # type: ignore[operator]
    again = spreads.join(fills.select("seq", "spread_bp"), on="seq")
    assert again["effective_bp"].to_list() == pytest.approx(again["spread_bp"].to_list())
    sent = execution.orders
    assert sent["filled"].sum() == pytest.approx(fills["quantity"].sum())
    assert sent["fees"].sum() == pytest.approx(fills["fee"].sum())
    assert execution.slippage.height == sent.filter(pl.col("filled") > 0).height
    assert execution.slippage["participation"].is_between(0, 1).all()
    # A maker at the touch earns half the spread.
    made = execution.fills.filter((pl.col("liquidity") == "maker") & pl.col("capture").is_not_null())
    assert made.height > 50
    assert made["capture"].median() == pytest.approx(1.0)


def test_a_session_beside_itself_counts_twice(root: Path) -> None:
    trading = Review(ReviewDay(stored_recording("flow", root)), ANN).trading()
    trades, execution = Trades.together([trading.trades] * 2), Execution.together([trading.execution] * 2)
    one, two = (
        dict(summary(each).select("statistic", "value").iter_rows()) for each in (trading.trades, trades)
    )
    assert (two["trades"], two["net_pnl"]) == (2 * one["trades"], pytest.approx(2 * one["net_pnl"]))
    assert two["expectancy"] == pytest.approx(one["expectancy"])
    assert execution.account("total") == pytest.approx(2 * trading.execution.account("total"))


def test_refusals_are_breaches(root: Path) -> None:
    day = ReviewDay(stored_recording("rules", root))
    found = pl.concat([review.trading().breaches for review in reviews(day)])
    rejected = sum((review.orders()["state"] == "REJECTED").sum() for review in reviews(day))
    assert rejected > 0
    assert found.filter(pl.col("kind").is_in(["limit", "rejected"]))["orders"].sum() == rejected


def test_who_traded_nothing_has_reasons_and_no_error(root: Path) -> None:
    trading = Review(ReviewDay(stored_recording("flow", root)), 4).trading()
    for found in (summary(trading.trades), summary(trading.execution)):
        assert (found["value"].is_null() == found["reason"].is_not_null()).all()
    assert breakdowns(trading.trades).is_empty()
