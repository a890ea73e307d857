"""No page is in a state in which axe-core finds something serious, text is pale or a control has no name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.dashboards.browser import axe, gallery
from tests.dashboards.browser.conftest import empty
from tests.dashboards.browser.desk_page import DeskPage
from tests.dashboards.browser.gallery import Cast, Line
from tests.dashboards.browser.room_page import RoomPage

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

    from tests.dashboards.browser.conftest import OpenDesk
    from tests.dashboards.browser.site import Person, Site

PROBES = (Path(__file__).parent / "probes.js").read_text()
THEMES = ("dark", "light")
Look = Callable[[DeskPage, Iterator[str]], str]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    return axe.program(tmp_path_factory.mktemp("axe"))


@pytest.fixture
def look(program: str) -> Look:
    """Goes through states in the dark; in the light there is nothing new but colours."""

    def through(page: DeskPage, states: Iterator[str]) -> str:
        seen, wrong = 0, list[str]()
        for state in states:
            seen += 1
            found: list[object] = [*axe.findings(page.page, program)]
            for theme in THEMES:
                in_theme(page, theme)
                if theme != THEMES[0]:
                    found += axe.findings(page.page, program, "color-contrast")
                found += [f"{theme}: {each}" for each in page.page.evaluate(f"{PROBES}.pale()").items()]
            page.page.emulate_media(color_scheme=THEMES[0])
            found += page.page.evaluate(f"{PROBES}.nameless()")
            wrong += [f"{state}: {each}" for each in found]
        assert seen
        return "\n".join(wrong)

    return through


# What a page's theme comes from: the system, what the browser kept, and what the page made of them.
_THEME = """() => JSON.stringify({
    light: matchMedia("(prefers-color-scheme: light)").matches,
    kept: localStorage.getItem("workbench.theme"),
})"""


def in_theme(page: DeskPage, theme: str) -> None:
    """Have the system be dark or light; a page that does not follow says all that it knows."""
    root = page.page.locator(".root[data-theme]")
    page.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    try:
        expect(root).to_have_attribute("data-theme", theme)
    except AssertionError as error:
        asked = page.context.request.get(f"{page.site.url}/api/me/preferences")
        error.add_note(f"the browser: {page.page.evaluate(_THEME)}; the server: {asked.text()[:200]}")
        error.add_note(f"the page complained: {page.complaints}")
        raise


def as_the_system(person: Person) -> Person:
    """Have somebody's pages follow what the browser asks for."""
    person.ask("PATCH", "/api/me/preferences", {"theme": "system"})
    return person


@pytest.fixture
def cast(site: Site, student: Person) -> Cast:
    """A student with something of everything, and others in the book."""
    other = site.student()
    made = Cast(student, site.teacher(), "QUIET", 50.0)
    for person in (student, made.teacher):
        as_the_system(person)
    other.order("sell", 400, 50.3)
    other.order("buy", 400, 49.6)
    gallery.prepare(made)
    return made


def test_what_is_wrong_would_be_found(open_desk: OpenDesk, student: Person, look: Look) -> None:
    desk = open_desk(as_the_system(student))
    desk.page.evaluate(
        """() => document.body.insertAdjacentHTML("beforeend",
            '<p style="position:fixed;top:0;z-index:9999;background:#fff;color:#999" data-testid="pale">'
            + 'pale</p>'
            + '<button style="position:fixed;top:40px;width:30px;height:30px"></button>')"""
    )
    found = look(desk, iter(["broken"]))
    for wanted in ("color-contrast", "button-name", "('pale'", "<button"):
        assert wanted in found


def test_the_log_in_page(window: BrowserContext, site: Site, look: Look) -> None:
    desk = DeskPage(window, site)
    # As the desk left it there for the pages that do not know who looks.
    desk.page.add_init_script("localStorage.setItem('workbench.theme', 'system')")
    assert look(desk, gallery.logging_in(desk, "nobody")) == ""
    empty(window)
    desk.no_complaints()


def test_the_desk(open_desk: OpenDesk, cast: Cast, look: Look) -> None:
    line = Line()
    desk = open_desk(line=line)
    assert look(desk, gallery.trading(desk, cast)) == ""
    assert look(desk, gallery.interrupted(desk, cast, line)) == ""


def test_an_empty_desk_and_one_on_a_phone(open_desk: OpenDesk, cast: Cast, site: Site, look: Look) -> None:
    assert look(open_desk(as_the_system(site.student()), symbol="CALM"), iter(["empty"])) == ""
    phone = open_desk(cast.student, size=(390, 844), has_touch=True, is_mobile=True)
    assert look(phone, iter(["phone"])) == ""


def test_the_control_room(window: BrowserContext, cast: Cast, site: Site, look: Look) -> None:
    room = RoomPage(window, site)
    room.log_in(cast.teacher)
    room.enter()
    assert look(room, gallery.running(room, cast)) == ""
    empty(window)
    room.no_complaints()


def test_what_is_left_of_a_session(browser: Browser, cast: Cast, site: Site, look: Look) -> None:
    nobody = as_the_system(site.student())
    for act in ("close", "debrief"):
        cast.teacher.here("POST", f"/{act}")
    walks: list[tuple[Person, Callable[[RoomPage], Iterator[str]]]] = [
        (nobody, gallery.without_sessions),
        (cast.student, lambda page: gallery.reporting(page, ("daily_pnl",))),
        (cast.teacher, lambda room: gallery.reported(room.enter())),
    ]
    for person, states in walks:
        page = RoomPage(browser.new_context(), site)
        page.log_in(person)
        assert look(page, states(page)) == ""
        page.context.close()
        page.no_complaints()
