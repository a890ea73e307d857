"""The widths of bars as clients write them."""

from __future__ import annotations

import re
from typing import Final

from workbench.api.alpaca.errors import invalid
from workbench.projections.live.bars import Timeframe, Unit

_FORM = re.compile(r"(\d{1,4})?\s*([a-z]+)")
_UNITS: Final = {
    **dict.fromkeys(("t", "min", "mins", "minute", "minutes"), Unit.MINUTE),
    **dict.fromkeys(("h", "hour", "hours"), Unit.HOUR),
    **dict.fromkeys(("d", "day", "days"), Unit.DAY),
    **dict.fromkeys(("w", "week", "weeks"), Unit.WEEK),
    **dict.fromkeys(("m", "month", "months"), Unit.MONTH),
}
_MOST: Final = {Unit.MINUTE: 59, Unit.HOUR: 23, Unit.DAY: 1, Unit.WEEK: 1, Unit.MONTH: 12}
_MONTHS: Final = frozenset({1, 2, 3, 4, 6, 12})


def timeframe_of(text: str) -> Timeframe:
    """The width a client means: `5Min`, `5T`, `1min`, `1Hour`, `1H`, `1D`, `1Week`, `3Month`, in any case.

    >>> timeframe_of("5T").count, timeframe_of("1Day").unit.value
    (5, 'day')

    Raises
    ------
    AlpacaError
        422 for a width that there is not.
    """
    found = _FORM.fullmatch(text.strip().lower())
    unit = _UNITS.get(found[2]) if found else None
    if found is None or unit is None:
        raise invalid(f"timeframe {text[:20]!r} is unknown: expected such as 1Min, 5Min, 1Hour, 1Day")
    count = int(found[1] or 1)
    if not 1 <= count <= _MOST[unit] or (unit == Unit.MONTH and count not in _MONTHS):
        raise invalid(f"timeframe {text[:20]!r} is too wide or of no even width")
    return Timeframe(count, unit)
