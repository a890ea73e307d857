"""Settings from TOML tables, made of the fields of the dataclass they are for.

Nothing here names a setting: a field that is added to an instrument, an account or the venue can be set at
once.
"""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal
from enum import IntEnum, IntFlag
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from workbench.errors import ConfigError
from workbench.session.moments import Clock, is_span, span_ns
from workbench.session.place import at, meant, refuse_unknown

Kind = TypeVar("Kind")

_PPM = "_ppm"
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%", re.ASCII)


def build(
    kind: type[Kind], table: Any, place: str, clock: Clock, given: Mapping[str, Any] | None = None
) -> Kind:
    """An instance of a dataclass whose fields a table gives.

    Parameters
    ----------
    kind
        The dataclass.
    table
        The table. Its keys are names of fields; what ends in `_ns` may be given without that as a clock time
        or a length of time, what has `_ppm` in its name without that as a percentage, and what holds several
        of something by the name of one.
    place
        Where the table stands, for messages.
    clock
        For times of day.
    given
        Fields that the table does not give.
    """
    if not isinstance(table, dict):
        raise ConfigError(f"is {shown(table)}, expected a table of settings", place)
    hints = get_type_hints(kind)
    chosen = dict(given or {})
    names = {field.name for field in fields(kind) if field.init} - set(chosen)  # type: ignore[arg-type]
    keys = {name: name for name in sorted(names)}
    for name in sorted(names):
        for key in keys_of(name, hints[name]):
            keys.setdefault(key, name)
    refuse_unknown(table, keys, place)
    for key, value in table.items():
        name = keys[key]
        if name in chosen:
            raise ConfigError(f"{name} is given twice", place)
        with at(place):
            chosen[name] = _value(hints[name], value, key, name, clock, place)
    for field in fields(kind):  # type: ignore[arg-type]
        needed = field.init and field.default is MISSING and field.default_factory is MISSING
        if needed and field.name not in chosen:
            raise ConfigError(f"has no {field.name}", place, "give one")
    with at(place):
        return kind(**chosen)


def keys_of(name: str, hint: Any) -> list[str]:
    """What a field may be called in a file."""
    keys = [name]
    if name.endswith("_ns"):
        keys.append(name.removesuffix("_ns"))
    if _PPM in name:
        keys.append(name.replace(_PPM, ""))
    if element_of(hint) is not None and name.endswith("s"):
        keys.append(name.removesuffix("s"))
    return keys


def element_of(hint: Any) -> type | None:
    """The dataclass that a sequence holds, if it holds one."""
    if get_origin(hint) is None or not _is_sequence(hint):
        return None
    element = get_args(hint)[0]
    return element if isinstance(element, type) and is_dataclass(element) else None


def _is_sequence(hint: Any) -> bool:
    origin = get_origin(hint)
    return isinstance(origin, type) and issubclass(origin, Collection) and not issubclass(origin, Mapping)


def _value(hint: Any, given: Any, key: str, name: str, clock: Clock, place: str) -> Any:
    options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    options = tuple(option for option in options if option is not type(None))
    if name.endswith("_ns") and key != name:
        return span_ns(given) if is_span(given) else clock.moment(given)
    if _PPM in name and key != name:
        return millionths(given, key)
    if Decimal in options:
        if isinstance(given, bool) or not isinstance(given, (int, str, Decimal)):
            raise ConfigError(f"{key} is {shown(given)}, expected a number such as 0.01")
        return given
    option = options[0]
    if _is_sequence(option) and get_origin(option) is not None:
        if not isinstance(given, list):
            raise ConfigError(f"{key} is {shown(given)}, expected a list")
        element = get_args(option)[0]
        return [
            _value(element, item, f"{key} {number}", name, clock, place)
            for number, item in enumerate(given, start=1)
        ]
    if isinstance(option, type):
        if is_dataclass(option):
            return build(option, given, f"{place}, {key}", clock)
        if issubclass(option, (IntEnum, IntFlag)):
            return code_of(option, given, key)
        return _plain(option, given, key)
    return given


_EXPECTED: dict[type, tuple[tuple[type, ...], str]] = {
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, Decimal), "a number"),
    str: ((str,), "text"),
}


def _plain(kind: type, given: Any, key: str) -> Any:
    expected = _EXPECTED.get(kind)
    if expected is None:
        return given
    right = isinstance(given, expected[0]) and (kind is bool) == isinstance(given, bool)
    if not right:
        raise ConfigError(f"{key} is {shown(given)}, expected {expected[1]}")
    return kind(given)


def is_percent(given: Any) -> bool:
    """Whether this is a part of a hundred such as `"2.5%"`."""
    return isinstance(given, str) and _PERCENT.fullmatch(given.strip()) is not None


def millionths(given: Any, key: str) -> int:
    """Parts per million of a percentage such as `"2.5%"`.

    >>> millionths("2.5%", "collar")
    25000
    """
    match = _PERCENT.fullmatch(given.strip()) if isinstance(given, str) else None
    if match is None:
        raise ConfigError(f"{key} is {shown(given)}, expected a percentage such as '2.5%'")
    parts = Decimal(match[1]) * 10_000
    if parts != int(parts):
        raise ConfigError(f"{key} is {shown(given)}, which is finer than a millionth")
    return int(parts)


def code_of(codes: type[IntEnum] | type[IntFlag], given: Any, key: str) -> int:
    """A code by its name in any case, several flags by a list of names, or the number itself."""
    if isinstance(given, int) and not isinstance(given, bool):
        return given if issubclass(codes, IntFlag) or given not in set(codes) else codes(given)
    if isinstance(given, list) and issubclass(codes, IntFlag):
        total = codes(0)
        for one in given:
            total |= codes(code_of(codes, one, key))
        return total
    names = {name.lower(): code for name, code in codes.__members__.items()}
    word = given.strip().lower().replace("-", "_").replace(" ", "_") if isinstance(given, str) else ""
    if word not in names:
        raise ConfigError(
            f"{key} is {shown(given)}, expected one of {', '.join(names)}", remedy=_guess(word, names)
        )
    return names[word]


def _guess(word: str, names: Mapping[str, Any]) -> str:
    said = meant(word, names)
    return said if said.startswith("did you") else ""


def shown(given: Any) -> str:
    """A value as the file has it, more or less."""
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, Decimal):
        return f"{given}"
    return "a table" if isinstance(given, dict) else f"{given!r}" if not isinstance(given, list) else "a list"


def sequences_of(kind: type) -> dict[str, str]:
    """The fields of a dataclass that hold several of another, by what one of them is called."""
    hints = get_type_hints(kind)
    return {
        field.name.removesuffix("s"): field.name
        for field in dataclasses.fields(kind)
        if element_of(hints[field.name]) is not None
    }


def element_of_field(kind: type, name: str) -> Any:
    """The dataclass that a field of another holds several of."""
    return element_of(get_type_hints(kind)[name])
