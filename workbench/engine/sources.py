"""From files to a venue: which files belong together, how they are read, and the venue they make."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date as Date  # noqa: N812 - `date` is a parameter
from pathlib import Path
from typing import Any

from workbench.domain.config import Account, ReplayMode, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.limits import Limits
from workbench.domain.units import Number, as_printed
from workbench.engine.stored import BARS, Opened, Request, named, open_history, open_named, open_request
from workbench.errors import ConfigError, SourceError
from workbench.feed.catalog import Catalog
from workbench.feed.columns import Layout
from workbench.feed.history import History
from workbench.feed.lobster_book import LobsterName
from workbench.feed.open import kind_of
from workbench.feed.ticks import TickRules

File = str | os.PathLike[str]
Source = File | Sequence[File] | History
"""A file, files that belong together (trades and quotes; LOBSTER's messages and books), or history itself."""

__all__ = [
    "ITCH",
    "Request",
    "Source",
    "asked",
    "check_is",
    "chosen",
    "grouped",
    "may_be_table",
    "open_history",
    "open_sources",
    "opened",
    "replay_mode",
    "replay_venue",
]

ITCH = "itch"
"""Kind of the files that hold all stocks of a market, of which one is to be chosen."""

LOBSTER, TICKS = "lobster", "ticks"
"""Kinds of which options of the command line say more."""

_PAIR = re.compile(r"(trade|quote)s?", re.IGNORECASE)


def grouped(sources: Sequence[Source]) -> list[Source]:
    """Put files together that tell of one instrument.

    They are a LOBSTER order book file and its messages, and files whose paths differ in the word trades and
    quotes alone.

    >>> grouped(["ibm_trades.csv", "spy.csv", "ibm_quotes.csv"])
    [('ibm_trades.csv', 'ibm_quotes.csv'), 'spy.csv']
    """
    for source in sources:
        _check_source(source)
    groups: dict[str | int, list[Source]] = {}
    for place, source in enumerate(sources):
        key = _key(source) if isinstance(source, (str, os.PathLike)) else ""
        together = groups.setdefault(key or place, [])
        # The same file twice is no pair; the venue will say that its instrument occurs twice.
        (groups.setdefault(place, []) if key and source in together else together).append(source)
    return [group[0] if len(group) == 1 else _files(group) for group in groups.values()]


def _check_source(source: Any) -> None:
    together = list(source) if isinstance(source, (list, tuple)) else [source]
    files = [part for part in together if isinstance(part, (str, os.PathLike))]
    if not isinstance(source, History) and (not files or len(files) < len(together)):
        raise ConfigError(
            f"{source!r} is no source", remedy="name a file, files that belong together, or a history"
        )


def check_is(value: Any, kind: type, name: str) -> None:
    """Refuse an argument that is given and not what it should be."""
    if value is not None and not isinstance(value, kind):
        raise ConfigError(
            f"{value!r} is no {kind.__name__}", name, f"give a {kind.__name__}, or leave it out"
        )


def _files(group: Sequence[Source]) -> tuple[File, ...]:
    return tuple(file for file in group if isinstance(file, (str, os.PathLike)))


def _key(path: File) -> str:
    """What files of one instrument have in common; "" for a file that belongs to no other."""
    lobster = LobsterName.parse(path)
    if lobster is not None:
        span = f"{lobster.date} {lobster.start_ms} {lobster.end_ms} {lobster.levels}"
        return f"{Path(path).parent}/{lobster.ticker} {span}"
    name = _PAIR.sub("*", Path(path).name)
    return str(Path(path).parent / name) if name != Path(path).name else ""


def replay_mode(mode: str | ReplayMode) -> ReplayMode:
    """The mode called so."""
    if isinstance(mode, ReplayMode):
        return mode
    if str(mode).upper() not in ReplayMode.__members__:
        raise ConfigError(f"{mode!r} is no mode", "mode", "give responsive or frozen")
    return ReplayMode[mode.upper()]


def replay_venue(
    histories: Sequence[History],
    mode: str | ReplayMode,
    *,
    cash: Number | float = 0,
    account: str = "me",
    limits: Limits | None = None,
    fees: FeeSchedule | None = None,
    short: bool = True,
) -> Venue:
    """A venue of the histories' instruments with one trader, whose clock starts at the first command."""
    check_is(limits, Limits, "limits")
    check_is(fees, FeeSchedule, "fees")
    starts = [int(history.commands["time_ns"][0]) for history in histories if len(history.commands)]
    instruments = [history.instrument for history in histories]
    return Venue(
        instruments if fees is None else [replace(instrument, fees=fees) for instrument in instruments],
        [Account(account, cash=as_printed(cash, "cash"), limits=limits or Limits(), short_permitted=short)],
        replay_mode=replay_mode(mode),
        start_time_ns=min(starts, default=0),
    )


def chosen(
    sources: Sequence[Source], layout: Layout, rules: TickRules, symbol: str, date: Date | None
) -> tuple[Layout, TickRules]:
    """The layout and rules with the instrument and the day that are chosen; refused where no source asks."""
    check_is(symbol, str, "symbol")
    check_is(date, Date, "date")
    if not symbol and date is None:
        return layout, rules
    firsts = [_paths(source)[0] for source in sources if not isinstance(source, History)]
    if not firsts:
        raise ConfigError(
            "a history has its instrument and its day", "symbol, date", "give them to its reader instead"
        )
    if not any(kind_of(file) == ITCH or may_be_table(file) for file in firsts):
        raise SourceError(
            os.fspath(firsts[0]), None, "is no ITCH file and no table", "leave out symbol and date"
        )
    return replace(layout, date=date or layout.date), replace(rules, symbol=symbol or rules.symbol)


def opened(source: Source, layout: Layout, rules: TickRules) -> History:
    """The history that a source holds.

    `layout` and `rules` are for tables of trades and quotes; their day and symbol are for ITCH files too.
    """
    return source if isinstance(source, History) else asked(source, layout, rules).read()


def open_sources(
    sources: Sequence[Source],
    layout: Layout,
    rules: TickRules,
    symbol: str,
    date: Date | None,
    catalog: Catalog,
    *,
    imported: bool,
) -> list[Opened]:
    """The histories that sources hold, those that belong together put together.

    Parameters
    ----------
    sources
        Files, names or folders of datasets, and histories.
    layout, rules, symbol, date
        What to choose of them, and what tables do not say by themselves.
    catalog
        Where datasets are looked for.
    imported
        Whether a file that was imported with the same options is read from its dataset.
    """
    from_names: list[Opened] = []
    given: list[Source] = []
    for source in sources:
        dataset = named(source, catalog)
        if dataset is not None:
            from_names.append(open_named(dataset))
        given.append(source if dataset is None else from_names[-1].history)
    groups = grouped(given)
    layout, rules = chosen(groups, layout, rules, symbol, date)
    made = []
    for group in groups:
        if not isinstance(group, History):
            made.append(open_request(asked(group, layout, rules), catalog if imported else None))
            continue
        made.append(next((each for each in from_names if each.history is group), Opened(group)))
    return made


def asked(
    source: File | Sequence[File], layout: Layout, rules: TickRules, kind: str = "", zone: str = ""
) -> Request:
    """What a source's reader is given: of the layout and the rules what its kind has a use for.

    Parameters
    ----------
    source
        A file, or files that belong together.
    layout, rules
        For tables of trades and quotes; their day and symbol are for ITCH files too.
    kind
        Name of the format; "" finds out.
    zone
        Zone of the times of a LOBSTER file whose kind is given.
    """
    files = tuple(_paths(source))
    if kind:
        options: dict[str, Any] = {"symbol": rules.symbol} if rules.symbol else {}
        if kind == TICKS:
            options = {"layout": layout, "rules": rules}
        elif kind == BARS:
            options = {"layout": layout}
        elif kind == ITCH:
            options["date"] = layout.date
        elif kind == LOBSTER:
            options = {"ticker": rules.symbol, "date": layout.date} | ({"zone": zone} if zone else {})
        return Request(files, kind, options)
    if (layout.date or rules.symbol) and kind_of(files[0]) == ITCH:
        return Request(files, ITCH, {"symbol": rules.symbol, "date": layout.date})
    if (layout, rules) != (Layout(), TickRules()) and may_be_table(files[0]):
        return Request(files, TICKS, {"layout": layout, "rules": rules})
    return Request(files)


def _paths(source: File | Sequence[File]) -> list[File]:
    return [source] if isinstance(source, (str, os.PathLike)) else list(source)


def may_be_table(file: File) -> bool:
    """Whether a file is none of the formats that say by themselves what their columns are."""
    kind = kind_of(file)
    # Rows like LOBSTER's under another name have no header; who gives a layout says what they are.
    return kind in (None, TICKS) or (kind == LOBSTER and LobsterName.parse(file) is None)
