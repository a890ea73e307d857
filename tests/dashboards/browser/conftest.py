"""A browser and a server for each module, and desks whose consoles must stay clean."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import IN_CI
from tests.dashboards.browser.site import SESSION, Person, Site
from tests.programs import missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

    from tests.dashboards.browser.desk_page import DeskPage
    from tests.dashboards.browser.gallery import Line

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NEEDED = ("playwright", "panel", "bokeh_fastapi")
NAMES = ("chromium", "chromium-browser", "google-chrome")

WIDE = (1440, 900)
PATIENCE_MS = 60_000
"""How long anything may take: a busy machine is slow, and whoever waits for what has come waits no longer."""

OpenDesk = Callable[..., "DeskPage"]

# Without Playwright the tests cannot even be read; CI must not be green for want of it.
if not IN_CI and importlib.util.find_spec("playwright") is None:
    collect_ignore_glob = ["test_*.py", "*_page.py", "gallery.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser takes its time."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the system's Chromium; skips without it, and fails in CI."""
    for name in NEEDED:
        if importlib.util.find_spec(name) is None:
            missing(name)
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or missing("chromium")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A browser.

    It lasts for a module, and each worker has one module at a time: as long as Playwright is started, no test
    of its process can use `asyncio.run`, and those of other modules do.
    """
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def settings() -> tuple[str, ...]:
    """What `--set` of the module's server takes; a module may have its own."""
    return ()


@pytest.fixture(scope="module")
def site(
    chromium: str, tmp_path_factory: pytest.TempPathFactory, settings: tuple[str, ...]
) -> Iterator[Site]:
    """A server."""
    assert chromium
    here = Site(tmp_path_factory.mktemp("site") / "data", *settings)
    try:
        here.start()
        yield here
        here.end()
    finally:
        here.close()


@pytest.fixture
def student(site: Site) -> Iterator[Person]:
    """A new student."""
    yield site.student()
    site.forget_people()


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[BrowserContext]:
    """A window that tests use one after another, so that a page's program is fetched and compiled once."""
    made = browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]})
    yield made
    made.close()


@pytest.fixture
def open_desk(browser: Browser, window: BrowserContext, site: Site, student: Person) -> Iterator[OpenDesk]:
    """Opens desks, each in a browser of its own, logged in as the student unless told otherwise."""
    from tests.dashboards.browser.desk_page import DeskPage

    opened: list[DeskPage] = []

    def one(
        person: Person | None = None,
        *,
        symbol: str = "QUIET",
        path: str = "",
        size: tuple[int, int] = WIDE,
        line: Line | None = None,
        **context: Any,
    ) -> DeskPage:
        if size == WIDE and not context and not window.pages:
            made = window
        else:
            made = browser.new_context(viewport={"width": size[0], "height": size[1]}, **context)
        desk = DeskPage(made, site)
        opened.append(desk)
        if line is not None:
            line.through(desk.page)
        desk.log_in(person or student)
        return desk.open(symbol, path or f"/desk?session={SESSION}")

    yield one
    for desk in opened:
        if desk.context is not window:
            desk.context.close()
    empty(window)
    for desk in opened:
        desk.no_complaints()


def empty(window: BrowserContext) -> None:
    """Leave nothing behind: pages, log-in, and what they kept in the browser."""
    # Not by the pages themselves: one that is just being sent to the log-in has nobody who could do it.
    for page in window.pages:
        page.close()
    window.set_storage_state({})


@pytest.fixture
def desk(open_desk: OpenDesk) -> DeskPage:
    """The student's desk."""
    return open_desk()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where screenshots go: $WORKBENCH_SCREENSHOTS, else the test's own folder."""
    folder = Path(os.environ.get("WORKBENCH_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
