"""Every page in every state: what is checked for accessibility, and what pictures are made of.

Each function brings a page from one state into the next and yields the name of the state it is in, so that
whoever walks through them looks at the page in between.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.dashboards.browser.desk_page import MADE_MS, DeskPage
from tests.dashboards.browser.site import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, WebSocketRoute

    from tests.dashboards.browser.room_page import RoomPage
    from tests.dashboards.browser.site import Person

TOO_MUCH = 90_000
"""A quantity that nobody has the money for."""


@dataclass(frozen=True)
class Cast:
    """Who is in the pictures, and in which instrument.

    Attributes
    ----------
    student
        Whose desk it is; holds a position and has working orders.
    teacher
        Who runs the session.
    symbol, price
        The instrument, and where its market is.
    """

    student: Person
    teacher: Person
    symbol: str
    price: float

    def near(self, part: float) -> float:
        """A price by how far it is from the market, as a part of it."""
        return round(self.price * (1 + part), 1)


@dataclass
class Line:
    """The streams of a page, which can be cut: no stream of it opens until they are mended."""

    cut: bool = False
    open: list[WebSocketRoute] = field(default_factory=list)

    def through(self, page: Page) -> Line:
        """Be between a page and its server; before the page is opened."""
        page.route_web_socket(re.compile("/stream"), self._joined)
        return self

    def _joined(self, line: WebSocketRoute) -> None:
        if self.cut:
            line.close(code=4000, reason="the cable is out")
        else:
            self.open.append(line)
            line.connect_to_server()

    def pull(self) -> None:
        """Cut it."""
        self.cut = True
        while self.open:
            self.open.pop().close(code=4000, reason="the cable was pulled")


def prepare(cast: Cast) -> None:
    """Something of everything: a position, working orders on both sides, a bracket, history and news."""
    student, symbol = cast.student, cast.symbol
    student.order("buy", 120, symbol=symbol)
    student.order("buy", 100, cast.near(-0.004), symbol)
    student.order("buy", 250, cast.near(-0.01), symbol)
    student.order("sell", 80, cast.near(0.006), symbol)
    gone = student.order("buy", 50, cast.near(-0.02), symbol)
    student.here("DELETE", f"/orders/{gone['id']}")
    told = {
        "headline": f"{symbol}: quarterly figures at noon",
        "body": "Analysts expect little.",
        "symbols": [symbol],
    }
    cast.teacher.here("POST", "/news", told)


def logging_in(desk: DeskPage, name: str) -> Iterator[str]:
    """The page of who is not logged in."""
    desk.page.goto(f"{desk.site.url}/login")
    expect(desk.by("login-name")).to_be_visible()
    yield "login"
    desk.by("login-name").fill(name)
    desk.by("login-password").fill("not the password")
    desk.by("login-send").click()
    expect(desk.by("login-problem")).to_contain_text("password")
    yield "login-refused"
    desk.by("login-to-sign-up").click()
    desk.by("sign-up-name").fill("Nora New")
    desk.by("sign-up-password").fill(PASSWORD)
    yield "sign-up"


def trading(desk: DeskPage, cast: Cast) -> Iterator[str]:
    """The desk of somebody who trades; it is open and has data."""
    desk.orders("working")
    expect(desk.by("orders-working-row").first).to_be_visible()
    expect(desk.by("chart-position")).to_be_attached()
    yield "desk"
    desk.orders("history")
    expect(desk.by("orders-history-row").first).to_be_visible()
    yield "desk-history"
    desk.by("order-explain").first.click()
    expect(desk.by("explanation")).to_contain_text(re.compile(r"\d\d:\d\d:\d\d"))
    yield "desk-explanation"
    leave(desk, "explanation-sheet")
    desk.orders("fills")
    expect(desk.by("orders-fill-row").first).to_be_visible()
    yield "desk-fills"
    yield from asking(desk, cast)
    for opens, what in (("settings-open", "settings"), ("help-open", "help")):
        desk.by(opens).click()
        expect(desk.by(what)).to_be_visible()
        yield f"desk-{what}"
        leave(desk, what)
    desk.by("user-menu").click()
    expect(desk.by("log-out")).to_be_visible()
    yield "desk-user"
    desk.page.keyboard.press("Escape")


def asking(desk: DeskPage, cast: Cast) -> Iterator[str]:
    """Orders that are being written, changed and taken back."""
    near = cast.near
    desk.fill_ticket("buy", "limit", 40, price=near(-0.001), take_profit=near(0.01), stop_loss=near(-0.01))
    told(desk)
    yield "desk-bracket"
    desk.by("ticket-class").select_option("simple")
    desk.fill_ticket("buy", "limit", TOO_MUCH, price=near(-0.001))
    expect(desk.by("ticket-problem")).to_contain_text(re.compile(r"\w+ \w+"))
    yield "desk-refused"
    desk.fill_ticket("buy", "limit", 100, price=near(-0.004))
    desk.orders("working")
    desk.by("order-replace").first.click()
    expect(desk.by("replace-send")).to_be_visible()
    yield "desk-replace"
    desk.by("replace-close").click()
    desk.by("orders-cancel-all").click()
    if desk.by("confirm-no").count():
        yield "desk-question"
        desk.by("confirm-no").click()


def interrupted(desk: DeskPage, cast: Cast, line: Line) -> Iterator[str]:
    """The desk while trading is not normal; the last state is one without a server."""
    teacher = cast.teacher
    teacher.here("POST", "/halt", {"symbols": [cast.symbol]})
    desk.has_state("banner", "halted")
    yield "desk-halted"
    teacher.here("POST", "/lift", {"symbols": [cast.symbol]})
    expect(desk.by("banner")).not_to_be_visible()
    teacher.here("POST", "/pause")
    desk.has_state("banner", "paused")
    yield "desk-paused"
    teacher.here("POST", "/resume")
    expect(desk.by("banner")).not_to_be_visible()
    line.pull()
    desk.has_state("banner", "lost")
    yield "desk-disconnected"


def running(room: RoomPage, cast: Cast) -> Iterator[str]:
    """The control room of who runs the session; it is open and has data."""
    row = room.participant(cast.student.name)
    expect(row).to_contain_text(cast.symbol)
    row.click()
    yield "control-floor"
    row.dblclick()
    expect(room.by("panel-watching")).to_contain_text(cast.symbol)
    yield "control-view-as"
    room.page.keyboard.press("Escape")
    expect(room.by("panel-watching")).to_have_count(0)
    room.by("control-halt", room.instrument(cast.symbol)).click()
    expect(room.by("confirm")).to_be_visible()
    yield "control-question"
    room.by("confirm-no").click()
    for tab, shows in (("market", "control-card-"), ("sessions", "create-"), ("classes", "panel-classes")):
        room.view(tab)
        expect(room.page.locator(f'[data-testid^="{shows}"]').first).to_be_visible()
        if tab == "sessions":
            yield from creating(room)
        else:
            yield f"control-{tab}"
    room.view("audit")
    expect(room.by("panel-audit").locator("tbody tr").first).to_be_visible()
    yield "control-audit"
    room.view("floor")
    room.page.keyboard.press("?")
    expect(room.by("help")).to_be_visible()
    yield "control-help"
    room.page.keyboard.press("Escape")


def creating(room: RoomPage) -> Iterator[str]:
    """A session that is being made, with a parameter that does not hold."""
    room.by("create-name").fill("tuesday")
    wrong: Locator = room.by("create-seats.count")
    expect(wrong).to_be_visible()
    wrong.fill("0")
    wrong.press("Tab")
    expect(room.by("panel-create").get_by_role("alert").first).to_be_visible()
    yield "control-sessions"


def looking_back(page: DeskPage) -> Iterator[str]:
    """The review of a day in which its account traded; it is open."""
    reviewed(page)
    yield "review"
    page.by("review-tab-excursions").click()
    reviewed(page, charts=5)
    yield "review-excursions"
    page.by("review-tab-summary").click()
    expect(page.page.get_by_text("Profit factor").first).to_be_visible()
    yield "review-statistics"
    page.by("review-tab-trades").click()
    reviewed(page)


def choosing(page: DeskPage, session: str) -> Iterator[str]:
    """The review of somebody who may read the class and had no seat."""
    page.page.goto(f"{page.site.url}/review?session={session}")
    page.has_state("review-state", "choose")
    expect(page.by("review-account").locator("option").nth(1)).to_be_attached()
    yield "review-choose"


def reporting(page: DeskPage, kinds: tuple[str, ...]) -> Iterator[str]:
    """The page of reports of somebody who was in a session that is over, and has no report of it yet."""
    page.page.goto(f"{page.site.url}/reports")
    expect(page.by("report-run")).to_be_enabled()
    expect(page.page.get_by_text("No report yet")).to_be_visible()
    yield "reports-empty"
    rows = page.by("report-list").locator("li")
    for number, kind in enumerate(kinds, 1):
        page.by("report-kind").select_option(kind)
        page.by("report-run").click()
        expect(rows).to_have_count(number)
    for row in range(len(kinds)):
        expect(rows.nth(row)).to_have_attribute("data-state", "done", timeout=MADE_MS)
    yield "reports"


def without_sessions(page: DeskPage) -> Iterator[str]:
    """The page of reports of somebody who was in no session that is over."""
    page.page.goto(f"{page.site.url}/reports")
    expect(page.by("reports")).to_have_attribute("data-ready", "true")
    expect(page.page.get_by_role("link", name="Go to the desk")).to_be_visible()
    yield "reports-none"


def reported(room: RoomPage) -> Iterator[str]:
    """The control room's list of what ran; it is open, and something did."""
    room.view("reports")
    expect(room.by("panel-reports").locator("tbody tr").first).to_be_visible()
    yield "control-reports"


def reviewed(page: DeskPage, charts: int = 2) -> None:
    """Wait until charts and rows are drawn, and no reading is under way."""
    expect(page.by("review-state")).to_have_count(0)
    expect(page.page.locator("canvas").nth(charts - 1)).to_be_visible()
    expect(page.by("replay-clock")).to_contain_text(":")


def told(desk: DeskPage) -> None:
    """Wait until the ticket says what its order would do."""
    would = desk.by("panel-ticket").get_by_label("What the order would do now")
    expect(would).to_have_attribute("data-fresh", "true")
    expect(would).to_contain_text(re.compile(r"USD.*\d"))


def leave(desk: DeskPage, sheet: str) -> None:
    """Close a sheet by the keyboard."""
    desk.page.keyboard.press("Escape")
    expect(desk.by(sheet)).to_have_count(0)
