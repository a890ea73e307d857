"""Access tokens that last a few seconds: the page renews its log-in without a word."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import jwt
import pytest
from playwright.sync_api import expect

from tests.dashboards.browser.desk_page import DeskPage
from tests.dashboards.browser.site import SESSION
from workbench.api.auth import ACCESS_COOKIE, REFRESH_COOKIE

if TYPE_CHECKING:
    from tests.dashboards.browser.conftest import OpenDesk
    from tests.dashboards.browser.site import Person

ACCESS_S = 20
"""Half of it, which a page that is opened has at least, is enough for its socket on a busy machine."""


@pytest.fixture(scope="module")
def settings() -> tuple[str, ...]:
    return (f"access_s={ACCESS_S}", "skew_s=0")


def until_it_is_over(desk: DeskPage) -> None:
    """Wait until the access token that a page has is no longer good."""
    # A browser throws away what is over.
    tokens = [each["value"] for each in desk.context.cookies() if each["name"] == ACCESS_COOKIE]
    ends_s = [jwt.decode(token, options={"verify_signature": False})["exp"] for token in tokens]
    time.sleep(max([0.0, *(end_s + 1 - time.time() for end_s in ends_s)]))


def test_a_desk_trades_on_after_its_token_is_over(open_desk: OpenDesk, student: Person) -> None:
    desk = open_desk(student)
    address = desk.page.url
    until_it_is_over(desk)
    student.log_in()
    order = desk.limit(student, "buy", 3, 45.00)
    assert desk.page.url == address
    # REST too, not only the stream that was open already.
    desk.page.reload()
    desk.ready()
    assert desk.page.url == address
    desk.orders("working")
    expect(desk.row("working", order)).to_be_visible()


def test_two_pages_of_one_log_in_renew_it_side_by_side(open_desk: OpenDesk, student: Person) -> None:
    first = open_desk(student)
    second = DeskPage(first.context, first.site)
    second.open()
    until_it_is_over(second)
    for each in (first, second):
        each.page.reload()
        each.ready()
        assert "/login" not in each.page.url
    second.no_complaints()


def test_who_opens_a_page_after_the_log_in_is_over_logs_in_again(
    open_desk: OpenDesk, student: Person
) -> None:
    desk = open_desk(student)
    # The refresh token is gone, as when the log-in's own time is over; the access token lasts a little.
    kept = [each for each in desk.context.cookies() if each["name"] != REFRESH_COOKIE]
    desk.context.clear_cookies()
    desk.context.add_cookies(kept)  # type: ignore[arg-type]
    until_it_is_over(desk)
    # A page of its own: the one that is open may just then leave for the log-in by itself.
    late = DeskPage(desk.context, desk.site)
    late.page.goto(f"{desk.site.url}/desk?session={SESSION}")
    expect(late.by("login-send")).to_be_visible()
    assert "next=" in late.page.url
    late.no_complaints()
    assert desk.context.request.get(f"{desk.site.url}/api/auth/me").status == 401
