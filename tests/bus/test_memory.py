"""The bus in memory keeps the contract, and some promises of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.bus.contract import BusContract
from tests.bus.harness import SHARD, Taker, events, wait_until
from tests.bus.memory_harness import MemoryHarness
from workbench.bus import listening
from workbench.bus.memory import MemoryBus
from workbench.bus.port import Batch, Bus, Subscription
from workbench.domain.records import Records
from workbench.errors import BusError

PATIENCE_SECONDS = 60.0


@pytest.fixture(params=[1, 50, 1 << 18], ids=lambda keep: f"keeps {keep}")
def harness(request: pytest.FixtureRequest) -> Iterator[MemoryHarness]:
    made = MemoryHarness(request.param)
    yield made
    made.close()


@pytest.mark.filterwarnings("error")
class TestMemoryBus(BusContract):
    """The whole contract, with hardly any memory and with plenty."""


def test_it_is_a_bus() -> None:
    bus: Bus = MemoryBus()
    assert isinstance(bus, MemoryBus)


def no_history(_: int) -> Iterator[Records]:
    yield from ()


def stored_parts(parts: list[Records], _: int) -> Iterator[Records]:
    yield from parts


def seen_failing(subscription: Subscription) -> bool:
    return subscription.failures > 2


def test_a_burst_is_one_call_of_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    bus = MemoryBus()
    bus.open_shard(SHARD, 0, no_history)
    calls: list[str] = []
    taker = Taker()
    # However slow the machine is: a go that takes too long would let the loop do other things.
    monkeypatch.setattr(listening, "GO_SECONDS", 3_600.0)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        plain = loop.call_soon_threadsafe

        def counted(callback: Any, *given: Any, context: Any = None) -> Any:
            calls.append("call")
            return plain(callback, *given, context=context)

        loop.call_soon_threadsafe = counted  # type: ignore[method-assign, assignment]
        subscription = bus.listen(SHARD, 1, taker, loop)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for burst in range(1, 6):
            calls.clear()
            for _ in range(100):
                bus.publish(SHARD, events(bus.last_seq(SHARD) + 1, 3))
            assert len(calls) == 1
            await asyncio.sleep(0)
            # All of it came in one go.
            assert subscription.seq == 300 * burst
        subscription.close()
        bus.publish(SHARD, events(bus.last_seq(SHARD) + 1, 1))
        assert len(calls) == 1

    asyncio.run(main())
    taker.check(1, 1_500)


def test_history_that_does_not_reach_far_enough_yet_is_asked_again() -> None:
    """The recorder may be behind what has left memory."""
    bus = MemoryBus(keep_events=10)
    stored: list[Records] = []
    bus.open_shard(SHARD, 0, lambda _: iter(list(stored)))
    for first in range(1, 101, 5):
        bus.publish(SHARD, events(first, 5))
    taker, other = Taker(), Taker()
    subscription = bus.subscribe("group", SHARD, 1, taker)
    assert wait_until(lambda: subscription.failures > 1, PATIENCE_SECONDS)
    stored.append(events(1, 40))
    assert subscription.wait_for(40, PATIENCE_SECONDS)

    async def main() -> None:
        heard = bus.listen(SHARD, 1, other, asyncio.get_running_loop())
        await asyncio.to_thread(wait_until, lambda: heard.failures > 0, PATIENCE_SECONDS)
        stored.append(events(41, 52))
        await asyncio.to_thread(heard.wait_for, 100, PATIENCE_SECONDS)

    asyncio.run(main())
    assert subscription.wait_for(100, PATIENCE_SECONDS)
    bus.close_shard(SHARD)
    taker.check(1, 100)
    other.check(1, 100)


def test_a_history_with_a_hole_is_never_skipped_over() -> None:
    bus = MemoryBus()
    wrong = [
        [events(2, 9)],
        [events(1, 4), events(6, 5)],
        [np.concatenate([events(1, 4), events(6, 5)])],
        [np.concatenate([events(1, 4), events(4, 7)])],
    ]
    for number, parts in enumerate(wrong):
        shard = f"shard {number}"
        bus.open_shard(shard, 10, partial(stored_parts, parts))
        taker = Taker()
        subscription = bus.subscribe("group", shard, 1, taker)
        assert wait_until(partial(seen_failing, subscription), PATIENCE_SECONDS)
        bus.close_shard(shard)
        assert taker.seqs() in ([], [1, 2, 3, 4])


def test_a_history_that_raises_is_tried_again() -> None:
    bus = MemoryBus()
    tries = []

    def history(seq: int) -> Iterator[Records]:
        tries.append(seq)
        if len(tries) < 4:
            raise OSError("the disk is away")
        yield events(1, 10)

    bus.open_shard(SHARD, 10, history)
    taker = Taker()
    subscription = bus.subscribe("group", SHARD, 3, taker)
    assert subscription.wait_for(10, PATIENCE_SECONDS)
    assert (subscription.failures, tries) == (3, [3, 3, 3, 3])
    bus.close_shard(SHARD)
    taker.check(3, 10)


def test_what_a_listener_is_given_cannot_be_changed() -> None:
    bus = MemoryBus()
    bus.open_shard(SHARD, 0, no_history)
    taker = Taker()
    subscription = bus.subscribe("group", SHARD, 1, taker)
    bus.publish(SHARD, events(1, 2))
    assert subscription.wait_for(2, PATIENCE_SECONDS)
    bus.close_shard(SHARD)
    with pytest.raises(ValueError, match="read-only"):
        taker.batches[0].events["seq"] = 0


def test_a_shard_that_is_closed_ends_its_subscriptions_and_can_be_opened_again() -> None:
    bus = MemoryBus()
    bus.open_shard(SHARD, 0, no_history)
    with pytest.raises(BusError, match="market: the shard is open already"):
        bus.open_shard(SHARD, 0, no_history)
    before = threading.active_count()
    subscription = bus.subscribe("group", SHARD, 1, Taker())
    bus.publish(SHARD, events(1, 5))
    assert subscription.wait_for(5, PATIENCE_SECONDS)
    bus.close_shard(SHARD)
    assert subscription.closed
    assert threading.active_count() == before
    with pytest.raises(BusError, match="market: there is no such shard, open are: none; open it first"):
        bus.publish(SHARD, events(6, 1))
    bus.open_shard(SHARD, 5, lambda _: iter([events(1, 5)]))
    assert bus.publish(SHARD, events(6, 1)) == 6
    bus.close_shard(SHARD)


@pytest.mark.parametrize("from_seq", [0, -1, 7])
def test_a_place_that_is_not_in_the_shard_is_refused(from_seq: int) -> None:
    bus = MemoryBus()
    bus.open_shard(SHARD, 5, no_history)
    with pytest.raises(BusError, match=f"events from {from_seq} on were asked for, and the shard has 1 to 5"):
        bus.subscribe("group", SHARD, from_seq, Taker())
    bus.close_shard(SHARD)


def test_less_than_one_event_cannot_be_kept() -> None:
    with pytest.raises(BusError, match="keep_events is 0, expected 1 or more"):
        MemoryBus(0)


def test_memory_is_given_back() -> None:
    bus = MemoryBus(keep_events=100)
    bus.open_shard(SHARD, 0, no_history)
    for first in range(1, 30_001, 10):
        bus.publish(SHARD, events(first, 10))
    ring = bus._rings[SHARD]
    assert sum(len(batch.events) for batch in ring._batches) <= 110
    assert len(ring._batches) < 2_000
    bus.close_shard(SHARD)


class Machine(RuleBasedStateMachine):
    """Publishers and listeners of all kinds in any order; what each was given is dense at all times."""

    def __init__(self) -> None:
        super().__init__()
        self.harness = MemoryHarness(keep_events=20)
        self.harness.open(SHARD, before=15)
        self.last = 15
        self.listeners: list[tuple[int, Taker, Subscription]] = []

    @rule(count=st.integers(0, 30), back=st.integers(0, 40))
    def publish(self, count: int, back: int) -> None:
        first = max(1, self.last + 1 - back)
        assert self.harness.publish(SHARD, events(first, count)) == max(self.last, first + count - 1)
        self.last = max(self.last, first + count - 1)

    @rule(gap=st.integers(1, 9))
    def publish_with_a_gap(self, gap: int) -> None:
        with pytest.raises(BusError):
            self.harness.bus.publish(SHARD, events(self.last + 1 + gap, 3))

    @rule(back=st.integers(0, 60), failing=st.sets(st.integers(1, 200), max_size=3), slow=st.booleans())
    def subscribe(self, back: int, failing: set[int], slow: bool) -> None:
        def handle(batch: Batch) -> None:
            if slow:
                threading.Event().wait(0.0005)
            bad = failing & {int(seq) for seq in batch.events["seq"]}
            if bad:
                failing.difference_update(bad)
                raise ValueError("a handler's own trouble")

        first = max(1, self.last + 1 - back)
        taker = Taker(handle)
        self.listeners.append((first, taker, self.harness.bus.subscribe("group", SHARD, first, taker)))

    @rule(which=st.integers(0, 5))
    def close(self, which: int) -> None:
        if self.listeners:
            first, taker, subscription = self.listeners.pop(which % len(self.listeners))
            subscription.close()
            taker.check(first, subscription.seq)

    @rule()
    def catch_up(self) -> None:
        for first, taker, subscription in self.listeners:
            assert subscription.wait_for(self.last, PATIENCE_SECONDS)
            taker.check(first, self.last)

    @invariant()
    def nothing_is_out_of_order(self) -> None:
        for first, taker, _ in self.listeners:
            seqs = taker.seqs()
            assert seqs == list(range(first, first + len(seqs)))

    def teardown(self) -> None:
        self.catch_up()
        self.harness.close()


def test_any_course_of_things() -> None:
    run_state_machine_as_test(
        Machine, settings=settings(max_examples=60, stateful_step_count=25, deadline=None)
    )
