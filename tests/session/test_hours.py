"""Hours and clock of a scenario that runs live."""

import pytest

from tests.session.live.markets import AGENTS, PEOPLE
from workbench.errors import ConfigError
from workbench.session.live.opening import Opening, read_opening
from workbench.session.scenario import parse_scenario


def test_a_file_sets_what_it_gives() -> None:
    hours = parse_scenario(PEOPLE + 'close = "16:00"\nspeed = "max"\npre_open = "5min"\n').hours
    assert hours.speed is None
    assert hours.close_ns - hours.open_ns == 6.5 * 3_600 * 10**9
    assert hours.pre_open_ns == 300 * 10**9
    assert parse_scenario(PEOPLE + "speed = 2.5\n").hours.speed == 2.5
    assert parse_scenario(PEOPLE, overrides={"live.speed": 0.5}).hours.speed == 0.5


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("speed = 0", "speed is 0"),
        ('speed = "fast"', "speed is 'fast'"),
        ('epoch = "mine"', "expected one of wall, sim"),
        ('epoch = "wall"\nspeed = 2', "runs at 1"),
        ('close = "09:00"', "close is not after open"),
        ('pre_open = "48h"', "pre_open is 48h, expected 0s to 24h"),
        ("pre_open = 359996400000000000", "pre_open is 99,999h, expected 0s to 24h"),
        ('auction = "90ms"', "auction is 90ms, expected 1s to 24h"),
        ("sped = 1", "did you mean 'speed'"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(line: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        parse_scenario(PEOPLE + line + "\n", "lesson.toml")
    assert "lesson.toml, [live]" in str(caught.value)


def opening(text: str) -> Opening:
    return read_opening(text, file="", overrides=None, data=None, wall_ns=5)


def test_hours_are_those_of_the_agents() -> None:
    made = opening(AGENTS)
    assert made.close_ns - made.open_ns == 60 * 10**9
    assert made.venue.start_time_ns == made.start_ns == made.open_ns - 600 * 10**9
    with pytest.raises(ConfigError, match="not those of \\[agents\\]"):
        opening(AGENTS + '[live]\nopen = "09:29"\n')


def test_somebody_must_say_when_it_opens() -> None:
    with pytest.raises(ConfigError, match="nothing says when the market opens"):
        opening(PEOPLE.replace('open = "09:30"', ""))


def test_time_of_the_wall_begins_now() -> None:
    assert opening(PEOPLE + 'epoch = "wall"\n').start_ns == 5
