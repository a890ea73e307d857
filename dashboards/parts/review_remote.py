"""Reviews of an exchange that another process runs, by its REST and with the visitor's own log-in."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashboards.parts.review_own import instead, sentence_of
from dashboards.parts.review_source import Looks, NoReviewError, Opened, Session, Why
from workbench.client import Client
from workbench.client.calls import Call, as_plain, once
from workbench.client.review import ReviewClient
from workbench.errors import ApiError, WorkbenchError

if TYPE_CHECKING:
    import polars as pl

    from dashboards.parts.review_source import Reviewed
    from workbench.analytics.records import About, BookAt, WithoutAccount

_PATIENCE_S = 300.0
_UNAUTHORIZED = 401
_WHY: dict[str, Why] = {"session_open": "open", "forbidden": "refused"}


@dataclass(frozen=True, slots=True)
class _Day:
    """A `Reviewed`: what the exchange answers, asked for anew each time."""

    about: About
    there: ReviewClient

    def instruments(self) -> pl.DataFrame:
        return self.there.instruments()

    def candles(self, symbol: str, interval: str = "1min") -> pl.DataFrame:
        return self.there.candles(symbol, interval)

    def equity(self) -> pl.DataFrame:
        return self.there.equity()

    def drawdowns(self) -> pl.DataFrame:
        return self.there.drawdowns()

    def cash_entries(self) -> pl.DataFrame:
        return self.there.cash_entries()

    def round_trips(self) -> pl.DataFrame:
        return self.there.round_trips()

    def fills(self) -> pl.DataFrame:
        return self.there.fills()

    def orders(self) -> pl.DataFrame:
        return self.there.orders()

    def markouts(self) -> pl.DataFrame:
        return self.there.markouts()

    def markout_curve(self) -> pl.DataFrame:
        return self.there.markout_curve()

    def summary(self) -> pl.DataFrame:
        return self.there.summary()

    def book(self, symbol: str, at_ns: int, levels: int = 15) -> BookAt:
        try:
            return self.there.book(symbol, at_ns, levels)
        except WorkbenchError as error:
            raise _none(error) from error

    def tape(self, symbol: str, at_ns: int, rows: int = 50) -> pl.DataFrame:
        return self.there.tape(symbol, at_ns, rows)

    def what_if(self) -> WithoutAccount:
        try:
            return self.there.what_if()
        except WorkbenchError as error:
            raise _none(error) from error


class RemoteReviews:
    """A `ReviewSource`.

    Parameters
    ----------
    url
        Where the exchange answers.
    token
        The visitor's access token. When it is over the page says so, and opening it anew brings another.
    runs
        Whether they run sessions.
    """

    def __init__(self, url: str, token: str, *, runs: bool) -> None:
        self._client = Client(url, token=token, timeout_s=_PATIENCE_S)
        self._runs = runs

    def looks(self) -> Looks:
        """How they want pages to look."""
        try:
            wanted = self._client.run(once(Call("GET", "/api/me/preferences", as_plain)))
        except WorkbenchError as error:
            raise _none(error) from error
        return Looks(wanted["theme"], wanted["colour_blind"])

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def sessions(self) -> tuple[Session, ...]:
        """Sessions that they may look back at, those that were written last first."""
        try:
            found = self._client.run(once(Call("GET", "/api/reviews", as_plain)))["reviews"]
        except WorkbenchError as error:
            raise _none(error) from error
        return tuple(
            Session(each["session"], each["title"], each["account"], each["closed"]) for each in found
        )

    def open(self, session: str, account: str) -> Opened:
        """The day of an account in a session."""
        there = self._client.review(session, account)
        try:
            about = there.about()
            accounts = there.accounts()
        except ApiError as error:
            seats: list[tuple[str, str]] = []
            with suppress(WorkbenchError):
                seats = there.accounts()
            raise instead(error, _none(error).why, session, account, seats) from error
        except WorkbenchError as error:
            raise _none(error, session) from error
        return Opened(_Day(about, there), tuple(accounts), self._runs)

    def what_if(self, reviewed: Reviewed) -> WithoutAccount:
        """The market without the account's orders."""
        return reviewed.what_if()


def _none(error: WorkbenchError, session: str = "") -> NoReviewError:
    """Why there is nothing to see."""
    why: Why = "failed"
    if isinstance(error, ApiError):
        why = "expired" if error.status == _UNAUTHORIZED else _WHY.get(error.code, "missing")
    return NoReviewError(why, sentence_of(error), session)
