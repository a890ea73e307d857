"""A strategy over recorded data: order flow in the exchange, or bars."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date as Date  # noqa: N812 - `date` is a parameter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from workbench.domain.costs import FeeSchedule
from workbench.domain.units import Number
from workbench.engine.moments import Moment, local_time
from workbench.engine.replay import replay
from workbench.engine.stored import read_bars
from workbench.errors import ConfigError, SourceError
from workbench.feed.bar_path import BarPath
from workbench.feed.bars import is_bars
from workbench.feed.columns import Layout
from workbench.feed.history import History
from workbench.feed.ticks import TickRules
from workbench.journal.place import HISTORY, data_root, session_names
from workbench.session.stored import StoredSession, open_session
from workbench.studies.bar_run import BarRun
from workbench.studies.bars import Bars
from workbench.studies.book_run import BookRun
from workbench.studies.ending import FOREVER, end_ns
from workbench.studies.outcome import Outcome
from workbench.studies.recorded_market import RecordedMarket, read_recorded
from workbench.studies.strategy import Strategy
from workbench.studies.terms import Terms

Data = History | Bars | RecordedMarket
"""What has been read."""

Source = (
    str
    | os.PathLike[str]
    | tuple[str | os.PathLike[str], ...]
    | pl.DataFrame
    | History
    | Bars
    | StoredSession
    | RecordedMarket
)
"""A file or files of order flow, trades and quotes, or bars; the name of a dataset or of a recorded
session; a table of bars; or what was read before.
"""


def read_source(
    source: Source,
    *,
    symbol: str = "",
    date: Date | None = None,
    zone: str = "",
    columns: Mapping[str, str | int] | None = None,
    layout: Layout | None = None,
    rules: TickRules | None = None,
    bars: str | BarPath = "",
    tick_size: Number | None = None,
    data: str | os.PathLike[str] | None = None,
    without: str | Sequence[str] = (),
) -> Data:
    """Read what a backtest runs over; reading it once serves many.

    Parameters
    ----------
    source
        See `Source`.
    symbol, date, zone, columns, layout, rules, data
        As for `workbench.replay`.
    bars
        "synthetic", or a `BarPath`: replay bars in the exchange along an invented path inside each.
    tick_size
        Of bars; found out unless given.
    without
        Accounts of a recorded session whose orders are left out.
    """
    if isinstance(source, History | Bars | RecordedMarket):
        return source
    if isinstance(source, StoredSession):
        return read_recorded(source, symbol, without)
    stored = _session(source, data)
    if stored is not None:
        return read_recorded(stored, symbol, without)
    if without:
        raise ConfigError("only a recorded session has accounts", "without", "leave it out")
    if isinstance(source, pl.DataFrame):
        return Bars.from_frame(source, symbol=symbol, tick_size=tick_size)
    if not bars and isinstance(source, str | os.PathLike) and os.path.isfile(source):  # noqa: PTH113 - of any kind
        given = (layout or Layout()).with_columns(columns)
        if is_bars(source, given):
            table = read_bars(source, layout=given, data=data)
            return Bars.from_frame(table, source=os.fspath(source), symbol=symbol, tick_size=tick_size)
    try:
        market = replay(
            source,
            symbol=symbol,
            date=date,
            zone=zone,
            columns=columns,
            layout=layout,
            rules=rules,
            bars=bars,
            data=data,
        )
    except SourceError as error:
        if not isinstance(source, str) or os.path.exists(source) or not source.isidentifier():  # noqa: PTH110 - any
            raise
        root = data_root(None if data is None else Path(data))
        raise SourceError(
            source,
            None,
            f"there is no file, dataset or recorded session of that name under {root}",
            f"recorded sessions there: {', '.join(sorted(session_names(root))) or 'none'}",
        ) from error
    if len(market.histories) != 1:
        raise ConfigError(
            f"it holds {len(market.histories)} instruments", f"source {source!r}", "name the files of one"
        )
    return market.histories[0]


def _session(source: Source, data: str | os.PathLike[str] | None) -> StoredSession | None:
    """The recorded session that a source names; a file goes before it."""
    root = data_root(None if data is None else Path(data))
    if not isinstance(source, str) or Path(source).exists() or source not in session_names(root):
        return None
    if (root / HISTORY / source).is_dir():
        raise ConfigError(
            "there is a dataset and a session of that name",
            f"source {source!r}",
            "give the dataset's folder, or workbench.session.stored.open_session(name)",
        )
    return open_session(source, data)


def backtest(
    strategy: Strategy,
    source: Source,
    *,
    latency: str = "0ns",
    fees: FeeSchedule | None = None,
    fill: str = "",
    cash: Number = 1_000_000,
    slippage_ticks: int = 0,
    until: Moment | None = None,
    equity_every: str = "1min",
    compiled: bool = True,
    **options: Any,
) -> Outcome:
    """Run a strategy over recorded data.

    Parameters
    ----------
    strategy
        A `Strategy` or `CompiledStrategy`.
    source
        Order flow of one instrument, which is replayed in the exchange, bars of one, or a recorded session,
        whose market is run again with the strategy in it. Nobody there reacts to it.
    latency, fees, fill, cash, slippage_ticks, equity_every
        What is assumed; see `workbench.studies.terms.Terms`. The result prints it.
    until
        Leave out what comes after this moment, as `workbench.replay`'s `run_until` takes it; see
        `workbench.studies.ending`.
    compiled
        Whether a `CompiledStrategy` runs inside the loop; otherwise it is told one by one, with the same
        result.
    options
        What reading the source needs; see `read_source`.

    Returns
    -------
    Outcome
        Decisions, fills, equity and a summary.

    Raises
    ------
    ConfigError, SourceError
        For a strategy, terms or a source that make no sense together.
    """
    given: Any = strategy
    if not isinstance(given, Strategy):
        made = " (make it with its parameters)" if isinstance(given, type) else ""
        raise ConfigError(f"{given!r} is no Strategy{made}", "backtest", "give an object of a Strategy class")
    terms = Terms(latency, fees, fill, cash, slippage_ticks, equity_every)
    data = read_source(source, **options)
    last_ns = end_ns(until, getattr(data, "zone", "UTC"), first_ns(data))
    if last_ns != FOREVER:
        data = cut(data, last_ns)
    return run_on(strategy, data, terms, compiled=compiled)


def run_on(strategy: Strategy, data: Data, terms: Terms, *, compiled: bool = True) -> Outcome:
    """Run a strategy over what has been read."""
    run = (
        BarRun(strategy, data, terms, compiled=compiled)
        if isinstance(data, Bars)
        else BookRun(strategy, data, terms, compiled=compiled)
    )
    try:
        outcome = run.run()
    except Exception as error:
        at = f"{local_time(run.desk.time_ns, 'UTC'):%Y-%m-%d %H:%M:%S.%f} UTC"
        error.add_note(f"{type(strategy).__name__} was told of {at} of {data.source} when this happened")
        raise
    return outcome


def times_of(data: Data) -> Any:
    """When each piece of data is there, in nanoseconds: of a bar when it is over."""
    if isinstance(data, Bars):
        return data.records["time_ns"] + data.bar_ns
    return data.commands["time_ns"]


def first_ns(data: Data) -> int:
    """When the data begins."""
    times = times_of(data)
    return int(times[0]) if len(times) else 0


def cut(data: Data, until_ns: int) -> Data:
    """The data without what comes after a moment.

    Raises
    ------
    ConfigError
        When nothing is left.
    """
    end = int(np.searchsorted(times_of(data), until_ns, side="right"))
    if not end:
        raise ConfigError(f"nothing is there until {until_ns}", "until", "give a later moment")
    if isinstance(data, Bars | RecordedMarket):
        return data.first(end)
    return History(
        commands=data.commands[:end],
        rows=data.rows[:end],
        row_times_ns=data.row_times_ns,
        instrument=data.instrument,
        quirks=data.quirks,
        source=data.source,
        kind=data.kind,
        origins=data.origins[:end],
        zone=data.zone,
        first_row=data.first_row,
        places=data.places,
        files=data.files,
    )
