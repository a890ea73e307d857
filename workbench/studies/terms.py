"""What a backtest assumes of execution: latency, fees, and how orders fill. Printed with every result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.domain.costs import FeeSchedule
from workbench.domain.units import Number, to_micros
from workbench.errors import ConfigError
from workbench.feed.durations import duration_ns

FROZEN, RESPONSIVE = "frozen", "responsive"
NEXT_OPEN, THIS_CLOSE = "next_open", "this_close"
BOOK_FILLS = {
    FROZEN: "by queue position in history as recorded; our orders move nothing",
    RESPONSIVE: "in the book, which our orders move",
}
BAR_FILLS = {
    NEXT_OPEN: "market orders at the next bar's open, limits where a bar reaches them; any quantity",
    THIS_CLOSE: "market orders at the close they were decided on, which nobody can trade at; any quantity",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a backtest assumes.

    Parameters
    ----------
    latency
        How long an order or a cancel takes to reach the exchange, such as `"5ms"`.
    fees
        What trading costs; unless given nothing, and in a recorded session what it costs there.
    fill
        How orders fill: `frozen` or `responsive` in order flow, `next_open` or `this_close` in bars; the
        first of them unless given.
    cash
        Cash at the start, in currency.
    slippage_ticks
        How much worse than the bar's price market orders fill; of bars alone.
    equity_every
        How often equity is noted; of bars it is each bar. Empty: never.
    """

    latency: str = "0ns"
    fees: FeeSchedule | None = None
    fill: str = ""
    cash: Number = 1_000_000
    slippage_ticks: int = 0
    equity_every: str = "1min"

    def __post_init__(self) -> None:
        fees: Any = self.fees
        if fees is not None and not isinstance(fees, FeeSchedule):
            raise ConfigError(f"{fees!r} is no FeeSchedule", "fees", 'give wb.FeeSchedule(taker_bps="1")')
        if self.fill and self.fill not in {**BOOK_FILLS, **BAR_FILLS}:
            raise ConfigError(
                f"{self.fill!r} is no fill mode", "fill", f"give {', '.join([*BOOK_FILLS, *BAR_FILLS])}"
            )
        slippage: Any = self.slippage_ticks
        if isinstance(slippage, bool) or not isinstance(slippage, int) or slippage < 0:
            raise ConfigError(f"{slippage!r} is no number of ticks", "slippage_ticks", "give 0 or more")
        if to_micros(self.cash, "cash") < 0:
            raise ConfigError(f"{self.cash} is negative", "cash", "start with 0 or more")
        duration_ns(self.latency, "latency")
        if self.equity_every:
            duration_ns(self.equity_every, "equity_every")

    @property
    def latency_ns(self) -> int:
        """The latency in nanoseconds."""
        return duration_ns(self.latency, "latency")

    @property
    def sample_ns(self) -> int:
        """How often equity is noted; 0: never."""
        return duration_ns(self.equity_every, "equity_every") if self.equity_every else 0

    def of_book(self) -> str:
        """The fill mode in order flow."""
        if self.slippage_ticks:
            raise ConfigError(
                "the book decides what orders trade at", "slippage_ticks", "give it for bars alone"
            )
        return self._chosen(BOOK_FILLS, "order flow")

    def of_session(self, mode: str) -> str:
        """The fill mode in a recorded session, which is its own."""
        if self.of_book() != mode and self.fill:
            raise ConfigError(
                f"its market is {mode}, and cannot be another", f"fill={self.fill!r}", "leave it out"
            )
        return mode

    def of_bars(self) -> str:
        """The fill mode in bars."""
        chosen = self._chosen(BAR_FILLS, "bars")
        if chosen == THIS_CLOSE and self.latency_ns:
            raise ConfigError(
                "an order that takes time cannot fill at the close it was decided on",
                "latency",
                f'give fill="{NEXT_OPEN}"',
            )
        return chosen

    def _chosen(self, known: dict[str, str], of: str) -> str:
        chosen = self.fill or next(iter(known))
        if chosen not in known:
            raise ConfigError(f"{chosen!r} is no fill mode of {of}", "fill", f"give {' or '.join(known)}")
        return chosen
