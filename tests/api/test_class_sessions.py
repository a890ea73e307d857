"""A session that is for a class, over its whole life: made, joined, left, restarted, stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.api.classes import QUIET, Lesson
from tests.api.served import Person, Served, serving
from workbench.client import Client
from workbench.identity.roles import Role
from workbench.session.live.opening import stored_class_names
from workbench.session.stored import open_session

LIMIT = {"symbol": "QUIET", "side": "buy", "type": "limit", "quantity": 1, "limit_price": 20}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of its own: what is open here is counted."""
    with serving(tmp_path_factory.mktemp("classes") / "data") as running:
        yield running


def listed(served: Served, person: Person, kind: str = "sessions") -> set[str]:
    with served.client(person) as client:
        return {row["name"] for row in client.get("/api/sessions").json()[kind]}


def socket(served: Served, path: str, headers: dict[str, str]) -> ClientConnection:
    return connect(f"ws{served.url.removeprefix('http')}{path}", additional_headers=headers, proxy=None)


def ending(opened: ClientConnection) -> tuple[int, str]:
    """Code and sentence with which the server ends a socket."""
    with suppress(ConnectionClosed):
        while True:
            opened.recv(60)
    assert opened.close_code is not None
    return opened.close_code, opened.close_reason or ""


def test_it_is_listed_to_those_it_is_for(own: Served) -> None:
    lesson = Lesson(own, "listed")
    inside = [
        lesson.teacher,
        lesson.member(),
        lesson.member(Role.OBSERVER),
        lesson.member(Role.ASSISTANT, staff=True),
        own.person(Role.ADMIN),
    ]
    for person in inside:
        assert {"listed", own.session} <= listed(own, person), person.name
    for role in Role:
        if role != Role.ADMIN:
            assert "listed" not in listed(own, own.person(role)), role


def test_sql_of_somebody_else_goes_on_without_its_tail(own: Served) -> None:
    Lesson(own, "taught")
    outsider = own.person()
    asked = f"select count(*) from events where session = '{own.session}'"
    with Client(own.url, token=outsider.access) as client, client.connect(own.data) as sql:
        assert sql.sql(asked).fetchall()
        assert "taught" not in sql.catalog.seqs


def test_who_is_refused_takes_no_seat_and_is_told_whom_to_ask(own: Served) -> None:
    # In the lobby time stands, so nothing but people makes commands.
    lesson = Lesson(own, "full", start=False)
    outsider = own.person()
    with own.client(lesson.teacher) as teacher, own.client(outsider) as client:
        before = teacher.get(lesson.path).json()
        for path in (f"{lesson.path}/join", f"{lesson.path}/orders"):
            answer = client.post(path, json=LIMIT)
            assert (answer.status_code, answer.json()["code"]) == (403, "not_in_class")
            said = (
                f"session full is for class Class of full, which you are not in: ask {lesson.teacher.name} to"
            )
            assert answer.json()["message"].startswith(said)
        alpaca = client.post("/v2/orders", headers={"X-Session": "full"}, json={})
        assert alpaca.status_code == 403
        after = teacher.get(lesson.path).json()
        assert (after["seats_taken"], after["commands"], after["seq"]) == (
            0,
            before["commands"],
            before["seq"],
        )
        assert teacher.get(f"{lesson.path}/participants").json()["participants"] == []
        # What the sentence says helps.
        assert client.post("/api/classes/join", json={"code": lesson.code}).status_code == 200
        assert client.post(f"{lesson.path}/join").status_code == 200


def test_only_staff_make_sessions_for_a_class(own: Served) -> None:
    lesson = Lesson(own, "made", start=False)
    second = Lesson(own, "made-2", start=False)
    body = {"name": "another", "scenario": QUIET, "classes": [lesson.class_id]}
    nobody = "5d8a7a0e-0000-4000-8000-000000000000"
    for person in (own.person(Role.INSTRUCTOR), lesson.member(Role.INSTRUCTOR), own.person(Role.ASSISTANT)):
        with own.client(person) as client:
            refused = client.post("/api/sessions", json=body)
            assert refused.status_code == 403, person.role
            assert "the class Class of made is not yours" in refused.json()["message"]
    with own.client(lesson.teacher) as client:
        both = {**body, "classes": [lesson.class_id, second.class_id]}
        assert client.post("/api/sessions", json=both).status_code == 403
        assert client.post("/api/sessions", json={**body, "classes": [nobody]}).status_code == 404
        lesson.let_in(second.teacher, staff=True)
    with own.client(second.teacher) as client:
        made = client.post("/api/sessions", json={**both, "classes": both["classes"] * 2})
        assert made.status_code == 201, made.text
        assert [each["name"] for each in made.json()["classes"]] == ["Class of made", "Class of made-2"]
    # What its reports call its classes.
    kept = stored_class_names(open_session("another", own.data).manifest.about)
    assert list(kept.values()) == ["Class of made", "Class of made-2"]
    for one in (lesson.member(), second.member()):
        assert "another" in listed(own, one)
    with own.client(lesson.teacher) as client:
        assert client.post("/api/sessions/another/start").status_code == 200
        assert client.delete(f"/api/classes/{lesson.class_id}").status_code == 200
        archived = client.post("/api/sessions", json={**body, "name": "late"})
        assert (archived.status_code, "is archived" in archived.text) == (422, True)
    assert "another" in listed(own, second.member())
    with own.client(own.person(Role.INSTRUCTOR)) as client:
        for act in ("pause", "close", "debrief"):
            assert client.post(f"/api/sessions/another/{act}").status_code == 403
    assert own.hub("another").session.state.name == "OPEN"


@pytest.mark.parametrize("classes", [["\0"], [""], ["x" * 37], [1], "all", [None], ["a"] * 101, {}])
def test_what_is_no_list_of_classes_makes_no_session(own: Served, classes: object) -> None:
    with own.client(own.person(Role.INSTRUCTOR)) as client:
        body = {"name": "garbage", "scenario": QUIET, "classes": classes}
        assert client.post("/api/sessions", json=body).status_code in (404, 422)
    assert "garbage" not in listed(own, own.person(Role.ADMIN))


def test_a_session_meant_without_its_name_is_one_that_one_may_see(own: Served) -> None:
    lesson = Lesson(own, "meant")
    member, outsider = lesson.member(), own.person()
    with own.client(member) as client:
        assert client.post(f"{lesson.path}/join").status_code == 200
        assert client.get("/v2/account").status_code == 200
        said = client.get("/v2/clock")
        assert said.status_code == 200
    with own.client(outsider) as client:
        several = client.get("/v2/clock")
        assert "meant" not in several.text
    lesson.take_out(member)
    with own.client(member) as client:
        # The one joined last is no longer theirs, so it is meant no more.
        assert "meant" not in client.get("/v2/account").text


def test_a_key_is_made_for_no_session_of_others_and_reaches_none_after_leaving(own: Served) -> None:
    lesson = Lesson(own, "keys")
    outsider, member = own.person(), lesson.member()
    with own.client(outsider) as client:
        assert client.post("/api/me/keys", json={"session": "keys"}).status_code == 403
    bound = own.key(member, session="keys")
    with own.client(bound) as bot:
        assert bot.post("/v2/orders", json={}).status_code == 422
        assert bot.get("/v2/account").status_code == 200
        lesson.take_out(member)
        for path in ("/v2/account", "/v2/orders", "/v2/clock", lesson.path, f"{lesson.path}/account"):
            assert bot.get(path).status_code == 403, path
        order = {"symbol": "QUIET", "qty": "1", "side": "buy", "type": "market", "time_in_force": "day"}
        assert bot.post("/v2/orders", json=order).status_code == 403
        assert bot.get("/api/sessions").json()["sessions"] == []


def test_who_leaves_loses_streams_and_trading_and_nothing_else(own: Served) -> None:
    lesson = Lesson(own, "left")
    member, friend = lesson.member(), lesson.member()
    bot = own.key(member)
    named = {**member.headers, "X-Session": "left"}
    with own.client(member) as client:
        seat = client.post(f"{lesson.path}/join").json()
        order = client.post(f"{lesson.path}/orders", json=LIMIT).json()
    with (
        socket(own, f"{lesson.path}/stream", member.headers) as native,
        socket(own, f"{lesson.path}/stream", bot.headers) as by_key,
        socket(own, "/v2/iex", named) as data,
        socket(own, "/stream", named) as orders,
        socket(own, f"/api/sessions/{own.session}/stream", member.headers) as elsewhere,
        socket(own, f"{lesson.path}/stream", friend.headers) as friends,
    ):
        for opened in (native, by_key, elsewhere, friends, data):
            opened.recv(60)
        data.recv(60)
        orders.send(json.dumps({"action": "listen", "data": {"streams": ["trade_updates"]}}))
        assert b"listening" in orders.recv(60)
        lesson.take_out(member)
        for opened in (native, by_key, data, orders):
            assert ending(opened) == (4403, "session left is for a class that you are no longer in")
        for opened in (elsewhere, friends):
            opened.send('{"id": 1, "ping": true}')
            assert "pong" in str(opened.recv(60))
    for person in (member, bot):
        with own.client(person) as client:
            assert client.post(f"{lesson.path}/orders", json=LIMIT).status_code == 403
            assert client.delete(f"{lesson.path}/orders").status_code == 403
            assert client.post(f"{lesson.path}/join").status_code == 403
    with own.client(lesson.teacher) as teacher:
        account = f"?account={seat['name']}"
        (open_order,) = teacher.get(f"{lesson.path}/orders{account}&state=open").json()["orders"]
        assert open_order["id"] == order["id"]
        assert teacher.post(f"{lesson.path}/kill", json={"account": seat["name"]}).status_code == 200
    lesson.let_in(member)
    with own.client(member) as client:
        assert client.post(f"{lesson.path}/join").json() == seat


def test_who_leaves_by_themselves_or_is_staff_no_more_loses_it_too(own: Served) -> None:
    lesson = Lesson(own, "helpers")
    helper, member = lesson.member(Role.ASSISTANT, staff=True), lesson.member()
    with (
        socket(own, f"{lesson.path}/stream", helper.headers) as helps,
        socket(own, f"{lesson.path}/stream", member.headers) as learns,
        own.client(member) as client,
        own.client(helper) as assistant,
    ):
        helps.recv(60)
        learns.recv(60)
        assert assistant.post(f"{lesson.path}/pause").status_code == 200
        path = f"/api/classes/{lesson.class_id}/members"
        left = own.run(
            own.server.identity.classes.remove(
                own.server.identity.principal_of_token(member.access), lesson.class_id, member.user_id
            )
        )
        assert left is None
        assert ending(learns)[0] == 4403
        lesson.take_out(helper)
        assert ending(helps)[0] == 4403
        for act in ("resume", "close", "kill"):
            assert assistant.post(f"{lesson.path}/{act}").status_code == 403
        assert client.get(path).status_code == 403
    assert own.hub("helpers").session.state.name == "PAUSED"


def test_one_who_is_in_two_of_its_classes_may_leave_one(own: Served) -> None:
    first, second = Lesson(own, "first", start=False), Lesson(own, "second", start=False)
    first.let_in(second.teacher, staff=True)
    with own.client(second.teacher) as client:
        body = {"name": "shared", "scenario": QUIET, "classes": [first.class_id, second.class_id]}
        assert client.post("/api/sessions", json=body).status_code == 201
    member = first.member()
    second.let_in(member)
    with socket(own, "/api/sessions/shared/stream", member.headers) as opened:
        opened.recv(60)
        first.take_out(member)
        opened.send('{"id": 1, "ping": true}')
        assert "pong" in str(opened.recv(60))
        second.take_out(member)
        assert ending(opened)[0] == 4403


def test_nobody_who_is_not_logged_in_reads_it(own: Served) -> None:
    lesson = Lesson(own, "private")
    with own.client() as client:
        path = "/v1beta3/crypto/us/latest/orderbooks?symbols=QUIET"
        assert client.get(path, headers={"X-Session": own.session}).status_code == 200
        answer = client.get(path, headers={"X-Session": lesson.name})
        assert (answer.status_code, "is for a class" in answer.text) == (401, True)


def test_it_is_for_its_class_after_a_restart_and_when_it_is_stored(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data) as running:
        lesson = Lesson(running, "lasting")
        over = Lesson(running, "over")
        admin, member, outsider = running.person(Role.ADMIN), lesson.member(), running.person()
        stranger = running.person(Role.INSTRUCTOR)
        with running.client(member) as client:
            seat = client.post(f"{lesson.path}/join").json()
        with running.client(lesson.teacher) as client:
            assert client.put(f"{lesson.path}/leaderboard", json={"hidden": True}).status_code == 200
        with running.client(over.teacher) as client:
            for act in ("close", "debrief"):
                assert client.post(f"{over.path}/{act}").status_code == 200
    with serving(data) as running:
        for person, sessions, stored in (
            (lesson.teacher, {"lasting"}, set()),
            (member, {"lasting"}, set()),
            (over.teacher, set(), {"over"}),
            (admin, {"lasting"}, {"over"}),
            (outsider, set(), set()),
            (stranger, set(), set()),
        ):
            assert listed(running, person) - {running.session} == sessions, person.name
            assert listed(running, person, "stored") == stored, person.name
        with running.client(outsider) as client:
            assert client.post(f"{lesson.path}/join").status_code == 403
        with running.client(member) as client:
            assert client.post(f"{lesson.path}/join").json() == seat
            assert client.get(f"{lesson.path}/leaderboard").json()["code"] == "hidden"
        for person, status in ((stranger, 403), (lesson.teacher, 403), (over.teacher, 200), (admin, 200)):
            with running.client(person) as client:
                assert client.get(f"{over.path}/export").status_code == status, person.name
    assert not (data / "server" / "hidden-boards.json").exists()
