"""`python -m tests.dashboards.screenshots`: pictures of every page and state, what `make screenshots` runs.

They are of the demonstration's market, 45 minutes into its day, with a small class in it. What they show is
made by seeds, so two runs differ in clocks and in what a moment more or less of trading changes.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, expect, sync_playwright

from tests.conftest import ROOT
from tests.dashboards.browser import gallery
from tests.dashboards.browser.conftest import FLAGS, NAMES, PATIENCE_MS
from tests.dashboards.browser.desk_page import DeskPage
from tests.dashboards.browser.gallery import Cast, Line
from tests.dashboards.browser.room_page import RoomPage
from tests.dashboards.browser.site import SESSION, Person, Site

FOLDER = ROOT / "docs" / "screenshots"
SCENARIO = ROOT / "data" / "scenarios" / "demo.toml"
SYMBOL = "HARBOR"
BEFORE = timedelta(minutes=45)
TRADED = (
    (3, "buy", 200),
    (12, "sell", 200),
    (14, "sell", 150),
    (19, "buy", 150),
    (22, "sell", 250),
    (31, "buy", 250),
    (34, "buy", 300),
    (43, "sell", 300),
)
"""What one of the class has done until then: after how many minutes, on which side, how much."""

PAGES = ("login", "sign", "desk", "control", "review", "reports")
"""What the names of pictures begin with."""
USUAL, SMALL, PHONE = (1440, 900), (1024, 700), (390, 844)
COLOURS = 128
BYTES_MAX = 150_000
SETTLE_MS = 700
"""For what moves on its way into a state: sheets, the chart's scale."""


def keep(shot: bytes, file: Path) -> None:
    """Write a picture, with as many colours as a page has that is not a photograph."""
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    size = file.stat().st_size
    if size > BYTES_MAX:
        raise SystemExit(f"{file.name} has {size:,} bytes, more than {BYTES_MAX:,}")
    print(f"{file.name} {size // 1000} kB", flush=True)  # noqa: T201 - a person waits


class Studio:
    """Takes pictures of pages of one site.

    Parameters
    ----------
    browser, site
        With what, and of what.
    folder
        Where they go.
    """

    def __init__(self, browser: Browser, site: Site, folder: Path) -> None:
        self._browser = browser
        self._site = site
        self._folder = folder

    @contextmanager
    def desk(self, person: Person | None, **how: Any) -> Iterator[DeskPage]:
        """A desk, or the page of nobody."""
        with self._page(DeskPage, person, **how) as page:
            if person is not None:
                page.open(SYMBOL)
            yield page

    @contextmanager
    def page(self, person: Person, address: str, **how: Any) -> Iterator[DeskPage]:
        """Another page."""
        with self._page(DeskPage, person, **how) as page:
            page.page.goto(f"{self._site.url}{address}")
            yield page

    @contextmanager
    def room(self, person: Person, **how: Any) -> Iterator[RoomPage]:
        """The control room."""
        with self._page(RoomPage, person, **how) as page:
            yield page.enter()

    def take(self, page: DeskPage, name: str) -> None:
        """Write a picture of what a page shows when it has settled."""
        page.page.wait_for_timeout(SETTLE_MS)
        keep(page.page.screenshot(), self._folder / f"{name}.png")

    @contextmanager
    def _page(
        self,
        kind: type[Any],
        person: Person | None,
        *,
        size: tuple[int, int] = USUAL,
        theme: str = "dark",
        line: Line | None = None,
    ) -> Iterator[Any]:
        touch = {"has_touch": True, "is_mobile": True, "device_scale_factor": 2} if size == PHONE else {}
        context = self._browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=theme,  # type: ignore[arg-type]
            reduced_motion="reduce",
            **touch,  # type: ignore[arg-type]
        )
        try:
            page = kind(context, self._site)
            if line is not None:
                line.through(page.page)
            if person is not None:
                person.ask("PATCH", "/api/me/preferences", {"theme": theme})
                page.log_in(person)
            yield page
            page.no_complaints()
        finally:
            context.close()


def opened(site: Site) -> Cast:
    """A class in the demonstration's market, 45 minutes into its day."""
    teacher, student = site.teacher(), site.student("ann")
    teacher.here("POST", "/speed", {"speed": "max"})
    for minutes, side, size in TRADED:
        _until(teacher, timedelta(minutes=minutes))
        student.order(side, size, symbol=SYMBOL)
    _until(teacher, BEFORE)
    teacher.here("POST", "/speed", {"speed": 1})
    price = float(teacher.here("GET", f"/instruments/{SYMBOL}")["last"])
    cast = Cast(student, teacher, SYMBOL, round(price, 1))
    for name, side, size in (("ben", "buy", 300), ("cleo", "sell", 450), ("dora", "buy", 200)):
        other, opposite, part = site.student(name), "buy", -0.01
        if side == "buy":
            opposite, part = "sell", 0.01
        other.order(side, size, symbol=SYMBOL)
        other.order(opposite, size, cast.near(part), SYMBOL)
    gallery.prepare(cast)
    return cast


def _until(teacher: Person, open_for: timedelta) -> None:
    """Wait until the market has been open for so long."""
    while True:
        now = teacher.here("GET", "")
        if datetime.fromisoformat(now["time"]) - datetime.fromisoformat(now["opens"]) >= open_for:
            return
        time.sleep(0.005)


def desks(studio: Studio, cast: Cast, nobody: Person) -> None:
    """The desk in every state, then its main one in the light, small and on a phone."""
    line = Line()
    with studio.desk(cast.student, line=line) as desk:
        for name in gallery.trading(desk, cast):
            studio.take(desk, name)
        for name in gallery.interrupted(desk, cast, line):
            studio.take(desk, name)
    with studio.desk(nobody) as desk:
        desk.orders("working")
        studio.take(desk, "desk-empty")
    for name, how in (
        ("desk-light", {"theme": "light"}),
        ("desk-small", {"size": SMALL}),
        ("desk-small-light", {"size": SMALL, "theme": "light"}),
    ):
        with studio.desk(cast.student, **how) as desk:
            studio.take(desk, name)
    with studio.desk(cast.student, size=PHONE) as desk:
        desk.by("tab-positions").click()
        studio.take(desk, "desk-phone")
        desk.by("tab-ticket").click()
        studio.take(desk, "desk-phone-order")


def rooms(studio: Studio, cast: Cast) -> None:
    """The control room in every state, then its floor in the light and small."""
    with studio.room(cast.teacher) as room:
        for name in gallery.running(room, cast):
            studio.take(room, name)
    for name, how in (
        ("control-light", {"theme": "light"}),
        ("control-small", {"size": SMALL}),
        ("control-phone", {"size": PHONE}),
    ):
        with studio.room(cast.teacher, **how) as room:
            expect(room.participant(cast.student.name)).to_be_visible()
            studio.take(room, name)


def reviews(studio: Studio, cast: Cast) -> None:
    """The session is over: what desk and control room say, and the day looked back at."""
    cast.teacher.here("POST", "/close")
    with studio.desk(cast.student) as desk:
        desk.has_state("banner", "closed")
        studio.take(desk, "desk-closed")
    address = f"/review?session={SESSION}"
    with studio.page(cast.student, address) as page:
        for name in gallery.looking_back(page):
            studio.take(page, name)
    for name, how in (
        ("review-light", {"theme": "light"}),
        ("review-small", {"size": SMALL}),
        ("review-phone", {"size": PHONE}),
    ):
        with studio.page(cast.student, address, **how) as page:
            studio.take(page, next(gallery.looking_back(page)) and name)


def reports(studio: Studio, cast: Cast, late: Person) -> None:
    """What is left of the session: reports, the control room's list of them, a review that asks whose day."""
    cast.teacher.here("POST", "/debrief")
    kinds = ("drawdown", "execution_quality", "daily_pnl")
    with studio.page(cast.student, "/reports") as page:
        for name in gallery.reporting(page, kinds):
            studio.take(page, name)
    for name, how in (("reports-light", {"theme": "light"}), ("reports-phone", {"size": PHONE})):
        with studio.page(cast.student, "/reports", **how) as page:
            expect(page.by("report-open")).to_have_count(len(kinds))
            studio.take(page, name)
    with studio.page(late, "/reports") as page:
        for name in gallery.without_sessions(page):
            studio.take(page, name)
    with studio.room(cast.teacher) as room:
        for name in gallery.reported(room):
            studio.take(room, name)
    with studio.page(cast.teacher, "/reports") as page:
        expect(page.by("report-whose")).to_be_visible()
        studio.take(page, "reports-class")
    with studio.page(cast.teacher, "/review") as page:
        for name in gallery.choosing(page, SESSION):
            studio.take(page, name)


def log_ins(studio: Studio, cast: Cast) -> None:
    """The page of who is not logged in."""
    with studio.desk(None) as desk:
        for name in gallery.logging_in(desk, cast.student.name):
            studio.take(desk, name)
    with studio.desk(None, size=PHONE, theme="light") as desk:
        studio.take(desk, next(gallery.logging_in(desk, "")) + "-phone")


def main(folder: Path) -> None:
    """Write all pictures anew."""
    chromium = next(filter(None, map(shutil.which, NAMES)), None)
    if chromium is None:
        raise SystemExit("pictures of the pages need Chromium: install it (make services does so on Debian)")
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        # Those of reports and notebooks are made elsewhere.
        if old.stem.split("-")[0] in PAGES:
            old.unlink()
    with tempfile.TemporaryDirectory(prefix="screenshots-") as data, sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)
        site = Site(Path(data) / "data", scenario=SCENARIO)
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            site.start()
            studio = Studio(browser, site, folder)
            cast = opened(site)
            log_ins(studio, cast)
            nobody = site.student("emil")
            # Two who are there while the instructor looks.
            with studio.desk(cast.student), studio.desk(nobody):
                rooms(studio, cast)
            desks(studio, cast, nobody)
            reviews(studio, cast)
            reports(studio, cast, site.student("late"))
        finally:
            site.close()
            browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
