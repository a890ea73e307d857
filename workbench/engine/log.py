"""The event log: every event in a Parquet file, with the venue and the names that it takes to print them."""

from __future__ import annotations

import json
import os
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from workbench.domain.codes import EventKind, OrderType, Reason, Side, TimeInForce
from workbench.domain.config import Venue, venue_from_json, venue_to_json
from workbench.domain.records import EVENT, Records
from workbench.domain.states import OrderState
from workbench.engine.frames import Scales, events_frame
from workbench.engine.words import Names
from workbench.errors import ConfigError, SourceError

_KEY = "workbench.events"
_VERSION = 1
_CODES: dict[str, tuple[str, type[IntEnum]]] = {
    "kind": ("event", EventKind),
    "reason": ("reason", Reason),
    "side": ("side", Side),
    "order_state": ("state", OrderState),
    "order_type": ("type", OrderType),
    "time_in_force": ("time_in_force", TimeInForce),
}
"""Fields of an event that the file has by name, and its columns."""

_NUMBERS = ("seq", "command_seq", "flags", "account")


class Log(NamedTuple):
    """What an event log holds.

    Attributes
    ----------
    events
        `EVENT` records.
    venue, zone, names
        What it takes to print them.
    """

    events: Records
    venue: Venue
    zone: str
    names: Names


def write_log(path: Path, events: Records, venue: Venue, zone: str, names: Names) -> None:
    """Write all events (see `workbench.engine.frames.events_frame`), and what it takes to print them."""
    about = {
        "version": _VERSION,
        "zone": zone,
        "venue": venue_to_json(venue),
        "names": [[account, client, name] for (account, client), name in sorted(names.items())],
    }
    events_frame(events, Scales(venue)).write_parquet(
        path, compression="zstd", statistics=True, metadata={_KEY: json.dumps(about)}
    )


def read_log(path: str | os.PathLike[str]) -> Log:
    """The events that `write_log` wrote.

    Numbers without a name (an instrument or a side that does not exist, in a refusal) come back as -1 or 0.

    Raises
    ------
    SourceError
        For a file that is no event log.
    """
    file = Path(path)
    if not file.is_file():
        raise SourceError(path, None, "there is no such file")
    try:
        about: dict[str, Any] = json.loads(pl.read_parquet_metadata(file)[_KEY])
        table = pl.read_parquet(file)
    except (KeyError, ValueError, OSError, pl.exceptions.PolarsError):
        raise SourceError(
            path, None, "is no event log", "`workbench run` and `workbench replay` write one with --out"
        ) from None
    if about["version"] != _VERSION:
        raise SourceError(path, None, f"is an event log of version {about['version']}, expected {_VERSION}")
    try:
        venue = venue_from_json(about["venue"])
    except ConfigError as error:
        raise SourceError(
            path, None, f"its venue is not one of this version: {error}", "write it anew"
        ) from None
    names = {(int(account), int(client)): str(name) for account, client, name in about["names"]}
    return Log(_events(table, venue, path), venue, str(about["zone"]), names)


def _events(table: pl.DataFrame, venue: Venue, path: str | os.PathLike[str]) -> Records:
    events = np.zeros(len(table), dtype=EVENT)
    symbols = {instrument.symbol: number for number, instrument in enumerate(venue.instruments)}
    try:
        for name in _NUMBERS:
            events[name] = table[name].to_numpy()
        events["time_ns"] = table["time"].to_physical().to_numpy()
        for name, (column, codes) in _CODES.items():
            numbers = {code.name: int(code) for code in codes}
            events[name] = _numbers(table[column], numbers, 0)
        events["instrument"] = _numbers(table["symbol"], symbols, -1)
        for word in range(EVENT["payload"].shape[0]):
            events["payload"][:, word] = table[f"word_{word}"].to_numpy()
    except (pl.exceptions.PolarsError, ValueError) as error:
        raise SourceError(path, None, f"its table is not one of this version: {error}") from None
    return events


def _numbers(names: pl.Series, numbers: dict[str, int], absent: int) -> Any:
    return names.cast(pl.String).replace_strict(numbers, default=absent, return_dtype=pl.Int64).to_numpy()
