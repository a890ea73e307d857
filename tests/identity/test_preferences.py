"""Profiles and preferences: what is declared is kept, nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from tests.identity.conftest import House, People
from workbench.errors import AuthError
from workbench.identity.preferences import Preferences, Profile
from workbench.identity.schema import users

Refused = Callable[..., AuthError]


def test_some_values_change_and_the_others_stay(house: House, people: People) -> None:
    identity = people.identity
    ann, ben = people.user("ann"), people.user("ben")
    assert house(identity.preferences(ann.user_id)) == Preferences()
    house(identity.set_preferences(ann.user_id, {"theme": "light", "layout": {"chart": [1, 2]}}))
    changed = house(identity.set_preferences(ann.user_id, {"default_quantity": 5, "confirmations": "none"}))
    assert changed == Preferences(
        theme="light", layout={"chart": [1, 2]}, default_quantity=5, confirmations="none"
    )
    assert house(identity.preferences(ann.user_id)) == changed
    assert house(identity.preferences(ben.user_id)) == Preferences()
    house(
        identity.set_profile(
            ann.user_id, {"full_name": "Ann", "colour": "#00ff7f", "time_zone": "Europe/Berlin"}
        )
    )
    assert house(identity.profile(ann.user_id)).time_zone == "Europe/Berlin"


@pytest.mark.parametrize(
    "changes",
    [
        {"rights": "all"},
        {"theme": "pink"},
        {"theme": None},
        {"sounds": "yes"},
        {"default_quantity": 0},
        {"default_quantity": 1.5},
        {"default_quantity": 10**10},
        {"layout": []},
        {"layout": {"x": "y" * 20_000}},
        {"layout": {"x": "\ud800"}},
        {"layout": {"x": object()}},
        {1: 2},
    ],
    ids=lambda changes: repr(changes)[:30],
)
def test_what_does_not_fit_is_refused(house: House, people: People, refused: Refused, changes: Any) -> None:
    ann = people.user("ann")
    error = refused("invalid", lambda: people.identity.set_preferences(ann.user_id, changes), house)
    assert error.where == "preferences"
    assert house(people.identity.preferences(ann.user_id)) == Preferences()


@pytest.mark.parametrize(
    "changes",
    [
        {"colour": "red"},
        {"time_zone": "../etc"},
        {"language": "e"},
        {"full_name": "a\nb"},
        {"about": "x" * 501},
    ],
)
def test_a_profile_is_checked_too(house: House, people: People, refused: Refused, changes: Any) -> None:
    ann = people.user("ann")
    refused("invalid", lambda: people.identity.set_profile(ann.user_id, changes), house)
    refused("unknown", lambda: people.identity.set_profile("nobody", {}), house)


def test_what_another_workbench_stored_is_read_as_far_as_it_is_known(house: House, people: People) -> None:
    ann = people.user("ann")
    stored = '{"theme":"light","colours":"many","default_quantity":"all"}'
    house(
        people.identity._store.write(
            lambda t: t.execute(sa.update(users).values(preferences=stored, profile="{}"))
        )
    )
    assert house(people.identity.preferences(ann.user_id)) == Preferences(theme="light")
    assert house(people.identity.profile(ann.user_id)) == Profile()
