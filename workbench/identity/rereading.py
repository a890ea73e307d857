"""What other processes changed: read from the database every few seconds and remembered here."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from workbench.identity.keys import Keys
from workbench.identity.rolls import Rolls
from workbench.identity.schema import api_keys, families, users
from workbench.identity.standing import Standing, facts_of

# A change is dated when its transaction begins, and seen when it ends: each reading goes back so far.
OVERLAP_NS = 60 * 1_000_000_000


def read_all(connection: Connection, standing: Standing, rolls: Rolls, now_ns: int, keep_ns: int) -> None:
    """Read every user and class, and the logins that ended while their access tokens may still run."""
    for row in connection.execute(sa.select(users)):
        standing.put(facts_of(row))
    rolls.read(connection)
    _read_ended(connection, standing, now_ns - keep_ns)
    standing.read_ns = now_ns


def read_again(connection: Connection, standing: Standing, rolls: Rolls, keys: Keys, now_ns: int) -> None:
    """Read what changed since the last reading, and tell whoever is concerned."""
    since_ns = standing.read_ns - OVERLAP_NS
    for row in connection.execute(sa.select(users).where(users.c.changed_ns >= since_ns)):
        standing.put(facts_of(row))
    rolls.read(connection, since_ns)
    _read_ended(connection, standing, since_ns)
    for row in connection.execute(sa.select(api_keys).where(api_keys.c.revoked_ns >= since_ns)):
        keys.forget(row.user_id, row.key_id, row.revoked_ns)
    standing.read_ns = now_ns


def _read_ended(connection: Connection, standing: Standing, since_ns: int) -> None:
    ended = sa.select(families.c.user_id, families.c.family_id).where(families.c.revoked_ns >= since_ns)
    for row in connection.execute(ended):
        standing.end_family(row.user_id, row.family_id)
