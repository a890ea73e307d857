"""The whole way of an order by keyboard alone: no step needs a mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.dashboards.browser.desk_page import DeskPage

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.dashboards.browser.conftest import OpenDesk
    from tests.dashboards.browser.site import Person, Site

_FOCUS = """() => {
  let found = document.activeElement;
  while (found?.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
  return found?.dataset?.testid || found?.ariaLabel || "";
}"""
# Escape in what has the focus, and another key as soon as its sheet is gone, before anything is drawn.
_AT_ONCE = """async key => {
  let at = document.activeElement;
  while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  const sheet = at.closest("dialog");
  const press = (where, key) => where.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true }));
  press(at, "Escape");
  for (let turns = 0; sheet.isConnected && turns < 100; turns += 1) await null;
  press(document.body, key);
  return sheet.isConnected;
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
        desk.agree_by_keyboard()
        expect(desk.by("orders-working-row")).to_have_count(1)
        (order,) = student.working()
        assert (order["quantity"], order["limit_price"]) == (12, 49.10)
        tab_to(desk, "order-cancel")
        desk.page.keyboard.press("Enter")
        desk.agree_by_keyboard()
        expect(desk.by("orders-working-row")).to_have_count(0)
        assert student.working() == []
        desk.no_complaints()
    finally:
        desk.context.close()


def test_keys_write_an_order_and_take_all_back(desk: DeskPage, student: Person, site: Site) -> None:
    site.student().order("buy", 50, 49.50)
    keys = desk.page.keyboard
    for key in ("]", "[", "s", "Escape", "l", "j"):
        keys.press(key)
    expect(desk.by("watch-row-QUIET")).to_have_attribute("aria-selected", "true")
    desk.by("ticket-price").fill("50.20")
    desk.by("ticket-quantity").fill("10")
    keys.press("Escape")
    for key in ("ArrowUp", "ArrowUp", "ArrowDown", "+", "Enter"):
        keys.press(key)
    desk.agree_by_keyboard()
    expect(desk.by("orders-working-row")).to_have_count(1)
    (order,) = student.working()
    assert (order["side"], order["limit_price"]) == ("sell", 50.21)
    assert order["quantity"] > 10
    # Where somebody types, letters are text and no commands.
    desk.by("ticket-quantity").focus()
    for key in ("x", "b"):
        keys.press(key)
    expect(desk.by("ticket-side-sell")).to_have_attribute("aria-checked", "true")
    assert len(student.working()) == 1
    keys.press("Escape")
    keys.press("x")
    desk.agree_by_keyboard()
    expect(desk.by("orders-working-row")).to_have_count(0)
    assert student.working() == []


def test_a_sheet_tells_the_keys(desk: DeskPage) -> None:
    desk.page.keyboard.press("?")
    expect(desk.by("help")).to_be_visible()
    assert desk.by("help").locator("kbd").count() >= 5
    desk.page.keyboard.press("Escape")
    expect(desk.by("help")).not_to_be_visible()


def test_the_key_after_a_question_is_heard(desk: DeskPage, student: Person) -> None:
    desk.limit(student, "buy", 5, 45.00)
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("x")
    expect(desk.by("confirm-yes")).to_be_visible()
    assert desk.page.evaluate(_AT_ONCE, "x") is False
    expect(desk.by("confirm-yes")).to_be_visible()
    # With the focus on its way out of the page, too.
    for _ in range(3):
        desk.page.keyboard.press("Tab")
    desk.page.keyboard.press("Escape")
    expect(desk.by("confirm-yes")).to_have_count(0)
    desk.page.keyboard.press("x")
    desk.by("confirm-yes").click()
    expect(desk.by("orders-working-row")).to_have_count(0)


def test_a_held_enter_sends_one_order(open_desk: OpenDesk, student: Person) -> None:
    student.ask("PATCH", "/api/me/preferences", {"confirmations": "none"})
    desk = open_desk()
    keys, rows = desk.page.keyboard, desk.by("orders-working-row")
    desk.orders("working")
    for sent, place in enumerate(("ticket-price", "ticket-send", ""), 1):
        desk.fill_ticket("buy", "limit", 3, price=45.00 + sent / 10)
        if place:
            desk.by(place).focus()
        else:
            keys.press("Escape")
        # Held down until its order is there, and longer.
        keys.down("Enter")
        expect(rows).to_have_count(sent)
        for _ in range(3):
            keys.down("Enter")
        keys.up("Enter")
    # What was sent before this one would be there before it.
    last = student.order("buy", 1, 44.00)
    expect(desk.row("working", last["id"])).to_be_visible()
    assert sorted(each["limit_price"] for each in student.working()) == [44.0, 45.1, 45.2, 45.3]


def test_an_instrument_is_chosen_by_its_name(desk: DeskPage) -> None:
    keys, find = desk.page.keyboard, desk.by("symbol-find")
    keys.press("/")
    expect(find).to_be_focused()
    keys.type("zzz")
    expect(desk.page.get_by_text("No instrument has that in its name")).to_be_visible()
    keys.press("Control+a")
    keys.type("cal")
    expect(desk.by("symbol-option-CALM")).to_have_attribute("aria-selected", "true")
    expect(desk.by("symbol-option-QUIET")).to_have_count(0)
    keys.press("Enter")
    expect(find).to_have_count(0)
    expect(desk.by("watch-row-CALM")).to_have_attribute("aria-selected", "true")
    expect(desk.by("panel-ticket")).to_contain_text("CALM")
    # The arrows walk through the list, and Escape leaves all as it is.
    desk.by("symbol-switch").click()
    expect(find).to_be_focused()
    keys.press("ArrowUp")
    expect(desk.by("symbol-option-CALM")).to_have_attribute("aria-selected", "false")
    keys.press("Escape")
    expect(desk.by("symbol-switch")).to_be_focused()
    expect(desk.by("watch-row-CALM")).to_have_attribute("aria-selected", "true")
