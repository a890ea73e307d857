"""An account's equity through the session, as Alpaca's portfolio history."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Final

from workbench.api.alpaca.amounts import money_number
from workbench.api.alpaca.errors import invalid
from workbench.api.alpaca.timeframes import timeframe_of
from workbench.domain.calendars import SECOND_NS
from workbench.projections.live.bars import HOUR_NS, MINUTE_NS, Days, Timeframe, Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.projections.live.equity import EquitySample

DAY_NS = 24 * HOUR_NS
_PERIOD: Final = re.compile(r"(\d{1,3})([DWMAY])", re.IGNORECASE)
_DAYS: Final = {"D": 1, "W": 7, "M": 30, "A": 365, "Y": 365}
_MOST_POINTS = 10_000
_WEEK_DAYS, _MONTH_DAYS = 7, 30


def period_ns(text: str) -> int:
    """How long a period such as `1D`, `2W`, `1M`, `1A` is; months count 30 days, years 365.

    >>> period_ns("1D") == DAY_NS
    True
    """
    found = _PERIOD.fullmatch(text)
    if found is None or not int(found[1]):
        raise invalid(f"period {text[:20]!r} is unknown: expected such as 1D, 1W, 1M, 1A")
    return int(found[1]) * _DAYS[found[2].upper()] * DAY_NS


def frame_for(text: str, span_ns: int) -> tuple[Timeframe, str]:
    """The width of its points and how clients write it; without one it follows from the span."""
    if not text:
        days = span_ns / DAY_NS
        text = "1Min" if days < _WEEK_DAYS else "15Min" if days < _MONTH_DAYS else "1D"
    frame = timeframe_of(text)
    if frame.unit not in (Unit.MINUTE, Unit.HOUR, Unit.DAY):
        raise invalid(f"timeframe {text!r} is not offered here: expected 1Min, 5Min, 15Min, 1H or 1D")
    return frame, f"{frame.count}{ {Unit.MINUTE: 'Min', Unit.HOUR: 'H', Unit.DAY: 'D'}[frame.unit] }"


def write_history(
    samples: Sequence[EquitySample],
    start_micros: int,
    now_micros: int,
    days: Days,
    frame: Timeframe,
    *,
    word: str,
    session_ns: int,
    start_ns: int,
    end_ns: int,
    now_ns: int,
) -> dict[str, Any]:
    """Equity at the end of each interval from `start_ns` to `end_ns`, labelled by the interval's begin.

    Parameters
    ----------
    samples
        What the account was worth, in order; between two it was worth the first.
    start_micros, now_micros
        What it was worth before the first of them, and now.
    days
        The days of the exchange.
    frame, word
        Width of the intervals, and its name.
    session_ns
        When the session began: there are no points before it.
    start_ns, end_ns, now_ns
        The span, and the session's time.
    """
    begin = days.frame_ns(max(start_ns, session_ns), frame)
    end_ns = min(end_ns, now_ns)
    width_ns = frame.count * {Unit.MINUTE: MINUTE_NS, Unit.HOUR: HOUR_NS}.get(frame.unit, DAY_NS)
    if end_ns > begin and (end_ns - begin) // width_ns > _MOST_POINTS:
        raise invalid(
            f"that are more than {_MOST_POINTS:,} points; choose a wider timeframe or a shorter period"
        )
    times: list[int] = []
    equity: list[int] = []
    at = begin
    while at <= end_ns:
        # The next interval is found from a time inside it: a day may have 23 or 25 hours.
        after = days.frame_ns(at + width_ns + (HOUR_NS if frame.unit == Unit.DAY else 0), frame)
        close_ns = min(after - 1, end_ns)
        found = bisect_right(samples, close_ns, key=_time)
        if close_ns >= now_ns:
            value = now_micros
        else:
            value = samples[found - 1].equity_micros if found else start_micros
        times.append(at // SECOND_NS)
        equity.append(value)
        at = max(after, at + 1)
    before = bisect_right(samples, begin - 1, key=_time)
    base = samples[before - 1].equity_micros if before else start_micros
    return {
        "timestamp": times,
        "equity": [money_number(value) for value in equity],
        "profit_loss": [money_number(value - base) for value in equity],
        "profit_loss_pct": [round((value - base) / base, 9) if base else None for value in equity],
        "base_value": money_number(base),
        "timeframe": word,
        "cashflow": {},
    }


def _time(sample: EquitySample) -> int:
    return sample.time_ns
