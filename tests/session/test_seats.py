"""Seats of a scenario."""

import pytest

from tests.session.live.markets import PEOPLE
from workbench.domain.config import FIRST_TRADER
from workbench.errors import ConfigError
from workbench.session.scenario import parse_scenario


def test_seats_are_accounts_behind_those_with_names() -> None:
    text = PEOPLE + '[[account]]\nname = "fund"\ncash = 5\n'
    scenario = parse_scenario(text)
    names = [account.name for account in scenario.venue.accounts]
    assert names == ["fund", "seat-1", "seat-2", "seat-3"]
    assert scenario.seats.numbers == range(FIRST_TRADER + 1, FIRST_TRADER + 4)
    assert all(account.margin for account in scenario.seats.accounts)
    assert scenario.seats.late


def test_a_count_may_be_set_from_outside() -> None:
    assert len(parse_scenario(PEOPLE, overrides={"seats.count": 40}).seats.accounts) == 40


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("count = 0", "expected a number of seats"),
        ("count = 20_000", "expected a number of seats"),
        ('count = "many"', "expected a number of seats"),
        ('count = 2\nname = "x"', "seats are called seat-1"),
        ("count = 2\nlate = 1", "expected true or false"),
        ("count = 2\ncsh = 1", "did you mean 'cash'"),
        ("count = 2\ncout = 1", "did you mean 'count'"),
        ("cash = 1", "count is missing"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(line: str, said: str) -> None:
    text = PEOPLE.replace("count = 3\ncash = 100_000\nmargin = true", line)
    with pytest.raises(ConfigError, match=said) as caught:
        parse_scenario(text, "lesson.toml")
    assert "lesson.toml, [seats]" in str(caught.value)
