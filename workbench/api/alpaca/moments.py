"""Times on the wire: RFC 3339 text out, the several forms that clients send in."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from workbench.api.alpaca.errors import invalid
from workbench.domain.times import MAX_TIME_NS

SECOND_NS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_YEAR, _LAST_YEAR = 1900, 2115
"""Days around these, too, are days that can be computed with."""
_SECONDS_MOST = MAX_TIME_NS // SECOND_NS
_FORM = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9})\d*)?)?\s*([Zz]|[+\- ]\d\d:?\d\d)?"
)


@lru_cache(maxsize=1024)
def _second_text(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")


def moment_text(time_ns: int) -> str:
    """Nanoseconds since 1970 as RFC 3339 in UTC, with as many digits as there are.

    >>> moment_text(1_767_625_200_100_000_000)
    '2026-01-05T15:00:00.1Z'
    """
    seconds, rest_ns = divmod(time_ns, SECOND_NS)
    text = _second_text(seconds)
    return f"{text}.{rest_ns:09d}".rstrip("0") + "Z" if rest_ns else f"{text}Z"


def moment_or_none(time_ns: int) -> str | None:
    """The same, and None for 0: it has not happened."""
    return moment_text(time_ns) if time_ns else None


def msgpack_stamp(time_ns: int) -> bytes:
    """The body of msgpack's timestamp of 64 bits (extension type -1), exact to the nanosecond.

    >>> msgpack_stamp(1_500_000_000).hex()
    '7735940000000001'
    """
    seconds, rest_ns = divmod(time_ns, SECOND_NS)
    return ((rest_ns << 34) | seconds).to_bytes(8, "big")


def moment_ns(text: str, name: str) -> int:
    """Nanoseconds since 1970 of a date or a date and time; one without a zone is UTC.

    >>> moment_ns("2026-01-05", "start") == moment_ns("2026-01-05T01:00:00+01:00", "start")
    True

    Raises
    ------
    AlpacaError
        422 for anything else.
    """
    found = _FORM.fullmatch(text.strip())
    moment = None
    if found is not None:
        day, clock, fraction, zone = found.groups()
        # A plus sign that was not escaped arrives as a blank.
        offset = (zone or "Z").upper().replace(" ", "+").replace("Z", "+00:00")
        with suppress(ValueError):
            moment = datetime.fromisoformat(f"{day}T{clock or '00:00'}{offset}")
    if moment is None:
        raise invalid(f"{name} {text!r} is no time: expected RFC 3339 or YYYY-MM-DD")
    since = moment - _EPOCH
    time_ns = (since.days * 86_400 + since.seconds) * SECOND_NS + int((fraction or "0").ljust(9, "0"))
    return min(max(time_ns, 0), MAX_TIME_NS)


def day_of(text: str, name: str) -> date:
    """The day a text names; a time after it is left out."""
    try:
        day = date.fromisoformat(text.strip()[:10])
    except ValueError:
        raise invalid(f"{name} {text!r} is no day: expected YYYY-MM-DD") from None
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise invalid(f"{name} {text!r} is out of range: expected {_FIRST_YEAR} to {_LAST_YEAR}")
    return day
