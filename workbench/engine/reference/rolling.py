"""Price limits of one instrument and the trades of the window that their reference rolls with."""

from __future__ import annotations

from dataclasses import dataclass, field

from workbench.domain.costs import PPM
from workbench.domain.instruments import WINDOW_PARTS, Instrument


@dataclass(slots=True)
class PriceLimits:
    """Reference price and limits; `parts` has the sum of prices and the number of the trades of each part."""

    ppm: int
    part_ns: int
    pause_ns: int
    reference_ticks: int
    part: int
    parts: dict[int, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, instrument: Instrument, start_time_ns: int) -> PriceLimits | None:
        """The limits with which an instrument starts; None when it has none."""
        if not instrument.price_limit_ppm:
            return None
        part_ns = instrument.price_limit_window_ns // WINDOW_PARTS
        return cls(
            ppm=instrument.price_limit_ppm,
            part_ns=part_ns,
            pause_ns=instrument.price_limit_pause_ns,
            reference_ticks=instrument.reference_price_ticks,
            part=start_time_ns // part_ns,
        )

    @property
    def limits(self) -> tuple[int, int]:
        """Lowest and highest price of trades; 0 and 0 without a reference."""
        away = self.reference_ticks * self.ppm // PPM
        return self.reference_ticks - away, self.reference_ticks + away

    def allow(self, price_ticks: int) -> bool:
        """Whether orders may trade at a price."""
        down, up = self.limits
        return not self.reference_ticks or down <= price_ticks <= up

    def count(self, price_ticks: int) -> None:
        """Count a trade."""
        total, trades = self.parts.get(self.part, (0, 0))
        self.parts[self.part] = (total + price_ticks, trades + 1)

    def look(self, time_ns: int) -> bool:
        """Roll on to the part of a time; returns whether the reference has changed."""
        part = time_ns // self.part_ns
        if part == self.part:
            return False
        before = [sums for number, sums in self.parts.items() if number >= part - WINDOW_PARTS]
        trades = sum(count for _, count in before)
        reference = sum(total for total, _ in before) // trades if trades else self.reference_ticks
        self.part = part
        self.parts = {n: sums for n, sums in self.parts.items() if n > part - WINDOW_PARTS}
        return self._refer_to(reference)

    def start_anew(self, price_ticks: int) -> bool:
        """Take an uncross price for the reference; returns whether it has changed."""
        self.parts.clear()
        return self._refer_to(price_ticks)

    def _refer_to(self, reference_ticks: int) -> bool:
        changed = reference_ticks != self.reference_ticks
        self.reference_ticks = reference_ticks
        return changed
