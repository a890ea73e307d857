"""A review of a session, awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from workbench.client import review_calls
from workbench.client.calls import Call, once
from workbench.client.routes import base_of

if TYPE_CHECKING:
    import polars as pl

    from workbench.analytics.records import About, BookAt, WithoutAccount
    from workbench.client.async_client import AsyncClient

T = TypeVar("T")


class AsyncReviewClient:
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

    def __init__(self, client: AsyncClient, session: str, account: str = "") -> None:
        self.client = client
        self.session = session
        self.account = account
        self._base = base_of(session)

    async def _ask(self, call: Call[T]) -> T:
        return await self.client.run(once(call))

    async def _table(self, name: str, *, symbol: str = "", interval: str = "") -> pl.DataFrame:
        call = review_calls.table(self._base, name, self.account, symbol=symbol, interval=interval)
        return await self._ask(call)

    async def about(self) -> About:
        """Whose day it is, and when it was."""
        return await self._ask(review_calls.about(self._base, self.account))

    async def accounts(self) -> list[tuple[str, str]]:
        """Accounts that one may look at, each with the name of who sat there."""
        return await self._ask(review_calls.accounts(self._base))

    async def candles(self, symbol: str, interval: str = "1min") -> pl.DataFrame:
        """Candles of an instrument at `1s`, `1min`, `5min`, `1h` or `1d`."""
        return await self._table("candles", symbol=symbol, interval=interval)

    async def trades(self, symbol: str) -> pl.DataFrame:
        """The whole market's trades of an instrument, the account's own marked."""
        return await self._table("trades", symbol=symbol)

    async def instruments(self) -> pl.DataFrame:
        """The instruments, and how much the account traded of each."""
        return await self._table("instruments")

    async def equity(self) -> pl.DataFrame:
        """The equity curve."""
        return await self._table("equity")

    async def drawdowns(self) -> pl.DataFrame:
        """Each time under water."""
        return await self._table("drawdowns")

    async def cash_entries(self) -> pl.DataFrame:
        """Money other than of trades, with why it was moved."""
        return await self._table("cash_entries")

    async def round_trips(self) -> pl.DataFrame:
        """Trades as traders count them, from flat to flat."""
        return await self._table("round_trips")

    async def fills(self) -> pl.DataFrame:
        """The account's fills."""
        return await self._table("fills")

    async def orders(self) -> pl.DataFrame:
        """The account's orders."""
        return await self._table("orders")

    async def markouts(self) -> pl.DataFrame:
        """Where the market stood after each fill."""
        return await self._table("markouts")

    async def markout_curve(self) -> pl.DataFrame:
        """Markouts by liquidity and horizon."""
        return await self._table("markout_curve")

    async def summary(self) -> pl.DataFrame:
        """Every statistic, with its convention."""
        return await self._table("summary")

    async def book(self, symbol: str, at_ns: int, levels: int = 15) -> BookAt:
        """The book after everything that happened until an instant (ns since 1970 UTC), included."""
        return await self._ask(review_calls.book(self._base, symbol, at_ns, levels, self.account))

    async def tape(self, symbol: str, at_ns: int, rows: int = 50) -> pl.DataFrame:
        """The market's last trades until an instant, the newest first."""
        return await self._ask(review_calls.tape(self._base, symbol, at_ns, rows, self.account))

    async def what_if(self) -> WithoutAccount:
        """The market without the account's orders; the server runs the session twice for it."""
        return await self._ask(review_calls.what_if(self._base, self.account))

    async def download(
        self, table: str, kind: str = "parquet", *, symbol: str = "", interval: str = ""
    ) -> bytes:
        """A table as a file: `parquet`, `csv` or `arrow`."""
        call = review_calls.download(self._base, table, self.account, kind, symbol, interval)
        return await self._ask(call)
