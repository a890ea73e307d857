"""What a live session is made of: a scenario, and the moment at which it was created."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from workbench.domain.config import Venue
from workbench.errors import ConfigError, JournalError
from workbench.session.hours import WALL
from workbench.session.scenario import Scenario, parse_scenario

KEPT_TRADES = 1 << 16
"""How many trades a live session's exchange keeps, so that they can be busted."""

KIND = "live"
"""What the manifest of a live session calls its kind."""

_TEXT, _FILE, _OVERRIDES, _START, _HISTORY = "scenario", "file", "overrides", "start_ns", "history"
_CLASSES, _CLASS_NAMES = "classes", "class_names"


@dataclass(frozen=True, slots=True)
class Opening:
    """What a session was created with; its journal's first frame has all of it.

    Attributes
    ----------
    scenario
        The scenario.
    text, file, overrides
        What the scenario was read from.
    venue
        Its venue; exchange time begins at `start_ns`.
    start_ns
        Exchange time at which the session is created.
    open_ns, close_ns
        Trading hours in the scenario's time; `close_ns` is 0 when only a person closes.
    classes
        Ids of the classes that it is for, which mean nothing here; none: it is for everybody.
    """

    scenario: Scenario
    text: str
    file: str
    overrides: dict[str, Any]
    venue: Venue
    start_ns: int
    open_ns: int
    close_ns: int
    classes: tuple[str, ...] = ()

    @property
    def epoch(self) -> str:
        """Whose time it is."""
        return self.scenario.hours.epoch

    def about(self, class_names: Mapping[str, str] | None = None) -> dict[str, Any]:
        """What a journal says of it, as JSON has it, with what its classes are called by their ids."""
        return {
            _TEXT: self.text,
            _FILE: self.file,
            _OVERRIDES: self.overrides,
            _START: self.start_ns,
            _HISTORY: history_digest(self.scenario),
            _CLASSES: list(self.classes),
            **({_CLASS_NAMES: dict(class_names)} if class_names else {}),
        }


def read_opening(
    text: str,
    *,
    file: str,
    overrides: Mapping[str, Any] | None,
    data: Any,
    wall_ns: int,
    classes: Sequence[str] = (),
    kept_trades: int = KEPT_TRADES,
) -> Opening:
    """What a scenario's text makes.

    Parameters
    ----------
    text, file, overrides
        As `workbench.session.scenario.parse_scenario` takes them.
    data
        The data root.
    wall_ns
        The wall's time, for a session that shows it.
    classes
        The classes that it is for.
    kept_trades
        How many trades its exchange keeps, unless the scenario says so.

    Raises
    ------
    ConfigError
        When the scenario makes no sense, or cannot run live.
    """
    given = dict(overrides or {})
    scenario = parse_scenario(text, file or "scenario", data=data, overrides=given)
    hours, crowd = scenario.hours, scenario.crowd
    open_ns = hours.open_ns or _first_ns(scenario)
    close_ns = hours.close_ns or (0 if crowd is None else crowd.session.close_ns)
    if crowd is not None and (open_ns, close_ns) != (crowd.session.open_ns, crowd.session.close_ns):
        raise ConfigError(
            "open and close are not those of [agents]", f"{file or 'scenario'}, [live]", "leave them out"
        )
    if not open_ns:
        raise ConfigError(
            "nothing says when the market opens",
            file or "scenario",
            'give [live] open = "09:30"',
        )
    if close_ns and close_ns <= open_ns:
        raise ConfigError("close is not after the open", f"{file or 'scenario'}, [live]")
    start_ns = wall_ns if hours.epoch == WALL else open_ns - hours.pre_open_ns
    venue = replace(
        scenario.venue, start_time_ns=start_ns, kept_trades=scenario.venue.kept_trades or kept_trades
    )
    return Opening(scenario, text, file, given, venue, start_ns, open_ns, close_ns, tuple(classes))


def stored_opening(about: dict[str, Any], folder: Any, data: Any) -> Opening:
    """What a stored session was made of.

    Raises
    ------
    JournalError
        When it is no live session, or its history is another than it was.
    """
    said = about.get(KIND)
    if not isinstance(said, dict):
        raise JournalError("is not that of a live session", str(folder), "`workbench recover` seals it")
    opening = read_opening(
        said[_TEXT],
        file=said[_FILE],
        overrides=said[_OVERRIDES],
        data=data,
        wall_ns=said[_START],
        classes=stored_classes(about),
        kept_trades=int(about.get("venue", {}).get("kept_trades", 0)),
    )
    if history_digest(opening.scenario) != said[_HISTORY]:
        raise JournalError(
            "the history that it replays has changed since it began",
            str(folder),
            "restore the files of [history], or seal the session with `workbench recover`",
        )
    return opening


def is_made_of(about: Mapping[str, Any], file: str, text: str) -> bool:
    """Whether a session is made of a scenario and for everybody, by what its journal or manifest says of it.

    The file may have been edited since, or the same text may have another name: either is the scenario.
    """
    said = about.get(KIND)
    if not isinstance(said, dict) or said.get(_CLASSES):
        return False
    return said[_TEXT] == text or bool(file and said[_FILE] == file)


def stored_classes(about: dict[str, Any]) -> tuple[str, ...]:
    """The classes that a stored session is for, by what its journal or manifest says of it."""
    said = about.get(KIND)
    return tuple(said.get(_CLASSES, ())) if isinstance(said, dict) else ()


def stored_class_names(about: dict[str, Any]) -> dict[str, str]:
    """What the classes of a stored session were called when it was created, by id, where that is known."""
    said = about.get(KIND)
    return dict(said.get(_CLASS_NAMES, {})) if isinstance(said, dict) else {}


def history_digest(scenario: Scenario) -> str:
    """By what the history of a scenario is known again; "" for none."""
    if scenario.history is None:
        return ""
    commands = scenario.history.commands
    return blake2b(commands.tobytes(), digest_size=16).hexdigest()


def _first_ns(scenario: Scenario) -> int:
    """The open of a scenario whose [live] does not say: that of its agents, else its first command."""
    if scenario.crowd is not None:
        return scenario.crowd.session.open_ns
    starts = [int(time_ns) for time_ns in scenario.commands["time_ns"][:1]]
    if scenario.history is not None:
        starts += [int(time_ns) for time_ns in scenario.history.commands["time_ns"][:1]]
    return min(starts, default=0)
