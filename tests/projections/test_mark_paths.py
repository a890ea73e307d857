import numpy as np
import pytest

from tests.projections.recordings import WITH_ACCOUNTS, recorded
from tests.projections.streams_of_events import assert_is_a_fold
from workbench.engine.exchange import Exchange
from workbench.projections.mark_paths import MarkPaths

pytestmark = pytest.mark.kernel

CASES = [("money", "calm"), ("frozen", "history"), ("limits", "day")]


@pytest.mark.parametrize(("venue", "profile"), CASES)
def test_it_is_the_mark_at_which_the_exchange_values_positions(venue: str, profile: str) -> None:
    paths, exchange = MarkPaths(WITH_ACCOUNTS[venue]), Exchange(WITH_ACCOUNTS[venue])
    known = np.zeros(len(WITH_ACCOUNTS[venue].instruments), dtype=np.int64)
    compared = moved = 0
    for piece in recorded(venue, profile, 3, 600).pieces:
        paths.apply(exchange.step(piece.commands))
        steps = paths.take_records()
        assert (np.diff(steps["seq"]) >= 0).all()
        moved += len(steps)
        for step in steps:
            assert step["price_ticks"] != known[step["instrument"]]
            known[step["instrument"]] = step["price_ticks"]
        for value in exchange.position_values():
            assert value["mark_ticks"] == known[value["instrument"]]
            compared += 1
    assert moved > 2
    assert compared > 50


def test_it_is_a_fold() -> None:
    recording = recorded("money", "calm", 3, 300)
    assert_is_a_fold(MarkPaths, recording.venue, recording.events, 5)
