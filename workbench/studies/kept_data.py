"""What a sweep's workers read: each source read once, its records in a file that they map into memory."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from workbench.feed.history import History
from workbench.studies.backtest import Data
from workbench.studies.bars import Bars
from workbench.studies.recorded_market import RecordedMarket

_ENDINGS = (".npy", ".pickle")
_NO_ROWS = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Kept:
    """A source in a folder.

    Attributes
    ----------
    name
        What results call it.
    digest
        Of its records: names its files.
    folder
        Where they are.
    """

    name: str
    digest: str
    folder: str


def keep(name: str, data: Data, folder: Path) -> Kept:
    """Write a source for workers, unless it is there."""
    records = data.records if isinstance(data, Bars) else data.commands
    about: tuple[object, ...] = (type(data).__name__, data.instrument, getattr(data, "bar_ns", 0))
    if isinstance(data, RecordedMarket):
        about = (*about, data.venue, data.number)
    digest = hashlib.blake2b(digest_size=12)
    digest.update(repr(about).encode())
    digest.update(np.ascontiguousarray(records).tobytes())
    kept = Kept(name, digest.hexdigest(), str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    array, rest = (folder / f"{kept.digest}{ending}" for ending in _ENDINGS)
    if not (array.exists() and rest.exists()):
        unfinished = folder / f"{kept.digest}.unfinished.npy"
        np.save(unfinished, records)
        unfinished.rename(array)
        rest.write_bytes(pickle.dumps(_without_records(data)))
    return kept


def _without_records(data: Data) -> Data:
    if isinstance(data, Bars):
        return Bars(data.records[:0], data.instrument, data.bar_ns, data.source)
    if isinstance(data, RecordedMarket):
        return replace(data, commands=data.commands[:0])
    return History(
        commands=data.commands[:0],
        rows=_NO_ROWS,
        row_times_ns=_NO_ROWS,
        instrument=data.instrument,
        quirks={},
        source=data.source,
        kind=data.kind,
        zone=data.zone,
    )


@lru_cache(maxsize=8)
def load(kept: Kept) -> Data:
    """A source as a worker has it; the last eight stay open."""
    array, rest = (Path(kept.folder) / f"{kept.digest}{ending}" for ending in _ENDINGS)
    # Written by `keep` in the sweep's own folder.
    data: Data = pickle.loads(rest.read_bytes())  # noqa: S301
    # Copy on write: kernels want arrays that may be written, and this one is shared by all workers.
    records = np.load(array, mmap_mode="c")
    if isinstance(data, Bars):
        return Bars(records, data.instrument, data.bar_ns, data.source)
    if isinstance(data, RecordedMarket):
        return replace(data, commands=records)
    return History(
        commands=records,
        rows=np.zeros(len(records), dtype=np.int64),
        row_times_ns=_NO_ROWS,
        instrument=data.instrument,
        quirks={},
        source=data.source,
        kind=data.kind,
        zone=data.zone,
    )
