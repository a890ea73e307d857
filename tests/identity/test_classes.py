"""Classes: codes, members, and rosters that go in whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.identity.conftest import PASSWORD, House, People
from workbench.errors import AuthError, RosterError
from workbench.identity import CONSOLE, Principal, Role
from workbench.identity.classes import Class
from workbench.identity.passwords import READABLE

Refused = Callable[..., AuthError]


@pytest.fixture
def tom(people: People) -> Principal:
    return people.login("tom", Role.INSTRUCTOR)


@pytest.fixture
def course(house: House, people: People, tom: Principal) -> Class:
    return house(people.identity.classes.create(tom, "Markets 1"))


def names(house: House, people: People, course: Class) -> list[str]:
    return [one.name for one in house(people.identity.classes.members(course.class_id))]


def test_a_code_lets_in_until_it_is_renewed_or_closed(
    house: House, people: People, tom: Principal, course: Class, refused: Refused
) -> None:
    classes = people.identity.classes
    ann, ben, cid = (people.login(name) for name in ("ann", "ben", "cid"))
    assert len(course.code) == 8
    assert set(course.code) <= set(READABLE)
    house(classes.join(ann, course.code))
    assert house(classes.join(ann, course.code.lower())).members == 2
    renewed = house(classes.renew_code(tom, course.class_id))
    assert renewed.code != course.code
    refused("invalid", lambda: classes.join(ben, course.code), house)
    house(classes.join(ben, renewed.code))
    assert house(classes.close_code(tom, course.class_id)).code == ""
    for code in (renewed.code, "", " "):
        refused("invalid", lambda code=code: classes.join(cid, code), house)
    assert names(house, people, course) == ["tom", "ann", "ben"]
    house(classes.remove(ann, course.class_id, ann.user_id))
    refused("forbidden", lambda: classes.remove(ann, course.class_id, ben.user_id), house)
    assert names(house, people, course) == ["tom", "ben"]


def test_a_class_is_its_staff_s_and_an_admin_s(
    house: House, people: People, tom: Principal, course: Class, refused: Refused
) -> None:
    classes = people.identity.classes
    eve = people.login("eve", Role.INSTRUCTOR)
    ann, abe = people.login("ann"), people.login("abe", Role.ASSISTANT)
    for act in (
        lambda: classes.rename(eve, course.class_id, "Mine"),
        lambda: classes.renew_code(eve, course.class_id),
        lambda: classes.archive(eve, course.class_id),
        lambda: classes.import_roster(eve, course.class_id, "name\nx\n"),
        lambda: classes.export_roster(eve, course.class_id),
        lambda: classes.add(eve, course.class_id, eve.user_id, staff=True),
        lambda: classes.create(ann, "Mine"),
        lambda: classes.create(abe, "Mine"),
        lambda: classes.add(tom, course.class_id, ann.user_id, staff=True),
    ):
        refused("forbidden", act, house)
    for class_id in ("", "\0", "5d8a7a0e-0000-4000-8000-000000000000"):
        refused("unknown", lambda class_id=class_id: classes.members(class_id), house)
        refused("unknown", lambda class_id=class_id: classes.rename(tom, class_id, "x"), house)
    refused("invalid", lambda: classes.create(tom, " "), house)
    house(classes.add(tom, course.class_id, eve.user_id, staff=True))
    assert house(classes.rename(eve, course.class_id, "Markets 2")).name == "Markets 2"
    house(classes.add(CONSOLE, course.class_id, ann.user_id))
    assert [one.name for one in house(classes.all(user_id=ann.user_id))] == ["Markets 2"]
    assert house(classes.all(user_id="\0")) == []
    house(classes.archive(CONSOLE, course.class_id))
    assert house(classes.all()) == []
    assert [one.code for one in house(classes.all(archived=True))] == [""]
    refused("invalid", lambda: classes.renew_code(tom, course.class_id), house)


def test_nobody_runs_two_classes_of_one_name(
    house: House, people: People, tom: Principal, course: Class, refused: Refused
) -> None:
    classes = people.identity.classes
    for name in ("Markets 1", "  MARKETS  1 "):
        error = refused("taken", lambda name=name: classes.create(tom, name), house)
        assert "of yours already" in str(error)
    second = house(classes.create(tom, "Markets 2"))
    refused("taken", lambda: classes.rename(tom, second.class_id, "markets 1"), house)
    assert house(classes.rename(tom, course.class_id, "MARKETS 1")).name == "MARKETS 1"
    house(classes.create(people.login("eve", Role.INSTRUCTOR), "Markets 1"))
    house(classes.archive(tom, course.class_id))
    house(classes.create(tom, "Markets 1"))
    assert len(house(classes.all(user_id=tom.user_id))) == 2


def test_of_two_requests_at_once_one_makes_the_class(house: House, people: People, tom: Principal) -> None:
    classes = people.identity.classes

    async def both() -> list[object]:
        return await asyncio.gather(*(classes.create(tom, "Twice") for _ in range(4)), return_exceptions=True)

    made = house(both())
    assert sum(isinstance(one, Class) for one in made) == 1
    assert {one.kind for one in made if isinstance(one, AuthError)} == {"taken"}


def test_a_roster_makes_users_with_one_time_passwords(
    house: House, people: People, tom: Principal, course: Class
) -> None:
    classes = people.identity.classes
    text = "\ufeffName;E-Mail\n".replace("E-Mail", "email") + 'Ann;ann@x.org\n\n"Ben ""B"" O\'Neil";\n'
    became = house(classes.import_roster(tom, course.class_id, text.encode()))
    assert [(one.line, one.name, one.became) for one in became] == [
        (2, "Ann", "created"),
        (4, 'Ben "B" O\'Neil', "created"),
    ]
    tokens = house(people.identity.login("ann", became[0].password))
    assert tokens.must_change_password
    again = house(classes.import_roster(tom, course.class_id, "name,number\nANN,7\nCid,8\n"))
    assert [(one.name, one.became, bool(one.password)) for one in again] == [
        ("ANN", "kept", False),
        ("Cid", "created", True),
    ]
    assert names(house, people, course) == ["tom", "Ann", 'Ben "B" O\'Neil', "Cid"]
    (entry, _) = house(people.identity.audit_log(action="class.import"))
    assert entry.details == {"created": 1, "added": 0, "kept": 1}


def test_a_roster_does_not_take_other_people_s_users(
    house: House, people: People, tom: Principal, course: Class
) -> None:
    """Otherwise an instructor could reset the password of anybody whose name is known."""
    people.user("ann")
    classes = people.identity.classes
    with pytest.raises(RosterError, match=r"roster.csv, line 3: 'Ann' is a user already") as raised:
        house(classes.import_roster(tom, course.class_id, "name\nzed\nAnn\n"))
    assert [line for line, _ in raised.value.problems] == [3]
    assert house(people.identity.user_named("zed")) is None
    became = house(classes.import_roster(CONSOLE, course.class_id, "name\nzed\nAnn\n"))
    assert [one.became for one in became] == ["created", "added"]
    house(people.identity.login("ann", PASSWORD))


def test_a_wrong_roster_changes_nothing(house: House, people: People, tom: Principal, course: Class) -> None:
    classes = people.identity.classes
    with pytest.raises(RosterError) as raised:
        house(classes.import_roster(tom, course.class_id, "name,email\nann,\nben,nowhere\nANN,\n"))
    assert raised.value.problems == (
        (3, "email 'nowhere' is no address, expected one like ann@school.example"),
        (4, "name 'ANN' is that of line 2 too"),
    )
    assert names(house, people, course) == ["tom"]
    assert house(people.identity.user_named("ann")) is None


def test_what_is_exported_can_be_imported(
    house: House, people: People, tom: Principal, course: Class
) -> None:
    classes = people.identity.classes
    text = "name,email,number\r\n=1+1,a@x.org,+7\r\n\"Ann, B.\",,\r\n'quoted',,\r\n"
    house(classes.import_roster(tom, course.class_id, text))
    exported = house(classes.export_roster(tom, course.class_id))
    assert "'=1+1,a@x.org,'+7" in exported
    became = house(classes.import_roster(tom, course.class_id, exported))
    assert sorted(one.name for one in became) == ["'quoted'", "=1+1", "Ann, B."]
    assert {one.became for one in became} == {"kept"}
