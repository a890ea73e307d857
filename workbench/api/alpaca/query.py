"""Values of a query string: every form in which a client was seen to send them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from workbench.api.alpaca.errors import invalid, malformed
from workbench.api.alpaca.moments import moment_ns

_TRUE: Final = frozenset({"true", "1", "yes", "t", "on"})
_FALSE: Final = frozenset({"false", "0", "no", "f", "off", ""})
_MOST_DIGITS = 18


class Query:
    """A query string with typed reads; what is absent or empty is the default.

    Examples
    --------
    >>> query = Query({"nested": "True", "symbols": "AAPL, spy", "limit": "20"})
    >>> query.flag("nested"), query.words("symbols"), query.whole("limit", 50, least=1, most=500)
    (True, ['AAPL', 'spy'], 20)
    """

    __slots__ = ("_given",)

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given

    def text(self, name: str, default: str = "") -> str:
        """A text without blanks around it."""
        return self._given.get(name, "").strip() or default

    def flag(self, name: str, default: bool = False) -> bool:
        """A truth value: `true`, `True`, `1` and their opposites."""
        given = self.text(name).lower()
        if not given:
            return default
        if given in _TRUE:
            return True
        if given in _FALSE:
            return False
        raise malformed(f"{name} {given!r} is neither true nor false")

    def words(self, name: str) -> list[str]:
        """A list joined by commas, without empty items and doubles."""
        return list(dict.fromkeys(word for part in self.text(name).split(",") if (word := part.strip())))

    def whole(self, name: str, default: int, *, least: int, most: int) -> int:
        """A whole number; one above `most` is taken as `most`, one below `least` is refused."""
        given = self.text(name)
        if not given:
            return default
        digits = given[1:] if given[0] in "+-" else given
        if not digits.isascii() or not digits.isdigit() or len(digits) > _MOST_DIGITS:
            raise malformed(f"{name} {given!r} is no whole number")
        number = int(given)
        if number < least:
            raise invalid(f"{name} must be at least {least}, not {number}")
        return min(number, most)

    def moment(self, name: str) -> int | None:
        """A time in nanoseconds since 1970."""
        given = self.text(name)
        return moment_ns(given, name) if given else None

    def choice(self, name: str, default: str, *known: str) -> str:
        """One of a few words, in any case."""
        given = self.text(name, default).lower()
        if given not in known:
            raise invalid(f"{name} {given!r} is unknown: expected one of {', '.join(known)}")
        return given
