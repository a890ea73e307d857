"""The whole state of an exchange in canonical form: what snapshots keep, hashes cover and twins compare."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import numpy as np

from workbench.domain.records import (
    ACCOUNT_VIEW,
    BOOK_ORDER,
    COUNTERS_VIEW,
    FEE_VIEW,
    GROUP_VIEW,
    INSTRUMENT_VIEW,
    LIMIT_VIEW,
    LOT_VIEW,
    POSITION_VIEW,
    ROLLING_VIEW,
    SESSION_VIEW,
    TRADE_VIEW,
    Records,
    schema_hash,
)


class ExchangeState(NamedTuple):
    """State as records; nothing in it depends on capacities, batch sizes or the order of memory.

    Attributes
    ----------
    counters
        One `COUNTERS_VIEW`.
    instruments
        `INSTRUMENT_VIEW`, one for each instrument, by number.
    accounts
        `ACCOUNT_VIEW`, one for each account (street and house too), by number; empty for a bare venue.
    positions
        `POSITION_VIEW` wherever a field other than the numbers is not 0, by account, then instrument.
    lots
        `LOT_VIEW` by account, instrument, then oldest first.
    orders
        `BOOK_ORDER` of all open orders: those in the books by instrument, book, side (buys first), then
        price-time priority; then those elsewhere by instrument, place, then priority number.
    groups
        `GROUP_VIEW` of every group that is not forgotten, by the smallest id of its open orders.
    rolling
        `ROLLING_VIEW` by instrument and part.
    limits
        `LIMIT_VIEW` of the limits that are not what the venue began with, by account, then kind.
    session
        One `SESSION_VIEW` unless the session's state is DRAFT.
    fees
        `FEE_VIEW` of the fees that are not what the venue began with, by account, instrument, then kind.
    trades
        `TRADE_VIEW` of the trades that are kept, oldest first.
    """

    counters: Records
    instruments: Records
    accounts: Records
    positions: Records
    lots: Records
    orders: Records
    groups: Records
    rolling: Records
    limits: Records
    session: Records
    fees: Records
    trades: Records


STATE_DTYPES: dict[str, np.dtype[Any]] = {
    "counters": COUNTERS_VIEW,
    "instruments": INSTRUMENT_VIEW,
    "accounts": ACCOUNT_VIEW,
    "positions": POSITION_VIEW,
    "lots": LOT_VIEW,
    "orders": BOOK_ORDER,
    "groups": GROUP_VIEW,
    "rolling": ROLLING_VIEW,
    "limits": LIMIT_VIEW,
    "session": SESSION_VIEW,
    "fees": FEE_VIEW,
    "trades": TRADE_VIEW,
}
"""Record layout of each part of `ExchangeState`."""

LATER_PARTS = ("limits", "session", "fees", "trades")
"""Parts that came later. While they are empty a state is what it was before them, and has that digest."""

STATE_SCHEMA = schema_hash(*STATE_DTYPES.values())
"""Changes whenever a layout changes."""

EARLIER_SCHEMA = schema_hash(*(dtype for name, dtype in STATE_DTYPES.items() if name not in LATER_PARTS))
"""That of states without the later parts."""

MISSING_PARTS = {
    schema_hash(*(dtype for name, dtype in STATE_DTYPES.items() if name not in missing)): missing
    for missing in (LATER_PARTS, ("fees", "trades"), ())
}
"""What states of each schema that can be read lack; they had none of it."""


def state_digest(state: ExchangeState) -> str:
    """Hex digest (32 characters) that is equal for equal states and for nothing else.

    Later parts are in it only where they are not empty, so that recorded sessions keep theirs.
    """
    digest = hashlib.blake2b(EARLIER_SCHEMA.encode(), digest_size=16)
    for name, part in zip(ExchangeState._fields, state, strict=True):
        assert part.dtype == STATE_DTYPES[name]
        if name in LATER_PARTS:
            if not len(part):
                continue
            digest.update(name.encode())
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()
