"""Fees of accounts in canonical form: what SET_FEE has made of those of the venue."""

from __future__ import annotations

import numpy as np

from workbench.domain.codes import FeeKind
from workbench.domain.config import FIRST_TRADER, Venue
from workbench.domain.costs import PPM, RATES, FeeSchedule, fees_fit
from workbench.domain.memory import FEES, Memory
from workbench.domain.records import FEE_VIEW, Records
from workbench.domain.units import LARGEST
from workbench.engine.layout import with_own_fees

_FIELDS = [name for name in FEES.names or () if name != "order_fees"]
"""In the order of `FeeKind`."""
_OF_ORDERS = ("per_order_micros", "minimum_micros", "fee_cap_ppm")


def changed_fees(memory: Memory) -> Records:
    """`FEE_VIEW` of the fees that differ from their instrument's, by account, instrument, then kind."""
    if not memory.world[0]["own_fees"]:
        return np.zeros(0, dtype=FEE_VIEW)
    count = len(memory.instruments)
    given = np.stack([memory.fees[field][:count] for field in _FIELDS], axis=1)
    now = np.stack([memory.fees[field][count:] for field in _FIELDS], axis=1).reshape(-1, *given.shape)
    accounts, instruments, places = np.nonzero(now != given)
    rows = np.zeros(len(accounts), dtype=FEE_VIEW)
    rows["account"] = accounts
    rows["instrument"] = instruments
    rows["fee_kind"] = np.array(list(FeeKind))[places]
    rows["value"] = now[accounts, instruments, places]
    return rows


def put_fees(memory: Memory, rows: Records) -> Memory:
    """The same memory with the fees that `rows` are the changes of."""
    memory = with_own_fees(memory)
    count = len(memory.instruments)
    for account, instrument, kind, value in rows.tolist():
        memory.fees[_FIELDS[kind - 1]][(account + 1) * count + instrument] = value
    memory.fees["order_fees"] = np.any([memory.fees[field] != 0 for field in _OF_ORDERS], axis=0)
    return memory


def are_possible_fees(venue: Venue, rows: Records) -> bool:
    """Whether SET_FEE could have made these changes; the kernel counts with them unchecked."""
    traders = 0 if venue.bare else FIRST_TRADER + len(venue.accounts)
    inside = (rows["account"] >= FIRST_TRADER) & (rows["account"] < traders)
    inside &= (rows["instrument"] >= 0) & (rows["instrument"] < len(venue.instruments))
    inside &= (rows["fee_kind"] >= min(FeeKind)) & (rows["fee_kind"] <= max(FeeKind))
    if not inside.all():
        return False
    schedules: dict[tuple[int, int], FeeSchedule] = {}
    for account, instrument, kind, value in rows.tolist():
        if not is_in_bounds(FeeKind(kind), value):
            return False
        given = schedules.get((account, instrument), venue.instruments[instrument].fees)
        schedules[account, instrument] = given.changed(FeeKind(kind), value)
    return all(
        fees_fit(fees, venue.instruments[instrument].max_order_lots)
        for (_, instrument), fees in schedules.items()
    )


def is_in_bounds(kind: FeeKind, value: int) -> bool:
    """Whether a fee by itself is one that there may be."""
    most = PPM if kind in RATES else LARGEST
    return (0 if kind >= FeeKind.PER_ORDER else -most) <= value <= most
