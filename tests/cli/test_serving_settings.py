"""`workbench serve --set`: every setting can be reached, and what makes no sense is said in a sentence."""

from __future__ import annotations

import inspect
from dataclasses import fields, replace
from pathlib import Path

import pytest

from tests.conftest import ROOT
from workbench.api.settings import Rate, ServerSettings
from workbench.cli.serving import start_of
from workbench.cli.serving_settings import OPTIONS, settable, settings_of
from workbench.errors import ConfigError
from workbench.identity.settings import IdentitySettings


def as_text(value: object) -> str:
    return f"{value.per_second:g}/{value.burst:g}" if isinstance(value, Rate) else str(value)


def test_every_setting_has_an_option_or_is_set_by_name() -> None:
    every = {each.name for kind in (ServerSettings, IdentitySettings) for each in fields(kind)}
    by_name = settable(ServerSettings).keys() | settable(IdentitySettings).keys()
    assert by_name | OPTIONS == every
    assert by_name & OPTIONS == set()
    assert set(inspect.signature(start_of).parameters) >= OPTIONS


def test_what_is_set_is_what_the_server_is_told() -> None:
    defaults = (ServerSettings(Path("var")), IdentitySettings())
    for kind, default in zip((ServerSettings, IdentitySettings), defaults, strict=True):
        names = settable(kind)
        given = [f"{name}={as_text(getattr(default, name))}" for name in names]
        server, identity = settings_of(given)
        assert replace(default, **server, **identity) == default
        assert server.keys() | identity.keys() == names.keys()
    assert settings_of(["sign_up_rate = 0.5/20", "reread_s=0"]) == (
        {"sign_up_rate": Rate(0.5, 20.0)},
        {"reread_s": 0.0},
    )


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("login_rate", "--set: is 'login_rate', expected NAME=VALUE"),
        ("login_rat=1/2", "there is no setting 'login_rat'; .*login_rate"),
        ("data=elsewhere", "there is no setting 'data'"),
        ("login_rate=5", "login_rate is '', expected more than 0, as in 5/300"),
        ("login_rate=0/5", "login_rate is '0'"),
        ("login_rate=1/0.5", "login_rate is '0.5'"),
        ("access_s=1.5", "access_s is 1.5, expected a whole number"),
        ("access_s=0", "access_s: is 0, expected more than 0"),
        ("access_s=", "access_s is ''"),
        ("ticket_s=nan", "ticket_s is 'nan'"),
        ("body_bytes_max=0", "body_bytes_max is .0., expected a whole number, 1,024 or more"),
        ("body_bytes_max=-1", "body_bytes_max is '-1'"),
        ("sockets_per_user=many", "sockets_per_user is 'many'"),
        ("issuer=", "issuer is empty"),
        ("argon2_memory_kib=1", "argon2_memory_kib: is too little"),
    ],
)
def test_what_makes_no_sense_is_refused(given: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        settings_of([given])


def test_a_setting_is_given_once() -> None:
    with pytest.raises(ConfigError, match="access_s is given twice"):
        settings_of(["access_s=1", "access_s=2"])


def test_the_documentation_names_every_setting_with_its_default() -> None:
    text = (ROOT / "docs" / "cli.md").read_text()
    for kind in (ServerSettings, IdentitySettings):
        for name in settable(kind):
            assert f"`{name}`" in text, name
