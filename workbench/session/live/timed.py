"""Commands whose times are known beforehand: recorded history, and a scenario's script."""

from __future__ import annotations

import numpy as np

from workbench.domain.records import COMMAND, Records

CHUNK_COMMANDS = 1 << 16
"""Most commands of one feed at once, so that nobody waits for a morning of history."""


class Timed:
    """Commands in order of time that happen one after the other.

    Parameters
    ----------
    commands
        In order of time.

    Attributes
    ----------
    fed
        How many have happened.
    shift_ns
        What is added to their times.
    """

    def __init__(self, commands: Records) -> None:
        self._commands = commands
        self._times = np.ascontiguousarray(commands["time_ns"])
        self.fed = 0
        self.shift_ns = 0

    @property
    def next_ns(self) -> int | None:
        """Time of the next one; None when there is none."""
        return int(self._times[self.fed]) + self.shift_ns if self.fed < len(self._times) else None

    def count_until(self, time_ns: int, *, inclusive: bool) -> int:
        """How many of those that have not happened are due at `time_ns`, of `CHUNK_COMMANDS` at most."""
        window = self._times[self.fed : self.fed + CHUNK_COMMANDS]
        side = "right" if inclusive else "left"
        return int(np.searchsorted(window, time_ns - self.shift_ns, side=side))  # type: ignore[call-overload]

    def take(self, count: int, floor_ns: int) -> Records:
        """The next ones, at their times, but none before `floor_ns`."""
        taken = self._commands[self.fed : self.fed + count].copy()
        self.fed += count
        if not count:
            return taken
        if self.shift_ns:
            taken["time_ns"] += self.shift_ns
            expire = taken["expire_time_ns"]
            expire[expire > 0] += self.shift_ns
        if taken["time_ns"][0] < floor_ns:
            np.maximum(taken["time_ns"], floor_ns, out=taken["time_ns"])
        return taken

    def skip(self, fed: int) -> None:
        """Go on as if so many had happened."""
        self.fed = fed


NOTHING = np.zeros(0, dtype=COMMAND)
