"""The tables of ids against a dict: colliding hashes, runs across the end, and full load."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.codes import STREET_ACCOUNT
from workbench.domain.memory import ORDER, TABLE_ENTRY
from workbench.domain.records import Records
from workbench.engine.layout import table_size
from workbench.jit import array_of, entry, hash31, int64
from workbench.matching.table import (
    delete_client_id,
    delete_order_id,
    find_client_id,
    find_order_id,
    guess_client_id,
    guess_order_id,
    insert_client_id,
    insert_order_id,
)

pytestmark = pytest.mark.kernel

INSERT, DELETE, FIND, GUESS = range(4)
SMALL_SLOTS = 8
"""Order slots of a table so small that runs of entries go round its end all the time."""

OPERATION = np.dtype([("kind", "i8"), ("slot", "i8"), ("id", "i8"), ("account", "i4"), ("instrument", "i4")])
OPERATIONS, TABLE, ORDERS, INTS = (array_of(dtype) for dtype in (OPERATION, TABLE_ENTRY, ORDER, "i8"))


@entry(TABLE, ORDERS, OPERATIONS, INTS)
def work_by_order_id(table: Any, orders: Any, operations: Any, found: Any) -> None:
    """Carry out operations; a slot's id is written as it is entered."""
    for i in range(operations.size):
        operation = operations[i]
        slot = int64(operation["slot"])
        if operation["kind"] == INSERT:
            orders[slot]["order_id"] = operation["id"]
            insert_order_id(table, operation["id"], slot)
        elif operation["kind"] == DELETE:
            delete_order_id(table, operation["id"], slot)
            orders[slot]["order_id"] = 0
        elif operation["kind"] == FIND:
            found[i] = find_order_id(table, orders, operation["id"])
        else:
            found[i] = guess_order_id(table, operation["id"])


@entry(TABLE, ORDERS, OPERATIONS, INTS)
def work_by_client_id(table: Any, orders: Any, operations: Any, found: Any) -> None:
    """The same with client order ids, which belong to an account or to an instrument of the street."""
    for i in range(operations.size):
        operation = operations[i]
        slot = int64(operation["slot"])
        account = int64(operation["account"])
        instrument = int64(operation["instrument"])
        order = orders[slot]
        if operation["kind"] == INSERT:
            order["client_order_id"] = operation["id"]
            order["account"] = account
            order["instrument"] = instrument
            insert_client_id(table, account, instrument, operation["id"], slot)
        elif operation["kind"] == DELETE:
            delete_client_id(table, account, instrument, operation["id"], slot)
            order["client_order_id"] = 0
        elif operation["kind"] == FIND:
            found[i] = find_client_id(table, orders, account, instrument, operation["id"])
        else:
            found[i] = guess_client_id(table, account, instrument, operation["id"])


@entry(INTS, INTS, INTS)
def hash_all(keys: Any, salts: Any, out: Any) -> None:
    """The hash of each key with its salt."""
    for i in range(keys.size):
        out[i] = hash31(keys[i], salts[i])


def hashes(keys: np.ndarray, salts: np.ndarray | int = 0) -> np.ndarray:
    keys, salts = np.broadcast_arrays(np.int64(keys), np.int64(salts))
    out = np.zeros(len(keys), dtype=np.int64)
    hash_all(keys.copy(), salts.copy(), out)
    return out


def first_pair(hashed: np.ndarray) -> list[int]:
    """Places of the first two equal hashes."""
    order = np.argsort(hashed, kind="stable")
    same = np.flatnonzero(np.diff(hashed[order]) == 0)
    return sorted(order[same[0] : same[0] + 2].tolist())


class Key(NamedTuple):
    """What an id is unique in; traders' ids in all instruments, the street's in each."""

    id: int
    account: int = 2
    instrument: int = 0

    def scope(self) -> tuple[int, int, int]:
        return self.id, self.account, self.instrument if self.account == STREET_ACCOUNT else -1


class Table:
    """A table beside the dict that it must agree with."""

    def __init__(self, slots: int, by_client: bool) -> None:
        self.entries: Records = np.zeros(table_size(slots), dtype=TABLE_ENTRY)
        self.orders: Records = np.zeros(slots, dtype=ORDER)
        self.by_client = by_client
        self.slots: dict[Any, tuple[int, Key]] = {}
        self.free = list(range(slots - 1, 0, -1))

    def do(self, rows: list[tuple[int, int, Key]]) -> list[int]:
        operations = np.zeros(len(rows), dtype=OPERATION)
        for place, (kind, slot, key) in enumerate(rows):
            operations[place] = (kind, slot, *key)
        found = np.zeros(len(rows), dtype=np.int64)
        (work_by_client_id if self.by_client else work_by_order_id)(
            self.entries, self.orders, operations, found
        )
        return found.tolist()

    def name(self, key: Key) -> Any:
        return key.scope() if self.by_client else key.id

    def toggle(self, keys: list[Key]) -> None:
        """Enter each key that is missing, take out each that is there, and look for all of them."""
        rows, answers = [], []
        for key in keys:
            name = self.name(key)
            if name in self.slots:
                slot, entered = self.slots.pop(name)
                self.free.append(slot)
                rows.append((DELETE, slot, entered))
            elif self.free:
                slot = self.free.pop()
                self.slots[name] = slot, key
                rows.append((INSERT, slot, key))
            else:
                continue
            answers.append(0)
            for other in set(keys):
                rows.append((FIND, 0, other))
                answers.append(self.slots[self.name(other)][0] if self.name(other) in self.slots else 0)
        if rows:
            assert self.do(rows) == answers
        assert np.count_nonzero(self.entries) == len(self.slots)


@functools.cache
def colliding() -> list[int]:
    """Ids in pairs with the same 31 bits of hash."""
    keys = np.arange(1, 200_001)
    hashed = hashes(keys)
    order = np.argsort(hashed, kind="stable")
    same = np.flatnonzero(np.diff(hashed[order]) == 0)
    pairs = np.stack([keys[order][same], keys[order][same + 1]], axis=1)
    assert len(pairs) > 2
    return pairs[:6].ravel().tolist()


@functools.cache
def at_the_end() -> list[int]:
    """Ids whose home in the small table is its last entry, so that they go on at its start."""
    keys = np.arange(1, 2_000)
    homes = hashes(keys) * table_size(SMALL_SLOTS) >> 31
    return keys[homes == table_size(SMALL_SLOTS) - 1][:8].tolist()


WIDE_IDS = [1, 2, 255, 256, 2**31, 2**32, 2**40 + 1, 2**62, 2**63 - 1]


def ids() -> st.SearchStrategy[int]:
    return st.deferred(lambda: st.sampled_from([*colliding(), *at_the_end(), *WIDE_IDS]))


@given(chosen=st.lists(ids(), min_size=1, max_size=40))
def test_order_ids_agree_with_a_dict(chosen: list[int]) -> None:
    Table(SMALL_SLOTS, by_client=False).toggle([Key(id_) for id_ in chosen])


@given(
    chosen=st.lists(
        st.builds(
            Key, ids(), st.sampled_from([STREET_ACCOUNT, STREET_ACCOUNT, 2, 3]), st.sampled_from([0, 1, 5])
        ),
        min_size=1,
        max_size=30,
    )
)
def test_client_ids_agree_with_a_dict(chosen: list[Key]) -> None:
    Table(SMALL_SLOTS, by_client=True).toggle(chosen)


@pytest.mark.parametrize("by_client", [False, True])
@pytest.mark.parametrize("slots", [SMALL_SLOTS, 100, 1_024])
def test_at_full_load_every_id_is_found_and_no_other(slots: int, by_client: bool) -> None:
    table = Table(slots, by_client)
    random = np.random.default_rng(slots)
    keys = [Key(int(id_)) for id_ in random.choice(10**6, slots - 1, replace=False) + 1]
    table.do([(INSERT, slot, key) for slot, key in enumerate(keys, start=1)])
    assert np.count_nonzero(table.entries) == slots - 1
    assert table.do([(FIND, 0, key) for key in keys]) == list(range(1, slots))
    assert table.do([(FIND, 0, key._replace(id=key.id + 10**6)) for key in keys]) == [0] * (slots - 1)
    # Taken out in another order; those that stay are found all the time.
    leaving = random.permutation(slots - 1)
    for place in leaving[: slots // 2].tolist():
        table.do([(DELETE, place + 1, keys[place])])
    staying = sorted(leaving[slots // 2 :].tolist())
    assert table.do([(FIND, 0, keys[place]) for place in staying]) == [place + 1 for place in staying]
    for place in staying:
        table.do([(DELETE, place + 1, keys[place])])
    assert not table.entries.any()


def test_ids_with_one_hash_are_told_apart_by_the_order() -> None:
    first, second = (Key(id_) for id_ in colliding()[:2])
    table = Table(SMALL_SLOTS, by_client=False)
    table.do([(INSERT, 1, first), (INSERT, 2, second)])
    assert table.do([(FIND, 0, first), (FIND, 0, second)]) == [1, 2]
    # A guess does not look at orders, so it takes the first of them for the other.
    assert table.do([(GUESS, 0, first), (GUESS, 0, second)]) == [1, 1]
    table.do([(DELETE, 1, first)])
    assert table.do([(FIND, 0, first), (FIND, 0, second), (GUESS, 0, first)]) == [0, 2, 2]


def test_one_id_of_instruments_that_hash_alike_is_told_apart_by_the_order() -> None:
    instruments = np.arange(200_000)
    # What `_salt` mixes into the hash for the street.
    pair = instruments[first_pair(hashes(np.array([7]), instruments + 2))].tolist()
    keys = [Key(7, STREET_ACCOUNT, instrument) for instrument in pair]
    table = Table(SMALL_SLOTS, by_client=True)
    table.do([(INSERT, 1, keys[0]), (INSERT, 2, keys[1])])
    assert len({entry_ >> 32 for entry_ in table.entries.tolist() if entry_}) == 1
    assert table.do([(FIND, 0, key) for key in keys]) == [1, 2]
    table.do([(DELETE, 1, keys[0])])
    assert table.do([(FIND, 0, key) for key in keys]) == [0, 2]


def test_a_run_goes_round_the_end() -> None:
    keys = [Key(id_) for id_ in at_the_end()[:4]]
    table = Table(SMALL_SLOTS, by_client=False)
    table.do([(INSERT, slot, key) for slot, key in enumerate(keys, start=1)])
    assert np.flatnonzero(table.entries).tolist() == [0, 1, 2, len(table.entries) - 1]
    table.do([(DELETE, 1, keys[0])])
    # The run moves back across the end, so that no look-up stops short.
    assert np.flatnonzero(table.entries).tolist() == [0, 1, len(table.entries) - 1]
    assert table.do([(FIND, 0, key) for key in keys]) == [0, 2, 3, 4]


def test_client_ids_of_traders_hold_in_all_instruments_and_the_streets_in_one() -> None:
    table = Table(SMALL_SLOTS, by_client=True)
    street = [Key(7, STREET_ACCOUNT, instrument) for instrument in (0, 1)]
    table.do([(INSERT, 1, street[0]), (INSERT, 2, street[1]), (INSERT, 3, Key(7, 2, 0))])
    asked = [*street, Key(7, STREET_ACCOUNT, 2), Key(7, 2, 0), Key(7, 2, 1), Key(7, 3, 0), Key(8, 2, 0)]
    assert table.do([(FIND, 0, key) for key in asked]) == [1, 2, 0, 3, 3, 0, 0]
    assert table.do([(GUESS, 0, key) for key in asked]) == [1, 2, 0, 3, 3, 0, 0]
    assert table.do([(FIND, 0, Key(7, -1, -1)), (FIND, 0, Key(-7, 2, 0))]) == [0, 0]
