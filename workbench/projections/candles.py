"""Candles of the market's own trades as they happen, at every interval that is stored."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from workbench.domain.calendars import zone_of
from workbench.domain.codes import EventKind
from workbench.domain.config import Venue
from workbench.domain.records import SHADOW, TRADE_EVENT, Records
from workbench.errors import ConfigError
from workbench.feed.candles import CANDLE, CandleFold, joined
from workbench.projections.base import Layout, Projection, State
from workbench.projections.columns import columns_of, field, symbols, times
from workbench.projections.prints import of_kind

INTERVALS_NS = {
    "1s": 1_000_000_000,
    "1min": 60_000_000_000,
    "5min": 300_000_000_000,
    "1h": 3_600_000_000_000,
    "1d": 86_400_000_000_000,
}
"""Intervals of candles, by what they are called."""

_TRADE_FIELDS = {name: field(name) for name in ("time_ns", "instrument", "price_ticks", "quantity_lots")}
_NUMBERS = ("open_ticks", "high_ticks", "low_ticks", "close_ticks", "volume_lots", "notional")
_NEVER_NS = (1 << 63) - 1


class Candles(Projection):
    """Candles of every instrument at `INTERVALS_NS`, from TRADE events.

    Trades of our own beside frozen history (flag SHADOW) are no part of the market's volume and of no candle.
    Prices stay as they were traded: a split changes the candles after it, not those before.

    A candle closes when its interval has ended by the exchange's time, which any event may tell; what it
    holds is then final.

    Parameters
    ----------
    venue
        The venue whose exchange wrote the events.
    zone
        IANA time zone of the exchange, in whose days the days are counted (and the hours within them).
    """

    name: ClassVar[str] = "candles"
    layout: ClassVar[Layout] = {
        "last_ns": np.dtype("i8"),
        **{f"{part}_{interval}": CANDLE for interval in INTERVALS_NS for part in ("opened", "closed")},
    }

    def __init__(self, venue: Venue, zone: str = "UTC") -> None:
        zone_of(zone, "Candles")
        super().__init__(venue)
        self.zone = zone
        self._series = {interval: _Series(length_ns, zone) for interval, length_ns in INTERVALS_NS.items()}

    def _fold(self, events: Records) -> None:
        trades = of_kind(events, EventKind.TRADE)
        trades = trades[trades["flags"] & SHADOW == 0]
        time_ns = int(events["time_ns"][-1])
        found = columns_of(trades.view(TRADE_EVENT), _TRADE_FIELDS) if len(trades) else None
        for series in self._series.values():
            if found is not None:
                series.add(found)
            series.close(time_ns)

    def _settings(self) -> dict[str, Any]:
        return {"zone": self.zone}

    def _state(self) -> State:
        last_ns = next(iter(self._series.values())).fold.last_ns
        state: State = {"last_ns": np.array([last_ns], np.int64)}
        for interval, series in self._series.items():
            state[f"opened_{interval}"] = series.fold.opened
            state[f"closed_{interval}"] = series.closed
        return state

    def _load(self, state: State) -> None:
        for interval, series in self._series.items():
            series.load(state[f"opened_{interval}"], state[f"closed_{interval}"], int(state["last_ns"][0]))

    # ------------------------------------------------------------------ views

    def opened(self, interval: str) -> Records:
        """The candle that is being made of each instrument that has traded in the present interval."""
        return self._of(interval).fold.opened

    def take_rows(self, interval: str) -> pa.Table:
        """Rows of the candles that have closed since they were last taken, by symbol number and time."""
        return candle_rows(self._of(interval).take(), self.venue)

    def remaining_rows(self, interval: str) -> pa.Table:
        """Rows of the candles that are still being made, for when no event will follow."""
        return candle_rows(self.opened(interval), self.venue)

    def _of(self, interval: str) -> _Series:
        if interval not in self._series:
            raise ConfigError(
                f"there are no candles of {interval!r}", "Candles", f"choose one of {', '.join(self._series)}"
            )
        return self._series[interval]


class _Series:
    """Candles of one interval: those being made, and those that nobody has taken."""

    def __init__(self, length_ns: int, zone: str) -> None:
        self.fold = CandleFold(length_ns, zone=zone)
        self._length_ns = length_ns
        self._zone = zone
        self._waiting: list[Records] = []
        self._end_ns = -_NEVER_NS

    @property
    def closed(self) -> Records:
        """Closed candles that have not been taken, by instrument and start."""
        return joined(np.zeros(0, CANDLE), *self._waiting)

    def take(self) -> Records:
        """`closed`, which is empty from then on."""
        taken = self.closed
        self._waiting = []
        return taken

    def add(self, trades: dict[str, Any]) -> None:
        """Fold in trades."""
        values = (trades[name] for name in ("time_ns", "instrument", "price_ticks", "quantity_lots"))
        self._keep(self.fold.add(*values))

    def close(self, time_ns: int) -> None:
        """Close what has ended by a time that no trade so far is after."""
        if time_ns >= self._end_ns:
            self._keep(self.fold.close_before(time_ns))
            self._end_ns = self._end_of(time_ns)

    def _keep(self, closed: Records) -> None:
        if len(closed):
            self._waiting.append(closed)

    def load(self, opened: Records, closed: Records, last_ns: int) -> None:
        """Go on from these."""
        self.fold = CandleFold(self._length_ns, zone=self._zone, opened=opened, last_ns=last_ns)
        self._waiting = [closed] if len(closed) else []

    def _end_of(self, time_ns: int) -> int:
        """When the interval of a time ends."""
        starts = self.fold.intervals.starts_ns(time_ns, time_ns)
        if len(starts):
            return int(starts[np.searchsorted(starts, time_ns, side="right")])
        return int(self.fold.intervals.cut(np.array([time_ns], np.int64))[0]) + self._length_ns


def candle_rows(candles: Records, venue: Venue) -> pa.Table:
    """One row for each of `CANDLE` records; `time` is the start, `notional` in ticks x lots."""
    found = columns_of(
        candles, {name: field(name) for name in (*_NUMBERS, "instrument", "start_ns", "trades")}
    )
    return pa.table(
        {
            "symbol": symbols(found["instrument"], venue),
            "time": times(found["start_ns"]),
            "trades": found["trades"].astype(np.int64),
            **{name: found[name] for name in _NUMBERS},
        }
    )
