"""`workbench serve --set NAME=VALUE`: every setting of a server that has no option of its own."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from workbench.api.settings import Rate, ServerSettings
from workbench.errors import ConfigError
from workbench.identity.settings import IdentitySettings
from workbench.session.place import meant

OPTION = "--set"
OPTIONS = frozenset(
    {"data", "scenarios", "secure", "origins", "hosts", "limited", "log_requests", "docs", "sign_up"}
)
"""Settings that have an option of their own."""
_LEAST_BYTES = 1_024


def settable(kind: type[ServerSettings | IdentitySettings]) -> dict[str, str]:
    """Names and types of the settings of a kind that `--set` takes."""
    return {
        # Annotations are texts in one of the two modules, and types in the other.
        each.name: each.type if isinstance(each.type, str) else each.type.__name__
        for each in fields(kind)
        if each.name not in OPTIONS
    }


def settings_of(given: Iterable[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fields of `ServerSettings` and of `IdentitySettings` that were given as `NAME=VALUE`.

    Raises
    ------
    ConfigError
        For a name that is no setting, a value that it cannot have, or a setting that is given twice.

    Examples
    --------
    >>> settings_of(["access_s=300", "login_rate=2/50"])
    ({'login_rate': Rate(per_second=2.0, burst=50.0)}, {'access_s': 300})
    """
    server: dict[str, Any] = {}
    identity: dict[str, Any] = {}
    kinds = ((settable(ServerSettings), server), (settable(IdentitySettings), identity))
    for text in given:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals:
            raise ConfigError(f"is {text!r}, expected NAME=VALUE such as login_rate=5/300", OPTION)
        for types, found in kinds:
            if name in found:
                raise ConfigError(f"{name} is given twice", OPTION)
            if name in types:
                found[name] = _value(name, types[name], value.strip())
                break
        else:
            known = [each for types, _ in kinds for each in types]
            raise ConfigError(f"there is no setting {name!r}", OPTION, meant(name, known))
    # It checks its fields itself, with the name of the one that makes no sense.
    IdentitySettings(**identity)
    return server, identity


def _value(name: str, kind: str, text: str) -> Any:
    if kind == "str":
        if not text:
            raise ConfigError(f"{name} is empty", OPTION)
        return text
    if kind == "Rate":
        per_second, _, burst = text.partition("/")
        return Rate(
            _number(name, per_second, "more than 0, as in 5/300: so many a second, so many at once"),
            _number(name, burst, "more than 0, as in 5/300: so many a second, so many at once", least=1.0),
        )
    if kind == "int":
        # A server that takes no body at all answers nobody.
        least = _LEAST_BYTES if name.endswith("_bytes_max") else 0
        number = _number(name, text, f"a whole number, {least:,} or more", least=least)
        if number != int(number):
            raise ConfigError(f"{name} is {text}, expected a whole number", OPTION)
        return int(number)
    return _number(name, text, "a number, 0 or more", least=0.0)


def _number(name: str, text: str, expected: str, *, least: float = 0.000_001) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number >= least):
        raise ConfigError(f"{name} is {text.strip()!r}, expected {expected}", OPTION)
    return number
