"""A review of a session: an account's day, from a program."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from workbench.client import review_calls
from workbench.client.calls import Call, once
from workbench.client.routes import base_of

if TYPE_CHECKING:
    import polars as pl

    from workbench.analytics.records import About, BookAt, WithoutAccount
    from workbench.client.client import Client

T = TypeVar("T")


class ReviewClient:
    """What an account did in a session, once its market has closed.

    Frames are Polars', with the columns of docs/review-data.md. Each call asks the server once.

    Parameters
    ----------
    client
        The client.
    session
        The session's name; it may be one that the server has stored and does not run.
    account
        Another's account, for who may read the class; one's own unless given.
    """

    def __init__(self, client: Client, session: str, account: str = "") -> None:
        self.client = client
        self.session = session
        self.account = account
        self._base = base_of(session)

    def _ask(self, call: Call[T]) -> T:
        return self.client.run(once(call))

    def _table(self, name: str, *, symbol: str = "", interval: str = "") -> pl.DataFrame:
        call = review_calls.table(self._base, name, self.account, symbol=symbol, interval=interval)
        return self._ask(call)

    def about(self) -> About:
        """Whose day it is, and when it was."""
        return self._ask(review_calls.about(self._base, self.account))

    def accounts(self) -> list[tuple[str, str]]:
        """Accounts that one may look at, each with the name of who sat there."""
        return self._ask(review_calls.accounts(self._base))

    def candles(self, symbol: str, interval: str = "1min") -> pl.DataFrame:
        """Candles of an instrument at `1s`, `1min`, `5min`, `1h` or `1d`."""
        return self._table("candles", symbol=symbol, interval=interval)

    def trades(self, symbol: str) -> pl.DataFrame:
        """The whole market's trades of an instrument, the account's own marked."""
        return self._table("trades", symbol=symbol)

    def instruments(self) -> pl.DataFrame:
        """The instruments, and how much the account traded of each."""
        return self._table("instruments")

    def equity(self) -> pl.DataFrame:
        """The equity curve."""
        return self._table("equity")

    def drawdowns(self) -> pl.DataFrame:
        """Each time under water."""
        return self._table("drawdowns")

    def cash_entries(self) -> pl.DataFrame:
        """Money other than of trades, with why it was moved."""
        return self._table("cash_entries")

    def round_trips(self) -> pl.DataFrame:
        """Trades as traders count them, from flat to flat."""
        return self._table("round_trips")

    def fills(self) -> pl.DataFrame:
        """The account's fills."""
        return self._table("fills")

    def orders(self) -> pl.DataFrame:
        """The account's orders."""
        return self._table("orders")

    def markouts(self) -> pl.DataFrame:
        """Where the market stood after each fill."""
        return self._table("markouts")

    def markout_curve(self) -> pl.DataFrame:
        """Markouts by liquidity and horizon."""
        return self._table("markout_curve")

    def summary(self) -> pl.DataFrame:
        """Every statistic, with its convention."""
        return self._table("summary")

    def book(self, symbol: str, at_ns: int, levels: int = 15) -> BookAt:
        """The book after everything that happened until an instant (ns since 1970 UTC), included."""
        return self._ask(review_calls.book(self._base, symbol, at_ns, levels, self.account))

    def tape(self, symbol: str, at_ns: int, rows: int = 50) -> pl.DataFrame:
        """The market's last trades until an instant, the newest first."""
        return self._ask(review_calls.tape(self._base, symbol, at_ns, rows, self.account))

    def what_if(self) -> WithoutAccount:
        """The market without the account's orders; the server runs the session twice for it."""
        return self._ask(review_calls.what_if(self._base, self.account))

    def download(self, table: str, kind: str = "parquet", *, symbol: str = "", interval: str = "") -> bytes:
        """A table as a file: `parquet`, `csv` or `arrow`."""
        call = review_calls.download(self._base, table, self.account, kind, symbol, interval)
        return self._ask(call)
