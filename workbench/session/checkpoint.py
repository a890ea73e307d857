"""What is kept of a session beside its journal: the exchange's state and those of its tables, as bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from workbench.errors import SnapshotError

_MAGIC = b"WORKBENCH-CHECKPOINT-1\n"
_LENGTH_BYTES = 8
_EXCHANGE, _MARKET = "exchange", "market"
_PIECES = msgspec.msgpack.Decoder(list[bytes])


class Checkpoint(NamedTuple):
    """A session at one moment.

    Attributes
    ----------
    exchange
        What `Exchange.snapshot` gave.
    tables
        What `workbench.session.tables.Tables.checkpoints` gave.
    market
        Of a live session, what `workbench.session.live.market.Market.kept` gave.
    """

    exchange: bytes
    tables: dict[str, bytes]
    market: Sequence[bytes] = ()


def pack(checkpoint: Checkpoint) -> bytes:
    """A checkpoint as bytes; the journal keeps a checksum of them."""
    parts = {_EXCHANGE: checkpoint.exchange, **checkpoint.tables}
    if checkpoint.market:
        parts[_MARKET] = msgspec.msgpack.encode(list(checkpoint.market))
    header = json.dumps({name: len(data) for name, data in parts.items()}).encode()
    return b"".join([_MAGIC, len(header).to_bytes(_LENGTH_BYTES, "little"), header, *parts.values()])


def unpack(data: bytes) -> Checkpoint:
    """The checkpoint that `pack` was given.

    Raises
    ------
    SnapshotError
        For bytes that are none.
    """
    if not data.startswith(_MAGIC):
        raise SnapshotError("is no checkpoint of a session", "checkpoint", "recover without it")
    at = len(_MAGIC) + _LENGTH_BYTES
    length = int.from_bytes(data[len(_MAGIC) : at], "little")
    lengths: dict[str, int] = json.loads(data[at : at + length])
    at += length
    if at + sum(lengths.values()) != len(data):
        raise SnapshotError("is not as long as it says", "checkpoint", "recover without it")
    parts = {}
    for name, size in lengths.items():
        parts[name] = data[at : at + size]
        at += size
    market = parts.pop(_MARKET, b"")
    try:
        pieces = _PIECES.decode(market) if market else []
    except msgspec.MsgspecError as error:
        raise SnapshotError(f"its market is no list of bytes ({error})", "checkpoint") from None
    return Checkpoint(parts.pop(_EXCHANGE), parts, pieces)
