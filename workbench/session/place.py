"""Where in a scenario file something stands, and what people meant by a word that nobody knows."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from workbench.errors import ConfigError, WorkbenchError

BYTE_ORDER_MARK = "\ufeff"
"""What some editors put in front of a file's text; TOML's parser takes it for a letter."""

_TABLE = re.compile(r"\s*(\[\[?)\s*([\w.\-]+)\s*\]\]?\s*(#.*)?", re.ASCII)
_INLINE = re.compile(r"\s*([\w\-]+)\s*=\s*\[\s*(#.*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of a TOML file on which tables begin, which its parser does not tell.

    Parameters
    ----------
    file
        Its path, for messages.
    text
        Its text.
    """

    file: str
    text: str
    _starts: dict[str, list[int]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        starts: dict[str, list[int]] = {}
        array = ""
        for number, line in enumerate(self.text.splitlines(), start=1):
            header, opening = _TABLE.fullmatch(line), _INLINE.fullmatch(line)
            if header is not None:
                starts.setdefault(f"{header[1]}{header[2]}", []).append(number)
                array = ""
            elif opening is not None:
                array = opening[1]
            elif array and line.lstrip().startswith("{"):
                # An entry of an array that is written as one table a line.
                starts.setdefault(f"[[{array}", []).append(number)
            elif line.lstrip().startswith("]"):
                array = ""
        object.__setattr__(self, "_starts", starts)

    def table(self, name: str, label: Any = None) -> str:
        """The place of a single table."""
        return f"{self.file}, [{name}]{self._line(self._starts.get(f'[{name}', []), 0, 1)}{_label(label)}"

    def entry(self, name: str, at: int, count: int, label: Any = None) -> str:
        """The place of the entry with index `at` of an array of `count` tables."""
        line = self._line(self._starts.get(f"[[{name}", []), at, count)
        return f"{self.file}, [[{name}]] {at + 1}{line}{_label(label)}"

    @staticmethod
    def _line(starts: list[int], at: int, count: int) -> str:
        # Text that looks like a table's head may stand in a string; then no line is better than a wrong one.
        return f" (line {starts[at]})" if len(starts) == count else ""


def _label(label: Any) -> str:
    return f" {label!r}" if isinstance(label, str) and label else ""


def refuse_unknown(given: Iterable[str], known: Iterable[str], place: str) -> None:
    """Refuse the first key that nobody knows, and say which one was perhaps meant."""
    names = list(known)
    for key in given:
        if key not in names:
            raise ConfigError(f"{key!r} is unknown here", place, meant(key, names))


def meant(word: str, known: Iterable[str]) -> str:
    """What somebody perhaps meant, or what there is.

    >>> meant("quantty", ["quantity", "price"])
    "did you mean 'quantity'?"
    """
    names = sorted(set(known))
    lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(word.lower(), lower, n=1)
    if close:
        return f"did you mean {lower[close[0]]!r}?"
    return f"known are {', '.join(names)}" if names else "there is none"


@contextmanager
def at(place: str) -> Iterator[None]:
    """Say of every refusal within where in the file its cause stands."""
    try:
        yield
    except WorkbenchError as error:
        if error.where.startswith(place):
            raise
        told = not error.where or f"[{error.where}]" in place
        what = error.what if told else f"{error.where}: {error.what}"
        raise ConfigError(what, place, error.remedy) from None
