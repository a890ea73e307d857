"""Students and their instructor: who trades with whom, who watches, and what reaches everybody at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.dashboards.browser.room_page import RoomPage

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.dashboards.browser.conftest import OpenDesk
    from tests.dashboards.browser.desk_page import DeskPage
    from tests.dashboards.browser.site import Person, Site

NEWS, MORE = "Quiet Mills lays off nobody", "The works council is content."


@pytest.fixture
def teacher(site: Site) -> Iterator[Person]:
    yield site.teacher()
    site.forget_people()


def test_two_students_trade_and_the_instructor_watches_halts_and_tells_news(
    browser: Browser, open_desk: OpenDesk, student: Person, teacher: Person, site: Site
) -> None:
    other = site.student()
    room = RoomPage(browser.new_context(viewport={"width": 1440, "height": 900}), site)
    try:
        room.log_in(teacher)
        room.enter()
        seller, buyer = open_desk(student), open_desk(other)

        # They trade with each other.
        order = seller.limit(student, "sell", 25, 50.40)
        connected = room.participant(student.name).get_by_title("connected", exact=True)
        expect(connected).to_be_visible()
        # With nothing held somebody who is there is flat, and online with a position.
        standing = room.participant(student.name)
        expect(standing).to_have_attribute("data-state", "flat")
        expect(room.instrument("QUIET")).to_contain_text("50.40")
        expect(buyer.by("ladder-ask", buyer.by("ladder-row-50.40"))).to_contain_text("25")
        buyer.place("buy", "limit", 25, price=50.40)
        for desk, sign in ((seller, -1), (buyer, 1)):
            position = desk.show("positions", "positions-row-QUIET")
            expect(position).to_be_visible()
            desk.has_number("position-quantity", sign * 25, position)
            expect(desk.by("tape-row").first).to_contain_text("50.40")
        expect(seller.row("working", order)).to_have_count(0)
        # Nothing of the one's own is on the other's page.
        buyer.orders("history")
        expect(buyer.row("history", order)).to_have_count(0)
        assert (student.position(), other.position()) == (-25, 25)

        # The instructor sees what both hold, and looks at one's account, which is written down.
        expect(standing).to_contain_text("\N{MINUS SIGN}25")
        expect(standing).to_have_attribute("data-state", "online")
        expect(room.participant(other.name)).to_contain_text("+25")
        expect(room.instrument("QUIET")).to_contain_text("25 / 25")
        room.participant(student.name).dblclick()
        expect(room.by("panel-watching")).to_contain_text("QUIET")
        looks = teacher.ask("GET", "/api/audit?action=account.read")["entries"]
        assert len(looks) == 1
        room.page.keyboard.press("Escape")
        expect(room.by("panel-watching")).to_have_count(0)

        # A halt stops both, who keep what they had; a lift lets them go on.
        kept = seller.limit(student, "sell", 5, 51.00)
        room.halt("QUIET")
        for desk in (seller, buyer):
            desk.has_state("banner", "halted")
            expect(desk.by("banner")).to_contain_text("QUIET")
        expect(room.by("control-alert").first).to_contain_text("QUIET")
        buyer.fill_ticket("buy", "limit", 5, price=51.00)
        refused = buyer.by("ticket-problem").or_(buyer.page.locator('[data-testid="toast"][data-kind="bad"]'))
        expect(refused.filter(has_text="halt").first).to_be_visible()
        expect(seller.row("working", kept)).to_be_visible()
        room.lift("QUIET")
        for desk in (seller, buyer):
            expect(desk.by("banner")).not_to_be_visible()
        buyer.place("buy", "limit", 5, price=51.00)
        expect(seller.row("working", kept)).to_have_count(0)
        assert (student.position(), other.position()) == (-30, 30)

        # News reach both as text, unread until they are read.
        room.announce(NEWS, MORE)
        for desk in (seller, buyer):
            expect(desk.by("news-unread").first).to_contain_text("1")
            row = desk.show("news", "news-row").first
            expect(row).to_contain_text(NEWS)
            expect(row).to_have_attribute("data-unread", "true")
        row = buyer.by("news-row").first
        row.click()
        expect(row).not_to_have_attribute("data-unread", "true")
        expect(buyer.page.get_by_text(MORE)).to_be_visible()
        expect(seller.by("news-row").first).to_have_attribute("data-unread", "true")
        room.no_complaints()
    finally:
        room.context.close()


def test_a_halt_of_another_instrument_does_not_hide_that_this_one_trades(
    desk: DeskPage, student: Person, teacher: Person
) -> None:
    teacher.here("POST", "/halt", {"symbols": ["CALM"]})
    try:
        assert desk.limit(student, "buy", 2, 45.10)
        desk.choose("CALM")
        desk.has_state("banner", "halted")
    finally:
        teacher.here("POST", "/lift", {"symbols": ["CALM"]})


def test_a_pause_is_told_until_the_session_goes_on(desk: DeskPage, teacher: Person) -> None:
    teacher.here("POST", "/pause")
    try:
        desk.has_state("status-session", "paused")
        desk.has_state("banner", "paused")
    finally:
        teacher.here("POST", "/resume")
    expect(desk.by("banner")).not_to_be_visible()


def test_news_are_text_and_nothing_else(desk: DeskPage, teacher: Person) -> None:
    headline = '<img src=x onerror="window.__broken = 1"><b>bold</b>'
    teacher.here("POST", "/news", {"headline": headline, "body": "<script>window.__broken = 2</script>"})
    row = desk.show("news", "news-row").first
    expect(row).to_contain_text(headline)
    assert desk.page.evaluate("window.__broken ?? null") is None
