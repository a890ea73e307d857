"""The review page without a browser: what it reads, chooses and shows, over a made-up day."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import polars as pl
import pytest

from dashboards.parts.charts_theme import theme_of
from dashboards.parts.charts_time import local_ms
from dashboards.parts.review_day import read_day
from dashboards.parts.review_offline import offline_page
from dashboards.parts.review_page import ReviewPage
from dashboards.parts.review_replay import at_ns, frame_of
from dashboards.parts.review_source import NoReviewError
from dashboards.parts.review_words import NONE, chips_of
from tests.conftest import ROOT
from tests.dashboards.made_day import MINUTE, OPEN, TRIPS, MadeReview, MadeSource
from tests.dashboards.test_contrast import COLOURS, THEME, THEMES, variables

# Bokeh 3.9 asks pandas in a way that pandas 3.1 wants otherwise.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")
STYLES = ROOT / "dashboards" / "parts" / "review.css"


async def until(what: Callable[[], bool]) -> None:
    """Let the page's threads and loop do their work."""
    for _ in range(500):
        if what():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the page did not come so far")


async def opened(session: str = "monday", account: str = "", **source: Any) -> ReviewPage:
    page = ReviewPage(MadeSource(**source), session, account)
    page.shell.here += 1
    await until(lambda: page.shell.state != "loading")
    if page.shell.state == "ready":
        await until(lambda: page.replay.frame != {})
    return page


def run(work: Any) -> Any:
    return asyncio.run(work)


def test_a_day_is_shown_with_its_numbers_and_files() -> None:
    page = run(opened())
    shell = page.shell
    assert (shell.heading, shell.symbol, shell.account) == ("A day at the harbor", "HARBOR", "ann")
    assert shell.subheading == "ann · Tue 18 Mar 2025, America/New_York"
    assert shell.chips[0]["label"] == "Net PnL"
    assert all(each["address"].startswith("/api/sessions/monday/review/") for each in shell.files)
    assert [each[0] for each in shell.sessions] == ["tuesday", "monday"]
    # A student is not offered anybody else's day, and no other page than their own.
    assert shell.accounts == []
    assert shell.links == [{"label": "Desk", "address": "/desk?session=monday"}]


def test_who_runs_the_session_chooses_whose_day_it_is() -> None:
    async def work() -> None:
        page = await opened(runs=True)
        assert page.shell.accounts == [["ann", "ann"], ["idle", "idle \N{MIDDLE DOT} ida"]]
        assert all(each["address"].endswith("?account=ann") for each in page.shell.files)
        page.shell.asked = ["monday", "idle"]
        await until(lambda: page.shell.chips[2]["value"] == "0" and page.shell.state == "ready")
        await until(lambda: page.shell.empty != [])
        assert page.shell.empty[0] == "No trades"
        # What is not defined is a dash, with the reason, and no number.
        won = next(chip for chip in page.shell.chips if chip["label"] == "Won")
        assert won["value"] == NONE
        assert "no trade was won or lost" in won["about"]

    run(work())


def test_a_chosen_trade_is_chosen_everywhere() -> None:
    async def work() -> None:
        page = await opened()
        await until(lambda: "trades" in page._tables)
        drawn, table = page._drawn, page._tables["trades"]
        assert drawn is not None
        table.selection = [3]
        assert drawn.trips.selected.indices == [3]
        assert page.shell.selected == [3]
        assert page.shell.selection.startswith("1 of 12 trades: net ")
        begins = local_ms(drawn.day.trips["opened"], "America/New_York")
        assert page.replay.at_ms == begins[3]
        assert drawn.times.start < begins[3] < drawn.times.end
        assert drawn.times.end - drawn.times.start < 40 * 60_000
        # The other way round, from any chart.
        drawn.trips.selected.indices = [5, 1]
        assert table.selection == [1, 5]
        # And by a span of time, which here holds the whole day.
        page._choose(page.shell.trips_between(drawn.day, begins[0], begins[-1]))
        assert table.selection == list(range(TRIPS))
        page.shell.cleared += 1
        assert table.selection == drawn.trips.selected.indices == page.shell.selected == []

    run(work())


def test_only_the_last_instant_that_was_wished_for_is_read() -> None:
    async def work() -> None:
        page = await opened()
        drawn = page._drawn
        assert drawn is not None
        review = drawn.day.reviewed
        assert isinstance(review, MadeReview)
        review.books.clear()
        first = page.replay.at_ms
        for step in range(1, 50):
            page.replay.at_ms = first + 1000 * step
        await until(lambda: page.replay.frame["at_ms"] == first + 49_000)
        assert len(review.books) < 5

    run(work())


def test_an_instant_takes_in_what_happened_in_its_millisecond() -> None:
    day = read_day(MadeSource().open("monday", ""))
    filled = day.fills["time"]
    for moment, ms in zip(filled.dt.epoch("ns"), local_ms(filled, day.about.zone), strict=True):
        assert moment <= at_ns(day, ms) < moment + 10**6
    review = day.reviewed
    frame = frame_of(day, 0.0, review.book("HARBOR", OPEN + MINUTE), review.tape("HARBOR", OPEN + MINUTE, 3))
    assert frame["own"][0]["quantity_ahead"] == 240
    assert frame["own"][0]["since"] == "09:30:00"
    assert [row[0] for row in frame["tape"]] == ["09:31:00", "09:30:50", "09:30:40"]


def test_each_tab_shows_something_and_the_last_one_says_what_it_takes() -> None:
    async def work() -> None:
        page = await opened()
        shell = page.shell
        for tab in [each["name"] for each in shell.tabs]:
            shell.tab = tab
            if tab == "what-if":
                assert shell.empty[0].startswith("Running the day without your orders")
                await until(lambda: shell.empty == [])
            await until(lambda: type(shell.lower[0]).__name__ in ("Tabulator", "Bokeh", "Row"))

    run(work())


def test_an_open_session_leads_back_to_the_desk() -> None:
    page = run(opened("running"))
    assert page.shell.state == "open"
    assert page.shell.desk == "/desk?session=running"
    assert page.shell.sentence.startswith("The session is open")


def test_what_nobody_expected_is_said_and_not_shown() -> None:
    class Broken(MadeSource):
        def open(self, session: str, account: str) -> Any:
            raise ValueError(f"secret of the server: {session} {account}")

    async def work() -> ReviewPage:
        page = ReviewPage(Broken(), "monday", "")
        page.shell.here += 1
        await until(lambda: page.shell.state != "loading")
        return page

    shell = run(work()).shell
    assert shell.state == "failed"
    assert "secret" not in shell.sentence


def test_a_log_in_that_is_over_is_told_while_the_day_is_open() -> None:
    class Ending(MadeReview):
        ended = False

        def book(self, symbol: str, at_ns: int, levels: int = 15) -> Any:
            if self.ended:
                raise NoReviewError("expired", "Your log-in is over: open the page anew.")
            return super().book(symbol, at_ns, levels)

    async def work() -> None:
        page = await opened()
        assert page._drawn is not None
        page._drawn.day.reviewed.__class__ = Ending
        Ending.ended = True
        page.replay.at_ms += 60_000
        await until(lambda: page.shell.notice != "")
        assert page.shell.notice == "Your log-in is over: open the page anew."

    run(work())


class Tags(HTMLParser):
    """What a page would fetch: Bokeh's own program may name sites, within what it never runs here."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "img", "iframe"):
            self.fetched += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_offline_page_needs_nothing_else() -> None:
    page = offline_page(
        read_day(MadeSource().open("monday", "")), theme_of(dark=True, blind=False), "HARBOR", "1min"
    )
    assert Tags(page).fetched == []
    assert Tags('<script src="https://a.example/b.js"></script>').fetched == ["https://a.example/b.js"]
    assert "Profit factor" in page


def test_the_offline_page_shows_names_and_does_not_run_them() -> None:
    day = read_day(MadeSource().open("monday", ""))
    named = MadeReview()
    named.about = named.about._replace(
        title="</title><script>alert(1)</script>", user="<img src=x onerror=alert(1)>"
    )
    object.__setattr__(day.opened, "reviewed", named)
    page = offline_page(day, theme_of(dark=False, blind=False), "HARBOR", "1min")
    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page


def test_chips_take_what_there_is() -> None:
    summary = MadeReview().summary().filter(pl.col("statistic") != "fees")
    assert "Fees" not in [chip["label"] for chip in chips_of(summary, "USD")]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("colours", COLOURS)
def test_colours_are_those_of_the_other_pages(theme: str, colours: str) -> None:
    theirs = variables(THEME.read_text(), theme, colours)
    assert (
        variables(STYLES.read_text(), theme, colours).items()
        >= {name: value for name, value in theirs.items() if value.startswith("#")}.items()
    )
    charts = theme_of(dark=theme == "dark", blind=colours == "blind").variables()
    assert charts.items() <= theirs.items()
