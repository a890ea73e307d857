"""Limits on what an account may hold in several instruments together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from workbench.domain.codes import ExposureMode
from workbench.domain.instruments import MAX_QUANTITY_LOTS
from workbench.domain.units import LARGEST, Number, to_micros
from workbench.errors import ConfigError

MAX_WEIGHT = 1_000_000


@dataclass(frozen=True, slots=True)
class ExposureGroup:
    """Instruments whose positions are added up with weights, and what the sum may be.

    Parameters
    ----------
    name
        Its name, unique in a venue.
    weights
        A whole weight, 1 or more, for each symbol.
    gross_limit, net_limit
        Most weighted lots, longs and shorts added and set off; 0 for none.
    mode
        Whether an order that breaks a limit is refused, fined or only reported.
    fine
        What such an order costs in mode FINE, in currency.
    """

    name: str
    weights: Mapping[str, int]
    gross_limit: int = 0
    net_limit: int = 0
    mode: ExposureMode = ExposureMode.REJECT
    fine: Number = 0

    def __post_init__(self) -> None:
        where = f"exposure group {self.name!r}"

        def refuse(what: str, remedy: str = "") -> None:
            raise ConfigError(what=what, where=where, remedy=remedy)

        if not self.name or not isinstance(self.name, str):
            refuse("has no name", "name it")
        weights: Any = self.weights
        if not isinstance(weights, Mapping) or not weights:
            refuse("has no instruments", "give a weight for each symbol")
        if not all(_whole(weight, 1, MAX_WEIGHT) for weight in weights.values()):
            refuse(
                f"a weight is not a whole number from 1 to {MAX_WEIGHT:,}", "leave out what counts nothing"
            )
        object.__setattr__(self, "weights", {symbol: int(weight) for symbol, weight in weights.items()})
        for name in ("gross_limit", "net_limit"):
            if not _whole(getattr(self, name), 0, LARGEST):
                refuse(f"{name} is not a whole number ≥ 0", "0 means no limit")
            object.__setattr__(self, name, int(getattr(self, name)))
        if self.mode not in set(ExposureMode):
            refuse(f"{self.mode!r} is no ExposureMode", "choose REJECT, FINE or LOG")
        if not 0 <= self.fine_micros <= MAX_QUANTITY_LOTS:
            refuse("the fine is negative or too large", "give an amount of currency")
        if self.fine_micros and self.mode != ExposureMode.FINE:
            refuse("has a fine in another mode", "choose mode FINE or leave out the fine")

    @property
    def fine_micros(self) -> int:
        """The fine in micros."""
        return to_micros(self.fine, f"exposure group {self.name!r} fine")


def _whole(value: Any, least: int, most: int) -> bool:
    return not isinstance(value, bool) and isinstance(value, Integral) and least <= int(value) <= most
