"""Memory: how much an order costs, what grows when, and that nothing is lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain import commands as make
from workbench.domain.codes import CommandKind, OrderType, Side
from workbench.domain.config import Account, ReplayMode, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.memory import LEVEL, MEMORY_DTYPES, Memory
from workbench.domain.records import COMMAND, EVENT, Records
from workbench.engine import layout
from workbench.engine.exchange import Exchange

pytestmark = pytest.mark.kernel

ONE = Instrument("ONE", "0.50", "2.00", max_order_quantity=10_000_000)
GROW_WITH_ORDERS = ("orders", "by_order_id", "by_client_id")
MOST_BYTES_PER_ORDER = 200


def orders(count: int, **fields: Any) -> Records:
    rows = np.zeros(count, dtype=COMMAND)
    plain = {"kind": CommandKind.NEW_ORDER, "account": 2, "side": Side.BUY, "order_type": OrderType.LIMIT}
    for name, value in (plain | {"quantity_lots": 1, "price_ticks": 100} | fields).items():
        rows[name] = value
    return rows


def bytes_per_order(exchange: Exchange) -> float:
    told = exchange.memory_bytes()
    return sum(told[name] for name in GROW_WITH_ORDERS) / int(exchange._memory.world["live_orders"][0])


class TestBytesPerOrder:
    # Growth by a quarter leaves the most room unused just after it, so every size at which it happens counts.

    def test_stays_below_two_hundred_just_after_each_growth(self, scaled: Callable[[int], int]) -> None:
        exchange = Exchange(Venue([ONE], bare=True))
        sizes, largest = [], scaled(100_000)
        slots = len(exchange._memory.orders)
        while slots < largest:
            # Fill every slot there is (slot 0 and one that an incoming order needs stay free) ...
            room = slots - 1 - int(exchange._memory.world["live_orders"][0])
            exchange.step(orders(room, price_ticks=60 + np.arange(room) % 100))
            assert len(exchange._memory.orders) == slots
            assert bytes_per_order(exchange) <= MOST_BYTES_PER_ORDER
            # ... and one more.
            exchange.step(orders(1))
            slots = len(exchange._memory.orders)
            sizes.append((int(exchange._memory.world["live_orders"][0]), bytes_per_order(exchange)))
        assert len(sizes) > (2 if largest < 10_000 else 15)
        assert max(size for _, size in sizes) <= MOST_BYTES_PER_ORDER, sizes

    @pytest.mark.parametrize("count", [5_000, 20_000, 60_000])
    def test_of_accounts_too(self, count: int, scaled: Callable[[int], int]) -> None:
        count = max(scaled(count), layout.FIRST_ORDERS)
        exchange = Exchange(Venue([ONE], [Account("ann", cash=10**9)]))
        exchange.step(orders(count, client_order_id=np.arange(1, count + 1)))
        assert bytes_per_order(exchange) <= MOST_BYTES_PER_ORDER

    def test_does_not_grow_with_orders_that_have_ended(self, scaled: Callable[[int], int]) -> None:
        exchange = Exchange(Venue([ONE], [Account("ann", cash=10**9), Account("bob", cash=10**9)]))
        before = exchange.memory_bytes()
        rounds = scaled(60)
        for number in range(rounds):
            first = int(exchange.counters()["orders"][0]) + 1
            cancels = np.concatenate([make.cancel_order(0, 2, order_id=first)] * 200)
            cancels["order_id"] = first + np.arange(200)
            exchange.step(
                make.batch(
                    [
                        # Cancelled, filled, refused, killed: each way to end, a thousand at a time.
                        orders(200, price_ticks=90 + number % 10),
                        cancels,
                        orders(300, price_ticks=100),
                        orders(300, price_ticks=100, side=Side.SELL, account=3),
                        orders(100, price_ticks=9_999),
                        orders(100, time_in_force=3, price_ticks=60),
                        orders(2, order_type=OrderType.MARKET, price_ticks=0),
                    ]
                )
            )
        assert exchange.counters()["orders"][0] == rounds * 1_002
        assert len(exchange.orders()) == 0
        assert exchange.memory_bytes() == before


class TestLadders:
    @given(
        resting=st.lists(
            st.tuples(st.sampled_from([1, 2]), st.integers(0, 3), st.integers(200, 9_000)),
            min_size=1,
            max_size=25,
        ),
        mode=st.sampled_from(list(ReplayMode)),
        low=st.sampled_from([1, 63, 64, 100, 199]),
        high=st.sampled_from([9_001, 12_287, 12_288, 300_000]),
    )
    def test_growth_keeps_every_level(
        self, resting: list[tuple[int, int, int]], mode: ReplayMode, low: int, high: int
    ) -> None:
        accounts = [Account("ann", cash_checked=False), Account("bob", cash_checked=False)]
        window = {"price_min": "2.00", "price_max": "90.00"}
        venue = Venue([Instrument(name, **window) for name in "ABCD"], accounts, replay_mode=mode)  # type: ignore[arg-type]
        exchange = Exchange(venue)
        for side, instrument, price in resting:
            # Half of the prices are even: buys; sells are odd, above. Nothing needs to trade here.
            price_ticks = price // 2 if side == Side.BUY else 4_501 + price // 2
            exchange.step(orders(1, side=side, instrument=instrument, price_ticks=max(price_ticks, 200)))
        before = exchange._memory
        after = layout.with_ladders(before, {1: (low, high), 3: (500, 600)})
        assert level_rows(after) == level_rows(before)
        check_bitmaps(after)
        # The old arrays are as they were.
        assert level_rows(before) == level_rows(exchange._memory)
        assert after.sides["floor_ticks"][4] == low
        assert after.sides["width"][4] % 4_096 == 0
        assert after.sides["floor_ticks"][4] + after.sides["width"][4] > high
        assert after.sides["floor_ticks"][12] == 200

    def test_only_a_frozen_venue_has_a_second_book(self) -> None:
        for mode, sides in ((ReplayMode.RESPONSIVE, 2), (ReplayMode.FROZEN, 4)):
            memory = layout.allocate(Venue([ONE], [], replay_mode=mode))
            assert len(memory.levels) == sides * 4_096
            assert np.count_nonzero(memory.sides["width"]) == sides

    def test_no_two_sides_share_a_level_or_a_word(self) -> None:
        instruments = [
            Instrument(name, "0.01", high) for name, high in zip("ABC", ("1", "41", "3000"), strict=True)
        ]
        venue = Venue(instruments, [], replay_mode=ReplayMode.FROZEN)
        memory = layout.with_triggers(layout.allocate(venue), 1)
        sides = memory.sides[memory.sides["width"] > 0]
        assert len(sides) == 4 * 3 + 4
        sides = sides[np.argsort(sides["level_base"])]
        for base, width, total in (
            ("level_base", sides["width"], len(memory.levels)),
            ("top_base", -(-sides["width"] // (4_096 * 64)), len(memory.top)),
        ):
            starts = sides[base]
            assert starts.tolist() == [0, *np.cumsum(width)[:-1].tolist()]
            assert starts[-1] + width[-1] == total
        assert len(memory.bits) * 64 == len(memory.summary) * 4_096 == len(memory.levels)


def level_rows(memory: Memory) -> list[tuple[Any, ...]]:
    """Each occupied level as side, price and contents."""
    rows: list[tuple[Any, ...]] = []
    for number, side in enumerate(memory.sides):
        base, width = int(side["level_base"]), int(side["width"])
        if side["orders"]:
            levels = memory.levels[base : base + width]
            floor = int(side["floor_ticks"])
            places = np.flatnonzero(levels["orders"]).tolist()
            rows += [(number, floor + offset, levels[offset].tobytes()) for offset in places]
    return rows


def check_bitmaps(memory: Memory) -> None:
    """The bitmaps show exactly the occupied levels."""
    occupied = memory.levels["orders"] != 0
    shown = np.unpackbits(memory.bits.view(np.uint8), bitorder="little").astype(bool)
    assert (shown == occupied).all()
    groups = np.unpackbits(memory.summary.view(np.uint8), bitorder="little").astype(bool)
    assert (groups == (memory.bits != 0)).all()
    for side in memory.sides:
        count = int(side["width"]) // 4_096
        words = memory.top[int(side["top_base"]) :][: -(-count // 64)]
        start = int(side["level_base"]) // 4_096
        told = np.unpackbits(np.ascontiguousarray(words).view(np.uint8), bitorder="little")
        assert (told[:count].astype(bool) == (memory.summary[start : start + count] != 0)).all()
        assert not told[count:].any()


class TestArrays:
    def test_begin_at_a_cache_line_and_are_zero(self) -> None:
        for name, dtype in MEMORY_DTYPES.items():
            for size in (0, 1, 1_000):
                array = layout.zeros(size, dtype)
                assert (array.dtype, array.shape) == (dtype, (size,)), name
                assert array.ctypes.data % 64 == 0 or size == 0
                assert not array.tobytes().strip(b"\0")

    def test_growing_keeps_what_there_was(self) -> None:
        memory = layout.allocate(Venue([ONE], [Account("ann")]))
        memory.orders["price_ticks"][1:4] = [7, 8, 9]
        memory.lots["price_ticks"][1:3] = [5, 6]
        memory.world["used_orders"], memory.world["used_lots"] = 3, 2
        larger = layout.with_more_lots(layout.with_more_orders(memory), 50_000)
        assert len(larger.orders) == 1_280
        assert larger.orders["price_ticks"][:5].tolist() == [0, 7, 8, 9, 0]
        assert len(larger.by_order_id) == len(larger.by_client_id) == 1_920
        assert len(larger.lots) >= 50_003
        assert larger.lots["price_ticks"][:4].tolist() == [0, 5, 6, 0]
        assert layout.grown(memory.levels, 9_000)["lots"].sum() == 0

    def test_every_view_of_the_event_buffer_is_the_same_memory(self) -> None:
        block, views = layout.event_buffer(10)
        assert block.dtype == EVENT
        for view in views:
            assert view.ctypes.data == block.ctypes.data
            assert view.nbytes == block.nbytes

    def test_a_level_is_half_a_cache_line(self) -> None:
        assert LEVEL.itemsize == 32
