"""Bars (open, high, low, close, volume) as a Polars table, from text tables and from Lean zips.

Bars are for analysis. They hide the order of prices within a bar, so they cannot be replayed as they are;
`workbench.feed.bar_path` invents one for those who ask for it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import numpy as np
import polars as pl

from workbench.domain.units import decimal
from workbench.errors import SourceError
from workbench.feed.columns import Column, Layout
from workbench.feed.files import read_bytes
from workbench.feed.lean import lean_file
from workbench.feed.table import Decimals, Table, decimal_series, read_table

_PRICES = ("open", "high", "low", "close")

COLUMNS = (
    Column("time", ("timestamp", "datetime", "date_time", "date", "ts", "open_time", "bar_start", "")),
    Column("symbol", ("ticker", "instrument", "sym")),
    Column("open", ("o", "open_price", "first")),
    Column("high", ("h", "high_price", "max")),
    Column("low", ("l", "low_price", "min")),
    Column("close", ("c", "close_price")),
    Column("volume", ("v", "vol", "tick_volume", "quantity")),
    *(Column(f"bid_{name}") for name in (*_PRICES, "quantity")),
    *(Column(f"ask_{name}") for name in (*_PRICES, "quantity")),
)
"""What the reader understands, and by which names; "" is the unnamed index that pandas writes."""


def read_bars(
    path: str | os.PathLike[str],
    *,
    columns: Mapping[str, str | int] | None = None,
    layout: Layout | None = None,
    exact: bool = False,
) -> pl.DataFrame:
    """Bars of a file, one row each, in order of time.

    Parameters
    ----------
    path
        A text table (plain, .gz, .xz, .zst or .zip) or a Lean zip of trade or quote bars.
    columns
        Our name of a column to the file's, where they differ; short for `layout=Layout(columns=...)`.
    layout
        Header, delimiter, time unit and zone, when they cannot be found out.
    exact
        Prices and volumes as Decimal rather than Float64.

    Returns
    -------
    polars.DataFrame
        `time` (start of the bar, `Datetime("ns", "UTC")`), `symbol` where known, then `open`, `high`, `low`,
        `close` and, where the file has it, `volume`; for quote bars the same with `bid_` and `ask_` before
        them and the last `bid_quantity` and `ask_quantity`. Empty cells are null.

    Raises
    ------
    SourceError
        For the first row that does not fit: no number, a high below the low, a time that comes twice.
    """
    name = os.fspath(path)
    layout = (layout or Layout()).with_columns(columns)
    data = read_bytes(path)
    lean = lean_file(name, data, layout)
    if lean is None:
        return bars_frame(read_table(data, name, COLUMNS, layout), exact=exact)
    if "bar" not in lean.kind:
        raise SourceError(name, None, "this holds ticks, not bars", "replay it, or open it with open_history")
    table = read_table(data, name, COLUMNS, lean.layout, lean.order)
    return bars_frame(table, exact=exact).insert_column(1, pl.Series("symbol", [lean.symbol] * len(table)))


def refuse_bars(path: str) -> SourceError:
    """The error for somebody who wants to replay bars, ready to be raised."""
    return SourceError(
        path,
        None,
        "these are bars, which do not tell in which order prices came, so they cannot be replayed",
        "replay trades or quotes of the same market, read the bars with workbench.read_bars, or replay an "
        'invented path inside them: bars="synthetic" in Python, --bars synthetic on the command line',
    )


def bars_frame(table: Table, *, exact: bool = False) -> pl.DataFrame:
    """The typed frame of a table whose columns have been found."""
    sides = [side for side in ("", "bid_", "ask_") if f"{side}close" in table.names]
    missing = [
        f"{side}{name}" for side in sides or [""] for name in _PRICES if f"{side}{name}" not in table.names
    ]
    if "time" not in table.names or missing:
        raise SourceError(
            table.file,
            None,
            f"there is no column {missing[0] if missing else 'time'}",
            f"map it: {missing[0] if missing else 'time'}=NAME_IN_THE_FILE",
        )
    times_ns = table.times_ns()
    symbols = table.text("symbol") if "symbol" in table.names else None
    twice = np.flatnonzero(np.diff(times_ns) == 0)
    if len(twice) and symbols is None:
        raise table.refuse(
            int(twice[0]) + 1,
            f"{table.title('time')} is {table.text('time')[int(twice[0]) + 1]!r} for the second time",
        )
    made = {"time": pl.Series(times_ns).cast(pl.Datetime("ns", "UTC"))}
    if symbols is not None:
        made["symbol"] = symbols
    for side in sides:
        cells = {name: table.decimals(side + name) for name in _PRICES}
        _check_bar(table, side, cells)
        for name, decimals in cells.items():
            made[side + name] = _numbers(decimals, decimal(table.layout.price_unit), exact=exact)
        volume = f"{side}quantity" if side else "volume"
        if volume in table.names:
            unit = decimal(table.layout.quantity_unit)
            # Sums of floats, as some vendors write them, have more digits than an exact number may have here.
            made[volume] = (
                _numbers(table.decimals(volume), unit, exact=True)
                if exact
                else table.floats(volume) * float(unit)
            )
    return pl.DataFrame(made)


def _check_bar(table: Table, side: str, cells: Mapping[str, Decimals]) -> None:
    places = max(decimals.places for decimals in cells.values())
    values = {name: decimals.values * 10 ** (places - decimals.places) for name, decimals in cells.items()}
    present = ~np.any([decimals.missing for decimals in cells.values()], axis=0)
    for name in ("open", "close", "low"):
        table.refuse_where(present & (values["high"] < values[name]), f"{side}high", f"at least the {name}")
    for name in ("open", "close"):
        table.refuse_where(present & (values["low"] > values[name]), f"{side}low", f"at most the {name}")
    table.refuse_where(present & (values["low"] < 0), f"{side}low", "a price, which is not negative")


def _numbers(cells: Decimals, unit: Decimal, *, exact: bool) -> pl.Series:
    """Cells times `unit`; the nearest double unless `exact`."""
    ratio = Fraction(unit) / 10**cells.places
    if exact:
        places = max(cells.places - int(unit.normalize().as_tuple().exponent), 0)
        series = decimal_series(cells.values * int(ratio * 10**places), places)
    else:
        series = pl.Series(cells.values * float(ratio.numerator) / float(ratio.denominator), dtype=pl.Float64)
    return series.set(pl.Series(cells.missing), None)
