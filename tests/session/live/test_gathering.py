"""How long callers wait for one another."""

import pytest

from workbench.session.live.gathering import BUSY_RATE, ENOUGH, LONGEST_SECONDS, Gathering


def busy(rate: float, seconds: float = 1.0, turn_seconds: float = 0.01) -> tuple[Gathering, float]:
    """After turns with so many callers a second, and when the last of them began."""
    gathering, turns, now = Gathering(), round(seconds / turn_seconds), 0.0
    for turn in range(turns):
        now = 100.0 + turn * turn_seconds
        gathering.add(round(rate * turn_seconds), now=now)
    return gathering, now


def test_the_first_caller_is_answered_at_once() -> None:
    assert Gathering().seconds(now=5.0) == 0


def test_one_bot_that_waits_for_each_answer_is_never_held_up() -> None:
    gathering, now = Gathering(), 7.0
    for _ in range(2_000):
        now += 0.004
        assert gathering.seconds(now=now) == 0
        gathering.add(1, now=now)


def test_many_callers_wait_for_the_longest_time_after_the_last_turn() -> None:
    gathering, now = busy(2 * BUSY_RATE)
    assert gathering.seconds(now=now) == pytest.approx(LONGEST_SECONDS)
    assert gathering.seconds(now=now + 0.005) == pytest.approx(LONGEST_SECONDS - 0.005)
    assert gathering.seconds(now=now + 1.01 * LONGEST_SECONDS) == 0


def test_when_enough_come_quickly_nobody_waits_long() -> None:
    gathering, now = busy(50_000)
    assert 0 < gathering.seconds(now=now) < 2 * ENOUGH / 50_000


def test_a_rush_that_is_over_is_forgotten() -> None:
    gathering, now = busy(5_000)
    gathering.add(1, now=now + 1.0)
    assert gathering.seconds(now=now + 1.0) == 0
