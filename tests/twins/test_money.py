"""Random streams through venues with every rule of money and risk."""

import functools
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.twins.compare import event_difference
from tests.twins.ledger_streams import ledger_venues, stream
from tests.twins.streams import PROFILES
from workbench.domain.codes import EventKind, Reason
from workbench.domain.records import Records
from workbench.engine.reference import ReferenceExchange, check_invariants

VENUES = ledger_venues()
EVERY_VENUE = pytest.mark.parametrize("venue", VENUES)
EVERY_PROFILE = pytest.mark.parametrize("profile", PROFILES)


@functools.cache
def recorded(venue: str, profile: str, seed: int, count: int) -> tuple[Records, Records, str]:
    """A stream, the twin's events and its state in the end."""
    twin = ReferenceExchange(VENUES[venue])
    chunks = list(stream(twin, profile, seed, count))
    commands, events = (np.concatenate(part) for part in zip(*chunks, strict=True))
    return commands, events, twin.state_hash()


@EVERY_PROFILE
@EVERY_VENUE
def test_money_and_lots_are_conserved_after_every_command(
    venue: str, profile: str, scaled: Callable[[int], int]
) -> None:
    commands, events, state_hash = recorded(venue, profile, 0, scaled(1_000))
    twin, parts = ReferenceExchange(VENUES[venue]), []
    for place in range(len(commands)):
        parts.append(twin.step(commands[place : place + 1]))
        check_invariants(twin)
    # And one command at a time gives the same events.
    assert not event_difference(commands, events, np.concatenate(parts))
    assert twin.state_hash() == state_hash


@pytest.fixture(scope="module")
def kernel() -> Any:
    from workbench.engine.exchange import Exchange

    return Exchange


@pytest.mark.kernel
@EVERY_PROFILE
@EVERY_VENUE
def test_kernel_gives_the_twins_events_and_state_through_snapshots(
    venue: str, profile: str, kernel: Any, scaled: Callable[[int], int]
) -> None:
    for seed, pieces in ((0, 1), (1, 4)):
        commands, events, state_hash = recorded(venue, profile, seed, scaled(1_000))
        exchange, parts = kernel(VENUES[venue]), []
        for part in np.array_split(commands, pieces):
            parts.append(exchange.step(part))
            exchange = kernel.restore(exchange.snapshot())
        difference = event_difference(commands, events, np.concatenate(parts))
        assert not difference, difference
        assert exchange.state_hash() == state_hash


@pytest.mark.kernel
@pytest.mark.parametrize("batch", [1, 7])
@EVERY_VENUE
def test_any_batch_split_gives_the_same_events(
    venue: str, batch: int, kernel: Any, scaled: Callable[[int], int]
) -> None:
    commands, events, state_hash = recorded(venue, "adversarial", 0, scaled(1_000))
    exchange = kernel(VENUES[venue])
    parts = [exchange.step(commands[at : at + batch]) for at in range(0, len(commands), batch)]
    assert not event_difference(commands, events, np.concatenate(parts))
    assert exchange.state_hash() == state_hash


@pytest.mark.twin
def test_streams_reach_every_rule() -> None:
    kinds: Counter[int] = Counter()
    reasons: Counter[int] = Counter()
    for venue in VENUES:
        for profile in PROFILES:
            for seed in (0, 1):
                _, events, _ = recorded(venue, profile, seed, 1_000)
                kinds.update(events["kind"].tolist())
                reasons.update(events["reason"].tolist())
    assert {kind.name for kind in EventKind if kind >= EventKind.CASH_CHANGED and not kinds[kind]} == set()
    assert {
        reason.name for reason in Reason if reason >= Reason.INVALID_AMOUNT and not reasons[reason]
    } == set()
