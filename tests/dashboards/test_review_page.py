"""The review page without a browser: what it reads, chooses and shows, over a made-up day."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from html.parser import HTMLParser
from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest
from bokeh.models import Range1d, Text

from dashboards.parts import theme_sheet
from dashboards.parts.charts_equity import equity_charts
from dashboards.parts.charts_theme import theme_of
from dashboards.parts.charts_time import local_ms
from dashboards.parts.review_day import read_day
from dashboards.parts.review_offline import offline_page
from dashboards.parts.review_page import ReviewPage
from dashboards.parts.review_replay import at_ns, frame_of
from dashboards.parts.review_source import Looks, NoReviewError
from dashboards.parts.review_start import start_of
from dashboards.parts.review_words import NONE, chips_of
from tests.conftest import ROOT
from tests.dashboards.made_day import MINUTE, OPEN, TRIPS, MadeReview, MadeSource
from tests.dashboards.test_contrast import COLOURS, THEME, THEMES, variables

# Bokeh 3.9 asks pandas in a way that pandas 3.1 wants otherwise.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")


async def until(what: Callable[[], bool]) -> None:
    """Let the page's threads and loop do their work."""
    for _ in range(3_000):
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
    assert shell.sessions == [
        ["tuesday", "tuesday \N{MIDDLE DOT} 19 Mar 2025 \N{MIDDLE DOT} Another day"],
        ["monday", "monday \N{MIDDLE DOT} A day at the harbor"],
    ]
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


def test_an_address_says_how_the_day_opens() -> None:
    async def work() -> None:
        first = (await opened()).replay.at_ms
        given = {"tab": "orders", "interval": "1s", "symbol": "HARBOR", "at": "2025-03-18T11:00:00.250"}
        page = ReviewPage(MadeSource(), "monday", "", start=start_of(lambda name: given.get(name, "")))
        page.shell.here += 1
        await until(lambda: page.shell.shown_tab == "orders" and page.replay.frame != {})
        at = datetime(2025, 3, 18, 11, 0, 0, 250_000, UTC).timestamp() * 1000
        assert page.replay.at_ms == page.replay.frame["at_ms"] == at != first
        assert (page.shell.interval, page.shell.symbol) == ("1s", "HARBOR")
        # Another day begins as days begin.
        page.shell.asked = ["tuesday", "idle"]
        await until(lambda: page.shell.account == "idle" and page.shell.state == "ready")
        await until(lambda: page.replay.at_ms != at)

    run(work())


def test_where_there_is_no_day_nothing_of_another_one_stays() -> None:
    async def work() -> None:
        page = await opened()
        page.shell.asked = ["running", ""]
        await until(lambda: page.shell.state == "open")
        shell = page.shell
        assert (shell.session, shell.heading, shell.subheading) == ("running", "running", "")
        assert (shell.account, shell.accounts, shell.chips) == ("", [], [])
        # Those that there are can be chosen, here as everywhere.
        assert [name for name, _ in shell.sessions] == ["tuesday", "monday"]

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


def test_a_day_is_drawn_anew_when_the_system_becomes_dark_or_light() -> None:
    async def work() -> None:
        page = await opened(looks=Looks("system"))
        for dark in (False, True):
            before = page._drawn
            page._choose([2])
            page.shell.system_dark = dark
            await until(partial(lambda before: page._drawn not in (None, before), before))
            assert page._drawn is not None
            assert page._drawn.theme == theme_of(dark=dark, blind=False)
            assert page._drawn.trips.selected.indices == page.shell.selected == [2]
        # Whoever has chosen one keeps it.
        page.shell.theme = "dark"
        drawn = page._drawn
        page.shell.system_dark = False
        assert page._drawn is drawn

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


@pytest.mark.parametrize("seconds", [-30, 0, 30])
def test_the_curve_ends_where_the_day_does(seconds: int) -> None:
    day = read_day(MadeSource().open("monday", ""))
    last_ms = local_ms(day.equity["time"], day.about.zone)[-1]
    end_ms = float(last_ms) + 1000 * seconds
    theme = theme_of(dark=True, blind=False)
    charts = equity_charts(
        day.equity, day.drawdowns, Range1d(), theme, zone=day.about.zone, currency="USD", end_ms=end_ms
    )
    sources = (each.data_source for each in charts.equity.renderers)
    source = next(each for each in sources if each.name == "equity-in-time")
    assert source.data["time"][-1] == pytest.approx(end_ms, abs=0.01)
    assert source.data["pnl"][-1] == day.equity["pnl"][-1]


@pytest.mark.parametrize("last", [450.0, 0.0, -450.0])
def test_the_name_of_the_end_is_within_the_chart(last: float) -> None:
    day = read_day(MadeSource().open("monday", ""))
    path = np.linspace(0.0, last, day.equity.height)
    curve = day.equity.with_columns(pnl=pl.Series(path), realised=pl.lit(0.0))
    theme, zone = theme_of(dark=True, blind=False), day.about.zone
    at = local_ms(curve["time"], zone)
    times = Range1d(start=float(at[0]), end=float(at[-1]))
    charts = equity_charts(
        curve, day.drawdowns, times, theme, zone=zone, currency="USD", end_ms=float(at[-1])
    )
    (name,) = (each.glyph for each in charts.equity.renderers if isinstance(each.glyph, Text))
    # The name stands below a point that is near the upper edge, and above others.
    assert (name.text_baseline, name.y_offset) == (("top", 7) if last > 0 else ("bottom", -7))


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
    dark, blind = theme == "dark", colours == "blind"
    assert theme_sheet.variables(dark=dark, blind=blind) == theirs
    made = theme_of(dark=dark, blind=blind)
    assert (made.ground, made.text, made.up, made.down) == tuple(
        theirs[name] for name in ("--bg-1", "--text", "--up", "--down")
    )


def test_the_theme_s_colours_stand_in_one_sheet_alone() -> None:
    """What else is drawn with them asks that sheet, or the copy which the build makes of it."""
    theirs = {
        value
        for theme, colours in product(THEMES, COLOURS)
        for value in variables(THEME.read_text(), theme, colours).values()
        if value.startswith("#") and value != "#ffffff"
    }
    drawn = [
        path
        for folder in ("parts", "serving", "frontend/src")
        for path in (ROOT / "dashboards" / folder).rglob("*.*")
        if path.suffix in {".css", ".py", ".js", ".ts", ".tsx"} and path != THEME
    ]
    again = {
        f"{path.name}: {colour}"
        for path in drawn
        for colour in re.findall(r"#[0-9a-f]{6}\b", path.read_text())
        if colour in theirs
    }
    assert len(drawn) > 100
    assert not again
