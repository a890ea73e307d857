"""What a trade costs: maker and taker rates of an instrument."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from workbench.domain.codes import FeeKind
from workbench.domain.units import LARGEST, Number, decimal, to_micros, to_units
from workbench.errors import ConfigError

PPM = 1_000_000
"""Parts per million in one; a basis point is 100 ppm."""

RATES = frozenset({FeeKind.MAKER_BPS, FeeKind.TAKER_BPS, FeeKind.CAP_BPS})
"""Fees that are counted in parts per million; the others are micros."""

_COUNTED = {
    FeeKind.MAKER_PER_LOT: "maker_per_lot_micros",
    FeeKind.TAKER_PER_LOT: "taker_per_lot_micros",
    FeeKind.MAKER_BPS: "maker_ppm",
    FeeKind.TAKER_BPS: "taker_ppm",
    FeeKind.PER_ORDER: "per_order_micros",
    FeeKind.MINIMUM_PER_ORDER: "minimum_micros",
    FeeKind.CAP_BPS: "cap_ppm",
}


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """Maker and taker fees; negative numbers are rebates. A `FeeKind` for each can be changed by SET_FEE.

    Parameters
    ----------
    maker_per_lot, taker_per_lot
        Money per lot, to the micro.
    maker_bps, taker_bps
        Basis points of the notional, to the hundredth.
    per_order
        Money for each order that trades, 0 or more; a replaced order and its successors are one order.
    minimum_per_order
        The least that an order which trades costs, whatever its rebates; 0 for none.
    cap_bps
        The most that an order costs, in basis points of what it has traded; it wins over the minimum; 0 for
        none.
    """

    maker_per_lot: Number = Decimal(0)
    taker_per_lot: Number = Decimal(0)
    maker_bps: Number = Decimal(0)
    taker_bps: Number = Decimal(0)
    per_order: Number = Decimal(0)
    minimum_per_order: Number = Decimal(0)
    cap_bps: Number = Decimal(0)

    def __post_init__(self) -> None:
        for name in ("maker_per_lot", "taker_per_lot"):
            to_micros(getattr(self, name), name)
        if max(abs(ppm) for ppm in (self.maker_ppm, self.taker_ppm)) > PPM:
            raise ConfigError(
                what="more than 10,000 basis points", where="fees", remedy="give basis points, not ppm"
            )
        if min(self.per_order_micros, self.minimum_micros, self.cap_ppm) < 0 or self.cap_ppm > PPM:
            raise ConfigError(
                what="a fee per order, minimum or cap is negative, or the cap above 10,000 basis points",
                where="fees",
                remedy="0 means none",
            )

    @property
    def maker_per_lot_micros(self) -> int:
        """Micros per lot for the resting side."""
        return to_micros(self.maker_per_lot, "maker_per_lot")

    @property
    def taker_per_lot_micros(self) -> int:
        """Micros per lot for the incoming side."""
        return to_micros(self.taker_per_lot, "taker_per_lot")

    @property
    def maker_ppm(self) -> int:
        """Parts per million of the notional for the resting side."""
        return to_units(decimal(self.maker_bps, "maker_bps"), "0.01", "maker_bps")

    @property
    def taker_ppm(self) -> int:
        """Parts per million of the notional for the incoming side."""
        return to_units(decimal(self.taker_bps, "taker_bps"), "0.01", "taker_bps")

    @property
    def per_order_micros(self) -> int:
        """Micros for each order that trades."""
        return to_micros(self.per_order, "per_order")

    @property
    def minimum_micros(self) -> int:
        """The least an order that trades costs, in micros; 0 for none."""
        return to_micros(self.minimum_per_order, "minimum_per_order")

    @property
    def cap_ppm(self) -> int:
        """The most an order costs, in parts per million of what it traded; 0 for none."""
        return to_units(decimal(self.cap_bps, "cap_bps"), "0.01", "cap_bps")

    @property
    def has_order_fees(self) -> bool:
        """Whether fees depend on all that an order has traded."""
        return bool(self.per_order_micros or self.minimum_micros or self.cap_ppm)

    def value(self, kind: FeeKind) -> int:
        """One fee as SET_FEE counts it: micros, or parts per million.

        >>> FeeSchedule(maker_bps="1.5").value(FeeKind.MAKER_BPS)
        150
        """
        value: int = getattr(self, _COUNTED[kind])
        return value

    def changed(self, kind: FeeKind, value: int) -> FeeSchedule:
        """The schedule with another fee, counted as SET_FEE counts it.

        >>> FeeSchedule().changed(FeeKind.TAKER_PER_LOT, 5_000).taker_per_lot
        Decimal('0.005000')
        """
        fee = Decimal(value).scaleb(-2 if kind in RATES else -6)
        changes: dict[str, Any] = {kind.name.lower(): fee}
        return replace(self, **changes)


def fees_fit(fees: FeeSchedule, max_order_lots: int) -> bool:
    """Whether an instrument's largest order costs what can be counted in micros."""
    of_order = fees.per_order_micros + fees.minimum_micros
    for per_lot, ppm in (
        (fees.maker_per_lot_micros, fees.maker_ppm),
        (fees.taker_per_lot_micros, fees.taker_ppm),
    ):
        if abs(per_lot) * max_order_lots - (-LARGEST * abs(ppm) // PPM) + of_order > LARGEST:
            return False
    return True
