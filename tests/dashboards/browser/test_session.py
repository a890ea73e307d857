"""What the instructor does is seen at once: halts, pauses and news."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.dashboards.browser.desk_page import DeskPage
    from tests.dashboards.browser.site import Person, Site


@pytest.fixture
def teacher(site: Site) -> Iterator[Person]:
    yield site.teacher()
    site.forget_people()


def test_a_halt_is_told_by_a_banner_until_it_is_lifted(
    desk: DeskPage, student: Person, teacher: Person
) -> None:
    banner = desk.by("banner")
    expect(banner).not_to_be_visible()
    teacher.here("POST", "/halt", {"symbols": ["QUIET"]})
    try:
        expect(banner).to_be_visible()
        desk.has_state("banner", "halted")
        expect(banner).to_contain_text("QUIET")
    finally:
        teacher.here("POST", "/lift", {"symbols": ["QUIET"]})
    expect(banner).not_to_be_visible()
    assert desk.limit(student, "buy", 1, 45.00)


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


def test_news_come_with_a_mark_until_they_are_read(desk: DeskPage, teacher: Person) -> None:
    headline = "Harbour strike: HARBOR ships nothing"
    body = "The union expects a week."
    teacher.here("POST", "/news", {"headline": headline, "body": body, "symbols": ["HARBOR"]})
    unread = desk.by("news-unread").first
    expect(unread).to_contain_text("1")
    row = desk.show("news", "news-row").first
    expect(row).to_contain_text(headline)
    expect(row).to_have_attribute("data-unread", "true")
    row.click()
    expect(row).not_to_have_attribute("data-unread", "true")
    expect(desk.by("news-unread").filter(has_text="1")).to_have_count(0)
    expect(desk.page.get_by_text(body)).to_be_visible()


def test_news_are_text_and_nothing_else(desk: DeskPage, teacher: Person) -> None:
    headline = '<img src=x onerror="window.__broken = 1"><b>bold</b>'
    teacher.here("POST", "/news", {"headline": headline, "body": "<script>window.__broken = 2</script>"})
    row = desk.show("news", "news-row").first
    expect(row).to_contain_text(headline)
    assert desk.page.evaluate("window.__broken ?? null") is None
