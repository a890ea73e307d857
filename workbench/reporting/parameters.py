"""Parameters as they were given, checked: papermill would put defaults in place of what it does not know."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from typing import Any

from workbench.errors import ReportError
from workbench.reporting.records import Parameter, ReportKind, Value

_DAY = "_day"
"""Names of parameters that are days end so."""


def checked(kind: ReportKind, given: Mapping[str, Any]) -> dict[str, Value]:
    """Every parameter of a report with its value.

    Raises
    ------
    ReportError
        When one is unknown, of another type, or a day that is none.
    """
    known = {each.name: each for each in kind.parameters}
    where = f"report {kind.name!r}"
    for name in given:
        if name not in known:
            near = get_close_matches(str(name), known, 1)
            remedy = f"did you mean {near[0]}?" if near else f"it has {', '.join(known)}"
            raise ReportError("parameters", f"has no parameter {name!r}", where, remedy)
    return {
        name: _checked(given[name], each, where) if name in given else each.default
        for name, each in known.items()
    }


def _checked(value: Any, parameter: Parameter, where: str) -> Value:
    type_ = parameter.type
    if type_ is float and type(value) is int:
        return float(value)
    if type(value) is not type_:
        raise ReportError(
            "parameters",
            f"{parameter.name} is {value!r}, expected {_NAMES[type_]}",
            where,
            f"it means: {parameter.about}",
        )
    if type_ is float and value != value:  # noqa: PLR0124 - NaN alone differs from itself
        raise ReportError("parameters", f"{parameter.name} is NaN, expected a number", where)
    if parameter.name.endswith(_DAY) and value:
        _day(str(value), parameter.name, where)
    found: Value = value
    return found


_NAMES: dict[type[Value], str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
}


def _day(value: str, name: str, where: str) -> date:
    """A day as it is written, YYYY-MM-DD and in no other of ISO 8601's ways."""
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = None
    if day is None or day.isoformat() != value:
        raise ReportError("parameters", f"{name} is {value!r}, expected a day as YYYY-MM-DD", where)
    return day
