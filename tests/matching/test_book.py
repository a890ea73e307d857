"""Queues at price levels against plain lists: who stands where, and what each level and side adds up to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.codes import STREET_ACCOUNT, Side
from workbench.domain.config import Account, ReplayMode, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.memory import Memory
from workbench.domain.records import DIVERGED
from workbench.engine.layout import allocate
from workbench.engine.step import MEMORY_TYPE
from workbench.jit import array_of, by_reference, entry, int64
from workbench.matching.book import (
    best_opposite,
    better,
    dequeue,
    enqueue,
    mark_diverged,
    next_price,
    reaches,
    shrink,
    side_number,
)

pytestmark = pytest.mark.kernel

ENQUEUE, DEQUEUE, SHRINK, MARK = range(4)
OPERATION = np.dtype([("kind", "i8"), ("slot", "i8"), ("lots", "i8")])
INTS = array_of("i8")

# Two windows wider than a group of levels, so that the next price is often far away.
VENUE = Venue(
    [Instrument("ONE", "10.00", "60.00"), Instrument("TWO", "1", "9000", tick_size=1)],
    [Account("ann")],
    replay_mode=ReplayMode.FROZEN,
)
WINDOWS = [(1_000, 6_000), (1, 9_000)]
SLOTS = 12


@entry(MEMORY_TYPE, array_of(OPERATION), INTS)
def work(arrays: Memory, operations: Any, told: Any) -> None:
    """Carry out operations on orders whose terms are in their slots already."""
    memory = by_reference(arrays)
    for i in range(operations.size):
        operation = operations[i]
        slot = int64(operation["slot"])
        if operation["kind"] == ENQUEUE:
            told[i] = enqueue(memory, slot)
        elif operation["kind"] == DEQUEUE:
            dequeue(memory, slot)
        elif operation["kind"] == SHRINK:
            shrink(memory, slot, operation["lots"], True)
        else:
            mark_diverged(memory, slot)


@entry(MEMORY_TYPE, INTS, INTS)
def read_prices(arrays: Memory, number: Any, out: Any) -> int:
    """Prices of a side, best first."""
    memory = by_reference(arrays)
    count = 0
    price = memory.sides[number[0]]["best_ticks"]
    while price != 0 and count < out.size:
        out[count] = price
        count += 1
        price = next_price(memory, int64(number[0]), price)
    return count


@entry(MEMORY_TYPE, INTS)
def read_opposites(arrays: Memory, out: Any) -> None:
    """Best opposite price of a buy and a sell in each instrument."""
    memory = by_reference(arrays)
    for i in range(out.size):
        out[i] = best_opposite(memory, i // 2, 1 + i % 2)


@entry(array_of(OPERATION), INTS, INTS)
def compare(cases: Any, reached: Any, preferred: Any) -> None:
    """`reaches` and `better` for a side and two prices."""
    for i in range(cases.size):
        case = cases[i]
        reached[i] = reaches(case["kind"], case["slot"], case["lots"])
        preferred[i] = better(case["kind"], case["slot"], case["lots"])


class Book:
    """The kernel's books beside lists of slots, one list for each price of each side."""

    def __init__(self) -> None:
        self.memory = allocate(VENUE)
        self.queues: dict[tuple[int, int], list[int]] = {}

    def put(self, slot: int, terms: dict[str, int]) -> None:
        for name, value in terms.items():
            self.memory.orders[name][slot] = value
        self.memory.orders["quantity_lots"][slot] = terms["leaves_lots"]
        queue = self.queues.setdefault(self.place(slot), [])
        ahead = sum(int(self.memory.orders["leaves_lots"][other]) for other in queue)
        queue.append(slot)
        assert self.do(ENQUEUE, slot) == ahead

    def take(self, slot: int) -> None:
        place = self.place(slot)
        self.queues[place].remove(slot)
        if not self.queues[place]:
            del self.queues[place]
        self.do(DEQUEUE, slot)

    def do(self, kind: int, slot: int, lots: int = 0) -> int:
        told = np.zeros(1, dtype=np.int64)
        work(self.memory, np.array([(kind, slot, lots)], dtype=OPERATION), told)
        return int(told[0])

    def place(self, slot: int) -> tuple[int, int]:
        order = self.memory.orders[slot]
        number = int(order["instrument"]) * 4 + int(order["book"]) * 2 + int(order["side"]) - 1
        return number, int(order["price_ticks"])

    def check(self) -> None:
        memory = self.memory
        for number in range(len(memory.sides)):
            side = memory.sides[number]
            prices = sorted((p for n, p in self.queues if n == number), reverse=number % 2 == 0)
            assert self.prices(number) == prices
            assert side["best_ticks"] == (prices[0] if prices else 0)
            slots = [slot for price in prices for slot in self.queues[number, price]]
            assert side["orders"] == len(slots)
            assert side["matchable"] == sum(self.matchable(slot) for slot in slots)
            base, width = int(side["level_base"]), int(side["width"])
            levels = memory.levels[base : base + width]
            assert np.flatnonzero(levels["orders"]).tolist() == sorted(
                price - int(side["floor_ticks"]) for price in prices
            )
            for price in prices:
                self.check_level(levels[price - int(side["floor_ticks"])], self.queues[number, price])

    def check_level(self, level: Any, queue: list[int]) -> None:
        orders = self.memory.orders
        assert (level["head"], level["tail"]) == (queue[0], queue[-1])
        assert level["orders"] == len(queue)
        assert level["lots"] == sum(int(orders["leaves_lots"][slot]) for slot in queue)
        assert orders["prev"][queue].tolist() == [0, *queue[:-1]]
        assert orders["next"][queue].tolist() == [*queue[1:], 0]

    def matchable(self, slot: int) -> bool:
        order = self.memory.orders[slot]
        return bool(order["account"] != STREET_ACCOUNT or order["flags"] & DIVERGED)

    def prices(self, number: int) -> list[int]:
        out = np.zeros(SLOTS + 1, dtype=np.int64)
        count = read_prices(self.memory, np.array([number]), out)
        return out[:count].tolist()


@st.composite
def terms(draw: st.DrawFn) -> dict[str, int]:
    instrument = draw(st.integers(0, 1))
    low, high = WINDOWS[instrument]
    middle = (low + high) // 2
    prices = st.one_of(st.sampled_from([low, high]), st.integers(middle, middle + 2), st.integers(low, high))
    return {
        "instrument": instrument,
        "book": draw(st.integers(0, 1)),
        "side": draw(st.integers(1, 2)),
        "price_ticks": draw(prices),
        "leaves_lots": draw(st.sampled_from([1, 5, 2**40])),
        "account": draw(st.sampled_from([STREET_ACCOUNT, 2])),
        "flags": draw(st.sampled_from([0, 0, 0, DIVERGED, 4])),
    }


@given(data=st.data())
def test_agrees_with_plain_lists(data: st.DataObject) -> None:
    book = Book()
    resting: list[int] = []
    for _ in range(data.draw(st.integers(1, 30))):
        free = [slot for slot in range(1, SLOTS + 1) if slot not in resting]
        action = data.draw(st.sampled_from([ENQUEUE, ENQUEUE, DEQUEUE, SHRINK, MARK]))
        if action == ENQUEUE and free:
            slot = data.draw(st.sampled_from(free))
            book.put(slot, data.draw(terms()))
            resting.append(slot)
        elif resting:
            slot = data.draw(st.sampled_from(resting))
            if action == SHRINK:
                leaves = int(book.memory.orders["leaves_lots"][slot])
                lots = data.draw(st.sampled_from([1, leaves // 2, leaves]))
                book.do(SHRINK, slot, lots)
                assert book.memory.orders["leaves_lots"][slot] == leaves - lots
            elif action == MARK and book.memory.orders["account"][slot] == STREET_ACCOUNT:
                book.do(MARK, slot)
                assert book.matchable(slot)
            elif action == DEQUEUE:
                book.take(slot)
                resting.remove(slot)
    book.check()


def order(side: int, price: int, **more: int) -> dict[str, int]:
    plain = {"instrument": 0, "book": 0, "account": 2, "leaves_lots": 1}
    return {**plain, "side": side, "price_ticks": price, **more}


def test_the_middle_of_a_queue_leaves_without_a_gap() -> None:
    book = Book()
    for slot in (1, 2, 3):
        book.put(slot, order(Side.BUY, 2_000))
    book.take(2)
    book.check()
    book.take(1)
    book.put(2, order(Side.BUY, 2_000))
    assert book.queues == {(0, 2_000): [3, 2]}
    book.check()


def test_the_best_price_falls_back_to_the_other_end_of_the_window() -> None:
    book = Book()
    low, high = WINDOWS[0]
    for side, best, last in ((Side.BUY, high, low), (Side.SELL, low, high)):
        book.put(1, order(side, last))
        book.put(2, order(side, best))
        number = int(side) - 1
        assert book.memory.sides["best_ticks"][number] == best
        book.take(2)
        assert book.memory.sides["best_ticks"][number] == last
        book.take(1)
        assert book.memory.sides["best_ticks"][number] == 0
    book.check()


def test_best_opposite_looks_at_both_books() -> None:
    book = Book()
    opposites = np.zeros(4, dtype=np.int64)

    def seen() -> list[int]:
        read_opposites(book.memory, opposites)
        return opposites.tolist()

    assert seen() == [0, 0, 0, 0]
    book.put(1, order(Side.SELL, 3_000, book=1))
    book.put(2, order(Side.BUY, 2_000))
    assert seen() == [3_000, 2_000, 0, 0]
    book.put(3, order(Side.SELL, 2_999))
    book.put(4, order(Side.BUY, 2_001, book=1))
    assert seen() == [2_999, 2_001, 0, 0]
    book.put(5, order(Side.SELL, 7_000, instrument=1))
    assert seen() == [2_999, 2_001, 7_000, 0]


def test_reaches_and_better() -> None:
    rows = [(side, a, b) for side in (Side.BUY, Side.SELL) for a in (1, 2, 3) for b in (1, 2, 3)]
    reached, preferred = np.zeros((2, len(rows)), dtype=np.int64)
    compare(np.array(rows, dtype=OPERATION), reached, preferred)
    assert reached.tolist() == [b <= a if side == Side.BUY else b >= a for side, a, b in rows]
    assert preferred.tolist() == [a > b if side == Side.BUY else a < b for side, a, b in rows]


def test_each_side_of_each_book_has_its_own_number() -> None:
    places = [(i, book, side) for i in range(3) for book in range(2) for side in (Side.BUY, Side.SELL)]
    assert [i * 4 + book * 2 + side - 1 for i, book, side in places] == list(range(12))
    told = np.zeros(len(places), dtype=np.int64)
    number_all(np.array(places, dtype=OPERATION), told)
    assert told.tolist() == list(range(12))


@entry(array_of(OPERATION), INTS)
def number_all(places: Any, out: Any) -> None:
    """`side_number` of each instrument, book and side."""
    for i in range(places.size):
        out[i] = side_number(places[i]["kind"], places[i]["slot"], places[i]["lots"])
