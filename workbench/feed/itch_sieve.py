"""Which messages of a file to keep, and the kept ones by type."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.domain.records import Records
from workbench.errors import SourceError
from workbench.feed.files import Flags, Ints
from workbench.feed.itch_frames import Block, Bytes, big_endian, gathered
from workbench.feed.itch_messages import LENGTHS, MESSAGES, ORDER_TYPES, STOCK_OFFSETS
from workbench.feed.itch_tables import stock_name

_LOCATES = 1 << 16
_STOCK = np.dtype(">u8")
_SHOWN = 8


class Sieve:
    """Takes messages block by block.

    Parameters
    ----------
    source
        Path of the file, for messages.
    symbols
        Stocks to keep; none for all. Messages about no stock are always kept.
    types
        Letters of the types to keep; none for all.
    one_stock
        Whether to refuse a file with orders of several stocks when no symbol is given.

    Attributes
    ----------
    faults
        How often each kind of thing was met that is no message of the specification.
    """

    def __init__(
        self,
        source: str,
        symbols: Collection[str] = (),
        types: Collection[str] = (),
        *,
        one_stock: bool = False,
    ) -> None:
        self.faults: dict[str, int] = {}
        self._source = source
        self._wanted = frozenset(symbols)
        self._one_stock = one_stock
        self._types = tuple(letter for letter in MESSAGES if letter in types or not types)
        self._count = np.zeros(256, np.int64)
        self._taken = 0
        self._names: dict[int, str] = {}
        # Messages of locate codes without a name so far are kept until it is known.
        self._unnamed = np.ones(_LOCATES, np.bool_)
        self._unnamed[0] = False
        self._keep = np.ones(_LOCATES, np.bool_)
        self._active = np.zeros(_LOCATES, np.bool_)
        self._records: dict[str, list[Records]] = {letter: [] for letter in self._types}
        self._numbers: dict[str, list[Ints]] = {letter: [] for letter in self._types}
        self._orders: dict[str, list[Ints]] = {letter: [] for letter in self._types}
        self._sorted: dict[str, _ByStock] = {}

    def take(self, block: Block) -> None:
        """The messages of a block."""
        start, length, order = block.start, block.length, block.order
        data = block.data
        numbers = np.arange(self._taken + 1, self._taken + 1 + len(start))
        self._taken += len(start)
        kind = data[np.minimum(start, len(data) - 1)]
        right = (LENGTHS[kind] == length) & (length > 0)
        if not right.all():
            self._count_faults(kind[~right], length[~right])
            start, numbers, kind = start[right], numbers[right], kind[right]
            order = None if order is None else order[right]
        self._count += np.bincount(kind, minlength=256)
        locate = big_endian(data, start + 1)
        self._name(data, start, kind, locate)
        if self._one_stock and not self._wanted:
            self._active[locate[np.isin(kind, _ORDER_CODES)]] = True
            if self._active.sum() > 1:
                raise self._several()
        kept = self._keep[locate] if self._wanted else np.ones(len(start), np.bool_)
        for letter in self._types:
            some = np.flatnonzero(kept & (kind == ord(letter)))
            if len(some):
                self._records[letter].append(gathered(data, start[some], _plain(letter)))
                self._numbers[letter].append(numbers[some])
                if order is not None:
                    self._orders[letter].append(order[some])

    def _count_faults(self, kind: Bytes, length: Ints) -> None:
        """Count what is no message of the specification, by its type and length."""
        pairs, counts = np.unique(np.stack((kind.astype(np.int64), length)), axis=1, return_counts=True)
        for code, size, count in zip(*pairs.tolist(), counts.tolist(), strict=True):
            letter = chr(code)
            if not size:
                what = "a message of 0 bytes"
            elif letter in MESSAGES:
                what = f"a message of type {letter} of {size} bytes, expected {MESSAGES[letter].length}"
            else:
                what = f"a message of unknown type {letter!r} of {size} bytes"
            self.faults[what] = self.faults.get(what, 0) + count

    def _name(self, data: Bytes, start: Ints, kind: npt.NDArray[np.uint8], locate: Ints) -> None:
        """Learn the names of stocks that this block is the first to tell."""
        new = np.flatnonzero(self._unnamed[locate])
        new = new[STOCK_OFFSETS[kind[new]] > 0]
        if not len(new):
            return
        code, first = np.unique(locate[new], return_index=True)
        first = new[first]
        names = gathered(data, start[first] + STOCK_OFFSETS[kind[first]], _STOCK)
        for number, name in zip(code.tolist(), names.tolist(), strict=True):
            self._names[number] = stock_name(name)
            self._keep[number] = not self._wanted or self._names[number] in self._wanted
        self._unnamed[code] = False

    def _several(self) -> SourceError:
        nameless = any(code not in self._names for code in np.flatnonzero(self._active).tolist())
        others = " and others that it does not name" if nameless else ""
        return SourceError(
            self._source,
            None,
            f"holds orders of several stocks ({self._shown()}{others})",
            "choose one with symbol= or --symbol NAME",
        )

    def _shown(self) -> str:
        known = sorted(self._names.values())
        return (", ".join(known[:_SHOWN]) or "none with a name") + (", …" if len(known) > _SHOWN else "")

    def settle(self) -> None:
        """When all blocks have been taken: settle on the stocks to keep, and refuse a file without them."""
        if self._one_stock and not self._wanted:
            active = np.flatnonzero(self._active).tolist()
            if not active or active[0] not in self._names:
                raise SourceError(self._source, None, "has no message that enters an order or tells a trade")
            self._wanted = frozenset([self._names[active[0]]])
            self._keep = self._active
            self._keep[0] = True
        missing = sorted(self._wanted - set(self._names.values()))
        if missing:
            raise SourceError(self._source, None, f"has no stock {missing[0]!r}", f"it has {self._shown()}")

    def counts(self) -> dict[str, int]:
        """Number of messages of each type there is."""
        return {letter: int(self._count[ord(letter)]) for letter in MESSAGES if self._count[ord(letter)]}

    def symbols(self) -> dict[str, int]:
        """Names of stocks to their locate codes."""
        return {name: code for code, name in sorted(self._names.items(), key=lambda item: item[1])}

    def result(self, *, in_order: bool) -> tuple[dict[str, Records], dict[str, Ints]]:
        """Kept messages, and their places in the file, by type; each type that there is."""
        records, numbers, orders = {}, {}, {}
        for letter in self._types:
            if not self._records[letter]:
                continue
            made = np.concatenate(self._records[letter])
            place = np.concatenate(self._numbers[letter])
            order = place if in_order else np.concatenate(self._orders[letter])
            if self._wanted:
                keep = self._of_wanted(made.view(MESSAGES[letter].dtype))
                made, place, order = made[keep], place[keep], order[keep]
            if len(made):
                records[letter] = made.view(MESSAGES[letter].dtype)
                numbers[letter], orders[letter] = place, order
        if not in_order:
            _put_in_order(records, numbers, orders)
        return records, numbers

    def part(self, symbol: str, *, in_order: bool) -> tuple[dict[str, Records], dict[str, Ints]]:
        """What `result` would give if `symbol` had been the only stock to keep; for any number of them."""
        records, numbers, orders = {}, {}, {}
        codes = [0, *(code for code, name in self._names.items() if name == symbol)]
        if not self._sorted:
            for letter in self._types:
                if self._records[letter]:
                    order = (self._numbers if in_order else self._orders)[letter]
                    self._sorted[letter] = _ByStock(
                        letter, self._records.pop(letter), self._numbers[letter], order
                    )
        for letter, every in self._sorted.items():
            at = every.of(codes)
            if len(at):
                records[letter] = every.records[at].view(MESSAGES[letter].dtype)
                numbers[letter], orders[letter] = every.numbers[at], every.orders[at]
        if not in_order:
            _put_in_order(records, numbers, orders)
        return records, numbers

    def _of_wanted(self, records: Records) -> Flags:
        """Which messages are of wanted stocks, now that all names are known."""
        return np.asarray((self._keep & ~self._unnamed)[records["stock_locate"]])


class _ByStock:
    """All messages of a type, to be taken out stock by stock."""

    def __init__(
        self, letter: str, records: Sequence[Records], numbers: Sequence[Ints], orders: Sequence[Ints]
    ) -> None:
        self.records, self.numbers, self.orders = map(np.concatenate, (records, numbers, orders))
        locate = self.records.view(MESSAGES[letter].dtype)["stock_locate"]
        self._place = np.argsort(locate, kind="stable")
        self._begin = np.searchsorted(locate[self._place], np.arange(_LOCATES + 1))

    def of(self, codes: Sequence[int]) -> Ints:
        """Where the messages of locate codes are, in the order of the file."""
        parts = [self._place[self._begin[code] : self._begin[code + 1]] for code in codes]
        return np.sort(np.concatenate(parts))


def _plain(letter: str) -> np.dtype[Any]:
    """A message as so many bytes: numpy copies these whole, but records field by field."""
    return np.dtype(f"V{MESSAGES[letter].length}")


_ORDER_CODES = np.array([ord(letter) for letter in ORDER_TYPES], np.uint8)


def _put_in_order(records: dict[str, Records], numbers: dict[str, Ints], orders: dict[str, Ints]) -> None:
    """Sort messages by their order numbers; their places are dealt out anew in that order."""
    every = np.concatenate(list(orders.values()))
    ranked = np.sort(np.concatenate(list(numbers.values())))
    place = np.empty(len(every), np.int64)
    place[np.argsort(every, kind="stable")] = ranked
    ends = np.cumsum([len(order) for order in orders.values()])
    for letter, part in zip(list(orders), np.split(place, ends[:-1]), strict=True):
        sorted_ = np.argsort(part, kind="stable")
        records[letter], numbers[letter] = records[letter][sorted_], part[sorted_]


def named(letter: str, records: Records, numbers: Ints) -> Iterator[tuple[str, int]]:
    """Names of stocks in messages of a type, and where each comes first."""
    if not STOCK_OFFSETS[ord(letter)] or not len(records):
        return
    codes: Any = records["stock"].astype(np.uint64)
    for code, first in zip(*np.unique(codes, return_index=True), strict=True):
        yield stock_name(int(code)), int(numbers[first])
