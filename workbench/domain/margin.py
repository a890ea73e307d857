"""What margin accounts must hold against a position."""

from __future__ import annotations

from dataclasses import dataclass, fields
from numbers import Integral
from typing import Any

from workbench.domain.costs import PPM
from workbench.errors import ConfigError


@dataclass(frozen=True, slots=True)
class MarginRates:
    """Parts per million of a position's value: 500,000 is a half.

    Parameters
    ----------
    initial_long_ppm, initial_short_ppm
        What an order must have free for what it opens.
    maintenance_long_ppm, maintenance_short_ppm
        Below which part of the value equity may not fall; at most the initial rate.
    """

    initial_long_ppm: int = 500_000
    initial_short_ppm: int = 500_000
    maintenance_long_ppm: int = 250_000
    maintenance_short_ppm: int = 300_000

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, whole_ppm(getattr(self, field.name), field.name))
        for way in ("long", "short"):
            if getattr(self, f"maintenance_{way}_ppm") > getattr(self, f"initial_{way}_ppm"):
                raise ConfigError(
                    what="is above the initial rate",
                    where=f"maintenance_{way}_ppm",
                    remedy="a new position would be called at once",
                )


def whole_ppm(value: Any, name: str, most: int = PPM) -> int:
    """`value` as whole parts per million from 0 to `most`.

    >>> whole_ppm(50_000, "collar_ppm")
    50000
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or not 0 <= int(value) <= most:
        raise ConfigError(
            what=f"{value!r} is not a whole number from 0 to {most:,}",
            where=name,
            remedy="give parts per million: 10,000 is one percent",
        )
    return int(value)
