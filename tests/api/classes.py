"""A class with a session of its own, and one caller of each kind around it."""

from __future__ import annotations

from collections.abc import Callable

from tests.api import matrix
from tests.api.callers import ADMIN
from tests.api.served import MARKET, Person, Served
from workbench.identity.principal import CONSOLE
from workbench.identity.roles import Role

QUIET = MARKET.split("[agents]", maxsplit=1)[0]
"""The market of the tests without agents."""


class Lesson:
    """A class, who teaches it, and an open session that is for it.

    Attributes
    ----------
    name
        The session.
    teacher
        Instructor on the staff of the class.
    class_id, code
        The class, and its join code.
    """

    def __init__(self, served: Served, name: str, *, start: bool = True) -> None:
        self.served = served
        self.name = name
        self.teacher = served.person(Role.INSTRUCTOR)
        with served.client(self.teacher) as client:
            made = client.post("/api/classes", json={"name": f"Class of {name}"}).json()
            self.class_id, self.code = made["class_id"], made["code"]
            self.make(self.teacher, name)
            if start:
                assert client.post(f"/api/sessions/{name}/start").status_code == 200

    @property
    def path(self) -> str:
        """Where the session's routes are."""
        return f"/api/sessions/{self.name}"

    def make(self, by: Person, name: str) -> None:
        """Make another session for the class."""
        with self.served.client(by) as client:
            body = {"name": name, "scenario": QUIET, "classes": [self.class_id]}
            made = client.post("/api/sessions", json=body)
            assert made.status_code == 201, made.text
            assert [each["class_id"] for each in made.json()["classes"]] == [self.class_id]

    def member(self, role: Role = Role.STUDENT, *, staff: bool = False) -> Person:
        """Somebody new in the class."""
        person = self.served.person(role)
        self.let_in(person, staff=staff)
        return person

    def let_in(self, person: Person, *, staff: bool = False) -> None:
        """Put somebody in the class."""
        classes = self.served.server.identity.classes
        self.served.run(classes.add(CONSOLE, self.class_id, person.user_id, staff=staff))

    def take_out(self, person: Person) -> None:
        """Take somebody out of the class, as its teacher does."""
        with self.served.client(self.teacher) as client:
            answer = client.delete(f"/api/classes/{self.class_id}/members/{person.user_id}")
            assert answer.status_code == 200, answer.text

    def headers(self) -> dict[str, dict[str, str]]:
        """Headers of a new caller of each kind."""
        served = self.served
        makers: dict[str, Callable[[], Person]] = {
            matrix.OUTSIDER: served.person,
            matrix.FOREIGN_ASSISTANT: lambda: served.person(Role.ASSISTANT),
            matrix.FOREIGN_INSTRUCTOR: lambda: served.person(Role.INSTRUCTOR),
            matrix.FOREIGN_OBSERVER: lambda: served.person(Role.OBSERVER),
            matrix.MEMBER: self.member,
            matrix.LEARNING_INSTRUCTOR: lambda: self.member(Role.INSTRUCTOR),
            matrix.CLASS_OBSERVER: lambda: self.member(Role.OBSERVER),
            matrix.CLASS_ASSISTANT: lambda: self.member(Role.ASSISTANT, staff=True),
            matrix.CLASS_INSTRUCTOR: lambda: self.teacher,
            ADMIN: lambda: served.person(Role.ADMIN),
        }
        found = {caller: make().headers for caller, make in makers.items()}
        found[matrix.MEMBERS_BOT] = served.key(self.member()).headers
        return {caller: {**headers, "X-Session": self.name} for caller, headers in found.items()}
