"""Lots and cost: `share` against Python's integers, queues of lots against the plain ledger."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.domain.codes import Side
from workbench.domain.config import Account, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.domain.memory import Memory
from workbench.engine.layout import allocate
from workbench.engine.step import MEMORY_TYPE
from workbench.jit import array_of, by_reference, entry, int64
from workbench.ledger.cash import notional
from workbench.ledger.lots import append_lot, apply_fill, close_lots, share
from workbench.ledger.reference import Position, Terms

pytestmark = pytest.mark.kernel

INTS = array_of("i8")
LARGEST = 2**63 - 1
LARGEST_WHOLE = 2**62
ODD = Instrument("ODD", "3", "90", tick_size="0.03", lot_size="0.000007", fees=FeeSchedule(taker_bps="3"))
VENUE = Venue([ODD], [Account("ann")])
ANN = 2


@entry(INTS, INTS)
def share_of(numbers: Any, out: Any) -> None:
    """`share` of three numbers."""
    out[0] = share(numbers[0], numbers[1], numbers[2])


@entry(MEMORY_TYPE, INTS, INTS)
def move_lots(arrays: Memory, numbers: Any, out: Any) -> None:
    """Append a lot (price, quantity, cost), or close a quantity when the price is 0."""
    memory = by_reference(arrays)
    position = memory.positions[int64(2)]
    if numbers[0] != 0:
        append_lot(memory, position, numbers[0], numbers[1], numbers[2])
    else:
        out[0] = close_lots(memory, position, numbers[1])


@entry(MEMORY_TYPE, INTS)
def fill(arrays: Memory, numbers: Any) -> None:
    """Book a fill (sign, price, lots, fee) for the first trader."""
    memory = by_reference(arrays)
    instrument = memory.instruments[int64(0)]
    value = notional(instrument, numbers[1], numbers[2])
    apply_fill(
        memory,
        memory.accounts[int64(2)],
        memory.positions[int64(2)],
        instrument,
        int64(numbers[0]),
        numbers[1],
        numbers[2],
        value,
        numbers[3],
        True,
    )


def shared(amount: int, part: int, whole: int) -> int:
    out = np.zeros(1, dtype=np.int64)
    share_of(np.array([amount, part, whole], dtype=np.int64), out)
    return int(out[0])


def numbers_to(most: int) -> st.SearchStrategy[int]:
    """Numbers of every length up to `most`, and those next to powers of two."""
    lengths = st.integers(0, most.bit_length()).map(lambda bits: 1 << bits)
    near = st.tuples(lengths, st.integers(-2, 2)).map(lambda pair: min(max(sum(pair), 0), most))
    return st.one_of(near, st.integers(0, most))


@given(data=st.data())
def test_share_is_exact(data: st.DataObject) -> None:
    amount = data.draw(numbers_to(LARGEST))
    whole = max(data.draw(numbers_to(LARGEST_WHOLE)), 1)
    part = data.draw(numbers_to(whole))
    assert shared(amount, part, whole) == amount * part // whole


@given(amount=st.integers(2**61, LARGEST), whole=st.integers(2**61, LARGEST_WHOLE), data=st.data())
@example(amount=LARGEST, whole=LARGEST_WHOLE, data=None)
@example(amount=LARGEST_WHOLE - 1, whole=LARGEST_WHOLE, data=None)
def test_share_by_long_multiplication_is_exact(amount: int, whole: int, data: Any) -> None:
    parts = [whole - 1] if data is None else [data.draw(st.integers(2**60, whole))]
    for part in parts:
        assert shared(amount, part, whole) == amount * part // whole


@pytest.mark.parametrize("rest", [1, 2, 3, 2**31, 2**61])
def test_share_on_both_sides_of_what_fits_into_64_bits(rest: int) -> None:
    whole = LARGEST_WHOLE
    limit = LARGEST_WHOLE // rest
    for part in range(max(limit - 2, 0), min(limit + 3, whole + 1)):
        assert shared(rest, part, whole) == rest * part // whole


class Queue:
    """The kernel's lots of one position beside a list of (price, quantity, cost)."""

    def __init__(self) -> None:
        self.memory = allocate(VENUE)
        self.lots: list[list[int]] = []

    def append(self, price: int, quantity: int, cost: int) -> None:
        if self.lots and self.lots[-1][0] == price:
            self.lots[-1][1] += quantity
            self.lots[-1][2] += cost
        else:
            self.lots.append([price, quantity, cost])
        move_lots(self.memory, np.array([price, quantity, cost]), np.zeros(1, dtype=np.int64))

    def close(self, quantity: int) -> None:
        removed, left = 0, quantity
        while left:
            _, held, cost = self.lots[0]
            part = min(left, held)
            gone = cost * part // held
            removed, left = removed + gone, left - part
            self.lots[0][1:] = [held - part, cost - gone]
            if part == held:
                del self.lots[0]
        out = np.zeros(1, dtype=np.int64)
        move_lots(self.memory, np.array([0, quantity, 0]), out)
        assert out[0] == removed

    def stored(self) -> list[list[int]]:
        position, lots, last = self.memory.positions[ANN], [], 0
        slot = int(position["lot_head"])
        while slot:
            lot = self.memory.lots[slot]
            lots.append([int(lot[name]) for name in ("price_ticks", "quantity_lots", "cost_micros")])
            last, slot = slot, int(lot["next"])
        assert position["lot_tail"] == last
        return lots


@given(
    moves=st.lists(
        st.tuples(st.sampled_from([0, 0, 1, 2, 3]), st.integers(1, 9), st.integers(0, 100)), max_size=30
    )
)
def test_lots_leave_in_the_order_they_came(moves: list[tuple[int, int, int]]) -> None:
    queue, most = Queue(), 0
    for price, quantity, cost in moves:
        held = sum(lot[1] for lot in queue.lots)
        if price:
            queue.append(price, quantity, cost)
        elif held:
            queue.close(min(quantity, held))
        assert queue.stored() == queue.lots
        most = max(most, len(queue.lots))
    # A slot is used again, so there are as many as were ever held at once.
    assert queue.memory.world["used_lots"][0] == most


def test_slots_of_closed_lots_are_used_again() -> None:
    queue = Queue()
    for _ in range(100):
        for price in (1, 2, 3):
            queue.append(price, 2, 10)
        queue.close(5)
        queue.close(1)
    assert queue.stored() == []
    assert queue.memory.world["used_lots"][0] == 3


@given(
    fills=st.lists(
        st.tuples(st.sampled_from([1, -1]), st.integers(100, 3_000), st.sampled_from([1, 2, 7, 10**6])),
        max_size=30,
    )
)
def test_fills_agree_with_the_plain_ledger(fills: list[tuple[int, int, int]]) -> None:
    memory, plain, terms = allocate(VENUE), Position(), Terms(ODD)
    cash = fees = 0
    for place, (sign, price, lots) in enumerate(fills):
        fee = place - 3
        fill(memory, np.array([sign, price, lots, fee]))
        plain.fill(terms, Side.BUY if sign == 1 else Side.SELL, price, lots, keeps_lots=True)
        cash -= sign * terms.notional(price, lots) + fee
        fees += fee
    position, account = memory.positions[ANN], memory.accounts[ANN]
    for name in (
        "position_lots",
        "cost_micros",
        "realised_average_micros",
        "realised_fifo_micros",
        "traded_lots",
    ):
        assert position[name] == getattr(plain, name), name
    assert (position["fees_micros"], account["fees_micros"], account["cash_micros"]) == (fees, fees, cash)
    assert account["short_cost_micros"] == plain.short_cost_micros
