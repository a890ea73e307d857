"""Log-ins that end while their pages are open: each page comes to the log-in page, and that says why."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.dashboards.browser.desk_page import DeskPage
from tests.dashboards.browser.site import PASSWORD
from workbench.api.auth import ACCESS_COOKIE, REFRESH_COOKIE
from workbench.identity.endings import Ending

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.dashboards.browser.conftest import OpenDesk
    from tests.dashboards.browser.site import Person, Site

DATABASE = "identity.db"


@pytest.fixture(scope="module")
def settings() -> tuple[str, ...]:
    # A token that is used a second time is a copy at once.
    return ("grace_s=0",)


def user_id(student: Person) -> str:
    return str(student.ask("GET", "/api/auth/me")["user_id"])


def reset(desk: DeskPage, student: Person) -> None:
    desk.site.teacher().ask("POST", f"/api/users/{user_id(student)}/reset-password")


def disable(desk: DeskPage, student: Person) -> None:
    desk.site.teacher().ask("POST", f"/api/users/{user_id(student)}/disable")


def log_out_everywhere(desk: DeskPage, student: Person) -> None:  # noqa: ARG001
    student.ask("POST", "/api/auth/logout-everywhere")


def end_device(desk: DeskPage, student: Person) -> None:  # noqa: ARG001
    for device in student.ask("GET", "/api/me/devices")["devices"]:
        if not device["current"]:
            student.ask("DELETE", f"/api/me/devices/{device['login']}")


def change_password(desk: DeskPage, student: Person) -> None:  # noqa: ARG001
    student.ask("POST", "/api/me/password", {"old": PASSWORD, "new": "another horse battery"})


def copy(desk: DeskPage, student: Person) -> None:  # noqa: ARG001
    (kept,) = (each for each in desk.context.cookies() if each["name"] == REFRESH_COOKIE)
    first = desk.site.ask_anybody("POST", "/api/auth/refresh", {"refresh": kept["value"]})
    assert first.status_code == 200, first.text
    again = desk.site.ask_anybody("POST", "/api/auth/refresh", {"refresh": kept["value"]})
    assert again.json()["code"] == "reused"


def let_time_pass(desk: DeskPage, student: Person) -> None:
    """As after thirty days, of which nothing but the date in the database is known."""
    with sqlite3.connect(desk.site.data / DATABASE, timeout=30) as database:
        database.execute(
            "UPDATE families SET expires_ns = ? WHERE user_id = ?",
            (time.time_ns() + 1_000_000_000, user_id(student)),
        )
    database.close()


WAYS: list[tuple[Callable[[DeskPage, Person], None], Ending]] = [
    (reset, Ending.PASSWORD_RESET),
    (disable, Ending.DISABLED),
    (log_out_everywhere, Ending.EVERYWHERE),
    (end_device, Ending.LOGOUT),
    (change_password, Ending.PASSWORD_CHANGED),
    (copy, Ending.REUSED),
    (let_time_pass, Ending.EXPIRED),
]


def said(ending: Ending) -> str:
    return f"{ending.sentence[0].upper()}{ending.sentence[1:]}."


@pytest.mark.parametrize(("end", "ending"), WAYS, ids=[ending.code for _, ending in WAYS])
def test_a_desk_whose_log_in_ends_leads_to_the_log_in_page_which_says_why(
    open_desk: OpenDesk,
    student: Person,
    pictures: Path,
    end: Callable[[DeskPage, Person], None],
    ending: Ending,
) -> None:
    desk = open_desk(student)
    end(desk, student)
    expect(desk.by("login-why")).to_have_text(said(ending))
    expect(desk.page).to_have_url(re.compile(r"/login\?next=%2Fdesk%3Fsession%3Dmarket.*&why=\w+$"))
    expect(desk.by("login-problem")).to_have_text("")
    desk.page.screenshot(path=pictures / f"log-in-{ending.code}.png")
    # Making an account has nothing to do with it.
    desk.by("login-to-sign-up").click()
    expect(desk.by("login-why")).to_have_count(0)
    # Somebody opens a page anew, as after closing the browser: the same is said.
    desk.page.goto(f"{desk.site.url}/desk")
    expect(desk.by("login-why")).to_have_text(said(ending))


@pytest.mark.parametrize(("page", "shown"), [("/review", "review-state"), ("/reports", "reports")])
def test_other_pages_of_the_same_browser_say_it_too(
    open_desk: OpenDesk, student: Person, page: str, shown: str
) -> None:
    desk = open_desk(student)
    other = type(desk)(desk.context, desk.site)
    other.page.goto(f"{desk.site.url}{page}")
    expect(other.by(shown)).to_be_visible()
    log_out_everywhere(desk, student)
    expect(desk.by("login-why")).to_have_text(said(Ending.EVERYWHERE))
    if page == "/reports":
        # It has no stream that would end: whoever does something next comes to the log-in page.
        other.page.reload()
    expect(other.by("login-why")).to_have_text(said(Ending.EVERYWHERE))


def test_the_control_room_says_it_too(browser: Browser, site: Site) -> None:
    room = DeskPage(browser.new_context(), site)
    try:
        teacher = site.teacher()
        room.log_in(teacher)
        room.page.goto(f"{site.url}/control")
        expect(room.by("control")).to_be_visible()
        log_out_everywhere(room, teacher)
        expect(room.by("login-why")).to_have_text(said(Ending.EVERYWHERE))
        room.no_complaints()
    finally:
        room.context.close()


def test_who_reads_why_logs_in_and_is_back_on_the_desk(open_desk: OpenDesk, student: Person) -> None:
    desk = open_desk(student)
    address = desk.page.url
    log_out_everywhere(desk, student)
    expect(desk.by("login-why")).to_be_visible()
    desk.by("login-name").fill(student.name)
    desk.by("login-password").fill(PASSWORD)
    desk.by("login-send").click()
    desk.ready()
    assert desk.page.url == address
    # Now there is a log-in that holds: nobody is told of the other one any more.
    desk.page.goto(f"{desk.site.url}/login?why=logout_everywhere")
    desk.ready()


def test_who_logs_out_is_told_nothing_and_neither_is_who_never_logged_in(
    open_desk: OpenDesk, student: Person
) -> None:
    desk = open_desk(student)
    desk.by("user-menu").click()
    desk.by("log-out").click()
    expect(desk.by("login-send")).to_be_visible()
    desk.page.goto(f"{desk.site.url}/desk")
    expect(desk.by("login-send")).to_be_visible()
    expect(desk.by("login-why")).to_have_count(0)
    assert "why=" not in desk.page.url
    # What is no code says nothing, whoever made the link.
    for code in ("<b>hacked</b>", "Call 555-1234"):
        desk.page.goto(f"{desk.site.url}/login?why={code}")
        expect(desk.by("login-send")).to_be_visible()
        expect(desk.by("login-why")).to_have_count(0)
        expect(desk.page.get_by_text("hacked")).to_have_count(0)
    names = {each["name"] for each in desk.context.cookies()}
    assert not names & {ACCESS_COOKIE, REFRESH_COOKIE}
