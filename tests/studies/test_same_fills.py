"""Where a market gives orders the time to arrive, they trade at the same prices in all three ways."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import workbench as wb
from tests.api.served import serving
from tests.studies.test_same_decisions import together
from workbench.domain.codes import SessionState
from workbench.identity.roles import Role
from workbench.session.live.session import LiveSession
from workbench.studies.client_run import run_client
from workbench.studies.live_run import run_live

STEP_S, SPEED = 30, 6
"""So an order has 5 s to arrive, also on a busy machine."""
TABLE = """time,price,quantity,side,bid_price,bid_quantity,ask_price,ask_quantity
2025-03-18T13:30:00Z,,,,20.00,400,20.02,200
2025-03-18T13:30:30Z,,,,20.01,300,20.03,250
2025-03-18T13:31:00Z,,,,20.02,120,20.05,250
2025-03-18T13:31:30Z,20.02,500,sell,,,,
2025-03-18T13:32:00Z,,,,20.00,100,20.04,300
2025-03-18T13:32:30Z,20.04,1000,buy,,,,
2025-03-18T13:33:00Z,,,,20.03,500,20.06,100
2025-03-18T13:33:30Z,,,,20.03,450,20.06,100
2025-03-18T13:34:00Z,,,,20.03,400,20.06,100
"""
SCENARIO = """
title = "Time to arrive"

[history]
files = ["{path}"]
mode = "frozen"

[seats]
count = 4
cash = 1_000_000

[live]
epoch = "sim"
speed = {speed}
close = "16:00"
"""
UNTIL = "13:33:45"
# What is asked for at each quote: side, lots, ticks from one's own side of the quote, post-only.
ASKED = {
    1: [("buy", 300, None, False)],  # more than there is: the rest ends
    2: [("sell", 100, None, False), ("buy", 70, 0, True)],  # the limit ends below the market
    3: [("buy", 90, 0, True), ("sell", 40, 3, False)],  # one rests, one takes
    4: [("sell", 60, 0, True)],
    5: [("sell", 10, -2, True), ("buy", 5, 9, False)],
    6: [("buy", 5, -3, True)],  # still open at the end
}


class Asks(wb.Strategy):
    """Asks for orders of all kinds on quotes, trades and fills."""

    def __init__(self):
        self.ready = threading.Event()

    def on_start(self, desk):
        self.told, self.count = [], 0
        self.ready.set()

    def on_quote(self, desk, quote):
        self.count += 1
        self.told.append(quote)
        if self.count == 6:
            for order in list(desk.working):
                desk.cancel(order)
        for side, lots, away, post_only in ASKED.get(self.count, ()):
            own = quote.bid_price_ticks if side == "buy" else quote.ask_price_ticks
            ticks = 0 if away is None else own + (away if side == "buy" else -away)
            getattr(desk, side)(lots, ticks, post_only=post_only)

    def on_trade(self, desk, trade):
        self.told.append(trade)
        desk.sell(7)

    def on_fill(self, desk, fill):
        self.told.append(("fill", fill.order, desk.position_lots))
        if fill.maker:
            (desk.sell if fill.side == 1 else desk.buy)(3)

    def on_end(self, desk, order):
        self.told.append(("end", order, sorted(desk.working)))


def what_was_done(strategy, outcome, fills):
    """What must be the same: all but the moments of fills, and of what they lead to."""
    return strategy.told, outcome.decisions.drop("time").rows(), fills


@pytest.mark.slow
def test_orders_and_fills_are_the_same_in_all_three(tmp_path: Path):
    path = tmp_path / "market.csv"
    path.write_text(TABLE)
    text = SCENARIO.format(path=path, speed=SPEED)
    alone = Asks()
    outcome = wb.backtest(alone, path, until=f"2025-03-18T{UNTIL}Z")
    fills = [
        (row["order"], row["side"], row["price"], row["quantity"], row["maker"])
        for row in outcome.fills.to_dicts()
    ]
    there = what_was_done(alone, outcome, fills)
    assert {maker for *_, maker in fills} == {True, False}
    assert len(fills) >= 8
    session = LiveSession.create(tmp_path, "live", text)
    with (
        serving(tmp_path / "data") as served,
        wb.Client(served.url, token=served.person(Role.INSTRUCTOR).access) as teacher,
        wb.Client(served.url, token=served.person().access) as client,
    ):
        lesson = teacher.create_session("lesson", scenario=text)
        live, remote = Asks(), Asks()
        try:
            account = session.join_and_wait("ann@school", "ann").account
            symbol = session.venue.instruments[0].symbol
            followed = together(
                [
                    lambda: run_live(live, session, account, symbol, until=f"2025-03-18T{UNTIL}Z"),
                    lambda: run_client(remote, client, "lesson", symbol, until=f"2025-03-18T{UNTIL}Z"),
                ],
                [live.ready, remote.ready],
                lambda: (session.move_and_wait(SessionState.OPEN), lesson.start()),
            )
            # After the end nothing is told, though an order was still open and had to be cancelled.
            last = client.session("lesson").orders()[0]
            assert (last.quantity, last.state) == (5.0, "canceled")
        finally:
            session.close_and_wait()
    for strategy, one in zip((live, remote), followed, strict=True):
        found = [
            (
                fill.order,
                fill.side.name.lower(),
                fill.price_ticks / 100,
                float(fill.quantity_lots),
                fill.maker,
            )
            for fill in one.fills
        ]
        assert what_was_done(strategy, one, found) == there
