"""Frames of reviews as bytes: JSON for pages, Arrow for programs, Parquet and CSV for people."""

from __future__ import annotations

import io
from typing import Any, Literal

import polars as pl

Format = Literal["json", "arrow", "parquet", "csv"]

MEDIA_TYPES: dict[str, str] = {
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv; charset=utf-8",
}

_TIME_FORMAT = "%Y-%m-%dT%H:%M:%S%.9fZ"
_FORMULAS = r"^[=+\-@\t\r]"
"""With what a cell begins that a spreadsheet would compute."""


def frame_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows as JSON has them: times are ISO 8601 in UTC, and what is no number is null."""
    return _plain(frame).to_dicts()


def frame_bytes(frame: pl.DataFrame, kind: str) -> bytes:
    """A frame in a format of `MEDIA_TYPES`."""
    sink = io.BytesIO()
    if kind == "arrow":
        frame.write_ipc_stream(sink, compat_level=pl.CompatLevel.oldest())
    elif kind == "parquet":
        frame.write_parquet(sink, compression="zstd")
    else:
        # People name their orders as they like, and others open this in a spreadsheet.
        guarded = pl.col(pl.String).str.replace(_FORMULAS, "'${0}")
        _plain(frame).with_columns(guarded).write_csv(sink)
    return sink.getvalue()


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    times = pl.col(pl.Datetime("ns", "UTC")).dt.strftime(_TIME_FORMAT)
    return frame.with_columns(times, pl.col(pl.Float64).fill_nan(None))
