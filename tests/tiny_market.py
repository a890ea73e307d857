"""A market of a dozen messages on one morning, as a Databento CSV; times are New York's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

HEADER = "ts_recv,ts_event,action,side,price,size,order_id,flags,sequence,symbol"

ROWS: tuple[tuple[str, str, str, str, int, int], ...] = (
    ("09:30:00.000", "A", "B", "10.00", 100, 1),
    ("09:30:00.000", "A", "B", "9.99", 200, 2),
    ("09:30:01.000", "A", "A", "10.02", 100, 3),
    ("09:30:02.000", "A", "A", "10.03", 300, 4),
    # Somebody buys 40 of order 3.
    ("10:00:00.000", "T", "B", "10.02", 40, 0),
    ("10:00:00.000", "F", "A", "10.02", 40, 3),
    ("10:00:00.000", "C", "A", "10.02", 40, 3),
    ("10:30:00.000", "A", "B", "10.00", 50, 5),
    # Somebody sells 100 to order 1.
    ("11:00:00.000", "T", "A", "10.00", 100, 0),
    ("11:00:00.000", "F", "B", "10.00", 100, 1),
    ("11:00:00.000", "C", "B", "10.00", 100, 1),
    ("12:00:00.000", "C", "A", "10.03", 300, 4),
)
"""Time, action, side, price, size, order id."""


def mbo_text(rows: Sequence[tuple[str, str, str, str, int, int]] = ROWS, symbol: str = "TINY") -> str:
    """The rows as a file; New York is four hours behind UTC on that day."""
    lines = [HEADER]
    for sequence, (clock, action, side, price, size, order_id) in enumerate(rows, start=1):
        hour, rest = clock.split(":", 1)
        time = f"2025-07-17T{int(hour) + 4:02}:{rest}000000Z"
        lines.append(f"{time},{time},{action},{side},{price},{size},{order_id},128,{sequence},{symbol}")
    return "\n".join(lines) + "\n"


def write_mbo(folder: Path, name: str = "tiny.mbo.csv", symbol: str = "TINY") -> Path:
    """The market in a file."""
    path = folder / name
    path.write_text(mbo_text(symbol=symbol))
    return path
