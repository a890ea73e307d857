"""The review in a browser: the day of a class that has closed, looked back at."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from playwright.sync_api import TimeoutError as NotInTimeError
from playwright.sync_api import expect

from tests.dashboards.browser import axe
from tests.dashboards.browser.conftest import WIDE
from tests.dashboards.browser.desk_page import PATIENCE_MS, DeskPage, number_in
from tests.dashboards.browser.site import SESSION
from tests.served_market import market

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

    from tests.dashboards.browser.site import Person, Site

EARLIER = "earlier"
"""A session that had closed before: the teacher's to look at, for only Bob sat there."""
PAGE_ROWS = 200
PRIZE = "prize for the best quotes"
TABLES = ("fills", "orders", "drawdowns", "cash", "summary", "trades")
TABS = ("excursions", "fills", "markouts", "orders", "drawdowns", "cash", "summary", "trades")
# Where a trade's line is on the screen, by Bokeh's own scales.
_LINE_OF = """number => {
    const views = root => [...root].flatMap(view => [view, ...views(view.child_views ?? [])]);
    const chart = views(Bokeh.index.roots ?? Bokeh.index).find(view => view.model.name === "price");
    const {opened, closed, entry_price, exit_price} = Bokeh.documents
        .map(each => each.get_model_by_name("trips-in-time")).find(each => each?.data?.opened).data;
    const box = chart.el.getBoundingClientRect();
    const middle = (one, other) => (one[number] + other[number]) / 2;
    return [
        box.x + chart.frame.x_scale.compute(middle(opened, closed)),
        box.y + chart.frame.y_scale.compute(middle(entry_price, exit_price)),
    ];
}"""

# Whether the charts show all of a day, with the room that is left on either side of it.
_WHOLE = """([start, end]) => {
    const times = Bokeh.documents.map(each => each.get_model_by_name("times")).find(each => each);
    const room = (end - start) * 0.01;
    return Math.abs(times.start - (start - room)) < 1 && Math.abs(times.end - (end + room)) < 1;
}"""

# What the axis of the profit writes for a number below 0.
_TICK = """() => {
    const charts = Bokeh.documents.flatMap(each => [...each._all_models.values()]);
    return charts.find(each => each.name === "equity").right[0].formatter.doFormat([-1500], {})[0];
}"""


# Whether the line of the chart that came last is where the slider is, and room is left above its profit.
_STANDS = """() => {
    const models = Bokeh.documents.flatMap(each => [...each._all_models.values()]);
    const last = name => models.filter(each => each.name === name).at(-1);
    const slider = [...document.querySelectorAll("*")].flatMap(function deep(each) {
        return [each, ...[...(each.shadowRoot?.querySelectorAll("*") ?? [])].flatMap(deep)];
    }).find(each => each.dataset?.testid === "replay-slider");
    const {pnl, realised} = last("equity-in-time").data;
    const {start, end} = last("gains");
    const above = (end - Math.max(0, ...pnl, ...realised)) / (end - start) * last("equity").inner_height;
    return Math.abs(last("cursor-price").location - slider.value) <= 1 && Math.abs(above - 22) < 1;
}"""


class ReviewPage(DeskPage):
    """One tab with a review."""

    def shows(self, account: str) -> ReviewPage:
        """Wait until an account's day is there: charts, a table or why there is none, and a book."""
        expect(self.page).to_have_url(re.compile(f"account={account}$"), timeout=PATIENCE_MS)
        expect(self.by("review-price").locator("canvas").first).to_be_visible(timeout=PATIENCE_MS)
        expect(self.by("replay")).to_have_attribute("data-at", re.compile(r"\d"), timeout=PATIENCE_MS)
        return self

    def asks_whose_day(self) -> None:
        """Wait until it asks who had no seat whom to look at."""
        expect(self.by("review-state")).to_have_attribute("data-state", "choose", timeout=PATIENCE_MS)
        expect(self.by("review-account")).to_have_value("")

    def rows(self) -> Locator:
        """Rows of the table below."""
        return self.by("review-lower").locator(".tabulator-row")

    def grid(self) -> Locator:
        """The table below, as who hears the page finds it."""
        return self.by("review-lower").get_by_role("grid")

    def all_of_it_is_in_view(self, where: str) -> None:
        """Wait until the table below, which is laid out while it is made, is not wider than its place."""

        def sizes() -> list[int]:
            found: list[int] = self.grid().evaluate("grid => [grid.scrollWidth, grid.clientWidth]")
            return found

        def fits() -> bool:
            wide, room = sizes()
            return 0 < wide <= room

        self.until(fits, lambda: f"{where}: pixels of a table, and of its place: {sizes()}")

    def at_ms(self) -> float:
        """The instant that the slider shows."""
        return float(self.by("replay-slider").input_value())

    def book_is_of_the_clock(self) -> None:
        """Wait until what is drawn is of the instant that the slider shows."""

        def drawn_ms() -> float:
            return float(self.by("replay").get_attribute("data-at") or "nan")

        self.until(
            lambda: abs(drawn_ms() - self.at_ms()) < 1,
            lambda: f"the book is of {drawn_ms()}, the slider at {self.at_ms()}",
        )

    def downloaded(self, button: Locator) -> Path:
        """The file that a button or link gives."""
        with self.page.expect_download(timeout=4 * PATIENCE_MS) as coming:
            button.click()
        return Path(coming.value.path())


@dataclass
class Day:
    """A class that has closed: who was there, and the page to which the desk of one of them led."""

    ann: Person
    bob: Person
    teacher: Person
    page: ReviewPage


@pytest.fixture(scope="module")
def day(browser: Browser, site: Site) -> Iterator[Day]:
    ann, bob, teacher = site.student("ann"), site.student("bob"), site.teacher()
    teacher.ask("POST", "/api/sessions", {"name": EARLIER, "scenario": market("An earlier day")})
    bob.ask("POST", f"/api/sessions/{EARLIER}/join")
    for act in ("start", "close"):
        teacher.ask("POST", f"/api/sessions/{EARLIER}/{act}")
    # Ann takes the first seat. She wins once and loses once against Bob; then her order waits behind his.
    for person in (ann, bob):
        person.here("POST", "/join")
    for person, side, quantity, price in (
        (bob, "sell", 10, 50.00),
        (ann, "buy", 10, 50.00),
        (bob, "buy", 10, 50.10),
        (ann, "sell", 10, 50.10),
        (bob, "sell", 20, 50.05),
        (ann, "buy", 20, 50.05),
        (bob, "buy", 20, 49.95),
        (ann, "sell", 20, 49.95),
        (bob, "buy", 30, 49.00),
        (ann, "buy", 5, 49.00),
    ):
        person.order(side, quantity, price)
    teacher.here("POST", "/transfer", {"account": "seat-1", "amount": 250, "reason": PRIZE})
    # As many orders of Bob's as do not fit a page of a table.
    for _ in range(PAGE_ROWS):
        bob.order("buy", 1, 20.00)
    page = ReviewPage(browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]}), site)
    page.log_in(ann)
    page.open()
    teacher.here("POST", "/close")
    page.by("review").click(timeout=PATIENCE_MS)
    yield Day(ann, bob, teacher, page.shows("seat-1"))
    page.no_complaints()
    page.context.close()
    site.forget_people()


def test_a_student_replays_the_day(day: Day) -> None:
    page = day.page
    expect(page.rows()).to_have_count(2)
    # All columns are in view, and what is below 0 has a minus sign.
    expect(page.grid()).to_have_attribute("aria-label", "Trades")
    page.all_of_it_is_in_view("1440 pixels")
    net = page.rows().nth(1).locator('[tabulator-field="net"]')
    expect(net).to_have_text(re.compile("^\N{MINUS SIGN}2.00$"))
    assert page.page.evaluate(_TICK) == "\N{MINUS SIGN}1,500"
    # In a window of 1024 pixels what is left is in view as well.
    page.page.set_viewport_size({"width": 1024, "height": 700})
    few = page.by("review-lower").locator('.tabulator-col[tabulator-field="fills"]')
    expect(few).to_be_hidden(timeout=PATIENCE_MS)
    expect(page.rows()).to_have_count(2)
    page.all_of_it_is_in_view("1024 pixels")
    page.page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    expect(few).to_be_visible(timeout=PATIENCE_MS)
    # +1.00 and -2.00 without fees.
    fees = sum(day_fee for day_fee in pl.read_csv(io.BytesIO(table(day, "fills", "csv")))["fee"])
    assert number_in(page.by("review-chips").inner_text()) == pytest.approx(-1.0 - fees, abs=0.006)

    # Her last order stands behind thirty units of one order; it was gone with the close.
    orders = pl.read_parquet(io.BytesIO(table(day, "orders", "parquet")))
    there = orders["rested"].dt.convert_time_zone("America/New_York").dt.replace_time_zone(None)
    move = "(slider, at) => { slider.value = at; slider.dispatchEvent(new Event('input')); }"
    slider = page.by("replay-slider")
    slider.evaluate(move, int(there.dt.epoch("ms")[-1]) + 1)
    waiting = re.compile(r"Buy\s*5\s*49\.00\s*30\s*1")
    expect(page.by("replay-orders").locator("tbody tr")).to_have_text([waiting])
    page.page.keyboard.press("End")
    expect(page.by("replay-orders")).to_contain_text("none at this time")
    # An own fill back: it is the last on the tape, and the order is not there yet.
    page.page.keyboard.press("[")
    expect(page.by("replay-tape").locator("tbody tr").first).to_have_text(re.compile(r"49\.95\s*20"))
    expect(page.by("replay-orders")).to_contain_text("none at this time")
    expect(page.by("replay-standing")).to_contain_text("0 units")
    # Another one back she holds what the last one sold.
    page.by("replay-fill-before").click()
    expect(page.by("replay-standing")).to_contain_text("20 units")

    # The slider: the book follows it, and at the first instant there is nothing yet.
    slider.evaluate(move, int(float(slider.get_attribute("min") or 0)))
    page.book_is_of_the_clock()
    expect(page.by("replay-tape")).to_contain_text("no trade yet")
    began = page.at_ms()
    page.by("replay-speed").select_option("1")
    page.by("replay-play").focus()
    page.page.keyboard.press("Space")
    page.until(lambda: page.at_ms() > began, lambda: f"it does not play, and stands at {began}")
    page.page.keyboard.press("Space")
    page.book_is_of_the_clock()
    stood = page.at_ms()
    page.page.keyboard.press("ArrowRight")
    page.book_is_of_the_clock()
    most = float(slider.get_attribute("max") or 0)
    assert page.at_ms() == pytest.approx(min(stood + 10_000, most), abs=1)


def test_money_without_a_trade_is_listed_with_its_reason(day: Day) -> None:
    page = day.page
    page.by("review-tab-cash").click()
    expect(page.rows()).to_have_count(1)
    for text in ("deposit", "+250.00", PRIZE):
        expect(page.rows()).to_contain_text(text)
    page.by("review-tab-trades").click()
    expect(page.rows()).to_have_count(2)


def test_rows_and_charts_mark_each_other(day: Day) -> None:
    page = day.page
    # From where no trade begins, so that it is seen to go to the one that is chosen.
    page.by("replay-slider").focus()
    page.page.keyboard.press("Home")
    page.book_is_of_the_clock()
    expect(page.by("replay-standing")).to_contain_text(re.compile("Position0 units"))
    page.rows().nth(1).click()
    selection = page.by("review-selection")
    expect(selection).to_contain_text("1 of 2 trades")
    expect(selection).to_contain_text("1 lost")
    expect(page.by("replay-standing")).to_contain_text("20 units")
    page.book_is_of_the_clock()
    second = page.at_ms()

    # A click on the other trade's line in the chart marks its row and goes to that time.
    page.page.get_by_role("button", name="Whole day").click()
    # The server moves the chart, which then draws its prices anew: where the line is, is known after that.
    slider = page.by("replay-slider")
    day_ms = [float(slider.get_attribute(end) or "nan") for end in ("min", "max")]
    page.comes_true(_WHOLE, day_ms)
    page.comes_true(f"Number.isFinite(({_LINE_OF})(0)[0])")
    page.drawn()
    page.drawn()
    page.page.mouse.click(*page.page.evaluate(_LINE_OF, 0))
    expect(selection).to_contain_text("1 won")
    expect(page.rows().nth(0)).to_have_class(re.compile("tabulator-selected"))
    expect(page.rows().nth(1)).not_to_have_class(re.compile("tabulator-selected"))
    # The server is told of the choice and of the click one after the other.
    page.until(lambda: page.at_ms() < second, lambda: f"the slider stays at {page.at_ms()}")

    # A span that is marked in the PnL chooses the trades in it.
    box = page.by("review-equity").bounding_box()
    assert box is not None
    mouse, y = page.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + 2, y)
    mouse.down()
    mouse.move(box["x"] + box["width"] - 80, y, steps=4)
    mouse.up()
    expect(selection).to_contain_text("2 of 2 trades")
    page.by("review-clear").click()
    expect(selection).to_have_text("")


def test_without_her_orders_the_market_had_been_another(day: Day) -> None:
    page = day.page
    page.by("review-tab-what-if").click()
    fills = page.rows().filter(has_text=re.compile("fills"))
    expect(fills.first).to_contain_text(re.compile(r"4\s*0\s*4"), timeout=4 * PATIENCE_MS)
    page.by("review-tab-trades").click()
    expect(page.rows()).to_have_count(2)


def test_downloads_say_what_the_page_says(day: Day, browser: Browser) -> None:
    page = day.page
    links = page.by("review-downloads")
    files = {}
    for kind in ("csv", "parquet"):
        if links.get_attribute("open") is None:
            links.locator("summary").click()
        files[kind] = page.downloaded(page.by(f"review-file-fills-{kind}")).read_bytes()
    frame = pl.read_parquet(io.BytesIO(files["parquet"]))
    assert frame["price"].to_list() == [50.0, 50.1, 50.05, 49.95]
    assert pl.read_csv(io.BytesIO(files["csv"]))["price"].to_list() == frame["price"].to_list()

    if links.get_attribute("open") is None:
        links.locator("summary").click()
    text = page.downloaded(page.by("review-html")).read_text("utf-8")
    context = browser.new_context(offline=True)
    context.set_default_timeout(PATIENCE_MS)
    try:
        alone, asked, wrong = context.new_page(), list[str](), list[str]()
        alone.on("request", lambda request: asked.append(request.url))
        alone.on("pageerror", lambda error: wrong.append(f"{error}"))
        alone.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        alone.set_content(text)
        expect(alone.locator("canvas").first).to_be_visible(timeout=PATIENCE_MS)
        expect(alone.locator(".slick-row").first).to_be_visible(timeout=PATIENCE_MS)
        expect(alone.locator("body")).to_contain_text("seat-1 (ann), QUIET")
        assert alone.evaluate(_TICK) == "\N{MINUS SIGN}1,500"
        assert [each for each in asked if not each.startswith(("data:", "blob:", "about:"))] == []
        assert wrong == []
    finally:
        context.close()


def test_nothing_in_it_keeps_anybody_out(day: Day, tmp_path: Path) -> None:
    page, program = day.page, axe.program(tmp_path)
    wrong: list[str] = []
    for theme in ("dark", "light"):
        answer = page.context.request.patch(
            f"{page.site.url}/api/me/preferences", data={"theme": theme}, headers={"Origin": page.site.url}
        )
        assert answer.ok, answer.text()
        page.page.reload()
        page.shows("seat-1")
        for tab in TABS if theme == "dark" else ("trades",):
            page.by(f"review-tab-{tab}").click()
            lower = page.by("review-lower")
            expect(lower).to_have_attribute("data-tab", tab, timeout=PATIENCE_MS)
            drawn = ".tabulator-row" if tab in TABLES else "canvas"
            expect(lower.locator(drawn).first).to_be_visible(timeout=PATIENCE_MS)
            if tab in TABLES:
                # Not the table that stood there before.
                expect(page.grid()).to_have_attribute("aria-label", page.text(f"review-tab-{tab}"))
                page.all_of_it_is_in_view(f"{theme} {tab}")
            wrong += [f"{theme} {tab}: {each}" for each in axe.findings(page.page, program)]
    assert "\n".join(wrong) == ""


def test_who_teaches_looks_at_anybodys_day_and_that_is_written_down(
    browser: Browser, site: Site, day: Day, tmp_path: Path
) -> None:
    page = ReviewPage(browser.new_context(viewport={"width": 1024, "height": 700}), site)
    try:
        page.log_in(day.teacher)
        hosts: set[str] = set()
        page.page.on("request", lambda request: hosts.add(re.sub(r"^(\w+://[^/]+).*", r"\1", request.url)))
        # They had no seat and name nobody: the participants are there to choose from, and none is shown.
        page.page.goto(f"{site.url}/review?session={SESSION}")
        page.asks_whose_day()
        assert axe.findings(page.page, axe.program(tmp_path)) == []
        entries = day.teacher.ask("GET", "/api/audit")["entries"]
        assert not any("account.read" in str(each) for each in entries)
        page.by("review-account").select_option("seat-1")
        page.shows("seat-1")
        # Another session of those that have closed, and back.
        expect(page.by("review-session").locator("option")).to_have_count(2)
        for session, title, name in (
            (EARLIER, "An earlier day", "bob"),
            (SESSION, "A small market", "ann"),
        ):
            page.by("review-session").select_option(session)
            page.asks_whose_day()
            page.by("review-account").select_option("seat-1")
            expect(page.page).to_have_url(re.compile(f"session={session}&"), timeout=PATIENCE_MS)
            expect(page.by("review-session")).to_have_value(session)
            expect(page.page.locator("header.bar .what")).to_contain_text(title)
            expect(page.page.locator("header.bar .what")).to_contain_text(f"({name})")
            page.shows("seat-1")
        page.by("review-account").select_option("seat-2")
        page.shows("seat-2")
        expect(page.by("review-account")).to_have_value("seat-2")
        # Its charts are those whose lines stand at the instant, with room for what is written.
        page.comes_true(_STANDS)
        expect(page.by("review-account").locator("option")).to_have_text(["seat-1 · ann", "seat-2 · bob"])
        # A table of several pages: its buttons stand outside the grid.
        page.by("review-tab-orders").click()
        expect(page.page.locator(".tabulator-footer button", has_text="2")).to_be_visible()
        expect(page.grid().get_by_role("button")).to_have_count(0)
        page.all_of_it_is_in_view("orders at 1024")
        assert axe.findings(page.page, axe.program(tmp_path)) == []
        entries = day.teacher.ask("GET", "/api/audit")["entries"]
        assert any("account.read" in str(each) and "seat-2" in str(each) for each in entries)
        assert {each for each in hosts if not each.startswith(("blob:", "data:"))} == {site.url}
        page.no_complaints()
    finally:
        page.context.close()


def test_a_student_does_not_see_anothers_day(browser: Browser, site: Site, day: Day) -> None:
    page = ReviewPage(browser.new_context(), site)
    try:
        page.log_in(day.bob)
        page.page.goto(f"{site.url}/review?session={SESSION}&account=seat-1")
        expect(page.by("review-state")).to_have_attribute("data-state", "refused", timeout=PATIENCE_MS)
        expect(page.by("review-price")).not_to_be_visible()
        assert "50.05" not in page.page.content()
        page.no_complaints()
    finally:
        page.context.close()


def test_a_server_that_goes_is_told_of_and_waited_for(day: Day, site: Site) -> None:
    page = day.page
    page.by("review-tab-orders").click()
    expect(page.by("review-lower")).to_have_attribute("data-tab", "orders", timeout=PATIENCE_MS)
    page.page.keyboard.press("Escape")
    page.by("replay-fill-next").click()
    page.page.locator("body").click(position={"x": 700, "y": 20})
    page.book_is_of_the_clock()
    stood = page.at_ms()

    site.kill_now()
    expect(page.by("review-lost")).to_contain_text("Connection lost", timeout=PATIENCE_MS)
    # Nothing pretends to be done that nobody does.
    page.page.keyboard.press("ArrowRight")
    assert page.at_ms() == stood
    with pytest.raises(NotInTimeError):
        page.by("review-tab-fills").click(timeout=300)
    expect(page.by("review-tab-orders")).to_have_attribute("aria-selected", "true")

    # It comes back by itself as it stood.
    site.start()
    expect(page.by("review-lost")).to_have_count(0, timeout=4 * PATIENCE_MS)
    page.shows("seat-1")
    expect(page.by("review-lower")).to_have_attribute("data-tab", "orders", timeout=PATIENCE_MS)
    page.book_is_of_the_clock()
    assert page.at_ms() == pytest.approx(stood, abs=1)

    # Where the log-in ended elsewhere there is nothing to wait for; whoever logs in is back where they were.
    page.by("review-tab-fills").click()
    answer = page.context.request.post(f"{site.url}/api/auth/logout", data={}, headers={"Origin": site.url})
    assert answer.ok, answer.text()
    page.page.wait_for_url(re.compile("/login"), timeout=2 * PATIENCE_MS)
    page.by("login-name").fill(day.ann.name)
    page.by("login-password").fill(day.ann.password)
    page.by("login-send").click()
    page.shows("seat-1")
    expect(page.by("review-lower")).to_have_attribute("data-tab", "fills", timeout=PATIENCE_MS)
    assert page.at_ms() == pytest.approx(stood, abs=1)


def table(day: Day, name: str, kind: str) -> bytes:
    """A table of Ann's as the API gives it."""
    answer: Any = day.page.context.request.get(
        f"{day.page.site.url}/api/sessions/{SESSION}/review/{name}?format={kind}"
    )
    assert answer.ok, answer.text()
    return bytes(answer.body())
