"""Rows of a whole session that are read now and then: the latest as they are, all others packed in pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeVar, overload

import msgspec

PAGE = 256
"""Rows of a page; the latest one or two pages are not packed."""

Row = TypeVar("Row", bound=NamedTuple)

_encode = msgspec.msgpack.Encoder().encode


class Pages(Sequence[Row]):
    """Named tuples of whole numbers in the order in which they came; a packed one takes a tenth of its room.

    Going through them in either direction unpacks each page once. A row that is picked unpacks its page, and
    the next one from the same page does not.

    Parameters
    ----------
    kind
        The class of the rows.

    Examples
    --------
    >>> from workbench.projections.live.equity import EquitySample
    >>> samples = Pages(EquitySample)
    >>> for moment in range(1_000):
    ...     samples.append(EquitySample(moment, 10 * moment, 0))
    >>> len(samples), samples[3].equity_micros, samples[-1].time_ns
    (1000, 30, 999)
    """

    __slots__ = ("_decode", "_packed", "_recent", "_shown")

    def __init__(self, kind: type[Row]) -> None:
        decoder: Any = msgspec.msgpack.Decoder(list[kind])  # type: ignore[valid-type] # of a parameter
        self._decode = decoder.decode
        self._packed: list[bytes] = []
        self._recent: list[Row] = []
        self._shown: tuple[int, list[Row]] = (-1, [])

    def append(self, row: Row) -> None:
        """Add a row behind all others."""
        recent = self._recent
        recent.append(row)
        if len(recent) == 2 * PAGE:
            self._packed.append(_encode(recent[:PAGE]))
            del recent[:PAGE]

    def __len__(self) -> int:
        return PAGE * len(self._packed) + len(self._recent)

    def __iter__(self) -> Iterator[Row]:
        for page in range(len(self._packed)):
            yield from self._page(page)
        yield from self._recent

    def __reversed__(self) -> Iterator[Row]:
        yield from reversed(self._recent)
        for page in reversed(range(len(self._packed))):
            yield from reversed(self._page(page))

    @overload
    def __getitem__(self, place: int) -> Row: ...

    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...

    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        page, at = divmod(place if place >= 0 else place + len(self), PAGE)
        if not 0 <= page * PAGE + at < len(self):
            raise IndexError(f"there is no row {place} of {len(self)}")
        if page < len(self._packed):
            return self._page(page)[at]
        return self._recent[at + PAGE * (page - len(self._packed))]

    def _page(self, number: int) -> list[Row]:
        shown, rows = self._shown
        if shown != number:
            rows = self._decode(self._packed[number])
            self._shown = number, rows
        return rows
