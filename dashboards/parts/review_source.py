"""Where a review's data comes from: what the page needs, whoever holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import polars as pl

    from workbench.analytics.records import About, BookAt, WithoutAccount

Why = Literal["open", "choose", "expired", "refused", "missing", "failed"]
"""Why there is no review: the session is open, nobody was chosen yet, the log-in is over, it is not for them,
not there, or it went wrong."""


class NoReviewError(Exception):
    """There is no review to show.

    Parameters
    ----------
    why
        For which reason.
    sentence
        The same for people.
    session
        The session that it is about, where the name is known.
    accounts
        Whose days there are to choose from, as in `Opened`.
    """

    def __init__(
        self, why: Why, sentence: str, session: str = "", accounts: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(sentence)
        self.why: Why = why
        self.sentence = sentence
        self.session = session
        self.accounts = accounts


class Reviewed(Protocol):
    """One account's day: `workbench.session.review.Review`, or the same from elsewhere."""

    @property
    def about(self) -> About:
        """Whose day it is, and when it was."""

    def instruments(self) -> pl.DataFrame:
        """`INSTRUMENTS`, as all that follow, of `workbench.analytics.tables`."""

    def candles(self, symbol: str, interval: str = "1min") -> pl.DataFrame:
        """`CANDLES`."""

    def equity(self) -> pl.DataFrame:
        """`EQUITY`."""

    def drawdowns(self) -> pl.DataFrame:
        """`DRAWDOWNS`."""

    def cash_entries(self) -> pl.DataFrame:
        """`CASH_ENTRIES`."""

    def round_trips(self) -> pl.DataFrame:
        """`ROUND_TRIPS`."""

    def fills(self) -> pl.DataFrame:
        """`FILLS`."""

    def orders(self) -> pl.DataFrame:
        """`ORDERS`."""

    def markouts(self) -> pl.DataFrame:
        """`MARKOUTS`."""

    def markout_curve(self) -> pl.DataFrame:
        """`MARKOUT_CURVE`."""

    def summary(self) -> pl.DataFrame:
        """`SUMMARY`."""

    def book(self, symbol: str, at_ns: int, levels: int = 15) -> BookAt:
        """The book at an instant."""

    def tape(self, symbol: str, at_ns: int, rows: int = 50) -> pl.DataFrame:
        """`TRADES`: the last ones until an instant, the newest first."""

    def what_if(self) -> WithoutAccount:
        """The market without the account's orders."""


@dataclass(frozen=True, slots=True)
class Looks:
    """How somebody wants pages to look.

    Attributes
    ----------
    theme
        `dark`, `light`, or `system`.
    blind
        Colours that are told apart without red and green.
    """

    theme: str = "dark"
    blind: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """A review that somebody may see.

    Attributes
    ----------
    reviewed
        The day.
    accounts
        Whose days they may see, each with the name of who sat there: all participants' for who may read the
        class, else their own.
    runs
        Whether they run sessions, so that the control room is theirs too.
    """

    reviewed: Reviewed
    accounts: tuple[tuple[str, str], ...]
    runs: bool


@dataclass(frozen=True, slots=True)
class Session:
    """A session that somebody may look back at.

    Attributes
    ----------
    name, title
        Which it is.
    account
        Their own account in it; empty where they had none.
    closed
        When it ended, as the API writes moments; empty where that is not known.
    """

    name: str
    title: str
    account: str
    closed: str = ""


def last_of(sessions: tuple[Session, ...]) -> str:
    """The session that is shown to who names none: the last one of their own, else of those they may see.

    Raises
    ------
    NoReviewError
        When there is none.
    """
    if not sessions:
        raise NoReviewError("missing", "No session in which you had a seat has closed yet.")
    return next((each for each in sessions if each.account), sessions[0]).name


class ReviewSource(Protocol):
    """What somebody may read. All calls are made from threads, and may wait."""

    def looks(self) -> Looks:
        """How they want pages to look."""

    def close(self) -> None:
        """Nothing more is asked."""

    def sessions(self) -> tuple[Session, ...]:
        """Sessions that they may look back at, those that closed last first.

        Raises
        ------
        NoReviewError
            When that cannot be known, with the reason.
        """

    def what_if(self, reviewed: Reviewed) -> WithoutAccount:
        """The market without an account's orders.

        Raises
        ------
        NoReviewError
            When it cannot be known, with the reason.
        """

    def open(self, session: str, account: str) -> Opened:
        """The day of an account in a session.

        When none is named it is their own, or the first one for who may read the class and had no seat.

        Raises
        ------
        NoReviewError
            When there is nothing to see, with the reason.
        """
