"""The page of reports in a browser: one is asked for, made, opened and kept; the control room tells of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.dashboards.browser.conftest import WIDE
from tests.dashboards.browser.desk_page import MADE_MS, DeskPage

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.dashboards.browser.site import Person, Site

# What a script in a report sees: an origin of nobody's, no cookie, no storage, and no way to the server.
_REACH = """async () => {
    let storage = "kept";
    try { localStorage.length; } catch { storage = "none"; }
    let server = "answered";
    try { await fetch("/api/auth/me"); } catch { server = "out of reach"; }
    let cookie = "kept";
    try { cookie = document.cookie; } catch { cookie = "none"; }
    return [self.origin, storage, server, cookie];
}"""


@pytest.fixture(scope="module")
def ann(site: Site) -> Iterator[Person]:
    """A student who lost 20.00 in a session that has ended."""
    ann, bob, teacher = site.student("ann"), site.student("bob"), site.teacher()
    for person in (ann, bob):
        person.here("POST", "/join")
    for person, side, price in (
        (ann, "sell", 50.00),
        (bob, "buy", 50.00),
        (bob, "sell", 50.20),
        (ann, "buy", 50.20),
    ):
        person.order(side, 100, price)
    for act in ("close", "debrief"):
        teacher.here("POST", f"/{act}")
    yield ann
    site.forget_people()


def test_a_report_is_asked_for_opened_and_kept(browser: Browser, site: Site, ann: Person) -> None:
    tab = DeskPage(browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]}), site)
    tab.page.goto(f"{site.url}/reports")
    expect(tab.page).to_have_url(re.compile(r"/login\?next=/reports$"))
    tab.log_in(ann)
    tab.page.goto(f"{site.url}/reports")
    expect(tab.by("reports")).to_have_attribute("data-ready", "true")
    expect(tab.page.get_by_text("No report yet")).to_be_visible()
    # Whose is not hers to choose.
    expect(tab.by("report-whose")).to_have_count(0)
    tab.by("report-kind").select_option("daily_pnl")
    tab.by("report-run").click()
    row = tab.by("report-list").locator("li")
    expect(row).to_have_count(1)
    expect(row).to_have_attribute("data-state", "done", timeout=MADE_MS)
    expect(row).to_contain_text("ann (seat-1) · market")
    sentence = row.locator("p").inner_text()
    for theme in ("light", "dark"):
        tab.page.get_by_role("button", name="Light or dark").click()
        expect(tab.by("reports")).to_have_attribute("data-theme", theme)
    with tab.context.expect_page() as opening:
        tab.by("report-open").click()
    report = opening.value
    expect(report.get_by_role("heading", level=1)).to_have_text("Daily PnL")
    expect(report.locator(".headline")).to_have_text(sentence)
    # Its charts are drawn, and its scripts are nobody's.
    expect(report.locator("canvas").first).to_be_visible()
    assert report.evaluate(_REACH) == ["null", "none", "out of reach", "none"]
    with tab.page.expect_download() as coming:
        tab.by("report-download").click()
    assert coming.value.suggested_filename == "daily_pnl-market-seat-1.html"
    assert sentence in Path(coming.value.path()).read_text(encoding="utf-8")
    # Of days, those of the session to begin with: one click is enough.
    tab.by("report-of").select_option("days")
    expect(tab.by("report-first")).to_have_value("2025-03-18")
    expect(tab.by("report-session")).to_have_count(0)
    tab.by("report-last").fill("2025-03-19")
    tab.by("report-run").click()
    expect(row).to_have_count(2)
    expect(row.first).to_contain_text("2025-03-18 to 2025-03-19")
    expect(row.first).to_have_attribute("data-state", "done", timeout=MADE_MS)
    expect(row.first).to_contain_text("lost 20.00 USD")
    tab.no_complaints()
    # Where she was in no session, the server says on which days she was.
    tab.by("report-last").fill("2025-03-17")
    expect(tab.by("report-first")).to_have_value("2025-03-17")
    tab.by("report-run").click()
    expect(tab.by("reports-problem")).to_contain_text("there is one on 2025-03-18")
    tab.context.close()

    teacher = site.teacher()
    room = DeskPage(browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]}), site)
    room.log_in(teacher)
    room.page.goto(f"{site.url}/control")
    # Over days she chooses among who sat in sessions of these days.
    room.page.goto(f"{site.url}/reports")
    room.by("report-of").select_option("days")
    expect(room.by("report-whose").locator("option")).to_have_text(["Everybody", "ann", "bob"])
    room.page.goto(f"{site.url}/control")
    room.by("control-tab-reports").click()
    expect(room.by("panel-reports").locator("tbody tr")).to_have_text(
        [re.compile("Daily PnL.*ann.*done.*ann")] * 2
    )
    room.no_complaints()
    room.context.close()
