"""Histories as Parquet: columns of integers, delta encoded, every page with a checksum."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from workbench.domain.records import COMMAND
from workbench.feed.history import History

COMMANDS, ROWS, BARS, EXACT_BARS = "commands.parquet", "rows.parquet", "bars.parquet", "exact-bars.parquet"
"""Names of a dataset's tables."""

_ROWS_PER_GROUP = 122_880
_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Stored:
    """A table as bytes.

    Attributes
    ----------
    name
        Of its file.
    rows
        How many it has.
    data
        The Parquet file.
    """

    name: str
    rows: int
    data: memoryview

    def to_json(self) -> dict[str, Any]:
        """What a manifest says about it."""
        digest = hashlib.sha256(self.data).hexdigest()
        return {"name": self.name, "rows": self.rows, "bytes": len(self.data), "sha256": digest}


def history_tables(history: History) -> list[Stored]:
    """The commands of a history with their rows and origins, and the times and places of its rows."""
    commands: dict[str, npt.NDArray[Any]] = {name: history.commands[name] for name in COMMAND.names or ()}
    commands |= {"row": history.rows, "origin": history.origins}
    rows: dict[str, npt.NDArray[Any]] = {"time_ns": history.row_times_ns}
    if history.places is not None:
        rows |= {"file": history.places[:, 0], "number": history.places[:, 1]}
    return [_integers(COMMANDS, commands), _integers(ROWS, rows)]


def _integers(name: str, columns: Mapping[str, npt.NDArray[Any]]) -> Stored:
    # What is the same in every row takes no space as a dictionary, and no time to read.
    constant = [key for key, values in columns.items() if len(values) and (values == values[0]).all()]
    small = [key for key, values in columns.items() if values.dtype.itemsize < np.dtype(np.int32).itemsize]
    as_words = {*constant, *small}
    table = pa.table({key: np.ascontiguousarray(values) for key, values in columns.items()})
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        compression="zstd",
        compression_level=_LEVEL,
        row_group_size=_ROWS_PER_GROUP,
        use_dictionary=sorted(as_words),
        column_encoding={key: "DELTA_BINARY_PACKED" for key in columns if key not in as_words},
        write_page_index=True,
        write_page_checksum=True,
    )
    return Stored(name, table.num_rows, memoryview(sink.getvalue()))


def bars_table(name: str, bars: pl.DataFrame) -> Stored:
    """A table of bars."""
    sink = io.BytesIO()
    pq.write_table(
        bars.to_arrow(), sink, compression="zstd", compression_level=_LEVEL, write_page_checksum=True
    )
    return Stored(name, len(bars), sink.getbuffer())


def read_columns(data: bytes) -> dict[str, npt.NDArray[Any]]:
    """Columns of integers by name."""
    table = pq.read_table(pa.BufferReader(data), page_checksum_verification=True)
    return {name: table[name].to_numpy() for name in table.column_names}


def read_bars_table(data: bytes) -> pl.DataFrame:
    """A table of bars as it was written."""
    made = pl.from_arrow(pq.read_table(pa.BufferReader(data), page_checksum_verification=True))
    assert isinstance(made, pl.DataFrame)
    return made


def to_records(columns: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Commands from their columns."""
    made = np.zeros(len(columns["time_ns"]), COMMAND)
    for name in COMMAND.names or ():
        made[name] = columns[name]
    return made


def write_durably(path: Path, data: bytes | memoryview) -> None:
    """Write a new file and wait until it is on the disk."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
