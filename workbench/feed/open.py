"""One door to all formats: what a file is decides who reads it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from workbench.errors import SourceError
from workbench.feed.columns import header_cells
from workbench.feed.files import read_head
from workbench.feed.history import History
from workbench.feed.lobster_book import LobsterName

Sniff = Callable[[str, bytes], bool]
"""Whether a file is of a kind, from its path and the first bytes of its (decompressed) content."""

Read = Callable[..., History]
"""Makes a history of one or more paths and the options of its kind."""

_LOBSTER_ROW = re.compile(rb"^\d+(\.\d+)?,[1-7],-?\d+,\d+,-?\d+,-?[01]\r?$")


@dataclass(frozen=True, slots=True)
class _Kind:
    sniff: Sniff
    read: Read
    expected: str


_KINDS: dict[str, _Kind] = {}

_FURTHER = ("workbench.feed.sample", "workbench.feed.ticks")
"""Modules that register kinds of their own; loaded when no kind known so far will do."""


def register(kind: str, sniff: Sniff, read: Read, expected: str = "") -> None:
    """Let `open_history` read a further kind of file; kinds are tried in the order of their registration.

    Parameters
    ----------
    kind
        Its name; one that is known is replaced.
    sniff
        Tells whether a file is of this kind.
    read
        Reads it.
    expected
        What such a file is, for people whose file is none of all kinds.
    """
    _KINDS[kind] = _Kind(sniff, read, expected or kind)


def kinds() -> dict[str, str]:
    """The kinds of files that can be opened, and what such a file is."""
    _load_further()
    return {name: kind.expected for name, kind in _KINDS.items()}


def open_history(*paths: str | os.PathLike[str], kind: str | None = None, **options: Any) -> History:
    """The order flow that a file holds.

    Parameters
    ----------
    paths
        The file, and those that belong to it (LOBSTER's order book file beside its messages).
    kind
        One of `kinds()`; told from the first file's name and content when left out.
    options
        What the reader of that kind takes besides.

    Raises
    ------
    SourceError
        When the file is of no known kind, or is not what its kind should be.
    """
    if not paths:
        raise SourceError("", None, "no file is named")
    name = os.fspath(paths[0])
    if kind is None:
        kind = kind_of(name)
    elif kind not in _KINDS:
        _load_further()
    if kind not in _KINDS:
        what = f"is of no kind {kind!r}" if kind is not None else "is of no known kind"
        raise SourceError(
            name,
            None,
            f"{what}, expected one of {', '.join(_KINDS)}",
            "docs/feeds.md and docs/csv.md describe them; give the kind when you know it (bars can be "
            "imported, and read with workbench.read_bars)",
        )
    return _KINDS[kind].read(*paths, **options)


def kind_of(path: str | os.PathLike[str]) -> str | None:
    """Which of `kinds()` a file is, told from its name and content; None for none of them."""
    name = os.fspath(path)
    head = read_head(name)
    kind = _sniffed(name, head)
    if kind is None:
        _load_further()
        kind = _sniffed(name, head)
    return kind


def _sniffed(name: str, head: bytes) -> str | None:
    return next((kind for kind, how in _KINDS.items() if how.sniff(name, head)), None)


def _load_further() -> None:
    for module in _FURTHER:
        import_module(module)


def _is_lobster(name: str, head: bytes) -> bool:
    if head.startswith((b"DBN", b"PAR1")):
        return False
    return LobsterName.parse(name) is not None or _LOBSTER_ROW.match(head.split(b"\n", 1)[0]) is not None


def _read_lobster(*paths: str | os.PathLike[str], **options: Any) -> History:
    from workbench.feed.lobster import read_lobster  # noqa: PLC0415 - only the reader that is used is loaded

    def is_book(path: str | os.PathLike[str]) -> bool:
        said = LobsterName.parse(path)
        return said is not None and said.what == "orderbook"

    return read_lobster(*sorted(paths, key=is_book), **options)


def _nearly(columns: set[str], head: bytes) -> bool:
    """Whether a header has all of the columns but one, so that its reader can say which one is missing."""
    return len(columns - set(header_cells(head, ","))) <= 1


def _is_mbo(_name: str, head: bytes) -> bool:
    return head.startswith(b"DBN") or _nearly({"action", "order_id", "ts_event", "size", "sequence"}, head)


def _read_mbo(*paths: str | os.PathLike[str], **options: Any) -> History:
    from workbench.feed.mbo import read_mbo  # noqa: PLC0415 - only the reader that is used is loaded

    return read_mbo(*paths, **options)


def _is_bitstamp(_name: str, head: bytes) -> bool:
    return _nearly({"id", "exchange.timestamp", "volume", "action", "direction"}, head)


def _read_bitstamp(*paths: str | os.PathLike[str], **options: Any) -> History:
    from workbench.feed.bitstamp import read_bitstamp  # noqa: PLC0415 - only the reader that is used is loaded

    return read_bitstamp(*paths, **options)


def _is_itch(_name: str, head: bytes) -> bool:
    from workbench.feed.itch_messages import CAPTURES, begins_itch  # noqa: PLC0415 - only where it may be needed

    return head[:4] in CAPTURES or begins_itch(head)


def _read_itch(path: str | os.PathLike[str], **options: Any) -> History:
    from workbench.feed.itch import read_itch_history  # noqa: PLC0415 - only the reader that is used is loaded

    return read_itch_history(path, **options)


register(
    "lobster", _is_lobster, _read_lobster, "a LOBSTER message file (TICKER_DATE_START_END_message_LEVELS.csv)"
)
register("databento-mbo", _is_mbo, _read_mbo, "Databento market-by-order records, DBN or CSV with a header")
register("bitstamp", _is_bitstamp, _read_bitstamp, "Bitstamp orders (id,timestamp,…,action,direction)")
register(
    "itch", _is_itch, _read_itch, "Nasdaq TotalView-ITCH 5.0, messages behind their lengths or a pcap capture"
)
