"""Every route about a session that is for a class, against everybody inside and outside of it."""

from __future__ import annotations

import re

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.api.classes import Lesson
from tests.api.matrix import (
    CLASS_CALLERS,
    FOREIGNERS,
    LEARNING_INSTRUCTOR,
    MEMBER,
    MEMBERS_BOT,
    class_audience,
    session_routes,
)
from tests.api.served import Served

_NOBODY = "11111111-1111-4111-8111-111111111111"
REST = [route for route in session_routes() if not route.startswith("WS")]
REFUSALS = ("not_in_class", "not_your_session")
_SENTENCE = re.compile(r"session \S+ is for class Class of \S+, which .+: ask instructor-\d+ to let you in")

Callers = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def lesson(served: Served) -> Lesson:
    return Lesson(served, "matrix-lesson")


@pytest.fixture(scope="module")
def callers(lesson: Lesson) -> Callers:
    found = lesson.headers()
    assert set(found) == set(CLASS_CALLERS)
    return found


def address(path: str, name: str) -> str:
    return re.sub(r"\{(\w+)(:path)?\}", lambda found: name if found[1] == "name" else _NOBODY, path)


def refused_for_the_class(answer: httpx.Response) -> bool:
    """Whether it was refused because of whom the session is for, in either face."""
    return answer.status_code == 403 and _SENTENCE.search(answer.text) is not None


@pytest.mark.parametrize("route", REST)
def test_who_may_use_a_route_about_a_session_for_a_class(
    served: Served, lesson: Lesson, callers: Callers, route: str
) -> None:
    method, path = route.split()
    with httpx.Client(base_url=served.url, timeout=60, trust_env=False) as client:
        before = client.get(lesson.path, headers=callers["admin"]).json()
        for caller in FOREIGNERS:
            answer = client.request(method, address(path, lesson.name), headers=callers[caller])
            said = f"{caller}: {answer.status_code} {answer.text[:300]}"
            at_the_door = answer.status_code == 403 and "needs the permission" in answer.text
            assert at_the_door or refused_for_the_class(answer), said
        anonymous = client.request(method, address(path, lesson.name), headers={"X-Session": lesson.name})
        assert anonymous.status_code == 401, anonymous.text
        after = client.get(lesson.path, headers=callers["admin"]).json()
        assert {key: after[key] for key in ("state", "seats_taken", "speed", "phases")} == {
            key: before[key] for key in ("state", "seats_taken", "speed", "phases")
        }
        for caller in set(CLASS_CALLERS) - set(FOREIGNERS):
            answer = client.request(method, address(path, lesson.name), headers=callers[caller])
            said = f"{caller}: {answer.status_code} {answer.text[:300]}"
            allowed = caller in class_audience(route)
            refused = answer.status_code == 403 and (
                "needs the permission" in answer.text or refused_for_the_class(answer)
            )
            assert refused is not allowed, said
            assert answer.status_code < 500, said


def test_an_instructor_who_learns_is_told_who_teaches(
    served: Served, lesson: Lesson, callers: Callers
) -> None:
    with httpx.Client(base_url=served.url, timeout=60, trust_env=False) as client:
        answer = client.post(f"{lesson.path}/pause", headers=callers[LEARNING_INSTRUCTOR])
    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_session")
    assert lesson.teacher.name in answer.json()["message"]


@pytest.mark.parametrize("route", [route for route in session_routes() if route.startswith("WS")])
def test_who_may_open_a_socket_about_a_session_for_a_class(
    served: Served, lesson: Lesson, callers: Callers, route: str
) -> None:
    path = address(route.split()[1], lesson.name).replace(_NOBODY, "iex")
    native = "/api/" in path
    for caller in (*CLASS_CALLERS, "anonymous"):
        headers = callers.get(caller, {"X-Session": lesson.name})
        heard = ""
        try:
            with connect(
                served.url.replace("http", "ws") + path, additional_headers=headers, proxy=None
            ) as socket:
                if native:
                    heard = str(socket.recv(60))
                else:
                    socket.send('{"action": "listen", "data": {"streams": ["trade_updates"]}}')
                    socket.send('{"action": "subscribe", "trades": ["*"], "news": ["*"]}')
                    for _ in range(3):
                        heard += str(socket.recv(60))
                        if any(word in heard for word in ("listening", "subscription", "401", "unauth")):
                            break
        except InvalidStatus as error:
            heard = f"HTTP {error.response.status_code}"
        except ConnectionClosed:
            pass
        foreign = caller in FOREIGNERS or caller == "anonymous"
        told = any(
            word in heard for word in ('"hello"', '["trade_updates"]', '"subscription"', '"trades":["*"]')
        )
        if foreign:
            assert not told, (caller, heard)
        elif path == "/stream" and caller not in (MEMBER, MEMBERS_BOT):
            # Staff have no orders to be told of before they join.
            assert not told, (caller, heard)
        else:
            assert told or "400" in heard, (caller, heard)
