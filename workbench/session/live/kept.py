"""What is kept of a market beside its exchange with each snapshot, so that a restart begins there."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from workbench.errors import SnapshotError
from workbench.session.live.remarks import Remark
from workbench.session.live.street import StreetState

log = logging.getLogger(__name__)

LAYOUT = 1
"""Raised whenever what is kept changes its meaning; a market of another layout is made from the journal."""

Name = tuple[int, int, str]
"""Account, client order id and name of an order."""


class KeptMarket(msgspec.Struct, array_like=True):
    """A market between two batches, without its exchange and without the names of its orders.

    Attributes
    ----------
    layout
        `LAYOUT` of who wrote it.
    commands
        How many commands had happened.
    street
        What happens by itself.
    said
        Everything that remarks have said, in one (see `Remark.add`).
    """

    layout: int
    commands: int
    street: StreetState
    said: Remark


class Kept(NamedTuple):
    """What was kept.

    Attributes
    ----------
    market
        The market.
    names
        Names of orders, in pieces as the register packed them.
    """

    market: KeptMarket
    names: list[bytes]


_ENCODER = msgspec.msgpack.Encoder()
_MARKETS = msgspec.msgpack.Decoder(KeptMarket)
_LAYOUTS = msgspec.msgpack.Decoder(list[msgspec.Raw])
_NAMES = msgspec.msgpack.Decoder(list[Name])


def pack_kept(market: KeptMarket, names: Sequence[bytes]) -> tuple[bytes, ...]:
    """A market in pieces of bytes; none when it cannot be packed, for the market goes on without it."""
    try:
        return (_ENCODER.encode(market), *names)
    except (TypeError, ValueError, OverflowError):
        log.exception("the market is not kept with its snapshot: the next start will take longer")
        return ()


def unpack_kept(pieces: Sequence[bytes], commands: int) -> Kept:
    """What `pack_kept` was given after so many commands.

    Raises
    ------
    SnapshotError
        When there is nothing, or it is of another layout or another moment.
    """
    remedy = "have it live through the journal again"
    if not pieces:
        raise SnapshotError("has no market in it", "snapshot", remedy)
    try:
        layout = msgspec.msgpack.decode(_LAYOUTS.decode(pieces[0])[0])
        if layout != LAYOUT:
            raise SnapshotError(f"its market is of layout {layout}, expected {LAYOUT}", "snapshot", remedy)
        market = _MARKETS.decode(pieces[0])
    except (msgspec.MsgspecError, IndexError) as error:
        raise SnapshotError(f"its market is of another make ({error})", "snapshot", remedy) from None
    if market.commands != commands:
        raise SnapshotError(
            f"its market is that after command {market.commands}, expected {commands}", "snapshot", remedy
        )
    return Kept(market, list(pieces[1:]))


def pack_names(names: list[Name]) -> bytes:
    """Names as bytes."""
    return _ENCODER.encode(names)


def unpack_names(data: bytes) -> list[Name]:
    """The names that `pack_names` was given.

    Raises
    ------
    SnapshotError
        For bytes that are none.
    """
    try:
        return _NAMES.decode(data)
    except msgspec.MsgspecError as error:
        raise SnapshotError(f"its names are of another make ({error})", "snapshot") from None
