"""One strategy object in a backtest, in a live session and over the API decides the same on the same data."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from pathlib import Path

import polars as pl
import pytest

from tests.api.served import serving
from tests.studies.conftest import SAMPLE
from tests.studies.examples import CompiledCross, Cross
from workbench.client import Client
from workbench.domain.codes import SessionState
from workbench.errors import ConfigError
from workbench.identity.roles import Role
from workbench.session.live.session import LiveSession
from workbench.studies.backtest import backtest
from workbench.studies.client_run import run_client
from workbench.studies.live_run import run_live
from workbench.studies.strategy import Strategy

UNTIL = "09:38"
TEXT = f"""
title = "Eight recorded minutes"

[history]
files = ["{SAMPLE}"]
mode = "frozen"
until = "{UNTIL}"

[seats]
count = 4
cash = 1_000_000

[live]
epoch = "sim"
speed = 120
close = "16:00"
"""


class Often(Cross):
    bars = "10s"

    def on_start(self, desk):
        super().on_start(desk)
        LISTENING[0].set()


class OftenCompiled(CompiledCross):
    bars = "10s"

    def on_start(self, desk):
        super().on_start(desk)
        LISTENING[1].set()


class Listens(Strategy):
    """Keeps all that it is told of the market; what it asks for depends on quotes alone."""

    bars = "10s"
    timer = "7s"

    def on_start(self, desk):
        self.told = []
        self.quotes = 0
        LISTENING[2].set()

    def on_quote(self, desk, quote):
        self.told.append(quote)
        self.quotes += 1
        if self.quotes % 20 == 0:
            place, ticks = (
                (desk.buy, quote.bid_price_ticks) if self.quotes % 40 else (desk.sell, quote.ask_price_ticks)
            )
            place(1 + self.quotes % 3, ticks, post_only=bool(self.quotes % 60))
        elif self.quotes % 20 == 10 and desk.next_order > 1:
            desk.cancel(desk.next_order - 1)

    def on_trade(self, desk, trade):
        self.told.append((trade, desk.quote[1:]))

    def on_bar(self, desk, bar):
        self.told.append((bar, desk.quote[1:]))

    def on_timer(self, desk, time_ns):
        # A session begins some time before its data.
        if self.quotes:
            self.told.append((time_ns, desk.quote[1:]))


LISTENING = [threading.Event(), threading.Event(), threading.Event()]
"""Set once a strategy has been started, which is when whoever runs it listens already."""


@pytest.fixture(scope="module")
def strategies():
    return [Often(2, 5), OftenCompiled(2, 5), Listens()]


@pytest.fixture(scope="module")
def backtests(strategies, harbor):
    found = [backtest(strategy, harbor, until=UNTIL, equity_every="") for strategy in strategies]
    assert found[0].decisions.height >= 6
    assert found[1].decisions.equals(found[0].decisions)
    assert found[2].decisions.height >= 100
    return found, strategies[2].told


def together(runs, listening, start):
    """What each run gives; the market starts once all of them listen."""
    found, errors = {}, []

    def work(place, run):
        try:
            found[place] = run()
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=work, args=each) for each in enumerate(runs)]
    for thread in threads:
        thread.start()
    for each in listening:
        assert each.wait(240) or errors
    start()
    for thread in threads:
        thread.join(600)
        assert not thread.is_alive()
    assert not errors
    return [found[place] for place in range(len(runs))]


def listening():
    """What is set once both are started anew."""
    for each in LISTENING:
        each.clear()
    return LISTENING


def check(followed, backtests, told):
    outcomes, told_there = backtests
    assert len(told) > 1_500
    assert told == told_there
    for one, outcome in zip(followed, outcomes, strict=True):
        # Moment, what was told, side, quantity, price (0: at the market), and whether post-only.
        assert one.decisions.rows() == outcome.decisions.rows()
        said = f"{len(one.fills)} fills of {one.decisions.height} requests, {len(one.refused)} refused"
        assert said in str(one)
    for one, outcome in zip(followed[:2], outcomes, strict=False):
        # However late an order comes on a busy machine, the market is open and there is enough in its book;
        # but it meets other quantities there, so that one fill may be two.
        filled = outcome.fills.group_by("order", "side", maintain_order=True).agg(pl.col("quantity").sum())
        ours = pl.DataFrame(
            [(fill.order, fill.side.name.lower(), fill.quantity_lots) for fill in one.fills],
            ["order", "side", "quantity"],
            orient="row",
        )
        assert len(filled) >= 6
        assert ours.group_by("order", "side", maintain_order=True).sum().rows() == filled.rows()


@pytest.mark.slow
def test_in_a_live_session(strategies, backtests, tmp_path: Path):
    session = LiveSession.create(tmp_path, "live", TEXT)
    try:
        seats = [session.join_and_wait(f"{name}@school", name) for name in ("ann", "bob", "cat")]
        runs = [
            lambda strategy=strategy, seat=seat: run_live(
                strategy, session, seat.account, "HARBOR", until=UNTIL
            )
            for strategy, seat in zip(strategies, seats, strict=True)
        ]
        followed = together(runs, listening(), lambda: session.move_and_wait(SessionState.OPEN))
        check(followed, backtests, strategies[2].told)
    finally:
        session.close_and_wait()


@pytest.mark.slow
def test_over_the_api(strategies, backtests, tmp_path: Path):
    with serving(tmp_path / "data") as served, ExitStack() as stack:
        teacher = stack.enter_context(Client(served.url, token=served.person(Role.INSTRUCTOR).access))
        lesson = teacher.create_session("lesson", scenario=TEXT)
        runs = []
        for strategy in strategies:
            client = stack.enter_context(Client(served.url, token=served.person().access))
            runs.append(
                lambda strategy=strategy, client=client: run_client(
                    strategy, client, "lesson", "HARBOR", until=UNTIL
                )
            )
        check(together(runs, listening(), lesson.start), backtests, strategies[2].told)


def test_what_cannot_be_told_live_is_refused(tmp_path: Path):
    class Nothing(Cross):
        bars = ""

    session = LiveSession.create(tmp_path, "live", TEXT)
    try:
        with pytest.raises(ConfigError, match="does not say how long its bars are"):
            run_live(Nothing(), session, 2, "HARBOR")
        with pytest.raises(ConfigError, match="no instrument 'GOLD'; known are HARBOR"):
            run_live(Cross(), session, 2, "GOLD")
    finally:
        session.close_and_wait()
