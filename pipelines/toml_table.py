"""A table of a TOML file, of which nothing may be left over."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, datetime, time
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar

from workbench.errors import ConfigError

E = TypeVar("E", bound=StrEnum)

MOST = 1e12
"""No setting is larger; what is counts as a slip."""


class Table:
    """A table of the file.

    Parameters
    ----------
    table
        What it says.
    place
        Where it stands.
    settings
        Every setting that it can have; None when `only` will be told.

    Raises
    ------
    ConfigError
        When it has another setting: what is misspelt is named before what is missing for it.
    """

    def __init__(self, table: dict[str, Any], place: str, settings: Iterable[str] | None = None) -> None:
        self._table = table
        self.place = place
        if settings is not None:
            self.only(settings)

    def only(self, settings: Iterable[str], others: Iterable[str] = (), whose: str = "") -> None:
        """Refuse other settings than these.

        Parameters
        ----------
        settings
            What it can have.
        others, whose
            What only tables of another kind can have, and what the kind of this one is called.
        """
        known = list(settings)
        for key in self._table:
            if key in known:
                continue
            if key in others:
                raise ConfigError(f"{key!r} is no setting of {whose}", self.place, "leave it out")
            raise ConfigError(f"{key!r} is no setting", self.place, near(key, known))

    def where(self, key: str) -> str:
        """Where a setting stands."""
        return f"{self.place}, {key}"

    def has(self, key: str) -> bool:
        """Whether a setting is given."""
        return key in self._table

    def _get(self, key: str, kind: type | tuple[type, ...], what: str) -> Any:
        value = self._table.get(key)
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            raise ConfigError(f"is {shown(value)}, expected {what}", self.where(key))
        return value

    def sub(self, key: str, settings: Iterable[str]) -> Table | None:
        """The table of that name with its settings, or None."""
        value = self._get(key, dict, f"a table [{key}]")
        return None if value is None else Table(value, f"{self.place}, [{key}]", settings)

    def tables(self, key: str) -> list[tuple[str, Table]]:
        """The tables within one, by name."""
        value: dict[str, Any] = self._get(key, dict, f"tables [{key}.NAME]") or {}
        for name, each in value.items():
            if not isinstance(each, dict):
                raise ConfigError(
                    f"is {shown(each)}, expected a table [{key}.{name}]", f"{self.place}, [{key}], {name}"
                )
        return [(name, Table(each, f"{self.place}, [{key}.{name}]")) for name, each in value.items()]

    def text(self, key: str, default: str | None = None) -> str:
        """A text; refused when it is empty, or missing without a default."""
        value = self._get(key, str, "text in quotes")
        if value is None and default is None:
            raise ConfigError(f"{key!r} is missing", self.place)
        if value is not None and not value.strip() and default != "":
            raise ConfigError("is empty", self.where(key), "write something, or leave it out")
        return str(default if value is None else value)

    def strings(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """A list of texts."""
        value = self._get(key, list, "a list of texts")
        if value is not None and not all(isinstance(each, str) for each in value):
            raise ConfigError(f"is {shown(value)}, expected a list of texts in quotes", self.where(key))
        return default if value is None else tuple(value)

    def texts(self, key: str) -> dict[str, str]:
        """A table of texts."""
        value = self._get(key, dict, "a table of texts") or {}
        for name, each in value.items():
            if not isinstance(each, str):
                raise ConfigError(f"is {shown(each)}, expected text in quotes", f"{self.where(key)}, {name}")
        return dict(value)

    def values(self, key: str) -> dict[str, Any]:
        """A table of whatever."""
        return dict(self._get(key, dict, "a table") or {})

    def number(self, key: str, *, least: float = 0.0, most: float = MOST) -> float | None:
        """A number within bounds, or None."""
        value = self._get(key, (int, float), "a number")
        self._check(key, value, least, most)
        return None if value is None else float(value)

    def whole(self, key: str, *, least: int = 0, most: float = 1e18) -> int | None:
        """A whole number within bounds, or None."""
        value = self._get(key, int, "a whole number")
        self._check(key, value, least, most)
        return None if value is None else int(value)

    def _check(self, key: str, value: float | None, least: float, most: float) -> None:
        if value is None or least <= value <= most:
            return
        bound = f"{most:g} or less" if value > most and math.isfinite(value) else f"{least:g} or more"
        expected = bound if math.isfinite(value) else "a finite number"
        raise ConfigError(f"is {value:g}, expected {expected}", self.where(key))

    def choice(self, key: str, kind: type[E], default: E | None = None) -> E:
        """One of some words."""
        value = self.text(key, default)
        try:
            return kind(value)
        except ValueError:
            found = get_close_matches(value, list(kind), 1)
            raise ConfigError(
                f"is {value!r}, expected one of {', '.join(kind)}",
                self.where(key),
                f"did you mean {found[0]}?" if found else "",
            ) from None


def near(name: str, known: Iterable[str]) -> str:
    """What somebody may have meant."""
    names = list(known)
    found = get_close_matches(name.lower(), names, 1)
    if found:
        return f"did you mean {found[0]}?"
    if not names:
        return "there are none"
    return f"there is {names[0]}" if len(names) == 1 else f"there are {', '.join(names)}"


def shown(value: Any) -> str:
    """A value as a file has it.

    >>> shown([True, date(2025, 7, 4), "x"])
    "[true, 2025-07-04, 'x']"
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(shown(each) for each in value)}]"
    if isinstance(value, dict):
        return "a table"
    return repr(value)
