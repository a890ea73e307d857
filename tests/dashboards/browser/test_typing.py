"""What is typed, as fast as it comes, is what is sent; and what one's own pages beside the ticket do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.dashboards.browser.site import SESSION

if TYPE_CHECKING:
    from tests.dashboards.browser.desk_page import DeskPage
    from tests.dashboards.browser.site import Person, Site

# Keys in one turn of the page's loop, faster than anybody types: each goes to what has the focus then.
_AT_ONCE = """keys => {
  for (const key of keys) {
    let at = document.activeElement ?? document.body;
    while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    const press = new KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true });
    if (!at.dispatchEvent(press) || !(at instanceof HTMLInputElement)) continue;
    document.execCommand("insertText", false, key);
  }
}"""


def test_digits_right_after_a_key_are_not_lost(desk: DeskPage) -> None:
    quantity, price = desk.by("ticket-quantity"), desk.by("ticket-price")
    desk.page.keyboard.press("m")
    expect(price).to_be_disabled()
    for keys, box, there in (("q50", quantity, "50"), ("q7", quantity, "7"), ("lp50.25", price, "50.25")):
        desk.page.keyboard.press("Escape")
        desk.page.evaluate(_AT_ONCE, list(keys))
        expect(box).to_have_value(there)


@pytest.mark.parametrize("field", ["quantity", "price"])
def test_a_decimal_comma_is_refused_and_never_dropped(desk: DeskPage, student: Person, field: str) -> None:
    desk.fill_ticket("buy", "limit", 10, price=48.00)
    box, send, problem = desk.by(f"ticket-{field}"), desk.by("ticket-send"), desk.by("ticket-problem")
    box.fill("46,50")
    expect(problem).to_contain_text("write 1.5 with a point")
    box.press("Enter")
    expect(send).to_be_disabled()
    desk.by("ticket-type").focus()
    expect(box).to_have_value("46,50")
    assert student.working() == []
    box.fill("1,000" if field == "quantity" else "46.50")
    expect(send).to_be_enabled()
    expect(send).to_have_text("Buy 1,000 QUIET" if field == "quantity" else "Buy 10 QUIET")


def test_the_button_says_what_would_be_sent(desk: DeskPage) -> None:
    desk.fill_ticket("buy", "limit", 10, price=48.00)
    quantity, send = desk.by("ticket-quantity"), desk.by("ticket-send")
    for text, said in (("1.5", "Buy 1.5 QUIET"), ("0", "Buy QUIET"), ("-5", "Buy QUIET")):
        quantity.fill(text)
        expect(send).to_have_text(said)
        expect(desk.by("ticket-problem")).to_have_attribute("data-kind", "bad")
        expect(send).to_be_disabled()


def test_leaders_and_the_own_password(desk: DeskPage, student: Person, site: Site) -> None:
    desk.show("leaders", "panel-leaders")
    own = desk.page.locator('[data-testid="leaders-row"][aria-current="true"]')
    expect(own).to_contain_text(student.name)
    teacher = site.teacher()
    teacher.ask("PUT", f"/api/sessions/{SESSION}/leaderboard", {"mode": "hidden"})
    try:
        desk.by("tab-news").click()
        desk.by("tab-leaders").click()
        expect(desk.by("leaders-empty")).to_contain_text("hidden")
    finally:
        teacher.ask("PUT", f"/api/sessions/{SESSION}/leaderboard", {"mode": "live"})

    desk.by("user-menu").click()
    desk.by("change-password").click()
    for field, text in (("old", "not this one"), ("new", "a better one 9"), ("again", "a better one 9")):
        desk.by(f"password-{field}").fill(text)
    desk.by("password-send").click()
    expect(desk.by("login-problem")).to_contain_text("present")
    desk.by("password-old").fill(student.password)
    expect(desk.by("login-problem")).to_be_empty()
    desk.by("password-send").click()
    expect(desk.by("password-sheet")).to_have_count(0)
    desk.said("password is changed")
    who = {"name": student.name, "password": "a better one 9", "cookies": True}
    assert desk.context.request.post(f"{site.url}/api/auth/login", data=who).ok


def test_an_unknown_session_leads_to_those_that_are(desk: DeskPage, site: Site) -> None:
    desk.page.goto(f"{site.url}/desk?session=nowhere")
    expect(desk.by("session-problem")).to_contain_text("nowhere")
    desk.by(f"session-{SESSION}").click()
    expect(desk.page).to_have_url(re.compile(f"session={SESSION}"))
    desk.ready()
