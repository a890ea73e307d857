"""Back-off: free failures, doubling waits, forgetting, bounded memory."""

from __future__ import annotations

import pytest

from tests.identity.conftest import Clock
from workbench.errors import AuthError
from workbench.identity.throttle import Throttle


@pytest.fixture
def clock() -> Clock:
    return Clock()


def throttle(clock: Clock, entries_max: int = 100) -> Throttle:
    return Throttle(clock, free=3, leak_s=60, lock_s_max=20, entries_max=entries_max, what="guesses")


def wait_s(guesses: Throttle, key: str) -> float:
    try:
        guesses.check(key)
    except AuthError as error:
        return error.retry_after_s
    return 0.0


def test_each_failure_beyond_the_free_ones_doubles_the_wait(clock: Clock) -> None:
    guesses = throttle(clock)
    waits = []
    for _ in range(9):
        guesses.fail("ann")
        waits.append(wait_s(guesses, "ann"))
    assert waits == [0, 0, 0, 2, 4, 8, 16, 20, 20]
    assert wait_s(guesses, "ben") == 0
    with pytest.raises(AuthError, match="too many guesses; try again in 20 s"):
        guesses.check("ann")
    clock.pass_s(20)
    assert wait_s(guesses, "ann") == 0


def test_failures_are_forgotten_in_time_and_by_success(clock: Clock) -> None:
    guesses = throttle(clock)
    for _ in range(3):
        guesses.fail("ann")
    clock.pass_s(120)
    guesses.fail("ann")
    guesses.fail("ann")
    assert wait_s(guesses, "ann") == 0
    guesses.fail("ann")
    assert wait_s(guesses, "ann") > 0
    guesses.forget("ann")
    guesses.fail("ann")
    assert wait_s(guesses, "ann") == 0


def test_a_clock_that_goes_back_locks_nobody_for_ever(clock: Clock) -> None:
    guesses = throttle(clock)
    for _ in range(4):
        guesses.fail("ann")
    clock.pass_s(-3_600)
    guesses.fail("ann")
    clock.pass_s(3_700)
    assert wait_s(guesses, "ann") == 0


def test_memory_is_bounded_and_a_flood_does_not_free_who_is_locked(clock: Clock) -> None:
    guesses = throttle(clock, entries_max=50)
    for _ in range(6):
        guesses.fail("ann")
    for number in range(5_000):
        guesses.fail(f"n{number}")
    assert len(guesses) == 50
    assert wait_s(guesses, "ann") > 0


def test_nobody_in_particular_is_not_counted(clock: Clock) -> None:
    guesses = throttle(clock)
    for _ in range(100):
        guesses.fail("")
    assert len(guesses) == 0
