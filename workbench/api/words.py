"""The exchange's integers as the API says them, and the API's words as the exchange's codes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import IntEnum
from fractions import Fraction
from functools import lru_cache
from typing import TypeVar

from workbench.domain.codes import OrderType, Side, TimeInForce
from workbench.domain.config import FIRST_TRADER, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.times import MAX_TIME_NS
from workbench.domain.units import decimal
from workbench.errors import ApiError

_NS = 1_000_000_000
_DIGITS = 9
_TIME_CHARACTERS_MAX = 40

Code = TypeVar("Code", bound=IntEnum)


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def moment(time_ns: int) -> str:
    """A time as ISO 8601 with nanoseconds, in UTC.

    >>> moment(1_742_304_600_000_000_001)
    '2025-03-18T13:30:00.000000001Z'
    """
    seconds, nanoseconds = divmod(int(time_ns), _NS)
    return f"{_second(seconds)}.{nanoseconds:09d}Z"


def maybe_moment(time_ns: int) -> str | None:
    """The same, or None for 0."""
    return moment(time_ns) if time_ns else None


def time_of(text: str, name: str) -> int:
    """Nanoseconds of a time that a client gave: ISO 8601 with a zone, or whole nanoseconds.

    Raises
    ------
    ApiError
        422 when it is neither.
    """
    if text.isascii() and text.removeprefix("-").isdigit() and len(text) <= _TIME_CHARACTERS_MAX:
        return _bounded(int(text))
    head, point, rest = text.partition(".")
    fraction = ""
    if point:
        digits = len(rest) - len(rest.lstrip("0123456789"))
        fraction, rest = rest[:digits], rest[digits:]
        head += rest
    try:
        found = datetime.fromisoformat(head)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or len(fraction) > _DIGITS:
        raise ApiError(
            422,
            "invalid",
            f"{name} is {text[:40]!r}, expected a time with its zone such as 2025-03-18T13:30:00Z",
        )
    seconds = round((found - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    return _bounded(seconds * _NS + int(fraction.ljust(9, "0") or 0))


def _bounded(time_ns: int) -> int:
    """A time before or after all that can be recorded as the first or last that can."""
    return min(max(time_ns, -MAX_TIME_NS), MAX_TIME_NS)


def money(micros: int) -> float:
    """Micros as currency: the double nearest to the decimal.

    >>> money(12_345_678)
    12.345678
    """
    return int(micros) / 1_000_000


def decimal_of(text: str, name: str) -> Decimal:
    """A decimal that a client gave as text.

    Raises
    ------
    ApiError
        422 when it is none.
    """
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise ApiError(422, "invalid", f"{name} is {text[:40]!r}, expected a decimal number")
    return value


class Scale:
    """Prices and quantities of one instrument; each is the double nearest to the exact decimal."""

    __slots__ = ("_lot", "_tick", "instrument", "number", "symbol")

    def __init__(self, number: int, instrument: Instrument) -> None:
        self.number = number
        self.instrument = instrument
        self.symbol = instrument.symbol
        self._tick = _ratio(instrument.tick_size)
        self._lot = _ratio(instrument.lot_size)

    def price(self, ticks: float) -> float:
        """A price in currency."""
        return ticks * self._tick[0] / self._tick[1]

    def maybe_price(self, ticks: float) -> float | None:
        """A price, or None where 0 means that there is none."""
        return ticks * self._tick[0] / self._tick[1] if ticks else None

    def quantity(self, lots: int) -> float:
        """A quantity in units."""
        return lots * self._lot[0] / self._lot[1]


def _ratio(size: Decimal | int | str) -> tuple[int, int]:
    fraction = Fraction(decimal(size))
    return fraction.numerator, fraction.denominator


class Scales:
    """The scales of a venue, by number and by symbol."""

    def __init__(self, venue: Venue) -> None:
        self._all = [Scale(number, instrument) for number, instrument in enumerate(venue.instruments)]
        self._by_symbol = {scale.symbol: scale for scale in self._all}

    def __getitem__(self, number: int) -> Scale:
        return self._all[number]

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._all)

    def of(self, symbol: str) -> Scale:
        """That of a symbol.

        Raises
        ------
        ApiError
            404 when nothing of that name is traded here.
        """
        found = self._by_symbol.get(symbol)
        if found is None:
            raise ApiError(
                404,
                "unknown_symbol",
                f"nothing called {symbol[:40]!r} is traded here; "
                f"there are {', '.join(list(self._by_symbol)[:20])}",
            )
        return found


def word(code: IntEnum) -> str:
    """A code as the API spells it.

    >>> from workbench.domain.codes import OrderType
    >>> word(OrderType.STOP_LIMIT)
    'stop_limit'
    """
    return code.name.lower()


def words_of(kind: type[IntEnum]) -> dict[int, str]:
    """Every code's word, by its number.

    >>> words_of(Side)
    {0: 'none', 1: 'buy', 2: 'sell'}
    """
    return {int(code): word(code) for code in kind}


SIDES = words_of(Side)
ORDER_TYPES = words_of(OrderType)
TIMES_IN_FORCE = words_of(TimeInForce)


def word_of(kind: type[Code], number: int) -> str:
    """The word of a number that ought to be a code; `unknown-7` when it is none."""
    try:
        return kind(number).name.lower()
    except ValueError:
        return f"unknown-{number}"


def code_of(kind: type[Code], text: str, name: str) -> Code:
    """The code that a word means.

    Raises
    ------
    ApiError
        422 with the words there are.
    """
    found = kind.__members__.get(text.upper())
    if found is None:
        words = ", ".join(member.lower() for member in kind.__members__ if member != "NONE")
        raise ApiError(422, "invalid", f"{name} is {text[:40]!r}, expected one of {words}")
    return found


def account_of(venue: Venue, name: str) -> int:
    """The number of a trader's account.

    Raises
    ------
    ApiError
        404 when there is none of that name.
    """
    for number, account in enumerate(venue.accounts, start=FIRST_TRADER):
        if account.name == name:
            return number
    raise ApiError(404, "unknown_account", f"no account is called {name[:40]!r}")


def readable_account(venue: Venue, name: str, own: int | None, *, everybody: bool) -> int:
    """The number of an account that somebody may read: one's own, or any with the permission to.

    Who may read their own alone is told the same of an account that is another's and of one that is none.

    Raises
    ------
    ApiError
        403 for what is not their own without the permission, 404 for what is nobody's with it.
    """
    places = enumerate(venue.accounts, FIRST_TRADER)
    if not everybody and own not in [number for number, account in places if account.name == name]:
        raise ApiError(403, "forbidden", "this needs the permission read_class: it is not your own account")
    return account_of(venue, name)
