"""Reports of accounts to which money came, and from which it was taken, otherwise than by trades."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboards.reporting.common import days_of
from dashboards.reporting.drawdown import drawdown_causes, drawdown_episodes, drawdown_head
from dashboards.reporting.pnl import pnl_by_instrument, pnl_head, trade_excursions
from dashboards.reporting.sections import Figure
from tests.reporting.conftest import record
from workbench.reporting.days import Days
from workbench.reporting.series import money_of_no_trade

DAY = """
title = "Fined"
zone = "America/New_York"
date = 2025-03-18
script = [
  { at = "2025-03-18T09:31:00", do = "sell", account = "mia", symbol = "ACME", quantity = 10, price = 100 },
  { at = "2025-03-18T09:31:10", do = "buy", account = "ann", symbol = "ACME", quantity = 10, price = 100 },
  { at = "2025-03-18T09:32:00", do = "buy", account = "mia", symbol = "ACME", quantity = 1, price = 100.10 },
  { at = "2025-03-18T09:32:05", do = "sell", account = "bob", symbol = "ACME", quantity = 1, price = 100.10 },
  { at = "2025-03-18T09:33:00", do = "buy", account = "mia", symbol = "ACME", quantity = 10, price = 99 },
  { at = "2025-03-18T09:33:10", do = "sell", account = "ann", symbol = "ACME", quantity = 10, price = 99 },
  { at = "2025-03-18T09:34:00", do = "transfer_cash", account = "ann", amount = 1000 },
  { at = "2025-03-18T09:35:00", do = "fine", account = "ann", amount = 100 },
  { at = "2025-03-18T09:36:00", do = "clock" },
]
"""
MARKET = """
[[instrument]]
symbol = "ACME"
price_min = 1
price_max = 200
[[account]]
name = "ann"
cash = 50_000
[[account]]
name = "bob"
cash = 50_000
[[account]]
name = "mia"
cash = 50_000
"""
OVERNIGHT = """
title = "Overnight"
zone = "America/New_York"
date = 2025-03-18
script = [
  { at = "2025-03-18T09:31:00", do = "sell", account = "mia", symbol = "ACME", quantity = 10, price = 100 },
  { at = "2025-03-18T09:31:10", do = "buy", account = "ann", symbol = "ACME", quantity = 10, price = 100 },
  { at = "2025-03-18T09:32:00", do = "buy", account = "mia", symbol = "ACME", quantity = 1, price = 99 },
  { at = "2025-03-18T09:32:05", do = "sell", account = "bob", symbol = "ACME", quantity = 1, price = 99 },
  { at = "2025-03-18T09:34:00", do = "fine", account = "ann", amount = 40 },
  { at = "2025-03-19T09:31:00", do = "dividend", symbol = "ACME", amount = 2 },
  { at = "2025-03-19T09:32:00", do = "buy", account = "mia", symbol = "ACME", quantity = 10, price = 101 },
  { at = "2025-03-19T09:33:10", do = "sell", account = "ann", symbol = "ACME", quantity = 10, price = 101 },
  { at = "2025-03-19T09:34:00", do = "fine", account = "ann", amount = 5 },
  { at = "2025-03-19T09:36:00", do = "clock" },
]
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("fined")
    record(made, "fined", DAY + MARKET)
    record(made, "overnight", OVERNIGHT + MARKET)
    return made


def days(root: Path, account: str) -> Days:
    return days_of("fined", account, "", "", "", str(root))


def said(figure: Figure | None) -> str:
    assert figure is not None
    return figure.sentence.replace("\N{MINUS SIGN}", "-")


def test_a_fine_is_called_a_fine_and_a_deposit_is_nothing_that_was_made(root: Path) -> None:
    for _ in ("folded", "kept"):
        ann = days(root, "ann")
        assert money_of_no_trade(ann).rows() == [("FINE", -100.0)]
    assert pnl_head(ann).headline.startswith("ann lost 110.00 USD, ")
    assert said(pnl_by_instrument(ann)) == "ACME came to -10.00 USD; -100.00 USD is of no trade: fines."
    assert said(drawdown_causes(ann)) == (
        "Between peak and lowest, fines came to -100.00 USD, 90.09 % of what was lost."
    )
    # Of who paid none there is none.
    assert said(pnl_by_instrument(days(root, "mia"))).startswith("All of it is of ACME")
    assert "fine" not in said(drawdown_causes(days(root, "mia")))


def test_shares_of_a_drawdown_are_one_on_a_page(root: Path) -> None:
    ann = days(root, "ann")
    deepest = ann.drawdowns.sort("depth").row(0, named=True)
    assert deepest["depth_share"] == deepest["depth"] / deepest["peak"]
    told = dict(ann.summary.select("statistic", "value").iter_rows())
    assert told["max_drawdown_share"] == deepest["depth_share"]
    assert "0.22 % of the peak" in drawdown_head(ann).headline
    table = drawdown_episodes(ann)
    assert table is not None
    assert table.grid is not None
    assert "0.22 %" in table.grid.rows[0][5]


def test_what_was_lost_beyond_all_that_was_ever_to_be_had_is_said_in_money(root: Path) -> None:
    assert said(trade_excursions(days(root, "ann"))).startswith(
        "The trade came to -10.00 USD before fees and had been 1.00 USD ahead at its best"
    )


def test_causes_are_those_of_the_days_that_are_asked_for(root: Path) -> None:
    first, second, both = (
        days_of("overnight", "ann", "", *span, str(root))
        for span in (("2025-03-18", "2025-03-18"), ("2025-03-19", "2025-03-19"), ("", ""))
    )
    assert said(pnl_by_instrument(first)) == (
        "No trade ended on these days: -40.00 USD is of no trade: fines; "
        "-10.00 USD is of trades that ran over several days."
    )
    assert said(pnl_by_instrument(second)) == (
        "ACME came to +10.00 USD; +15.00 USD is of no trade: dividends +20.00 USD and fines -5.00 USD; "
        "+10.00 USD is of trades that ran over several days."
    )
    assert said(pnl_by_instrument(both)) == (
        "ACME came to +10.00 USD; -25.00 USD is of no trade: dividends +20.00 USD and fines -45.00 USD."
    )
    assert said(drawdown_causes(first)) == (
        "Between peak and lowest, fines came to -40.00 USD, 80.00 % of what was lost."
    )
