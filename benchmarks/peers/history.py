"""What the backtest peers share: the recorded order flow as plain rows, and writing the result."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

NEW, CANCEL, REPLACE, CLEAR, EXECUTE = 1, 2, 3, 4, 5
BUY, SELL = 1, 2
RESULT = Path(sys.argv[2])
STRATEGY = sys.argv[3] if len(sys.argv) > 3 else "replay"
REPEATS = int(sys.argv[4]) if len(sys.argv) > 4 else 1


@dataclass
class Recording:
    """Order flow of one instrument: time, kind, order id, side of the order, price in ticks, lots, lots left.

    An execution names the order it took from, or 0, and then the side is the one that rested unseen.
    """

    rows: list[tuple[int, int, int, int, int, int, int]]
    tick: float
    start_ns: int
    end_ns: int
    interval_ns: int


def load() -> Recording:
    """Read the folder given as the first argument."""
    folder = Path(sys.argv[1])
    about = json.loads((folder / "history.json").read_text())
    commands = np.load(folder / "commands.npy")
    columns = ("time_ns", "kind", "client_order_id", "side", "price_ticks", "quantity_lots")
    rows = []
    side_of: dict[int, int] = {}
    open_of: dict[int, int] = {}
    for time, kind, name, side, price, lots in zip(*(commands[c].tolist() for c in columns), strict=True):
        if kind == NEW:
            side_of[name], open_of[name] = side, lots
            rows.append((time, NEW, name, side, price, lots, lots))
        elif kind == EXECUTE and name == 0:
            rows.append((time, EXECUTE, 0, 3 - side, price, lots, 0))
        elif kind == REPLACE:
            open_of[name] = lots
            rows.append((time, REPLACE, name, side_of[name], price, lots, lots))
        elif kind in (CANCEL, EXECUTE):
            left = max(0, open_of[name] - lots) if lots else 0
            open_of[name] = left
            rows.append((time, kind, name, side_of[name], price, lots, left))
        else:
            rows.append((time, CLEAR, 0, 0, 0, 0, 0))
    return Recording(rows, about["tick"], about["start_ns"], about["end_ns"], about["interval_ns"])


def write(**result: object) -> None:
    """Hand the result back."""
    RESULT.write_text(json.dumps(result))
