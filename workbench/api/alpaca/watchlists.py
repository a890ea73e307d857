"""Lists of instruments that a user keeps; durable, and of all the user's sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import msgspec

from workbench.api.alpaca.assets import Asset, write_asset
from workbench.api.alpaca.errors import forbidden, invalid, malformed, not_found
from workbench.api.alpaca.moments import moment_text

if TYPE_CHECKING:
    from workbench.api.alpaca.names import Names
    from workbench.api.alpaca.store import Store

KIND: Final = "watchlist"
_MOST_LISTS: Final = 200
_MOST_SYMBOLS: Final = 1_000
_MOST_NAME: Final = 64


class Watchlist(msgspec.Struct):
    """A list as it is kept; times are session time."""

    id: str
    name: str
    created_at: str
    updated_at: str
    symbols: list[str]


class WatchlistRequest(msgspec.Struct):
    """A list to be made or changed."""

    name: str | None = None
    symbols: list[str] | None = None
    symbol: str | None = None


_REQUEST = msgspec.json.Decoder(WatchlistRequest)


def read_request(body: bytes) -> WatchlistRequest:
    """What a body asks for; 422 for what is no such thing."""
    try:
        asked = _REQUEST.decode(body or b"{}")
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as reason:
        raise malformed(f"request body format is invalid: {reason}") from None
    if asked.name is not None and not 1 <= len(asked.name.strip()) <= _MOST_NAME:
        raise invalid(f"a watchlist's name must have 1 to {_MOST_NAME} characters")
    return asked


class Watchlists:
    """Everybody's watchlists.

    Parameters
    ----------
    store
        Where they are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def all(self, user: str) -> list[Watchlist]:
        """A user's lists, oldest first."""
        kept = (await self._store.all(user, KIND)).values()
        found = [msgspec.convert(item, Watchlist) for item in kept]
        return sorted(found, key=lambda each: (each.created_at, each.id))

    async def find(self, user: str, *, identifier: str = "", name: str = "") -> Watchlist:
        """A list by its id or its name; 404 when there is none."""
        for each in await self.all(user):
            if each.id == identifier.lower() or (name and each.name == name):
                return each
        raise not_found("watchlist not found")

    async def create(self, user: str, asked: WatchlistRequest, names: Names, time_ns: int) -> Watchlist:
        """Make a list."""
        if asked.name is None:
            raise invalid("name is required")
        lists = await self.all(user)
        if any(each.name == asked.name for each in lists):
            raise malformed("watchlist name must be unique")
        if len(lists) >= _MOST_LISTS:
            raise forbidden(f"you have {_MOST_LISTS} watchlists, which is all that one may have")
        now = moment_text(time_ns)
        made = Watchlist(str(uuid4()), asked.name, now, now, _symbols(asked.symbols or [], names))
        await self._keep(user, made)
        return made

    async def change(
        self, user: str, before: Watchlist, asked: WatchlistRequest, names: Names, time_ns: int
    ) -> Watchlist:
        """Give a list another name, other symbols, or both."""
        if asked.name is None and asked.symbols is None:
            raise invalid("name or symbols is required")
        renamed = asked.name not in (None, before.name)
        if renamed and any(each.name == asked.name for each in await self.all(user)):
            raise malformed("watchlist name must be unique")
        symbols = before.symbols if asked.symbols is None else _symbols(asked.symbols, names)
        return await self._update(user, before, asked.name or before.name, symbols, time_ns)

    async def append(
        self, user: str, before: Watchlist, symbol: str, names: Names, time_ns: int
    ) -> Watchlist:
        """Add a symbol at the end; one that is there stays where it is."""
        symbols = _symbols([*before.symbols, symbol], names, kept=set(before.symbols))
        return await self._update(user, before, before.name, symbols, time_ns)

    async def drop(self, user: str, before: Watchlist, symbol: str, names: Names, time_ns: int) -> Watchlist:
        """Take a symbol off; 404 when it is not on the list."""
        number = names.find(symbol)
        known = symbol if number is None else names.symbols[number]
        if known not in before.symbols:
            raise not_found(f"symbol {symbol[:80]!r} is not on the watchlist")
        rest = [each for each in before.symbols if each != known]
        return await self._update(user, before, before.name, rest, time_ns)

    async def delete(self, user: str, watchlist: Watchlist) -> None:
        """Throw a list away."""
        await self._store.remove(user, KIND, watchlist.id)

    async def _update(
        self, user: str, before: Watchlist, name: str, symbols: list[str], time_ns: int
    ) -> Watchlist:
        after = Watchlist(before.id, name, before.created_at, moment_text(time_ns), symbols)
        await self._keep(user, after)
        return after

    async def _keep(self, user: str, watchlist: Watchlist) -> None:
        await self._store.put(user, KIND, watchlist.id, msgspec.to_builtins(watchlist))


def _symbols(given: list[str], names: Names, kept: set[str] | None = None) -> list[str]:
    """Symbols as the session writes them; 404 for one that it does not trade and that was not on the list."""
    found = [each if kept and each in kept else names.symbols[names.number(each)] for each in given]
    if len(found) > _MOST_SYMBOLS:
        raise invalid(f"a watchlist holds at most {_MOST_SYMBOLS:,} symbols")
    return list(dict.fromkeys(found))


def write_watchlist(watchlist: Watchlist, account_id: str, names: Names, *, assets: bool) -> dict[str, Any]:
    """A list as clients read it; of its symbols those that trade in this session are its assets."""
    body: dict[str, Any] = {
        "id": watchlist.id,
        "account_id": account_id,
        "name": watchlist.name,
        "created_at": watchlist.created_at,
        "updated_at": watchlist.updated_at,
    }
    if assets:
        numbers = (names.find(symbol) for symbol in watchlist.symbols)
        listed: list[Asset] = [write_asset(names, number) for number in numbers if number is not None]
        body["assets"] = listed
    return body
