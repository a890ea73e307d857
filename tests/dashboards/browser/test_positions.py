"""Positions with their profit as the market moves, and their end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.dashboards.browser.desk_page import PATIENCE_MS, number_in
from tests.dashboards.browser.site import CASH

if TYPE_CHECKING:
    from tests.dashboards.browser.desk_page import DeskPage
    from tests.dashboards.browser.site import Person, Site


def until(desk: DeskPage, test_id: str, wanted: float) -> None:
    """Wait until a number is on the page."""
    seen = ""
    for _ in range(PATIENCE_MS // 100):
        seen = desk.text(test_id)
        if any(each.isdigit() for each in seen) and number_in(seen) == pytest.approx(wanted, abs=0.005):
            return
        desk.page.wait_for_timeout(100)
    raise AssertionError(f"{test_id} is {seen!r}, not {wanted}")


def test_profit_follows_the_market_and_is_settled_by_a_close(
    desk: DeskPage, student: Person, site: Site
) -> None:
    other, third = site.student(), site.student()
    other.order("sell", 100, 50.00)
    desk.place("buy", "market", 100)
    row = desk.show("positions", "positions-row-QUIET")
    expect(row).to_be_visible()
    until(desk, "position-average", 50.00)
    # Others trade at 50.50: that is the mark now.
    other.order("sell", 1, 50.50)
    third.order("buy", 1, 50.50)
    until(desk, "position-unrealised", 50.00)
    third.order("sell", 1, 49.80)
    other.order("buy", 1, 49.80)
    until(desk, "position-unrealised", -20.00)
    told = student.here("GET", "/positions")["positions"]
    assert [each["unrealized"] for each in told if "unrealized" in each] in ([], [-20.0])
    third.order("buy", 100, 49.90)
    desk.by("position-close", row).click()
    desk.confirmed()
    # A flat position may stay, for what it has realised.
    deadline = time.monotonic() + PATIENCE_MS / 1e3
    while row.count() and desk.number("position-quantity", row) and time.monotonic() < deadline:
        desk.page.wait_for_timeout(50)
    assert not row.count() or desk.number("position-quantity", row) == 0
    assert student.position() == 0
    expect(desk.by("account-cash").first).to_be_attached()
    assert student.here("GET", "/account")["cash"] == pytest.approx(CASH - 10.0)


def test_a_short_position_gains_when_the_price_falls(desk: DeskPage, student: Person, site: Site) -> None:
    other, third = site.student(), site.student()
    other.order("buy", 10, 49.00, symbol="QUIET")
    desk.place("sell", "market", 10)
    row = desk.show("positions", "positions-row-QUIET")
    expect(row).to_be_visible()
    assert desk.number("position-quantity", row) == -10
    third.order("sell", 1, 48.00)
    other.order("buy", 1, 48.00)
    until(desk, "position-unrealised", 10.00)
    assert student.position() == -10


def test_the_account_says_what_the_api_says(desk: DeskPage, student: Person) -> None:
    account = student.here("GET", "/account")
    desk.show("account", "account-cash")
    for test_id, field in (("account-cash", "cash"), ("account-equity", "equity")):
        until(desk, test_id, account[field])
    until(desk, "status-equity", account["equity"])
