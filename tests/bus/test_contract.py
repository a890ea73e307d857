"""The test of the contract: it lets no broken bus through."""

from __future__ import annotations

import inspect
from asyncio import AbstractEventLoop
from collections.abc import Callable
from itertools import count

import pytest

from tests.bus.contract import BusContract
from tests.bus.memory_harness import MemoryHarness
from workbench.bus.following import Following
from workbench.bus.listening import Listening
from workbench.bus.memory import MemoryBus
from workbench.bus.port import Batch, Handler
from workbench.domain.records import Records
from workbench.errors import BusError

TESTS = {
    name: test for name, test in inspect.getmembers(BusContract, inspect.isfunction) if name[:5] == "test_"
}


class Drops(MemoryBus):
    """Loses a batch now and then, for everybody."""

    def subscribe(self, group: str, shard: str, from_seq: int, handler: Handler) -> Following:
        turns = count()

        def sometimes(batch: Batch) -> None:
            if next(turns) % 3 != 1:
                handler(batch)

        return super().subscribe(group, shard, from_seq, sometimes)


class Reorders(MemoryBus):
    """Hands a batch over after the one behind it."""

    def subscribe(self, group: str, shard: str, from_seq: int, handler: Handler) -> Following:
        held: list[Batch] = []

        def swapped(batch: Batch) -> None:
            held.append(batch)
            if len(held) == 2:
                handler(held.pop())
                handler(held.pop())

        return super().subscribe(group, shard, from_seq, swapped)


class SkipsAfterFailure(MemoryBus):
    """A batch that could not be handled does not come again."""

    def subscribe(self, group: str, shard: str, from_seq: int, handler: Handler) -> Following:
        def once(batch: Batch) -> None:
            try:
                handler(batch)
            except ValueError:
                following._failures += 1

        following = super().subscribe(group, shard, from_seq, once)
        return following


class SkipsOnTheLoop(MemoryBus):
    """The same on a loop."""

    def listen(self, shard: str, from_seq: int, handler: Handler, loop: AbstractEventLoop) -> Listening:
        def once(batch: Batch) -> None:
            try:
                handler(batch)
            except ValueError:
                listening._failures += 1

        listening = super().listen(shard, from_seq, once, loop)
        return listening


class BlocksThePublisher(MemoryBus):
    """Waits for its listeners."""

    def publish(self, shard: str, events: Records) -> int:
        last = super().publish(shard, events)
        for delivery in list(self._deliveries[shard]):
            delivery.wait_for(last, 2.0)
        return last


class TakesGaps(MemoryBus):
    """Goes on behind a gap."""

    def publish(self, shard: str, events: Records) -> int:
        ring = self._ring(shard)
        if len(events) and int(events["seq"][0]) > ring.last_seq:
            ring._last_seq = int(events["seq"][0]) - 1
        return super().publish(shard, events)


class TakesTwice(MemoryBus):
    """Publishes again what was published before, as if it were new."""

    def publish(self, shard: str, events: Records) -> int:
        ring = self._ring(shard)
        if len(events) and int(events["seq"][0]) <= ring.last_seq:
            ring._last_seq = int(events["seq"][0]) - 1
        return super().publish(shard, events)


class KeepsTheMemoryOfOthers(MemoryBus):
    """Does not copy what it is given."""

    def publish(self, shard: str, events: Records) -> int:
        last = super().publish(shard, events)
        batches = self._ring(shard)._batches
        if batches and batches[-1].last_seq == last and len(batches[-1].events) == len(events):
            batches[-1] = batches[-1]._replace(events=events)
        return last


class ForgetsTheOld(MemoryBus):
    """Begins with what is at hand, whatever was asked for."""

    def subscribe(self, group: str, shard: str, from_seq: int, handler: Handler) -> Following:
        ring = self._ring(shard)
        firsts = ring._firsts[ring._start :]
        return super().subscribe(group, shard, max(from_seq, firsts[0] if firsts else from_seq), handler)


class RunsOnAfterClose(MemoryBus):
    """Does not wait for a handler that is running when it is closed."""

    def subscribe(self, group: str, shard: str, from_seq: int, handler: Handler) -> Following:
        following = super().subscribe(group, shard, from_seq, handler)

        def close() -> None:
            following._closed = True

        following.close = close  # type: ignore[method-assign]
        return following


class MixesShards(MemoryBus):
    """Hands over what is of another shard."""

    def subscribe(self, group: str, shard: str, from_seq: int, handler: Handler) -> Following:
        other = next(iter(self.shards()), shard)
        return super().subscribe(group, shard, from_seq, lambda batch: handler(batch._replace(shard=other)))


class BlocksTheLoop(MemoryBus):
    """Replays on the loop in one go."""

    def listen(self, shard: str, from_seq: int, handler: Handler, loop: AbstractEventLoop) -> Listening:
        ring = self._ring(shard)
        for batch in ring.older(from_seq):
            handler(batch)
            from_seq = batch.last_seq + 1
        return super().listen(shard, from_seq, handler, loop)


class FallsWithTheLoop(MemoryBus):
    """A loop that is closed is the publisher's trouble."""

    def listen(self, shard: str, from_seq: int, handler: Handler, loop: AbstractEventLoop) -> Listening:
        listening = super().listen(shard, from_seq, handler, loop)
        wake: Callable[[], object] = lambda: loop.call_soon_threadsafe(listening._go)  # noqa: E731
        listening.wake = wake  # type: ignore[method-assign, assignment]
        return listening


BROKEN = {
    Drops: "test_from_any_sequence_all_events_come_once_and_in_order",
    Reorders: "test_from_any_sequence_all_events_come_once_and_in_order",
    SkipsAfterFailure: "test_a_handler_that_fails_gets_the_same_again_and_nothing_later_first",
    SkipsOnTheLoop: "test_on_a_loop_a_failing_handler_gets_the_same_again",
    BlocksThePublisher: "test_a_slow_handler_holds_nobody_up_and_misses_nothing",
    TakesGaps: "test_a_gap_is_refused_and_nothing_of_it_taken",
    TakesTwice: "test_what_was_published_before_is_ignored",
    KeepsTheMemoryOfOthers: "test_what_was_published_stays_as_it_was",
    ForgetsTheOld: "test_from_any_sequence_all_events_come_once_and_in_order",
    RunsOnAfterClose: "test_a_subscription_that_is_closed_hands_nothing_over",
    MixesShards: "test_shards_are_apart",
    BlocksTheLoop: "test_the_loop_goes_on_while_much_is_replayed",
    FallsWithTheLoop: "test_a_loop_that_is_closed_holds_nobody_up",
}


def put_through(bus: MemoryBus, name: str, patience_seconds: float) -> None:
    harness = MemoryHarness(bus=bus, patience_seconds=patience_seconds)
    try:
        TESTS[name](BusContract(), harness)
    finally:
        for deliveries in bus._deliveries.values():
            for delivery in deliveries:
                delivery._closed = True
        harness.close()


@pytest.mark.parametrize(("broken", "name"), BROKEN.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_a_broken_bus_is_refused(broken: type[MemoryBus], name: str) -> None:
    with pytest.raises((AssertionError, BusError, pytest.fail.Exception, RuntimeError)):
        # Most of them are found by what never comes.
        put_through(broken(keep_events=50), name, 1.0)


@pytest.mark.parametrize("name", sorted(set(BROKEN.values())))
def test_the_same_tests_let_a_whole_bus_through(name: str) -> None:
    put_through(MemoryBus(keep_events=50), name, 60.0)
