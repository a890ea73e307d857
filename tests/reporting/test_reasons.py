"""Reports of a live session tell why the instructor moved money."""

from __future__ import annotations

import asyncio
from pathlib import Path

from dashboards.reporting.cash import cash_grid
from dashboards.reporting.common import days_of
from dashboards.reporting.pnl import pnl_by_instrument, pnl_head, pnl_over_time
from tests.session.live.markets import PEOPLE, buy, opened, sell
from workbench.domain.codes import SessionState
from workbench.domain.commands import fine, transfer_cash

MICROS = 1_000_000
QUOTES = "quoted no market for ten minutes"


def recorded(root: Path) -> None:
    """Ann buys of Bob, is paid in money and fined for a reason; Eve is fined only, twice."""
    session = opened(root, PEOPLE)
    ann, bob, eve = (session.join_and_wait(name, name).account for name in ("ann", "bob", "eve"))
    session.send_and_wait(sell(bob, 1))
    session.send_and_wait(buy(ann, 1))
    for command, reason in (
        (transfer_cash(0, ann, 500 * MICROS), ""),
        (fine(0, ann, 25 * MICROS), QUOTES),
        (fine(0, eve, 5 * MICROS), "late"),
        (fine(0, eve, 15 * MICROS), ""),
    ):
        asyncio.run(session.pay(command, reason=reason, author="teach"))
    session.move_and_wait(SessionState.CLOSED)
    session.move_and_wait(SessionState.DEBRIEF)
    session.close_and_wait()


def test_each_amount_is_listed_with_its_reason(tmp_path: Path) -> None:
    recorded(tmp_path)
    ann = days_of("live", "ann", "", "", "", str(tmp_path))
    figure = pnl_by_instrument(ann)
    assert figure is not None
    assert figure.grid is not None
    assert figure.grid.heads == ("When", "Money without a trade", "Why", "Amount")
    assert [row[1:] for row in figure.grid.rows] == [
        ["Deposit", "", "+500.00 USD"],
        ["Fine", QUOTES, "\N{MINUS SIGN}25.00 USD"],
    ]
    # Of a class it is said whose it was, and of who had none there is no table.
    grid = cash_grid(days_of("live", "", "all", "", "", str(tmp_path)))
    assert grid is not None
    assert [row[1:4] for row in grid.rows] == [
        ["ann", "Deposit", ""],
        ["ann", "Fine", QUOTES],
        ["eve", "Fine", "late"],
        ["eve", "Fine", ""],
    ]
    assert cash_grid(days_of("live", "bob", "", "", "", str(tmp_path))) is None


def test_who_was_fined_and_never_traded_reads_what_moved(tmp_path: Path) -> None:
    recorded(tmp_path)
    eve = days_of("live", "eve", "", "", "", str(tmp_path))
    head = pnl_head(eve)
    minus = "\N{MINUS SIGN}"
    assert head.headline == (
        f"eve sent no order: there is no trade to show; without a trade came fines {minus}20.00 USD, "
        "and equity went from 100,000.00 USD to 99,980.00 USD."
    )
    facts = {each.label: each.value for each in head.facts}
    assert facts["Net PnL"] == f"{minus}20.00"
    curve = pnl_over_time(eve)
    assert curve is not None
    assert curve.sentence.endswith(f"ended at {minus}20.00 USD.")
    moved = pnl_by_instrument(eve)
    assert moved is not None
    assert moved.grid is not None
    assert moved.sentence == "20.00 USD was lost without a trade."
    assert [row[1:] for row in moved.grid.rows] == [
        ["Fine", "late", f"{minus}5.00 USD"],
        ["Fine", "", f"{minus}15.00 USD"],
    ]
