"""Numbers given as text, held to what people write; Python's own reading of decimals takes more."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from types import UnionType
from typing import Any, get_args, get_type_hints

import msgspec

from workbench.errors import ApiError

_SHOWN_MAX = 40
_NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")


class Numbers:
    """The decimal fields of a kind of request, and of what is nested in it.

    Parameters
    ----------
    kinds
        Structs that are read from JSON or msgpack.

    Examples
    --------
    >>> from workbench.domain.frames import PlaceOrder
    >>> Numbers(PlaceOrder).odd(b'{"quantity": "1_0"}')
    ('quantity', '1_0')
    >>> Numbers(PlaceOrder).odd(b'{"quantity": "10"}') is None
    True
    """

    def __init__(self, *kinds: type[msgspec.Struct]) -> None:
        self._names = frozenset(name for kind in kinds for name in _decimals(kind))

    def odd(
        self, data: bytes | str, decode: Callable[[Any], Any] = msgspec.json.decode
    ) -> tuple[str, str] | None:
        """The first field whose text is a number for Python alone (`1_0`, Arabic digits), and that text.

        Parameters
        ----------
        data
            What the request was read from; it was read without an error.
        decode
            Reads it into plain objects.
        """
        raw = data.encode() if isinstance(data, str) else data
        # Nothing else makes a text odd that Python took as a number: most requests need no second look.
        if raw.isascii() and b"_" not in raw and b"\\u" not in raw:
            return None
        return self._found(decode(data))

    def check(self, data: bytes | str, decode: Callable[[Any], Any] = msgspec.json.decode) -> None:
        """Refuse a request that has such a field.

        Raises
        ------
        ApiError
            422.
        """
        found = self.odd(data, decode)
        if found is not None:
            raise ApiError(422, "invalid", sentence(*found))

    def _found(self, content: Any) -> tuple[str, str] | None:
        if not isinstance(content, dict):
            return None
        for name, value in content.items():
            if isinstance(value, dict):
                inner = self._found(value)
                if inner is not None:
                    return inner
            elif name in self._names and isinstance(value, str) and not _NUMBER.fullmatch(value):
                return name, value
        return None


def sentence(name: str, value: str) -> str:
    """What is said of it."""
    return f"{name} is {value[:_SHOWN_MAX]!r}, expected a decimal number such as 45.90"


def _decimals(kind: type[msgspec.Struct]) -> list[str]:
    """Names of decimal fields, also of structs that are fields."""
    found: list[str] = []
    for name, hint in get_type_hints(kind).items():
        for each in get_args(hint) if isinstance(hint, UnionType) else (hint,):
            if each is Decimal:
                found.append(name)
            elif isinstance(each, type) and issubclass(each, msgspec.Struct):
                found += _decimals(each)
    return found
