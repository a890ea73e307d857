"""An invented path inside bars, so that bars can be replayed as a market.

A bar tells the first, highest, lowest and last price and how much was traded, not in which order or when.
This module makes it up by fixed rules: from the open to the nearer extreme, to the other one, to the close,
in even steps of price and time. Candles of the prints at the bars' own length are the bars again, and all
else about them is invented: it may teach how a market is used, and proves nothing about a strategy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from workbench.domain.units import Number, decimal, to_units
from workbench.errors import ConfigError, SourceError
from workbench.feed.bars import COLUMNS, bars_frame
from workbench.feed.columns import Layout
from workbench.feed.durations import duration_ns
from workbench.feed.files import Ints
from workbench.feed.history import QUIRKS
from workbench.feed.lean import LeanFile
from workbench.feed.street import tick_rule
from workbench.feed.table import Decimals, Table, read_table
from workbench.feed.tape import Tape
from workbench.feed.tick_table import NANO, decimal_step

SYNTHETIC_BARS = "synthetic-bars"
"""`History.kind` of a market made of bars."""

BAR_QUIRKS = {
    "bar_of_zero_volume": "a bar in which nothing was traded; its path is of quotes alone",
    "bar_price_rounded": "a price of a bar between two ticks of the chosen size, rounded",
    "bar_quantity_rounded": "a volume or quantity of more decimals than a lot of 1e-8, rounded",
    "bar_without_price": "a bar without one of its prices; that side, or the bar, is left out",
    "bar_without_volume": "a bar whose volume nobody told; each print is of one unit",
    "synthetic_path": "a bar whose prices in between are invented",
}
"""What is counted when bars become a market; part of `workbench.feed.history.QUIRKS`."""

QUIRKS.update(BAR_QUIRKS)

MAX_STEPS = 1_000
_MOST_PLACES = 8
_LEGS = 3
_PRICES = ("open", "high", "low", "close")
_COARSEST_TICK = Decimal("0.01")

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class BarPath:
    """How bars become a market.

    Parameters
    ----------
    steps
        Prints from one turning point (open, extreme, other extreme, close) to the next; a bar has three times
        as many and one, or fewer when fewer lots were traded in it.
    interval
        Length of a bar ("1m", "1d"); the shortest time between two bars unless given.
    spread
        Between the best bid and offer around the prints of trade bars; one tick unless given.
    """

    steps: int = 3
    interval: str | timedelta = ""
    spread: Number | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= MAX_STEPS:
            raise ConfigError(f"{self.steps} is not from 1 to {MAX_STEPS}", "steps")
        if self.interval and duration_ns(self.interval, "interval") <= 0:
            raise ConfigError(f"{self.interval!r} is no length of a bar", "interval", "write 1m, 1h or 1d")
        if self.spread is not None and decimal(self.spread, "spread") <= 0:
            raise ConfigError(f"{self.spread} is not positive", "spread", "leave it out for one tick")

    @property
    def prints(self) -> int:
        """Prints of a bar in which enough was traded."""
        return _LEGS * self.steps + 1


def bar_path(bars: str | BarPath | None) -> BarPath | None:
    """The path that is meant: "synthetic" is `BarPath()`, nothing is none."""
    if not bars:
        return None
    if isinstance(bars, BarPath):
        return bars
    if bars != "synthetic":
        raise ConfigError(
            f"{bars!r} is no way to replay bars",
            "bars",
            "give synthetic, which invents the prices in between",
        )
    return BarPath()


@dataclass(frozen=True, slots=True)
class PathTape:
    """What bars become: a tape with quantities in 10^-`places`, its tick and lot, and what was counted."""

    tape: Tape
    places: int
    tick: Decimal
    lot: Decimal
    quirks: dict[str, int]


def bar_table(data: bytes, name: str, layout: Layout, lean: LeanFile | None) -> Table:
    """The table of a file of bars, whose bars are checked."""
    table = read_table(data, name, COLUMNS, lean.layout if lean else layout, lean.order if lean else ())
    bars_frame(table)
    return table


def path_tape(
    tables: Sequence[Table],
    path: BarPath,
    *,
    tick_size: Number | None = None,
    lot_size: Number | None = None,
    quote_quantity: Number | None = None,
) -> PathTape:
    """The tape of bars of one instrument: trade bars, quote bars, or a table of each.

    Parameters
    ----------
    tables
        From `bar_table`.
    path
        The rules.
    tick_size
        Prices are rounded to it; the largest power of ten, at most 0.01, that all of them need unless given.
    lot_size
        The largest power of ten, at most 1, that all volumes need unless given.
    quote_quantity
        What stands at a price whose bar does not tell it, in units; as much as the print there, or one unit.

    Raises
    ------
    SourceError
        For the first bar that begins within the one above it, has no positive price, or too little volume for
        its prices in whole lots.
    """
    quirks = dict.fromkeys(BAR_QUIRKS, 0)
    quirks["synthetic_path"] = sum(len(table) for table in tables)
    bars = [_Bars(table, number, quirks) for number, table in enumerate(tables)]
    every = np.unique(np.concatenate([bar.nanos(side) for bar in bars for side in bar.sides]))
    tick = decimal_step(every, 9, _COARSEST_TICK) if tick_size is None else decimal(tick_size, "tick_size")
    tick_nanos = to_units(tick, NANO, "tick_size")
    places = max(bar.places for bar in bars)
    lot = _lot(bars, places, lot_size)
    # A unit is the finer of what quantities are written in and what bars of few units are split into.
    places = max(places, -int(lot.normalize().as_tuple().exponent), 0)
    spread_ticks = 1 if path.spread is None else to_units(decimal(path.spread), tick, "spread")
    rules = _Rules(
        path,
        tick_nanos,
        spread_ticks,
        places,
        to_units(lot, Decimal(1).scaleb(-places), "lot_size"),
        0
        if quote_quantity is None
        else to_units(decimal(quote_quantity), Decimal(1).scaleb(-places), "quote_quantity"),
        quoted=any("bid_" in bar.sides or "ask_" in bar.sides for bar in bars),
    )
    tapes = [bar.tape(rules, quirks) for bar in bars]
    joined = Tape(*(np.concatenate([getattr(t, part.name) for t in tapes]) for part in fields(Tape)))
    # Quotes of quote bars go before prints of the same moment, which then meet them.
    order = np.lexsort((joined.is_trade, joined.time_ns))
    return PathTape(joined.take(order), places, tick, lot, quirks)


def turning_points(price: Mapping[str, Ints]) -> Ints:
    """Open, nearer extreme, other extreme and close of each bar, one bar a row.

    At equal distances a bar that rises goes down first, and any other up.

    Examples
    --------
    >>> bar = {"open": 10, "high": 15, "low": 9, "close": 12}
    >>> turning_points({name: np.array([value]) for name, value in bar.items()}).tolist()
    [[10, 9, 15, 12]]
    """
    return _turned(price, _high_first(price))


def _high_first(price: Mapping[str, Ints]) -> Flags:
    up, down = price["high"] - price["open"], price["open"] - price["low"]
    return np.asarray((up < down) | ((up == down) & (price["close"] <= price["open"])))


def _turned(price: Mapping[str, Ints], high_first: Flags) -> Ints:
    early = np.where(high_first, price["high"], price["low"])
    late = np.where(high_first, price["low"], price["high"])
    return np.stack([price["open"], early, late, price["close"]], axis=1)


def _along(points: Ints, steps: int) -> Ints:
    """Prices in even steps from each turning point to the next, rounded down, one bar a row."""
    parts = np.arange(steps)
    legs = [
        points[:, leg, None] + (points[:, leg + 1] - points[:, leg])[:, None] * parts // steps
        for leg in range(_LEGS)
    ]
    return np.concatenate([*legs, points[:, -1:]], axis=1)


def _needed(points: Ints, steps: int) -> Flags:
    """Which prints of each bar are its open and the turning points after it that change the price."""
    needed = np.zeros((len(points), _LEGS * steps + 1), np.bool_)
    needed[:, 0] = True
    needed[:, steps::steps] = points[:, 1:] != points[:, :-1]
    return needed


@dataclass(frozen=True, slots=True)
class _Rules:
    """A path in the integers of a tape: nanos of a tick, and quantities in 10^-places."""

    path: BarPath
    tick_nanos: int
    spread_ticks: int
    places: int
    lot_parts: int
    quote_parts: int
    quoted: bool


class _Bars:
    """One table of bars as integers: prices in nanos, quantities in 10^-`places`.

    Bars without a price are not there, and of quote bars the sides without one.
    """

    def __init__(self, table: Table, number: int, quirks: dict[str, int]) -> None:
        self.table = table
        self.number = number
        sides = [side for side in ("", "bid_", "ask_") if f"{side}close" in table.names]
        if "" in sides and len(sides) > 1:
            raise SourceError(table.file, None, "has bars of trades and of quotes", "map one of them alone")
        self.sides = sides
        self._nanos: dict[str, dict[str, Ints]] = {}
        self.missing: dict[str, Flags] = {}
        for side in sides:
            cells = {name: table.decimals(side + name) for name in _PRICES}
            gone = np.any([decimals.missing for decimals in cells.values()], axis=0)
            low = side + "low"
            table.refuse_where(~gone & (cells["low"].values <= 0), low, "a positive price")
            quirks["bar_without_price"] += int(gone.sum())
            self.missing[side] = gone
            self._nanos[side] = {
                name: np.where(gone, 0, _nanos(table, side + name, decimals))
                for name, decimals in cells.items()
            }
        self.volume, self.told, self.places = self._quantities(quirks)

    def nanos(self, side: str) -> Ints:
        """All prices of a side."""
        prices = np.concatenate([self._nanos[side][name] for name in _PRICES])
        return prices[prices > 0]

    def _quantities(self, quirks: dict[str, int]) -> tuple[dict[str, Ints], dict[str, Flags], int]:
        """Quantity of each side, where the file tells it, and their common decimals."""
        made: dict[str, Decimals] = {}
        for side in self.sides:
            name = f"{side}quantity" if side else "volume"
            if name in self.table.names:
                made[side] = _quantity_cells(self.table, name, quirks)
        places = max((cells.places for cells in made.values()), default=0)
        none = np.zeros(len(self.table), np.int64)
        volume = {
            side: made[side].values * 10 ** (places - made[side].places) if side in made else none
            for side in self.sides
        }
        told = {side: ~made[side].missing if side in made else none > 0 for side in self.sides}
        return volume, told, places

    def least(self) -> tuple[Ints, Ints]:
        """Volumes of the bars that traded, and how many prints each of them needs."""
        if "" not in self.sides:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        traded = self.told[""] & (self.volume[""] > 0) & ~self.missing[""]
        needed = _needed(turning_points(self._nanos[""]), 1).sum(axis=1)
        return self.volume[""][traded], needed[traded]

    def tape(self, rules: _Rules, quirks: dict[str, int]) -> Tape:
        """The path of all bars."""
        times = self._times(rules.path)
        ticks = {side: self._in_ticks(side, rules, quirks) for side in self.sides}
        if "" in ticks:
            return self._trades(times, ticks[""], rules, quirks)
        return self._quotes(times, ticks, rules)

    def _times(self, path: BarPath) -> Ints:
        """Time of each print, one bar a row; refused where a bar begins within the one above it."""
        start = self.table.times_ns()
        apart = np.diff(start)
        if path.interval:
            interval = duration_ns(path.interval, "interval")
            early = np.flatnonzero(apart < interval)
            if len(early):
                raise self.table.refuse(
                    int(early[0]) + 1,
                    f"begins {apart[early[0]] / 1e9:g} s after the bar above it, which lasts "
                    f"{interval / 1e9:g} s",
                    "give the interval of the bars",
                )
        elif not len(apart):
            raise SourceError(
                self.table.file,
                None,
                "one bar alone does not tell how long it is",
                'give bars=BarPath(interval="1m")',
            )
        else:
            interval = int(apart.min())
            if interval <= 0:
                raise self.table.refuse(int(apart.argmin()) + 1, "is of the same time as the bar above it")
        parts = np.arange(path.prints, dtype=np.int64)
        # Whole nanoseconds of each part, so that the product of a long bar and many prints stays small.
        within = interval // path.prints * parts
        return np.asarray(start[:, None] + within)

    def _in_ticks(self, side: str, rules: _Rules, quirks: dict[str, int]) -> dict[str, Ints]:
        made = {}
        for name, nanos in self._nanos[side].items():
            made[name] = (nanos + rules.tick_nanos // 2) // rules.tick_nanos
            quirks["bar_price_rounded"] += int((nanos % rules.tick_nanos != 0).sum())
        gone = ~self.missing[side] & (made["low"] <= 0)
        self.table.refuse_where(gone, side + "low", "a price of at least half a tick")
        return made

    def _trades(self, times: Ints, ticks: dict[str, Ints], rules: _Rules, quirks: dict[str, int]) -> Tape:
        """Prints, and quotes that they hit."""
        steps, count = rules.path.steps, rules.path.prints
        points = turning_points(ticks)
        prices, needed = _along(points, steps), _needed(points, steps)
        scale = 10 ** (rules.places - self.places)
        lots, rest = np.divmod(self.volume[""] * scale, rules.lot_parts)
        told, there = self.told[""], ~self.missing[""]
        self.table.refuse_where(
            told & there & (rest != 0), "volume", "a multiple of the lot size", "give a finer lot size"
        )
        few = told & there & (lots > 0) & (lots < needed.sum(axis=1))
        self.table.refuse_where(
            few, "volume", "a lot for each of the bar's prices", "leave out the lot size or give a finer one"
        )
        spare = np.maximum(lots - needed.sum(axis=1), 0)[:, None]
        # What does not divide goes first to prints that would have nothing.
        idle = np.cumsum(~needed, axis=1)
        turn = np.where(needed, idle[:, -1:] + np.cumsum(needed, axis=1), idle)
        each = needed + spare // count + (turn <= spare % count)
        unit = 10**rules.places // rules.lot_parts
        each = np.where(told[:, None], np.where(lots[:, None] > 0, each, 0), max(unit, 1))
        quirks["bar_without_volume"] += int((there & ~told).sum())
        quirks["bar_of_zero_volume"] += int((there & told & (lots == 0)).sum())
        prints = each > 0
        # Without a print the path is of quotes alone.
        keep = (prints | ((told & (lots == 0))[:, None] & needed)) & there[:, None]
        price, parts = prices[keep], each[keep] * rules.lot_parts
        buys = tick_rule(price) == 1 if len(price) else price > 0
        behind = np.maximum(parts, rules.lot_parts) if not rules.quote_parts else rules.quote_parts
        bid = np.where(buys, price - rules.spread_ticks, price)
        ask = np.where(buys, price, price + rules.spread_ticks)
        rows = np.broadcast_to(self.table.rows[:, None], keep.shape)[keep]
        none = np.zeros(len(price), np.int64)
        quoted = np.full(len(price), not rules.quoted)
        return Tape(
            times[keep],
            quoted,
            np.where(quoted, np.maximum(bid, 0) * rules.tick_nanos, 0),
            np.where(quoted, behind, 0),
            np.where(quoted, ask * rules.tick_nanos, 0),
            np.where(quoted, behind, 0),
            prints[keep],
            np.where(prints[keep], price * rules.tick_nanos, 0),
            parts,
            np.where(buys, 1, 2).astype(np.int64) if not rules.quoted else none,
            rows,
            none + self.number,
        )

    def _quotes(self, times: Ints, ticks: dict[str, dict[str, Ints]], rules: _Rules) -> Tape:
        """Bids and offers, which turn at the same moments, so that they cross only where the bars do."""
        whole = ~np.any([self.missing[side] for side in self.sides], axis=0)
        alone = [np.where(~self.missing[side], 1, 0) for side in self.sides]
        middle = {
            name: sum(
                (part * ticks[side][name] for side, part in zip(self.sides, alone, strict=True)),
                np.zeros(len(whole), np.int64),
            )
            for name in _PRICES
        }
        high_first = _high_first(middle)
        shape = times.shape
        made: dict[str, Ints] = {}
        for side in ("bid_", "ask_"):
            zero = np.zeros(shape, np.int64)
            if side not in self.sides:
                made[side], made[side + "quantity"] = zero, zero
                continue
            there = ~self.missing[side][:, None]
            made[side] = np.where(there, _along(_turned(ticks[side], high_first), rules.path.steps), 0)
            scale = 10 ** (rules.places - self.places)
            parts = self.volume[side] * scale // rules.lot_parts * rules.lot_parts
            default = rules.quote_parts or max(10**rules.places, rules.lot_parts)
            # A quantity of 0, as where the market tells none, stands as well as one that is not there.
            parts = np.where(self.told[side] & (parts > 0), parts, default)
            made[side + "quantity"] = np.where(there, np.broadcast_to(parts[:, None], shape), 0)
        rows = np.broadcast_to(self.table.rows[:, None], shape).ravel()
        count = rows.size
        none, no = np.zeros(count, np.int64), np.zeros(count, np.bool_)
        return Tape(
            times.ravel(),
            ~no,
            made["bid_"].ravel() * rules.tick_nanos,
            made["bid_quantity"].ravel(),
            made["ask_"].ravel() * rules.tick_nanos,
            made["ask_quantity"].ravel(),
            no,
            none,
            none,
            none,
            rows,
            none + self.number,
        )


def _nanos(table: Table, name: str, cells: Decimals) -> Ints:
    nanos, wrong = cells.as_units(NANO / decimal(table.layout.price_unit))
    table.refuse_where(wrong, name, "a price of at most nine decimals")
    return nanos


def _quantity_cells(table: Table, name: str, quirks: dict[str, int]) -> Decimals:
    """Quantities in units; in the sums of floats that some vendors write, below 1e-8 all is noise."""
    unit = decimal(table.layout.quantity_unit)
    try:
        cells = table.decimals(name)
        exact = cells.places <= _MOST_PLACES and unit == 1
    except SourceError:
        exact = False
    if exact:
        table.refuse_where(cells.values < 0, name, "a quantity, which is not negative")
        return cells
    floats = table.floats(name)
    missing = floats.is_null().to_numpy()
    parts = floats.fill_null(0).to_numpy() * float(unit) * 10.0**_MOST_PLACES
    table.refuse_where((parts < 0) | (parts >= float(1 << 53)), name, "a smaller quantity, not negative")
    whole = np.rint(parts)
    quirks["bar_quantity_rounded"] += int((np.abs(parts - whole) > 1e-6 * np.maximum(whole, 1)).sum())
    return Decimals(whole.astype(np.int64), _MOST_PLACES, missing)


def _lot(bars: Sequence[_Bars], places: int, lot_size: Number | None) -> Decimal:
    """The largest power of ten, at most 1, that divides all volumes and of which each bar has enough."""
    if lot_size is not None:
        return decimal(lot_size, "lot_size")
    quoted = [bar.volume[side] * 10 ** (places - bar.places) for bar in bars for side in bar.sides if side]
    each = [bar.least() for bar in bars]
    volumes = np.concatenate(
        [volume * 10 ** (places - bar.places) for bar, (volume, _) in zip(bars, each, strict=True)]
    )
    needed = np.concatenate([prints for _, prints in each])
    lot = decimal_step(np.unique(np.concatenate([volumes, *quoted])), places, Decimal(1))
    while (volumes < needed * float(lot.scaleb(places))).any():
        lot /= 10
    return lot
