"""Candles of trades: open, high, low, close, volume and notional of every instrument at once.

`candles` makes them of a whole day, `CandleFold` of batch after batch, and `coarser` longer ones of shorter
ones; all three give the same records. A candle stands where an instrument traded; intervals without a trade
have none.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from workbench.domain.records import Records
from workbench.errors import WorkbenchError
from workbench.feed.files import Ints
from workbench.feed.intervals import Intervals
from workbench.jit import array_of, entry, int64, leaf

CANDLE = np.dtype(
    [
        ("instrument", "i4"),
        ("trades", "i4"),
        ("start_ns", "i8"),
        ("open_ticks", "i8"),
        ("high_ticks", "i8"),
        ("low_ticks", "i8"),
        ("close_ticks", "i8"),
        ("volume_lots", "i8"),
        ("notional", "i8"),
    ]
)
"""One candle; `notional` is the sum of price x quantity in ticks x lots.

A volume or notional of `TOO_LARGE` (or minus it) did not fit into 64 bits.
"""

TOO_LARGE = (1 << 63) - 1
MAX_INSTRUMENTS = 1 << 20

_NO_START_NS = -(1 << 63)
_FAR_NS = 1 << 62
_SAFE = float(1 << 62)

_TIMES: Any = numba.types.Array(numba.types.int64, 1, "C", readonly=True)
_NUMBERS: Any = numba.types.Array(numba.types.int32, 1, "C", readonly=True)
_WORDS = array_of(np.int64)
_CANDLES = array_of(CANDLE)
_INT: Any = numba.types.int64

_ROW, _CLOSED, _START, _END = range(4)
"""Places in a fold's clock: next row, candles closed so far, and the present interval."""


@leaf
def _sum(total: int, more: int) -> int:
    """The sum of two numbers that are not negative, `TOO_LARGE` where it does not fit."""
    return TOO_LARGE if more > TOO_LARGE - total else total + more


@leaf
def _signed_sum(total: int, more: int) -> int:
    """The sum of two numbers; what is too large stays so."""
    if total == TOO_LARGE or total == -TOO_LARGE:
        return total
    if abs(float(total) + float(more)) < _SAFE:
        return total + more
    return TOO_LARGE if float(total) + float(more) > 0 else -TOO_LARGE


@leaf
def _product(price: int, quantity: int) -> int:
    """Price x quantity; `TOO_LARGE` with its sign where it does not fit."""
    product = float(price) * float(quantity)
    if abs(product) < _SAFE:
        return price * quantity
    return TOO_LARGE if product > 0 else -TOO_LARGE


@leaf
def _copy(source: Any, target: Any) -> None:
    target["instrument"] = source["instrument"]
    target["trades"] = source["trades"]
    target["start_ns"] = source["start_ns"]
    target["open_ticks"] = source["open_ticks"]
    target["high_ticks"] = source["high_ticks"]
    target["low_ticks"] = source["low_ticks"]
    target["close_ticks"] = source["close_ticks"]
    target["volume_lots"] = source["volume_lots"]
    target["notional"] = source["notional"]


@entry(_TIMES, _TIMES, _NUMBERS, _TIMES, _WORDS)
def _look(time_ns: Any, above_ns: Any, instrument: Any, quantity_lots: Any, found: Any) -> None:
    """Put the smallest and largest instrument, the smallest quantity and whether a time falls into `found`.

    Loops without a way out, one for each column, are what the compiler makes fast.
    """
    falls = 0
    for row in range(above_ns.size):
        falls |= time_ns[row + 1] < above_ns[row]
    smallest, largest = int64(instrument[0]), int64(instrument[0])
    for row in range(instrument.size):
        smallest = min(smallest, int64(instrument[row]))
        largest = max(largest, int64(instrument[row]))
    least = quantity_lots[0]
    for row in range(quantity_lots.size):
        least = min(least, quantity_lots[row])
    found[0], found[1], found[2], found[3] = smallest, largest, least, falls


@entry(_TIMES, _NUMBERS, _TIMES, _TIMES, _TIMES, _INT, _INT, _CANDLES, _CANDLES, _WORDS)
def _fold(
    time_ns: Any,
    instrument: Any,
    price_ticks: Any,
    quantity_lots: Any,
    starts_ns: Any,
    interval_ns: int,
    offset_ns: int,
    opened: Any,
    closed: Any,
    clock: Any,
) -> None:
    """Fold rows from `clock[_ROW]` on into `opened`, until all are or `closed` is full."""
    start, end, count = clock[_START], clock[_END], clock[_CLOSED]
    place = 0
    for row in range(clock[_ROW], time_ns.size):
        if time_ns[row] >= end:
            if starts_ns.size > 0:
                while starts_ns[place + 1] <= time_ns[row]:
                    place += 1
                start, end = starts_ns[place], starts_ns[place + 1]
            else:
                start = (time_ns[row] - offset_ns) // interval_ns * interval_ns + offset_ns
                end = start + interval_ns
        number = int64(instrument[row])
        candle = opened[number]
        price, quantity = price_ticks[row], quantity_lots[row]
        if candle["start_ns"] == start:
            candle["trades"] += 1
            candle["high_ticks"] = max(candle["high_ticks"], price)
            candle["low_ticks"] = min(candle["low_ticks"], price)
            candle["close_ticks"] = price
            candle["volume_lots"] = _sum(candle["volume_lots"], quantity)
            candle["notional"] = _signed_sum(candle["notional"], _product(price, quantity))
            continue
        if candle["trades"] > 0:
            if count == closed.size:
                clock[_ROW], clock[_CLOSED], clock[_START], clock[_END] = row, count, start, end
                return
            _copy(candle, closed[count])
            count += 1
        candle["instrument"] = number
        candle["trades"] = 1
        candle["start_ns"] = start
        candle["open_ticks"] = price
        candle["high_ticks"] = price
        candle["low_ticks"] = price
        candle["close_ticks"] = price
        candle["volume_lots"] = quantity
        candle["notional"] = _product(price, quantity)
    clock[_ROW], clock[_CLOSED], clock[_START], clock[_END] = time_ns.size, count, start, end


@entry(_CANDLES, _WORDS, _CANDLES)
def _by_instrument(source: Any, next_place: Any, target: Any) -> None:
    """Candles in the order of instruments, each instrument's in the order in which they stand.

    `next_place` holds zeros, one more than there are instruments.
    """
    for row in range(source.size):
        next_place[int64(source[row]["instrument"]) + 1] += 1
    for number in range(1, next_place.size):
        next_place[number] += next_place[number - 1]
    for row in range(source.size):
        number = int64(source[row]["instrument"])
        _copy(source[row], target[next_place[number]])
        next_place[number] += 1


@entry(_CANDLES, _TIMES, _INT, _INT, _CANDLES)
def _coarsen(source: Any, starts_ns: Any, interval_ns: int, offset_ns: int, target: Any) -> int:
    """Join candles, by instrument and start, that are in one interval; returns how many that makes."""
    count = 0
    place = 0
    for row in range(source.size):
        candle = source[row]
        number, time = int64(candle["instrument"]), candle["start_ns"]
        if starts_ns.size > 0:
            if starts_ns[place] > time:
                place = 0
            while starts_ns[place + 1] <= time:
                place += 1
            start = starts_ns[place]
        else:
            start = (time - offset_ns) // interval_ns * interval_ns + offset_ns
        if count > 0 and target[count - 1]["instrument"] == number and target[count - 1]["start_ns"] == start:
            made = target[count - 1]
            made["trades"] += candle["trades"]
            made["high_ticks"] = max(made["high_ticks"], candle["high_ticks"])
            made["low_ticks"] = min(made["low_ticks"], candle["low_ticks"])
            made["close_ticks"] = candle["close_ticks"]
            made["volume_lots"] = _sum(made["volume_lots"], candle["volume_lots"])
            made["notional"] = _signed_sum(made["notional"], candle["notional"])
        else:
            _copy(candle, target[count])
            target[count]["start_ns"] = start
            count += 1
    return count


class CandleFold:
    """Candles of batch after batch of trades.

    The same trades give the same candles however they are split into batches.

    Parameters
    ----------
    interval_ns, offset_ns, zone
        The intervals; see `Intervals`.
    opened
        Candles to go on with: what `opened` was when a fold was left, one for each instrument.
    last_ns
        Time of the last trade that was folded into them.

    Attributes
    ----------
    intervals
        How time is cut.
    last_ns
        Time of the last trade; no later batch may begin before it.
    """

    def __init__(
        self,
        interval_ns: int,
        *,
        offset_ns: int = 0,
        zone: str = "",
        opened: Records | None = None,
        last_ns: int = -_FAR_NS,
    ) -> None:
        self.intervals = Intervals(int(interval_ns), int(offset_ns), zone)
        self.last_ns = int(last_ns)
        self._table = _no_candles(0)
        self._clock = np.array([0, 0, _NO_START_NS, _NO_START_NS], np.int64)
        if opened is not None and len(opened):
            self._grow(int(opened["instrument"].max()))
            self._table[opened["instrument"]] = opened

    @property
    def opened(self) -> Records:
        """The candle that is still being made of each instrument that has one, by instrument."""
        return self._table[self._table["trades"] > 0]

    def add(
        self,
        time_ns: npt.ArrayLike,
        instrument: npt.ArrayLike,
        price_ticks: npt.ArrayLike,
        quantity_lots: npt.ArrayLike,
    ) -> Records:
        """Fold a batch of trades; returns the candles that it closed, by instrument and start.

        A candle is closed by a later trade of its instrument, by `close_before` or by `finish`.

        Raises
        ------
        WorkbenchError
            When a time falls, an instrument is no number from 0 on or a quantity is negative; nothing of the
            batch is folded then.
        """
        times, prices, quantities = (_ints(values) for values in (time_ns, price_ticks, quantity_lots))
        numbers = np.ascontiguousarray(instrument, np.int32)
        if not len(times) == len(numbers) == len(prices) == len(quantities):
            raise WorkbenchError(
                f"{len(times)} times, {len(numbers)} instruments, {len(prices)} prices and "
                f"{len(quantities)} quantities are not equally many",
                "candles",
            )
        if not len(times):
            return np.zeros(0, CANDLE)
        self._grow(self._checked(times, numbers, quantities))
        first_ns, last_ns = int(times[0]), int(times[-1])
        starts_ns = self.intervals.starts_ns(first_ns, last_ns)
        offset_ns = self.intervals.offset_ns % self.intervals.interval_ns
        self._clock[:] = 0, 0, _NO_START_NS, _NO_START_NS
        parts = []
        size = max(1 << 10, len(self._table))
        while self._clock[_ROW] < len(times):
            closed = np.empty(min(size, len(times)), CANDLE)
            self._clock[_CLOSED] = 0
            _fold(
                times,
                numbers,
                prices,
                quantities,
                # A call begins to search at its first start, so it gets those from its first row on.
                starts_ns[max(int(np.searchsorted(starts_ns, times[self._clock[_ROW]], "right")) - 1, 0) :],
                self.intervals.interval_ns,
                offset_ns,
                self._table,
                closed,
                self._clock,
            )
            parts.append(closed[: self._clock[_CLOSED]])
            size *= 4
        self.last_ns = last_ns
        return _ordered(parts[0] if len(parts) == 1 else np.concatenate(parts), len(self._table))

    def close_before(self, time_ns: int) -> Records:
        """Close the candles whose interval has ended by `time_ns`; returns them by instrument."""
        starts = self.intervals.starts_ns(min(self.last_ns, time_ns), time_ns) if len(self.opened) else None
        if starts is None:
            return np.zeros(0, CANDLE)
        if len(starts):
            present_ns = int(starts[np.searchsorted(starts, time_ns, side="right") - 1])
        else:
            present_ns = int(self.intervals.cut(np.array([time_ns], np.int64))[0])
        ended = (self._table["trades"] > 0) & (self._table["start_ns"] < present_ns)
        return self._take(ended)

    def finish(self) -> Records:
        """Close all candles; returns them by instrument."""
        return self._take(self._table["trades"] > 0)

    def _take(self, which: npt.NDArray[np.bool_]) -> Records:
        taken = self._table[which]
        self._table[which] = _no_candles(1)
        return taken

    def _grow(self, largest: int) -> None:
        missing = largest + 1 - len(self._table)
        if missing > 0:
            self._table = np.concatenate([self._table, _no_candles(missing)])

    def _checked(self, times: Ints, numbers: npt.NDArray[np.int32], quantities: Ints) -> int:
        """The largest instrument of a batch that is as it should be."""
        found = np.zeros(4, np.int64)
        _look(times, times[:-1], numbers, quantities, found)
        smallest, largest, least, falls = found.tolist()
        if falls or times[0] < self.last_ns or smallest < 0 or least < 0:
            raise self._refused(times, numbers, quantities)
        if largest >= MAX_INSTRUMENTS:
            raise WorkbenchError(
                f"instrument {largest} is more than {MAX_INSTRUMENTS - 1}",
                "candles",
                "number instruments from 0 on",
            )
        if max(abs(int(times[0])), abs(int(times[-1]))) > _FAR_NS:
            raise WorkbenchError("a time is further than 2^62 ns from 1970", "candles", "give times in ns")
        return int(largest)

    def _refused(self, times: Ints, numbers: npt.NDArray[np.int32], quantities: Ints) -> WorkbenchError:
        """The error for the first trade of a batch that is not as it should be."""
        falls = np.diff(times, prepend=times[:1]) < 0
        falls[0] = times[0] < self.last_ns
        row = int(np.argmax(falls | (numbers < 0) | (quantities < 0)))
        if falls[row]:
            before = int(times[row - 1]) if row else self.last_ns
            what = f"the time {int(times[row])} is before {before}, the time above it"
            remedy = "sort the trades by time"
        elif numbers[row] < 0:
            what, remedy = f"there is no instrument {int(numbers[row])}", "number instruments from 0 on"
        else:
            what, remedy = f"a quantity is {int(quantities[row])}", "give quantities of 0 or more"
        return WorkbenchError(what, f"candles, trade {row}", remedy)


def candles(
    time_ns: npt.ArrayLike,
    instrument: npt.ArrayLike,
    price_ticks: npt.ArrayLike,
    quantity_lots: npt.ArrayLike,
    interval_ns: int,
    *,
    offset_ns: int = 0,
    zone: str = "",
) -> Records:
    """Candles of all instruments at once.

    Parameters
    ----------
    time_ns, instrument, price_ticks, quantity_lots
        One trade a place; times never fall, and equal times are in the order in which they stand. Instruments
        are numbers from 0 on, in any order.
    interval_ns, offset_ns, zone
        The intervals, each with its start and without its end; see `Intervals`.

    Returns
    -------
    numpy.ndarray
        `CANDLE` records, by instrument and start. Intervals without a trade have none.

    Raises
    ------
    WorkbenchError
        When a time falls, an instrument is no number from 0 on or a quantity is negative.

    Examples
    --------
    >>> made = candles([0, 30, 60], [0, 0, 0], [10, 12, 11], [1, 2, 3], 60)
    >>> made[["start_ns", "open_ticks", "high_ticks", "low_ticks", "close_ticks", "volume_lots"]].tolist()
    [(0, 10, 12, 10, 12, 3), (60, 11, 11, 11, 11, 3)]
    """
    fold = CandleFold(interval_ns, offset_ns=offset_ns, zone=zone)
    closed = fold.add(time_ns, instrument, price_ticks, quantity_lots)
    return joined(closed, fold.finish())


def joined(*parts: Records) -> Records:
    """Candles of several batches, earlier batches first, by instrument and start."""
    every = np.ascontiguousarray(np.concatenate(parts)) if parts else np.zeros(0, CANDLE)
    return _ordered(every, int(every["instrument"].max()) + 1 if len(every) else 0)


def coarser(made: Records, interval_ns: int, *, offset_ns: int = 0, zone: str = "") -> Records:
    """Candles of longer intervals from candles, by instrument and start, of shorter ones.

    The longer intervals must begin where shorter ones begin. Candles of the same interval (of two batches)
    are joined too.
    """
    intervals = Intervals(int(interval_ns), int(offset_ns), zone)
    if not len(made):
        return np.zeros(0, CANDLE)
    starts_ns = intervals.starts_ns(int(made["start_ns"].min()), int(made["start_ns"].max()))
    target = np.empty(len(made), CANDLE)
    source = np.ascontiguousarray(made)
    offset = intervals.offset_ns % intervals.interval_ns
    count = _coarsen(source, starts_ns, intervals.interval_ns, offset, target)
    return target[:count].copy()


def _ordered(made: Records, instruments: int) -> Records:
    """Candles, each instrument's in order of their starts, by instrument."""
    target = np.empty(len(made), CANDLE)
    if len(made):
        _by_instrument(made, np.zeros(instruments + 1, np.int64), target)
    return target


def _no_candles(count: int) -> Records:
    made = np.zeros(count, CANDLE)
    made["start_ns"] = _NO_START_NS
    return made


def _ints(values: npt.ArrayLike) -> Ints:
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise WorkbenchError(
            f"{array.dtype} of {array.ndim} dimensions is no column of integers",
            "candles",
            "give prices in ticks, quantities in lots and times in ns",
        )
    return np.ascontiguousarray(array, np.int64)
