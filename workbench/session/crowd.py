"""Seeded agents as the background of a scenario."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from workbench.domain.config import ReplayMode, Venue
from workbench.domain.instruments import Instrument
from workbench.errors import ConfigError
from workbench.feed.agents.crew import Crew
from workbench.feed.agents.fundamental import Session, ValueParameters
from workbench.feed.agents.population import Population
from workbench.feed.agents.stocks import sample_crews
from workbench.session.moments import Clock
from workbench.session.place import Lines, at, meant, refuse_unknown
from workbench.session.settings import build, shown

_KEYS = ("seed", "open", "close", "crew")
_CREW = ("symbol", "start", "like")


@dataclass(frozen=True, slots=True)
class Crowd:
    """Agents, from when to when they trade, and the seed of their chance.

    Attributes
    ----------
    crews
        One for each instrument.
    session
        Opening and closing time.
    seed
        0 or more.
    """

    crews: tuple[Crew, ...]
    session: Session
    seed: int

    def population(self) -> Population:
        """The agents, as they are before the open."""
        return Population(self.crews, self.session, self.seed)


def read_crowd(table: Any, venue: Venue, clock: Clock, lines: Lines) -> Crowd:
    """The agents of a table `[agents]` with entries `[[agents.crew]]`."""
    place = lines.table("agents")
    if not isinstance(table, dict):
        raise ConfigError(f"is {shown(table)}, expected a table", place)
    refuse_unknown(table, _KEYS, place)
    if venue.replay_mode == ReplayMode.FROZEN:
        raise ConfigError("agents cannot trade in a frozen venue", place, 'say replay_mode = "responsive"')
    missing = next((key for key in _KEYS if key not in table), None)
    if missing is not None:
        raise ConfigError(f"has no {missing}", place, "give one")
    hours = {key: table[key] for key in ("open", "close")}
    session = build(Session, hours, place, clock)
    if session.close_ns <= session.open_ns:
        raise ConfigError("close is not after open", place)
    seed = table["seed"]
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise ConfigError(f"seed is {shown(seed)}, expected a whole number", place)
    entries = table["crew"]
    if not isinstance(entries, list):
        raise ConfigError(f"crew is {shown(entries)}, expected tables [[agents.crew]]", place)
    # An instrument without agents has a crew of nobody.
    crews = [_nobody(instrument) for instrument in venue.instruments]
    manned: set[int] = set()
    for number, entry in enumerate(entries):
        where = lines.entry("agents.crew", number, len(entries))
        if not isinstance(entry, dict):
            raise ConfigError(f"is {shown(entry)}, expected a table", where)
        with at(where):
            chosen = venue.instrument_number(str(entry.get("symbol", "")))
            if chosen in manned:
                raise ConfigError(
                    f"{venue.instruments[chosen].symbol} has a crew already", where, "make one crew of both"
                )
            manned.add(chosen)
            crews[chosen] = _crew(entry, venue.instruments[chosen], where, clock)
    with at(place):
        crowd = Crowd(tuple(crews), session, seed)
        crowd.population()
    return crowd


def _nobody(instrument: Instrument) -> Crew:
    middle = (instrument.band_low_ticks + instrument.band_high_ticks) // 2
    return Crew(instrument, middle, ValueParameters(1.0))


def _crew(entry: dict[str, Any], instrument: Instrument, place: str, clock: Clock) -> Crew:
    if "start" not in entry:
        raise ConfigError("has no start", place, "give the price at the open")
    start_ticks = instrument.price_to_ticks(entry["start"])
    parts = {key: value for key, value in entry.items() if key not in _CREW}
    given: dict[str, Any] = {"instrument": instrument, "start_ticks": start_ticks}
    if "like" not in entry:
        return build(Crew, parts, place, clock, given)
    samples = {crew.instrument.symbol: crew for crew in sample_crews()}
    if entry["like"] not in samples:
        raise ConfigError(f"like is {shown(entry['like'])}", place, meant(str(entry["like"]), samples))
    if parts:
        raise ConfigError(f"has like and {next(iter(parts))} too", place, "leave out either")
    return replace(samples[entry["like"]], **given)
