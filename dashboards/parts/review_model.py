"""What a review is told and tells back: its parameters, without Panel."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import quote
from zoneinfo import ZoneInfo

import param

from dashboards.parts.charts_price import INTERVALS_S
from dashboards.parts.charts_time import local_ms
from dashboards.parts.page_model import PageModel
from dashboards.parts.review_day import chosen
from dashboards.parts.review_source import Why
from dashboards.parts.review_words import chips_of
from workbench.analytics.tables import REVIEW_TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.parts.review_day import Day
    from dashboards.parts.review_source import NoReviewError, Session

TABS = (
    ("trades", "Trades"),
    ("excursions", "MAE and MFE"),
    ("fills", "Fills"),
    ("markouts", "Markouts"),
    ("orders", "Orders"),
    ("drawdowns", "Drawdowns"),
    ("cash", "Other money"),
    ("summary", "Statistics"),
    ("what-if", "Without my orders"),
)
"""What stands below the charts, by name, with its label."""
_FILES = {
    "round_trips": "Trades, flat to flat",
    "fills": "Fills",
    "orders": "Orders",
    "equity": "Equity and drawdown",
    "drawdowns": "Times under water",
    "cash_entries": "Money other than of trades",
    "markouts": "Markouts",
    "markout_curve": "Markouts, averaged",
    "summary": "Statistics",
    "instruments": "Instruments",
}

assert set(_FILES) <= set(REVIEW_TABLES)


class ReviewModel(PageModel):
    """The parameters of a review.

    Unlike other pages' they hold what their visitor may see, for it is Python that draws here; they go to
    that visitor's own document alone.
    """

    state: Any = param.Selector(default="loading", objects=["loading", "ready", *get_args(Why)])
    sentence = param.String("", doc="Why there is nothing to see.")
    notice = param.String("", doc="What went wrong while there was something to see.")
    font = param.String("", doc="Address of the pages' own font.")
    theme = param.String("system", doc="dark, light, or system.")
    blind = param.Boolean(default=False, doc="Colours that are told apart without red and green.")
    system_dark = param.Boolean(default=True, doc="What system means in this browser.")
    tight = param.Boolean(default=False, doc="Whether there is no room for all columns of the trades.")
    here = param.Integer(0, doc="Raised when the page stands in the browser.")
    drawn = param.Integer(0, doc="Raised when charts are in their places.")
    heading = param.String("")
    subheading = param.String("")
    links = param.List([], doc="Other pages: label and address.")
    desk = param.String("/desk", doc="Where the session goes on.")
    currency = param.String("", doc="Of prices and money.")
    account = param.String("", doc="Whose day it is.")
    accounts = param.List([], doc="Whose days may be chosen: account, and how it is called.")
    sessions = param.List([], doc="Which sessions may be chosen: name, and how it is called.")
    asked = param.List([], doc="The session and account that the visitor has chosen.")
    chips = param.List([], doc="The numbers of the bar.")
    files = param.List([], doc="Tables that can be downloaded: label and address.")
    symbol = param.String("", doc="The instrument that is shown.")
    symbols = param.List([])
    interval = param.String("1min", doc="Of the candles.")
    intervals = param.List(list(INTERVALS_S))
    tabs = param.List([{"name": name, "label": label} for name, label in TABS])
    tab = param.String("trades")
    shown_tab = param.String("", doc="The one whose table or charts have come.")
    selected = param.List([], doc="Rows of the chosen trades.")
    selection = param.String("", doc="What they came to.")
    cleared = param.Integer(0, doc="Raised to choose none.")
    whole = param.Integer(0, doc="Raised to show the whole day.")
    empty = param.List([], doc="Headline and sentence in place of a table that has no rows.")
    html_wanted = param.Integer(0, doc="Raised to have the page that needs no server.")
    html_done = param.Integer(0, doc="Raised when it is there.")
    html_page = param.String("")
    html_name = param.String("review.html")

    def tell(self, day: Day) -> None:
        """Take a day in."""
        about = day.about
        symbols = [each.symbol for each in day.instruments]
        whose = about.account if about.user in ("", about.account) else f"{about.account} ({about.user})"
        session = about.session
        whom = f"?account={quote(about.account)}"
        place = f"{self.api}/api/sessions/{quote(session)}/review"
        desk = {"label": "Desk", "address": f"/desk?session={quote(session)}"}
        room = {"label": "Control room", "address": f"/control?session={quote(session)}"}
        self.param.update(
            session=session,
            currency=about.currency,
            account=about.account,
            accounts=_choices(day.opened.accounts),
            heading=about.title or session,
            subheading=f"{whose} · {_days(about.start_ns, about.end_ns, about.zone)}",
            links=[room if day.opened.runs else desk],
            chips=chips_of(day.summary, about.currency),
            files=[
                {"name": name, "label": label, "address": f"{place}/{name}{whom}"}
                for name, label in _FILES.items()
            ],
            symbols=symbols,
            symbol=self.symbol if self.symbol in symbols else day.first_symbol(),
            selected=[],
            selection="",
            html_name=f"review-{session}-{about.account}.html",
            state="ready",
        )
        self.empty = empty_of(self.tab, day)

    def offer(self, sessions: Sequence[Session]) -> None:
        """Take in which sessions there are to choose."""
        self.sessions = [[each.name, _called(each)] for each in sessions]

    def fail(self, error: NoReviewError) -> None:
        """Say why there is nothing to see."""
        session = error.session or self.session
        # Nothing of another day stays, and the first participant is a choice like any other.
        accounts = [["", "Whose day?"], *_choices(error.accounts)] if error.accounts else []
        self.param.update(
            session=session,
            account="",
            accounts=accounts,
            heading=session,
            subheading="",
            chips=[],
        )
        # Then, for the page draws what it has by now.
        self.param.update(
            state=error.why,
            sentence=error.sentence,
            desk=f"/desk?session={quote(session)}" if session else "/desk",
        )

    def choose(self, day: Day, rows: Sequence[int]) -> None:
        """Have trades chosen, by their rows."""
        known = sorted({row for row in rows if 0 <= row < len(day.trips)})
        self.param.update(selected=known, selection=chosen(day.trips, known, day.about.currency))

    def trips_between(self, day: Day, begin_ms: float, end_ms: float) -> list[int]:
        """Rows of the trades that were open within a span, in milliseconds of the session's clock."""
        opened = local_ms(day.trips["opened"], day.about.zone)
        closed = local_ms(day.trips["closed"], day.about.zone)
        return [
            row
            for row, (begin, end) in enumerate(zip(opened, closed, strict=True))
            if begin <= end_ms and not end < begin_ms
        ]


def _choices(accounts: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Accounts to choose from, each with how it is called."""
    return [
        [account, f"{account} \N{MIDDLE DOT} {user}" if user not in ("", account) else account]
        for account, user in accounts
    ]


def _called(session: Session) -> str:
    """How a session is called where one is chosen: first what tells those of one title apart.

    >>> from dashboards.parts.review_source import Session
    >>> _called(Session("monday", "Lesson", "", "2025-03-18T20:00:00Z")).split(chr(183))
    ['monday ', ' 18 Mar 2025 ', ' Lesson']
    """
    title = "" if session.title == session.name else session.title
    day = f"{datetime.fromisoformat(session.closed):%d %b %Y}" if session.closed else ""
    return " \N{MIDDLE DOT} ".join(each for each in (session.name, day, title) if each)


def empty_of(tab: str, day: Day) -> list[str]:
    """Headline and sentence for a tab that has nothing to show; none where it has."""
    nothing = {
        "trades": (
            day.trips,
            "No trades",
            "This account was never in a position. Its orders are under Orders.",
        ),
        "excursions": (
            day.trips,
            "No trades",
            "MAE and MFE are of trades, and this account was never in a position.",
        ),
        "fills": (day.fills, "No fills", "No order of this account has traded."),
        "markouts": (
            day.fills,
            "No fills",
            "Markouts say where the market went after own fills; there are none.",
        ),
        "orders": (day.orders, "No orders", "This account has sent no order."),
        "drawdowns": (day.drawdowns, "Never under water", "Equity was never below an earlier peak."),
        "cash": (day.cash, "No other money", "No money came to this account or left it but by its trades."),
        "what-if": (day.orders, "No orders", "Without orders of its own the market would be the same."),
    }.get(tab)
    return list(nothing[1:]) if nothing is not None and nothing[0].is_empty() else []


def _days(start_ns: int, end_ns: int, zone: str) -> str:
    """The days of a session, and its zone."""
    first, last = (
        datetime.fromtimestamp(each / 1e9, UTC).astimezone(ZoneInfo(zone)) for each in (start_ns, end_ns)
    )
    day = f"{first:%a %d %b %Y}"
    return f"{day} to {last:%a %d %b %Y}, {zone}" if last.date() != first.date() else f"{day}, {zone}"
