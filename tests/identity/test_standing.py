"""What memory knows stays the newest, in whatever order threads bring it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import sqlalchemy as sa
from msgspec import structs

from tests.identity.conftest import Clock, House, People
from workbench.errors import AuthError
from workbench.identity import Revoked, Role
from workbench.identity.schema import api_keys
from workbench.identity.standing import Facts, Standing

Refused = Callable[..., AuthError]


def test_an_older_reading_does_not_bring_back_what_was_changed() -> None:
    async def run() -> None:
        standing = Standing(Clock(), 10**9, asyncio.get_running_loop())
        seen: list[Revoked] = []
        standing.on_revoked(seen.append)
        before = Facts("u", "ann", Role.ADMIN, version=1, revision=1, active=True, must_change=False)
        after = structs.replace(before, role=Role.STUDENT, version=2, revision=2)
        for facts in (before, after, before, after):
            standing.put(facts)
        await asyncio.sleep(0)
        assert standing.users["u"] is after
        assert seen == [Revoked("u")]

    asyncio.run(run())


def test_a_key_that_was_read_before_its_revocation_stays_revoked(
    house: House, people: People, refused: Refused
) -> None:
    identity = people.identity
    ann = people.login("ann")
    key = house(identity.create_key(ann.user_id))
    house(identity.revoke_key(ann, key.key_id))
    # As if the reading had begun before and ended only now.
    house(
        identity._store.write(
            lambda transaction: transaction.execute(sa.update(api_keys).values(revoked_ns=None))
        )
    )
    refused("revoked", lambda: identity.principal_of_key(key.key_id, key.secret), house)
