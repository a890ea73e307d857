"""The reduction of a difference, on one that is made up."""

import time
from math import inf

import numpy as np
import pytest

from tests.twins import campaign
from workbench.domain.config import Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import COMMAND, Records

VENUE = Venue([Instrument("ONE", "1", "2")], bare=True)


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> Records:
    """Commands whose difference needs those of accounts 5 and 7 alone."""
    commands = np.zeros(100, dtype=COMMAND)
    commands["account"] = 2
    commands["account"][[20, 60]] = 5, 7

    def difference_of(_: Venue, some: Records) -> str | None:
        return "differs" if {5, 7} <= set(some["account"].tolist()) else None

    monkeypatch.setattr(campaign, "difference_of", difference_of)
    return commands


def test_leaves_what_the_difference_needs(rows: Records) -> None:
    prefix = campaign.smallest_prefix(VENUE, rows, inf)
    assert len(prefix) == 61
    needed = campaign.without_idlers(VENUE, prefix, inf)
    assert np.flatnonzero(needed["account"] >= 0).tolist() == [20, 60]


def test_ends_when_it_is_time(rows: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    assert len(campaign.smallest_prefix(VENUE, rows, now)) == 100
    assert campaign.without_idlers(VENUE, rows, now) is rows
    # Five tries at one second each.
    clock = iter(range(1_000))
    monkeypatch.setattr(campaign.time, "monotonic", lambda: next(clock))
    prefix = campaign.smallest_prefix(VENUE, rows, 5)
    assert campaign.difference_of(VENUE, prefix)
    assert next(clock) <= 7


def test_goes_on_after_a_stream_that_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> campaign.Result:
        raise OverflowError("money")

    monkeypatch.setattr(campaign, "run", broken)
    assert "OverflowError: money" in campaign.guarded(False, "calm", "mixed", 1, 10).difference
