"""Many stocks of one ITCH file, with as few passes over it as memory allows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date  # noqa: N812 - `date` is a parameter

import numpy as np

from workbench.domain.units import Number
from workbench.errors import SourceError
from workbench.feed.history import History
from workbench.feed.itch import Itch, frames_of, history_of, run_through
from workbench.feed.itch_frames import big_endian
from workbench.feed.itch_messages import ORDER_TYPES
from workbench.feed.itch_sieve import Sieve

MESSAGES_AT_ONCE = 30_000_000
"""Messages of stocks that are kept in one pass, some 2 GB; results do not depend on it."""

_LOCATES = 1 << 16
_ORDERS = np.array([ord(letter) for letter in ORDER_TYPES], np.uint8)


@dataclass(frozen=True, slots=True)
class Stocks:
    """What a file holds orders of.

    Attributes
    ----------
    orders
        Names of stocks to the number of their messages about orders and trades.
    nameless
        How many such messages are of stocks that the file does not name.
    messages
        How many messages there are in all.
    """

    orders: dict[str, int]
    nameless: int
    messages: int


def stocks_of(path: str | os.PathLike[str], progress: Callable[[int], None] | None = None) -> Stocks:
    """Count the messages of each stock; `progress` is called with the number of messages of each block."""
    sieve = Sieve(os.fspath(path), types=("R",))
    counts = np.zeros(_LOCATES, np.int64)
    messages = 0
    for block in frames_of(path):
        sieve.take(block)
        first = block.data[np.minimum(block.start, len(block.data) - 1)]
        orders = block.start[np.isin(first, _ORDERS) & (block.length > _HEADER_BYTES)]
        counts += np.bincount(big_endian(block.data, orders + 1), minlength=_LOCATES)
        messages += len(block.start)
        if progress is not None:
            progress(len(block.start))
    if not sieve.counts():
        found = next(iter(sieve.faults), "nothing")
        raise SourceError(path, None, f"holds no ITCH 5.0 message, but {found}", "is this the right file?")
    made: dict[str, int] = {}
    for name, code in sieve.symbols().items():
        made[name] = made.get(name, 0) + int(counts[code])
        counts[code] = 0
    return Stocks({name: count for name, count in made.items() if count}, int(counts.sum()), messages)


_HEADER_BYTES = 11


def passes(orders: Mapping[str, int], most: int = MESSAGES_AT_ONCE) -> list[list[str]]:
    """Stocks in groups of at most `most` messages, each group for one pass.

    >>> passes({"A": 4, "B": 7, "C": 3}, most=8)
    [['A'], ['B'], ['C']]
    >>> passes({"A": 4, "B": 7, "C": 3}, most=11)
    [['A', 'B'], ['C']]
    """
    made: list[list[str]] = []
    room = 0
    for name, count in orders.items():
        if not made or count > room:
            made.append([])
            room = most
        made[-1].append(name)
        room -= count
    return made


def read_itch_histories(
    path: str | os.PathLike[str],
    symbols: Sequence[str],
    *,
    date: Date | None = None,
    market_tick: Number = "0.01",
    progress: Callable[[int], None] | None = None,
) -> Iterator[History | SourceError]:
    """Order flow of several stocks, from one pass over the file.

    Each is what `read_itch_history` gives for that stock alone, or the error that it raises.
    """
    name = os.fspath(path)
    sieve = Sieve(name, symbols)
    day, packets = run_through(path, sieve, date, progress)
    for symbol in symbols:
        try:
            yield history_of(Itch(name, day, sieve, packets, symbol), market_tick)
        except SourceError as error:
            yield error
