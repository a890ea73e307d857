"""Recorded history as the background of a scenario."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np

from workbench.domain.calendars import local_time
from workbench.domain.config import ReplayMode
from workbench.domain.instruments import Instrument
from workbench.domain.records import Records
from workbench.engine.sources import Source, asked, grouped, open_sources, replay_mode
from workbench.engine.stored import catalog_of, open_named, open_request
from workbench.errors import ConfigError
from workbench.feed.catalog import Catalog
from workbench.feed.columns import Layout
from workbench.feed.history import History
from workbench.feed.merge import merge
from workbench.feed.ticks import TickRules
from workbench.session.moments import Clock
from workbench.session.place import Lines, at, refuse_unknown
from workbench.session.settings import build, keys_of, shown

_KEYS = ("files", "datasets", "mode", "symbol", "date", "zone", "kind", "columns", "until")
_ITS_OWN = ("tick_size", "lot_size", "price_min", "price_max")
"""What an instrument of history cannot be given: its commands are in these ticks and lots and this window."""


@dataclass(frozen=True, slots=True)
class Background:
    """History that happens beside a script.

    Attributes
    ----------
    histories
        One for each instrument, numbered as the venue's first.
    commands
        Their commands in order of time, up to the end that the scenario sets.
    mode
        Whether orders of the script move the market.
    place
        Where the file tells of it, for messages.
    until
        The end that the scenario sets, as the file has it; None once it has been applied.
    """

    histories: tuple[History, ...]
    commands: Records
    mode: ReplayMode | None
    place: str
    until: Any = None

    @property
    def zone(self) -> str:
        """The time zone of its market."""
        return self.histories[0].zone

    @property
    def day(self) -> date | None:
        """The day of its first message; None without one."""
        return local_time(int(self.commands["time_ns"][0]), self.zone).date() if len(self.commands) else None

    def ended(self, clock: Clock) -> Background:
        """The same up to the end that the scenario sets, included."""
        if self.until is None:
            return self
        with at(self.place):
            until_ns = clock.moment(self.until)
        count = int(np.searchsorted(self.commands["time_ns"], until_ns, side="right"))
        return replace(self, commands=self.commands[:count], until=None)

    def instruments(self, entries: Sequence[Any], key: str, lines: Lines, clock: Clock) -> list[Instrument]:
        """The venue's instruments: history's with what the file sets of them, then those of the file."""
        made = {history.instrument.symbol: history.instrument for history in self.histories}
        for number, entry in enumerate(entries):
            symbol = entry.get("symbol") if isinstance(entry, dict) else None
            place = lines.entry(key, number, len(entries), symbol)
            given = made.get(symbol) if isinstance(symbol, str) else None
            built = (
                build(Instrument, entry, place, clock) if given is None else _set(given, entry, place, clock)
            )
            made[built.symbol] = built
        return list(made.values())


def read_history(
    table: Any, lines: Lines, file: str, data: str | os.PathLike[str] | None = None
) -> Background:
    """The history of a table `[history]`; files are looked for from the folder of the scenario on."""
    place = lines.table("history")
    if not isinstance(table, dict):
        raise ConfigError(f"is {shown(table)}, expected a table", place)
    refuse_unknown(table, _KEYS, place)
    with at(place):
        catalog = catalog_of(data)
        histories = [*_of_files(table, Path(file).parent, catalog), *_of_datasets(table, catalog)]
        if not histories:
            raise ConfigError("names no history", remedy='write files = ["..."], or datasets = ["..."]')
        symbols = [history.instrument.symbol for history in histories]
        double = next((symbol for symbol in symbols if symbols.count(symbol) > 1), None)
        if double is not None:
            raise ConfigError(f"has {double} twice", remedy="leave out one of them")
        mode = replay_mode(_text(table, "mode")) if "mode" in table else None
        commands = merge(histories).commands
    return Background(tuple(histories), commands, mode, place, table.get("until"))


def _of_files(table: dict[str, Any], folder: Path, catalog: Catalog) -> list[History]:
    sources: list[Source] = []
    for entry in _several(table, "files"):
        together = entry if isinstance(entry, list) else [entry]
        if not all(isinstance(name, str) and name for name in together) or not together:
            raise ConfigError(f"files has {shown(entry)}, expected paths")
        paths = [folder / Path(name).expanduser() for name in together]
        sources.append(paths[0] if len(paths) == 1 else tuple(paths))
    if not sources:
        return []
    layout = Layout(zone=_text(table, "zone"))
    columns = table.get("columns")
    if columns is not None and not isinstance(columns, dict):
        raise ConfigError(f"columns is {shown(columns)}, expected a table such as {{ price = 'px' }}")
    day = table.get("date")
    if day is not None and type(day) is not date:
        raise ConfigError(f"date is {shown(day)}, expected a day", remedy="write date = 2025-03-18")
    layout = layout.with_columns(columns)
    symbol, kind = _text(table, "symbol"), _text(table, "kind")
    if not kind:
        found = open_sources(sources, layout, TickRules(), symbol, day, catalog, imported=True)
        return [each.history for each in found]
    layout, rules = replace(layout, date=day), TickRules(symbol=symbol)
    made = []
    for group in grouped(sources):
        assert not isinstance(group, History)
        made.append(open_request(asked(group, layout, rules, kind, layout.zone), catalog).history)
    return made


def _of_datasets(table: dict[str, Any], catalog: Catalog) -> list[History]:
    made = []
    for name in _several(table, "datasets"):
        if not isinstance(name, str):
            raise ConfigError(f"datasets has {shown(name)}, expected a name")
        made.append(open_named(catalog.dataset(name)).history)
    return made


def _several(table: dict[str, Any], key: str) -> list[Any]:
    given = table.get(key, [])
    if not isinstance(given, list):
        raise ConfigError(f'{key} is {shown(given)}, expected a list such as ["..."]')
    return given


def _text(table: dict[str, Any], key: str) -> str:
    given = table.get(key, "")
    if not isinstance(given, str):
        raise ConfigError(f"{key} is {shown(given)}, expected text")
    return given


def _set(instrument: Instrument, entry: dict[str, Any], place: str, clock: Clock) -> Instrument:
    """An instrument of history with the settings that a file gives it."""
    hints = get_type_hints(Instrument)
    said = set()
    for field in fields(Instrument):
        if any(key in entry for key in keys_of(field.name, hints[field.name])):
            said.add(field.name)
    fixed = next((name for name in _ITS_OWN if name in said), None)
    if fixed is not None:
        raise ConfigError(f"{fixed} is history's own", place, "leave it out")
    given = {field.name: getattr(instrument, field.name) for field in fields(Instrument) if field.init}
    given = {name: value for name, value in given.items() if name not in said}
    return build(Instrument, entry, place, clock, given)
