"""The whole way of an order by keyboard alone: no step needs a mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.dashboards.browser.desk_page import PATIENCE_MS, DeskPage

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.dashboards.browser.site import Person, Site

_FOCUS = """() => {
  let found = document.activeElement;
  while (found?.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
  return found?.dataset?.testid || found?.ariaLabel || "";
}"""
STEPS = 400


def tab_to(desk: DeskPage, test_id: str) -> None:
    """Press Tab until something has the focus, by its test id or its label."""
    seen = []
    for _ in range(STEPS):
        now = desk.page.evaluate(_FOCUS)
        if now == test_id:
            return
        seen.append(now)
        desk.page.keyboard.press("Tab")
    raise AssertionError(f"Tab never comes to {test_id}, but to {sorted(set(seen))}")


def write(desk: DeskPage, test_id: str, text: str) -> None:
    """Put text in place of what stands in an input."""
    tab_to(desk, test_id)
    desk.page.keyboard.press("Control+a")
    desk.page.keyboard.type(text)


def test_log_in_order_and_cancel_without_a_mouse(browser: Browser, site: Site, student: Person) -> None:
    desk = DeskPage(browser.new_context(viewport={"width": 1440, "height": 900}), site)
    try:
        desk.page.goto(f"{site.url}/login?next=/desk")
        expect(desk.by("login-name")).to_be_visible()
        write(desk, "login-name", student.name)
        write(desk, "login-password", student.password)
        desk.page.keyboard.press("Enter")
        desk.ready()
        tab_to(desk, "Instruments")
        for _ in range(10):
            if desk.by("watch-row-QUIET").get_attribute("aria-selected") == "true":
                break
            desk.page.keyboard.press("ArrowDown")
        expect(desk.by("watch-row-QUIET")).to_have_attribute("aria-selected", "true")
        tab_to(desk, "ticket-type")
        for _ in range(20):
            if desk.by("ticket-type").input_value() == "limit":
                break
            desk.page.keyboard.press("ArrowDown")
        write(desk, "ticket-quantity", "12")
        write(desk, "ticket-price", "49.10")
        tab_to(desk, "ticket-send")
        desk.page.keyboard.press("Enter")
        desk.page.wait_for_timeout(300)
        if desk.by("confirm-yes").count():
            tab_to(desk, "confirm-yes")
            desk.page.keyboard.press("Enter")
        expect(desk.by("orders-working-row")).to_have_count(1, timeout=PATIENCE_MS)
        (order,) = student.working()
        assert (order["quantity"], order["limit_price"]) == (12, 49.10)
        tab_to(desk, "order-cancel")
        desk.page.keyboard.press("Enter")
        desk.page.wait_for_timeout(300)
        if desk.by("confirm-yes").count():
            tab_to(desk, "confirm-yes")
            desk.page.keyboard.press("Enter")
        expect(desk.by("orders-working-row")).to_have_count(0)
        assert student.working() == []
        desk.no_complaints()
    finally:
        desk.context.close()


def test_a_sheet_tells_the_keys(desk: DeskPage) -> None:
    desk.page.keyboard.press("?")
    expect(desk.by("help")).to_be_visible()
    assert desk.by("help").locator("kbd").count() >= 5
    desk.page.keyboard.press("Escape")
    expect(desk.by("help")).not_to_be_visible()
