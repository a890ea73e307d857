"""Two servers on one database: what one revokes, the other refuses after the next reading."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.identity.conftest import PASSWORD, House
from workbench.errors import AuthError
from workbench.identity import CONSOLE, Revoked, Role

Refused = Callable[..., AuthError]


def test_a_token_of_the_other_server_counts_at_once(house: House) -> None:
    here, there = house.open(), house.open()
    ann = house(there.sign_up("ann", PASSWORD))
    tokens = house(there.login("ann", PASSWORD))
    assert here.principal_of_token(tokens.access) == tokens.principal
    key = house(there.create_key(ann.user_id))
    assert house(here.principal_of_key(key.key_id, key.secret)).name == "ann"
    house(there.set_role(CONSOLE, ann.user_id, Role.INSTRUCTOR))
    newer = house(there.login("ann", PASSWORD))
    assert here.principal_of_token(newer.access).role == Role.INSTRUCTOR


def test_revocations_of_the_other_server_are_read(house: House, refused: Refused) -> None:
    here, there = house.open(), house.open()
    users = {name: house(there.sign_up(name, PASSWORD)) for name in ("ann", "ben", "cid", "dan")}
    tokens = {name: house(there.login(name, PASSWORD)) for name in users}
    key = house(there.create_key(users["dan"].user_id))
    house(here.reread())
    house(here.principal_of_key(key.key_id, key.secret))
    for one in tokens.values():
        here.principal_of_token(one.access)
    seen: list[Revoked] = []
    here.on_revoked(seen.append)
    house(there.logout(tokens["ann"].refresh))
    house(there.disable(CONSOLE, users["ben"].user_id))
    house(there.set_role(CONSOLE, users["cid"].user_id, Role.OBSERVER))
    house(there.revoke_key(CONSOLE, key.key_id))
    house.clock.pass_s(3)
    house(here.reread())
    for name in ("ann", "ben", "cid"):
        refused("revoked", lambda name=name: here.principal_of_token(tokens[name].access))
        assert any(one.matches(tokens[name].principal) for one in seen)
    here.principal_of_token(tokens["dan"].access)
    refused("revoked", lambda: here.principal_of_key(key.key_id, key.secret), house)
    assert Revoked(users["dan"].user_id, key_id=key.key_id) in seen
    # Each is told once, however often it is read.
    count = len(seen)
    house(here.reread())
    assert len(seen) == count


def test_a_running_server_reads_by_itself(house: House, refused: Refused) -> None:
    here, there = house.open(reread_s=0.02), house.open()
    house(there.sign_up("ann", PASSWORD))
    tokens = house(there.login("ann", PASSWORD))
    here.principal_of_token(tokens.access)
    told = asyncio.Event()
    here.on_revoked(lambda _: told.set())
    house(there.logout(tokens.refresh))

    async def until_told() -> None:
        await asyncio.wait_for(told.wait(), 60)

    house(until_told())
    refused("revoked", lambda: here.principal_of_token(tokens.access))


def test_an_ended_login_is_remembered_as_long_as_its_tokens_run(house: House, refused: Refused) -> None:
    identity = house.open()
    house(identity.sign_up("ann", PASSWORD))
    for _ in range(5):
        tokens = house(identity.login("ann", PASSWORD))
        house(identity.logout(tokens.refresh))
        for _ in range(3):
            house.clock.pass_s(199)
            refused("revoked", lambda: identity.principal_of_token(tokens.access))  # noqa: B023 - called at once
    assert len(identity._standing.ended_families) < 5
