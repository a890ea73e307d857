"""What the console does to users, by their names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.identity.conftest import House
from workbench.errors import AuthError
from workbench.identity import Identity, Role
from workbench.identity import administering as console

Refused = Callable[..., AuthError]


def test_a_server_is_set_up_from_the_console(house: House, identity: Identity, refused: Refused) -> None:
    house(console.create_first_admin(identity, "Ada", "correct horse", email="ada@x.org"))
    refused("forbidden", lambda: console.create_first_admin(identity, "Eve", "correct horse"), house)
    tom, password = house(console.create_user(identity, "tom", role=Role.INSTRUCTOR))
    assert house(identity.login("tom", password)).must_change_password
    _, none = house(console.create_user(identity, "ann", password="correct horse"))
    assert none == ""
    assert house(console.set_role(identity, "ANN", Role.ASSISTANT)).role == Role.ASSISTANT
    again = house(console.reset_password(identity, "ann"))
    assert house(identity.login("ann", again)).must_change_password
    key = house(console.create_key(identity, "tom", session="monday", scopes=["trade"]))
    assert house(identity.principal_of_key(key.key_id, key.secret)).user_id == tom.user_id
    refused("unknown", lambda: console.set_role(identity, "nobody", Role.ADMIN), house)
    refused("unknown", lambda: console.reset_password(identity, "\0"), house)
    assert {one.actor_kind for one in house(identity.audit_log(action="user"))} == {"console"}


def test_all_users_are_listed_over_pages(
    house: House, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "_PAGE", 3)
    names = [f"n{number:02}" for number in range(9)]
    for name in names:
        house(console.create_user(identity, name, password="correct horse"))
    assert [one.name for one in house(console.list_users(identity))] == names
    assert [one.name for one in house(console.list_users(identity, search="n03"))] == ["n03"]
    assert house(console.list_users(identity, role=Role.ADMIN)) == []
