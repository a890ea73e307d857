"""Nasdaq TotalView-ITCH 5.0: every message as a table, and the order flow of one stock as commands.

Files are Nasdaq's daily ones, in which each message stands behind its length, or captures of packets (see
`itch_packets`). They are decoded piece by piece, so a day of a few stocks needs memory for these alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection
from datetime import date as Date  # noqa: N812 - `date` is a parameter
from pathlib import Path

import numpy as np
import polars as pl

from workbench.domain.records import Records
from workbench.domain.units import Number
from workbench.errors import SourceError
from workbench.feed.files import Ints, read_head
from workbench.feed.history import History, counted
from workbench.feed.itch_frames import LengthPrefixed
from workbench.feed.itch_messages import CAPTURES, MESSAGES
from workbench.feed.itch_orders import in_rows, to_commands
from workbench.feed.itch_packets import ZONE, Capture, PacketCounts
from workbench.feed.itch_sieve import Sieve, named
from workbench.feed.itch_tables import table, timestamps_ns
from workbench.feed.times import FIRST_YEAR, LAST_YEAR, midnight_ns

KIND = "itch"

_NAMES = (
    re.compile(r"(?<!\d)(?P<year>\d{4})-?(?P<month>\d{2})-?(?P<day>\d{2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<month>\d{2})(?P<day>\d{2})(?P<year>\d{4})(?!\d)"),
    re.compile(r"^S(?P<month>\d{2})(?P<day>\d{2})(?P<year>\d{2})-v"),
)
"""Days in names: 20191230.BX_ITCH_50, 12302019.NASDAQ_ITCH50 and S081321-v50.txt."""


class Itch:
    """Messages of a file; of one of the stocks that its sieve kept, if a symbol is given.

    Attributes
    ----------
    source
        Path of the file.
    date
        The day of the messages, None where nothing tells it.
    counts
        Number of messages of each type in the whole file, whatever was selected.
    faults
        What is no message of the specification and was left out: how often, by what it is.
    packets
        What a capture's packets tell; None for other files.
    symbols
        Names of all stocks to their locate codes.
    """

    def __init__(
        self,
        source: str,
        date: Date | None,
        sieve: Sieve,
        packets: PacketCounts | None,
        symbol: str = "",
    ) -> None:
        self.source = source
        self.date = date
        self.counts = sieve.counts()
        self.faults = sieve.faults
        self.packets = packets
        self.symbols = sieve.symbols()
        in_order = packets is None or not packets.late_messages
        self._records, self._numbers = (
            sieve.part(symbol, in_order=in_order) if symbol else sieve.result(in_order=in_order)
        )
        self._tables: dict[str, pl.DataFrame] = {}

    @property
    def midnight_ns(self) -> int | None:
        """Midnight in New York, in nanoseconds since 1970 UTC, where the day is known."""
        return None if self.date is None else midnight_ns(self.date, ZONE)

    def records(self, letter: str) -> tuple[Records, Ints]:
        """Selected messages of a type as they stand, and their places in the file, counted from 1."""
        if letter not in MESSAGES:
            raise KeyError(f"{letter!r} is no type of message, expected one of {', '.join(MESSAGES)}")
        empty = np.zeros(0, MESSAGES[letter].dtype), np.zeros(0, np.int64)
        return (self._records[letter], self._numbers[letter]) if letter in self._records else empty

    def table(self, letter: str) -> pl.DataFrame:
        """Selected messages of a type; docs/feeds.md lists the columns."""
        if letter not in self._tables:
            self._tables[letter] = table(letter, *self.records(letter), self.midnight_ns)
        return self._tables[letter]

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """Tables of all types of which there are selected messages."""
        return {letter: self.table(letter) for letter in MESSAGES if letter in self._records}


def read_itch(
    path: str | os.PathLike[str],
    *,
    symbol: str | Collection[str] = (),
    types: Collection[str] = (),
    date: Date | None = None,
) -> Itch:
    """Messages of an ITCH 5.0 file.

    Parameters
    ----------
    path
        A file of messages behind their lengths, or a pcap capture; either may be compressed.
    symbol
        The stocks whose messages to keep, together with messages about no stock; all unless given.
    types
        Letters of the types to keep; all unless given.
    date
        The day; told from the name of a file and the times of a capture unless given.

    Raises
    ------
    SourceError
        When the file is truncated, is none of these, or has no such stock.
    """
    symbols = (symbol,) if isinstance(symbol, str) and symbol else tuple(symbol)
    name = os.fspath(path)
    unknown = sorted(set(types) - set(MESSAGES))
    if unknown:
        expected = ", ".join(MESSAGES)
        raise SourceError(name, None, f"{unknown[0]!r} is no type of message, expected some of {expected}")
    return _read(path, Sieve(name, symbols, types), date)


def _read(path: str | os.PathLike[str], sieve: Sieve, date: Date | None) -> Itch:
    day, packets = run_through(path, sieve, date)
    return Itch(os.fspath(path), day, sieve, packets)


def frames_of(path: str | os.PathLike[str]) -> Capture | LengthPrefixed:
    """The messages of a file, block by block."""
    return Capture(path) if read_head(path, 4) in CAPTURES else LengthPrefixed(path)


def run_through(
    path: str | os.PathLike[str],
    sieve: Sieve,
    date: Date | None,
    progress: Callable[[int], None] | None = None,
) -> tuple[Date | None, PacketCounts | None]:
    """Put a file through a sieve; the day of its messages and what its packets tell.

    `progress` is called with the number of messages of each block.
    """
    name = os.fspath(path)
    frames = frames_of(path)
    for block in frames:
        sieve.take(block)
        if progress is not None:
            progress(len(block.start))
    if not sieve.counts():
        found = next(iter(sieve.faults), "nothing")
        raise SourceError(name, None, f"holds no ITCH 5.0 message, but {found}", "is this the right file?")
    sieve.settle()
    return date or _day(name, frames.days), frames.packets


def _day(name: str, captured: tuple[Date, ...]) -> Date | None:
    """The day that a file's name tells, or on which its packets were captured."""
    if captured and captured[0] != captured[-1]:
        raise SourceError(
            name,
            None,
            f"was captured from {captured[0]} to {captured[-1]}",
            "split it by day, or give the date",
        )
    if captured:
        return captured[0]
    for form in _NAMES:
        found = form.search(Path(name).name)
        if found is None:
            continue
        year, month, day = (int(found[part]) for part in ("year", "month", "day"))
        year += 2000 if year < 100 else 0  # noqa: PLR2004 - two digits
        try:
            said = Date(year, month, day)
        except ValueError:
            continue
        if FIRST_YEAR <= said.year < LAST_YEAR:
            return said
    return None


def read_itch_history(
    path: str | os.PathLike[str],
    *,
    symbol: str = "",
    date: Date | None = None,
    market_tick: Number = "0.01",
) -> History:
    """Order flow of one stock of an ITCH 5.0 file.

    Parameters
    ----------
    path, date
        As for `read_itch`.
    symbol
        The stock; may be left out when the file has orders of one only.
    market_tick
        Price increment of the market; an order at a price between two of them is refused, save that below 1
        dollar orders at US equity markets may have four decimals.
    """
    name = os.fspath(path)
    return history_of(
        _read(path, Sieve(name, (symbol,) if symbol else (), one_stock=True), date), market_tick
    )


def history_of(itch: Itch, market_tick: Number = "0.01") -> History:
    """Order flow of the only stock whose messages were kept."""
    name = itch.source
    if itch.date is None or itch.midnight_ns is None:
        raise SourceError(
            name,
            None,
            "has a name that tells no day",
            "name it as Nasdaq does (01302019.NASDAQ_ITCH50), or give the date",
        )
    if not FIRST_YEAR <= itch.date.year < LAST_YEAR:
        raise SourceError(name, None, f"is of {itch.date}, expected a day from 1970 to 2115")
    selected = {letter: itch.records(letter) for letter in MESSAGES}
    rows = in_rows(selected)
    stock = _only_stock(selected, name)
    time_ns = np.zeros(len(rows), np.int64)
    for records, numbers in selected.values():
        time_ns[np.searchsorted(rows, numbers)] = timestamps_ns(records) + itch.midnight_ns
    back = np.flatnonzero(np.diff(time_ns) < 0)
    if len(back):
        raise SourceError(
            name,
            int(rows[back[0] + 1]),
            "the message's time is before that of the message before",
            "is the file of several days or markets?",
        )
    commands, source_rows, instrument, quirks = to_commands(selected, rows, time_ns, stock, market_tick, name)
    return History(
        commands,
        source_rows,
        time_ns,
        instrument,
        counted(quirks, _quirks(itch)),
        name,
        KIND,
        zone=ZONE,
        places=np.column_stack((np.zeros_like(rows), rows)),
        files=(name,),
    ).held()


def _only_stock(selected: dict[str, tuple[Records, Ints]], name: str) -> str:
    """The stock that all selected messages name."""
    stocks: dict[str, int] = {}
    for letter, (records, numbers) in selected.items():
        for stock, number in named(letter, records, numbers):
            stocks[stock] = min(number, stocks.get(stock, number))
    if len(stocks) > 1:
        first, second = sorted(stocks, key=lambda stock: stocks[stock])[:2]
        raise SourceError(
            name,
            stocks[second],
            f"the message calls the stock {second} that was {first} before",
            "is the file of several days or markets?",
        )
    return next(iter(stocks))


def _quirks(itch: Itch) -> dict[str, int]:
    """What the file as a whole has wrong."""
    packets = itch.packets or PacketCounts()
    return {
        "broken_trade": len(itch.records("B")[0]),
        "duplicate_message": packets.duplicate_messages,
        "late_message": packets.late_messages,
        "missing_message": packets.missing_messages,
        "other_record": sum(itch.faults.values()),
    }
