"""Bars as whole numbers: what a backtest over bars runs over."""

from __future__ import annotations

import os
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.instruments import Instrument
from workbench.domain.records import Records
from workbench.domain.units import Number, decimal
from workbench.errors import SourceError
from workbench.studies.news import Bar

BAR = np.dtype([(name, "i8") for name in Bar._fields])
"""A bar as a record; its names are those of `news.Bar`."""

_PRICES = ("open", "high", "low", "close")
_MOST_PLACES = 6
_NEAR = 1e-6
"""How far from a whole tick a double may be and still mean it."""


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars of one instrument.

    Attributes
    ----------
    records
        `BAR` records in order of time.
    instrument
        What was traded.
    bar_ns
        Length of a bar: the shortest time between two.
    source
        Where they came from.
    """

    records: Records
    instrument: Instrument
    bar_ns: int
    source: str

    @classmethod
    def from_frame(
        cls,
        frame: pl.DataFrame,
        *,
        source: str = "a table",
        symbol: str = "",
        tick_size: Number | None = None,
        lot_size: Number = 1,
    ) -> Bars:
        """Bars of a table with `time`, `open`, `high`, `low`, `close` and perhaps `volume` and `symbol`.

        Parameters
        ----------
        frame
            The table, as `wb.read_bars` and `wb.candles` give it. Rows without prices are left out.
        source
            What it is called.
        symbol
            Which symbol of several.
        tick_size
            Size of a tick; the largest power of ten that holds every price unless given.
        lot_size
            Units in a lot.

        Raises
        ------
        SourceError
            When a column is missing, times do not ascend, or a price is none of whole ticks.
        """

        def refuse(what: str, remedy: str) -> SourceError:
            return SourceError(source, None, what, remedy)

        missing = [name for name in ("time", *_PRICES) if name not in frame.columns]
        if missing:
            raise refuse(f"there is no column {missing[0]}", "bars have time, open, high, low and close")
        if "symbol" in frame.columns:
            symbols = frame["symbol"].unique().drop_nulls().sort().to_list()
            if symbol or len(symbols) > 1:
                if symbol not in symbols:
                    raise refuse(f"there is no symbol {symbol!r}", f"name one of {', '.join(symbols)}")
                frame = frame.filter(pl.col("symbol") == symbol)
            symbol = symbol or next(iter(symbols), "")
        frame = frame.drop_nulls(list(_PRICES))
        if not len(frame):
            raise refuse("there are no bars", "name a file with rows")
        times_ns = frame["time"].cast(pl.Datetime("ns")).cast(pl.Int64).to_numpy()
        if (np.diff(times_ns) <= 0).any():
            raise refuse("times do not ascend", "sort the table, and name one symbol of several")
        prices = {name: frame[name].cast(pl.Float64).to_numpy() for name in _PRICES}
        tick = _tick_of(prices["close"], prices["open"]) if tick_size is None else decimal(tick_size)
        ticks = {name: _whole(values, tick) for name, values in prices.items()}
        for name, found in ticks.items():
            if found is None:
                raise refuse(
                    f"a price in column {name} is not a multiple of {tick}", "give another tick_size"
                )
        if any(found.min() <= 0 for found in ticks.values() if found is not None):
            raise refuse("a price is not above 0", "leave out such rows")
        records = np.zeros(len(frame), dtype=BAR)
        records["time_ns"] = times_ns
        for name, found in ticks.items():
            records[f"{name}_ticks"] = found
        if "volume" in frame.columns:
            lots = frame["volume"].cast(pl.Float64).fill_null(0).to_numpy() / float(decimal(lot_size))
            records["volume_lots"] = np.floor(lots + _NEAR)
        if (records["low_ticks"] > records["high_ticks"]).any():
            raise refuse("a bar's high is below its low", "mend the row")
        instrument = Instrument(
            symbol or "BARS",
            tick * int(records["low_ticks"].min()),
            tick * int(records["high_ticks"].max()),
            tick_size=tick,
            lot_size=lot_size,
        )
        step = int(np.diff(times_ns).min()) if len(times_ns) > 1 else 1
        return cls(records, instrument, step, source)

    def save(self, folder: Path, name: str) -> Path:
        """Keep the records where other processes can map them into memory."""
        path = folder / f"{name}.npy"
        np.save(path, self.records)
        return path

    def first(self, count: int) -> Bars:
        """The same without what comes after the first `count`."""
        return Bars(self.records[:count], self.instrument, self.bar_ns, self.source)


def _tick_of(*columns: npt.NDArray[np.float64]) -> Decimal:
    for places in range(_MOST_PLACES + 1):
        tick = Decimal(1).scaleb(-places)
        if all(_whole(values, tick) is not None for values in columns):
            return tick
    return Decimal(1).scaleb(-_MOST_PLACES)


def _whole(values: npt.NDArray[np.float64], tick: Decimal) -> npt.NDArray[np.int64] | None:
    exact = values / float(tick)
    nearest = np.rint(exact)
    near: Any = np.abs(exact - nearest) <= np.maximum(_NEAR, np.abs(exact) * 1e-12)
    return nearest.astype(np.int64) if near.all() else None


def is_frame_of_bars(source: Any) -> bool:
    """Whether something is a table of bars."""
    return isinstance(source, pl.DataFrame)


def name_of(source: Any) -> str:
    """What a source is called in results."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    return str(getattr(source, "source", "a table"))
