"""Positions against the exchange's own."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from tests.projections.recordings import CASES, VENUES, recorded
from workbench.domain.codes import EventKind
from workbench.domain.records import POSITION_EVENT
from workbench.projections.positions import Positions

TOTALS = (
    "account",
    "instrument",
    "position_lots",
    "cost_micros",
    "realised_average_micros",
    "realised_fifo_micros",
    "fees_micros",
    "traded_lots",
)


@pytest.mark.kernel
@pytest.mark.parametrize(("venue", "profile"), CASES)
def test_positions_are_the_exchanges(venue: str, profile: str, scaled: Callable[[int], int]) -> None:
    projection = Positions(VENUES[venue])
    for piece in recorded(venue, profile, 0, scaled(400)).pieces:
        projection.apply(piece.events)
        got, expected = projection.positions(), piece.state.positions
        # One that a split alone gave the street has not traded; one with open orders alone has nothing yet.
        told = expected[[name for name in TOTALS if name not in ("account", "instrument")]]
        expected = expected[np.array([any(row) for row in told.tolist()], dtype=bool)]
        got = got[np.array([any(row.tolist()[2:8]) for row in got], dtype=bool)]
        for name in TOTALS:
            np.testing.assert_array_equal(got[name], expected[name], err_msg=name)


@pytest.mark.kernel
@pytest.mark.parametrize("street", [False, True])
def test_rows_are_the_changes_in_order(street: bool) -> None:
    recording = recorded("money", "calm", 0, 400)
    projection = Positions(recording.venue, street=street)
    projection.apply(recording.events)
    rows = pl.DataFrame(projection.take_rows())
    told = recording.events[recording.events["kind"] == EventKind.POSITION_CHANGED].view(POSITION_EVENT)
    if not street:
        told = told[told["account"] != 0]
    for name in ("seq", "trade_id", "position_lots", "cost_micros", "cash_micros", "fees_micros"):
        assert rows[name].to_list() == told[name].tolist()
    assert rows["side"].to_list() == [{0: None, 1: "BUY", 2: "SELL"}[side] for side in told["side"].tolist()]
    sums = rows.group_by("account", "symbol").agg(
        pl.col("changed_lots").sum(), pl.col("position_lots").last()
    )
    assert (sums["changed_lots"] == sums["position_lots"]).all()
    assert projection.take_rows().num_rows == 0
    assert len(projection.positions(2)) <= len(recording.venue.instruments)
