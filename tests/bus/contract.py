"""What any bus must do: one class of tests, for the bus of this process and for those beyond it.

A test knows the port (`workbench.bus.port`) and a `Harness` alone, so a broker passes or fails it as the bus
in memory does. Each test takes nothing but a harness, and `test_contract.py` puts broken buses through.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from tests.bus.harness import SHARD, Harness, Taker, events, wait_until
from workbench.bus.port import Batch
from workbench.domain.records import EVENT
from workbench.errors import BusError


class BusContract:
    """Inherit from it with a fixture `harness`."""

    # ------------------------------------------------------------------ publishing

    def test_publishing_tells_the_last_sequence(self, harness: Harness) -> None:
        harness.open(SHARD)
        assert harness.bus.last_seq(SHARD) == 0
        assert harness.publish(SHARD, events(1, 3)) == 3
        assert harness.publish(SHARD, events(4, 1)) == 4
        assert harness.publish(SHARD, events(5, 0)) == 4
        assert harness.bus.last_seq(SHARD) == 4

    def test_what_was_published_before_is_ignored(self, harness: Harness) -> None:
        harness.open(SHARD)
        taker = Taker()
        subscription = harness.bus.subscribe("group", SHARD, 1, taker)
        for first, count, last in ((1, 5, 5), (1, 5, 5), (3, 2, 5), (4, 4, 7), (1, 7, 7), (8, 1, 8)):
            assert harness.publish(SHARD, events(first, count)) == last
        assert subscription.wait_for(8, harness.patience_seconds)
        subscription.close()
        taker.check(1, 8)

    def test_a_gap_is_refused_and_nothing_of_it_taken(self, harness: Harness) -> None:
        harness.open(SHARD)
        harness.publish(SHARD, events(1, 5))
        inside = np.concatenate([events(6, 2), events(9, 2)])
        twice = np.concatenate([events(6, 2), events(7, 2)])
        for bad in (events(7, 3), inside, twice):
            with pytest.raises(BusError):
                harness.bus.publish(SHARD, bad)
        assert harness.bus.last_seq(SHARD) == 5
        assert harness.publish(SHARD, events(6, 1)) == 6
        taker = Taker()
        subscription = harness.bus.subscribe("group", SHARD, 1, taker)
        assert subscription.wait_for(6, harness.patience_seconds)
        subscription.close()
        taker.check(1, 6)

    def test_what_is_no_array_of_events_is_refused(self, harness: Harness) -> None:
        harness.open(SHARD)
        for bad in (np.zeros(3), np.zeros((1, 2), dtype=EVENT), [1, 2]):
            with pytest.raises(BusError):
                harness.bus.publish(SHARD, bad)  # type: ignore[arg-type]

    def test_a_shard_that_is_not_carried_is_refused(self, harness: Harness) -> None:
        for call in (
            lambda: harness.bus.publish("nowhere", events(1, 1)),
            lambda: harness.bus.subscribe("group", "nowhere", 1, Taker()),
            lambda: harness.bus.last_seq("nowhere"),
        ):
            with pytest.raises(BusError, match="nowhere"):
                call()

    def test_what_was_published_stays_as_it_was(self, harness: Harness) -> None:
        """The publisher uses its memory again."""
        harness.open(SHARD)
        memory = events(1, 4)
        harness.publish(SHARD, memory)
        memory["payload"] = -1
        taker = Taker()
        subscription = harness.bus.subscribe("group", SHARD, 1, taker)
        assert subscription.wait_for(4, harness.patience_seconds)
        subscription.close()
        taker.check(1, 4)

    # ------------------------------------------------------------------ replaying and tailing

    def test_from_any_sequence_all_events_come_once_and_in_order(self, harness: Harness) -> None:
        harness.open(SHARD, before=40)
        for first in range(41, 101, 6):
            harness.publish(SHARD, events(first, 6))
        takers = {first: Taker() for first in (1, 2, 17, 40, 41, 44, 77, 100, 101)}
        subscriptions = [
            harness.bus.subscribe(f"from {first}", SHARD, first, taker) for first, taker in takers.items()
        ]
        assert subscriptions[0].seq <= 100
        harness.publish(SHARD, events(101, 50))
        for subscription in subscriptions:
            assert subscription.wait_for(150, harness.patience_seconds)
            assert (subscription.seq, subscription.failures) == (150, 0)
            subscription.close()
        for first, taker in takers.items():
            taker.check(first, 150)

    def test_while_another_thread_publishes(self, harness: Harness) -> None:
        harness.open(SHARD, before=100)
        last = 3_000
        draw = np.random.default_rng(7)

        def publish() -> None:
            seq = 100
            while seq < last:
                count = min(int(draw.integers(1, 30)), last - seq)
                seq = harness.publish(SHARD, events(seq + 1, count))
                if seq % 7 == 0:
                    time.sleep(0.001)

        publisher = threading.Thread(target=publish)
        publisher.start()
        takers, subscriptions = list[Taker](), []
        while publisher.is_alive() and len(takers) < 12:
            takers.append(Taker())
            subscriptions.append(harness.bus.subscribe(f"group {len(takers)}", SHARD, 1, takers[-1]))
            time.sleep(0.003)
        publisher.join()
        for subscription in subscriptions:
            assert subscription.wait_for(last, harness.patience_seconds)
            subscription.close()
        assert len(takers) > 0
        for taker in takers:
            taker.check(1, last)

    def test_shards_are_apart(self, harness: Harness) -> None:
        takers = {}
        subscriptions = []
        for number, shard in enumerate(("one", "two", "three")):
            harness.open(shard, before=number)
            takers[shard] = Taker()
            subscriptions.append(harness.bus.subscribe("group", shard, 1, takers[shard]))
        for seq in range(4, 40):
            for number, shard in enumerate(takers):
                harness.publish(shard, events(max(1, seq - 3 + number), 1))
        for number, (shard, taker) in enumerate(takers.items()):
            assert subscriptions[number].wait_for(36 + number, harness.patience_seconds)
            subscriptions[number].close()
            taker.check(1, 36 + number, shard)

    # ------------------------------------------------------------------ slow and failing handlers

    def test_a_slow_handler_holds_nobody_up_and_misses_nothing(self, harness: Harness) -> None:
        """Also when it is overtaken by more than the bus keeps at hand."""
        harness.open(SHARD)
        let_go = threading.Event()

        def held_up(_: Batch) -> None:
            let_go.wait()

        slow = Taker(held_up)
        quick = Taker()
        stuck = harness.bus.subscribe("slow", SHARD, 1, slow)
        other = harness.bus.subscribe("quick", SHARD, 1, quick)
        harness.publish(SHARD, events(1, 1))
        assert wait_until(lambda: len(slow.given) == 1, harness.patience_seconds)
        done = threading.Event()

        def publish() -> None:
            for first in range(2, 2_000, 3):
                harness.publish(SHARD, events(first, 3))
            done.set()

        publisher = threading.Thread(target=publish, daemon=True)
        publisher.start()
        try:
            assert done.wait(harness.patience_seconds)
            last = harness.bus.last_seq(SHARD)
            assert other.wait_for(last, harness.patience_seconds)
            assert (stuck.seq, len(slow.given)) == (0, 1)
            assert not stuck.wait_for(1, 0.01)
        finally:
            let_go.set()
            publisher.join(harness.patience_seconds)
        assert stuck.wait_for(last, harness.patience_seconds)
        for subscription in (stuck, other):
            assert subscription.failures == 0
            subscription.close()
        slow.check(1, last)
        quick.check(1, last)

    def test_a_handler_that_fails_gets_the_same_again_and_nothing_later_first(self, harness: Harness) -> None:
        harness.open(SHARD, before=20)
        draw = np.random.default_rng(3)
        failed: list[int] = []

        def flaky(batch: Batch) -> None:
            if draw.random() < 0.3 and len(failed) < 12:
                failed.append(batch.first_seq)
                raise ValueError("a handler's own trouble")

        taker = Taker(flaky)
        subscription = harness.bus.subscribe("flaky", SHARD, 1, taker)
        for first in range(21, 400, 5):
            harness.publish(SHARD, events(first, 5))
            if first % 4 == 0:
                time.sleep(0.002)
        last = harness.bus.last_seq(SHARD)
        assert subscription.wait_for(last, harness.patience_seconds)
        assert subscription.failures == len(failed)
        subscription.close()
        taker.check(1, last)
        assert len(failed) > 0
        for before, after in pairwise(taker.given):
            assert after.first_seq in (before.first_seq, before.last_seq + 1)

    def test_a_subscription_that_is_closed_hands_nothing_over(self, harness: Harness) -> None:
        harness.open(SHARD)
        entered, leave = threading.Event(), threading.Event()
        running = []

        def handle(_: Batch) -> None:
            entered.set()
            running.append(True)
            leave.wait(0.05)
            running.pop()

        taker = Taker(handle)
        subscription = harness.bus.subscribe("group", SHARD, 1, taker)
        harness.publish(SHARD, events(1, 1))
        harness.publish(SHARD, events(2, 1))
        assert entered.wait(harness.patience_seconds)
        subscription.close()
        assert running == []
        assert subscription.closed
        given, seq = len(taker.given), subscription.seq
        harness.publish(SHARD, events(3, 10))
        assert not subscription.wait_for(12, 0.02)
        assert (len(taker.given), subscription.seq) == (given, seq)
        subscription.close()
        again = harness.bus.subscribe("group", SHARD, seq + 1, taker)
        assert again.wait_for(12, harness.patience_seconds)
        again.close()
        taker.check(1, 12)

    def test_a_failing_handler_can_be_closed(self, harness: Harness) -> None:
        harness.open(SHARD)

        def fail(_: Batch) -> None:
            raise ValueError("never")

        subscription = harness.bus.subscribe("group", SHARD, 1, fail)
        harness.publish(SHARD, events(1, 1))
        assert wait_until(lambda: subscription.failures >= 4, harness.patience_seconds)
        closing = threading.Thread(target=subscription.close, daemon=True)
        closing.start()
        closing.join(harness.patience_seconds)
        assert not closing.is_alive()
        assert subscription.seq == 0

    def test_a_handler_may_close_its_own_subscription(self, harness: Harness) -> None:
        harness.open(SHARD)
        ready = threading.Event()

        def handle(_: Batch) -> None:
            assert ready.wait(harness.patience_seconds)
            subscription.close()

        taker = Taker(handle)
        subscription = harness.bus.subscribe("group", SHARD, 1, taker)
        harness.publish(SHARD, events(1, 2))
        ready.set()
        assert wait_until(lambda: len(taker.batches) > 0, harness.patience_seconds)
        harness.publish(SHARD, events(3, 2))
        time.sleep(0.02)
        assert len(taker.given) == 1

    def test_waiting_for_oneself_is_refused(self, harness: Harness) -> None:
        harness.open(SHARD)
        refused = list[int]()

        def handle(batch: Batch) -> None:
            if not wait_until(lambda: bool(subscriptions), harness.patience_seconds):
                raise AssertionError("not subscribed")
            try:
                subscriptions[0].wait_for(batch.last_seq, harness.patience_seconds)
            except BusError:
                refused.append(batch.last_seq)

        subscriptions = [harness.bus.subscribe("group", SHARD, 1, handle)]
        harness.publish(SHARD, events(1, 1))
        assert subscriptions[0].wait_for(1, harness.patience_seconds)
        subscriptions[0].close()
        assert refused == [1]

    # ------------------------------------------------------------------ on an event loop

    def test_on_a_loop_events_come_in_order_on_its_thread(self, harness: Harness) -> None:
        harness.open(SHARD, before=50)
        threads = set()

        def handle(_: Batch) -> None:
            threads.add(threading.get_ident())
            assert asyncio.get_running_loop() is not None

        taker = Taker(handle)

        async def main() -> None:
            loop = asyncio.get_running_loop()
            subscription = harness.bus.listen(SHARD, 20, taker, loop)
            await asyncio.to_thread(publish_some, harness, 51, 2_000)
            await reach(subscription, harness.bus.last_seq(SHARD), harness)
            assert subscription.failures == 0
            with pytest.raises(BusError):
                subscription.wait_for(10**9, 1)
            subscription.close()
            harness.publish(SHARD, events(harness.bus.last_seq(SHARD) + 1, 3))
            await asyncio.sleep(0.01)

        asyncio.run(main())
        taker.check(20, harness.bus.last_seq(SHARD) - 3)
        assert threads == {threading.get_ident()}

    def test_on_a_loop_a_failing_handler_gets_the_same_again(self, harness: Harness) -> None:
        harness.open(SHARD, before=30)
        failing = [3, 1, 2]

        def handle(_: Batch) -> None:
            if failing and failing[-1]:
                failing[-1] -= 1
                raise ValueError("a handler's own trouble")
            if failing:
                failing.pop()

        taker = Taker(handle)

        async def main() -> None:
            subscription = harness.bus.listen(SHARD, 1, taker, asyncio.get_running_loop())
            until = time.monotonic() + harness.patience_seconds
            # What waits may come as one batch, so there is more until each has failed.
            while failing and time.monotonic() < until:
                await asyncio.to_thread(publish_some, harness, harness.bus.last_seq(SHARD) + 1, 20)
                await asyncio.sleep(0.002)
            await reach(subscription, harness.bus.last_seq(SHARD), harness)
            assert subscription.failures == 6
            subscription.close()

        asyncio.run(main())
        taker.check(1, harness.bus.last_seq(SHARD))

    def test_the_loop_goes_on_while_much_is_replayed(self, harness: Harness) -> None:
        """What is older is read beside the loop, and handed over in pieces."""
        harness.open(SHARD, before=60_000)
        handed = 0

        def handle(batch: Batch) -> None:
            nonlocal handed
            handed += len(batch.events)
            time.sleep(len(batch.events) * 5e-6)

        taker = Taker(handle)

        async def main() -> int:
            most, before = 0, 0
            until = time.monotonic() + harness.patience_seconds
            subscription = harness.bus.listen(SHARD, 1, taker, asyncio.get_running_loop())
            while subscription.seq < 60_000 and time.monotonic() < until:
                await asyncio.sleep(0)
                most, before = max(most, handed - before), handed
            subscription.close()
            return max(most, handed - before)

        # What takes a twentieth of a second on a machine that does nothing else.
        assert asyncio.run(main()) <= 10_000
        taker.check(1, 60_000)

    def test_a_loop_that_is_closed_holds_nobody_up(self, harness: Harness) -> None:
        harness.open(SHARD)
        taker = Taker()

        async def main() -> None:
            harness.bus.listen(SHARD, 1, taker, asyncio.get_running_loop())
            harness.publish(SHARD, events(1, 1))
            await asyncio.sleep(0.02)

        asyncio.run(main())
        assert harness.publish(SHARD, events(2, 5)) == 6
        assert harness.publish(SHARD, events(7, 5)) == 11

    # ------------------------------------------------------------------ what listeners make of it

    def test_remembering_the_sequence_with_the_effect_makes_it_happen_once(self, harness: Harness) -> None:
        """A consumer dies before its effect, in the middle of it, and behind it before it could say so."""
        harness.open(SHARD, before=10)
        publish_some(harness, 11, 500)
        last = harness.bus.last_seq(SHARD)
        draw = np.random.default_rng(11)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "effects.db"
            with closing(sqlite3.connect(path)) as database, database:
                database.execute("create table effects (seq integer, squared integer)")
                database.execute("create table place (shard text primary key, seq integer)")
                database.execute("insert into place values (?, 0)", (SHARD,))

            def handle(batch: Batch) -> None:
                with closing(sqlite3.connect(path)) as database, database:
                    [[known]] = database.execute("select seq from place where shard = ?", (SHARD,))
                    fresh = batch.events[batch.events["seq"] > known]
                    if not len(fresh):
                        return
                    assert int(fresh["seq"][0]) == known + 1
                    rows = [(int(event["seq"]), int(event["payload"][0])) for event in fresh]
                    database.executemany("insert into effects values (?, ?)", rows)
                    if draw.random() < 0.2:
                        raise ValueError("died before the commit")
                    database.execute("update place set seq = ? where shard = ?", (batch.last_seq, SHARD))
                if draw.random() < 0.2:
                    raise ValueError("died after the commit")

            done = 0
            while done < last:
                # A new process begins where the last one's database says, or before that.
                subscription = harness.bus.subscribe("effects", SHARD, max(1, done - 7), handle)
                subscription.wait_for(min(last, done + 100), harness.patience_seconds)
                subscription.close()
                with closing(sqlite3.connect(path)) as database:
                    [[done]] = database.execute("select seq from place where shard = ?", (SHARD,))
            with closing(sqlite3.connect(path)) as database:
                rows = database.execute("select seq, squared from effects order by rowid").fetchall()
        assert rows == [(seq, seq**2) for seq in range(1, last + 1)]


def publish_some(harness: Harness, first: int, count: int) -> None:
    """Publish so many events in batches of different sizes."""
    end, sizes = first + count, (1, 7, 30, 2)
    for number in range(count):
        if first == end:
            break
        size = min(sizes[number % len(sizes)], end - first)
        first = harness.publish(SHARD, events(first, size)) + 1


async def reach(subscription: object, seq: int, harness: Harness) -> None:
    """Wait on the loop until a subscription is there."""
    until = time.monotonic() + harness.patience_seconds
    while subscription.seq < seq:  # type: ignore[attr-defined]
        assert time.monotonic() < until, "it never came"
        await asyncio.sleep(0.001)
