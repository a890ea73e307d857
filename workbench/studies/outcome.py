"""What a backtest gives: decisions, fills and equity as tables, and what it assumed."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from workbench.domain.codes import Side
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.domain.records import LIQUIDITY_MAKER, Records
from workbench.domain.units import MICROS, Number, decimal, to_micros
from workbench.session.whatif import HELD_FIXED
from workbench.studies.news import Action, What
from workbench.studies.recorded_market import KIND
from workbench.studies.terms import BAR_FILLS, BOOK_FILLS, Terms

_UTC = pl.Datetime("ns", "UTC")


@dataclass(frozen=True)
class Outcome:
    """A strategy's run over a source.

    Attributes
    ----------
    strategy, parameters
        Its class's name, and what it was made with.
    source, kind
        What it ran over, and of what kind that is.
    terms, fill
        What was assumed; the fill mode that was chosen.
    instrument
        What was traded.
    position_lots, cash_micros
        At the end.
    mark
        Price at which the position is valued at the end (the middle of the quote, or the close), in ticks.
    refused
        Orders that the exchange refused.
    seconds
        Time that the run took.
    records
        Fills as `FILL_EVENT`, decisions as `DECISION`, equity as `SAMPLE`.
    """

    strategy: str
    parameters: dict[str, Any]
    source: str
    kind: str
    terms: Terms
    fill: str
    instrument: Instrument
    position_lots: int
    cash_micros: int
    mark: float
    refused: int
    seconds: float
    records: dict[str, Records] = field(repr=False)

    @cached_property
    def decisions(self) -> pl.DataFrame:
        """What was asked for, in order.

        `time`, `on` (what was told), `action`, `order`, `quantity_lots`, `price_ticks` (0: market),
        `post_only`.
        """
        return decisions_frame(self.records["decisions"])

    @cached_property
    def fills(self) -> pl.DataFrame:
        """Fills: `time`, `order`, `side`, `price`, `quantity`, `fee` (below 0: rebate), `maker`."""
        found = self.records["fills"]
        bought = found["side"] == Side.BUY
        return pl.DataFrame(
            {
                "time": pl.Series(found["time_ns"]).cast(_UTC),
                "order": found["client_order_id"].copy(),
                "side": pl.Series(np.where(bought, "buy", "sell"), dtype=pl.String),
                "price": _in_units(found["last_price_ticks"], self.instrument.tick_size),
                "quantity": _in_units(found["last_quantity_lots"], self.instrument.lot_size),
                "fee": found["fee_micros"] / MICROS,
                "maker": (found["flags"] & LIQUIDITY_MAKER) != 0,
            }
        )

    @cached_property
    def equity(self) -> pl.DataFrame:
        """`time` and `equity` (cash and position at the mark), as often as was asked for."""
        found = self.records["samples"]
        value = float(self.instrument.value) / 2
        micros = found["cash_micros"] + found["position_lots"] * found["mark_half_ticks"] * value
        return pl.DataFrame({"time": pl.Series(found["time_ns"]).cast(_UTC), "equity": micros / MICROS})

    @property
    def start_cash(self) -> float:
        """Cash at the start."""
        return to_micros(self.terms.cash, "cash") / MICROS

    @property
    def final_equity(self) -> float:
        """Cash and position at the mark, at the end."""
        value = self.position_lots * self.mark * float(self.instrument.value)
        return (self.cash_micros + value) / MICROS

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Numbers of the run: PnL, fees, counts, drawdown.

        `drawdown` is the deepest fall of the noted equity from its peak, as a fraction ≤ 0, or None where
        equity was not noted.
        """
        fills = self.records["fills"]
        curve = np.concatenate([[self.start_cash], self.equity["equity"].to_numpy()])
        peak = np.maximum.accumulate(curve)
        fallen = curve[peak > 0] / peak[peak > 0] - 1
        return {
            "pnl": self.final_equity - self.start_cash,
            "fees": int(fills["fee_micros"].sum()) / MICROS,
            "fills": len(fills),
            "volume_lots": int(fills["last_quantity_lots"].sum()),
            "decisions": len(self.records["decisions"]),
            "refused": self.refused,
            "position_lots": self.position_lots,
            "final_equity": self.final_equity,
            "drawdown": float(fallen.min()) if len(curve) > 1 and len(fallen) else None,
        }

    @property
    def assumptions(self) -> dict[str, str]:
        """Latency, fees, fill mode and cash in words."""
        fees = self.terms.fees or FeeSchedule()
        rates = {
            "maker/lot": fees.maker_per_lot,
            "taker/lot": fees.taker_per_lot,
            "maker bps": fees.maker_bps,
            "taker bps": fees.taker_bps,
            "per order": fees.per_order,
            "minimum": fees.minimum_per_order,
            "cap bps": fees.cap_bps,
        }
        told = ", ".join(f"{name} {value}" for name, value in rates.items() if Decimal(str(value)))
        said = {
            "latency": self.terms.latency,
            "fees": told or "none",
            "fill": f"{self.fill}: {({**BOOK_FILLS, **BAR_FILLS})[self.fill]}",
            "cash": f"{self.terms.cash}",
        }
        if self.kind == KIND:
            said["others"] = HELD_FIXED
        return said | (
            {"slippage": f"{self.terms.slippage_ticks} ticks"} if self.terms.slippage_ticks else {}
        )

    def __str__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())
        lines = [f"{self.strategy}({given}) over {self.source} ({self.kind})"]
        lines += [f"  {name}: {text}" for name, text in self.assumptions.items()]
        found = self.summary
        fallen = "not noted" if found["drawdown"] is None else f"{found['drawdown']:.2%}"
        lines.append(
            f"  PnL {found['pnl']:+,.2f} after fees of {found['fees']:,.2f}, drawdown {fallen}; "
            f"{found['fills']:,} fills of {found['decisions']:,} requests, {found['refused']:,} refused; "
            f"position {found['position_lots']:+,} lots"
        )
        return "\n".join(lines)


def _in_units(values: Any, size: Number) -> Any:
    """Whole numbers of ticks or lots as the doubles nearest to their decimals."""
    ratio = Fraction(decimal(size))
    return values * ratio.numerator / ratio.denominator


def decisions_frame(found: Records) -> pl.DataFrame:
    """Decisions as a table; see `Outcome.decisions`."""
    return pl.DataFrame(
        {
            "time": pl.Series(found["time_ns"]).cast(_UTC),
            "on": [What(what).name.lower() for what in found["what"].tolist()],
            "action": [Action(action).name.lower() for action in found["action"].tolist()],
            **{name: found[name].copy() for name in ("order", "quantity_lots", "price_ticks")},
            "post_only": found["post_only"] != 0,
        },
        schema_overrides={"on": pl.String, "action": pl.String},
    )
