"""How reports write numbers, times and lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from dashboards.parts.review_words import written


def money(amount: float, currency: str) -> str:
    """An amount with its sign and currency.

    >>> money(-12.5, "USD") == "\N{MINUS SIGN}12.50 USD", money(3, "EUR")
    (True, '+3.00 EUR')
    """
    return " ".join(written(round(amount, 2) + 0.0, "currency", currency, signed=bool(round(amount, 2))))


def plain_money(amount: float, currency: str) -> str:
    """An amount whose direction the words around it say.

    >>> plain_money(-12.5, "USD")
    '12.50 USD'
    """
    return " ".join(written(abs(amount), "currency", currency))


def share(value: float | None, *, signed: bool = False) -> str:
    """A share as a percentage.

    >>> share(0.125), share(None) == "\N{EN DASH}"
    ('12.50 %', True)
    """
    return " ".join(written(value, "share", "", signed=signed)).strip()


_CAUSES = {
    "FINE": "fines",
    "INTEREST": "interest",
    "BORROW_COST": "borrowing",
    "DIVIDEND": "dividends",
}


def cause(reason: str, *, one: bool = False) -> str:
    """What money is called that is of no trade, or one entry of it.

    >>> cause("FINE"), cause("SOME_OTHER"), cause("FINE", one=True)
    ('fines', 'some other', 'fine')
    """
    plain = reason.lower().replace("_", " ")
    return plain if one else _CAUSES.get(reason, plain)


def counted(number: float, one: str, many: str = "") -> str:
    """So many of something.

    >>> counted(1, "trade"), counted(1200, "trade"), counted(0, "loss", "losses")
    ('1 trade', '1,200 trades', 'no losses')
    """
    word = one if number == 1 else many or f"{one}s"
    return f"{number:,.0f} {word}" if number else f"no {word}"


def listed(names: Sequence[str], most: int = 3) -> str:
    """Names in a sentence.

    >>> listed(["ann"]), listed(["ann", "bob", "carl"]), listed(["a", "b", "c", "d"])
    ('ann', 'ann, bob and carl', 'a, b, c and 1 more')
    """
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def times(number: int) -> str:
    """How often.

    >>> times(0), times(1), times(2), times(1200)
    ('never', 'once', 'twice', '1,200 times')
    """
    return ("never", "once", "twice")[number] if number <= 2 else f"{number:,} times"  # noqa: PLR2004


def how_many(some: int, of: int, one: str) -> str:
    """How many of several did something, as the beginning of a sentence.

    >>> how_many(0, 3, "day"), how_many(3, 3, "day"), how_many(1, 3, "day"), how_many(2, 2, "day")
    ('None of 3 days', 'All 3 days', '1 of 3 days', 'Both days')
    """
    if some == of:
        return f"Both {one}s" if of == 2 else f"All {counted(of, one)}"  # noqa: PLR2004
    return f"{some:,} of {counted(of, one)}" if some else f"None of {counted(of, one)}"


def first(names: Sequence[str], values: Sequence[float]) -> list[str]:
    """Who shares the first value, of which the largest comes first; amounts of one written form are one.

    >>> first(["ann", "bob", "carl"], [2.001, 2.0, 1.0])
    ['ann', 'bob']
    """
    return [name for name, value in zip(names, values, strict=True) if round(value, 2) == round(values[0], 2)]


def upper(sentence: str) -> str:
    """A sentence with a capital letter.

    >>> upper("so it is.")
    'So it is.'
    """
    return f"{sentence[:1].upper()}{sentence[1:]}"


def clock_time(at: datetime, zone: str) -> str:
    """An instant on the exchange's clock, to the minute.

    >>> from datetime import UTC, datetime
    >>> clock_time(datetime(2025, 3, 18, 13, 31, tzinfo=UTC), "America/New_York")
    '09:31'
    """
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M}"


def moment(at: datetime, zone: str, *, dated: bool) -> str:
    """An instant, with its day where there are several."""
    local = at.astimezone(ZoneInfo(zone))
    return f"at {local:%H:%M} on {day_name(local.date())}" if dated else f"at {local:%H:%M}"


def day_name(day: date) -> str:
    """A day.

    >>> day_name(date(2025, 3, 18))
    'Tue 18 Mar 2025'
    """
    return f"{day:%a} {day.day} {day:%b %Y}"
