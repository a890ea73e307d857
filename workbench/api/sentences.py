"""What is said of a request that makes no sense: the field, what is there, and what is expected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SECRET = ("password", "secret", "token", "refresh", "code", "old", "new", "ticket")
_SHOWN_MAX = 40
_NAME_PATTERN = "[A-Za-z0-9_]"
_PLACES = ("body", "query", "path", "header", "cookie")
_NOT_OBJECTS = ("model_attributes_type", "model_type", "dict_type", "dataclass_type")
_EXPECTED = {
    "string_type": "text",
    "string_too_short": "at least {min_length} characters",
    "string_too_long": "at most {max_length} characters",
    "too_short": "at least {min_length} of them",
    "too_long": "at most {max_length} of them",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "literal_error": "{expected}",
    "greater_than_equal": "{ge:,} or more",
    "greater_than": "more than {gt:,}",
    "less_than_equal": "{le:,} or less",
    "less_than": "less than {lt:,}",
}
_KINDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a decimal number such as 45.90",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}
_AT = re.compile(r" - at `\$\.?([^`]*)`$")
_MISSING = re.compile(r"Object missing required field `([^`]*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_WRONG = re.compile(r"Expected `([^`]*)`(.*?)(?:, got `([^`]*)`)?$")
_BAD = re.compile(r"Invalid (\w+)(?: string| value)?(?: (.*))?$")


def place_of(item: Mapping[str, Any]) -> str:
    """Where in a request the finding is: a field's name, or the part of the request it is about."""
    inner = [str(part) for part in item["loc"] if part not in _PLACES]
    return ".".join(inner) or f"the {item['loc'][0]}"


def finding(item: Mapping[str, Any]) -> str:
    """One finding of pydantic as a sentence that names the field."""
    place, kind = place_of(item), str(item["type"])
    if kind == "missing":
        return "the request has no body; send a JSON object" if place == "the body" else f"{place} is missing"
    if kind == "extra_forbidden":
        return f"{place} is unknown here"
    if kind in _NOT_OBJECTS and place == "the body":
        return "the body is no JSON object"
    if kind == "string_pattern_mismatch":
        expected = _pattern(str(item["ctx"]["pattern"]))
    else:
        expected = _EXPECTED.get(kind, "").format(**item.get("ctx", {}))
    if kind == "value_error":
        # Raised by ourselves, as the rest of a sentence.
        return f"{place} {str(item['msg']).removeprefix('Value error, ')}"
    if not expected:
        return f"{place}: {item['msg']}"
    return f"{place} is {_shown(place, item.get('input'))}, expected {expected}"


def _pattern(pattern: str) -> str:
    if _NAME_PATTERN in pattern:
        return "letters without accents, digits, '.', '-' and '_', beginning with a letter, digit or '_'"
    words = re.fullmatch(r"\^\(([\w|]+)\)\??\$", pattern)
    return " or ".join(words[1].split("|")) if words else f"text like {pattern}"


def _shown(place: str, given: Any) -> str:
    """What was given, unless it is long, or nobody's business."""
    if place.rsplit(".", 1)[-1].startswith(_SECRET):
        return "not good" if not isinstance(given, str) else f"{len(given)} characters long"
    if isinstance(given, list | dict):
        return "a list" if isinstance(given, list) else "an object"
    if given is None or isinstance(given, bool):
        return {None: "null", True: "true", False: "false"}[given]
    text = repr(given) if isinstance(given, str) else str(given)
    return text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}..."


def misshapen(said: str) -> str:
    """What msgspec says of a body of another shape, as a sentence that names the field."""
    found = _AT.search(said)
    field = found[1] if found else ""
    what = said[: found.start()] if found else said
    if missing := _MISSING.match(what):
        return f"{_within(field, missing[1])} is missing"
    if unknown := _UNKNOWN.match(what):
        return f"{_within(field, unknown[1][:_SHOWN_MAX])} is unknown here"
    place = field or "the body"
    if wrong := _WRONG.match(what):
        kinds = [_KINDS.get(kind.strip(), kind.strip()) for kind in wrong[1].split("|")]
        got = f"is {_KINDS.get(wrong[3], wrong[3])}, " if wrong[3] else "is not as "
        expected = f"expected {' or '.join(kinds)}{wrong[2]}"
        return f"{place} {got}{expected}"
    if bad := _BAD.match(what):
        kind = _KINDS.get(bad[1])
        return (
            f"{place} is not as expected: {kind}" if kind else f"{place} is {bad[2]}, which is not known here"
        )
    return f"{place}: {what}"


def _within(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name
