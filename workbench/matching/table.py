"""Hash tables from ids to order slots: linear probing, deletion by shifting back, nothing to iterate over.

An entry holds 31 bits of its key's hash beside the slot, so a probe rarely has to touch an order that is not
the one.
"""

from __future__ import annotations

from typing import Any

from workbench.domain.codes import STREET_ACCOUNT
from workbench.jit import hash31, hot, int64, leaf, prefetch

_SLOT_MASK = (1 << 32) - 1
_HASH_BITS = 31
_NO_INSTRUMENT = -1


@hot
def _home(hashed: int, size: int) -> int:
    return (hashed * size) >> _HASH_BITS


@hot
def _insert(table: Any, hashed: int, slot: int) -> None:
    size = table.size
    i = _home(hashed, size)
    while table[i] != 0:
        i += 1
        if i == size:
            i = 0
    table[i] = (hashed << 32) | slot


@hot
def _delete(table: Any, hashed: int, slot: int) -> None:
    size = table.size
    entry = (hashed << 32) | slot
    i = _home(hashed, size)
    while table[i] != entry:
        i += 1
        if i == size:
            i = 0
    hole = i
    while True:
        i += 1
        if i == size:
            i = 0
        moved = table[i]
        if moved == 0:
            break
        # The entry may move back into the hole unless its home lies between the hole and where it is now.
        home = _home(moved >> 32, size)
        distance_home = i - home if i >= home else i - home + size
        distance_hole = i - hole if i >= hole else i - hole + size
        if distance_home >= distance_hole:
            table[hole] = moved
            hole = i
    table[hole] = 0


@hot
def insert_order_id(table: Any, order_id: int, slot: int) -> None:
    """Enter an order id that is not in the table."""
    _insert(table, hash31(order_id, 0), slot)


@hot
def delete_order_id(table: Any, order_id: int, slot: int) -> None:
    """Remove an order id that is in the table."""
    _delete(table, hash31(order_id, 0), slot)


@hot
def find_order_id(table: Any, orders: Any, order_id: int) -> int:
    """Slot of the open order with this id, or 0."""
    hashed = hash31(order_id, 0)
    size = table.size
    i = _home(hashed, size)
    while True:
        entry = table[i]
        if entry == 0:
            return 0
        if entry >> 32 == hashed:
            slot = entry & _SLOT_MASK
            if orders[slot]["order_id"] == order_id:
                return slot
        i += 1
        if i == size:
            i = 0


@hot
def _salt(account: int, instrument: int) -> int:
    """What a client order id is unique in: its account; of the street, where sources meet, an instrument."""
    return (int64(account) << 32) + ((instrument if account == STREET_ACCOUNT else _NO_INSTRUMENT) + 2)


@hot
def insert_client_id(table: Any, account: int, instrument: int, client_order_id: int, slot: int) -> None:
    """Enter a client order id that is not in the table."""
    _insert(table, hash31(client_order_id, _salt(account, instrument)), slot)


@hot
def delete_client_id(table: Any, account: int, instrument: int, client_order_id: int, slot: int) -> None:
    """Remove a client order id that is in the table."""
    _delete(table, hash31(client_order_id, _salt(account, instrument)), slot)


@hot
def find_client_id(table: Any, orders: Any, account: int, instrument: int, client_order_id: int) -> int:
    """Slot of the account's open order with this client order id (street: in this instrument), or 0."""
    hashed = hash31(client_order_id, _salt(account, instrument))
    size = table.size
    i = _home(hashed, size)
    while True:
        entry = table[i]
        if entry == 0:
            return 0
        if entry >> 32 == hashed:
            slot = entry & _SLOT_MASK
            order = orders[slot]
            if (
                order["client_order_id"] == client_order_id
                and order["account"] == account
                and (account != STREET_ACCOUNT or order["instrument"] == instrument)
            ):
                return slot
        i += 1
        if i == size:
            i = 0


@leaf
def prefetch_order_id(table: Any, order_id: int) -> None:
    """Have the entry of an order id at hand soon."""
    prefetch(table, _home(hash31(order_id, 0), table.size), 0)


@leaf
def prefetch_client_id(table: Any, account: int, instrument: int, client_order_id: int) -> None:
    """Have the entry of a client order id at hand soon."""
    prefetch(table, _home(hash31(client_order_id, _salt(account, instrument)), table.size), 0)


@leaf
def _guess(table: Any, hashed: int) -> int:
    size = table.size
    i = _home(hashed, size)
    while True:
        entry = table[i]
        if entry == 0:
            return 0
        if entry >> 32 == hashed:
            return entry & _SLOT_MASK
        i += 1
        if i == size:
            i = 0


@leaf
def guess_order_id(table: Any, order_id: int) -> int:
    """Slot that `find_order_id` will most likely return, without touching orders."""
    return _guess(table, hash31(order_id, 0))


@leaf
def guess_client_id(table: Any, account: int, instrument: int, client_order_id: int) -> int:
    """Slot that `find_client_id` will most likely return, without touching orders."""
    return _guess(table, hash31(client_order_id, _salt(account, instrument)))
