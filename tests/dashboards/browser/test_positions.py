"""Positions with their profit as the market moves, and their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.dashboards.browser.site import CASH
from tests.served_market import market

if TYPE_CHECKING:
    from tests.dashboards.browser.conftest import OpenDesk
    from tests.dashboards.browser.desk_page import DeskPage
    from tests.dashboards.browser.site import Person, Site


def test_profit_follows_the_market_and_is_settled_by_a_close(
    desk: DeskPage, student: Person, site: Site
) -> None:
    other, third = site.student(), site.student()
    other.order("sell", 100, 50.00)
    desk.place("buy", "market", 100)
    row = desk.show("positions", "positions-row-QUIET")
    expect(row).to_be_visible()
    desk.has_number("position-average", 50.00)
    # Others trade at 50.50: that is the mark now.
    other.order("sell", 1, 50.50)
    third.order("buy", 1, 50.50)
    desk.has_number("position-unrealised", 50.00)
    third.order("sell", 1, 49.80)
    other.order("buy", 1, 49.80)
    desk.has_number("position-unrealised", -20.00)
    told = student.here("GET", "/positions")["positions"]
    assert [each["unrealized"] for each in told if "unrealized" in each] in ([], [-20.0])
    third.order("buy", 100, 49.90)
    desk.by("position-close", row).click()
    desk.confirmed()
    # A flat position may stay for what it has realised, but there is nothing to close any more.
    expect(desk.by("position-close", row)).to_have_count(0)
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
    desk.has_number("position-quantity", -10, row)
    third.order("sell", 1, 48.00)
    other.order("buy", 1, 48.00)
    desk.has_number("position-unrealised", 10.00)
    assert student.position() == -10


def test_the_account_says_what_the_api_says(desk: DeskPage, student: Person) -> None:
    account = student.here("GET", "/account")
    desk.show("account", "account-cash")
    for test_id, field in (("account-cash", "cash"), ("account-equity", "equity")):
        desk.has_number(test_id, account[field])
    desk.has_number("status-equity", account["equity"])


def test_after_the_close_nothing_can_be_closed_or_taken_back(
    open_desk: OpenDesk, student: Person, site: Site
) -> None:
    teacher, other = site.teacher(), site.student()
    day = "/api/sessions/evening"
    teacher.ask("POST", "/api/sessions", {"name": "evening", "scenario": market("An evening")})
    teacher.ask("POST", f"{day}/start", {"to": "open"})
    kept = {"type": "limit", "time_in_force": "gtc", "symbol": "QUIET"}
    for person, side, price in ((other, "sell", "50"), (student, "buy", "50"), (student, "buy", "49")):
        person.ask("POST", f"{day}/join")
        terms = {**kept, "side": side, "quantity": "10", "limit_price": price}
        order = person.ask("POST", f"{day}/orders", terms)["id"]
    desk = open_desk(path="/desk?session=evening")
    resting = desk.row("working", order)
    closing = [desk.by(f"position{act}") for act in ("-close", "-half", "s-flatten")]
    ending = [
        desk.by("order-cancel", resting),
        desk.by("order-replace", resting),
        desk.by("orders-cancel-all"),
    ]
    desk.show("positions", "positions-row-QUIET")
    for act in closing:
        expect(act).to_be_enabled()
    desk.orders("working")
    for act in ending:
        expect(act).to_be_enabled()
    teacher.ask("POST", f"{day}/close")
    desk.has_state("banner", "closed")
    for act in ending:
        expect(act).to_be_disabled()
    expect(desk.by("order-explain", resting)).to_be_enabled()
    desk.show("positions", "positions-row-QUIET")
    for act in closing:
        expect(act).to_be_disabled()
    expect(desk.by("ticket-send")).to_be_disabled()
    # Keys for it say why instead of asking.
    desk.page.keyboard.press("Control+Delete")
    desk.said("The session is over")
    expect(desk.by("confirm-yes")).to_have_count(0)
    expect(desk.by("banner").get_by_role("link")).to_have_attribute("href", "/review?session=evening")
