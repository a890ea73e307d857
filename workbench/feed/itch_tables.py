"""ITCH messages of one type as a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.records import Records
from workbench.feed.files import Ints
from workbench.feed.itch_messages import LETTER, MESSAGES, RESERVED, TEXT, Field

_LETTERS = pl.Series([chr(code) for code in range(256)])


def timestamps_ns(records: Records) -> Ints:
    """Nanoseconds since midnight of each message."""
    high = records["timestamp_high"].astype(np.int64) << 32
    return np.asarray(high | records["timestamp_low"].astype(np.int64))


def stock_name(code: int) -> str:
    """The name that eight bytes stand for.

    >>> stock_name(int.from_bytes(b"ZXZZT   ", "big"))
    'ZXZZT'
    """
    return code.to_bytes(8, "big").decode("latin-1").rstrip()


def table(letter: str, records: Records, numbers: Ints, midnight_ns: int | None) -> pl.DataFrame:
    """Messages of one type as a table; `numbers` are their places in the file."""
    since_ns = timestamps_ns(records)
    columns: dict[str, pl.Series | npt.NDArray[Any]] = {"message": numbers}
    if midnight_ns is not None:
        columns["time_ns"] = since_ns + midnight_ns
    columns["timestamp_ns"] = since_ns
    for name in ("stock_locate", "tracking_number"):
        columns[name] = records[name].astype(np.int64)
    for part in MESSAGES[letter].fields:
        if part.name != RESERVED:
            columns[part.name] = _column(part, records[part.name])
    return pl.DataFrame(columns)


def _column(part: Field, raw: npt.NDArray[Any]) -> pl.Series | npt.NDArray[Any]:
    if part.form == LETTER:
        return _LETTERS.gather(raw.astype(np.uint32))
    # Eight bytes may hold more than a signed number can.
    codes = raw.astype(np.uint64 if part.size == np.dtype(np.uint64).itemsize else np.int64)
    if part.form != TEXT:
        return codes
    if not len(codes):
        return pl.Series([], dtype=pl.String)
    series = pl.Series(codes)
    kinds = series.unique()
    names = [code.to_bytes(part.size, "big").decode("latin-1").rstrip() for code in kinds.to_list()]
    return series.replace_strict(kinds, pl.Series(names, dtype=pl.String), return_dtype=pl.String)
