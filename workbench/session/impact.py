"""How far the prices of two runs are from each other, and what that says about whoever traded in one of them.

Prices are middles of the best bid and ask, steps in time: a middle holds until the next quote. All
differences are the recorded run's price less the other's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from workbench.domain.calendars import SECOND_NS
from workbench.domain.codes import Side
from workbench.domain.records import Records

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

HORIZONS_NS = (SECOND_NS, 10 * SECOND_NS, 60 * SECOND_NS, 300 * SECOND_NS)
"""How long after a fill its impact is looked at."""

BASIS_POINTS = 10_000.0


class Mids(NamedTuple):
    """Middle prices of one instrument.

    Attributes
    ----------
    time_ns
        When they changed, ascending, no time twice.
    ticks
        The middle from then on; NaN while a side is empty.
    """

    time_ns: Ints
    ticks: Floats

    def at(self, time_ns: Ints) -> Floats:
        """The middles that hold at these times, NaN before the first."""
        place = np.searchsorted(self.time_ns, time_ns, side="right") - 1
        known = place >= 0
        return (
            np.where(known, self.ticks[np.maximum(place, 0)], np.nan) if len(self.ticks) else nothing(time_ns)
        )


def nothing(time_ns: Ints) -> Floats:
    """As many NaN."""
    return np.full(len(time_ns), np.nan)


def mids_of(quotes: Records) -> Mids:
    """The middles of a series of quotes (`workbench.session.trace.QUOTED`); the last one of a time counts."""
    time_ns = quotes["time_ns"]
    last = np.append(time_ns[1:] != time_ns[:-1], True)[: len(time_ns)]
    bid, ask = quotes["bid_ticks"][last], quotes["ask_ticks"][last]
    ticks = np.where((bid > 0) & (ask > 0), (bid + ask) / 2, np.nan)
    return Mids(time_ns[last], ticks)


class Gap(NamedTuple):
    """The difference of two price paths as steps in time.

    Attributes
    ----------
    time_ns
        When either path moved.
    ticks
        Recorded less other from then on; NaN while either has no middle.
    recorded_ticks, other_ticks
        The middle of each from then on; NaN while it has none.
    end_ns
        How long the last one holds.
    """

    time_ns: Ints
    ticks: Floats
    recorded_ticks: Floats
    other_ticks: Floats
    end_ns: int

    def at(self, time_ns: Ints) -> tuple[Floats, Floats, Floats]:
        """The difference and both middles at these times."""
        one, two, three = (
            Mids(self.time_ns, each).at(time_ns)
            for each in (self.ticks, self.recorded_ticks, self.other_ticks)
        )
        return one, two, three

    @property
    def apart(self) -> Flags:
        """For each step whether the paths differ; they do too where only one has a middle."""
        neither = np.isnan(self.recorded_ticks) & np.isnan(self.other_ticks)
        return np.asarray((self.recorded_ticks != self.other_ticks) & ~neither)

    def furthest(self, start_ns: int, end_ns: int) -> float:
        """The difference furthest from 0 that was there between two times; NaN when there was none.

        What begins at the end of a span belongs to the next one; at the end of the session there is none.
        """
        first = max(int(np.searchsorted(self.time_ns, start_ns, side="right")) - 1, 0)
        side: Literal["left", "right"] = "left" if end_ns < self.end_ns else "right"
        steps = self.ticks[first : int(np.searchsorted(self.time_ns, end_ns, side=side))]
        steps = steps[~np.isnan(steps)]
        return float(steps[np.abs(steps).argmax()]) if len(steps) else float("nan")


def gap(recorded: Mids, other: Mids, end_ns: int) -> Gap:
    """The difference of two paths."""
    times = np.union1d(recorded.time_ns, other.time_ns)
    one, two = recorded.at(times), other.at(times)
    return Gap(times, one - two, one, two, end_ns)


@dataclass(frozen=True, slots=True)
class AfterFills:
    """Where the price stood some time after somebody's fills, signed by their side.

    Attributes
    ----------
    horizon_ns
        How long after each fill.
    fills
        Fills that have such a time within the session, and a price in both runs at it.
    ticks, basis_points
        Average difference, weighted by quantity; positive when the price stood higher after buying (lower
        after selling) than it would have. None without such a fill.
    """

    horizon_ns: int
    fills: int
    ticks: float | None
    basis_points: float | None


@dataclass(frozen=True, slots=True)
class Impact:
    """What somebody's trading did to the price of one instrument, in the exchange's own ticks.

    Attributes
    ----------
    fills
        How many fills there were in the recorded run.
    end_ticks
        Difference at the end; None where either run has no middle then.
    average_ticks
        Difference averaged over the time from the first order on, while both have a middle.
    largest_ticks, largest_ns
        The difference furthest from 0, and when it was first there; no time where there is none.
    moved_share
        Part of that time in which the prices differ.
    recorded_only_share, other_only_share
        Parts of the time from the first order on in which only that run has a middle; None when it is no
        time.
    after_fills
        One `AfterFills` for each horizon.
    meets_after_ns
        Time from the last fill until the prices are first equal again: 0 when they are so right after it;
        None when they are not before the end, or there was no fill.
    settles_after_ns
        Time from the last fill until they are equal for good; None when they differ at the end, or there was
        no fill.
    equal_since_ns
        When they last became equal for good, or neither had one; None when they differ at the end.
    """

    fills: int
    end_ticks: float | None
    average_ticks: float | None
    largest_ticks: float | None
    largest_ns: int | None
    moved_share: float | None
    recorded_only_share: float | None
    other_only_share: float | None
    after_fills: tuple[AfterFills, ...]
    meets_after_ns: int | None
    settles_after_ns: int | None
    equal_since_ns: int | None


def impact(path: Gap, fills: Records, since_ns: int) -> Impact:
    """The impact of fills (`FILL_EVENT` of one instrument) on a price, from `since_ns` on."""
    equal_since_ns = _equal_since(path)
    settles_after_ns = None
    if equal_since_ns is not None and len(fills):
        settles_after_ns = max(equal_since_ns - int(fills["time_ns"].max()), 0)
    starts = np.clip(path.time_ns, since_ns, path.end_ns)
    duration_ns = np.diff(np.append(starts, max(path.end_ns, since_ns)))
    known = ~np.isnan(path.ticks)
    # What lasts no time is no price, but what stands at the end does.
    within = known & (duration_ns > 0)
    within[-1:] = known[-1:]
    weight = np.where(within, duration_ns, 0).astype(np.float64)
    total = float(weight.sum())
    differs = np.where(known, path.ticks, 0.0)
    spent_ns = float(duration_ns.sum())
    one, two = (~np.isnan(ticks) for ticks in (path.recorded_ticks, path.other_ticks))
    largest = int(np.argmax(np.where(within, np.abs(differs), -1.0))) if within.any() else None
    return Impact(
        fills=len(fills),
        end_ticks=float(path.ticks[-1]) if len(known) and known[-1] else None,
        average_ticks=float(np.dot(weight, differs)) / total if total else None,
        largest_ticks=None if largest is None else float(differs[largest]),
        largest_ns=None if largest is None or not differs[largest] else int(starts[largest]),
        moved_share=float(weight[differs != 0].sum()) / total if total else None,
        recorded_only_share=float(duration_ns[one & ~two].sum()) / spent_ns if spent_ns else None,
        other_only_share=float(duration_ns[two & ~one].sum()) / spent_ns if spent_ns else None,
        after_fills=tuple(_after(path, fills, horizon_ns) for horizon_ns in HORIZONS_NS),
        meets_after_ns=_meets_after(path, fills),
        settles_after_ns=settles_after_ns,
        equal_since_ns=equal_since_ns,
    )


def _after(path: Gap, fills: Records, horizon_ns: int) -> AfterFills:
    times = fills["time_ns"] + horizon_ns
    ticks, _, other = path.at(times)
    used = (times <= path.end_ns) & ~np.isnan(ticks)
    if not used.any():
        return AfterFills(horizon_ns, 0, None, None)
    signed = (np.where(fills["side"] == Side.BUY, 1.0, -1.0) * ticks)[used]
    lots: Any = fills["last_quantity_lots"][used].astype(np.float64)
    basis_points = BASIS_POINTS * signed / other[used]
    return AfterFills(
        horizon_ns,
        int(used.sum()),
        float(np.average(signed, weights=lots)),
        float(np.average(basis_points, weights=lots)),
    )


def _meets_after(path: Gap, fills: Records) -> int | None:
    if not len(fills):
        return None
    last_ns = int(fills["time_ns"][-1])
    first = max(int(np.searchsorted(path.time_ns, last_ns, side="right")) - 1, 0)
    equal = np.flatnonzero(path.ticks[first:] == 0)
    return max(int(path.time_ns[first + equal[0]]) - last_ns, 0) if len(equal) else None


def _equal_since(path: Gap) -> int | None:
    apart = np.flatnonzero(path.apart)
    if not len(path.ticks):
        return None
    first = int(apart[-1]) + 1 if len(apart) else 0
    return int(path.time_ns[first]) if first < len(path.ticks) else None
