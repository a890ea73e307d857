"""Limits of accounts in canonical form: those of the venue, and what SET_LIMIT has made of them."""

from __future__ import annotations

import numpy as np

from workbench.domain.codes import AccountFlag, LimitKind
from workbench.domain.config import FIRST_TRADER, Venue
from workbench.domain.limits import NS_PER_SECOND
from workbench.domain.memory import Memory
from workbench.domain.records import ACCOUNT_LIMITS, LIMIT_VIEW, Records
from workbench.domain.units import LARGEST

_FIELDS = [name for name in ACCOUNT_LIMITS.names or () if name != "account"]
"""In the order of `LimitKind`."""


def limits_given(venue: Venue) -> Records:
    """`ACCOUNT_LIMITS` that the accounts of a venue begin with; none in a bare one."""
    limits = np.zeros(0 if venue.bare else FIRST_TRADER + len(venue.accounts), dtype=ACCOUNT_LIMITS)
    limits["account"] = np.arange(len(limits))
    limits["order_burst"] = 1
    for number, account in enumerate(venue.accounts, start=FIRST_TRADER):
        for kind, field in zip(LimitKind, _FIELDS, strict=True):
            limits[field][number] = account.limits.value(kind)
    return limits


def read_limits(memory: Memory) -> Records:
    """`ACCOUNT_LIMITS` as they are now."""
    limits = np.zeros(len(memory.accounts), dtype=ACCOUNT_LIMITS)
    limits["account"] = np.arange(len(limits))
    for field in _FIELDS:
        limits[field] = memory.accounts[field]
    return limits


def put_limits(memory: Memory, limits: Records) -> None:
    """Have accounts these limits, and what follows from them."""
    accounts = memory.accounts
    for field in _FIELDS:
        accounts[field] = limits[field]
    per_second = limits["orders_per_second"]
    accounts["rate_interval_ns"] = np.where(per_second > 0, NS_PER_SECOND // np.maximum(per_second, 1), 0)
    watched = (accounts["flags"] & AccountFlag.MARGIN) != 0
    watched |= (limits["max_daily_loss_micros"] != 0) | (limits["max_drawdown_micros"] != 0)
    accounts["monitored"] = watched
    memory.world["monitored"] = watched.sum()


def changes(given: Records, now: Records) -> Records:
    """`LIMIT_VIEW` of the limits that differ, by account, then kind."""
    differs = np.stack([given[field] != now[field] for field in _FIELDS], axis=1)
    accounts, places = np.nonzero(differs)
    rows = np.zeros(len(accounts), dtype=LIMIT_VIEW)
    rows["account"] = accounts
    rows["limit_kind"] = np.array(list(LimitKind))[places]
    rows["value"] = np.stack([now[field] for field in _FIELDS], axis=1)[accounts, places]
    return rows


def with_changes(given: Records, rows: Records) -> Records:
    """The limits that `rows` are the changes of."""
    limits = given.copy()
    for account, kind, value in rows.tolist():
        limits[_FIELDS[kind - 1]][account] = value
    return limits


def are_possible(given: Records, rows: Records) -> bool:
    """Whether SET_LIMIT could have made these changes; the kernel counts with them unchecked."""
    accounts, kinds = rows["account"], rows["limit_kind"]
    inside = (accounts >= FIRST_TRADER) & (accounts < len(given))
    inside &= (kinds >= min(LimitKind)) & (kinds <= max(LimitKind))
    if not inside.all():
        return False
    limits = with_changes(given, rows)
    for field in _FIELDS:
        if ((limits[field] < (field == "order_burst")) | (limits[field] > LARGEST)).any():
            return False
    per_second = limits["orders_per_second"]
    intervals = NS_PER_SECOND // np.maximum(per_second, 1)
    fits = (per_second == 0) | (limits["order_burst"] <= LARGEST // np.maximum(intervals, 1))
    return bool((fits & (per_second <= NS_PER_SECOND)).all())
