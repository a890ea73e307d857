"""LOBSTER's file names and its order book files."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from workbench.domain.codes import Side
from workbench.errors import SourceError
from workbench.feed.files import Cells, Ints, read_bytes

Ladders = npt.NDArray[np.int64]
"""Books by row, level and `ASK_PRICE` … `BID_ORDERS`; an empty level has price, lots and orders 0."""

ASK_PRICE, ASK_LOTS, ASK_ORDERS, BID_PRICE, BID_LOTS, BID_ORDERS = range(6)
UNKNOWN_COUNT = -1
"""Number of orders at a level where the source does not tell it."""

PRICE_NANOS = 100_000
"""A LOBSTER price counts ten-thousandths of a dollar."""

_NAME = re.compile(
    r"^(?P<ticker>[A-Za-z0-9.\-]+)_(?P<date>\d{4}-\d{2}-\d{2})_(?P<start>\d+)_(?P<end>\d+)"
    r"_(?P<what>message|orderbook)_(?P<levels>\d+)"
)
_EMPTY_ASK, _EMPTY_BID = 9_999_999_999, -9_999_999_999


@dataclass(frozen=True, slots=True)
class LobsterName:
    """What a LOBSTER file name says: `TICKER_DATE_START_END_message_LEVELS.csv`, times in ms after midnight.

    >>> name = LobsterName.parse("data/GOOG_2012-06-21_34200000_57600000_message_1.csv.zst")
    >>> name.ticker, name.levels, name.what
    ('GOOG', 1, 'message')
    """

    ticker: str
    date: date
    start_ms: int
    end_ms: int
    what: str
    levels: int

    @classmethod
    def parse(cls, path: str | os.PathLike[str]) -> LobsterName | None:
        """What the name of `path` says, None when it is not of this form."""
        found = _NAME.match(Path(path).name)
        if found is None:
            return None
        try:
            day = date.fromisoformat(found["date"])
        except ValueError:
            return None
        return cls(
            found["ticker"], day, int(found["start"]), int(found["end"]), found["what"], int(found["levels"])
        )

    def sibling(self, path: str | os.PathLike[str]) -> Path | None:
        """The order book file beside a message file, compressed in any way; None when there is none."""
        folder, own = Path(path).parent, Path(path).name
        stem = own.replace("_message_", "_orderbook_").split(".csv")[0]
        found = sorted(file for file in folder.glob("*_orderbook_*") if file.name.split(".csv")[0] == stem)
        return found[0] if found else None


def read_ladders(path: str | os.PathLike[str], tick_nanos: int = PRICE_NANOS) -> Ladders:
    """Rows of an order book file, prices in ticks; LOBSTER does not tell the number of orders.

    Refused: rows whose levels are not in order, that are crossed, or have a size where there is no price.
    """
    name = os.fspath(path)
    data = read_bytes(path)
    columns = data.split(b"\n", 1)[0].count(b",") + 1
    if columns % 4:
        raise SourceError(
            name,
            1,
            f"has {columns} cells, expected four for each level: ask price, ask size, bid price, bid size",
        )
    cells = Cells(
        data,
        name,
        [
            f"{what}_{level}"
            for level in range(columns // 4)
            for what in ("ask", "ask_size", "bid", "bid_size")
        ],
    )
    made = np.zeros((cells.count, columns // 4, 6), np.int64)
    for level in range(columns // 4):
        for side, empty, price_at in (("ask", _EMPTY_ASK, ASK_PRICE), ("bid", _EMPTY_BID, BID_PRICE)):
            price = cells.integers(f"{side}_{level}", low=_EMPTY_BID)
            size = cells.integers(f"{side}_size_{level}")
            there = price != empty
            cells.expect((price > 0) | ~there, f"{side}_{level}", f"a positive price, or {empty} for none")
            cells.expect(
                (size > 0) == there,
                f"{side}_size_{level}",
                "a positive size for a level that is there, 0 for none",
            )
            nanos = price * PRICE_NANOS
            cells.expect(
                (nanos % tick_nanos == 0) | ~there, f"{side}_{level}", f"a multiple of {tick_nanos}e-9"
            )
            made[:, level, price_at] = np.where(there, nanos // tick_nanos, 0)
            made[:, level, price_at + 1] = size
            made[:, level, price_at + 2] = np.where(there, UNKNOWN_COUNT, 0)
    _check_order(made, cells)
    return made


def _check_order(ladders: Ladders, cells: Cells) -> None:
    asks = np.where(ladders[:, :, ASK_PRICE] > 0, ladders[:, :, ASK_PRICE], np.iinfo(np.int64).max)
    bids = ladders[:, :, BID_PRICE]
    deeper = bids[:, 1:] > 0
    there = asks[:, 1:] < np.iinfo(np.int64).max
    wrong = ((np.diff(asks, axis=1) <= 0) & there).any(axis=1) | ((np.diff(bids, axis=1) >= 0) & deeper).any(
        axis=1
    )
    wrong |= bids[:, 0] >= asks[:, 0]
    if wrong.any():
        raise cells.refuse(int(np.argmax(wrong)), "shows levels that are crossed or not in order")


def revealed(ladders: Ladders, added: Ints, price_ticks: Ints) -> npt.NDArray[np.bool_]:
    """Which levels of which rows no message determines: shape (rows, levels, 2), asks first.

    Row i is determined by row i - 1 and message i, save for levels that neither of them knows. A level is
    *revealed* when its price was not in view on its side in row i - 1 and message i is not a new order
    there: it lay beyond the file's depth, a better level went, and the row alone tells its quantity. When a
    better level went and none followed it into view, the last place of the side is revealed to be empty.
    All other levels are *determined*. In the first row all are revealed: they are what a seeded book
    begins with.

    Parameters
    ----------
    ladders
        The rows.
    added
        `Side` of the new order that each message is, 0 for other messages.
    price_ticks
        Price of each message.
    """
    made = np.zeros((*ladders.shape[:2], 2), np.bool_)
    for index, (side, place) in enumerate(((Side.SELL, ASK_PRICE), (Side.BUY, BID_PRICE))):
        prices = ladders[:, :, place]
        before = np.vstack([np.zeros_like(prices[:1]), prices[:-1]])
        known = (added == side)[:, None] & (prices == price_ticks[:, None])
        for level in range(prices.shape[1]):
            known |= prices == before[:, level : level + 1]
        made[:, :, index] = (prices > 0) & ~known
        made[:, -1, index] |= (prices[:, -1] == 0) & (before[:, -1] > 0)
        made[:1, :, index] = prices[:1] > 0
    return made
