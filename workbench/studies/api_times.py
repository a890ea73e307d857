"""Times of the API as whole nanoseconds."""

from __future__ import annotations

from datetime import UTC, datetime

_SECOND_NS = 1_000_000_000


def api_ns(moment: str | datetime) -> int:
    """Nanoseconds of an ISO time in UTC, to the last digit.

    >>> api_ns("2025-03-18T13:30:00.123456789Z")
    1742304600123456789
    """
    if isinstance(moment, datetime):
        whole = moment.astimezone(UTC)
        return int(whole.replace(microsecond=0).timestamp()) * _SECOND_NS + whole.microsecond * 1_000
    whole_text, _, rest = moment.removesuffix("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole_text).replace(tzinfo=UTC).timestamp())
    return seconds * _SECOND_NS + int(rest.ljust(9, "0") or 0)
