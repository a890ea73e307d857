"""Random streams through venues with every rule of money and risk."""

import functools
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from tests.twins.compare import event_difference
from tests.twins.desk import MONEY, exchange_class
from tests.twins.money import money_stream, money_venues
from tests.twins.streams import PROFILES
from workbench.domain.codes import EventKind, Reason
from workbench.domain.records import Records
from workbench.engine.reference import ReferenceExchange, check_invariants

VENUES = money_venues()
EVERY_VENUE = pytest.mark.parametrize("venue", VENUES)
EVERY_PROFILE = pytest.mark.parametrize("profile", PROFILES)


@functools.cache
def recorded(venue: str, profile: str, seed: int, count: int) -> tuple[Records, Records, str]:
    """A stream, the twin's events and its state in the end."""
    twin = ReferenceExchange(VENUES[venue])
    chunks = list(money_stream(twin, profile, seed, count))
    commands, events = (np.concatenate(part) for part in zip(*chunks, strict=True))
    return commands, events, twin.state_hash()


@EVERY_PROFILE
@EVERY_VENUE
def test_money_and_lots_are_conserved_after_every_command(
    venue: str, profile: str, scaled: Callable[[int], int]
) -> None:
    commands, events, state_hash = recorded(venue, profile, 0, scaled(3_000))
    twin, parts = ReferenceExchange(VENUES[venue]), []
    for place in range(len(commands)):
        parts.append(twin.step(commands[place : place + 1]))
        check_invariants(twin)
    # And one command at a time gives the same events.
    assert not event_difference(commands, events, np.concatenate(parts))
    assert twin.state_hash() == state_hash


@pytest.mark.kernel
@pytest.mark.parametrize("which", MONEY)
@EVERY_PROFILE
@EVERY_VENUE
def test_all_at_once_gives_the_twins_events_and_state(
    venue: str, profile: str, which: str, scaled: Callable[[int], int]
) -> None:
    for seed in range(3):
        commands, events, state_hash = recorded(venue, profile, seed, scaled(3_000))
        exchange = exchange_class(which)(VENUES[venue])
        assert not event_difference(commands, events, exchange.step(commands))
        assert exchange.state_hash() == state_hash


def test_streams_reach_every_rule() -> None:
    kinds: Counter[int] = Counter()
    reasons: Counter[int] = Counter()
    for venue in VENUES:
        for profile in PROFILES:
            _, events, _ = recorded(venue, profile, 0, 3_000)
            kinds.update(events["kind"].tolist())
            reasons.update(events["reason"].tolist())
    assert {kind.name for kind in EventKind if kind >= EventKind.CASH_CHANGED and not kinds[kind]} == set()
    assert {
        reason.name for reason in Reason if reason >= Reason.INVALID_AMOUNT and not reasons[reason]
    } == set()
