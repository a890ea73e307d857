"""One session of a server, for asyncio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from workbench.client import routes, trading
from workbench.client.calls import Call, once
from workbench.client.models import (
    Account,
    Canceled,
    Depth,
    Instrument,
    News,
    Order,
    Position,
    Preview,
    Seat,
    Session,
)
from workbench.client.trading import Number

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from workbench.client.async_client import AsyncClient
    from workbench.client.async_stream import AsyncStream

T = TypeVar("T")


class AsyncSessionClient:
    """Trading, market data and control of one session.

    Times are text in ISO 8601; `account` names another's account, for who may read the class.

    Parameters
    ----------
    client
        The client.
    name
        The session's name.
    """

    def __init__(self, client: AsyncClient, name: str) -> None:
        self.client = client
        self.name = name
        self._base = routes.base_of(name)

    async def _ask(self, call: Call[T]) -> T:
        return await self.client.run(once(call))

    # ------------------------------------------------------------------ the session

    async def status(self) -> Session:
        """State, time, speed and seats."""
        return await self._ask(routes.status(self._base))

    async def join(self) -> Seat:
        """Take a seat, or find one's own."""
        return await self._ask(routes.join(self._base))

    async def control(self, verb: str, **fields: Any) -> Any:
        """What an instructor does: `start`, `pause`, `resume`, `close`, `speed`, `halt`, `news` and so on."""
        return await self._ask(routes.control(self._base, verb, fields))

    async def start(self, to: str = "open") -> Session:
        """Open the market, or collect orders first: `to` is `open` or `pre_open`."""
        return await self._ask(routes.move(self._base, "start", {"to": to}))

    async def pause(self) -> Session:
        """Stop the clock; orders can only be cancelled."""
        return await self._ask(routes.move(self._base, "pause", {}))

    async def resume(self, *, by_auction: bool = False) -> Session:
        """Go on after a pause, at once or by an auction."""
        return await self._ask(routes.move(self._base, "resume", {"by_auction": by_auction}))

    async def close(self) -> Session:
        """End trading for good."""
        return await self._ask(routes.move(self._base, "close", {}))

    async def debrief(self) -> Session:
        """Show what happened; nothing is added any more."""
        return await self._ask(routes.move(self._base, "debrief", {}))

    async def set_speed(self, speed: float | str | None) -> Session:
        """Let exchange time run faster or slower; `"max"` (or None) is as fast as possible."""
        return await self._ask(routes.move(self._base, "speed", {"speed": speed}))

    async def halt(self, *symbols: str) -> list[Instrument]:
        """Stop trading in some instruments, or in all."""
        return await self._ask(routes.trading(self._base, "halt", symbols, {}))

    async def lift(self, *symbols: str, by_auction: bool = False) -> list[Instrument]:
        """Let halted instruments trade again, at once or by an auction."""
        return await self._ask(routes.trading(self._base, "lift", symbols, {"by_auction": by_auction}))

    async def announce(self, headline: str, body: str = "", symbols: Iterable[str] = ()) -> News:
        """Tell everybody something, about some instruments or all."""
        return await self._ask(routes.announce(self._base, headline, body, symbols))

    async def set_limit(self, limit: str, value: Number, *, account: str = "") -> Any:
        """Set a limit of one account, or of every trader."""
        return await self._ask(routes.set_limit(self._base, limit, value, account))

    async def export(self) -> bytes:
        """All tables of the session as a zip of Parquet files."""
        return await self._ask(routes.export(self._base))

    # ------------------------------------------------------------------ orders

    async def place(
        self,
        symbol: str,
        side: str,
        quantity: Number | None = None,
        *,
        limit: Number | None = None,
        stop: Number | None = None,
        time_in_force: str = "day",
        client_order_id: str = "",
        **terms: Any,
    ) -> Order:
        """Place an order; when this returns it is durable, and it was placed once.

        The type follows from `limit` and `stop` unless `type` is among the terms. Further terms are those of
        REST: `notional`, `trail_amount`, `trail_percent`, `display_quantity`, `post_only`, `reduce_only`,
        `expires`, `order_class`, `take_profit_limit`, `stop_loss_stop`, `stop_loss_limit`.

        Raises
        ------
        ApiError
            When it is refused; `details["reason"]` is the exchange's reason.
        UnansweredError
            When the connection broke again and again, and whether it was placed is not known.
        """
        fields = trading.order_fields(
            symbol, side, quantity, limit, stop, time_in_force, client_order_id, terms
        )
        return await self.client.run(trading.place(self._base, fields))

    async def preview(
        self,
        symbol: str,
        side: str,
        quantity: Number | None = None,
        *,
        limit: Number | None = None,
        stop: Number | None = None,
        time_in_force: str = "day",
        client_order_id: str = "",
        **terms: Any,
    ) -> Preview:
        """What an order would do if it were placed now; nothing is sent.

        It takes what `place` takes. What would be refused has a `refusal`; only what `place` could not send
        at all (a word that is none, a session that takes nothing) raises `ApiError`.
        """
        fields = trading.order_fields(
            symbol, side, quantity, limit, stop, time_in_force, client_order_id, terms
        )
        return await self._ask(trading.preview(self._base, fields))

    async def replace(
        self,
        order: int | str,
        *,
        quantity: Number | None = None,
        limit: Number | None = None,
        stop: Number | None = None,
        **terms: Any,
    ) -> Order:
        """Change an open order, by its id or `client:ID`; gives its successor, which has an id of its own."""
        fields = trading.change_fields(quantity, limit, stop, terms)
        return await self.client.run(trading.replace(self._base, order, fields))

    async def cancel(self, order: int | str) -> Order:
        """Cancel an open order, by its id or `client:ID`."""
        return await self.client.run(trading.cancel(self._base, order))

    async def cancel_all(self, symbol: str = "") -> list[Canceled]:
        """Cancel all one's open orders, or those in one instrument."""
        return await self._ask(routes.cancel_all(self._base, symbol))

    async def close_position(self, symbol: str, *, quantity: Number = "", percentage: Number = "") -> Order:
        """Close a position, or part of it, by a market order."""
        return await self._ask(routes.close_position(self._base, symbol, str(quantity), str(percentage)))

    async def order(self, order: int | str) -> Order:
        """An order by its id, or `client:ID`."""
        return await self._ask(trading.find(self._base, order))

    async def orders(
        self, state: str = "all", *, symbol: str = "", account: str = "", before: int = 0, limit: int = 100
    ) -> list[Order]:
        """Orders, the newest first; `state` is `open`, `closed` or `all`."""
        return await self._ask(routes.orders(self._base, state, symbol, account, before, limit))

    # ------------------------------------------------------------------ the account

    async def account(self, account: str = "") -> Account:
        """An account at its marks."""
        return await self._ask(routes.account(self._base, account))

    async def positions(self, account: str = "") -> list[Position]:
        """What an account holds."""
        return await self._ask(routes.positions(self._base, account))

    async def fills(
        self, *, account: str = "", symbol: str = "", before: int = 0, limit: int = 100
    ) -> pl.DataFrame:
        """Fills, the newest first."""
        found: pl.DataFrame = await self._ask(routes.fills(self._base, account, symbol, before, limit))
        return found

    async def cash(self, account: str = "") -> pl.DataFrame:
        """Money other than trades'."""
        found: pl.DataFrame = await self._ask(routes.cash(self._base, account))
        return found

    async def equity(self, account: str = "", *, points: int = 10_000) -> pl.DataFrame:
        """What an account was worth through the session."""
        found: pl.DataFrame = await self._ask(routes.equity(self._base, account, points))
        return found

    async def leaderboard(self) -> pl.DataFrame:
        """The standings."""
        found: pl.DataFrame = await self._ask(routes.leaderboard(self._base))
        return found

    # ------------------------------------------------------------------ the market

    async def instruments(self) -> list[Instrument]:
        """Everything that is traded, with quote, last trade and day."""
        return await self._ask(routes.instruments(self._base))

    async def instrument(self, symbol: str) -> Instrument:
        """One instrument."""
        return await self._ask(routes.instrument(self._base, symbol))

    async def depth(self, symbol: str, levels: int = 10) -> Depth:
        """The book, best prices first."""
        return await self._ask(routes.depth(self._base, symbol, levels))

    async def candles(
        self, symbol: str, timeframe: str = "1m", *, start: str = "", end: str = "", limit: int = 1000
    ) -> pl.DataFrame:
        """The latest candles, in order."""
        found: pl.DataFrame = await self._ask(
            routes.candles(self._base, symbol, timeframe, start, end, limit)
        )
        return found

    async def trades(
        self, symbol: str, *, start: str = "", end: str = "", after_seq: int = 0, limit: int = 1000
    ) -> pl.DataFrame:
        """Trades of the market in order; the latest without a start."""
        found: pl.DataFrame = await self._ask(
            routes.tape(self._base, symbol, "trades", start, end, after_seq, limit)
        )
        return found

    async def quotes(
        self, symbol: str, *, start: str = "", end: str = "", after_seq: int = 0, limit: int = 1000
    ) -> pl.DataFrame:
        """Best bids and asks in order; the latest without a start."""
        found: pl.DataFrame = await self._ask(
            routes.tape(self._base, symbol, "quotes", start, end, after_seq, limit)
        )
        return found

    async def news(self, limit: int = 100) -> list[News]:
        """Announcements, the newest first."""
        return await self._ask(routes.news(self._base, limit))

    def stream(self, topics: Iterable[str] | str, *, packed: bool = True) -> AsyncStream:
        """What happens, as it happens; see docs/stream.md for topics.

        Parameters
        ----------
        topics
            At least one, such as `market:ACME`, `depth:ACME`, `trades:ACME`, `candles:ACME:1m`, `orders`,
            `positions`, `account`, `news`, `session`.
        packed
            Whether msgpack is spoken rather than JSON.
        """
        from workbench.client.async_stream import AsyncStream  # noqa: PLC0415 - light to import without a stream

        return AsyncStream(self.client, self.name, topics, packed=packed)
