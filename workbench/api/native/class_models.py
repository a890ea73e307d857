"""What class routes take and answer."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from workbench.api.native.model import Model, example

_TIME = "2025-03-18T13:30:00.000000000Z"
_CLASS: dict[str, Any] = {
    "class_id": "5d0c7a3e-6f2b-4a0e-9a63-1f7a0c9be3d1",
    "name": "Markets 101",
    "code": "K7QM2XPA",
    "created": _TIME,
    "archived": False,
    "members": 31,
}


class ClassOut(Model):
    """A class; whoever knows its code can join it. The code is empty for who may not know it."""

    model_config: ClassVar[ConfigDict] = example(**_CLASS)
    class_id: str
    name: str
    code: str
    created: str
    archived: bool
    members: int


class ClassesOut(Model):
    """Classes."""

    model_config: ClassVar[ConfigDict] = example(classes=[_CLASS])
    classes: list[ClassOut]


class NameClass(Model):
    """What a class is called."""

    model_config: ClassVar[ConfigDict] = example(name="Markets 101")
    name: str = Field(min_length=1, max_length=200)


class JoinClass(Model):
    """The code that the instructor gave out."""

    model_config: ClassVar[ConfigDict] = example(code="K7QM2XPA")
    code: str = Field(min_length=1, max_length=100)


class AddMember(Model):
    """Who becomes a member, and whether they help to run the class."""

    model_config: ClassVar[ConfigDict] = example(user_id="0c9f1f6e-5a51-4d8f-8a86-6f6a1f0a3d5e", staff=False)
    user_id: str = Field(max_length=36)
    staff: bool = False


class MemberOut(Model):
    """Somebody in a class."""

    model_config: ClassVar[ConfigDict] = example(
        user_id="0c9f1f6e-5a51-4d8f-8a86-6f6a1f0a3d5e",
        name="ann",
        email="ann@example.org",
        role="student",
        staff=False,
        number="s123",
        joined=_TIME,
        last_login=None,
    )
    user_id: str
    name: str
    email: str
    role: str
    staff: bool
    number: str
    joined: str
    last_login: str | None


class MembersOut(Model):
    """Everybody in a class."""

    model_config: ClassVar[ConfigDict] = example(members=[])
    members: list[MemberOut]


class ImportedOut(Model):
    """What became of a line of a roster; the one-time password is shown nowhere else."""

    model_config: ClassVar[ConfigDict] = example(
        line=2,
        user_id="0c9f1f6e-5a51-4d8f-8a86-6f6a1f0a3d5e",
        name="ann",
        became="created",
        password="brisk-otter-4821",
    )
    line: int
    user_id: str
    name: str
    became: str
    password: str


class RosterOut(Model):
    """What became of each line."""

    model_config: ClassVar[ConfigDict] = example(imported=[])
    imported: list[ImportedOut]
