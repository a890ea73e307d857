"""The clock of a running session: exchange time from the wall's, at any speed, and standing when it must."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from workbench.errors import ConfigError

_MILLIONTHS = 1_000_000
HIGHEST_SPEED = 1_000_000.0
"""Nobody can tell a faster clock from one that does not wait."""


class ExchangeClock:
    """Exchange time, which runs at a speed, stands, or goes as fast as the exchange can follow.

    Only the session's own thread changes it; anybody may read it.

    Parameters
    ----------
    time_ns
        Where it begins, standing.
    speed
        Nanoseconds of exchange time in one of the wall's; None goes as fast as possible: the clock then does
        not run by itself but is moved on by `reach`.
    wall
        Monotonic nanoseconds.

    Examples
    --------
    >>> wall = iter([0, 1_000, 4_000])
    >>> clock = ExchangeClock(5_000, 2.0, wall=lambda: next(wall))
    >>> clock.resume()
    >>> clock.now_ns(), clock.now_ns()
    (7000, 13000)
    """

    def __init__(
        self, time_ns: int, speed: float | None = 1.0, *, wall: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._wall = wall
        self._speed_ppm = _checked(speed)
        # One tuple, replaced as a whole, so that a reader in another thread never sees half a change.
        self._base: tuple[int, int, int] = (time_ns, 0, 0)

    @property
    def speed(self) -> float | None:
        """Its speed when it runs; None for as fast as possible."""
        return None if self._speed_ppm is None else self._speed_ppm / _MILLIONTHS

    @property
    def running(self) -> bool:
        """Whether time passes."""
        return self._base[2] != 0

    def now_ns(self) -> int:
        """The exchange's time by this clock."""
        time_ns, wall_ns, speed_ppm = self._base
        if speed_ppm <= 0:
            return time_ns
        return time_ns + (self._wall() - wall_ns) * speed_ppm // _MILLIONTHS

    def reach(self, limit_ns: int) -> int:
        """The time now, but no later than `limit_ns`; a clock that does not wait is there at once."""
        if self._base[2] < 0:
            self._base = (max(limit_ns, self._base[0]), 0, -1)
            return self._base[0]
        return min(self.now_ns(), limit_ns)

    def seconds_until(self, time_ns: int) -> float:
        """How long to wait for a time: 0 when it has come, infinity when the clock stands."""
        speed_ppm = self._base[2]
        if speed_ppm == 0:
            return math.inf
        if speed_ppm < 0:
            return 0.0
        return max(0, time_ns - self.now_ns()) * _MILLIONTHS / speed_ppm / 1e9

    def pause(self, at_ns: int | None = None) -> None:
        """Let it stand, at `at_ns` if that is given."""
        self._base = (self.now_ns() if at_ns is None else at_ns, 0, 0)

    def resume(self, at_ns: int | None = None) -> None:
        """Let it run on, from `at_ns` if that is given."""
        start_ns = self.now_ns() if at_ns is None else at_ns
        self._base = (start_ns, self._wall(), -1 if self._speed_ppm is None else self._speed_ppm)

    def set_speed(self, speed: float | None) -> None:
        """Run at another speed from now on; a clock that stands stays where it is.

        Raises
        ------
        ConfigError
            For what is no speed.
        """
        checked = _checked(speed)
        now_ns, running = self.now_ns(), self.running
        self._speed_ppm = checked
        if running:
            self.resume(now_ns)


def check_speed(speed: float | None) -> float | None:
    """A speed as a clock runs at it (in millionths), or `ConfigError`.

    >>> check_speed(60), check_speed(None)
    (60.0, None)
    """
    checked = _checked(speed)
    return None if checked is None else checked / _MILLIONTHS


def _checked(speed: float | None) -> int | None:
    """Millionths."""
    if speed is None:
        return None
    given: Any = speed
    number = isinstance(given, (int, float)) and not isinstance(given, bool)
    if not number or not 1 / _MILLIONTHS <= speed <= HIGHEST_SPEED:
        raise ConfigError(
            f"speed is {speed!r}, expected a number from 0.000001 to {HIGHEST_SPEED:,.0f}",
            remedy="1 is the wall's own, none (max) as fast as possible",
        )
    return round(speed * _MILLIONTHS)
