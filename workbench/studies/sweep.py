"""Many settings of a strategy over many sources, on all cores, resumable."""

from __future__ import annotations

import hashlib
import inspect
import json
import pickle
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from numba import cloudpickle

from workbench import __version__
from workbench.domain.costs import FeeSchedule
from workbench.domain.units import Number
from workbench.errors import ConfigError
from workbench.studies.backtest import Source, read_source, run_on
from workbench.studies.bars import name_of
from workbench.studies.batches import Batches
from workbench.studies.grid import Grid, Setting, as_column, settings_of
from workbench.studies.kept_data import Kept, keep, load
from workbench.studies.outcome import Outcome
from workbench.studies.pools import cores, prepare, results
from workbench.studies.strategy import Strategy
from workbench.studies.sweep_ledger import Ledger, Row
from workbench.studies.sweep_work import Metrics, Task
from workbench.studies.terms import Terms

_pickled: Any = cloudpickle.dumps
"""Numba's own copy: it pickles classes of notebooks and compiled functions by their content."""

COLUMNS = frozenset(
    (
        "session",
        "pnl",
        "fees",
        "fills",
        "volume_lots",
        "decisions",
        "refused",
        "position_lots",
        "final_equity",
        "drawdown",
        "error",
        "seconds",
    )
)
"""What a row of a result has beside parameters and metrics."""

Progress = Callable[[int, int], None]
"""Called with the runs done and the runs there are."""


@dataclass(frozen=True)
class Sweep:
    """What a sweep found.

    Attributes
    ----------
    strategy, terms
        Whose settings, and what was assumed.
    settings
        The settings, in order.
    rows
        For each source in order, and in it for each setting, what was found.
    resumed
        How many of them an earlier sweep in the same folder had found.
    """

    strategy: type[Strategy]
    terms: Terms
    settings: list[Setting]
    sources: tuple[str, ...]
    rows: list[Row]
    resumed: int
    _data: dict[str, Any]

    @property
    def frame(self) -> pl.DataFrame:
        """One row per source and setting.

        `session`, the parameters, then the numbers of `Outcome.summary`, further metrics, `error` (null
        where there was none) and `seconds`.
        """
        count = len(self.settings)
        made = [
            {"session": self.sources[i // count], **self.settings[i % count], **row}
            for i, row in enumerate(self.rows)
        ]
        names = dict.fromkeys(name for row in made for name in row)
        return pl.DataFrame({name: as_column([row.get(name) for row in made]) for name in names})

    def best(self, column: str = "pnl", count: int = 1) -> pl.DataFrame:
        """The settings with the highest mean of a column over all sources.

        The best of many is good by luck as well: hold it against what was not swept over.
        """
        names = list(self.settings[0])
        frame = self.frame
        if column not in frame.columns:
            raise ConfigError(f"there is no column {column!r}", "best", f"known: {', '.join(frame.columns)}")
        mean = frame.group_by(names, maintain_order=True).agg(
            pl.col(column).mean(), pl.len().alias("sessions")
        )
        return mean.sort(column, descending=True, nulls_last=True, maintain_order=True).head(count)

    def outcome(self, index: int) -> Outcome:
        """Row `index` of the frame run again, with decisions, fills and equity."""
        if not 0 <= index < len(self.rows):
            raise ConfigError(f"there is no row {index}", "outcome", f"give 0 to {len(self.rows) - 1}")
        source = self.sources[index // len(self.settings)]
        setting = self.settings[index % len(self.settings)]
        return run_on(self.strategy(**setting), self._data[source], self.terms)


def sweep(
    strategy: type[Strategy],
    grid: Grid,
    sessions: Source | Sequence[Source] | Mapping[str, Source],
    *,
    workers: int | None = None,
    on: Any = "processes",
    folder: str | Path | None = None,
    progress: Progress | None = None,
    metrics: Metrics | None = None,
    latency: str = "0ns",
    fees: FeeSchedule | None = None,
    fill: str = "",
    cash: Number = 1_000_000,
    slippage_ticks: int = 0,
    equity_every: str = "1min",
    **options: Any,
) -> Sweep:
    """Run a strategy with every setting over every source.

    The result does not depend on how many workers there are, where they run, or how often it was resumed.

    Parameters
    ----------
    strategy
        Its class.
    grid
        Values of each parameter, all of which are combined, or a list of settings.
    sessions
        A source (see `workbench.backtest`), several, or several by name.
    workers, on
        How many processes (one: this one), and where: `"processes"`, `"dask"`, the address of a Dask
        scheduler or a Dask client; then `folder` must be where its workers see it.
    folder
        Where results are kept as they come. A sweep that was broken off goes on there: what is known of the
        same strategy, setting, source and terms is not run again. Nothing is kept unless given.
    progress
        Called with runs done and runs in all.
    metrics
        Gives further columns from an `Outcome`; it runs where the strategy runs.
    latency, fees, fill, cash, slippage_ticks, equity_every
        What is assumed; see `workbench.backtest`.
    options
        What reading the sources needs.

    Raises
    ------
    ConfigError, SourceError
        For a grid, terms or sources that make no sense.
    SweepError
        When a worker died.
    """
    settings = settings_of(strategy, grid)
    hidden = [name for setting in settings for name in setting if name in COLUMNS]
    if hidden:
        raise ConfigError(
            f"a parameter called {hidden[0]!r} would hide that column of the result",
            strategy.__name__,
            "call it something else",
        )
    _check_options(workers, progress, folder)
    terms = Terms(latency, fees, fill, cash, slippage_ticks, equity_every)
    prepare(on, workers)
    data = {name: read_source(source, **options) for name, source in _named(sessions).items()}
    code = _pickled((strategy, metrics))
    try:
        pickle.loads(code)  # noqa: S301 - what was pickled the line before
    except Exception as error:
        raise ConfigError(f"it cannot be sent to workers: {error}", strategy.__name__) from error
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()) if folder is None else folder)
        ledger = stack.enter_context(Ledger(None if folder is None else place / "results.jsonl"))
        kept = [keep(name, each, place / "data") for name, each in data.items()]
        fingerprint = _fingerprint(strategy, metrics, terms)
        keys = [_key(fingerprint, each, setting) for each in kept for setting in settings]
        missing = [i for i, key in enumerate(keys) if key not in ledger.rows]
        done = len(keys) - len(missing)
        resumed = done
        if progress is not None:
            progress(done, len(keys))
        batches = _batches(missing, keys, kept, settings, code, terms, workers or cores())
        try:
            for found in results(batches, on, workers) if missing else ():
                ledger.add(found.rows)
                done += len(found.rows)
                if progress is not None:
                    progress(done, len(keys))
        except BaseException as error:
            place_of = (
                f"kept in {folder}; the same sweep goes on there"
                if folder
                else "lost, for no folder was given"
            )
            error.add_note(f"{done:,} of {len(keys):,} runs were done, and are {place_of}")
            raise
        rows = [ledger.rows[key] for key in keys]
        load.cache_clear()
    return Sweep(strategy, terms, settings, tuple(data), rows, resumed, data)


def _check_options(workers: Any, progress: Any, folder: Any) -> None:
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        raise ConfigError(f"{workers!r} is no number of workers", "workers", "give 1 or more")
    if progress is not None and not callable(progress):
        raise ConfigError(
            f"{progress!r} cannot be called", "progress", "give a function of runs done and runs in all"
        )
    if folder is not None and Path(folder).exists() and not Path(folder).is_dir():
        raise ConfigError(f"{folder} is no folder", "folder", "give one, or a name that is not there yet")


def _named(sessions: Any) -> dict[str, Source]:
    if isinstance(sessions, Mapping):
        named = {str(name): source for name, source in sessions.items()}
    else:
        several = list(sessions) if isinstance(sessions, list) else [sessions]
        named = {}
        for each in several:
            name = name_of(each)
            named[name if name not in named else f"{name} #{len(named) + 1}"] = each
    if not named:
        raise ConfigError("there is nothing to run over", "sessions", "give at least one source")
    return named


def _batches(
    missing: list[int],
    keys: list[str],
    kept: list[Kept],
    settings: list[Setting],
    code: bytes,
    terms: Terms,
    workers: int,
) -> Batches:
    """What is to be run, source by source."""

    def of_source(at: int) -> tuple[int, Callable[[int, int], Task]]:
        own = [i for i in missing if i // len(settings) == at]

        def task(begin: int, end: int) -> Task:
            given = tuple((keys[i], settings[i % len(settings)]) for i in own[begin:end])
            return Task(kept[at], given, code, terms)

        return len(own), task

    return Batches([of_source(at) for at in range(len(kept))], workers)


def _fingerprint(strategy: type[Strategy], metrics: Metrics | None, terms: Terms) -> str:
    """Of all that a result depends on but source and setting."""
    parts = [__version__, f"{strategy.__module__}.{strategy.__qualname__}", repr(terms)]
    for each in (*strategy.__mro__[:-1], metrics):
        if each is None or getattr(each, "__module__", "").startswith("workbench."):
            continue
        try:
            parts.append(inspect.getsource(each))
        except (OSError, TypeError):
            # Of what was typed in, the bytes that workers get.
            parts.append(hashlib.blake2b(_pickled(each)).hexdigest())
    return "\0".join(parts)


def _key(fingerprint: str, kept: Kept, setting: Setting) -> str:
    text = "\0".join((fingerprint, kept.digest, json.dumps(setting, sort_keys=True)))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
