"""The day that the server replays at x60: a recorded one where there is one, else the committed sample."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environment import ROOT

SHARED = Path(os.environ.get("WORKBENCH_SHARED") or ROOT.parent / "shared") / "data" / "lobster"
SAMPLE = ROOT / "data" / "samples" / "harbor-2025-03-18.parquet"
_GOOG = "GOOG_2012-06-21_34200000_57600000"

_SCENARIO = """
title = "A recorded day"

[history]
datasets = ["{dataset}"]
mode = "responsive"

[seats]
count = {accounts}
cash = 1_000_000_000

[live]
epoch = "sim"
speed = {speed}
"""


@dataclass(frozen=True)
class Day:
    """A recorded day.

    Attributes
    ----------
    title
        What a table calls it.
    symbol, dataset
        Its instrument, and what its import is called.
    files
        What is imported.
    """

    title: str
    symbol: str
    dataset: str
    files: tuple[Path, ...]

    def scenario(self, accounts: int, speed: float) -> str:
        """A scenario file's text."""
        return _SCENARIO.format(dataset=self.dataset, accounts=accounts, speed=speed)


def sample_day() -> Day:
    """The day that can be had here."""
    files = tuple(SHARED / f"{_GOOG}_{part}_1.csv.zst" for part in ("message", "orderbook"))
    if all(file.is_file() for file in files):
        return Day("GOOG of 2012-06-21 (LOBSTER)", "GOOG", "day", files)
    return Day("the sample day", "HARBOR", "day", (SAMPLE,))
