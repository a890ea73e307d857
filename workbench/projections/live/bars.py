"""Bars of the market's trades: by the minute and by the day, and any other timeframe made of these."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from workbench.domain.calendars import zone_of
from workbench.errors import ConfigError
from workbench.feed.intervals import day_starts

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
HOUR_NS = 60 * MINUTE_NS
_MONTHS = 12
_MOST_MINUTES = 24 * 60


@dataclass(slots=True, eq=False)
class Bar:
    """Trades of one interval. `value` is the sum of price in ticks times lots."""

    start_ns: int
    open_ticks: int
    high_ticks: int
    low_ticks: int
    close_ticks: int
    volume_lots: int
    trades: int
    value: int

    @property
    def vwap_ticks(self) -> float:
        """Average price of a lot, in ticks."""
        return self.value / self.volume_lots if self.volume_lots else float(self.close_ticks)

    def add(self, price_ticks: int, quantity_lots: int) -> None:
        """Take in a trade."""
        if price_ticks > self.high_ticks:
            self.high_ticks = price_ticks
        elif price_ticks < self.low_ticks:
            self.low_ticks = price_ticks
        self.close_ticks = price_ticks
        self.volume_lots += quantity_lots
        self.trades += 1
        self.value += price_ticks * quantity_lots


def bar_of(start_ns: int, trades: Iterable[tuple[int, int]], flat_ticks: int) -> Bar:
    """The bar of trades, each a price and lots; without any, a flat one at a price.

    >>> bar_of(0, [(100, 2), (90, 1)], 0).low_ticks, bar_of(0, [], 95).close_ticks
    (90, 95)
    """
    bar: Bar | None = None
    for price, lots in trades:
        if bar is None:
            bar = Bar(start_ns, price, price, price, price, lots, 1, price * lots)
        else:
            bar.add(price, lots)
    return bar or Bar(start_ns, flat_ticks, flat_ticks, flat_ticks, flat_ticks, 0, 0, 0)


class Unit(StrEnum):
    """What timeframes are counted in."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Timeframe:
    """So many minutes (up to a day's), hours (up to 24), or one day, one week, or months that divide a year.

    Examples
    --------
    >>> Timeframe(15, Unit.MINUTE)
    Timeframe(count=15, unit=<Unit.MINUTE: 'minute'>)
    """

    count: int
    unit: Unit

    def __post_init__(self) -> None:
        count, most = self.count, {Unit.MINUTE: _MOST_MINUTES, Unit.HOUR: 24, Unit.MONTH: _MONTHS}
        fits = 1 <= count <= most.get(self.unit, 1)
        if not fits or (self.unit == Unit.MONTH and _MONTHS % count):
            raise ConfigError(
                f"there are no bars of {count} {self.unit}{'s' if count != 1 else ''}",
                where="timeframe",
                remedy="choose 1 to 1440 minutes, 1 to 24 hours, 1 day or week, or a divisor of 12 months",
            )


class Days:
    """The days of an exchange's zone, with the latest one at hand."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self._known = zone_of(zone)
        self._start_ns = self._end_ns = 0

    def start_ns(self, time_ns: int) -> int:
        """When the day of a time began: its first moment on the clocks of the zone."""
        if not self._start_ns <= time_ns < self._end_ns:
            self._start_ns, self._end_ns = day_starts(time_ns, time_ns, self.zone).tolist()[:2]
        return self._start_ns

    def day_of(self, time_ns: int) -> date:
        """Which day a time is on."""
        return datetime.fromtimestamp(time_ns // SECOND_NS, UTC).astimezone(self._known).date()

    def begins_ns(self, day: date) -> int:
        """When a day begins."""
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=self._known)
        return self.start_ns(int(noon.timestamp()) * SECOND_NS)

    def frame_ns(self, time_ns: int, frame: Timeframe) -> int:
        """When the interval of a time began.

        Minutes and hours are counted from the start of the day, weeks begin on Monday, several months with
        the year.
        """
        if frame.unit in (Unit.MINUTE, Unit.HOUR):
            length = frame.count * (MINUTE_NS if frame.unit == Unit.MINUTE else HOUR_NS)
            start = self.start_ns(time_ns)
            return start + (time_ns - start) // length * length
        if frame.unit == Unit.DAY:
            return self.start_ns(time_ns)
        day = self.day_of(time_ns)
        if frame.unit == Unit.WEEK:
            return self.begins_ns(day - timedelta(days=day.weekday()))
        return self.begins_ns(day.replace(month=(day.month - 1) // frame.count * frame.count + 1, day=1))


def joined(bars: Iterable[Bar], frame: Timeframe, days: Days) -> list[Bar]:
    """Bars of a timeframe made of shorter ones, which are in order and lie within its intervals."""
    made: list[Bar] = []
    for bar in bars:
        start = days.frame_ns(bar.start_ns, frame)
        last = made[-1] if made else None
        if last is None or last.start_ns != start:
            made.append(
                Bar(
                    start,
                    bar.open_ticks,
                    bar.high_ticks,
                    bar.low_ticks,
                    bar.close_ticks,
                    bar.volume_lots,
                    bar.trades,
                    bar.value,
                )
            )
            continue
        last.high_ticks = max(last.high_ticks, bar.high_ticks)
        last.low_ticks = min(last.low_ticks, bar.low_ticks)
        last.close_ticks = bar.close_ticks
        last.volume_lots += bar.volume_lots
        last.trades += bar.trades
        last.value += bar.value
    return made


def between(bars: Sequence[Bar], start_ns: int, end_ns: int) -> Sequence[Bar]:
    """Those that begin from `start_ns` on and before `end_ns`."""
    low = bisect_left(bars, start_ns, key=_start)
    return bars[low : bisect_left(bars, end_ns, lo=low, key=_start)]


def _start(bar: Bar) -> int:
    return bar.start_ns
