"""The table `[live]` of a scenario: its hours and its clock when people trade in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.errors import ConfigError
from workbench.session.live.clock import check_speed
from workbench.session.moments import Clock, span_text
from workbench.session.place import Lines
from workbench.session.settings import build, shown

WALL = "wall"
SIM = "sim"
EPOCHS = (WALL, SIM)
FASTEST = "max"

_SECOND_NS = 1_000_000_000
_LONGEST_NS = 86_400 * _SECOND_NS


@dataclass(frozen=True, slots=True)
class Hours:
    """When a live session opens and closes, and how its clock runs.

    Parameters
    ----------
    speed
        Seconds of exchange time in a second; None for as fast as possible (`"max"` in a file).
    epoch
        `sim`: exchange time is the scenario's. `wall`: all times are shifted so that the market opens at the
        moment at which it is opened.
    open_ns, close_ns
        Trading hours, in the scenario's time; those of the agents unless given. Without agents it opens with
        the first command of history or script, and without `close_ns` (0) it is open until it is closed.
    pre_open_ns
        How long before the open the clock stands at first, in a session whose epoch is `sim`.
    auction_ns
        Length of the auction by which a paused market may reopen.
    """

    speed: float | None = 1.0
    epoch: str = SIM
    open_ns: int = 0
    close_ns: int = 0
    pre_open_ns: int = 600 * _SECOND_NS
    auction_ns: int = 30 * _SECOND_NS

    def __post_init__(self) -> None:
        object.__setattr__(self, "speed", check_speed(self.speed))
        if self.epoch not in EPOCHS:
            raise ConfigError(f"epoch is {self.epoch!r}, expected one of {', '.join(EPOCHS)}")
        if self.epoch == WALL and self.speed != 1.0:
            raise ConfigError(
                f"speed is {FASTEST if self.speed is None else self.speed}, and the wall's time runs at 1",
                remedy='leave it out, or say epoch = "sim"',
            )
        if self.close_ns and self.close_ns <= self.open_ns:
            raise ConfigError("close is not after open")
        for name, least in (("pre_open_ns", 0), ("auction_ns", _SECOND_NS)):
            value = getattr(self, name)
            if not least <= value <= _LONGEST_NS:
                raise ConfigError(
                    f"{name.removesuffix('_ns')} is {span_text(value)}, "
                    f"expected {span_text(least)} to {span_text(_LONGEST_NS)}"
                )


def read_hours(table: Any, clock: Clock, lines: Lines) -> Hours:
    """The hours of a table `[live]`, as far as it gives them."""
    place = lines.table("live")
    if not isinstance(table, dict):
        raise ConfigError(f"is {shown(table)}, expected a table", place)
    given: dict[str, Any] = {}
    if table.get("speed") == FASTEST:
        table = {key: value for key, value in table.items() if key != "speed"}
        given["speed"] = None
    return build(Hours, table, place, clock, given)
