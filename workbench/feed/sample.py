"""The sample day: three invented stocks, order by order, traded by agents on the exchange itself.

Nothing in it comes from any market, so it may be shared freely. `write_sample` makes it from a seed;
`read_sample` gives it back as history that any venue can replay.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from workbench.domain.codes import Side
from workbench.domain.config import Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import Records
from workbench.errors import SourceError
from workbench.feed import street
from workbench.feed.agents.fundamental import Session
from workbench.feed.agents.population import Exchange, Population, run
from workbench.feed.agents.stocks import sample_crews
from workbench.feed.agents.tape import MESSAGE, MessageKind, Tape
from workbench.feed.files import check_regular
from workbench.feed.history import History
from workbench.feed.open import register

KIND = "sample"
"""Name of the format."""

SEED = 1
"""Seed of the committed day."""

MINUTE_NS = 60_000_000_000

ZONE = "America/New_York"
"""Whose clock the day goes by."""

SESSION = Session(
    # 09:30 to 16:00 there, which is four hours behind UTC in that week.
    open_ns=int(datetime(2025, 3, 18, 13, 30, tzinfo=UTC).timestamp()) * 1_000_000_000,
    close_ns=int(datetime(2025, 3, 18, 20, 0, tzinfo=UTC).timestamp()) * 1_000_000_000,
)
"""The day."""

_DATE = "2025-03-18"
_VERSION = 1
_PARQUET = b"PAR1"
_METADATA_KEY = b"workbench.sample"
_COLUMNS = ("time_ns", "order_id", "side", "quantity_lots", "price_ticks")
_EVENTS_AT_ONCE = 1 << 16
_ROWS_PER_GROUP = 1 << 17


def sample_venue() -> Venue:
    """Where they trade: books and nothing else."""
    return Venue([crew.instrument for crew in sample_crews()], bare=True, start_time_ns=SESSION.open_ns)


def generate(seed: int, exchange: Exchange, until_ns: int | None = None) -> tuple[Records, ...]:
    """The messages (`MESSAGE`) of each stock, in the venue's order.

    Parameters
    ----------
    seed
        0 or more.
    exchange
        A fresh exchange of `sample_venue()`.
    until_ns
        When to stop; at the close unless given. The messages until then do not depend on it.
    """
    crews = sample_crews()
    tape = Tape(len(crews))
    waiting: list[Records] = []
    size = 0
    for _, events in run(Population(crews, SESSION, seed), exchange, until_ns):
        waiting.append(events)
        size += len(events)
        if size > _EVENTS_AT_ONCE:
            tape.add(np.concatenate(waiting))
            waiting.clear()
            size = 0
    if waiting:
        tape.add(np.concatenate(waiting))
    return tuple(tape.messages(number) for number in range(len(crews)))


def sample_digest(messages: Records) -> str:
    """Hex digest (32 characters) of messages, the same on every machine."""
    return hashlib.blake2b(messages.tobytes(), digest_size=16).hexdigest()


def write_sample(
    directory: str | os.PathLike[str],
    seed: int,
    exchange_factory: Callable[[Venue], Exchange],
    until_ns: int | None = None,
) -> list[Path]:
    """Make the sample day and write one Parquet file for each stock.

    Parameters
    ----------
    directory
        Where; it is made if it is not there, and files of the same names are replaced.
    seed
        0 or more; the committed day has `SEED`.
    exchange_factory
        Makes an exchange of a venue.
    until_ns
        When to stop; at the close unless given.
    """
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    venue = sample_venue()
    made = generate(seed, exchange_factory(venue), until_ns)
    paths = []
    for instrument, messages in zip(venue.instruments, made, strict=True):
        path = folder / f"{instrument.symbol.lower()}-{_DATE}.parquet"
        _write(path, instrument, seed, messages)
        paths.append(path)
    return paths


def _write(path: Path, instrument: Instrument, seed: int, messages: Records) -> None:
    about = {
        "version": _VERSION,
        "symbol": instrument.symbol,
        "tick_size": str(instrument.tick_size),
        "lot_size": str(instrument.lot_size),
        "price_min": str(instrument.price_min),
        "price_max": str(instrument.price_max),
        "seed": seed,
        "digest": sample_digest(messages),
    }
    kinds = pa.array([kind.name for kind in MessageKind])
    sides = pa.array([Side.BUY.name, Side.SELL.name])
    table = pa.table(
        {
            "time_ns": messages["time_ns"],
            "kind": pa.DictionaryArray.from_arrays((messages["kind"] - 1).astype(np.int8), kinds),
            "order_id": messages["order_id"].astype(np.int32),
            "side": pa.DictionaryArray.from_arrays((messages["side"] - 1).astype(np.int8), sides),
            "price_ticks": messages["price_ticks"].astype(np.int32),
            "quantity_lots": messages["quantity_lots"].astype(np.int32),
        }
    ).replace_schema_metadata({_METADATA_KEY: json.dumps(about)})
    partial = path.with_suffix(".partial")
    try:
        pq.write_table(
            table,
            partial,
            compression="zstd",
            compression_level=19,
            row_group_size=_ROWS_PER_GROUP,
            use_dictionary=["kind", "side", "price_ticks", "quantity_lots"],
            column_encoding={"time_ns": "DELTA_BINARY_PACKED", "order_id": "BYTE_STREAM_SPLIT"},
            sorting_columns=[pq.SortingColumn(0)],
            write_page_index=True,
            write_page_checksum=True,
        )
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def is_sample(path: str | os.PathLike[str]) -> bool:
    """Whether a file is one of `write_sample`'s."""
    try:
        metadata = pq.read_metadata(path).metadata
    except (pa.ArrowException, OSError):
        return False
    return _METADATA_KEY in (metadata or {})


def read_messages(path: str | os.PathLike[str]) -> tuple[Instrument, Records]:
    """The stock of a sample file and its messages."""
    check_regular(path)
    try:
        table = pq.read_table(path, page_checksum_verification=True)
        about: dict[str, Any] = json.loads((table.schema.metadata or {})[_METADATA_KEY])
        if about["version"] != _VERSION:
            raise SourceError(
                path, None, f"is a sample of version {about['version']}, expected {_VERSION}", "make it anew"
            )
        messages = np.zeros(table.num_rows, dtype=MESSAGE)
        for name in ("time_ns", "order_id", "price_ticks", "quantity_lots"):
            messages[name] = table[name].to_numpy()
        for name, codes in (("kind", MessageKind), ("side", Side)):
            column = table[name].cast(pa.string()).combine_chunks().dictionary_encode()
            numbers = np.array([codes[word] for word in column.dictionary.to_pylist()], dtype=np.uint8)
            messages[name] = numbers[column.indices.to_numpy()]
        instrument = Instrument(
            about["symbol"],
            price_min=about["price_min"],
            price_max=about["price_max"],
            tick_size=Decimal(about["tick_size"]),
            lot_size=Decimal(about["lot_size"]),
        )
    except FileNotFoundError:
        raise SourceError(path, None, "there is no such file") from None
    except (pa.ArrowException, OSError, KeyError, ValueError, InvalidOperation) as error:
        raise SourceError(path, None, f"is no sample file or is damaged: {error}", "make it anew") from None
    if sample_digest(messages) != about["digest"]:
        raise SourceError(path, None, "its records are not those that were written", "make it anew")
    return instrument, messages


def read_sample(path: str | os.PathLike[str]) -> History:
    """A sample file as commands of the street, one for each message."""
    instrument, messages = read_messages(path)
    return History(
        commands=_commands(messages),
        rows=np.arange(len(messages), dtype=np.int64),
        row_times_ns=messages["time_ns"].astype(np.int64),
        instrument=instrument,
        quirks={},
        source=os.fspath(path),
        kind=KIND,
        zone=ZONE,
    )


def _commands(messages: Records) -> Records:
    """One historical command for each message."""
    made = street.new_orders(*(messages[name] for name in _COLUMNS))
    for kind in (MessageKind.CANCEL, MessageKind.EXECUTE, MessageKind.REPLACE):
        at = np.flatnonzero(messages["kind"] == kind)
        time_ns, ids, side, quantity_lots, price_ticks = (messages[name][at] for name in _COLUMNS)
        if kind == MessageKind.CANCEL:
            made[at] = street.cancels(time_ns, ids, quantity_lots)
        elif kind == MessageKind.EXECUTE:
            made[at] = street.executes(time_ns, ids, street.opposite(side), quantity_lots, price_ticks)
        else:
            made[at] = street.replaces(time_ns, ids, quantity_lots, price_ticks)
    return made


def _sniff(name: str, head: bytes) -> bool:
    return head.startswith(_PARQUET) and is_sample(name)


register(KIND, _sniff, read_sample, "a stock of a day made by `workbench sample`")
