"""Refresh tokens: one winner, two tabs, thieves, and every order in which that can happen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, multiple, rule

from tests.identity.conftest import DAY_S, PASSWORD, House, People
from workbench.errors import AuthError
from workbench.identity import CONSOLE, Identity, Revoked
from workbench.identity.families import Tokens
from workbench.identity.schema import families, refresh_tokens

Refused = Callable[..., AuthError]


def rows(house: House, identity: Identity, table: sa.Table) -> list[Any]:
    return house(identity._store.read(lambda connection: connection.execute(sa.select(table)).all()))


async def refresh_at_once(identities: list[Identity], token: str) -> list[Tokens | BaseException]:
    return await asyncio.gather(*(one.refresh(token) for one in identities), return_exceptions=True)


def test_of_many_refreshes_at_once_one_wins_and_all_tabs_go_on(house: House) -> None:
    """Thirty rounds of four, on two servers that share the database."""
    first, second = house.open(), house.open()
    house(first.sign_up("ann", PASSWORD))
    token = house(first.login("ann", PASSWORD)).refresh
    for number in range(30):
        results = house(refresh_at_once([first, second] * 2, token))
        assert {type(one) for one in results} == {Tokens}, results
        (token,) = {one.refresh for one in results}
        assert len(rows(house, first, refresh_tokens)) == number + 2
        house.clock.pass_s(60)
    assert house(first.devices(house(first.user_named("ann")).user_id))


def test_without_a_grace_a_second_use_at_once_is_a_reuse(house: House) -> None:
    first, second = house.open(grace_s=0), house.open(grace_s=0)
    for number in range(30):
        house(first.sign_up(f"ann{number}", PASSWORD))
        tokens = house(first.login(f"ann{number}", PASSWORD))
        house.clock.pass_s(1)
        won = house(first.refresh(tokens.refresh))
        house.clock.pass_s(1)
        results = house(refresh_at_once([first, second] * 2, tokens.refresh))
        assert sorted(one.kind for one in results) == ["reused", "revoked", "revoked", "revoked"]
        (late,) = house(refresh_at_once([second], won.refresh))
        assert late.kind == "revoked"


def test_an_old_token_used_again_ends_the_login_for_thief_and_owner(
    house: House, people: People, refused: Refused
) -> None:
    identity = people.identity
    user = people.user("ann")
    seen: list[Revoked] = []
    identity.on_revoked(seen.append)
    stolen = house(identity.login("ann", PASSWORD))
    other = house(identity.login("ann", PASSWORD))
    owner = house(identity.refresh(stolen.refresh))
    house.clock.pass_s(10.5)
    refused("reused", lambda: identity.refresh(stolen.refresh), house)
    assert seen == [Revoked(user.user_id, family=stolen.principal.family)]
    # Committed before it was raised: nothing of the family is good, in memory and after a restart.
    for server in (identity, house.open()):
        refused("revoked", lambda server=server: server.principal_of_token(owner.access))
        refused("revoked", lambda server=server: server.refresh(owner.refresh), house)
        refused("revoked", lambda server=server: server.refresh(stolen.refresh), house)
        server.principal_of_token(other.access)
    (entry,) = house(identity.audit_log(action="refresh.reused"))
    assert (entry.target, entry.details) == (f"user:{user.user_id}", {"login": stolen.principal.family})


def test_a_login_ends_by_idleness_and_in_any_case(house: House, people: People, refused: Refused) -> None:
    identity = people.identity
    user = people.user("ann")
    idle = house(identity.login("ann", PASSWORD))
    house.clock.pass_s(7 * DAY_S - 1)
    idle = house(identity.refresh(idle.refresh))
    house.clock.pass_s(7 * DAY_S)
    refused("expired", lambda: identity.refresh(idle.refresh), house)
    assert house(identity.devices(user.user_id)) == []
    busy = house(identity.login("ann", PASSWORD))
    for _ in range(4):
        house.clock.pass_s(6.99 * DAY_S)
        busy = house(identity.refresh(busy.refresh))
    assert [one.family for one in house(identity.devices(user.user_id))] == [busy.principal.family]
    house.clock.pass_s(2.04 * DAY_S - 300)
    last = house(identity.refresh(busy.refresh))
    # An access token does not outlive the login it belongs to.
    assert 0 < last.expires_in <= 300
    house.clock.pass_s(300)
    refused("expired", lambda: identity.refresh(last.refresh), house)
    refused("expired", lambda: identity.principal_of_token(last.access))
    assert house(identity.devices(user.user_id)) == []


def test_logout_ends_one_login_and_logout_everywhere_all(
    house: House, people: People, refused: Refused
) -> None:
    identity = people.identity
    user = people.user("ann")
    first, second, third = (house(identity.login("ann", PASSWORD)) for _ in range(3))
    house(identity.logout(first.refresh))
    house(identity.logout(first.refresh))
    house(identity.logout("x" * 43))
    refused("revoked", lambda: identity.principal_of_token(first.access))
    refused("revoked", lambda: identity.refresh(first.refresh), house)
    identity.principal_of_token(second.access)
    other = people.login("ben")
    refused("forbidden", lambda: identity.logout_everywhere(user.user_id, by=other), house)
    refused("unknown", lambda: identity.revoke_device(other, second.principal.family), house)
    for wrong in ("", "\0", "\ud800", "x" * 10_000):
        refused("unknown", lambda wrong=wrong: identity.revoke_device(second.principal, wrong), house)
    house(identity.revoke_device(second.principal, second.principal.family))
    refused("revoked", lambda: identity.principal_of_token(second.access))
    assert house(identity.logout_everywhere(user.user_id, by=CONSOLE)) == 1
    refused("revoked", lambda: identity.principal_of_token(third.access))
    assert house(identity.devices(user.user_id)) == []


def test_a_strange_device_is_let_in(house: House, people: People) -> None:
    user = people.user("ann")
    house(people.identity.login("ann", PASSWORD, client="\0" * 500, device="\ud800x" * 500))
    (device,) = house(people.identity.devices(user.user_id))
    assert device.client == "\ufffd" * 200
    assert device.device == "\ufffdx" * 100


def test_the_oldest_login_ends_when_there_are_too_many(house: House, refused: Refused) -> None:
    identity = house.open(devices_per_user=2)
    user = house(identity.sign_up("ann", PASSWORD))
    logins = []
    for _ in range(3):
        house.clock.pass_s(1)
        logins.append(house(identity.login("ann", PASSWORD)))
    refused("revoked", lambda: identity.principal_of_token(logins[0].access))
    assert len(house(identity.devices(user.user_id))) == 2


def test_what_ended_long_ago_is_swept_away(house: House, people: People) -> None:
    identity = people.identity
    people.user("ann")
    house(identity.logout(house(identity.login("ann", PASSWORD)).refresh))
    kept = house(identity.login("ann", PASSWORD))
    house.clock.pass_s(31 * DAY_S - 600)
    assert house(identity.sweep()) == 1
    assert [one.family_id for one in rows(house, identity, families)] == [kept.principal.family]
    assert len(rows(house, identity, refresh_tokens)) == 1


@pytest.mark.parametrize("how", ["idle", "old"])
def test_the_end_of_a_login_by_its_time_is_told_once(house: House, people: People, how: str) -> None:
    user, identity = people.user("ann"), people.identity
    seen: list[Revoked] = []
    identity.on_revoked(seen.append)
    tokens = house(identity.login("ann", PASSWORD))
    if how == "old":
        for _ in range(5):
            house.clock.pass_s(5.9 * DAY_S)
            tokens = house(identity.refresh(tokens.refresh))
        house.clock.pass_s(0.5 * DAY_S - 1)
    else:
        house.clock.pass_s(7 * DAY_S - 1)
    house(identity.reread())
    assert seen == []
    house.clock.pass_s(2)
    for _ in range(2):
        house(identity.reread())
    # Who hears it ends the sockets that the login opened, which need no token any more.
    assert seen == [Revoked(user.user_id, family=tokens.principal.family)]
    # One that was used in time goes on.
    house(identity.login("ann", PASSWORD))
    house(identity.reread())
    assert len(seen) == 1


def test_no_token_is_stored(house: House, people: People) -> None:
    people.user("ann")
    tokens = house(people.identity.login("ann", PASSWORD))
    assert len(tokens.refresh) == 43  # 256 bits
    stored = repr(rows(house, people.identity, refresh_tokens) + rows(house, people.identity, families))
    assert tokens.refresh not in stored
    assert tokens.access not in stored


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "ü" * 43, "\0" * 43, "x" * 10_000, "\ud800" * 43])
def test_what_is_no_token_is_refused(house: House, identity: Identity, refused: Refused, token: str) -> None:
    refused("bad_credentials", lambda: identity.refresh(token), house)
    house(identity.logout(token))
    assert house(identity.audit_log(action="logout")) == []


class Logins(RuleBasedStateMachine):
    """Two users in any order of logins, refreshes, reuses, logouts and waiting, against a plain model."""

    tokens = Bundle("tokens")

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory(prefix="wb-identity-")
        self.house = House(f"sqlite:///{self.folder.name}/identity.db")
        self.identity = self.house.open(database_threads=1)
        for name in ("ann", "ben"):
            self.house(self.identity.sign_up(name, PASSWORD))
        # By family: when it began, was last refreshed; which ended. By token: family, time of use, successor.
        self.began: dict[str, int] = {}
        self.last: dict[str, int] = {}
        self.ended: set[str] = set()
        self.family: dict[str, str] = {}
        self.used: dict[str, int] = {}
        self.successor: dict[str, str] = {}
        self.access: dict[str, tuple[str, int]] = {}

    def teardown(self) -> None:
        if hasattr(self, "house"):
            self.house.close()
            self.folder.cleanup()

    def known(self, given: Tokens) -> None:
        self.family[given.refresh] = given.principal.family
        self.access[given.access] = (given.principal.family, self.house.clock.ns)

    @rule(target=tokens, name=st.sampled_from(["ann", "ben"]))
    def login(self, name: str) -> str:
        given = self.house(self.identity.login(name, PASSWORD))
        self.began[given.principal.family] = self.last[given.principal.family] = self.house.clock.ns
        self.known(given)
        return given.refresh

    @rule(target=tokens, token=tokens)
    def refresh(self, token: str) -> Any:
        family = self.family[token]
        now_ns = self.house.clock.ns
        expected = "given"
        if family in self.ended:
            expected = "revoked"
        elif now_ns - self.began[family] >= 30 * DAY_S * 1e9 or now_ns - self.last[family] >= 7 * DAY_S * 1e9:
            expected = "expired"
        elif token in self.used and now_ns - self.used[token] > 10e9:
            expected = "reused"
        try:
            given = self.house(self.identity.refresh(token))
        except AuthError as error:
            outcome = error.kind
        else:
            outcome = "given"
        assert outcome == expected
        if outcome == "reused":
            self.ended.add(family)
        if outcome != "given":
            return multiple()
        assert given.principal.family == family
        assert self.successor.setdefault(token, given.refresh) == given.refresh
        if token not in self.used:
            assert given.refresh not in self.family
            self.used[token] = self.last[family] = now_ns
        self.known(given)
        return given.refresh

    @rule(token=consumes(tokens))
    def logout(self, token: str) -> None:
        self.house(self.identity.logout(token))
        self.ended.add(self.family[token])

    @rule(seconds=st.sampled_from([1, 9, 11, 600, DAY_S, 6 * DAY_S]))
    def wait(self, seconds: int) -> None:
        self.house.clock.pass_s(seconds)

    @rule()
    def restart(self) -> None:
        self.house(self.identity.close())
        self.house.opened.clear()
        self.identity = self.house.open(database_threads=1)

    @rule()
    def check_access(self) -> None:
        for access, (family, issued_ns) in self.access.items():
            expected = family
            if self.house.clock.ns >= min(issued_ns + 600e9, self.began[family] + 30 * DAY_S * 1e9):
                expected = "expired"
            elif family in self.ended:
                expected = "revoked"
            try:
                outcome = self.identity.principal_of_token(access).family
            except AuthError as error:
                outcome = error.kind
            assert outcome == expected


TestLogins = Logins.TestCase
TestLogins.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
