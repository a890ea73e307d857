"""LOBSTER message files (NASDAQ order flow of one stock and day) as commands.

A file of N levels holds only the messages that touch the best N levels. Levels beyond them change unseen,
so that a level which comes into view again may hold more or less than the messages told. With the order
book file, whose row i is the book after message i, the reader seeds the book before the first message
(`seed_book`) and puts such levels right when they come into view (`resync`); see `lobster_book.revealed`
for which levels the messages determine.
"""

from __future__ import annotations

import os
from datetime import date as Date  # noqa: N812 - `date` is a parameter

import numpy as np

from workbench.domain.codes import Side
from workbench.domain.units import Number
from workbench.errors import SourceError
from workbench.feed.files import Cells, Ints, read_bytes
from workbench.feed.history import History, counted
from workbench.feed.lobster_book import PRICE_NANOS, Ladders, LobsterName, read_ladders
from workbench.feed.lobster_orders import (
    CROSS_TRADE,
    EXECUTE_HIDDEN,
    EXECUTE_VISIBLE,
    FULL_CANCEL,
    HALT,
    NEW_ORDER,
    PARTIAL_CANCEL,
    Messages,
    to_commands,
)
from workbench.feed.scale import off_tick, price_scale
from workbench.feed.times import DAY_NS, FIRST_YEAR, LAST_YEAR, midnight_ns

COLUMNS = ("time", "type", "order_id", "size", "price", "direction")
"""Columns of a message file, which has no header."""

_PRICE_MAX = 9_999_999_999

_BOOK_TYPES = (NEW_ORDER, PARTIAL_CANCEL, FULL_CANCEL, EXECUTE_VISIBLE)
"""Messages about orders in the book, whose prices keep to the market's tick; hidden ones need not."""


def read_lobster(
    path: str | os.PathLike[str],
    orderbook: str | os.PathLike[str] | None = None,
    *,
    seed_book: bool = True,
    resync: bool = True,
    ticker: str = "",
    date: Date | None = None,
    levels: int | None = None,
    zone: str = "America/New_York",
    market_tick: Number = "0.01",
) -> History:
    """Order flow of a LOBSTER message file.

    Parameters
    ----------
    path
        The message file.
    orderbook
        The order book file; looked for beside the message file when left out.
    seed_book
        Begin with the book that the first row shows without the first message's effect, as anonymous orders.
    resync
        When a level comes into view with another quantity than messages told, put it right, as part of the
        row.
    ticker, date, levels
        What the file's name would say; needed when it has another form, and to override it.
    zone
        Time zone of the file's times.
    market_tick
        Price increment of the market; an order in the book at a price between two of them is refused, save
        that below 1 dollar orders at US equity markets may have four decimals.
    """
    name = os.fspath(path)
    said = LobsterName.parse(path)
    if said is not None and said.what == "orderbook":
        raise SourceError(
            name,
            None,
            "is an order book file, expected a message file",
            f"name {name.replace('_orderbook_', '_message_')}",
        )
    day = date or (said.date if said else None)
    symbol = ticker or (said.ticker if said else "")
    if day is None or not symbol:
        raise SourceError(
            name,
            None,
            "has a name that tells no ticker and date",
            "give the ticker and the date (to the command line as --kind lobster --symbol NAME --date DAY)",
        )
    cells = Cells(read_bytes(path), name, COLUMNS)
    since_ns = cells.decimals("time")
    cells.expect((since_ns >= 0) & (since_ns < 2 * DAY_NS), "time", "seconds after midnight")
    if not FIRST_YEAR <= day.year < LAST_YEAR:
        raise SourceError(name, None, f"is of {day}, expected a day from 1970 to 2115")
    time_ns = since_ns + midnight_ns(day, zone)
    cells.in_order(time_ns, "time")
    kind, price_nanos = _checked(cells)
    off = off_tick(price_nanos, market_tick) & np.isin(kind, _BOOK_TYPES)
    cells.expect(~off, "price", f"a multiple of the market's tick, {market_tick}, times 10000")
    book = orderbook
    if book is None and said is not None and (seed_book or resync):
        book = said.sibling(path)
    depth = levels if levels is not None else (said.levels if said else None)
    raw = None if book is None else _ladders(book, said, depth, cells.count, market_tick)
    priced = kind != HALT
    shown = np.concatenate([price_nanos[priced], *([] if raw is None else [_prices(raw)])])
    scale = price_scale(name, shown, market_tick=market_tick)
    outside = priced & scale.outside(price_nanos)
    direction = cells.integers("direction", low=-1, high=1)
    messages = Messages(
        kind=kind,
        order_id=cells.integers("order_id", low=-1),
        size=cells.integers("size"),
        price_ticks=np.where(priced, scale.ticks(price_nanos), 0),
        side=np.where(direction == 1, int(Side.BUY), np.where(direction == -1, int(Side.SELL), 0)),
        outside=outside,
    )
    ladders = None if raw is None else _in_ticks(raw, scale.tick_nanos, scale.low_ticks, scale.high_ticks)
    commands, rows, origins, quirks = to_commands(messages, time_ns, ladders, seed_book, resync, name)
    instrument = scale.instrument(symbol)
    return History(
        commands, rows, time_ns, instrument, counted(quirks), name, "lobster", origins, zone
    ).held()


def _checked(cells: Cells) -> tuple[Ints, Ints]:
    """Types and prices, after the cells of each row have been checked against its type."""
    kind = cells.integers("type", low=NEW_ORDER, high=HALT)
    size = cells.integers("size")
    order_id = cells.integers("order_id", low=-1)
    price = cells.integers("price", low=-_PRICE_MAX, high=_PRICE_MAX)
    direction = cells.integers("direction", low=-1, high=1)
    named = np.isin(kind, (NEW_ORDER, PARTIAL_CANCEL, FULL_CANCEL, EXECUTE_VISIBLE))
    plain = named | (kind == EXECUTE_HIDDEN)
    cells.expect((order_id > 0) | ~named, "order_id", "an order id above 0")
    cells.expect((size > 0) | ~plain, "size", "a number of shares above 0")
    cells.expect((price > 0) | ~(plain | (kind == CROSS_TRADE)), "price", "a price above 0")
    cells.expect((direction != 0) | ~plain, "direction", "1 for a buy or -1 for a sell order")
    return kind, price * PRICE_NANOS


def _ladders(
    path: str | os.PathLike[str],
    said: LobsterName | None,
    depth: int | None,
    count: int,
    market_tick: Number,
) -> Ladders:
    """Rows of the order book file, checked to belong to the messages and to keep to the market's tick."""
    ladders = read_ladders(path)
    check_belongs(os.fspath(path), said, depth, ladders, count)
    off = off_tick(ladders[:, :, [0, 3]] * PRICE_NANOS, market_tick).any(axis=(1, 2))
    if off.any():
        raise SourceError(
            path,
            int(np.argmax(off)) + 1,
            f"has a price that is no multiple of the market's tick, {market_tick}",
        )
    return ladders


def check_belongs(
    book: str, said: LobsterName | None, depth: int | None, ladders: Ladders, count: int
) -> None:
    """Refuse an order book file of another stock, day, depth or length than the messages."""
    own = LobsterName.parse(book)
    if own is not None and own.what != "orderbook":
        raise SourceError(book, None, "is a message file, expected an order book file")
    if own is not None and said is not None:
        for what, here, there in (
            ("ticker", own.ticker, said.ticker),
            ("date", own.date, said.date),
            ("times", (own.start_ms, own.end_ms), (said.start_ms, said.end_ms)),
            ("levels", own.levels, said.levels),
        ):
            if here != there:
                raise SourceError(book, None, f"is of {what} {here}, but the messages are of {what} {there}")
    if depth is not None and ladders.shape[1] != depth:
        raise SourceError(book, None, f"has {ladders.shape[1]} levels, expected {depth}")
    if len(ladders) != count:
        raise SourceError(book, None, f"has {len(ladders)} rows, but there are {count} messages")


def _prices(ladders: Ladders) -> Ints:
    prices = ladders[:, :, [0, 3]].ravel()
    return np.unique(prices[prices > 0]) * PRICE_NANOS


def _in_ticks(ladders: Ladders, tick_nanos: int, low_ticks: int, high_ticks: int) -> Ladders:
    """The same books in ticks; levels outside the price window are taken out of them."""
    made = ladders.copy()
    for place in (0, 3):
        ticks = ladders[:, :, place] * PRICE_NANOS // tick_nanos
        gone = (ticks < low_ticks) | (ticks > high_ticks)
        made[:, :, place] = ticks
        made[gone, place : place + 3] = 0
    return made
