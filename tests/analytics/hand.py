"""Frames written by hand."""

from __future__ import annotations

from typing import Any

import polars as pl

from workbench.analytics.columns import TIME

START_NS = 1_742_304_600_000_000_000
SECOND_NS = 1_000_000_000
SIZES = pl.DataFrame(
    {"symbol": ["ACME"], "multiplier": [1.0], "increment": [0.01], "volume": [1000.0]},
)


def times(seconds: list[float | None]) -> pl.Series:
    """Times so many seconds after the start."""
    found = [None if each is None else START_NS + round(each * SECOND_NS) for each in seconds]
    return pl.Series(found, dtype=pl.Int64).cast(TIME)


def seconds(moment: Any) -> float:
    """How long after the start a time of a row is."""
    return (pl.Series([moment]).cast(TIME).cast(pl.Int64)[0] - START_NS) / SECOND_NS
