"""Rolls: who is in which class, from memory, here and on other servers."""

from __future__ import annotations

import asyncio

from tests.identity.conftest import PASSWORD, House, People
from workbench.identity import CONSOLE, Role
from workbench.identity.rolls import Left, Roll, Rolls


def roll(revision: int, **staff: bool) -> Roll:
    return Roll("c", "Markets 1", revision, staff)


def test_the_newer_roll_counts_and_losses_are_told_once() -> None:
    async def run() -> list[Left]:
        rolls, left = Rolls(asyncio.get_running_loop()), []
        forget = rolls.on_left(left.append)
        rolls.put(roll(2, ann=False, tom=True))
        rolls.put(roll(1, eve=True))
        assert (rolls.has("ann", ["c"]), rolls.has("eve", ["c"])) == (True, False)
        assert (rolls.runs("tom", ["x", "c"]), rolls.runs("ann", ["c"])) == (True, False)
        assert not rolls.has("ann", ["x"])
        assert not rolls.has("ann", [])
        assert (rolls.name_of("c"), rolls.name_of("x")) == ("Markets 1", "x")
        assert rolls.staff_of(["c", "x"]) == ["tom"]
        rolls.put(roll(3, tom=False, ben=True))
        rolls.put(roll(4, tom=False, ben=True))
        await asyncio.sleep(0)
        forget()
        rolls.put(roll(5))
        await asyncio.sleep(0)
        return left

    assert asyncio.run(run()) == [Left("ann", "c", ran=False), Left("tom", "c", ran=True)]


def test_every_way_in_and_out_is_on_the_roll_at_once(house: House, people: People) -> None:
    identity, tom = people.identity, people.login("tom", Role.INSTRUCTOR)
    ann, ben = people.login("ann"), people.login("ben")
    abe = people.login("abe", Role.ASSISTANT)
    course = house(identity.classes.create(tom, "Markets 1"))
    here, has = [course.class_id], identity.rolls.has
    assert identity.rolls.runs(tom.user_id, here)
    house(identity.classes.join(ann, course.code))
    house(identity.classes.add(CONSOLE, course.class_id, ben.user_id))
    house(identity.classes.add(tom, course.class_id, abe.user_id, staff=True))
    cid = house(identity.sign_up("cid", PASSWORD, code=course.code))
    (dan,) = house(identity.classes.import_roster(tom, course.class_id, "name\ndan\n"))
    everybody = [ann.user_id, ben.user_id, abe.user_id, cid.user_id, dan.user_id]
    assert [has(user, here) for user in everybody] == [True] * 5
    assert [identity.rolls.runs(user, here) for user in everybody] == [False, False, True, False, False]
    house(identity.classes.remove(ann, course.class_id, ann.user_id))
    house(identity.classes.remove(tom, course.class_id, abe.user_id))
    house(identity.delete(CONSOLE, ben.user_id))
    assert [has(user, here) for user in everybody] == [False, False, False, True, True]
    house(identity.classes.rename(tom, course.class_id, "Markets 2"))
    assert identity.rolls.name_of(course.class_id) == "Markets 2"


def test_another_server_and_a_later_start_know_the_rolls(house: House) -> None:
    here, there = house.open(), house.open()
    tom, _ = house(there.create_user(CONSOLE, "tom", role=Role.INSTRUCTOR, password=PASSWORD))
    teacher = house(there.login("tom", PASSWORD)).principal
    course = house(there.classes.create(teacher, "Markets 1"))
    ann = house(there.sign_up("ann", PASSWORD, code=course.code))
    left: list[Left] = []
    here.rolls.on_left(left.append)
    house(here.reread())
    assert here.rolls.has(ann.user_id, [course.class_id])
    assert house.open().rolls.runs(tom.user_id, [course.class_id])
    house(there.classes.remove(teacher, course.class_id, ann.user_id))
    house.clock.pass_s(3)
    house(here.reread())
    assert not here.rolls.has(ann.user_id, [course.class_id])
    house(asyncio.sleep(0))
    assert left == [Left(ann.user_id, course.class_id, ran=False)]


def test_two_who_join_at_once_are_both_on_it(house: House, people: People) -> None:
    identity, tom = people.identity, people.login("tom", Role.INSTRUCTOR)
    course = house(identity.classes.create(tom, "Markets 1"))
    crowd = [people.login(f"student-{number}") for number in range(12)]

    async def rush() -> None:
        await asyncio.gather(*(identity.classes.join(one, course.code) for one in crowd))

    house(rush())
    assert all(identity.rolls.has(one.user_id, [course.class_id]) for one in crowd)
