"""Round trips: how an episode from flat to flat begins, goes on and ends."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.jit import int64, leaf
from workbench.ledger.marks import value_at
from workbench.projections.ranges import extreme_since

EPISODE = [
    ("round_trip", "i8"),
    ("opened_ns", "i8"),
    ("opened_seq", "i8"),
    ("fills", "i8"),
    ("peak_lots", "i8"),
    ("entry_lots", "i8"),
    ("entry_value", "i8"),
    ("exit_lots", "i8"),
    ("exit_value", "i8"),
    ("gross_micros", "i8"),
    ("fees_micros", "i8"),
    ("in_lieu_micros", "i8"),
    ("adverse_micros", "i8"),
    ("favourable_micros", "i8"),
]
"""What is told of a round trip, and kept of one that has not ended."""

ROUND_TRIP = np.dtype(
    [
        ("account", "i4"),
        ("instrument", "i4"),
        ("side", "u1"),
        ("by_split", "u1"),
        ("unused", "u2"),
        ("unused_2", "u4"),
        *EPISODE,
        ("net_micros", "i8"),
        ("closed_ns", "i8"),
        ("closed_seq", "i8"),
        ("duration_ns", "i8"),
    ]
)
"""A round trip: an episode from flat to flat; of one that is still open the times of its end are 0."""

MOST = 1 << 62
"""Sums of price times quantity that would be larger stay at this, which tables show as null."""


@leaf
def add_value(total: int, price_ticks: int, lots: int) -> int:
    """A sum of price times quantity and one more of it."""
    value = price_ticks * lots
    return MOST if value > MOST - total else total + value


@leaf
def sample_at(holding: Any, mark: Any, price_ticks: int) -> None:
    """Let a round trip's excursions reach what it would have made if closed at a price."""
    if price_ticks == 0 or holding["position_lots"] == 0:
        return
    made = holding["flow_micros"] + value_at(mark, price_ticks, holding["position_lots"])
    holding["adverse_micros"] = min(holding["adverse_micros"], made)
    holding["favourable_micros"] = max(holding["favourable_micros"], made)


@leaf
def sample_since(holding: Any, mark: Any, number: int, points: Any, sizes: Any) -> None:
    """Take the marks since the last sample into the excursions."""
    if holding["position_lots"] != 0:
        sample_at(holding, mark, extreme_since(points, sizes, 2 * number, holding["sampled_seq"]))
        sample_at(holding, mark, extreme_since(points, sizes, 2 * number + 1, holding["sampled_seq"]))


@leaf
def begin_trip(event: Any, holding: Any, room: Any) -> None:
    """A round trip begins."""
    room["round_trips"] += 1
    holding["round_trip"] = room["round_trips"]
    holding["opened_ns"] = event["time_ns"]
    holding["opened_seq"] = event["seq"]
    holding["fills"] = 0
    holding["peak_lots"] = 0
    holding["entry_lots"] = 0
    holding["entry_value"] = 0
    holding["exit_lots"] = 0
    holding["exit_value"] = 0
    holding["gross_micros"] = 0
    holding["fees_micros"] = 0
    holding["in_lieu_micros"] = 0
    holding["flow_micros"] = 0
    holding["adverse_micros"] = 0
    holding["favourable_micros"] = 0


@leaf
def write_trip(account: int, instrument: int, side: int, holding: Any, row: Any) -> None:
    """A round trip as far as it has come."""
    row["account"] = account
    row["instrument"] = instrument
    row["side"] = side
    row["by_split"] = 0
    row["round_trip"] = holding["round_trip"]
    row["opened_ns"] = holding["opened_ns"]
    row["opened_seq"] = holding["opened_seq"]
    row["fills"] = holding["fills"]
    row["peak_lots"] = holding["peak_lots"]
    row["entry_lots"] = holding["entry_lots"]
    row["entry_value"] = holding["entry_value"]
    row["exit_lots"] = holding["exit_lots"]
    row["exit_value"] = holding["exit_value"]
    row["gross_micros"] = holding["gross_micros"]
    row["fees_micros"] = holding["fees_micros"]
    row["in_lieu_micros"] = holding["in_lieu_micros"]
    row["adverse_micros"] = holding["adverse_micros"]
    row["favourable_micros"] = holding["favourable_micros"]
    row["net_micros"] = holding["gross_micros"] - holding["fees_micros"]
    row["closed_ns"] = 0
    row["closed_seq"] = 0
    row["duration_ns"] = 0


@leaf
def end_trip(event: Any, holding: Any, trips: Any, room: Any, side: int, by_split: int) -> None:
    """A round trip is over."""
    row = trips[room["trips"]]
    room["trips"] += 1
    write_trip(int64(event["account"]), int64(event["instrument"]), side, holding, row)
    row["by_split"] = by_split
    row["closed_ns"] = event["time_ns"]
    row["closed_seq"] = event["seq"]
    row["duration_ns"] = event["time_ns"] - holding["opened_ns"]
