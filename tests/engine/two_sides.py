"""A venue of one stock and three traders, and orders in its words; quantities are lots, prices ticks."""

from __future__ import annotations

from workbench.domain.codes import Side
from workbench.domain.commands import batch, new_order
from workbench.domain.config import Account, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import Records
from workbench.engine.exchange import Exchange

ANN, BOB, CARL = 2, 3, 4
NOON_NS = 1_742_313_600_000_000_000
"""2025-03-18 12:00 in New York."""
ZONE = "America/New_York"
SECOND = 1_000_000_000
BUY, SELL = Side.BUY, Side.SELL


def venue(**settings: object) -> Venue:
    """One stock at 100.00 to 200.00 and three rich traders."""
    traders = [Account(name, cash=10_000_000) for name in ("ann", "bob", "carl")]
    return Venue([Instrument("AAPL", "100", "200")], traders, start_time_ns=NOON_NS, **settings)  # type: ignore[arg-type]


def at(seconds: float) -> int:
    """Nanoseconds of so many seconds after noon."""
    return NOON_NS + int(seconds * SECOND)


def order(seconds: float, account: int, side: Side, lots: int, ticks: int = 0, **more: object) -> Records:
    """An order in the only stock."""
    return new_order(at(seconds), account, 0, side, lots, ticks, **more)  # type: ignore[arg-type]


def recorded(*parts: Records, **settings: object) -> Exchange:
    """An exchange that has taken these commands and kept its events."""
    exchange = Exchange(venue(**settings), record=True)
    exchange.step(batch(parts))
    return exchange
