"""What the routes of logins, users and keys take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from workbench.api.native.model import Model, example

_USER_ID = "0c9f1f6e-5a51-4d8f-8a86-6f6a1f0a3d5e"
_TIME = "2025-03-18T13:30:00.000000000Z"
_ME: dict[str, Any] = {
    "user_id": _USER_ID,
    "name": "ann",
    "role": "student",
    "permissions": ["read_market", "read_own", "trade"],
    "kind": "token",
    "session": "",
    "must_change_password": False,
}
_USER: dict[str, Any] = {
    "user_id": _USER_ID,
    "name": "ann",
    "email": "ann@example.org",
    "role": "student",
    "created": _TIME,
    "last_login": _TIME,
    "disabled": False,
    "deleted": False,
    "must_change_password": False,
}

Password = Field(min_length=1, max_length=1024)


class SignUp(Model):
    """Making oneself a user; `code` is the join code of a class, where the server asks for one."""

    model_config: ClassVar[ConfigDict] = example(
        name="ann", password="correct horse battery", email="", code=""
    )
    name: str = Field(min_length=1, max_length=200)
    password: str = Password
    email: str = Field(default="", max_length=320)
    code: str = Field(default="", max_length=100)


class Login(Model):
    """Logging in. `cookies` is for pages: the tokens then travel in cookies that scripts cannot read."""

    model_config: ClassVar[ConfigDict] = example(name="ann", password="correct horse battery", cookies=False)
    name: str = Field(min_length=1, max_length=200)
    password: str = Password
    device: str = Field(default="", max_length=200)
    cookies: bool = False


class Refresh(Model):
    """The refresh token of a program; pages leave it out, theirs is in a cookie."""

    model_config: ClassVar[ConfigDict] = example(refresh="wzKq...43 characters")
    refresh: str = Field(default="", max_length=200)


class MeOut(Model):
    """Who asks, and what they may do."""

    model_config: ClassVar[ConfigDict] = example(**_ME)
    user_id: str
    name: str
    role: str
    permissions: list[str]
    kind: str
    session: str
    must_change_password: bool


class TokensOut(Model):
    """A login. `access` and `refresh` are empty when they are in cookies."""

    model_config: ClassVar[ConfigDict] = example(
        access="eyJ...", refresh="wzKq...43 characters", token_type="bearer", expires_in=600, user=_ME
    )
    access: str
    refresh: str
    token_type: Literal["bearer"]
    expires_in: int
    user: MeOut


class UserOut(Model):
    """A user."""

    model_config: ClassVar[ConfigDict] = example(**_USER)
    user_id: str
    name: str
    email: str
    role: str
    created: str
    last_login: str | None
    disabled: bool
    deleted: bool
    must_change_password: bool


class UsersOut(Model):
    """A page of users by name; `next` goes into `after` for the page after it."""

    model_config: ClassVar[ConfigDict] = example(users=[_USER], next=None)
    users: list[UserOut]
    next: str | None


class CreateUser(Model):
    """A new user; without a password they get one to use once."""

    model_config: ClassVar[ConfigDict] = example(name="bob", role="assistant", email="", password="")
    name: str = Field(min_length=1, max_length=200)
    role: Literal["student", "assistant", "instructor", "observer", "admin"] = "student"
    email: str = Field(default="", max_length=320)
    password: str = Field(default="", max_length=1024)


class CreatedUserOut(Model):
    """A user who was just made, with the password to use once, which is shown nowhere else."""

    model_config: ClassVar[ConfigDict] = example(user=_USER, one_time_password="")
    user: UserOut
    one_time_password: str


class OneTimeOut(Model):
    """A password to use once; it is shown nowhere else."""

    model_config: ClassVar[ConfigDict] = example(one_time_password="brisk-otter-4821-lamp")
    one_time_password: str


class SetRole(Model):
    """What a user shall be."""

    model_config: ClassVar[ConfigDict] = example(role="assistant")
    role: Literal["student", "assistant", "instructor", "observer", "admin"]


class ChangePassword(Model):
    """The old password and the new one."""

    model_config: ClassVar[ConfigDict] = example(old="correct horse battery", new="staple gun paper")
    old: str = Password
    new: str = Password


class ProfileOut(Model):
    """What others may see of a user."""

    model_config: ClassVar[ConfigDict] = example(
        full_name="Ann Lee", about="", language="en", time_zone="America/New_York", colour="#3366cc"
    )
    full_name: str
    about: str
    language: str
    time_zone: str
    colour: str


class PreferencesOut(Model):
    """How a user wants the pages."""

    model_config: ClassVar[ConfigDict] = example(
        theme="dark",
        colour_blind=False,
        confirmations="all",
        default_quantity=100,
        default_order_type="limit",
        sounds=False,
        show_clock="session",
        layout={},
    )
    theme: str
    colour_blind: bool
    confirmations: str
    default_quantity: int
    default_order_type: str
    sounds: bool
    show_clock: str
    layout: dict[str, Any]


class DeviceOut(Model):
    """A login that holds; `current` is the one that asks."""

    model_config: ClassVar[ConfigDict] = example(
        login="8e2b...",
        address="192.0.2.7",
        device="Firefox",
        created=_TIME,
        used=_TIME,
        expires=_TIME,
        current=True,
    )
    login: str
    address: str
    device: str
    created: str
    used: str
    expires: str
    current: bool


class DevicesOut(Model):
    """Logins that hold, the last used one first."""

    model_config: ClassVar[ConfigDict] = example(devices=[])
    devices: list[DeviceOut]


class EndedOut(Model):
    """How many logins ended."""

    model_config: ClassVar[ConfigDict] = example(ended=2)
    ended: int


class CreateKey(Model):
    """A key for a bot: bound to a session or to none, with what it may do; a bot's needs unless told."""

    model_config: ClassVar[ConfigDict] = example(label="my bot", session="", scopes=[], expires=None)
    label: str = Field(default="", max_length=100)
    session: str = Field(default="", max_length=100)
    scopes: list[str] = Field(default_factory=list, max_length=50)
    expires: datetime | None = None


class NewKeyOut(Model):
    """A key that was just made; the secret is shown nowhere else."""

    model_config: ClassVar[ConfigDict] = example(key_id="PK4J2L9QF7T0D3S8A1ZX", secret="...40 characters")
    key_id: str
    secret: str


class KeyOut(Model):
    """A key without its secret."""

    model_config: ClassVar[ConfigDict] = example(
        key_id="PK4J2L9QF7T0D3S8A1ZX",
        label="my bot",
        session="",
        scopes=["read_market", "read_own", "trade"],
        created=_TIME,
        expires=None,
        used=None,
        revoked=None,
    )
    key_id: str
    label: str
    session: str
    scopes: list[str]
    created: str
    expires: str | None
    used: str | None
    revoked: str | None


class KeysOut(Model):
    """All keys of a user, the newest first."""

    model_config: ClassVar[ConfigDict] = example(keys=[])
    keys: list[KeyOut]


class TicketOut(Model):
    """A ticket that opens one WebSocket, as `?ticket=`, within the next seconds."""

    model_config: ClassVar[ConfigDict] = example(ticket="Vb0...")
    ticket: str


class AuditEntryOut(Model):
    """One act."""

    model_config: ClassVar[ConfigDict] = example(
        id=77,
        time=_TIME,
        actor_id=_USER_ID,
        actor="Dr. Lee",
        actor_kind="token",
        key_id="",
        action="session.pause",
        target="session:monday",
        details={},
        address="192.0.2.7",
    )
    id: int
    time: str
    actor_id: str
    actor: str
    actor_kind: str
    key_id: str
    action: str
    target: str
    details: dict[str, Any]
    address: str


class AuditOut(Model):
    """A page of the audit log, the newest first; `next` goes into `before` for the page after it."""

    model_config: ClassVar[ConfigDict] = example(entries=[], next=None)
    entries: list[AuditEntryOut]
    next: int | None
