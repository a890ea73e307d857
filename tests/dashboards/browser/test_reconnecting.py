"""The server dies and comes back: the page says so, catches up by itself, and nothing is missing or twice."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.dashboards.browser.desk_page import DeskPage

if TYPE_CHECKING:
    from playwright.sync_api import Browser, WebSocketRoute

    from tests.dashboards.browser.conftest import OpenDesk
    from tests.dashboards.browser.site import Person, Site

BACK_MS = 60_000


def test_after_a_kill_nothing_is_missing(open_desk: OpenDesk, student: Person, site: Site) -> None:
    desk = open_desk(student)
    other = site.student()
    kept = desk.limit(student, "buy", 100, 49.50)
    gone = desk.limit(student, "buy", 10, 49.40)
    other.order("sell", 30, 49.50)
    expect(desk.row("working", kept)).to_have_attribute("data-state", "partially_filled")

    site.kill_now()
    desk.has_state("status-link", "lost")
    expect(desk.by("banner")).to_be_visible()
    site.start()

    # What happens before the page is back is told to it then.
    other.order("sell", 20, 49.50)
    student.here("DELETE", f"/orders/{gone}")
    expect(desk.by("status-link").first).to_have_attribute("data-state", "open", timeout=BACK_MS)
    expect(desk.row("working", gone)).to_have_count(0, timeout=BACK_MS)
    row = desk.row("working", kept)
    expect(desk.by("order-filled", row)).to_contain_text("50")
    position = desk.show("positions", "positions-row-QUIET")
    desk.has_number("position-quantity", 50, position)
    desk.orders("fills")
    expect(desk.by("orders-fill-row")).to_have_count(2)
    expect(desk.by("banner")).not_to_be_visible()
    again = desk.limit(student, "buy", 5, 49.00)

    # A page that is opened now shows the same as one that went through it all.
    fresh = open_desk(student)
    for each in (desk, fresh):
        each.orders("working")
        for order in (kept, again):
            expect(each.row("working", order)).to_have_count(1)
        each.orders("fills")
        expect(each.by("orders-fill-row")).to_have_count(2)
        each.orders("history")
        expect(each.row("history", gone)).to_have_count(1)
    assert student.position() == 50


def test_a_line_that_is_cut_is_taken_up_again(browser: Browser, student: Person, site: Site) -> None:
    desk = DeskPage(browser.new_context(viewport={"width": 1440, "height": 900}), site)
    lines: list[WebSocketRoute] = []

    def joined(line: WebSocketRoute) -> None:
        lines.append(line)
        line.connect_to_server()

    try:
        desk.page.route_web_socket(re.compile("/stream"), joined)
        desk.log_in(student)
        desk.open()
        known = desk.limit(student, "buy", 4, 44.10)
        opened = len(lines)
        lines[-1].close(code=4000, reason="a cable was pulled")
        made = student.order("buy", 3, 44.00)
        student.here("DELETE", f"/orders/{known}")
        desk.has_state("status-link", "open")
        desk.orders("working")
        expect(desk.row("working", made["id"])).to_have_count(1)
        expect(desk.row("working", known)).to_have_count(0)
        assert len(lines) > opened, "the page never came back, for its line was not cut"
        desk.no_complaints()
    finally:
        desk.context.close()
