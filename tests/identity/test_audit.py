"""The audit log: acts are in it, in order, by pages and filters, and nothing takes them out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from tests.identity.conftest import PASSWORD, House, People
from workbench.errors import AuthError, IdentityError
from workbench.identity import CONSOLE, Identity, Role
from workbench.identity.schema import audit_log

Refused = Callable[..., AuthError]


def test_acts_are_written_down_with_who_and_whence(house: House, people: People, refused: Refused) -> None:
    identity = people.identity
    ann = people.user("ann")
    refused("bad_credentials", lambda: identity.login("ann", "wrong", client="10.0.0.9"), house)
    refused(
        "bad_credentials", lambda: identity.login("my password by mistake", "x", client="10.0.0.9"), house
    )
    tokens = house(identity.login("ann", PASSWORD, client="10.0.0.1"))
    house(identity.set_role(CONSOLE, ann.user_id, Role.ADMIN))
    entries = house(identity.audit_log())
    assert [(one.action, one.actor_name, one.target, one.client) for one in reversed(entries)] == [
        ("user.create", "console", f"user:{ann.user_id}", ""),
        ("login.failed", "", f"user:{ann.user_id}", "10.0.0.9"),
        ("login.failed", "", "", "10.0.0.9"),
        ("login", "ann", f"user:{ann.user_id}", "10.0.0.1"),
        ("user.role", "console", f"user:{ann.user_id}", ""),
    ]
    assert entries[0].details == {"from": "student", "to": "admin"}
    assert entries[1].details == {"login": tokens.principal.family}
    assert "mistake" not in repr(entries)


def test_pages_and_filters(house: House, people: People) -> None:
    identity = people.identity
    ann = people.login("ann")
    begun_ns = house.clock.ns
    for number in range(25):
        house.clock.pass_s(1)
        actor = ann if number % 2 else CONSOLE
        house(identity.audit(actor, "session.pause", f"session:s{number % 3}", {"n": number}, client="here"))
    found: list[int] = []
    before = None
    while page := house(identity.audit_log(action="session", limit=10, before_id=before)):
        assert len(page) <= 10
        found += [one.details["n"] for one in page]
        before = page[-1].entry_id
    assert found == list(range(24, -1, -1))

    def numbers(**filters: object) -> list[int]:
        return [
            one.details["n"]
            for one in house(identity.audit_log(action="session.pause", limit=500, **filters))
        ]

    assert numbers(target="session:s1") == list(range(22, -1, -3))
    assert numbers(actor_id=ann.user_id) == list(range(23, 0, -2))
    assert numbers(actor_id="console") == list(range(24, -1, -2))
    since_ns, until_ns = begun_ns + 5 * 10**9, begun_ns + 8 * 10**9
    assert numbers(since_ns=since_ns, until_ns=until_ns) == [6, 5, 4]
    assert house(identity.audit_log(action="sess")) == []
    assert len(house(identity.audit_log(limit=10**9))) <= 500
    assert len(numbers(since_ns=-(10**30), until_ns=10**30, before_id=10**30)) == 25


@pytest.mark.parametrize("statement", [sa.delete(audit_log), sa.update(audit_log).values(action="nothing")])
def test_the_database_itself_refuses_to_forget(
    house: House, people: People, statement: sa.Executable
) -> None:
    people.user("ann")
    before = house(people.identity.audit_log())
    with pytest.raises((IdentityError, sa.exc.IntegrityError), match="the audit log is append-only"):
        house(people.identity._store.write(lambda transaction: transaction.execute(statement)))
    assert house(people.identity.audit_log()) == before != []


def test_strange_bytes_lose_no_entry_and_strange_acts_are_refused(
    house: House, identity: Identity, refused: Refused
) -> None:
    house(identity.audit(None, "session.pause", "a\0b\ud800" + "x" * 1_000, {"n": "\0"}, client="\n"))
    (entry,) = house(identity.audit_log())
    assert entry.target.startswith("a\ufffdb\ufffdx")
    assert entry.details == {"n": "\0"}
    for action in ("", "Pause!", "x" * 65, "a..b", "a'b"):
        refused("invalid", lambda action=action: identity.audit(None, action), house)
    refused("invalid", lambda: identity.audit(None, "x", details={"n": "x" * 20_000}), house)
