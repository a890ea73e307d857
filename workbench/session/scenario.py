"""Scenario files: a venue and a script of timed commands, as a person writes them in TOML."""

from __future__ import annotations

import copy
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from workbench.domain.calendars import zone_of
from workbench.domain.config import Venue
from workbench.domain.records import Records
from workbench.engine.words import Names
from workbench.errors import ConfigError
from workbench.session.crowd import Crowd, read_crowd
from workbench.session.history import Background, read_history
from workbench.session.hours import Hours, read_hours
from workbench.session.moments import Clock
from workbench.session.place import BYTE_ORDER_MARK, Lines, at, refuse_unknown
from workbench.session.script import Script
from workbench.session.seats import Seats, read_seats
from workbench.session.settings import build, element_of_field, sequences_of, shown

_OWN = ("title", "description", "date", "zone", "venue", "agents", "history", "seats", "live", "script")


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a scenario file says.

    Attributes
    ----------
    file
        Its path.
    title, description
        What it is about.
    venue
        Instruments, accounts and rules.
    zone
        IANA time zone of its clock.
    commands
        The script.
    names
        What the script calls orders, by account number and client order id.
    crowd
        Seeded agents that trade beside the script, if there are any.
    history
        Recorded history that happens beside the script, if there is any.
    seats
        Accounts for those who join when it runs live.
    hours
        Its hours and its clock then.
    """

    file: str
    title: str
    description: str
    venue: Venue
    zone: str
    commands: Records
    names: Names
    crowd: Crowd | None
    history: Background | None = None
    seats: Seats = field(default_factory=Seats)
    hours: Hours = field(default_factory=Hours)


def read_scenario(path: str | os.PathLike[str], *, data: str | os.PathLike[str] | None = None) -> Scenario:
    """Read a scenario file.

    Parameters
    ----------
    path
        The file.
    data
        The data root, where imported history is looked for by its name.

    Raises
    ------
    ConfigError
        For whatever is wrong in it: one sentence says in which table, what was given and what is expected.
    """
    file = os.fspath(path)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror or error}", file) from None
    except UnicodeDecodeError:
        raise ConfigError("is no text", file, "save it as UTF-8") from None
    return parse_scenario(text, file, data=data)


def parse_scenario(
    text: str,
    file: str = "scenario",
    *,
    data: str | os.PathLike[str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Scenario:
    """The scenario of a file's text; `file` is its name in messages.

    `overrides` are settings in the place of the file's, by path: `{"live.speed": 10, "seats.count": 40}`.
    """
    text = text.removeprefix(BYTE_ORDER_MARK)
    try:
        said = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"is no TOML: {error}", file) from None
    with at(file):
        said = _overridden(said, overrides or {})
    several = sequences_of(Venue)
    keys = [*_OWN, *several, *several.values()]
    refuse_unknown(said, keys, file)
    with at(file):
        lines = Lines(file, text)
        history = read_history(said["history"], lines, file, data) if "history" in said else None
        clock = _clock(said, history)
        history = None if history is None else history.ended(clock)
        venue = _venue(said, several, lines, clock, history)
        hours = read_hours(said["live"], clock, lines) if "live" in said else Hours()
        seats = read_seats(said["seats"], venue.accounts, clock, lines) if "seats" in said else Seats()
        venue = replace(venue, accounts=(*venue.accounts, *seats.accounts))
        entries = said.get("script", [])
        if not isinstance(entries, list):
            raise ConfigError(f"script is {shown(entries)}, expected tables [[script]]")
        script = Script(venue, clock, entries, lines)
        commands = script.read()
        crowd = read_crowd(said["agents"], venue, clock, lines) if "agents" in said else None
    if not len(commands) and crowd is None and history is None and not seats.accounts:
        raise ConfigError("does nothing", file, "give it [[script]] entries, [agents], [history] or [seats]")
    if not venue.start_time_ns:
        starts = [int(time_ns) for time_ns in commands["time_ns"][:1]]
        starts += [crowd.session.open_ns] if crowd is not None else []
        starts += [int(time_ns) for time_ns in history.commands["time_ns"][:1]] if history is not None else []
        venue = replace(venue, start_time_ns=min(starts, default=hours.open_ns))
    title, description = (str(said.get(name, "")) for name in ("title", "description"))
    return Scenario(
        file, title, description, venue, clock.zone, commands, script.names(), crowd, history, seats, hours
    )


def _overridden(said: dict[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """A file's tables with some settings in the place of its own."""
    made = copy.deepcopy(said)
    for path, value in overrides.items():
        *tables, key = str(path).split(".")
        table = made
        for name in tables:
            table = table.setdefault(name, {})
            if not isinstance(table, dict):
                raise ConfigError(f"{path!r} cannot be set: {name} is no single table", "overrides")
        # TOML's numbers are exact here, so others' must be too.
        table[key] = Decimal(str(value)) if isinstance(value, float) else value
    return made


def _clock(data: dict[str, Any], history: Background | None) -> Clock:
    """The day and zone of the scenario; those of its history unless it says otherwise."""
    zone = data.get("zone", "UTC" if history is None else history.zone)
    zone_of(zone, "zone")
    day = data.get("date", None if history is None else history.day)
    if isinstance(day, str):
        try:
            day = date.fromisoformat(day)
        except ValueError:
            day = None
    if not isinstance(day, date) or isinstance(day, datetime):
        given = f"is {shown(data['date'])}" if "date" in data else "is missing"
        raise ConfigError(
            f"date {given}, expected the day of the clock times", remedy="write date = 2025-03-18"
        )
    return Clock(day, zone)


def _venue(
    data: dict[str, Any],
    several: dict[str, str],
    lines: Lines,
    clock: Clock,
    history: Background | None,
) -> Venue:
    """The venue: its own settings in [venue], and what it holds several of in tables of their own."""
    parts: dict[str, Any] = {}
    for one, name in several.items():
        if one in data and name in data:
            raise ConfigError(f"has both {one} and {name}", remedy=f"write [[{one}]] alone")
        key = one if one in data else name
        entries = data.get(key, [])
        if not isinstance(entries, list):
            raise ConfigError(f"{key} is {shown(entries)}, expected tables [[{one}]]")
        kind = element_of_field(Venue, name)
        if history is not None and name == "instruments":
            parts[name] = history.instruments(entries, key, lines, clock)
            continue
        title = fields(kind)[0].name
        made = []
        for number, entry in enumerate(entries):
            label = entry.get(title) if isinstance(entry, dict) else None
            made.append(build(kind, entry, lines.entry(key, number, len(entries), label), clock))
        if entries or name == "instruments":
            parts[name] = made
    if history is not None and history.mode is not None:
        if isinstance(data.get("venue"), dict) and "replay_mode" in data["venue"]:
            raise ConfigError("replay_mode is given twice", lines.table("venue"), "[history] says mode")
        parts["replay_mode"] = history.mode
    return build(Venue, data.get("venue", {}), lines.table("venue"), clock, parts)
