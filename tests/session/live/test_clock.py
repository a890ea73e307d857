"""The clock of a session."""

import math

import pytest

from tests.session.live.markets import Wall
from workbench.errors import ConfigError
from workbench.session.live.clock import ExchangeClock


def test_it_stands_until_it_is_told_to_run() -> None:
    wall = Wall()
    clock = ExchangeClock(100, 2.0, wall=wall)
    wall.now_ns = 50
    assert (clock.now_ns(), clock.running) == (100, False)
    assert clock.seconds_until(200) == math.inf
    clock.resume()
    wall.now_ns = 60
    assert (clock.now_ns(), clock.running) == (120, True)
    clock.pause()
    wall.now_ns = 100
    assert clock.now_ns() == 120


def test_another_speed_begins_where_the_clock_is() -> None:
    wall = Wall()
    clock = ExchangeClock(0, wall=wall)
    clock.resume()
    wall.now_ns = 10
    clock.set_speed(60)
    wall.now_ns = 11
    assert clock.now_ns() == 70
    clock.pause()
    clock.set_speed(1)
    wall.now_ns = 20
    assert clock.now_ns() == 70


def test_it_says_how_long_to_wait() -> None:
    wall = Wall()
    clock = ExchangeClock(0, 2.0, wall=wall)
    clock.resume()
    assert clock.seconds_until(1_000_000_000) == 0.5
    wall.now_ns = 600_000_000
    assert clock.seconds_until(1_000_000_000) == 0.0


def test_a_clock_that_does_not_wait_is_moved_on() -> None:
    clock = ExchangeClock(5, None, wall=Wall())
    clock.resume()
    assert clock.speed is None
    assert clock.now_ns() == 5
    assert clock.reach(90) == 90 == clock.now_ns()
    assert clock.reach(80) == 90, "time never goes back"
    clock.set_speed(1)
    assert clock.now_ns() == 90


def test_a_clock_that_runs_reaches_no_further_than_it_is() -> None:
    wall = Wall()
    clock = ExchangeClock(0, wall=wall)
    clock.resume()
    wall.now_ns = 30
    assert clock.reach(50) == 30
    assert clock.reach(20) == 20
    assert clock.now_ns() == 30


@pytest.mark.parametrize("speed", [0, -1, math.nan, math.inf, 2e6, True, "fast"])
def test_what_is_no_speed_is_refused(speed: float) -> None:
    clock = ExchangeClock(0)
    with pytest.raises(ConfigError, match="expected a number from"):
        clock.set_speed(speed)
    assert clock.speed == 1.0
