"""How the desk looks: nothing jumps, overlaps or is cut off, and settings stay."""

from __future__ import annotations

import json
import time
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.dashboards.browser.conftest import OpenDesk
    from tests.dashboards.browser.desk_page import DeskPage
    from tests.dashboards.browser.site import Person, Site

TRADING_S = 6
MANY = 25
"""Panels and controls of a desk, at least."""

SIZES = {
    "wide": (1440, 900),
    "small": (1024, 700),
    "tablet": (1180, 820),
    "phone": (390, 844),
}
LAYOUTS = {"wide": "usual", "small": "small", "tablet": "small", "phone": "phone"}
PANELS = ("watch", "chart", "ladder", "tape", "ticket", "orders", "positions", "account", "news")

_AT_REST = """([frames, ms]) => new Promise(done => {
    let [known, quiet, since] = [0, 0, performance.now()];
    const look = () => {
        const [seen, now] = [window.__shifts.length, performance.now()];
        if (seen !== known) [known, quiet, since] = [seen, 0, now];
        if (quiet++ >= frames && now - since >= ms) done();
        else requestAnimationFrame(look);
    };
    look();
})"""
PROBES = (Path(__file__).parent / "probes.js").read_text()


def probe(desk: DeskPage, name: str) -> Any:
    """What one of the probes finds on the page."""
    return desk.page.evaluate(f"{PROBES}.{name}()")


def trade(people: tuple[Person, Person], seconds: float, desk: DeskPage) -> None:
    """Others trade, so that everything on the page changes."""
    quoting, taking = people
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        number += 1
        quoting.order("sell", 10 + number % 90, 50.00 + (number % 25) / 100)
        quoting.order("buy", 10 + number % 70, 49.90 - (number % 25) / 100)
        taking.order("buy", 5 + 37 * (number % 29), 50.40, time_in_force="ioc")
        desk.page.wait_for_timeout(100)


def lively(site: Site, student: Person) -> tuple[Person, Person]:
    """Two others, and something of everything on the student's own page."""
    quoting, taking = site.student(), site.student()
    quoting.order("sell", 400, 50.30)
    quoting.order("buy", 400, 49.70)
    student.order("buy", 30, 50.30)
    student.order("buy", 55, 49.20)
    student.order("sell", 45, 51.20)
    return quoting, taking


def test_a_jump_would_be_seen(desk: DeskPage) -> None:
    probe(desk, "watchShifts")
    desk.page.evaluate(
        """() => {
            const box = document.createElement('div');
            box.style.cssText =
                'position:fixed;left:0;top:0;width:600px;height:300px;background:#888;z-index:9999';
            document.body.append(box);
            // Once it has been drawn where it was.
            requestAnimationFrame(() => requestAnimationFrame(() => { box.style.top = '250px'; }));
        }"""
    )
    desk.comes_true("window.__shifts.length > 0")


def test_nothing_jumps_while_data_arrives(open_desk: OpenDesk, student: Person, site: Site) -> None:
    people = lively(site, student)
    desk = open_desk()
    expect(desk.row("working", student.working()[0]["id"])).to_be_visible()
    at_rest(desk)
    before = probe(desk, "places")
    assert len(before) > MANY
    probe(desk, "watchShifts")
    order = student.order("buy", 20, 49.00)
    trade(people, TRADING_S, desk)
    student.here("DELETE", f"/orders/{order['id']}")
    expect(desk.row("working", order["id"])).to_have_count(0)
    # What is there to be clicked is where it was, to the pixel.
    after = probe(desk, "places")
    moved = {name: (at, after.get(name)) for name, at in before.items() if after.get(name) != at}
    assert moved == {}
    none_jumped(desk)
    # The same where agents make the market.
    desk.choose("HARBOR")
    expect(desk.by("panel-ticket")).to_contain_text("HARBOR")
    expect(desk.by("tape-row").first).to_be_visible()
    at_rest(desk)
    probe(desk, "watchShifts")
    desk.page.wait_for_timeout(TRADING_S * 1_000)
    none_jumped(desk)


def at_rest(desk: DeskPage) -> None:
    """Wait until what was opened or chosen is drawn: for a second and sixty frames nothing has moved."""
    probe(desk, "watchShifts")
    desk.page.evaluate(_AT_REST, [60, 1_000])


def none_jumped(desk: DeskPage) -> None:
    """There was no layout shift since they are watched."""
    shifts: list[dict[str, Any]] = desk.page.evaluate("window.__shifts")
    assert shifts == [], json.dumps(shifts[:5], indent=1)


def test_everything_fits_at_every_size(open_desk: OpenDesk, student: Person, site: Site) -> None:
    people = lively(site, student)
    desk = open_desk()
    phone = open_desk(size=SIZES["phone"], has_touch=True, is_mobile=True)
    trade(people, 1.0, desk)
    for name, size in SIZES.items():
        seen = phone if name == "phone" else desk
        if seen is desk:
            desk.page.set_viewport_size({"width": size[0], "height": size[1]})
        at = seen.by("desk").locator("main[data-size]")
        expect(at).to_have_attribute("data-size", LAYOUTS[name])
        at_rest(seen)
        fits(seen, name, size)
        row = seen.show("positions", "positions-row-QUIET")
        expect(row).to_be_visible()
        expect(seen.by("position-close", row)).to_be_visible()


def fits(desk: DeskPage, name: str, size: tuple[int, int]) -> None:
    """Nothing of a desk is cut off, lies on something else, or makes the page scroll."""
    width, height = size
    scrolls = desk.page.evaluate(
        "() => [document.scrollingElement.scrollWidth, document.scrollingElement.scrollHeight]"
    )
    assert scrolls[0] <= width, f"{name}: the page is wider than the window"
    if name != "phone":
        assert scrolls[1] <= height, f"{name}: the page is higher than the window"
    boxes = {}
    for panel in PANELS:
        place = desk.by(f"panel-{panel}")
        box = place.bounding_box() if place.is_visible() else None
        if box is not None:
            boxes[panel] = box
            assert box["x"] >= -1, f"{name}: {panel} is cut off"
            assert box["x"] + box["width"] <= width + 1, f"{name}: {panel} is cut off"
    if name == "wide":
        for wanted in ("chart", "ladder", "ticket", "orders"):
            assert wanted in boxes, f"{wanted} is not to be seen"
    for (one, a), (other, b) in combinations(boxes.items(), 2):
        across = min(a["x"] + a["width"], b["x"] + b["width"]) - max(a["x"], b["x"])
        down = min(a["y"] + a["height"], b["y"] + b["height"]) - max(a["y"], b["y"])
        assert across <= 1 or down <= 1, f"{name}: {one} and {other} lie on one another"


def in_theme(desk: DeskPage, theme: str) -> None:
    """Have a theme, by the settings."""
    if desk.by("desk").get_attribute("data-theme") == theme:
        return
    desk.by("settings-open").click()
    choice = desk.by("settings-theme")
    tag = choice.first.evaluate("each => each.tagName")
    if tag == "SELECT":
        choice.select_option(theme)
    else:
        desk.by("settings").get_by_text(theme, exact=False).first.click()
    desk.page.keyboard.press("Escape")
    expect(desk.by("desk")).to_have_attribute("data-theme", theme)


def test_settings_are_kept_for_the_user(open_desk: OpenDesk, student: Person) -> None:
    first = open_desk()
    # They are sent a moment later, lest each click of several is a request.
    with first.page.expect_response(lambda answer: '"theme"' in (answer.request.post_data or "")):
        in_theme(first, "light")
    again = open_desk()
    expect(again.by("desk")).to_have_attribute("data-theme", "light")
    # A page that goes sends them at once.
    in_theme(again, "dark")
    again.page.goto("about:blank")
    last_kept = lambda: student.ask("GET", "/api/me/preferences")["theme"]  # noqa: E731
    again.until(lambda: last_kept() == "dark", lambda: f"the theme that is kept is {last_kept()}")
    last = open_desk()
    expect(last.by("desk")).to_have_attribute("data-theme", "dark")


def test_an_empty_desk_says_what_is_not_there(desk: DeskPage) -> None:
    desk.choose("CALM")
    desk.orders("working")
    expect(desk.by("orders-empty").first).to_be_visible()
    expect(desk.show("positions", "positions-empty").first).to_be_visible()
    expect(desk.show("news", "news-empty").first).to_be_visible()


def test_every_number_has_its_unit_and_time(desk: DeskPage) -> None:
    clock = desk.text("status-clock")
    assert any(each.isdigit() for each in clock)
    assert any(zone in clock for zone in ("EDT", "EST", "New", "GMT", "UTC")), clock
    assert any(unit in desk.by("desk").inner_text() for unit in ("USD", "$"))
