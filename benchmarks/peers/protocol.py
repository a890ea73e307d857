"""What the matching peers share: reading the flow, timing, and writing the result."""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

NEW, CANCEL, REPLACE = 1, 2, 3
BUY, SELL = 1, 2

Step = tuple[int, int, int, int, int, int]
"""Kind, own order id, id of the order it names, side, price, lots. Peers replace by cancel and new order."""

Play = Callable[
    [list[Step]], tuple[Callable[[int, int], None], Callable[[], list[tuple[int, int, int, int]]]]
]
"""Prepares the peer's own orders for all steps; returns what runs the steps from one to another,
and what lists the fills (taker's id, maker's id, price, lots)."""


def main(play: Play) -> None:
    """Play the flow some times; keep the best time and the fills."""
    folder, result, repeats = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    commands = np.load(folder / "commands.npy")
    trace = np.load(folder / "trace.npy")
    first = int(json.loads((folder / "flow.json").read_text())["first_timed"])
    last = min(len(commands), first + int(sys.argv[4]))
    sides: dict[int, int] = {}
    steps: list[Step] = []
    for command, own in zip(commands[:last].tolist(), trace[:last].tolist(), strict=True):
        record: dict[str, Any] = dict(zip(commands.dtype.names, command, strict=True))
        order_id, target = own
        side = record["side"] if record["kind"] == NEW else sides[target]
        sides[order_id] = side
        steps.append((record["kind"], order_id, target, side, record["price_ticks"], record["quantity_lots"]))
    seconds = []
    for _ in range(repeats):
        run, fills = play(steps)
        run(0, first)
        before = len(fills())
        gc.collect()
        gc.freeze()
        start = time.perf_counter()
        run(first, last)
        seconds.append(time.perf_counter() - start)
        np.save(result.with_suffix(".npy"), np.array(fills()[before:], dtype=np.int64).reshape(-1, 4))
        gc.unfreeze()
    result.write_text(json.dumps({"seconds": seconds, "commands": last - first}))
