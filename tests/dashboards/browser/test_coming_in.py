"""Signing up, logging in and out, and who may open what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.dashboards.browser.desk_page import DeskPage
from tests.dashboards.browser.site import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.dashboards.browser.conftest import OpenDesk
    from tests.dashboards.browser.site import Person, Site


@pytest.fixture
def stranger(browser: Browser, site: Site) -> Iterator[DeskPage]:
    """A browser in which nobody is logged in."""
    desk = DeskPage(browser.new_context(viewport={"width": 1440, "height": 900}), site)
    yield desk
    desk.context.close()
    desk.no_complaints()


def test_who_is_not_logged_in_is_sent_to_log_in_and_then_to_the_desk(
    stranger: DeskPage, site: Site, student: Person
) -> None:
    stranger.page.goto(f"{site.url}/desk?session=market")
    expect(stranger.page).to_have_url(re.compile(r"/login\?next="))
    stranger.by("login-name").fill(student.name)
    stranger.by("login-password").fill(PASSWORD)
    stranger.by("login-send").click()
    stranger.ready()
    assert stranger.page.url == f"{site.url}/desk?session=market"


def test_a_wrong_password_is_told_in_the_servers_sentence(
    stranger: DeskPage, site: Site, student: Person
) -> None:
    stranger.page.goto(f"{site.url}/login")
    stranger.by("login-name").fill(student.name)
    stranger.by("login-password").fill("not the password")
    stranger.by("login-send").click()
    refused = stranger.context.request.post(
        f"{site.url}/api/auth/login", data={"name": student.name, "password": "not the password"}
    )
    sentence = refused.json()["message"]
    expect(stranger.by("login-problem")).to_be_visible()
    assert stranger.text("login-problem").lower().rstrip(".") == sentence.lower().rstrip(".")
    assert "/login" in stranger.page.url


def test_somebody_new_signs_up_and_sees_the_desk(stranger: DeskPage, site: Site) -> None:
    stranger.page.goto(f"{site.url}/login")
    stranger.by("login-to-sign-up").click()
    stranger.by("sign-up-name").fill("Nora New")
    stranger.by("sign-up-password").fill(PASSWORD)
    stranger.by("sign-up-send").click()
    stranger.ready()
    who = stranger.context.request.get(f"{site.url}/api/auth/me").json()
    assert who["name"] == "Nora New"
    assert who["role"] == "student"


def test_a_name_that_is_taken_is_told(stranger: DeskPage, site: Site, student: Person) -> None:
    stranger.page.goto(f"{site.url}/login")
    stranger.by("login-to-sign-up").click()
    stranger.by("sign-up-name").fill(student.name)
    stranger.by("sign-up-password").fill(PASSWORD)
    stranger.by("sign-up-send").click()
    expect(stranger.by("login-problem")).to_contain_text("choose another")


def test_nobody_is_sent_to_another_site_after_logging_in(
    stranger: DeskPage, site: Site, student: Person
) -> None:
    stranger.page.goto(f"{site.url}/login?next=//elsewhere.example/desk")
    stranger.by("login-name").fill(student.name)
    stranger.by("login-password").fill(PASSWORD)
    stranger.by("login-send").click()
    stranger.ready()
    assert stranger.page.url.startswith(f"{site.url}/desk")


def test_no_script_can_read_the_log_in(desk: DeskPage) -> None:
    assert desk.page.evaluate("document.cookie") == ""
    stored = desk.page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
    assert "eyJ" not in stored, "a token is kept where scripts can read it"


def test_logging_out_ends_the_page(desk: DeskPage, site: Site) -> None:
    desk.by("user-menu").click()
    desk.by("log-out").click()
    expect(desk.page).to_have_url(re.compile("/login"))
    desk.page.goto(f"{site.url}/desk")
    expect(desk.page).to_have_url(re.compile("/login"))


def test_logging_out_everywhere_elsewhere_ends_this_page(open_desk: OpenDesk, student: Person) -> None:
    here = open_desk(student)
    student.ask("POST", "/api/auth/logout-everywhere")
    ended = here.page.locator('[data-testid="banner"][data-state="ended"]')
    login = here.by("login-send")
    expect(ended.or_(login).first).to_be_visible()
    assert here.context.request.get(f"{here.site.url}/api/auth/me").status == 401


def test_the_control_room_is_not_open_to_a_student(desk: DeskPage, site: Site) -> None:
    answer = desk.page.goto(f"{site.url}/control")
    assert answer is not None
    assert answer.status == 403
    expect(desk.page.get_by_text("not for", exact=False).first).to_be_visible()
    expect(desk.by("control")).to_have_count(0)
    for path in ("/control/autoload.js", "/control/metadata"):
        assert desk.context.request.get(f"{site.url}{path}").status in (403, 404), path


def test_the_control_rooms_socket_is_not_open_to_a_student(desk: DeskPage) -> None:
    opened = desk.page.evaluate(
        """() => new Promise(done => {
            const socket = new WebSocket(`ws://${location.host}/control/ws`, ["bokeh", "x"]);
            socket.onopen = () => done(true);
            socket.onerror = () => done(false);
        })"""
    )
    assert opened is False


def test_the_control_room_opens_for_who_runs_the_session(browser: Browser, site: Site) -> None:
    room = DeskPage(browser.new_context(), site)
    try:
        room.log_in(site.teacher())
        answer = room.page.goto(f"{site.url}/control")
        assert answer is not None
        assert answer.status == 200
        room.no_complaints()
    finally:
        room.context.close()
        site.forget_people()
