"""How much was held, for how long, and how fast it went back to nothing."""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from workbench.analytics.columns import Table, number, text, units, whole
from workbench.analytics.statistic import Undefined, Value

INVENTORY = Table(
    "inventory",
    "One row for each instrument that was traded",
    (
        text("symbol", "The instrument"),
        units("mean", "Mean position over time, negative for a short"),
        units("mean_size", "Mean over time of the position without its sign"),
        units("largest", "Largest position without its sign"),
        number(
            "squared", "units² s", "Time integral of the squared position, of which the risk of holding grows"
        ),
        number(
            "half_life_s",
            "s",
            "How long a position takes to go half the way to its mean; null if it does not",
        ),
        number("flat", "share", "Share of the time without a position"),
        whole("sides", "count", "How often it went from long to short or back"),
        units("end", "Position at the end, which is held overnight unless 0"),
    ),
)

GRID = 512
"""Points of the grid on which reversion is measured."""


def inventory(positions: pl.DataFrame, start_ns: int, end_ns: int) -> pl.DataFrame:
    """`INVENTORY` of an account that was flat at the start.

    Parameters
    ----------
    positions
        `symbol`, `time`, `position`: each change, in order. Of a time the last one counts.
    start_ns, end_ns
        Over what time the means are, ns since 1970 UTC; changes behind it count no time.

    Notes
    -----
    half_life_s = -ln 2 x Δ / ln(b), where b is the slope of the position on that of Δ before, on a grid of
    `GRID` points from the first change on: of an Ornstein-Uhlenbeck process that is how long it takes to go
    half the way back. Null unless 0 < b < 1.
    """
    found = []
    for symbol in positions["symbol"].unique(maintain_order=True):
        own = positions.filter(pl.col("symbol") == symbol)
        times = own["time"].cast(pl.Int64).to_numpy()
        held = own["position"].to_numpy()
        begins = np.concatenate(([start_ns], np.clip(times, start_ns, end_ns)))
        lasted = np.diff(np.append(begins, max(end_ns, start_ns))) / 1e9
        steps = np.concatenate(([0.0], held))
        whole_s = float(lasted.sum())
        signs = np.sign(held[held != 0])
        half_life = reversion_s(times, held, end_ns)
        per_second = 1 / whole_s if whole_s > 0 else math.nan
        found.append(
            {
                "symbol": symbol,
                "mean": float((steps * lasted).sum()) * per_second,
                "mean_size": float((np.abs(steps) * lasted).sum()) * per_second,
                "largest": float(np.abs(steps).max()),
                "squared": float((steps**2 * lasted).sum()),
                "half_life_s": None if isinstance(half_life, Undefined) else half_life,
                "flat": float(lasted[steps == 0].sum()) * per_second,
                "sides": int((signs[1:] != signs[:-1]).sum()),
                "end": float(steps[-1]),
            }
        )
    return pl.DataFrame(found, schema=INVENTORY.schema).with_columns(
        pl.col("mean", "mean_size", "flat").fill_nan(None)
    )


def reversion_s(times_ns: np.ndarray, held: np.ndarray, end_ns: int) -> Value:
    """Half-life of a position that steps at given times, seconds."""
    if not len(times_ns) or end_ns <= times_ns[0]:
        return Undefined("there is no time after the first fill")
    grid = np.linspace(times_ns[0], end_ns, GRID)
    path = held[np.searchsorted(times_ns, grid, side="right") - 1]
    before, after = path[:-1] - path[:-1].mean(), path[1:] - path[1:].mean()
    spread = float((before**2).sum())
    if spread == 0:
        return Undefined("the position never changed again")
    slope = float((before * after).sum()) / spread
    if not 0 < slope < 1:
        return Undefined("the position does not go back to its mean")
    return -math.log(2) * float(grid[1] - grid[0]) / 1e9 / math.log(slope)
