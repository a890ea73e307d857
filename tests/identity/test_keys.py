"""API keys: shown once, bounded, revoked at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.identity.conftest import House, People
from workbench.errors import AuthError
from workbench.identity import CONSOLE, Permission, Revoked, Role
from workbench.identity.roles import DEFAULT_SCOPES
from workbench.identity.schema import api_keys

Refused = Callable[..., AuthError]


def test_a_key_is_its_user_with_fewer_permissions(house: House, people: People) -> None:
    identity = people.identity
    ann = people.login("ann")
    key = house(
        identity.create_key(
            ann.user_id, session="monday", scopes=["read_market", "trade"], label="bot", by=ann
        )
    )
    assert len(key.key_id) == 20
    assert key.key_id.isupper()
    assert len(key.secret) == 40
    principal = house(identity.principal_of_key(key.key_id, key.secret))
    assert (principal.user_id, principal.name, principal.session) == (ann.user_id, "ann", "monday")
    assert (principal.kind, principal.key_id, principal.family) == ("key", key.key_id, "")
    assert principal.permissions == {Permission.READ_MARKET, Permission.TRADE}
    stored = house(identity._store.read(lambda c: c.execute(sa.select(api_keys)).all()))
    assert key.secret not in repr(stored)
    (seen,) = house(identity.keys(ann.user_id))
    assert (seen.label, seen.session, seen.revoked_ns) == ("bot", "monday", None)


def test_a_key_carries_what_its_user_has_and_no_more(house: House, people: People, refused: Refused) -> None:
    identity = people.identity
    ann = people.login("ann")
    for scopes, kind in (
        (["run_session"], "forbidden"),
        (["manage_own_keys"], "forbidden"),
        (["change_password"], "forbidden"),
        (["fly"], "invalid"),
        (["\0"], "invalid"),
    ):
        refused(kind, lambda scopes=scopes: identity.create_key(ann.user_id, scopes=scopes), house)
    plain = house(identity.create_key(ann.user_id))
    assert house(identity.principal_of_key(plain.key_id, plain.secret)).permissions == DEFAULT_SCOPES
    tom = people.user("tom", Role.INSTRUCTOR)
    key = house(identity.create_key(tom.user_id, scopes=["run_session", "trade"]))
    assert Permission.RUN_SESSION in house(identity.principal_of_key(key.key_id, key.secret)).permissions
    house(identity.set_role(CONSOLE, tom.user_id, Role.OBSERVER))
    assert house(identity.principal_of_key(key.key_id, key.secret)).permissions == frozenset()


def test_a_key_ends_by_time_and_by_revocation(house: House, people: People, refused: Refused) -> None:
    identity = people.identity
    ann = people.login("ann")
    now = datetime.fromtimestamp(house.clock.ns / 1e9, UTC)
    short = house(identity.create_key(ann.user_id, expires=now + timedelta(hours=1)))
    key = house(identity.create_key(ann.user_id))
    bot = house(identity.principal_of_key(key.key_id, key.secret))
    house(identity.principal_of_key(short.key_id, short.secret))
    seen: list[Revoked] = []
    identity.on_revoked(seen.append)
    ben, eve = people.login("ben"), people.login("eve", Role.INSTRUCTOR)
    refused("unknown", lambda: identity.revoke_key(ben, key.key_id), house)
    refused("forbidden", lambda: identity.revoke_key(eve, key.key_id), house)
    refused("unknown", lambda: identity.revoke_key(ann, "PK" + "A" * 18), house)
    refused("unknown", lambda: identity.revoke_key(ann, "\0"), house)
    house(identity.revoke_key(ann, key.key_id))
    house(identity.revoke_key(ann, key.key_id))
    assert seen == [Revoked(ann.user_id, key_id=key.key_id)]
    assert seen[0].matches(bot)
    assert not seen[0].matches(ann)
    assert not identity.is_current(bot)
    refused("revoked", lambda: identity.principal_of_key(key.key_id, key.secret), house)
    refused("revoked", lambda: house.open().principal_of_key(key.key_id, key.secret), house)
    house.clock.pass_s(3_600)
    refused("expired", lambda: identity.principal_of_key(short.key_id, short.secret), house)
    assert len(house(identity.audit_log(action="key.revoke"))) == 1


def test_wrong_secrets_are_counted_and_the_right_one_never_waits(house: House, people: People) -> None:
    identity = people.identity
    ann = people.user("ann")
    key = house(identity.create_key(ann.user_id))
    other = house(identity.create_key(ann.user_id))
    kinds = []
    for _ in range(12):
        with pytest.raises(AuthError) as raised:
            house(identity.principal_of_key(key.key_id, other.secret))
        kinds.append(raised.value.kind)
    assert kinds == ["bad_credentials"] * 9 + ["locked"] * 3
    house(identity.principal_of_key(key.key_id, key.secret))
    house(identity.principal_of_key(other.key_id, other.secret))


@pytest.mark.parametrize(
    "key_id", ["", "PK", "PK" + "A" * 18, "pk" + "a" * 18, "\0" * 20, "ü" * 20, "A" * 10_000]
)
def test_what_is_no_key_is_refused(house: House, people: People, refused: Refused, key_id: str) -> None:
    refused("bad_credentials", lambda: people.identity.principal_of_key(key_id, "\ud800"), house)


def test_when_a_key_was_used_is_known_and_kept(house: House, people: People) -> None:
    identity = people.identity
    ann = people.user("ann")
    key = house(identity.create_key(ann.user_id))

    def used(server: Any) -> int | None:
        return house(server.keys(ann.user_id))[0].used_ns

    assert used(identity) is None
    house.clock.pass_s(5)
    house(identity.principal_of_key(key.key_id, key.secret))
    assert used(identity) == house.clock.ns
    assert used(house.open()) is None
    house(identity.write_used())
    assert identity._keys.used() == []
    assert used(house.open()) == house.clock.ns


def test_bounds_of_keys(house: House, refused: Refused) -> None:
    identity = house.open(keys_per_user=2, cached_max=1)
    ann = house(identity.sign_up("ann", "correct horse battery"))
    first, second = (house(identity.create_key(ann.user_id)) for _ in range(2))
    refused("invalid", lambda: identity.create_key(ann.user_id), house)
    now = datetime.fromtimestamp(house.clock.ns / 1e9, UTC)
    house(identity.revoke_key(CONSOLE, first.key_id))
    house(identity.create_key(ann.user_id, expires=now + timedelta(seconds=1)))
    refused("invalid", lambda: identity.create_key(ann.user_id, label="x"), house)
    house.clock.pass_s(1)
    third = house(identity.create_key(ann.user_id, label="x"))
    # One key fits in memory; the others are read again.
    for key in (second, third, second):
        assert house(identity.principal_of_key(key.key_id, key.secret)).key_id == key.key_id
        assert len(identity._keys._known) == 1


def test_what_makes_no_key(house: House, people: People, refused: Refused) -> None:
    identity = people.identity
    ann, ben = people.login("ann"), people.login("ben")
    now = datetime.fromtimestamp(house.clock.ns / 1e9, UTC)
    for wrong in (
        {"expires": now},
        {"expires": now.replace(tzinfo=None)},
        {"label": "x" * 101},
        {"expires": now.replace(year=9999)},
        {"session": "a\0b"},
    ):
        refused("invalid", lambda wrong=wrong: identity.create_key(ann.user_id, **wrong), house)
    refused("forbidden", lambda: identity.create_key(ann.user_id, by=ben), house)
    refused("unknown", lambda: identity.create_key("nobody"), house)
    bot_key = house(identity.create_key(ann.user_id))
    bot = house(identity.principal_of_key(bot_key.key_id, bot_key.secret))
    refused("forbidden", lambda: identity.create_key(ann.user_id, by=bot), house)
    refused("forbidden", lambda: identity.change_password(bot, "a", "b"), house)
