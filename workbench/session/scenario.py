"""Scenario files: a venue and a script of timed commands, as a person writes them in TOML."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, fields, replace
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
from workbench.session.moments import Clock
from workbench.session.place import Lines, at, refuse_unknown
from workbench.session.script import Script
from workbench.session.settings import build, element_of_field, sequences_of, shown

_OWN = ("title", "description", "date", "zone", "venue", "agents", "history", "script")


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
    text: str, file: str = "scenario", *, data: str | os.PathLike[str] | None = None
) -> Scenario:
    """The scenario of a file's text; `file` is its name in messages."""
    try:
        said = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"is no TOML: {error}", file) from None
    several = sequences_of(Venue)
    keys = [*_OWN, *several, *several.values()]
    refuse_unknown(said, keys, file)
    with at(file):
        lines = Lines(file, text)
        history = read_history(said["history"], lines, file, data) if "history" in said else None
        clock = _clock(said, history)
        history = None if history is None else history.ended(clock)
        venue = _venue(said, several, lines, clock, history)
        entries = said.get("script", [])
        if not isinstance(entries, list):
            raise ConfigError(f"script is {shown(entries)}, expected tables [[script]]")
        script = Script(venue, clock, entries, lines)
        commands = script.read()
        crowd = read_crowd(said["agents"], venue, clock, lines) if "agents" in said else None
    if not len(commands) and crowd is None and history is None:
        raise ConfigError("does nothing", file, "give it [[script]] entries, [agents] or [history]")
    if not venue.start_time_ns:
        starts = [int(time_ns) for time_ns in commands["time_ns"][:1]]
        starts += [crowd.session.open_ns] if crowd is not None else []
        starts += [int(time_ns) for time_ns in history.commands["time_ns"][:1]] if history is not None else []
        venue = replace(venue, start_time_ns=min(starts, default=0))
    title, description = (str(said.get(name, "")) for name in ("title", "description"))
    return Scenario(file, title, description, venue, clock.zone, commands, script.names(), crowd, history)


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
