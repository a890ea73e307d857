"""Events of random streams for projections, and what every projection must do with them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pytest

from tests.twins.ledger_streams import every_venue, stream
from tests.twins.streams import PROFILES
from workbench.domain.config import Venue
from workbench.domain.records import Records
from workbench.engine.reference import ReferenceExchange
from workbench.errors import ProjectionError
from workbench.projections.base import Projection

VENUES = every_venue()
EVERY_VENUE = pytest.mark.parametrize("venue", VENUES)
EVERY_PROFILE = pytest.mark.parametrize("profile", PROFILES)


class Recording(NamedTuple):
    """A random stream: its commands and the events of all of them."""

    commands: Records
    events: Records


@functools.cache
def recorded(venue: str, profile: str, seed: int, count: int) -> Recording:
    """A stream and what the twin made of it."""
    twin = ReferenceExchange(VENUES[venue])
    chunks = list(stream(twin, profile, seed, count))
    return Recording(
        np.concatenate([commands for commands, _ in chunks]), np.concatenate([events for _, events in chunks])
    )


def split(records: Records, seed: int, most: int) -> Iterator[Records]:
    """Records in uneven batches of at most so many."""
    random = np.random.default_rng(seed)
    at = 0
    while at < len(records):
        size = int(random.integers(1, most + 1))
        yield records[at : at + size]
        at += size


def assert_is_a_fold(make: Callable[[Venue], Projection], venue: Venue, events: Records, seed: int) -> None:
    """Any batches, events given twice and a restart from a checkpoint lead to one state; gaps are refused."""
    whole = make(venue)
    whole.apply(events)
    wanted = whole.checkpoint()
    whole.apply(events)
    whole.apply(events[len(events) // 2 :])
    assert whole.checkpoint() == wanted

    piecewise = make(venue)
    for batch in split(events, seed, 300):
        piecewise.apply(batch)
        piecewise.apply(batch)
        if len(batch) % 3 == 0:
            saved = piecewise.checkpoint()
            piecewise = type(piecewise).restore(venue, saved)
            assert piecewise.checkpoint() == saved
    assert piecewise.checkpoint() == wanted

    gap = make(venue)
    gap.apply(events[:10])
    before = gap.checkpoint()
    with pytest.raises(ProjectionError, match=r"event 12 came after event 10, expected 11"):
        gap.apply(events[11:20])
    with pytest.raises(ProjectionError, match=r"event 15 came after event 13"):
        gap.apply(np.concatenate([events[10:13], events[14:16]]))
    assert gap.checkpoint() == before
