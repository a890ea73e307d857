"""Signing up, logging in, passwords, users: the same on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.identity.conftest import DAY_S, PASSWORD, House, People
from workbench.errors import AuthError, ConfigError
from workbench.identity import CONSOLE, Identity, Permission, Revoked, Role, SignUp

Refused = Callable[..., AuthError]

INJECTIONS = [
    "Robert'); DROP TABLE users;--",
    "' OR '1'='1",
    'x" OR 1=1 --',
    "%",
    "_%",
    "\\'; SELECT pg_sleep(10); --",
    "$$;DROP TABLE users;$$",
]


def test_who_signs_up_can_log_in(house: House, identity: Identity) -> None:
    user = house(identity.sign_up(" Zoe\u0308 ", PASSWORD, email="zoe@school.example"))
    assert (user.name, user.role, user.email) == ("Zoë", Role.STUDENT, "zoe@school.example")
    tokens = house(identity.login("ZOË", PASSWORD, client="10.0.0.1", device="Firefox"))
    principal = identity.principal_of_token(tokens.access)
    assert principal == tokens.principal
    assert (principal.user_id, principal.name, principal.kind) == (user.user_id, "Zoë", "token")
    assert Permission.TRADE in principal.permissions
    assert Permission.RUN_SESSION not in principal.permissions
    assert tokens.expires_in == 600
    (device,) = house(identity.devices(user.user_id))
    assert (device.family, device.client, device.device) == (principal.family, "10.0.0.1", "Firefox")


def test_the_names_of_two_users_differ_in_more_than_case(
    house: House, identity: Identity, refused: Refused
) -> None:
    house(identity.sign_up("Straße", PASSWORD))
    for same in ("straße", "STRASSE", "\uff33traße", "Strasse "):
        refused("taken", lambda same=same: identity.sign_up(same, PASSWORD), house)
    house(identity.sign_up("Strase", PASSWORD))


@pytest.mark.parametrize("name", ["", "   ", "a\0b", "a\nb", "a\u202eb", "\ud800", "x" * 65, "\ufdfa" * 40])
def test_what_is_no_name_is_refused(house: House, identity: Identity, refused: Refused, name: str) -> None:
    refused("invalid", lambda: identity.sign_up(name, PASSWORD), house)
    refused("bad_credentials", lambda: identity.login(name, PASSWORD), house)


@pytest.mark.parametrize("email", ["ann", "@x.y", "ann@", "ann@nowhere", "a b@x.y", "ann@x.y\n"])
def test_what_is_no_address_is_refused(
    house: House, identity: Identity, refused: Refused, email: str
) -> None:
    if email.endswith("\n"):
        assert house(identity.sign_up("ann", PASSWORD, email=email)).email == "ann@x.y"
        return
    error = refused("invalid", lambda: identity.sign_up("ann", PASSWORD, email=email), house)
    assert error.where == "email"


@pytest.mark.parametrize(
    "password",
    ["", "short", "password1", "Password1", "ann-maria", "Ann-Maria1", "aaaaaaaaab", "x" * 300, "\ud800" * 9],
)
def test_a_weak_password_is_refused(
    house: House, identity: Identity, refused: Refused, password: str
) -> None:
    error = refused("invalid", lambda: identity.sign_up("Ann-Maria", password), house)
    assert error.where == "password"


@pytest.mark.parametrize("text", INJECTIONS)
def test_injections_are_data(house: House, identity: Identity, refused: Refused, text: str) -> None:
    user = house(identity.sign_up(text, f"{text} and more"))
    assert user.name == text
    assert house(identity.login(text, f"{text} and more")).principal.user_id == user.user_id
    refused("bad_credentials", lambda: identity.login(f"{text}x", f"{text} and more"), house)
    refused("bad_credentials", lambda: identity.login(text, text), house)
    refused("invalid", lambda: identity.classes.check_code(text, ""), house)
    refused("unknown", lambda: identity.user(text), house)
    refused("unknown", lambda: identity.classes.get(text), house)
    refused("bad_credentials", lambda: identity.principal_of_key(text, text), house)
    refused("bad_credentials", lambda: identity.refresh(text), house)
    assert [one.name for one in house(identity.users(search=text))] == [text]
    assert house(identity.audit_log(action=text)) == []
    assert house(identity.audit_log(actor_id=text)) == []


def test_signing_up_can_be_closed_or_need_a_code(house: House, refused: Refused) -> None:
    closed = house.open(sign_up=SignUp.CLOSED)
    refused("closed", lambda: closed.sign_up("ann", PASSWORD), house)
    identity = house.open(sign_up=SignUp.CODE)
    teacher, _ = house(identity.create_user(CONSOLE, "tom", role=Role.INSTRUCTOR, password=PASSWORD))
    principal = house(identity.login("tom", PASSWORD)).principal
    course = house(identity.classes.create(principal, "Markets 1"))
    refused("invalid", lambda: identity.sign_up("ann", PASSWORD), house)
    refused("invalid", lambda: identity.sign_up("ann", PASSWORD, code="ABCD2345"), house)
    assert house(identity.user_named("ann")) is None
    typed = f" {course.code[:4].lower()}-{course.code[4:]} "
    ann = house(identity.sign_up("ann", PASSWORD, code=typed))
    members = house(identity.classes.members(course.class_id))
    assert [(one.user_id, one.staff) for one in members] == [(teacher.user_id, True), (ann.user_id, False)]


def test_a_wrong_password_tells_nothing(house: House, people: People, identity: Identity) -> None:
    people.user("ann")
    sentences = set()
    for name, password in (("ann", "wrong"), ("nobody", "wrong"), ("ann", "\ud800"), ("ann", "x" * 100_000)):
        with pytest.raises(AuthError) as raised:
            house(identity.login(name, password))
        sentences.add((raised.value.kind, str(raised.value)))
    assert sentences == {("bad_credentials", "this name and password do not go together")}


def test_an_unknown_name_is_hashed_for_as_well(
    house: House, people: People, identity: Identity, monkeypatch: pytest.MonkeyPatch, refused: Refused
) -> None:
    people.user("ann")
    checked: list[bytes] = []
    whole = identity._hasher._argon2.verify
    monkeypatch.setattr(
        identity._hasher,
        "_argon2",
        type(
            "Spy", (), {"verify": lambda _, stored, given: (checked.append(given), whole(stored, given))[1]}
        )(),
    )
    for name in ("ann", "nobody", "\0"):
        refused("bad_credentials", lambda name=name: identity.login(name, "wrong"), house)
    assert checked == [b"wrong"] * 3


def test_guessing_makes_wait_and_the_right_password_ends_it(
    house: House, people: People, refused: Refused
) -> None:
    identity = people.identity
    people.user("ann")
    people.user("ben")
    for _ in range(9):
        refused("bad_credentials", lambda: identity.login("ann", "wrong"), house)
    error = refused("locked", lambda: identity.login("Ann", PASSWORD), house)
    assert 0 < error.retry_after_s <= 2
    house(identity.login("ben", PASSWORD))
    house.clock.pass_s(2.1)
    house(identity.login("ann", PASSWORD))
    for _ in range(8):
        refused("bad_credentials", lambda: identity.login("ann", "wrong"), house)
    house(identity.login("ann", PASSWORD))


def test_an_address_that_guesses_many_names_waits(house: House, refused: Refused) -> None:
    identity = house.open(address_failures=5)
    house(identity.sign_up("ann", PASSWORD))
    for number in range(6):
        refused(
            "bad_credentials",
            lambda number=number: identity.login(f"n{number}", "wrong", client="10.1.1.1"),
            house,
        )
    refused("locked", lambda: identity.login("ann", PASSWORD, client="10.1.1.1"), house)
    refused("locked", lambda: identity.classes.check_code("ABCD2345", "10.1.1.1"), house)
    refused("locked", lambda: identity.principal_of_key("PK" + "A" * 18, "x", client="10.1.1.1"), house)
    house(identity.login("ann", PASSWORD, client="10.1.1.2"))


def test_many_guesses_at_once_are_counted(house: House, people: People) -> None:
    people.user("ann")

    async def guess() -> list[str]:
        async def one() -> str:
            try:
                await people.identity.login("ann", "wrong")
            except AuthError as error:
                return error.kind
            return "in"

        return await asyncio.gather(*(one() for _ in range(40)))

    kinds = house(guess())
    assert set(kinds) == {"bad_credentials", "locked"}
    assert kinds.count("bad_credentials") <= 9


def test_a_flood_of_logins_is_refused_as_busy(house: House) -> None:
    identity = house.open(hashes_at_once=1, hashes_waiting=2)

    async def flood() -> list[str]:
        names = (identity.sign_up(f"n{number}", PASSWORD) for number in range(20))
        results = await asyncio.gather(*names, return_exceptions=True)
        return [getattr(one, "kind", "in") for one in results]

    kinds = house(flood())
    assert set(kinds) == {"in", "busy"}

    async def rush() -> list[str]:
        logins = (identity.login("n0", PASSWORD) for _ in range(9))
        results = await asyncio.gather(*logins, return_exceptions=True)
        return [getattr(one, "kind", "in") for one in results]

    # Who was not even looked at has not failed: nobody is locked out by a rush.
    for _ in range(5):
        assert set(house(rush())) <= {"in", "busy"}
    house(identity.login("n0", PASSWORD))


def test_hashes_of_other_costs_are_renewed_at_login(house: House) -> None:
    before = house.open()
    house(before.sign_up("ann", PASSWORD))
    after = house.open(argon2_passes=2)
    stored = [house(after._store.read(lambda c: after._users.by_name(c, "ann").password_hash))]
    house(after.login("ann", PASSWORD))
    stored.append(house(after._store.read(lambda c: after._users.by_name(c, "ann").password_hash)))
    assert "t=1" in stored[0]
    assert "t=2" in stored[1]
    house(after.login("ann", PASSWORD))
    house(before.login("ann", PASSWORD))


def test_changing_the_password_ends_the_other_logins(house: House, people: People, refused: Refused) -> None:
    identity = people.identity
    ann = people.login("ann")
    other = house(identity.login("ann", PASSWORD))
    key = house(identity.create_key(ann.user_id))
    refused("bad_credentials", lambda: identity.change_password(ann, "wrong", "new password!"), house)
    refused("invalid", lambda: identity.change_password(ann, PASSWORD, "short"), house)
    refused("invalid", lambda: identity.change_password(ann, PASSWORD, PASSWORD), house)
    assert len(house(identity.devices(ann.user_id))) == 2
    for _ in range(20):
        refused("invalid", lambda: identity.change_password(ann, PASSWORD, "weak"), house)
    house(identity.change_password(ann, PASSWORD, "another horse"))
    kinds = [refusal_of(house, identity.change_password(ann, "wrong", "new password!")) for _ in range(11)]
    assert kinds == ["bad_credentials"] * 9 + ["locked"] * 2
    assert [one.family for one in house(identity.devices(ann.user_id))] == [ann.family]
    assert identity.is_current(ann)
    refused("revoked", lambda: identity.principal_of_token(other.access))
    refused("revoked", lambda: identity.refresh(other.refresh), house)
    refused("bad_credentials", lambda: identity.login("ann", PASSWORD), house)
    house(identity.login("ann", "another horse"))
    house(identity.principal_of_key(key.key_id, key.secret))


def refusal_of(house: House, act: Awaitable[Any]) -> str:
    with pytest.raises(AuthError) as raised:
        house(act)
    return raised.value.kind


def test_a_one_time_password_is_good_for_changing_it(house: House, people: People, refused: Refused) -> None:
    identity = people.identity
    ann = people.user("ann")
    before = house(identity.login("ann", PASSWORD))
    password = house(identity.reset_password(CONSOLE, ann.user_id))
    refused("revoked", lambda: identity.principal_of_token(before.access))
    refused("bad_credentials", lambda: identity.login("ann", PASSWORD), house)
    tokens = house(identity.login("ann", password))
    assert tokens.must_change_password
    principal = identity.principal_of_token(tokens.access)
    assert principal.permissions == {Permission.CHANGE_PASSWORD}
    refused("forbidden", lambda: identity.create_key(ann.user_id, by=principal), house)
    house(identity.change_password(principal, password, "my own choice"))
    # The same token, at once, with all that a student may.
    assert Permission.TRADE in identity.principal_of_token(tokens.access).permissions
    assert not house(identity.login("ann", "my own choice")).must_change_password


def test_a_password_that_is_reset_while_it_is_checked_is_wrong(
    house: House, people: People, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = people.identity
    ann = people.login("ann")
    whole = identity._hasher.check

    async def slow(stored: str, password: str) -> bool:
        right = await whole(stored, password)
        await identity.reset_password(CONSOLE, ann.user_id)
        return right

    monkeypatch.setattr(identity._hasher, "check", slow)
    refused("bad_credentials", lambda: identity.login("ann", PASSWORD), house)
    monkeypatch.undo()
    password = house(identity.reset_password(CONSOLE, ann.user_id))
    monkeypatch.setattr(identity._hasher, "check", slow)
    refused("bad_credentials", lambda: identity.change_password(ann, password, "another horse"), house)
    assert house(identity.devices(ann.user_id)) == []


def test_a_one_time_password_expires(house: House, people: People, refused: Refused) -> None:
    ann = people.user("ann")
    password = house(people.identity.reset_password(CONSOLE, ann.user_id))
    house.clock.pass_s(14 * DAY_S)
    refused("expired", lambda: people.identity.login("ann", password), house)


def test_an_instructor_resets_students_of_own_classes_alone(
    house: House, people: People, refused: Refused
) -> None:
    identity = people.identity
    tom, eve = people.login("tom", Role.INSTRUCTOR), people.login("eve", Role.INSTRUCTOR)
    admin = people.login("ada", Role.ADMIN)
    ann, bob = people.login("ann"), people.login("bob")
    course = house(identity.classes.create(tom, "Markets"))
    house(identity.classes.join(ann, course.code))
    house(identity.classes.join(admin, course.code))
    house(identity.classes.add(tom, course.class_id, eve.user_id, staff=True))
    password = house(identity.reset_password(tom, ann.user_id))
    assert house(identity.login("ann", password)).must_change_password
    house(identity.reset_password(eve, ann.user_id))
    for who in (bob, admin, eve, tom):
        refused("forbidden", lambda who=who: identity.reset_password(tom, who.user_id), house)
        refused("forbidden", lambda who=who: identity.disable(tom, who.user_id), house)
    refused("forbidden", lambda: identity.reset_password(ann, bob.user_id), house)
    refused("forbidden", lambda: identity.classes.add(tom, course.class_id, bob.user_id), house)
    # Who joined by the code is not staff, whatever their role; and staff are no students of it.
    kim, abe = people.login("kim", Role.INSTRUCTOR), people.user("abe", Role.ASSISTANT)
    house(identity.classes.join(kim, course.code))
    refused("forbidden", lambda: identity.reset_password(kim, ann.user_id), house)
    house(identity.classes.add(tom, course.class_id, abe.user_id, staff=True))
    house(identity.set_role(CONSOLE, abe.user_id, Role.STUDENT))
    refused("forbidden", lambda: identity.reset_password(tom, abe.user_id), house)
    house(identity.classes.remove(tom, course.class_id, ann.user_id))
    refused("forbidden", lambda: identity.reset_password(tom, ann.user_id), house)
    house(identity.reset_password(admin, tom.user_id))


def test_a_role_counts_at_once(house: House, people: People, refused: Refused) -> None:
    identity = people.identity
    ann = people.user("ann")
    tokens = house(identity.login("ann", PASSWORD))
    seen: list[Revoked] = []
    stop = identity.on_revoked(seen.append)
    house(identity.set_role(CONSOLE, ann.user_id, Role.INSTRUCTOR))
    assert [one.matches(tokens.principal) for one in seen] == [True]
    refused("revoked", lambda: identity.principal_of_token(tokens.access))
    renewed = house(identity.refresh(tokens.refresh))
    assert identity.principal_of_token(renewed.access).role == Role.INSTRUCTOR
    refused("forbidden", lambda: identity.set_role(renewed.principal, ann.user_id, Role.ADMIN), house)
    stop()
    house(identity.set_role(CONSOLE, ann.user_id, Role.STUDENT))
    assert len(seen) == 1


def test_the_disabled_are_out_at_once_by_every_way(house: House, people: People, refused: Refused) -> None:
    identity = people.identity
    ann = people.user("ann")
    tokens = house(identity.login("ann", PASSWORD))
    key = house(identity.create_key(ann.user_id))
    bot = house(identity.principal_of_key(key.key_id, key.secret))
    ticket = identity.ticket(tokens.principal)
    house(identity.disable(CONSOLE, ann.user_id))
    refused("revoked", lambda: identity.principal_of_token(tokens.access))
    refused("disabled", lambda: identity.refresh(tokens.refresh), house)
    refused("disabled", lambda: identity.login("ann", PASSWORD), house)
    refused("bad_credentials", lambda: identity.login("ann", "wrong"), house)
    refused("disabled", lambda: identity.principal_of_key(key.key_id, key.secret), house)
    refused("bad_credentials", lambda: identity.take_ticket(ticket))
    refused("disabled", lambda: identity.create_key(ann.user_id), house)
    assert not identity.is_current(bot)
    house(identity.enable(CONSOLE, ann.user_id))
    refused("revoked", lambda: identity.principal_of_token(tokens.access))
    house(identity.login("ann", PASSWORD))
    assert house(identity.principal_of_key(key.key_id, key.secret)) == bot


def test_the_last_admin_stays(house: House, people: People, refused: Refused) -> None:
    identity = people.identity
    ada = house(identity.create_first_admin(CONSOLE, "ada", PASSWORD))
    refused("forbidden", lambda: identity.create_first_admin(CONSOLE, "eve", PASSWORD), house)
    for act in (
        lambda: identity.set_role(CONSOLE, ada.user_id, Role.STUDENT),
        lambda: identity.disable(CONSOLE, ada.user_id),
        lambda: identity.delete(CONSOLE, ada.user_id),
    ):
        assert "last admin" in str(refused("forbidden", act, house))
    ben = people.user("ben", Role.ADMIN)
    house(identity.disable(CONSOLE, ada.user_id))
    refused("forbidden", lambda: identity.set_role(CONSOLE, ben.user_id, Role.OBSERVER), house)
    house(identity.delete(CONSOLE, ada.user_id))


def test_of_admins_who_remove_each_other_one_stays(house: House) -> None:
    """Two servers on one database, told at the same time to remove each of the three admins."""
    first, second = house.open(), house.open()
    left: list[str] = []
    for number in range(5):
        admins = [
            house(first.create_user(CONSOLE, f"{name}{number}", role=Role.ADMIN, password=PASSWORD))[
                0
            ].user_id
            for name in ("ada", "bob", "cyd")
        ]
        for before in left:
            house(second.set_role(CONSOLE, before, Role.STUDENT))

        async def race(admins: list[str] = admins) -> list[Any]:
            acts = (
                first.set_role(CONSOLE, admins[0], Role.STUDENT),
                second.disable(CONSOLE, admins[1]),
                first.delete(CONSOLE, admins[2]),
            )
            return await asyncio.gather(*acts, return_exceptions=True)

        failures = [one for one in house(race()) if isinstance(one, BaseException)]
        assert [getattr(one, "kind", repr(one)) for one in failures] == ["forbidden"]
        left = [one.user_id for one in house(first.users(role=Role.ADMIN)) if not one.disabled]
        assert len(left) == 1


def test_of_two_who_sign_up_by_one_name_one_is_in(house: House) -> None:
    first, second = house.open(), house.open()

    async def race(name: str) -> list[Any]:
        acts = (identity.sign_up(name, PASSWORD) for identity in (first, second) * 3)
        return await asyncio.gather(*acts, return_exceptions=True)

    for number in range(5):
        results = house(race(f"ann{number}"))
        kinds = sorted(getattr(one, "kind", "in") for one in results)
        assert kinds == ["in", *["taken"] * 5]


def test_of_many_first_admins_one_is_made(house: House) -> None:
    first, second = house.open(), house.open()

    async def race() -> list[Any]:
        acts = (
            one.create_first_admin(CONSOLE, f"ada{n}", PASSWORD) for n, one in enumerate((first, second) * 4)
        )
        return await asyncio.gather(*acts, return_exceptions=True)

    kinds = sorted(getattr(one, "kind", "in") for one in house(race()))
    assert kinds == [*["forbidden"] * 7, "in"]


def test_who_is_deleted_is_forgotten_and_the_log_stays_whole(
    house: House, people: People, refused: Refused
) -> None:
    identity = people.identity
    admin = people.login("ada", Role.ADMIN)
    ann = people.login("ann secret name")
    key = house(identity.create_key(ann.user_id, label="ann's bot"))
    course = house(identity.classes.create(admin, "Markets"))
    house(identity.classes.join(ann, course.code))
    house(identity.set_profile(ann.user_id, {"full_name": "Ann Example"}))
    before = house(identity.audit_log(target=f"user:{ann.user_id}"))
    house(identity.delete(admin, ann.user_id))
    after = house(identity.audit_log(target=f"user:{ann.user_id}"))
    assert [one.entry_id for one in after[1:]] == [one.entry_id for one in before]
    assert after[0].action == "user.delete"
    assert {one.actor_name for one in after if one.actor_id == ann.user_id} == {f"deleted-{ann.user_id}"}
    refused("bad_credentials", lambda: identity.login("ann secret name", PASSWORD), house)
    refused("revoked", lambda: identity.principal_of_key(key.key_id, key.secret), house)
    assert not identity.is_current(ann)
    assert "ann" not in [one.name for one in house(identity.users(search="ann"))]
    assert house(identity.user(ann.user_id)).deleted
    assert [one.name for one in house(identity.classes.members(course.class_id))] == ["ada"]
    refused("unknown", lambda: identity.delete(admin, ann.user_id), house)
    refused("unknown", lambda: identity.enable(admin, ann.user_id), house)
    # The name is free for somebody else, who is somebody else.
    again = house(identity.sign_up("Ann Secret Name", PASSWORD))
    assert again.user_id != ann.user_id
    refused("forbidden", lambda: identity.delete(people.login("tom", Role.INSTRUCTOR), again.user_id), house)


def test_users_are_listed_by_pages(house: House, people: People, refused: Refused) -> None:
    identity = people.identity
    for name in ("Cid", "ann", "Bob", "100%", "dan"):
        people.user(name)
    people.user("Tom", Role.INSTRUCTOR)
    everybody = [one.name for one in house(identity.users())]
    assert everybody == ["100%", "ann", "Bob", "Cid", "dan", "Tom"]
    page: list[Any] = []
    seen = []
    while page := house(identity.users(limit=2, after=page[-1].user_id if page else "")):
        seen += [one.name for one in page]
    assert seen == everybody
    assert [one.name for one in house(identity.users(search="0%"))] == ["100%"]
    assert [one.name for one in house(identity.users(role=Role.INSTRUCTOR))] == ["Tom"]
    assert house(identity.users(search="\ud800")) == []
    assert [one.name for one in house(identity.users(search="\0"))] == everybody
    refused("unknown", lambda: identity.users(after="nobody"), house)


def test_settings_that_make_no_sense_are_refused(house: House) -> None:
    with pytest.raises(ConfigError, match="access_s: is 0, expected more than 0"):
        house.open(access_s=0)
    with pytest.raises(ConfigError, match="argon2_memory_kib"):
        house.open(argon2_lanes=4)
    with pytest.raises(ConfigError, match="secret: is 5 bytes long, expected 32 or more"):
        house.open(secret=b"short")


def test_what_is_durable_is_in_force_even_if_nobody_waits_for_it(
    house: House, people: People, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The browser goes away while its logout is on the way to the disk."""
    identity = people.identity
    people.user("ann")
    tokens = house(identity.login("ann", PASSWORD))
    begun, go_on = threading.Event(), threading.Event()
    whole = identity._families.end

    def slow(*arguments: Any) -> bool:
        begun.set()
        assert go_on.wait(60)
        return whole(*arguments)

    monkeypatch.setattr(identity._families, "end", slow)

    async def go_away() -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(identity.logout(tokens.refresh))
        await loop.run_in_executor(None, begun.wait, 60)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()

    house(go_away())
    assert identity.principal_of_token(tokens.access) == tokens.principal
    go_on.set()
    identity._store._pool.shutdown(wait=True)
    refused("revoked", lambda: identity.principal_of_token(tokens.access))
